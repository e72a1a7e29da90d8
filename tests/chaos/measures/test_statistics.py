"""Intervals against published values."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from chaos.measures.statistics import (
    Bounds,
    Groups,
    enough,
    mean_interval,
    median,
    median_interval,
    paired_shares_interval,
    prediction_interval,
    quantile_of,
    restricted,
    share_interval,
    two_groups,
    variance_parts,
)


def test_shares() -> None:
    """81 of 263: 0.2527 to 0.3676 (Newcombe 1998, Statistics in Medicine 17:857, method 5, Clopper and Pearson); 0 of 20: 0 to 1 - 0.025^(1/20)."""
    assert share_interval(81, 263) == pytest.approx((0.2527, 0.3676), abs=5e-5)
    assert share_interval(0, 20) == pytest.approx((0.0, 1 - 0.025**0.05))
    assert share_interval(20, 20) == pytest.approx((0.025**0.05, 1.0))
    assert share_interval(0, 0) == (0.0, 1.0)


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
    """12 and 2 discordant of 50 pairs: from the exact 97.5 % intervals of either. None at all leaves everything open."""
    a, b = share_interval(12, 50, 0.975), share_interval(2, 50, 0.975)
    assert paired_shares_interval(12, 2, 50) == (a.low - b.high, a.high - b.low)
    assert paired_shares_interval(0, 0, 0) == (-1.0, 1.0)


def test_a_mean_has_an_interval_where_values_are_bounded() -> None:
    """All of n values at the lower bound: the upper end m is where the largest bets have lost nearly all, sum of w (1 - b)^n / ... = 40: for a
    single bet of everything (1 - m)^-n. Without bounds there is none."""
    assert mean_interval([0.0] * 20, 0.0, math.inf) is None
    assert mean_interval([], 0.0, 1.0) is None
    found = mean_interval([0.0] * 20, 0.0, 1.0)
    assert found is not None
    assert found.low == pytest.approx(0.0, abs=1e-9)
    assert 0.5 * (1 - found.high) ** -20 < 40 < (1 - found.high) ** -20  # half of the stake is on that bet
    against = 1 / (1 - found.high) - 1  # what each value gains for every unit that is bet on it
    parts = ((1.0, 0.5), (0.5, 0.2), (0.25, 0.15), (0.1, 0.1), (0.04, 0.05))
    assert sum(share * (1 + bet * against) ** 20 for bet, share in parts) == pytest.approx(40, rel=1e-6)


def test_an_interval_of_a_mean_goes_with_its_unit() -> None:
    """The other way round, moved and stretched, so is the interval; values outside their bounds count as those."""
    values = [0.1, 0.5, 0.2, 0.9]
    found, turned = mean_interval(values, 0.0, 1.0), mean_interval([10 - 20 * v for v in values], -10.0, 10.0)
    assert found is not None
    assert turned == pytest.approx((10 - 20 * found.high, 10 - 20 * found.low))
    assert mean_interval([*values, 7.0], 0.0, 1.0) == mean_interval([*values, 1.0], 0.0, 1.0)
    assert mean_interval([*values, -7.0], 0.0, 1.0) == mean_interval([*values, 0.0], 0.0, 1.0)
    assert mean_interval([1.0] * 4, 0.0, 1.0) != mean_interval([0.9] * 4, 0.0, 1.0)
    assert mean_interval([1.0], 1.0, 1.0) is None
    many = mean_interval([1.0] * 200, 0.0, 1.0)
    assert many is not None
    assert 0.95 < many.low < many.high == 1.0


def test_restricted_times() -> None:
    """The horizon is fixed beforehand. What was seen stays; what a run's end cut off is at least that long and at most the horizon: one
    run that ends early takes nothing from the others."""
    found = restricted([10.0, None, 700.0, None, None], [None, 0.5, None, 900.0, None], 600.0)
    assert found.least == [10.0, 0.5, 600.0, 600.0, 0.0]
    assert found.most == [10.0, 600.0, 600.0, 600.0, 600.0]


def test_variances() -> None:
    """Values that go together have a difference of little variance: 1/100 against 1 and 0.81. None where one of both does not vary, or of
    two pairs."""
    a = [0.0, 1.0, 2.0]
    assert variance_parts(a, [v * 0.9 for v in a]) == pytest.approx((0.01, 1.81))
    assert variance_parts(a, a) == (0.0, 2.0)
    assert variance_parts(a, [3.0] * 3) is None
    assert variance_parts([3.0] * 3, a) is None
    assert variance_parts(a[:2], a[:2]) is None


def test_two_groups() -> None:
    """Two groups of two or more, further apart than the gap and than either is wide."""
    values = [0.0, 0.6, 0.01, 0.02, 0.61]
    assert two_groups(values, 0.01) == Groups(3, Bounds(0.0, 0.02), 2, Bounds(0.6, 0.61))
    assert two_groups(values, 0.58) is None  # exactly the gap
    assert two_groups([0.0, 0.0, 0.0, 0.6], 0.01) is None  # one run is no group
    assert two_groups([0.0, 0.3, 0.31, 0.61], 0.01) is None
    assert two_groups([1.0, 1.01, 2.0, 2.01], 0.01) == Groups(2, Bounds(1.0, 1.01), 2, Bounds(2.0, 2.01))
    assert two_groups([0.0, 0.6, 0.6, 0.6], 0.01) is None  # nor is the lower one
    assert two_groups([1.0, 1.3, 1.6, 2.0, 2.01], 0.01) is None  # the lower one is wider than the gap
    assert two_groups([1.0, 1.01, 1.41, 1.71, 2.01], 0.01) is None  # and so is the upper one
    assert two_groups([0.0, 0.3, 0.6, 0.9], 0.01) is None
    assert two_groups([0.0, 0.0, 1.0], 0.01) is None


def test_prediction_interval_by_hand() -> None:
    """From the smallest to the largest of 19, from the second on of 39; of three what they cover; of none nothing."""
    assert prediction_interval(range(1, 20)) == (1, 19, 0.9)
    assert prediction_interval(range(39, 0, -1)) == (2, 38, 0.9)
    assert prediction_interval([3.0, math.inf, 1.0]) == (1.0, math.inf, 0.5)
    assert prediction_interval([]) is None


# --- coverage, on cases whose truth is known -----------------------------------------------------------------------------------

SAMPLES = 4000


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
