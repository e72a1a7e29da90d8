"""One index of an architecture: what is called how in a run, who asks whom, and what is written where.

Names are those of the kernel and of the journal: a call site is `counter.place-order/accept`, an instance `counter#1`, a pool of
each replica `threads#1`. The compiler takes them from here and everybody else looks them up here, so that nobody derives them again.

An index is cheap to make: each of its views is computed when it is first asked for. It never changes, so whoever keeps an architecture
may keep its index beside it. It is made of files that need not be sound yet (simcore.model.checks reads it); a view says where it
expects names that lead somewhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

from simcore.files.validation import Keys
from simcore.model.architecture import Architecture, Link
from simcore.model.effects import COUNTERPARTY_EFFECTS, EFFECTS
from simcore.model.steps import CLIENT, Call, Effect, Hold, RateLimit, Repeat, Route, Send, Step, Steps, Work, callee, inner
from simcore.model.workload import MARKET


def instance_name(service: str, number: int) -> str:
    """What the journal calls an instance of a service: ``counter#0``."""
    return f"{service}#{number}"


CLIENT_INSTANCE = instance_name(CLIENT, 0)
"""The one instance of the client, which runs the flows."""


class Body(NamedTuple):
    """An operation of a service, or a flow, which is an operation of the client.

    `keys` lead to its steps in the file; `pools` are acquired in order before the first step and held to the end.
    """

    service: str
    operation: str
    steps: Steps
    keys: Keys
    pools: tuple[str, ...]

    @property
    def name(self) -> str:
        """``service.operation``, as the journal has it."""
        return f"{self.service}.{self.operation}"

    @property
    def is_flow(self) -> bool:
        """Whether customers begin it."""
        return self.service == CLIENT


class CallSite(NamedTuple):
    """A call or message of a body, once for each time that it is written out: a step inside `repeat: 3` has three.

    `name` is ``service.operation/label``. The label is the step's own name, or its target with its number among the body's sites of
    that target; from its second turn on a named step has a number too.
    """

    name: str
    body: Body
    step: Call | Send
    keys: Keys

    @property
    def kind(self) -> Literal["call", "send"]:
        """Whether an answer is waited for."""
        return "call" if isinstance(self.step, Call) else "send"

    @property
    def caller(self) -> str:
        """The service that asks."""
        return self.body.service

    @property
    def target(self) -> str:
        """``service.operation`` that is asked for."""
        return callee(self.step)

    @property
    def callee(self) -> str:
        """The service that is asked."""
        return self.target.partition(".")[0]


class PlacedStep(NamedTuple):
    """A step where it stands in the file. `site_names` are those of its call sites, one for each turn: none for other steps."""

    body: Body
    step: Step
    keys: Keys
    site_names: tuple[str, ...]


class Instance(NamedTuple):
    """One of the copies of a service: a replica, or a standby, which has a number after the replicas."""

    service: str
    number: int
    standby: bool
    site: str
    groups: tuple[str, ...]

    @property
    def name(self) -> str:
        """As the journal has it."""
        return instance_name(self.service, self.number)


class Connection(NamedTuple):
    """A service that asks another one: through which call sites, and over which link if there is one."""

    caller: str
    callee: str
    sites: tuple[CallSite, ...]
    link: Link | None


class Part(NamedTuple):
    """A part of a running system: `kind` is service, operation, flow, call, link, pool or limit, `name` as in the file or the
    journal."""

    kind: str
    name: str


@dataclass(frozen=True, eq=False)
class ArchitectureIndex:
    """The index of one architecture, which it keeps as `architecture`.

    index = ArchitectureIndex(load_architecture("legacy-coupled"))
    [site.name for site in index.call_sites.values() if site.callee == "sse"]
    """

    architecture: Architecture

    def __reduce__(self) -> tuple[type[ArchitectureIndex], tuple[Architecture]]:
        """Its views are not copied along: they are soon computed again."""
        return ArchitectureIndex, (self.architecture,)

    # -- operations, flows and their steps ------------------------------------------------------------------------------------

    @cached_property
    def bodies(self) -> Mapping[str, Body]:
        """Every operation and flow by name: services in file order, then the client's flows."""
        found: list[Body] = []
        for service, made in self.architecture.services.items():
            for name, operation in made.operations.items():
                pools = made.pools if operation.pools is None else operation.pools
                keys: Keys = ("services", service, "operations", name, "steps")
                found.append(Body(service, name, operation.steps, keys, tuple(pools)))
        for name, flow in self.architecture.flows.items():
            found.append(Body(CLIENT, name, flow.steps, ("flows", name, "steps"), ()))
        return {body.name: body for body in found}

    def bodies_of(self, service: str) -> list[Body]:
        """The operations of a service in file order, of the client its flows."""
        return [body for body in self.bodies.values() if body.service == service]

    @cached_property
    def steps(self) -> tuple[PlacedStep, ...]:
        """Every step that can be taken, once, outer before inner, in file order: what is repeated no times cannot."""
        return tuple(step for steps, _ in self._walked.values() for step in steps)

    def steps_of(self, body: str) -> tuple[PlacedStep, ...]:
        """Those of one operation or flow."""
        return self._walked[body][0]

    def works(self, body: str) -> bool:
        """Whether one operation or flow has a work step that takes time."""
        return any(isinstance(placed.step, Work) and placed.step.work.takes_time for placed in self.steps_of(body))

    @cached_property
    def call_sites(self) -> Mapping[str, CallSite]:
        """Every call site by name, in the order of their numbers in the kernel."""
        return {site.name: site for _, sites in self._walked.values() for site in sites}

    def call_sites_of(self, body: str) -> tuple[CallSite, ...]:
        """Those of one operation or flow, in the order in which its steps are laid out."""
        return self._walked[body][1]

    @cached_property
    def _walked(self) -> Mapping[str, tuple[tuple[PlacedStep, ...], tuple[CallSite, ...]]]:
        return {name: _walk(body) for name, body in self.bodies.items()}

    # -- what runs -------------------------------------------------------------------------------------------------------------

    @cached_property
    def instances(self) -> Mapping[str, Instance]:
        """Every replica and standby by name, services in file order; the client's one instance is not among them."""
        made = (
            Instance(name, number, number >= service.replicas, site, tuple(groups))
            for name, service in self.architecture.services.items()
            for number in range(service.instances)
            for site, groups in [service.place_of(number)]
        )
        return {instance.name: instance for instance in made}

    def instances_of(self, service: str) -> list[Instance]:
        """The replicas of a service, then its standbys."""
        return [instance for instance in self.instances.values() if instance.service == service]

    # -- pools and limits ------------------------------------------------------------------------------------------------------

    @cached_property
    def _resources(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, dict[str, None]] = {name: {} for name in (*self.architecture.services, CLIENT)}
        for name, body in self.bodies.items():
            found[body.service] |= dict.fromkeys(self._resources_of_body[name])
        return {name: tuple(names) for name, names in found.items()}

    @cached_property
    def _resources_of_body(self) -> Mapping[str, tuple[str, ...]]:
        return {
            name: (*body.pools, *(used for placed in self.steps_of(name) for used in _named_by(placed.step)))
            for name, body in self.bodies.items()
        }

    def resources_of(self, service: str) -> tuple[str, ...]:
        """Pools and limits that a service's operations take something of, each once, in file order; also of the client."""
        return self._resources[service]

    def resources_of_body(self, body: str) -> tuple[str, ...]:
        """Pools that an operation or flow runs on, then pools and limits that its steps name, in file order."""
        return self._resources_of_body[body]

    def users_of(self, resource: str) -> list[str]:
        """The services whose operations take something of a pool or limit, in file order."""
        return [service for service in self.architecture.services if resource in self._resources[service]]

    def is_per_replica(self, resource: str) -> bool:
        """Whether every replica number has a pool or limit of its own. KeyError if there is none of that name."""
        made = self.architecture.pools.get(resource) or self.architecture.limits[resource]
        return made.per == "replica"

    def resource_names(self, resource: str) -> tuple[str, ...]:
        """What a pool or limit is called in a run: its name, or ``NAME#N`` for each replica number of whoever uses it. KeyError if
        there is none of that name."""
        if not self.is_per_replica(resource):
            return (resource,)
        most = max((self.architecture.services[user].instances for user in self.users_of(resource)), default=1)
        return tuple(f"{resource}#{number}" for number in range(most))

    def resource_name(self, resource: str, number: int) -> str:
        """The one of `resource_names` that the instance of that number takes from."""
        return f"{resource}#{number}" if self.is_per_replica(resource) else resource

    def slots_of(self, label: str) -> int | None:
        """The slots that a pool, by one of its `resource_names`, has in the beginning; None: without limit. A standby's own may be fewer
        than its primary's. KeyError if there is none of that name."""
        name, _, number = label.partition("#")
        pool = self.architecture.pools[name]
        if pool.slots == "unlimited":
            return None
        capacity = self._capacity(name, int(number)) if pool.per == "replica" else 1.0
        return pool.slots if capacity == 1.0 else max(1, round(pool.slots * capacity))

    def _capacity(self, pool: str, number: int) -> float:
        for user in map(self.architecture.services.__getitem__, self.users_of(pool)):
            if user.standby and number >= user.replicas:
                return user.standby.capacity
        return 1.0

    # -- what is written -------------------------------------------------------------------------------------------------------

    @cached_property
    def effects(self) -> Mapping[str, tuple[str, ...]]:
        """The effects that each operation and flow has itself, each once, in file order."""
        return {
            name: tuple(dict.fromkeys(p.step.effect for p in self.steps_of(name) if isinstance(p.step, Effect)))
            for name in self.bodies
        }

    def operations_with(self, effects: Collection[str]) -> list[str]:
        """The operations (and flows) that have one of the effects themselves, ``service.operation``."""
        return [name for name, own in self.effects.items() if not set(effects).isdisjoint(own)]

    def effects_of(self, service: str) -> frozenset[str]:
        """The effects that the operations of a service have themselves."""
        return frozenset(effect for body in self.bodies_of(service) for effect in self.effects.get(body.name, ()))

    def services_with(self, effects: Collection[str]) -> list[str]:
        """The services with an operation that has one of the effects, in file order."""
        found = {self.bodies[name].service for name in self.operations_with(effects)}
        return [service for service in self.architecture.services if service in found]

    def services_for(self, counterparty: str) -> list[str]:
        """The services that stand for a counterparty: those that write what only it writes, or say so. KeyError for an unknown one."""
        writing = self.services_with(COUNTERPARTY_EFFECTS[counterparty])
        return [
            name
            for name, service in self.architecture.services.items()
            if name in writing or service.counterparty == counterparty
        ]

    @property
    def exchanges(self) -> list[str]:
        """The services that stand for exchanges: they accept orders."""
        return self.services_for("exchange")

    def exchanges_of(self, market: str) -> list[str]:
        """The exchanges that orders for a market may come to: whatever is routed by the market is followed for this one alone."""
        asked = {name: frozenset(_targets_for(market, body.steps)) for name, body in self.bodies.items()}
        come_to = _closure([name for name, body in self.bodies.items() if body.is_flow], asked)
        accepting = come_to.intersection(self.operations_with(COUNTERPARTY_EFFECTS["exchange"]))
        found = {self.bodies[name].service for name in accepting}
        return [service for service in self.exchanges if service in found]

    @cached_property
    def may_write(self) -> frozenset[str]:
        """Operations and flows to which a request may change something that lasts, themselves or through what they call or send."""
        counted = {name for name, effect in EFFECTS.items() if effect.counts_as_effect}
        return self.may_have(counted, messages=True)

    def may_have(self, effects: Collection[str], *, messages: bool) -> frozenset[str]:
        """Operations and flows that have one of the effects, themselves or through what they call, and with `messages` also through
        what they send."""
        asked_by: dict[str, set[str]] = {}
        for site in self.call_sites.values():
            if messages or site.kind == "call":
                asked_by.setdefault(site.target, set()).add(site.body.name)
        return _closure(self.operations_with(effects), asked_by)

    # -- who depends on whom ---------------------------------------------------------------------------------------------------

    @cached_property
    def _targets(self) -> Mapping[str, frozenset[str]]:
        return {name: frozenset(site.target for site in self.call_sites_of(name)) for name in self.bodies}

    def reached_from(self, body: str) -> frozenset[str]:
        """The operations that an operation or flow leads to, through calls and messages; not itself, unless it is led to again."""
        return _closure(self._targets[body], self._targets)

    @cached_property
    def links(self) -> Mapping[str, Link]:
        """Every link by its name in the journal, ``from-to``."""
        return {link.label: link for link in self.architecture.links}

    @cached_property
    def connections(self) -> tuple[Connection, ...]:
        """Each pair of services (the client is one) of which one asks the other, in the order of their first call sites."""
        sites: dict[tuple[str, str], list[CallSite]] = {}
        for site in self.call_sites.values():
            sites.setdefault((site.caller, site.callee), []).append(site)
        return tuple(Connection(*pair, tuple(own), self.links.get("-".join(pair))) for pair, own in sites.items())

    @cached_property
    def dependents(self) -> Mapping[Part, tuple[Part, ...]]:
        """From each part to what suffers when it does: service → its operations; operation, link or call site → the operations that
        call it; operation → the pools it holds meanwhile; pool or limit → the operations that need it; operation of the client →
        flow."""
        edges: dict[Part, dict[Part, None]] = {}
        for cause, effect in self._edges():
            edges.setdefault(cause, {})[effect] = None
        return {cause: tuple(effects) for cause, effects in edges.items()}

    def _edges(self) -> Iterator[tuple[Part, Part]]:
        for site in self.call_sites.values():
            effect = _part(site.body)
            yield Part("link", f"{site.caller}-{site.callee}"), effect
            yield Part("call", site.name), effect
        for site in self.call_sites.values():
            if isinstance(site.step, Call):
                yield Part("operation", site.target), _part(site.body)
                if site.step.connection:
                    yield Part("operation", site.target), Part("pool", site.step.connection)
        for body in self.bodies.values():
            if not body.is_flow:
                yield Part("service", body.service), _part(body)
                for pool in body.pools:
                    yield _part(body), Part("pool", pool)
                for resource in self.resources_of_body(body.name):
                    yield Part("limit" if resource in self.architecture.limits else "pool", resource), _part(body)


def _part(body: Body) -> Part:
    return Part("flow", body.operation) if body.is_flow else Part("operation", body.name)


def _closure(start: Collection[str], following: Mapping[str, Collection[str]]) -> frozenset[str]:
    """The start and whatever follows from it."""
    found, left = set(start), list(start)
    while left:
        more = set(following.get(left.pop(), ())) - found
        found |= more
        left += more
    return frozenset(found)


def _named_by(step: Step) -> list[str]:
    """Pools and limits that a step names."""
    if isinstance(step, Hold):
        return [step.hold]
    if isinstance(step, RateLimit):
        return [step.rate_limit]
    return [name for name in (step.bulkhead, step.connection) if name] if isinstance(step, Call) else []


def _targets_for(market: str, steps: Steps) -> Iterator[str]:
    """What steps call or send for an order of a market."""
    for step in steps:
        if isinstance(step, (Call, Send)):
            yield callee(step)
        if isinstance(step, Route) and step.route == MARKET:
            yield from _targets_for(market, step.cases.get(market, step.default) or [])
        elif not (isinstance(step, Repeat) and step.repeat == 0):
            for _, more in inner(step):
                yield from _targets_for(market, more)


def _walk(body: Body) -> tuple[tuple[PlacedStep, ...], tuple[CallSite, ...]]:
    """The steps of a body, each once, and its call sites, those that are repeated as often as they are."""
    steps: dict[Keys, Step] = {}
    names: dict[Keys, list[str]] = {}
    sites: list[CallSite] = []
    seen: Counter[str] = Counter()
    for keys, step in _unrolled(body.steps, body.keys):
        steps[keys] = step
        if isinstance(step, (Call, Send)):
            label = _label(step, seen)
            sites.append(CallSite(f"{body.name}/{label}", body, step, keys))
            names.setdefault(keys, []).append(sites[-1].name)
    placed = tuple(PlacedStep(body, step, keys, tuple(names.get(keys, ()))) for keys, step in steps.items())
    return placed, tuple(sites)


def _unrolled(steps: Steps, keys: Keys) -> Iterator[tuple[Keys, Step]]:
    """Every step with its keys, in the order in which the kernel has them: what is repeated comes as often as it is."""
    for i, step in enumerate(steps):
        here = (*keys, i)
        yield here, step
        for _ in range(step.repeat if isinstance(step, Repeat) else 1):
            for below, more in inner(step):
                yield from _unrolled(more, (*here, *below))


def _label(step: Call | Send, seen: Counter[str]) -> str:
    """How a call or message is called within its body; `seen` counts those before it. A name has no dot in it and a target has one,
    so the two never meet."""
    key = step.name or callee(step)
    turn = seen[key]
    seen[key] += 1
    return key if step.name and not turn else f"{key}#{turn}"
