"""Any counterparty that has closed."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from chaos.faults.common import Refusal, services_of, system_of, turn_away
from chaos.faults.fault import Fault, Process, Target
from chaos.faults.system import System
from simcore.base.model import Name
from simcore.counterparties import COUNTERPARTIES
from simcore.model.index import instance_name

if TYPE_CHECKING:
    from simcore.control.acting import ActingCore
    from simcore.control.plane import ControlPlane

SERVED = tuple(name for name, counterparty in COUNTERPARTIES.items() if counterparty.own_effects)


class CounterpartyOutOfHours(Fault):
    """A counterparty is asked outside its hours, which the core does not know: it answers with an error, refuses, or says nothing.

    It is named by what it is, `counterparty`: whichever services stand for it in the architecture are hit, because they make what only it
    writes. `bank-out-of-hours` is the same for one bank.
    """

    fault: ClassVar[str] = "counterparty-out-of-hours"
    title_zh: ClassVar[str] = "对手方非服务时段"
    layer: ClassVar[str] = "business"

    counterparty: Literal[SERVED]  # type: ignore[valid-type]
    service: Name | None = Field(None, description="one that stands for it; else all")
    answer: Refusal = Field("error", description="what those who ask get")

    def _instances(self, system: System) -> list[tuple[str, int]]:
        services = services_of(system, self.counterparty, self.service)
        return [(name, i) for name in services for i in range(system.architecture.services[name].replicas)]

    def targets(self, system: System) -> list[Target]:
        return [Target("unit", instance_name(service, replica)) for service, replica in self._instances(system)]

    def apply(self, core: ActingCore, control: ControlPlane) -> Process:
        turn_away(core, self._instances(system_of(core)), self.answer)
        return None
