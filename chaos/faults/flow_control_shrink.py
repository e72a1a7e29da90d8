"""The exchange lets less through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field, model_validator

from chaos.faults.capacity_loss import finite_slots
from chaos.faults.common import system_of
from chaos.faults.fault import Fault, Process, Target, require
from chaos.faults.system import System
from simcore.base.model import Name

if TYPE_CHECKING:
    from simcore.control.acting import ActingCore
    from simcore.control.plane import ControlPlane


class FlowControlShrink(Fault):
    """A gateway's flow control shrinks: the rate of a limit, the places of an in-flight window, or both.

    The two mechanisms of exchange gateways: a rate cap whose excess waits (50 orders a second are a standard share [11]) and an
    in-flight window, whose throughput falls as answers slow down [12].
    """

    fault: ClassVar[str] = "flow-control-shrink"
    title_zh: ClassVar[str] = "流控收紧"
    requires: ClassVar[str] = "at least one of limits, windows"
    layer: ClassVar[str] = "network"

    limits: list[Name] = Field([], description="rate limits")
    windows: list[Name] = Field([], description="pools used as windows")
    left: Annotated[float, Field(gt=0, lt=1)] = Field(description="share that is left; of a window at least one place")

    @model_validator(mode="after")
    def _shrinks_something(self) -> FlowControlShrink:
        if not self.limits and not self.windows:
            raise ValueError("give at least one of limits, windows")
        return self

    def targets(self, system: System) -> list[Target]:
        architecture = system.architecture
        limits = [Target("limit", require("limit", limit, architecture.limits)) for limit in self.limits]
        windows = [Target("pool", require("pool", window, architecture.pools)) for window in self.windows]
        for window in self.windows:
            finite_slots(architecture, window)
        return limits + windows

    def apply(self, core: ActingCore, control: ControlPlane) -> Process:
        architecture = system_of(core).architecture
        for limit in self.limits:
            core.inject.limit_rate(limit, architecture.limits[limit].rate * self.left)
        for window in self.windows:
            core.inject.pool_slots(window, max(1, int(finite_slots(architecture, window) * self.left + 1e-9)))
        return None
