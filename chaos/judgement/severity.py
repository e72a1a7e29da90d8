"""Grading an incident by a rule set (`chaos.documents.severity`)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, TypeAlias

from chaos.documents.severity import Conditions, Criterion, Rule, RuleSet, SystemClass
from chaos.i18n.texts import LocalizedText, join, translate
from chaos.measures.registry import GRADES
from chaos.results.run import Grade

Answer: TypeAlias = "bool | None"
"""Whether something is so; None: it cannot be known."""


class Harm(NamedTuple):
    """The measures that rules speak of; one that is None is not known."""

    impaired_s: float | None
    share_lost: float | None
    customers_active: int
    customers_affected: int


def grade(rules: RuleSet, harm: Harm, system: SystemClass) -> Grade:
    """The most severe grade reached, its label and source; `grade` is None where the rules cannot decide it, with `why`: one that is
    more severe than any reached depends on what is not known, or the rules say nothing of it.

    >>> from chaos.documents.library import library
    >>> rules = library().resolve("csrc-2021-12", RuleSet).model
    >>> harm = Harm(impaired_s=19 * 60.0, share_lost=0.8, customers_active=50_000, customers_affected=20_000)
    >>> grade(rules, harm, "real-time").grade
    'larger'
    """
    reached: list[Rule] = []
    open_: list[Rule] = []
    reasons: dict[LocalizedText, None] = {}
    for rule in sorted(rules.rules, key=lambda rule: -GRADES.index(rule.grade)):
        unknown: list[LocalizedText] = []
        met = _reached(rule, harm, system, unknown)
        if met:
            reached.append(rule)
        elif met is None and not reached:
            open_.append(rule)
            reasons |= dict.fromkeys(unknown)
    worst = reached[0] if reached else None
    if open_ and (worst is None or open_[0].grade != worst.grade):
        return _not_gradable(join(list(reasons), "; ", "；"))
    if worst is not None:
        return Grade(
            grade=worst.grade,
            label=worst.label or worst.grade,
            label_zh=worst.label_zh or None,
            source=worst.source,
            source_zh=worst.source_zh or None,
        )
    if rules.not_gradable and harm.impaired_s:
        return _not_gradable(LocalizedText(rules.not_gradable, rules.not_gradable_zh or rules.not_gradable))
    return Grade(grade="none", label="below every grade", source="")


def _not_gradable(why: LocalizedText) -> Grade:
    return Grade(grade=None, label="not gradable", why=why.en, why_zh=why.zh)


def _reached(rule: Rule, harm: Harm, system: SystemClass, unknown: list[LocalizedText]) -> Answer:
    met = _met(rule, harm, system, unknown)
    if met is False or rule.criteria_needed is None:
        return met
    return _all((met, _enough(rule.criteria, rule.criteria_needed, harm, system, unknown)))


def _enough(criteria: list[Criterion], needed: int, harm: Harm, system: SystemClass, unknown: list[LocalizedText]) -> Answer:
    """Whether so many criteria are met. Those without a figure are open, unless nothing happened that they could speak of."""
    answers = [(c, _met(c, harm, system, unknown)) for c in criteria if not c.not_measured]
    met = [c for c, answer in answers if answer]
    if len(met) >= needed:
        return True
    unmeasured = [c for c in criteria if c.not_measured] if met or harm.impaired_s != 0 else []
    unsure = sum(answer is None for _, answer in answers) + len(unmeasured)
    if len(met) + unsure < needed:
        return False
    parts = {"needed": needed, "met": len(met), "unmeasured": _named(unmeasured) if unmeasured else translate("grade.why.none")}
    key = "grade.why.criteria.named" if met else "grade.why.criteria"
    unknown.append(translate(key, **parts, named=_named(met)))
    return None


def _named(criteria: list[Criterion]) -> LocalizedText:
    return join([LocalizedText(c.name, c.name_zh or c.name) for c in criteria])


def _met(of: Conditions, harm: Harm, system: SystemClass, unknown: list[LocalizedText]) -> Answer:
    """Whether every condition is met: False if one is not, whatever else is not known."""
    answers: list[Answer] = [_of_class(of, system)]
    share = harm.customers_affected / harm.customers_active if harm.customers_active else 0.0
    bars = (
        ("impaired_s", harm.impaired_s, None if of.impaired is None else of.impaired / 1e9),
        ("share_lost", 0.0 if harm.impaired_s == 0 else harm.share_lost, of.share_lost),
        ("customers_share", share, of.customers_share),
        ("customers", harm.customers_affected, of.customers),
    )
    unsure: list[LocalizedText] = []
    for name, value, bar in bars:
        if bar is None:
            continue
        answers.append(None if value is None else value > bar if of.more_than else value >= bar)
        if value is None:
            unsure.append(translate("grade.why.unknown", name=LocalizedText(name, translate(f"harm.{name}").zh)))
    if of.any_of:
        answers.append(_any(_met(part, harm, system, unsure) for part in of.any_of))
    met = _all(answers)
    if met is None:
        unknown += unsure
    return met


def _of_class(of: Conditions, system: SystemClass) -> bool:
    return of.system is None or system == of.system or (isinstance(of.system, list) and system in of.system)


def _all(answers: Iterable[Answer]) -> Answer:
    found = list(answers)
    return False if False in found else None if None in found else True


def _any(answers: Iterable[Answer]) -> Answer:
    found = list(answers)
    return True if True in found else None if None in found else False
