"""Verdicts from measures: each kind of expectation can fail, and what shows nothing is unknown."""

from __future__ import annotations

from typing import Any

import pytest

from chaos.documents.scenario import Expectation, Outcome, Record, Scenario, SteadyState, Window
from chaos.i18n.findings import reason_text
from chaos.judgement.verdict import combine, judge_run, judge_runs
from chaos.results.findings import Text
from chaos.results.run import Measures, PropertyFinding, RunResult

FLOW = {"kind": "login", "recorded": True, "confirmed": 6, "rejected": 0, "pending": 0}
MEASURED: dict[str, Any] = {
    "orders": {"intended": 100, "failed_orders": 7, "failed_share": 0.07, "lost": 0, "duplicated": 2, "unknown": 3, "stranded": 1},
    "flows": {
        "login": FLOW | {"intended": 10, "blocked": 4, "failed": 0, "unknown": 0, "success": 0.6, "p50_ns": 10**9, "p99_ns": 3 * 10**9},
        "idle": FLOW | {"intended": 0, "blocked": 0, "failed": 0, "unknown": 0, "success": None, "p50_ns": None, "p99_ns": None},
    },
    "severity": {"dora": {"grade": "major", "label": "major"}, "other": {"grade": None, "label": "not gradable"}},
    "impaired_s": 120.0, "recovery_s": 300.0, "recovery_s_lower": None, "detect_s": 60.0, "reconciled_s": None, "metastable": False,
    "recovered": True, "customers_affected": 5,
}  # fmt: skip
PROPERTIES = {name: PropertyFinding(holds=True) for name in ("no-duplicates", "none-lost", "no-orphans")}


def measured(**changes: Any) -> Measures:
    """The measures above, some of them changed."""
    return Measures.model_validate(MEASURED | changes)


METRICS = measured()


def scenario(*expect: dict[str, Any], **more: Any) -> Scenario:
    """A scenario with these expectations."""
    steady = SteadyState.model_validate({"objectives": {"login": {"success": 0.9}}})
    window = Window.model_validate({"from": "09:00", "to": "10:00"})
    made = [Expectation.model_validate(e) for e in expect]
    return Scenario(kind="scenario", name="x", title="x", window=window, steady_state=steady, expect=made, **more)


def judged(
    *expect: dict[str, Any], metrics: Any = METRICS, properties: Any = PROPERTIES, invalid: Any = (), doubts: Any = ()
) -> str:
    """The verdict of one run."""
    return judge_run(scenario(*expect), metrics, properties, invalid, doubts).verdict


@pytest.mark.parametrize(
    ("kept", "broken"),
    [
        ({"measure": "impaired_s", "at_most": "2min"}, {"measure": "impaired_s", "at_most": "119s"}),
        ({"measure": "recovery_s", "at_most": "5min"}, {"measure": "recovery_s", "at_most": "299s"}),
        ({"measure": "detect_s", "at_least": "1min"}, {"measure": "detect_s", "at_least": "61s"}),
        ({"measure": "orders.failed_orders", "at_most": 7}, {"measure": "orders.failed_orders", "at_most": 6}),
        ({"measure": "orders.failed_share", "at_most": "7 %"}, {"measure": "orders.failed_share", "at_most": "6.9 %"}),
        ({"measure": "orders.duplicated", "equals": 2}, {"measure": "orders.duplicated", "equals": 0}),
        ({"measure": "flows.login.success", "at_least": 0.6}, {"measure": "flows.login.success", "at_least": 0.61}),
        ({"measure": "flows.login.failed", "at_most": 4}, {"measure": "flows.login.failed", "at_most": 3}),
        ({"measure": "flows.login.p99_s", "at_most": "3s"}, {"measure": "flows.login.p99_s", "at_most": "2s"}),
        ({"measure": "severity.dora", "at_most": "major"}, {"measure": "severity.dora", "at_most": "larger"}),
        ({"measure": "properties.none-lost", "equals": True}, {"measure": "properties.none-lost", "equals": False}),
        ({"measure": "metastable", "equals": False}, {"measure": "metastable", "equals": True}),
        ({"measure": "recovered", "equals": True}, {"measure": "recovered", "equals": False}),
        ({"measure": "customers_affected", "at_most": 5}, {"measure": "customers_affected", "at_most": 4}),
    ],
    ids=lambda e: str(e["measure"]),
)
def test_each_kind_of_expectation_passes_and_fails(kept: dict[str, Any], broken: dict[str, Any]) -> None:
    """A bound that is just kept passes; the next one fails."""
    assert judged(kept) == "pass"
    assert judged(broken) == "fail"


@pytest.mark.parametrize("measure", ["reconciled_s", "flows.idle.success", "severity.other"])
def test_a_measure_without_a_value_is_unknown(measure: str) -> None:
    """What was not measured is neither kept nor broken."""
    assert (
        judged(
            {"measure": measure, "at_most": "none" if measure.startswith("severity") else "1min" if measure.endswith("_s") else 1}
        )
        == "unknown"
    )


def test_recovery_cut_off_by_the_end_of_the_run() -> None:
    """Not recovered within the run: too long if the lower bound is, else unknown."""
    cut = measured(recovery_s=None, recovery_s_lower=600.0)
    assert judged({"measure": "recovery_s", "at_most": "5min"}, metrics=cut) == "fail"
    assert judged({"measure": "recovery_s", "at_most": "20min"}, metrics=cut) == "unknown"


def test_an_invalid_run_is_unknown_whatever_it_measured() -> None:
    """Neither a bound that is kept nor one that is broken counts when nothing was exercised."""
    for bound in ("1s", "1h"):
        assert judged({"measure": "impaired_s", "at_most": bound}, invalid=[Text(text="nothing met it")]) == "unknown"


def test_a_doubtful_run_may_fail_and_never_passes() -> None:
    """A failed action leaves unknown where the bounds are kept, and fail where they are broken."""
    assert judged({"measure": "impaired_s", "at_most": "1h"}, doubts=[Text(text="could not be done")]) == "unknown"
    assert judged({"measure": "impaired_s", "at_most": "1s"}, doubts=[Text(text="could not be done")]) == "fail"


@pytest.mark.parametrize("name", ["no-duplicates", "none-lost", "no-orphans"])
def test_a_violated_property_fails_unasked(name: str) -> None:
    """No scenario has to say that orders must not get lost; it fails even where the experiment was not valid."""
    broken = PROPERTIES | {name: PropertyFinding(holds=False, violations=3)}
    assert judged({"measure": "impaired_s", "at_most": "1h"}, properties=broken) == "fail"
    assert judged({"measure": "impaired_s", "at_most": "1h"}, properties=broken, invalid=[Text(text="x")]) == "fail"
    assert judged({"measure": f"properties.{name}", "equals": False}, properties=broken) == "pass"


def test_a_requirement_says_which_properties_it_is_held_to() -> None:
    """What is left out of the list is not judged; what is put on it is; a reproduction is held to none unless it lists one."""
    broken = PROPERTIES | {n: PropertyFinding(holds=False, violations=3) for n in ("no-duplicates", "none-stranded")}
    bound = {"measure": "impaired_s", "at_most": "1h"}

    def verdict(*names: str) -> str:
        return judge_run(scenario(bound, properties=list(names)), METRICS, broken, (), ()).verdict

    assert verdict("none-lost", "no-orphans") == "pass"
    assert verdict() == "pass"
    assert verdict("none-stranded") == "fail"
    assert verdict("no-duplicates") == "fail"
    outcome = Outcome.model_validate({"measure": "impaired_s", "published": "100s", "source": "x"})
    made = scenario(purpose="reproduction", record=Record(outcomes=[outcome]), properties=["no-duplicates"])
    assert judge_run(made, METRICS, broken, (), ()).verdict == "fail"


def test_an_expected_violation_that_did_not_come_is_no_finding_in_an_invalid_run() -> None:
    """`equals: false` fails where the property holds, but not where nothing was exercised that could have broken it."""
    expected = {"measure": "properties.none-lost", "equals": False}
    assert judged(expected) == "fail"
    assert judged(expected, invalid=[Text(text="nothing met it")]) == "unknown"


def test_not_gradable_is_an_answer() -> None:
    """A bound on a grade that the rules cannot tell is unknown and says why; that it is not gradable can be expected."""
    severity = {"other": {"grade": None, "label": "not gradable", "why": "too short"}, "dora": MEASURED["severity"]["dora"]}
    metrics = measured(severity=severity)
    bound = scenario({"measure": "severity.other", "at_most": "ordinary"})
    found = judge_run(bound, metrics, PROPERTIES, (), ())
    assert found.verdict == "unknown"
    assert [reason_text(reason)["en"] for reason in found.reasons] == ["severity.other ≤ ordinary: not gradable (too short)"]
    assert judged({"measure": "severity.other", "equals": "not-gradable"}, metrics=metrics) == "pass"
    assert judged({"measure": "severity.dora", "equals": "not-gradable"}, metrics=metrics) == "fail"
    with pytest.raises(ValueError, match="write equals: not-gradable"):
        Expectation.model_validate({"measure": "severity.dora", "at_most": "not-gradable"})


def test_nobody_noticed_by_the_end_of_the_run() -> None:
    """A detection that did not come is too late as soon as the time until the end is."""
    cut = measured(detect_s=None, detect_s_lower=600.0)
    assert judged({"measure": "detect_s", "at_most": "5min"}, metrics=cut) == "fail"
    assert judged({"measure": "detect_s", "at_most": "20min"}, metrics=cut) == "unknown"


def test_combining() -> None:
    """fail > unknown > pass, and nothing is unknown."""
    assert combine(["pass", "unknown", "fail"]) == "fail"
    assert combine(["pass", "unknown"]) == "unknown"
    assert combine(["pass"]) == "pass"
    assert combine([]) == "unknown"


# --- over seeds -----------------------------------------------------------------------------------------------------------


def runs(*impaired: float | None) -> list[RunResult]:
    """Runs with these impaired times; None is an invalid run."""
    return [
        RunResult(
            architecture="small",
            seed=seed,
            digest="",
            verdict="pass" if x is not None else "unknown",
            invalid=x is None,
            measures=measured(impaired_s=x),
            properties=PROPERTIES,
        )
        for seed, x in enumerate(impaired)
    ]


@pytest.mark.parametrize(
    ("impaired", "verdict"),
    [
        ((1, 1, 1, 99), "pass"),
        ((1, 1, 99, 99), "fail"),
        ((1, 1, None, 99), "unknown"),
        ((99, 99, None, 1), "fail"),
        ((None,) * 4, "unknown"),
    ],
)
def test_a_share_of_the_runs(impaired: tuple[float | None, ...], verdict: str) -> None:
    """Three of four runs must hold: one may break; runs without a value decide nothing."""
    expectation = {"measure": "impaired_s", "at_most": "60s", "in_share": 0.75}
    over = judge_runs(scenario(expectation), runs(*impaired))
    assert over.expectations[0].verdict == verdict


def test_a_quantile_of_the_values() -> None:
    """The median of four is the second, whatever the bound."""
    upper = scenario({"measure": "impaired_s", "at_most": "10s", "quantile": 0.5})
    assert judge_runs(upper, runs(1, 10, 99, 99)).verdict == "pass"
    assert judge_runs(upper, runs(1, 99, 99, 99)).verdict == "fail"
    lower = scenario({"measure": "impaired_s", "at_least": "10s", "quantile": 0.5})
    assert judge_runs(lower, runs(1, 10, 99, 99)).verdict == "pass"
    assert judge_runs(lower, runs(1, 1, 99, 99)).verdict == "fail"


def test_one_unknown_run_keeps_the_whole_from_passing() -> None:
    """Even where the share is reached without it."""
    over = judge_runs(scenario({"measure": "impaired_s", "at_most": "60s", "in_share": 0.5}), runs(1, 1, 1, None))
    assert over.expectations[0].verdict == "pass"
    assert over.verdict == "unknown"


COUNTS = (
    "blocked",
    "failed",
    "unknown",
    "rejected",
    "rejected_wrongly",
    "failed_orders",
    "duplicated",
    "lost",
    "orphan",
    "stranded",
    "late",
    "reported_late",
)


@pytest.mark.parametrize(
    "measure",
    [
        *(f"orders.{name}" for name in COUNTS),
        "orders.failed_share",
        "flows.idle.failed",
        "flows.idle.rejected_wrongly",
        "flows.quote.rejected_wrongly",
        "flows.quote.p99_s",
        "flows.quote.p50_s",
        "flows.nosuch.failed",
        "customers_affected",
    ],
)
def test_none_of_none_shows_nothing(measure: str) -> None:
    """Where nothing was submitted, or nothing of it is known, at most 0 and exactly 0 are unknown; with one they are kept."""
    quote = FLOW | {"recorded": False, "intended": 10, "blocked": 0, "failed": 0, "unknown": 0, "success": 1.0}
    quote |= {"p50_ns": 0, "p99_ns": 0}
    none = measured(orders={}, customers_active=0, customers_affected=0, flows=MEASURED["flows"] | {"quote": quote})
    for bound in ("at_most", "equals"):
        assert judged({"measure": measure, bound: 0}, metrics=none) == "unknown"
    one = measured(
        orders={"intended": 1, "failed_share": 0.0},
        customers_active=1,
        customers_affected=0,
        flows=dict.fromkeys(("idle", "quote", "nosuch"), quote | {"recorded": True}),
    )
    assert judged({"measure": measure, "at_most": 0}, metrics=one) == "pass"


def test_that_there_were_no_orders_can_be_expected() -> None:
    """How many were submitted, and confirmed, is known even if none was."""
    assert judged({"measure": "orders.intended", "equals": 0}, metrics=measured(orders={})) == "pass"
    assert judged({"measure": "orders.confirmed", "at_least": 1}, metrics=measured(orders={})) == "fail"


# --- reproductions ----------------------------------------------------------------------------------------------------------


def reproduced(**more: Any) -> str:
    """The verdict against a published 100 s where 120 s came out."""
    outcome = Outcome.model_validate({"measure": "impaired_s", "published": "100s", "source": "x"} | more)
    made = scenario(purpose="reproduction", record=Record(outcomes=[outcome]))
    return judge_run(made, METRICS, PROPERTIES, (), ()).verdict


def test_an_outcome_must_land_near_the_published_figure() -> None:
    """20 % off is within 30 % and not within 10 %; what was fitted or is said to miss is not judged."""
    assert reproduced() == "pass"
    assert reproduced(within=0.1) == "fail"
    assert reproduced(within=0.1, misses="the vendor's part is not modelled") == "pass"
    assert reproduced(within=0.1, fitted=True) == "pass"


@pytest.mark.parametrize(
    ("impaired", "verdict"),
    [((60, 99, 101, 180, 110), "pass"), ((60, 65, 69, 99, 101), "fail"), ((131, 140, 150, 99, 101), "fail")],
)
def test_an_outcome_of_several_runs_is_judged_on_their_median(impaired: tuple[float, ...], verdict: str) -> None:
    """A published 100 s ± 30 %: single runs may lie anywhere, the median may not; and nothing that was fitted is judged."""
    outcome = {"measure": "impaired_s", "published": "100s", "source": "x"}
    made = scenario(purpose="reproduction", replications=5, record=Record(outcomes=[Outcome.model_validate(outcome)]))
    assert judge_run(made, measured(impaired_s=999.0), PROPERTIES, (), ()).verdict == "pass"
    assert judge_runs(made, runs(*impaired)).verdict == verdict
    fitted = Record(outcomes=[Outcome.model_validate(outcome | {"fitted": True})])
    assert judge_runs(scenario(purpose="reproduction", replications=5, record=fitted), runs(*impaired)).verdict == "pass"
