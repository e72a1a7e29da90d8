"""Pass, fail or unknown: of one run, of the runs of one scenario, of everything. docs/verdicts.md has the rules."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from chaos.checkers.catalogue import all_checkers, implied
from chaos.documents.scenario import Expectation, Outcome, Scenario
from chaos.i18n.findings import bound_text, found_text
from chaos.judgement.quantiles import at_quantile, judged_within, range_of
from chaos.measures.catalogue import measures as known_measures
from chaos.measures.formatting import Unit
from chaos.measures.registry import NOT_GRADABLE, Course, Measured, MeasuredRun, NamedMeasure, rank
from chaos.measures.statistics import enough, rank_of_quantile
from chaos.results.findings import (
    Bound,
    BoundBroken,
    ExpectationFinding,
    Found,
    FoundAtLeast,
    FoundMoreThan,
    FoundValue,
    Limits,
    NearPublished,
    NotCompared,
    NotGradable,
    NothingToHold,
    PropertyFound,
    PropertyHolds,
    Reason,
    Undecided,
)
from chaos.results.run import (
    ExpectationResult,
    Measures,
    OverSeedsResult,
    PropertyFinding,
    RunResult,
    Value,
    ValueRange,
    Verdict,
)

Properties = Mapping[str, PropertyFinding]


def combine(verdicts: Iterable[Verdict]) -> Verdict:
    """fail > unknown > pass; nothing at all is unknown."""
    found = set(verdicts)
    return "fail" if "fail" in found else "unknown" if "unknown" in found or not found else "pass"


@dataclass(frozen=True)
class JudgedExpectation:
    """A bound held against one run: what was found of its measure, whether it holds (None: that is not known), and whether it
    counts for the run's verdict. `not_compared`: it is not known for want of a control run."""

    measure: str
    bound: Bound
    found: Found
    value: Value
    holds: bool | None
    judged: bool
    not_compared: bool = False

    def result(self) -> ExpectationResult:
        """As the run's result has it, in English."""
        return ExpectationResult(
            measure=self.measure,
            expected=bound_text(self.bound)["en"],
            value=self.value,
            shown=found_text(self.found)["en"],
            holds=self.holds,
            judged=self.judged,
            not_compared=self.not_compared,
        )

    def finding(self) -> ExpectationFinding:
        """The bound and what was found."""
        return ExpectationFinding(bound=self.bound, found=self.found)


@dataclass(frozen=True)
class Judgement:
    """The verdict of one run, with why it is not a pass and how each expectation came out."""

    verdict: Verdict
    reasons: list[Reason]
    expectations: list[JudgedExpectation]


@dataclass(frozen=True)
class SeedsJudgement:
    """The verdict of a scenario's runs together, with the result of each expectation over them."""

    verdict: Verdict
    expectations: list[OverSeedsResult]


# --- bounds ---------------------------------------------------------------------------------------------------------------


def holds(expectation: Expectation, value: Value) -> bool | None:
    """Whether a value of the expectation's measure (s, a fraction, a count, a grade) keeps its bounds; None if there is no value.

    >>> bound = Expectation(measure="impaired_s", at_most="5min")
    >>> holds(bound, 240.0), holds(bound, 301.0), holds(bound, None)
    (True, False, None)
    """
    if value is None:
        return None
    at_most, at_least, equals = expectation.at_most, expectation.at_least, expectation.equals
    return (
        (at_most is None or _level(value) <= _level(at_most))
        and (at_least is None or _level(value) >= _level(at_least))
        and (equals is None or value == equals)
    )


def _level(value: float | str) -> float:
    """A value on the scale of its bounds: of a grade how many are milder."""
    return rank(value) if isinstance(value, str) else value


def _holds_in(expectation: Expectation, run: Measured) -> bool | None:
    """As `holds`; a recovery or detection that the run's end cut off is too long as soon as its lower bound is, and an incident
    may be expected to be not gradable."""
    measure = known_measures().find(expectation.measure)
    value, lower = measure.value(run), measure.lower_bound(run)
    if expectation.equals == NOT_GRADABLE and run.unseen_s is None:
        return value is None
    if value is None and lower is not None:
        most = [float(bound) for bound in (expectation.at_most, expectation.equals) if bound is not None]
        if most and _exceeds(measure, lower, min(most)):
            return False
        if not most and expectation.at_least is not None and lower >= expectation.at_least:
            return True
    return holds(expectation, value) if run.unseen_s is None else _decided(expectation, measure, value, run.unseen_s)


def _exceeds(measure: NamedMeasure, lower: float, most: float) -> bool:
    """Whether a time of which only a lower bound is known is longer than this, s."""
    return lower > most or (lower == most and not measure.declared.may_be_lower_bound)


def _decided(expectation: Expectation, measure: NamedMeasure, value: Value, unseen_s: float) -> bool | None:
    """Whether a value keeps the bounds whatever the rest of the window would have brought, `unseen_s` of it; None: that is open."""
    if value is None or isinstance(value, str) or measure.declared.course is Course.OPEN:
        return None
    if measure.declared.course is Course.STAYS:
        return holds(expectation, value)
    at_most, at_least, equals = expectation.at_most, expectation.at_least, expectation.equals
    if any(most is not None and value > _level(most) for most in (at_most, equals)):
        return False
    least = at_least if equals is None else equals
    if least is not None and measure.unit is Unit.DURATION and value + unseen_s < _level(least):
        return False
    return True if at_most is None and equals is None and at_least is not None and value >= _level(at_least) else None


def bound_of(expectation: Expectation) -> Limits:
    """The expectation as a bound on its measure."""
    return Limits(
        measure=expectation.measure,
        unit=known_measures().find(expectation.measure).unit,
        at_most=expectation.at_most,
        at_least=expectation.at_least,
        equals=expectation.equals,
        in_share=expectation.in_share,
        quantile=expectation.quantile,
    )


def found_in(measure: NamedMeasure, run: Measured) -> Found:
    """What a run shows of a measure: its value; where it has none, what is known instead."""
    value, lower = measure.value(run), measure.lower_bound(run)
    if value is None and lower is not None:
        known = FoundAtLeast if measure.declared.may_be_lower_bound else FoundMoreThan
        return known(unit=measure.unit, value=lower)
    graded = run.measures.severity.get(measure.rules) if measure.rules is not None else None
    if value is None and graded is not None:
        return NotGradable(why=graded.why or "", why_zh=graded.why_zh or "")
    return FoundValue(unit=measure.unit, value=value, rules=measure.rules)


# --- one run --------------------------------------------------------------------------------------------------------------


def judge_run(
    scenario: Scenario,
    measures: Measures,
    properties: Properties,
    invalid: Sequence[Reason],
    doubts: Sequence[Reason],
    unseen_s: float | None = None,
    wrongly: Measures | None = None,
) -> Judgement:
    """The verdict of one run with its reasons and how each expectation came out.

    `invalid` says why the run was no valid experiment: then nothing is concluded from its measures. `doubts` say why it cannot
    pass (aborted, an action failed) though what it shows may fail. Of a run that was given up when `unseen_s` of its window were left,
    what is broken or beyond reach fails, and the rest is open. `wrongly` is what was measured if everything was rejected wrongly of
    which nobody knows whether it was: what holds in one of the two alone is open. Expectations over several runs are left to `judge_runs`.
    """
    results = _all_judged(scenario, MeasuredRun(measures, properties, unseen_s))
    if wrongly is not None:
        others = _all_judged(scenario, MeasuredRun(wrongly, properties, unseen_s))
        results = [
            found if found.holds == other.holds else replace(found, holds=None, not_compared=True)
            for found, other in zip(results, others, strict=True)
        ]
    judged = [r for r in results if r.judged]
    failed = [r for r in judged if r.holds is False and (not invalid or _is_violation(r))]
    without_value = [r for r in judged if r.holds is None]
    verdict: Verdict = "fail" if failed else "unknown" if invalid or doubts or without_value else "pass"
    reasons: list[Reason] = [BoundBroken(bound=r.bound, found=r.found) for r in failed]
    reasons += [*invalid, *doubts] if verdict != "pass" else []
    if not invalid:
        open_end = NothingToHold if unseen_s is None else Undecided
        reasons += [(NotCompared if r.not_compared else open_end)(bound=r.bound, found=r.found) for r in without_value]
    return Judgement(verdict, reasons, results)


def _all_judged(scenario: Scenario, run: MeasuredRun) -> list[JudgedExpectation]:
    """The scenario's expectations, the outcomes of its record, and the properties that are judged without a word."""
    results = [_judged(e, run) for e in scenario.expect]
    results += [_judged_outcome(o, run, scenario) for o in (scenario.record.outcomes if scenario.record else ())]
    return results + [_judged_property(name, run.properties) for name in _implied(scenario)]


def _judged(expectation: Expectation, run: Measured) -> JudgedExpectation:
    measure = known_measures().find(expectation.measure)
    each = expectation.in_share is None and expectation.quantile is None
    found, holds = found_in(measure, run), _holds_in(expectation, run)
    return JudgedExpectation(measure.name, bound_of(expectation), found, measure.value(run), holds, each)


def _judged_outcome(outcome: Outcome, run: Measured, scenario: Scenario) -> JudgedExpectation:
    """Against the published figure: off by at most `within` of it. What was fitted, or is said to miss, is shown alone; what is
    judged on the median of several runs is not judged on each."""
    measure = known_measures().find(outcome.measure)
    ok = _is_near(outcome, measure, run)
    bound = NearPublished(
        measure=measure.name,
        unit=measure.unit,
        published=outcome.published,
        within=outcome.within,
        standing="fitted" if outcome.fitted else "misses" if outcome.misses else "counts",
    )
    each = counts(outcome) and not _by_median(outcome, scenario)
    return JudgedExpectation(measure.name, bound, found_in(measure, run), measure.value(run), ok, each)


def _is_near(outcome: Outcome, measure: NamedMeasure, run: Measured) -> bool | None:
    """Whether a run's value is near enough to the published one; None: that is open. A time that the end cut off is not if it is too long
    already."""
    value, published, lower = measure.value(run), outcome.published, measure.lower_bound(run)
    if isinstance(published, (int, float)):
        tolerance = outcome.within * abs(published)
        if value is None and lower is not None:
            return False if _exceeds(measure, lower, published + tolerance) else None
        if isinstance(value, (int, float)):
            near, course = abs(value - published) <= tolerance, measure.declared.course
            if run.unseen_s is None or course is Course.STAYS:
                return near
            return False if course is Course.GROWS and not near and value > published else None
    if run.unseen_s is not None:
        return None
    return value is None if published == NOT_GRADABLE else None if value is None else value == published


def _implied(scenario: Scenario) -> list[str]:
    """Properties that are judged though no expectation speaks of them."""
    default = implied(all_checkers()) if scenario.purpose == "requirement" else ()
    named = {e.measure for e in scenario.expect}
    names = default if scenario.properties is None else scenario.properties
    return [name for name in names if f"properties.{name}" not in named]


def _is_violation(judged: JudgedExpectation) -> bool:
    """Whether a property is violated: that stands even where nothing else can be concluded from the run."""
    return judged.measure.startswith("properties.") and judged.value is False


def _judged_property(name: str, properties: Properties) -> JudgedExpectation:
    found = properties.get(name, PropertyFinding())
    shown = PropertyFound(holds=found.holds, violations=found.violations)
    judged = found.holds is not None
    return JudgedExpectation(f"properties.{name}", PropertyHolds(name=name), shown, found.holds, found.holds, judged)


# --- several runs -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SeedOutcome:
    """What one run counts for in the judgement over its scenario's seeds: its own verdict, and of each expectation over the seeds, in the
    order of `over_seeds`, whether this run keeps it (None: that is not known) and what its value can be."""

    verdict: Verdict
    held: Sequence[bool | None]
    values: Sequence[ValueRange]


def over_seeds(scenario: Scenario) -> list[Expectation]:
    """The expectations that are judged over the seeds: those with `in_share` or `quantile`, and the medians of a record's outcomes."""
    stated = [e for e in scenario.expect if e.in_share is not None or e.quantile is not None]
    return [*stated, *_medians(scenario)]


def seed_outcome(
    scenario: Scenario, run: Measured, verdict: Verdict, *, valid: bool, not_compared: Collection[str] = ()
) -> SeedOutcome:
    """What a run counts for. `valid`: it was a valid experiment, or was given up after its first step; `not_compared` are the measures
    of which nobody knows for want of a control run."""
    if not valid:
        return nothing_known(scenario, verdict)
    over, unknown = over_seeds(scenario), set(not_compared)
    return SeedOutcome(
        verdict,
        [None if e.measure in unknown else _holds_in(e, run) for e in over],
        [ValueRange() if e.measure in unknown else range_of(known_measures().find(e.measure), run) for e in over],
    )


def nothing_known(scenario: Scenario, verdict: Verdict) -> SeedOutcome:
    """What a run counts for that shows nothing of any expectation over the seeds."""
    n = len(over_seeds(scenario))
    return SeedOutcome(verdict, [None] * n, [ValueRange()] * n)


def judge_seeds(scenario: Scenario, outcomes: Sequence[SeedOutcome]) -> SeedsJudgement:
    """The verdict over a scenario's runs in one place: the runs' own verdicts, and what must hold over the seeds. `run`, `suite` and
    `coverage` all judge by it.

    An expectation over seeds fails when it would whatever the runs without a value had shown; it passes when it would whatever they had.
    """
    over = [
        _over_seeds(e, [o.held[i] for o in outcomes], [o.values[i] for o in outcomes]) for i, e in enumerate(over_seeds(scenario))
    ]
    return SeedsJudgement(combine([*(o.verdict for o in outcomes), *(o.verdict for o in over)]), over)


def fails_anyway(scenario: Scenario, outcomes: Sequence[SeedOutcome], seeds: int) -> bool:
    """Whether the verdict over so many seeds is fail whatever the runs show that are not among `outcomes` yet: it is if it would be with
    each of them a pass that keeps everything. No other verdict is certain before the last run, which may fail by itself."""
    best = replace(nothing_known(scenario, "pass"), held=[True] * len(over_seeds(scenario)))
    return judge_seeds(scenario, [*outcomes, *[best] * (seeds - len(outcomes))]).verdict == "fail"


def judge_runs(scenario: Scenario, runs: Sequence[RunResult]) -> SeedsJudgement:
    """As `judge_seeds`, of finished runs."""
    return judge_seeds(
        scenario,
        [
            seed_outcome(
                scenario,
                run,
                run.verdict or "unknown",
                valid=not run.invalid or run.given_up_ns is not None,
                not_compared=[e.measure for e in run.expectations if e.not_compared],
            )
            for run in runs
        ],
    )


def counts(outcome: Outcome) -> bool:
    """Whether an outcome is held against the record: what was fitted, or is said to miss, is not."""
    return not outcome.fitted and not outcome.misses


def _by_median(outcome: Outcome, scenario: Scenario) -> bool:
    """Whether an outcome is judged on the median: a record is one draw, and so is a run; the unit is the scenario's seeds."""
    return scenario.replications > 1 and known_measures().find(outcome.measure).numeric


def _medians(scenario: Scenario) -> list[Expectation]:
    """What the median of an outcome must keep, as expectations over the seeds: no less and no more than `within` allows."""
    found = []
    for o in scenario.record.outcomes if scenario.record else ():
        if counts(o) and _by_median(o, scenario) and isinstance(o.published, (int, float)):
            for side, sign in (("at_least", -1.0), ("at_most", 1.0)):
                bound = {side: o.published * (1.0 + sign * o.within)}
                found.append(Expectation.model_validate({"measure": o.measure, "quantile": 0.5, "why": o.source, **bound}))
    return found


def _over_seeds(expectation: Expectation, held: Sequence[bool | None], found: Sequence[ValueRange]) -> OverSeedsResult:
    counts = OverSeedsResult(
        measure=expectation.measure,
        expected=bound_text(bound_of(expectation))["en"],
        held=held.count(True),
        broken=held.count(False),
        runs=len(held),
        verdict="unknown",
    )
    if expectation.quantile is not None and found:
        at = at_quantile(found, expectation.quantile)
        judged = {"verdict": judged_within(expectation, at), "quantile_value": at.low if at.low == at.high else None}
        return counts.model_copy(update=judged | {"quantile_rank": rank_of_quantile(expectation.quantile, len(found))})
    need = max(1, enough(expectation.in_share or 0.0, len(held)))
    verdict: Verdict = "pass" if counts.held >= need else "fail" if counts.broken > len(held) - need else "unknown"
    return counts.model_copy(update={"verdict": verdict, "needed": need})
