"""How often a client, and all clients of a seat together, may say something or come in."""

from __future__ import annotations

BURST = 20
"""So many messages of a client at once,"""
RATE = 5.0
"""and then so many a second."""
PATIENCE = 60
"""So many that were not read, one after another, before the connection is closed."""
SEAT_BURST, SEAT_RATE = 60, 15.0
"""The same for all clients of a seat together: whoever floods in many connections floods no more."""
VISITS_BURST, VISITS_RATE = 60, 5.0
"""Connections of a seat that are let in."""
CLIENTS_MAX = 20
"""Clients of one seat at a time, also those that have said nothing yet."""


class Allowance:
    """What may still come: a bucket that fills again. Times are monotonic, s."""

    def __init__(self, wall: float, burst: int = BURST, rate: float = RATE) -> None:
        self._left, self._at, self._burst, self._rate = float(burst), wall, burst, rate
        self.refused = 0

    def take(self, wall: float) -> bool:
        """Whether one more is taken."""
        self._left = min(float(self._burst), self._left + (wall - self._at) * self._rate)
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


class Door:
    """All clients of a seat together: who is let in, and what they may say."""

    def __init__(self, wall: float) -> None:
        self._inside = 0
        self._visits = Allowance(wall, VISITS_BURST, VISITS_RATE)
        self._messages = Allowance(wall, SEAT_BURST, SEAT_RATE)

    def enter(self, wall: float) -> bool:
        """Whether one more is let in, who must `leave`."""
        if self._inside >= CLIENTS_MAX or not self._visits.take(wall):
            return False
        self._inside += 1
        return True

    def leave(self) -> None:
        """One is gone."""
        self._inside -= 1

    def hears(self, allowance: Allowance, wall: float) -> bool:
        """Whether one more message of a client, which has that allowance of its own, is read."""
        if not allowance.take(wall):
            return False
        if not self._messages.take(wall):
            allowance.refused += 1
            return False
        return True
