"""An alarm that goes to the wrong people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from chaos.faults.common import alarm_rules, happened, system_of, watchers
from chaos.faults.fault import Fault, Process, System, Target, require
from simcore.base.model import Name

if TYPE_CHECKING:
    from simcore.control.cosimulation import Cosimulation
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

    def apply(self, core: Cosimulation, control: ControlPlane) -> Process:
        wrong = {"route": None} if self.to is None else {"misroute": 1.0, "misroute_to": self.to}
        for alarm in self.alarms:
            watcher = watchers(control)[alarm]
            watcher.rule = watcher.rule.model_copy(update=wrong)
        return None

    def heal(self, core: Cosimulation, control: ControlPlane) -> Process:
        for alarm in self.alarms:
            watchers(control)[alarm].rule = alarm_rules(system_of(core))[alarm]
        return None

    def took_effect(self, journal: Journal, began: int, ended: int, grown: int) -> bool:
        word = "alarm_unrouted" if self.to is None else "alarm_misrouted"
        return happened(journal, (word,), self.alarms, began, ended)
