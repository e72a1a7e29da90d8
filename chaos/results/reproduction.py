"""What a reproduction of a public incident shows beside what was published of it: the runs of `coredrill timelines`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from chaos.results.prediction import PredictedRange
from chaos.results.run import Value, Verdict
from simcore.base.model import ResultModel


class ComparedTime(ResultModel):
    """A line of the published timeline: when it was said to have happened, and when it happened in the run; times of day."""

    what: str
    published: str | None
    simulated: str | None


class ComparedOutcome(ResultModel):
    """A published figure and the simulated one. `off` is by which share it is off, `within` by which it may be; something that was
    `fitted` shows nothing. `misses` says, of a figure that is known to miss, by how much and why;
    `implied`, of one that could not come out otherwise, why."""

    measure: str
    published: Value
    simulated: Value
    off: float | None
    within: float
    lands: bool
    fitted: bool
    misses: str
    source: str
    implied: str = ""
    published_shown: str
    simulated_shown: str


class FreshOutcome(ResultModel):
    """An outcome that counts, over seeds that nobody looked at while its file was written: where one more run lies, and whether the published
    figure does."""

    name: str
    measure: str
    published_shown: str
    found: PredictedRange
    inside: bool


class MustComeOut(ResultModel):
    """A bound that the scenario's file says must hold of the run, and what came out."""

    expected: str
    simulated: str
    holds: bool | None


class Reproduction(ResultModel):
    """One run of a scenario that reproduces a public record."""

    name: str
    title: str
    scenario: str | None
    architecture: str
    environment: str | None
    seed: int
    verdict: Verdict | None
    reasons: list[str]
    digest: str
    timeline: list[ComparedTime]
    outcomes: list[ComparedOutcome]
    expectations: list[MustComeOut]
    fitted: list[str]
    replay: str


class ReproductionSummary(ResultModel):
    """Of all runs: how many, their verdict, and of the informative outcomes (not fitted, not implied) how many there are and how many land."""

    runs: int
    verdict: Verdict
    outcomes: int
    outcomes_landing: int


class ReproductionsResult(ResultModel):
    """The result object of `coredrill timelines`."""

    schema_version: int
    runs: list[Reproduction]
    summary: ReproductionSummary
    fresh: list[FreshOutcome] = []


class Landing(NamedTuple):
    """Of the informative outcomes, neither fitted nor implied: how many land, and how many there are."""

    lands: int
    of: int


def landing(reproductions: Iterable[Reproduction]) -> Landing:
    """How many outcomes land, over several runs."""
    own = [outcome for run in reproductions for outcome in run.outcomes if not outcome.fitted and not outcome.implied]
    return Landing(sum(outcome.lands for outcome in own), len(own))
