"""Grading an incident by named rule sets. The rules are data with sources, below scenarios/severity."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from simcore.base.model import FileName, Model, Probability
from simcore.base.units import Duration

Grade = Literal["none", "ordinary", "larger", "major", "extraordinary"]
Class = Literal["real-time", "other"]


class Rule(Model):
    """Reached when every condition it names is met. `impaired` counts session time in which the steady state was violated."""

    grade: Grade
    label: str = Field("", description="the rule set's own word for the grade")
    system: Class | None = None
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


Rule.model_rebuild()

Figures = dict[str, Any]


def grade(rules: RuleSet, figures: Figures, system: Class) -> dict[str, Any]:
    """The gravest grade reached, its label and source; `grade` is None where the rules cannot tell, with `why`.

    `figures` has impaired_s, share_lost, customers_affected and customers_active; a figure that is None is not known.
    """
    unknown: list[str] = []
    reached = [rule for rule in rules.rules if _met(rule, figures, system, unknown)]
    if reached:
        gravest = max(reached, key=lambda rule: GRADE_ORDER.index(rule.grade))
        return {"grade": gravest.grade, "label": gravest.label or gravest.grade, "source": gravest.source}
    if unknown:
        return {"grade": None, "label": "not gradable", "why": f"not known: {', '.join(sorted(set(unknown)))}"}
    if rules.not_gradable and figures["impaired_s"]:
        return {"grade": None, "label": "not gradable", "why": rules.not_gradable}
    return {"grade": "none", "label": "below every grade", "source": ""}


GRADE_ORDER: tuple[Grade, ...] = ("none", "ordinary", "larger", "major", "extraordinary")


def _met(rule: Rule, figures: Figures, system: Class, unknown: list[str]) -> bool:
    if rule.system not in (None, system):
        return False
    share = figures["customers_affected"] / figures["customers_active"] if figures["customers_active"] else 0.0
    bars = (
        ("impaired_s", figures["impaired_s"], None if rule.impaired is None else rule.impaired / 1e9),
        ("share_lost", figures["share_lost"] if figures["impaired_s"] else 0.0, rule.share_lost),
        ("customers_share", share, rule.customers_share), ("customers", figures["customers_affected"], rule.customers),
    )  # fmt: skip
    for name, value, bar in bars:
        if bar is None:
            continue
        if value is None:
            unknown.append(name)
            return False
        if value < bar:
            return False
    return not rule.any_of or any(_met(part, figures, system, unknown) for part in rule.any_of)
