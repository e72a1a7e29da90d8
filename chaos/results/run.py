"""The result of runs: what a run, the runs of a scenario, and a whole command amount to. The only form, in memory and on disk.

docs/scenarios.md and docs/verdicts.md say what the parts mean; `coredrill schema result` prints their JSON Schema.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from pydantic import Field

from chaos.results.counterfactuals import ActionTaken, CauseGraph, Counterfactuals, FailedOrders, Outage
from chaos.results.findings import ExpectationFinding, Findings, Reason, Text
from chaos.results.findings import Value as Value
from simcore.base.model import ResultModel
from simcore.base.units import SECOND
from simcore.journal.summary import Figures, LawResult, OrderCounts, SimulationRun, StoredWindow

SCHEMA_VERSION = 1

Verdict = Literal["pass", "fail", "unknown"]


# --- what was measured ------------------------------------------------------------------------------------------------------


class Orders(OrderCounts):
    """Orders that customers submitted in the window; `failed_share` is failed_orders of intended, None without any."""

    failed_share: float | None = None


class WindowCounts(ResultModel):
    """How many evaluation intervals in session were steady, violated, or had too few intents to tell."""

    steady: int
    violated: int
    no_data: int


class Grade(ResultModel):
    """A severity by one rule set: the grade with the rule set's own word for it and the rule's source; `grade` is None where the
    rules cannot tell, with `why`. What ends in `_zh` says the same in Chinese, where it is known."""

    grade: str | None = None
    label: str
    label_zh: str | None = None
    why: str | None = None
    why_zh: str | None = None
    source: str | None = None
    source_zh: str | None = None


class CounterFigures(ResultModel):
    """By how much a counter grew from the first step on (of a gauge the highest value), for how long it did, and for how long it did not
    in between, at the longest, s."""

    grown: int
    lasted_s: float | None
    gap_s: float | None = None


class Impairment(ResultModel):
    """How long the steady state was violated, and how long recovery took; `recovery_s_lower` is what it exceeds if the run ended
    first. `share_lost` is the share of requests not answered well meanwhile, None without any."""

    impaired_s: float | None = None
    impaired_outside_session_s: float | None = None
    share_lost: float | None = None
    windows: WindowCounts | None = None
    recovery_s: float | None = None
    recovery_s_lower: float | None = None
    recovered: bool | None = None
    first_violation_ns: int | None = None
    recovered_at_ns: int | None = None


class Response(ResultModel):
    """The split of the way back, each None if it did not come to it: to a team that takes it up (`detect_s`; `detect_s_lower` is what
    that exceeds if nobody had by the end of the window; it may come after recovery, what follows it may not), on to approval, on to the
    last action done, on to steady state; and from the beginning to the end of the last reconciliation. `first_noticed` says by what
    (monitor, robot, customers) and `first_noticed_by` by which, `first_noticed_s_lower` is what the time exceeds if nothing did.
    Who is there before the first violation takes no time of the outage;
    `first_noticed_before_s` and `detect_before_s` are by how much the first alarm and the team were before it (None: they were not)."""

    detect_s: float | None = None
    detect_s_lower: float | None = None
    decide_s: float | None = None
    act_s: float | None = None
    restore_s: float | None = None
    reconciled_s: float | None = None
    first_noticed: str | None = None
    first_noticed_by: str | None = None
    first_noticed_s: float | None = None
    first_noticed_s_lower: float | None = None
    first_noticed_before_s: float | None = None
    detect_before_s: float | None = None


class BatchDelay(ResultModel):
    """The longest time that a batch was due and lacked what it needs, s, 0 if none did; `batch_waited_s_lower` is what it exceeds if it was
    still lacking at the end of the run."""

    batch_waited_s: float | None = None
    batch_waited_s_lower: float | None = None


class CustomerCounts(ResultModel):
    """Distinct customers with a request in the window, and those of them with one blocked, failed, unknown or rejected
    wrongly."""

    customers_active: int | None = None
    customers_affected: int | None = None


class Stability(ResultModel):
    """Whether the run stays broken by itself, and whether, and if not why, the steady state was not seen before the method."""

    metastable: bool | None = None
    steady_before: bool | None = None
    unsteady_because: str | None = None


class Measures(Stability, BatchDelay, CustomerCounts, Response, Impairment, Figures):
    """Everything measured. A run without a scenario has only what the journal itself counts: the rest is None or empty.

    Lengths of time in s, instants (`_ns`) in ns since midnight of the first day.
    """

    orders: Orders
    severity: dict[str, Grade] = {}
    counters: dict[str, CounterFigures] = {}
    extensions: dict[str, Value] = {}

    @property
    def rest_s(self) -> float | None:
        """What of the recovery is in none of its parts, for it was over before the next one; None if the last part was reached, nothing is
        left, or there was no recovery."""
        if self.recovery_s is None or self.restore_s is not None or self.first_violation_ns is None:
            return None
        parts = sum(part for part in (self.detect_s, self.decide_s, self.act_s) if part is not None)
        return self.recovery_s - parts if parts < self.recovery_s else None


# --- one run ----------------------------------------------------------------------------------------------------------------


class PropertyFinding(ResultModel):
    """Whether a property of the system holds (None: nothing to tell it from), and how many violations were found."""

    holds: bool | None = None
    violations: int = 0


class ExpectationResult(ResultModel):
    """A bound on a measure, the value that came out, and whether it keeps the bound; `judged`: it counts for the run's verdict;
    `not_compared`: that depends on what was rejected wrongly, which no control run says."""

    measure: str
    expected: str
    value: Value = None
    shown: str
    holds: bool | None = None
    judged: bool = True
    not_compared: bool = False


class FaultEvidence(ResultModel):
    """A step of the method: when it began and ended (ns), what it hit, how much the counters of its effect grew, whether it took
    effect, and why it could not be done, if so. `unreached_ns` is when it was to begin, if the run was aborted or given up before.
    effect, and why it could not be done, if so. `unreached_ns` is when it was to begin, if the run was aborted or given up before.
    `over_ns` is since when what it did was in force no longer, if that was not when it was healed: it is over by itself (a burst has come), a
    restart or another step had ended it before, or people put right later what it left behind (the end of the run: nobody did).
    `without_target`: the architecture says that it does without what the step would hit, so that there is nothing to show."""

    name: str
    fault: str
    began_ns: int | None = None
    ended_ns: int | None = None
    over_ns: int | None = None
    targets: list[str] = []
    grown: int = 0
    took_effect: bool = True
    failed: str | None = None
    without_target: bool = False
    unreached_ns: int | None = None

    @property
    def in_force_until(self) -> int | None:
        """When it was over, by its own end or otherwise, ns; None: not in the run."""
        return self.ended_ns if self.over_ns is None else self.over_ns


class CausalLink(ResultModel):
    """A thing that was not well: from when (ns) and how; `because` is kind/name of its cause, None for what a step hit, which is
    `depth` arrows away."""

    t_ns: int
    kind: str
    name: str
    what: str
    because: str | None = None
    depth: int = 0

    @property
    def node(self) -> str:
        """kind/name."""
        return f"{self.kind}/{self.name}"


class TimelineLine(ResultModel):
    """A line of the published timeline of a reproduction, and when the event that it names came in the run (ns)."""

    published_ns: int
    what: str
    event: str | None = None
    simulated_ns: int | None = None


class RunResult(ResultModel):
    """What a run amounts to. It holds no wall time, so that the same job has the same result on any machine.

    `invalid`: it was no valid experiment, or was given up; `averted`: only because something that must happen did not; `doubtful`: it
    cannot pass. `given_up_ns` is when it was given up after its first step, with what it had shown until then.
    A simulation without a scenario has neither verdict nor expectations. `chinese` has the Chinese of the scenario's own texts: of its
    title, the names of its steps and the lines of its timeline. `own_names` are names of the glossary that files of the user's own give to
    something: no page translates them. `left_out` are actions that had no effect in it;
    what acting did (`counterfactuals`) is None where it was not asked for. `live`: real processes have run, not the simulated core.
    """

    scenario: str | None = None
    title: str = ""
    chinese: dict[str, str] = {}
    own_names: list[str] = []
    purpose: str = ""
    architecture: str
    environment: str | None = None
    workload: str = ""
    seed: int
    verdict: Verdict | None = None
    reasons: list[str] = []
    invalid: bool = False
    averted: bool = False
    doubtful: bool = False
    given_up_ns: int | None = None
    digest: str
    input_digest: str = ""
    live: bool = False
    window: StoredWindow | None = None
    measures: Measures = Field(alias="metrics")
    properties: dict[str, PropertyFinding] = {}
    conservation: list[LawResult] = []
    expectations: list[ExpectationResult] = []
    faults: list[FaultEvidence] = []
    causes: list[CausalLink] = []
    chains: list[CauseGraph] = []
    outages: list[Outage] = []
    failed_over_time: list[FailedOrders] = []
    actions: list[ActionTaken] = []
    left_out: list[str] = []
    counterfactuals: Counterfactuals | None = None
    timeline: list[TimelineLine] = []
    replay: str = ""
    findings: Findings = Findings()

    @property
    def unseen_s(self) -> float | None:
        """How much of the window was left when the run was given up, s; None if it was not."""
        if self.given_up_ns is None or self.window is None:
            return None
        return max(0, self.window[1] - self.given_up_ns) / SECOND

    @property
    def reason_data(self) -> Sequence[Reason]:
        """The reasons as data; as sentences in English where they were stored without."""
        data = self.findings.reasons
        return data if len(data) == len(self.reasons) else [Text(text=reason) for reason in self.reasons]

    @property
    def expectation_data(self) -> Sequence[ExpectationFinding]:
        """Of each of the expectations its bound and what was found, as data; as English where they were stored without."""
        data = self.findings.expectations
        if len(data) == len(self.expectations):
            return data
        return [ExpectationFinding(bound=Text(text=e.expected), found=Text(text=e.shown)) for e in self.expectations]

    @property
    def broken_laws(self) -> list[str]:
        """The names of the conservation laws that do not hold."""
        return [law.law for law in self.conservation if not law.ok]


def unjudged(run: SimulationRun, own_names: Sequence[str] = ()) -> RunResult:
    """The result of a simulation without a scenario, of files that give something these names of the glossary."""
    figures = run.metrics
    properties = {name: PropertyFinding.model_validate(found) for name, found in run.properties.items()}
    return RunResult(
        own_names=list(own_names),
        architecture=run.architecture,
        environment=run.environment,
        workload=run.workload,
        seed=run.seed,
        verdict=run.verdict,
        reasons=[run.unknown_reason] if run.unknown_reason else [],
        digest=run.digest,
        window=run.window,
        measures=Measures(orders=orders_of(figures.orders), flows=figures.flows, client_truth=figures.client_truth),
        properties=properties,
        conservation=run.conservation,
    )


def orders_of(counts: OrderCounts) -> Orders:
    """The counts with the share that failed."""
    share = counts.failed_orders / counts.intended if counts.intended else None
    return Orders(**counts.model_dump(), failed_share=share)


# --- several runs -----------------------------------------------------------------------------------------------------------


class ValueRange(ResultModel):
    """What a measure can be, from `low` to `high`, both included; None: no bound is known on that side."""

    low: int | float | None = None
    high: int | float | None = None


class OverSeedsResult(ResultModel):
    """An expectation over the runs of a scenario: in how many it held and was broken. With `in_share`, in how many it is needed. With a
    quantile, which of the values in ascending order is judged (`quantile_rank`), and that value; without one where runs that have no value
    could make it another."""

    measure: str
    expected: str
    held: int
    broken: int
    runs: int
    needed: int | None = None
    quantile_rank: int | None = None
    quantile_value: int | float | str | None = None
    verdict: Verdict

    @property
    def unknown(self) -> int:
        """In how many runs it is not known whether it held."""
        return self.runs - self.held - self.broken


class GroupResult(ResultModel):
    """The runs of one scenario on one architecture in one environment; `counts`: its verdict counts for the command's."""

    scenario: str | None
    title: str
    architecture: str
    environment: str | None
    runs: int
    seeds: list[int]
    verdict: Verdict
    expectations: list[OverSeedsResult]
    counts: bool = True


class PairRow(ResultModel):
    """The measure's values on both sides with one seed; a run that was no valid experiment has none."""

    seed: int
    a: Value
    b: Value
    difference: int | float | None


class PairResult(ResultModel):
    """Whether a measure of side a exceeds that of side b by at least so much, seed by seed. `own_names` are those of the runs."""

    name: str
    measure: str
    at_least: float
    a: str
    b: str
    seeds: list[PairRow]
    verdict: Verdict
    why: str
    why_zh: str = ""
    own_names: list[str] = []


class Counts(ResultModel):
    """How many runs, scenarios and pairs there are, their verdict together, and how many have each."""

    runs: int
    scenarios: int
    pairs: int
    verdict: Verdict
    conservation_broken: int
    passed: int = Field(alias="pass")
    failed: int = Field(alias="fail")
    unknown: int


class SuiteResult(ResultModel):
    """The result object of `run`, `suite` and `replay`."""

    schema_version: int
    runs: list[RunResult]
    groups: list[GroupResult]
    pairs: list[PairResult]
    summary: Counts


def same_place(run: RunResult, group: GroupResult) -> bool:
    """Whether a run is one of the group's."""
    return (run.scenario, run.architecture, run.environment) == (group.scenario, group.architecture, group.environment)


def own_names_of(runs: Iterable[RunResult]) -> list[str]:
    """The names that any of several runs has of its own. Sorted."""
    return sorted({name for run in runs for name in run.own_names})


def runs_of(group: GroupResult, runs: Sequence[RunResult]) -> list[RunResult]:
    """The runs of a group."""
    return [run for run in runs if same_place(run, group)]
