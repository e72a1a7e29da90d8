"""A planned restart."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from chaos.faults.common import boot, system_of
from chaos.faults.fault import OnInstances, Process

if TYPE_CHECKING:
    from simcore.control.acting import ActingCore
    from simcore.control.plane import ControlPlane


class Restart(OnInstances):
    """Instances are stopped and started again at once: down for the `restart_time` of their service, with all that was in flight.

    As when people restart them, the crash, the hang or the pause that they were in is over, whichever step made it; not an outage of power
    or site, nor a counterparty's silence. What begins while they start holds once they are up.
    """

    fault: ClassVar[str] = "restart"
    title_zh: ClassVar[str] = "重启"
    stops_work: ClassVar[bool] = True
    layer: ClassVar[str] = "people"

    def apply(self, core: ActingCore, control: ControlPlane) -> Process:
        """Stops them all, and boots them all."""
        instances = self.instances(system_of(core))
        for service, replica in instances:
            core.inject.stop_to_start(service, replica)
        return boot(core, instances)
