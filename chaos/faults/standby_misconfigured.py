"""A standby that would not serve."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from chaos.faults.common import system_of
from chaos.faults.fault import Fault, Process, Target, require
from chaos.faults.system import System
from simcore.base.model import Name

if TYPE_CHECKING:
    from simcore.control.acting import ActingCore
    from simcore.control.plane import ControlPlane
    from simcore.journal.model import Journal


class StandbyMisconfigured(Fault):
    """Steps of a failover are broken by configuration: nobody sees it until one of them is taken, in a real failover or in a rehearsal.

    The standby site's network was misconfigured (DBS, 2023-10-14 [71]), the automatic takeover was set off (Tokyo, 2020-10-01
    [56]); 48 % of disaster recovery tests failed [93]. Took effect when the failover failed at such a step or a drill put one right.
    """

    fault: ClassVar[str] = "standby-misconfigured"
    title_zh: ClassVar[str] = "备机配置错误"
    layer: ClassVar[str] = "infrastructure"

    failover: Name
    steps: list[Name] | None = Field(None, description="broken steps; else all that need config, or all if none says so")

    def _broken(self, system: System) -> list[str]:
        failovers = system.architecture.control.failovers
        steps = failovers[require("failover", self.failover, failovers)].steps
        if self.steps:
            return [require(f"step of the failover {self.failover}", name, [s.name for s in steps]) for name in self.steps]
        return [s.name for s in steps if "config" in s.needs] or [s.name for s in steps]

    def targets(self, system: System) -> list[Target]:
        self._broken(system)
        return [Target("failover", self.failover)]

    def apply(self, core: ActingCore, control: ControlPlane) -> Process:
        for step in self._broken(system_of(core)):
            control.failovers[self.failover].break_step(step, core.by)
        return None

    def heal(self, core: ActingCore, control: ControlPlane) -> Process:
        for step in self._broken(system_of(core)):
            control.failovers[self.failover].take_back(step, core.by)
        return None

    def took_effect(self, journal: Journal, began: int, ended: int, grown: int) -> bool:
        mine = [e for e in journal.events if e.subject == self.failover and began <= e.t_ns <= ended]
        failed = {str(e.detail["step"]) for e in mine if e.what == "failover_step" and e.detail["why"] == "config"}
        found = not failed.isdisjoint(self.steps) if self.steps else bool(failed)
        return found or any(e.what == "drill_done" and bool(e.detail["repaired"]) for e in mine)
