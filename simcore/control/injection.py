"""The knobs: everything a fault, a person or the calendar may do to the data plane. There are no others.

Each takes effect at once, at the present simulated time. Replicas are numbered from 0, standby ones after the others.
Unknown names raise InputError with what there is. docs/control.md has the table.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Collection, Mapping

import numpy as np

from simcore.base.errors import InputError
from simcore.base.units import DAY
from simcore.compile.arena import Floats, Ints
from simcore.compile.plan import Plan
from simcore.counterparties import RECONCILED, WITH_FILE
from simcore.counterparties.counterparty import FileState
from simcore.kernel import layout as y
from simcore.kernel import random
from simcore.kernel.ledger import accounts, reconciliation, settlement
from simcore.kernel.ledger import orders as order_books
from simcore.kernel.machine import Machine
from simcore.model.index import instance_name
from simcore.model.workload import MARKET


def require_share(what: str, value: float) -> float:
    """A share must lie in 0..1; raises InputError."""
    if not 0.0 <= value <= 1.0:
        raise InputError(f"{what}: a share must lie between 0 and 1, not {value!r}")
    return float(value)


def uniforms(seed_key: int, purpose: str, numbers: Ints) -> Floats:
    """uniform(combine(seed_key ^ name(purpose), number)) for an array of numbers, float64."""
    key = np.uint64(seed_key ^ random.name_hash(purpose))
    with np.errstate(over="ignore"):
        x = (key ^ (numbers.astype(np.uint64) * random.GOLDEN)) + np.uint64(0x632BE59BD9B4E019)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        x = x ^ (x >> np.uint64(31))
    drawn: Floats = ((x >> np.uint64(11)).astype(float) + 0.5) * 2.0**-53
    return drawn


def scaled(f: Floats, at: int, factor: float) -> Floats:
    """The record at `at` of a float arena (simcore.compile.arena.distribution_record) for durations `factor` times as long, float64."""
    family = int(f[at])
    record = f[at : at + (2 + 2 * int(f[at + 1]) if family == random.EMPIRICAL else 4)].copy()
    if family == random.LOGNORMAL:
        record[1] += math.log(factor)
    elif family == random.EMPIRICAL:
        record[3::2] *= factor
    elif family == random.HYPEREXPONENTIAL:
        record[2:] *= factor
    elif family == random.UNIFORM:
        record[1:3] *= factor
    else:
        record[1] *= factor
    return record


def _known_counterparty(name: str, known: Collection[str]) -> None:
    if name not in known:
        raise InputError(f"no such counterparty: {name!r}; there are: {', '.join(known)}")


class Injection:
    """The knobs of one run. Made by the cosimulation; `plan` names what `machine` holds."""

    def __init__(self, plan: Plan, machine: Machine) -> None:
        self.plan, self.machine = plan, machine
        self.down_since: dict[int, int] = {}
        self._closed_gates: set[str] = set()
        self._slots = {name: int(plan.m[at + int(y.POOL_SLOTS)]) for name, at in plan.handles["pool"].items()}
        self._drops = 0
        self._bursts = 0

    # -- finding ----------------------------------------------------------------------------------------------------------

    def _find(self, kind: str, name: str) -> int:
        names = self.plan.handles[kind]
        if name not in names:
            close = difflib.get_close_matches(name, names, 1)
            raise InputError(
                f"no {kind} is called {name!r}"
                + (f"; did you mean {close[0]}?" if close else f"; there are: {', '.join(sorted(names))[:300]}")
            )
        return names[name]

    def _instance(self, service: str, replica: int) -> int:
        return self._find("unit", instance_name(service, replica))

    def _resources(self, kind: str, name: str) -> dict[str, int]:
        """A pool or limit by its name: the shared one, or the instances of all replicas; `name#i` is one of them."""
        found = {k: at for k, at in self.plan.handles[kind].items() if k == name or k.startswith(f"{name}#")}
        if not found:
            self._find(kind, name)
        return found

    def _get(self, at: int, offset: np.uint64) -> int:
        return int(self.machine.m[at + int(offset)])

    def _set(self, at: int, offset: np.uint64, value: int) -> None:
        self.machine.m[at + int(offset)] = value

    def _set_float(self, at: int, block: np.uint64, offset: np.uint64, value: float) -> None:
        self.machine.f[self._get(at, block) + int(offset)] = value

    # -- instances --------------------------------------------------------------------------------------------------------------

    def crash(self, service: str, replica: int = 0) -> None:
        """The instance stops: what lives there dies (callers get a reset), requests are refused until a restart."""
        instance = self._instance(service, replica)
        if not self._get(instance, y.INSTANCE_UP):
            return
        self._set(instance, y.INSTANCE_UP, 0)
        self._set(instance, y.INSTANCE_HUNG, 0)
        self.down_since[instance] = self.machine.now
        for label, site in self.plan.handles["call"].items():
            if label.split(".", 1)[0] == service:
                state = self._get(site, y.CALL_STATES) + replica * int(y.STATE_SIZE)
                self.machine.m[state : state + int(y.STATE_SIZE)] = 0
                self._set(state, y.STATE_TOKENS, self._get(site, y.CALL_BUDGET_BURST))
        for task in self.machine.live_at(instance):
            self.machine.act(y.ACT_KILL, task)

    def restart(self, service: str, replica: int = 0) -> None:
        """The instance is up again and takes the durable messages that waited for it. It does not change rotation."""
        instance = self._instance(service, replica)
        if self._get(instance, y.INSTANCE_UP):
            return
        self._set(instance, y.INSTANCE_UP, 1)
        self.down_since.pop(instance, None)
        for task in self.machine.take_parked(instance):
            self.machine.make_ready(y.GO_START, task, 0)

    def hang(self, service: str, replica: int = 0) -> None:
        """The instance answers nothing and does nothing, until a thaw, a crash or a restart after one."""
        instance = self._instance(service, replica)
        if self._get(instance, y.INSTANCE_UP):
            self._set(instance, y.INSTANCE_HUNG, 1)

    def thaw(self, service: str, replica: int = 0) -> None:
        """A hung instance goes on where it stood."""
        instance = self._instance(service, replica)
        if not self._get(instance, y.INSTANCE_HUNG):
            return
        self._set(instance, y.INSTANCE_HUNG, 0)
        for task in self.machine.take_parked(instance):
            self.machine.make_ready(y.GO_THAW, task, self._get(task, y.TASK_WAIT))

    def slow(self, service: str, replica: int, factor: float) -> None:
        """Work that begins from now on takes `factor` times as long (1 = normal)."""
        if not factor >= 0:
            raise InputError(f"slow: the factor must be 0 or more, not {factor!r}")
        self._set_float(self._instance(service, replica), y.INSTANCE_FLOATS, y.INSTANCE_FLOAT_SLOW, float(factor))

    def work(self, service: str, operation: str, factor: float) -> None:
        """Work of this operation that begins from now on takes `factor` times as long at every replica (1 = normal)."""
        if not factor > 0:
            raise InputError(f"work: the factor must be above 0, not {factor!r}")
        step = self._get(self._find("operation", f"{service}.{operation}"), y.OPERATION_ENTRY)
        while self._get(step, y.INSTR_CODE) != y.DO_RETURN:
            if self._get(step, y.INSTR_CODE) == y.DO_WORK:
                at = self._get(step, y.INSTR_A)
                record = scaled(self.plan.f, at, factor)
                self.machine.f[at : at + len(record)] = record
            step += int(y.INSTR_SIZE)

    def error_rate(self, service: str, replica: int, share: float) -> None:
        """This share of the instance's requests fails with `error` before their first step."""
        self._special(self._instance(service, replica), y.INSTANCE_FLOAT_ERROR, require_share("error_rate", share))

    def grey(self, service: str, replica: int, share: float, factor: float) -> None:
        """The work of this share of the instance's requests takes `factor` times as long."""
        instance = self._instance(service, replica)
        self._set_float(instance, y.INSTANCE_FLOATS, y.INSTANCE_FLOAT_GREY_FACTOR, float(factor))
        self._special(instance, y.INSTANCE_FLOAT_GREY, require_share("grey", share))

    def _special(self, instance: int, offset: np.uint64, share: float) -> None:
        self._set_float(instance, y.INSTANCE_FLOATS, offset, share)
        floats = self._get(instance, y.INSTANCE_FLOATS)
        f = self.machine.f
        self._set(
            instance,
            y.INSTANCE_SPECIAL,
            f[floats + int(y.INSTANCE_FLOAT_ERROR)] > 0 or f[floats + int(y.INSTANCE_FLOAT_GREY)] > 0,
        )

    def contention(self, service: str, replica: int, coefficient: float) -> None:
        """How much each other task at work slows one that begins (0 = not at all)."""
        self._set_float(self._instance(service, replica), y.INSTANCE_FLOATS, y.INSTANCE_FLOAT_CONTENTION, float(coefficient))

    def rotate_in(self, service: str, replica: int = 0) -> None:
        """Calls may pick the instance."""
        self._rotate(service, replica, True)

    def rotate_out(self, service: str, replica: int = 0) -> None:
        """Calls no longer pick the instance; what it has goes on."""
        self._rotate(service, replica, False)

    def _rotate(self, service: str, replica: int, wanted: bool) -> None:
        instance, at = self._instance(service, replica), self._find("service", service)
        m, active, instances = self.machine.m, self._get(at, y.SERVICE_ACTIVE), self._get(at, y.SERVICE_INSTANCES)
        inside = set(m[active : active + self._get(at, y.SERVICE_ACTIVE_N)].tolist())
        inside = inside | {instance} if wanted else inside - {instance}
        ordered = [u for u in m[instances : instances + self._get(at, y.SERVICE_INSTANCES_N)].tolist() if u in inside]
        m[active : active + len(ordered)] = ordered
        self._set(at, y.SERVICE_ACTIVE_N, len(ordered))

    # -- pools, gates, limits -----------------------------------------------------------------------------------------------

    def pool_slots(self, pool: str, slots: int | None) -> None:
        """New number of slots, None for what the architecture says; more are granted at once, fewer as those in use come free."""
        if slots is not None and slots < 0:
            raise InputError(f"pool_slots: {pool} cannot have {slots} slots")
        for name, at in self._resources("pool", pool).items():
            self._slots[name] = int(self.plan.m[at + int(y.POOL_SLOTS)]) if slots is None else slots
            self._apply_slots(name)

    def pool_queue(self, pool: str, limit: int) -> None:
        """New limit of the queue; who is in it stays."""
        for at in self._resources("pool", pool).values():
            self._set(at, y.POOL_QUEUE_LIMIT, limit)

    def gate(self, name: str, open: bool) -> None:
        """Opens or closes every pool with `gate: name`; closed, it starts nothing and its queue waits."""
        (self._closed_gates.discard if open else self._closed_gates.add)(name)
        for label in self.plan.handles["pool"]:
            if self.plan.architecture.pools[label.split("#")[0]].gate == name:
                self._apply_slots(label)

    def _apply_slots(self, label: str) -> None:
        at, pool = self.plan.handles["pool"][label], self.plan.architecture.pools[label.split("#")[0]]
        self.machine.account_pools([at])
        self._set(at, y.POOL_SLOTS, 0 if pool.gate in self._closed_gates else self._slots[label])
        if self._get(at, y.QUEUE_LENGTH):
            self.machine.act(y.ACT_GRANT, at)

    def limit_rate(self, limit: str, per_second: float) -> None:
        """New rate of a rate limit; its burst stays."""
        if not per_second > 0:
            raise InputError(f"limit_rate: the rate must be above 0, not {per_second!r}")
        burst = self.plan.architecture.limits[limit.split("#")[0]].burst if self._resources("limit", limit) else 1
        interval = max(1, round(1e9 / per_second))
        for at in self._resources("limit", limit).values():
            self._set(at, y.LIMIT_INTERVAL, interval)
            self._set(at, y.LIMIT_TOLERANCE, (burst - 1) * interval)

    # -- links and calls --------------------------------------------------------------------------------------------------------

    def link(
        self,
        source: str,
        target: str,
        *,
        latency_factor: float | None = None,
        latency_add_ns: int | None = None,
        loss_request: float | None = None,
        loss_answer: float | None = None,
        duplication: float | None = None,
        partition_request: bool | None = None,
        partition_answer: bool | None = None,
    ) -> None:
        """Changes what is named of the link from `source` to `target`; each direction on its own."""
        at = self._find("link", f"{source}-{target}")
        for offset, value in (
            (y.LINK_FLOAT_FACTOR, latency_factor),
            (y.LINK_FLOAT_LOSS_REQUEST, loss_request),
            (y.LINK_FLOAT_LOSS_ANSWER, loss_answer),
            (y.LINK_FLOAT_DUPLICATION, duplication),
        ):
            if value is not None:
                self._set_float(
                    at, y.LINK_FLOATS, offset, value if offset == y.LINK_FLOAT_FACTOR else require_share("link", value)
                )
        for word, given in (
            (y.LINK_ADD, latency_add_ns),
            (y.LINK_CUT_REQUEST, partition_request),
            (y.LINK_CUT_ANSWER, partition_answer),
        ):
            if given is not None:
                self._set(at, word, int(given))
        floats, f, latency = self._get(at, y.LINK_FLOATS), self.machine.f, self._get(at, y.LINK_LATENCY)
        disturbed = f[floats] or f[floats + 1] or f[floats + 2] or self._get(at, y.LINK_ADD)
        cut = self._get(at, y.LINK_CUT_REQUEST) or self._get(at, y.LINK_CUT_ANSWER)
        instant = f[latency] == random.CONSTANT and f[latency + 1] == 0.0
        self._set(at, y.LINK_CLEAN, bool(instant and not disturbed and not cut))

    def call_policy(
        self, site: str, *, timeout_ns: int | None = None, attempts: int | None = None, backoff_ns: int | None = None
    ) -> None:
        """Changes a call site's policy (`service.operation/NAME`, as in the journal's names of kind call) for attempts from now on.
        Attempts and backoff change the retry policy that the file gives the call; without one they do nothing."""
        at = self._find("call", site)
        if timeout_ns is not None:
            self._set(at, y.CALL_TIMEOUT, timeout_ns)
            self._set(at, y.CALL_RING, 0)
        if attempts is not None:
            self._set(at, y.CALL_ATTEMPTS_MAX, attempts)
        if backoff_ns is not None:
            self._set(at, y.CALL_BACKOFF, backoff_ns)

    # -- customers ------------------------------------------------------------------------------------------------------------

    def flow_rate(self, flow: str, factor: float) -> None:
        """Intents arrive at `factor` times the workload's rate. More come as a stream of their own; fewer by thinning, so that
        those who do come are the same as ever. Closed populations have no rate."""
        if not factor >= 0:
            raise InputError(f"flow_rate: the factor must be 0 or more, not {factor!r}")
        base, surge = self._find("stream", flow), self._find("stream", f"{flow}/surge")
        if not self._get(base, y.STREAM_RATES):
            raise InputError(f"flow_rate: the flow {flow} has no rate in workload {self.plan.workload.name}")
        self._set_float(base, y.STREAM_FLOATS, y.STREAM_FLOAT_THIN, min(1.0, factor))
        self._set_float(surge, y.STREAM_FLOATS, y.STREAM_FLOAT_FACTOR, max(0.0, factor - 1.0))
        self.machine.act(y.ACT_STREAM, surge)

    def drop_sessions(self, share: float, reconnect_over_ns: int) -> int:
        """This share of the logged-in customers lose their session. Those whose client is open (the workload's `online`, by time
        of day) log in again by themselves within the time, the others when they next want something. Returns how many of the first."""
        require_share("drop_sessions", share)
        login = next((n for n, flow in self.plan.architecture.flows.items() if flow.kind == "login"), None)
        if login is None:
            raise InputError("drop_sessions: the architecture has no flow of kind login")
        customers = np.flatnonzero(accounts.directory(self.machine.ledger) & 1)
        purposes = (f"drop/{self._drops}/{what}" for what in ("who", "when", "online"))
        first, second, third = (uniforms(self.plan.seed_key, purpose, customers) for purpose in purposes)
        self._drops += 1
        lost = first < share
        accounts.lose_sessions(self.machine.ledger, customers[lost])
        back = lost & (third < self._online())
        times = self.machine.now + np.floor(second[back] * reconnect_over_ns).astype(np.int64)
        self._schedule(self._find("stream", f"{login}/reconnect"), times, customers[back])
        return int(back.sum())

    def _online(self) -> float:
        """Share of the logged-in customers whose client is open now."""
        workload = self.plan.workload
        online = workload.accounts.online
        return 1.0 if online is None else online.share(workload.curves, int(self.machine.now) % DAY)

    def burst(self, flow: str, count: int, over_ns: int) -> None:
        """So many intents of the flow come from now on, evenly within `over_ns` (0: all at once), on top of the workload's rate;
        the customer of each is drawn by itself."""
        stream = self._find("stream", f"{flow}/reconnect")  # the flow's stream of listed intents
        numbers = np.arange(count)
        self._bursts += 1
        who = uniforms(self.plan.seed_key, f"burst/{flow}/{self._bursts}", numbers)
        customers = np.floor(who * self.plan.workload.accounts.count).astype(np.int64)
        self._schedule(stream, self.machine.now + np.floor(numbers / count * over_ns).astype(np.int64), customers)

    def _schedule(self, stream: int, times: Ints, customers: Ints) -> None:
        """Adds arrivals (with their customers) to a list stream, behind or between those it still has."""
        at, n = self._get(stream, y.STREAM_LIST), self._get(stream, y.STREAM_LIST_N)
        done = self._get(stream, y.STREAM_NEXT) - self._get(stream, y.STREAM_OVER)
        left = self.machine.m[at + 2 * done : at + 2 * n].reshape(-1, 2)
        pairs = np.concatenate([left, np.stack([times, customers], axis=1)])
        pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
        if not len(pairs):
            return
        base = self.machine.append(pairs.ravel())
        token = self._get(stream, y.STREAM_TOKEN) + 1
        for offset, value in (
            (y.STREAM_LIST, base),
            (y.STREAM_LIST_N, len(pairs)),
            (y.STREAM_OVER, self._get(stream, y.STREAM_NEXT)),
            (y.STREAM_TOKEN, token),
        ):
            self._set(stream, offset, value)
        self.machine.push_arrival(stream, int(pairs[0, 0]), 0, token)

    # -- markets, money ---------------------------------------------------------------------------------------------------------

    def market(self, exchange: str, orders: bool, cancels: bool, overnight: bool = True) -> None:
        """What an exchange takes now; `overnight`: the broker records orders while it takes none. An architecture whose workload
        has no attribute `exchange` has one nameless market, number 0."""
        values = self.plan.attribute_values.get(MARKET, [exchange])
        if exchange not in values:
            raise InputError(f"no exchange is called {exchange!r}; there are: {', '.join(values)}")
        order_books.set_market(self.machine.ledger, values.index(exchange), orders=orders, cancels=cancels, overnight=overnight)

    def lose_unreplicated(self, lag_ns: int) -> int:
        """What the core recorded within the last `lag_ns` is gone from it. Returns the number of orders."""
        return reconciliation.lose_unreplicated(self.machine.ledger, self.machine.used_rows, self.machine.now, lag_ns)

    def settle_day(self, files: Mapping[str, FileState] | None = None) -> dict[str, int]:
        """The settlement batch's writes. `files` says by counterparty how its file is found, good if it is not named. Returns counts of
        what was settled, closed, stranded and confirmed."""
        for counterparty in files or ():
            _known_counterparty(counterparty, WITH_FILE)
        return settlement.end_of_day(self.machine.ledger, self.machine.used_rows, self.machine.now, files=files or {})

    def reconcile(self, counterparty: str) -> dict[str, int]:
        """Compares the core with a counterparty (simcore.counterparties.RECONCILED) and repairs; returns the differences by kind."""
        _known_counterparty(counterparty, RECONCILED)
        return reconciliation.reconcile(self.machine.ledger, self.machine.used_rows, counterparty, self.machine.now)
