"""From the models of an architecture and a workload to what nodes know of them (`chaos.live.node.program`).

It is what the compiler (simcore.compile) makes for the kernel, for a program that has neither. Steps are unrolled and named here, once, by
`ArchitectureIndex`, so that nodes and kernel draw by the same keys.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import NamedTuple

from chaos.live.node import program
from chaos.live.node.chance import chosen, combine, draw, mix
from chaos.live.node.chance import name as name_hash
from simcore.base.errors import InputError
from simcore.compile.arena import distribution_record
from simcore.model import steps as file
from simcore.model.architecture import Architecture
from simcore.model.distributions import Distribution
from simcore.model.effects import BOOKS_OF, EFFECTS
from simcore.model.index import ArchitectureIndex, Body, CallSite
from simcore.model.workload import MARKET, Workload, markets_of

_BUILT_IN = {"session": ("no", "yes"), "side": ("sell", "buy")}


def blueprint(architecture: Architecture, workload: Workload, seed: int, start: int, end: int) -> program.Blueprint:
    """What all nodes of one run from `start` to `end`, ns since midnight, are to know. Raises InputError for an attribute that the
    workload lacks."""
    index, seed_key = ArchitectureIndex(architecture), mix(seed % (1 << 64))
    ledgers = ledgers_of(index)
    return program.Blueprint(
        name=architecture.name,
        seed=seed,
        seed_key=seed_key,
        start=start,
        end=end,
        propagate=architecture.deadlines == "propagate",
        attributes={name: _attribute(index, workload, seed_key, name) for name in _attributes_asked(index)},
        pools={name: _pool(index, name) for name in architecture.pools},
        limits={name: _limit(index, name) for name in architecture.limits},
        services={name: _service(index, name, ledgers[name]) for name in architecture.services},
        links={label: _link(index, label) for label in index.links},
        operations={name: _Programmer(index, body).operation() for name, body in index.bodies.items()},
        flows={
            name: program.Flow(name, number, flow.kind, flow.record, flow.priority)
            for number, (name, flow) in enumerate(architecture.flows.items())
        },
        books=_books(workload, seed_key),
    )


def parts_of(index: ArchitectureIndex, resource: str) -> int:
    """Among how many processes a pool or limit is divided that several share: a process has no slots in common with another."""
    if index.is_per_replica(resource):
        return 1
    return max(1, sum(index.architecture.services[user].replicas for user in index.users_of(resource)))


def _pool(index: ArchitectureIndex, name: str) -> program.Pool:
    pool, parts = index.architecture.pools[name], parts_of(index, name)
    slots = None if pool.slots == "unlimited" else -(-pool.slots // parts)
    queue = None if pool.queue == "unbounded" else -(-pool.queue // parts)
    return program.Pool(slots, queue, pool.discipline, pool.per == "replica")


def _limit(index: ArchitectureIndex, name: str) -> program.Limit:
    limit, parts = index.architecture.limits[name], parts_of(index, name)
    burst = max(1, limit.burst // parts)
    return program.Limit(limit.rate / parts, burst, limit.excess == "defer", limit.max_wait, limit.per == "replica")


def ledgers_of(index: ArchitectureIndex) -> Mapping[str, str]:
    """The ledger of each service. Those that write into the same books, the core's or a counterparty's, have one together: the simulated core
    has one of all, whichever service writes to it. A service that writes into several joins them; one that writes into none has its own."""
    services = index.architecture.services
    named = {name: {BOOKS_OF[e] for e in index.effects_of(name) if e in BOOKS_OF} for name in services}
    joined = {books: books for books in sorted(set().union(*named.values()))}
    for those in named.values():
        found = {joined[books] for books in those}
        for books, ledger in joined.items():
            if ledger in found:
                joined[books] = min(found)
    return {name: joined[min(those)] if those else name for name, those in named.items()}


def _service(index: ArchitectureIndex, name: str, ledger: str) -> program.Service:
    service = index.architecture.services[name]
    return program.Service(
        service.replicas,
        service.instances,
        service.balance,
        service.shard_by,
        service.contention,
        ledger,
        service.message_broker is not None,
    )


def _link(index: ArchitectureIndex, label: str) -> program.Link:
    link = index.links[label]
    return program.Link(_record(link.latency), link.loss.request, link.loss.answer, link.duplication)


def _record(distribution: Distribution) -> tuple[float, ...]:
    return tuple(float(x) for x in distribution_record(distribution))


# --- the workload -----------------------------------------------------------------------------------------------------------------


def _attributes_asked(index: ArchitectureIndex) -> list[str]:
    routes = [placed.step.route for placed in index.steps if isinstance(placed.step, file.Route)]
    shards = [service.shard_by for service in index.architecture.services.values() if service.shard_by]
    return list(dict.fromkeys([*routes, *shards]))


def _running(weights: dict[str, float]) -> tuple[float, ...]:
    total = sum(weights.values())
    return tuple(share / total for share in accumulate(weights.values()))


def _attribute(index: ArchitectureIndex, workload: Workload, seed_key: int, name: str) -> program.Attribute:
    if name in _BUILT_IN:
        return program.Attribute(name, _BUILT_IN[name], (), 0)
    made = workload.attributes.get(name)
    if made is None:
        raise InputError(f"{index.architecture.name} routes by {name}, which is no attribute of workload {workload.name}")
    hash_of = name_hash(f"{made.of}/{name}")
    return program.Attribute(
        made.of, tuple(made.weights), _running(made.weights), hash_of if made.of == "intent" else seed_key ^ hash_of
    )


def _books(workload: Workload, seed_key: int) -> program.Books:
    accounts, instruments, orders = workload.accounts, workload.instruments, workload.orders
    direction = workload.attributes.get("direction")
    shares = list(direction.weights.values()) if direction else [1.0, 1.0]
    return program.Books(
        program.Accounts(accounts.count, accounts.cash_median, accounts.cash_sigma, accounts.bank_median, accounts.shares_median),
        program.Instruments(**instruments.model_dump()),
        program.Orders(**orders.model_dump()),
        shares[0] / sum(shares),
        _markets(workload, seed_key),
    )


def _markets(workload: Workload, seed_key: int) -> tuple[int, ...]:
    """The exchange of each instrument, drawn as the kernel draws it."""
    if MARKET not in workload.attributes:
        return ()
    shares = _running(workload.attributes[MARKET].weights)
    key = seed_key ^ name_hash(f"instrument/{MARKET}")
    assert len(shares) == len(markets_of(workload))
    return tuple(chosen(shares, draw(combine(key, n))) for n in range(workload.instruments.count))


# --- programs ---------------------------------------------------------------------------------------------------------------------


class _Draw(NamedTuple):
    hash: int
    named: bool


class _Programmer:
    """Makes the program of an operation or flow: unrolled, with the names that its draws and call sites go by. Inner steps are named in
    the order in which the compiler names them."""

    def __init__(self, index: ArchitectureIndex, body: Body) -> None:
        self.index, self.body = index, body
        self.ordinals: Counter[str] = Counter()
        self.sites: Iterator[CallSite] = iter(index.call_sites_of(body.name))

    def operation(self) -> program.Operation:
        """The operation with its steps."""
        body, services = self.body, self.index.architecture.services
        keys = None if body.is_flow else services[body.service].operations[body.operation].idempotency
        steps = self.steps(body.steps)
        return program.Operation(body.name, body.pools, keys.lifetime if keys else None, body.name in self.index.may_write, steps)

    def steps(self, steps: file.Steps) -> tuple[program.Step, ...]:
        """In file order, what is repeated as often as it is."""
        made: list[program.Step] = []
        for step in steps:
            if isinstance(step, file.Repeat):
                for _ in range(step.repeat):
                    made += self.steps(step.steps)
            else:
                made.append(self.step(step))
        return tuple(made)

    def step(self, step: file.Step) -> program.Step:
        """One step with those inside it."""
        match step:
            case file.Work():
                return program.Work(_record(step.work), *self._draw("work", step.draw))
            case file.Wait():
                return program.Wait(_record(step.wait), *self._draw("wait", step.draw))
            case file.Call():
                return self._call(step)
            case file.Send():
                site = self._site(step)
                return program.Send(site, step.durable, _record(step.delay or Distribution(constant=0)))
            case file.Hold():
                return program.Hold(step.hold, self.steps(step.steps))
            case file.RateLimit():
                return program.RateLimit(step.rate_limit)
            case file.Effect():
                return program.Effect(step.effect, EFFECTS[step.effect].counts_as_effect)
            case file.Route():
                cases = {case: self.steps(steps) for case, steps in step.cases.items()}
                return program.Route(step.route, cases, None if step.default is None else self.steps(step.default))
            case file.Choose():
                label = step.name or f"choose#{self._ordinal('choose')}"
                branches = tuple(self.steps(branch.steps) for branch in step.choose)
                shares = tuple(accumulate(branch.probability for branch in step.choose))
                return program.Choose(name_hash(f"{self.body.name}/{label}"), shares, branches)
            case file.Fail():
                return program.Fail(step.fail)
        raise TypeError(f"no step: {step!r}")

    def _ordinal(self, verb: str) -> int:
        self.ordinals[verb] += 1
        return self.ordinals[verb] - 1

    def _draw(self, verb: str, named: str | None) -> _Draw:
        label = f"{self.body.name}/{verb}#{self._ordinal(verb)}"
        return _Draw(name_hash(f"draw:{named}" if named else label), named is not None)

    def _site(self, step: file.Call | file.Send) -> program.Site:
        site = next(self.sites)
        assert site.step is step, f"{self.body.name}: the index has {site.name} where the program has another step"
        service, _, operation = site.target.partition(".")
        draw = name_hash(f"draw:{step.draw}") if step.draw else None
        return program.Site(site.name, name_hash(site.name), draw, service, operation, step.priority)

    def _call(self, step: file.Call) -> program.Call:
        site = self._site(step)
        fallback = None if step.fallback is None else self.steps(step.fallback)
        breaker = program.Breaker(**step.breaker.model_dump()) if step.breaker else None
        return program.Call(
            site, step.timeout, _retry(step.retry), breaker, step.bulkhead, step.connection, fallback, step.on_failure
        )


def _retry(retry: file.Retry | None) -> program.Retry | None:
    if retry is None:
        return None
    ratio = None if retry.budget is None else round(retry.budget.ratio * 1e6)
    burst = 0 if retry.budget is None else round(retry.budget.burst * 1e6)
    return program.Retry(
        retry.attempts, retry.backoff, retry.multiplier, retry.backoff_max, retry.jitter, frozenset(retry.on), ratio, burst
    )
