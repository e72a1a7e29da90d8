"""Writers in each other's way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from chaos.faults.common import system_of
from chaos.faults.fault import OnInstances, Process, unit_counters
from chaos.faults.system import System

if TYPE_CHECKING:
    from simcore.control.acting import ActingCore
    from simcore.control.plane import ControlPlane


class StoreContention(OnInstances):
    """Each task at work slows those that begin: work takes 1 + coefficient × (others at work) times as long.

    Hot rows, latches, a statistics job that changed a query's plan: nothing at rest, worse the busier it is. A query interface
    with a performance defect sank trading on the second trading day after it went live (East Money, 2023-03-21 [48]).
    """

    fault: ClassVar[str] = "store-contention"
    title_zh: ClassVar[str] = "数据库争用"
    layer: ClassVar[str] = "data"

    coefficient: Annotated[float, Field(gt=0, le=100)]

    def readings(self, system: System) -> list[str]:
        """Work that takes longer for it: one task at a time is in nobody's way."""
        return unit_counters(self.targets(system), "crowded")

    def apply(self, core: ActingCore, control: ControlPlane) -> Process:
        for service, replica in self.instances(system_of(core)):
            core.inject.contention(service, replica, self.coefficient)
        return None
