"""Slow for some, well for the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from chaos.faults.common import system_of
from chaos.faults.fault import OnInstances, Process, unit_counters
from chaos.faults.system import System

if TYPE_CHECKING:
    from simcore.control.acting import ActingCore
    from simcore.control.plane import ControlPlane


class GreyFailure(OnInstances):
    """A share of the instances' requests takes `factor` times as long; the others notice nothing.

    Which requests it is goes by chance, the same ones in every architecture. Host checks see nothing of it: the latency of some
    grew at Dongxing on 2023-12-21 [51]. Took effect when some work was made slow.
    """

    fault: ClassVar[str] = "grey-failure"
    title_zh: ClassVar[str] = "灰色故障"

    share: Annotated[float, Field(gt=0, le=1)]
    factor: Annotated[float, Field(gt=0, le=1e6)]

    def readings(self, system: System) -> list[str]:
        return unit_counters(self.targets(system), "slowed")

    def apply(self, core: ActingCore, control: ControlPlane) -> Process:
        for service, replica in self.instances(system_of(core)):
            core.inject.grey(service, replica, self.share, self.factor)
        return None
