"""What a run amounts to: each figure of the result object against a journal small enough to count by hand."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from simcore.base.units import MS, SECOND
from simcore.journal.model import FLAGS, INTENT_COLUMNS, OUTCOMES, Journal, JournalWriter, bucket_bounds, bucket_of, histogram_of
from simcore.journal.summary import print_summary, result

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
    meta: dict[str, Any] | None = None, names: dict[str, list[str]] | None = None, orders: Any = ORDERS,
    events: Any = (), laws: Any = (("little", True, 12, 12),), properties: Any = None, reason: str | None = None,
) -> Journal:  # fmt: skip
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


def metrics(journal: Journal, **options: Any) -> dict[str, Any]:
    return result(journal, **options)["runs"][0]["metrics"]  # type: ignore[no-any-return]


def upper(ns: int) -> int:
    return bucket_bounds(bucket_of(ns))[1]


def summary_of(journal: Journal, width: int = 100, **options: Any) -> str:
    out = io.StringIO()
    print_summary(journal, Console(file=out, width=width), **options)
    return out.getvalue()


def test_orders_are_partitioned_by_what_the_client_saw() -> None:
    """Outcomes add up to what was intended; flags are counted each; the headline is blocked + failed + unknown."""
    orders = metrics(build())["orders"]
    assert orders == {
        "intended": 8, "confirmed": 3, "rejected": 1, "blocked": 1, "failed": 1, "unknown": 1, "pending": 1,
        "duplicated": 1, "lost": 1, "orphan": 1, "stranded": 1, "late": 1, "failed_orders": 3,
    }  # fmt: skip


def test_each_order_stands_once_in_the_client_truth_matrix() -> None:
    """By the first flag that applies, then placed, recorded, or neither."""
    matrix = metrics(build())["client_truth"]
    cells = {(saw, truth): n for saw, row in matrix.items() for truth, n in row.items() if n}
    assert cells == {
        ("confirmed", "placed_once"): 1, ("confirmed", "stranded"): 1, ("confirmed", "lost"): 1, ("rejected", "not_placed"): 1,
        ("blocked", "not_placed"): 1, ("unknown", "duplicated"): 1, ("failed", "not_placed"): 1, ("pending", "recorded"): 1,
    }  # fmt: skip


def test_flows_with_and_without_rows() -> None:
    """A recorded flow is counted from its rows, another from its counters; a business reject is a success."""
    flows = metrics(build())["flows"]
    assert flows["order"]["success"] == 4 / 7
    assert (flows["order"]["mean_ns"], flows["order"]["p50_ns"], flows["order"]["p99_ns"]) == (
        20 * MS,
        upper(20 * MS),
        upper(30 * MS),
    )
    assert flows["quote"] == {
        "kind": "query", "recorded": False, "intended": 5, "confirmed": 3, "rejected": 0, "blocked": 0, "failed": 1, "unknown": 0,
        "pending": 1, "success": 3 / 4, "mean_ns": None, "p50_ns": upper(3 * MS), "p99_ns": upper(40 * MS),
    }  # fmt: skip


def test_pools() -> None:
    """Means are integrals over the time simulated."""
    pool = metrics(build())["pools"]["threads"]
    assert pool == {"peak_busy": 8, "peak_queue": 3, "refused": 6, "busy_mean": 2.5, "queue_mean": 0.5, "full_share": 0.25}


def test_means_of_a_run_that_stopped_early_are_over_the_time_it_ran() -> None:
    """Planned for 40 s, guarded after 4: the pool was not idle for the other 36."""
    stopped = build(meta={"end_ns": 40 * SECOND}, reason="run guard")
    assert metrics(stopped)["pools"]["threads"]["busy_mean"] == 2.5


def test_a_window_restricts_intents_and_series() -> None:
    """From is in, to is out. Only the quantiles of a flow without rows are the whole run's, which has but one histogram."""
    found = metrics(build(), window=(SECOND, 3 * SECOND))
    outcomes = {"intended": 4, "confirmed": 0, "rejected": 1, "blocked": 1, "failed": 1, "unknown": 1, "pending": 0}
    assert found["orders"].items() >= (outcomes | {"duplicated": 1, "lost": 0, "failed_orders": 3}).items()
    assert sum(n for row in found["client_truth"].values() for n in row.values()) == 4
    assert (found["flows"]["order"]["success"], found["flows"]["order"]["p50_ns"]) == (0.25, None)
    quote = {
        "intended": 2,
        "confirmed": 2,
        "failed": 0,
        "pending": None,
        "success": 1.0,
        "p50_ns": build().quantile("flow", "quote", 0.5),
    }
    assert found["flows"]["quote"].items() >= quote.items()
    pool = {"peak_busy": 8, "peak_queue": None, "refused": 4, "busy_mean": 2.5, "queue_mean": None, "full_share": None}
    assert found["pools"]["threads"] == pool
    with pytest.raises(ValueError, match="starts before it ends"):
        result(build(), window=(5, 5))


def test_the_journals_own_window_is_the_default() -> None:
    """And a window that is asked for replaces it."""
    own = build(meta={"window": [SECOND, 3 * SECOND]})
    assert metrics(own) == metrics(build(), window=(SECOND, 3 * SECOND))
    assert metrics(own, window=(0, 4 * SECOND))["orders"]["intended"] == 8


def test_a_simulation_alone_has_no_verdict() -> None:
    """Nothing was required of it; but a reason not to know, or a broken law, makes it unknown."""
    broken = build(laws=[("little", True, 1, 1), ("cash", False, 5, 4)], reason="run guard")
    runs = [result(journal)["runs"][0] for journal in (build(), build(reason="run guard"), broken)]
    assert [run["verdict"] for run in runs] == [None, "unknown", "unknown"]
    assert [run["unknown_reason"] for run in runs] == [None, "run guard", "conservation broken: cash"]
    assert result(broken)["summary"] == {"runs": 1, "unknown": 1, "conservation_broken": 1}


def test_the_result_is_plain_json() -> None:
    """It survives JSON unchanged, and names the run."""
    found = result(build(properties={"none_lost": {"holds": False, "lost": 1}}), wall_s=0.5)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    run = found["runs"][0]
    assert (run["scenario"], run["architecture"], run["environment"], run["seed"]) == (None, "chain", "peak", 7)
    assert run["digest"] == build(properties={"none_lost": {"holds": False, "lost": 1}}).digest
    assert run["properties"] == {"none_lost": {"holds": False, "lost": 1}}
    assert run["conservation"] == [{"law": "little", "ok": True, "expected": 12, "found": 12}]
    assert run["metrics"]["events_per_s"] == 10_000
    assert metrics(build())["events_per_s"] is None


def test_a_run_without_any_intent() -> None:
    """No division by nothing: shares and quantiles are null, and the summary says that none was intended."""
    journal = build(orders=[])
    assert (metrics(journal)["flows"]["order"]["success"], metrics(journal)["orders"]["failed_orders"]) == (None, 0)
    assert "failed orders: none was intended" in summary_of(journal)


# --- summary ------------------------------------------------------------------------------------------------------------


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
    assert "conservation: all 1 laws hold" in lines
    assert "5,000 events (10,000 a second), digest " in lines[-1]
    assert not any(line.startswith("idle") for line in lines)


def test_the_summary_without_order_flows() -> None:
    """Then the headline is about all intents but probes."""
    meta = {"flow_kinds": {"order": "request", "quote": "query"}}
    assert "failed intents: 4 of 13 " in summary_of(build(meta=meta))
    meta = {"flow_kinds": {"order": "request", "quote": "probe"}}
    assert "failed intents: 3 of 8 " in summary_of(build(meta=meta))


def test_the_summary_names_broken_laws_and_why_nothing_is_known() -> None:
    """What makes a run worthless cannot be overlooked."""
    text = summary_of(build(laws=[("cash of broker", False, 5, 4)]))
    assert "conservation: 1 of 1 laws BROKEN: cash of broker (expected 5, found 4)" in text
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
