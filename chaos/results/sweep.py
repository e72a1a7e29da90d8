"""The result of `coredrill sweep`: the only form in memory and on disk; `coredrill schema sweep` prints its JSON Schema."""

from __future__ import annotations

from pydantic import Field

from chaos.results.run import Verdict
from chaos.results.summaries import RunShare, Spread, VerdictCounts
from simcore.base.model import ResultModel

SCHEMA_VERSION = 1


class SweptParameter(ResultModel):
    """A parameter that is varied: its path (`pools.app-threads.slots`, `workload.PATH`, `load`) and its values as YAML texts."""

    path: str
    values: list[str]


class SweepPoint(ResultModel):
    """What the runs with one combination of values show. Runs that were no valid experiment count in `invalid` alone, the first
    because of `why`, in Chinese `why_zh`; a measure of which no run has a value is None."""

    values: list[str]
    runs: int
    invalid: int
    why: str
    why_zh: str = ""
    verdicts: VerdictCounts
    measures: dict[str, Spread | None]
    not_recovered: RunShare
    metastable: RunShare


class MetastableFrom(ResultModel):
    """For a value (`line`) of the second parameter the first value of the first one at which half of the runs are metastable
    (`begins`; None where that is nowhere), and the value before it."""

    line: str | None
    begins: str | None = Field(alias="from")
    after: str | None


class SweptRun(ResultModel):
    """One run: where the result comes from, so that it can be made again."""

    scenario: str | None
    architecture: str
    environment: str | None
    seed: int
    verdict: Verdict | None
    digest: str
    point: list[str]


class SweepSummary(ResultModel):
    """Counts over the whole sweep: runs, points (combinations of values), and conservation laws that broke (a bug)."""

    runs: int
    points: int
    conservation_broken: int


class SweepResult(ResultModel):
    """A scenario over the values of one or two parameters; points in the order of the values, the first parameter slowest. `own_names`
    are names of the glossary that files of the user's own give to something."""

    schema_version: int
    own_names: list[str] = []
    scenario: str
    title: str
    title_zh: str = ""
    architecture: str
    environment: str | None
    axes: list[SweptParameter]
    measures: list[str]
    points: list[SweepPoint]
    metastable_from: list[MetastableFrom]
    runs: list[SweptRun]
    summary: SweepSummary

    @property
    def two_dimensional(self) -> bool:
        """Whether two parameters are varied, so that the points form a table."""
        return len(self.axes) == 2
