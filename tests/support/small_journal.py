"""A journal small enough to count by hand: four seconds, eight orders, two flows and two pools."""

from __future__ import annotations

from typing import Any

import numpy as np
from histograms import histogram_of

from simcore.base.units import MS, SECOND
from simcore.journal.model import FLAGS, INTENT_COLUMNS, OUTCOMES, Journal
from simcore.journal.writer import JournalWriter

META = {
    "coredrill_version": "0.1.0", "architecture": "chain", "architecture_digest": "ab12", "workload": "steady",
    "environment": "peak", "seed": 7, "start_ns": 0, "end_ns": 4 * SECOND, "window": None, "span_sampling": 0,
    "calendar": "continuous", "flow_kinds": {"order": "order", "quote": "query"}, "recorded_flows": ["order"],
}  # fmt: skip
NAMES = {"pool": ["threads", "idle"], "flow": ["order", "quote"]}
FLOW_FIELDS = ("started", "ok", "rejected", "failed", "unknown", "blocked")
POOL_FIELDS = ("granted", "refused", "waited", "wait_ns", "busy_ns", "queue_ns", "full_ns", "peak_busy", "peak_queue")
COUNTS = {"events": 5000, "tasks": 40, "requests": 12}

# submit, answer, outcome, recorded, placed, flags: two a second
ORDERS = [
    (0, 10 * MS, "confirmed", 1, 1, ()),
    (SECOND // 2, SECOND // 2 + 30 * MS, "confirmed", 1, 0, ("stranded",)),
    (SECOND, SECOND + MS, "rejected", 0, 0, ()),
    (SECOND * 3 // 2, SECOND * 3 // 2, "blocked", 0, 0, ()),
    (2 * SECOND, 3 * SECOND, "unknown", 2, 2, ("duplicated", "late")),
    (2 * SECOND + 1, 2 * SECOND + 2, "failed", 0, 0, ()),
    (3 * SECOND, 3 * SECOND + 20 * MS, "confirmed", 1, 0, ("lost", "orphan")),
    (3 * SECOND + 1, 0, "pending", 1, 0, ()),
]


def intents(orders: list[tuple[int, int, str, int, int, tuple[str, ...]]]) -> dict[str, np.ndarray]:
    rows = {name: np.zeros(len(orders), np.int64) for name in INTENT_COLUMNS}
    for i, (submit, answer, outcome, recorded, placed, flags) in enumerate(orders):
        values = {"request": i + 1, "submit_ns": submit, "answer_ns": answer, "outcome": OUTCOMES.index(outcome), "attempts": 1}
        values |= {"recorded": recorded, "placed": placed, "flags": sum(FLAGS[flag] for flag in flags)}
        for name, value in values.items():
            rows[name][i] = value
    return rows


def build(
    meta: dict[str, Any] | None = None,
    names: dict[str, list[str]] | None = None,
    orders: Any = ORDERS,
    events: Any = (),
    laws: Any = (("little", True, 12, 12),),
    properties: Any = None,
    reason: str | None = None,
) -> Journal:
    """Four seconds: one quote a second, ok but for the last, which failed; a pool busier each second."""
    names = names or NAMES
    writer = JournalWriter()
    columns = [("flow", "quote", field, "cumulative") for field in FLOW_FIELDS]
    columns += [("pool", "threads", field, "cumulative") for field in ("busy_ns", "refused")]
    columns += [("pool", "threads", "peak_busy", "peak")]
    writer.begin(META | (meta or {}), names, columns)
    seconds = np.arange(1, 5)
    ok, failed = np.minimum(seconds, 3), seconds // 4
    series = [seconds + 1, ok, 0 * ok, failed, 0 * ok, 0 * ok, SECOND * seconds * (seconds + 1) // 2, 2 * ok, [4, 8, 6, 5]]
    writer.add_series(np.array(series, np.int64).T.copy())
    writer.add_events(events)
    writer.add_intents(intents(orders))
    totals = {("flow", flow, field): 0 for flow in names["flow"] for field in FLOW_FIELDS}
    totals |= {("flow", "quote", "started"): 5, ("flow", "quote", "ok"): 3, ("flow", "quote", "failed"): 1}
    totals |= {("pool", pool, field): 0 for pool in names["pool"] for field in POOL_FIELDS}
    threads = {"busy_ns": 10 * SECOND, "queue_ns": 2 * SECOND, "full_ns": SECOND, "refused": 6, "peak_busy": 8, "peak_queue": 3}
    totals |= {("pool", "threads", field): value for field, value in threads.items()}
    histograms = {("flow", "quote"): histogram_of(np.array([2 * MS, 3 * MS, 40 * MS]))}
    return writer.finish(totals, histograms, laws, properties or {}, COUNTS, reason)
