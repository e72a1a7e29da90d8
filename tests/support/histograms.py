"""Durations counted in the journal's buckets, for tests that make up a journal: of a run the kernel counts them."""

from __future__ import annotations

import numpy as np

from simcore.journal.histogram import BUCKETS, IntArray, bucket_bounds

_LOWER_BOUNDS = np.array([bucket_bounds(i)[0] for i in range(BUCKETS)], dtype=np.int64)


def histogram_of(durations_ns: IntArray) -> IntArray:
    """Counts by bucket, int64 [BUCKETS], of durations ≥ 0."""
    return np.bincount(np.searchsorted(_LOWER_BOUNDS, durations_ns, side="right") - 1, minlength=BUCKETS).astype(np.int64)
