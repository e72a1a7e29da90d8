"""Human error probabilities, worked out by hand."""

from __future__ import annotations

import pytest

from simcore.control.people.human_error import CONDITIONS, TASKS, error_probability
from simcore.model.control.people import HeartCondition, HeartTask


def test_without_conditions_the_base_rate_stands():
    assert error_probability("restore-procedure", {}) == 0.003
    assert error_probability("restore-procedure", dict.fromkeys(CONDITIONS, 0.0)) == 0.003


def test_a_condition_counts_by_its_proportion():
    """Overload x6 at 0.2: (6 - 1) x 0.2 + 1 = 2."""
    assert error_probability("routine", {"overload": 0.2}) == pytest.approx(0.04)


def test_conditions_multiply():
    """Time shortage x11 at 0.5 is 6, no independent check x3 in full is 3: 0.003 x 6 x 3."""
    assert error_probability("restore-procedure", {"time_shortage": 0.5, "no_independent_check": 1.0}) == pytest.approx(0.054)


def test_a_probability_is_at_most_one():
    assert error_probability("novel", {"unfamiliar": 1.0}) == 1.0


def test_the_words_of_the_file_are_those_of_the_table():
    assert set(HeartTask.__args__) == set(TASKS)
    assert set(HeartCondition.__args__) == set(CONDITIONS)
