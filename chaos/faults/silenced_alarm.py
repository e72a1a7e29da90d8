"""An alarm nobody hears."""

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


class SilencedAlarm(Fault):
    """Alarms of these monitors, robots or customer service lines are not raised; what stands is taken down.

    An alarm setting decided the day at Tokyo on 2020-10-01 [56]; e-mails before the open were not designed as alerts at Knight
    [66]. Took effect when one of them would have been raised.
    """

    fault: ClassVar[str] = "silenced-alarm"
    title_zh: ClassVar[str] = "告警屏蔽"
    layer: ClassVar[str] = "people"

    alarms: Annotated[list[Name], Field(min_length=1)] = Field(description="monitors, robots, complaints")

    def targets(self, system: System) -> list[Target]:
        known = alarm_rules(system)
        return [Target("monitor", require("monitor, robot or customer service line", alarm, known)) for alarm in self.alarms]

    def apply(self, core: ActingCore, control: ControlPlane) -> Process:
        for alarm in self.alarms:
            watchers(control)[alarm].silence(core.by)
        return None

    def heal(self, core: ActingCore, control: ControlPlane) -> Process:
        for alarm in self.alarms:
            watchers(control)[alarm].unsilence(core.by)
        return None

    def took_effect(self, journal: Journal, began: int, ended: int, grown: int) -> bool:
        return happened(journal, ("alarm_silenced",), self.alarms, began, ended)
