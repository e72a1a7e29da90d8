"""A standby that falls behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field, model_validator

from chaos.faults.common import happened
from chaos.faults.fault import Fault, Process, ProcessGenerator, Target, require
from chaos.faults.system import System
from simcore.base.errors import InputError
from simcore.base.model import Name
from simcore.base.units import SECOND, Duration

if TYPE_CHECKING:
    from simcore.control.acting import ActingCore
    from simcore.control.plane import ControlPlane
    from simcore.journal.model import Journal


class ReplicationLag(Fault):
    """A failover's standby is further behind: by `lag`, or ever further while replication is `stuck`.

    Nothing shows until the primary is lost: then what the standby has not received is gone, or the switch waits for it. Loss
    must be near zero under MiFID II RTS 7 [memory]. Took effect when that failover waited for it or lost by it while it held.
    """

    fault: ClassVar[str] = "replication-lag"
    title_zh: ClassVar[str] = "复制延迟"
    requires: ClassVar[str] = "lag, or stuck: true"
    layer: ClassVar[str] = "data"

    failover: Name
    lag: Duration = Field(0, description="on top of what the architecture says")
    stuck: bool = Field(False, description="the lag grows by a second every second")

    @model_validator(mode="after")
    def _lags(self) -> ReplicationLag:
        if not self.lag and not self.stuck:
            raise ValueError("give lag, or stuck: true")
        return self

    def targets(self, system: System) -> list[Target]:
        failovers = system.architecture.control.failovers
        rule = failovers[require("failover", self.failover, failovers)]
        standby = system.architecture.services[rule.service].standby
        if standby is not None and standby.replication == "synchronous":
            raise InputError(f"{rule.service} replicates synchronously: its standby has no lag")
        return [Target("failover", self.failover)]

    def apply(self, core: ActingCore, control: ControlPlane) -> Process:
        control.failovers[self.failover].add_lag(self.lag, core.by)
        return self._fall_behind(core, control) if self.stuck else None

    def _fall_behind(self, core: ActingCore, control: ControlPlane) -> ProcessGenerator:
        lag_ns = self.lag
        while True:
            yield core.env.timeout(SECOND)
            lag_ns += SECOND
            control.failovers[self.failover].add_lag(lag_ns, core.by)

    def heal(self, core: ActingCore, control: ControlPlane) -> Process:
        control.failovers[self.failover].add_lag(0, core.by)
        return None

    def took_effect(self, journal: Journal, began: int, ended: int, grown: int) -> bool:
        return happened(journal, ("lag_met",), (self.failover,), began, ended)
