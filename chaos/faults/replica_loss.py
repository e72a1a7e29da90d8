"""Fewer machines, and the balancer knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from chaos.faults.common import system_of
from chaos.faults.fault import OnInstances, Process, ProcessGenerator
from simcore.base.units import SECOND, Duration

if TYPE_CHECKING:
    from simcore.control.acting import ActingCore
    from simcore.control.plane import ControlPlane


class ReplicaLoss(OnInstances):
    """Instances die and are taken out of rotation as soon as a health check notices: the rest carry the load.

    At CITIC on 2023-06-19 four core machines went at once [21][50].
    """

    fault: ClassVar[str] = "replica-loss"
    title_zh: ClassVar[str] = "实例缺失"
    stops_work: ClassVar[bool] = True
    layer: ClassVar[str] = "infrastructure"

    noticed_after: Duration = Field(10 * SECOND, description="until the health check takes them out; the default is a guess")

    def apply(self, core: ActingCore, control: ControlPlane) -> Process:
        for service, replica in self.instances(system_of(core)):
            core.inject.crash(service, replica)
        return self._take_out(core)

    def _take_out(self, core: ActingCore) -> ProcessGenerator:
        yield core.env.timeout(self.noticed_after)
        for service, replica in self.instances(system_of(core)):
            core.inject.rotate_out(service, replica)
