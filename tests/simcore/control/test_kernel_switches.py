"""The knobs that need more than setting a word."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from simcore.compile.arena import distribution_record
from simcore.control.kernel_switches import scaled
from simcore.kernel import random
from simcore.model.distributions import Distribution

FAMILIES: list[Any] = [
    "20ms", {"exponential": "20ms"}, {"lognormal": {"median": "20ms", "p99": "90ms"}}, {"gamma": {"mean": "20ms", "shape": 0.5}},
    {"erlang": {"mean": "20ms", "stages": 3}}, {"hyperexponential": {"mean": "20ms", "scv": 4}}, {"uniform": ["5ms", "35ms"]},
    {"empirical": {"values": ["10ms", "20ms", "60ms"], "weights": [5, 3, 2]}},
]  # fmt: skip


@pytest.mark.parametrize("words", FAMILIES, ids=lambda w: next(iter(w)) if isinstance(w, dict) else "constant")
def test_scaled_work_takes_so_many_times_as_long(words: Any) -> None:
    """With the same random numbers every draw of every family is the factor times as long, to the rounding of a nanosecond."""
    record = np.array([*distribution_record(Distribution.model_validate(words)), 7.0, 7.0])
    longer = record.copy()
    changed = scaled(record, 0, 8.0)
    longer[: len(changed)] = changed
    assert longer[-2:].tolist() == [7.0, 7.0]
    with np.errstate(over="ignore"):
        for n in range(50):
            key = np.uint64(random.combine_int(11, n))
            before, after = (int(random.sample_once(r, np.uint64(0), key)) for r in (record, longer))
            assert after == pytest.approx(8.0 * before, rel=1e-9, abs=5)
