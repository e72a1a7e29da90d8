"""Nodes of a twin are killed with -9 under load: the ledgers keep their laws, and no order that was confirmed is lost."""

from __future__ import annotations

from real_time import IN_REAL_TIME

from .live_kills import killed


@IN_REAL_TIME
def test_no_confirmed_order_is_lost_when_nodes_are_killed() -> None:
    """Three kills in one run; benchmarks/live_kills.py makes thirty."""
    run = killed(seed=1, count=3)
    assert len(run.kills) == 3
    assert run.confirmed > 0.5 * run.orders > 0
    assert run.sound, run
