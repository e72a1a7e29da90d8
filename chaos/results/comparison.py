"""The result of `coredrill compare`: the only form in memory and on disk; `coredrill schema comparison` prints its JSON Schema.

docs/comparing.md says what the verdicts mean and what they rest on.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from chaos.results.run import Value, Verdict
from chaos.results.summaries import Interval, RunShare, Spread, VerdictCounts
from simcore.base.model import ResultModel

SCHEMA_VERSION = 1

ComparisonVerdict = Literal["better", "worse", "equivalent", "inconclusive", "not comparable"]
VERDICTS: tuple[ComparisonVerdict, ...] = ("better", "worse", "equivalent", "inconclusive", "not comparable")


class ComparedMeasure(ResultModel):
    """A measure by which architectures are compared, and its equivalence margin in the measure's own unit (s, a fraction, a count): smaller
    differences do not matter."""

    name: str
    margin: float


class InterimAnalysis(ResultModel):
    """After how many runs decisions are taken, and what they may spend of the error level."""

    runs: int
    level: float


class Hardware(ResultModel):
    """Replicas of the broker's own services, replicas of their standbys, and slots (threads, connections, sessions)."""

    machines: int
    standbys: int
    slots: int


class Latency(ResultModel):
    """What customers of a flow wait where nothing is broken, ms: medians over runs. A flow without rows has no mean."""

    mean: float | None = None
    p50: float | None = None
    p99: float | None = None


class ArchitectureCosts(ResultModel):
    """An architecture of a comparison with what it costs: hardware, and latency in the healthy scenario by flow, ms."""

    name: str
    title: str
    hardware: Hardware
    latency: dict[str, Latency]


class _Cell(ResultModel):
    scenario: str
    environment: str | None
    architecture: str
    measure: str


class NotComparable(_Cell):
    """A scenario that cannot be run on the architecture or on the baseline, and why."""

    verdict: Literal["not comparable"]
    why: str


class ComparedCell(_Cell):
    """An architecture against the baseline in a case (a scenario in an environment; None: the scenario's own), by a measure.

    `decided_after` is after how many runs the verdict was reached, None for none. `missing` pairs have no value, the first because
    of `why`. Differences are the architecture's value less the baseline's with the same seed; `win`, `tie` and `loss` count those
    that are better, within the margin, and worse. `p_differs` and `p_within` are p-values of the claims that the median of the
    differences is not 0, and that it lies within the margin. `variance_ratio` is how many times the variance of the differences
    independent seeds would have.
    """

    verdict: Literal["better", "worse", "equivalent", "inconclusive"]
    decided_after: int | None
    runs: int
    missing: int
    why: str
    baseline: Spread | None
    value: Spread | None
    difference: Spread | None
    win: int
    tie: int
    loss: int
    p_differs: float
    p_within: float
    variance_ratio: float | None


class RecoveryComparison(ResultModel):
    """Recovery up to a horizon that every run of both was watched for, s: its mean, the mean difference to the baseline with its
    interval, in how many pairs it was shorter, equal and longer, and how many runs did not recover."""

    horizon_s: float
    restricted_mean_s: float
    difference_s: float
    difference_interval_s: Interval | None
    win: int
    tie: int
    loss: int
    not_recovered: int


class ViolationShare(RunShare):
    """In how many runs a property was violated, and the difference of the share to the baseline's."""

    difference: float
    difference_interval: Interval


class CaseDetail(ResultModel):
    """What happened in a case on an architecture: orders by kind, `p99_s` by flow, `severity` as rule set → grade → runs, and
    `violated` by property."""

    scenario: str
    environment: str | None
    title: str
    architecture: str
    runs: int
    verdicts: VerdictCounts
    orders: dict[str, Spread | None]
    impaired_s: Spread | None
    p99_s: dict[str, Spread | None]
    recovery: RecoveryComparison
    metastable: RunShare
    severity: dict[str, dict[str, int]]
    violated: dict[str, ViolationShare]


class ComparedRun(ResultModel):
    """One run with the values of the measures that are decided by: where the result comes from, so that it can be made again."""

    scenario: str | None
    architecture: str
    environment: str | None
    seed: int
    verdict: Verdict | None
    digest: str
    values: dict[str, Value] = Field(alias="metrics")
    invalid: bool


class CommonRandomNumbers(ResultModel):
    """What equal seeds were worth: the median of the variance ratios of so many cells, by the first measure."""

    cells: int
    variance_ratio: float | None


class ComparisonSummary(ResultModel):
    """Counts over the whole comparison: runs, verdicts of each kind, conservation laws that broke (a bug), and what common random numbers
    were worth."""

    runs: int
    verdicts: dict[ComparisonVerdict, int]
    conservation_broken: int
    common_random_numbers: CommonRandomNumbers


class ComparisonResult(ResultModel):
    """Architectures over cases, each against the baseline. `level` is the chance of one false difference in the whole, and that of
    one false equivalence; `looks` are the analyses that were planned, `runs_needed` the fewest runs with which a single difference can be
    decided beside the others (None if nothing could be compared)."""

    schema_version: int
    baseline: str
    measures: list[ComparedMeasure]
    level: float
    looks: list[InterimAnalysis]
    architectures: list[ArchitectureCosts]
    runs_needed: int | None = None
    cells: list[ComparedCell | NotComparable]
    details: list[CaseDetail]
    runs: list[ComparedRun]
    summary: ComparisonSummary
