"""A comparison as a record to file: what was asked, found, hurt and left open, in both languages."""

from __future__ import annotations

import pytest
from made_comparison import made_comparison

from chaos.measures.formatting import Language
from chaos.reports.decision_record import decision_record
from chaos.results.comparison import ComparisonResult, EqualCost
from chaos.results.explanation import ExplanationResult

N = 40
VALUES = {
    "incidents/a": {"base": [0.4] * N, "options/good": [0.0] * N, "options/bad": [0.9] * N},
    "incidents/b": {"base": [0.4] * N, "options/good": [0.4, 0.38] * (N // 2), "options/bad": None},
}


@pytest.fixture(scope="module")
def result() -> ComparisonResult:
    return made_comparison(VALUES)


def explained() -> ExplanationResult:
    counts = {"runs": 9, "screening": 9, "walks": 1, "block": 2, "conservation_broken": 0}
    pair = {
        "scenario": "incidents/a",
        "title": "A",
        "architecture": "base",
        "against": "options/good",
        "environment": "production",
    }
    measure = {"name": "orders.failed_share", "margin": 0.001, "amount": 0.01}
    found = {"verdict": "better", "decided": True, "guesses": [], "searched": [], "summary": counts}
    return ExplanationResult.model_validate({"schema_version": 1, **pair, "measure": measure, "seeds": [1, 2], **found})


def test_it_says_what_was_asked_and_where_an_option_would_do_harm(result: ComparisonResult) -> None:
    text = decision_record(result, [])
    assert text.startswith("# Decision record: good, bad in place of base?\n\nState: proposed.")
    assert "in: incidents/a, incidents/b?" in text
    harm = text.split("## Where it would do harm")[1].split("##")[0]
    assert "bad in incidents/a: orders.failed_share 40.0% → 90.0% (worse)" in harm
    assert "good" not in harm
    assert "By the primary measure 1 of 4 comparisons are not decided." in text


def test_budget_and_guesses_are_those_of_the_comparison_or_said_to_be_open(result: ComparisonResult) -> None:
    plain = decision_record(result, [])
    assert "Each as its file has it" in plain
    assert "Not examined." in plain
    given = EqualCost(machines=9, sessions=24, edits=["services.app.replicas=4"], unused_machines=1, unused_sessions=0)
    first, *others = result.architectures
    equal = result.model_copy(update={"architectures": [first.model_copy(update={"equal": given}), *others]})
    text = decision_record(equal, [explained()])
    assert "base was given services.app.replicas=4; unused: 1 machine, 0 sessions" in text
    assert "Not examined." not in text
    assert "Each as its file has it" not in text


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_heading_is_there_once(result: ComparisonResult, language: Language) -> None:
    headings = [line for line in decision_record(result, [], language).splitlines() if line.startswith("## ")]
    assert len(headings) == len(set(headings)) == 8
    assert all((line.isascii()) == (language == "en") for line in headings)
