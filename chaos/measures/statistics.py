"""Intervals for what several runs show. The unit is the run. scipy is imported where an interval is computed."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

K = TypeVar("K", bound=Hashable)


class Bounds(NamedTuple):
    """The two ends of an interval; both belong to it."""

    low: float
    high: float


class Restricted(NamedTuple):
    """Times up to a horizon that every run was watched for, in the unit of the times."""

    times: list[float]
    horizon: float


def median(values: Sequence[float]) -> float:
    """The median; the mean of the two in the middle of an even number. ValueError without values."""
    return quantile_of(values, 0.5) if len(values) % 2 else sum(sorted(values)[len(values) // 2 - 1 : len(values) // 2 + 1]) / 2


def quantile_of(values: Sequence[float], q: float) -> float:
    """The ⌈q·n⌉-th smallest value (the first for q = 0). ValueError without values."""
    if not values:
        raise ValueError("no values")
    return sorted(values)[max(1, math.ceil(q * len(values) - 1e-9)) - 1]


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


def wilson(successes: int, trials: int, confidence: float = 0.95) -> Bounds:
    """Score interval of a proportion; (0, 1) without trials. Source: Wilson 1927, JASA 22:209-212."""
    if not trials:
        return Bounds(0.0, 1.0)
    z = _normal(0.5 + confidence / 2)
    p, zz = successes / trials, z * z
    middle = (p + zz / (2 * trials)) / (1 + zz / trials)
    half = z / (1 + zz / trials) * math.sqrt(p * (1 - p) / trials + zz / (4 * trials * trials))
    return Bounds(0.0 if successes == 0 else middle - half, 1.0 if successes == trials else middle + half)


@functools.cache
def _normal(q: float) -> float:
    from scipy.stats import norm

    return float(norm.ppf(q))


def enough(share: float, runs: int) -> int:
    """The fewest runs of so many that make the share."""
    return math.ceil(share * runs - 1e-9)


# --- differences between pairs of runs, by seed ------------------------------------------------------------------------------


@dataclass(frozen=True)
class SignTest:
    """How surely the median of differences lies below 0, above 0, or within a margin of it: p-values, of which a small one
    says so. `below` and `above` are one-sided; `differs` is two-sided."""

    below: float
    above: float
    within: float

    @property
    def differs(self) -> float:
        """That the median is not 0."""
        return min(1.0, 2.0 * min(self.below, self.above))


def sign_test(differences: Sequence[float], margin: float, missing: int = 0) -> SignTest:
    """Sign tests of a median against 0, and two one-sided ones against ±margin (TOST). No shape is assumed; ties, and pairs that
    are missing, count against every claim, so that leaving out what went wrong proves nothing.

    With n pairs at most 2^(1-n) is reached. Sources: Conover, Practical Nonparametric Statistics, 3rd ed., section 3.4; TOST:
    Schuirmann 1987, J. Pharmacokinet. Biopharm. 15:657-680.
    """
    n = len(differences) + missing
    not_above, not_below = sum(d <= margin for d in differences), sum(d >= -margin for d in differences)
    return SignTest(
        below=_heads(n, sum(d < 0 for d in differences)),
        above=_heads(n, sum(d > 0 for d in differences)),
        within=max(_heads(n, not_above), _heads(n, not_below)),
    )


@functools.cache
def _heads(n: int, least: int) -> float:
    """The chance of at least so many heads in n throws of a fair coin."""
    return float(sum(math.comb(n, k) for k in range(least, n + 1)) / 2**n)


MEAN_RUNS_MIN = 20
SKEWNESS_WEIGHT = 0.6


def mean_interval(values: Sequence[float], confidence: float = 0.95) -> Bounds | None:
    """Interval of a mean, Student's with most of the skewness taken out by a cubic transformation; None below 20 values, where a
    skewed measure would be covered too seldom. Source: Hall 1992, J. R. Statist. Soc. B 54:221-228.

    Hall takes the sample's skewness whole, Student none of it. In few runs it is as much noise as shape: with 0.6 of it the
    coverage stays within 93 to 97 % over all the shapes of the tests, which neither end does.
    """
    n = len(values)
    if n < MEAN_RUNS_MIN:
        return None
    mean = sum(values) / n
    deviation = math.sqrt(sum((v - mean) ** 2 for v in values) / (n - 1))
    if deviation == 0.0:
        return Bounds(mean, mean)
    skewness = SKEWNESS_WEIGHT * sum((v - mean) ** 3 for v in values) / n / deviation**3
    a, b = skewness / 3, skewness / 6
    z = _student(n - 1, 0.5 + confidence / 2) / math.sqrt(n)

    def back(x: float) -> float:
        return (_cbrt(1 + 3 * a * (x - b / n)) - 1) / a if abs(a) > 1e-9 else x

    return Bounds(mean - deviation * back(z), mean - deviation * back(-z))


@functools.cache
def _student(degrees: int, q: float) -> float:
    from scipy.stats import t

    return float(t.ppf(q, degrees))


def _cbrt(x: float) -> float:
    return math.copysign(abs(x) ** (1 / 3), x)


def restricted(times: Sequence[float | None], bounds: Sequence[float | None]) -> Restricted:
    """Times that a run's end may have cut off, restricted to a horizon that every run was watched for: the smaller of each and the
    horizon. A `time` of None was cut off at its bound. Nothing is estimated: up to the horizon everything was seen.

    Source of the restricted mean: Royston and Parmar 2013, BMC Med. Res. Methodol. 13:152.
    """
    cut = [b for time, b in zip(times, bounds, strict=True) if time is None and b is not None]
    seen = [time for time in times if time is not None]
    horizon = min(cut, default=max(seen, default=0.0))
    return Restricted([horizon if time is None else min(time, horizon) for time in times], horizon)


def paired_shares_interval(both: int, only_a: int, only_b: int, neither: int, confidence: float = 0.95) -> Bounds:
    """Interval of share(a) - share(b) of pairs, from Wilson's intervals of either and their correlation; (-1, 1) without pairs.
    Source: Newcombe 1998, Statist. Med. 17:2635-2650, method 10."""
    n = both + only_a + only_b + neither
    if not n:
        return Bounds(-1.0, 1.0)
    a, b = both + only_a, both + only_b
    (low_a, high_a), (low_b, high_b) = wilson(a, n, confidence), wilson(b, n, confidence)
    p, q = a / n, b / n
    scale = a * (n - a) * b * (n - b)
    product = both * neither - only_a * only_b
    phi = 0.0 if not scale else max(product - n / 2, 0.0) / math.sqrt(scale) if product > 0 else product / math.sqrt(scale)

    def distance(x: float, y: float) -> float:
        return math.sqrt(max(0.0, x * x - 2 * phi * x * y + y * y))

    return Bounds(
        max(-1.0, p - q - distance(p - low_a, high_b - q)),
        min(1.0, p - q + distance(high_a - p, q - low_b)),
    )


def variance_ratio(a: Sequence[float], b: Sequence[float]) -> float | None:
    """How many times the variance of a - b by seed goes into what independent seeds would have: Var(a) + Var(b) over Var(a - b).
    None where there is no variance to speak of, or fewer than three pairs."""
    if len(a) < 3:
        return None
    paired = _variance([x - y for x, y in zip(a, b, strict=True)])
    apart = _variance(a) + _variance(b)
    return apart / paired if paired > 0 else None


def _variance(values: Sequence[float]) -> float:
    mean = sum(values) / len(values)
    return sum((v - mean) ** 2 for v in values) / (len(values) - 1)


# --- many claims, analysed more than once -----------------------------------------------------------------------------------


def holm(p_values: Mapping[K, float], level: float, family: int | None = None, decided: int = 0) -> set[K]:
    """The claims that hold at a family-wise error level. `family` is the number of all claims, those that are no longer tested
    included; `decided` of them hold already. Source: Holm 1979, Scand. J. Statist. 6:65-70."""
    total = len(p_values) if family is None else family
    found: set[K] = set()
    for claim in sorted(p_values, key=lambda claim: p_values[claim]):
        if p_values[claim] > level / (total - decided - len(found)):
            break
        found.add(claim)
    return found


def analyses_of(cap: int) -> list[int]:
    """After how many runs there are interim analyses, unless said otherwise: at one half and three quarters of the cap, and at the cap;
    below ten runs, where little can be decided earlier, at the cap alone."""
    return [cap] if cap < 10 else sorted({math.ceil(cap / 2), math.ceil(3 * cap / 4), cap})


def spending(counts: Sequence[int], level: float) -> list[float]:
    """What of the error level each of the interim analyses after so many runs may spend: in proportion to the runs that are new.
    The sum is the level, and what is spent at one never comes back (Bonferroni over analyses; Lan and DeMets 1983, Biometrika
    70:659-663, have the idea)."""
    return [level * (count - before) / counts[-1] for before, count in zip([0, *counts], counts, strict=False)]


def can_decide(counts: Sequence[int], spent: Sequence[float], claims: int) -> bool:
    """Whether one of so many claims that a median differs can hold by itself at one of the analyses, if all pairs agree: the sign test
    reaches 2^(1-n), and Holm's first step allows the level spent there over the number of claims."""
    return any(2.0 ** (1 - count) <= level / claims for count, level in zip(counts, spent, strict=True))


def runs_needed(claims: int, level: float) -> int:
    """The fewest runs of each side with which that is so, with interim analyses as usual."""
    return next(cap for cap in itertools.count(1) if can_decide(analyses_of(cap), spending(analyses_of(cap), level), claims))
