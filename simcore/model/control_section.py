"""What the `control:` section of an architecture file may say: who watches, who acts, and by which rules.

The words are explained with an example in docs/control.md, with the source of every default. Nothing here may depend on
the clock but who is present (rosters) and when a batch is due: night and open differ through load, backlog, staff and
time pressure alone.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from simcore.base.model import Model, Name, Probability
from simcore.base.units import DAY, MINUTE, MS, SECOND, ClockTime, Duration, Rate, parse_duration
from simcore.counterparties import RECONCILED, WITH_FILE
from simcore.model.distributions import Distribution
from simcore.model.metrics import METRIC_PATTERN

Layer = Literal["infrastructure", "network", "hardware", "application", "business"]
Positive = Annotated[Duration, Field(gt=0)]
Beat = Annotated[Duration, Field(ge=MS)]  # of what repeats: a run would never end at a beat of nanoseconds
Factor = Annotated[float, Field(gt=0, le=1)]
Unit = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,63}(#\d+)?$", description="service, or service#replica")]
Reading = Annotated[str, Field(pattern=METRIC_PATTERN, description="kind/name/field: flow/order/failed")]


def _threshold(value: Any) -> Any:
    return parse_duration(value) if isinstance(value, str) else value


Threshold = Annotated[
    float,
    BeforeValidator(_threshold),
    WithJsonSchema({"type": ["number", "string"], "description": "a number, or a duration (taken in ns)"}),
]


def _lognormal(median: str, p99: str) -> Distribution:
    return Distribution.model_validate({"lognormal": {"median": median, "p99": p99}})


def _constant(duration: str) -> Distribution:
    return Distribution.model_validate(duration)


# --- how long things take when they grow with the number of items -------------------------------------------------------


class PerItem(Model):
    """Extra time of `each` for every item counted by the readings `of`; counters may be taken since the day began."""

    each: Duration
    of: Annotated[list[Reading], Field(min_length=1)]
    since: Literal["day", "start"] = "day"


# --- monitors, robots, complaints ---------------------------------------------------------------------------------------


class Ratio(Model):
    """Growth of the readings `of` over the growth of the readings `to` in one interval."""

    of: Annotated[list[Reading], Field(min_length=1)]
    to: Annotated[list[Reading], Field(min_length=1)]


class Metric(Model):
    """One of: `gauge` (a sum now), `rate` (growth a second over the interval), `ratio` (growth over growth)."""

    gauge: Annotated[list[Reading], Field(min_length=1)] | None = None
    rate: Annotated[list[Reading], Field(min_length=1)] | None = None
    ratio: Ratio | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Metric:
        if sum(x is not None for x in (self.gauge, self.rate, self.ratio)) != 1:
            raise ValueError("a metric is exactly one of gauge, rate, ratio")
        return self

    def sums(self) -> tuple[Literal["gauge", "rate", "ratio"], tuple[str, ...], tuple[str, ...]]:
        """Its kind, and the readings it sums: of a ratio those above and those below the line."""
        if self.ratio is not None:
            return "ratio", tuple(self.ratio.of), tuple(self.ratio.to)
        return ("gauge", tuple(self.gauge), ()) if self.gauge else ("rate", tuple(self.rate or ()), ())

    def readings(self) -> list[str]:
        """Every kind/name/field the metric reads."""
        _, of, to = self.sums()
        return [*of, *to]


class Routed(Model):
    """Where an alarm goes. Without `route` it is on a screen nobody is told to watch."""

    layer: Layer = "business"
    route: Name | None = Field(None, description="team")
    misroute: Probability = Field(0.0, description="chance that the alarm goes to misroute_to instead")
    misroute_to: Name | None = Field(None, description="team")
    notify: Distribution = _constant("0s")
    points_at: Name | None = Field(None, description="service the alarm speaks of")
    silenced: bool = False

    @model_validator(mode="after")
    def _misroute_goes_somewhere(self) -> Routed:
        if self.misroute > 0 and self.misroute_to is None:
            raise ValueError("misroute needs misroute_to, the team that gets the alarm by mistake")
        return self


class Monitor(Routed):
    """An alarm rule: `breaches` scrapes in a row beyond the threshold raise it, `clears` within it clear it."""

    metric: Metric
    above: Threshold | None = None
    below: Threshold | None = None
    every: Beat = 15 * SECOND
    phase: Duration | None = Field(None, description="first scrape after the beginning; drawn within `every` if absent")
    breaches: Annotated[int, Field(ge=1, le=1000)] = 3
    clears: Annotated[int, Field(ge=1, le=1000)] = 3
    min_count: Annotated[float, Field(ge=0)] = Field(1, description="a ratio over fewer than this is no data")
    false_alarms: Rate = 0.0

    @model_validator(mode="after")
    def _one_side(self) -> Monitor:
        if (self.above is None) == (self.below is None):
            raise ValueError("a monitor has exactly one of above, below")
        return self


class Robot(Routed):
    """An inspection robot: one synthetic intent of `flow` every interval; `failures` bad ones in a row raise its alarm."""

    flow: Name
    every: Beat = MINUTE
    phase: Duration | None = None
    failures: Annotated[int, Field(ge=1, le=100)] = 3
    slower_than: Duration | None = Field(None, description="a slower answer counts as failed")
    while_open: Name | None = Field(None, description="gate: probes only while it is open")


class Complaints(Routed):
    """A phone desk: customers whose intents ended badly call with some probability and delay; the desk notices at `notice`
    calls `within` the window."""

    flows: Annotated[list[Name], Field(min_length=1)]
    probability: Probability = 0.01
    delay: Distribution = _lognormal("5min", "30min")
    notice: Annotated[int, Field(ge=1)] = 20
    within: Positive = 10 * MINUTE
    every: Beat = 10 * SECOND


# --- people -------------------------------------------------------------------------------------------------------------


class Shift(Model):
    """From a time of day to another (over midnight if `to` is not later), so many are present."""

    start: ClockTime = Field(alias="from")
    end: ClockTime = Field(alias="to")
    present: Annotated[int, Field(ge=0, le=1000)]

    model_config = {**Model.model_config, "populate_by_name": True}

    @model_validator(mode="after")
    def _within_a_day(self) -> Shift:
        if self.start >= DAY or self.end > DAY:
            raise ValueError("a shift is given in times of one day, without d2")
        return self


class Duty(Model):
    """Who is present when. Outside every shift nobody is; whoever is needed beyond those present is called in."""

    roster: list[Shift] | None = Field(None, description="absent: always present")
    call_in: Distribution = _lognormal("40min", "120min")


HeartCondition = Literal[
    "unfamiliar", "time_shortage", "poor_signal", "no_undo", "overload", "inexperience", "no_independent_check"
]
HeartTask = Literal["novel", "restore-unaided", "complex", "rapid", "routine", "restore-procedure"]


class Team(Duty):
    """A team's attention: at most `members` incidents at once, one member each."""

    members: Annotated[int, Field(ge=1, le=1000)] = 2
    acknowledge: Distribution = _lognormal("2min", "10min")
    diagnose: Distribution = _lognormal("10min", "60min")
    verify: Distribution = _constant("2min")
    handover: Distribution = _lognormal("5min", "20min")
    flood: Annotated[float, Field(ge=0, le=10)] = Field(0.05, description="share each further active alarm adds to the diagnosis")
    flood_max: Annotated[float, Field(ge=1, le=100)] = 3.0
    pointed: Factor = Field(0.5, description="on the diagnosis when an alarm points at the right service")
    runbook: Factor = Field(0.5, description="on the diagnosis when a runbook names the alarm")
    conditions: dict[HeartCondition, Probability] = Field(
        {
            "unfamiliar": 0.1, "time_shortage": 0.2, "poor_signal": 0.1, "no_undo": 0.1,
            "overload": 0.2, "inexperience": 0.0, "no_independent_check": 0.2,
        },
        description="assessed proportion of each HEART condition when it fully holds",
    )  # fmt: skip
    pressure_at: Rate = Field(1000.0, description="intents a second at which time shortage fully holds")
    overload_at: Annotated[int, Field(ge=1)] = Field(20, description="active alarms at which overload fully holds")
    vendor: Name | None = None


class Approver(Duty):
    """Somebody who is asked, and may have to be reached first."""

    latency: Distribution = _lognormal("5min", "20min")
    call_in: Distribution = _lognormal("10min", "60min")


class Approval(Model):
    """The chain that is asked in order. With `oral_after` the handling may begin when that one agrees; the rest follows
    while it goes on."""

    chain: dict[Name, Approver] = {}
    oral_after: Name | None = None

    @model_validator(mode="after")
    def _oral_is_in_chain(self) -> Approval:
        if self.oral_after is not None and self.oral_after not in self.chain:
            raise ValueError(f"oral_after: {self.oral_after} is not in the chain ({', '.join(self.chain) or 'empty'})")
        return self


class Vendor(Model):
    """The maker of a system: answers late, mends late, and not always at the first try."""

    respond: Distribution = _lognormal("30min", "180min")
    mend: Distribution = _lognormal("60min", "300min")
    success: Probability = 0.8
    attempts: Annotated[int, Field(ge=1, le=20)] = 3


# --- actions and runbooks -----------------------------------------------------------------------------------------------


class RateCap(Model):
    limit: Name
    rate: Annotated[Rate, Field(gt=0)]


class Slots(Model):
    pool: Name
    slots: Annotated[int, Field(ge=0)]


class Isolate(Model):
    """Cut a dependency off: `gates` are held shut, `pools` refuse everything, `calls` (sites) give up after `timeout`."""

    gates: list[Name] = []
    pools: list[Name] = []
    calls: list[str] = []
    timeout: Positive = MS

    @model_validator(mode="after")
    def _something(self) -> Isolate:
        if not (self.gates or self.pools or self.calls):
            raise ValueError("isolate needs gates, pools or calls to cut off")
        return self


class Action(Model):
    """Exactly one verb, and how it is done. `task` is the HEART kind of task, which gives the base rate of error."""

    restart: Unit | None = None
    rotate_out: Unit | None = None
    rotate_in: Unit | None = None
    failover: Name | None = None
    rollback: Name | None = Field(None, description="service whose last change is undone")
    limit_rate: RateCap | None = None
    slots: Slots | None = None
    isolate: Isolate | None = None
    switch_channel: dict[Name, Annotated[float, Field(ge=0)]] | None = Field(None, description="flow: factor on its arrivals")
    reconcile: Name | None = None
    repair: Name | None = Field(None, description="what people on site put right: a group, a site, a service's line")
    none: Literal[True] | None = None

    duration: Distribution = _lognormal("3min", "15min")
    task: HeartTask = "restore-procedure"
    undo: bool = Field(True, description="false: what is done cannot be undone (HEART no_undo holds)")
    tries: Annotated[int, Field(ge=1, le=10)] = 2

    @model_validator(mode="after")
    def _one_verb(self) -> Action:
        given = [v for v in ACTION_VERBS if getattr(self, v) is not None]
        if len(given) != 1:
            raise ValueError(f"an action is exactly one of {', '.join(ACTION_VERBS)}; here: {', '.join(given) or 'none given'}")
        return self

    @property
    def verb(self) -> str:
        """Which action this is."""
        return next(v for v in ACTION_VERBS if getattr(self, v) is not None)

    @property
    def target(self) -> str:
        """What it acts on, as the journal names it."""
        value = getattr(self, self.verb)
        if isinstance(value, RateCap):
            return value.limit
        if isinstance(value, Slots):
            return value.pool
        if isinstance(value, Isolate):
            return ",".join([*value.gates, *value.pools, *value.calls])
        if isinstance(value, dict):
            return ",".join(value)
        return "" if value is True else str(value)


ACTION_VERBS = (
    "restart", "rotate_out", "rotate_in", "failover", "rollback", "limit_rate", "slots", "isolate", "switch_channel",
    "reconcile", "repair", "none",
)  # fmt: skip


class Runbook(Model):
    """What to do about some alarms: actions in order until the alarm clears. Automated, it acts without approval after a
    check; by hand it needs the approval it names."""

    alarms: Annotated[list[Name], Field(min_length=1, description="monitors, robots, complaints, checklists")]
    subject: Name | None = Field(None, description="service it mends")
    actions: Annotated[list[Action], Field(min_length=1)]
    automated: bool = False
    check: Distribution = _constant("10s")
    verify: Distribution = Field(_constant("2min"), description="automated: time the alarm is given to clear after an action")
    approval: Literal["none", "oral", "written"] = "oral"
    practised: Probability = Field(0.5, description="1: drilled weekly; 0: never done (HEART unfamiliar fully holds)")
    priority: int = 0


class Look(Model):
    """One line of a checklist: a look at some monitors' metrics, or a piece of work that sometimes finds something to mend."""

    name: Name
    duration: Distribution = _constant("2min")
    skip: Probability = 0.0
    monitors: list[Name] = []
    overlook: Probability = 0.0
    problem: Probability = 0.0
    mend: Distribution = _constant("10min")


class Checklist(Model):
    at: ClockTime
    team: Name
    steps: Annotated[list[Look], Field(min_length=1)]
    points_at: Name | None = None


# --- failover -----------------------------------------------------------------------------------------------------------


class FailoverStep(Model):
    """`needs` says what it waits for or may be broken by: `detection` (an alarm points at the service, or a person began it),
    `data` (the standby has what the primary sent), `config` (fails if a change since the last drill was not carried over),
    `connections` (the dropped sessions have had their time to come back)."""

    name: Name
    does: list[
        Literal[
            "stop_primary", "rotate_out_primary", "start_standby", "rotate_in_standby", "lose_unreplicated", "drop_sessions",
            "rotate_out_standby", "rotate_in_primary",
        ]
    ] = []  # fmt: skip
    duration: Distribution = _constant("0s")
    per_item: list[PerItem] = []
    failure: Probability = 0.0
    needs: list[Literal["detection", "data", "config", "connections"]] = []
    retries: Annotated[int, Field(ge=0, le=100)] = 1
    retry_wait: Distribution = _constant("1min")
    on_failure: Literal["abort", "skip"] = "abort"


class Failover(Model):
    """How a service goes over to its standby."""

    service: Name
    steps: Annotated[list[FailoverStep], Field(min_length=1)]
    trigger: Name | None = Field(None, description="monitor or robot whose alarm starts it without people")
    drift: Probability = Field(0.02, description="chance that one change breaks one step that needs config")
    changes_since_drill: Annotated[int, Field(ge=0, le=10_000)] = 0
    config_repair: Distribution = _lognormal("15min", "60min")
    detection_patience: Duration = 10 * MINUTE
    lag_per_rate: Duration = Field(0, description="replication lag added by each intent a second")
    sessions_dropped: Probability = 1.0
    reconnect_over: Duration = 60 * SECOND
    reconcile: list[Name] = []

    @model_validator(mode="after")
    def _step_names_differ(self) -> Failover:
        names = [s.name for s in self.steps]
        if len(set(names)) != len(names):
            raise ValueError("the steps of a failover need different names: drift and luck go by them")
        return self


# --- reconciliation, batches --------------------------------------------------------------------------------------------


class InDoubt(Model):
    """When the readings `of` reach `at_least` more than at the last reconciliation, it starts after `wait`."""

    of: Annotated[list[Reading], Field(min_length=1)]
    at_least: Annotated[int, Field(ge=1)] = 1
    wait: Duration = 5 * MINUTE


class Reconciliation(Model):
    """Comparing the core with a counterparty: time grows with the items compared, then with the differences found."""

    duration: Distribution = _lognormal("5min", "20min")
    per_item: list[PerItem] = []
    each_difference: Duration = 30 * SECOND
    in_doubt: InDoubt | None = None


class File(Model):
    """A file from outside, due at a time of day: late, corrupt or missing with some probability, or when a scenario says so."""

    due: ClockTime
    settles: Literal[WITH_FILE] | None = Field(  # type: ignore[valid-type]
        None, description="settling the day depends on it"
    )
    arrives: Distribution = _constant("0s")
    late: Probability = 0.0
    late_by: Distribution = _lognormal("30min", "180min")
    corrupt: Probability = 0.0
    undetected: Probability = Field(0.05, description="share of corrupt files that the check lets pass")
    check: Distribution = _constant("30s")
    missing: Probability = 0.0
    ask_after: Duration = 60 * MINUTE
    resend: Distribution = _lognormal("20min", "90min")


class Batch(Model):
    """Work at a time of day: starts when due and all it `needs` is there, and holds its gates shut until done."""

    at: ClockTime
    duration: Distribution
    per_item: list[PerItem] = []
    needs: list[Name] = Field([], description="files of the same day, or batches before it")
    holds: list[Name] = Field([], description="gates that stay shut until it is done")
    settles: bool = Field(False, description="its end settles the day")
    failure: Probability = 0.0
    rerun: Distribution = _constant("10min")


class Control(Model):
    """The `control:` section. Everything may be left out; what is left out does not happen."""

    exchanges: list[Name] | None = Field(None, description="absent: all values of the workload's attribute exchange")
    monitors: dict[Name, Monitor] = {}
    robots: dict[Name, Robot] = {}
    complaints: dict[Name, Complaints] = {}
    teams: dict[Name, Team] = {}
    approval: Approval = Approval()
    vendors: dict[Name, Vendor] = {}
    runbooks: dict[Name, Runbook] = {}
    checklists: dict[Name, Checklist] = {}
    failovers: dict[Name, Failover] = {}
    reconciliations: dict[Literal[RECONCILED], Reconciliation] = {}  # type: ignore[valid-type]
    files: dict[Name, File] = {}
    batches: dict[Name, Batch] = {}
