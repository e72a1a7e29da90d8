"""The kernel does what the page says: request by request and span by span it agrees with the twin on random architectures."""

from __future__ import annotations

import importlib.util
import json
import math
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from . import twin
from .random_architectures import cases

EXAMPLES = int(os.environ.get("COREDRILL_TWIN_EXAMPLES", "300"))
SHRINK = os.environ.get("COREDRILL_TWIN_SHRINK", "0") != "0"
KERNEL = importlib.util.find_spec("simcore.simulation") is not None
# Examples are the same in every run.
UNHURRIED = settings(derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck), print_blob=False)


def run_kernel(case: twin.Case) -> twin.Result:
    """The same case in the compiled kernel, its journal put into the twin's words."""
    from simcore.journal import CODES, OUTCOMES
    from simcore.plan import compile_plan
    from simcore.simulation import Action, simulate

    plan = compile_plan(case.architecture, case.workload, seed=case.seed, start=case.start, end=case.end, span_sampling=1)
    actions = [Action(f["at"], f["do"], {key: value for key, value in f.items() if key not in ("at", "do")}) for f in case.faults]
    journal = simulate(plan, actions)
    requests = []
    for row in rows(journal.intents):
        outcome = OUTCOMES[row["outcome"]]
        answered, code = (None, "") if outcome == "pending" else (row["answer_ns"], CODES[row["code"]])
        flow = journal.names["flow"][row["flow"]]
        requests.append(twin.RequestRecord(row["request"], flow, row["submit_ns"], answered, outcome, code, row["recorded"]))
    spans = []
    for row in rows(journal.spans):
        unit, operation = journal.names["unit"][row["unit"]], journal.names["operation"][row["operation"]].partition(".")[2]
        if unit.startswith("client"):
            continue  # the flow itself: its request says the same
        code = CODES[row["code"]]
        spans.append(twin.Span(row["request"], row["path"], unit, operation, row["arrive_ns"], row["end_ns"], code))
    pools = {}
    for pool, total in journal.totals.get("pool", {}).items():
        fields = ("granted", "refused", "peak_busy", "busy_ns", "queue_ns")
        totals = twin.PoolTotals(*(total[field] for field in fields))
        if totals.granted or totals.refused or totals.queue_integral:
            pools[pool] = totals
    return twin.Result(sorted(requests), sorted(spans), pools)


def rows(columns: dict[str, Any]) -> Iterator[dict[str, int]]:
    """Rows of a table of columns, as plain integers."""
    names = list(columns)
    for values in zip(*(columns[name].tolist() for name in names), strict=True):
        yield dict(zip(names, values, strict=True))


def difference(kernel: twin.Result, expected: twin.Result) -> str | None:
    """The first request, else the span of the earliest time, else the pool, in which two results differ; None if in none."""
    for what in ("requests", "spans"):
        found, wanted = getattr(kernel, what), getattr(expected, what)
        odd = [(shown(item), f"kernel {item}") for item in surplus(found, wanted)]
        odd += [(shown(item), f"twin   {item}") for item in surplus(wanted, found)]
        if odd:
            odd.sort(key=lambda pair: pair[0])
            lines = "\n  ".join(text for _, text in odd[:4])
            return f"{len(odd)} {what} differ (kernel {len(found)}, twin {len(wanted)}); the earliest:\n  {lines}"
    for pool in sorted(kernel.pools.keys() | expected.pools.keys()):
        if kernel.pools.get(pool) != expected.pools.get(pool):
            return f"pool {pool}:\n  kernel {kernel.pools.get(pool)}\n  twin   {expected.pools.get(pool)}"
    return None


def surplus(items: Sequence[Any], others: Sequence[Any]) -> list[Any]:
    return list((Counter(items) - Counter(others)).elements())


def shown(item: twin.RequestRecord | twin.Span) -> int:
    """When something was answered or ended, which is when a difference begins to show."""
    if isinstance(item, twin.Span):
        return item.ended
    return item.submitted if item.answered is None else item.answered


def described(case: twin.Case) -> str:
    """The case as a person would file it: files without defaults, seed, times, faults."""
    models = {"architecture": case.architecture, "workload": case.workload}
    plain = {key: model.model_dump(mode="json", by_alias=True, exclude_defaults=True) for key, model in models.items()}
    return json.dumps(plain | {key: value for key, value in vars(case).items() if key not in models}, indent=1)


@pytest.mark.slow
@pytest.mark.skipif(not KERNEL, reason="simcore.simulation is not there")
def test_kernel_and_twin_agree() -> None:
    """On every random case kernel and twin give the same requests, the same spans and the same pool totals.

    Shrinking a difference takes minutes, so that it is done on demand: COREDRILL_TWIN_SHRINK=1.
    """

    @settings(UNHURRIED, max_examples=EXAMPLES, phases=[Phase.generate, *[Phase.shrink] * SHRINK])
    @given(cases())
    def agree(case: twin.Case) -> None:
        found = difference(run_kernel(case), twin.simulate(case))
        assert found is None, f"{found}\n{described(case)}"

    agree()


# --- the twin and the comparison themselves -----------------------------------------------------------------------------


@settings(UNHURRIED, max_examples=40)
@given(cases())
def test_a_twins_run_is_sound(case: twin.Case) -> None:
    """Requests are numbered in order of arrival, tasks end after they arrive and within the run, pools keep to their bounds."""
    result = twin.simulate(case)
    assert [r.request for r in result.requests] == list(range(1, len(result.requests) + 1))
    assert [r.submitted for r in result.requests] == sorted(r.submitted for r in result.requests)
    assert all(case.start <= r.submitted <= (case.end if r.answered is None else r.answered) <= case.end for r in result.requests)
    assert all((r.answered is None) == (r.outcome == "pending") for r in result.requests)
    assert all(case.start <= span.arrived <= span.ended < case.end for span in result.spans)
    for totals in result.pools.values():
        assert totals.busy_integral <= totals.peak_busy * (case.end - case.start)
        assert totals.peak_busy <= totals.granted


@settings(UNHURRIED, max_examples=10)
@given(cases())
def test_a_twins_run_repeats(case: twin.Case) -> None:
    """The same case gives the same result."""
    assert difference(twin.simulate(case), twin.simulate(case)) is None


@pytest.mark.slow
def test_random_cases_reach_every_code_and_outcome() -> None:
    """The random architectures are no dull ones: every outcome, and all codes of tasks and clients but the rarest, occur."""
    seen: Counter[tuple[str, str]] = Counter()

    @settings(UNHURRIED, max_examples=400, phases=[Phase.generate])
    @given(cases())
    def look(case: twin.Case) -> None:
        result = twin.simulate(case)
        seen.update(("outcome", request.outcome) for request in result.requests)
        seen.update(("client", request.code) for request in result.requests)
        seen.update(("task", span.code) for span in result.spans)

    look()
    outcomes = {"pending", "blocked", "confirmed", "rejected", "failed", "unknown"}
    assert {value for what, value in seen if what == "outcome"} == outcomes
    assert {value for what, value in seen if what == "task"} >= {"ok", "rejected", "refused", "error", "deadline", "reset"}
    client = {"ok", "rejected", "refused", "rate_limited", "breaker_open", "bulkhead_full", "error", "timeout"}
    assert {value for what, value in seen if what == "client"} >= client


@settings(UNHURRIED, max_examples=10)
@given(cases(), st.data())
def test_a_planted_difference_is_found(case: twin.Case, data: st.DataObject) -> None:
    """The comparison can fail: one request, span or pool changed is reported, with both sides."""
    result = twin.simulate(case)
    for what in ("requests", "spans"):
        items = list(getattr(result, what))
        if items:
            i = data.draw(st.integers(0, len(items) - 1))
            items[i] = type(items[i])(**(asdict(items[i]) | {"code": "planted"}))
            told = difference(twin.Result(**(vars(result) | {what: items})), result)
            assert told is not None
            assert told.startswith(f"2 {what} differ")
            assert "'planted'" in told
    if result.pools:
        told = difference(twin.Result(result.requests, result.spans, {}), result)
        assert told is not None
        assert told.startswith(f"pool {min(result.pools)}:\n  kernel None\n  twin   PoolTotals(")


def test_mix_is_splitmix64s() -> None:
    """`mix` of the first states of SplitMix64 with seed 0 gives its published first outputs."""
    outputs = [twin.mix(i * twin.GOLDEN & twin.MASK) for i in (1, 2, 3)]
    assert outputs == [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]


def test_inverse_normal_is_within_its_published_error() -> None:
    """Acklam's approximation: relative error below 1.15e-9 in the tails and in the middle."""
    for p in (1e-9, 1e-3, 0.02, 0.3, 0.5001, 0.9, 0.98, 0.99999):
        z = twin.inverse_normal(p)
        assert math.erfc(-z / math.sqrt(2.0)) / 2.0 == pytest.approx(p, rel=1e-7)


def test_alias_table_keeps_the_weights() -> None:
    """Each customer's share of buckets and aliases is its share of the weights."""
    weights = [1.0, 0.5, 0.25, 0.125, 3.0]
    threshold, alias = twin.alias_table(weights)
    for i, weight in enumerate(weights):
        given_away = sum(1.0 - t for t, a in zip(threshold, alias, strict=True) if a == i)
        assert (threshold[i] + given_away) / len(weights) == pytest.approx(weight / sum(weights))
