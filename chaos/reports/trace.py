"""Sampled requests as Chrome trace JSON, which Perfetto and chrome://tracing open: one process a request, one row a hop.

Rows, not nested slices: a callee may go on after its caller gave up, and slices of one row must not overlap.
Format: Trace Event Format (Google), complete events `X`, flow events `s` and `f`, metadata `M`; times in microseconds.
"""

from __future__ import annotations

import json
from typing import IO, Any

import numpy as np

from chaos.results.stored_run import StoredRun
from simcore.base.errors import InputError
from simcore.base.units import US
from simcore.journal.model import CODES, OUTCOMES

INTENT_ROW = 0


def write_trace(stored: StoredRun, file: IO[str]) -> int:
    """The trace; how many requests are in it. Raises InputError if the run sampled none."""
    spans = stored.journal.spans
    requests = np.unique(spans["request"]).tolist()
    if not requests:
        mend = "run it again with --spans N, which keeps the hops of every N-th request"
        raise InputError("no hops were sampled in this run", file=str(stored.folder), mend=mend)
    events: list[dict[str, Any]] = []
    order = np.lexsort((spans["arrive_ns"], spans["request"]))
    edges = np.searchsorted(spans["request"][order], [*requests, requests[-1] + 1])
    for request, a, b in zip(requests, edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        events += _request(stored, request, order[a:b].tolist())
    about = {
        "architecture": stored.run.architecture,
        "scenario": stored.run.scenario,
        "seed": stored.run.seed,
        "digest": stored.run.digest,
    }
    json.dump(
        {"traceEvents": events, "displayTimeUnit": "ms", "otherData": about}, file, ensure_ascii=False, separators=(",", ":")
    )
    file.write("\n")
    return len(requests)


def _request(stored: StoredRun, request: int, rows: list[int]) -> list[dict[str, Any]]:
    """The events of one request; `rows` are its spans by arrival."""
    title, events = _intent(stored, request)
    events.insert(0, _named("process_name", request, INTENT_ROW, title))
    row_of = {int(stored.journal.spans["path"][i]): row for row, i in enumerate(rows, 1)}
    for row, i in enumerate(rows, 1):
        events += _hop(stored, request, row, i)
        parent = int(stored.journal.spans["parent"][i])
        if parent in row_of:
            events += _arrow(stored, request, row_of[parent], row, i)
    return events


def _intent(stored: StoredRun, request: int) -> tuple[str, list[dict[str, Any]]]:
    """What the request is, and the slice from submission to answer if the journal has a row of it."""
    intents = stored.journal.intents
    at = np.flatnonzero(intents["request"] == request)
    if not at.size:
        return f"request {request}", []
    i = int(at[0])
    flow, outcome = stored.journal.names["flow"][int(intents["flow"][i])], OUTCOMES[int(intents["outcome"][i])]
    begin, end = int(intents["submit_ns"][i]), int(intents["answer_ns"][i])
    args = {"customer": int(intents["customer"][i]), "outcome": outcome, "attempts": int(intents["attempts"][i])}
    events = [_named("thread_name", request, INTENT_ROW, "intent")]
    if end:
        events.append(_slice(f"{flow}: {outcome}", "intent", request, INTENT_ROW, begin, end, args))
    return f"request {request} {flow} {outcome}", events


def _hop(stored: StoredRun, request: int, row: int, i: int) -> list[dict[str, Any]]:
    """The hop from arrival to end, and in it the wait for its slots."""
    journal, spans = stored.journal, stored.journal.spans
    unit, operation = journal.names["unit"][int(spans["unit"][i])], journal.names["operation"][int(spans["operation"][i])]
    arrive, start, end = (int(spans[column][i]) for column in ("arrive_ns", "start_ns", "end_ns"))
    code = CODES[int(spans["code"][i])]
    found = [_named("thread_name", request, row, f"{row:03d} {unit}")]
    found.append(_slice(operation, code, request, row, arrive, end, {"unit": unit, "code": code}))
    started = start if arrive < start <= end else arrive
    if started > arrive:
        found.append(_slice("waiting for a slot", "queue", request, row, arrive, started, {}))
    return found


def _arrow(stored: StoredRun, request: int, source: int, target: int, i: int) -> list[dict[str, Any]]:
    """From the caller's row to the hop."""
    common = {
        "name": "call",
        "cat": "call",
        "pid": request,
        "ts": int(stored.journal.spans["arrive_ns"][i]) / US,
        "id": f"{request}.{target}",
    }
    return [{"ph": "s", "tid": source, **common}, {"ph": "f", "bp": "e", "tid": target, **common}]


def _slice(name: str, category: str, pid: int, tid: int, begin: int, end: int, args: dict[str, Any]) -> dict[str, Any]:
    times = {"ts": begin / US, "dur": max(0, end - begin) / US}
    return {"ph": "X", "name": name, "cat": category, "pid": pid, "tid": tid, **times, "args": args}


def _named(what: str, pid: int, tid: int, text: str) -> dict[str, Any]:
    return {"ph": "M", "name": what, "pid": pid, "tid": tid, "args": {"name": text}}
