"""An alarm that goes to the wrong people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from chaos.faults.common import alarm_rules, happened, watchers
from chaos.faults.fault import Fault, Process, Target, require
from chaos.faults.system import System
from simcore.base.model import Name

if TYPE_CHECKING:
    from simcore.control.acting import ActingCore
    from simcore.control.plane import ControlPlane
    from simcore.journal.model import Journal


class MisroutedAlarm(Fault):
    """Alarms of these monitors, robots or customer service lines go to another team, which hands them on, or to nobody.

    The e-mails that reported the fault before the open went to people for whom they were no alerts (Knight, 2012-08-01 [66]). Took
    effect when one of them was raised.
    """

    fault: ClassVar[str] = "misrouted-alarm"
    title_zh: ClassVar[str] = "告警误派"
    layer: ClassVar[str] = "people"

    alarms: Annotated[list[Name], Field(min_length=1)] = Field(description="monitors, robots, complaints")
    to: Name | None = Field(None, description="team; without it they stand on a screen nobody watches")

    def targets(self, system: System) -> list[Target]:
        if self.to is not None:
            require("team", self.to, system.architecture.control.teams)
        known = alarm_rules(system)
        return [Target("monitor", require("monitor, robot or customer service line", alarm, known)) for alarm in self.alarms]

    def apply(self, core: ActingCore, control: ControlPlane) -> Process:
        for alarm in self.alarms:
            watchers(control)[alarm].reroute(self.to, core.by)
        return None

    def heal(self, core: ActingCore, control: ControlPlane) -> Process:
        for alarm in self.alarms:
            watchers(control)[alarm].route_back(core.by)
        return None

    def took_effect(self, journal: Journal, began: int, ended: int, grown: int) -> bool:
        word = "alarm_unrouted" if self.to is None else "alarm_misrouted"
        return happened(journal, (word,), self.alarms, began, ended)
