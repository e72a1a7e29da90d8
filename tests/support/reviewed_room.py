"""A room in which a short morning was practised, made by hand, and its review: a bank slow from 9:30 on, cut off at 9:33, and the counter
restarted when nothing was wrong any more."""

from __future__ import annotations

import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import NamedTuple

import yaml

import chaos.cli
from chaos.execution.session import Session
from chaos.results.review import Review
from chaos.room.exercise.messages import Ack, Announce, Approve, Begin, Entry, ExerciseMessage, Look, Propose, Report, Say
from chaos.room.exercise.prepared import prepare
from chaos.room.review.review import review
from chaos.room.server.folder import RoomFolder
from chaos.room.server.opening import new_session
from simcore.base.units import parse_clock
from simcore.files.loading import shipped_root

MARKUP = "<script>alert(1)</script> & “call me”"
SEATS = ("operator", "vendor", "approver", "liaison", "notices", "dba")


def at(clock: str) -> int:
    """An instant of the day, ns."""
    return parse_clock(clock)


def entry(clock: str, seat: str, message: ExerciseMessage) -> Entry:
    """What somebody did at a time of day."""
    return Entry.model_validate({"at": at(clock), "seat": seat, "message": message.model_dump()})


ENTRIES = [
    entry("09:32:40", "operator", Ack(alarm="counter-queue")),
    entry("09:32:45", "operator", Look(look="counter-threads")),
    entry("09:32:50", "vendor", Propose(command="cut-off-bank-a")),
    entry("09:32:52", "notices", Say(text=MARKUP)),
    entry("09:32:55", "approver", Approve(command_id="c1")),
    entry("09:33", "vendor", Begin(command_id="c1")),
    entry("09:33", "vendor", Begin(command_id="c1")),  # a second time: refused
    entry("09:33:10", "operator", Propose(command="restart-counter")),
    entry("09:33:40", "notices", Announce(announcement="transfers-slow")),
    entry("09:34", "liaison", Report(text="EXERCISE bank-a is slow")),
    entry("09:34:20", "approver", Approve(command_id="c2")),
    entry("09:34:30", "operator", Begin(command_id="c2")),
]


def write_drill(folder: Path) -> Path:
    """The shipped drill and its scenario, from 9:29 to 9:38."""
    scenario = yaml.safe_load((Path(chaos.cli.__file__).parent / "template.yaml").read_text(encoding="utf-8"))
    scenario |= {"window": {"from": "09:29", "to": "09:38"}, "warmup": "1min"}
    drill = yaml.safe_load((shipped_root() / "drills/bank-slow.yaml").read_text(encoding="utf-8"))
    drill["scenario"] = "./scenario.yaml"
    (folder / "scenario.yaml").write_text(yaml.safe_dump(scenario, allow_unicode=True), encoding="utf-8")
    (folder / "drill.yaml").write_text(yaml.safe_dump(drill, allow_unicode=True), encoding="utf-8")
    return folder / "drill.yaml"


def write_room(folder: Path) -> Path:
    """The room, below a folder."""
    drill = write_drill(folder)
    room = RoomFolder(folder / "room")
    room.create(new_session(str(drill), prepare(drill), 1, SEATS, None))
    for made in ENTRIES:
        room.add_entry(made)
    room.add_name("operator", MARKUP)
    room.add_expectations("operator", {"first": MARKUP, "minutes": "8"})
    return room.path


class Reviewed(NamedTuple):
    """The room's folder and its review."""

    folder: Path
    review: Review


@cache
def reviewed() -> Reviewed:
    """The room, reviewed once in a process."""
    folder = write_room(Path(tempfile.mkdtemp(prefix="coredrill-review-")))
    with Session() as session:
        return Reviewed(folder, review(folder, session))


def copied(tmp_path: Path) -> Path:
    """A copy of the room, reviewed already, that a test may change."""
    return Path(shutil.copytree(reviewed().folder, tmp_path / "room"))
