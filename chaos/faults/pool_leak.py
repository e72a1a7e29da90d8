"""Slots that never come back."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from chaos.faults.capacity_loss import finite_slots
from chaos.faults.common import system_of
from chaos.faults.fault import OnPool, Process, System, Target
from simcore.base.units import MS, Duration
from simcore.model.architecture import Architecture
from simcore.model.steps import names_used

if TYPE_CHECKING:
    import simpy

    from simcore.control.cosimulation import Cosimulation
    from simcore.control.plane import ControlPlane


def users(architecture: Architecture, pool: str) -> list[str]:
    """The units, `service#replica`, of services that name the pool."""
    return [
        f"{name}#{i}"
        for name, service in architecture.services.items()
        if pool in names_used(service)
        for i in range(service.units)
    ]


class PoolLeak(OnPool):
    """A pool loses a slot every so often, as connections or threads that nobody gives back; a restart gives them all back.

    A restart of any service that names the pool starts the leak afresh. The shape is a common one [memory]; no rate is sourced.
    """

    fault: ClassVar[str] = "pool-leak"

    every: Annotated[Duration, Field(ge=MS)] = Field(description="time between one slot lost and the next")
    floor: Annotated[int, Field(ge=0)] = Field(0, description="slots that cannot leak")

    def targets(self, system: System) -> list[Target]:
        found = super().targets(system)
        finite_slots(system.architecture, self.pool)
        return found

    def apply(self, core: Cosimulation, control: ControlPlane) -> Process:
        return self._leak(core)

    def _leak(self, core: Cosimulation) -> Generator[simpy.Event, Any, None]:
        architecture = system_of(core).architecture
        whole, units = finite_slots(architecture, self.pool), users(architecture, self.pool)
        left = whole
        was_up = {unit: core.read("unit", unit, "up") for unit in units}
        while True:
            yield core.env.timeout(self.every)
            is_up = {unit: core.read("unit", unit, "up") for unit in units}
            restarted = any(is_up[unit] < was_up[unit] for unit in units)
            was_up = is_up
            left = whole if restarted else max(min(self.floor, whole), left - 1)
            core.inject.pool_slots(self.pool, left)

    def heal(self, core: Cosimulation, control: ControlPlane) -> Process:
        core.inject.pool_slots(self.pool, None)
        return None
