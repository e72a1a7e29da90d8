"""A file from outside that is not what it should be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from chaos.faults.common import happened
from chaos.faults.fault import Fault, Process, Target, require
from chaos.faults.system import System
from simcore.base.model import Name
from simcore.base.units import Duration

if TYPE_CHECKING:
    from simcore.control.acting import ActingCore
    from simcore.control.plane import ControlPlane
    from simcore.journal.model import Journal

WORDS = {"late": ("file_late",), "corrupt": ("file_corrupt", "file_bad_undetected"), "missing": ("file_missing",)}


class BadFile(Fault):
    """The next file of that name (of the clearing house, a bank, a fund company) is late, corrupt or missing.

    What needs the file waits, or settles the day on what is in it if its check passes it. Until the file has come there is
    nothing to heal. Took effect when a file was so, however much later.
    """

    fault: ClassVar[str] = "bad-file"
    title_zh: ClassVar[str] = "文件异常"
    layer: ClassVar[str] = "data"

    file: Name
    state: Literal["late", "corrupt", "missing"]
    late_by: Annotated[Duration, Field(gt=0)] | None = Field(None, description="with late; else as the file's own rule draws")

    @model_validator(mode="after")
    def _late_by_goes_with_late(self) -> BadFile:
        if self.late_by is not None and self.state != "late":
            raise ValueError("late_by goes with state: late")
        return self

    def targets(self, system: System) -> list[Target]:
        return [Target("file", require("file", self.file, system.architecture.control.files))]

    def apply(self, core: ActingCore, control: ControlPlane) -> Process:
        control.files[self.file].force(self.state, self.late_by)
        return None

    def took_effect(self, journal: Journal, began: int, ended: int, grown: int) -> bool:
        return happened(journal, WORDS[self.state], (self.file,), began)
