"""What a workload file may say: who the customers are, what they intend, and when.

A workload knows nothing of architectures: the same seed gives the same customers, intents and random numbers in every one of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator

from simcore.base.model import Model, Name, Probability
from simcore.base.units import ClockTime, Duration, Rate
from simcore.files.known import KnownValues
from simcore.model.distributions import Distribution

Weight = Annotated[float, Field(ge=0)]

MARKET = "exchange"
"""The attribute of instruments that says at which exchange they are traded."""


class Attribute(Model):
    """A property by which steps may route, drawn once per customer, intent or instrument from the weights."""

    of: Literal["customer", "intent", "instrument"]
    weights: Annotated[dict[str, Weight], Field(min_length=1, max_length=256)]

    @model_validator(mode="after")
    def _some_weight(self) -> Attribute:
        if sum(self.weights.values()) <= 0:
            raise ValueError("the weights of an attribute may not all be zero")
        return self


class Curve(Model):
    """Relative intensity over the day, linear between the points and zero outside them. Times ascend."""

    points: Annotated[list[tuple[ClockTime, Weight]], Field(min_length=2)]

    @model_validator(mode="after")
    def _ascending(self) -> Curve:
        times = [t for t, _ in self.points]
        if any(b < a for a, b in pairwise(times)):
            raise ValueError("the times of a curve must ascend")
        if sum(w for _, w in self.points) <= 0:
            raise ValueError("a curve needs some intensity")
        return self


class Closed(Model):
    """A closed population: each client thinks, asks, waits for the answer, thinks again."""

    clients: Annotated[int, Field(ge=1, le=1_000_000)]
    think: Distribution


class Backlog(Model):
    """Intents already made before the run begins, such as overnight orders; they enter evenly over its first `over`."""

    count: Annotated[int, Field(ge=0, le=100_000_000)]
    over: Duration


class Follows(Model):
    """Intents that come after intents of another flow, whatever became of those: a customer who placed an order wants to
    cancel it. A `share` of the intents of `flow` (of those whose attribute has the value `where` says) is followed."""

    flow: Name
    share: Probability
    after: Distribution
    where: Annotated[dict[Name, str], Field(min_length=1, max_length=1)] | None = None


class FlowLoad(Model):
    """Arrivals of one flow: a constant `rate`, `per_day` spread over a `curve`, a `closed` population, or what `follows`
    another flow."""

    rate: Rate | None = None
    per_day: Annotated[float, Field(ge=0, le=1e10)] | None = None
    curve: Name | None = None
    closed: Closed | None = None
    follows: Follows | None = None
    backlog: Backlog | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> FlowLoad:
        kinds = sum(x is not None for x in (self.rate, self.per_day, self.closed, self.follows))
        if kinds != 1:
            raise ValueError("arrivals are exactly one of rate, per_day (with curve), closed, follows")
        if (self.per_day is None) != (self.curve is None):
            raise ValueError("per_day and curve go together")
        return self


class Online(Model):
    """Of the customers with a session, the share whose client is open and comes back by itself when the session is lost: `peak`
    where the curve is highest, elsewhere in proportion. The others log in when they next want something."""

    curve: Name
    peak: Probability

    def share(self, curves: Mapping[str, Curve], time_of_day: int) -> float:
        """The share at a time of day (ns); 0 outside the curve's points."""
        points = curves[self.curve].points
        for (t0, w0), (t1, w1) in pairwise(points):
            if t0 <= time_of_day < t1:
                return self.peak * (w0 + (w1 - w0) * (time_of_day - t0) / (t1 - t0)) / max(w for _, w in points)
        return 0.0


class Accounts(Model):
    """Customers' accounts. Activity is Pareto-tailed: the share of intents of the r-th most active falls as r^-exponent."""

    count: Annotated[int, Field(ge=1, le=20_000_000)] = 1
    activity_exponent: Annotated[float, Field(ge=0, le=3)] = 0.0
    cash_median: Annotated[float, Field(ge=0, le=1e9, description="yuan")] = 50_000.0
    cash_sigma: Annotated[float, Field(ge=0, le=4)] = 1.5
    bank_median: Annotated[float, Field(ge=0, le=1e9, description="yuan")] = 100_000.0
    shares_median: Annotated[float, Field(ge=0, le=1e9, description="shares of one holding")] = 2_000.0
    sessions_at_start: Probability = 0.0
    online: Online | None = Field(None, description="absent: whoever has a session has the client open")


class Orders(Model):
    """How orders look: sizes, sides, prices, and what an exchange does with them."""

    buy_share: Probability = 0.5
    lots_median: Annotated[float, Field(gt=0, le=1e6)] = 5.0
    lots_sigma: Annotated[float, Field(ge=0, le=4)] = 1.2
    odd_lot_share: Probability = 0.0
    beyond_limit_share: Probability = 0.0
    exchange_reject_share: Probability = 0.0


class Instruments(Model):
    count: Annotated[int, Field(ge=1, le=100_000)] = 100
    price_median: Annotated[float, Field(gt=0, le=1e6, description="yuan")] = 15.0
    price_sigma: Annotated[float, Field(ge=0, le=4)] = 0.8
    price_limit: Annotated[float, Field(gt=0, le=1)] = 0.10


class Workload(Model):
    kind: Literal["workload"]
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_/-]{0,127}$")]
    title: str = ""
    description: str = ""
    accounts: Accounts = Accounts()
    instruments: Instruments = Instruments()
    orders: Orders = Orders()
    attributes: dict[Name, Attribute] = {}
    curves: dict[Name, Curve] = {}
    flows: dict[Name, FlowLoad]
    calendar: Name = "continuous"
    known: KnownValues = Field({}, exclude=True, description="what is known of the numbers: docs/files.md; no run depends on it")


def markets_of(workload: Workload) -> list[str]:
    """The exchanges that instruments are traded at. A workload that does not tell them apart has one, whatever its name."""
    attribute = workload.attributes.get(MARKET)
    return ["exchange"] if attribute is None else list(attribute.weights)
