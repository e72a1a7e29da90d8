"""The review of a room: what it says of each decision is what the exercise comes to without it, made by hand from the decisions' file."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from reviewed_room import ENTRIES, MARKUP, at, copied, entry, reviewed

from chaos.execution.session import Session
from chaos.results.review import BEST, RUN
from chaos.results.stored_run import read_run
from chaos.room.exercise.exercise import Exercise
from chaos.room.exercise.messages import Ack, Entry
from chaos.room.exercise.prepared import prepare
from chaos.room.exercise.state import State
from chaos.room.review import playing
from chaos.room.review.review import review
from chaos.room.review.showing import expected_of
from chaos.room.server.folder import RoomFolder
from simcore.base.errors import InputError
from simcore.journal.model import Journal


def by_hand(left_out: set[int]) -> Journal:
    """The exercise from the lines of the file, without some of them; the second beginning of a command is left out always."""
    lines = (reviewed().folder / "decisions.jsonl").read_text(encoding="utf-8").splitlines()
    room = json.loads((reviewed().folder / "session.json").read_text(encoding="utf-8"))
    entries = [Entry.model_validate_json(line) for n, line in enumerate(lines) if n not in left_out | {6}]
    return Exercise.replay(prepare(room["drill"]), room["seed"], room["seating"], entries).finish()


def test_what_each_decision_did_is_the_exercise_without_it() -> None:
    """The restart is the second command: without the first one it would be named by another number, so that stays, withdrawn."""
    found = reviewed().review
    assert [d.name for d in found.decisions] == ["cut-off-bank-a", "transfers-slow", "restart-counter"]
    for decision, lines in zip(found.decisions[1:], ({8}, {7, 10, 11}), strict=True):
        assert by_hand(lines).digest == decision.without_digest
    cut, notice, restart = found.decisions
    assert cut.effect == "helped"
    assert restart.effect == "hurt"
    team = found.course("team")
    assert team is not None
    assert team.digest == by_hand(set()).digest
    assert all(d.difference.failed_orders == team.figures.failed_orders - d.without.failed_orders for d in found.decisions)
    assert (restart.proposed_ns, restart.approved_ns, restart.begun_ns) == (at("09:33:10"), at("09:34:20"), at("09:34:30"))
    assert restart.waited_s == 10.0
    assert notice.begun_ns == at("09:33:40")


def test_courses_are_those_of_other_people() -> None:
    """Nobody: no command. Best known: the drill's own, at its instant, and better than nobody."""
    found = reviewed().review
    assert [played.course for played in found.courses] == ["team", "nobody", "automated", "best_known"]
    nobody, best = found.course("nobody"), found.course("best_known")
    assert nobody is not None
    assert best is not None
    assert (nobody.commands, nobody.refused) == ([], [])
    assert [(c.command, c.at_ns) for c in best.commands] == [("cut-off-bank-a", at("09:32:30"))]
    assert best.figures.failed_orders < nobody.figures.failed_orders


def test_times_are_those_of_the_list() -> None:
    """Alarms, reports, lanes and what was expected name the instants at which they were done."""
    found = reviewed().review
    assert [(a.taken_ns, a.by) for a in found.alarms if a.name == "counter-queue"][:1] == [(at("09:32:40"), "operator")]
    assert [a.false for a in found.alarms if a.name == "bank-lines"] == [True]
    assert (found.duty.reports_ns, found.duty.announced_ns) == ([at("09:34")], [at("09:33:40")])
    by_name = {rating.objective: rating.value for rating in found.ratings}
    assert by_name["take-up"] == 160
    assert by_name["decide"] == 175
    assert by_name["report"] == 240
    assert by_name["announce"] == 220
    assert by_name["orders"] == found.measures.orders.failed_orders
    assert [line.done_ns for line in found.expected] == [at("09:32:40"), at("09:32:50"), at("09:32:55"), at("09:33:40")]
    deeds = [(mark.deed, mark.at_ns) for mark in found.lanes if mark.seat == "operator"]
    assert deeds == [
        ("ack", at("09:32:40")),
        ("look", at("09:32:45")),
        ("propose", at("09:33:10")),
        ("command", at("09:34:30")),
    ]
    assert len(found.lanes) == len(ENTRIES)  # without the beginning that was refused, with an absence
    assert [answer.answer for answer in found.answers] == [MARKUP, "8"]
    assert [taken.names for taken in found.seats if taken.seat == "operator"] == [[MARKUP]]


def test_taking_up_an_alarm_is_not_telling_customers() -> None:
    """Of each seat that is expected of it which the file says: here all took the alarm up, and did nothing else."""
    drill = prepare(RoomFolder(reviewed().folder).session().drill).model
    state = cast(State, SimpleNamespace(drill=drill, first_fault=lambda: at("09:30"), commands={}, looks={}))
    entries = [entry("09:32:40", seat, Ack(alarm="counter-queue")) for seat in ("operator", "vendor", "approver", "notices")]
    assert [line.done_ns for line in expected_of(state, entries)] == [at("09:32:40"), None, None, None]
    assert [line.done_ns for line in expected_of(state, entries[1:])] == [None] * 4
    assert [line.done_ns for line in expected_of(state, entries[1:], alone=True)] == [at("09:32:40"), None, None, None]


def test_a_review_again_plays_nothing_again_and_takes_the_notes(tmp_path: Path) -> None:
    """Ratings and the plan are people's; everything else is as it was."""
    folder = copied(tmp_path)
    (folder / "review.yaml").write_text(
        "kind: review-notes\n"
        "ratings: {orders: {rating: U, reason: our own doing, by: control}}\n"
        "injects: {branch-call: {done: true, note: called back}}\n"
        "participants: {operator: [Lin]}\n"
        "plan: [{finding: late, change: earlier, owner: Chen, by: '2026-12-15', state: open}]\n",
        encoding="utf-8",
    )
    kept = (folder / "review-runs.jsonl").read_bytes()
    with Session() as session:
        found = review(folder, session)
    assert (folder / "review-runs.jsonl").read_bytes() == kept
    orders = next(rating for rating in found.ratings if rating.objective == "orders")
    assert (orders.rating, orders.override is not None and orders.override.reason) == ("U", "our own doing")
    assert [(line.finding.zh, line.owner) for line in found.plan] == [("late", "Chen")]
    assert [(i.done, i.note) for i in found.injects if i.inject == "branch-call"] == [(True, "called back")]
    assert [taken.names for taken in found.seats if taken.seat == "operator"] == [["Lin"]]
    assert found.decisions == reviewed().review.decisions


class Counted:
    """How many exercises are played, and how often the list of decisions is read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.played = self.read = 0
        made, entries = playing.Exercise, RoomFolder.entries

        def exercise(*arguments: Any) -> Exercise:
            self.played += 1
            return made(*arguments)

        def read(folder: RoomFolder) -> list[Entry]:
            self.read += 1
            return entries(folder)

        monkeypatch.setattr(playing, "Exercise", exercise)
        monkeypatch.setattr(RoomFolder, "entries", read)


def test_each_course_is_played_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the best course kept, a review again plays the exercise alone, and reads its list once. Where that course was neither played nor
    kept, it is played once, for its figures and its journal."""
    folder, counted = copied(tmp_path), Counted(monkeypatch)
    runs = folder / "review-runs.jsonl"
    others = [
        line for line in runs.read_text(encoding="utf-8").splitlines(keepends=True) if "cut-off-bank-a" not in _only_course(line)
    ]
    for kept, played in ((True, 1), (False, 2)):
        if not kept:
            shutil.rmtree(folder / BEST)
            runs.write_text("".join(others), encoding="utf-8")
        counted.played = counted.read = 0
        with Session() as session:
            best = review(folder, session).course("best_known")
        assert (counted.played, counted.read) == (played, 1)
        assert best is not None
        assert read_run(folder / BEST).run.measures.orders.failed_orders == best.figures.failed_orders


def _only_course(line: str) -> str:
    """What was done in an exercise in whose seats nobody was but whoever followed the best known response; else nothing."""
    _, _, seating, entries = json.loads(json.loads(line)["job"])
    return " ".join(entries) if all(played == "person" for _, played in seating) and len(entries) <= 3 else ""


def test_the_run_of_an_exercise_names_no_command_that_makes_another() -> None:
    """That of its scenario would: people are no part of it."""
    assert [read_run(reviewed().folder / name).run.replay for name in (RUN, BEST)] == ["", ""]


@pytest.mark.parametrize(
    ("notes", "says"),
    [
        ("kind: review-notes\nratings: {order: {rating: U, reason: x}}\n", "no objective 'order'"),
        ("kind: review-notes\ninjects: {call: {done: true}}\n", "no inject 'call'"),
        ("kind: review-notes\nratings: {orders: {rating: X, reason: x}}\n", "rating"),
        ("kind: review-notes\nplan: [{finding: x, by: soon}]\n", "2026-12-31"),
    ],
    ids=["objective", "inject", "rating", "date"],
)
def test_wrong_notes_are_said_with_their_place(tmp_path: Path, notes: str, says: str) -> None:
    """File, line, and what is wrong; nothing is played before."""
    folder = copied(tmp_path)
    (folder / "review.yaml").write_text(notes, encoding="utf-8")
    with Session() as session, pytest.raises(InputError, match=says) as error:
        review(folder, session)
    assert error.value.line == 2


def test_a_journal_that_the_decisions_do_not_come_to_is_refused(tmp_path: Path) -> None:
    """An edited list, or another program: the review would be of something else than people lived through."""
    folder = copied(tmp_path)
    (folder / "result.json").write_text('{"digest": "0"}', encoding="utf-8")
    with Session() as session, pytest.raises(InputError, match="do not come to the journal"):
        review(folder, session)


def test_a_room_that_came_to_its_end_is_reviewed_as_it_was(tmp_path: Path) -> None:
    """The digest that the room notes is that of the list played again."""
    folder = copied(tmp_path)
    (folder / "result.json").write_text(json.dumps({"digest": by_hand(set()).digest}), encoding="utf-8")
    with Session() as session:
        assert review(folder, session).decisions == reviewed().review.decisions
