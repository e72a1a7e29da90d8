"""An exercise played from its list of decisions to its end, and judged as any run is. Everything a review compares comes from here."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from chaos.documents.drill import Played, Seat, Text
from chaos.execution.control_run import compared
from chaos.execution.execute import keep_run, result_of_run
from chaos.execution.jobs import Job
from chaos.execution.runner import JsonObject, Work
from chaos.execution.session import Session
from chaos.i18n.texts import LocalizedText
from chaos.judgement.counterfactuals import figures_of
from chaos.measures.formatting import duration, instant, number
from chaos.results.counterfactuals import RunFigures
from chaos.results.review import CommandBegun, Words
from chaos.results.run import Grade, RunResult
from chaos.room.exercise.exercise import Exercise
from chaos.room.exercise.messages import Approve, Begin, Entry, Propose, Refuse, Withdraw
from chaos.room.exercise.prepared import PreparedDrill, prepare
from simcore.base.errors import InputError
from simcore.base.model import ResultModel
from simcore.journal.model import Journal


@dataclass(frozen=True)
class PlayTask:
    """An exercise as plain data: the drill by name or path, who has which seat, and what people did, entries as JSON. `keep` is the folder in
    which its run is kept when it is played (None: it is not)."""

    drill: str
    seed: int
    seating: tuple[tuple[Seat, Played], ...]
    entries: tuple[str, ...] = ()
    keep: str | None = None

    def said(self) -> list[Entry]:
        """The entries."""
        return [Entry.model_validate_json(line) for line in self.entries]


class PlayedFigures(ResultModel):
    """What of a played exercise others are held against. `refused` are the numbers of the entries that could not be carried out, `run_digest`
    is that of its journal held against the run without faults, as it is kept."""

    figures: RunFigures
    customers: int | None
    grade: Grade | None
    commands: list[CommandBegun]
    refused: list[int]
    digest: str
    run_digest: str = ""
    first_fault_ns: int | None
    first_alarm_ns: int | None


@dataclass(frozen=True)
class PlayedExercise:
    """An exercise that was played to its end: itself, the digest of its journal, that journal held against the run without faults, and the
    run that it was judged to be."""

    exercise: Exercise
    digest: str
    journal: Journal
    run: RunResult
    refused: list[int]

    def figures(self) -> PlayedFigures:
        """What is kept of it where only the comparison matters."""
        state = self.exercise.state
        return PlayedFigures(
            figures=figures_of(self.run),
            customers=self.run.measures.customers_affected,
            grade=self.run.measures.severity.get(state.drill.severity),
            commands=[
                CommandBegun(command=c.name, title=words(c.rules.title), at_ns=c.times["begun"])
                for c in state.commands.values()
                if "begun" in c.times
            ],
            refused=self.refused,
            digest=self.digest,
            run_digest=self.run.digest,
            first_fault_ns=state.first_fault(),
            first_alarm_ns=next((e.t_ns for e in self.journal.events if e.what == "alarm"), None),
        )


def words(text: LocalizedText | Text | str) -> Words:
    """A text of the drill's file, or of the catalogue, for a result; what a person typed is the same in both languages."""
    return Words(en=text, zh=text) if isinstance(text, str) else Words(en=text.en, zh=text.zh)


def play(
    session: Session,
    drill: PreparedDrill,
    seed: int,
    seating: Mapping[Seat, Played],
    entries: Sequence[Entry],
    *,
    recorded: bool = False,
) -> PlayedExercise:
    """Plays it. What cannot be carried out is left out and noted. Entries name commands as they were numbered where each proposal among
    them was accepted; `recorded` ones, straight from a room's file, as the exercise numbers them. Raises InputError if the drill's
    scenario cannot be judged."""
    exercise = Exercise(drill, seed, seating)
    numbers = None if recorded else _Numbers(exercise)
    refused = []
    for n, entry in enumerate(entries):
        if not (_taken(exercise, entry) if numbers is None else numbers.taken(entry)):
            refused.append(n)
    own = exercise.finish()
    return PlayedExercise(exercise, own.digest, *_judged(session, drill, seed, own), refused)


class _Numbers:
    """Numbers of commands in a list of decisions, beside those that they have in an exercise in which a proposal may be refused."""

    def __init__(self, exercise: Exercise) -> None:
        self._exercise, self._proposed = exercise, 0
        self._actual: dict[str, str] = {}

    def taken(self, entry: Entry) -> bool:
        """Whether the exercise took an entry, whatever number its command has there."""
        message = entry.message
        if isinstance(message, Propose):
            self._proposed += 1
            accepted = _taken(self._exercise, entry)
            if accepted:
                self._actual[f"c{self._proposed}"] = next(reversed(self._exercise.state.commands))
            return accepted
        if isinstance(message, Approve | Refuse | Withdraw | Begin):
            number = self._actual.get(message.command_id)
            if number is None:
                return False
            entry = entry.model_copy(update={"message": message.model_copy(update={"command_id": number})})
        return _taken(self._exercise, entry)


def keep(session: Session, drill: PreparedDrill, seed: int, made: PlayedExercise, folder: Path) -> None:
    """Keeps the run of an exercise in a folder, with its journal. No command makes it again: that of its scenario would not, for people are
    no part of it."""
    run = made.run.model_copy(update={"replay": ""})
    keep_run(folder, made.journal, run, session.bind(_job_of(drill, seed).system))


class Judged(NamedTuple):
    """A journal beside its control run, and what it is judged to be."""

    journal: Journal
    run: RunResult


def _judged(session: Session, drill: PreparedDrill, seed: int, journal: Journal) -> Judged:
    job = _job_of(drill, seed)
    system = session.bind(job.system)
    held = compared(session.controls, system, job, journal)
    return Judged(held, result_of_run(session, job, system, held))


def _job_of(drill: PreparedDrill, seed: int) -> Job:
    """The run of the drill's scenario, by which its exercises are judged."""
    return Job(str(drill.inputs.scenario.tree.origin.file), seed=seed)


def _taken(exercise: Exercise, entry: Entry) -> bool:
    exercise.advance(max(entry.at, exercise.now))
    try:
        exercise.take(entry)
    except InputError:
        return False
    return True


class Playing(Work[PlayTask, PlayedFigures]):
    """How exercises are played as tasks of a campaign."""

    def perform(self, session: Session, task: PlayTask) -> PlayedFigures:
        """Plays it, with the worker's session."""
        drill = prepare(task.drill)
        made = play(session, drill, task.seed, dict(task.seating), task.said())
        if task.keep is not None:
            keep(session, drill, task.seed, made, Path(task.keep))
        return made.figures()

    def key(self, task: PlayTask) -> str:
        """Everything that makes the exercise."""
        return json.dumps([task.drill, task.seed, task.seating, task.entries], sort_keys=True)

    def scenario(self, task: PlayTask) -> str:
        """The drill, by name or path."""
        return task.drill

    def target(self, task: PlayTask) -> str:
        """Exercises are simulated."""
        return "simulated"

    def to_json(self, value: PlayedFigures) -> JsonObject:
        """The figures as JSON types."""
        return value.json_object()

    def from_json(self, record: JsonObject) -> PlayedFigures | None:
        """The stored figures; None if an older version wrote them."""
        try:
            return PlayedFigures.model_validate(record)
        except ValueError:
            return None

    def line(self, value: PlayedFigures) -> str:
        """What was done, and what came of it."""
        orders, impaired = value.figures.failed_orders, value.figures.impaired_s
        did = ", ".join(f"{instant(c.at_ns)} {c.command}" for c in value.commands) or "no command"
        return f"{did}: failed orders {number(orders)}, impaired {duration(impaired)}"
