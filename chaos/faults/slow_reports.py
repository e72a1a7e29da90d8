"""Fills that nobody hears of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from chaos.faults.address import CounterpartyService
from chaos.faults.common import exchanges, system_of
from chaos.faults.fault import Fault, Process, Target
from chaos.faults.system import System
from simcore.base.errors import InputError
from simcore.base.units import Duration

if TYPE_CHECKING:
    from simcore.control.acting import ActingCore
    from simcore.control.plane import ControlPlane


class SlowReports(Fault):
    """An exchange reports acceptances, fills and cancels later by `delay`; it takes orders as fast as ever.

    Orders reached the exchange while their fills were processed late and cancels suffered (China Merchants, 2022-03-14
    [43][44]); confirmations were slow on 2024-09-27 [53].
    """

    fault: ClassVar[str] = "slow-reports"
    title_zh: ClassVar[str] = "回报延迟"
    layer: ClassVar[str] = "business"

    delay: Annotated[Duration, Field(gt=0)]
    exchange: CounterpartyService | None = Field(None, description="service that accepts orders, or its address; else all")

    def _links(self, system: System) -> list[tuple[str, str]]:
        takers = exchanges(system, self.exchange)
        return [(link.source, link.target) for link in system.architecture.links if link.source in takers]

    def targets(self, system: System) -> list[Target]:
        links = self._links(system)
        if not links:
            raise InputError("no link leads away from a service that accepts orders, so it reports nothing")
        return [Target("link", f"{source}-{target}") for source, target in links]

    def apply(self, core: ActingCore, control: ControlPlane) -> Process:
        for source, target in self._links(system_of(core)):
            core.inject.link(source, target, latency_add_ns=self.delay)
        return None
