"""What an architecture file may say: pools, limits, links, services with their operations, flows. What steps are is in
simcore.model.steps.

The models here only check and hold; `simcore.files.loading` reads files (with positions for errors), `simcore.compile.plan` turns a
resolved architecture into the kernel's arrays. What each word means is in docs/semantics.md.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from simcore.base.model import Model, Name, Probability
from simcore.base.units import Duration, Rate
from simcore.counterparties import FLOW_KINDS
from simcore.files.known import KnownValues
from simcore.model.control.section import Control
from simcore.model.distributions import Distribution
from simcore.model.functions import CounterpartyKind, Function, Reads, Removed
from simcore.model.steps import Idempotency, Step

MAX_REPLICAS = 1024
MAX_SLOTS = 1_000_000


def _absent(value: object) -> bool:
    """What says nothing is left out of what is written, so that files from before it stay as they are."""
    return value is None or value == []


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
    transport: Literal["tcp", "datagram"] = Field(
        "tcp", description="what a cut does unless it says so: tcp holds what is sent and delivers it late, datagrams are lost"
    )

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
    serves: Function | None = Field(None, exclude_if=_absent, description="what its work is done for")
    reads: Reads | None = Field(None, exclude_if=_absent, description="the table that its work reads through")


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
    message_broker: Literal["mqtt"] | None = Field(
        None,
        exclude_if=_absent,
        description="it only passes durable messages on; the live twin runs a real one of that protocol in its place",
    )
    software: Name | None = Field(None, exclude_if=_absent, description="the program it runs, which releases are of")
    counterparty: CounterpartyKind | None = Field(None, exclude_if=_absent, description="whom it stands for")
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
    def instances(self) -> int:
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
    removes: list[Removed] = Field([], exclude_if=_absent, description="functions it does without, each with the reason")
    control: Control = Field(default_factory=Control, description="people, monitors, failover, batches: docs/control.md")
    known: KnownValues = Field({}, exclude=True, description="what is known of the numbers: docs/files.md; no run depends on it")

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)
