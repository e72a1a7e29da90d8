"""A service that no monitor and no robot knows of."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chaos.results.lint import LintFinding

Findings = Callable[..., list[LintFinding]]

SYSTEM = """\
pools: {{ threads: {{ slots: 4 }} }}
services:
  core: {{ pools: [threads], operations: {{ ask: {{ steps: [{{ {verb}: back.ask }}] }} }} }}
  back: {{ layer: {layer}, operations: {{ ask: {{ steps: [{{ work: 5ms }}] }} }} }}
flows:
  look: {{ steps: [{{ call: core.ask }}] }}
  probe: {{ kind: probe, steps: [{{ call: core.ask }}] }}
control:
  teams: {{ desk: {{}} }}
  monitors:
    queue: {{ metric: {{ gauge: [pool/threads/queue] }}, above: 3 }}
{more}
"""


def system(more: str = "", layer: str = "core", verb: str = "call") -> str:
    return SYSTEM.format(more=more, layer=layer, verb=verb)


def test_nobody_watches(findings: Findings) -> None:
    """The pool that is read is that of the core, not of the service behind it."""
    (found,) = findings("unwatched-service", system())
    assert (found.path, found.line) == ("services.back", 6)


@pytest.mark.parametrize(
    "text",
    [
        system('    up: { metric: { gauge: ["unit/back#0/up"] }, below: 1 }'),
        system("    slow: { metric: { rate: [flow/look/failed] }, above: 1, points_at: back }"),
        system("  robots: { robot: { flow: probe } }"),
        system(layer="external"),
    ],
    ids=["read", "pointed-at", "probed", "not-the-brokers"],
)
def test_near_misses(findings: Findings, text: str) -> None:
    """A reading of it, an alarm that points at it, a robot that comes to it; somebody else's service."""
    assert findings("unwatched-service", text) == []


@pytest.mark.parametrize(
    "text",
    [
        system('    up: { metric: { gauge: ["unit/back#0/up"] }, below: 1, silenced: true }'),
        system("  robots: { robot: { flow: probe } }", verb="send"),
    ],
    ids=["silenced", "robot-does-not-wait"],
)
def test_what_does_not_count(findings: Findings, text: str) -> None:
    """An alarm that nobody hears, and a message, for whose work a robot does not wait."""
    assert [found.path for found in findings("unwatched-service", text)] == ["services.back"]
