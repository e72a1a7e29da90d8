"""The right command on the wrong machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field, model_validator

from chaos.faults.capacity_loss import finite_slots
from chaos.faults.common import system_of
from chaos.faults.fault import Fault, Process, Target, require
from chaos.faults.system import System
from simcore.base.errors import InputError
from simcore.base.model import Name
from simcore.model.index import instance_name

if TYPE_CHECKING:
    from simcore.control.acting import ActingCore
    from simcore.control.plane import ControlPlane

WRONG_DIGIT = 0.1  # a tenth of what was meant, as in simcore/control/people/actions.py


class OperatorError(Fault):
    """Somebody who is not asked to stops an instance that runs well, or sets a pool or a rate limit to a tenth of what was meant.

    An error in a maintenance program cut a bank's capacity (DBS, 2023-05-05 [72]), a contractor closed cooling valves (2023-10-14
    [71]). These are mistakes in daily work; those made while repairing are the operators' own, by their error rates [98].
    """

    fault: ClassVar[str] = "operator-error"
    title_zh: ClassVar[str] = "误操作"
    stops_work: ClassVar[bool] = True
    requires: ClassVar[str] = "exactly one of stops, pool, limit"
    layer: ClassVar[str] = "people"

    stops: Name | None = Field(None, description="service, one instance of which is stopped")
    replica: Annotated[int, Field(ge=0)] = 0
    pool: Name | None = Field(None, description="its slots are set to a tenth")
    limit: Name | None = Field(None, description="its rate is set to a tenth")

    @model_validator(mode="after")
    def _one_mistake(self) -> OperatorError:
        if sum(x is not None for x in (self.stops, self.pool, self.limit)) != 1:
            raise ValueError("a mistake is exactly one of stops, pool, limit")
        return self

    def targets(self, system: System) -> list[Target]:
        architecture = system.architecture
        if self.pool is not None:
            finite_slots(architecture, require("pool", self.pool, architecture.pools))
            return [Target("pool", self.pool)]
        if self.limit is not None:
            return [Target("limit", require("limit", self.limit, architecture.limits))]
        service = require("service", str(self.stops), architecture.services)
        last = architecture.services[service].instances - 1
        if self.replica > last:
            raise InputError(f"{service} has no replica {self.replica}", hint=f"it has 0 to {last}")
        return [Target("unit", instance_name(service, self.replica))]

    def apply(self, core: ActingCore, control: ControlPlane) -> Process:
        architecture = system_of(core).architecture
        (target,) = self.targets(system_of(core))
        core.log("action_error", target.name, how="wrong_target" if self.stops else "wrong_value")
        if self.stops is not None:
            core.inject.crash(self.stops, self.replica)
        elif self.pool is not None:
            core.inject.pool_slots(self.pool, int(finite_slots(architecture, self.pool) * WRONG_DIGIT), firm=False)
        elif self.limit is not None:
            core.inject.limit_rate(self.limit, architecture.limits[self.limit].rate * WRONG_DIGIT, firm=False)
        return None
