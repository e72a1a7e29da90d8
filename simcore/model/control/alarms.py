"""Who notices: monitors of metrics, inspection robots, and customers who call."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, WithJsonSchema, field_validator, model_validator

from simcore.base.model import Model, Name, Probability
from simcore.base.units import MINUTE, MS, SECOND, Duration, Rate, parse_duration
from simcore.model.control.fields import Positive, Reading
from simcore.model.distributions import Distribution, constant, lognormal
from simcore.model.metrics import parse_metric

Layer = Literal["infrastructure", "network", "hardware", "application", "business"]
Beat = Annotated[Duration, Field(ge=MS)]  # of what repeats: a run would never end at a beat of nanoseconds


def _threshold(value: Any) -> Any:
    return parse_duration(value) if isinstance(value, str) else value


Threshold = Annotated[
    float,
    BeforeValidator(_threshold),
    WithJsonSchema({"type": ["number", "string"], "description": "a number, or a duration (taken in ns)"}),
]


class Ratio(Model):
    """Growth of the readings `of` over the growth of the readings `to` in one interval."""

    of: Annotated[list[Reading], Field(min_length=1)]
    to: Annotated[list[Reading], Field(min_length=1)]


class Metric(Model):
    """One of: `gauge` (a sum now), `rate` (growth a second over the interval), `ratio` (growth over growth)."""

    gauge: Annotated[list[Reading], Field(min_length=1)] | None = None
    rate: Annotated[list[Reading], Field(min_length=1)] | None = None
    ratio: Ratio | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Metric:
        if sum(x is not None for x in (self.gauge, self.rate, self.ratio)) != 1:
            raise ValueError("a metric is exactly one of gauge, rate, ratio")
        return self

    def sums(self) -> tuple[Literal["gauge", "rate", "ratio"], tuple[str, ...], tuple[str, ...]]:
        """Its kind, and the readings it sums: of a ratio those above and those below the line."""
        if self.ratio is not None:
            return "ratio", tuple(self.ratio.of), tuple(self.ratio.to)
        return ("gauge", tuple(self.gauge), ()) if self.gauge else ("rate", tuple(self.rate or ()), ())

    @property
    def is_time(self) -> bool | None:
        """Whether its value is a length of time, ns; None for one that a number without unit may be meant for as well as one with."""
        kind, of, to = self.sums()
        times = [parse_metric(reading).is_time for reading in of]
        if kind == "rate" or any(parse_metric(reading).is_time for reading in to):
            return None if any(times) else False
        return all(times) or (None if any(times) else False)

    def readings(self) -> list[str]:
        """Every kind/name/field the metric reads."""
        _, of, to = self.sums()
        return [*of, *to]


class Routed(Model):
    """Where an alarm goes. Without `route` it is on a screen that nobody has to watch."""

    layer: Layer = "business"
    route: Name | None = Field(None, description="team")
    misroute: Probability = Field(0.0, description="chance that the alarm goes to misroute_to instead")
    misroute_to: Name | None = Field(None, description="team")
    notify: Distribution = constant("0s")
    points_at: Name | None = Field(None, description="service the alarm speaks of")
    silenced: bool = False

    @model_validator(mode="after")
    def _misroute_goes_somewhere(self) -> Routed:
        if self.misroute > 0 and self.misroute_to is None:
            raise ValueError("misroute needs misroute_to, the team that gets the alarm by mistake")
        return self


class Monitor(Routed):
    """An alarm rule: `breaches` samples in a row beyond the threshold raise it, `clears` within it clear it."""

    metric: Metric
    above: Threshold | None = None
    below: Threshold | None = None
    every: Beat = 15 * SECOND
    phase: Duration | None = Field(None, description="first sample after the beginning; drawn within `every` if absent")
    breaches: Annotated[int, Field(ge=1, le=1000)] = 3
    clears: Annotated[int, Field(ge=1, le=1000)] = 3
    min_count: Annotated[float, Field(ge=0)] = Field(1, description="a ratio over fewer than this is no data")
    false_alarms: Rate = 0.0

    @field_validator("above", "below", mode="before")
    @classmethod
    def _in_the_unit(cls, threshold: object, info: ValidationInfo) -> object:
        metric, written = info.data.get("metric"), isinstance(threshold, str)
        if isinstance(metric, Metric) and threshold:
            if metric.is_time is True and not written:
                raise ValueError("the metric is a time, and needs a unit; write a number and a unit, such as 250ms")
            if metric.is_time is False and written:
                raise ValueError("the metric is no time; write a number")
        return threshold

    @model_validator(mode="after")
    def _one_side(self) -> Monitor:
        if (self.above is None) == (self.below is None):
            raise ValueError("a monitor has exactly one of above, below")
        return self


class Robot(Routed):
    """An inspection robot: one synthetic intent of `flow` every interval; `failures` bad ones in a row raise its alarm."""

    flow: Name
    every: Beat = MINUTE
    phase: Duration | None = None
    failures: Annotated[int, Field(ge=1, le=100)] = 3
    slower_than: Positive | None = Field(None, description="a slower answer counts as failed")
    while_open: Name | None = Field(None, description="gate: probes only while it is open")


class Complaints(Routed):
    """A customer service line: customers whose intents ended badly call with some probability and delay; the desk notices at `notice`
    calls `within` the window."""

    flows: Annotated[list[Name], Field(min_length=1)]
    probability: Probability = 0.01
    delay: Distribution = lognormal("5min", "30min")
    notice: Annotated[int, Field(ge=1)] = 20
    within: Positive = 10 * MINUTE
    every: Beat = 10 * SECOND
