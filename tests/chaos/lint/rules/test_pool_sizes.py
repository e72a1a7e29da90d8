"""A pool is smaller than rate × time held."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chaos.lint.demand import demands
from chaos.lint.walk import Calls
from chaos.results.lint import LintFinding
from simcore.library import load_pair
from simcore.model.index import ArchitectureIndex

Findings = Callable[..., list[LintFinding]]

SMALL = """\
pools:
  threads: {{ slots: {threads}, per: replica }}
  lines: {{ slots: {lines} }}
services:
  core:
    replicas: 2
    pools: [threads]
    operations:
      ask: {{ steps: [{{ work: 10ms }}, {{ call: far.ask, connection: lines }}] }}
  far: {{ operations: {{ ask: {{ steps: [{{ wait: {{ exponential: 80ms }} }}] }} }} }}
links: [{{ from: core, to: far, latency: 5ms }}]
flows:
  look: {{ steps: [{{ call: core.ask }}] }}
"""
DAY = """\
curves: { day: { points: [["09:00", 1], ["10:00", 1], ["10:00", 3], ["11:00", 3]] } }
flows: { look: { per_day: 288000, curve: day } }
"""
# 288,000 a day: 20/s in the first hour, 60/s in the second. A thread is held 10 + 5 + 80 + 5 = 100 ms, a line 90 ms.


def test_six_threads_and_five_and_a_half_lines_are_wanted(findings: Findings) -> None:
    """In the second hour, of 2 x 2 threads and 5 lines; at its first minute."""
    lines, threads = sorted(findings("pool-too-small", SMALL.format(threads=2, lines=5), workload=DAY), key=lambda f: f.path)
    assert (lines.path, threads.path) == ("pools.lines.slots", "pools.threads.slots")
    assert threads.message == "threads has 4 slots; rate × time held comes to 6.0 at 10:00 of w"
    assert "5.4 at 10:00" in lines.message


def test_as_many_as_are_wanted_are_enough(findings: Findings) -> None:
    """2 x 4 threads and 6 lines."""
    assert findings("pool-too-small", SMALL.format(threads=4, lines=6), workload=DAY) == []


def test_without_customers_it_is_not_checked(findings: Findings) -> None:
    """Nothing is known of how many come."""
    assert findings("pool-too-small", SMALL.format(threads=1, lines=1)) == []


@pytest.mark.parametrize(
    ("pool", "in_use"),
    [
        ("counter-threads", 4.5),
        ("counter-connections", 2.6),
        ("app-threads", 4.0),
        ("phone-seats", 8.0),
        ("bank-a-sessions", 0.155),
    ],
)
def test_the_legacy_core_needs_what_its_own_table_says(pool: str, in_use: float) -> None:
    """The table at the head of legacy-coupled was worked out by hand, from measured rates."""
    architecture, workload = load_pair("legacy-coupled", "normal-day")
    found = {d.pool: d for d in demands(Calls.of(ArchitectureIndex(architecture)), workload)}
    assert found[pool].in_use == pytest.approx(in_use, rel=0.06)
    assert found[pool].minute == 9 * 60 + 30
