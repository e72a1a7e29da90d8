"""A cut line."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from chaos.faults.common import system_of
from chaos.faults.fault import OnLinks, Switched, System

if TYPE_CHECKING:
    from simcore.control.cosimulation import Cosimulation


class Partition(Switched, OnLinks):
    """Links carry nothing: both ways, or requests alone, or answers alone.

    What cannot be reached is not known to be down, so callers wait for their timeouts. With `cut: answer` the work is done and
    nobody hears of it. Took effect when something was lost.
    """

    fault: ClassVar[str] = "partition"
    title_zh: ClassVar[str] = "网络分区"
    layer: ClassVar[str] = "network"

    cut: Literal["both", "request", "answer"] = Field("both", description="which direction")

    def _ways(self) -> tuple[str, ...]:
        return ("request", "answer") if self.cut == "both" else (self.cut,)

    def readings(self, system: System) -> list[str]:
        return [f"link/{source}-{target}/lost_{way}" for source, target in self.links(system) for way in self._ways()]

    def turn(self, core: Cosimulation, on: bool) -> None:
        for source, target in self.links(system_of(core)):
            request, answer = (on if way in self._ways() else None for way in ("request", "answer"))
            core.inject.link(source, target, partition_request=request, partition_answer=answer)
