"""Intervals against published values."""

from __future__ import annotations

import pytest

from chaos.statistics import enough, median, median_interval, quantile_of, wilson


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
