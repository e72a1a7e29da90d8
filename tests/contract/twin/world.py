"""A run's time, its order of events, and the things in it by their names."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Callable
from functools import cached_property, partial
from typing import Any

import simpy

import simcore.model.architecture as file

from .case import Case
from .chance import MASK, alias_table, combine, draw, mix, name, running_share
from .policies import Gcra, Slots
from .program import all_targets
from .state import Instance, Intent, Remembered, Suspended, Task, Wire

DONE, ANSWER, REQUEST, WAKE, TIMEOUT, ARRIVAL = range(6)
CONTROL = -1


class Happening(simpy.Event):
    """A SimPy event that succeeds after `delay`, before those of the same instant with a greater key, and calls `action`."""

    def __init__(self, env: simpy.Environment, delay: int, key: int, action: Callable[[], None]) -> None:
        super().__init__(env)
        self._ok, self._value = True, None
        self.callbacks.append(lambda _: action())
        env.schedule(self, priority=key, delay=delay)  # type: ignore[arg-type]  # any integer orders


class World:
    """What all chapters of the page share. Methods that `yield` suspend the task until `wake` is called with what they yielded."""

    def __init__(self, case: Case) -> None:
        self.case, self.architecture = case, case.architecture
        self.env = simpy.Environment(initial_time=case.start)
        self.ready: deque[Callable[[], None]] = deque()
        self.seen: Counter[str] = Counter()
        self.intents: list[Intent] = []
        self.pools: dict[str, Slots] = {}
        self.limits: dict[str, Gcra] = {}
        self.keys: dict[tuple[str, int], Remembered] = {}
        self.picks: dict[str, int] = {}
        self.wires: dict[tuple[str, str], Wire] = {}
        self.closed_gates: set[str | None] = set()
        self.policies: dict[str, dict[str, Any]] = {}
        self.targets = all_targets(self.architecture)
        self.instances = {service: self.all_instances(service, model) for service, model in self.architecture.services.items()}
        self.instances["client"] = [Instance("client", 0)]

    # --- time and order ---

    @property
    def now(self) -> int:
        return int(self.env.now)

    def advance(self) -> None:
        """Take the events before the end one at a time; empty the ready list after each."""
        while self.env.peek() < self.case.end:
            self.env.step()
            while self.ready:
                self.ready.popleft()()

    def at(self, delay: int, kind: int, request: int, path: int, action: Callable[[], None]) -> None:
        """Do it after the delay, in the order (class, request, top 28 bits of path)."""
        Happening(self.env, delay, (kind << 64 | request) << 28 | path >> 36, action)

    def wake(self, task: Task, waited_for: Any, value: Any = None) -> None:
        """The task goes on, or is parked at a hung instance; nothing happens if it no longer waits for this."""
        if task.waiting is waited_for and waited_for is not None:
            task.waiting = None
            self.go_on(task, value)

    def go_on(self, task: Task, value: Any) -> None:
        if task not in task.instance.tasks:
            return
        if task.instance.still:
            self.seen["parked"] += 1
            task.instance.parked.append((task, value))
            return
        assert task.process is not None
        try:
            task.waiting = task.process.send(value)
        except StopIteration:
            task.waiting = None

    def pause(self, task: Task, duration: int, kind: int) -> Suspended:
        """Suspend the task for so long; a duration of 0 is no event."""
        if duration:
            token = object()
            self.at(duration, kind, task.intent.number, task.path, partial(self.wake, task, token))
            yield token

    # --- names to things ---

    @staticmethod
    def all_instances(service: str, model: file.Service) -> list[Instance]:
        standby = model.standby.replicas if model.standby else 0
        return [Instance(service, i, i < model.replicas, model.contention) for i in range(model.replicas + standby)]

    def slots(self, pool: str, replica: int) -> Slots:
        """The instance of the pool for a replica number."""
        model = self.architecture.pools[pool]
        key = pool if model.per == "shared" else f"{pool}#{replica}"
        if key not in self.pools:
            self.pools[key] = Slots(self.env, model, self.case.start)
            self.pools[key].open = model.gate not in self.closed_gates
        return self.pools[key]

    def limit(self, limit: str, replica: int) -> Gcra:
        model = self.architecture.limits[limit]
        return self.limits.setdefault(limit if model.per == "shared" else f"{limit}#{replica}", Gcra(model))

    def wire(self, source: str, target: str) -> Wire:
        """The link between two services; without one in the file it is perfect."""
        if (source, target) not in self.wires:
            found = [link for link in self.architecture.links if (link.source, link.target) == (source, target)]
            model = found[0] if found else file.Link.model_validate({"from": source, "to": target})
            self.wires[source, target] = Wire(model, model.loss.model_dump(), model.duplication)
        return self.wires[source, target]

    # --- customers ---

    @cached_property
    def accounts(self) -> tuple[list[float], list[int]]:
        accounts = self.case.workload.accounts
        return alias_table([(rank + 1.0) ** -accounts.activity_exponent for rank in range(accounts.count)])

    def customer(self, root: int) -> int:
        threshold, alias = self.accounts
        key = combine(root, name("customer"))
        bucket = math.floor(draw(key) * len(alias))
        return bucket if draw(key, 1) < threshold[bucket] else alias[bucket]

    def attribute(self, attribute: str, intent: Intent) -> tuple[int, str]:
        """Index and value of a customer's or an intent's attribute."""
        model = self.case.workload.attributes[attribute]
        if model.of == "intent":
            key = combine(intent.root, name(f"intent/{attribute}"))
        elif model.of == "customer":
            key = combine(mix(self.case.seed & MASK) ^ name(f"customer/{attribute}"), intent.customer)
        else:
            raise ValueError("the twin has no instruments")
        index = running_share(model.weights.values(), draw(key))
        return index, list(model.weights)[index]
