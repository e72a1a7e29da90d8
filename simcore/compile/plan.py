"""An architecture, a workload and a seed become a plan: frozen arrays for the kernel and a table of names.

Everything a run needs is in the plan, so it can be copied to another process and run there to the same journal.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, field
from typing import Any, SupportsInt

import numpy as np

from simcore.base.errors import InputError
from simcore.base.units import DAY, MINUTE
from simcore.compile.program import Assembler
from simcore.kernel import layout as y
from simcore.kernel import random, records
from simcore.kernel.ledger.counterparties import KINDS
from simcore.kernel.random import combine_int, mix_int
from simcore.model.architecture import Architecture, Operation, Pool, Service
from simcore.model.distributions import Distribution
from simcore.model.index import CLIENT_INSTANCE, ArchitectureIndex, instance_name
from simcore.model.steps import CLIENT, Call, Send
from simcore.model.workload import Curve, FlowLoad, Follows, Workload

Ints = np.ndarray[Any, np.dtype[np.int64]]
Floats = np.ndarray[Any, np.dtype[np.float64]]

_Z99 = 2.3263478740408408  # 99 % quantile of the standard normal
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


@dataclass(frozen=True)
class Plan:
    """What a run needs. `m` and `f` are the kernel's arenas at the beginning of the run, read-only.

    `handles[kind][name]` is where a pool, unit, link, call, flow, limit, service, operation or stream begins in `m`; `numbers` lists
    units, operations and calls in the order of their numbers. Times are ns since midnight of the first day. `index` is that of the
    architecture: it gave the names.
    """

    index: ArchitectureIndex
    workload: Workload
    seed: int
    start: int
    end: int
    span_sampling: int
    m: Ints
    f: Floats
    handles: dict[str, dict[str, int]]
    numbers: dict[str, list[str]]
    columns: list[Column]
    attribute_values: dict[str, list[str]]
    environment: str = "production"
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def architecture(self) -> Architecture:
        """The architecture that is run."""
        return self.index.architecture

    @property
    def seed_key(self) -> int:
        """mix(seed): what every key of this run begins with."""
        return mix_int(self.seed % (1 << 64))


def wrap(number: int) -> np.int64:
    """An unsigned 64-bit number as the int64 with the same bits."""
    return np.int64(number - (1 << 64) if number >= 1 << 63 else number)


class Arena:
    """Grows while the plan is made; hands out handles (indices)."""

    def __init__(self, dtype: type, reserved: int) -> None:
        self.array: np.ndarray[Any, Any] = np.zeros(max(4096, reserved), dtype)
        self.used = reserved

    def take(self, count: SupportsInt) -> int:
        """Room for `count` words, zeroed; returns the index of the first."""
        at, self.used = self.used, self.used + int(count)
        if self.used > len(self.array):
            self.array = np.concatenate([self.array, np.zeros(max(self.used, len(self.array)), self.array.dtype)])
        return at

    def put(self, values: Any) -> int:
        """Stores values one after the other; returns the index of the first."""
        at = self.take(len(values))
        self.array[at : at + len(values)] = values
        return at


def distribution_record(d: Distribution) -> list[float]:
    """The words of a distribution in the float arena: family, then its parameters in ns (kernel/draws.py reads them)."""
    if d.constant is not None:
        return [random.CONSTANT, d.constant, 0, 0]
    if d.exponential is not None:
        return [random.EXPONENTIAL, d.exponential, 0, 0]
    if d.lognormal is not None:
        n = d.lognormal
        if n.median is not None and n.p99 is not None:
            return [random.LOGNORMAL, math.log(n.median), math.log(n.p99 / n.median) / _Z99, 0]
        assert n.mean is not None and n.scv is not None
        return [random.LOGNORMAL, math.log(n.mean) - math.log(1 + n.scv) / 2, math.sqrt(math.log(1 + n.scv)), 0]
    if d.gamma is not None:
        return [random.GAMMA, d.gamma.mean, d.gamma.shape, 0]
    if d.erlang is not None:
        return [random.ERLANG, d.erlang.mean, d.erlang.stages, 0]
    if d.hyperexponential is not None:
        return [random.HYPEREXPONENTIAL, *d.hyperexponential.phases()]
    if d.uniform is not None:
        return [random.UNIFORM, *d.uniform, 0]
    assert d.empirical is not None
    weights = d.empirical.weights or [1.0] * len(d.empirical.values)
    shares = np.cumsum(weights) / np.sum(weights)
    pairs = [x for pair in zip(shares, d.empirical.values, strict=True) for x in pair]
    return [random.EMPIRICAL, len(weights), *pairs]


def curve_integral(curve: Curve, t: Ints) -> Floats:
    """Integral of a curve from midnight to each time of day t (ns), in intensity × ns."""
    times = np.array([p[0] for p in curve.points], float)
    values = np.array([p[1] for p in curve.points], float)
    widths = np.diff(times)
    areas = np.concatenate([[0.0], np.cumsum(widths * (values[1:] + values[:-1]) / 2)])
    at = np.clip(np.asarray(t, float), times[0], times[-1])
    i = np.clip(np.searchsorted(times, at, side="right") - 1, 0, len(widths) - 1)
    into = at - times[i]
    slope = np.divide(np.diff(values)[i], widths[i], out=np.zeros(len(at)), where=widths[i] > 0)
    result: Floats = areas[i] + into * values[i] + slope * into * into / 2
    return result


def minute_rates(load: FlowLoad, curves: dict[str, Curve], first_minute: int, minutes: int) -> Floats:
    """Intents per second in each minute of the run. A curve is repeated every day."""
    if load.rate is not None:
        return np.full(minutes, load.rate)
    assert load.per_day is not None and load.curve is not None
    curve = curves[load.curve]
    edges = (np.arange(first_minute, first_minute + minutes + 1) * MINUTE).astype(np.int64)
    whole = curve_integral(curve, np.array([DAY]))[0]
    integral = curve_integral(curve, edges % DAY) + (edges // DAY) * whole
    rates: Floats = np.maximum(np.diff(integral), 0.0) / whole * load.per_day / 60.0
    return rates


class _Compiler:
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

    # -- small records --------------------------------------------------------------------------------------------------

    def set(self, at: int, offset: np.uint64, value: int | np.int64) -> None:
        self.m.array[at + int(offset)] = value

    def get(self, at: int, offset: np.uint64) -> int:
        return int(self.m.array[at + int(offset)])

    def add_columns(self, kind: str, name: str, at: int, *, sends: bool = False) -> None:
        """The columns of a record's series; a call site that sends has attempts alone."""
        for label, mode, offset in records.JOURNAL_RECORDS[kind].series():
            if not sends or label == "attempts":
                self.columns.append(Column(kind, name, label, mode, at + offset))

    def distribution(self, d: Distribution) -> int:
        return self.f.put(distribution_record(d))

    def histogram(self, at: int, offset: np.uint64) -> None:
        self.set(at, offset, self.m.take(y.HISTOGRAM_BUCKETS))

    # -- pools, limits, services --------------------------------------------------------------------------------------------

    def add_pools(self) -> None:
        for name, pool in self.architecture.pools.items():
            for i, label in enumerate(self.index.resource_names(name)):
                self.add_pool(label, pool, self.capacity(name, pool, i))
        for name, limit in self.architecture.limits.items():
            for label in self.index.resource_names(name):
                at = self.m.take(y.LIMIT_SIZE)
                interval = max(1, round(1e9 / limit.rate))
                self.set(at, y.LIMIT_INTERVAL, interval)
                self.set(at, y.LIMIT_TOLERANCE, (limit.burst - 1) * interval)
                self.set(at, y.LIMIT_DEFERS, limit.excess == "defer")
                self.set(at, y.LIMIT_MAX_WAIT, y.NEVER if limit.max_wait is None else limit.max_wait)
                self.handles["limit"][label] = at
                self.add_columns("limit", label, at)

    def capacity(self, name: str, pool: Pool, i: int) -> float:
        """A standby replica's pools of its own may be smaller than its primary's."""
        if pool.per == "replica":
            for user in map(self.architecture.services.__getitem__, self.index.users_of(name)):
                if user.standby and i >= user.replicas:
                    return user.standby.capacity
        return 1.0

    def add_pool(self, label: str, pool: Pool, capacity: float) -> None:
        at = self.m.take(y.POOL_SIZE)
        self.handles["pool"][label] = at
        slots = (
            y.UNLIMITED if pool.slots == "unlimited" else pool.slots if capacity == 1.0 else max(1, round(pool.slots * capacity))
        )
        self.set(at, y.POOL_SLOTS, slots)
        self.set(at, y.POOL_QUEUE_LIMIT, y.NEVER if pool.queue == "unbounded" else pool.queue)
        self.set(at, y.POOL_DISCIPLINE, records.DISCIPLINES.number(pool.discipline))
        self.set(at, y.POOL_LAST, self.start)
        self.add_columns("pool", label, at)

    def add_services(self) -> None:
        for name in self.services:
            self.handles["service"][name] = self.m.take(y.SERVICE_SIZE)
        for name, service in self.services.items():
            at, n = self.handles["service"][name], service.units
            units = [self.add_unit(name, service, i) for i in range(n)]
            self.set(at, y.SERVICE_BALANCE, records.BALANCES.number(service.balance))
            self.set(at, y.SERVICE_REPLICAS, service.replicas)
            self.set(at, y.SERVICE_UNITS, self.m.put(units))
            self.set(at, y.SERVICE_UNITS_N, n)
            self.set(at, y.SERVICE_ACTIVE, self.m.put(units))
            self.set(at, y.SERVICE_ACTIVE_N, service.replicas)
            if service.shard_by:
                self.set(at, y.SERVICE_SHARD_ATTRIBUTE, self.attribute(service.shard_by))

    def add_unit(self, name: str, service: Service, i: int) -> int:
        at = self.m.take(y.UNIT_SIZE)
        label = instance_name(name, i)
        self.handles["unit"][label] = at
        self.numbers["unit"].append(label)
        self.set(at, y.UNIT_UP, 1)
        self.set(at, y.UNIT_FLOATS, self.f.put([1.0, 0.0, 0.0, 1.0, service.contention]))
        self.set(at, y.UNIT_SERVICE, self.handles["service"][name])
        self.set(at, y.UNIT_INDEX, i)
        used = self.index.resources_of(name)
        if len(used) > y.POOLS_MAX:
            raise InputError(f"services.{name} uses {len(used)} pools and limits; at most {y.POOLS_MAX} are possible")
        for local, resource in enumerate(used):
            self.set(at, y.UNIT_POOLS + np.uint64(local), self.resource(resource, i))
        if name != CLIENT:
            self.add_columns("unit", label, at)
        return at

    def resource(self, name: str, i: int) -> int:
        """Handle of the instance of a pool or limit that replica number i uses."""
        return self.handles["pool" if name in self.architecture.pools else "limit"][self.index.resource_name(name, i)]

    def attribute(self, name: str) -> int:
        """Handle of an attribute; made when first asked for."""
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

    def add_links(self) -> None:
        for link in self.architecture.links:
            at = self.m.take(y.LINK_SIZE)
            name = link.label
            self.handles["link"][name] = at
            self.set(at, y.LINK_FLOATS, self.f.put([link.loss.request, link.loss.answer, link.duplication, 1.0]))
            self.set(at, y.LINK_LATENCY, self.distribution(link.latency))
            clean = link.latency.constant == 0 and not (link.loss.request or link.loss.answer or link.duplication)
            self.set(at, y.LINK_CLEAN, clean)
            self.add_columns("link", name, at)

    # -- operations, call sites ---------------------------------------------------------------------------------------------------

    def add_operations(self) -> None:
        for service_name, service in self.services.items():
            for operation in service.operations:
                name = f"{service_name}.{operation}"
                at = self.handles["operation"][name] = self.m.take(y.OPERATION_SIZE)
                self.set(at, y.OPERATION_HASH, wrap(random.name_hash(name)))
                self.set(at, y.OPERATION_EFFECTS, name in self.index.may_write)
                self.set(at, y.OPERATION_SERVICE, self.handles["service"][service_name])
                self.set(at, y.OPERATION_NUMBER, len(self.numbers["operation"]))
                self.histogram(at, y.OPERATION_HISTOGRAM)
                self.numbers["operation"].append(name)
                self.add_columns("operation", name, at)
        for service_name, service in self.services.items():
            for operation, body in service.operations.items():
                name = f"{service_name}.{operation}"
                at = self.handles["operation"][name]
                self.set(at, y.OPERATION_LIFETIME, body.idempotency.lifetime if body.idempotency else -1)
                assembler = Assembler(self, service_name, operation, self.index.resources_of(service_name))
                self.set(at, y.OPERATION_ENTRY, assembler.assemble(service, body))

    def add_call_site(self, caller: str, label: str, step: Call | Send) -> int:
        """A call site: its policies, and room for its state at each unit of the calling service."""
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
        states = self.m.take(int(y.STATE_SIZE) * self.services[caller].units)
        self.set(at, y.CALL_STATES, states)
        if isinstance(step, Send):
            self.set(at, y.CALL_DURABLE, step.durable)
            self.set(at, y.CALL_DELAY, self.distribution(step.delay) if step.delay else 0)
        else:
            self.add_policies(at, states, step, self.services[caller].units)
        self.add_columns("call", label, at, sends=isinstance(step, Send))
        return at

    def add_policies(self, at: int, states: int, call: Call, units: int) -> None:
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
                for i in range(units):
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

    def add_rings(self) -> None:
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

    def add_flows(self) -> None:
        for number, (name, flow) in enumerate(self.architecture.flows.items()):
            at = self.handles["flow"][name] = self.m.take(y.FLOW_SIZE)
            self.set(at, y.FLOW_OPERATION, self.handles["operation"][f"{CLIENT}.{name}"])
            self.set(at, y.FLOW_KIND, KINDS[flow.kind].code)
            self.set(at, y.FLOW_RECORD, flow.record)
            self.set(at, y.FLOW_PRIORITY, flow.priority)
            self.set(at, y.FLOW_NUMBER, number)
            self.histogram(at, y.FLOW_HISTOGRAM)
            self.add_columns("flow", name, at)
        for number, name in enumerate(self.architecture.flows):
            at = self.handles["flow"][name]
            for i, kind in enumerate(_STREAM_KINDS):
                number_of_stream = 3 * number + i if i < 3 else 3 * len(self.architecture.flows) + 2 * number + i - 3
                self.add_stream(name, kind, at, number_of_stream)
        followers = [(name, load.follows) for name, load in self.workload.flows.items() if load.follows]
        first = 5 * len(self.architecture.flows)
        for number, (name, follows) in enumerate(followers):
            for i, kind in enumerate(_STREAM_KINDS[:3]):
                self.add_follower(name, follows, kind, first + 3 * number + i)

    def add_stream(self, flow: str, kind: str, flow_at: int, number: int) -> None:
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

    def add_follower(self, flow: str, follows: Follows, kind: str, number: int) -> None:
        """The stream of intents of `flow` that follow one stream of another flow."""
        followed = self.handles["stream"][follows.flow if kind == "base" else f"{follows.flow}/{kind}"]
        if self.get(followed, y.STREAM_FOLLOWER):
            raise InputError(f"workload {self.workload.name}: two flows follow {follows.flow}", mend="let one follow the other")
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

    def add_customers(self) -> None:
        accounts = self.workload.accounts
        self.set(0, y.RUN_CUSTOMERS, accounts.count)
        self.set(0, y.RUN_ALIAS, self.f.put(_activity_table(accounts.count, accounts.activity_exponent)))


@functools.lru_cache(maxsize=4)
def _activity_table(count: int, exponent: float) -> Floats:
    """The alias table of so many customers, number i of whom acts in proportion to (i + 1) ** -exponent; float64 [2 * count]."""
    table = np.empty(2 * count)
    if exponent == 0.0:
        table[0::2], table[1::2] = 1.0, np.arange(count)
    else:
        random.alias_table(np.arange(1, count + 1, dtype=float) ** -exponent, table)
    return table


def compile_plan(
    architecture: Architecture,
    workload: Workload,
    *,
    seed: int = 0,
    start: int = 0,
    end: int,
    span_sampling: int = 0,
    environment: str = "production",
    details: dict[str, Any] | None = None,
) -> Plan:
    """The plan of one run from `start` to `end` (ns since midnight of the first day).

    `span_sampling` n > 0 keeps the hops of every n-th request. `details` goes into the journal's meta as it is. Both files are taken to be
    checked (simcore.model.checks); raises InputError for what only shows here: an end before the start, an attribute the workload lacks.
    """
    if not 0 <= start < end:
        raise InputError(f"a run must end after it starts (start {start} ns, end {end} ns)")
    index = ArchitectureIndex(architecture)
    c = _Compiler(index, workload, seed, start, end)
    c.add_pools()
    c.add_services()
    c.add_links()
    c.add_operations()
    c.add_rings()
    c.add_flows()
    c.add_customers()
    c.set(0, y.RUN_CLIENT, c.handles["unit"][CLIENT_INSTANCE])
    c.set(0, y.RUN_NOW, start)
    c.set(0, y.RUN_GUARD, architecture.run_guard)
    c.set(0, y.RUN_PROPAGATE, architecture.deadlines == "propagate")
    c.set(0, y.RUN_SPAN_EVERY, span_sampling)
    m, f = c.m.array[: c.m.used].copy(), c.f.array[: c.f.used].copy()
    m.flags.writeable = f.flags.writeable = False
    return Plan(
        index,
        workload,
        seed,
        start,
        end,
        span_sampling,
        m,
        f,
        c.handles,
        c.numbers,
        c.columns,
        c.attribute_values,
        environment,
        details or {},
    )
