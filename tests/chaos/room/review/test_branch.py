"""The review of a branch: it says of which room it is one and from when on, and the review of that room which branches there are."""

from __future__ import annotations

import shutil
from pathlib import Path

from reviewed_room import at, copied, entry, reviewed

from chaos.execution.session import Session
from chaos.reports.review.page import course_texts, review_page
from chaos.reports.review.terminal import lines
from chaos.results.drill_history import held_exercise
from chaos.results.review import BranchOf, KeptBranch
from chaos.room.exercise.exercise import Exercise
from chaos.room.exercise.messages import Announce
from chaos.room.exercise.prepared import prepare
from chaos.room.review.review import review
from chaos.room.server.folder import RoomFolder

FROM = at("09:33:05")


def branched(tmp_path: Path) -> RoomFolder:
    """The room with a branch from 9:33:05, in which something else was done, that stood at 9:36; what was played before is there already."""
    room = RoomFolder(copied(tmp_path))
    room.mark(at("09:35"), "over", 10)
    room.branch(room.session(), FROM, [one for one in room.entries() if one.at <= FROM])
    branch = RoomFolder(room.path / "branches" / "1")
    branch.add_entry(entry("09:34:10", "notices", Announce(announcement="transfers-slow")))
    branch.mark(at("09:36"), "paused", 10)
    shutil.copy(room.path / "review-runs.jsonl", branch.path)
    return room


def test_a_branch_is_reviewed_as_its_own_course(tmp_path: Path) -> None:
    """What was done until then as in the room, then its own; the review says so, on the page, in the terminal and in the history."""
    room = branched(tmp_path)
    folder = room.path / "branches" / "1"
    with Session() as session:
        found = review(folder, session)
        whole = review(room.path, session)
    assert found.branch == BranchOf(room="room", number="1", from_ns=FROM)
    assert found.stood_ns == at("09:36")
    assert [(d.name, d.begun_ns) for d in found.decisions] == [
        ("cut-off-bank-a", at("09:33")),
        ("transfers-slow", at("09:34:10")),
    ]
    held = room.session()
    entries = [one for n, one in enumerate(RoomFolder(folder).entries()) if n != 6]  # the beginning that was refused
    assert found.courses[0].digest == Exercise.replay(prepare(held.drill), held.seed, held.seating, entries).finish().digest
    said = [text.en for text in course_texts(found)]
    assert said[0].startswith("Branch 1 of the room room: until 09:33:05 ")
    assert "stood at 09:36:00" in said[1]
    assert said[0] in review_page(found)
    assert said[0] in list(lines(found, "en"))
    assert held_exercise(found, "nights").title_zh.endswith("（分支 1）")
    assert whole.branches == [KeptBranch(folder="branches/1", from_ns=FROM)]
    assert (whole.branch, whole.stood_ns) == (None, None)
    assert "branches/1 from 09:33:05" in course_texts(whole)[0].en
    assert whole.decisions == reviewed().review.decisions


def test_a_room_without_branches_says_nothing_of_them() -> None:
    """Its review is of the only course that there is."""
    found = reviewed().review
    assert (found.branch, found.branches, found.stood_ns, course_texts(found)) == (None, [], None, [])
