"""A slow line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field, model_validator

from chaos.faults.common import system_of
from chaos.faults.fault import OnLinks, Process, ProcessGenerator
from simcore.base.units import MS, Duration

if TYPE_CHECKING:
    from simcore.control.acting import ActingCore
    from simcore.control.plane import ControlPlane


class LinkLatency(OnLinks):
    """Both directions of links take longer: `factor` times the usual latency, plus `add`, plus a jitter of 0 to `jitter`.

    Jitter is drawn again every `redraw`, so that neighbours in time suffer alike, as on a line that flaps; a factor stretches the
    spread the link has of itself. Telecom links were the first cause at NSE on 2021-02-24 [58].
    """

    fault: ClassVar[str] = "link-latency"
    title_zh: ClassVar[str] = "链路延迟"
    requires: ClassVar[str] = "from, to or both; and at least one of factor, add, jitter"
    layer: ClassVar[str] = "network"

    factor: Annotated[float, Field(ge=1, le=1e6)] = 1.0
    add: Duration = 0
    jitter: Duration = 0
    redraw: Annotated[Duration, Field(ge=MS)] = 100 * MS

    @model_validator(mode="after")
    def _changes_something(self) -> LinkLatency:
        if self.factor == 1.0 and not self.add and not self.jitter:
            raise ValueError("give at least one of factor, add, jitter")
        return self

    def apply(self, core: ActingCore, control: ControlPlane) -> Process:
        for source, target in self.links(system_of(core)):
            core.inject.link(source, target, latency_factor=self.factor, latency_add_ns=self.add)
        return self._flap(core) if self.jitter else None

    def _flap(self, core: ActingCore) -> ProcessGenerator:
        turn = 0
        while True:
            for source, target in self.links(system_of(core)):
                more_ns = int(self.jitter * core.draw(f"jitter/{core.by}/{source}-{target}", turn))
                core.inject.link(source, target, latency_add_ns=self.add + more_ns)
            turn += 1
            yield core.env.timeout(self.redraw)
