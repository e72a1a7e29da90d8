"""The result of `coredrill coverage`: the only form in memory and on disk; `coredrill schema coverage` prints its JSON Schema.

docs/coverage.md says what the words mean: a mutant is an architecture with one planted defect, a cell is a mutant under a scenario.
"""

from __future__ import annotations

from typing import Literal

from chaos.results.defect_pairs import PairsResult
from chaos.results.findability import AttributionResult, IncidentResult, Suggestion, SuiteCurve
from chaos.results.findings import Limits
from chaos.results.run import ValueRange, Verdict
from chaos.results.summaries import Interval
from simcore.base.model import ResultModel

SCHEMA_VERSION = 1

TrialVerdict = Literal["pass", "fail", "unknown", "timed out"]
Outcome = Literal["killed", "survived", "timed out", "unknown", "averted", "red", "inert", "identical", "impossible"]
"""What a cell came to. `averted`: unknown alone because what must happen did not; `red`: its scenario does not pass without a defect, so
that it can kill nothing by verdict."""
PriceSign = Literal["costs", "spares", "none", "not decided"]
Status = Literal["killed", "survived", "timed out", "not present", "equivalent", "impossible"]

Part = Literal["noticed", "changed", "over budget", "unchanged", "not reached", "not present", "equivalent", "impossible"]
"""The part of the census that a mutant is in: noticed by verdict; changed and not noticed; given up over its budget of events; reached and
nothing changed; not reached; not present in the environment; no change of production; not to be planted. They add up to the census."""


# --- one trial --------------------------------------------------------------------------------------------------------------


class Observation(ResultModel):
    """What one run of a trial showed. `why` has the first reasons of its verdict, `tripped` the expectations that it broke, `expected`
    all of them; `orders` counts orders by kind, `severity` has the grade by rule set where one was reached. `effect` is a digest of
    all that came of the run; `broken` counts broken conservation laws; `readings` are the counters that grew, if they were asked for.
    `invalid`: it was no valid experiment; `missed`: something that must happen did not. `held` and `over` are what it counts for in the
    expectations over the seeds (see `judge_seeds`); `values` has every measure of which it has a value, on a scale. A run over its
    event budget has a verdict and a reason alone."""

    seed: int
    verdict: TrialVerdict
    invalid: bool = False
    missed: bool = False
    held: list[bool | None] = []
    over: list[ValueRange] = []
    values: dict[str, float] = {}
    why: list[str]
    tripped: list[str]
    expected: list[str] = []
    orders: dict[str, int]
    impaired_s: float | None = None
    recovery_s: float | None = None
    recovery_s_lower: float | None = None
    customers: int | None = None
    severity: dict[str, str] = {}
    events: int = 0
    effect: str
    broken: int = 0
    readings: list[str] = []


class TrialResult(ResultModel):
    """What a trial gave: the `digest` of its system, its `runs`, and the `verdict` over them as `run` gives it (None without a run); or
    why the defect cannot be planted (`impossible`); or that it leaves the system as it is (`identical`). `tripped` are the expectations
    over the seeds that are broken."""

    digest: str | None = None
    runs: list[Observation] = []
    verdict: Verdict | None = None
    tripped: list[str] = []
    impossible: str | None = None
    identical: bool = False


# --- the kill matrix ----------------------------------------------------------------------------------------------------------


class Gap(ResultModel):
    """One difference between the environment and production."""

    name: str
    kind: str
    title: str


class Score(ResultModel):
    """How many mutants have each status. `score` is killed over `counted`, all that production can have (None without any);
    `score_present` is killed over those whose mutation point the environment has."""

    mutants: int
    counted: int
    killed: int
    survived: int
    timed_out: int
    not_present: int
    equivalent: int
    impossible: int
    score: float | None
    score_present: float | None


class FlakyKills(ResultModel):
    """Cells with a kill in any seed, and those of them that were not killed with every seed that was run."""

    cells_with_a_kill: int
    flaky: int


class OperatorScore(Score):
    """The score of the mutants of one mutation operator."""

    name: str
    title: str
    family: str


class KillSignature(ResultModel):
    """Mutants that exactly the same scenarios kill: the suite cannot tell them apart."""

    scenarios: list[str]
    mutants: list[str]


class DistinctScore(ResultModel):
    """A score in which what cannot be distinguished counts once: kill `signatures` over these and the `survivors`, of which `identical`
    systems (groups of mutants) count once."""

    signatures: int
    survivors: int
    score: float | None
    identical: list[list[str]]


class FamilyScore(ResultModel):
    """How many mutants of a family of defects count and are killed, and its share of all that count."""

    family: str
    counted: int
    killed: int
    score: float | None
    share: float


class CoverageSummary(Score, FlakyKills):
    """Counts over a kill matrix. Beside the score, and never in it: of the mutants that nothing kills, `stopped` leave a scenario unknown
    where a pipeline would stop, `averted` leave one unknown only because something that must happen did not; one mutant may do both,
    `stopped_or_averted` counts it once. `differential` are worse than without them on the same seed under some scenario, by the `margins` of
    their measures; `differential_alone` of them nothing kills. `parts` add up to `mutants`, which are the whole `census` unless
    so many are `sampled`, with the 95 % `interval` of the score; `distinct` counts what cannot be distinguished once, in `balanced` each
    family of defects weighs the same. `red` are the scenarios that do not pass without a defect.

    `seed_scores` are the scores of single seeds; `cells` mutants times scenarios, `spared` those that the defect could not change; `runs`
    those of this matrix, `kept` of them were there before; `runs_in_all` counts attribution and pricing as well."""

    seed_scores: list[float]
    seeds: int
    runs: int
    kept: int
    cells: int
    conservation_broken: int
    spared: int
    stopped: int = 0
    averted: int = 0
    stopped_or_averted: int = 0
    differential: int = 0
    differential_alone: int = 0
    margins: dict[str, float] = {}
    parts: dict[Part, int] = {}
    census: int = 0
    sampled: int | None = None
    interval: Interval | None = None
    distinct: DistinctScore | None = None
    balanced: float | None = None
    red: list[str] = []
    runs_in_all: int | None = None


class NoDifference(ResultModel):
    """Of a survivor: the `runs` in which it could have shown, those that it `changed`, and with none changed the 95 % `bound` on the
    share of such runs that it changes."""

    runs: int
    changed: int
    bound: float | None


class CellResult(ResultModel):
    """A mutant under a scenario: the outcome, the verdict of each seed that was run, how many runs came out otherwise than without the
    defect, and the measures that are worse by their margins than without it on the same seed."""

    outcome: Outcome
    verdicts: list[TrialVerdict]
    changed: int
    worse: list[str] = []


class MutantResult(ResultModel):
    """A planted defect, `operator` at `site`; `part` is where it is in the census; `reached` and `killed_by` are scenarios,
    and so are those that it leaves unknown (`stopped`) or unknown only because something that must happen did not (`averted`), and those
    under which it is worse than without it (`worse`); `cells` are by scenario, `impossible` says why it cannot be planted ("" if it
    can)."""

    name: str
    operator: str
    site: str
    family: str
    title: str
    status: Status
    killed_by: list[str]
    part: Part
    reached: list[str] = []
    stopped: list[str] = []
    averted: list[str] = []
    worse: list[str] = []
    no_difference: NoDifference
    cells: dict[str, CellResult]
    impossible: str


class ScenarioKills(ResultModel):
    """How many mutants a scenario kills, and how many of them no other does."""

    name: str
    kills: int
    alone: int


class ExpectationTrips(ResultModel):
    """How many mutants broke an expectation in any run."""

    scenario: str
    expected: str
    tripped_by: int


class MatrixResult(ResultModel):
    """A kill matrix with its counts."""

    summary: CoverageSummary
    operators: list[OperatorScore]
    mutants: list[MutantResult]
    scenarios: list[ScenarioKills]
    expectations: list[ExpectationTrips]
    signatures: list[KillSignature] = []
    families: list[FamilyScore] = []


class BesideResult(ResultModel):
    """The same defects under another suite in another environment."""

    suite: str
    environment: str
    gaps: list[Gap]
    summary: CoverageSummary
    mutants: list[MutantResult]
    scenarios: list[ScenarioKills]


# --- price --------------------------------------------------------------------------------------------------------------------


class EffectFigures(ResultModel):
    """Differences that a defect makes: orders by kind, impaired time, customers affected; with the defect less without.
    `rejected_wrongly` are orders rejected that the system without the defect confirms where nothing is done to it; `harmed_orders`
    are failed or rejected wrongly."""

    blocked: float
    failed: float
    unknown: float
    duplicated: float
    lost: float
    orphan: float
    stranded: float
    late: float
    failed_orders: float
    rejected_wrongly: float
    harmed_orders: float
    impaired_s: float
    customers: float


class DefectEffect(EffectFigures):
    """What a defect does in one window, mean over seeds: the most severe grade with and without it, the longest recovery with it (a lower
    bound where a run did not recover), whether every run was a valid experiment, and the share of failed orders with it."""

    severity: str
    severity_without: str
    recovery_s: float | None
    recovered: bool
    valid: bool
    failed_share: float


class WindowEffect(DefectEffect):
    """The effect in the window of a trigger in a phase of the day; `excess` is that in harmed orders beyond the effect in the same phase
    of an ordinary day, None for the ordinary day itself."""

    window: str
    trigger: str
    phase: str
    excess: float | None


class YearShares(ResultModel):
    """In which shares of the years drawn a defect costs orders, spares orders, and changes nothing."""

    costs: float
    spares: float
    nothing: float


class PriceParts(ResultModel):
    """What a price consists of, in harmed orders a year: the ordinary days on which the defect is there, the triggers beyond them, and
    what the windows that were not run are taken to do. They add up to the price."""

    ordinary_days: float
    triggers: float
    left_out: float


class PriceRow(ResultModel):
    """A year's expectation in production of harmed orders (failed or rejected wrongly). `interval` is where 90 % of years lie, over seeds,
    rates, how often triggers come, presence, days until found and windows that were not run; None where one seed tells no spread. The
    `sign` is decided where it excludes 0. Prices that cannot be distinguished share the ranks `rank` to `rank_to`. `present` is the mean
    chance that the defect gets into production in a year, `found_days` the mean of trading days that it stays, which depends on whether
    it `shows` on an ordinary day, when it does `day`; `figures` are a year's expectation of every figure in the windows that were run.
    `worst` and `at_the_open` are the windows with most harmed orders."""

    name: str
    harmed_orders: float
    interval: Interval | None
    sign: PriceSign
    rank: int
    rank_to: int
    years: YearShares | None
    parts: PriceParts
    present: float
    found_days: float
    shows: bool
    day: float
    figures: EffectFigures
    worst: WindowEffect | None
    at_the_open: WindowEffect | None
    windows: int


class PricedWindow(ResultModel):
    """A trigger in a phase of the day, how often it comes in a year, and the orders of the first run without a defect."""

    name: str
    per_year: float
    orders: dict[str, int]


class PriceResult(ResultModel):
    """Prices of the survivors (`ranking`) and of what is `killed`, highest first; windows that were run, each with `seeds` seeds, and those
    that were `skipped`, because the budget of `runs` did not reach them. Without prices `killed` and `triggers` are left out."""

    ranking: list[PriceRow]
    killed: list[PriceRow] = []
    windows: list[PricedWindow]
    skipped: list[str]
    runs: int
    seeds: int = 0
    triggers: str = ""


# --- combinations ---------------------------------------------------------------------------------------------------------------


class CombinationRow(ResultModel):
    """Of the `of` combinations of the values of `t` factors that make sense, `covered` are exercised by the suite. `share` is covered ÷ of,
    None if there are none."""

    t: int
    covered: int
    of: int
    share: float | None


class CombinationCoverage(ResultModel):
    """How many t-way combinations a suite exercises: for each t a row, over the values of these `factors` (fault, what it hits, flow)."""

    factors: list[str]
    rows: list[CombinationRow]


class Assertion(ResultModel):
    """An expectation that would notice mutants which change something unnoticed: a `bound` on a measure, from the runs of a scenario without
    a defect with a margin, as a file writes it (`line`); so many are noticed that no assertion before it does, `mutants` are all that it would."""

    scenario: str
    measure: str
    bound: Limits
    expected: str
    line: str
    notices: int
    mutants: list[str]


class ReachingScenario(ResultModel):
    """A scenario that reaches mutants which the suite does not: so many that none before it does, and all."""

    scenario: str
    reaches: int
    mutants: list[str]


class ReachResult(ResultModel):
    """What would reach what the suite does not: of `candidates` so many were `tried` in so many `runs` without a defect. `needs` has for
    each of those mutants the counters of which one must grow; `nowhere` are those that no scenario tried reaches."""

    rows: list[ReachingScenario] = []
    runs: int = 0
    tried: int = 0
    candidates: int = 0
    needs: dict[str, list[str]] = {}
    nowhere: list[str] = []


# --- all of it ----------------------------------------------------------------------------------------------------------------


class CoverageResult(MatrixResult):
    """What a suite notices of planted defects in an environment, and what the rest costs and is hidden by. `replay` is the command
    that makes it again; `own_names` are names of the glossary that files of the user's own give to something."""

    schema_version: int
    own_names: list[str] = []
    kind: Literal["coverage"]
    suite: str
    architecture: str
    environment: str
    gaps: list[Gap]
    replay: str
    beside: BesideResult | None
    assertions: list[Assertion] = []
    reach: ReachResult = ReachResult()
    price: PriceResult
    pairs: PairsResult | None = None
    why: AttributionResult
    curve: SuiteCurve
    combinations: CombinationCoverage
    suggestions: list[Suggestion]
    incidents: IncidentResult
