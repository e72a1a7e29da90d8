"""Processes that stand still."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from chaos.faults.common import system_of
from chaos.faults.fault import OnInstances, Process

if TYPE_CHECKING:
    from simcore.control.acting import ActingCore
    from simcore.control.plane import ControlPlane


class Pause(OnInstances):
    """Instances stand still and then go on with all they had: a garbage collection, a virtual machine stopped for a snapshot or moved.

    Nothing is lost. Work stops where it is and takes that much longer; what arrives waits outside, in the order it came, and so do
    answers. Only clocks go on, an instance's own timeouts among them, so that it finds them expired. A `hang` answers nothing either, but
    has done its work by its end; a `crash` loses it. A restart ends it and loses all, by people, a rollback or a step.
    """

    fault: ClassVar[str] = "pause"
    title_zh: ClassVar[str] = "进程暂停"
    stops_work: ClassVar[bool] = True
    layer: ClassVar[str] = "infrastructure"

    def apply(self, core: ActingCore, control: ControlPlane) -> Process:
        for service, replica in self.instances(system_of(core)):
            core.inject.pause(service, replica)
        return None
