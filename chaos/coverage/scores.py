"""The kill matrix and what follows from it: status and score of mutants, flaky kills, the curve of a growing suite. Arithmetic alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from chaos.coverage.differences import MARGINS, Margin, worse_in
from chaos.coverage.trials import FAIL, TIMED_OUT, UNKNOWN
from chaos.results.coverage import (
    FlakyKills,
    NoDifference,
    Observation,
    Outcome,
    Score,
    Status,
    TrialResult,
    TrialVerdict,
)

Does = Literal["changes", "same", "impossible"]
"""What a mutant does to the system of production: changes it, leaves it byte for byte as it is, or cannot be built."""


@dataclass(frozen=True)
class Cell:
    """A mutant under a scenario. `outcome` is by the verdict over the block of seeds, as `run` gives it; `verdicts` are those of the
    seeds that were run, in their order; `changed` counts the runs that came out otherwise than without the defect, whatever the
    verdict. `worse` are the measures that are worse than on the same seed without the defect: the differential column."""

    outcome: Outcome
    verdicts: tuple[TrialVerdict, ...] = ()
    changed: int = 0
    worse: tuple[str, ...] = ()

    @property
    def kills(self) -> int:
        """In how many seeds the scenario failed by itself."""
        return self.verdicts.count(FAIL)

    @property
    def flaky(self) -> bool:
        """Whether it failed in some seeds and not in others."""
        return 0 < self.kills < len(self.verdicts)


def cell_of(found: TrialResult, base: Sequence[Observation], *, green: bool, margins: Sequence[Margin] = MARGINS) -> Cell:
    """The cell of what `trials.attempt` gave; `base` are the runs without the defect, `green` whether they pass together, `margins` by how
    much a measure must be worse for the differential column."""
    if found.impossible is not None:
        return Cell("impossible")
    if found.identical:
        return Cell("identical")
    effects = {run.seed: run.effect for run in base}
    changed = sum(run.effect != effects[run.seed] for run in found.runs)
    verdicts = tuple(run.verdict for run in found.runs)
    return Cell(_outcome(found, green=green), verdicts, changed, worse_in(found.runs, base, margins))


def _outcome(found: TrialResult, *, green: bool) -> Outcome:
    """By the verdict over the seeds alone: fail kills. What is unknown is so because a run was over its budget, or only because
    something that must happen did not, or for another reason."""
    if not green:
        return "red"
    if found.verdict != UNKNOWN:
        return "killed" if found.verdict == FAIL else "survived"
    if any(run.verdict == TIMED_OUT for run in found.runs):
        return "timed out"
    open_ = [run for run in found.runs if run.verdict == UNKNOWN]
    return "averted" if open_ and all(run.missed and not run.invalid for run in open_) else "unknown"


def status_of(cells: Sequence[Cell], *, present: bool, in_production: Does) -> Status:
    """What became of a mutant. `present`: the environment has its site; `in_production`: what it does to the system there."""
    outcomes = {cell.outcome for cell in cells}
    if in_production != "changes":
        return "equivalent" if in_production == "same" else "impossible"
    if "killed" in outcomes:
        return "killed"
    if not present or outcomes <= {"identical", "impossible"}:
        return "not present"
    return "timed out" if "timed out" in outcomes else "survived"


def with_outcome(cells: Mapping[str, Cell], outcome: Outcome) -> list[str]:
    """The scenarios whose cell came to that."""
    return [name for name, cell in cells.items() if cell.outcome == outcome]


def unkilled_with(
    matrix: Mapping[str, Mapping[str, Cell]], statuses: Mapping[str, Status], outcomes: Sequence[Outcome]
) -> list[str]:
    """The mutants that count and that nothing kills, with a cell that came to one of these."""
    return [
        name
        for name, cells in matrix.items()
        if statuses[name] in IN_DENOMINATOR and statuses[name] != "killed" and any(c.outcome in outcomes for c in cells.values())
    ]


IN_DENOMINATOR: tuple[Status, ...] = ("killed", "survived", "timed out", "not present")


def differential(matrix: Mapping[str, Mapping[str, Cell]], statuses: Mapping[str, Status]) -> list[str]:
    """The mutants that count and are worse than without them under some scenario, whatever the verdicts."""
    return [name for name, cells in matrix.items() if statuses[name] in IN_DENOMINATOR and any(c.worse for c in cells.values())]


def score(statuses: Sequence[Status]) -> Score:
    """How many of each status, and the share of those that count (equivalent and impossible ones are left out) that is killed."""
    whole = sum(statuses.count(name) for name in IN_DENOMINATOR)
    killed, not_present = statuses.count("killed"), statuses.count("not present")
    present = whole - not_present
    return Score(
        mutants=len(statuses),
        counted=whole,
        killed=killed,
        survived=statuses.count("survived"),
        timed_out=statuses.count("timed out"),
        not_present=not_present,
        equivalent=statuses.count("equivalent"),
        impossible=statuses.count("impossible"),
        score=killed / whole if whole else None,
        score_present=killed / present if present else None,
    )


def seed_scores(matrix: Mapping[str, Mapping[str, Cell]], statuses: Mapping[str, Status], seeds: int) -> list[float]:
    """The score that each seed alone would give, by the runs' own verdicts: of a mutant some scenario that is green fails with it."""
    counted = [name for name, status in statuses.items() if status in IN_DENOMINATOR]
    killed = [
        sum(any(c.outcome == "killed" and c.verdicts[s : s + 1] == (FAIL,) for c in matrix[name].values()) for name in counted)
        for s in range(seeds)
    ]
    return [k / len(counted) for k in killed] if counted else []


def flaky_kills(matrix: Mapping[str, Mapping[str, Cell]]) -> FlakyKills:
    """Cells that are killed, and those of them in which some seeds failed and others did not."""
    hit = [cell for cells in matrix.values() for cell in cells.values() if cell.outcome == "killed"]
    return FlakyKills(cells_with_a_kill=len(hit), flaky=sum(cell.flaky for cell in hit))


def no_difference(cells: Sequence[Cell]) -> NoDifference:
    """Of a survivor: the runs in which it could have shown, those it changed, and with none changed the bound 3/N on the share of
    such runs it changes (95 %; the rule of three, Hanley and Lippman-Hand 1983, JAMA 249:1743)."""
    runs = sum(len(cell.verdicts) for cell in cells)
    changed = sum(cell.changed for cell in cells)
    return NoDifference(runs=runs, changed=changed, bound=min(1.0, 3 / runs) if runs and not changed else None)


# --- the curve --------------------------------------------------------------------------------------------------------------------


def killers(matrix: Mapping[str, Mapping[str, Cell]]) -> dict[str, set[str]]:
    """The mutants that each scenario kills."""
    found: dict[str, set[str]] = {}
    for name, cells in matrix.items():
        for scenario, cell in cells.items():
            kills = found.setdefault(scenario, set())
            if cell.outcome == "killed":
                kills.add(name)
    return found
