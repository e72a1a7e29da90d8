"""Sampled requests as Chrome trace JSON, which Perfetto and chrome://tracing open: one process a request, one row a hop; above them one for the
run, with faults, alarms and what people did as instants, and counters of orders and of the fullest pools.

Rows, not nested slices: a callee may go on after its caller gave up, and slices of one row must not overlap.
Format: Trace Event Format (Google), complete events `X`, flow events `s` and `f`, instants `i`, counters `C`, metadata `M`; times in
microseconds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import IO, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from chaos.reports.run.bins import bins_of
from chaos.reports.run.hops import wait_ns
from chaos.results.stored_run import StoredRun
from simcore.base.errors import InputError
from simcore.base.units import US
from simcore.journal.model import CODES, OUTCOMES

INTENT_ROW = 0
RUN = 2_000_000_000
"""The number of the run's own process: no request has it."""
INSTANTS = {
    "faults": ("fault_started", "fault_exercised", "fault_healed", "fault_failed"),
    "alarms": ("alarm", "false_alarm", "ack", "alarm_cleared"),
    "people": ("detect", "decide", "action_started", "action_done", "action_failed", "action_called_off", "act", "restore"),
}
"""The rows of the run's process: events of the journal by their words."""
POOLS_MAX = 8
"""So many pools have counters: those with the longest queues."""


class TraceEvent(BaseModel):
    """An event of the trace, under the names that its format gives: `ph` its kind, `ts` and `dur` microseconds. What does not
    belong to its kind is not set."""

    model_config = ConfigDict(frozen=True)

    ph: Literal["X", "M", "s", "f", "i", "C"]
    name: str
    pid: int
    tid: int
    cat: str = ""
    ts: float = 0.0
    dur: float = 0.0
    id: str = ""
    bp: str = ""
    s: Literal["", "p"] = ""
    args: dict[str, str | int] = {}


class _Other(BaseModel):
    architecture: str
    scenario: str | None
    seed: int
    digest: str


class _Trace(BaseModel):
    traceEvents: list[TraceEvent]  # noqa: N815 (the format's own name)
    displayTimeUnit: Literal["ms"]  # noqa: N815
    otherData: _Other  # noqa: N815


def write_trace(stored: StoredRun, file: IO[str]) -> int:
    """The trace; how many requests are in it. Raises InputError if the run sampled none."""
    spans, run = stored.journal.spans, stored.run
    requests = np.unique(spans["request"]).tolist()
    if not requests:
        hint = "run it again with --spans N, which keeps the hops of every N-th request"
        raise InputError("no hops were sampled in this run", file=str(stored.folder), hint=hint)
    events = [*_run(stored)]
    order = np.lexsort((spans["arrive_ns"], spans["request"]))
    edges = np.searchsorted(spans["request"][order], [*requests, requests[-1] + 1])
    for request, a, b in zip(requests, edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        events += _request(stored, request, order[a:b].tolist())
    about = _Other(architecture=run.architecture, scenario=run.scenario, seed=run.seed, digest=run.digest)
    trace = _Trace(traceEvents=events, displayTimeUnit="ms", otherData=about)
    json.dump(trace.model_dump(mode="json", exclude_unset=True), file, ensure_ascii=False, separators=(",", ":"))
    file.write("\n")
    return len(requests)


def _run(stored: StoredRun) -> Iterator[TraceEvent]:
    """The run's own process: what happened to it, and how it fared, by the bins of its page."""
    yield _named("process_name", RUN, 0, "the run")
    yield TraceEvent(ph="M", name="process_sort_index", pid=RUN, tid=0, args={"sort_index": -1})
    for row, (title, words) in enumerate(INSTANTS.items(), 1):
        yield _named("thread_name", RUN, row, title)
        for event in stored.journal.events:
            if event.what in words:
                args: dict[str, str | int] = {key: str(value) for key, value in event.detail.items()}
                name = f"{event.what.replace('_', ' ')}: {event.subject}"
                yield TraceEvent(ph="i", s="p", name=name, cat=title, pid=RUN, tid=row, ts=event.t_ns / US, args=args)
    yield from _counters(stored)


def _counters(stored: StoredRun) -> Iterator[TraceEvent]:
    """Orders by what their customers saw, in each bin, and how full the pools are for which most waited."""
    journal, bins = stored.journal, bins_of(stored.journal)
    orders = [flow for flow, kind in journal.meta.flow_kinds.items() if kind == "order"]
    fields = ("ok", "rejected", "failed", "unknown", "blocked")
    ended = {field: sum((bins.sums("flow", flow, field) for flow in orders), np.zeros(bins.count, np.int64)) for field in fields}
    queues = {pool: bins.highest("pool", pool, "peak_queue") for pool in journal.names.get("pool", [])}
    longest = sorted((pool for pool in queues if queues[pool].any()), key=lambda pool: (-int(queues[pool].max()), pool))[
        :POOLS_MAX
    ]
    busy = {pool: bins.highest("pool", pool, "peak_busy") for pool in longest}
    for i, begin in enumerate(bins.begins.tolist()):
        yield _counter("orders", begin, {field: int(ended[field][i]) for field in fields})
        for pool in longest:
            yield _counter(f"pool {pool}", begin, {"busy": int(busy[pool][i]), "waiting": int(queues[pool][i])})


def _counter(name: str, at: int, values: dict[str, int]) -> TraceEvent:
    return TraceEvent(ph="C", name=name, pid=RUN, tid=0, ts=at / US, args={**values})


def _request(stored: StoredRun, request: int, rows: list[int]) -> list[TraceEvent]:
    """The events of one request; `rows` are its spans by arrival."""
    events = _intent(stored, request)
    row_of = {int(stored.journal.spans["path"][i]): row for row, i in enumerate(rows, 1)}
    for row, i in enumerate(rows, 1):
        events += _hop(stored, request, row, i)
        parent = int(stored.journal.spans["parent"][i])
        if parent in row_of:
            events += _arrow(stored, request, row_of[parent], row, i)
    return events


def _intent(stored: StoredRun, request: int) -> list[TraceEvent]:
    """What the request is, and the slice from submission to answer if the journal has a row of it."""
    intents = stored.journal.intents
    at = np.flatnonzero(intents["request"] == request)
    if not at.size:
        return [_named("process_name", request, INTENT_ROW, f"request {request}")]
    i = int(at[0])
    flow, outcome = stored.journal.names["flow"][int(intents["flow"][i])], OUTCOMES[int(intents["outcome"][i])]
    begin, end = int(intents["submit_ns"][i]), int(intents["answer_ns"][i])
    args: dict[str, str | int] = {
        "customer": int(intents["customer"][i]),
        "outcome": outcome,
        "attempts": int(intents["attempts"][i]),
    }
    events = [_named("process_name", request, INTENT_ROW, f"request {request} {flow} {outcome}")]
    events.append(_named("thread_name", request, INTENT_ROW, "intent"))
    if end:
        events.append(_slice(f"{flow}: {outcome}", "intent", request, INTENT_ROW, begin, end, args))
    return events


def _hop(stored: StoredRun, request: int, row: int, i: int) -> list[TraceEvent]:
    """The hop from arrival to end, and in it the wait for its slots."""
    journal, spans = stored.journal, stored.journal.spans
    instance, operation = journal.names["unit"][int(spans["unit"][i])], journal.names["operation"][int(spans["operation"][i])]
    arrive, start, end = (int(spans[column][i]) for column in ("arrive_ns", "start_ns", "end_ns"))
    code = CODES[int(spans["code"][i])]
    found = [_named("thread_name", request, row, f"{row:03d} {instance}")]
    found.append(_slice(operation, code, request, row, arrive, end, {"unit": instance, "code": code}))
    if waited := wait_ns(arrive, start, end):
        found.append(_slice("waiting for a slot", "queue", request, row, arrive, arrive + waited, {}))
    return found


def _arrow(stored: StoredRun, request: int, source: int, target: int, i: int) -> list[TraceEvent]:
    """From the caller's row to the hop."""
    at, name = int(stored.journal.spans["arrive_ns"][i]) / US, f"{request}.{target}"
    return [
        TraceEvent(ph="s", tid=source, name="call", cat="call", pid=request, ts=at, id=name),
        TraceEvent(ph="f", bp="e", tid=target, name="call", cat="call", pid=request, ts=at, id=name),
    ]


def _slice(name: str, category: str, pid: int, tid: int, begin: int, end: int, args: dict[str, str | int]) -> TraceEvent:
    length = max(0, end - begin) / US
    return TraceEvent(ph="X", name=name, cat=category, pid=pid, tid=tid, ts=begin / US, dur=length, args=args)


def _named(what: str, pid: int, tid: int, text: str) -> TraceEvent:
    return TraceEvent(ph="M", name=what, pid=pid, tid=tid, args={"name": text})
