"""What one run amounts to: the result object. docs/journal.md has the definitions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simcore.base.units import SECOND
from simcore.journal.model import FLAGS, OUTCOMES, Journal, histogram_of, histogram_quantile

SCHEMA_VERSION = 1
TRUTHS = ("placed_once", "recorded", "not_placed", "duplicated", "lost", "orphan", "stranded", "late")

Window = tuple[int, int]
Mask = NDArray[np.bool_]

_ENDED = ("confirmed", "rejected", "blocked", "failed", "unknown")
_COUNTERS = {"confirmed": "ok", "rejected": "rejected", "blocked": "blocked", "failed": "failed", "unknown": "unknown"}


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
