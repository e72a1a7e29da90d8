"""The review of a room: its decisions played again and judged, the courses beside them, and what people add by hand, as one result."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from chaos.documents.drill import SEATS, Seat
from chaos.execution.execute import keep_run
from chaos.execution.runner import TaskRunner
from chaos.execution.session import Session
from chaos.execution.workers import Workers
from chaos.i18n.texts import translate
from chaos.judgement.counterfactuals import difference, effect, figures_of
from chaos.results.counterfactuals import RunFigures
from chaos.results.review import (
    BEST,
    RUN,
    Answer,
    Course,
    DecisionReview,
    Duty,
    PlayedCourse,
    Review,
    Search,
    SeatTaken,
    Words,
)
from chaos.room.exercise.messages import End, Entry
from chaos.room.exercise.prepared import PreparedDrill, prepare
from chaos.room.exercise.records import CommandState
from chaos.room.exercise.rehearsal import entries_of
from chaos.room.exercise.state import State
from chaos.room.review.courses import Decision, Held, best_known, decisions_of, refused_then, without
from chaos.room.review.notes import Notes, findings, first_notes, read_notes, write_notes
from chaos.room.review.playing import PlayedExercise, PlayedFigures, Playing, PlayTask, job_of, play, words
from chaos.room.review.ratings import Shown, rate, unapproved
from chaos.room.review.search import GRID, BestFound, Response, search, steps_of
from chaos.room.review.showing import alarms_of, announced, expected_of, injects_of, lanes_of, reported
from chaos.room.server.folder import RoomFolder
from chaos.room.server.folder import Session as RoomSession
from simcore.base.errors import InputError
from simcore.base.units import SECOND

RUNS, RESULT = "review-runs.jsonl", "review.json"
"""What a review leaves in the room's folder beside its notes and the runs: the exercises it has played, and its result."""


class Clocked(NamedTuple):
    """When the exercise was held (date), for how long it went on on the wall, and for how long of that the clock was stopped, s."""

    held: str
    wall_s: float | None
    paused_s: float


class Played(NamedTuple):
    """The exercise that was held, and the others, in the order of their tasks."""

    team: PlayedExercise
    entries: Sequence[Entry]
    decisions: Sequence[Decision]
    courses: Sequence[tuple[Course, PlayedFigures]]
    without: Sequence[PlayedFigures]
    best: PlayTask | None
    search: Search | None


def review(path: Path, session: Session, workers: Workers | None = None, budget: int = 0) -> Review:
    """Reviews the room of a folder: plays it again, with nobody and with the machine's rules in the seats, with the best known response, and
    without each decision; with a `budget` of runs it looks for a better response. What was played before is kept in the folder. Writes the
    result, the run with its journal, and notes to begin with, beside it. Raises InputError for a folder that is no room's, notes that are
    wrong, or a drill that is not as it was."""
    folder = RoomFolder(path)
    held = folder.session()
    drill = prepare(held.drill)
    if drill.digest != held.digest:
        raise InputError(
            f"{held.drill} is not as it was when this room was opened", hint="review it with the files it was held with"
        )
    notes = read_notes(path, drill.model)
    team = play(session, drill, held.seed, held.seating, folder.entries(), recorded=True)
    _require_same_digest(path, team)
    played = _others(path, session, drill, held, team, workers, budget)
    system = session.bind(job_of(drill, held.seed).system)
    keep_run(path / RUN, team.journal, team.run, system)
    if played.best is not None:
        best = play(session, drill, held.seed, dict(played.best.seating), played.best.said())
        keep_run(path / BEST, best.journal, best.run, system)
    found = _put_together(folder, drill, held, played, notes or Notes(kind="review-notes"))
    if notes is None:
        first = first_notes(findings(found.ratings, found.decisions, found.alarms))
        write_notes(path, first)
        found = found.model_copy(update={"plan": first.improvements()})
    (path / RESULT).write_text(json.dumps(found.json_object(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return found


def _require_same_digest(path: Path, team: PlayedExercise) -> None:
    kept = path / "result.json"
    if kept.exists() and json.loads(kept.read_text(encoding="utf-8"))["digest"] != team.digest:
        raise InputError(
            f"{path}: its decisions do not come to the journal that the room kept",
            hint="another version of coredrill, or an edited file: `coredrill room replay` shows both digests",
        )


def _others(
    path: Path,
    session: Session,
    drill: PreparedDrill,
    room: RoomSession,
    team: PlayedExercise,
    workers: Workers | None,
    budget: int,
) -> Played:
    entries = [entry for n, entry in enumerate(RoomFolder(path).entries()) if n not in team.refused]
    held = Held(room.drill, room.seed, room.seating, entries)
    decisions, figures = decisions_of(entries), team.figures()
    with TaskRunner(session, Playing(), workers, path / RUNS, resume=True) as runner:
        makes = _Maker(runner, drill.digest)
        known = best_known(drill.model, figures.first_fault_ns)
        tasks = [
            held.with_seats(drill.model, "nobody"),
            held.with_seats(drill.model, "automated"),
            *([held.with_seats(drill.model, "person", known)] if known else []),
            *(held.without(decision) for decision in decisions),
        ]
        made = makes.all(tasks)
        names: list[Course] = ["nobody", "automated", *(["best_known"] if known else [])]  # type: ignore[list-item]
        courses: list[tuple[Course, PlayedFigures]] = [("team", figures), *zip(names, made, strict=False)]
        looked, chosen = None, tasks[2] if known else None
        if budget and made[0].first_alarm_ns is not None:

            def try_all(responses: Sequence[Response]) -> Sequence[PlayedFigures]:
                tried = [entries_of(drill.model, steps_of(response), 0) for response in responses]
                return makes.all([held.with_seats(drill.model, "person", entries) for entries in tried])

            best = search(list(drill.model.commands), made[0].first_alarm_ns, drill.scenario.window.end, made[0], try_all, budget)
            courses.append(("best_found", _better(best, courses)))
            if courses[-1][1] is best.played:
                chosen = held.with_seats(drill.model, "person", entries_of(drill.model, steps_of(best.response), 0))
            looked = Search(budget=budget, runs=best.runs, commands=list(drill.model.commands), grid_s=GRID / SECOND)
        return Played(team, entries, decisions, courses, made[len(names) :], chosen, looked)


def _better(best: BestFound, courses: Sequence[tuple[Course, PlayedFigures]]) -> PlayedFigures:
    """What the search found, or the best known response where that is no worse."""
    known = dict(courses).get("best_known")
    return known if known is not None and known.figures.failed_orders <= best.played.figures.failed_orders else best.played


class _Maker:
    """Plays exercises, or takes those that were played before."""

    def __init__(self, runner: TaskRunner[PlayTask, PlayedFigures], digest: str) -> None:
        self._runner, self._digest = runner, digest

    def all(self, tasks: Sequence[PlayTask]) -> list[PlayedFigures]:
        found: dict[int, PlayedFigures] = {}

        def made(n: int, value: PlayedFigures, kept: bool) -> None:
            found[n] = value

        self._runner.make(tasks, [self._digest] * len(tasks), "exercises", made)
        return [found[n] for n in range(len(tasks))]


# --- put together ---------------------------------------------------------------------------------------------------------------


def _put_together(folder: RoomFolder, drill: PreparedDrill, room: RoomSession, played: Played, notes: Notes) -> Review:
    team, entries = played.team, played.entries
    state, own, clocked = team.exercise.state, figures_of(team.run), clock_of(folder)
    alarms = alarms_of(team.journal.events, entries, drill.model)
    announcements, reports = announced(state, entries), reported(entries)
    shown = Shown(state, team.run, alarms, announcements, reports)
    ended = next((entry.at for entry in entries if isinstance(entry.message, End)), None)
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
        seed=room.seed,
        window=(drill.scenario.window.begin, drill.scenario.window.end),
        ended_ns=ended,
        first_fault_ns=state.first_fault(),
        seats=_seats(state, notes, folder.names()),
        ratings=rate(drill.model, shown, notes.overrides()),
        measures=team.run.measures,
        duty=Duty(
            known_ns=state.known_since,
            due_ns=team.exercise.report_due,
            reports_ns=[e.at_ns or 0 for e in reports],
            announced_ns=[e.at_ns or 0 for e in announcements],
        ),
        courses=[_course(name, found) for name, found in played.courses],
        decisions=[
            _decision(decision, state, own, played, other)
            for decision, other in zip(played.decisions, played.without, strict=True)
        ],
        alarms=alarms,
        unapproved=[commands.index(command) + 1 for command in unapproved(commands)],
        injects=injects_of(state, notes),
        expected=expected_of(state, entries),
        answers=_answers(folder, drill),
        lanes=lanes_of(state, entries),
        plan=notes.improvements(),
        search=played.search,
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


def _decision(decision: Decision, state: State, own: RunFigures, played: Played, other: PlayedFigures) -> DecisionReview:
    """What leaving it out shows."""
    entries = played.entries
    command = _command(decision, state, entries)
    announcement = state.drill.announcements.get(decision.name)
    title = command.rules.title if command is not None else announcement.title if announcement is not None else None
    assert title is not None
    times = command.times if command is not None else {}
    approver = command.rules.approver if command is not None and "approved" in times else None
    others = [d for d in played.decisions if d.number != decision.number]
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


def _answers(folder: RoomFolder, drill: PreparedDrill) -> list[Answer]:
    """What people wrote down beforehand; the last answer of a seat counts."""
    asked = {q.question: words(q.text) for q in drill.model.questions}
    return [
        Answer(seat=seat, question=asked[name], answer=said)
        for seat, answers in folder.expectations().items()
        for name, said in answers.items()
        if name in asked and said
    ]


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
