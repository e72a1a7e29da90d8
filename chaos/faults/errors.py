"""Requests that fail at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from chaos.faults.common import system_of
from chaos.faults.fault import OnInstances, Process, unit_counters
from chaos.faults.system import System

if TYPE_CHECKING:
    from simcore.control.acting import ActingCore
    from simcore.control.plane import ControlPlane


class Errors(OnInstances):
    """A share of the instances' requests is answered with an error at once, before anything is done.

    Code is the most frequent cause of severe incidents, 27 % of 152 [87]. Took effect when a request failed by it.
    """

    fault: ClassVar[str] = "errors"
    title_zh: ClassVar[str] = "报错"

    share: Annotated[float, Field(gt=0, le=1)]

    def readings(self, system: System) -> list[str]:
        return unit_counters(self.targets(system), "errors_injected")

    def apply(self, core: ActingCore, control: ControlPlane) -> Process:
        for service, replica in self.instances(system_of(core)):
            core.inject.error_rate(service, replica, self.share)
        return None
