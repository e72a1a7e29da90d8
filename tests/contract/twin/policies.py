"""What bounds and guards calls: pools, rate limits, breakers, retry budgets."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import simpy

import simcore.model.architecture as file
import simcore.model.steps as file_steps

from .case import PoolTotals
from .chance import rounded

if TYPE_CHECKING:
    from .state import Attempt, Task


@dataclass(eq=False)
class Place:
    """A task's place in a queue; `attempt` if the timeout of an attempt takes it away."""

    task: Task
    slots: Slots
    attempt: Attempt | None
    granted: bool = False


def slots_of(model: file.Pool) -> float:
    """How many slots the file gives a pool."""
    return math.inf if model.slots == "unlimited" else model.slots


class Slots:
    """One instance of a pool."""

    def __init__(self, env: simpy.Environment, model: file.Pool, start: int) -> None:
        self.env, self.discipline = env, model.discipline
        self.slots = slots_of(model)
        self.limit: float = math.inf if model.queue == "unbounded" else model.queue
        self.queue: list[Place] = []
        self.open = True
        self.busy = self.granted = self.refused = self.peak = self.busy_integral = self.queue_integral = 0
        self.since = start

    def account(self, until: float | None = None) -> None:
        """Bring the integrals up to now; to be done before busy or queue changes."""
        until = int(self.env.now if until is None else until)
        elapsed, self.since = until - self.since, until
        self.busy_integral += self.busy * elapsed
        self.queue_integral += len(self.queue) * elapsed

    @property
    def free(self) -> bool:
        return self.open and self.busy < self.slots

    def take(self) -> None:
        self.account()
        self.busy += 1
        self.granted += 1
        self.peak = max(self.peak, self.busy)

    def give_back(self) -> None:
        self.account()
        self.busy -= 1

    def join(self, place: Place) -> None:
        """Into the queue, before those whom the discipline puts behind."""
        self.account()
        at = len(self.queue)
        if self.discipline == "lifo":
            at = 0
        elif self.discipline == "priority":
            at = sum(other.task.priority >= place.task.priority for other in self.queue)
        self.queue.insert(at, place)

    def leave(self, place: Place) -> None:
        self.account()
        self.queue.remove(place)

    def totals(self, end: int) -> PoolTotals:
        self.account(end)
        return PoolTotals(self.granted, self.refused, self.peak, self.busy_integral, self.queue_integral)


class Gcra:
    """A rate limit by the generic cell rate algorithm."""

    def __init__(self, model: file.Limit) -> None:
        self.model, self.tat = model, 0
        self.set_rate(model.rate)

    def set_rate(self, per_second: float) -> None:
        self.interval = max(1, round(1e9 / per_second))

    def wait(self, now: int) -> int | None:
        """How long to wait (ns, 0: passes); None: refused."""
        tat = max(self.tat, now)
        wait = max(0, tat - (self.model.burst - 1) * self.interval - now)
        if wait and (self.model.excess == "refuse" or (self.model.max_wait is not None and wait > self.model.max_wait)):
            return None
        self.tat = tat + self.interval
        return wait


class CircuitBreaker:
    """The breaker of one call site at one instance."""

    def __init__(self, model: file_steps.Breaker) -> None:
        self.model = model
        self.outcomes: deque[bool] = deque(maxlen=model.window)
        self.opened: int | None = None
        self.probing = False
        self.successes = 0

    @property
    def state(self) -> str:
        return "closed" if self.opened is None else "open"

    def admit(self, now: int) -> str | None:
        """`call`, `probe`, or None: rejected."""
        if self.opened is None:
            return "call"
        if self.probing or now < self.opened + self.model.open_for:
            return None
        self.probing = True
        return "probe"

    def note(self, admitted_as: str, success: bool, now: int) -> None:
        """The outcome of an admitted attempt."""
        if admitted_as == "probe":
            self.probing = False
            self.successes = self.successes + 1 if success else 0
            if not success:
                self.opened = now
            elif self.successes >= self.model.probes:
                self.opened, self.successes = None, 0
        elif self.opened is None:
            self.outcomes.append(success)
            count = len(self.outcomes)
            if count >= self.model.min_calls and self.outcomes.count(False) >= self.model.failure_rate * count:
                self.opened = now
                self.outcomes.clear()


class Budget:
    """A retry budget, in millionths of a retry."""

    def __init__(self, model: file_steps.RetryBudget) -> None:
        self.ratio, self.burst = rounded(model.ratio * 1e6), rounded(model.burst * 1e6)
        self.tokens = self.burst

    def earn(self) -> None:
        self.tokens = min(self.burst, self.tokens + self.ratio)

    def spend(self) -> bool:
        if self.tokens < 1_000_000:
            return False
        self.tokens -= 1_000_000
        return True
