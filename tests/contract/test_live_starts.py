"""However a twin ends, and whenever, it leaves no process, no listening port and no file."""

from __future__ import annotations

import math

import pytest

from .live_starts import WAYS, tried


@pytest.mark.parametrize("way", WAYS)
def test_nothing_is_left_of_a_twin_that_runs(way: str) -> None:
    """All are up; a second after the supervisor's end there is nothing."""
    trial = tried(way, seed=1, moment_s=math.inf)
    assert trial.clean, trial
    assert trial.up, trial


@pytest.mark.parametrize(("way", "moment_s"), [("interrupted", 0.5), ("killed", 0.7), ("interrupted twice", 0.6)])
def test_nothing_is_left_of_a_twin_that_starts(way: str, moment_s: float) -> None:
    """Some are up, one is being started, others are not there yet."""
    trial = tried(way, seed=2, moment_s=moment_s)
    assert trial.clean, trial
