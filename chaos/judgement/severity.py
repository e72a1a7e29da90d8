"""Grading an incident by a rule set (`chaos.documents.severity`)."""

from __future__ import annotations

from typing import NamedTuple

from chaos.documents.severity import Rule, RuleSet, SystemClass
from chaos.measures.registry import GRADES
from chaos.results.run import Grade


class Harm(NamedTuple):
    """The measures that rules speak of; one that is None is not known."""

    impaired_s: float | None
    share_lost: float | None
    customers_active: int
    customers_affected: int


def grade(rules: RuleSet, harm: Harm, system: SystemClass) -> Grade:
    """The gravest grade reached, its label and source; `grade` is None where the rules cannot tell, with `why`."""
    unknown: list[str] = []
    reached = [rule for rule in rules.rules if _met(rule, harm, system, unknown)]
    if reached:
        gravest = max(reached, key=lambda rule: GRADES.index(rule.grade))
        return Grade(grade=gravest.grade, label=gravest.label or gravest.grade, source=gravest.source)
    if unknown:
        return Grade(grade=None, label="not gradable", why=f"not known: {', '.join(sorted(set(unknown)))}")
    if rules.not_gradable and harm.impaired_s:
        return Grade(grade=None, label="not gradable", why=rules.not_gradable)
    return Grade(grade="none", label="below every grade", source="")


def _met(rule: Rule, harm: Harm, system: SystemClass, unknown: list[str]) -> bool:
    if rule.system not in (None, system):
        return False
    share = harm.customers_affected / harm.customers_active if harm.customers_active else 0.0
    bars = (
        ("impaired_s", harm.impaired_s, None if rule.impaired is None else rule.impaired / 1e9),
        ("share_lost", harm.share_lost if harm.impaired_s else 0.0, rule.share_lost),
        ("customers_share", share, rule.customers_share),
        ("customers", harm.customers_affected, rule.customers),
    )
    for name, value, bar in bars:
        if bar is None:
            continue
        if value is None:
            unknown.append(name)
            return False
        if value < bar:
            return False
    return not rule.any_of or any(_met(part, harm, system, unknown) for part in rule.any_of)
