"""The summary of `coredrill simulate`: what matters of a run, in 40 lines, whatever the journal holds."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console
from small_journal import ORDERS, build

from chaos.cli.summary import print_summary
from simcore.base.units import SECOND
from simcore.journal.model import Journal


def summary_of(journal: Journal, width: int = 100, **options: Any) -> str:
    out = io.StringIO()
    print_summary(journal, Console(file=out, width=width), **options)
    return out.getvalue()


def test_the_summary_of_a_run_without_any_intent() -> None:
    """It says that none was intended, and divides by nothing."""
    assert "failed orders: none was intended" in summary_of(build(orders=[]))


def test_the_summary_says_what_matters() -> None:
    """Headline, truth, flows, pools, events and laws, with the figures of the result object."""
    events = [(SECOND, "fault", "counter#0", {"factor": 2}), *((t * SECOND, "breaker_open", "gw", {}) for t in (2, 3))]
    text = summary_of(build(events=events), wall_s=0.5)
    lines = [line.rstrip() for line in text.splitlines()]
    assert lines[0] == "chain in peak, steady, seed 7, 00:00:00 to 00:00:04"
    assert lines[1] == "failed orders: 3 of 8 (37.500%): blocked 1, failed 1, unknown 1"
    assert lines[2] == "in truth: duplicated 1, lost 1, orphan 1, stranded 1, late 1"
    cells = {line.split()[0]: " ".join(line.split()[1:]) for line in lines if line}
    assert cells["quote"] == "5 0 0 1 0 75.000% 3.015ms 40.89ms"
    assert cells["threads"] == "25.0% 6 2.5 8 0.5 3"
    assert "00:00:01  fault counter#0 factor=2" in lines
    assert "00:00:02  breaker_open gw ×2" in lines
    assert "conservation: 1 law holds" in lines
    assert "5,000 events (10,000 a second), digest " in lines[-1]
    assert not any(line.startswith("idle") for line in lines)


def test_the_summary_of_a_live_run() -> None:
    """It says so first; nobody counts its events, and what a person has no use for is left out of those that are listed."""
    events = [(SECOND, "alarm", "counter-host", {"team": "operations", "points_at": None, "real_ns": SECOND + 5})]
    lines = [line.rstrip() for line in summary_of(build(events=events, meta={"live": True, "late_p99_ns": 0})).splitlines()]
    assert lines[0] == "live twin: chain in peak, steady, seed 7, 00:00:00 to 00:00:04"
    assert "00:00:01  alarm counter-host team=operations" in lines
    assert lines[-1].startswith("digest ")


def test_the_summary_without_order_flows() -> None:
    """Then the headline is about all intents but probes."""
    meta = {"flow_kinds": {"order": "request", "quote": "query"}}
    assert "failed intents: 4 of 13 " in summary_of(build(meta=meta))
    meta = {"flow_kinds": {"order": "request", "quote": "probe"}}
    assert "failed intents: 3 of 8 " in summary_of(build(meta=meta))


def test_the_summary_names_broken_laws_and_why_nothing_is_known() -> None:
    """What makes a run worthless cannot be overlooked."""
    text = summary_of(build(laws=[("cash of broker", False, 5, 4)]))
    assert "conservation: 1 of 1 law BROKEN: cash of broker (expected 5, found 4)" in text
    assert "unknown: conservation broken: cash of broker" in text
    assert "unknown: run guard" in summary_of(build(reason="run guard"))


@pytest.mark.parametrize("width", [40, 80, 100])
def test_the_summary_is_short_and_whole(width: int) -> None:
    """A large architecture fits 40 lines of 100 columns; no figure is cut in a narrower pipe; no codes when piped."""
    flows, pools = ["quote", *(f"flow-{i}-{'x' * 50}" for i in range(40))], ["threads", *(f"pool-{i}" for i in range(200))]
    meta = {"flow_kinds": dict.fromkeys(flows, "query"), "recorded_flows": [flows[1]], "environment": None}
    events = [(i, f"event{i}", f"subject-{i}", {"value": i}) for i in range(100)]
    journal = build(meta=meta, names={"pool": pools, "flow": flows}, orders=ORDERS, events=events, reason="run guard")
    text = summary_of(journal, width)
    assert text == summary_of(journal, 200)
    assert len(text.splitlines()) <= 40
    assert max(map(len, text.splitlines())) <= 100
    assert "\x1b" not in text
    assert "flows (and 33 more)" in text
    assert "and 92 more" in text


def test_names_cannot_reach_the_terminal_as_codes() -> None:
    """Text from a journal is neither markup nor control sequence nor a line of its own."""
    text = summary_of(build(events=[(1, "fault", "\x1b[2J[red]gone[/red]\nfailed orders: 0", {})]))
    assert "\x1b" not in text
    assert "fault \\x1b[2J[red]gone[/red]\\nfailed orders: 0" in text
