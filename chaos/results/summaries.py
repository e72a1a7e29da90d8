"""What several runs amount to, as comparisons and sweeps have it. Intervals are at 95 %."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, Strict

from simcore.base.model import ResultModel

Number = int | float
Interval = Annotated[tuple[Number, Number], Strict(False)]  # JSON has lists alone
"""From, to; both belong to it."""


class Spread(ResultModel):
    """Values of a measure over runs. `interval` is that of the median, None where there are too few runs for one; `range` is from
    the least to the most. The end of the run cut off `cut_off` of the values: they count as what they exceed; `at_least`: so that
    the median may be larger."""

    median: Number
    mean: Number
    interval: Interval | None
    range: Interval
    cut_off: int = 0
    at_least: bool = False


class ValueGroups(ResultModel):
    """Values that lie in two groups with nothing between: how many runs in each, and from which value to which."""

    low_runs: int
    low: Interval
    high_runs: int
    high: Interval


class RunShare(ResultModel):
    """In how many `runs` something was so, and in which share of all (None without any), with its exact
    interval (Clopper and Pearson)."""

    runs: int
    share: float | None
    interval: Interval


class VerdictCounts(ResultModel):
    """How many runs have each verdict."""

    passed: int = Field(alias="pass")
    failed: int = Field(alias="fail")
    unknown: int
