"""What a file of severity rules may say: the grades of an incident, as data with sources (scenarios/severity)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from chaos.measures.registry import Grade
from simcore.base.model import FileName, Model, Probability
from simcore.base.units import Duration

SystemClass = Literal["real-time", "other"]


class Rule(Model):
    """Reached when every condition it names is met. `impaired` counts session time in which the steady state was violated."""

    grade: Grade
    label: str = Field("", description="the rule set's own word for the grade")
    system: SystemClass | None = None
    impaired: Duration | None = Field(None, description="at least this long in session, cumulative")
    share_lost: Probability | None = Field(
        None, description="at least this share of intents blocked, failed or unknown while impaired"
    )
    customers_share: Probability | None = Field(None, description="at least this share of those who tried were hit")
    customers: Annotated[int, Field(ge=1)] | None = Field(None, description="at least so many were hit")
    any_of: list[Rule] = Field([], description="met when one of these is; their grades do not matter")
    source: str = ""


class RuleSet(Model):
    """A rule set: rules in any order, the gravest that is reached counts."""

    kind: Literal["severity"]
    name: FileName
    title: str
    description: str = ""
    source: list[str] = []
    rules: Annotated[list[Rule], Field(min_length=1)]
    not_gradable: str = Field("", description="what the rules say nothing about")
