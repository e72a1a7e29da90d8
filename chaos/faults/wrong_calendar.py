"""A core that has the wrong time of day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field, model_validator

from chaos.faults.common import markets, system_of
from chaos.faults.fault import Fault, Process, ProcessGenerator, Target
from chaos.faults.system import System
from simcore.base.errors import InputError
from simcore.base.units import Duration
from simcore.model.trading_calendar import calendar_named

if TYPE_CHECKING:
    from simcore.control.acting import ActingCore
    from simcore.control.plane import ControlPlane

GATE = "exchange"


class WrongCalendar(Fault):
    """The core's trading calendar is wrong: it takes today for a holiday, or every session for one that begins `late_by` later.

    Meanwhile it rejects orders, or keeps them as overnight orders (`queues`), and sends none on. The instants at which such a
    mistake shows, 9:15, 9:25, 9:30, 13:00, are those a large broker watches [19]. What the core would keep open too long is not
    modelled: the exchange shuts by its own clock. Took effect when a customer meant to place an order.
    """

    fault: ClassVar[str] = "wrong-calendar"
    title_zh: ClassVar[str] = "交易日历错误"
    requires: ClassVar[str] = "either holiday: true or late_by"
    layer: ClassVar[str] = "business"

    holiday: bool = False
    late_by: Annotated[Duration, Field(gt=0)] | None = None
    queues: bool = Field(False, description="orders outside the session it knows are recorded, not rejected")

    @model_validator(mode="after")
    def _one_mistake(self) -> WrongCalendar:
        if self.holiday == (self.late_by is not None):
            raise ValueError("give either holiday: true or late_by")
        return self

    def targets(self, system: System) -> list[Target]:
        if calendar_named(system.workload.calendar).continuous:
            raise InputError(f"the workload {system.workload.name} has a calendar that is always open: it cannot be wrong")
        return [Target("gate", GATE)]

    def readings(self, system: System) -> list[str]:
        return [f"flow/{name}/started" for name, flow in system.architecture.flows.items() if flow.kind in ("order", "cancel")]

    def apply(self, core: ActingCore, control: ControlPlane) -> Process:
        self._set_trading(core, control)
        return self._go_on(core, control)

    def _go_on(self, core: ActingCore, control: ControlPlane) -> ProcessGenerator:
        """Whenever the true or the mistaken timetable changes."""
        calendar, late = calendar_named(core.plan.workload.calendar), self.late_by or 0
        start, end = int(core.env.now), core.plan.end
        mistaken = {t + late for t in calendar.changes(max(0, start - late), end - late)}
        for moment in sorted({*calendar.changes(start, end), *mistaken}):
            yield core.env.timeout(moment - core.env.now)
            self._set_trading(core, control)

    def _set_trading(self, core: ActingCore, control: ControlPlane) -> None:
        """Has the markets and the gate as the mistaken calendar would; what is shut by right stays so."""
        calendar = calendar_named(core.plan.workload.calendar)
        then = max(0, int(core.env.now) - (self.late_by or 0))
        known = calendar.phase_at(then)
        for market in markets(system_of(core)):
            core.inject.market(market, known.orders and not self.holiday, known.cancels and not self.holiday, self.queues)
        if self.holiday or not calendar.gate_open(GATE, then):
            control.gates.hold(GATE, core.by)
        else:
            control.gates.release(GATE, core.by)

    def heal(self, core: ActingCore, control: ControlPlane) -> Process:
        core.inject.release()
        control.gates.release(GATE, core.by)
        return None
