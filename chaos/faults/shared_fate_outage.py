"""One cause, many machines."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field, model_validator

from chaos.faults.common import boot, system_of
from chaos.faults.fault import OnInstances, Process
from simcore.model.index import instance_name

if TYPE_CHECKING:
    from simcore.control.acting import ActingCore
    from simcore.control.plane import ControlPlane


class SharedFateOutage(OnInstances):
    """Everything on one host, power feed, database machine or site goes down at once, and boots when it is back.

    One lost UPS feed stopped four core link machines for 19 minutes (CITIC, 2023-06-19 [21][50]); closed cooling valves stopped
    a bank's data centre until the next morning (DBS, 2023-10-14 [71]). Chosen by `group` or `site`. No restart brings them up
    while it lasts; people end it by a `repair` of the group or site.
    """

    fault: ClassVar[str] = "shared-fate-outage"
    title_zh: ClassVar[str] = "共因故障（同机、同电、同库、同机房）"
    stops_work: ClassVar[bool] = True
    requires: ClassVar[str] = "exactly one of site, group"
    layer: ClassVar[str] = "infrastructure"

    boots: bool = Field(True, description="false: when it is back nothing starts by itself")

    @model_validator(mode="after")
    def _shared(self) -> SharedFateOutage:
        if self.service is not None or self.on is not None:
            raise ValueError("shared fate is a group or a site; for a service write crash")
        return self

    def apply(self, core: ActingCore, control: ControlPlane) -> Process:
        for service, replica in self.instances(system_of(core)):
            core.inject.crash(service, replica, firm=True)
            control.changes.hold(instance_name(service, replica), core.by, f"{self.group or self.site} is out")
        control.changes.offer_repair(str(self.group or self.site), lambda: self._repair(core, control))
        return None

    def _repair(self, core: ActingCore, control: ControlPlane) -> None:
        booting = self.heal(core, control)
        if booting is not None:
            core.env.process(booting)

    def heal(self, core: ActingCore, control: ControlPlane) -> Process:
        for service, replica in self.instances(system_of(core)):
            control.changes.let_go(instance_name(service, replica), core.by)
            if core.inject.keeps_down(service, replica):
                core.inject.crash(service, replica)  # with power back, whoever starts it brings it up
        return boot(core, self.instances(system_of(core))) if self.boots else None
