"""Processes that answer nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from chaos.faults.common import system_of
from chaos.faults.fault import OnInstances, Process

if TYPE_CHECKING:
    from simcore.control.acting import ActingCore
    from simcore.control.plane import ControlPlane


class Hang(OnInstances):
    """Instances take requests and answer none, until they are thawed or restarted.

    One of a broker's business faults 'stuck, hung, dead' [19]: to its callers a hang looks like silence, so they wait for
    their whole timeout with all they hold. What it had is answered at the end, the work done meanwhile: a machine that is stopped and
    goes on is a `pause`. A restart ends it, by people, a rollback or a step; the end of a step that stopped them as well does not.
    """

    fault: ClassVar[str] = "hang"
    title_zh: ClassVar[str] = "假死"
    stops_work: ClassVar[bool] = True

    def apply(self, core: ActingCore, control: ControlPlane) -> Process:
        for service, replica in self.instances(system_of(core)):
            core.inject.hang(service, replica)
        return None
