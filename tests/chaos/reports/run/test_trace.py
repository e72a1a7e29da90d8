"""Sampled requests as Chrome trace JSON."""

from __future__ import annotations

import io
import json
from collections import defaultdict
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chaos.reports.run.trace import INSTANTS, RUN, write_trace
from chaos.results.run import RunResult
from chaos.results.stored_run import StoredRun, read_run
from chaos.results.topology import Topology
from simcore.base.errors import InputError
from simcore.journal.model import CODES, Journal


def trace(stored: StoredRun) -> tuple[int, dict[str, Any]]:
    """How many requests, and the trace."""
    text = io.StringIO()
    count = write_trace(stored, text)
    return count, json.loads(text.getvalue())


def by_hand_kept(journal: Journal) -> StoredRun:
    """A run of a journal by hand."""
    run = RunResult.model_validate({"architecture": "hand", "seed": 1, "digest": "d", "metrics": {"orders": {}}})
    return StoredRun(Path("here"), journal, run, Topology(), [])


def test_a_request_by_hand(by_hand: Callable[..., Journal]) -> None:
    """An order of 9 ms that waited 2 ms for a slot and called the bank: an intent, two hops, a wait, one arrow; µs from ns."""
    ms = 1_000_000
    rows = [{"request": 4, "submit_ns": ms, "answer_ns": 10 * ms, "outcome": 1, "customer": 5, "attempts": 1}]
    spans = [
        {
            "request": 4,
            "path": 22,
            "parent": 11,
            "unit": 1,
            "operation": 1,
            "arrive_ns": 5 * ms,
            "start_ns": 5 * ms,
            "end_ns": 8 * ms,
        },
        {
            "request": 4,
            "path": 11,
            "unit": 0,
            "arrive_ns": 2 * ms,
            "start_ns": 4 * ms,
            "end_ns": 9 * ms,
            "code": CODES.index("timeout"),
        },
    ]
    count, found = trace(by_hand_kept(by_hand(rows, spans=spans)))
    assert count == 1
    slices = [(e["name"], e["tid"], e["ts"], e["dur"]) for e in found["traceEvents"] if e["ph"] == "X"]
    assert slices == [
        ("order: confirmed", 0, 1000, 9000),
        ("core.place", 1, 2000, 7000),
        ("waiting for a slot", 1, 2000, 2000),
        ("bank.ask", 2, 5000, 3000),
    ]
    assert [(e["ph"], e["tid"], e["ts"]) for e in found["traceEvents"] if e["ph"] in "sf"] == [("s", 1, 5000), ("f", 2, 5000)]
    assert next(e["args"]["code"] for e in found["traceEvents"] if e["name"] == "core.place") == "timeout"
    names = [e["args"]["name"] for e in found["traceEvents"] if e["name"] == "process_name"]
    assert names == ["the run", "request 4 order confirmed"]


def test_a_hop_that_never_had_its_slots_waits_to_its_end(by_hand: Callable[..., Journal]) -> None:
    """It began nothing (start −1), and ended when its time ran out."""
    spans = [
        {"request": 4, "path": 11, "arrive_ns": 2_000_000, "start_ns": -1, "end_ns": 9_000_000, "code": CODES.index("timeout")}
    ]
    _, found = trace(by_hand_kept(by_hand([], spans=spans)))
    waits = [(e["ts"], e["dur"]) for e in found["traceEvents"] if e["ph"] == "X" and e["name"] == "waiting for a slot"]
    assert waits == [(2000, 7000)]


def test_every_sampled_hop_of_a_run_is_there(small_run: Path) -> None:
    """As many hops as the journal has spans; slices of one row nest or follow; an arrow starts while its caller is under way."""
    stored = read_run(small_run)
    count, found = trace(stored)
    assert count == np.unique(stored.journal.spans["request"]).size > 50
    slices = [e for e in found["traceEvents"] if e["ph"] == "X"]
    hops = [e for e in slices if e["cat"] in CODES]
    assert len(hops) == stored.journal.spans["request"].size
    rows = defaultdict(list)
    for e in slices:
        rows[e["pid"], e["tid"]].append((e["ts"], e["ts"] + e["dur"]))
    for spans in rows.values():
        for (a, b), (c, d) in pairwise(spans):
            assert c >= b or (a <= c and d <= b)
    for e in found["traceEvents"]:
        if e["ph"] == "s":
            begin, end = rows[e["pid"], e["tid"]][0]
            assert begin <= e["ts"] <= end


def test_without_sampled_hops_there_is_a_hint(by_hand: Callable[..., Journal]) -> None:
    """The error says with which option to run again."""
    with pytest.raises(InputError, match="--spans N"):
        trace(by_hand_kept(by_hand([])))


def test_the_run_has_its_faults_alarms_and_counters(small_run: Path) -> None:
    """Every such event of the journal at its instant, and orders that add up to the totals of the series."""
    stored = read_run(small_run)
    _, found = trace(stored)
    of_run = [e for e in found["traceEvents"] if e["pid"] == RUN]
    instants = {(e["cat"], e["name"], e["ts"]) for e in of_run if e["ph"] == "i"}
    words = {word: title for title, known in INSTANTS.items() for word in known}
    asked = {
        (words[e.what], f"{e.what.replace('_', ' ')}: {e.subject}", e.t_ns / 1000)
        for e in stored.journal.events
        if e.what in words
    }
    assert instants == asked
    assert {"faults", "alarms"} <= {category for category, _, _ in instants}
    counters = [e for e in of_run if e["ph"] == "C" and e["name"] == "orders"]
    for field in ("ok", "unknown"):
        assert sum(e["args"][field] for e in counters) == stored.journal.series("flow", "order", field).sum()
    assert any(e["name"] == "pool threads" and e["args"]["waiting"] for e in of_run if e["ph"] == "C")
