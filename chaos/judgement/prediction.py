"""From the runs of a case whose outcome was not known to what is predicted of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from chaos.documents.prediction import Guess, Question
from chaos.documents.scenario import Scenario
from chaos.measures.catalogue import measures
from chaos.measures.formatting import NONE
from chaos.measures.registry import NamedMeasure
from chaos.measures.statistics import prediction_interval, quantile_of
from chaos.results.prediction import Answer, CasePrediction, GuessedRange, PredictedRange
from chaos.results.run import RunResult

CONFIDENCE = 0.9


class CaseRuns(NamedTuple):
    """The runs of a case, seed by seed: with every guess drawn from its range, and with every guess as the file has it."""

    drawn: Sequence[RunResult]
    fixed: Sequence[RunResult]


class _Seen(NamedTuple):
    """A figure of some runs, without end where the window ended first, and the least that such a one is known to be."""

    values: list[float]
    bound: float | None


def prediction_of(scenario: Scenario, runs: CaseRuns) -> CasePrediction:
    """What the runs say to each question of a scenario that has a prediction."""
    assert scenario.prediction is not None
    return CasePrediction(
        name=scenario.name,
        title=scenario.title,
        description=scenario.description,
        source=scenario.source,
        first_seed=runs.drawn[0].seed,
        seeds=len(runs.drawn),
        guesses=[_guessed(guess) for guess in scenario.prediction.guesses],
        answers=[_answer(question, runs) for question in scenario.prediction.questions],
    )


def _guessed(guess: Guess) -> GuessedRange:
    return GuessedRange(what=guess.what, low=str(guess.low), high=str(guess.high), spread=guess.spread, source=guess.source)


def _answer(question: Question, runs: CaseRuns) -> Answer:
    if question.measure is None:
        return Answer(
            question=question.ask,
            measure=None,
            bound="",
            predicted=None,
            chance=None,
            share=None,
            chance_share=None,
            missing=question.missing,
            given=question.given,
        )
    measure = measures().find(question.measure)
    bounded = question.at_most is not None or question.at_least is not None
    drawn, fixed = (_seen(measure, of) for of in (runs.drawn, runs.fixed))
    return Answer(
        question=question.ask,
        measure=measure.name,
        bound=_bound(question, measure),
        predicted=None if bounded else _range(measure, drawn),
        chance=None if bounded else _range(measure, fixed),
        share=_share(question, drawn) if bounded else None,
        chance_share=_share(question, fixed) if bounded else None,
        missing="",
        given="",
    )


def _bound(question: Question, measure: NamedMeasure) -> str:
    if question.at_most is not None:
        return f"≤ {measure.text(question.at_most)}"
    return "" if question.at_least is None else f"≥ {measure.text(question.at_least)}"


def _seen(measure: NamedMeasure, runs: Sequence[RunResult]) -> _Seen:
    """Runs that were no valid experiment, or in which there is nothing to measure, have no figure."""
    values, bounds = [], []
    for run in (run for run in runs if not run.invalid):
        value, bound = measure.number(run), measure.lower_bound(run)
        if value is not None:
            values.append(value)
        elif bound is not None:
            values.append(math.inf)
            bounds.append(bound)
    return _Seen(values, min(bounds, default=None))


def _share(question: Question, seen: _Seen) -> float | None:
    """The part of the runs that keep the bound; what the window cut off keeps no upper one within it."""
    if not seen.values:
        return None
    low = -math.inf if question.at_least is None else float(question.at_least)
    high = math.inf if question.at_most is None else float(question.at_most)
    kept = sum(low <= value <= high and (question.at_most is None or math.isfinite(value)) for value in seen.values)
    return kept / len(seen.values)


def range_of(measure: NamedMeasure, runs: Sequence[RunResult]) -> PredictedRange:
    """Where the measure's figure in one more run lies with 90 %, as these runs show it."""
    return _range(measure, _seen(measure, runs))


def _range(measure: NamedMeasure, seen: _Seen) -> PredictedRange:
    interval = prediction_interval(seen.values, CONFIDENCE)

    def shown(value: float) -> str:
        return measure.text(value) if math.isfinite(value) else f"> {measure.text(seen.bound)}"

    if interval is None:
        return PredictedRange(runs=0, median=None, low=None, high=None, coverage=0.0, median_shown=NONE, range_shown=NONE)
    middle = quantile_of(seen.values, 0.5)
    return PredictedRange(
        runs=len(seen.values),
        median=_finite(middle),
        low=_finite(interval.low),
        high=_finite(interval.high),
        coverage=interval.coverage,
        median_shown=shown(middle),
        range_shown=f"{shown(interval.low)} to {shown(interval.high)}",
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
