"""What is known of the numbers in a file: whether each is measured, configured or guessed, from what, and between which bounds it may lie."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Literal, NamedTuple

from pydantic import ConfigDict, Field, model_validator

from simcore.base.model import Model
from simcore.base.units import parse_duration, parse_rate
from simcore.files.patch import Path

Unit = Literal["number", "duration", "rate", "factor"]
Written = int | float | str
_FACTOR = re.compile(r"(\d+(?:\.\d+)?)x")
_DURATIONS = {"d": 86_400 * 10**9, "h": 3_600 * 10**9, "min": 60 * 10**9, "s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
_DIGITS = 4  # of what is written between two bounds


class Quantity(NamedTuple):
    """A number with what it is a number of: nanoseconds of a duration, events per second of a rate, a factor, or nothing."""

    amount: float
    unit: Unit

    @property
    def text(self) -> str:
        """As a file writes it: ``250ms``, ``50/s``, ``1.5x``, ``0.3``; at most four digits count."""
        if self.unit == "duration":
            word = next((word for word, size in _DURATIONS.items() if self.amount >= size), "ns")
            return f"{_plain(self.amount / _DURATIONS[word])}{word}"
        return f"{_plain(self.amount)}{ {'rate': '/s', 'factor': 'x'}.get(self.unit, '') }"


def _plain(amount: float) -> str:
    rounded = Decimal(f"{amount:.{_DIGITS}g}")
    return f"{rounded.normalize():f}"


def quantity(value: object) -> Quantity | None:
    """What a value of a file, or a bound of a range, comes to; None if it is no number, duration, rate or factor."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    if not isinstance(value, str):
        return Quantity(float(value), "number")
    if factor := _FACTOR.fullmatch(value):
        return Quantity(float(factor[1]), "factor")
    for unit, parse in (("duration", parse_duration), ("rate", parse_rate)):
        try:
            return Quantity(float(parse(value)), unit)  # type: ignore[arg-type]
        except ValueError:
            continue
    return None


class Range(NamedTuple):
    """Between which bounds a value may lie."""

    low: Quantity
    high: Quantity

    @property
    def unit(self) -> Unit:
        """What both bounds are numbers of."""
        return self.low.unit

    @property
    def geometric(self) -> bool:
        """Whether equal steps in it are equal ratios: of factors half as much is as far as twice as much."""
        return self.unit == "factor" and self.low.amount > 0

    def at(self, share: float) -> Quantity:
        """What lies at a share of the way from the low bound, 0, to the high one, 1, with four digits."""
        low, high = self.low.amount, self.high.amount
        amount = low * (high / low) ** share if self.geometric else low + (high - low) * share
        return Quantity(float(f"{amount:.{_DIGITS}g}"), self.unit)

    def __contains__(self, found: object) -> bool:
        return isinstance(found, Quantity) and found.unit == self.unit and self.low.amount <= found.amount <= self.high.amount


class Known(Model):
    """What is known of the values at a path. A guess has a range, in the unit of the value, or as factors of it (`[0.5x, 2x]`), which a
    distribution and values that differ need; `also` names more values that are the same guess and rise and fall with it."""

    how: Literal["measured", "config", "guess"]
    source: Annotated[str, Field(alias="from", min_length=1, max_length=500)]
    range: Annotated[list[Written], Field(min_length=2, max_length=2)] | None = None
    also: list[Path] = []

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    @model_validator(mode="after")
    def _can_be_varied(self) -> Known:
        if self.range is None:
            if self.how == "guess":
                raise ValueError("a guess needs a range; write between which bounds it may lie, such as range: [0.5x, 2x]")
            return self
        bounds = self.bounds
        if bounds is None:
            raise ValueError("the range is no two numbers of one unit; such as [5, 20], [1min, 4min], [10/s, 40/s] or [0.5x, 2x]")
        if bounds.low.amount >= bounds.high.amount:
            raise ValueError("the range does not rise; write [low, high]")
        return self

    @property
    def bounds(self) -> Range | None:
        """The range as numbers; None without one, or for what is none."""
        low, high = (quantity(bound) for bound in self.range or (None, None))
        return Range(low, high) if low is not None and high is not None and low.unit == high.unit else None


KnownValues = dict[Path, Known]
"""The section `known:` of a file: by paths as patches write them."""
