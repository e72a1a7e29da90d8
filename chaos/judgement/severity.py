"""Grading an incident by a rule set (`chaos.documents.severity`)."""

from __future__ import annotations

from typing import Any

from chaos.documents.severity import GRADES, Rule, RuleSet, SystemClass

Figures = dict[str, Any]


def grade(rules: RuleSet, figures: Figures, system: SystemClass) -> dict[str, Any]:
    """The gravest grade reached, its label and source; `grade` is None where the rules cannot tell, with `why`.

    `figures` has impaired_s, share_lost, customers_affected and customers_active; a figure that is None is not known.
    """
    unknown: list[str] = []
    reached = [rule for rule in rules.rules if _met(rule, figures, system, unknown)]
    if reached:
        gravest = max(reached, key=lambda rule: GRADES.index(rule.grade))
        return {"grade": gravest.grade, "label": gravest.label or gravest.grade, "source": gravest.source}
    if unknown:
        return {"grade": None, "label": "not gradable", "why": f"not known: {', '.join(sorted(set(unknown)))}"}
    if rules.not_gradable and figures["impaired_s"]:
        return {"grade": None, "label": "not gradable", "why": rules.not_gradable}
    return {"grade": "none", "label": "below every grade", "source": ""}


def _met(rule: Rule, figures: Figures, system: SystemClass, unknown: list[str]) -> bool:
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
