"""Slots that never come back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from chaos.faults.capacity_loss import finite_slots
from chaos.faults.common import system_of
from chaos.faults.fault import OnPool, Process, ProcessGenerator, Target
from chaos.faults.system import System
from simcore.base.units import MS, Duration
from simcore.model.index import ArchitectureIndex

if TYPE_CHECKING:
    from simcore.control.acting import ActingCore
    from simcore.control.plane import ControlPlane


def users(index: ArchitectureIndex, pool: str) -> list[str]:
    """The instances, `service#replica`, of services that name the pool."""
    return [instance.name for service in index.users_of(pool) for instance in index.instances_of(service)]


class PoolLeak(OnPool):
    """A pool loses a slot every so often, as connections or threads that nobody gives back; a restart gives them all back.

    A restart of any service that names the pool starts the leak again. The shape is a common one [memory]; no rate is sourced.
    """

    fault: ClassVar[str] = "pool-leak"
    title_zh: ClassVar[str] = "线程/连接泄漏"

    every: Annotated[Duration, Field(ge=MS)] = Field(description="time between one slot lost and the next")
    floor: Annotated[int, Field(ge=0)] = Field(0, description="slots that cannot leak")

    def targets(self, system: System) -> list[Target]:
        found = super().targets(system)
        finite_slots(system.architecture, self.pool)
        return found

    def apply(self, core: ActingCore, control: ControlPlane) -> Process:
        return self._leak(core)

    def _leak(self, core: ActingCore) -> ProcessGenerator:
        index = system_of(core).index
        whole, instances = finite_slots(index.architecture, self.pool), users(index, self.pool)
        left = whole
        was_up = {instance: core.read("unit", instance, "up") for instance in instances}
        while True:
            yield core.env.timeout(self.every)
            is_up = {instance: core.read("unit", instance, "up") for instance in instances}
            restarted = any(is_up[instance] < was_up[instance] for instance in instances)
            was_up = is_up
            left = whole if restarted else max(min(self.floor, whole), left - 1)
            core.inject.pool_slots(self.pool, left)
