"""What a file may say of an incident whose outcome was not known: guesses with ranges, questions with or without an answer."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from chaos.documents.prediction import Guess, Prediction, Question

LENGTH = {"what": "length", "from": "5min", "to": "20min", "sets": {"a.median": 1, "a.p99": 6}, "source": "guess"}
PLACES = {"what": "places", "from": 20, "to": 1000, "sets": {"pools.p.queue": 1}, "source": "guess"}
ASKED = {"ask": "1. How long?", "measure": "recovery_s"}


def test_a_draw_lies_in_its_range_and_goes_by_seed_and_name() -> None:
    """Half of the draws lie below the geometric mean; a seed draws the same again, another name or seed something else."""
    guess = Guess.model_validate(LENGTH)
    values = [float(guess.draw(seed, "x").assignments[0].removeprefix("a.median=").removesuffix("ms")) for seed in range(400)]
    assert 5 * 60e3 <= min(values) < max(values) <= 20 * 60e3
    assert 150 < sum(value < 10 * 60e3 for value in values) < 250
    assert guess.draw(7, "x") == guess.draw(7, "x") != guess.draw(7, "y")
    assert guess.draw(7, "x") != guess.draw(8, "x")


def test_every_path_gets_its_multiple() -> None:
    """One value for all paths, so that a median and its quantile move together."""
    median, p99 = (text.partition("=")[2].removesuffix("ms") for text in Guess.model_validate(LENGTH).draw(3, "x").assignments)
    assert float(p99) == pytest.approx(6 * float(median), abs=6)


def test_whole_numbers_stay_whole() -> None:
    """Between two whole numbers one is drawn; between two others any."""
    assert Guess.model_validate(PLACES).draw(3, "x").value.isdecimal()
    share = PLACES | {"from": 0.0, "to": 0.5, "spread": "even"}
    assert 0 <= float(Guess.model_validate(share).draw(3, "x").value) <= 0.5


@pytest.mark.parametrize(
    "change",
    [{"to": "5min"}, {"to": 20}, {"from": "0s"}, {"sets": {}}, {"source": ""}],
    ids=["empty range", "two kinds", "ratio to 0", "no path", "no source"],
)
def test_a_guess_without_a_range_is_refused(change: dict[str, Any]) -> None:
    """A range, a path and what it rests on are what a guess is."""
    with pytest.raises(ValidationError):
        Guess.model_validate(LENGTH | change)


@pytest.mark.parametrize(
    "change",
    [
        {"missing": "x"},
        {"measure": None},
        {"at_most": "1h", "at_least": "2h"},
        {"at_most": 3},
        {"measure": None, "given": "x", "at_most": 1},
    ],
    ids=["two answers", "none", "two bounds", "no unit", "bound alone"],
)
def test_a_question_has_one_answer(change: dict[str, Any]) -> None:
    """A measure, what is missing, or why it is given; a bound in the measure's unit."""
    with pytest.raises(ValidationError):
        Question.model_validate(ASKED | change)


def test_a_prediction_predicts() -> None:
    """Some question has a measure, and no two guesses draw the same by one name."""
    assert Prediction.model_validate({"guesses": [LENGTH], "questions": [ASKED, ASKED]}).measures == ["recovery_s"]
    for wrong in (
        {"guesses": [LENGTH, LENGTH], "questions": [ASKED]},
        {"guesses": [LENGTH], "questions": [{"ask": "2.", "given": "x"}]},
    ):
        with pytest.raises(ValidationError):
            Prediction.model_validate(wrong)
