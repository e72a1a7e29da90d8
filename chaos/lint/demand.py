"""How much of each pool is in use on average, by Little's law: how often customers come to it, times how long they hold a slot."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chaos.lint.walk import Calls
from simcore.base.units import DAY, MINUTE, SECOND
from simcore.model.arrivals import minute_rates
from simcore.model.steps import CLIENT, Call, Choose, Hold, Repeat, Route, Send, Step, Steps, Wait, Work, callee
from simcore.model.workload import Workload

MINUTES = DAY // MINUTE
NEGLIGIBLE = 1e-9
MONEY = ("transfer", "fund")
"""Kinds of flows whose side is that of the workload's attribute direction: a deposit buys."""
DIRECTION, DEPOSIT = "direction", "deposit"

Minutes = NDArray[np.float64]


class Demand(NamedTuple):
    """The slots of a pool that are in use on average in the minute of the day, counted from midnight, in which they are most."""

    pool: str
    in_use: float
    minute: int


class Weighted(NamedTuple):
    """A step, and how often it is taken on average when its operation or flow is."""

    step: Step
    times: float


class Visited(NamedTuple):
    """An operation or flow, and how often a request comes to it on average."""

    name: str
    times: float


class Held(NamedTuple):
    """For how long slots of a pool are held, s."""

    pool: str
    seconds: float


class Value(NamedTuple):
    """A value of an attribute, and the share of requests that have it."""

    name: str
    share: float


def demands(calls: Calls, workload: Workload) -> list[Demand]:
    """The demand for every pool that customers come to.

    Everything is a mean on a good day: nothing waits, fails or is tried again, and no work is slower for being done at the same time as
    other work. What messages begin is counted in the minute of the request; what follows another flow, after its mean delay.
    """
    total: dict[str, Minutes] = {}
    for name in workload.flows:
        rates = _rates(calls, workload, name)
        for held in Usage(calls, workload, name).held():
            total[held.pool] = total.get(held.pool, np.zeros(MINUTES)) + rates * held.seconds
    return [Demand(pool, float(used.max()), int(used.argmax())) for pool, used in total.items()]


def _rates(calls: Calls, workload: Workload, name: str) -> Minutes:
    """Intents per second of a flow in each minute of a day."""
    load = workload.flows[name]
    if load.follows is not None:
        follows = load.follows
        share = follows.share
        for attribute, wanted in (follows.where or {}).items():
            share *= sum(value.share for value in _values(workload, attribute) if value.name == wanted)
        return np.roll(_rates(calls, workload, follows.flow), round(follows.after.mean_ns / MINUTE)) * share
    if load.closed is not None:
        round_ns = load.closed.think.mean_ns + Usage(calls, workload, name).takes_ns
        return np.full(MINUTES, load.closed.clients * SECOND / max(round_ns, 1.0))
    return minute_rates(load, workload.curves, 0, MINUTES)


def _values(workload: Workload, attribute: str) -> list[Value]:
    weights = workload.attributes[attribute].weights
    return [Value(name, weight / sum(weights.values())) for name, weight in weights.items()]


class Usage:
    """What one request of a flow takes on average."""

    def __init__(self, calls: Calls, workload: Workload, flow: str) -> None:
        self._index, self._workload = calls.index, workload
        self._kind = calls.index.architecture.flows[flow].kind
        self._start = f"{CLIENT}.{flow}"
        self._steps = {name: list(self._weighted(body.steps, 1.0)) for name, body in calls.index.bodies.items()}
        self._takes: dict[str, float] = {}
        for name in reversed(calls.callers_first()):
            self._takes[name] = self._together(calls.index.bodies[name].service, self._steps[name])

    @property
    def takes_ns(self) -> float:
        """How long it takes from beginning to end if nothing waits, ns."""
        return self._takes[self._start]

    def held(self) -> Iterator[Held]:
        """For how long it holds slots of each pool, what its messages begin included. A pool may come several times."""
        for name, times in self._visits():
            body = self._index.bodies[name]
            for pool in body.pools:
                yield Held(pool, times * self._takes[name] / SECOND)
            for step, within in self._steps[name]:
                if isinstance(step, Hold):
                    inside = self._together(body.service, self._weighted(step.steps, 1.0))
                    yield Held(step.hold, times * within * inside / SECOND)
                elif isinstance(step, Call):
                    taken = times * within * self._itself(body.service, step) / SECOND
                    yield from (Held(pool, taken) for pool in (step.bulkhead, step.connection) if pool is not None)

    def _visits(self) -> Iterable[Visited]:
        """How often each operation is taken. What goes round is followed as long as it takes to go through everything."""
        total, wave = {self._start: 1.0}, {self._start: 1.0}
        for _ in range(2 * len(self._index.bodies)):
            further: dict[str, float] = {}
            for name, times in wave.items():
                for step, within in self._steps[name]:
                    if isinstance(step, (Call, Send)):
                        further[callee(step)] = further.get(callee(step), 0.0) + times * within
            wave = {name: times for name, times in further.items() if times > NEGLIGIBLE}
            for name, times in wave.items():
                total[name] = total.get(name, 0.0) + times
        return [Visited(*visited) for visited in total.items()]

    def _together(self, service: str, steps: Iterable[Weighted]) -> float:
        return sum(times * self._itself(service, step) for step, times in steps)

    def _itself(self, service: str, step: Step) -> float:
        """How long a step of a service takes itself, ns: not what stands inside it, but a call's way there and back, and the callee."""
        if isinstance(step, Work):
            return step.work.mean_ns
        if isinstance(step, Wait):
            return step.wait.mean_ns
        if isinstance(step, Call):
            link = self._index.links.get(f"{service}-{step.call.partition('.')[0]}")
            return self._takes[step.call] + (2 * link.latency.mean_ns if link is not None else 0.0)
        return 0.0

    def _weighted(self, steps: Steps, times: float) -> Iterator[Weighted]:
        """Every step with how often it is taken; fallbacks are not, for nothing fails."""
        for step in steps:
            yield Weighted(step, times)
            if isinstance(step, Hold):
                yield from self._weighted(step.steps, times)
            elif isinstance(step, Repeat):
                yield from self._weighted(step.steps, times * step.repeat)
            elif isinstance(step, Choose):
                for branch in step.choose:
                    yield from self._weighted(branch.steps, times * branch.probability)
            elif isinstance(step, Route):
                for value in self._values(step.route):
                    yield from self._weighted(step.cases.get(value.name, step.default) or [], times * value.share)

    def _values(self, attribute: str) -> list[Value]:
        if attribute == "session":
            share = self._workload.accounts.sessions_at_start
            return [Value("yes", share), Value("no", 1.0 - share)]
        if attribute == "side":
            buys = self._workload.orders.buy_share
            if self._kind in MONEY and DIRECTION in self._workload.attributes:
                buys = sum(value.share for value in _values(self._workload, DIRECTION) if value.name == DEPOSIT)
            return [Value("buy", buys), Value("sell", 1.0 - buys)]
        return _values(self._workload, attribute)
