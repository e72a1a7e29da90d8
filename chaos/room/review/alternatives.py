"""What the exercise that was held is compared with, all of it played, each course once: other people in the seats, the same people without one
decision, and the best response that a search finds. What was played before is kept in the room's folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from chaos.execution.runner import TaskRunner
from chaos.execution.session import Session
from chaos.execution.workers import Workers
from chaos.results.review import BEST, Course, Search
from chaos.results.stored_run import read_run
from chaos.room.exercise.prepared import PreparedDrill
from chaos.room.exercise.rehearsal import entries_of
from chaos.room.review.courses import Decision, Held, best_known, decisions_of
from chaos.room.review.playing import PlayedFigures, Playing, PlayTask, keep, play
from chaos.room.review.search import GRID, Response, search, steps_of
from simcore.base.errors import InputError
from simcore.base.units import SECOND

RUNS = "review-runs.jsonl"
"""What was played, in the room's folder."""


class Alternatives(NamedTuple):
    """The decisions of the exercise and what it came to without each; the courses beside it, its own first; how a better response was looked
    for (None: not at all)."""

    decisions: Sequence[Decision]
    without: Sequence[PlayedFigures]
    courses: Sequence[tuple[Course, PlayedFigures]]
    search: Search | None


def alternatives(
    folder: Path,
    session: Session,
    drill: PreparedDrill,
    held: Held,
    team: PlayedFigures,
    workers: Workers | None = None,
    budget: int = 0,
) -> Alternatives:
    """Plays them; with a `budget` of runs it looks for a better response. The run of the best course stands in the room's folder
    afterwards, with its journal, if there is one."""
    decisions = decisions_of(held.entries)
    known = best_known(drill.model, team.first_fault_ns)
    others: list[tuple[Course, PlayTask]] = [
        ("nobody", held.with_seats(drill.model, "nobody")),
        ("automated", held.with_seats(drill.model, "automated")),
    ]
    if known:
        others.append(("best_known", held.with_seats(drill.model, "person", known, keep=folder / BEST)))
    with TaskRunner(session, Playing(), workers, folder / RUNS, resume=True, again="run the command again to go on") as runner:
        makes = _Maker(runner, drill)
        made = makes.all([*(task for _, task in others), *(held.without(decision) for decision in decisions)])
        courses: list[tuple[Course, PlayedFigures]] = [("team", team)]
        courses += [(name, figures) for (name, _), figures in zip(others, made, strict=False)]
        best = _Best(others[-1][1], courses[-1][1]) if known else None
        looked = None
        if budget and made[0].first_alarm_ns is not None:
            found, looked = _searched(makes, held, made[0], budget)
            if best is None or found.figures.figures.failed_orders < best.figures.figures.failed_orders:
                best = found
            courses.append(("best_found", best.figures))
    if best is not None:
        _require_kept(folder / BEST, session, drill, best)
    return Alternatives(decisions, made[len(others) :], courses, looked)


class _Best(NamedTuple):
    """A course by which to do better."""

    task: PlayTask
    figures: PlayedFigures


class _Maker:
    """Plays exercises, or takes those that were played before."""

    def __init__(self, runner: TaskRunner[PlayTask, PlayedFigures], drill: PreparedDrill) -> None:
        self._runner, self.drill = runner, drill

    def all(self, tasks: Sequence[PlayTask]) -> list[PlayedFigures]:
        """What each comes to, in the order of the tasks."""
        found: dict[int, PlayedFigures] = {}

        def made(n: int, value: PlayedFigures, kept: bool) -> None:
            found[n] = value

        self._runner.make(tasks, [self.drill.digest] * len(tasks), "exercises", made)
        return [found[n] for n in range(len(tasks))]


class _Found(NamedTuple):
    best: _Best
    search: Search


def _searched(makes: _Maker, held: Held, nobody: PlayedFigures, budget: int) -> _Found:
    """The best response that a search finds with so many runs."""
    drill, commands = makes.drill, list(makes.drill.model.commands)
    assert nobody.first_alarm_ns is not None

    def task_of(response: Response) -> PlayTask:
        return held.with_seats(drill.model, "person", entries_of(drill.model, steps_of(response), 0))

    def try_all(responses: Sequence[Response]) -> Sequence[PlayedFigures]:
        return makes.all([task_of(response) for response in responses])

    best = search(commands, nobody.first_alarm_ns, drill.scenario.window.end, nobody, try_all, budget)
    looked = Search(budget=budget, runs=best.runs, commands=commands, grid_s=GRID / SECOND)
    return _Found(_Best(task_of(best.response), best.played), looked)


def _require_kept(folder: Path, session: Session, drill: PreparedDrill, best: _Best) -> None:
    """The run of the best course is kept: where it was not when the course was played, as of one that a search found, the course is played
    once more."""
    if not _keeps(folder, best.figures.run_digest):
        made = play(session, drill, best.task.seed, dict(best.task.seating), best.task.said())
        keep(session, drill, best.task.seed, made, folder)


def _keeps(folder: Path, digest: str) -> bool:
    """Whether the folder has the run with this journal, whole."""
    try:
        return read_run(folder).run.digest == digest
    except InputError:
        return False
