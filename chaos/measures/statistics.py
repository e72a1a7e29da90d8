"""Intervals for what several runs show, each of which covers whatever the shape of what it is computed from. The unit is the run.
scipy is imported where an interval is computed. Tests of claims about pairs of runs are in `chaos.measures.claims`.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple


class Bounds(NamedTuple):
    """The two ends of an interval; both belong to it."""

    low: float
    high: float


class Restricted(NamedTuple):
    """Times up to a horizon, in the unit of the times: each at least `least`, the time that was seen of it, and at most `most`. They differ
    where a run ended before the horizon."""

    least: list[float]
    most: list[float]


class Groups(NamedTuple):
    """Values that lie in two groups with nothing between: how many lie in each, and between which values."""

    low_runs: int
    low: Bounds
    high_runs: int
    high: Bounds


class PredictionInterval(NamedTuple):
    """Where one more value of the same kind lies with probability `coverage`, both ends included."""

    low: float
    high: float
    coverage: float


class VarianceParts(NamedTuple):
    """The variance of differences by seed, and what independent seeds would have."""

    paired: float
    independent: float


def median(values: Sequence[float]) -> float:
    """The median; the mean of the two in the middle of an even number. ValueError without values."""
    return quantile_of(values, 0.5) if len(values) % 2 else sum(sorted(values)[len(values) // 2 - 1 : len(values) // 2 + 1]) / 2


def quantile_of(values: Sequence[float], q: float) -> float:
    """The ⌈q·n⌉-th smallest value (the first for q = 0). ValueError without values."""
    if not values:
        raise ValueError("no values")
    return sorted(values)[rank_of_quantile(q, len(values)) - 1]


def rank_of_quantile(q: float, n: int) -> int:
    """Which of n values in ascending order, from 1 on, the quantile is."""
    return max(1, math.ceil(q * n - 1e-9))


def median_interval(values: Sequence[float], confidence: float = 0.95) -> Bounds | None:
    """Order-statistic interval of the median: [x(r), x(n+1-r)] with the largest r whose coverage is enough. None if n is too
    small for any (below 6 at 95 %). Source: David and Nagaraja, Order Statistics, 3rd ed., section 7.1."""
    n = len(values)
    rank = _median_rank(n, confidence)
    ordered = sorted(values)
    return Bounds(ordered[rank - 1], ordered[n - rank]) if rank else None


@functools.cache
def _median_rank(n: int, confidence: float) -> int:
    """The largest r with enough coverage; 0 if there is none."""
    from scipy.stats import binom

    return next((r for r in range(n // 2, 0, -1) if 1.0 - 2.0 * float(binom.cdf(r - 1, n, 0.5)) >= confidence), 0)


def prediction_interval(values: Sequence[float], confidence: float = 0.9) -> PredictionInterval | None:
    """Order-statistic interval of the next value: [x(r), x(n+1-r)] with the largest r whose coverage (n+1-2r)/(n+1) is enough; of too few values
    (below 19 at 90 %) from the smallest to the largest, with what that covers. None without values. Source: David and Nagaraja, Order
    Statistics, 3rd ed., section 7.3."""
    n, ordered = len(values), sorted(values)
    if not n:
        return None
    rank = max(1, math.floor((n + 1) * (1 - confidence) / 2 + 1e-9))
    return PredictionInterval(ordered[rank - 1], ordered[n - rank], (n + 1 - 2 * rank) / (n + 1))


def share_interval(hits: int, runs: int, confidence: float = 0.95) -> Bounds:
    """Exact interval of a share: it covers whatever the share is, rare ones and few runs included; (0, 1) without runs. Source: Clopper and
    Pearson 1934, Biometrika 26:404-413."""
    if not runs:
        return Bounds(0.0, 1.0)
    tail = (1 - confidence) / 2
    low = 0.0 if hits == 0 else _beta(tail, hits, runs - hits + 1)
    return Bounds(low, 1.0 if hits == runs else _beta(1 - tail, hits + 1, runs - hits))


@functools.cache
def _beta(q: float, a: int, b: int) -> float:
    from scipy.stats import beta

    return float(beta.ppf(q, a, b))


def enough(share: float, runs: int) -> int:
    """The fewest runs of so many that make the share."""
    return math.ceil(share * runs - 1e-9)


# --- means of what is bounded ------------------------------------------------------------------------------------------------

BETS = ((1.0, 0.5), (0.5, 0.2), (0.25, 0.15), (0.1, 0.1), (0.04, 0.05))
"""Shares of the largest bet, and what of the stake goes to each; fixed here, before any data. Large ones suit differences that hardly scatter."""


def mean_interval(values: Sequence[float], low: float, high: float, confidence: float = 0.95) -> Bounds | None:
    """Interval of the mean of values that cannot lie outside [low, high]; None without values, or without such bounds.

    It covers for every shape and number of values, because it is what no bet has made unbelievable: against a mean that is too high or too
    low a bet on the values wins. So it is as wide as what might not have been seen: without bounds on the values there is no such
    interval at all (Bahadur and Savage 1956). Source: Waudby-Smith and Ramdas 2024, J. R. Statist. Soc. B 86:1-27.
    """
    if not values or not (math.isfinite(low) and math.isfinite(high) and high > low):
        return None
    scaled = [min(1.0, max(0.0, (v - low) / (high - low))) for v in values]
    needed = 2.0 / (1.0 - confidence)
    least = _least_believable(scaled, needed)
    most = 1.0 - _least_believable([1.0 - v for v in scaled], needed)
    return Bounds(low + least * (high - low), low + most * (high - low))


def _least_believable(values: Sequence[float], needed: float) -> float:
    """The least mean in [0, 1] against which bets that the values are larger have not yet won so many times the stake."""
    below, above = 0.0, 1.0
    for _ in range(60):
        middle = (below + above) / 2
        won = sum(weight * math.prod(1.0 + bet * (v / middle - 1.0) for v in values) for bet, weight in BETS)
        below, above = (middle, above) if won >= needed else (below, middle)
    return below


def restricted(times: Sequence[float | None], bounds: Sequence[float | None], horizon: float) -> Restricted:
    """Times restricted to a horizon that was fixed before there were any: the smaller of each and the horizon. A time of None was cut off at
    its bound by the end of its run: it is at least that long, and at most as long as the horizon; nothing is estimated.

    Source of the restricted mean: Royston and Parmar 2013, BMC Med. Res. Methodol. 13:152.
    """
    pairs = list(zip(times, bounds, strict=True))
    least = [min(horizon, bound or 0.0) if time is None else min(horizon, time) for time, bound in pairs]
    return Restricted(least, [horizon if time is None else min(horizon, time) for time, _ in pairs])


# --- differences between pairs of runs, by seed ------------------------------------------------------------------------------


def paired_shares_interval(only_a: int, only_b: int, pairs: int, confidence: float = 0.95) -> Bounds:
    """Interval of share(a) - share(b) of pairs, of which in so many only a, or only b, is so; (-1, 1) without pairs. It always covers: the
    exact intervals of both shares of discordant pairs, each at half of the error."""
    each = 1 - (1 - confidence) / 2
    a, b = share_interval(only_a, pairs, each), share_interval(only_b, pairs, each)
    return Bounds(a.low - b.high, a.high - b.low)


def variance_parts(a: Sequence[float], b: Sequence[float]) -> VarianceParts | None:
    """Variances of a - b by seed, and of independent a and b. None where not both vary, or with fewer than three pairs: there equal seeds
    can be worth nothing."""
    if len(a) < 3 or min(a) == max(a) or min(b) == max(b):
        return None
    return VarianceParts(_variance([x - y for x, y in zip(a, b, strict=True)]), _variance(a) + _variance(b))


def _variance(values: Sequence[float]) -> float:
    mean = sum(values) / len(values)
    return sum((v - mean) ** 2 for v in values) / (len(values) - 1)


def two_groups(values: Sequence[float], gap: float) -> Groups | None:
    """Values that lie in two groups of two or more each, further apart than `gap` and than either is wide; None for others."""
    ordered = sorted(values)
    if len(ordered) < 4:
        return None
    width, split = max((b - a, i) for i, (a, b) in enumerate(pairwise(ordered), 1))
    low, high = ordered[:split], ordered[split:]
    if min(len(low), len(high)) < 2 or width <= max(gap, low[-1] - low[0], high[-1] - high[0]):
        return None
    return Groups(len(low), Bounds(low[0], low[-1]), len(high), Bounds(high[0], high[-1]))
