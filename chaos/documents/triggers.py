"""What sets latent defects off, how often, and when in the day: prior ranges as a file, each with its source.

A trigger in a phase of the day is a scenario of its own, which is how defects are priced and scenarios suggested.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from pydantic import Field, model_validator

from chaos.documents.defect import Family
from chaos.documents.scenario import FileReference, SteadyState, Step
from simcore.base.model import FileName, Model, Name
from simcore.base.units import MINUTE, ClockTime, Duration, format_clock, parse_duration
from simcore.files.validation import Finding

SETTLE_NS = 5 * MINUTE
"""From the beginning of a phase's window to the trigger: longer than the hold of the steady state, which must be seen before."""


class Range(Model):
    """A number nobody knows: least, likeliest, most."""

    low: Annotated[float, Field(ge=0)]
    likely: Annotated[float, Field(ge=0)]
    high: Annotated[float, Field(ge=0)]

    @model_validator(mode="after")
    def _in_order(self) -> Range:
        if not self.low <= self.likely <= self.high:
            raise ValueError("a range needs low ≤ likely ≤ high")
        return self

    @property
    def mean(self) -> float:
        """Of the triangular distribution over the range."""
        return (self.low + self.likely + self.high) / 3


class Phase(Model):
    """A part of the day, `since` to `until`: the window that stands for it, and the share of the triggers that fall into it."""

    since: ClockTime
    until: ClockTime
    begins: ClockTime
    lasts: Annotated[Duration, Field(gt=SETTLE_NS)]
    share: Annotated[float, Field(ge=0, le=1)]
    source: str = ""

    @model_validator(mode="after")
    def _its_window_inside(self) -> Phase:
        if not self.since <= self.begins < self.until:
            raise ValueError("a phase's window begins between since and until, and until is later; correct one of them")
        return self


class Presence(Model):
    """How often a defect gets into production in a year. `a_year` and `families` are of all mutation points of a family together, and
    split evenly over them, so that a family with many points weighs no more than others; `defects` are of one point of an operator."""

    a_year: Range
    families: dict[Family, Range] = Field({}, description="instead of a_year for these families")
    defects: dict[Annotated[str, Field(min_length=1)], Range] = Field(
        {}, description="for each mutation point of these operators, by name"
    )
    source: list[str] = []


class Found(Model):
    """How many trading days a defect stays until it is found and gone: where it `shows` on an ordinary day, because it fails or wrongly
    rejects at least the share `shows_from` of the day's orders, and where it is `hidden`."""

    trading_days: Annotated[int, Field(ge=1, le=366)]
    shows_from: Annotated[float, Field(ge=0, le=1)]
    shows: Range
    hidden: Range
    source: list[str] = []

    @model_validator(mode="after")
    def _within_a_year(self) -> Found:
        if max(self.shows.high, self.hidden.high) > self.trading_days:
            raise ValueError("a price is that of a year: a defect stays at most trading_days")
        return self


class Trigger(Model):
    """Something that happens `per_year` times. `steps` are those of a scenario with `after` (the trigger's time) for `at`. `load` scales
    what customers do. The one that is `every_day` is the day without a trigger, which every other is held against."""

    title: Annotated[str, Field(min_length=1)]
    source: list[str] = []
    per_year: Range | None = None
    steps: list[dict[str, object]] = []
    load: Annotated[float, Field(gt=0)] = 1.0
    every_phase: bool = Field(False, description="each time it goes through all phases of a day, not one of them")
    every_day: bool = Field(
        False, description="the day without a trigger: one of the triggers is it, and has neither per_year nor steps"
    )

    @model_validator(mode="after")
    def _how_often(self) -> Trigger:
        if self.every_day == (self.per_year is not None):
            raise ValueError("a trigger has either per_year or every_day: true")
        if self.every_day and (self.steps or self.every_phase or self.load != 1.0):
            raise ValueError("every_day is the day without a trigger: it has no steps, no load and no every_phase")
        return self


class Triggers(Model):
    """A file of triggers. The phases' shares add up to 1."""

    kind: Literal["triggers"]
    name: FileName
    title: Annotated[str, Field(min_length=1)]
    description: str = ""
    workload: FileReference = "normal-day"
    steady_state: dict[str, object] = Field(description="of every window, as in a scenario")
    presence: Presence
    found: Found
    phases: Annotated[dict[Name, Phase], Field(min_length=1)]
    triggers: Annotated[dict[Name, Trigger], Field(min_length=1)]

    @model_validator(mode="after")
    def _shares(self) -> Triggers:
        total = sum(phase.share for phase in self.phases.values())
        if abs(total - 1.0) > 1e-6:
            raise ValueError(f"the shares of the phases add up to {total:g}, not to 1")
        return self

    @model_validator(mode="after")
    def _one_day(self) -> Triggers:
        days = [name for name, trigger in self.triggers.items() if trigger.every_day]
        if len(days) != 1:
            raise ValueError(
                "one trigger is the day without any (every_day: true): what a defect does then is no effect of a trigger"
                + (f"; here {', '.join(days)} are" if days else "")
            )
        return self

    @property
    def day(self) -> str:
        """The name of the day without a trigger."""
        return next(name for name, trigger in self.triggers.items() if trigger.every_day)


def check_triggers(triggers: Triggers, step_model: type[Step]) -> list[Finding]:
    """Steps that are none of a scenario's."""
    found = []
    try:
        SteadyState.model_validate(triggers.steady_state)
    except ValueError as error:
        found.append(Finding(("steady_state",), _first(error)))
    for name, trigger in triggers.triggers.items():
        for i, step in enumerate(trigger.steps):
            try:
                step_model.model_validate(_at(step, 0))
            except ValueError as error:
                found.append(Finding(("triggers", name, "steps", i), _first(error)))
    return found


def _first(error: ValueError) -> str:
    """The first mistake that a model tells."""
    errors = getattr(error, "errors", None)
    return str(errors()[0]["msg"] if errors else error).removeprefix("Value error, ")


def _at(step: dict[str, object], strikes: int) -> dict[str, object]:
    after = parse_duration(step.get("after", 0))
    return {"at": format_clock(strikes + after)} | {key: value for key, value in step.items() if key != "after"}


# --- a trigger as a scenario --------------------------------------------------------------------------------------------------


def scenario_document(
    triggers: Triggers, trigger: str, phase: str, *, name: str, expect: Sequence[Mapping[str, object]]
) -> dict[str, object]:
    """The scenario of a trigger in a phase as plain data, such as a file would hold."""
    what, when = triggers.triggers[trigger], triggers.phases[phase]
    strikes = when.begins + SETTLE_NS
    document: dict[str, object] = {
        "kind": "scenario",
        "name": name,
        "title": f"{what.title}, {phase}",
        "source": what.source,
        "tags": [trigger, phase],
        "window": {"from": format_clock(when.begins), "to": format_clock(when.begins + when.lasts)},
        "workload": triggers.workload,
        "steady_state": triggers.steady_state,
        "method": [_at(step, strikes) for step in what.steps],
        "expect": expect,
        "properties": [],
    }
    if what.load != 1.0:
        document["workload_patch"] = [
            {"scale": f"flows.*.{word}", "by": what.load, "override": True, "if_present": True} for word in ("per_day", "rate")
        ]
    return document
