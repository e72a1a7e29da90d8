"""The switches of the simulated core: what is set is written into the kernel's arenas, and the kernel does at once what follows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np

from simcore.compile.arena import Floats, Ints
from simcore.compile.plan import Plan
from simcore.control.knobs import Band, Grey, Rate, Taken
from simcore.control.switches import LinkState
from simcore.counterparties.counterparty import FileState
from simcore.kernel import layout as y
from simcore.kernel import random
from simcore.kernel.ledger import accounts, orders, reconciliation, settlement
from simcore.kernel.machine import Machine
from simcore.kernel.records import CUTS
from simcore.model.index import instance_name


def _of_base(factor: float) -> float:
    """The share of the workload's own intents that come at a factor on their rate."""
    return min(1.0, factor)


def _of_surge(most: float, factor: float) -> float:
    """The share of a surge's intents that come, of as many as would make `most` more of the workload's own."""
    return max(0.0, factor - 1.0) / most


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


_COUNTERS = {
    "errors_injected": y.INSTANCE_ERRORS_INJECTED,
    "slowed": y.INSTANCE_SLOWED,
    "lost_request": y.LINK_LOST_REQUEST,
    "lost_answer": y.LINK_LOST_ANSWER,
    "duplicated": y.LINK_DUPLICATED,
}
"""By field, the offset of each counter of what a share hits."""


class Credits:
    """For whom draws came out otherwise than they would have: the kernel's bands, and what was counted in those of before."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._bands: dict[int, Sequence[Band]] = {}
        self._before: dict[tuple[int, str], int] = {}
        self._at: list[tuple[int, str]] = []

    def watch(self, whose: int, bands: Sequence[Band]) -> None:
        """From now on the draws of a counter or stream, by its index, fall into these bands."""
        for (of, by), count in zip(self._at, self._counts(), strict=True):
            self._before[of, by] = self._before.get((of, by), 0) + count
        self._bands[whose] = bands
        every = [(of, band) for of, bands in self._bands.items() for band in bands]
        self._at = [(of, band.by) for of, band in every]
        self._machine.m[int(y.RUN_BANDS_N)] = len(every)
        if every:
            at = self._machine.append(np.array([word for of, _ in every for word in (of, 0)], np.int64))
            floats = self._machine.append_floats(tuple(edge for _, band in every for edge in (band.low, band.high)))
            self._machine.m[int(y.RUN_BANDS)], self._machine.m[int(y.RUN_BAND_FLOATS)] = at, floats

    def of(self, whose: int, by: str) -> int | None:
        """How many there were for a contributor; None if it never had a band there."""
        now = [count for known, count in zip(self._at, self._counts(), strict=True) if known == (whose, by)]
        if not now and (whose, by) not in self._before:
            return None
        return self._before.get((whose, by), 0) + sum(now)

    def _counts(self) -> list[int]:
        at = int(self._machine.m[int(y.RUN_BANDS)])
        return [int(self._machine.m[at + 2 * i + 1]) for i in range(len(self._at))]


class KernelSwitches:
    """The switchboard (simcore.control.switches) of one simulated run; `plan` names what `machine` holds."""

    def __init__(self, plan: Plan, machine: Machine) -> None:
        self._plan, self._machine = plan, machine
        self._down_since: dict[str, int] = {}
        self._work: dict[tuple[str, str], list[float]] = {}
        self._divided: frozenset[tuple[str, str]] = frozenset()
        self._credits = Credits(machine)

    @property
    def now(self) -> int:
        """The kernel's time, ns since midnight of the first day."""
        return self._machine.now

    def down_since(self, instance: str) -> int:
        """The instant at which an instance (`service#replica`) went down, ns; -1 while it is up."""
        return self._down_since.get(instance, -1)

    # -- words ----------------------------------------------------------------------------------------------------------------

    def _instance(self, service: str, replica: int) -> int:
        return self._plan.handles["unit"][instance_name(service, replica)]

    def _get(self, at: int, offset: np.uint64) -> int:
        return int(self._machine.m[at + int(offset)])

    def _set(self, at: int, offset: np.uint64, value: int) -> None:
        self._machine.m[at + int(offset)] = value

    def _set_float(self, at: int, block: np.uint64, offset: np.uint64, value: float) -> None:
        self._machine.f[self._get(at, block) + int(offset)] = value

    # -- instances --------------------------------------------------------------------------------------------------------------

    def set_down(self, service: str, replica: int, down: bool) -> None:
        """The instance is up or down, from now on."""
        instance, name = self._instance(service, replica), instance_name(service, replica)
        if not down:
            self._set(instance, y.INSTANCE_UP, 1)
            self._down_since.pop(name, None)
            for task in self._machine.take_parked(instance):
                self._machine.make_ready(y.GO_START, task, 0)
            return
        self._set(instance, y.INSTANCE_UP, 0)
        self._set(instance, y.INSTANCE_HUNG, 0)
        self._set(instance, y.INSTANCE_PAUSED, 0)
        self._down_since[name] = self._machine.now
        self._forget_calls(service, replica)
        for task in self._machine.live_at(instance):
            self._machine.act(y.ACT_KILL, task)

    def _forget_calls(self, service: str, replica: int) -> None:
        """Breakers and retry budgets of the instance's calls are as in the beginning."""
        for label, site in self._plan.handles["call"].items():
            if label.split(".", 1)[0] == service:
                state = self._get(site, y.CALL_STATES) + replica * int(y.STATE_SIZE)
                self._machine.m[state : state + int(y.STATE_SIZE)] = 0
                self._set(state, y.STATE_TOKENS, self._get(site, y.CALL_BUDGET_BURST))

    def set_still(self, service: str, replica: int, *, hung: bool, paused: bool) -> None:
        """An instance that is up hangs or is paused; what was parked goes on when it is neither."""
        instance = self._instance(service, replica)
        was, still = self._get(instance, y.INSTANCE_PAUSED), hung or paused
        self._set(instance, y.INSTANCE_PAUSED, paused)
        self._set(instance, y.INSTANCE_HUNG, still)
        if paused and not was:
            self._machine.stop_work(instance)
        elif was and not paused:
            self._machine.go_on_with_work(instance)
        for task in () if still else self._machine.take_parked(instance):
            self._machine.make_ready(y.GO_THAW, task, self._get(task, y.TASK_WAIT))

    def set_slowness(self, service: str, replica: int, factor: float) -> None:
        """The factor on the instance's work."""
        self._set_float(self._instance(service, replica), y.INSTANCE_FLOATS, y.INSTANCE_FLOAT_SLOW, factor)

    def set_error_share(self, service: str, replica: int, share: float) -> None:
        """The share of the instance's requests that fail."""
        instance = self._instance(service, replica)
        self._set_float(instance, y.INSTANCE_FLOATS, y.INSTANCE_FLOAT_ERROR, share)
        self._mark_special(instance)

    def set_grey(self, service: str, replica: int, greys: Sequence[Grey]) -> None:
        """The first, which has the largest share, stands with the instance, the others in a block of their own."""
        instance = self._instance(service, replica)
        first, more = (greys[0] if greys else Grey(0.0, 1.0)), greys[1:]
        self._set_float(instance, y.INSTANCE_FLOATS, y.INSTANCE_FLOAT_GREY, first.share)
        self._set_float(instance, y.INSTANCE_FLOATS, y.INSTANCE_FLOAT_GREY_FACTOR, first.factor)
        if more:
            self._set(instance, y.INSTANCE_GREY_MORE, self._machine.append_floats(tuple(x for grey in more for x in grey)))
        self._set(instance, y.INSTANCE_GREY_MORE_N, len(more))
        self._mark_special(instance)

    def _mark_special(self, instance: int) -> None:
        floats, f = self._get(instance, y.INSTANCE_FLOATS), self._machine.f
        self._set(
            instance,
            y.INSTANCE_SPECIAL,
            f[floats + int(y.INSTANCE_FLOAT_ERROR)] > 0
            or f[floats + int(y.INSTANCE_FLOAT_GREY)] > 0
            or self._get(instance, y.INSTANCE_SLOW_OPERATIONS_N) > 0,
        )

    def set_contention(self, service: str, replica: int, coefficient: float) -> None:
        """The instance's coefficient of contention."""
        self._set_float(self._instance(service, replica), y.INSTANCE_FLOATS, y.INSTANCE_FLOAT_CONTENTION, coefficient)

    def set_out_of_rotation(self, service: str, replica: int, out: bool) -> None:
        """Whether the instance is left out of those that calls pick from, which keep their order."""
        at, instance = self._plan.handles["service"][service], self._instance(service, replica)
        m, active, instances = self._machine.m, self._get(at, y.SERVICE_ACTIVE), self._get(at, y.SERVICE_INSTANCES)
        inside = set(m[active : active + self._get(at, y.SERVICE_ACTIVE_N)].tolist())
        inside = inside - {instance} if out else inside | {instance}
        ordered = [u for u in m[instances : instances + self._get(at, y.SERVICE_INSTANCES_N)].tolist() if u in inside]
        m[active : active + len(ordered)] = ordered
        self._set(at, y.SERVICE_ACTIVE_N, len(ordered))

    def set_work(self, service: str, operation: str, replica: int, factor: float) -> None:
        """The factor on all work that is a step of the operation at the instance. While it is the same at all of them, it stands in the
        operation's distributions, which costs nothing; otherwise beside each instance."""
        of, count = (service, operation), self._plan.architecture.services[service].instances
        factors = self._work.setdefault(of, [1.0] * count)
        factors[replica] = factor
        divided, was = len(set(factors)) > 1, of in self._divided
        self._divided = self._divided | {of} if divided else self._divided - {of}
        if divided == was and divided:
            self._set_slow_operations(service, replica)
            return
        for step in self._work_steps(service, operation):
            at = self._get(step, y.INSTR_A)
            record = scaled(self._plan.f, at, 1.0 if divided else factor)
            self._machine.f[at : at + len(record)] = record
        for number in range(count if divided != was else 0):
            self._set_slow_operations(service, number)

    def _set_slow_operations(self, service: str, replica: int) -> None:
        """Writes which operations are slow at this instance alone, into a block that has room for all of its operations."""
        instance, blocks = self._instance(service, replica), list[float]()
        for operation in sorted(operation for named, operation in self._divided if named == service):
            factor = self._work[service, operation][replica]
            if factor != 1.0 and (steps := self._work_steps(service, operation)):
                blocks += [float(steps[0]), float(steps[-1]), factor]
        if blocks and not self._get(instance, y.INSTANCE_SLOW_OPERATIONS):
            room = len(self._plan.architecture.services[service].operations) * int(y.SLOW_OPERATION_SIZE)
            self._set(instance, y.INSTANCE_SLOW_OPERATIONS, self._machine.append_floats((0.0,) * room))
        at = self._get(instance, y.INSTANCE_SLOW_OPERATIONS)
        self._machine.f[at : at + len(blocks)] = blocks
        self._set(instance, y.INSTANCE_SLOW_OPERATIONS_N, len(blocks) // int(y.SLOW_OPERATION_SIZE))
        self._mark_special(instance)

    def _work_steps(self, service: str, operation: str) -> list[int]:
        """Where the work steps of an operation stand in the program."""
        step, found = self._get(self._plan.handles["operation"][f"{service}.{operation}"], y.OPERATION_ENTRY), list[int]()
        while self._get(step, y.INSTR_CODE) != y.DO_RETURN:
            if self._get(step, y.INSTR_CODE) == y.DO_WORK:
                found.append(step)
            step += int(y.INSTR_SIZE)
        return found

    # -- pools, limits, links, calls ------------------------------------------------------------------------------------------

    def set_slots(self, pool: str, slots: int | None) -> None:
        """The slots of a pool; what waits for one and can have it now gets it."""
        at = self._plan.handles["pool"][pool]
        self._machine.account_pools([at])
        self._set(at, y.POOL_SLOTS, y.UNLIMITED if slots is None else slots)
        if self._get(at, y.QUEUE_LENGTH):
            self._machine.act(y.ACT_GRANT, at)

    def set_queue_limit(self, pool: str, limit: int) -> None:
        """How many may wait for a slot."""
        self._set(self._plan.handles["pool"][pool], y.POOL_QUEUE_LIMIT, limit)

    def set_rate(self, limit: str, burst: int, per_second: float) -> None:
        """The rate of a limit, as the least interval between two that it lets through."""
        at, interval = self._plan.handles["limit"][limit], max(1, round(1e9 / per_second))
        self._set(at, y.LIMIT_INTERVAL, interval)
        self._set(at, y.LIMIT_TOLERANCE, (burst - 1) * interval)

    def set_link(self, source: str, target: str, state: LinkState) -> None:
        """The link's words; what a cut held goes on if there is none any more."""
        at = self._plan.handles["link"][f"{source}-{target}"]
        for float_offset, share in (
            (y.LINK_FLOAT_FACTOR, state.latency_factor),
            (y.LINK_FLOAT_LOSS_REQUEST, state.loss_request),
            (y.LINK_FLOAT_LOSS_ANSWER, state.loss_answer),
            (y.LINK_FLOAT_DUPLICATION, state.duplication),
        ):
            self._set_float(at, y.LINK_FLOATS, float_offset, share)
        self._set(at, y.LINK_ADD, state.latency_add_ns)
        ended = []
        for offset, cut, held in (
            (y.LINK_CUT_REQUEST, state.partition_request, y.TRAVELLING),
            (y.LINK_CUT_ANSWER, state.partition_answer, y.ANSWERING),
        ):
            number = CUTS.number(cut)
            ended += [held] if self._get(at, offset) and not number else []
            self._set(at, offset, number)
        self._mark_clean(at)
        for held in ended:
            self._machine.let_go(at, held)

    def _mark_clean(self, at: int) -> None:
        floats, f, latency = self._get(at, y.LINK_FLOATS), self._machine.f, self._get(at, y.LINK_LATENCY)
        disturbed = f[floats] or f[floats + 1] or f[floats + 2] or self._get(at, y.LINK_ADD)
        cut = self._get(at, y.LINK_CUT_REQUEST) or self._get(at, y.LINK_CUT_ANSWER)
        instant = f[latency] == random.CONSTANT and f[latency + 1] == 0.0
        self._set(at, y.LINK_CLEAN, bool(instant and not disturbed and not cut))

    def set_call_policy(self, site: str, *, timeout_ns: int | None, attempts: int | None, backoff_ns: int | None) -> None:
        """A call site's policy. Its timeout no longer is one of those that share a ring of timers."""
        at = self._plan.handles["call"][site]
        if timeout_ns is not None:
            self._set(at, y.CALL_TIMEOUT, timeout_ns)
            self._set(at, y.CALL_RING, 0)
        if attempts is not None:
            self._set(at, y.CALL_ATTEMPTS_MAX, attempts)
        if backoff_ns is not None:
            self._set(at, y.CALL_BACKOFF, backoff_ns)

    # -- customers ------------------------------------------------------------------------------------------------------------

    def set_flow_rate(self, flow: str, rate: Rate) -> None:
        """More intents come as a stream of their own; fewer by thinning, so that those who do come are the same as ever. The stream of a
        surge is thinned, too, once there has been one: until then nobody can say who is kept away of it, and two that cancel each
        other out from the beginning on change nothing."""
        handles = self._plan.handles
        base, surge = handles["stream"][flow], handles["stream"][f"{flow}/surge"]
        more = max(0.0, rate.factor - 1.0)
        most = max(more, rate.most - 1.0) if self._get(handles["flow"][flow], y.FLOW_RATE_CHANGED) else more
        self._set_float(base, y.STREAM_FLOATS, y.STREAM_FLOAT_THIN, min(1.0, rate.factor))
        self._set_float(surge, y.STREAM_FLOATS, y.STREAM_FLOAT_FACTOR, most)
        self._set_float(surge, y.STREAM_FLOATS, y.STREAM_FLOAT_THIN, more / most if most > 0.0 else 1.0)
        self._watch_rate(flow, rate, most)
        self._machine.act(y.ACT_STREAM, surge)

    def _watch_rate(self, flow: str, rate: Rate, most: float) -> None:
        """From now on each who contributes to the rate is credited with the intents that it brings or keeps away: by draw those between the
        share of a stream that comes and the one that would come without it."""
        streams = self._plan.handles["stream"]
        for name, share in ((flow, _of_base), (f"{flow}/surge", partial(_of_surge, most or 1.0))):
            comes = share(rate.factor)
            others = [(by, share(without)) for by, without in rate.without]
            bands = [Band(by, min(comes, other), max(comes, other)) for by, other in others]
            self._credits.watch(streams[name], bands)

    def watch(self, kind: str, name: str, field: str, bands: Sequence[Band]) -> None:
        """The draws of a counter are known by its index."""
        self._credits.watch(self._plan.handles[kind][name] + int(_COUNTERS[field]), bands)

    def met_by(self, kind: str, name: str, field: str, by: str) -> int | None:
        """Of a flow's rate both streams."""
        if kind == "flow" and field == "rate_changed":
            streams = self._plan.handles["stream"]
            found = [self._credits.of(streams[stream], by) for stream in (name, f"{name}/surge") if stream in streams]
        elif field in _COUNTERS:
            found = [self._credits.of(self._plan.handles[kind][name] + int(_COUNTERS[field]), by)]
        else:
            found = []
        known = [count for count in found if count is not None]
        return sum(known) if known else None

    def add_arrivals(self, flow: str, times: Ints, customers: Ints) -> None:
        """Adds them to the flow's stream of listed intents, behind or between those it still has."""
        stream = self._plan.handles["stream"][f"{flow}/reconnect"]
        at, n = self._get(stream, y.STREAM_LIST), self._get(stream, y.STREAM_LIST_N)
        done = self._get(stream, y.STREAM_NEXT) - self._get(stream, y.STREAM_OVER)
        left = self._machine.m[at + 2 * done : at + 2 * n].reshape(-1, 2)
        pairs = np.concatenate([left, np.stack([times, customers], axis=1)])
        pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
        if not len(pairs):
            return
        base = self._machine.append(pairs.ravel())
        token = self._get(stream, y.STREAM_TOKEN) + 1
        for offset, value in (
            (y.STREAM_LIST, base),
            (y.STREAM_LIST_N, len(pairs)),
            (y.STREAM_OVER, self._get(stream, y.STREAM_NEXT)),
            (y.STREAM_TOKEN, token),
        ):
            self._set(stream, offset, value)
        self._machine.push_arrival(stream, int(pairs[0, 0]), 0, token)

    def logged_in(self) -> Ints:
        """The numbers of the customers who have a session."""
        customers: Ints = np.flatnonzero(accounts.directory(self._machine.ledger) & 1)
        return customers

    def log_out(self, customers: Ints) -> None:
        """Ends the sessions of customers who have one."""
        accounts.lose_sessions(self._machine.ledger, customers)

    # -- markets, books -------------------------------------------------------------------------------------------------------

    def set_market(self, number: int, taken: Taken) -> None:
        """What an exchange takes."""
        orders.set_market(self._machine.ledger, number, orders=taken.orders, cancels=taken.cancels, overnight=taken.overnight)

    def lose_unreplicated(self, lag_ns: int) -> int:
        """Deletes from the core's books what it entered within the last `lag_ns`."""
        return reconciliation.lose_unreplicated(self._machine.ledger, self._machine.used_rows, self._machine.now, lag_ns)

    def settle_day(self, files: Mapping[str, FileState]) -> Mapping[str, int]:
        """The settlement batch's writes."""
        return settlement.end_of_day(self._machine.ledger, self._machine.used_rows, self._machine.now, files=files)

    def reconcile(self, counterparty: str) -> Mapping[str, int]:
        """Compares the core with a counterparty and repairs."""
        return reconciliation.reconcile(self._machine.ledger, self._machine.used_rows, counterparty, self._machine.now)
