"""The kill matrix and what follows from it: status and score of mutants, flaky kills, the curve of a growing suite. Arithmetic alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import comb
from typing import Any, Literal

from chaos.coverage.trials import FAIL, TIMED_OUT, UNKNOWN
from chaos.measures.statistics import enough

KILL_SHARE = 2 / 3
"""Of the seeds: in so many a scenario must fail with the defect, where it passes without."""
Outcome = Literal["killed", "survived", "timed out", "unknown", "inert", "identical", "impossible"]
Status = Literal["killed", "survived", "timed out", "not present", "equivalent", "impossible"]
STATUSES: tuple[Status, ...] = ("killed", "survived", "timed out", "not present", "equivalent", "impossible")


def kills_needed(seeds: int) -> int:
    """2 of 3, and so in proportion, at least one."""
    return max(1, enough(KILL_SHARE, seeds))


@dataclass(frozen=True)
class Cell:
    """A mutant under a scenario. `verdicts` are those of the seeds that were run, in their order; `changed` counts the runs that
    came out otherwise than without the defect, whatever the verdict."""

    outcome: Outcome
    verdicts: tuple[str, ...] = ()
    changed: int = 0

    @property
    def kills(self) -> int:
        return self.verdicts.count(FAIL)

    @property
    def flaky(self) -> bool:
        """Whether it was killed in some seeds and not in others."""
        return 0 < self.kills < len(self.verdicts)


def cell_of(found: Mapping[str, Any], effects: Mapping[int, str], seeds: int) -> Cell:
    """The cell of what `trials.attempt` gave; `effects` are those of the runs without the defect by seed."""
    if "impossible" in found:
        return Cell("impossible")
    if found.get("identical"):
        return Cell("identical")
    runs = found["runs"]
    verdicts = tuple(run["verdict"] for run in runs)
    changed = sum(run["effect"] != effects[run["seed"]] for run in runs)
    need = kills_needed(seeds)
    outcome: Outcome = "survived"
    for verdict, name in ((FAIL, "killed"), (TIMED_OUT, "timed out"), (UNKNOWN, "unknown")):
        if verdicts.count(verdict) >= need:
            outcome = name  # type: ignore[assignment]
            break
    return Cell(outcome, verdicts, changed)


def status_of(cells: Sequence[Cell], *, present: bool, in_production: Literal["changes", "same", "impossible"]) -> Status:
    """What became of a mutant. `present`: the environment has its site; `in_production`: what it does to the system there."""
    outcomes = {cell.outcome for cell in cells}
    if in_production != "changes":
        return "equivalent" if in_production == "same" else "impossible"
    if "killed" in outcomes:
        return "killed"
    if not present or outcomes <= {"identical", "impossible"}:
        return "not present"
    return "timed out" if "timed out" in outcomes else "survived"


IN_DENOMINATOR = ("killed", "survived", "timed out", "not present")


def score(statuses: Sequence[Status]) -> dict[str, Any]:
    """How many of each status, `score` = killed over all that production can have (equivalent and impossible ones left out), and
    `score_present` = killed over those whose site the environment has."""
    counts: dict[str, int] = {name: statuses.count(name) for name in STATUSES}
    whole = sum(counts[name] for name in IN_DENOMINATOR)
    present = whole - counts["not present"]
    shares = {
        "score": counts["killed"] / whole if whole else None,
        "score_present": counts["killed"] / present if present else None,
    }
    return {"mutants": len(statuses), "counted": whole} | {name.replace(" ", "_"): n for name, n in counts.items()} | shares


def seed_scores(matrix: Mapping[str, Mapping[str, Cell]], statuses: Mapping[str, Status], seeds: int) -> list[float]:
    """The score each seed alone would give, of the seeds that every cell was run with (all but those a decided cell was spared)."""
    counted = [name for name, status in statuses.items() if status in IN_DENOMINATOR]
    run = min((len(c.verdicts) for name in counted for c in matrix[name].values() if c.verdicts), default=0)
    killed = [
        sum(any(len(c.verdicts) > s and c.verdicts[s] == FAIL for c in matrix[name].values()) for name in counted)
        for s in range(min(run, seeds))
    ]
    return [k / len(counted) for k in killed] if counted else []


def flaky_kills(matrix: Mapping[str, Mapping[str, Cell]]) -> dict[str, int]:
    """Cells with a kill in any seed, and those of them that were not killed in every seed run."""
    hit = [cell for cells in matrix.values() for cell in cells.values() if cell.kills]
    return {"cells_with_a_kill": len(hit), "flaky": sum(cell.flaky for cell in hit)}


def no_difference(cells: Sequence[Cell]) -> dict[str, Any]:
    """Of a survivor: the runs in which it could have shown, those it changed, and with none changed the bound 3/N on the share of
    such runs it changes (95 %; the rule of three, Hanley and Lippman-Hand 1983, JAMA 249:1743)."""
    runs = sum(len(cell.verdicts) for cell in cells)
    changed = sum(cell.changed for cell in cells)
    return {"runs": runs, "changed": changed, "bound": min(1.0, 3 / runs) if runs and not changed else None}


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


def best_first(kills: Mapping[str, set[str]], weights: Mapping[str, float] | None = None) -> list[dict[str, Any]]:
    """The suite in the order in which each scenario adds most: by weight of the mutants it newly kills, then their number, then as
    listed. Each with the mutants it adds and those caught so far."""
    worth = weights or {}
    caught: set[str] = set()
    left, order = list(kills), []

    def adds(scenario: str) -> tuple[float, int, int]:
        new = kills[scenario] - caught
        return sum(worth.get(name, 0.0) for name in new), len(new), -left.index(scenario)

    while left:
        best = max(left, key=adds)
        added = kills[best] - caught
        caught |= added
        left.remove(best)
        weight = sum(worth.get(name, 0.0) for name in sorted(caught))
        order.append({"scenario": best, "adds": len(added), "caught": len(caught), "weight": weight})
    return order


def random_order(kills: Mapping[str, set[str]], weights: Mapping[str, float] | None = None) -> list[dict[str, float]]:
    """Expected mutants and weight caught after 1, 2, … scenarios in random order: a mutant killed by d of n scenarios is caught by k
    of them with probability 1 − C(n−d, k)/C(n, k)."""
    n = len(kills)
    by = {m: sum(m in mine for mine in kills.values()) for m in set().union(*kills.values())} if kills else {}
    found = []
    for k in range(1, n + 1):
        chance = {m: 1.0 - comb(n - d, k) / comb(n, k) for m, d in by.items()}
        found.append({"caught": sum(chance.values()), "weight": sum(p * (weights or {}).get(m, 0.0) for m, p in chance.items())})
    return found
