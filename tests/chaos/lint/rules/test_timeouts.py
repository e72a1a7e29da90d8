"""A caller's timeout is below its callee's."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chaos.results.lint import LintFinding

Findings = Callable[..., list[LintFinding]]

CHAIN = """\
deadlines: {deadlines}
services:
  front: {{ operations: {{ ask: {{ steps: [{{ call: back.ask, {inner} }}] }} }} }}
  back: {{ operations: {{ ask: {{ steps: [{{ work: 5ms }}] }} }} }}
flows:
  look: {{ steps: [{{ call: front.ask, timeout: 5s }}] }}
"""


def test_the_caller_gives_up_first(findings: Findings) -> None:
    """It is found at the longer timeout."""
    (found,) = findings("timeout-below-callee", CHAIN.format(deadlines="none", inner="timeout: 6s"))
    assert (found.path, found.line) == ("services.front.operations.ask.steps[back.ask].timeout", 5)
    assert found.message == "front.ask/back.ask#0 waits up to 6 s, and its caller gives up after 5 s: client.look/front.ask#0"


@pytest.mark.parametrize(
    ("deadlines", "inner"),
    [("none", "timeout: 5s"), ("none", "name: without"), ("propagate", "timeout: 6s")],
    ids=["as-long", "none-below", "deadlines-travel"],
)
def test_near_misses(findings: Findings, deadlines: str, inner: str) -> None:
    """Equal timeouts, no timeout below, and deadlines that travel with the request."""
    assert findings("timeout-below-callee", CHAIN.format(deadlines=deadlines, inner=inner)) == []
