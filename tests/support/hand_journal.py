"""Journals written down by hand, of orders and counters that a test names: for figures that can be counted on paper."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from chaos.measures.intervals import OVERDUE_NS, EvaluationSpec, Objective
from simcore.base.units import MS, SECOND
from simcore.journal.model import INTENT_COLUMNS, OUTCOMES, Journal
from simcore.journal.writer import JournalWriter
from simcore.model.metrics import parse_metric

EVERY = 10 * SECOND
HOLD = 3 * EVERY
META = {
    "coredrill_version": "0.1.0", "architecture": "hand", "architecture_digest": "ab12", "workload": "hand", "environment": None,
    "seed": 1, "window": None, "span_sampling": 0, "calendar": "continuous", "flow_kinds": {"order": "order", "quote": "query"},
    "recorded_flows": ["order"],
}  # fmt: skip


class Order(NamedTuple):
    """An intent of the flow `order`: times in ns, `wait` until its answer; `in_control`: what became of it in the control run;
    `flags`: what the ledgers say of it, the sum of the bits."""

    submit: int
    outcome: str = "confirmed"
    wait: int = 10 * MS
    customer: int = 0
    in_control: int = 0
    flags: int = 0


def orders(window: int, *, good: int = 0, bad: int = 0, rejected: int = 0, pending: int = 0, wait: int = 10 * MS) -> list[Order]:
    """So many orders of each outcome, submitted one after the other in the evaluation interval of that number."""
    outcomes = ["confirmed"] * good + ["failed"] * bad + ["rejected"] * rejected + ["pending"] * pending
    return [Order(window * EVERY + n * MS, outcome, wait, n) for n, outcome in enumerate(outcomes)]


def windows(states: str, *, first: int = 0) -> list[Order]:
    """Orders of one interval after the other: `+` ten good ones, `-` ten bad ones, `.` none."""
    made = {"+": {"good": 10}, "-": {"bad": 10}, ".": {}}
    return [order for n, state in enumerate(states) for order in orders(first + n, **made[state])]


def journal(
    seconds: int,
    made: Iterable[Order] = (),
    counters: Mapping[str, Sequence[int]] | None = None,
    events: Iterable[tuple[int, str, str, dict[str, Any]]] = (),
    *,
    start: int = 0,
    totals: Mapping[str, int] | None = None,
    reason: str | None = None,
    planned: int | None = None,
    closed: Sequence[str] = (),
) -> Journal:
    """A run of so many seconds from `start` (ns). `counters` by kind/name/field: what it grows by in each second from the first on,
    of a gauge its values; missing seconds are 0. `totals`: of what has no series. `planned`: seconds that it was to have.
    `closed`: flows of a closed population."""
    rows = sorted(made)
    began = [sum(start + n * SECOND <= order.submit < start + (n + 1) * SECOND for order in rows) for n in range(seconds)]
    readings = {"flow/order/started": began} | {
        f"flow/quote/{field}": () for field in ("started", "ok", "rejected", "failed", "unknown", "blocked")
    }
    readings |= dict(counters or {})
    columns = [(*parse_metric(reading), _mode(reading)) for reading in readings]
    names: dict[str, list[str]] = {"flow": ["order"]}
    for kind, name, _, _ in [*columns, *((*parse_metric(reading), "") for reading in totals or {})]:
        if name not in names.setdefault(kind, []):
            names[kind].append(name)
    writer = JournalWriter()
    ends_ns = start + (planned or seconds) * SECOND
    writer.begin(META | {"start_ns": start, "end_ns": ends_ns, "closed_flows": list(closed)}, names, columns)
    table = [[*values, *([0] * (seconds - len(values)))] for values in readings.values()]
    block = np.array([np.cumsum(v) if c[3] == "cumulative" else v for c, v in zip(columns, table, strict=True)], np.int64)
    writer.add_series(block.T.copy())
    writer.add_intents(_columns(rows))
    writer.add_events(events)
    ends = {parse_metric(reading): sum(values) for reading, values in readings.items() if _mode(reading) == "cumulative"}
    ends |= {parse_metric(reading): value for reading, value in (totals or {}).items()}
    return writer.finish(ends, {}, (), {}, {"events": 1, "tasks": 1, "requests": len(rows)}, reason)


def _mode(reading: str) -> str:
    return "peak" if "/peak_" in reading else "gauge" if parse_metric(reading).is_gauge else "cumulative"


def _columns(rows: Sequence[Order]) -> dict[str, np.ndarray]:
    columns = {name: np.zeros(len(rows), np.int64) for name in INTENT_COLUMNS}
    for i, order in enumerate(rows):
        answered = 0 if order.outcome == "pending" else order.submit + order.wait
        for name, value in (
            ("submit_ns", order.submit),
            ("answer_ns", answered),
            ("customer", order.customer),
            ("request", i + 1),
            ("rejected_in_control", order.in_control),
            ("flags", order.flags),
        ):
            columns[name][i] = value
        columns["outcome"][i], columns["attempts"][i] = OUTCOMES.index(order.outcome), 1
    return columns


def spec(
    end: int,
    *,
    begin: int = 0,
    first: int | None = None,
    cleared: int | None = None,
    flow: str = "order",
    success: float | None = 0.9,
    quantile: float | None = None,
    latency: int | None = None,
    min_count: int = 5,
    watchers: Mapping[str, str] | None = None,
    goodput: float | None = None,
    answer_by: int = OVERDUE_NS,
    given_up: int | None = None,
    late: float | None = None,
    reported_late: float | None = None,
) -> EvaluationSpec:
    """What is asked of such a journal: intervals of ten seconds, held for three. Times in seconds, `latency` in ns."""
    return EvaluationSpec(
        window=(begin * SECOND, end * SECOND),
        every=EVERY,
        hold=HOLD,
        objectives={flow: Objective(success, quantile, latency, min_count, goodput, answer_by, late, reported_late)},
        first_action=None if first is None else first * SECOND,
        cleared_at=None if cleared is None else cleared * SECOND,
        watchers=watchers or {},
        given_up=None if given_up is None else given_up * SECOND,
    )
