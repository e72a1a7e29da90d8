"""How much a client may say."""

from __future__ import annotations

from chaos.room.server.limits import BURST, PATIENCE, RATE, Allowance


def test_a_burst_and_then_so_many_a_second() -> None:
    """And all of it again after a rest."""
    allowance = Allowance(0.0)
    assert sum(allowance.take(0.0) for _ in range(BURST + 10)) == BURST
    assert sum(allowance.take(1 + n / 100) for n in range(10)) == RATE
    assert sum(allowance.take(1000.0) for _ in range(BURST + 10)) == BURST
    assert not allowance.exhausted


def test_a_flood_ends_the_connection() -> None:
    """Not somebody who was too quick once."""
    allowance = Allowance(0.0)
    for _ in range(BURST + PATIENCE + 1):
        allowance.take(0.0)
    assert allowance.exhausted
