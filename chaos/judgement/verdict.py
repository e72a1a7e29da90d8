"""Pass, fail or unknown: of one run, of the runs of one scenario, of everything. docs/verdicts.md has the rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chaos.documents.scenario import IMPLIED, NOT_GRADABLE, Expectation, Outcome, Scenario, is_time
from chaos.documents.severity import GRADES
from chaos.measures.statistics import enough, quantile_of
from chaos.results.run import (
    ExpectationResult,
    Measures,
    OverSeedsResult,
    PropertyFinding,
    RunResult,
    Value,
    Verdict,
)
from simcore.journal.summary import FlowFigures

Properties = Mapping[str, PropertyFinding]

EXIT_CODES: dict[Verdict, int] = {"pass": 0, "fail": 1, "unknown": 4}


def combine(verdicts: Iterable[Verdict]) -> Verdict:
    """fail > unknown > pass; nothing at all is unknown."""
    found = set(verdicts)
    return "fail" if "fail" in found else "unknown" if "unknown" in found or not found else "pass"


# --- values ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Judgement:
    """The verdict of one run, with why it is not a pass and the result of each expectation."""

    verdict: Verdict
    reasons: list[str]
    expectations: list[ExpectationResult]


@dataclass(frozen=True)
class SeedsJudgement:
    """The verdict of a scenario's runs together, with the result of each expectation over them."""

    verdict: Verdict
    expectations: list[OverSeedsResult]


def value_of(measures: Measures, properties: Properties, measure: str) -> Value:
    """The value of a measure in one run; None if it has none. A time that was cut off by the end of the run is None."""
    group, _, rest = measure.partition(".")
    value: Value
    if group == "properties":
        return properties[rest].holds if rest in properties else None
    if group == "orders" and rest:
        value = getattr(measures.orders, rest, None)
    elif group == "severity":
        value = measures.severity[rest].grade if rest in measures.severity else None
    elif group == "counters":
        reading, _, what = rest.rpartition(".")
        value = getattr(measures.counters.get(reading), what, None)
    elif group == "flows":
        flow, _, what = rest.rpartition(".")
        value = _flow_value(measures.flows.get(flow), what)
    else:
        value = getattr(measures, measure, None)
    return value


def _flow_value(flow: FlowFigures | None, what: str) -> float | None:
    if flow is None or not flow.intended:
        return None
    if what == "failed":
        return flow.failed_all
    if what == "failed_share":
        return flow.failed_all / flow.intended
    if what == "success":
        return flow.success
    ns: int | None = getattr(flow, what.removesuffix("_s") + "_ns")
    return None if ns is None else ns / 1e9


def holds(expectation: Expectation, value: Any) -> bool | None:
    """Whether a value keeps the bounds; None if there is no value."""
    if value is None:
        return None
    rank: Callable[[Any], Any] = GRADES.index if isinstance(value, str) else lambda x: x
    ok = True
    if expectation.at_most is not None:
        ok &= rank(value) <= rank(expectation.at_most)
    if expectation.at_least is not None:
        ok &= rank(value) >= rank(expectation.at_least)
    if expectation.equals is not None:
        ok &= value == expectation.equals
    return bool(ok)


def _holds_in(expectation: Expectation, measures: Measures, properties: Properties) -> bool | None:
    """As `holds`; a recovery or detection that the run's end cut off is too long as soon as its lower bound is, and an incident
    may be expected to be not gradable."""
    value = value_of(measures, properties, expectation.measure)
    lower = _lower(measures, expectation.measure)
    if expectation.equals == NOT_GRADABLE:
        return value is None
    if value is None and lower is not None:
        if expectation.at_most is not None and lower >= expectation.at_most:
            return False
        if expectation.at_most is None and expectation.at_least is not None and lower >= expectation.at_least:
            return True
    return holds(expectation, value)


def _lower(measures: Measures, measure: str) -> float | None:
    """What a time is longer than that had not come to its end when the run did."""
    return {"recovery_s": measures.recovery_s_lower, "detect_s": measures.detect_s_lower}.get(measure)


def bounds(expectation: Expectation) -> str:
    """The expectation as a person would say it."""
    parts = [
        f"{sign} {_shown(expectation.measure, bound)}"
        for sign, bound in (("≤", expectation.at_most), ("≥", expectation.at_least), ("=", expectation.equals))
        if bound is not None
    ]
    over = (
        f" in {expectation.in_share:.0%} of the runs"
        if expectation.in_share
        else f" at quantile {expectation.quantile:g}"
        if expectation.quantile is not None
        else ""
    )
    return f"{expectation.measure} {' and '.join(parts)}{over}"


def _shown(measure: str, value: Any) -> str:
    if value is None:
        return "no value"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return value
    if measure.endswith(("share", "success")):
        return f"{value:.3%}"
    return f"{value:g} s" if is_time(measure) else f"{value:,g}"


def shown(measure: str, measures: Measures, properties: Properties) -> str:
    """The value of a measure for people."""
    value = value_of(measures, properties, measure)
    lower = _lower(measures, measure)
    if value is None and lower is not None:
        return f"more than {lower:g} s"
    group, _, rules = measure.partition(".")
    if group == "severity" and value is None and (graded := measures.severity.get(rules)):
        return f"not gradable ({graded.why})" if graded.why else "not gradable"
    return _shown(measure, value)


# --- one run --------------------------------------------------------------------------------------------------------------


def judge_run(
    scenario: Scenario, measures: Measures, properties: Properties, invalid: Sequence[str], doubts: Sequence[str]
) -> Judgement:
    """The verdict of one run with its reasons and each expectation's result.

    `invalid` says why the run was no valid experiment: then nothing is concluded from its measures. `doubts` say why it cannot
    pass (aborted, an action failed) though what it shows may fail. Expectations over several runs are left to `judge_runs`.
    """
    results = [_result(e, measures, properties) for e in scenario.expect]
    results += [_outcome_result(o, measures, properties, scenario) for o in (scenario.record.outcomes if scenario.record else ())]
    results += [_property_result(name, properties) for name in _implied(scenario)]
    judged = [r for r in results if r.judged]
    failed = [r for r in judged if r.holds is False and (not invalid or _is_violation(r))]
    untold = [r for r in judged if r.holds is None]
    verdict: Verdict = "fail" if failed else "unknown" if invalid or doubts or untold else "pass"
    reasons = [f"{r.expected}, but it is {r.shown}" for r in failed]
    reasons += [*invalid, *doubts] if verdict != "pass" else []
    if not invalid:
        reasons += [f"{r.expected}: {r.shown}" for r in untold]
    return Judgement(verdict, reasons, results)


def _result(expectation: Expectation, measures: Measures, properties: Properties) -> ExpectationResult:
    return ExpectationResult(
        measure=expectation.measure, expected=bounds(expectation), value=value_of(measures, properties, expectation.measure),
        shown=shown(expectation.measure, measures, properties), holds=_holds_in(expectation, measures, properties),
        judged=expectation.in_share is None and expectation.quantile is None,
    )  # fmt: skip


def _outcome_result(outcome: Outcome, measures: Measures, properties: Properties, scenario: Scenario) -> ExpectationResult:
    """Against the published figure: off by at most `within` of it. What was fitted, or is said to miss, is shown alone; what is
    judged on the median of several runs is not judged on each."""
    value, published = value_of(measures, properties, outcome.measure), outcome.published
    ok = None
    if isinstance(value, (int, float)) and isinstance(published, (int, float)):
        ok = abs(value - published) <= outcome.within * abs(published)
    elif value is not None:
        ok = value == published
    alone = counts(outcome) and not _by_median(outcome, scenario)
    near = f"within {outcome.within:.0%} of the published {_shown(outcome.measure, published)}"
    note = " (fitted)" if outcome.fitted else " (said to miss)" if outcome.misses else ""
    return ExpectationResult(
        measure=outcome.measure, expected=f"{outcome.measure} {near}{note}", value=value,
        shown=shown(outcome.measure, measures, properties), holds=ok, judged=alone,
    )  # fmt: skip


def _implied(scenario: Scenario) -> list[str]:
    """Properties that are judged though no expectation speaks of them."""
    default = IMPLIED if scenario.purpose == "requirement" else ()
    said = {e.measure for e in scenario.expect}
    names = default if scenario.properties is None else scenario.properties
    return [name for name in names if f"properties.{name}" not in said]


def _is_violation(result: ExpectationResult) -> bool:
    """Whether a result says that a property is violated: that stands even where nothing else can be concluded from the run."""
    return result.measure.startswith("properties.") and result.value is False


def _property_result(name: str, properties: Properties) -> ExpectationResult:
    found = properties.get(name, PropertyFinding())
    return ExpectationResult(
        measure=f"properties.{name}", expected=f"property {name} holds", value=found.holds,
        shown="kept" if found.holds else f"violated {found.violations} times", holds=found.holds, judged=found.holds is not None,
    )  # fmt: skip


# --- several runs -----------------------------------------------------------------------------------------------------------


def judge_runs(scenario: Scenario, runs: Sequence[RunResult]) -> SeedsJudgement:
    """The verdict over the runs of one scenario in one place: the runs' own verdicts, and what must hold over the seeds.

    An expectation over seeds fails when it would even if every run without a value held; it passes when it would if none did.
    """
    stated = [e for e in scenario.expect if e.in_share is not None or e.quantile is not None]
    over = [_over_seeds(e, runs) for e in (*stated, *_medians(scenario))]
    return SeedsJudgement(combine([*(run.verdict or "unknown" for run in runs), *(o.verdict for o in over)]), over)


def counts(outcome: Outcome) -> bool:
    """Whether an outcome is held against the record: what was fitted, or is said to miss, is not."""
    return not outcome.fitted and not outcome.misses


def _by_median(outcome: Outcome, scenario: Scenario) -> bool:
    """Whether an outcome is judged on the median: a record is one draw, and so is a run; the unit is the scenario's seeds."""
    spread = is_time(outcome.measure) or outcome.measure.startswith(("orders.", "flows.", "customers"))
    return scenario.replications > 1 and spread


def _medians(scenario: Scenario) -> list[Expectation]:
    """What the median of an outcome must keep, as expectations over the seeds: no less and no more than `within` allows."""
    found = []
    for o in scenario.record.outcomes if scenario.record else ():
        if counts(o) and _by_median(o, scenario) and isinstance(o.published, (int, float)):
            for side, sign in (("at_least", -1.0), ("at_most", 1.0)):
                bound = {side: o.published * (1.0 + sign * o.within)}
                found.append(Expectation.model_validate({"measure": o.measure, "quantile": 0.5, "why": o.source, **bound}))
    return found


def _over_seeds(expectation: Expectation, runs: Sequence[RunResult]) -> OverSeedsResult:
    told = [None if run.invalid else _holds_in(expectation, run.measures, run.properties) for run in runs]
    kept, broken = told.count(True), told.count(False)
    share = expectation.in_share
    if share is None:  # a quantile at most x: at least that share of the values is at most x
        share = expectation.quantile if expectation.at_most is not None else 1.0 - (expectation.quantile or 0.0)
    need = max(1, enough(share or 0.0, len(runs)))
    verdict: Verdict = "pass" if kept >= need else "fail" if broken > len(runs) - need else "unknown"
    values = [v for run in runs if isinstance(v := value_of(run.measures, run.properties, expectation.measure), (int, float))]
    at = quantile_of(values, expectation.quantile) if values and expectation.quantile is not None else None
    return OverSeedsResult(
        measure=expectation.measure, expected=bounds(expectation), held=kept, broken=broken, runs=len(runs), needed=need,
        quantile_value=at, verdict=verdict,
    )  # fmt: skip
