"""A call without a timeout waits for what may take any time."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chaos.results.lint import LintFinding

Findings = Callable[..., list[LintFinding]]

WAIT = """\
deadlines: {deadlines}
pools: {{ threads: {{ slots: 4{queue} }} }}
limits: {{ pace: {{ rate: 10/s, {limit} }} }}
services:
  core: {{ operations: {{ ask: {{ steps: [{{ call: back.ask{inner} }}] }} }} }}
  back: {{ operations: {{ ask: {{ {pools}, steps: [{step}] }} }} }}
flows:
  look: {{ steps: [{{ call: core.ask{outer} }}] }}
"""


def wait(**more: str) -> str:
    usual = {"deadlines": "none", "queue": "", "limit": "burst: 1", "inner": "", "outer": ", timeout: 1s"}
    return WAIT.format(**usual | {"pools": "pools: [threads]", "step": "{ work: 5ms }"} | more)


def test_an_unbounded_queue(findings: Findings) -> None:
    """The call that waits is found; who called with a timeout is not."""
    (found,) = findings("endless-wait", wait())
    assert found.path == "services.core.operations.ask.steps[back.ask]"
    assert found.message == (
        "core.ask/back.ask#0 has no timeout, and behind it a request may wait without limit for threads (4 slots, unbounded queue)"
    )


@pytest.mark.parametrize(
    ("more", "sites"),
    [
        ({"outer": ""}, 2),
        ({"pools": "pools: []", "step": "{ hold: threads, steps: [{ work: 5ms }] }"}, 1),
        ({"pools": "pools: []", "inner": ", connection: threads"}, 1),
        ({"pools": "pools: []", "step": "{ rate_limit: pace }"}, 1),
        ({"deadlines": "propagate", "outer": ""}, 2),
    ],
    ids=["all-the-way", "hold", "connection", "rate-limit", "no-deadline-to-travel"],
)
def test_other_ways_to_wait(findings: Findings, more: dict[str, str], sites: int) -> None:
    """Through several calls, inside an operation, for the call's own connection, at a rate limit."""
    assert len(findings("endless-wait", wait(**more))) == sites


@pytest.mark.parametrize(
    "more",
    [
        {"queue": ", queue: 100"},
        {"inner": ", timeout: 1s"},
        {"deadlines": "propagate"},
        {"pools": "pools: []"},
        {"pools": "pools: []", "step": "{ rate_limit: pace }", "limit": "max_wait: 2s"},
    ],
    ids=["bounded", "timeout", "deadline", "no-pool", "longest-wait"],
)
def test_near_misses(findings: Findings, more: dict[str, str]) -> None:
    """A queue with an end, a timeout, a deadline from above, nothing to wait for, a longest wait."""
    assert findings("endless-wait", wait(**more)) == []
