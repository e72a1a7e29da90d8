"""Work by the clock and with others: reconciliations, files from outside, batches."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from simcore.base.model import Model, Name, Probability
from simcore.base.units import MINUTE, SECOND, ClockTime, Duration
from simcore.counterparties import WITH_FILE
from simcore.model.control.fields import PerItem, Reading
from simcore.model.distributions import Distribution, constant, lognormal


class InDoubt(Model):
    """When the readings `of` reach `at_least` more than at the last reconciliation, it starts after `wait`."""

    of: Annotated[list[Reading], Field(min_length=1)]
    at_least: Annotated[int, Field(ge=1)] = 1
    wait: Duration = 5 * MINUTE


class Reconciliation(Model):
    """Comparing the core with a counterparty: time grows with the items compared, then with the differences found."""

    duration: Distribution = lognormal("5min", "20min")
    per_item: list[PerItem] = []
    each_difference: Duration = 30 * SECOND
    in_doubt: InDoubt | None = None


class File(Model):
    """A file from outside, due at a time of day: late, corrupt or missing with some probability, or when a scenario says so."""

    due: ClockTime
    settles: Literal[WITH_FILE] | None = Field(  # type: ignore[valid-type]
        None, description="settling the day depends on it"
    )
    arrives: Distribution = constant("0s")
    late: Probability = 0.0
    late_by: Distribution = lognormal("30min", "180min")
    corrupt: Probability = 0.0
    undetected: Probability = Field(0.05, description="share of corrupt files that the check lets pass")
    check: Distribution = constant("30s")
    missing: Probability = 0.0
    ask_after: Duration = 60 * MINUTE
    resend: Distribution = lognormal("20min", "90min")


class Batch(Model):
    """Work at a time of day: starts when due and all it `needs` is there, and holds its gates shut until done."""

    at: ClockTime
    duration: Distribution
    per_item: list[PerItem] = []
    needs: list[Name] = Field([], description="files of the same day, or batches before it")
    holds: list[Name] = Field([], description="gates that stay shut until it is done")
    settles: bool = Field(False, description="its end settles the day")
    failure: Probability = 0.0
    rerun: Distribution = constant("10min")
