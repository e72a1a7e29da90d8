"""Retries of several layers multiply."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chaos.results.lint import LintFinding

Findings = Callable[..., list[LintFinding]]

LAYERS = """\
services:
  front: {{ operations: {{ ask: {{ steps: [{{ call: back.ask, timeout: 1s, retry: {{ attempts: 2, {inner} }} }}] }} }} }}
  back: {{ operations: {{ ask: {{ steps: [{{ work: 5ms }}] }} }} }}
flows:
  look: {{ steps: [{{ {verb}: front.ask{outer} }}] }}
"""
TWICE = ", timeout: 3s, retry: { attempts: 2 }"


def layers(outer: str = TWICE, inner: str = "backoff: 1s", verb: str = "call") -> str:
    return LAYERS.format(outer=outer, inner=inner, verb=verb)


def test_two_layers_make_four(findings: Findings) -> None:
    """It is found at the last layer, with all of them."""
    (found,) = findings("retries-multiplied", layers())
    assert found.path == "services.front.operations.ask.steps[back.ask].retry"
    assert found.message == (
        "one request may become 4 at front.ask/back.ask#0: 2 × 2 attempts, client.look/front.ask#0 → front.ask/back.ask#0"
    )


@pytest.mark.parametrize(
    "text",
    [
        layers(inner="budget: { ratio: 0.1 }"),
        layers(outer=""),
        layers(outer=", retry: { attempts: 2, on: [refused] }"),
        layers(verb="send", outer=""),
    ],
    ids=["budget", "one-layer", "outer-refused-alone", "message"],
)
def test_near_misses(findings: Findings, text: str) -> None:
    """A budget, a single layer, an outer layer that does not ask again after what failed below, a message."""
    assert findings("retries-multiplied", text) == []


def test_the_last_layer_may_try_again_after_a_refusal(findings: Findings) -> None:
    """What refuses is itself asked four times."""
    assert len(findings("retries-multiplied", layers(inner="on: [refused]"))) == 1
