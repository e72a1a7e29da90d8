"""What a suite of so many scenarios finds: what to expect of one drawn at random, and what hindsight makes of the best order.

Arithmetic alone, over the mutants that each scenario kills. A suite of k of n scenarios, drawn at random, kills a mutant that d of them
kill with probability 1 − C(n−d, k)/C(n, k); expectations are sums of those, exact. Mutants are not independent (one scenario kills many),
so that bands come from the suites themselves: from every suite of the size where there are few enough, else from seeded draws.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations
from math import comb
from typing import Literal, NamedTuple

from chaos.results.findability import BestFirstStep, HeldOut, HeldOutStep, RandomStep

ENUMERATED = 20_000
"""Suites of one size: so many are all looked at, of more as many are drawn."""
DRAWS = 20_000
BAND = (0.05, 0.95)
SPLITS = 200
FEWEST_OPERATORS = 4
"""With kills of fewer operators the mutants themselves are split."""
Kills = Mapping[str, set[str]]
"""The mutants that each scenario kills."""


# --- at random -------------------------------------------------------------------------------------------------------------------


class Drawn(NamedTuple):
    """Mutants caught by suites of one size: how many suites catch so many, and whether those are all suites of the size."""

    caught: Counter[int]
    exact: bool


def suites_of(kills: Kills, size: int) -> Drawn:
    """What suites of a size catch, over all of them or over seeded draws."""
    names = list(kills)
    by = _signatures(kills)
    exact = comb(len(names), size) <= ENUMERATED
    draws = random.Random(size)
    chosen = (
        combinations(range(len(names)), size) if exact else (tuple(draws.sample(range(len(names)), size)) for _ in range(DRAWS))
    )
    found: Counter[int] = Counter()
    for suite in chosen:
        mask = sum(1 << i for i in suite)
        found[sum(count for killers, count in by.items() if killers & mask)] += 1
    return Drawn(found, exact)


def _signatures(kills: Kills) -> Counter[int]:
    """How many mutants are killed by exactly the same scenarios, by those scenarios as bits."""
    killers: Counter[str] = Counter()
    for i, mine in enumerate(kills.values()):
        for name in mine:
            killers[name] += 1 << i
    return Counter(killers.values())


def quantile(counts: Mapping[int, int], share: float) -> int:
    """The least value that at least a share of all draws does not exceed."""
    need, seen = share * sum(counts.values()), 0
    for value in sorted(counts):
        seen += counts[value]
        if seen >= need - 1e-9:
            return value
    return max(counts)


def random_order(kills: Kills, worth: Mapping[str, float], whole: float) -> list[RandomStep]:
    """Expected mutants and weight caught by 1, 2, … scenarios drawn at random, and the 90 % band of the mutants caught."""
    n = len(kills)
    times = Counter(name for mine in kills.values() for name in mine)
    found = []
    for k in range(1, n + 1):
        chance = {name: 1.0 - comb(n - d, k) / comb(n, k) for name, d in sorted(times.items())}
        weight = sum(p * worth.get(name, 0.0) for name, p in chance.items())
        drawn = suites_of(kills, k).caught
        found.append(
            RandomStep(
                caught=sum(chance.values()),
                weight=weight,
                slips=whole - weight,
                band=(float(quantile(drawn, BAND[0])), float(quantile(drawn, BAND[1]))),
                least=min(drawn),
                most=max(drawn),
            )
        )
    return found


def is_exact(kills: Kills) -> bool:
    """Whether the bands of every size come from all suites of that size."""
    return comb(len(kills), len(kills) // 2) <= ENUMERATED


# --- best first ------------------------------------------------------------------------------------------------------------------


def best_first(kills: Kills, worth: Mapping[str, float], whole: float) -> list[BestFirstStep]:
    """The suite in the order in which each scenario adds most: by weight of the mutants it newly kills, then their number, then as
    listed. `whole` is the weight of all mutants, of which what is not caught slips through."""
    caught: set[str] = set()
    left, order = list(kills), list[BestFirstStep]()

    def adds(scenario: str) -> tuple[float, int, int]:
        new = kills[scenario] - caught
        return sum(worth.get(name, 0.0) for name in sorted(new)), len(new), -left.index(scenario)

    while left:
        best = max(left, key=adds)
        added = kills[best] - caught
        caught |= added
        left.remove(best)
        weight = sum(worth.get(name, 0.0) for name in sorted(caught))
        order.append(BestFirstStep(scenario=best, adds=len(added), caught=len(caught), weight=weight, slips=whole - weight))
    return order


def held_out(kills: Kills, operator_of: Mapping[str, str], splits: int = SPLITS) -> HeldOut | None:
    """The optimism of the best order, by cross-validation: the order is chosen by number on one random half of the killed mutants, and
    counted on that half and on the other. None where fewer than two mutants are killed."""
    killed = sorted(set().union(*kills.values())) if kills else []
    operators = sorted({operator_of[name] for name in killed})
    by: Literal["operators", "mutants"] = "operators" if len(operators) >= FEWEST_OPERATORS else "mutants"
    units = operators if by == "operators" else killed
    if len(units) < 2:
        return None
    draws = random.Random(1)
    sums = [[0.0, 0.0] for _ in kills]
    for _ in range(splits):
        half = set(draws.sample(units, len(units) // 2))
        mine = {name for name in killed if (operator_of[name] if by == "operators" else name) in half}
        for total, (chosen, other) in zip(sums, _split(kills, mine, len(killed)), strict=True):
            total[0] += chosen
            total[1] += other
    return HeldOut(by=by, splits=splits, steps=[HeldOutStep(chosen=a / splits, held_out=b / splits) for a, b in sums])


def _split(kills: Kills, half: set[str], killed: int) -> list[tuple[float, float]]:
    """After each scenario of the order that a half chose: the share caught of that half and of the other, times all that are killed."""
    inside = {scenario: mine & half for scenario, mine in kills.items()}
    order = [step.scenario for step in best_first(inside, {}, 0.0)]
    found, seen = list[tuple[float, float]](), set[str]()
    for scenario in order:
        seen |= kills[scenario]
        here = len(seen & half)
        found.append((killed * here / len(half), killed * (len(seen) - here) / (killed - len(half))))
    return found


def operators_of(names: Sequence[str]) -> dict[str, str]:
    """The operator of each mutant by name, OPERATOR@SITE."""
    return {name: name.partition("@")[0] for name in names}
