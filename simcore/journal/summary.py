"""What one run amounts to: the result object, and a summary that a person can read. docs/journal.md has the definitions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len, set_cell_size
from rich.console import Console

from simcore.base.errors import one_line
from simcore.base.units import SECOND, format_clock, format_duration
from simcore.journal.model import FLAGS, OUTCOMES, Event, Journal, histogram_of, histogram_quantile

SCHEMA_VERSION = 1
TRUTHS = ("placed_once", "recorded", "not_placed", "duplicated", "lost", "orphan", "stranded", "late")

Window = tuple[int, int]
Mask = NDArray[np.bool_]

_ENDED = ("confirmed", "rejected", "blocked", "failed", "unknown")
_COUNTERS = {"confirmed": "ok", "rejected": "rejected", "blocked": "blocked", "failed": "failed", "unknown": "unknown"}
_FLOW_ROWS, _POOL_ROWS, _EVENT_ROWS = 8, 5, 8
_NAME_CELLS_MAX = 22


def result(journal: Journal, *, window: Window | None = None, wall_s: float | None = None) -> dict[str, Any]:
    """The result object with one run, of plain JSON types.

    `window`, [from, to) in ns, restricts intents and series; without it the journal's own window does, if it has one.
    `wall_s` is the wall time the run took, for `events_per_s`: a figure about the machine, so it is no part of the journal.
    """
    window = _window(journal, window)
    broken = [law.law for law in journal.conservation if not law.ok]
    reason = f"conservation broken: {', '.join(broken)}" if broken else journal.unknown_reason
    counts = journal.meta["counts"]
    run = {
        "scenario": None,
        "architecture": journal.meta["architecture"],
        "environment": journal.meta["environment"],
        "seed": journal.meta["seed"],
        "verdict": "unknown" if reason is not None else None,
        "unknown_reason": reason,
        "digest": journal.digest,
        "workload": journal.meta["workload"],
        "start_ns": journal.meta["start_ns"],
        "end_ns": journal.meta["end_ns"],
        "window": list(window) if window else None,
        "metrics": figures(journal, window)
        | {
            "pools": _pools(journal, window),
            "events": counts["events"],
            "events_per_s": counts["events"] / wall_s if wall_s else None,
        },
        "properties": journal.properties,
        "conservation": [law._asdict() for law in journal.conservation],
    }
    summary = {"runs": 1, "unknown": int(reason is not None), "conservation_broken": len(broken)}
    return {"schema_version": SCHEMA_VERSION, "runs": [run], "summary": summary}


def figures(journal: Journal, window: Window | None = None) -> dict[str, Any]:
    """`orders`, `flows` and `client_truth` of a run: the part of `result` that is quick."""
    window = _window(journal, window)
    orders = _intents_of(journal, window, [name for name, kind in journal.meta["flow_kinds"].items() if kind == "order"])
    return {
        "orders": _orders(journal, orders),
        "flows": {name: _flow(journal, name, window) for name in journal.names.get("flow", [])},
        "client_truth": _client_truth(journal, orders),
    }


def _window(journal: Journal, window: Window | None) -> Window | None:
    if window is None:
        own = journal.meta["window"]
        return (own[0], own[1]) if own else None
    if window[0] >= window[1]:
        raise ValueError(f"a window starts before it ends: {window}")
    return window


# --- intents ------------------------------------------------------------------------------------------------------------


def _intents_of(journal: Journal, window: Window | None, flows: list[str]) -> Mask:
    """Which rows are intents of these flows, submitted in the window."""
    names = journal.names.get("flow", [])
    wanted = np.array([name in flows for name in names], np.bool_)
    chosen = wanted[journal.intents["flow"]]
    if window is not None:
        submitted = journal.intents["submit_ns"]
        chosen &= (submitted >= window[0]) & (submitted < window[1])
    return chosen


def _outcomes(journal: Journal, chosen: Mask) -> dict[str, int]:
    counts = np.bincount(journal.intents["outcome"][chosen], minlength=len(OUTCOMES))
    by_name = dict(zip(OUTCOMES, counts.tolist(), strict=True))
    return {"intended": int(chosen.sum())} | {name: by_name[name] for name in (*_ENDED, "pending")}


def _orders(journal: Journal, chosen: Mask) -> dict[str, int]:
    outcomes = _outcomes(journal, chosen)
    flags = journal.intents["flags"][chosen]
    truths = {name: int(np.count_nonzero(flags & bit)) for name, bit in FLAGS.items()}
    return outcomes | truths | {"failed_orders": _failed(outcomes)}


def _failed(outcomes: dict[str, Any]) -> int:
    return int(outcomes["blocked"] + outcomes["failed"] + outcomes["unknown"])


def _client_truth(journal: Journal, chosen: Mask) -> dict[str, dict[str, int]]:
    """Outcome → truth → intents. An intent with several flags stands under the first of them, in the order of FLAGS."""
    flags, placed, recorded = (journal.intents[column][chosen] for column in ("flags", "placed", "recorded"))
    conditions = [*((flags & bit) != 0 for bit in FLAGS.values()), placed > 0, recorded > 0]
    labels = [*FLAGS, "placed_once", "recorded"]
    truth = np.select(conditions, [TRUTHS.index(label) for label in labels], TRUTHS.index("not_placed"))
    cells = journal.intents["outcome"][chosen].astype(np.int64) * len(TRUTHS) + truth
    matrix = np.bincount(cells, minlength=len(OUTCOMES) * len(TRUTHS)).reshape(len(OUTCOMES), -1)
    return {outcome: dict(zip(TRUTHS, row.tolist(), strict=True)) for outcome, row in zip(OUTCOMES, matrix, strict=True)}


# --- flows and pools ----------------------------------------------------------------------------------------------------


def _flow(journal: Journal, name: str, window: Window | None) -> dict[str, Any]:
    recorded = name in journal.meta["recorded_flows"]
    outcomes: dict[str, Any]
    if recorded:
        chosen = _intents_of(journal, window, [name])
        outcomes = _outcomes(journal, chosen)
        mean, *quantiles = _latency(journal, chosen)
    else:
        outcomes = _counted_outcomes(journal, name, window)
        # without rows there is one histogram, of the whole run: a window's quantiles are taken from it
        has_histogram = ("flow", name) in journal.histograms
        quantiles = [journal.quantile("flow", name, q) if has_histogram else None for q in (0.5, 0.99)]
        mean = None
    ended = sum(outcomes[outcome] for outcome in _ENDED)
    success = (outcomes["confirmed"] + outcomes["rejected"]) / ended if ended else None
    kind = journal.meta["flow_kinds"][name]
    waited = {"mean_ns": mean, "p50_ns": quantiles[0], "p99_ns": quantiles[1]}
    return {"kind": kind, "recorded": recorded} | outcomes | {"success": success} | waited


def _latency(journal: Journal, chosen: Mask) -> list[int | None]:
    """Mean (exact but for less than a nanosecond), median and 99th percentile of confirmed intents; the quantiles through the same
    buckets as the histograms."""
    confirmed = chosen & (journal.intents["outcome"] == OUTCOMES.index("confirmed"))
    waits = (journal.intents["answer_ns"] - journal.intents["submit_ns"])[confirmed]
    counts = histogram_of(waits)
    mean = int(waits.sum()) // len(waits) if len(waits) else None
    return [mean, *(histogram_quantile(counts, q) for q in (0.5, 0.99))]


def _counted_outcomes(journal: Journal, name: str, window: Window | None) -> dict[str, Any]:
    """Outcomes of a flow without rows. In a window what ended need not have begun there, so nothing is known to be pending."""
    counted = {outcome: _counted(journal, "flow", name, field, window) for outcome, field in _COUNTERS.items()}
    intended = _counted(journal, "flow", name, "started", window)
    pending = intended - sum(counted.values()) if window is None else None
    return {"intended": intended} | counted | {"pending": pending}


def _rows(journal: Journal, window: Window) -> slice:
    """The seconds of the series that begin in the window."""
    first, last = (max(0, -(-(t - journal.meta["start_ns"]) // SECOND)) for t in window)
    return slice(first, last)


def _counted(journal: Journal, kind: str, name: str, field: str, window: Window | None) -> int:
    """A counter's total, or its increments in the window. KeyError if the journal does not keep it."""
    if window is None:
        return journal.total(kind, name, field)
    return int(journal.series(kind, name, field)[_rows(journal, window)].sum())


def _pools(journal: Journal, window: Window | None) -> dict[str, Any]:
    elapsed = _elapsed_ns(journal, window)
    return {name: _pool(journal, name, window, elapsed) for name in journal.names.get("pool", [])}


def _pool(journal: Journal, name: str, window: Window | None, elapsed: int) -> dict[str, Any]:
    peaks: dict[str, int | None]
    if window is None:
        peaks = {field: journal.total("pool", name, field) for field in ("peak_busy", "peak_queue")}
    else:
        rows = _rows(journal, window)
        peaks = {field: _peak(journal, name, field, rows) for field in ("peak_busy", "peak_queue")}

    def counted(field: str) -> int | None:
        kept = window is None or journal.has_series("pool", name, field)
        return _counted(journal, "pool", name, field, window) if kept else None

    def mean(field: str) -> float | None:
        integral = counted(field)
        return None if integral is None or not elapsed else integral / elapsed

    means = {"busy_mean": mean("busy_ns"), "queue_mean": mean("queue_ns"), "full_share": mean("full_ns")}
    return peaks | {"refused": counted("refused")} | means


def _elapsed_ns(journal: Journal, window: Window | None) -> int:
    """Time that the series cover, in the window: less than planned for a run that stopped early."""
    end = journal.meta["end_ns"]
    begins = journal.seconds if window is None else journal.seconds[_rows(journal, window)]
    if window is None and not begins.size:
        return int(end - journal.meta["start_ns"])
    return int((np.minimum(begins + SECOND, end) - begins).sum())


def _peak(journal: Journal, name: str, field: str, rows: slice) -> int | None:
    if not journal.has_series("pool", name, field):
        return None
    return int(journal.series("pool", name, field)[rows].max(initial=0))


# --- summary ------------------------------------------------------------------------------------------------------------


def print_summary(journal: Journal, console: Console, *, window: Window | None = None, wall_s: float | None = None) -> None:
    """At most 40 lines for a person: what failed, flows, busiest pools, events, conservation. Plain when piped."""
    run = result(journal, window=window, wall_s=wall_s)["runs"][0]

    def say(text: str, style: str = "") -> None:
        # one_line: a journal is untrusted, and its names must not reach the terminal as codes or line breaks
        console.print(one_line(text), style=style, markup=False, highlight=False, emoji=False, soft_wrap=True)

    say(_title(run))
    say(_headline(run["metrics"]), "bold")
    if truth := _truth_line(run["metrics"]["orders"]):
        say(truth)
    if run["unknown_reason"] is not None:
        say(f"unknown: {run['unknown_reason']}", "bold red")
    for title, rows, left_out in (_flow_rows(run["metrics"]["flows"]), _pool_rows(run["metrics"]["pools"])):
        if len(rows) > 1:
            say("")
            say(title + (f" (and {left_out} more)" if left_out else ""), "bold")
            for line in _aligned(rows):
                say(line)
    for line in _event_lines(journal.events):
        say(line)
    say("")
    say(_conservation_line(run["conservation"]), "" if all(law["ok"] for law in run["conservation"]) else "bold red")
    say(_last_line(run["metrics"], run["digest"]))


def _title(run: dict[str, Any]) -> str:
    begin, end = run["window"] or (run["start_ns"], run["end_ns"])
    where = run["architecture"] + (f" in {run['environment']}" if run["environment"] else "")
    return f"{where}, {run['workload']}, seed {run['seed']}, {format_clock(begin)} to {format_clock(end)}"


def _headline(metrics: dict[str, Any]) -> str:
    """Failed orders; where no flow is of kind order, failed intents of every flow but probes."""
    flows = [flow for flow in metrics["flows"].values() if flow["kind"] == "order"]
    noun = "orders" if flows else "intents"
    flows = flows or [flow for flow in metrics["flows"].values() if flow["kind"] != "probe"]
    sums = {key: sum(flow[key] for flow in flows) for key in ("intended", "blocked", "failed", "unknown", "rejected")}
    if not sums["intended"]:
        return f"failed {noun}: none was intended"
    failed = _failed(sums)
    parts = ", ".join(f"{key} {sums[key]:,}" for key in ("blocked", "failed", "unknown"))
    return f"failed {noun}: {failed:,} of {sums['intended']:,} ({failed / sums['intended']:.3%}): {parts}"


def _truth_line(orders: dict[str, int]) -> str:
    """What is true of the orders beside what clients saw, if anything is amiss."""
    found = [f"{name} {orders[name]:,}" for name in FLAGS if orders[name]]
    return f"in truth: {', '.join(found)}" if found else ""


def _aligned(rows: list[list[str]]) -> list[str]:
    """Lines of a table, its first column to the left. Rich's own would cut figures to the width of a pipe, which is 80."""
    cells = [[_short(one_line(row[0])), *row[1:]] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(*cells, strict=True)]
    return ["  ".join([set_cell_size(row[0], widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in cells]


def _short(name: str) -> str:
    return name if cell_len(name) <= _NAME_CELLS_MAX else set_cell_size(name, _NAME_CELLS_MAX - 1) + "…"


def _flow_rows(flows: dict[str, Any]) -> tuple[str, list[list[str]], int]:
    """The flows with most intents, in the order of the architecture, under a row of headings."""
    counts = ("intended", "rejected", "blocked", "failed", "unknown")
    by_size = sorted(flows, key=lambda name: -flows[name]["intended"])[:_FLOW_ROWS]
    rows = [["", *counts, "success", "p50", "p99"]]
    for name in (name for name in flows if name in by_size):
        flow = flows[name]
        success = "–" if flow["success"] is None else f"{flow['success']:.3%}"
        rows.append([name, *(f"{flow[key]:,}" for key in counts), success, _duration(flow["p50_ns"]), _duration(flow["p99_ns"])])
    return "flows", rows, len(flows) - len(by_size)


def _pool_rows(pools: dict[str, Any]) -> tuple[str, list[list[str]], int]:
    """The pools that were full longest, then those with the longest queues, then the busiest; idle ones are left out."""

    def rank(name: str) -> tuple[float, ...]:
        return tuple(-(pools[name][key] or 0) for key in ("full_share", "queue_mean", "busy_mean", "peak_busy"))

    used = sorted((name for name in pools if any(rank(name))), key=rank)
    rows = [["", "full", "refused", "busy", "peak busy", "queue", "peak queue"]]
    for name in used[:_POOL_ROWS]:
        pool = pools[name]
        full = "–" if pool["full_share"] is None else f"{pool['full_share']:.1%}"
        figures = (_number(pool[key]) for key in ("refused", "busy_mean", "peak_busy", "queue_mean", "peak_queue"))
        rows.append([name, full, *figures])
    return "busiest pools", rows, max(0, len(used) - _POOL_ROWS)


def _event_lines(events: list[Event]) -> list[str]:
    """Each kind of event at a subject once, at its first time, with how often it occurred."""
    first: dict[tuple[str, str], Event] = {}
    times: dict[tuple[str, str], int] = {}
    for event in events:
        first.setdefault((event.what, event.subject), event)
        times[event.what, event.subject] = times.get((event.what, event.subject), 0) + 1
    lines = [""] * bool(first) + ["events"] * bool(first)
    for key, event in list(first.items())[:_EVENT_ROWS]:
        detail = "".join(f" {name}={value}" for name, value in event.detail.items()) if times[key] == 1 else f" ×{times[key]:,}"
        lines.append(f"{format_clock(event.t_ns)}  {event.what} {event.subject}{detail}")
    if len(first) > _EVENT_ROWS:
        lines.append(f"and {len(first) - _EVENT_ROWS:,} more")
    return lines


def _conservation_line(laws: list[dict[str, Any]]) -> str:
    broken = [f"{law['law']} (expected {law['expected']}, found {law['found']})" for law in laws if not law["ok"]]
    if broken:
        return f"conservation: {len(broken)} of {len(laws)} laws BROKEN: {'; '.join(broken)}"
    return f"conservation: all {len(laws)} laws hold" if laws else "conservation: no law was checked"


def _last_line(metrics: dict[str, Any], digest: str) -> str:
    speed = "" if metrics["events_per_s"] is None else f" ({metrics['events_per_s']:,.0f} a second)"
    return f"{metrics['events']:,} events{speed}, digest {digest}"


def _duration(ns: int | None) -> str:
    return "–" if ns is None else format_duration(ns)


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"
