"""A batch that is not done in time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field, model_validator

from chaos.faults.common import happened
from chaos.faults.fault import Fault, Process, Target, require
from chaos.faults.system import System
from simcore.base.errors import InputError
from simcore.base.model import Name
from simcore.base.units import Duration

if TYPE_CHECKING:
    from simcore.control.acting import ActingCore
    from simcore.control.plane import ControlPlane
    from simcore.journal.model import Journal


class BatchOverrun(Fault):
    """The next run of a batch begins late, takes longer, or fails first: the gates it holds may stay shut past the open.

    Day-start initialisation and settlement (about 16:30-22:00 [18, weak]) hold the exchange's or the banks' gate until they are
    done. Took effect when the batch was done only after a gate of its own should have opened.
    """

    fault: ClassVar[str] = "batch-overrun"
    title_zh: ClassVar[str] = "批处理延误（未在开市前完成）"
    requires: ClassVar[str] = "at least one of delay, slowdown, failures"
    layer: ClassVar[str] = "data"

    batch: Name
    delay: Duration = Field(0, description="it begins so much later than it could")
    slowdown: Annotated[float, Field(ge=1, le=1000)] = Field(1.0, description="factor on its duration while the fault holds")
    failures: Annotated[int, Field(ge=0, le=99)] = Field(0, description="attempts that fail first")

    @model_validator(mode="after")
    def _overruns(self) -> BatchOverrun:
        if not self.delay and self.slowdown == 1.0 and not self.failures:
            raise ValueError("give at least one of delay, slowdown, failures")
        return self

    def targets(self, system: System) -> list[Target]:
        batches = system.architecture.control.batches
        if not batches[require("batch", self.batch, batches)].holds:
            raise InputError(f"the batch {self.batch} holds no gate, so it cannot run over into the open", hint="give it `holds`")
        return [Target("batch", self.batch)]

    def apply(self, core: ActingCore, control: ControlPlane) -> Process:
        batch = control.batches[self.batch]
        batch.slow(self.slowdown, core.by)
        batch.delay(self.delay, core.by)
        batch.fail(self.failures, core.by)
        return None

    def heal(self, core: ActingCore, control: ControlPlane) -> Process:
        control.batches[self.batch].release(core.by)
        return None

    def took_effect(self, journal: Journal, began: int, ended: int, grown: int) -> bool:
        return happened(journal, ("batch_overrun",), (self.batch,), began)
