"""A change that should not have been made."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field, model_validator

from chaos.faults.common import system_of
from chaos.faults.fault import OnUnits, Process, Share

if TYPE_CHECKING:
    from simcore.control.cosimulation import Cosimulation
    from simcore.control.plane import ControlPlane


class BadRelease(OnUnits):
    """A release makes a service slow, wrong or contended; it stays until rolled back, which can fail, or mended by the vendor.

    Pushes and configuration are 68 % of triggers at Google 2010-17 [84]; a new version took PC and App login down and the plan
    to roll it back was incomplete (China Merchants, 2022-05-16 [45]). With `replicas` some servers alone have it, as one of
    eight at Knight [66]. It counts as a change, so the standby drifts. The end of the fault is the corrected release.
    """

    fault: ClassVar[str] = "bad-release"
    layer: ClassVar[str] = "people"

    slow: Annotated[float, Field(ge=1, le=1e6)] = Field(1.0, description="factor on all work")
    errors: Share = Field(0.0, description="share of requests that fail")
    contention: Annotated[float, Field(ge=0, le=100)] | None = Field(None, description="coefficient, in place of the file's")
    rollback_fails: Share = Field(0.0, description="probability of each attempt")
    vendor_mends: bool = Field(True, description="whether the vendor can put it right when people call")

    @model_validator(mode="after")
    def _a_service_made_worse(self) -> BadRelease:
        if self.service is None:
            raise ValueError("a release is of a service: give service, and replicas or fraction if not all have it")
        if self.slow == 1.0 and not self.errors and self.contention is None:
            raise ValueError("give at least one of slow, errors, contention")
        return self

    def apply(self, core: Cosimulation, control: ControlPlane) -> Process:
        for service, replica in self.units(system_of(core)):
            core.inject.slow(service, replica, self.slow)
            core.inject.error_rate(service, replica, self.errors)
            if self.contention is not None:
                core.inject.contention(service, replica, self.contention)
        attempts, name = count(), str(self.service)
        control.changes.record(name, undo=lambda: self._roll_back(core, control, attempts))
        if self.vendor_mends:
            control.changes.offer_mend(name, lambda: self.heal(core, control))
        return None

    def _roll_back(self, core: Cosimulation, control: ControlPlane, attempts: Iterator[int]) -> bool:
        if core.draw(f"rollback/{self.service}", next(attempts)) < self.rollback_fails:
            return False
        self.heal(core, control)
        return True

    def heal(self, core: Cosimulation, control: ControlPlane) -> Process:
        for service, replica in self.units(system_of(core)):
            core.inject.slow(service, replica, 1.0)
            core.inject.error_rate(service, replica, 0.0)
            if self.contention is not None:
                core.inject.contention(service, replica, core.plan.architecture.services[service].contention)
        return None
