"""Who acts: teams and when they are present, those who approve, and vendors."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from simcore.base.model import Model, Name, Probability
from simcore.base.units import DAY, ClockTime, Rate
from simcore.model.distributions import Distribution, constant, lognormal

Factor = Annotated[float, Field(gt=0, le=1)]

HeartCondition = Literal[
    "unfamiliar", "time_shortage", "poor_signal", "no_undo", "overload", "inexperience", "no_independent_check"
]
HeartTask = Literal["novel", "restore-unaided", "complex", "rapid", "routine", "restore-procedure"]


class Shift(Model):
    """From a time of day to another (over midnight if `to` is not later), so many are present."""

    start: ClockTime = Field(alias="from")
    end: ClockTime = Field(alias="to")
    present: Annotated[int, Field(ge=0, le=1000)]

    model_config = {**Model.model_config, "populate_by_name": True}

    @model_validator(mode="after")
    def _within_a_day(self) -> Shift:
        if self.start >= DAY or self.end > DAY:
            raise ValueError("a shift is given in times of one day, without d2")
        return self


class Duty(Model):
    """Who is present when. Outside every shift nobody is; whoever is needed beyond those present is called in."""

    roster: list[Shift] | None = Field(None, description="absent: always present")
    call_in: Distribution = lognormal("40min", "120min")


class Team(Duty):
    """A team's attention: at most `members` incidents at once, one member each."""

    members: Annotated[int, Field(ge=1, le=1000)] = 2
    acknowledge: Distribution = lognormal("2min", "10min")
    diagnose: Distribution = lognormal("10min", "60min")
    verify: Distribution = constant("2min")
    handover: Distribution = lognormal("5min", "20min")
    flood: Annotated[float, Field(ge=0, le=10)] = Field(0.05, description="share each further active alarm adds to the diagnosis")
    flood_max: Annotated[float, Field(ge=1, le=100)] = 3.0
    pointed: Factor = Field(0.5, description="on the diagnosis when an alarm points at the right service")
    runbook: Factor = Field(0.5, description="on the diagnosis when a runbook names the alarm")
    conditions: dict[HeartCondition, Probability] = Field(
        {
            "unfamiliar": 0.1,
            "time_shortage": 0.2,
            "poor_signal": 0.1,
            "no_undo": 0.1,
            "overload": 0.2,
            "inexperience": 0.0,
            "no_independent_check": 0.2,
        },
        description="assessed proportion of each HEART condition when it fully holds",
    )
    pressure_at: Rate = Field(1000.0, description="intents a second at which time shortage fully holds")
    overload_at: Annotated[int, Field(ge=1)] = Field(20, description="active alarms at which overload fully holds")
    vendor: Name | None = None


class Approver(Duty):
    """Somebody who is asked, and may have to be reached first."""

    latency: Distribution = lognormal("5min", "20min")
    call_in: Distribution = lognormal("10min", "60min")


class Approval(Model):
    """The chain that is asked in order. With `oral_after` the handling may begin when that one agrees; the rest follows
    while it goes on."""

    chain: dict[Name, Approver] = {}
    oral_after: Name | None = None

    @model_validator(mode="after")
    def _oral_is_in_chain(self) -> Approval:
        if self.oral_after is not None and self.oral_after not in self.chain:
            raise ValueError(f"oral_after: {self.oral_after} is not in the chain ({', '.join(self.chain) or 'empty'})")
        return self


class Vendor(Model):
    """The maker of a system: answers late, fixes late, and not always at the first try."""

    respond: Distribution = lognormal("30min", "180min")
    mend: Distribution = lognormal("60min", "300min")
    success: Probability = 0.8
    attempts: Annotated[int, Field(ge=1, le=20)] = 3
