"""Buckets of durations: each number is in exactly one, and quantiles are as exact as the buckets are narrow."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from histograms import histogram_of
from hypothesis import given
from hypothesis import strategies as st

from simcore.journal.histogram import BUCKETS, bucket_bounds, exact_quantile, histogram_quantile


def bucket_of(ns: int) -> int:
    """The bucket of a duration by shifts, as docs/journal.md has it."""
    if ns < 64:
        return ns
    shift = ns.bit_length() - 6
    return shift * 32 + (ns >> shift)


def test_buckets_follow_one_another_and_are_narrow() -> None:
    """No gap, no overlap, width at most 1/32 of the lower bound, and the last bucket ends where int64 ends."""
    bounds = [bucket_bounds(i) for i in range(BUCKETS)]
    assert bounds[0][0] == 0
    assert bounds[-1][1] == 2**63 - 1
    assert all(following[0] == upper + 1 for (_, upper), following in pairwise(bounds))
    assert all(upper == lower or (upper + 1 - lower) * 32 <= lower for lower, upper in bounds)


@given(st.integers(0, 63).flatmap(lambda bits: st.integers(0, (1 << bits) - 1)))
def test_a_duration_lies_in_its_bucket(ns: int) -> None:
    """Shifts and the vectorised search agree, and the bounds hold the duration."""
    lower, upper = bucket_bounds(bucket_of(ns))
    assert lower <= ns <= upper
    assert np.flatnonzero(histogram_of(np.array([ns], dtype=np.int64))).tolist() == [bucket_of(ns)]


def test_known_buckets() -> None:
    """Values worked out by hand from docs/journal.md."""
    known = {0: 0, 63: 63, 64: 64, 65: 64, 66: 65, 127: 95, 128: 96, 1_000_000: 14 * 32 + 61, 2**63 - 1: 1887}
    assert {ns: bucket_of(ns) for ns in known} == known


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=60), st.floats(0, 1))
def test_a_quantile_is_just_above_the_order_statistic(durations: list[int], q: float) -> None:
    """Not below the ⌈q·n⌉-th smallest, and at most 1/32 above it."""
    found = histogram_quantile(histogram_of(np.array(durations, dtype=np.int64)), q)
    exact = sorted(durations)[max(1, math.ceil(Fraction(str(q)) * len(durations))) - 1]
    assert exact_quantile(np.array(durations, dtype=np.int64), q) == exact, "from the durations it is the value itself"
    assert found is not None
    assert exact <= found <= exact + exact / 32


def test_ranks_are_exact() -> None:
    """The 0.07 quantile of 100 is the 7th smallest, though 0.07 * 100 is above 7 in floating point; of none it is None."""
    counts = np.zeros(BUCKETS, np.int64)
    counts[:10], counts[10] = 1, 90
    assert [histogram_quantile(counts, q) for q in (0.0, 0.07, 0.071, 0.1, 1.0)] == [0, 6, 7, 9, 10]
    assert histogram_quantile(np.zeros(BUCKETS, np.int64), 0.5) is None
    assert exact_quantile(np.arange(100, 0, -1), 0.07) == 7
    assert exact_quantile(np.array([], np.int64), 0.5) is None
    with pytest.raises(ValueError, match="between 0 and 1"):
        histogram_quantile(counts, 99)
