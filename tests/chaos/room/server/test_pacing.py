"""Simulated time is stretched when the ticks come late, and never skipped."""

from __future__ import annotations

import pytest

from chaos.room.server.pacing import TICK, Pacing
from simcore.base.units import SECOND


def test_ticks_on_time_keep_the_speed() -> None:
    """Four a second, each a quarter of the speed."""
    pacing = Pacing(10.0)
    assert pacing.wait(0.0) is None
    pacing.start(100.0)
    assert pacing.wait(100.0) == TICK
    assert pacing.step(100.2) == 0
    assert sum(pacing.step(100 + TICK * n) for n in range(1, 41)) == 100 * SECOND
    assert pacing.behind == 1.0


def test_late_ticks_stretch_time_and_say_so() -> None:
    """A tick that takes twice its time makes half the speed; a little lateness is made up for."""
    pacing = Pacing(60.0)
    pacing.start(0.0)
    steps = [pacing.step(2 * TICK * n) for n in range(1, 31)]
    assert set(steps) == {15 * SECOND}
    assert pacing.behind == pytest.approx(0.5, abs=0.02)
    made_up = Pacing(1.0)
    made_up.start(0.0)
    assert made_up.step(TICK * 1.4) == SECOND // 4
    assert made_up.wait(TICK * 1.4) == pytest.approx(TICK * 0.6)


def test_a_stopped_clock_stands_still() -> None:
    """Nothing is due, however long it stands, and the pause does not count as falling behind."""
    pacing = Pacing(1.0)
    pacing.start(0.0)
    pacing.stop()
    assert (pacing.step(99.0), pacing.wait(99.0), pacing.behind) == (0, None, 1.0)
    pacing.start(1000.0)
    assert pacing.wait(1000.0) == TICK
