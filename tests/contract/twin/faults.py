"""The knobs of Injection, all turned at an instant before the ready list is emptied."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial, partialmethod
from typing import Any

import simcore.model.architecture as file

from .policies import Place, Slots, slots_of
from .state import Answer, Instance
from .tasks import Tasks
from .world import DONE


class Faults(Tasks):
    """What control does to a run, as `do_NAME`."""

    def control(self, at: int) -> None:
        for fault in self.case.faults:
            if fault["at"] == at:
                self.seen[f"fault {fault['do']}"] += 1
                getattr(self, f"do_{fault['do']}")(**{key: value for key, value in fault.items() if key not in ("at", "do")})

    def do_crash(self, service: str, replica: int) -> None:
        instance = self.instances[service][replica]
        instance.up, instance.hung, instance.paused, instance.parked = False, False, False, []
        for task in sorted(instance.tasks, key=lambda task: (task.intent.number, task.path)):
            self.seen["killed"] += 1
            assert task.process is not None
            task.process.close()
            if isinstance(task.waiting, Place) and not task.waiting.granted:
                task.waiting.slots.leave(task.waiting)
            task.waiting = None
            self.end(task, Answer("reset", task.touched, task.in_doubt))
        instance.working = 0
        instance.breakers, instance.budgets = {}, {}

    def do_restart(self, service: str, replica: int) -> None:
        instance = self.instances[service][replica]
        instance.up = True
        self.seen["delivered at a restart"] += len(instance.undelivered)
        self.ready.extend(partial(self.arrive, message, instance) for message in instance.undelivered)
        instance.undelivered = []

    def do_hang(self, service: str, replica: int) -> None:
        self.instances[service][replica].hung = self.instances[service][replica].up

    def do_thaw(self, service: str, replica: int) -> None:
        self.instances[service][replica].hung = False
        self.go_on_unless_still(self.instances[service][replica])

    def go_on_unless_still(self, instance: Instance) -> None:
        if not instance.still:
            self.seen["thawed"] += len(instance.parked)
            self.ready.extend(partial(self.go_on, task, value) for task, value in instance.parked)
            instance.parked = []

    def do_pause(self, service: str, replica: int) -> None:
        """Work stops, each with what is left of it."""
        instance = self.instances[service][replica]
        if instance.paused or not instance.up:
            return
        instance.paused = True
        for work in filter(None, (task.work for task in instance.tasks)):
            self.seen["work stopped"] += 1
            work.left, work.ends = work.ends - self.now, -1

    def do_resume(self, service: str, replica: int) -> None:
        instance = self.instances[service][replica]
        if not instance.paused:
            return
        instance.paused = False
        for task in instance.tasks:
            if task.work:
                task.work.ends = self.now + task.work.left
                done = partial(self.work_done, task, task.work, task.work.ends)
                self.at(task.work.left, DONE, task.intent.number, task.path, done)
        self.go_on_unless_still(instance)

    def do_slow(self, service: str, replica: int, factor: float) -> None:
        self.instances[service][replica].slowdown = factor

    def do_error_rate(self, service: str, replica: int, share: float) -> None:
        self.instances[service][replica].error_rate = share

    def do_grey(self, service: str, replica: int, share: float, factor: float) -> None:
        instance = self.instances[service][replica]
        instance.grey_share, instance.grey_factor = share, factor

    def do_contention(self, service: str, replica: int, coefficient: float) -> None:
        self.instances[service][replica].contention = coefficient

    def do_rotate_in(self, service: str, replica: int, rotate: bool = True) -> None:
        self.instances[service][replica].in_rotation = rotate

    do_rotate_out = partialmethod(do_rotate_in, rotate=False)

    def replica_numbers(self, named: str, model: file.Pool | file.Limit) -> Iterable[int]:
        """The replica numbers that are meant by `NAME` (all) or `NAME#i`; what is shared is of number 0."""
        replica = named.partition("#")[2]
        if replica or model.per == "shared":
            return [int(replica or 0)]
        return range(max(len(instances) for instances in self.instances.values()))

    def pools_of(self, named: str) -> list[Slots]:
        pool = named.split("#")[0]
        return [self.slots(pool, replica) for replica in self.replica_numbers(named, self.architecture.pools[pool])]

    def do_pool_slots(self, pool: str, slots: int | None) -> None:
        """None: as in the file."""
        for instance in self.pools_of(pool):
            instance.slots = slots_of(self.architecture.pools[pool.split("#")[0]]) if slots is None else slots
            self.grant(instance)

    def do_pool_queue(self, pool: str, limit: int) -> None:
        for instance in self.pools_of(pool):
            instance.limit = limit

    def do_gate(self, name: str, open: bool) -> None:
        (self.closed_gates.discard if open else self.closed_gates.add)(name)
        for key, slots in sorted(self.pools.items()):
            if self.architecture.pools[key.split("#")[0]].gate == name:
                slots.open = open
                self.grant(slots)

    def do_call_policy(self, site: str, **knobs: Any) -> None:
        """timeout_ns, attempts, backoff_ns of a call site such as `client.buy/shop.buy#0`."""
        self.policies.setdefault(site, {}).update(knobs)

    def do_limit_rate(self, limit: str, per_second: float) -> None:
        name = limit.split("#")[0]
        for replica in self.replica_numbers(limit, self.architecture.limits[name]):
            self.limit(name, replica).set_rate(per_second)

    def do_link(self, source: str, target: str, **knobs: Any) -> None:
        """Knobs that are None or absent stay as they are."""
        wire = self.wire(source, target)
        for knob, value in knobs.items():
            kind, _, direction = knob.partition("_")
            if value is not None and kind == "loss":
                wire.loss[direction] = value
            elif value is not None and kind == "partition":
                wire.partition[direction] = value
                for go_on in wire.waiting[direction] if value == "none" else ():
                    go_on()
                wire.waiting[direction] = [] if value == "none" else wire.waiting[direction]
            elif value is not None:
                setattr(wire, knob.removesuffix("_ns"), value)
