"""A fault: instances that do not stay up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from chaos.faults.common import start_at_once, system_of
from chaos.faults.fault import OnInstances, Process
from simcore.base.units import SECOND, Duration

if TYPE_CHECKING:
    from simcore.control.acting import ActingCore
    from simcore.control.plane import ControlPlane


class RebootLoop(OnInstances):
    """Instances die again and again: each time they are up for a while, then down for a while.

    A watchdog that restarts what it has itself brought down does this; the lengths are a guess.
    """

    fault: ClassVar[str] = "reboot-loop"
    title_zh: ClassVar[str] = "反复重启"
    layer: ClassVar[str] = "infrastructure"

    up: Annotated[Duration, Field(gt=0)] = 20 * SECOND
    down: Annotated[Duration, Field(gt=0)] = 10 * SECOND

    def apply(self, core: ActingCore, control: ControlPlane) -> Process:
        """Down first, then up, until the fault ends."""
        instances = self.instances(system_of(core))
        while True:
            for service, replica in instances:
                core.inject.crash(service, replica)
            yield core.env.timeout(self.down)
            start_at_once(core, instances)
            yield core.env.timeout(self.up)

    def heal(self, core: ActingCore, control: ControlPlane) -> Process:
        """Whatever is down when the loop ends is started."""
        start_at_once(core, self.instances(system_of(core)))
        return None
