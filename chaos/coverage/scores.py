"""The kill matrix and what follows from it: status and score of mutants, flaky kills, the curve of a growing suite. Arithmetic alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import comb
from typing import Literal

from chaos.coverage.trials import FAIL, TIMED_OUT, UNKNOWN
from chaos.measures.statistics import enough
from chaos.results.coverage import (
    BestFirstStep,
    FlakyKills,
    NoDifference,
    Outcome,
    RandomStep,
    Score,
    Status,
    TrialResult,
    TrialVerdict,
)

KILL_SHARE = 2 / 3
"""Of the seeds: in so many a scenario must fail with the defect, where it passes without."""
OUTCOME_OF: dict[TrialVerdict, Outcome] = {FAIL: "killed", TIMED_OUT: "timed out", UNKNOWN: "unknown"}
"""What a cell is when enough of its runs have the verdict, the first that applies; with none of them it survived."""
Does = Literal["changes", "same", "impossible"]
"""What a mutant does to the system of production: changes it, leaves it byte for byte as it is, or cannot be built."""


def kills_needed(seeds: int) -> int:
    """2 of 3, and so in proportion, at least one."""
    return max(1, enough(KILL_SHARE, seeds))


@dataclass(frozen=True)
class Cell:
    """A mutant under a scenario. `verdicts` are those of the seeds that were run, in their order; `changed` counts the runs that
    came out otherwise than without the defect, whatever the verdict."""

    outcome: Outcome
    verdicts: tuple[TrialVerdict, ...] = ()
    changed: int = 0

    @property
    def kills(self) -> int:
        """In how many seeds the scenario failed."""
        return self.verdicts.count(FAIL)

    @property
    def flaky(self) -> bool:
        """Whether it was killed in some seeds and not in others."""
        return 0 < self.kills < len(self.verdicts)


def cell_of(found: TrialResult, effects: Mapping[int, str], seeds: int) -> Cell:
    """The cell of what `trials.attempt` gave; `effects` are those of the runs without the defect by seed."""
    if found.impossible is not None:
        return Cell("impossible")
    if found.identical:
        return Cell("identical")
    verdicts = tuple(run.verdict for run in found.runs)
    changed = sum(run.effect != effects[run.seed] for run in found.runs)
    need = kills_needed(seeds)
    survived: Outcome = "survived"
    outcome = next((outcome for verdict, outcome in OUTCOME_OF.items() if verdicts.count(verdict) >= need), survived)
    return Cell(outcome, verdicts, changed)


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


IN_DENOMINATOR: tuple[Status, ...] = ("killed", "survived", "timed out", "not present")


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
    """The score each seed alone would give, of the seeds that every cell was run with (all but those a decided cell was spared)."""
    counted = [name for name, status in statuses.items() if status in IN_DENOMINATOR]
    run = min((len(c.verdicts) for name in counted for c in matrix[name].values() if c.verdicts), default=0)
    killed = [
        sum(any(len(c.verdicts) > s and c.verdicts[s] == FAIL for c in matrix[name].values()) for name in counted)
        for s in range(min(run, seeds))
    ]
    return [k / len(counted) for k in killed] if counted else []


def flaky_kills(matrix: Mapping[str, Mapping[str, Cell]]) -> FlakyKills:
    """Cells with a kill in any seed, and those of them that were not killed in every seed run."""
    hit = [cell for cells in matrix.values() for cell in cells.values() if cell.kills]
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


def best_first(kills: Mapping[str, set[str]], worth: Mapping[str, float], whole: float) -> list[BestFirstStep]:
    """The suite in the order in which each scenario adds most: by weight of the mutants it newly kills, then their number, then as
    listed. `whole` is the weight of all mutants, of which what is not caught slips through."""
    caught: set[str] = set()
    left, order = list(kills), list[BestFirstStep]()

    def adds(scenario: str) -> tuple[float, int, int]:
        new = kills[scenario] - caught
        return sum(worth.get(name, 0.0) for name in new), len(new), -left.index(scenario)

    while left:
        best = max(left, key=adds)
        added = kills[best] - caught
        caught |= added
        left.remove(best)
        weight = sum(worth.get(name, 0.0) for name in sorted(caught))
        order.append(BestFirstStep(scenario=best, adds=len(added), caught=len(caught), weight=weight, slips=whole - weight))
    return order


def random_order(kills: Mapping[str, set[str]], worth: Mapping[str, float], whole: float) -> list[RandomStep]:
    """Expected mutants and weight caught after 1, 2, … scenarios in random order: a mutant killed by d of n scenarios is caught by k
    of them with probability 1 − C(n−d, k)/C(n, k)."""
    n = len(kills)
    by = {m: sum(m in mine for mine in kills.values()) for m in set().union(*kills.values())} if kills else {}
    found = []
    for k in range(1, n + 1):
        chance = {m: 1.0 - comb(n - d, k) / comb(n, k) for m, d in by.items()}
        weight = sum(p * worth.get(m, 0.0) for m, p in chance.items())
        found.append(RandomStep(caught=sum(chance.values()), weight=weight, slips=whole - weight))
    return found
