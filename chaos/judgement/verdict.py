"""Pass, fail or unknown: of one run, of the runs of one scenario, of everything. docs/verdicts.md has the rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

from chaos.documents.scenario import IMPLIED, NOT_GRADABLE, Expectation, Outcome, Scenario, is_time
from chaos.documents.severity import GRADES
from chaos.measures.statistics import enough, quantile_of

Verdict = Literal["pass", "fail", "unknown"]
Metrics = Mapping[str, Any]

EXIT_CODES: dict[Verdict, int] = {"pass": 0, "fail": 1, "unknown": 4}


def combine(verdicts: Iterable[Verdict]) -> Verdict:
    """fail > unknown > pass; nothing at all is unknown."""
    found = set(verdicts)
    return "fail" if "fail" in found else "unknown" if "unknown" in found or not found else "pass"


# --- values ---------------------------------------------------------------------------------------------------------------


def value_of(metrics: Metrics, properties: Metrics, measure: str) -> Any:
    """The value of a measure in one run; None if it has none. A time that was cut off by the end of the run is None."""
    group, _, rest = measure.partition(".")
    if group == "properties":
        return properties.get(rest, {}).get("holds")
    if group == "orders" and rest:
        return metrics["orders"].get(rest)
    if group == "severity":
        return (metrics["severity"].get(rest) or {}).get("grade")
    if group == "counters":
        reading, _, what = rest.rpartition(".")
        return metrics.get("counters", {}).get(reading, {}).get(what)
    if group == "flows":
        flow, _, what = rest.rpartition(".")
        return _flow_value(metrics["flows"].get(flow), what)
    return metrics.get(measure)


def _flow_value(flow: Metrics | None, what: str) -> Any:
    if flow is None or not flow["intended"]:
        return None
    bad = flow["blocked"] + flow["failed"] + flow["unknown"]
    if what == "failed":
        return bad
    if what == "failed_share":
        return bad / flow["intended"]
    if what == "success":
        return flow["success"]
    ns = flow[what.removesuffix("_s") + "_ns"]
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


def _holds_in(expectation: Expectation, metrics: Metrics, properties: Metrics) -> bool | None:
    """As `holds`; a recovery or detection that the run's end cut off is too long as soon as its lower bound is, and an incident
    may be expected to be not gradable."""
    value = value_of(metrics, properties, expectation.measure)
    lower = _lower(metrics, expectation.measure)
    if expectation.equals == NOT_GRADABLE:
        return value is None
    if value is None and lower is not None:
        if expectation.at_most is not None and lower >= expectation.at_most:
            return False
        if expectation.at_most is None and expectation.at_least is not None and lower >= expectation.at_least:
            return True
    return holds(expectation, value)


def _lower(metrics: Metrics, measure: str) -> float | None:
    """What a time is longer than that had not come to its end when the run did."""
    return metrics.get(f"{measure}_lower") if measure in ("recovery_s", "detect_s") else None


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


def shown(measure: str, metrics: Metrics, properties: Metrics) -> str:
    """The value of a measure for people."""
    value = value_of(metrics, properties, measure)
    lower = _lower(metrics, measure)
    if value is None and lower is not None:
        return f"more than {lower:g} s"
    group, _, rules = measure.partition(".")
    if group == "severity" and value is None and (graded := metrics["severity"].get(rules)):
        return f"not gradable ({graded['why']})" if graded.get("why") else "not gradable"
    return _shown(measure, value)


# --- one run --------------------------------------------------------------------------------------------------------------


def judge_run(
    scenario: Scenario, metrics: Metrics, properties: Metrics, invalid: Sequence[str], doubts: Sequence[str]
) -> dict[str, Any]:
    """The verdict of one run with its reasons and each expectation's result.

    `invalid` says why the run was no valid experiment: then nothing is concluded from its measures. `doubts` say why it cannot
    pass (aborted, an action failed) though what it shows may fail. Expectations over several runs are left to `judge_runs`.
    """
    results = [_result(e, metrics, properties) for e in scenario.expect]
    results += [_outcome_result(o, metrics, properties, scenario) for o in (scenario.record.outcomes if scenario.record else ())]
    results += [_property_result(name, properties) for name in _implied(scenario)]
    judged = [r for r in results if r["judged"]]
    failed = [r for r in judged if r["holds"] is False and (not invalid or _is_violation(r))]
    untold = [r for r in judged if r["holds"] is None]
    verdict: Verdict = "fail" if failed else "unknown" if invalid or doubts or untold else "pass"
    reasons = [f"{r['expected']}, but it is {r['shown']}" for r in failed]
    reasons += [*invalid, *doubts] if verdict != "pass" else []
    if not invalid:
        reasons += [f"{r['expected']}: {r['shown']}" for r in untold]
    return {"verdict": verdict, "reasons": reasons, "expectations": results}


def _result(expectation: Expectation, metrics: Metrics, properties: Metrics) -> dict[str, Any]:
    return {
        "measure": expectation.measure, "expected": bounds(expectation), "value": value_of(metrics, properties, expectation.measure),
        "shown": shown(expectation.measure, metrics, properties), "holds": _holds_in(expectation, metrics, properties),
        "judged": expectation.in_share is None and expectation.quantile is None,
    }  # fmt: skip


def _outcome_result(outcome: Outcome, metrics: Metrics, properties: Metrics, scenario: Scenario) -> dict[str, Any]:
    """Against the published figure: off by at most `within` of it. What was fitted, or is said to miss, is shown alone; what is
    judged on the median of several runs is not judged on each."""
    value, published = value_of(metrics, properties, outcome.measure), outcome.published
    ok = None
    if value is not None:
        numeric = not isinstance(published, str)
        ok = abs(value - published) <= outcome.within * abs(published) if numeric else value == published
    alone = counts(outcome) and not _by_median(outcome, scenario)
    near = f"within {outcome.within:.0%} of the published {_shown(outcome.measure, published)}"
    note = " (fitted)" if outcome.fitted else " (said to miss)" if outcome.misses else ""
    return {
        "measure": outcome.measure, "expected": f"{outcome.measure} {near}{note}",
        "value": value, "shown": shown(outcome.measure, metrics, properties), "holds": ok, "judged": alone,
    }  # fmt: skip


def _implied(scenario: Scenario) -> list[str]:
    """Properties that are judged though no expectation speaks of them."""
    default = IMPLIED if scenario.purpose == "requirement" else ()
    said = {e.measure for e in scenario.expect}
    names = default if scenario.properties is None else scenario.properties
    return [name for name in names if f"properties.{name}" not in said]


def _is_violation(result: Mapping[str, Any]) -> bool:
    """Whether a result says that a property is violated: that stands even where nothing else can be concluded from the run."""
    return result["measure"].startswith("properties.") and result["value"] is False


def _property_result(name: str, properties: Metrics) -> dict[str, Any]:
    found = properties.get(name, {"holds": None, "violations": 0})
    return {
        "measure": f"properties.{name}", "expected": f"property {name} holds", "value": found["holds"],
        "shown": "kept" if found["holds"] else f"violated {found['violations']} times", "holds": found["holds"], "judged": found["holds"] is not None,
    }  # fmt: skip


# --- several runs -----------------------------------------------------------------------------------------------------------


def judge_runs(scenario: Scenario, runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The verdict over the runs of one scenario in one place: the runs' own verdicts, and what must hold over the seeds.

    An expectation over seeds fails when it would even if every run without a value held; it passes when it would if none did.
    """
    stated = [e for e in scenario.expect if e.in_share is not None or e.quantile is not None]
    over = [_over_seeds(e, runs) for e in (*stated, *_medians(scenario))]
    verdict = combine([*(run["verdict"] for run in runs), *(o["verdict"] for o in over)])
    return {"verdict": verdict, "expectations": over}


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


def _over_seeds(expectation: Expectation, runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    told = [None if run["invalid"] else _holds_in(expectation, run["metrics"], run["properties"]) for run in runs]
    kept, broken = told.count(True), told.count(False)
    share = expectation.in_share
    if share is None:  # a quantile at most x: at least that share of the values is at most x
        share = expectation.quantile if expectation.at_most is not None else 1.0 - (expectation.quantile or 0.0)
    need = max(1, enough(share or 0.0, len(runs)))
    verdict: Verdict = "pass" if kept >= need else "fail" if broken > len(runs) - need else "unknown"
    values = [v for run in runs if (v := value_of(run["metrics"], run["properties"], expectation.measure)) is not None]
    at = quantile_of(values, expectation.quantile) if values and expectation.quantile is not None else None
    return {
        "measure": expectation.measure, "expected": bounds(expectation), "held": kept, "broken": broken, "runs": len(runs), "needed": need,
        "quantile_value": at, "verdict": verdict,
    }  # fmt: skip
