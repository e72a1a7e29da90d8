"""More of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from chaos.faults.fault import OnFlows, Process, Target
from chaos.faults.system import System
from simcore.base.errors import InputError

if TYPE_CHECKING:
    from simcore.control.acting import ActingCore
    from simcore.control.plane import ControlPlane


class Surge(OnFlows):
    """Intents of the flows arrive at `factor` times the workload's rate; those who would have come anyway are the same.

    The first hour of 2024-09-27 brought about 1.75 times the day before [14, derived]; capacity must be twice the historical
    peak [28]. A factor below 1 is a lull.
    """

    fault: ClassVar[str] = "surge"
    title_zh: ClassVar[str] = "业务量激增"
    layer: ClassVar[str] = "business"

    factor: Annotated[float, Field(ge=0, le=1000)]

    def targets(self, system: System) -> list[Target]:
        found = super().targets(system)
        for flow in self.flows:
            load = system.workload.flows.get(flow)
            if load is None or (load.per_day is None and not load.rate):
                raise InputError(f"the flow {flow} has no rate in the workload {system.workload.name}, so it cannot surge")
        return found

    def readings(self, system: System) -> list[str]:
        return [f"flow/{target.name}/rate_changed" for target in self.targets(system)]

    def apply(self, core: ActingCore, control: ControlPlane) -> Process:
        for flow in self.flows:
            core.inject.flow_rate(flow, self.factor)
        return None
