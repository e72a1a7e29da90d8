"""What was predicted of incidents before their outcome was looked at: the result of `coredrill predict`."""

from __future__ import annotations

from simcore.base.model import ResultModel


class PredictedRange(ResultModel):
    """Where the figure of one more run lies with probability `coverage`: between the r-th smallest and r-th largest of so many runs. None
    is an end that no run showed, because its window ended first."""

    runs: int
    median: float | None
    low: float | None
    high: float | None
    coverage: float
    median_shown: str
    range_shown: str


class Answer(ResultModel):
    """A question of a case, and what the model says to it: `predicted` over chance and guesses, `chance` over chance alone with every guess as
    the file has it; or how likely a `bound` is to be kept, `share` and `chance_share`. Without a measure, what is `missing`, or `given`."""

    question: str
    measure: str | None
    bound: str
    predicted: PredictedRange | None
    chance: PredictedRange | None
    share: float | None
    chance_share: float | None
    missing: str
    given: str


class GuessedRange(ResultModel):
    """What was guessed, the range that was drawn from, and on what it rests."""

    what: str
    low: str
    high: str
    spread: str
    source: str


class CasePrediction(ResultModel):
    """One case: its scenario, its guesses and its questions. `first_seed` is that of the first of `seeds` runs of either kind."""

    name: str
    title: str
    description: str
    source: list[str]
    first_seed: int
    seeds: int
    guesses: list[GuessedRange]
    answers: list[Answer]


class PredictionsResult(ResultModel):
    """The result object of `coredrill predict`."""

    schema_version: int
    cases: list[CasePrediction]
