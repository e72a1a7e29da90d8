"""What a room keeps."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from fake_exercise import fake_folder, fake_session

from chaos.room.exercise.messages import Entry, Say
from chaos.room.server.folder import RoomFolder
from simcore.base.errors import InputError

ENTRY = Entry(at=1, seat="operator", message=Say(text="hello"))


def test_a_line_that_was_not_finished_did_not_act(tmp_path: Path) -> None:
    """Who only reads leaves it, for its writer may be at it; it is cut off before the next, so that that is whole."""
    folder = fake_folder(tmp_path / "room")
    folder.add_entry(ENTRY)
    with (tmp_path / "room/decisions.jsonl").open("a") as file:
        file.write('{"at": 2, "seat": "oper')
    assert folder.entries() == [ENTRY]
    assert (tmp_path / "room/decisions.jsonl").read_text().endswith("oper")
    folder.add_entry(ENTRY)
    assert folder.entries() == [ENTRY, ENTRY]


def test_tokens_are_for_the_owner_of_the_folder_alone(tmp_path: Path) -> None:
    """The folder is closed to others, and so is what is in it."""
    fake_folder(tmp_path / "room").add_entry(ENTRY)
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("room", "room/session.json", "room/decisions.jsonl")]
    assert modes == [0o700, 0o600, 0o600]


def test_mistakes_are_said(tmp_path: Path) -> None:
    """A folder that holds a room already, one that holds none, one that holds something else."""
    fake_folder(tmp_path / "room")
    with pytest.raises(InputError, match="holds a room already"):
        RoomFolder(tmp_path / "room").create(fake_session())
    with pytest.raises(InputError, match="no such file"):
        RoomFolder(tmp_path / "none").session()
    (tmp_path / "room/session.json").write_text("{}")
    with pytest.raises(InputError, match="not what a room writes"):
        RoomFolder(tmp_path / "room").session()
    (tmp_path / "other").mkdir()
    (tmp_path / "other/decisions.jsonl").write_text("{}\n")
    with pytest.raises(InputError, match="line 1, is not what a room writes"):
        RoomFolder(tmp_path / "other").entries()
