"""Processes die."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from chaos.faults.common import boot, start_at_once, system_of
from chaos.faults.fault import OnInstances, Process

if TYPE_CHECKING:
    from simcore.control.acting import ActingCore
    from simcore.control.plane import ControlPlane


class Crash(OnInstances):
    """Instances die: what lives there is reset, requests are refused until somebody starts them.

    They stay in rotation, so their share of the calls goes on failing. A broker's own list of faults has process and container
    failures near its head [19].
    """

    fault: ClassVar[str] = "crash"
    title_zh: ClassVar[str] = "宕机"
    stops_work: ClassVar[bool] = True
    layer: ClassVar[str] = "infrastructure"

    restart: Literal["at_once", "boot", "people"] = Field(
        "at_once", description="at the end: up at once, after the service's restart_time, or left to those who respond"
    )

    def apply(self, core: ActingCore, control: ControlPlane) -> Process:
        for service, replica in self.instances(system_of(core)):
            core.inject.crash(service, replica)
        return None

    def heal(self, core: ActingCore, control: ControlPlane) -> Process:
        instances = self.instances(system_of(core))
        if self.restart == "boot":
            return boot(core, instances)
        if self.restart == "at_once":
            start_at_once(core, instances)
        return None
