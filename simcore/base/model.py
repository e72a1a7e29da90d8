"""The base of all models of files, and the few types that every kind of file uses."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
Probability = Annotated[float, Field(ge=0.0, le=1.0)]
FileName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_/-]{0,127}$")]


class Model(BaseModel):
    """Base of all file models: unknown keys are errors, values are not coerced silently, instances do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)
