"""Very many of them, and soon over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from chaos.faults.fault import Fault, Process, Target, require
from chaos.faults.system import System
from simcore.base.model import Name
from simcore.base.units import Duration

if TYPE_CHECKING:
    from simcore.control.acting import ActingCore
    from simcore.control.plane import ControlPlane


class Burst(Fault):
    """So many intents of a flow come within `over`, whatever its rate: a program that runs away, one order filled in very many trades.

    26,082 orders in 2 s, from a function for sending again that had never been tested (Everbright, 2013-08-16 [54][55]); one
    order filled in more than 100,000 trades (Zerodha, 2019-08-29 [69]). Over once it has come: there is nothing to heal.
    """

    fault: ClassVar[str] = "burst"
    title_zh: ClassVar[str] = "突发报单"
    layer: ClassVar[str] = "business"
    turns_knobs: ClassVar[bool] = False

    flow: Name
    count: Annotated[int, Field(ge=1, le=1_000_000, description="intents")]
    over: Annotated[Duration, Field(ge=0)] = Field(0, description="evenly within this time; 0s: all at one instant")

    def targets(self, system: System) -> list[Target]:
        return [Target("flow", require("flow", self.flow, system.architecture.flows))]

    def apply(self, core: ActingCore, control: ControlPlane) -> Process:
        core.inject.burst(self.flow, self.count, self.over)
        return None

    def over_after(self) -> int:
        """They have all come."""
        return self.over
