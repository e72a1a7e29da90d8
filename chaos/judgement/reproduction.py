"""Runs of reproductions held against the public record that they reproduce."""

from __future__ import annotations

from collections.abc import Sequence

from chaos.documents.scenario import Outcome, Scenario
from chaos.i18n.findings import found_text
from chaos.judgement.prediction import range_of
from chaos.judgement.verdict import combine, found_in
from chaos.measures.catalogue import measures
from chaos.measures.formatting import short_instant
from chaos.measures.registry import NOT_GRADABLE
from chaos.results.reproduction import (
    ComparedOutcome,
    ComparedTime,
    FreshOutcome,
    MustComeOut,
    Reproduction,
    ReproductionsResult,
    ReproductionSummary,
    landing,
)
from chaos.results.run import SCHEMA_VERSION, RunResult


def reproduction_of(scenario: Scenario, run: RunResult) -> Reproduction:
    """A run of a scenario that has a public record: both timelines, and each outcome with what was published of it."""
    assert scenario.record is not None
    expectations = run.expectations[: len(scenario.expect)]
    return Reproduction(
        name=scenario.name, title=scenario.title, scenario=run.scenario, architecture=run.architecture, environment=run.environment,
        seed=run.seed, verdict=run.verdict, reasons=run.reasons, digest=run.digest,
        timeline=[
            ComparedTime(what=line.what, published=_clock(line.published_ns), simulated=_clock(line.simulated_ns))
            for line in run.timeline
        ],
        outcomes=[_outcome(outcome, run) for outcome in scenario.record.outcomes],
        expectations=[MustComeOut(expected=e.expected, simulated=e.shown, holds=e.holds) for e in expectations],
        fitted=[f"{parameter.what}: {parameter.value} ({parameter.source})" for parameter in scenario.record.fitted], replay=run.replay,
    )  # fmt: skip


def _outcome(outcome: Outcome, run: RunResult) -> ComparedOutcome:
    measure = measures().find(outcome.measure)
    value, published = measure.value(run), outcome.published
    off = None
    if isinstance(value, (int, float)) and isinstance(published, (int, float)) and published:
        off = (value - published) / published
    same = value is None if published == NOT_GRADABLE else value == published
    lands = same if off is None else abs(off) <= outcome.within
    return ComparedOutcome(
        measure=outcome.measure, published=published, simulated=value, off=off, within=outcome.within, lands=bool(lands),
        fitted=outcome.fitted, misses=outcome.misses, source=outcome.source, implied=outcome.implied, published_shown=measure.text(published),
        simulated_shown=found_text(found_in(measure, run))["en"] if value is None else measure.text(value),
    )  # fmt: skip


def fresh_outcomes(scenario: Scenario, runs: Sequence[RunResult]) -> list[FreshOutcome]:
    """The outcomes of a scenario that count and are numbers, over runs of fresh seeds."""
    assert scenario.record is not None
    counted = [o for o in scenario.record.outcomes if not o.fitted and not o.implied and not isinstance(o.published, str)]
    return [
        _fresh(scenario, outcome, float(outcome.published), runs)
        for outcome in counted
        if measures().find(outcome.measure).numeric
    ]


def _fresh(scenario: Scenario, outcome: Outcome, published: float, runs: Sequence[RunResult]) -> FreshOutcome:
    measure = measures().find(outcome.measure)
    found = range_of(measure, runs)
    inside = found.runs > 0 and (found.low is None or found.low <= published) and (found.high is None or published <= found.high)
    return FreshOutcome(
        name=scenario.name,
        measure=outcome.measure,
        published_shown=measure.text(outcome.published),
        found=found,
        inside=inside,
    )


def _clock(t_ns: int | None) -> str | None:
    return None if t_ns is None else short_instant(t_ns)


def reproductions_result(runs: Sequence[Reproduction], fresh: Sequence[FreshOutcome] = ()) -> ReproductionsResult:
    """The result object of several runs, the worst verdict over all; `fresh` are outcomes over other seeds, which are not judged."""
    lands, own = landing(runs)
    summary = ReproductionSummary(
        runs=len(runs), verdict=combine(run.verdict or "unknown" for run in runs), outcomes=own, outcomes_landing=lands
    )
    return ReproductionsResult(schema_version=SCHEMA_VERSION, runs=list(runs), summary=summary, fresh=list(fresh))
