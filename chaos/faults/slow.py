"""Everything takes longer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from chaos.faults.common import system_of
from chaos.faults.fault import OnInstances, Process, System, unit_counters

if TYPE_CHECKING:
    from simcore.control.acting import ActingCore
    from simcore.control.plane import ControlPlane


class Slow(OnInstances):
    """All work of the instances takes `factor` times as long.

    A counter whose latency grew sent its customers round the login again for over an hour (Dongxing, 2023-12-21 [51]).
    """

    fault: ClassVar[str] = "slow"
    title_zh: ClassVar[str] = "变慢"

    factor: Annotated[float, Field(gt=0, le=1e6)]

    def readings(self, system: System) -> list[str]:
        """Work that takes another time for it: what has no work shows nothing."""
        return unit_counters(self.targets(system), "worked")

    def apply(self, core: ActingCore, control: ControlPlane) -> Process:
        for service, replica in self.instances(system_of(core)):
            core.inject.slow(service, replica, self.factor)
        return None
