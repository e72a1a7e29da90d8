"""Why a file cannot be read or written, in words for a person."""

from __future__ import annotations

from pathlib import Path

import pytest

from simcore.base.errors import InputError, os_reason
from simcore.files.document import read_text


def test_the_usual_reasons(tmp_path: Path) -> None:
    """A folder in the way, a file where a folder is needed, a path that is none: said, without the number of the error."""
    (tmp_path / "file").write_text("x")
    found = []
    for act in (
        (tmp_path / "gone" / "x").read_text,
        tmp_path.read_text,
        (tmp_path / "file" / "x").read_text,
        (tmp_path / "file").mkdir,
        (tmp_path / ("x" * 300)).read_text,
        Path("a\0b").read_text,
    ):
        with pytest.raises((OSError, ValueError)) as caught:
            act()
        found.append(os_reason(caught.value))  # type: ignore[arg-type]
    assert found == [
        "there is no such file or folder",
        "it is a folder",
        "a part of the path is a file, not a folder",
        "a file stands where a folder is needed",
        "the name is too long",
        "the path holds what no path may hold",
    ]
    assert os_reason(OSError(5, "Input/output error")) == "input/output error"


def test_a_file_below_a_file_is_one_sentence(tmp_path: Path) -> None:
    """As reading a scenario says it."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match=r"cannot be read: a part of the path is a file, not a folder; check the path"):
        read_text(tmp_path / "file" / "x.yaml")
