"""Grades of known incidents under the shipped rule sets."""

from __future__ import annotations

import pytest

from chaos.documents.library import library
from chaos.documents.severity import RuleSet, SystemClass
from chaos.judgement.severity import Harm, grade


def figures(minutes: float, share: float | None = 1.0, hit: int = 10, active: int = 1000) -> Harm:
    """What an incident of so many minutes is graded by."""
    return Harm(minutes * 60, share, active, hit)


@pytest.mark.parametrize(
    ("minutes", "share", "system", "expected"),
    [
        (19, 1.0, "real-time", "larger"),  # a decided case
        (446, 1.0, "other", "ordinary"),  # a third party's relay, decided
        (30, 1.0, "real-time", "major"),
        (9, 1.0, "real-time", None),  # the rules at hand say nothing of it
        (60, 0.2, "real-time", None),  # nor of this
        (60, None, "real-time", None),
        (0, None, "real-time", "none"),
    ],
)
def test_csrc(minutes: float, share: float | None, system: SystemClass, expected: str | None) -> None:
    """Duration alone does not make a grade: class of system and degree count, and 'not gradable' is an answer."""
    assert grade(library().resolve("csrc-2021-12", RuleSet).model, figures(minutes, share), system).grade == expected


def test_dora() -> None:
    """A tenth of the clients, or more than two hours, are major; less is not."""
    rules = library().resolve("dora", RuleSet).model
    assert grade(rules, figures(5, hit=100), "real-time").grade == "major"
    assert grade(rules, figures(120, hit=1), "real-time").grade == "major"
    assert grade(rules, figures(60, hit=99), "real-time").grade == "none"
