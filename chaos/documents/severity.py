"""What a file of severity rules may say: the grades of an incident, as data with sources (scenarios/severity)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from chaos.measures.registry import Grade
from simcore.base.model import FileName, Model, Name, Probability
from simcore.base.units import Duration

SystemClass = Literal["central-auction", "real-time", "other"]
"""`central-auction`: the system in which orders meet, the exchange's; `real-time`: any other that works while customers wait, a
broker's trading core among them; `other`: the rest."""


class Conditions(Model):
    """What must be so of an incident; several at once must all be. `impaired` counts session time in which the steady state was
    violated."""

    system: SystemClass | list[SystemClass] | None = Field(None, description="the class of the system hit, or one of several")
    impaired: Duration | None = Field(None, description="at least this long in session, cumulative")
    share_lost: Probability | None = Field(
        None, description="at least this share of intents blocked, failed, unknown or rejected wrongly while impaired"
    )
    customers_share: Probability | None = Field(None, description="at least this share of those who tried were hit")
    customers: Annotated[int, Field(ge=1)] | None = Field(None, description="at least so many were hit")
    more_than: bool = Field(False, description="the figures beside it must be exceeded; to reach them is not enough")
    any_of: list[Alternative] = Field([], description="met when one of these is")


class Alternative(Conditions):
    """One of several ways to meet a condition. A grade or a label of it means nothing."""

    grade: Grade | None = None
    label: str = ""
    source: str = ""


class Criterion(Conditions):
    """One of the criteria that a rule counts. However many of its thresholds are reached, it counts once."""

    name: Annotated[str, Field(min_length=1)]
    name_zh: str = Field("", description="its name on Chinese pages; absent: as it is")
    not_measured: bool = Field(False, description="no figure of a run says whether it is met")
    source: str = ""

    @model_validator(mode="after")
    def _says_something(self) -> Criterion:
        bars = (self.impaired, self.share_lost, self.customers_share, self.customers)
        measured = bool(self.any_of) or any(bar is not None for bar in bars)
        if measured == self.not_measured:
            raise ValueError("a criterion has either figures that meet it or not_measured: true")
        return self


class Rule(Conditions):
    """Reached when every condition it names is met and, if it counts criteria, so many of them are."""

    grade: Grade
    label: str = Field("", description="the rule set's own word for the grade")
    label_zh: str = Field("", description="the same on Chinese pages; absent: as it is")
    criteria: list[Criterion] = Field([], description="criteria of different kinds, of which `criteria_needed` must be met")
    criteria_needed: Annotated[int, Field(ge=1)] | None = Field(None, description="how many of the criteria")
    source: str = ""
    source_zh: str = Field("", description="the same on Chinese pages; absent: as it is")

    @model_validator(mode="after")
    def _criteria_can_be_met(self) -> Rule:
        if bool(self.criteria) != (self.criteria_needed is not None):
            raise ValueError("criteria and criteria_needed go together")
        if self.criteria_needed is not None and self.criteria_needed > len(self.criteria):
            raise ValueError(f"criteria_needed is {self.criteria_needed}, and there are {len(self.criteria)} criteria")
        if len({c.name for c in self.criteria}) < len(self.criteria):
            raise ValueError("two criteria have one name; thresholds of one criterion belong into its any_of")
        return self


class Deadline(Model):
    """A time within which something must be done, and who says so."""

    within: Annotated[Duration, Field(gt=0)]
    source: Annotated[str, Field(min_length=1)]
    guess: bool = Field(
        False, description="the rules' own figure was not found: this one is taken over from elsewhere, or made up"
    )


class ReportThreshold(Model):
    """What need not be reported: less than so many failed orders."""

    orders: Annotated[int, Field(ge=1)]
    source: Annotated[str, Field(min_length=1)]
    guess: bool = Field(False, description="as of a deadline")


class ReportField(Model):
    """A field of the form on which an incident is reported."""

    field: Name
    title: Annotated[str, Field(min_length=1)]
    title_zh: Annotated[str, Field(min_length=1)]
    required: bool = False
    source: str = ""


class Reporting(Model):
    """What has to be reported to the regulator, by when, and on which form. Times count from when people know of it and the threshold
    is reached; after the first report from each report to the next."""

    threshold: ReportThreshold
    first: Deadline
    every: Deadline
    form: Annotated[list[ReportField], Field(min_length=1)]
    source: list[str] = []

    @model_validator(mode="after")
    def _fields_differ(self) -> Reporting:
        if len({f.field for f in self.form}) < len(self.form):
            raise ValueError("two fields of the form have one name")
        return self


class RuleSet(Model):
    """A rule set: rules in any order, the most severe that is reached counts."""

    kind: Literal["severity"]
    name: FileName
    title: str
    title_zh: str = Field("", description="its title on Chinese pages; absent: as it is")
    description: str = ""
    source: list[str] = []
    rules: Annotated[list[Rule], Field(min_length=1)]
    reporting: Reporting | None = Field(None, description="how incidents are reported; absent: the rules at hand do not say")
    not_gradable: str = Field("", description="what the rules say nothing about")
    not_gradable_zh: str = Field("", description="the same on Chinese pages; absent: as it is")
