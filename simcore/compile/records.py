"""An architecture and a workload become the kernel's records."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from simcore.base.errors import InputError
from simcore.base.units import MINUTE
from simcore.compile.arena import Arena, distribution_record, wrap
from simcore.compile.program import Assembler
from simcore.compile.rates import activity_table
from simcore.kernel import layout as y
from simcore.kernel import random, records
from simcore.kernel.ledger.counterparties import KINDS
from simcore.kernel.random import combine_int, mix_int
from simcore.model.architecture import Operation, Pool, Service
from simcore.model.arrivals import minute_rates
from simcore.model.distributions import Distribution
from simcore.model.index import CLIENT_INSTANCE, ArchitectureIndex, instance_name
from simcore.model.steps import CLIENT, Call, Send
from simcore.model.workload import Follows, Workload

_SERIES = {kind: record.series() for kind, record in records.JOURNAL_RECORDS.items()}
_STREAM_KINDS = ("base", "surge", "backlog", "reconnect", "probe")
_BUILT_IN_ATTRIBUTES = {"session": (y.IS_SESSION, ("no", "yes")), "side": (y.IS_SIDE, ("sell", "buy"))}


@dataclass(frozen=True)
class Column:
    """One number of the state that the journal keeps: `at` is its index in the state arena, `mode` cumulative, gauge or peak."""

    kind: str
    name: str
    field: str
    mode: str
    at: int


class RecordWriter:
    """Writes the kernel's records of one run into the arenas `m` and `f`: everything but the words that say how it is to be run.

    `handles[kind][name]` is where each record begins; `numbers` lists instances, operations and call sites in the order of their numbers.
    """

    def __init__(self, index: ArchitectureIndex, workload: Workload, seed: int, start: int, end: int) -> None:
        architecture = index.architecture
        self.index, self.architecture, self.workload = index, architecture, workload
        self.start, self.end = start, end
        self.seed_key = mix_int(seed % (1 << 64))
        self.m, self.f = Arena(np.int64, int(y.RUN_SIZE)), Arena(np.float64, 1)
        self.handles: dict[str, dict[str, int]] = {
            k: {}
            for k in ("pool", "unit", "link", "call", "flow", "limit", "service", "operation", "stream", "attribute", "ring")
        }
        self.numbers: dict[str, list[str]] = {"unit": [], "operation": [], "call": []}
        self.columns: list[Column] = []
        self.attribute_values: dict[str, list[str]] = {}
        flows = {name: Operation(steps=flow.steps) for name, flow in architecture.flows.items()}
        self.services: dict[str, Service] = {**architecture.services, CLIENT: Service(operations=flows, layer="client")}

    def write(self) -> None:
        """Writes all records. Raises InputError for what the files do not show one by one."""
        self._add_pools()
        self._add_services()
        self._add_links()
        self._add_operations()
        self._add_rings()
        self._add_flows()
        self._add_customers()
        self.set(0, y.RUN_CLIENT, self.handles["unit"][CLIENT_INSTANCE])

    # -- small records --------------------------------------------------------------------------------------------------

    def set(self, at: int, offset: np.uint64, value: int | np.int64) -> None:
        """Writes the word `offset` of the record with handle `at`, in the int64 arena."""
        self.m.array[at + int(offset)] = value

    def get(self, at: int, offset: np.uint64) -> int:
        """The word `offset` of the record with handle `at`, in the int64 arena."""
        return int(self.m.array[at + int(offset)])

    def _add_columns(self, kind: str, name: str, at: int, *, sends: bool = False) -> None:
        """The columns of a record's series; a call site that sends has attempts alone."""
        for series in _SERIES[kind]:
            if not sends or series.label == "attempts":
                self.columns.append(Column(kind, name, series.label, series.mode, at + series.offset))

    def distribution(self, d: Distribution) -> int:
        """Handle of a distribution's record, newly written."""
        return self.f.put(distribution_record(d))

    def _histogram(self, at: int, offset: np.uint64) -> None:
        self.set(at, offset, self.m.take(y.HISTOGRAM_BUCKETS))

    # -- pools, limits, services --------------------------------------------------------------------------------------------

    def _add_pools(self) -> None:
        for name, pool in self.architecture.pools.items():
            for label in self.index.resource_names(name):
                self._add_pool(label, pool)
        for name, limit in self.architecture.limits.items():
            for label in self.index.resource_names(name):
                at = self.m.take(y.LIMIT_SIZE)
                interval = max(1, round(1e9 / limit.rate))
                self.set(at, y.LIMIT_INTERVAL, interval)
                self.set(at, y.LIMIT_TOLERANCE, (limit.burst - 1) * interval)
                self.set(at, y.LIMIT_DEFERS, limit.excess == "defer")
                self.set(at, y.LIMIT_MAX_WAIT, y.NEVER if limit.max_wait is None else limit.max_wait)
                self.handles["limit"][label] = at
                self._add_columns("limit", label, at)

    def _add_pool(self, label: str, pool: Pool) -> None:
        at = self.m.take(y.POOL_SIZE)
        self.handles["pool"][label] = at
        slots = self.index.slots_of(label)
        self.set(at, y.POOL_SLOTS, y.UNLIMITED if slots is None else slots)
        self.set(at, y.POOL_QUEUE_LIMIT, y.NEVER if pool.queue == "unbounded" else pool.queue)
        self.set(at, y.POOL_DISCIPLINE, records.DISCIPLINES.number(pool.discipline))
        self.set(at, y.POOL_LAST, self.start)
        self._add_columns("pool", label, at)

    def _add_services(self) -> None:
        for name in self.services:
            self.handles["service"][name] = self.m.take(y.SERVICE_SIZE)
        for name, service in self.services.items():
            at, n = self.handles["service"][name], service.instances
            instances = [self._add_instance(name, service, i) for i in range(n)]
            self.set(at, y.SERVICE_BALANCE, records.BALANCES.number(service.balance))
            self.set(at, y.SERVICE_REPLICAS, service.replicas)
            self.set(at, y.SERVICE_INSTANCES, self.m.put(instances))
            self.set(at, y.SERVICE_INSTANCES_N, n)
            self.set(at, y.SERVICE_ACTIVE, self.m.put(instances))
            self.set(at, y.SERVICE_ACTIVE_N, service.replicas)
            if service.shard_by:
                self.set(at, y.SERVICE_SHARD_ATTRIBUTE, self.attribute(service.shard_by))

    def _add_instance(self, name: str, service: Service, i: int) -> int:
        at = self.m.take(y.INSTANCE_SIZE)
        label = instance_name(name, i)
        self.handles["unit"][label] = at
        self.numbers["unit"].append(label)
        self.set(at, y.INSTANCE_UP, 1)
        self.set(at, y.INSTANCE_FLOATS, self.f.put([1.0, 0.0, 0.0, 1.0, service.contention]))
        self.set(at, y.INSTANCE_SERVICE, self.handles["service"][name])
        self.set(at, y.INSTANCE_INDEX, i)
        used = self.index.resources_of(name)
        if len(used) > y.POOLS_MAX:
            raise InputError(f"services.{name} uses {len(used)} pools and limits; at most {y.POOLS_MAX} are possible")
        for local, resource in enumerate(used):
            self.set(at, y.INSTANCE_POOLS + np.uint64(local), self._resource(resource, i))
        if name != CLIENT:
            self._add_columns("unit", label, at)
        return at

    def _resource(self, name: str, i: int) -> int:
        """Handle of the instance of a pool or limit that replica number i uses."""
        return self.handles["pool" if name in self.architecture.pools else "limit"][self.index.resource_name(name, i)]

    def attribute(self, name: str) -> int:
        """The handle of a workload attribute's record, which is written when it is first asked for."""
        if name in self.handles["attribute"]:
            return self.handles["attribute"][name]
        at = self.handles["attribute"][name] = self.m.take(y.ATTRIBUTE_SIZE)
        if name in self.workload.attributes:
            attribute = self.workload.attributes[name]
            scope = records.SCOPES.number(attribute.of)
            values, weights = list(attribute.weights), list(attribute.weights.values())
            label = random.name_hash(f"{attribute.of}/{name}")
            self.set(at, y.ATTRIBUTE_HASH, wrap(label if attribute.of == "intent" else self.seed_key ^ label))
            self.set(at, y.ATTRIBUTE_FLOATS, self.f.put(np.cumsum(weights) / np.sum(weights)))
        elif name in _BUILT_IN_ATTRIBUTES:
            scope, names = _BUILT_IN_ATTRIBUTES[name]
            values = list(names)
        else:
            raise InputError(f"route by {name!r}: the workload {self.workload.name} has no such attribute")
        self.set(at, y.ATTRIBUTE_SCOPE, scope)
        self.set(at, y.ATTRIBUTE_N, len(values))
        self.attribute_values[name] = values
        return at

    # -- links --------------------------------------------------------------------------------------------------------------

    def _add_links(self) -> None:
        for link in self.architecture.links:
            at = self.m.take(y.LINK_SIZE)
            name = link.label
            self.handles["link"][name] = at
            self.set(at, y.LINK_FLOATS, self.f.put([link.loss.request, link.loss.answer, link.duplication, 1.0]))
            self.set(at, y.LINK_LATENCY, self.distribution(link.latency))
            clean = link.latency.constant == 0 and not (link.loss.request or link.loss.answer or link.duplication)
            self.set(at, y.LINK_CLEAN, clean)
            self._add_columns("link", name, at)

    # -- operations, call sites ---------------------------------------------------------------------------------------------------

    def _add_operations(self) -> None:
        for service_name, service in self.services.items():
            for operation in service.operations:
                name = f"{service_name}.{operation}"
                at = self.handles["operation"][name] = self.m.take(y.OPERATION_SIZE)
                self.set(at, y.OPERATION_HASH, wrap(random.name_hash(name)))
                self.set(at, y.OPERATION_EFFECTS, name in self.index.may_write)
                self.set(at, y.OPERATION_SERVICE, self.handles["service"][service_name])
                self.set(at, y.OPERATION_NUMBER, len(self.numbers["operation"]))
                self._histogram(at, y.OPERATION_HISTOGRAM)
                self.numbers["operation"].append(name)
                self._add_columns("operation", name, at)
        for service_name, service in self.services.items():
            for operation, body in service.operations.items():
                name = f"{service_name}.{operation}"
                at = self.handles["operation"][name]
                self.set(at, y.OPERATION_LIFETIME, body.idempotency.lifetime if body.idempotency else -1)
                assembler = Assembler(self, service_name, operation)
                self.set(at, y.OPERATION_ENTRY, assembler.assemble(service, body))

    def add_call_site(self, caller: str, label: str, step: Call | Send) -> int:
        """A call site: its policies, and room for its state at each instance of the calling service."""
        at = self.m.take(y.CALL_SIZE)
        target = step.call if isinstance(step, Call) else step.send
        callee = target.split(".")[0]
        self.handles["call"][label] = at
        self.set(at, y.CALL_NUMBER, len(self.numbers["call"]))
        self.numbers["call"].append(label)
        self.set(at, y.CALL_SERVICE, self.handles["service"][callee])
        self.set(at, y.CALL_OPERATION, self.handles["operation"][target])
        self.set(at, y.CALL_LINK, self.handles["link"].get(f"{caller}-{callee}", 0))
        self.set(at, y.CALL_HASH, wrap(random.name_hash(label)))
        if step.draw:
            self.set(at, y.CALL_DRAW, wrap(random.name_hash(f"draw:{step.draw}")))
        self.set(at, y.CALL_PRIORITY, -1 if step.priority is None else step.priority)
        self.set(at, y.CALL_TIMEOUT, -1)
        self.set(at, y.CALL_BUDGET_RATIO, -1)
        states = self.m.take(int(y.STATE_SIZE) * self.services[caller].instances)
        self.set(at, y.CALL_STATES, states)
        if isinstance(step, Send):
            self.set(at, y.CALL_DURABLE, step.durable)
            self.set(at, y.CALL_DELAY, self.distribution(step.delay) if step.delay else 0)
        else:
            self._add_policies(at, states, step, self.services[caller].instances)
        self._add_columns("call", label, at, sends=isinstance(step, Send))
        return at

    def _add_policies(self, at: int, states: int, call: Call, instances: int) -> None:
        if call.timeout is not None:
            self.set(at, y.CALL_TIMEOUT, call.timeout)
            self.handles["ring"].setdefault(str(call.timeout), 0)
        retry, breaker = call.retry, call.breaker
        self.set(at, y.CALL_ATTEMPTS_MAX, retry.attempts if retry else 1)
        multiplier, jitter, rate = 1.0, 0.0, 1.0
        if retry:
            multiplier, jitter = retry.multiplier, retry.jitter
            self.set(at, y.CALL_BACKOFF, retry.backoff)
            self.set(at, y.CALL_BACKOFF_MAX, y.NEVER if retry.backoff_max is None else retry.backoff_max)
            self.set(at, y.CALL_RETRY_ON, sum(1 << records.CODES.number(code) for code in set(retry.on)))
            if retry.budget:
                burst = math.floor(retry.budget.burst * 1e6 + 0.5)
                self.set(at, y.CALL_BUDGET_RATIO, math.floor(retry.budget.ratio * 1e6 + 0.5))
                self.set(at, y.CALL_BUDGET_BURST, burst)
                for i in range(instances):
                    self.set(states + i * int(y.STATE_SIZE), y.STATE_TOKENS, burst)
        if breaker:
            rate = breaker.failure_rate
            self.set(at, y.CALL_WINDOW, breaker.window)
            self.set(at, y.CALL_CALLS_MIN, breaker.min_calls)
            self.set(at, y.CALL_OPEN_NS, breaker.open_for)
            self.set(at, y.CALL_PROBES, breaker.probes)
        self.set(at, y.CALL_FLOATS, self.f.put([multiplier, jitter, rate]))
        self.set(at, y.CALL_ON_FAILURE, records.ON_FAILURE.number(call.on_failure))
        self.set(at, y.CALL_ARMED, call.connection is not None)

    def _add_rings(self) -> None:
        """One ring of timers for each constant timeout; a full one lets timers into the heap."""
        capacity = 4096
        timeouts = list(self.handles["ring"])
        base = self.m.take(int(y.RING_SIZE) * len(timeouts))
        for i, timeout in enumerate(timeouts):
            at = base + i * int(y.RING_SIZE)
            self.handles["ring"][timeout] = at
            self.set(at, y.RING_TIMEOUT, int(timeout))
            self.set(at, y.RING_BASE, self.m.take(capacity * int(y.TIMER_SIZE)))
            self.set(at, y.RING_MASK, capacity - 1)
        self.set(0, y.RUN_RINGS, base)
        self.set(0, y.RUN_RINGS_N, len(timeouts))
        for at in self.handles["call"].values():
            timeout_ns = self.get(at, y.CALL_TIMEOUT)
            if timeout_ns >= 0:
                self.set(at, y.CALL_RING, self.handles["ring"][str(timeout_ns)])

    # -- flows and arrivals ------------------------------------------------------------------------------------------------------

    def _add_flows(self) -> None:
        for number, (name, flow) in enumerate(self.architecture.flows.items()):
            at = self.handles["flow"][name] = self.m.take(y.FLOW_SIZE)
            self.set(at, y.FLOW_OPERATION, self.handles["operation"][f"{CLIENT}.{name}"])
            self.set(at, y.FLOW_KIND, KINDS[flow.kind].code)
            self.set(at, y.FLOW_RECORD, flow.record)
            self.set(at, y.FLOW_PRIORITY, flow.priority)
            self.set(at, y.FLOW_NUMBER, number)
            self._histogram(at, y.FLOW_HISTOGRAM)
            self._add_columns("flow", name, at)
        for number, name in enumerate(self.architecture.flows):
            at = self.handles["flow"][name]
            for i, kind in enumerate(_STREAM_KINDS):
                number_of_stream = 3 * number + i if i < 3 else 3 * len(self.architecture.flows) + 2 * number + i - 3
                self._add_stream(name, kind, at, number_of_stream)
        followers = [(name, load.follows) for name, load in self.workload.flows.items() if load.follows]
        first = 5 * len(self.architecture.flows)
        for number, (name, follows) in enumerate(followers):
            for i, kind in enumerate(_STREAM_KINDS[:3]):
                self._add_follower(name, follows, kind, first + 3 * number + i)

    def _add_stream(self, flow: str, kind: str, flow_at: int, number: int) -> None:
        at = self.handles["stream"][flow if kind == "base" else f"{flow}/{kind}"] = self.m.take(y.STREAM_SIZE)
        label = flow if kind == "base" else f"{flow}/{kind}"
        intent = self.seed_key ^ random.name_hash("intent")
        self.set(at, y.STREAM_FLOW, flow_at)
        self.set(at, y.STREAM_HASH, wrap(combine_int(intent, random.name_hash(label))))
        self.set(at, y.STREAM_NUMBER, number)
        self.set(
            at,
            y.STREAM_KIND,
            {"base": y.BY_RATE, "surge": y.BY_RATE, "backlog": y.BY_BACKLOG, "reconnect": y.BY_LIST, "probe": y.BY_PROBE}[kind],
        )
        self.set(at, y.STREAM_FLOATS, self.f.put([1.0 if kind == "base" else 0.0, 1.0, 0.0]))
        self.set(at, y.STREAM_EXTRA, kind == "surge")
        load = self.workload.flows.get(flow)
        if load is None:
            return
        if kind == "base" and load.closed:
            self.set(at, y.STREAM_KIND, y.BY_POPULATION)
            self.set(at, y.STREAM_LIST_N, load.closed.clients)
            self.set(at, y.STREAM_CLIENTS, self.m.take(load.closed.clients))
            self.set(at, y.STREAM_THINK, self.distribution(load.closed.think))
        elif kind in ("base", "surge") and not load.closed and not load.follows:
            first = self.start // MINUTE
            minutes = -(-self.end // MINUTE) - first
            base = self.handles["stream"][flow]
            rates = (
                self.f.put(minute_rates(load, self.workload.curves, first, minutes))
                if kind == "base"
                else self.get(base, y.STREAM_RATES)
            )
            self.set(at, y.STREAM_RATES, rates)
            self.set(at, y.STREAM_MINUTES, minutes)
            self.set(at, y.STREAM_FIRST_MINUTE, first)
        elif kind == "backlog" and load.backlog:
            self.set(at, y.STREAM_LIST_N, load.backlog.count)
            self.set(at, y.STREAM_OVER, load.backlog.over)
            self.set(at, y.STREAM_FIRST_MINUTE, self.start)

    def _add_follower(self, flow: str, follows: Follows, kind: str, number: int) -> None:
        """The stream of intents of `flow` that follow one stream of another flow."""
        followed = self.handles["stream"][follows.flow if kind == "base" else f"{follows.flow}/{kind}"]
        if self.get(followed, y.STREAM_FOLLOWER):
            raise InputError(f"workload {self.workload.name}: two flows follow {follows.flow}", hint="let one follow the other")
        label = f"{flow}/after-{kind}"
        at = self.handles["stream"][label] = self.m.take(y.STREAM_SIZE)
        self.set(at, y.STREAM_FLOW, self.handles["flow"][flow])
        self.set(at, y.STREAM_HASH, wrap(combine_int(self.seed_key ^ random.name_hash("intent"), random.name_hash(label))))
        self.set(at, y.STREAM_NUMBER, number)
        self.set(at, y.STREAM_KIND, y.BY_FOLLOWING)
        self.set(at, y.STREAM_FLOATS, self.f.put([1.0, 1.0, follows.share]))
        self.set(at, y.STREAM_DELAY, self.distribution(follows.after))
        self.set(at, y.STREAM_FOLLOWED, followed)
        self.set(followed, y.STREAM_FOLLOWER, at)
        if follows.where:
            ((attribute, value),) = follows.where.items()
            self.set(at, y.STREAM_WHERE, self.attribute(attribute))
            self.set(at, y.STREAM_VALUE, self.attribute_values[attribute].index(value))

    def _add_customers(self) -> None:
        accounts = self.workload.accounts
        self.set(0, y.RUN_CUSTOMERS, accounts.count)
        self.set(0, y.RUN_ALIAS, self.f.put(activity_table(accounts.count, accounts.activity_exponent)))
