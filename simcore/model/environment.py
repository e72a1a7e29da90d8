"""An environment: how a place where the system runs differs from what the architecture file says (production).

It is a list of named parity gaps, each of which can be switched off: `staging~load-scale` is staging without that gap.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from simcore.base.model import FileName, Model, Name
from simcore.base.units import ClockTime, Duration
from simcore.files.patch import EditForm

GapKind = Literal[
    "dependencies", "load", "data", "hours", "topology", "configuration", "read-only", "people", "monitoring", "horizon", "other"
]
Absent = Literal["monitors", "robots", "complaints", "operators"]


class Gap(Model):
    """One difference from production. What it says of times and people changes the scenarios that are run there."""

    kind: GapKind = "other"
    title: str = ""
    description: str = ""
    patch: list[EditForm] = Field([], description="changes the architecture")
    workload_patch: list[EditForm] = Field([], description="changes the workload")
    begins_at: ClockTime | None = Field(None, description="scenarios are moved so that their window begins at this time")
    horizon: Annotated[Duration, Field(gt=0)] | None = Field(
        None, description="no run's window is longer; later steps are left out"
    )
    absent: list[Absent] = Field([], description="responders who are not there")


class Environment(Model):
    """Without gaps and edits it is production. `patch` and `workload_patch` on their own are one gap of the file's own name."""

    kind: Literal["environment"]
    name: FileName
    title: str = ""
    description: str = ""
    patch: list[EditForm] = []
    workload_patch: list[EditForm] = []
    gaps: dict[Name, Gap] = Field({}, description="differences by name; '~NAME' after the environment's name switches one off")

    @model_validator(mode="after")
    def _moved_once(self) -> Environment:
        for word in ("begins_at", "horizon"):
            given = [name for name, gap in self.gaps.items() if getattr(gap, word) is not None]
            if len(given) > 1:
                raise ValueError(f"{word} is said by two gaps, {given[0]} and {given[1]}; keep one of them")
        return self
