"""Decided is decided: of a run that its guard ends, what is broken or beyond reach fails, and only what is open is unknown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chaos.execution.execute import result_of_run, run_once
from chaos.execution.jobs import Job
from chaos.execution.session import Session
from chaos.judgement.verdict import judge_run, judge_runs
from chaos.results.findings import BoundBroken, Undecided, Unknowable
from chaos.results.run import Measures, PropertyFinding, RunResult, Verdict
from simcore.base.units import MINUTE, parse_clock
from tests.chaos.judgement.test_verdict import PROPERTIES, measured, scenario

Write = Callable[..., Path]
COLLAPSE = """\
kind: architecture
name: big-store
run_guard: {guard}
pools: {{ store: {{ slots: 100 }} }}
services:
  store: {{ pools: [store], operations: {{ ask: {{ steps: [{{ work: {{ exponential: 100ms }} }}] }} }} }}
flows:
  request: {{ steps: [{{ call: store.ask, timeout: 2s, retry: {{ attempts: 5, on: [timeout] }} }}] }}
"""
LOAD = "kind: workload\nname: big\nflows: { request: { rate: 900/s } }\n"
SLOWED = """\
kind: scenario
name: guard
title: A collapse that outgrows the guard
architecture: ./store.yaml
workload: ./load.yaml
window: { from: "09:31", to: "09:36" }
warmup: 1min
steady_state: { every: 10s, hold: 30s, objectives: { request: { success: 0.95 } } }
METHOD
expect:
EXPECT
"""
SLOW = 'method: [{ name: the store slows down, at: "09:32", for: 20s, slow: { service: store, factor: 5 } }]'


def collapse(folder: Path, *expect: str, guard: int = 200_000, method: str = SLOW, more: str = "") -> RunResult:
    """Retries keep a store busy that was slow for 20 s, until there are more tasks than the guard allows."""
    (folder / "store.yaml").write_text(COLLAPSE.format(guard=guard))
    (folder / "load.yaml").write_text(LOAD)
    path = folder / "guard.yaml"
    bounds = "\n".join(f"  - {line}" for line in expect)
    path.write_text(SLOWED.replace("METHOD", method).replace("EXPECT", bounds) + more)
    job, session = Job(str(path), 1), Session()
    system = session.bind(job.system)
    return result_of_run(session, job, system, run_once(system, job))


BROKEN = "{ measure: impaired_s, at_most: 30s }"
OPEN = "{ measure: impaired_s, at_most: 4min }"


def test_a_collapse_beyond_the_guard_fails(tmp_path: Path) -> None:
    """The bound is broken when the run is given up; that it was given up is said beside it."""
    run = collapse(tmp_path, BROKEN)
    assert run.verdict == "fail"
    assert run.given_up_ns is not None
    assert run.given_up_ns < parse_clock("09:36")
    assert [type(reason) for reason in run.reason_data] == [BoundBroken, Unknowable]
    assert run.expectations[0].holds is False


def test_what_is_open_is_unknown(tmp_path: Path) -> None:
    """Impaired for a minute, with a bound of four: nobody knows."""
    run = collapse(tmp_path, OPEN)
    assert run.verdict == "unknown"
    assert run.expectations[0].holds is None
    assert [type(reason) for reason in run.reason_data] == [Unknowable, Undecided]


def test_the_broken_one_fails_beside_an_open_one(tmp_path: Path) -> None:
    """The open one stays open."""
    run = collapse(tmp_path, OPEN, BROKEN, "{ measure: recovery_s, at_most: 20s }", "{ measure: recovered, equals: true }")
    assert run.verdict == "fail"
    assert [e.holds for e in run.expectations if e.judged and "properties" not in e.measure] == [
        None,
        False,
        False,
        None,
    ]


def test_what_had_not_happened_yet_takes_nothing_from_a_fail(tmp_path: Path) -> None:
    """A second step that was never reached, and an event that did not come in time."""
    later = SLOW[:-1] + ', { at: "09:35:50", for: 5s, slow: { service: store, factor: 2 } }]'
    missing = "must_happen: [{ event: alarm }]\n"
    assert collapse(tmp_path, BROKEN, method=later).verdict == "fail"
    assert collapse(tmp_path, BROKEN, more=missing).verdict == "fail"
    assert collapse(tmp_path, OPEN, more=missing).verdict == "unknown"


def test_a_guard_before_the_first_step_leaves_nothing_decided(tmp_path: Path) -> None:
    """The load alone is too much."""
    early = SLOW.replace("09:32", "09:35:30").replace("20s", "10s")
    run = collapse(tmp_path, BROKEN, guard=1000, method=early, more="workload_patch: [{ set: flows.request.rate, to: 2000/s }]\n")
    assert run.verdict == "unknown"
    assert run.given_up_ns is None


def test_a_full_run_in_a_steady_state_is_judged_as_ever(tmp_path: Path) -> None:
    """A guard that is not reached changes nothing: the collapse lasts to the end."""
    run = collapse(tmp_path, BROKEN, "{ measure: recovered, equals: true }", guard=2_000_000)
    assert run.given_up_ns is None
    assert run.verdict == "fail"
    assert [e.holds for e in run.expectations if e.judged and "properties" not in e.measure] == [False, False]


# --- expectation by expectation -------------------------------------------------------------------------------------------------


def judged(expect: dict[str, Any], unseen_s: float, **changes: Any) -> Verdict:
    """The verdict of a run that was given up when so much of its window was left."""
    return judge_run(scenario(expect), measured(**changes), PROPERTIES, (), (), unseen_s).verdict


@pytest.mark.parametrize(
    ("expect", "verdict"),
    [
        ({"measure": "impaired_s", "at_most": "119s"}, "fail"),
        ({"measure": "impaired_s", "at_most": "2min"}, "unknown"),
        ({"measure": "impaired_s", "equals": "1min"}, "fail"),
        ({"measure": "impaired_s", "at_least": "2min"}, "pass"),
        ({"measure": "impaired_s", "at_least": "130s"}, "unknown"),
        ({"measure": "impaired_s", "at_least": "131s"}, "fail"),  # 10 s were left
        ({"measure": "recovery_s", "at_most": "299s"}, "fail"),
        ({"measure": "recovery_s", "at_most": "5min"}, "unknown"),
        ({"measure": "detect_s", "at_most": "1min"}, "pass"),
        ({"measure": "detect_s", "at_most": "59s"}, "fail"),
        ({"measure": "orders.failed_orders", "at_most": 6}, "fail"),
        ({"measure": "orders.failed_orders", "at_most": 7}, "unknown"),
        ({"measure": "orders.duplicated", "equals": 0}, "fail"),
        ({"measure": "orders.failed_share", "at_most": 0.01}, "unknown"),  # more orders may come
        ({"measure": "orders.stranded", "at_most": 0}, "unknown"),  # reconciliation may find them
        ({"measure": "flows.login.failed", "at_most": 3}, "fail"),
        ({"measure": "flows.login.success", "at_least": 0.9}, "unknown"),
        ({"measure": "customers_affected", "at_most": 4}, "fail"),
        ({"measure": "severity.dora", "at_most": "larger"}, "unknown"),
        ({"measure": "severity.other", "equals": "not-gradable"}, "unknown"),
        ({"measure": "recovered", "equals": False}, "unknown"),
        ({"measure": "metastable", "equals": False}, "unknown"),
        ({"measure": "reconciled_s", "at_most": "1min"}, "unknown"),
    ],
    ids=str,
)
def test_what_the_rest_of_the_window_could_change_is_open(expect: dict[str, Any], verdict: Verdict) -> None:
    """What grows is decided once it is too much, what stays once it is there; shares, grades and flags are open."""
    assert judged(expect, 10.0) == verdict


def test_a_recovery_that_had_not_come_is_no_shorter_than_what_was_seen() -> None:
    """Bounds below what it comes to at least are broken."""
    open_end = {"recovery_s": None, "recovery_s_lower": 90.0}
    assert judged({"measure": "recovery_s", "at_most": "89s"}, 600.0, **open_end) == "fail"
    assert judged({"measure": "recovery_s", "at_most": "90s"}, 600.0, **open_end) == "unknown"
    assert judged({"measure": "recovery_s", "at_most": "91s"}, 600.0, **open_end) == "unknown"


def test_over_seeds_a_run_that_was_given_up_counts_for_what_it_decided() -> None:
    """A bound on nine of ten runs is broken by two that broke it before they were given up."""
    made = scenario({"measure": "impaired_s", "at_most": "1min", "in_share": 0.9})

    def run(seed: int, impaired: float, given_up: bool) -> RunResult:
        return RunResult(
            architecture="x", seed=seed, verdict="unknown", digest="", window=(0, 10 * MINUTE), measures=Measures.model_validate(
                {"orders": {}, "impaired_s": impaired}), invalid=given_up, given_up_ns=5 * MINUTE if given_up else None,
            properties={"none-lost": PropertyFinding(holds=True)},
        )  # fmt: skip

    def verdict(*runs: RunResult) -> Verdict:
        return judge_runs(made, runs).expectations[0].verdict

    kept = [run(seed, 0.0, False) for seed in range(8)]
    assert verdict(*kept, run(8, 90.0, True), run(9, 90.0, True)) == "fail"
    assert verdict(*kept, run(8, 30.0, True), run(9, 30.0, True)) == "unknown"
    assert verdict(*kept, run(8, 0.0, False), run(9, 90.0, True)) == "pass"
