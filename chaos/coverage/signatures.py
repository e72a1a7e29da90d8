"""Figures beside the raw score: mutants that the suite cannot tell apart count once, families weigh the same, a sample has an interval.
Arithmetic alone."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from chaos.coverage.scores import IN_DENOMINATOR, Cell, score, with_outcome
from chaos.execution.inputs.planting import Mutant
from chaos.results.coverage import DistinctScore, FamilyScore, KillSignature, Status
from chaos.results.summaries import Interval

CONFIDENCE = 0.95


def kill_signatures(matrix: Mapping[str, Mapping[str, Cell]]) -> list[KillSignature]:
    """The mutants that are killed, grouped by the scenarios that kill them: the largest group first, then by names."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for name, cells in matrix.items():
        killers = tuple(with_outcome(cells, "killed"))
        if killers:
            groups.setdefault(killers, []).append(name)
    ordered = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
    return [KillSignature(scenarios=list(scenarios), mutants=mutants) for scenarios, mutants in ordered]


def merged(names: Sequence[str], identities: Mapping[str, str]) -> list[list[str]]:
    """The mutants in groups of those whose systems are identical, in the order of their first."""
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(identities[name], []).append(name)
    return list(groups.values())


def distinct_score(
    statuses: Mapping[str, Status], signatures: Sequence[KillSignature], identities: Mapping[str, str]
) -> DistinctScore:
    """Signatures over signatures and survivors: a group that is killed by exactly the same scenarios counts once, and so does each distinct
    system that nothing kills, since nothing tells of two survivors that they are alike. It is no estimate of the raw score but a lower
    one, in which one scenario that kills many of a kind cannot shine."""
    alive = [name for name, status in statuses.items() if status in IN_DENOMINATOR and status != "killed"]
    dead = [name for name, status in statuses.items() if status == "killed"]
    survivors = len(merged(alive, identities))
    whole = len(signatures) + survivors
    return DistinctScore(
        signatures=len(signatures),
        survivors=survivors,
        score=len(signatures) / whole if whole else None,
        identical=[group for group in merged([*dead, *alive], identities) if len(group) > 1],
    )


def by_family(mutants: Sequence[Mutant], statuses: Mapping[str, Status]) -> list[FamilyScore]:
    """The score of each family of defects, and its share of all that count."""
    families: dict[str, list[Status]] = {}
    for mutant in mutants:
        families.setdefault(mutant.family, []).append(statuses[mutant.name])
    scores = {name: score(mine) for name, mine in families.items()}
    whole = sum(found.counted for found in scores.values())
    return [
        FamilyScore(
            family=name,
            counted=found.counted,
            killed=found.killed,
            score=found.score,
            share=found.counted / whole if whole else 0.0,
        )
        for name, found in sorted(scores.items(), key=lambda row: (-row[1].counted, row[0]))
        if found.counted
    ]


def balanced_score(families: Sequence[FamilyScore]) -> float | None:
    """The mean of the families' scores: each weighs the same, however many mutants it has."""
    scores = [row.score for row in families if row.score is not None]
    return sum(scores) / len(scores) if scores else None


def sample_interval(killed: int, drawn: int, population: int, confidence: float = CONFIDENCE) -> Interval:
    """The exact interval of the share killed in a finite population of which `drawn` were drawn without replacement: all numbers of
    killed under which neither so many nor so few would be rarer than half of what is left out (hypergeometric, the inversion of Clopper and
    Pearson 1934, Biometrika 26:404). A census has no width."""
    tail = (1.0 - confidence) / 2.0
    fits = [
        k
        for k in range(killed, population - (drawn - killed) + 1)
        if _at_least(killed, drawn, k, population) > tail and _at_least(drawn - killed, drawn, population - k, population) > tail
    ]
    return (fits[0] / population, fits[-1] / population) if fits and population else (0.0, 1.0)


def _at_least(hits: int, drawn: int, of_kind: int, population: int) -> float:
    """The chance of at least so many hits among those drawn, if so many of the population are of the kind."""
    whole = math.comb(population, drawn)
    most = min(drawn, of_kind)
    return sum(math.comb(of_kind, i) * math.comb(population - of_kind, drawn - i) for i in range(hits, most + 1)) / whole
