"""How often a client may say something."""

from __future__ import annotations

BURST = 20
"""So many messages at once,"""
RATE = 5.0
"""and then so many a second."""
PATIENCE = 60
"""So many that were not read, one after another, before the connection is closed."""


class Allowance:
    """What a client may still send: a bucket of messages that fills again. Times are monotonic, s."""

    def __init__(self, wall: float) -> None:
        self._left, self._at = float(BURST), wall
        self.refused = 0

    def take(self, wall: float) -> bool:
        """Whether one more message is read."""
        self._left = min(float(BURST), self._left + (wall - self._at) * RATE)
        self._at = wall
        if self._left < 1:
            self.refused += 1
            return False
        self._left -= 1
        self.refused = 0
        return True

    @property
    def exhausted(self) -> bool:
        """Whether so much was sent that the connection is not worth keeping."""
        return self.refused > PATIENCE
