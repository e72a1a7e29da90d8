"""A bank that has closed."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from chaos.faults.address import CounterpartyService
from chaos.faults.common import Refusal, services_of, system_of, turn_away
from chaos.faults.fault import Fault, Process, Target
from chaos.faults.system import System
from simcore.model.index import instance_name

if TYPE_CHECKING:
    from simcore.control.acting import ActingCore
    from simcore.control.plane import ControlPlane


class BankOutOfHours(Fault):
    """A bank is asked outside its hours, which the core does not know: it answers with an error, refuses, or says nothing.

    Banks serve transfers about 9:00-16:00 [memory]; one that opens late or shuts early is met by whatever the core does with a
    bank that does not answer. Each of the three ways gives more information than the next.
    """

    fault: ClassVar[str] = "bank-out-of-hours"
    title_zh: ClassVar[str] = "银行非服务时段"
    layer: ClassVar[str] = "business"

    bank: CounterpartyService
    answer: Refusal = Field("error", description="what those who ask get")

    def _instances(self, system: System) -> list[tuple[str, int]]:
        (bank,) = services_of(system, "bank", self.bank, "bank")
        return [(bank, i) for i in range(system.architecture.services[bank].replicas)]

    def targets(self, system: System) -> list[Target]:
        """The instances of the bank's services, or of all banks'. Raises InputError."""
        return [Target("unit", instance_name(service, replica)) for service, replica in self._instances(system)]

    def apply(self, core: ActingCore, control: ControlPlane) -> Process:
        turn_away(core, self._instances(system_of(core)), self.answer)
        return None
