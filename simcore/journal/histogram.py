"""Buckets of durations: 64 of 1 ns, then 32 an octave, so that a bound is less than 1/32 away. The kernel counts in the same ones."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]

BUCKETS = 1888


def bucket_bounds(index: int) -> tuple[int, int]:
    """The least and the greatest duration, ns, that bucket `index` (0 to BUCKETS − 1) counts, both included."""
    if index < 64:
        return index, index
    shift = index // 32 - 1
    lower = (32 + index % 32) << shift
    return lower, lower + (1 << shift) - 1


def histogram_quantile(counts: IntArray, q: float) -> int | None:
    """Upper bound, ns, of the bucket of the ⌈q·n⌉-th smallest duration (the first for q = 0); None without durations."""
    if not 0.0 <= q <= 1.0:
        raise ValueError(f"a quantile lies between 0 and 1: {q}")
    running = np.cumsum(counts)
    if not running.size or running[-1] == 0:
        return None
    return bucket_bounds(int(np.searchsorted(running, _rank(q, int(running[-1])))))[1]


def exact_quantile(durations_ns: IntArray, q: float) -> int | None:
    """The ⌈q·n⌉-th smallest duration itself, ns (the first for q = 0); None without durations."""
    if not durations_ns.size:
        return None
    at = _rank(q, durations_ns.size) - 1
    return int(np.partition(durations_ns, at)[at])


def _rank(q: float, n: int) -> int:
    return max(1, math.ceil(Fraction(repr(float(q))) * n))  # exact: 0.07 * 100 in floats is above 7
