"""A write is asked for again, and there is no key."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chaos.results.lint import LintFinding

Findings = Callable[..., list[LintFinding]]

WRITE = """\
services:
  core: {{ operations: {{ place: {{ steps: [{{ {verb}: store.write }}]{core} }} }} }}
  store: {{ operations: {{ write: {{ steps: [{{ work: 5ms }}, {{ effect: {effect} }}]{store} }} }} }}
flows:
  buy: {{ steps: [{{ call: core.place, timeout: 1s, retry: {{ {retry} }} }}] }}
"""
KEY = ", idempotency: { lifetime: 1d }"


def write(retry: str = "attempts: 2", core: str = "", store: str = "", effect: str = "record", verb: str = "call") -> str:
    return WRITE.format(retry=retry, core=core, store=store, effect=effect, verb=verb)


@pytest.mark.parametrize("verb", ["call", "send"])
def test_a_write_behind_the_callee_is_done_twice(findings: Findings, verb: str) -> None:
    """By a call or a message, after what leaves open whether it was done."""
    (found,) = findings("retry-without-key", write(verb=verb))
    assert found.path == "flows.buy.steps[core.place].retry"
    assert found.message == (
        "client.buy/core.place#0 asks again after error, timeout, reset, and no idempotency key stands before store.write"
    )


@pytest.mark.parametrize(
    "text",
    [
        write(core=KEY),
        write(store=KEY),
        write("attempts: 2, on: [refused, bulkhead_full]"),
        write("attempts: 1"),
        write(effect="session.open"),
    ],
    ids=["key", "key-at-the-write", "definite", "once", "no-write"],
)
def test_near_misses(findings: Findings, text: str) -> None:
    """A key there or on the way, only what was surely not done, no second attempt, nothing that lasts."""
    assert findings("retry-without-key", text) == []
