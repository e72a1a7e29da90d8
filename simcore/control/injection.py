"""The knobs: everything a fault, a person or the calendar may do to the data plane. There are no others.

Each takes effect at once, at the present simulated time. Replicas are numbered from 0, standby ones after the others.
Unknown names raise InputError with what there is. `Injection` is for people and the timetable, whose turn of a knob is its setting
from then on; `Contributor` (simcore.control.contributor) for whoever does something until it ends it. What a knob then stands at is
done by a switchboard (simcore.control.switches). docs/control.md has the table.
"""

from __future__ import annotations

import difflib
import functools
import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, Generic, Literal, NamedTuple, cast

import numpy as np

from simcore.base.errors import InputError
from simcore.base.units import DAY
from simcore.control.chance import uniforms
from simcore.control.handles import PlanView
from simcore.control.knobs import (
    Band,
    Cut,
    Grey,
    Knob,
    Rate,
    Rule,
    Taken,
    V,
    all_take,
    either,
    nested,
    product,
    rates,
    smallest,
    total,
    union,
    worst,
)
from simcore.control.switches import LinkState, Switchboard
from simcore.counterparties import RECONCILED, WITH_FILE
from simcore.counterparties.counterparty import FileState
from simcore.model.architecture import Link
from simcore.model.index import CLIENT_INSTANCE, instance_name


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


_MASKED_BY: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("slow", "work", "error_rate", "grey", "contention"), ("down", "hung", "paused", "rotation")),
    "paused": ("down", "hung", "rotation"),
    "hung": ("down", "rotation"),
    "down": ("rotation",),
    **dict.fromkeys(("latency_factor", "latency_add_ns", "loss_request", "duplication"), ("partition_request",)),
    "loss_answer": ("partition_request", "partition_answer"),
    "partition_answer": ("partition_request",),
}
"""By knob, the knobs of the same target that keep requests from it while they are on."""
_HIT_BY = {"loss_request": "lost_request", "loss_answer": "lost_answer", "duplication": "duplicated"}
"""By share of a link, the counter of what it hits."""
_OFF = (None, 0, "none")
"""The values of a knob that masks others at which it does not."""


def _to_a_billionth(factor: float) -> float:
    """So far factors differ for anybody: times are in whole ns."""
    return round(factor, 9)


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


class Turn(NamedTuple, Generic[V]):
    """A knob, and what it is turned to."""

    knob: Knob[V]
    value: V

    def set(self) -> None:
        """By people: it is the knob's setting from now on."""
        self.knob.set(self.value)

    def contribute(self, by: str) -> None:
        """By a contributor, until it takes it back."""
        self.knob.contribute(by, self.value)


Kind = Literal["unit", "service", "operation", "call", "pool", "limit", "link", "flow"]


class Injection:
    """The knobs of one run, as people and the timetable turn them: `plan` says what there is, and `switches` does what they come to."""

    def __init__(self, plan: PlanView, switches: Switchboard) -> None:
        self.plan, self._switches = plan, switches
        self._closed_gates: set[str] = set()
        self._links: dict[str, LinkState] = {}
        self._knobs: dict[tuple[str, object], Knob[Any]] = {}
        self.changed: Callable[[], None] = lambda: None
        """Called after a contribution or a setting has changed."""

    def acts(self, by: str) -> bool:
        """Whether some knob stands elsewhere than it would without this contributor, where requests can come by."""
        return any(knob.differs(by) and not self._masked(name, target) for (name, target), knob in tuple(self._knobs.items()))

    def _masked(self, name: str, target: object) -> bool:
        """Whether nothing comes to what the knob turns: an instance that is down, hung or out of rotation, or a link that is cut; or whether it is
        a factor on what takes no time."""
        timeless = False
        if name == "latency_factor":
            timeless = not self.plan.index.links[str(target)].latency.takes_time
        elif name == "work":
            operation, _, number = str(target).partition("#")
            timeless, target = not self.plan.index.works(operation), f"{operation.partition('.')[0]}#{number}"
        return timeless or any(self._value(masking, target) not in _OFF for masking in _MASKED_BY.get(name, ()))

    def _value(self, name: str, target: object) -> object:
        knob = self._knobs.get((name, target))
        return None if knob is None else knob.value

    # -- finding ----------------------------------------------------------------------------------------------------------

    def _names(self, kind: Kind) -> Collection[str]:
        """What there is of a kind, as it is called in a run."""
        index, architecture = self.plan.index, self.plan.architecture
        if kind == "pool" or kind == "limit":
            resources: Iterable[str] = architecture.pools if kind == "pool" else architecture.limits
            return [label for name in resources for label in index.resource_names(name)]
        known: dict[str, Collection[str]] = {
            "unit": (*index.instances, CLIENT_INSTANCE),
            "service": architecture.services,
            "operation": index.bodies,
            "call": index.call_sites,
            "link": index.links,
            "flow": architecture.flows,
        }
        return known[kind]

    def _find(self, kind: Kind, name: str) -> str:
        """The name, if there is something of that kind with it."""
        names = self._names(kind)
        if name not in names:
            close = difflib.get_close_matches(name, names, 1)
            raise InputError(
                f"no {kind} is called {name!r}"
                + (f"; did you mean {close[0]}?" if close else f"; there are: {', '.join(sorted(names))[:300]}")
            )
        return name

    def _instance(self, service: str, replica: int) -> str:
        return self._find("unit", instance_name(service, replica))

    def labels_of(self, kind: Literal["pool", "limit"], name: str) -> list[str]:
        """A pool or limit by its name: the shared one, or the instances of all replicas; `name#i` is one of them."""
        return [k for k in self._names(kind) if k == name or k.startswith(f"{name}#")] or [self._find(kind, name)]

    # -- the knobs of each target -------------------------------------------------------------------------------------------

    def _touched(self) -> None:
        self.changed()

    def _knob(
        self,
        name: str,
        target: object,
        rule: Rule[V],
        setting: V,
        turned: Callable[[V], None],
        level: Callable[[V], object] = lambda value: value,
    ) -> Knob[V]:
        """The knob of that name of a target, made when it is first turned."""
        if (name, target) not in self._knobs:
            self._knobs[name, target] = Knob(rule, setting, turned, self._touched, lambda: self._switches.now, level)
        return cast("Knob[V]", self._knobs[name, target])

    def _share_knob(
        self, name: str, target: str, setting: float, turned: Callable[[float], None], counter: tuple[str, str]
    ) -> Knob[float]:
        """A knob that is a share. Of what `counter` (kind, field) counts each contributor is credited with what its part of the share hit."""

        def turn(share: float) -> None:
            turned(share)
            bands = [Band(added.by, knob.without(added.by), share) for added in knob.contributions()]
            self._switches.watch(counter[0], target, counter[1], bands)

        knob = self._knob(name, target, either, setting, turn)
        return knob

    def knobs(self) -> Iterable[Knob[Any]]:
        """Every knob that has been turned, in the order of their first turns."""
        return tuple(self._knobs.values())

    def down(self, service: str, replica: int) -> Knob[int]:
        """Whether the instance is down."""
        instance = self._instance(service, replica)
        return self._knob("down", instance, union, 0, lambda down: self._turn_down(service, replica, bool(down)))

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
            "slow", instance, product, 1.0, lambda slow: self._switches.set_slowness(service, replica, slow), _to_a_billionth
        )

    def workload_of(self, service: str, operation: str, replica: int) -> Knob[float]:
        """The factor on an operation's work at an instance."""
        name = self._find("operation", f"{service}.{operation}")
        self._instance(service, replica)
        turn = functools.partial(self._switches.set_work, service, operation, replica)
        return self._knob("work", instance_name(name, replica), product, 1.0, turn, _to_a_billionth)

    def workloads_of(self, service: str, operation: str, replica: int | None) -> list[Knob[float]]:
        """Those of one instance, or of all."""
        self._find("operation", f"{service}.{operation}")
        every = range(self.plan.architecture.services[service].instances)
        return [self.workload_of(service, operation, number) for number in (every if replica is None else (replica,))]

    def failing_share(self, service: str, replica: int) -> Knob[float]:
        """The share of an instance's requests that fail."""
        instance = self._instance(service, replica)
        turned = functools.partial(self._switches.set_error_share, service, replica)
        return self._share_knob("error_rate", instance, 0.0, turned, ("unit", "errors_injected"))

    def greyness(self, service: str, replica: int) -> Knob[tuple[Grey, ...]]:
        """The shares of an instance's requests that are slow."""
        instance = self._instance(service, replica)

        def turn(greys: tuple[Grey, ...]) -> None:
            self._switches.set_grey(service, replica, greys)
            each = [(by, grey) for by, added in knob.contributions() for grey in added if grey.factor != 1.0]
            self._switches.watch("unit", instance, "slowed", [Band(by, 0.0, grey.share) for by, grey in each])

        nothing: tuple[Grey, ...] = ()
        knob = self._knob("grey", instance, nested, nothing, turn)
        return knob

    def contention_of(self, service: str, replica: int) -> Knob[float]:
        """An instance's coefficient of contention."""
        instance, setting = self._instance(service, replica), self.plan.architecture.services[service].contention
        return self._knob("contention", instance, total, setting, lambda c: self._switches.set_contention(service, replica, c))

    def out_of_rotation(self, service: str, replica: int) -> Knob[int]:
        """Whether no call picks the instance; a standby is out by its setting."""
        instance = self._instance(service, replica)
        made = self.plan.index.instances.get(instance)
        setting = int(made is not None and made.standby)
        return self._knob(
            "rotation", instance, union, setting, lambda out: self._switches.set_out_of_rotation(service, replica, bool(out))
        )

    def slots_of(self, label: str) -> Knob[float]:
        """The slots of a pool's instance, while its gate is open; infinity: without limit."""
        return self._knob("slots", label, smallest, self._planned_slots(label), lambda _: self._apply_slots(label))

    def _planned_slots(self, label: str) -> float:
        slots = self.plan.index.slots_of(label)
        return math.inf if slots is None else slots

    def rate_of(self, label: str) -> Knob[float]:
        """The rate of a limit's instance, a second."""
        limit = self.plan.architecture.limits[label.split("#")[0]]
        return self._knob("rate", label, smallest, limit.rate, lambda rate: self._switches.set_rate(label, limit.burst, rate))

    def rate_factor(self, flow: str) -> Knob[Rate]:
        """The factor on the rate of a flow. Raises InputError if it has none."""
        load = self.plan.workload.flows.get(self._find("flow", flow))
        if load is None or load.closed or load.follows:
            raise InputError(f"flow_rate: the flow {flow} has no rate in workload {self.plan.workload.name}")
        turned = functools.partial(self._switches.set_flow_rate, flow)
        return self._knob("flow_rate", flow, rates, Rate(1.0), turned, lambda rate: rate.factor)

    def met_by(self, kind: str, name: str, field: str, by: str) -> int | None:
        """How much of a counter is due to a contributor alone; None where nobody counts that."""
        return self._switches.met_by(kind, name, field, by)

    def market_of(self, exchange: str) -> Knob[Taken]:
        """What an exchange takes. An architecture whose workload has no attribute `exchange` has one nameless market, number 0."""
        markets = self.plan.markets or [exchange]
        if exchange not in markets:
            raise InputError(f"no exchange is called {exchange!r}; there are: {', '.join(markets)}")
        number = markets.index(exchange)
        return self._knob("market", number, all_take, Taken(True, True), lambda taken: self._switches.set_market(number, taken))

    # -- what several knobs come to -----------------------------------------------------------------------------------------

    def _turn_down(self, service: str, replica: int, down: bool) -> None:
        self._switches.set_down(service, replica, down)
        self._apply_stillness(service, replica)

    def _apply_stillness(self, service: str, replica: int) -> None:
        """An instance that is up hangs or is paused as its knobs say."""
        if not self._value("down", instance_name(service, replica)):
            paused = bool(self.paused(service, replica).value)
            self._switches.set_still(service, replica, hung=bool(self.hung(service, replica).value), paused=paused)

    def _apply_slots(self, label: str) -> None:
        """A pool has the slots that its knob says while its gate is open, and none while it is shut."""
        slots = 0.0 if self._gate_of(label) in self._closed_gates else self.slots_of(label).value
        self._switches.set_slots(label, None if math.isinf(slots) else int(slots))

    def _gate_of(self, label: str) -> str | None:
        return self.plan.architecture.pools[label.split("#")[0]].gate

    def _link_knob(self, link: Link, name: str, rule: Rule[V], setting: V) -> Knob[V]:
        """A knob of a link, by the name of what it turns in its LinkState."""
        return self._knob(name, link.label, rule, setting, lambda value: self._turn_link(link, {name: value}))

    def _turn_link_share(self, link: Link, name: str, share: float) -> None:
        self._turn_link(link, {name: share})

    def _turn_link(self, link: Link, change: Mapping[str, Any]) -> None:
        planned = LinkState(1.0, 0, link.loss.request, link.loss.answer, link.duplication, "none", "none")
        state = self._links[link.label] = self._links.get(link.label, planned)._replace(**change)
        self._switches.set_link(link.source, link.target, state)

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

    def work(self, service: str, operation: str, factor: float, replica: int | None = None) -> None:
        """Work of this operation that begins from now on takes `factor` times as long (1 = normal), at one instance or at all."""
        for knob in self.workloads_of(service, operation, replica):
            knob.set(require_above("work: the factor", factor))

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
        for label in self.labels_of("pool", pool):
            self.slots_of(label).set(self._planned_slots(label) if slots is None else slots)

    def pool_queue(self, pool: str, limit: int) -> None:
        """Sets how many may wait for a slot; those in the queue stay even if they are more."""
        for label in self.labels_of("pool", pool):
            self._switches.set_queue_limit(label, limit)

    def gate(self, name: str, open: bool) -> None:
        """Opens or closes every pool with `gate: name`; closed, it starts nothing and its queue waits."""
        (self._closed_gates.discard if open else self._closed_gates.add)(name)
        for label in self._names("pool"):
            if self._gate_of(label) == name:
                self._apply_slots(label)

    def limit_rate(self, limit: str, per_second: float) -> None:
        """Sets a rate limit to so many requests a second; its burst stays. Raises InputError unless the rate is above 0."""
        require_above("limit_rate: the rate", per_second)
        for label in self.labels_of("limit", limit):
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
        for turn in self.link_turns(source, target, changes):
            turn.set()

    def link_turns(self, source: str, target: str, changes: LinkChanges) -> Iterator[Turn[float] | Turn[Cut]]:
        """The knobs of a link that are to change, with what they change to. Raises InputError for what is no share."""
        link = self.plan.index.links[self._find("link", f"{source}-{target}")]
        nothing: float = 0
        whole: Cut = "none"
        if changes.latency_factor is not None:
            yield Turn(self._link_knob(link, "latency_factor", product, 1.0), float(changes.latency_factor))
        for name, share, planned in (
            ("loss_request", changes.loss_request, link.loss.request),
            ("loss_answer", changes.loss_answer, link.loss.answer),
            ("duplication", changes.duplication, link.duplication),
        ):
            if share is not None:
                turned = functools.partial(self._turn_link_share, link, name)
                knob = self._share_knob(name, link.label, float(planned), turned, ("link", _HIT_BY[name]))
                yield Turn(knob, require_share("link", share))
        if changes.latency_add_ns is not None:
            yield Turn(self._link_knob(link, "latency_add_ns", total, nothing), int(changes.latency_add_ns))
        for name, cut in (("partition_request", changes.partition_request), ("partition_answer", changes.partition_answer)):
            if cut is not None:
                yield Turn(self._link_knob(link, name, worst, whole), cut)

    def call_policy(
        self, site: str, *, timeout_ns: int | None = None, attempts: int | None = None, backoff_ns: int | None = None
    ) -> None:
        """Changes a call site's policy (`service.operation/NAME`, as in the journal's names of kind call) for attempts from now on.
        Attempts and backoff change the retry policy that the file gives the call; without one they do nothing."""
        self._switches.set_call_policy(self._find("call", site), timeout_ns=timeout_ns, attempts=attempts, backoff_ns=backoff_ns)

    # -- customers ------------------------------------------------------------------------------------------------------------

    def flow_rate(self, flow: str, factor: float) -> None:
        """Intents arrive at `factor` times the workload's rate. More come as a stream of their own; fewer by thinning, so that
        those who do come are the same as ever. Closed populations have no rate."""
        self.rate_factor(flow).set(Rate(require_factor("flow_rate", factor)))

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
        now, customers = self._switches.now, self._switches.logged_in()
        purposes = (f"drop/{by}/{now}/{what}" for what in ("who", "when", "online"))
        first, second, third = (uniforms(self.plan.seed_key, purpose, customers) for purpose in purposes)
        lost = first < share
        self._switches.log_out(customers[lost])
        back = lost & (third < self._online())
        times = now + np.floor(second[back] * reconnect_over_ns).astype(np.int64)
        self._switches.add_arrivals(login, times, customers[back])
        return int(back.sum())

    def _online(self) -> float:
        """Share of the logged-in customers whose client is open now."""
        workload = self.plan.workload
        online = workload.accounts.online
        return 1.0 if online is None else online.share(workload.curves, self._switches.now % DAY)

    def burst(self, flow: str, count: int, over_ns: int) -> None:
        """So many intents of the flow come from now on, evenly within `over_ns` (0: all at once), on top of the workload's rate;
        the customer of each is drawn by itself."""
        self.burst_for(PEOPLE, flow, count, over_ns)

    def burst_for(self, by: str, flow: str, count: int, over_ns: int) -> None:
        """As `burst`; who the customers are goes by who does it and when."""
        now, numbers = self._switches.now, np.arange(count)
        who = uniforms(self.plan.seed_key, f"burst/{self._find('flow', flow)}/{by}/{now}", numbers)
        customers = np.floor(who * self.plan.workload.accounts.count).astype(np.int64)
        self._switches.add_arrivals(flow, now + np.floor(numbers / count * over_ns).astype(np.int64), customers)

    # -- markets, money ---------------------------------------------------------------------------------------------------------

    def market(self, exchange: str, orders: bool, cancels: bool, overnight: bool = True) -> None:
        """What an exchange takes now; `overnight`: the broker records orders while it takes none."""
        self.market_of(exchange).set(Taken(orders, cancels, overnight))

    def lose_unreplicated(self, lag_ns: int) -> int:
        """Deletes from the core's books what it entered within the last `lag_ns`, ns: what the primary had not yet sent to its standby. The
        exchange keeps what it has. Returns the number of orders that are lost to the core."""
        return self._switches.lose_unreplicated(lag_ns)

    def settle_day(self, files: Mapping[str, FileState] | None = None) -> Mapping[str, int]:
        """The settlement batch's writes. `files` says by counterparty how its file is found, good if it is not named. Returns counts of
        what was settled, closed, stranded and confirmed."""
        for counterparty in files or ():
            _known_counterparty(counterparty, WITH_FILE)
        return self._switches.settle_day(files or {})

    def reconcile(self, counterparty: str) -> Mapping[str, int]:
        """Compares the core with a counterparty (simcore.counterparties.RECONCILED) and repairs; returns the differences by kind."""
        _known_counterparty(counterparty, RECONCILED)
        return self._switches.reconcile(counterparty)
