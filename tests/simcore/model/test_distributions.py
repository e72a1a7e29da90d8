"""The mean of a distribution is that of what is drawn from it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from simcore.base.units import MS
from simcore.compile.arena import distribution_record
from simcore.model.distributions import Distribution


@pytest.mark.parametrize(
    ("written", "ms"),
    [
        ("5ms", 5),
        ({"exponential": "7ms"}, 7),
        ({"lognormal": {"mean": "20ms", "scv": 1}}, 20),
        ({"gamma": {"mean": "3ms", "shape": 2}}, 3),
        ({"erlang": {"mean": "4ms", "stages": 2}}, 4),
        ({"hyperexponential": {"mean": "6ms", "scv": 4}}, 6),
        ({"hyperexponential": {"probability": 0.25, "means": ["8ms", "4ms"]}}, 5),
        ({"uniform": ["0ms", "100ms"]}, 50),
        ({"empirical": {"values": ["1ms", "4ms"]}}, 2.5),
        ({"empirical": {"values": ["1ms", "4ms"], "weights": [2, 1]}}, 2),
    ],
    ids=str,
)
def test_means_that_are_known(written: Any, ms: float) -> None:
    """Each family, in each of its forms."""
    assert Distribution.model_validate(written).mean_ns == pytest.approx(ms * MS)


def test_the_mean_of_a_lognormal_by_its_quantiles() -> None:
    """That of draws with the parameters that the kernel gets."""
    made = Distribution.model_validate({"lognormal": {"median": "25ms", "p99": "200ms"}})
    _, mu, sigma, _ = distribution_record(made)
    assert made.mean_ns == pytest.approx(math.exp(mu + sigma**2 / 2))
    assert made.mean_ns == pytest.approx(np.random.default_rng(1).lognormal(mu, sigma, 200_000).mean(), rel=0.02)
