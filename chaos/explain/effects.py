"""Elementary effects: what moving one factor over its range changes, wherever the others are.

Source: M. D. Morris, Factorial Sampling Plans for Preliminary Computational Experiments, Technometrics 33(2), 1991, 161-174. The mean of the
absolute effects, by which factors are ranked, is that of Campolongo, Cariboni and Saltelli, Environmental Modelling & Software 22, 2007. These
few lines take the place of SALib, which would bring pandas and Matplotlib for them.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

LEVELS = 4
"""How many values, evenly over its range, a factor takes."""
STEP = LEVELS / (2 * (LEVELS - 1))
"""How far a factor moves, as a share of its range: with this step all levels are as probable."""


@dataclass(frozen=True)
class Trajectory:
    """A walk from point to point of the unit cube: `order` has the factor that each step moves, each once."""

    points: Sequence[Sequence[float]]
    order: Sequence[int]


def trajectories(factors: int, count: int, seed: int) -> list[Trajectory]:
    """So many random walks, the same for the same seed."""
    chance = random.Random(f"morris/{seed}")
    return [_trajectory(factors, chance) for _ in range(count)]


def _trajectory(factors: int, chance: random.Random) -> Trajectory:
    lows = [chance.randrange(LEVELS // 2) / (LEVELS - 1) for _ in range(factors)]
    begins_high = [chance.random() < 0.5 for _ in range(factors)]
    point = [low + STEP * high for low, high in zip(lows, begins_high, strict=True)]
    order = chance.sample(range(factors), factors)
    points = [list(point)]
    for factor in order:
        point[factor] += -STEP if begins_high[factor] else STEP
        points.append(list(point))
    return Trajectory([[min(1.0, max(0.0, x)) for x in p] for p in points], order)


@dataclass(frozen=True)
class Effect:
    """What a factor does, as the change over its whole range: the mean of its absolute elementary effects, by which it is ranked, their
    mean, and their standard deviation (None of fewer than two), which is large where the effect depends on the others or bends."""

    absolute: float
    mean: float
    deviation: float | None
    count: int


def effects(walks: Sequence[Trajectory], values: Sequence[Sequence[float | None]]) -> list[Effect | None]:
    """Of each factor, given the value at each point of each walk. A step from or to a point without a value gives no effect; a factor
    without any has None."""
    found: list[list[float]] = [[] for _ in walks[0].order] if walks else []
    for walk, at in zip(walks, values, strict=True):
        for i, factor in enumerate(walk.order):
            before, after = at[i], at[i + 1]
            if before is not None and after is not None:
                found[factor].append((after - before) / (walk.points[i + 1][factor] - walk.points[i][factor]))
    return [_effect(of_factor) if of_factor else None for of_factor in found]


def _effect(found: Sequence[float]) -> Effect:
    deviation = stdev(found) if len(found) > 1 else None
    return Effect(fmean(abs(e) for e in found), fmean(found), deviation, len(found))
