"""Messages that come twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from chaos.faults.common import system_of
from chaos.faults.fault import OnLinks, Process
from chaos.faults.system import System

if TYPE_CHECKING:
    from simcore.control.acting import ActingCore
    from simcore.control.plane import ControlPlane


class Duplication(OnLinks):
    """Links deliver a share of the requests twice; the copy travels on its own.

    What a middleware that delivers at least once does when an acknowledgement is lost [memory]. Harmless where keys make the
    second one idle, two orders where nothing does. Took effect when something was sent twice.
    """

    fault: ClassVar[str] = "duplication"
    title_zh: ClassVar[str] = "报文重复"
    layer: ClassVar[str] = "network"

    share: Annotated[float, Field(gt=0, le=1)]

    def readings(self, system: System) -> list[str]:
        return [f"link/{target.name}/duplicated" for target in self.targets(system)]

    def apply(self, core: ActingCore, control: ControlPlane) -> Process:
        for source, target in self.links(system_of(core)):
            core.inject.link(source, target, duplication=self.share)
            control.changes.offer_repair(source, lambda: self.heal(core, control))
        return None
