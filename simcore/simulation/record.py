"""What a run leaves in its journal: what was run, what was counted, what became of every intent."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

import numpy as np

from simcore.base.units import DAY
from simcore.compile.arena import Ints
from simcore.compile.plan import Plan
from simcore.intents import intent_columns
from simcore.journal.model import Columns, Journal
from simcore.journal.writer import JournalWriter
from simcore.kernel import layout as y
from simcore.kernel.ledger.conservation import conservation
from simcore.kernel.machine import Machine
from simcore.kernel.records import JOURNAL_RECORDS
from simcore.laws import kernel_laws
from simcore.model.trading_calendar import TradingCalendar, calendar_named

_TOTALS = {kind: record.totals() for kind, record in JOURNAL_RECORDS.items()}


def journal_meta(plan: Plan, played: frozenset[str] = frozenset()) -> dict[str, object]:
    """What a journal says first: what was run, and how (JournalWriter.begin); `played` are the teams for which people decided."""
    try:
        own = version("coredrill")
    except PackageNotFoundError:
        own = "0"
    flows = plan.architecture.flows
    return {
        "coredrill_version": own,
        "architecture": plan.architecture.name,
        "architecture_digest": plan.details.get("architecture_digest", ""),
        "workload": plan.workload.name,
        "environment": plan.environment,
        "seed": plan.seed,
        "start_ns": plan.start,
        "end_ns": plan.end,
        "window": plan.details.get("window"),
        "span_sampling": plan.span_sampling,
        "calendar": plan.workload.calendar,
        "flow_kinds": {name: flow.kind for name, flow in flows.items()},
        "recorded_flows": [name for name, flow in flows.items() if flow.record],
        **({"closed_flows": closed} if (closed := _closed_flows(plan)) else {}),
        **({"left_out": left_out} if (left_out := plan.left_out.names) else {}),
        **({"played": sorted(played)} if played else {}),
    }


def _closed_flows(plan: Plan) -> list[str]:
    """The flows of closed populations."""
    return [name for name, load in plan.workload.flows.items() if load.closed is not None]


def journal_names(plan: Plan) -> dict[str, list[str]]:
    """The names of all that a journal counts, by kind."""
    kinds = ("pool", "link", "flow", "limit")
    return {kind: list(plan.handles[kind]) for kind in kinds} | {
        kind: plan.numbers[kind] for kind in ("unit", "operation", "call")
    }


def span_columns(plan: Plan, block: Ints) -> Columns:
    """Spans as the kernel has them, int64 [n, SPAN_SIZE], as columns of the journal."""
    instances = np.array([plan.handles["unit"][name] for name in plan.numbers["unit"]])
    order = np.argsort(instances)
    started, ended = block[:, y.SPAN_STARTED], block[:, y.SPAN_ENDED]
    return {
        "request": block[:, y.SPAN_REQUEST],
        "path": block[:, y.SPAN_PATH],
        "parent": block[:, y.SPAN_PARENT],
        "unit": order[np.searchsorted(instances[order], block[:, y.SPAN_INSTANCE])],
        "operation": block[:, y.SPAN_OPERATION],
        "arrive_ns": block[:, y.SPAN_ARRIVED],
        "start_ns": np.where(started < 0, ended, started),
        "end_ns": ended,
        "code": block[:, y.SPAN_CODE],
    }


def _intent_columns(plan: Plan, machine: Machine, end: int) -> Columns:
    hours = exchange_hours(calendar_named(plan.workload.calendar), plan.start, end)
    places, reports = (bool(plan.index.operations_with({effect})) for effect in ("order.accept", "order.report"))
    close = last_close(hours, plan.start, end)
    return intent_columns(machine.ledger, machine.used_rows, hours=hours, close=close, end=end, places=places, reports=reports)


def exchange_hours(calendar: TradingCalendar, start: int, end: int) -> list[tuple[int, int]]:
    """When the exchange's gate is open from the day of `start` to that of `end`, ns; empty if the calendar has no such gate."""
    days = range(start // DAY, end // DAY + 1)
    return [(day * DAY + a, day * DAY + b) for day in days for a, b in calendar.gates.get("exchange", ())]


def last_close(hours: list[tuple[int, int]], start: int, end: int) -> int:
    """The end of the last trading day that ended by `end`; `start` if none did, for then nothing can be stranded yet."""
    ends: dict[int, int] = {}
    for _, closes in hours:
        ends[closes // DAY] = closes
    return max((close for close in ends.values() if close <= end), default=start)


def finished_journal(plan: Plan, machine: Machine, writer: JournalWriter, unknown: str | None) -> Journal:
    """What has been written, with the intents, totals and laws of a run that ends now; `unknown` is why nothing can be concluded from it."""
    pools = plan.handles["pool"]
    machine.account_pools(list(pools.values()))
    machine.drain()
    writer.add_intents(_intent_columns(plan, machine, machine.now))
    totals = {
        (kind, name, field): int(machine.m[at + offset])
        for kind, offsets in _TOTALS.items()
        for name, at in plan.handles[kind].items()
        for field, offset in offsets.items()
        if not (kind == "call" and field != "attempts" and not machine.m[at + int(y.CALL_ATTEMPTS_MAX)])  # a send
    }
    histograms = {}
    for kind, offset in (("flow", y.FLOW_HISTOGRAM), ("operation", y.OPERATION_HISTOGRAM)):
        for name, at in plan.handles[kind].items():
            base = int(machine.m[at + int(offset)])
            histograms[kind, name] = machine.m[base : base + y.HISTOGRAM_BUCKETS]
    counts = {"events": machine.get(y.RUN_EVENTS), "tasks": machine.get(y.RUN_TASKS), "requests": machine.get(y.RUN_REQUESTS)}
    laws = [*conservation(machine.ledger, machine.used_rows), *kernel_laws(plan, machine)]
    return writer.finish(totals, histograms, laws, {}, counts, unknown)
