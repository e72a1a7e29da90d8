"""The knobs: everything a fault, a person or the calendar may do to the data plane. There are no others.

Each takes effect at once, at the present simulated time. Replicas are numbered from 0, standby ones after the others.
Unknown names raise InputError with what there is. `Injection` is for people and the timetable, whose turn of a knob is its setting
from then on; `Contributor` for whoever does something until it ends it. docs/control.md has the table.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, cast

import numpy as np

from simcore.base.errors import InputError
from simcore.base.units import DAY
from simcore.compile.arena import Floats, Ints
from simcore.compile.plan import Plan
from simcore.control.knobs import (
    Cut,
    Grey,
    Knob,
    Rule,
    Taken,
    V,
    all_take,
    either,
    nested,
    product,
    smallest,
    total,
    union,
    worst,
)
from simcore.counterparties import RECONCILED, WITH_FILE
from simcore.counterparties.counterparty import FileState
from simcore.kernel import layout as y
from simcore.kernel import random
from simcore.kernel.ledger import accounts, reconciliation, settlement
from simcore.kernel.ledger import orders as order_books
from simcore.kernel.machine import Machine
from simcore.kernel.records import CUTS
from simcore.model.index import instance_name
from simcore.model.workload import MARKET


def require_share(what: str, value: float) -> float:
    """The value as a float if it lies in 0 to 1; else raises InputError, which calls it `what`."""
    if not 0.0 <= value <= 1.0:
        raise InputError(f"{what}: a share must lie between 0 and 1, not {value!r}")
    return float(value)


def require_factor(what: str, value: float) -> float:
    """A factor must be 0 or more; raises InputError."""
    if not value >= 0:
        raise InputError(f"{what}: the factor must be 0 or more, not {value!r}")
    return float(value)


def require_above(what: str, value: float) -> float:
    """It must be above 0; raises InputError."""
    if not value > 0:
        raise InputError(f"{what} must be above 0, not {value!r}")
    return float(value)


def require_slots(pool: str, slots: int | None) -> None:
    """A number of slots, or None, must not be negative; raises InputError."""
    if slots is not None and slots < 0:
        raise InputError(f"pool_slots: {pool} cannot have {slots} slots")


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


_CUT_REQUEST, _CUT_ANSWER = (f"link_word/{int(offset)}" for offset in (y.LINK_CUT_REQUEST, y.LINK_CUT_ANSWER))
_MASKED_BY: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("slow", "error_rate", "grey", "contention"), ("down", "hung", "paused", "rotation")),
    "paused": ("down", "hung", "rotation"),
    "hung": ("down", "rotation"),
    "down": ("rotation",),
    f"link_word/{int(y.LINK_ADD)}": (_CUT_REQUEST,),
    f"link_float/{int(y.LINK_FLOAT_FACTOR)}": (_CUT_REQUEST,),
    f"link_float/{int(y.LINK_FLOAT_LOSS_REQUEST)}": (_CUT_REQUEST,),
    f"link_float/{int(y.LINK_FLOAT_LOSS_ANSWER)}": (_CUT_REQUEST, _CUT_ANSWER),
    f"link_float/{int(y.LINK_FLOAT_DUPLICATION)}": (_CUT_REQUEST,),
    _CUT_ANSWER: (_CUT_REQUEST,),
}
"""By knob, the knobs of the same target that keep requests from it while they are on."""

PEOPLE = "people"
"""The contributor that people and the timetable are, all together."""


def _known_counterparty(name: str, known: Collection[str]) -> None:
    if name not in known:
        raise InputError(f"no such counterparty: {name!r}; there are: {', '.join(known)}")


class LinkChanges(NamedTuple):
    """What is to change of a link; None: not that."""

    latency_factor: float | None = None
    latency_add_ns: int | None = None
    loss_request: float | None = None
    loss_answer: float | None = None
    duplication: float | None = None
    partition_request: Cut | None = None
    partition_answer: Cut | None = None

    def floats(self) -> Iterator[tuple[np.uint64, float | None]]:
        """Offsets in the link's float block, with the values."""
        yield y.LINK_FLOAT_FACTOR, self.latency_factor
        yield y.LINK_FLOAT_LOSS_REQUEST, self.loss_request
        yield y.LINK_FLOAT_LOSS_ANSWER, self.loss_answer
        yield y.LINK_FLOAT_DUPLICATION, self.duplication

    def words(self) -> Iterator[tuple[np.uint64, int | None]]:
        """Offsets in the link's record, with the values."""
        yield y.LINK_ADD, self.latency_add_ns
        yield y.LINK_CUT_REQUEST, None if self.partition_request is None else CUTS.number(self.partition_request)
        yield y.LINK_CUT_ANSWER, None if self.partition_answer is None else CUTS.number(self.partition_answer)


class Injection:
    """The knobs of one run, as people and the timetable turn them. Made by the cosimulation; `plan` names what `machine` holds."""

    def __init__(self, plan: Plan, machine: Machine) -> None:
        self.plan, self.machine = plan, machine
        self.down_since: dict[int, int] = {}
        self._closed_gates: set[str] = set()
        self._knobs: dict[tuple[str, object], Knob[Any]] = {}
        self.changed: Callable[[], None] = lambda: None
        """Called after a contribution or a setting has changed."""

    def acts(self, by: str) -> bool:
        """Whether some knob stands elsewhere than it would without this contributor, where requests can come by."""
        return any(knob.differs(by) and not self._masked(name, target) for (name, target), knob in tuple(self._knobs.items()))

    def _masked(self, name: str, target: object) -> bool:
        """Whether nothing comes to what the knob turns: an instance that is down, hung or out of rotation, or a link that is cut."""
        return any(self._value(masking, target) for masking in _MASKED_BY.get(name, ()))

    def _value(self, name: str, target: object) -> object:
        knob = self._knobs.get((name, target))
        return None if knob is None else knob.value

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

    def resources(self, kind: str, name: str) -> dict[str, int]:
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

    # -- the knobs of each target -------------------------------------------------------------------------------------------

    def _touched(self) -> None:
        self.changed()

    def _knob(self, name: str, target: object, rule: Rule[V], setting: V, turned: Callable[[V], None]) -> Knob[V]:
        """The knob of that name of a target, made when it is first turned."""
        made = self._knobs.setdefault((name, target), Knob(rule, setting, turned, self._touched))
        return cast("Knob[V]", made)

    def knobs(self) -> Iterable[Knob[Any]]:
        """Every knob that has been turned, in the order of their first turns."""
        return tuple(self._knobs.values())

    def down(self, service: str, replica: int) -> Knob[int]:
        """Whether the instance is down."""
        instance = self._instance(service, replica)
        return self._knob(
            "down",
            instance,
            union,
            1 - self._planned(instance, y.INSTANCE_UP),
            lambda down: self._turn_down(service, replica, down),
        )

    def hung(self, service: str, replica: int) -> Knob[int]:
        """Whether the instance hangs as soon as it is up."""
        instance = self._instance(service, replica)
        return self._knob("hung", instance, union, 0, lambda _: self._apply_stillness(service, replica))

    def paused(self, service: str, replica: int) -> Knob[int]:
        """Whether the instance stands still as soon as it is up."""
        instance = self._instance(service, replica)
        return self._knob("paused", instance, union, 0, lambda _: self._apply_stillness(service, replica))

    def slowness(self, service: str, replica: int) -> Knob[float]:
        """The factor on an instance's work."""
        instance = self._instance(service, replica)
        return self._knob(
            "slow", instance, product, 1.0, lambda slow: self._set_float(instance, y.INSTANCE_FLOATS, y.INSTANCE_FLOAT_SLOW, slow)
        )

    def workload_of(self, service: str, operation: str) -> Knob[float]:
        """The factor on an operation's work."""
        at = self._find("operation", f"{service}.{operation}")
        return self._knob("work", at, product, 1.0, lambda factor: self._turn_work(at, factor))

    def failing_share(self, service: str, replica: int) -> Knob[float]:
        """The share of an instance's requests that fail."""
        instance = self._instance(service, replica)
        return self._knob("error_rate", instance, either, 0.0, lambda share: self._turn_error(instance, share))

    def greyness(self, service: str, replica: int) -> Knob[tuple[Grey, ...]]:
        """The shares of an instance's requests that are slow."""
        instance = self._instance(service, replica)
        return self._knob("grey", instance, nested, (), lambda greys: self._turn_grey(instance, greys))

    def contention_of(self, service: str, replica: int) -> Knob[float]:
        """An instance's coefficient of contention."""
        instance = self._instance(service, replica)
        setting = self.plan.architecture.services[service].contention
        return self._knob(
            "contention",
            instance,
            total,
            setting,
            lambda c: self._set_float(instance, y.INSTANCE_FLOATS, y.INSTANCE_FLOAT_CONTENTION, c),
        )

    def out_of_rotation(self, service: str, replica: int) -> Knob[int]:
        """Whether no call picks the instance; a standby is out by its setting."""
        instance, at = self._instance(service, replica), self._find("service", service)
        active, n = self._planned(at, y.SERVICE_ACTIVE), self._planned(at, y.SERVICE_ACTIVE_N)
        setting = int(instance not in self.plan.m[active : active + n])
        return self._knob("rotation", instance, union, setting, lambda out: self._turn_rotation(at, instance, out))

    def slots_of(self, label: str) -> Knob[float]:
        """The slots of a pool's instance, while its gate is open."""
        setting = self._planned(self.plan.handles["pool"][label], y.POOL_SLOTS)
        return self._knob("slots", label, smallest, setting, lambda _: self._apply_slots(label))

    def rate_of(self, label: str) -> Knob[float]:
        """The rate of a limit's instance, a second."""
        limit = self.plan.architecture.limits[label.split("#")[0]]
        return self._knob("rate", label, smallest, limit.rate, lambda rate: self._turn_rate(label, limit.burst, rate))

    def link_float(self, at: int, offset: np.uint64) -> Knob[float]:
        """A share or the latency's factor of a link, by its handle and the word's offset."""
        setting = float(self.plan.f[self._planned(at, y.LINK_FLOATS) + int(offset)])
        rule = product if offset == y.LINK_FLOAT_FACTOR else either
        return self._knob(f"link_float/{int(offset)}", at, rule, setting, lambda value: self._turn_link_float(at, offset, value))

    def link_word(self, at: int, offset: np.uint64) -> Knob[float]:
        """What is added to a link's latency, ns, or how one direction is cut."""
        rule: Rule[float] = total if offset == y.LINK_ADD else worst  # type: ignore[assignment]
        return self._knob(
            f"link_word/{int(offset)}", at, rule, self._planned(at, offset), lambda value: self._turn_link_word(at, offset, value)
        )

    def rate_factor(self, flow: str) -> Knob[float]:
        """The factor on the rate of a flow. Raises InputError if it has none."""
        base = self._find("stream", flow)
        if not self._get(base, y.STREAM_RATES):
            raise InputError(f"flow_rate: the flow {flow} has no rate in workload {self.plan.workload.name}")
        return self._knob("flow_rate", flow, product, 1.0, lambda factor: self._turn_flow(flow, factor))

    def market_of(self, exchange: str) -> Knob[Taken]:
        """What an exchange takes. An architecture whose workload has no attribute `exchange` has one nameless market, number 0."""
        values = self.plan.attribute_values.get(MARKET, [exchange])
        if exchange not in values:
            raise InputError(f"no exchange is called {exchange!r}; there are: {', '.join(values)}")
        number = values.index(exchange)
        return self._knob(
            "market",
            number,
            all_take,
            Taken(True, True),
            lambda t: order_books.set_market(
                self.machine.ledger, number, orders=t.orders, cancels=t.cancels, overnight=t.overnight
            ),
        )

    def _planned(self, at: int, offset: np.uint64) -> int:
        """A word as it was compiled."""
        return int(self.plan.m[at + int(offset)])

    # -- turning them in the kernel -----------------------------------------------------------------------------------------

    def _turn_down(self, service: str, replica: int, down: int) -> None:
        instance = self._instance(service, replica)
        if not down:
            self._set(instance, y.INSTANCE_UP, 1)
            self.down_since.pop(instance, None)
            for task in self.machine.take_parked(instance):
                self.machine.make_ready(y.GO_START, task, 0)
            self._apply_stillness(service, replica)
            return
        self._set(instance, y.INSTANCE_UP, 0)
        self._set(instance, y.INSTANCE_HUNG, 0)
        self._set(instance, y.INSTANCE_PAUSED, 0)
        self.down_since[instance] = self.machine.now
        for label, site in self.plan.handles["call"].items():
            if label.split(".", 1)[0] == service:
                state = self._get(site, y.CALL_STATES) + replica * int(y.STATE_SIZE)
                self.machine.m[state : state + int(y.STATE_SIZE)] = 0
                self._set(state, y.STATE_TOKENS, self._get(site, y.CALL_BUDGET_BURST))
        for task in self.machine.live_at(instance):
            self.machine.act(y.ACT_KILL, task)

    def _apply_stillness(self, service: str, replica: int) -> None:
        """An instance that is up hangs or is paused as its knobs say; what was parked goes on when it is neither."""
        instance = self._instance(service, replica)
        if not self._get(instance, y.INSTANCE_UP):
            return
        paused = self.paused(service, replica).value
        was, still = self._get(instance, y.INSTANCE_PAUSED), int(paused or self.hung(service, replica).value)
        self._set(instance, y.INSTANCE_PAUSED, paused)
        self._set(instance, y.INSTANCE_HUNG, still)
        if paused and not was:
            self.machine.stop_work(instance)
        elif was and not paused:
            self.machine.go_on_with_work(instance)
        for task in () if still else self.machine.take_parked(instance):
            self.machine.make_ready(y.GO_THAW, task, self._get(task, y.TASK_WAIT))

    def _turn_work(self, operation: int, factor: float) -> None:
        step = self._get(operation, y.OPERATION_ENTRY)
        while self._get(step, y.INSTR_CODE) != y.DO_RETURN:
            if self._get(step, y.INSTR_CODE) == y.DO_WORK:
                at = self._get(step, y.INSTR_A)
                record = scaled(self.plan.f, at, factor)
                self.machine.f[at : at + len(record)] = record
            step += int(y.INSTR_SIZE)

    def _turn_error(self, instance: int, share: float) -> None:
        self._set_float(instance, y.INSTANCE_FLOATS, y.INSTANCE_FLOAT_ERROR, share)
        self._mark_special(instance)

    def _turn_grey(self, instance: int, greys: tuple[Grey, ...]) -> None:
        """The first, which has the largest share, stands with the instance, the others in a block of their own."""
        first, more = (greys[0] if greys else Grey(0.0, 1.0)), greys[1:]
        self._set_float(instance, y.INSTANCE_FLOATS, y.INSTANCE_FLOAT_GREY, first.share)
        self._set_float(instance, y.INSTANCE_FLOATS, y.INSTANCE_FLOAT_GREY_FACTOR, first.factor)
        if more:
            self._set(instance, y.INSTANCE_GREY_MORE, self.machine.append_floats(tuple(x for grey in more for x in grey)))
        self._set(instance, y.INSTANCE_GREY_MORE_N, len(more))
        self._mark_special(instance)

    def _mark_special(self, instance: int) -> None:
        floats, f = self._get(instance, y.INSTANCE_FLOATS), self.machine.f
        self._set(
            instance,
            y.INSTANCE_SPECIAL,
            f[floats + int(y.INSTANCE_FLOAT_ERROR)] > 0 or f[floats + int(y.INSTANCE_FLOAT_GREY)] > 0,
        )

    def _turn_rotation(self, at: int, instance: int, out: int) -> None:
        m, active, instances = self.machine.m, self._get(at, y.SERVICE_ACTIVE), self._get(at, y.SERVICE_INSTANCES)
        inside = set(m[active : active + self._get(at, y.SERVICE_ACTIVE_N)].tolist())
        inside = inside - {instance} if out else inside | {instance}
        ordered = [u for u in m[instances : instances + self._get(at, y.SERVICE_INSTANCES_N)].tolist() if u in inside]
        m[active : active + len(ordered)] = ordered
        self._set(at, y.SERVICE_ACTIVE_N, len(ordered))

    def _apply_slots(self, label: str) -> None:
        at, pool = self.plan.handles["pool"][label], self.plan.architecture.pools[label.split("#")[0]]
        self.machine.account_pools([at])
        self._set(at, y.POOL_SLOTS, 0 if pool.gate in self._closed_gates else int(self.slots_of(label).value))
        if self._get(at, y.QUEUE_LENGTH):
            self.machine.act(y.ACT_GRANT, at)

    def _turn_rate(self, label: str, burst: int, per_second: float) -> None:
        at, interval = self.plan.handles["limit"][label], max(1, round(1e9 / per_second))
        self._set(at, y.LIMIT_INTERVAL, interval)
        self._set(at, y.LIMIT_TOLERANCE, (burst - 1) * interval)

    def _turn_link_float(self, at: int, offset: np.uint64, value: float) -> None:
        self._set_float(at, y.LINK_FLOATS, offset, value)
        self._mark_clean(at)

    def _turn_link_word(self, at: int, offset: np.uint64, value: float) -> None:
        self._set(at, offset, int(value))
        self._mark_clean(at)
        if not value and offset == y.LINK_CUT_REQUEST:
            self.machine.let_go(at, y.TRAVELLING)
        elif not value and offset == y.LINK_CUT_ANSWER:
            self.machine.let_go(at, y.ANSWERING)

    def _mark_clean(self, at: int) -> None:
        floats, f, latency = self._get(at, y.LINK_FLOATS), self.machine.f, self._get(at, y.LINK_LATENCY)
        disturbed = f[floats] or f[floats + 1] or f[floats + 2] or self._get(at, y.LINK_ADD)
        cut = self._get(at, y.LINK_CUT_REQUEST) or self._get(at, y.LINK_CUT_ANSWER)
        instant = f[latency] == random.CONSTANT and f[latency + 1] == 0.0
        self._set(at, y.LINK_CLEAN, bool(instant and not disturbed and not cut))

    def _turn_flow(self, flow: str, factor: float) -> None:
        base, surge = self._find("stream", flow), self._find("stream", f"{flow}/surge")
        self._set_float(base, y.STREAM_FLOATS, y.STREAM_FLOAT_THIN, min(1.0, factor))
        self._set_float(surge, y.STREAM_FLOATS, y.STREAM_FLOAT_FACTOR, max(0.0, factor - 1.0))
        self.machine.act(y.ACT_STREAM, surge)

    # -- instances --------------------------------------------------------------------------------------------------------------

    def crash(self, service: str, replica: int = 0) -> None:
        """The instance stops: what lives there dies (callers get a reset), requests are refused until a restart."""
        self.down(service, replica).contribute(PEOPLE, 1, firm=False)

    def restart(self, service: str, replica: int = 0) -> None:
        """The instance is restarted, whoever stopped it or made it hang, unless what holds it down is firm. It takes the durable
        messages that waited for it. It does not change rotation."""
        down = self.down(service, replica)
        if down.value:
            self.hung(service, replica).set(0)
            self.paused(service, replica).set(0)
            down.set(0)

    def hang(self, service: str, replica: int = 0) -> None:
        """The instance answers nothing and does nothing, until a thaw, a crash or a restart after one."""
        if not self.down(service, replica).value:
            self.hung(service, replica).contribute(PEOPLE, 1, firm=False)

    def thaw(self, service: str, replica: int = 0) -> None:
        """An instance that these hung goes on where it stood."""
        self.hung(service, replica).release(PEOPLE)

    def pause(self, service: str, replica: int = 0) -> None:
        """The instance stands still, until it is resumed, or crashes: it keeps its work and what arrives, and goes on with both."""
        if not self.down(service, replica).value:
            self.paused(service, replica).contribute(PEOPLE, 1, firm=False)

    def resume(self, service: str, replica: int = 0) -> None:
        """An instance that these paused goes on with what it has."""
        self.paused(service, replica).release(PEOPLE)

    def slow(self, service: str, replica: int, factor: float) -> None:
        """Work that begins from now on takes `factor` times as long (1 = normal)."""
        self.slowness(service, replica).set(require_factor("slow", factor))

    def work(self, service: str, operation: str, factor: float) -> None:
        """Work of this operation that begins from now on takes `factor` times as long at every replica (1 = normal)."""
        self.workload_of(service, operation).set(require_above("work: the factor", factor))

    def error_rate(self, service: str, replica: int, share: float) -> None:
        """This share of the instance's requests fails with `error` before their first step."""
        self.failing_share(service, replica).set(require_share("error_rate", share))

    def grey(self, service: str, replica: int, share: float, factor: float) -> None:
        """The work of this share of the instance's requests takes `factor` times as long."""
        self.greyness(service, replica).set((Grey(require_share("grey", share), float(factor)),))

    def contention(self, service: str, replica: int, coefficient: float) -> None:
        """How much each other task at work slows one that begins (0 = not at all)."""
        self.contention_of(service, replica).set(float(coefficient))

    def rotate_in(self, service: str, replica: int = 0) -> None:
        """Calls may pick the instance, unless what keeps it out is firm."""
        self.out_of_rotation(service, replica).set(0)

    def rotate_out(self, service: str, replica: int = 0) -> None:
        """Takes an instance out of rotation: calls no longer pick it, and what it is doing is finished."""
        self.out_of_rotation(service, replica).set(1)

    # -- pools, gates, limits -----------------------------------------------------------------------------------------------

    def pool_slots(self, pool: str, slots: int | None) -> None:
        """New number of slots, None for what the architecture says; more are granted at once, fewer as those in use come free."""
        require_slots(pool, slots)
        for name, at in self.resources("pool", pool).items():
            self.slots_of(name).set(self._planned(at, y.POOL_SLOTS) if slots is None else slots)

    def pool_queue(self, pool: str, limit: int) -> None:
        """Sets how many may wait for a slot; those in the queue stay even if they are more."""
        for at in self.resources("pool", pool).values():
            self._set(at, y.POOL_QUEUE_LIMIT, limit)

    def gate(self, name: str, open: bool) -> None:
        """Opens or closes every pool with `gate: name`; closed, it starts nothing and its queue waits."""
        (self._closed_gates.discard if open else self._closed_gates.add)(name)
        for label in self.plan.handles["pool"]:
            if self.plan.architecture.pools[label.split("#")[0]].gate == name:
                self._apply_slots(label)

    def limit_rate(self, limit: str, per_second: float) -> None:
        """Sets a rate limit to so many requests a second; its burst stays. Raises InputError unless the rate is above 0."""
        require_above("limit_rate: the rate", per_second)
        for label in self.resources("limit", limit):
            self.rate_of(label).set(per_second)

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
        partition_request: Cut | None = None,
        partition_answer: Cut | None = None,
    ) -> None:
        """Changes what is named of the link from `source` to `target`; each direction on its own."""
        changes = LinkChanges(
            latency_factor, latency_add_ns, loss_request, loss_answer, duplication, partition_request, partition_answer
        )
        for knob, value in self.link_knobs(source, target, changes):
            knob.set(value)

    def link_knobs(self, source: str, target: str, changes: LinkChanges) -> Iterator[tuple[Knob[float], float]]:
        """The knobs of a link that are to change, with what they change by."""
        at = self._find("link", f"{source}-{target}")
        for offset, value in changes.floats():
            if value is not None:
                factor = offset == y.LINK_FLOAT_FACTOR
                yield self.link_float(at, offset), float(value) if factor else require_share("link", value)
        for offset, given in changes.words():
            if given is not None:
                yield self.link_word(at, offset), int(given)

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
        self.rate_factor(flow).set(require_factor("flow_rate", factor))

    def drop_sessions(self, share: float, reconnect_over_ns: int) -> int:
        """This share of the logged-in customers lose their session. Those whose client is open (the workload's `online`, by time
        of day) log in again by themselves within the time, the others when they next want something. Returns how many of the first."""
        return self.drop_sessions_for(PEOPLE, share, reconnect_over_ns)

    def drop_sessions_for(self, by: str, share: float, reconnect_over_ns: int) -> int:
        """As `drop_sessions`; whose sessions they are goes by who does it and when."""
        require_share("drop_sessions", share)
        login = next((n for n, flow in self.plan.architecture.flows.items() if flow.kind == "login"), None)
        if login is None:
            raise InputError("drop_sessions: the architecture has no flow of kind login")
        customers = np.flatnonzero(accounts.directory(self.machine.ledger) & 1)
        purposes = (f"drop/{by}/{self.machine.now}/{what}" for what in ("who", "when", "online"))
        first, second, third = (uniforms(self.plan.seed_key, purpose, customers) for purpose in purposes)
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
        self.burst_for(PEOPLE, flow, count, over_ns)

    def burst_for(self, by: str, flow: str, count: int, over_ns: int) -> None:
        """As `burst`; who the customers are goes by who does it and when."""
        stream = self._find("stream", f"{flow}/reconnect")  # the flow's stream of listed intents
        numbers = np.arange(count)
        who = uniforms(self.plan.seed_key, f"burst/{flow}/{by}/{self.machine.now}", numbers)
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
        """What an exchange takes now; `overnight`: the broker records orders while it takes none."""
        self.market_of(exchange).set(Taken(orders, cancels, overnight))

    def lose_unreplicated(self, lag_ns: int) -> int:
        """Deletes from the core's books what it entered within the last `lag_ns`, ns: what the primary had not yet sent to its standby. The
        exchange keeps what it has. Returns the number of orders that are lost to the core."""
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


class Contributor:
    """The knobs as one step of a scenario, or one permanent defect, turns them: what it does is its contribution, called `by`, and it
    takes back its own alone. With `firm` false a contribution lasts until people turn the same knob."""

    def __init__(self, injection: Injection, by: str) -> None:
        self._injection, self.by = injection, by

    def release(self) -> None:
        """Takes back everything."""
        for knob in self._injection.knobs():
            knob.release(self.by)

    def acts(self) -> bool:
        """Whether requests could tell: some knob stands elsewhere than it would without this contributor, and nothing else keeps
        requests from what the knob turns."""
        return self._injection.acts(self.by)

    # -- instances --------------------------------------------------------------------------------------------------------------

    def crash(self, service: str, replica: int = 0, *, firm: bool = False) -> None:
        """The instance is down, until this contributor or people start it; if it is `firm`, until this contributor does."""
        self._injection.down(service, replica).contribute(self.by, 1, firm=firm)

    def restart(self, service: str, replica: int = 0) -> None:
        """This contributor no longer keeps the instance down."""
        self._injection.down(service, replica).release(self.by)

    def keeps_down(self, service: str, replica: int = 0) -> bool:
        """Whether this contributor's crash has not ended yet."""
        return self._injection.down(service, replica).holds(self.by)

    def hang(self, service: str, replica: int = 0, *, firm: bool = False) -> None:
        """The instance hangs while it is up, until this contributor thaws it or people restart it."""
        self._injection.hung(service, replica).contribute(self.by, 1, firm=firm)

    def thaw(self, service: str, replica: int = 0) -> None:
        """This contributor no longer makes the instance hang."""
        self._injection.hung(service, replica).release(self.by)

    def pause(self, service: str, replica: int = 0) -> None:
        """The instance stands still while it is up, until this contributor resumes it or people restart it."""
        self._injection.paused(service, replica).contribute(self.by, 1, firm=False)

    def resume(self, service: str, replica: int = 0) -> None:
        """This contributor no longer makes the instance stand still."""
        self._injection.paused(service, replica).release(self.by)

    def keeps_paused(self, service: str, replica: int = 0) -> bool:
        """Whether this contributor's pause has not ended yet."""
        return self._injection.paused(service, replica).holds(self.by)

    def slow(self, service: str, replica: int, factor: float) -> None:
        """A factor on all work of the instance that begins from now on."""
        self._injection.slowness(service, replica).contribute(self.by, require_factor("slow", factor))

    def work(self, service: str, operation: str, factor: float) -> None:
        """A factor on work of this operation that begins from now on, at every replica."""
        self._injection.workload_of(service, operation).contribute(self.by, require_above("work: the factor", factor))

    def error_rate(self, service: str, replica: int, share: float) -> None:
        """A share of the instance's requests that fails with `error`, independently of the shares of others."""
        self._injection.failing_share(service, replica).contribute(self.by, require_share("error_rate", share))

    def grey(self, service: str, replica: int, share: float, factor: float) -> None:
        """A share of the instance's requests whose work takes `factor` times as long."""
        grey = Grey(require_share("grey", share), float(factor))
        self._injection.greyness(service, replica).contribute(self.by, (grey,))

    def contention(self, service: str, replica: int, coefficient: float) -> None:
        """A coefficient in place of the architecture's; of several, what each is more than that adds up."""
        more = float(coefficient) - self._injection.plan.architecture.services[service].contention
        self._injection.contention_of(service, replica).contribute(self.by, more)

    def rotate_out(self, service: str, replica: int = 0, *, firm: bool = False) -> None:
        """No call picks the instance, until this contributor or people put it in."""
        self._injection.out_of_rotation(service, replica).contribute(self.by, 1, firm=firm)

    def rotate_in(self, service: str, replica: int = 0) -> None:
        """This contributor no longer keeps the instance out."""
        self._injection.out_of_rotation(service, replica).release(self.by)

    # -- pools, limits, links -----------------------------------------------------------------------------------------------

    def pool_slots(self, pool: str, slots: int | None, *, firm: bool = True) -> None:
        """The pool has so many slots at most; None: as far as this contributor goes, all."""
        require_slots(pool, slots)
        for label in self._injection.resources("pool", pool):
            knob = self._injection.slots_of(label)
            if slots is None:
                knob.release(self.by)
            else:
                knob.contribute(self.by, slots, firm=firm)

    def limit_rate(self, limit: str, per_second: float, *, firm: bool = True) -> None:
        """The limit lets so many through a second at most."""
        require_above("limit_rate: the rate", per_second)
        for label in self._injection.resources("limit", limit):
            self._injection.rate_of(label).contribute(self.by, per_second, firm=firm)

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
        partition_request: Cut | None = None,
        partition_answer: Cut | None = None,
    ) -> None:
        """Factors, additions, shares and cuts on top of what the link from `source` to `target` has of itself and by others."""
        changes = LinkChanges(
            latency_factor, latency_add_ns, loss_request, loss_answer, duplication, partition_request, partition_answer
        )
        for knob, value in self._injection.link_knobs(source, target, changes):
            knob.contribute(self.by, value)

    # -- customers, markets -------------------------------------------------------------------------------------------------

    def flow_rate(self, flow: str, factor: float) -> None:
        """A factor on the rate at which intents of the flow arrive."""
        self._injection.rate_factor(flow).contribute(self.by, require_factor("flow_rate", factor))

    def drop_sessions(self, share: float, reconnect_over_ns: int) -> int:
        """As `Injection.drop_sessions`: it happens at once, and there is nothing to take back."""
        return self._injection.drop_sessions_for(self.by, share, reconnect_over_ns)

    def burst(self, flow: str, count: int, over_ns: int) -> None:
        """As `Injection.burst`: there is nothing to take back."""
        self._injection.burst_for(self.by, flow, count, over_ns)

    def market(self, exchange: str, orders: bool, cancels: bool, overnight: bool = True) -> None:
        """What the exchange takes at most, as far as this contributor goes."""
        self._injection.market_of(exchange).contribute(self.by, Taken(orders, cancels, overnight))
