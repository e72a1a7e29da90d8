"""What a suite file may say: scenarios that are run together, and pairs of them that are compared."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from chaos.documents.quantities import MeasureName, Quantity, require_unit
from chaos.documents.scenario import FileReference
from chaos.measures.catalogue import measures
from simcore.base.model import FileName, Model, Name


class Entry(Model):
    """Scenarios of a suite: one by name, or all whose names match a pattern such as `incidents/*`. What is absent comes from
    the suite, else from the command line, else from the scenario."""

    scenario: str
    architecture: FileReference | None = None
    environment: FileReference | None = None
    replications: Annotated[int, Field(ge=1, le=100_000)] | None = None


class Pair(Model):
    """Two runs of equal seeds whose difference is the point: `measure` of `a` minus that of `b`."""

    name: Name
    a: Entry
    b: Entry
    measure: MeasureName = "orders.failed_orders"
    at_least: Quantity
    in_share: Annotated[float, Field(gt=0, le=1)] = 1.0
    why: str = ""
    why_zh: str = Field("", description="the same on Chinese pages; absent: as it is")

    @field_validator("at_least", mode="before")
    @classmethod
    def _in_the_unit(cls, bound: object, info: ValidationInfo) -> object:
        if (name := info.data.get("measure")) is not None:
            require_unit(measures().find(name), bound, difference=True)
        return bound

    @model_validator(mode="after")
    def _a_number(self) -> Pair:
        if isinstance(self.at_least, str):
            raise ValueError("at_least of a pair is a difference: a number, of severity a number of grades")
        return self


class Suite(Model):
    """A suite file: scenarios that are run together, and pairs of them that are compared."""

    kind: Literal["suite"]
    name: FileName
    title: Annotated[str, Field(min_length=1)]
    title_zh: str = Field("", description="its title on Chinese pages; absent: as it is")
    description: str = ""
    replications: Annotated[int, Field(ge=1, le=100_000)] | None = None
    scenarios: list[Entry] = []
    pairs: list[Pair] = []

    @model_validator(mode="after")
    def _something(self) -> Suite:
        if not self.scenarios and not self.pairs:
            raise ValueError("a suite needs scenarios or pairs")
        return self
