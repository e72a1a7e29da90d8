"""Everything takes longer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from chaos.faults.address import QueryAddress
from chaos.faults.common import calls_to_operations, system_of
from chaos.faults.fault import OnInstances, Process, unit_counters
from chaos.faults.system import System

if TYPE_CHECKING:
    from simcore.control.acting import ActingCore
    from simcore.control.plane import ControlPlane


class Slow(OnInstances):
    """All work of the instances takes `factor` times as long, or with `on: { query: … }` all that answers this query.

    A counter whose latency grew sent its customers round the login again for over an hour (Dongxing, 2023-12-21 [51]).
    """

    fault: ClassVar[str] = "slow"
    title_zh: ClassVar[str] = "变慢"

    hits_operations: ClassVar[bool] = True

    factor: Annotated[float, Field(gt=0, le=1e6)]

    def readings(self, system: System) -> list[str]:
        """Work that takes another time for it: what has no work shows nothing."""
        hit = self.operations_hit(system)
        return calls_to_operations(system.index, hit) if hit else unit_counters(self.targets(system), "worked")

    def operations_hit(self, system: System) -> list[str]:
        return [f"{service}.{name}" for service, name in self.on.operations(system)] if isinstance(self.on, QueryAddress) else []

    def apply(self, core: ActingCore, control: ControlPlane) -> Process:
        if isinstance(self.on, QueryAddress):
            for service, operation in self.on.operations(system_of(core)):
                core.inject.work(service, operation, self.factor)
            return None
        for service, replica in self.instances(system_of(core)):
            core.inject.slow(service, replica, self.factor)
        return None
