"""Statistics to the last digit: against another implementation, a formula written again, or a count by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from chaos.measures.statistics import enough, median, median_interval, quantile_of, share_interval

# --- one sample -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", range(1, 12))
def test_the_median_is_numpys(n: int) -> None:
    """Of even and odd numbers, in any order."""
    values = [float(v * v) for v in np.random.default_rng(n).permutation(n)]
    assert median(values) == np.median(values)


@pytest.mark.parametrize(
    ("q", "rank"), [(0.0, 1), (0.05, 1), (0.1, 1), (0.11, 2), (0.3, 3), (0.7, 7), (0.71, 8), (0.9, 9), (0.99, 10), (1.0, 10)]
)
def test_a_quantile_is_the_value_of_its_rank(q: float, rank: int) -> None:
    """⌈q·n⌉ of ten; 0.07·100, which is a hair above 7 in floating point, is 7."""
    assert quantile_of([float(v) for v in range(10, 0, -1)], q) == rank
    assert quantile_of([float(v) for v in range(1, 101)], 0.07) == 7
    assert quantile_of([5.0], q) == 5.0


@pytest.mark.parametrize(
    ("share", "runs", "needed"),
    [(0.9, 10, 9), (0.91, 10, 10), (0.7, 10, 7), (0.1, 30, 3), (0.0, 10, 0), (1.0, 7, 7), (0.07, 100, 7), (0.29, 100, 29)],
)
def test_enough_runs_for_a_share(share: float, runs: int, needed: int) -> None:
    """As many as make the share: 0.07 of 100 is 7 and not 8, though it is 7.000000000000001 in floating point."""
    assert enough(share, runs) == needed


@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.95, 0.99])
@pytest.mark.parametrize("n", [*range(1, 14), 20, 33])
def test_the_median_interval_is_the_narrowest_with_enough_coverage(n: int, confidence: float) -> None:
    """Coverage of [x(r), x(n+1-r)] by adding up binomial chances: the largest r that has enough; with none there is no interval."""

    def coverage(r: int) -> float:
        return sum(math.comb(n, k) for k in range(r, n - r + 1)) / 2**n

    ranks = [r for r in range(1, n // 2 + 1) if coverage(r) >= confidence]
    expected = (max(ranks), n + 1 - max(ranks)) if ranks else None
    assert median_interval([float(v) for v in range(n, 0, -1)], confidence) == expected


def test_a_coverage_of_exactly_the_confidence_is_enough() -> None:
    """Of two values both ends cover a half."""
    assert median_interval([2.0, 1.0], 0.5) == (1.0, 2.0)
    assert median_interval([2.0, 1.0], 0.5 + 1e-9) is None
    assert median_interval([1.0], 0.5) is None
    assert median_interval([], 0.5) is None


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.975])
@pytest.mark.parametrize(("k", "n"), [(0, 1), (1, 1), (0, 7), (3, 7), (7, 7), (1, 50), (25, 50)])
def test_a_share_is_scipys(k: int, n: int, confidence: float) -> None:
    """Clopper and Pearson's interval."""
    expected = stats.binomtest(k, n).proportion_ci(confidence, method="exact")
    assert share_interval(k, n, confidence) == pytest.approx((expected.low, expected.high), rel=1e-9, abs=1e-12)
