"""Processes stand still."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from chaos.faults.common import system_of
from chaos.faults.fault import OnInstances, Process

if TYPE_CHECKING:
    from simcore.control.cosimulation import Cosimulation
    from simcore.control.plane import ControlPlane


class Hang(OnInstances):
    """Instances take requests and answer none, until they are thawed or started again.

    One of a broker's business faults 'stuck, hung, dead' [19]: to its callers a hang looks like silence, so they wait for
    their whole timeout with all they hold.
    """

    fault: ClassVar[str] = "hang"
    title_zh: ClassVar[str] = "假死"

    def apply(self, core: Cosimulation, control: ControlPlane) -> Process:
        for service, replica in self.instances(system_of(core)):
            core.inject.hang(service, replica)
        return None

    def heal(self, core: Cosimulation, control: ControlPlane) -> Process:
        for service, replica in self.instances(system_of(core)):
            core.inject.thaw(service, replica)
        return None
