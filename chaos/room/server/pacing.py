"""How simulated time goes with the time on the wall: four ticks a second, each as long as the speed says.

A tick that comes late makes the next ones later; simulated time is stretched, never skipped, so that nobody is surprised by a
jump. How far it falls behind is a figure for everybody to see.
"""

from __future__ import annotations

from collections import deque

from simcore.base.units import SECOND

TICK = 0.25
"""Seconds on the wall between two ticks."""
_REMEMBERED = 20
_KEEPS_UP = 0.97


class Pacing:
    """The clock of a room, at first stopped. `wall` is always a monotonic time, s."""

    def __init__(self, speed: float) -> None:
        self.speed = speed
        self._due: float | None = None
        self._ticks: deque[float] = deque(maxlen=_REMEMBERED + 1)

    @property
    def running(self) -> bool:
        """Whether it goes."""
        return self._due is not None

    def start(self, wall: float) -> None:
        """It goes from now on; the first tick is one later."""
        self._due = wall + TICK
        self._ticks = deque([wall], maxlen=_REMEMBERED + 1)

    def stop(self) -> None:
        """It stands still."""
        self._due = None

    def wait(self, wall: float) -> float | None:
        """Seconds until the next tick; None while it stands still."""
        return None if self._due is None else max(0.0, self._due - wall)

    def step(self, wall: float) -> int:
        """Simulated ns to go on by: those of one tick if one is due, else 0."""
        if self._due is None or wall < self._due:
            return 0
        self._due = max(self._due + TICK, wall)
        self._ticks.append(wall)
        return round(TICK * self.speed * SECOND)

    @property
    def behind(self) -> float:
        """The share of the speed that is kept, over the last five seconds or so: 1.0 if it keeps up."""
        if len(self._ticks) < 2 or self._due is None:
            return 1.0
        kept = (len(self._ticks) - 1) * TICK / max(self._ticks[-1] - self._ticks[0], 1e-9)
        return 1.0 if kept >= _KEEPS_UP else round(kept, 2)
