"""Intervals for what several runs show. The unit is the run. scipy is imported where an interval is computed."""

from __future__ import annotations

import math
from collections.abc import Sequence


def median(values: Sequence[float]) -> float:
    """The median; the mean of the two in the middle of an even number. ValueError without values."""
    return quantile_of(values, 0.5) if len(values) % 2 else sum(sorted(values)[len(values) // 2 - 1 : len(values) // 2 + 1]) / 2


def quantile_of(values: Sequence[float], q: float) -> float:
    """The ⌈q·n⌉-th smallest value (the first for q = 0). ValueError without values."""
    if not values:
        raise ValueError("no values")
    return sorted(values)[max(1, math.ceil(q * len(values) - 1e-9)) - 1]


def median_interval(values: Sequence[float], confidence: float = 0.95) -> tuple[float, float] | None:
    """Order-statistic interval of the median: [x(r), x(n+1-r)] with the largest r whose coverage is enough. None if n is too
    small for any (below 6 at 95 %). Source: David and Nagaraja, Order Statistics, 3rd ed., section 7.1."""
    from scipy.stats import binom

    n = len(values)
    ordered = sorted(values)
    for r in range(n // 2, 0, -1):
        if 1.0 - 2.0 * float(binom.cdf(r - 1, n, 0.5)) >= confidence:
            return ordered[r - 1], ordered[n - r]
    return None


def wilson(successes: int, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """Score interval of a proportion; (0, 1) without trials. Source: Wilson 1927, JASA 22:209-212."""
    from scipy.stats import norm

    if not trials:
        return 0.0, 1.0
    z = float(norm.ppf(0.5 + confidence / 2))
    p, zz = successes / trials, z * z
    middle = (p + zz / (2 * trials)) / (1 + zz / trials)
    half = z / (1 + zz / trials) * math.sqrt(p * (1 - p) / trials + zz / (4 * trials * trials))
    return (0.0 if successes == 0 else middle - half), (1.0 if successes == trials else middle + half)


def enough(share: float, runs: int) -> int:
    """The fewest runs of so many that make the share."""
    return math.ceil(share * runs - 1e-9)
