"""Pauses that grow."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from chaos.faults.common import system_of
from chaos.faults.fault import OnInstances, Process, ProcessGenerator
from simcore.base.units import MS, SECOND, Duration
from simcore.model.index import instance_name

if TYPE_CHECKING:
    from simcore.control.acting import ActingCore
    from simcore.control.plane import ControlPlane


class MemoryLeak(OnInstances):
    """Instances pause, again and again, each pause longer than the last, until they are restarted.

    The pauses of a garbage collector whose heap fills up: memory and JVM are classes of their own in a broker's list of faults
    [19]. Lengths are guesses, to be swept. A restart that is over between two samples, which come at the beginning and the end of a
    pause, goes unnoticed.
    """

    fault: ClassVar[str] = "memory-leak"
    title_zh: ClassVar[str] = "内存泄漏"

    every: Annotated[Duration, Field(ge=MS)] = Field(description="time from the end of a pause to the next")
    pause: Annotated[Duration, Field(gt=0)] = Field(description="the first pause")
    growth: Annotated[float, Field(ge=1, le=10)] = Field(1.5, description="each pause is so many times the one before")
    pause_max: Annotated[Duration, Field(gt=0)] = Field(30 * SECOND, description="no pause is longer")

    def apply(self, core: ActingCore, control: ControlPlane) -> Process:
        return self._pauses(core)

    def _pauses(self, core: ActingCore) -> ProcessGenerator:
        """`due` holds (instant, number, next pause, whether it ends a pause) of every instance."""
        instances = self.instances(system_of(core))
        due = [(int(core.env.now) + self.every, n, self.pause, False) for n in range(len(instances))]
        while True:
            at, n, pause, pausing = heapq.heappop(due)
            yield core.env.timeout(at - core.env.now)
            service, replica = instances[n]
            label = instance_name(service, replica)
            if pausing:
                fresh = not core.inject.keeps_paused(service, replica)  # restarted during the pause
                core.inject.resume(service, replica)
                longer = self.pause if fresh else min(self.pause_max, int(pause * self.growth))
                heapq.heappush(due, (at + self.every, n, longer, False))
            elif core.read("unit", label, "up"):
                core.inject.pause(service, replica)
                heapq.heappush(due, (at + pause, n, pause, True))
            else:
                heapq.heappush(due, (at + self.every, n, self.pause, False))
