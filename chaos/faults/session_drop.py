"""Everybody logs in again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from chaos.faults.fault import Fault, Process, Target
from chaos.faults.system import System
from simcore.base.errors import InputError
from simcore.base.units import MINUTE, Duration

if TYPE_CHECKING:
    from simcore.control.acting import ActingCore
    from simcore.control.plane import ControlPlane
    from simcore.journal.model import Journal


class SessionDrop(Fault):
    """A share of those logged in lose their session and log in again within `over`: a reconnect storm.

    A broker's thundering herd took its name service down (Robinhood, 2020-03-02 [67]); more than 20 reconnects brought the Nasdaq
    SIP 26,000 messages a port and second where 10,000 had been tested (2013-08-22 [61]). It happens at an instant; there is
    nothing to heal.
    """

    fault: ClassVar[str] = "session-drop"
    title_zh: ClassVar[str] = "批量掉线重连"
    layer: ClassVar[str] = "business"

    share: Annotated[float, Field(gt=0, le=1)]
    over: Annotated[Duration, Field(gt=0)] = Field(MINUTE, description="time in which they come back; the default is a guess")

    def targets(self, system: System) -> list[Target]:
        logins = [name for name, flow in system.architecture.flows.items() if flow.kind == "login"]
        if not logins:
            raise InputError("nobody has a session to lose: the architecture has no flow of kind login")
        return [Target("flow", logins[0])]

    def apply(self, core: ActingCore, control: ControlPlane) -> Process:
        dropped = core.inject.drop_sessions(self.share, self.over)
        core.log("sessions_dropped", self.fault, count=dropped)
        return None

    def over_after(self) -> int:
        """They have all come back, or tried to."""
        return self.over

    def took_effect(self, journal: Journal, began: int, ended: int, grown: int) -> bool:
        return any(e.what == "sessions_dropped" and e.t_ns == began and bool(e.detail["count"]) for e in journal.events)
