"""Types of fields that several parts of the control section have."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from simcore.base.model import Model
from simcore.base.units import Duration
from simcore.model.metrics import METRIC_PATTERN

Positive = Annotated[Duration, Field(gt=0)]
Reading = Annotated[str, Field(pattern=METRIC_PATTERN, description="kind/name/field: flow/order/failed")]


class PerItem(Model):
    """Extra time of `each` for every item counted by the readings `of`; counters may be taken since the day began."""

    each: Duration
    of: Annotated[list[Reading], Field(min_length=1)]
    since: Literal["day", "start"] = "day"
