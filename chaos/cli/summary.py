"""A run of `coredrill simulate` in at most 40 lines of a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.console import Console

from chaos.measures.formatting import NONE, counted, fraction, latency, number, rounded
from simcore.base.errors import one_line
from simcore.base.units import format_clock
from simcore.journal.model import FLAGS, Event, Journal
from simcore.journal.summary import (
    FlowFigures,
    LawResult,
    OrderCounts,
    PoolFigures,
    SimulationFigures,
    SimulationRun,
    Window,
    simulation_run,
)

_FLOW_ROWS, _POOL_ROWS, _EVENT_ROWS = 8, 5, 8
_NAME_CELLS_MAX = 22
_NOT_SHOWN = ("real_ns",)
"""What of an event a person has no use for."""


class _Table(NamedTuple):
    """A table's title, its rows under one of headings, and how many rows are left out."""

    title: str
    rows: list[list[str]]
    left_out: int


def print_summary(journal: Journal, console: Console, *, window: Window | None = None, wall_s: float | None = None) -> None:
    """At most 40 lines for a person: what failed, flows, busiest pools, events, conservation. Plain when piped."""
    run = simulation_run(journal, window=window, wall_s=wall_s)

    def say(text: str, style: str = "") -> None:
        # one_line: a journal is untrusted, and its names must not reach the terminal as codes or line breaks
        console.print(one_line(text), style=style, markup=False, highlight=False, emoji=False, soft_wrap=True)

    say(("live twin: " if journal.meta.live else "") + _title(run))
    say(_headline(run.metrics.flows), "bold")
    if truth := _truth_line(run.metrics.orders):
        say(truth)
    if run.unknown_reason is not None:
        say(f"unknown: {run.unknown_reason}", "bold red")
    for table in (_flow_rows(run.metrics.flows), _pool_rows(run.metrics.pools)):
        if len(table.rows) > 1:
            say("")
            say(table.title + (f" (and {table.left_out} more)" if table.left_out else ""), "bold")
            for line in _aligned(table.rows):
                say(line)
    for line in _event_lines(journal.events):
        say(line)
    say("")
    say(_conservation_line(run.conservation), "" if all(law.ok for law in run.conservation) else "bold red")
    say(_last_line(run.metrics, run.digest, live=journal.meta.live))


def _title(run: SimulationRun) -> str:
    begin, end = run.window or (run.start_ns, run.end_ns)
    where = run.architecture + (f" in {run.environment}" if run.environment else "")
    return f"{where}, {run.workload}, seed {run.seed}, {format_clock(begin)} to {format_clock(end)}"


def _headline(figures: Mapping[str, FlowFigures]) -> str:
    """Failed orders; where no flow is of kind order, failed intents of every flow but probes."""
    flows = [flow for flow in figures.values() if flow.kind == "order"]
    noun = "orders" if flows else "intents"
    flows = flows or [flow for flow in figures.values() if flow.kind != "probe"]
    intended, failed = sum(flow.intended for flow in flows), sum(flow.failed_all for flow in flows)
    if not intended:
        return f"failed {noun}: none was intended"
    sums = {
        "blocked": sum(f.blocked for f in flows),
        "failed": sum(f.failed for f in flows),
        "unknown": sum(f.unknown for f in flows),
    }
    parts = ", ".join(f"{key} {number(count)}" for key, count in sums.items())
    return f"failed {noun}: {number(failed)} of {number(intended)} ({fraction(failed / intended, exact=True)}): {parts}"


def _truth_line(orders: OrderCounts) -> str:
    """What is true of the orders beside what clients saw, if anything is wrong."""
    found = [f"{name} {number(count)}" for name in FLAGS if (count := orders.count(name))]
    return f"in truth: {', '.join(found)}" if found else ""


def _aligned(rows: list[list[str]]) -> list[str]:
    """Lines of a table, its first column to the left. Rich's own would cut figures to the width of a pipe, which is 80."""
    cells = [[_short(one_line(row[0])), *row[1:]] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(*cells, strict=True)]
    return ["  ".join([set_cell_size(row[0], widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in cells]


def _short(name: str) -> str:
    return name if cell_len(name) <= _NAME_CELLS_MAX else set_cell_size(name, _NAME_CELLS_MAX - 1) + "…"


def _flow_rows(flows: Mapping[str, FlowFigures]) -> _Table:
    """The flows with most intents, in the order of the architecture."""
    by_size = sorted(flows, key=lambda name: -flows[name].intended)[:_FLOW_ROWS]
    rows = [["", "intended", "rejected", "blocked", "failed", "unknown", "success", "p50", "p99"]]
    for name in (name for name in flows if name in by_size):
        flow = flows[name]
        counts = (flow.intended, flow.rejected, flow.blocked, flow.failed, flow.unknown)
        success = fraction(flow.success, exact=True)
        rows.append([name, *(number(count) for count in counts), success, latency(flow.p50_ns), latency(flow.p99_ns)])
    return _Table("flows", rows, len(flows) - len(by_size))


def _pool_rows(pools: Mapping[str, PoolFigures]) -> _Table:
    """The pools that were full longest, then those with the longest queues, then the busiest; idle ones are left out."""

    def rank(name: str) -> tuple[float, ...]:
        pool = pools[name]
        return tuple(-(value or 0) for value in (pool.full_share, pool.queue_mean, pool.busy_mean, pool.peak_busy))

    used = sorted((name for name in pools if any(rank(name))), key=rank)
    rows = [["", "full", "refused", "busy", "peak busy", "queue", "peak queue"]]
    for name in used[:_POOL_ROWS]:
        pool = pools[name]
        figures = (pool.refused, pool.busy_mean, pool.peak_busy, pool.queue_mean, pool.peak_queue)
        rows.append([name, fraction(pool.full_share), *map(_number, figures)])
    return _Table("busiest pools", rows, max(0, len(used) - _POOL_ROWS))


def _event_lines(events: list[Event]) -> list[str]:
    """Each kind of event at a subject once, at its first time, with how often it occurred."""
    first: dict[tuple[str, str], Event] = {}
    times: dict[tuple[str, str], int] = {}
    for event in events:
        first.setdefault((event.what, event.subject), event)
        times[event.what, event.subject] = times.get((event.what, event.subject), 0) + 1
    lines = [""] * bool(first) + ["events"] * bool(first)
    for key, event in list(first.items())[:_EVENT_ROWS]:
        said = {name: value for name, value in event.detail.items() if value is not None and name not in _NOT_SHOWN}
        detail = "".join(f" {name}={value}" for name, value in said.items()) if times[key] == 1 else f" ×{number(times[key])}"
        lines.append(f"{format_clock(event.t_ns)}  {event.what} {event.subject}{detail}")
    if len(first) > _EVENT_ROWS:
        lines.append(f"and {number(len(first) - _EVENT_ROWS)} more")
    return lines


def _conservation_line(laws: Sequence[LawResult]) -> str:
    broken = [f"{law.law} (expected {law.expected}, found {law.found})" for law in laws if not law.ok]
    if broken:
        return f"conservation: {len(broken)} of {counted(len(laws), 'law')} BROKEN: {'; '.join(broken)}"
    return (
        f"conservation: {'all ' * (len(laws) > 1)}{counted(len(laws), 'law holds', 'laws hold')}"
        if laws
        else "conservation: no law was checked"
    )


def _last_line(metrics: SimulationFigures, digest: str, *, live: bool) -> str:
    """The digest, and how many events were simulated: of what took real time nobody counts them."""
    if live:
        return f"digest {digest}"
    speed = "" if metrics.events_per_s is None else f" ({rounded(metrics.events_per_s)} a second)"
    return f"{number(metrics.events)} events{speed}, digest {digest}"


def _number(value: float | None) -> str:
    if value is None:
        return NONE
    return number(value) if isinstance(value, int) else rounded(value, 1)
