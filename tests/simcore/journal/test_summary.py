"""What a run amounts to: each figure of the result object against a journal small enough to count by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from histograms import histogram_of
from small_journal import build

from simcore.base.units import MS, SECOND
from simcore.journal.histogram import histogram_quantile
from simcore.journal.model import ACCEPTED_IN_CONTROL, OUTCOMES, Journal
from simcore.journal.summary import SimulationResult, figures, result


def metrics(journal: Journal, **options: Any) -> dict[str, Any]:
    found: dict[str, Any] = result(journal, **options).runs[0].metrics.json_object()
    return found


def upper(ns: int) -> int | None:
    return histogram_quantile(histogram_of(np.array([ns])), 1.0)


def test_orders_are_partitioned_by_what_the_client_saw() -> None:
    """Outcomes add up to what was intended; flags are counted each; the headline is blocked + failed + unknown."""
    orders = metrics(build())["orders"]
    assert orders == {
        "intended": 8,
        "confirmed": 3,
        "rejected": 1,
        "blocked": 1,
        "failed": 1,
        "unknown": 1,
        "pending": 1,
        "duplicated": 1,
        "lost": 1,
        "orphan": 1,
        "stranded": 1,
        "late": 1,
        "failed_orders": 3,
        "rejected_wrongly": None,
        "reported_late": 0,
    }


def test_without_a_control_run_nobody_knows_what_was_rejected_wrongly() -> None:
    """With one the journal says so in its header and the figure counts; an older journal says so by what it found there. Where nothing is
    rejected the figure is 0 anyway."""
    bare = build()
    headed = replace(bare, meta=bare.meta.model_copy(update={"controlled": True}))
    rows = bare.intents["rejected_in_control"].copy()
    rows[bare.intents["outcome"] == OUTCOMES.index("rejected")] = ACCEPTED_IN_CONTROL
    older = replace(bare, intents=bare.intents | {"rejected_in_control": rows})
    known = [(journal.controlled, figures(journal).orders.rejected_wrongly) for journal in (bare, headed, older)]
    assert known == [(False, None), (True, 0), (True, 1)]
    assert figures(bare, (0, SECOND)).orders.rejected_wrongly == 0
    assert len({journal.digest for journal in (bare, headed, older)}) == 3


def test_each_order_stands_once_in_the_client_truth_matrix() -> None:
    """By the first flag that applies, then placed, recorded, or neither."""
    matrix = metrics(build())["client_truth"]
    cells = {(saw, truth): n for saw, row in matrix.items() for truth, n in row.items() if n}
    assert cells == {
        ("confirmed", "placed_once"): 1,
        ("confirmed", "stranded"): 1,
        ("confirmed", "lost"): 1,
        ("rejected", "not_placed"): 1,
        ("blocked", "not_placed"): 1,
        ("unknown", "duplicated"): 1,
        ("failed", "not_placed"): 1,
        ("pending", "recorded"): 1,
    }


def test_flows_with_and_without_rows() -> None:
    """A recorded flow is counted from its rows, another from its counters; a business reject is a success."""
    flows = metrics(build())["flows"]
    assert flows["order"]["success"] == 4 / 7
    assert (flows["order"]["mean_ns"], flows["order"]["p50_ns"], flows["order"]["p99_ns"]) == (
        20 * MS,
        20 * MS,
        30 * MS,
    )
    assert flows["quote"] == {
        "kind": "query",
        "recorded": False,
        "intended": 5,
        "confirmed": 3,
        "rejected": 0,
        "blocked": 0,
        "failed": 1,
        "unknown": 0,
        "pending": 1,
        "rejected_wrongly": 0,
        "success": 3 / 4,
        "mean_ns": None,
        "p50_ns": upper(3 * MS),
        "p99_ns": upper(40 * MS),
    }


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
    runs = [result(journal).runs[0] for journal in (build(), build(reason="run guard"), broken)]
    assert [run.verdict for run in runs] == [None, "unknown", "unknown"]
    assert [run.unknown_reason for run in runs] == [None, "run guard", "conservation broken: cash"]
    assert result(broken).summary.json_object() == {"runs": 1, "unknown": 1, "conservation_broken": 1}


def test_the_result_is_plain_json() -> None:
    """It survives JSON unchanged, and names the run."""
    made = result(build(properties={"none_lost": {"holds": False, "lost": 1}}), wall_s=0.5)
    found: dict[str, Any] = made.json_object()
    assert SimulationResult.model_validate(json.loads(json.dumps(found, allow_nan=False))) == made
    run = found["runs"][0]
    assert (run["scenario"], run["architecture"], run["environment"], run["seed"]) == (None, "chain", "peak", 7)
    assert run["digest"] == build(properties={"none_lost": {"holds": False, "lost": 1}}).digest
    assert run["properties"] == {"none_lost": {"holds": False, "lost": 1}}
    assert run["conservation"] == [{"law": "little", "ok": True, "expected": 12, "found": 12}]
    assert run["metrics"]["events_per_s"] == 10_000
    assert metrics(build())["events_per_s"] is None


def test_a_run_without_any_intent() -> None:
    """No division by nothing: shares and quantiles are null."""
    journal = build(orders=[])
    assert (metrics(journal)["flows"]["order"]["success"], metrics(journal)["orders"]["failed_orders"]) == (None, 0)
