"""The result of `coredrill compare`: the only form in memory and on disk; `coredrill schema comparison` prints its JSON Schema.

docs/comparing.md says what the verdicts mean and what they rest on.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from chaos.results.run import Value, Verdict
from chaos.results.summaries import Interval, Number, RunShare, Spread, ValueGroups, VerdictCounts
from simcore.base.model import ResultModel

SCHEMA_VERSION = 2

ComparedVerdict = Literal["better", "worse", "more often better", "more often worse", "mixed", "equivalent", "inconclusive"]
ComparisonVerdict = Literal[
    "better", "worse", "more often better", "more often worse", "mixed", "equivalent", "inconclusive", "not comparable"
]
VERDICTS: tuple[ComparisonVerdict, ...] = (
    "better",
    "worse",
    "more often better",
    "more often worse",
    "mixed",
    "equivalent",
    "inconclusive",
    "not comparable",
)


class ComparedMeasure(ResultModel):
    """A measure by which architectures are compared; figures in its own unit (s, a fraction, a count). Differences within the `margin` do not
    matter; a run that loses more than the `amount` against the other of its pair is bad. Values above the `horizon` count as that in their
    mean (None: a share can be no larger than 1, a time no longer than the window, and of others the mean is not decided)."""

    name: str
    margin: float
    amount: float
    horizon: float | None = None


class InterimAnalysis(ResultModel):
    """After how many runs decisions are taken, and what they may spend of the error level on each claim: nothing where it cannot be
    decided. What is spent on a claim about means is not used up."""

    runs: int
    mean: float
    often: float
    within: float


class ClaimPower(ResultModel):
    """Whether the design can decide a claim about one cell beside the others (`decidable`), and the fewest runs with which that is so if all
    pairs agree as much as they can. `least_mean` is the least difference of means that can be decided then, as a share of the largest that
    there can be; None if none can, and for the other claims."""

    claim: Literal["mean", "often", "within"]
    decidable: bool
    runs_needed: int
    least_mean: float | None = None


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


class EqualCost(ResultModel):
    """What an architecture was given so that all cost the same: machines (with standbys) and database sessions of the costliest, the edits
    that use them, and what it has no use for."""

    machines: int
    sessions: int
    edits: list[str]
    unused_machines: int
    unused_sessions: int


class ArchitectureCosts(ResultModel):
    """An architecture of a comparison with what it costs: hardware, and latency in the healthy scenario by flow, ms. `equal` is what it was
    given, if all were to cost the same."""

    name: str
    title: str
    hardware: Hardware
    latency: dict[str, Latency]
    equal: EqualCost | None = None


class _Cell(ResultModel):
    scenario: str
    environment: str | None
    architecture: str
    measure: str


class NotComparable(_Cell):
    """A scenario that cannot be run on the architecture or on the baseline, and why."""

    verdict: Literal["not comparable"]
    why: str


class SeedPair(ResultModel):
    """The values of the baseline and of the architecture with one seed."""

    seed: int
    baseline: Number
    value: Number


class ComparedCell(_Cell):
    """An architecture against the baseline in a case (a scenario in an environment; None: the scenario's own), by a measure.

    `decided_after` is after how many runs the verdict was reached, None for none. `missing` pairs have no value, the first because of `why`
    (in Chinese `why_zh`). Differences are the architecture's value less the baseline's with the same seed; `win`, `tie` and `loss` count
    those that are better, within the margin, and worse, `gained` and `lost` those that are so by more than the amount, `lost_share` with
    the exact interval of the share. `mean_interval` is that of the mean difference (restricted to the horizon), None where the measure has
    no bounds. `p_mean`, `p_often` and `p_within` are p-values of the claims. `variance_ratio` is how many times the variance of the
    differences independent seeds would have, None where not both vary. `groups` are those of the architecture's values if they lie in two,
    and `baseline_groups` of the baseline's.
    """

    verdict: ComparedVerdict
    decided_after: int | None
    runs: int
    missing: int
    why: str
    why_zh: str = ""
    baseline: Spread | None
    value: Spread | None
    difference: Spread | None
    win: int
    tie: int
    loss: int
    gained: int
    lost: int
    lost_share: RunShare
    mean_interval: Interval | None
    p_mean: float
    p_often: float
    p_within: float
    variance_ratio: float | None
    groups: ValueGroups | None = None
    baseline_groups: ValueGroups | None = None
    pairs: list[SeedPair] = []


class RecoveryComparison(ResultModel):
    """Recovery up to a horizon that is fixed beforehand, the length of the window, s: its mean, the mean difference to the baseline with its
    interval, in how many pairs it was shorter, equal and longer, and how many runs did not recover. Of these what was seen counts;
    `restricted_mean_s_upper` is the mean if they took until the horizon, and the interval holds whatever they would have taken."""

    horizon_s: float
    restricted_mean_s: float
    restricted_mean_s_upper: float
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
    """What equal seeds were worth by the first measure: over so many cells in which both sides vary, the sum of the variances that
    independent seeds would have over the sum of those of the differences. None without such cells."""

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
    """Architectures over cases, each against the baseline. The first measure is the primary one: `level` is the chance of one false
    difference by it in the whole, and that of one false equivalence; by each of the others there are as many of either. At most a share
    `bad_share` of runs may be bad. `looks` are the analyses that were planned, and `power` says what they can decide at all (empty if
    nothing could be compared). `own_names` are names of the glossary that files of the user's own give to something."""

    schema_version: int
    baseline: str
    own_names: list[str] = []
    measures: list[ComparedMeasure]
    level: float
    looks: list[InterimAnalysis]
    architectures: list[ArchitectureCosts]
    bad_share: float
    power: list[ClaimPower] = []
    cells: list[ComparedCell | NotComparable]
    details: list[CaseDetail]
    runs: list[ComparedRun]
    summary: ComparisonSummary
