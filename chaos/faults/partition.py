"""A cut line."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from chaos.faults.common import system_of
from chaos.faults.fault import OnLinks, Process
from chaos.faults.system import System

if TYPE_CHECKING:
    from simcore.control.acting import ActingCore
    from simcore.control.plane import ControlPlane


class Partition(OnLinks):
    """Links carry nothing: both ways, or requests alone, or answers alone.

    What cannot be reached is not known to be down, so callers wait for their timeouts. With `cut: answer` the work is done and
    nobody hears of it. What is sent meanwhile is `held` and delivered late, as TCP does, which tries again after 0.2 s, 0.4 s and so on
    up to 2 min: the late work is done though its caller has long given up. Or its connection is `reset` at the heal, as by a firewall
    that has forgotten it, and a caller that still waits hears so; or it is `lost`. Took effect when something came to the cut.
    """

    fault: ClassVar[str] = "partition"
    title_zh: ClassVar[str] = "网络分区"
    layer: ClassVar[str] = "network"

    cut: Literal["both", "request", "answer"] = Field("both", description="which direction")
    messages: Literal["held", "reset", "lost"] | None = Field(
        None,
        description="what becomes of what is sent meanwhile; unless said, held on a link of transport tcp, lost on one of datagrams",
    )

    def _ways(self) -> tuple[str, ...]:
        return ("request", "answer") if self.cut == "both" else (self.cut,)

    def readings(self, system: System) -> list[str]:
        came = [f"{fate}_{way}" for way in self._ways() for fate in ("held", "lost")]
        return [f"link/{source}-{target}/{field}" for source, target in self.links(system) for field in came]

    def apply(self, core: ActingCore, control: ControlPlane) -> Process:
        transports = {(link.source, link.target): link.transport for link in core.plan.architecture.links}
        for source, target in self.links(system_of(core)):
            fate = self.messages or ("held" if transports[source, target] == "tcp" else "lost")
            request, answer = (fate if way in self._ways() else None for way in ("request", "answer"))
            core.inject.link(source, target, partition_request=request, partition_answer=answer)
        return None
