"""Intervals against published values."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from chaos.measures.statistics import (
    analyses_of,
    enough,
    holm,
    mean_interval,
    median,
    median_interval,
    paired_shares_interval,
    quantile_of,
    restricted,
    sign_test,
    spending,
    variance_ratio,
    wilson,
)


def test_wilson() -> None:
    """81 of 263: 0.2553 to 0.3662 (Newcombe 1998, Statistics in Medicine 17:857, method 3)."""
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert wilson(0, 0) == (0.0, 1.0)


def test_median_interval() -> None:
    """Ranks of the 95 % sign interval: 1 and 6 for n = 6, 2 and 9 for n = 10, 6 and 15 for n = 20; none below 6."""
    for n, ranks in ((6, (1, 6)), (10, (2, 9)), (20, (6, 15))):
        assert median_interval(list(range(n, 0, -1))) == ranks
    assert median_interval([1, 2, 3, 4, 5]) is None


def test_quantiles_and_shares() -> None:
    """By rank, without interpolation but in the median of an even number."""
    assert (median([3, 1, 2]), median([4, 1, 2, 3])) == (2, 2.5)
    assert [quantile_of([1, 2, 3, 4], q) for q in (0.0, 0.25, 0.5, 0.51, 1.0)] == [1, 1, 2, 3, 4]
    assert [enough(share, 10) for share in (0.1, 0.95, 1.0)] == [1, 10, 10]
    with pytest.raises(ValueError, match="no values"):
        quantile_of([], 0.5)


# --- differences by seed ------------------------------------------------------------------------------------------------------


def test_paired_shares() -> None:
    """36, 12, 2, 0 of 50 pairs: 0.0569 to 0.3404 (Newcombe 1998, Statistics in Medicine 17:2635, table II, method 10)."""
    assert paired_shares_interval(36, 12, 2, 0) == pytest.approx((0.0569, 0.3404), abs=5e-5)
    assert paired_shares_interval(0, 0, 0, 0) == (-1.0, 1.0)


def test_sign_test() -> None:
    """Nine of ten below: P(9 or more heads of 10) = 11/1024. A tie and a missing pair speak for nothing."""
    test = sign_test([-1.0] * 9 + [1.0], 0.5)
    assert (test.below, test.above) == (11 / 1024, 1023 / 1024)
    assert test.differs == 22 / 1024
    assert sign_test([-1.0] * 8 + [0.0, 1.0], 0.5).below == sign_test([-1.0] * 8 + [1.0], 0.5, missing=1).below == 56 / 1024
    assert sign_test([0.0] * 10, 0.5).within == sign_test([0.5] * 10, 0.5).within == 1 / 1024
    assert sign_test([0.6] * 10, 0.5).within == 1.0
    assert sign_test([], 0.5, missing=3).differs == 1.0


def test_a_symmetric_mean_has_students_interval() -> None:
    """Without skewness nothing is transformed: 0 ± 2.093 s/√20. Below 20 values there is none."""
    values = [float(v) for v in range(-10, 11) if v]
    low, high = mean_interval(values) or (0.0, 0.0)
    assert (-low, high) == pytest.approx((2.0930 * 6.3660 / 20**0.5,) * 2, rel=1e-4)
    assert mean_interval(values[:19]) is None
    assert mean_interval([3.0] * 20) == (3.0, 3.0)


def test_restricted_times() -> None:
    """Nobody is compared beyond what all were watched for: the shortest bound of those cut off, or the longest time."""
    assert restricted([10.0, None, 700.0], [None, 600.0, None]) == ([10.0, 600.0, 600.0], 600.0)
    assert restricted([10.0, 20.0], [None, None]) == ([10.0, 20.0], 20.0)
    assert restricted([None, None], [500.0, 400.0]) == ([400.0, 400.0], 400.0)


def test_holm() -> None:
    """0.01, 0.02, 0.03 at 5 %: 0.01 ≤ 0.05/3, 0.02 ≤ 0.05/2, 0.03 ≤ 0.05; in a family of five only the first stands."""
    p = {"a": 0.01, "b": 0.03, "c": 0.02}
    assert holm(p, 0.05) == {"a", "b", "c"}
    assert holm(p, 0.05, family=5) == {"a"}
    assert holm(p, 0.05, family=5, decided=2) == {"a", "b", "c"}
    assert holm({"a": 0.02, "b": 0.001}, 0.02) == {"a", "b"}


def test_analyses_spend_the_level_once() -> None:
    """Half, three quarters and all; what they may spend adds up to the level."""
    assert (analyses_of(20), analyses_of(6)) == ([10, 15, 20], [6])
    assert spending([10, 15, 20], 0.05) == pytest.approx([0.025, 0.0125, 0.0125])


def test_variance_ratio() -> None:
    """Values that go together have a difference of little variance: 2 against 2/100 makes 100. None without any."""
    a = [0.0, 1.0, 2.0]
    assert variance_ratio(a, [v * 0.9 for v in a]) == pytest.approx((1 + 0.81) / 0.01)
    assert variance_ratio(a, a) is None
    assert variance_ratio(a[:2], a[:2]) is None


# --- coverage, on cases whose truth is known -----------------------------------------------------------------------------------

SAMPLES = 4000
HORIZON = 1800.0


def skewed(rng: np.random.Generator, n: int) -> list[float]:
    """Lognormal less its median: the true median is 0."""
    return [float(v) - 1.0 for v in np.exp(rng.standard_normal(n))]


def heavy(rng: np.random.Generator, n: int) -> list[float]:
    """Student's t with two degrees of freedom: the true median is 0, and there is no variance."""
    return [float(v) for v in rng.standard_t(2, n)]


@pytest.mark.parametrize("draw", [skewed, heavy])
@pytest.mark.parametrize("n", [12, 20, 30])
def test_median_interval_covers(draw: Callable[[np.random.Generator, int], list[float]], n: int) -> None:
    """In 93 to 97 % of samples the interval holds the true median, whatever the shape."""
    rng = np.random.default_rng(7)
    found = [median_interval(draw(rng, n)) for _ in range(SAMPLES)]
    assert 0.93 <= sum(i is not None and i[0] <= 0 <= i[1] for i in found) / SAMPLES <= 0.97


def recoveries(rng: np.random.Generator, n: int, case: str) -> tuple[list[float], list[float]]:
    """Recovery times of a baseline and of an option, s, before any is cut off."""
    common = rng.standard_normal(n)
    base = 300.0 * np.exp(common) if "short" in case else 900.0 * np.exp(0.9 * common)
    other = {
        "never impaired": np.zeros(n),
        "never impaired, short before": np.zeros(n),
        "half as long, same draws": 450.0 * np.exp(0.9 * common + 0.3 * rng.standard_normal(n)),
        "impaired in half of the runs": np.where(rng.random(n) < 0.5, 0.0, 900.0 * np.exp(0.9 * rng.standard_normal(n))),
        "no different": 900.0 * np.exp(0.9 * common + 0.3 * rng.standard_normal(n) - 0.045),
    }[case]
    return list(base), list(other)


def cut_differences(rng: np.random.Generator, n: int, case: str) -> list[float]:
    """Differences of the restricted recoveries of runs that end 1800 s after the first violation."""
    base, other = recoveries(rng, n, case)
    times = [*base, *other]
    seen, horizon = restricted([t if t < HORIZON else None for t in times], [None if t < HORIZON else HORIZON for t in times])
    assert horizon <= HORIZON
    return [b - a for a, b in zip(seen[:n], seen[n:], strict=True)]


@pytest.mark.parametrize(
    "case",
    [
        "never impaired",
        "never impaired, short before",
        "half as long, same draws",
        "impaired in half of the runs",
        "no different",
    ],
)
def test_restricted_mean_difference_covers(case: str) -> None:
    """Up to a fifth of the recoveries is cut off and all are skewed: with as few runs as it is given for, the interval of the mean
    difference up to the horizon holds the true one in 93 to 97 % of the samples."""
    rng = np.random.default_rng(11)
    large = cut_differences(rng, 400_000, case)
    truth = sum(large) / len(large)
    found = [mean_interval(cut_differences(rng, 20, case)) for _ in range(SAMPLES)]
    assert 0.93 <= sum(i is not None and i[0] <= truth <= i[1] for i in found) / SAMPLES <= 0.97


@pytest.mark.parametrize("n", [10, 20, 40])
def test_wilson_covers(n: int) -> None:
    """Averaged over all true shares the interval holds the truth with 93 to 97 %: summed exactly, not simulated."""
    shares = np.linspace(0.005, 0.995, 100)
    intervals = [wilson(k, n) for k in range(n + 1)]
    chance = [
        sum(math.comb(n, k) * p**k * (1 - p) ** (n - k) for k, (a, b) in enumerate(intervals) if a <= p <= b) for p in shares
    ]
    assert 0.93 <= sum(chance) / len(chance) <= 0.97


@pytest.mark.parametrize("shares", [(0.4, 0.4, 0.05, 0.15), (0.1, 0.3, 0.1, 0.5), (0.5, 0.15, 0.1, 0.25)])
def test_paired_shares_cover(shares: tuple[float, float, float, float]) -> None:
    """Over pairs (both, only a, only b, neither) that go together the interval holds the true difference in 93 to 97.5 %."""
    rng = np.random.default_rng(3)
    truth = shares[1] - shares[2]
    counts = rng.multinomial(30, shares, SAMPLES)
    found = [paired_shares_interval(*(int(c) for c in row)) for row in counts]
    assert 0.93 <= sum(low <= truth <= high for low, high in found) / SAMPLES <= 0.975
