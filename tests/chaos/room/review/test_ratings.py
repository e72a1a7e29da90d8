"""Ratings at the boundaries of their bounds: P, S and M up to and including theirs, U beyond, U for what never came, none without a fault."""

from __future__ import annotations

import pytest
from reviewed_room import reviewed

from chaos.documents.drill import Drill, Objective, ObjectiveMeasure
from chaos.results.review import RUN, AlarmReview, Evidence, Override, Words
from chaos.results.run import RunResult
from chaos.results.stored_run import read_run
from chaos.room.exercise.state import State
from chaos.room.review.ratings import Shown, rate
from simcore.base.units import SECOND


def drill_of(measure: ObjectiveMeasure, *bounds: object) -> Drill:
    """The shipped drill with one objective."""
    from chaos.room.exercise.prepared import prepare

    names = ("performed", "some", "major")
    said = {"objective": "x", "text": {"en": "x", "zh": "x"}, "measure": measure} | dict(zip(names, bounds, strict=True))
    return prepare("bank-slow").model.model_copy(update={"objectives": [Objective.model_validate(said)]})


def shown(
    drill: Drill, *, fault: bool = True, reported: int | None = None, run: RunResult | None = None, ended: int | None = None
) -> Shown:
    """An exercise with a fault at 100 s, and a report so many ns after it."""
    state = State(drill, {})
    if fault:
        state.injects[0].done_at = 100 * SECOND
    reports = [] if reported is None else [Evidence(what="reported", at_ns=100 * SECOND + reported)]
    alarms = [AlarmReview(name="a", title=Words(en="a", zh="a"), raised_ns=200 * SECOND) for _ in range(2)]
    return Shown(state, run or read_run(reviewed().folder / RUN).run, alarms, [], reports, ended)


@pytest.mark.parametrize(
    ("reported", "rating"),
    [
        (60 * SECOND, "P"),
        (60 * SECOND + 1, "S"),
        (120 * SECOND, "S"),
        (120 * SECOND + 1, "M"),
        (180 * SECOND, "M"),
        (180 * SECOND + 1, "U"),
        (None, "U"),
        (-1, "U"),
    ],
)
def test_a_time(reported: int | None, rating: str) -> None:
    """What was done before the fault is nothing done about it."""
    drill = drill_of("reported", "60s", "120s", "180s")
    assert rate(drill, shown(drill, reported=reported), {})[0].rating == rating


@pytest.mark.parametrize(("bounds", "rating"), [((2, 3, 4), "P"), ((1, 2, 3), "S"), ((0, 1, 2), "M"), ((0, 1, 1), "U")])
def test_a_count(bounds: tuple[int, int, int], rating: str) -> None:
    """Two alarms that nobody took up."""
    drill = drill_of("unacknowledged_alarms", *bounds)
    found = rate(drill, shown(drill), {})[0]
    assert (found.value, found.rating, len(found.evidence)) == (2, rating, 2)


@pytest.mark.parametrize(("ended", "rating"), [(280 * SECOND - 1, None), (280 * SECOND, "U"), (None, "U")])
def test_what_had_time_left_when_the_exercise_was_ended_is_not_rated(ended: int | None, rating: str | None) -> None:
    """The last bound is 180 s after the fault at 100 s: nobody knows what would have been done before it."""
    drill = drill_of("reported", "60s", "120s", "180s")
    found = rate(drill, shown(drill, ended=ended), {})[0]
    assert found.rating == rating
    assert ("time_left" in [e.what for e in found.evidence]) == (rating is None)
    assert rate(drill, shown(drill, reported=60 * SECOND, ended=170 * SECOND), {})[0].rating == "P"


def test_without_a_fault_nothing_is_rated() -> None:
    """There is nothing to react to."""
    drill = drill_of("reported", "60s", "120s", "180s")
    assert rate(drill, shown(drill, fault=False, reported=0), {})[0].rating is None


def test_exercise_controls_word_counts() -> None:
    """What the bounds say stays beside it."""
    drill = drill_of("reported", "60s", "120s", "180s")
    found = rate(drill, shown(drill, reported=0), {"x": Override(rating="M", reason="too late for customers")})[0]
    assert (found.computed, found.rating) == ("P", "M")
