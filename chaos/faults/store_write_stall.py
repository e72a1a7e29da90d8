"""A store that reads but hardly writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from chaos.faults.common import calls_to_operations, system_of
from chaos.faults.fault import Fault, Process, Target, require
from chaos.faults.system import System
from simcore.base.errors import InputError
from simcore.base.model import Name

if TYPE_CHECKING:
    from simcore.control.acting import ActingCore
    from simcore.control.plane import ControlPlane


class StoreWriteStall(Fault):
    """What writes in a store takes `factor` times as long; reads do not, but share its sessions and wait behind the writes.

    A log that is not archived, a storage array in trouble: storage stopped behind risk control and index at NSE on 2021-02-24
    [58]. Operations with an effect write, unless named. Took effect when a write was asked for.
    """

    fault: ClassVar[str] = "store-write-stall"
    title_zh: ClassVar[str] = "数据库写阻塞"
    layer: ClassVar[str] = "data"

    service: Name
    operations: list[Name] | None = Field(None, description="those that write; else all with an effect")
    factor: Annotated[float, Field(gt=1, le=1e6)]

    def _writes(self, system: System) -> list[str]:
        known = system.architecture.services[require("service", self.service, system.architecture.services)].operations
        if self.operations:
            return [require(f"operation of {self.service}", operation, known) for operation in self.operations]
        return [body.operation for body in system.index.bodies_of(self.service) if system.index.effects[body.name]]

    def targets(self, system: System) -> list[Target]:
        writes = self._writes(system)
        if not writes:
            raise InputError(f"no operation of {self.service} has an effect", hint="name those that write under operations")
        return [Target("operation", f"{self.service}.{operation}") for operation in writes]

    def readings(self, system: System) -> list[str]:
        return calls_to_operations(system.index, {target.name for target in self.targets(system)})

    def apply(self, core: ActingCore, control: ControlPlane) -> Process:
        for operation in self._writes(system_of(core)):
            core.inject.work(self.service, operation, self.factor)
        return None
