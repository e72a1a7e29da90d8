"""What an architecture file may say: pools, services, operations as steps, links, flows.

The models here only check and hold; `simcore.files.loading` reads files (with positions for errors), `simcore.compile.plan` turns a
resolved architecture into the kernel's arrays. What each word means is in docs/semantics.md.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Discriminator, Field, Tag, model_validator

from simcore.base.model import Model, Name, Probability, Verbs
from simcore.base.units import Duration, Rate
from simcore.counterparties import FLOW_KINDS
from simcore.model.control_section import Control
from simcore.model.distributions import Distribution

Target = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*\.[a-z][a-z0-9_-]*$", description="service.operation")]
FailureCode = Literal[
    "rejected", "refused", "rate_limited", "breaker_open", "bulkhead_full", "error", "deadline", "timeout", "reset"
]

MAX_REPLICAS = 1024
MAX_SLOTS = 1_000_000


# --- policies of a call -------------------------------------------------------------------------------------------------


class RetryBudget(Model):
    """Every first attempt earns `ratio` of a retry, up to `burst`; each retry spends one. Kept per call site and replica."""

    ratio: Annotated[float, Field(ge=0, le=10)]
    burst: Annotated[float, Field(ge=1, le=1e6)] = 10.0


class Retry(Model):
    """`attempts` counts the first one: 3 means up to two retries."""

    attempts: Annotated[int, Field(ge=1, le=100)]
    backoff: Duration = 0
    multiplier: Annotated[float, Field(ge=1, le=100)] = 1.0
    backoff_max: Duration | None = None
    jitter: Probability = 0.0
    budget: RetryBudget | None = None
    on: list[FailureCode] = ["refused", "rate_limited", "bulkhead_full", "error", "timeout", "reset"]


class Breaker(Model):
    """Opens when, of the last `window` attempts (at least `min_calls`), a share `failure_rate` or more failed."""

    window: Annotated[int, Field(ge=1, le=60)] = 20
    min_calls: Annotated[int, Field(ge=1, le=60)] = 10
    failure_rate: Annotated[float, Field(gt=0, le=1)] = 0.5
    open_for: Duration
    probes: Annotated[int, Field(ge=1, le=100)] = 1

    @model_validator(mode="after")
    def _window_holds_min(self) -> Breaker:
        if self.min_calls > self.window:
            raise ValueError("min_calls may not exceed window")
        return self


class Idempotency(Model):
    """The first request of an intent to this operation does the work; a later one waits for, or gets, its answer."""

    lifetime: Duration


# --- steps --------------------------------------------------------------------------------------------------------------


class Work(Model):
    work: Distribution
    draw: Name | None = None


class Wait(Model):
    """Time that passes with the slots held but no work done (not slowed by a slow host)."""

    wait: Distribution
    draw: Name | None = None


class Call(Model):
    call: Target
    name: Name | None = None
    draw: Name | None = None
    timeout: Duration | None = None
    retry: Retry | None = None
    breaker: Breaker | None = None
    bulkhead: Name | None = None
    connection: Name | None = None
    fallback: list[Step] | None = None
    priority: Annotated[int, Field(ge=0, le=3)] | None = None
    on_failure: Literal["fail", "block", "ignore"] = "fail"


class Send(Model):
    send: Target
    name: Name | None = None
    draw: Name | None = None
    durable: bool = False
    delay: Distribution | None = None
    priority: Annotated[int, Field(ge=0, le=3)] | None = None


class Hold(Model):
    hold: Name
    steps: list[Step]


class RateLimit(Model):
    rate_limit: Name


class Effect(Model):
    effect: str


class Route(Model):
    route: Name
    cases: dict[str, list[Step]]
    default: list[Step] | None = None


class Branch(Model):
    probability: Probability
    steps: list[Step]


class Choose(Model):
    """One branch by probability; what the probabilities leave open takes no branch."""

    choose: Annotated[list[Branch], Field(min_length=1, max_length=64)]
    name: Name | None = None

    @model_validator(mode="after")
    def _at_most_one(self) -> Choose:
        if sum(b.probability for b in self.choose) > 1.0 + 1e-9:
            raise ValueError("the probabilities of a choose add up to more than 1")
        return self


class Repeat(Model):
    repeat: Annotated[int, Field(ge=0, le=1000)]
    steps: list[Step]


class Fail(Model):
    fail: Literal["rejected", "error"]


STEP_VERBS: dict[str, type[Model]] = {
    "work": Work, "wait": Wait, "call": Call, "send": Send, "hold": Hold, "rate_limit": RateLimit,
    "effect": Effect, "route": Route, "choose": Choose, "repeat": Repeat, "fail": Fail,
}  # fmt: skip


def _step_verb(value: Any) -> str | None:
    if isinstance(value, Model):
        return next((verb for verb, cls in STEP_VERBS.items() if isinstance(value, cls)), None)
    if isinstance(value, dict):
        return next((verb for verb in STEP_VERBS if verb in value), None)
    return None


Step = Annotated[
    Annotated[Work, Tag("work")] | Annotated[Wait, Tag("wait")] | Annotated[Call, Tag("call")] | Annotated[Send, Tag("send")]
    | Annotated[Hold, Tag("hold")] | Annotated[RateLimit, Tag("rate_limit")] | Annotated[Effect, Tag("effect")]
    | Annotated[Route, Tag("route")] | Annotated[Choose, Tag("choose")] | Annotated[Repeat, Tag("repeat")]
    | Annotated[Fail, Tag("fail")],
    Discriminator(
        _step_verb,
        custom_error_type="unknown_step",
        custom_error_message=f"a step is one of: {', '.join(STEP_VERBS)}",
    ),
    Verbs("step", STEP_VERBS),
]  # fmt: skip

for _model in (Call, Hold, Route, Branch, Choose, Repeat):
    _model.model_rebuild()


# --- what steps run on --------------------------------------------------------------------------------------------------


class Pool(Model):
    """`per: shared` is one pool for everybody who names it; `per: replica` is one for each replica number."""

    slots: Annotated[int, Field(ge=0, le=MAX_SLOTS)] | Literal["unlimited"]
    queue: Annotated[int, Field(ge=0, le=100_000_000)] | Literal["unbounded"] = "unbounded"
    discipline: Literal["fifo", "lifo", "priority"] = "fifo"
    per: Literal["shared", "replica"] = "shared"
    gate: Name | None = Field(None, description="calendar gate: closed, the pool starts nothing and its queue waits")


class Limit(Model):
    """A token bucket. `excess: defer` waits for its turn (up to `max_wait`); `refuse` answers rate_limited at once."""

    rate: Rate
    burst: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    excess: Literal["defer", "refuse"] = "defer"
    max_wait: Duration | None = None
    per: Literal["shared", "replica"] = "shared"


class Loss(Model):
    request: Probability = 0.0
    answer: Probability = 0.0


class Link(Model):
    """One service's way to another, both directions. Latency is drawn for each direction on its own."""

    source: Name = Field(alias="from")
    target: Name = Field(alias="to")
    latency: Distribution = Distribution(constant=0)
    loss: Loss = Loss()
    duplication: Probability = 0.0

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    @property
    def label(self) -> str:
        """``from-to``, as the journal has it."""
        return f"{self.source}-{self.target}"


class Standby(Model):
    """Replicas out of rotation until a failover. State younger than the lag is lost when the primary is."""

    replicas: Annotated[int, Field(ge=1, le=MAX_REPLICAS)] = 1
    site: Name = "standby"
    groups: list[Name] = []
    mode: Literal["cold", "warm", "hot"] = "cold"
    replication: Literal["asynchronous", "synchronous"] = "asynchronous"
    replication_lag: Duration = 0
    start_time: Distribution = Distribution(constant=0)
    capacity: Annotated[float, Field(gt=0, le=4)] = 1.0


class Operation(Model):
    """`pools` replaces the service's own list; each is acquired in order before the first step and held to the end."""

    steps: Annotated[list[Step], Field(min_length=0)]
    pools: list[Name] | None = None
    idempotency: Idempotency | None = None


class Placement(Model):
    """Where a replica stands: its site, and the shared-fate groups it belongs to; what is absent is the service's."""

    site: Name | None = None
    groups: list[Name] | None = None


class Service(Model):
    """Replicas that run operations on pools; where they stand, how requests are spread over them, and what stands by."""

    replicas: Annotated[int, Field(ge=1, le=MAX_REPLICAS)] = 1
    site: Name = "primary"
    groups: list[Name] = []
    placement: Annotated[list[Placement], Field(min_length=1)] | None = Field(
        None, description="the replicas in turn, again from the first when there are more; absent: all where the service is"
    )
    pools: list[Name] = []
    balance: Literal["round_robin", "random", "least_busy", "shard"] = "round_robin"
    shard_by: Name | None = Field(None, description="attribute whose value picks the replica, with balance: shard")
    contention: Annotated[float, Field(ge=0, le=100)] = 0.0
    stateful: bool = False
    standby: Standby | None = None
    restart_time: Distribution = Distribution(constant=0)
    operations: dict[Name, Operation]
    layer: Literal["client", "access", "core", "data", "external"] = "core"
    description: str = ""
    position: Annotated[list[float], Field(min_length=2, max_length=2)] | None = Field(
        None, description="x, y in the topology picture"
    )

    @model_validator(mode="after")
    def _shard_has_attribute(self) -> Service:
        if (self.balance == "shard") != (self.shard_by is not None):
            raise ValueError("balance: shard and shard_by go together")
        return self

    @property
    def units(self) -> int:
        """Replicas and standbys, numbered in this order."""
        return self.replicas + (self.standby.replicas if self.standby else 0)

    def place_of(self, replica: int) -> tuple[str, list[str]]:
        """Site and groups of a replica; those with numbers after the replicas are standbys."""
        if self.standby is not None and replica >= self.replicas:
            return self.standby.site, self.standby.groups
        stated = self.placement[replica % len(self.placement)] if self.placement else Placement()
        return stated.site or self.site, self.groups if stated.groups is None else stated.groups


class Flow(Model):
    """What customers do: client behaviour in the language of steps. A call's timeout is the customer's patience,
    its retry the customer submitting again; `on_failure: block` marks a call whose failure blocks the intent."""

    kind: Literal[FLOW_KINDS] = "request"  # type: ignore[valid-type]
    record: bool = Field(False, description="keep one journal row an intent")
    priority: Annotated[int, Field(ge=0, le=3)] = 0
    steps: Annotated[list[Step], Field(min_length=1)]
    description: str = ""


class Architecture(Model):
    """A resolved architecture. `extends` and `patch` are gone by then: see simcore.files.patch."""

    kind: Literal["architecture"]
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_/-]{0,127}$")]
    title: str = ""
    description: str = ""
    pools: dict[Name, Pool] = {}
    limits: dict[Name, Limit] = {}
    services: Annotated[dict[Name, Service], Field(min_length=1)]
    links: list[Link] = []
    flows: Annotated[dict[Name, Flow], Field(min_length=1)]
    deadlines: Literal["none", "propagate"] = "none"
    run_guard: Annotated[int, Field(ge=1000, le=50_000_000)] = Field(
        2_000_000, description="most tasks alive at once; more makes the run unknown"
    )
    control: Control = Field(default_factory=Control, description="people, monitors, failover, batches: docs/control.md")

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)
