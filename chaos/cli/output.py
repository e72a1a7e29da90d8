"""Result objects as files, where a command was asked for them."""

from __future__ import annotations

import json
from typing import TextIO

from simcore.base.model import ResultModel


def write_json(result: ResultModel, file: TextIO | None) -> None:
    """A result object as JSON to a file that was opened for it, if one was."""
    if file is not None:
        json.dump(result.json_object(), file, ensure_ascii=False, indent=1)
        file.write("\n")


def is_stdout(file: TextIO | None) -> bool:
    """Whether a file that an option names is standard output: then nothing else is printed."""
    return getattr(file, "name", None) == "-"
