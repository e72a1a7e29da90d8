"""Result objects as files, where a command was asked for them."""

from __future__ import annotations

import json
from typing import Any, TextIO

from simcore.base.model import ResultModel


def write_json(result: Any, file: TextIO | None) -> None:
    """A result object as JSON to a file that was opened for it, if one was."""
    if file is not None:
        plain = result.json_object() if isinstance(result, ResultModel) else result
        json.dump(plain, file, ensure_ascii=False, indent=1)
        file.write("\n")


def is_stdout(file: TextIO | None) -> bool:
    """Whether a file that an option names is standard output: then nothing else is printed."""
    return getattr(file, "name", None) == "-"
