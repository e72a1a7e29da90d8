"""Every threshold of a verdict, at, below and above: bounds, published figures, shares of runs, quantiles, and what a run's end cut off."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest

from chaos.documents.scenario import Expectation, Outcome, Record, Scenario, SteadyState, Window
from chaos.judgement.verdict import (
    Judgement,
    bound_of,
    combine,
    counts,
    found_in,
    holds,
    judge_run,
    judge_runs,
    judge_seeds,
    nothing_known,
    seed_outcome,
)
from chaos.measures.catalogue import measures
from chaos.measures.registry import MeasuredRun
from chaos.results.findings import FoundAtLeast, FoundMoreThan, NotGradable, Text
from chaos.results.run import Measures, PropertyFinding, RunResult

KEPT = {name: PropertyFinding(holds=True) for name in ("no-duplicates", "none-lost", "no-orphans")}
WHY = Text(text="nothing met it")


def measured(**values: Any) -> Measures:
    """Measures of a run, those named alone."""
    return Measures.model_validate({"orders": {"intended": 10}} | values)


def scenario(*expect: dict[str, Any], **more: Any) -> Scenario:
    """A scenario with these expectations."""
    steady = SteadyState.model_validate({"objectives": {"login": {"success": 0.9}}})
    window = Window.model_validate({"from": "09:00", "to": "10:00"})
    made = [Expectation.model_validate(e) for e in expect]
    return Scenario(kind="scenario", name="x", title="x", window=window, steady_state=steady, expect=made, **more)


def judged(*expect: dict[str, Any], invalid: Any = (), doubts: Any = (), properties: Any = KEPT, **values: Any) -> Judgement:
    """The judgement of one run with these measures."""
    return judge_run(scenario(*expect), measured(**values), properties, invalid, doubts)


def runs(*impaired: float | None, **more: Any) -> list[RunResult]:
    """Runs with these impaired times; None is an invalid run."""
    return [
        RunResult(
            architecture="small", seed=seed, digest="", verdict="pass" if x is not None else "unknown", invalid=x is None,
            measures=measured(impaired_s=x, **more), properties=KEPT,
        )
        for seed, x in enumerate(impaired)
    ]  # fmt: skip


# --- one bound ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bound", "kept"),
    [
        ({"at_most": 10}, [True, True, False]),
        ({"at_least": 10}, [False, True, True]),
        ({"equals": 10}, [False, True, False]),
        ({"at_least": 9, "at_most": 10}, [True, True, False]),
        ({"at_least": 10, "at_most": 11}, [False, True, True]),
        ({"at_most": 0}, [False, False, False]),
    ],
)
def test_a_bound_is_kept_up_to_itself(bound: dict[str, Any], kept: list[bool]) -> None:
    """Values of 9, 10 and 11: a bound belongs to what it allows; of two both must be kept."""
    expectation = Expectation.model_validate({"measure": "orders.failed", **bound})
    assert [holds(expectation, value) for value in (9, 10, 11)] == kept
    assert holds(expectation, None) is None


@pytest.mark.parametrize(
    ("bound", "kept"),
    [
        ({"at_most": "larger"}, [True, True, False]),
        ({"at_least": "larger"}, [False, True, True]),
        ({"equals": "larger"}, [False, True, False]),
    ],
)
def test_a_bound_on_a_grade_goes_by_its_rank(bound: dict[str, Any], kept: list[bool]) -> None:
    """Ordinary is milder than larger, and major graver, whatever their letters say."""
    expectation = Expectation.model_validate({"measure": "severity.dora", **bound})
    assert [holds(expectation, grade) for grade in ("ordinary", "larger", "major")] == kept


def test_a_flag_may_be_expected_to_be_false() -> None:
    """False is a value, and 0 too."""
    assert judged({"measure": "metastable", "equals": False}, metastable=False).verdict == "pass"
    assert judged({"measure": "metastable", "equals": False}, metastable=True).verdict == "fail"
    assert judged({"measure": "impaired_s", "at_most": "0s"}, impaired_s=0.0).verdict == "pass"
    assert judged({"measure": "impaired_s", "at_most": "0s"}, impaired_s=0.001).verdict == "fail"
    assert judged({"measure": "impaired_s", "at_least": "0s"}, impaired_s=0.0).verdict == "pass"


@pytest.mark.parametrize(
    ("bound", "lower", "verdict"),
    [
        ({"at_most": "10min"}, 599.0, "unknown"),
        ({"at_most": "10min"}, 601.0, "fail"),
        ({"at_least": "10min"}, 599.0, "unknown"),
        ({"at_least": "10min"}, 600.0, "pass"),
        ({"at_least": "10min"}, 601.0, "pass"),
        ({"at_least": "5min", "at_most": "10min"}, 400.0, "unknown"),  # it may still be too long
        ({"at_least": "5min", "at_most": "10min"}, 601.0, "fail"),
        ({"equals": "10min"}, 599.0, "unknown"),
        ({"equals": "10min"}, 601.0, "fail"),
        ({"equals": "0s"}, 1.0, "fail"),
    ],
)
@pytest.mark.parametrize("measure", ["recovery_s", "detect_s"])
def test_a_time_that_the_end_cut_off_is_longer_than_until_then(measure: str, bound: Any, lower: float, verdict: str) -> None:
    """So it breaks an upper bound that is shorter, and a length that it must have, and keeps a lower bound that is no longer."""
    found = judged({"measure": measure, **bound}, **{measure: None, f"{measure}_lower": lower})
    assert found.verdict == verdict
    kind = FoundAtLeast if measure == "recovery_s" else FoundMoreThan
    assert found.expectations[0].found == kind(unit=measures().find(measure).unit, value=lower)


@pytest.mark.parametrize(("measure", "verdict"), [("recovery_s", "unknown"), ("detect_s", "fail")])
@pytest.mark.parametrize("bound", [{"at_most": "10min"}, {"at_least": "5min", "at_most": "10min"}, {"equals": "10min"}])
def test_a_recovery_may_come_with_the_end_and_a_detection_had_not(measure: str, bound: Any, verdict: str) -> None:
    """The interval that begins when the run ends may be the first steady one: that is a recovery within ten minutes. Who knew at the end
    would have been seen."""
    assert judged({"measure": measure, **bound}, **{measure: None, f"{measure}_lower": 600.0}).verdict == verdict


def test_a_time_that_came_to_its_end_is_judged_by_itself() -> None:
    """A lower bound beside it says nothing; without either it is not known."""
    assert judged({"measure": "recovery_s", "at_most": "10min"}, recovery_s=60.0, recovery_s_lower=700.0).verdict == "pass"
    assert judged({"measure": "recovery_s", "at_most": "10min"}, recovery_s=601.0, recovery_s_lower=1.0).verdict == "fail"
    assert judged({"measure": "recovery_s", "at_most": "10min"}, recovery_s=None).verdict == "unknown"


def test_not_gradable_can_be_expected() -> None:
    """It is the answer that there is no grade; another measure without a value is only not known."""
    vague = {"severity": {"dora": {"grade": None, "label": "not gradable", "why": "two criteria"}}}
    clear = {"severity": {"dora": {"grade": "major", "label": "major"}}}
    expected = {"measure": "severity.dora", "equals": "not-gradable"}
    assert judged(expected, **vague).verdict == "pass"
    assert judged(expected, **clear).verdict == "fail"
    assert judged({"measure": "severity.dora", "equals": "major"}, **vague).verdict == "unknown"
    run = MeasuredRun(measured(**vague), KEPT)
    assert found_in(measures().find("severity.dora"), run) == NotGradable(why="two criteria")
    unsaid = MeasuredRun(measured(severity={"dora": {"grade": None, "label": "not gradable"}}), KEPT)
    assert found_in(measures().find("severity.dora"), unsaid) == NotGradable(why="")
    for name in ("severity.csrc", "detect_s"):
        unknown = found_in(measures().find(name), run)
        assert (unknown.kind, getattr(unknown, "value", "x")) == ("value", None)
    graded = found_in(measures().find("severity.dora"), MeasuredRun(measured(**clear), KEPT))
    assert (graded.kind, getattr(graded, "value", None)) == ("value", "major")


def test_a_bound_as_data_says_all_of_it() -> None:
    """What the file says, with the unit of the measure."""
    said = {"measure": "impaired_s", "at_most": "1min", "at_least": "1s", "in_share": 0.5}
    bound = bound_of(Expectation.model_validate(said))
    assert (bound.at_most, bound.at_least, bound.equals, bound.in_share, bound.quantile) == (60.0, 1.0, None, 0.5, None)


# --- one run --------------------------------------------------------------------------------------------------------------------

TIGHT, WIDE, NO_VALUE = (
    {"measure": "impaired_s", "at_most": "9s"}, {"measure": "impaired_s", "at_most": "10s"}, {"measure": "detect_s", "at_most": "1s"}
)  # fmt: skip


@pytest.mark.parametrize(
    ("expect", "invalid", "doubts", "verdict", "reasons"),
    [
        ([WIDE], (), (), "pass", []),
        ([TIGHT], (), (), "fail", ["bound_broken"]),
        ([WIDE, TIGHT], (), (), "fail", ["bound_broken"]),
        ([NO_VALUE], (), (), "unknown", ["nothing_to_hold"]),
        ([TIGHT, NO_VALUE], (), (), "fail", ["bound_broken", "nothing_to_hold"]),
        ([WIDE], (WHY,), (), "unknown", ["text"]),
        ([TIGHT], (WHY,), (), "unknown", ["text"]),
        ([NO_VALUE], (WHY,), (), "unknown", ["text"]),
        ([WIDE], (), (WHY,), "unknown", ["text"]),
        ([TIGHT], (), (WHY,), "fail", ["bound_broken", "text"]),
        ([NO_VALUE], (), (WHY,), "unknown", ["text", "nothing_to_hold"]),
        ([WIDE], (WHY,), (WHY,), "unknown", ["text", "text"]),
    ],
)
def test_a_verdict_and_its_reasons(expect: Any, invalid: Any, doubts: Any, verdict: str, reasons: list[str]) -> None:
    """Impaired for 10 s, never known: what is broken, then why nothing or not everything can be concluded, then what has no value."""
    found = judged(*expect, invalid=invalid, doubts=doubts, impaired_s=10.0)
    assert (found.verdict, [reason.kind for reason in found.reasons]) == (verdict, reasons)


def test_what_is_left_to_several_runs_is_shown_and_not_judged() -> None:
    """A share and a quantile; each expectation has its value and whether this run keeps it."""
    share, quantile = TIGHT | {"in_share": 0.5}, TIGHT | {"quantile": 0.5}
    found = judged(share, quantile, WIDE, impaired_s=10.0)
    assert found.verdict == "pass"
    assert [(e.value, e.holds, e.judged) for e in found.expectations[:3]] == [(10.0, False, False)] * 2 + [(10.0, True, True)]
    assert [e.measure for e in found.expectations[3:]] == [f"properties.{name}" for name in KEPT]


def test_a_property_that_was_not_checked_is_not_judged() -> None:
    """Nor is one that an expectation speaks of judged twice. A violation is one even in a run that was no valid experiment."""
    absent = KEPT | {"none-lost": PropertyFinding()}
    assert judged(WIDE, properties=absent, impaired_s=1.0).verdict == "pass"
    assert judged(WIDE, properties={}, impaired_s=1.0).verdict == "pass"
    broken = KEPT | {"none-lost": PropertyFinding(holds=False, violations=2)}
    said = {"measure": "properties.none-lost", "equals": True}
    assert len(judged(said, properties=broken).expectations) == 3
    for expect in (said, WIDE):
        found = judged(expect, properties=broken, invalid=(WHY,), impaired_s=1.0)
        assert (found.verdict, [reason.kind for reason in found.reasons]) == ("fail", ["bound_broken", "text"])
    assert judged({"measure": "metastable", "equals": True}, metastable=False, invalid=(WHY,)).verdict == "unknown"


# --- published figures ------------------------------------------------------------------------------------------------------------


def outcome(**more: Any) -> Outcome:
    """A published impaired time of 100 s, or what is said instead."""
    return Outcome.model_validate({"measure": "impaired_s", "published": "100s", "source": "x"} | more)


def reproduction(*outcomes: Outcome, replications: int = 1) -> Scenario:
    """A reproduction of a record with these figures."""
    return scenario(purpose="reproduction", replications=replications, record=Record(outcomes=list(outcomes)))


@pytest.mark.parametrize(
    ("measure", "published", "whole", "given_up"),
    [
        ("impaired_s", "100s", False, False),  # 120 s, and more to come
        ("impaired_s", "109s", False, False),
        ("impaired_s", "110s", True, None),
        ("impaired_s", "120s", True, None),
        ("impaired_s", "133s", True, None),
        ("impaired_s", "134s", False, None),  # too short so far
        ("detect_s", "100s", False, False),  # does not change any more
        ("detect_s", "120s", True, True),
        ("detect_s", "140s", False, False),
        ("orders.failed_share", 0.05, False, None),  # may fall
        ("orders.failed_share", 0.07, True, None),
        ("orders.failed_share", 0.09, False, None),
        ("severity.dora", "major", True, None),
        ("severity.dora", "larger", False, None),
        ("recovery_s", "100s", None, None),
    ],
)
def test_a_published_figure_of_a_run_that_was_given_up(
    measure: str, published: Any, whole: bool | None, given_up: bool | None
) -> None:
    """Within a tenth of it or not; given up 10 s before the end, what only grows is decided where it is too much already."""
    made = reproduction(outcome(measure=measure, published=published, within=0.1))
    values = measured(
        orders={"intended": 100, "failed_orders": 7, "failed_share": 0.07},
        impaired_s=120.0,
        detect_s=120.0,
        severity={"dora": {"grade": "major", "label": "major"}},
    )
    for unseen_s, expected in ((None, whole), (10.0, given_up), (0.0, given_up)):
        (found, *_) = judge_run(made, values, KEPT, (), (), unseen_s).expectations
        assert found.holds is expected


@pytest.mark.parametrize(
    ("impaired", "verdict"),
    [(74.9, "fail"), (75.0, "pass"), (75.1, "pass"), (100.0, "pass"), (124.9, "pass"), (125.0, "pass"), (125.1, "fail")],
)
def test_an_outcome_may_be_off_by_exactly_its_tolerance(impaired: float, verdict: str) -> None:
    """A quarter of 100 s, to either side."""
    found = judge_run(reproduction(outcome(within=0.25)), measured(impaired_s=impaired), {}, (), ())
    assert found.verdict == verdict


@pytest.mark.parametrize(("lower", "holds"), [(129.9, None), (130.1, False)])
@pytest.mark.parametrize(("measure", "at_the_bound"), [("recovery_s", None), ("detect_s", False)])
def test_a_published_time_may_be_exceeded_though_the_end_cut_the_run_off(
    measure: str, at_the_bound: bool | None, lower: float, holds: bool | None
) -> None:
    """100 s were published, and 130 s at most are near; how much longer it took decides nothing more. Shorter than that it is open."""
    made = reproduction(outcome(measure=measure))
    for at, expected in ((lower, holds), (130.0, at_the_bound)):
        (found, *_) = judge_run(made, measured(**{measure: None, f"{measure}_lower": at}), KEPT, (), ()).expectations
        assert found.holds is expected


def test_an_outcome_that_is_no_number_must_be_the_same() -> None:
    """A grade; without a value nothing is known; and what is fitted or said to miss is shown with its standing."""
    graded = outcome(measure="severity.dora", published="major")
    for grade, verdict in (("major", "pass"), ("larger", "fail"), (None, "unknown")):
        values = measured(severity={"dora": {"grade": grade, "label": "x"}})
        assert judge_run(reproduction(graded), values, {}, (), ()).verdict == verdict
    shown = judge_run(reproduction(outcome(fitted=True), outcome(misses="x"), outcome()), measured(impaired_s=300.0), {}, (), ())
    assert [(e.bound.standing, e.holds, e.judged) for e in shown.expectations] == [  # type: ignore[union-attr]
        ("fitted", False, False), ("misses", False, False), ("counts", False, True)
    ]  # fmt: skip
    assert [counts(o) for o in (outcome(), outcome(fitted=True), outcome(misses="x"), outcome(fitted=True, misses="x"))] == [
        True, False, False, False
    ]  # fmt: skip
    nothing = judge_run(reproduction(outcome()), measured(impaired_s=None), {}, (), ())
    assert (nothing.verdict, nothing.expectations[0].holds) == ("unknown", None)
    negative = outcome(measure="orders.failed", published=-100)
    assert judge_run(reproduction(negative), measured(orders={"intended": 10, "failed": -80}), {}, (), ()).verdict == "pass"


@pytest.mark.parametrize(
    ("replications", "impaired", "verdict"),
    [(1, (75.0,), "fail"), (2, (60.0, 69.0), "fail"), (2, (70.0, 80.0), "pass"), (2, (131.0, 140.0), "fail"), (3, (60.0, 70.0, 131.0), "pass"),
     (3, (60.0, 69.9, 131.0), "fail"), (3, (60.0, 130.0, 131.0), "pass"), (3, (60.0, 130.1, 131.0), "fail")],
)  # fmt: skip
def test_of_several_runs_the_median_is_judged(replications: int, impaired: tuple[float, ...], verdict: str) -> None:
    """100 s ± 30 %: from two replications on, at 70 and 130 s exactly; with one each run is judged, here at ± 20 %."""
    made = reproduction(outcome(within=0.2 if replications == 1 else 0.3), replications=replications)
    each = [judge_run(made, measured(impaired_s=x), {}, (), ()).verdict for x in impaired]
    over = judge_runs(made, runs(*impaired))
    assert combine([*each, *(o.verdict for o in over.expectations)]) == verdict
    assert len(over.expectations) == (0 if replications == 1 else 2)


@pytest.mark.parametrize(("low", "high", "verdict"), [(5, 5, "fail"), (6, 4, "fail"), (4, 6, "pass")])
def test_the_median_of_ten_is_the_fifth(low: int, high: int, verdict: str) -> None:
    """Of ten runs so many at 69 s, the rest at 70, which is what the tolerance allows; so many at 130 s, the rest above."""
    made = reproduction(outcome(within=0.3), replications=10)
    assert judge_runs(made, runs(*[69.0] * low, *[70.0] * high)).verdict == verdict
    assert judge_runs(made, runs(*[130.0] * low, *[131.0] * high)).verdict == ("pass" if low >= 5 else "fail")


def test_a_grade_has_no_median() -> None:
    """It is judged in each run, whatever their number; and an outcome that does not count has none."""
    made = reproduction(outcome(measure="severity.dora", published="major"), outcome(fitted=True), replications=3)
    assert judge_runs(made, runs(1, 2, 3)).expectations == []
    values = measured(severity={"dora": {"grade": "larger", "label": "x"}})
    assert judge_run(made, values, {}, (), ()).verdict == "fail"


# --- several runs -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("share", "impaired", "verdict", "needed"),
    [
        (0.75, (1, 1, 1, 99), "pass", 3),
        (0.75, (1, 1, 99, 99), "fail", 3),
        (0.76, (1, 1, 1, 99), "fail", 4),
        (0.5, (1, 99), "pass", 1),
        (0.01, (99, 99), "fail", 1),
        (1.0, (1, 1), "pass", 2),
        (1.0, (1, None), "unknown", 2),
        (0.5, (99, None, None), "unknown", 2),
        (0.5, (99, 99, None), "fail", 2),
        (0.5, (1, 1, None), "pass", 2),
    ],
)
def test_a_share_of_runs_must_keep_a_bound(share: float, impaired: Any, verdict: str, needed: int) -> None:
    """At most 60 s in so many: what is broken in too many fails, whatever the runs without a value were."""
    (found,) = judge_runs(scenario({"measure": "impaired_s", "at_most": "60s", "in_share": share}), runs(*impaired)).expectations
    assert (found.verdict, found.needed, found.runs) == (verdict, needed, len(impaired))
    assert found.held == sum(x is not None and x <= 60 for x in impaired)
    assert found.broken == sum(x is not None and x > 60 for x in impaired)
    assert found.quantile_value is None


@pytest.mark.parametrize(
    ("bound", "impaired", "verdict", "value"),
    [
        ({"at_most": "10s", "quantile": 0.9}, (*([1] * 9), 99), "pass", 1),
        ({"at_most": "10s", "quantile": 0.9}, (*([1] * 8), 99, 99), "fail", 99),
        ({"at_most": "10s", "quantile": 0.0}, (1, 99, 99), "pass", 1),
        ({"at_most": "10s", "quantile": 0.0}, (99, 99), "fail", 99),
        ({"at_most": "10s", "quantile": 0.0}, (1, *([99] * 19)), "pass", 1),
        ({"at_least": "10s", "quantile": 0.0}, (1, *([99] * 9)), "fail", 1),
        ({"at_least": "10s", "quantile": 0.0}, (99,) * 10, "pass", 99),
        ({"at_most": "10s", "quantile": 1.0}, (1, 1, 99), "fail", 99),
        ({"at_least": "10s", "quantile": 0.1}, (1, *([99] * 9)), "fail", 1),
        ({"at_least": "10s", "quantile": 0.1}, (1, *([99] * 10)), "pass", 99),
        ({"at_least": "10s", "quantile": 0.1}, (1, 1, *([99] * 8)), "fail", 1),
        ({"at_least": "10s", "quantile": 1.0}, (1, 1, 99), "pass", 99),
        ({"at_least": "10s", "quantile": 0.5}, (1, 1, 99, 99), "fail", 1),
        ({"equals": "10s", "quantile": 0.5}, (1, 10, 99, 99), "pass", 10),
        ({"equals": "10s", "quantile": 0.5}, (10, 10, 99, None), "pass", 10),
        ({"equals": "10s", "quantile": 0.5}, (9, 10, 99, None), "unknown", None),
        ({"equals": "10s", "quantile": 0.5}, (10, 11, 99, 99), "fail", 11),
        ({"at_least": "9s", "at_most": "11s", "quantile": 0.5}, (1, 10, 99), "pass", 10),
        ({"at_least": "9s", "at_most": "11s", "quantile": 0.5}, (1, 1, 10, 99), "fail", 1),
        ({"at_least": "10s", "quantile": 0.5}, (99, 99, None), "pass", 99),
        ({"at_least": "10s", "quantile": 0.5}, (1, 99, None), "unknown", None),
        ({"at_least": "10s", "quantile": 0.5}, (1, 1, None), "fail", 1),
        ({"at_most": "10s", "quantile": 0.5}, (None, None), "unknown", None),
        ({"at_most": "10s", "quantile": 0.5}, (1, 1, None), "pass", 1),
        ({"at_most": "10s", "quantile": 0.5}, (1, None), "pass", None),  # 1 or less
        ({"at_most": "10s", "quantile": 1.0}, (99, None), "fail", None),  # 99 or more
    ],
)
def test_a_quantile_of_runs_must_keep_a_bound(bound: Any, impaired: Any, verdict: str, value: float | None) -> None:
    """The ⌈q·n⌉-th value in ascending order, whatever the bound; where runs without a value could make it another, none."""
    (found,) = judge_runs(scenario({"measure": "impaired_s", **bound}), runs(*impaired)).expectations
    assert (found.verdict, found.quantile_value, found.needed) == (verdict, value, None)


OF_TWENTY = (40, 42, 44, 45, 46, 47, 48, 48, 48, 49, 50, 52, 52, 53, 53, 55, 57, 57, 58, 60)
"""The 18th is 57, the 10th 49."""


@pytest.mark.parametrize(
    ("bound", "verdict"),
    [
        ({"at_least": 58, "quantile": 0.9}, "fail"),
        ({"at_least": 50, "quantile": 0.5}, "fail"),
        ({"at_least": 49, "at_most": 49, "quantile": 0.5}, "pass"),
        ({"at_least": 57, "at_most": 57, "quantile": 0.9}, "pass"),
        ({"equals": 57, "quantile": 0.9}, "pass"),
        ({"equals": 58, "quantile": 0.9}, "fail"),
    ],
)
def test_the_verdict_is_that_of_the_value_that_is_shown(bound: Any, verdict: str) -> None:
    """Of twenty values the 18th (q = 0.9) and the 10th (q = 0.5), counted by hand."""
    over = judge_runs(scenario({"measure": "impaired_s", **bound}), runs(*map(float, OF_TWENTY))).expectations
    (found,) = over
    assert (found.verdict, found.quantile_value) == (verdict, 57 if bound["quantile"] == 0.9 else 49)
    assert found.quantile_rank == (18 if bound["quantile"] == 0.9 else 10)


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_a_quantile_is_judged_as_whatever_the_missing_values_allow(n: int) -> None:
    """Held against trying every value that the missing ones may have, by the definition alone."""
    bounds: list[dict[str, Any]] = [{"at_most": 2}, {"at_least": 2}, {"equals": 2}, {"at_least": 1, "at_most": 2}]
    for values in itertools.product((1.0, 2.0, 3.0, None), repeat=n):
        for q in (0.0, 0.3, 0.5, 1.0):
            at = max(1, math.ceil(q * n)) - 1
            tries = itertools.product(*([0.0, 1.0, 1.5, 2.0, 3.0, 9.0] if v is None else [v] for v in values))
            seen = {sorted(each)[at] for each in tries} if n < 5 or values.count(None) < 3 else set()
            for bound in bounds if seen else []:
                low, high = bound.get("at_least", bound.get("equals", 0)), bound.get("at_most", bound.get("equals", 99))
                kept = {low <= value <= high for value in seen}
                wanted = "unknown" if len(kept) == 2 else "pass" if kept == {True} else "fail"
                (found,) = judge_runs(scenario({"measure": "impaired_s", "quantile": q, **bound}), runs(*values)).expectations
                assert (found.verdict, found.quantile_value) == (wanted, min(seen) if len(seen) == 1 else None)


@pytest.mark.parametrize(
    ("measure", "bound", "verdict"),
    [
        ("detect_s", {"at_most": "300s"}, "fail"),
        ("detect_s", {"equals": "300s"}, "fail"),
        ("detect_s", {"at_least": "300s"}, "pass"),
        ("recovery_s", {"at_most": "299s"}, "fail"),
        ("recovery_s", {"at_least": "300s"}, "pass"),
    ],
)
def test_a_quantile_of_times_that_the_end_cut_off(measure: str, bound: Any, verdict: str) -> None:
    """What nobody detected in 300 s takes longer than that; a recovery takes at least as long."""
    cut = [measured(**{measure: None, f"{measure}_lower": 300.0})] * 2
    open_ = scenario({"measure": "recovery_s", "at_most": "300s", "quantile": 0.5})
    one = seed_outcome(open_, MeasuredRun(measured(recovery_s=None, recovery_s_lower=300.0), KEPT), "pass", valid=True)
    assert judge_seeds(open_, [one]).expectations[0].verdict == "unknown"
    made = scenario({"measure": measure, "quantile": 0.5, **bound})
    outcomes = [seed_outcome(made, MeasuredRun(m, KEPT), "pass", valid=True) for m in cut]
    assert judge_seeds(made, outcomes).verdict == verdict
    assert judge_seeds(made, [nothing_known(made, "pass"), *outcomes]).verdict == verdict
    assert judge_seeds(made, [nothing_known(made, "pass")] * 2 + outcomes).expectations[0].verdict == "unknown"


@pytest.mark.parametrize(
    ("measure", "bound", "verdict"),
    [
        ("impaired_s", {"at_most": "119s"}, "fail"),  # 120 s, and up to 10 s more
        ("impaired_s", {"at_most": "129s"}, "unknown"),
        ("impaired_s", {"at_most": "130s"}, "pass"),
        ("impaired_s", {"at_least": "120s"}, "pass"),
        ("impaired_s", {"at_least": "131s"}, "fail"),
        ("detect_s", {"equals": "120s"}, "pass"),  # does not change any more
        ("orders.failed", {"at_most": 6}, "fail"),
        ("orders.failed", {"at_least": 8}, "unknown"),
        ("orders.failed_share", {"at_most": 0.5}, "unknown"),
    ],
)
def test_a_quantile_of_runs_that_were_given_up(measure: str, bound: Any, verdict: str) -> None:
    """10 s of the window were left."""
    made = scenario({"measure": measure, "quantile": 0.5, **bound})
    values = measured(impaired_s=120.0, detect_s=120.0, orders={"intended": 100, "failed": 7, "failed_share": 0.07})
    one = seed_outcome(made, MeasuredRun(values, KEPT, 10.0), "pass", valid=True)
    assert judge_seeds(made, [one]).expectations[0].verdict == verdict


def test_an_invalid_run_counts_as_one_without_a_value() -> None:
    """Though it was measured; and one run that is unknown keeps the whole from passing."""
    made = scenario({"measure": "impaired_s", "at_most": "60s", "in_share": 0.5})
    odd = [run.model_copy(update={"invalid": True}) for run in runs(1, 1, 1)]
    assert [o.held for o in judge_runs(made, odd).expectations] == [0]
    assert judge_runs(made, runs(1, 1, None)).verdict == "unknown"
    assert judge_runs(made, runs(1, 1, 1)).verdict == "pass"
    assert judge_runs(made, [runs(1)[0].model_copy(update={"verdict": None})]).verdict == "unknown"
