"""The result of a review, put together from the exercise that was held, what it is compared with, and what people add by hand."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from chaos.documents.drill import SEATS, Seat
from chaos.i18n.texts import translate
from chaos.judgement.counterfactuals import difference, effect, figures_of
from chaos.results.review import (
    Answer,
    BranchOf,
    Course,
    DecisionReview,
    Duty,
    KeptBranch,
    PlayedCourse,
    Review,
    SeatTaken,
    Words,
)
from chaos.room.exercise.messages import End, Entry
from chaos.room.exercise.prepared import PreparedDrill
from chaos.room.exercise.records import CommandState
from chaos.room.exercise.state import State
from chaos.room.review.alternatives import Alternatives
from chaos.room.review.courses import Decision, refused_then, without
from chaos.room.review.notes import Notes
from chaos.room.review.playing import PlayedExercise, PlayedFigures, words
from chaos.room.review.ratings import Shown, rate, unapproved
from chaos.room.review.showing import alarms_of, announced, expected_of, injects_of, lanes_of, reported
from chaos.room.server.folder import RoomFolder
from chaos.room.server.folder import Session as RoomSession


class Clocked(NamedTuple):
    """When the exercise was held (date), for how long it went on on the wall, and for how long of that the clock was stopped, s."""

    held: str
    wall_s: float | None
    paused_s: float


class Written(NamedTuple):
    """What a room has written down beside its decisions: names by seat, what people expected, when it was held, of which room it is a branch,
    which branches were kept of it, and where it stood, if it has not come to its end."""

    names: Mapping[Seat, list[str]]
    expectations: Mapping[Seat, Mapping[str, str]]
    clocked: Clocked
    branch: BranchOf | None
    branches: list[KeptBranch]
    stood_ns: int | None


def written_in(folder: RoomFolder) -> Written:
    """What is written in a room's folder. Raises InputError for what no room writes."""
    return Written(folder.names(), folder.expectations(), clock_of(folder), _branch_of(folder), _branches(folder), _stood(folder))


class ReviewedRoom(NamedTuple):
    """A room whose exercise was played again: what it has written down, its session, the drill, the exercise, what was done in it and taken, and
    what it is compared with."""

    written: Written
    session: RoomSession
    drill: PreparedDrill
    team: PlayedExercise
    entries: Sequence[Entry]
    others: Alternatives


def put_together(room: ReviewedRoom, notes: Notes) -> Review:
    """The review."""
    drill, team, entries = room.drill, room.team, room.entries
    state, clocked = team.exercise.state, room.written.clocked
    alarms = alarms_of(team.journal.events, entries, state)
    announcements, reports = announced(state, entries), reported(entries)
    ended = next((entry.at for entry in entries if isinstance(entry.message, End)), None)
    shown = Shown(state, team.run, alarms, announcements, reports, ended)
    commands = list(state.commands.values())
    return Review(
        drill=drill.model.name,
        drill_digest=drill.digest,
        title=Words(en=drill.model.title, zh=drill.model.title_zh or drill.model.title),
        shown_as=words(drill.model.shown_as),
        purpose=words(drill.model.briefing),
        held=clocked.held,
        wall_s=clocked.wall_s,
        paused_s=clocked.paused_s,
        seed=room.session.seed,
        window=(drill.scenario.window.begin, drill.scenario.window.end),
        ended_ns=ended,
        first_fault_ns=state.first_fault(),
        seats=_seats(state, notes, room.written.names),
        ratings=rate(drill.model, shown, notes.overrides()),
        measures=team.run.measures,
        duty=Duty(
            known_ns=state.known_since,
            due_ns=team.exercise.report_due,
            reports_ns=[e.at_ns or 0 for e in reports],
            announced_ns=[e.at_ns or 0 for e in announcements],
        ),
        courses=[_course(name, found) for name, found in room.others.courses],
        decisions=[
            _decision(decision, room, other) for decision, other in zip(room.others.decisions, room.others.without, strict=True)
        ],
        alarms=alarms,
        unapproved=[commands.index(command) + 1 for command in unapproved(commands)],
        injects=injects_of(state, notes),
        expected=expected_of(state, entries, alone=room.session.solo),
        answers=_answers(room.written.expectations, drill),
        lanes=lanes_of(state, entries),
        plan=notes.improvements(),
        search=room.others.search,
        branch=room.written.branch,
        branches=room.written.branches,
        stood_ns=room.written.stood_ns,
    )


def _course(name: Course, found: PlayedFigures) -> PlayedCourse:
    return PlayedCourse(
        course=name,
        figures=found.figures,
        customers=found.customers,
        grade=found.grade,
        commands=found.commands,
        digest=found.digest,
    )


def _decision(decision: Decision, room: ReviewedRoom, other: PlayedFigures) -> DecisionReview:
    """What leaving it out shows."""
    entries, state, own = room.entries, room.team.exercise.state, figures_of(room.team.run)
    command = _command(decision, state, entries)
    announcement = state.drill.announcements.get(decision.name)
    title = command.rules.title if command is not None else announcement.title if announcement is not None else None
    assert title is not None
    times = command.times if command is not None else {}
    approver = command.rules.approver if command is not None and "approved" in times else None
    others = [d for d in room.others.decisions if d.number != decision.number]
    begun = entries[decision.entries[0]].at if command is None else times["begun"]
    return DecisionReview(
        number=decision.number,
        kind=decision.kind,
        name=decision.name,
        title=words(title),
        seat=decision.seat,
        proposed_ns=times.get("proposed"),
        approved_ns=times.get("approved") if approver is not None else None,
        approved_by=approver,
        begun_ns=begun,
        ended_ns=next((times[end] for end in ("done", "failed") if end in times), None),
        state=command.state if command is not None else "done",
        effect=effect(own, other.figures),
        difference=difference(own, other.figures),
        without=other.figures,
        without_digest=other.digest,
        refused_then=refused_then(others, entries, without(entries, decision), other.refused),
    )


def _command(decision: Decision, state: State, entries: Sequence[Entry]) -> CommandState | None:
    """The command of a decision in the exercise that was held."""
    if decision.kind == "announcement":
        return None
    at = entries[decision.entries[0]].at
    return next(c for c in state.commands.values() if c.name == decision.name and c.times["proposed"] == at)


def _seats(state: State, notes: Notes, given: Mapping[Seat, list[str]]) -> list[SeatTaken]:
    """Who had each seat, by the names in the notes, else those that people gave themselves."""
    found = []
    for seat in SEATS:
        rules = state.drill.seats.get(seat)
        if rules is not None or seat == "facilitator":
            title = words(rules.title) if rules is not None else words(translate(f"room.seat.{seat}"))
            names = notes.participants.get(seat, given.get(seat, []))
            found.append(SeatTaken(seat=seat, title=title, played=state.played(seat), names=names))
    return found


def _answers(expectations: Mapping[Seat, Mapping[str, str]], drill: PreparedDrill) -> list[Answer]:
    """What people wrote down beforehand; the last answer of a seat counts."""
    asked = {q.question: words(q.text) for q in drill.model.questions}
    return [
        Answer(seat=seat, question=asked[name], answer=said)
        for seat, answers in expectations.items()
        for name, said in answers.items()
        if name in asked and said
    ]


def _branch_of(folder: RoomFolder) -> BranchOf | None:
    """Which branch of which room a folder holds, if it lies where a room keeps its branches."""
    place, marks = folder.path.resolve(), folder.marks()
    if not marks or place.parent.name != "branches" or not (place.parents[1] / "session.json").exists():
        return None
    return BranchOf(room=place.parents[1].name, number=place.name, from_ns=marks[0].at)


def _branches(folder: RoomFolder) -> list[KeptBranch]:
    """The branches of a room, each from the instant it goes its own way."""
    return [KeptBranch(folder=kept.folder, from_ns=kept.at) for kept in folder.branches()]


def _stood(folder: RoomFolder) -> int | None:
    """Where the clock stood, ns, of an exercise that has not come to its end."""
    last = folder.last_mark()
    return None if last is None or last.state == "over" or folder.kept_digest() is not None else last.at


def clock_of(folder: RoomFolder) -> Clocked:
    """When, and for how long, by the marks that the clock left."""
    marks = [mark for mark in folder.marks() if mark.state != "lobby"]
    if not marks:
        made = datetime.fromtimestamp((folder.path / "session.json").stat().st_mtime).astimezone()
        return Clocked(made.date().isoformat(), None, 0.0)
    pairs = list(itertools.pairwise(marks))
    paused = sum(after.wall - before.wall for before, after in pairs if before.state == "paused")
    held = datetime.fromtimestamp(marks[0].wall).astimezone().date().isoformat()
    return Clocked(held, round(marks[-1].wall - marks[0].wall, 3), round(paused, 3))
