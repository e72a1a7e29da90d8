"""Going over to the standby, and rehearsing it: what people begin, at a time the scenario chooses."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from chaos.faults.common import happened
from chaos.faults.fault import Fault, Process, Target, require
from chaos.faults.system import System
from simcore.base.model import Name
from simcore.model.control.failovers import SCENARIO

if TYPE_CHECKING:
    from simcore.control.acting import ActingCore
    from simcore.control.plane import ControlPlane
    from simcore.journal.model import Journal


class _OnFailover(Fault):
    """Hits one failover of the control section."""

    failover: Name

    def targets(self, system: System) -> list[Target]:
        """The failover, and the instances of its service."""
        rule = system.architecture.control.failovers[require("failover", self.failover, system.architecture.control.failovers)]
        return [Target("failover", self.failover), Target("unit", f"{rule.service}#0")]

    def readings(self, system: System) -> list[str]:
        """None: the journal tells."""
        return []


class BeginFailover(_OnFailover):
    """Begins a real failover, as a planned switchover or an order from management does; only another failover undoes it."""

    fault: ClassVar[str] = "failover"
    title_zh: ClassVar[str] = "主备切换"
    layer: ClassVar[str] = "people"

    def apply(self, core: ActingCore, control: ControlPlane) -> Process:
        """Begins it, or joins the one under way."""
        control.failover(self.failover).begin(by=SCENARIO)
        return None

    def took_effect(self, journal: Journal, began: int, ended: int, grown: int) -> bool:
        """Whether it began then: it may have joined one under way."""
        return happened(journal, ("failover_started",), (self.failover,), began, began)


class Drill(_OnFailover):
    """Rehearses a failover on the standby alone; what is found broken is repaired. Live traffic is not touched."""

    fault: ClassVar[str] = "drill"
    title_zh: ClassVar[str] = "备机验证"
    layer: ClassVar[str] = "people"

    steps: list[Name] | None = None

    def apply(self, core: ActingCore, control: ControlPlane) -> Process:
        """Begins the rehearsal of these steps, or of all."""
        control.failover(self.failover).drill(self.steps)
        return None

    def took_effect(self, journal: Journal, began: int, ended: int, grown: int) -> bool:
        """Whether it began then, and came to its end: it may have joined one under way."""
        begun = happened(journal, ("drill_started",), (self.failover,), began, began)
        return begun and happened(journal, ("drill_done",), (self.failover,), began)
