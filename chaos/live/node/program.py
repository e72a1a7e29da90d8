"""What a node knows of the system: programs, pools, limits, links, services, attributes. `chaos.live.blueprint` makes it of the models of
an architecture and a workload; a node reads it from a file of its supervisor's and needs neither those models nor a library of files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

Record = Sequence[float]
"""A distribution: family, then its parameters in ns (simcore.compile.arena.distribution_record)."""
CLIENT = "client"
CLIENT_INSTANCE = "client#0"
"""The one instance of the service that the customers are; its operations are the flows."""

# --- steps ------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Work:
    """Takes time at the instance. `hash` is what its draw goes by; `named`: that is a name of the file's."""

    of: Record
    hash: int
    named: bool


@dataclass(frozen=True, slots=True)
class Wait(Work):
    """Time that passes without work."""


@dataclass(frozen=True, slots=True)
class Retry:
    """As simcore.model.steps.Retry; times in ns, the budget in millionths of a retry (None: no budget)."""

    attempts: int
    backoff: int
    multiplier: float
    backoff_max: int | None
    jitter: float
    on: frozenset[str]
    budget_ratio: int | None
    budget_burst: int


@dataclass(frozen=True, slots=True)
class Breaker:
    """As simcore.model.steps.Breaker; ns."""

    window: int
    min_calls: int
    failure_rate: float
    open_for: int
    probes: int


@dataclass(frozen=True, slots=True)
class Site:
    """A call site: its name in the journal, the numbers that its draws go by, and whom it asks."""

    name: str
    hash: int
    draw: int | None
    service: str
    operation: str
    priority: int | None

    @property
    def target(self) -> str:
        """``service.operation``."""
        return f"{self.service}.{self.operation}"


@dataclass(frozen=True, slots=True)
class Call:
    """Asks another service and waits for its answer."""

    site: Site
    timeout: int | None
    retry: Retry | None
    breaker: Breaker | None
    bulkhead: str | None
    connection: str | None
    fallback: tuple[Step, ...] | None
    on_failure: Literal["fail", "block", "ignore"]


@dataclass(frozen=True, slots=True)
class Send:
    """A message; nobody waits for it."""

    site: Site
    durable: bool
    delay: Record


@dataclass(frozen=True, slots=True)
class Hold:
    """Holds a slot during its steps."""

    pool: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class RateLimit:
    """Passes a limit."""

    limit: str


@dataclass(frozen=True, slots=True)
class Effect:
    """Writes to the ledger. `counts`: it is a change for which a client in doubt asks."""

    effect: str
    counts: bool


@dataclass(frozen=True, slots=True)
class Route:
    """Takes the branch of an attribute's value."""

    by: str
    cases: Mapping[str, tuple[Step, ...]]
    default: tuple[Step, ...] | None


@dataclass(frozen=True, slots=True)
class Choose:
    """Takes a branch by chance: the first whose running share is above the draw, none if there is no such one."""

    hash: int
    shares: tuple[float, ...]
    branches: tuple[tuple[Step, ...], ...]


@dataclass(frozen=True, slots=True)
class Fail:
    """Ends the task."""

    code: str


Step = Work | Wait | Call | Send | Hold | RateLimit | Effect | Route | Choose | Fail


def inside(step: Step) -> list[tuple[Step, ...]]:
    """The lists of steps inside a step."""
    match step:
        case Call():
            return [step.fallback or ()]
        case Hold():
            return [step.steps]
        case Route():
            return [*step.cases.values(), step.default or ()]
        case Choose():
            return list(step.branches)
    return []


def contains(kind: type[Step], steps: Sequence[Step]) -> bool:
    """Whether a step of that kind is among them, or inside one of them."""
    return any(isinstance(step, kind) or any(contains(kind, inner) for inner in inside(step)) for step in steps)


def sites(steps: Sequence[Step]) -> list[Site]:
    """The call sites of the messages among the steps, and inside them."""
    own = [step.site for step in steps if isinstance(step, Send)]
    return own + [site for step in steps for inner in inside(step) for site in sites(inner)]


def writes(effect: str, steps: Sequence[Step]) -> bool:
    """Whether that effect is among the steps, or inside one of them."""
    own = any(isinstance(step, Effect) and step.effect == effect for step in steps)
    return own or any(writes(effect, inner) for step in steps for inner in inside(step))


# --- the system -------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of a service, or a flow, which is an operation of the client. `lifetime`: of its idempotency keys, ns."""

    name: str
    pools: tuple[str, ...]
    lifetime: int | None
    may_write: bool
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Pool:
    """A pool as one process has it: of those that replicas share, its part. None: no bound."""

    slots: int | None
    queue: int | None
    discipline: Literal["fifo", "lifo", "priority"]
    per_replica: bool


@dataclass(frozen=True, slots=True)
class Limit:
    """A rate limit as one process has it: of those that replicas share, its part."""

    rate: float
    burst: int
    defers: bool
    max_wait: int | None
    per_replica: bool


@dataclass(frozen=True, slots=True)
class Link:
    """The way from one service to another, and back."""

    latency: Record
    loss_request: float
    loss_answer: float
    duplication: float


@dataclass(frozen=True, slots=True)
class Service:
    """A service: how many instances it has, which one is asked, in which ledger it writes, and whether it is a message broker, of which there
    is one at most."""

    replicas: int
    instances: int
    balance: Literal["round_robin", "random", "least_busy", "shard"]
    shard_by: str | None
    contention: float
    ledger: str
    message_broker: bool = False


@dataclass(frozen=True, slots=True)
class Attribute:
    """What steps route by. `of`: customer, intent, instrument, session or side; `hash` is what its draw goes by."""

    of: str
    values: tuple[str, ...]
    shares: tuple[float, ...]
    hash: int


@dataclass(frozen=True, slots=True)
class Flow:
    """A flow: its place in the file, its kind, whether its intents are recorded, and the priority of its tasks."""

    name: str
    number: int
    kind: str
    record: bool
    priority: int


@dataclass(frozen=True, slots=True)
class Accounts:
    """Of the customers, what the ledger needs (simcore.model.workload.Accounts); money in yuan. Nobody is logged in at first: sessions are
    kept where the customers are."""

    count: int
    cash_median: float
    cash_sigma: float
    bank_median: float
    shares_median: float
    sessions_at_start: float = 0.0


@dataclass(frozen=True, slots=True)
class Instruments:
    """As simcore.model.workload.Instruments."""

    count: int
    price_median: float
    price_sigma: float
    price_limit: float


@dataclass(frozen=True, slots=True)
class Orders:
    """As simcore.model.workload.Orders."""

    buy_share: float
    lots_median: float
    lots_sigma: float
    odd_lot_share: float
    beyond_limit_share: float
    exchange_reject_share: float


@dataclass(frozen=True, slots=True)
class Books:
    """What the ledger needs of the workload; `markets`: the exchange of each instrument, none if there is but one."""

    accounts: Accounts
    instruments: Instruments
    orders: Orders
    deposit_share: float
    markets: tuple[int, ...]


@dataclass(frozen=True)
class Blueprint:
    """The system of one run from `start` to `end`, ns since midnight of the first day."""

    name: str
    seed: int
    seed_key: int
    start: int
    end: int
    propagate: bool
    attributes: Mapping[str, Attribute]
    pools: Mapping[str, Pool]
    limits: Mapping[str, Limit]
    services: Mapping[str, Service]
    links: Mapping[str, Link]
    operations: Mapping[str, Operation]
    flows: Mapping[str, Flow]
    books: Books

    @cached_property
    def message_broker(self) -> str | None:
        """The service that is a message broker, if there is one."""
        return next((name for name, made in self.services.items() if made.message_broker), None)

    def flow(self, number: int) -> Flow:
        """The flow of that number."""
        return self._by_number[number]

    @cached_property
    def _by_number(self) -> tuple[Flow, ...]:
        return tuple(self.flows.values())

    def ledger_of(self, service: str) -> str:
        """The name of the ledger that a service writes in, and of its file; the customers' is their own."""
        return self.services[service].ledger if service in self.services else service

    def operations_of(self, service: str) -> dict[str, Operation]:
        """The operations of a service by their own names; of the client, the flows."""
        return {name.partition(".")[2]: made for name, made in self.operations.items() if name.partition(".")[0] == service}


BROKER = "broker"
"""What the message broker is called where the architecture has none: reports, quotes and alarms go through it all the same."""


def broker_instance(blueprint: Blueprint) -> str:
    """The instance that is the message broker."""
    return BROKER if blueprint.message_broker is None else f"{blueprint.message_broker}#0"


def uses_broker(blueprint: Blueprint, service: str) -> bool:
    """Whether a service sends something through the message broker, or gets something through it."""
    broker = blueprint.message_broker
    if broker is None:
        return False
    sends = (site for made in blueprint.operations_of(service).values() for site in sites(made.steps))
    gets = (site for made in blueprint.operations_of(broker).values() for site in sites(made.steps))
    return any(site.service == broker for site in sends) or any(site.service == service for site in gets)
