"""For what the suite does not reach: which other scenario would, found by runs without any defect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from chaos.coverage.kill_matrix import Matrix
from chaos.coverage.parts import reached_in
from chaos.coverage.pricing import windows_of
from chaos.coverage.trial_runner import TrialRunner, baseline
from chaos.documents.library import library
from chaos.documents.triggers import Triggers
from chaos.execution.inputs.planting import Mutant
from chaos.results.coverage import ReachingScenario, ReachResult
from simcore.base.errors import InputError

SHIPPED = ("requirements/", "drills/")


def reaching(runner: TrialRunner, found: Matrix, triggers: Triggers, others: Sequence[str], *, budget: int) -> ReachResult:
    """Scenarios that reach what the suite does not, the one that reaches most of what is left first: the `others`, then the triggers'
    windows, then the shipped requirements and drills, one run each in the matrix's environment, as long as the budget lasts."""
    left = [x for x in found.mutants if found.parts[x.name] == "not reached"]
    reached, runs = dict[str, list[str]](), 0
    candidates = list(_candidates(found, triggers, others)) if left and budget else []
    for scenario, name in candidates:
        if runs >= budget:
            break
        mine = _reached(runner, found, left, scenario, name)
        if mine is not None:
            reached[name] = mine
            runs += 1
    rows = _greedy(reached)
    found_somewhere = {name for row in rows for name in row.mutants}
    return ReachResult(
        rows=rows,
        runs=runs,
        tried=len(reached),
        candidates=len(candidates),
        needs={x.name: list(x.needs) for x in left},
        nowhere=[x.name for x in left if x.name not in found_somewhere],
    )


def _candidates(found: Matrix, triggers: Triggers, others: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Scenarios that are not in the suite, each with what it is called."""
    seen = set(found.scenarios)
    for name in others:
        if name not in seen:
            seen.add(name)
            yield name, name
    for window in windows_of(triggers):
        yield window.scenario, window.name
    for name in library().shipped("scenario"):
        if name.startswith(SHIPPED) and name not in seen:
            yield name, name


def _reached(runner: TrialRunner, found: Matrix, left: Sequence[Mutant], scenario: str, name: str) -> list[str] | None:
    """The mutants that a scenario reaches; None if it cannot be run on the architecture or in the environment."""
    s = runner.settings
    try:
        base = baseline(runner, [scenario], found.base.environment, seeds=(s.seed,), what=f"{found.base.environment}: {name}")
    except InputError:
        return None
    return [x.name for x in left if reached_in(runner, x, base, [scenario])]


def _greedy(reached: Mapping[str, Sequence[str]]) -> list[ReachingScenario]:
    left, rows = {name for mine in reached.values() for name in mine}, list[ReachingScenario]()
    while left:
        best = max(reached, key=lambda name: (len(left.intersection(reached[name])), len(reached[name])))
        rows.append(ReachingScenario(scenario=best, reaches=len(left.intersection(reached[best])), mutants=list(reached[best])))
        left.difference_update(reached[best])
    return rows
