"""The exchange itself is in trouble."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field, model_validator

from chaos.faults.address import CounterpartyService
from chaos.faults.common import exchanges, system_of
from chaos.faults.fault import Fault, Process, Share, Target, unit_counters
from chaos.faults.system import System
from simcore.base.units import Duration
from simcore.model.index import instance_name

if TYPE_CHECKING:
    from simcore.control.acting import ActingCore
    from simcore.control.plane import ControlPlane


class ExchangeDegradation(Fault):
    """An exchange is slow in all it does, fails a share of what it is asked, and reports late: for every broker at once.

    Its in-flight windows turn slowness into backlog at the router. A surge of orders slowed confirmations from about 10:10 to
    11:13 (SSE, 2024-09-27 [14][53]); no broker can put it right.
    """

    fault: ClassVar[str] = "exchange-degradation"
    title_zh: ClassVar[str] = "交易所性能下降"
    requires: ClassVar[str] = "at least one of slow, errors, reports_late"
    layer: ClassVar[str] = "business"

    exchange: CounterpartyService | None = Field(None, description="service that accepts orders, or its address; else all")
    slow: Annotated[float, Field(ge=1, le=1e6)] = Field(1.0, description="factor on all its work")
    errors: Share = Field(0.0, description="share of requests it fails")
    reports_late: Duration = 0

    @model_validator(mode="after")
    def _degrades(self) -> ExchangeDegradation:
        if self.slow == 1.0 and not self.errors and not self.reports_late:
            raise ValueError("give at least one of slow, errors, reports_late")
        return self

    def _instances(self, system: System) -> list[tuple[str, int]]:
        services = system.architecture.services
        return [(name, i) for name in exchanges(system, self.exchange) for i in range(services[name].replicas)]

    def targets(self, system: System) -> list[Target]:
        return [Target("unit", instance_name(service, replica)) for service, replica in self._instances(system)]

    def readings(self, system: System) -> list[str]:
        """Work that took longer while it is slow, what it is made to fail, and what sets out late."""
        hit = self.targets(system)
        names = unit_counters(hit, "worked") if self.slow != 1.0 else []
        names += unit_counters(hit, "errors_injected") if self.errors else []
        return names + ([f"link/{source}-{target}/sent" for source, target in self._links(system)] if self.reports_late else [])

    def _links(self, system: System) -> list[tuple[str, str]]:
        takers = {service for service, _ in self._instances(system)}
        return [(link.source, link.target) for link in system.architecture.links if link.source in takers]

    def _turn(self, core: ActingCore, slow: float, errors: float, late_ns: int) -> None:
        system = system_of(core)
        instances = self._instances(system)
        for service, replica in instances:
            core.inject.slow(service, replica, slow)
            core.inject.error_rate(service, replica, errors)
        for source, target in self._links(system):
            core.inject.link(source, target, latency_add_ns=late_ns)

    def apply(self, core: ActingCore, control: ControlPlane) -> Process:
        self._turn(core, self.slow, self.errors, self.reports_late)
        return None
