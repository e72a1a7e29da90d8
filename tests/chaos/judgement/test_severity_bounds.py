"""Grades where nobody is known to be hit, where nothing happened, and where several rules are open."""

from __future__ import annotations

from typing import Any

import pytest

from chaos.documents.severity import RuleSet
from chaos.judgement.severity import Harm, grade


def graded(harm: Harm, *rules: dict[str, Any]) -> tuple[str | None, str]:
    """The grade and its label by these rules."""
    made = RuleSet.model_validate({"kind": "severity", "name": "made", "title": "made", "rules": list(rules)})
    found = grade(made, harm, "real-time")
    return found.grade, found.label


def test_without_customers_none_were_hit() -> None:
    """A share of nobody is none: it reaches a bar of none, and no other."""
    nobody = Harm(60.0, 1.0, 0, 0)
    assert graded(nobody, {"grade": "larger", "customers_share": 0.0})[0] == "larger"
    assert graded(nobody, {"grade": "larger", "customers_share": 0.05})[0] == "none"
    assert graded(nobody, {"grade": "larger", "customers_share": 0.0, "more_than": True})[0] == "none"


@pytest.mark.parametrize("share", [None, 0.0, 0.7])
def test_what_was_not_impaired_lost_nothing(share: float | None) -> None:
    """Whatever is or is not known of a share; it reaches a bar of none, and no other."""
    calm = Harm(0.0, share, 100, 0)
    assert graded(calm, {"grade": "larger", "share_lost": 0.0})[0] == "larger"
    assert graded(calm, {"grade": "larger", "share_lost": 0.05})[0] == "none"


def test_the_most_severe_rule_that_is_open_decides() -> None:
    """Major and larger depend on a share that is not known; that larger is reached in another way does not close major."""
    vague = Harm(60.0, None, 100, 50)
    major, larger = ({"grade": g, "share_lost": 0.5} for g in ("major", "larger"))
    reached = {"grade": "larger", "customers": 50}
    assert graded(vague, major, larger, reached)[0] is None
    assert graded(vague, larger, reached)[0] == "larger"
    assert graded(vague, major, {"grade": "major", "customers": 50})[0] == "major"


def test_a_grade_has_the_rules_own_word() -> None:
    """Or, without one, that of the grade."""
    assert graded(Harm(60.0, 1.0, 100, 50), {"grade": "larger", "label": "serious", "customers": 50}) == ("larger", "serious")
    assert graded(Harm(60.0, 1.0, 100, 50), {"grade": "larger", "customers": 50}) == ("larger", "larger")


@pytest.mark.parametrize(
    ("bar", "at", "known"),
    [("impaired", 60.0, "59s 60s 61s"), ("share_lost", 0.5, "0.49 0.5 0.51"), ("customers", 50, "49 50 51")],
)
@pytest.mark.parametrize("more_than", [False, True])
def test_a_bar_is_reached_at_itself_and_exceeded_above(bar: str, at: float, known: str, more_than: bool) -> None:
    """One below, at it, one above."""
    found = []
    for value in known.split():
        harm = Harm(60.0, 0.5, 1000, 50)
        rule: dict[str, Any] = {"grade": "larger", "more_than": more_than, bar: value if bar == "impaired" else float(value)}
        if bar == "customers":
            rule[bar] = int(value)
        found.append(graded(harm, rule)[0] == "larger")
    assert found == ([True, False, False] if more_than else [True, True, False])
    assert at in (60.0, 0.5, 50)


def test_a_grade_says_its_words_in_chinese_where_the_rules_do() -> None:
    """Label, source and why it cannot be told; where the rules have no Chinese, none or the English."""

    def found(harm: Harm, rule: dict[str, Any], **more: Any) -> Any:
        text = {"kind": "severity", "name": "made", "title": "made", "rules": [rule]} | more
        return grade(RuleSet.model_validate(text), harm, "real-time")

    hit, rule = Harm(60.0, 1.0, 100, 50), {"grade": "larger", "customers": 50}
    said = found(hit, rule | {"label_zh": "较大", "source_zh": "办法"})
    assert (said.label_zh, said.source_zh) == ("较大", "办法")
    assert (found(hit, rule).label_zh, found(hit, rule).source_zh) == (None, None)
    few, silent = Harm(60.0, 1.0, 100, 49), {"not_gradable": "too few"}
    assert found(few, rule, **silent, not_gradable_zh="太少").why_zh == "太少"
    assert found(few, rule, **silent).why_zh == "too few"
    needs = {"grade": "larger", "criteria_needed": 1}
    for names, shown in (({"name_zh": "声誉"}, "声誉"), ({}, "reputation")):
        criterion = {"name": "reputation", "not_measured": True} | names
        assert shown in found(hit, needs | {"criteria": [criterion]}).why_zh
