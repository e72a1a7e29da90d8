"""Orders written twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from chaos.faults.address import CounterpartyService
from chaos.faults.common import exchanges, system_of
from chaos.faults.fault import Fault, Process, Target
from chaos.faults.system import System
from simcore.base.errors import InputError

if TYPE_CHECKING:
    from simcore.control.acting import ActingCore
    from simcore.control.plane import ControlPlane


class DoubleRouterWrites(Fault):
    """The order router writes a share of its orders and cancels twice to an exchange's interface.

    A communication fault in the router did so at Guosen on 2007-02-01: later sells were rejected as short of shares [52].
    """

    fault: ClassVar[str] = "double-router-writes"
    title_zh: ClassVar[str] = "报盘重复申报"
    layer: ClassVar[str] = "business"

    share: Annotated[float, Field(gt=0, le=1)]
    exchange: CounterpartyService | None = Field(None, description="service that accepts orders, or its address; else all")

    def _links(self, system: System) -> list[tuple[str, str]]:
        takers = exchanges(system, self.exchange)
        return [(link.source, link.target) for link in system.architecture.links if link.target in takers]

    def targets(self, system: System) -> list[Target]:
        links = self._links(system)
        if not links:
            raise InputError("no link leads to a service that accepts orders")
        return [Target("link", f"{source}-{target}") for source, target in links]

    def readings(self, system: System) -> list[str]:
        return [f"link/{target.name}/duplicated" for target in self.targets(system)]

    def apply(self, core: ActingCore, control: ControlPlane) -> Process:
        for source, target in self._links(system_of(core)):
            core.inject.link(source, target, duplication=self.share)
            control.changes.offer_repair(source, lambda: self.heal(core, control))
        return None
