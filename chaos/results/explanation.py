"""The result of `coredrill explain`: the only form in memory and on disk; `coredrill schema explanation` prints its JSON Schema."""

from __future__ import annotations

from chaos.results.comparison import ComparedMeasure
from simcore.base.model import ResultModel

SCHEMA_VERSION = 1


class GuessEffect(ResultModel):
    """A guess (a line of a section `known:`) and what it does to the measure. `name` is its path as `--set` has it, `source` where the guess
    comes from, `values` for how many values it stands; `standing`, `low` and `high` are as a file writes them. The effect is the change of
    the measure over the whole range: `absolute`, the mean of its size, by which guesses are ranked, `mean` with its sign, and its
    `deviation`; of so many `steps`. None where no run had a value."""

    name: str
    source: str
    values: int
    standing: str
    low: str
    high: str
    absolute: float | None
    mean: float | None
    deviation: float | None
    steps: int


class Flip(ResultModel):
    """Between two values of a guess, `kept` with the verdict that stands and `flipped` with another one, `verdict`; `assignments` make the
    latter with `--set`, of each side of a pair its own."""

    kept: str
    flipped: str
    verdict: str
    assignments: list[list[str]]


class SearchedGuess(ResultModel):
    """A guess that was moved alone over its range, with the verdicts at its ends (None where the guess stands at that end) and where the
    verdict flips: nowhere, or towards one end or both."""

    name: str
    at_low: str | None
    at_high: str | None
    flips: list[Flip]


class ExplanationSummary(ResultModel):
    """Counts: runs in all, those of the screening, walks through all guesses, runs for one verdict, and conservation laws that broke (a
    bug)."""

    runs: int
    screening: int
    walks: int
    block: int
    conservation_broken: int


class ExplanationResult(ResultModel):
    """Which guesses a verdict hinges on: that of a scenario's seeds, or, with `against`, that of the architecture `against` compared with
    `architecture` by the measure. `decided` is false where there is no verdict that could flip. Guesses are in the order of their
    effects, `searched` those whose range was searched."""

    schema_version: int
    scenario: str
    title: str
    architecture: str
    against: str | None
    environment: str | None
    measure: ComparedMeasure
    seeds: list[int]
    verdict: str
    decided: bool
    guesses: list[GuessEffect]
    searched: list[SearchedGuess]
    summary: ExplanationSummary
