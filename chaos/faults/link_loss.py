"""A lossy line."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import model_validator

from chaos.faults.common import system_of
from chaos.faults.fault import OnLinks, Process, Share
from chaos.faults.system import System

if TYPE_CHECKING:
    from simcore.control.acting import ActingCore
    from simcore.control.plane import ControlPlane


class LinkLoss(OnLinks):
    """Links lose a share of the requests, of the answers, or of both.

    The two are not alike: a lost request leaves an order unplaced, a lost answer leaves it placed and in doubt. Took effect when
    something was lost.
    """

    fault: ClassVar[str] = "link-loss"
    title_zh: ClassVar[str] = "报文丢失"
    requires: ClassVar[str] = "from, to or both; and at least one of request, answer"
    layer: ClassVar[str] = "network"

    request: Share = 0.0
    answer: Share = 0.0

    @model_validator(mode="after")
    def _loses_something(self) -> LinkLoss:
        if not self.request and not self.answer:
            raise ValueError("give at least one of request, answer")
        return self

    def readings(self, system: System) -> list[str]:
        lost = [f"lost_{way}" for way in ("request", "answer") if getattr(self, way)]
        return [f"link/{source}-{target}/{field}" for source, target in self.links(system) for field in lost]

    def apply(self, core: ActingCore, control: ControlPlane) -> Process:
        for source, target in self.links(system_of(core)):
            core.inject.link(source, target, loss_request=self.request or None, loss_answer=self.answer or None)
        return None
