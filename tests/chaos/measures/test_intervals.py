"""Every threshold of an evaluation interval: exactly at it, one below, one above, in journals written by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hand_journal import EVERY, Order, journal, orders, spec, windows

from chaos.measures.intervals import NO_DATA, STEADY, VIOLATED, EvaluationIntervals, evaluate_intervals, violated_stretches
from simcore.base.units import MS, SECOND

LIMIT = 500 * MS


def only(made: list[Order], seconds: int = 10, **asked: Any) -> int:
    """The state of a run's first interval."""
    return int(evaluate_intervals(journal(seconds, made), spec(seconds, **asked)).states[0])


def test_the_states_have_an_order() -> None:
    """Of a steady objective and one without data the greater counts; stored runs and pages have the numbers."""
    assert (STEADY, NO_DATA, VIOLATED) == (1, 0, -1)


@pytest.mark.parametrize(("good", "state"), [(17, VIOLATED), (18, STEADY), (19, STEADY)])
def test_success_at_its_bound_holds(good: int, state: int) -> None:
    """0.9 of 20 are 18: that many good answers are enough, one fewer is not."""
    assert only(orders(0, good=good, bad=20 - good)) == state


def test_a_business_reject_is_a_good_answer_and_the_rest_is_not() -> None:
    """Confirmed and rejected are good; blocked, failed and unknown are not."""
    assert only(orders(0, good=9, rejected=9, bad=2)) == STEADY
    for outcome in ("blocked", "failed", "unknown"):
        assert only([*orders(0, good=17), *(Order(n * MS, outcome) for n in range(3))]) == VIOLATED


@pytest.mark.parametrize(("count", "state"), [(4, NO_DATA), (5, VIOLATED), (6, VIOLATED)])
def test_fewer_than_min_count_are_no_data(count: int, state: int) -> None:
    """Five orders are enough where five are asked for."""
    assert only(orders(0, bad=count)) == state


@pytest.mark.parametrize(("wait", "state"), [(LIMIT - 1, STEADY), (LIMIT, STEADY), (LIMIT + 1, VIOLATED)])
def test_a_wait_of_exactly_the_bound_is_in_time(wait: int, state: int) -> None:
    """An answer is in time up to and with the bound, to the nanosecond."""
    assert only(orders(0, good=10, wait=wait), success=None, quantile=0.9, latency=LIMIT) == state


@pytest.mark.parametrize(("quick", "state"), [(17, VIOLATED), (18, STEADY), (19, STEADY)])
def test_a_quantile_at_its_bound_holds(quick: int, state: int) -> None:
    """Nine tenths of 20 good answers within the bound are 18; bad ones do not count for it."""
    slow = [Order(SECOND + n * MS, wait=LIMIT + 1) for n in range(20 - quick)]
    made = [*orders(0, good=quick), *slow, *(Order(2 * SECOND + n * MS, "failed") for n in range(5))]
    assert only(made, success=None, quantile=0.9, latency=LIMIT) == state


def test_either_bound_of_an_objective_violates() -> None:
    """Enough good answers that are too late violate, and quick ones that are too few; without a bound nothing does."""
    late, few = orders(0, good=10, wait=LIMIT + 1), orders(0, good=8, bad=2)
    for made in (late, few):
        assert only(made, quantile=0.9, latency=LIMIT) == VIOLATED
    assert only(late) == STEADY
    assert only(few, success=None, quantile=0.9, latency=LIMIT) == STEADY
    assert only(few, success=None) == STEADY


@pytest.mark.parametrize(("left", "state"), [(30 * SECOND - 1, NO_DATA), (30 * SECOND, NO_DATA), (30 * SECOND + 1, VIOLATED)])
def test_an_intent_pending_for_more_than_half_a_minute_at_the_end_is_not_answered(left: int, state: int) -> None:
    """Half a minute before the end it may still be answered; a nanosecond earlier it counts."""
    made = [Order(40 * SECOND - left, "pending") for _ in range(5)]
    at = (40 * SECOND - left) // EVERY
    assert evaluate_intervals(journal(40, made), spec(40)).states[at] == state


def test_an_intent_belongs_to_the_interval_it_was_submitted_in() -> None:
    """The instant between two belongs to the later; what was submitted outside of the whole intervals belongs to none."""
    start = 100 * SECOND
    edge = [start + EVERY - 1, start + EVERY, start + 2 * EVERY - 1, start + 2 * EVERY, start - 1]
    found = evaluate_intervals(journal(25, [Order(at) for at in edge], start=start), spec(125))
    assert found.begins.tolist() == [start, start + EVERY]
    assert found.intents.tolist() == [1, 2]
    assert found.lost.tolist() == [0, 0]


def test_what_was_lost_is_what_was_not_answered_well() -> None:
    """Late answers are answers; only those counted are lost."""
    made = [*orders(0, good=4, rejected=1, bad=2, pending=3), *orders(3, pending=2)]
    found = evaluate_intervals(journal(40, made), spec(40, quantile=0.9, latency=1))
    assert found.intents.tolist() == [10, 0, 0, 0]
    assert found.lost.tolist() == [5, 0, 0, 0]


# --- flows without rows -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("failed", "state"), [(1, STEADY), (2, STEADY), (3, VIOLATED)])
@pytest.mark.parametrize("field", ["failed", "unknown", "blocked"])
def test_a_flow_without_rows_is_judged_by_what_ended(field: str, failed: int, state: int) -> None:
    """By its counters: 2 of 20 bad are within 0.9; ok and rejected are good, and the seconds of an interval are added up."""
    counters = {
        "flow/quote/ok": [9, *([0] * 9), 10],
        "flow/quote/rejected": [0, 11 - failed],
        f"flow/quote/{field}": [0, 0, failed],
    }
    found = evaluate_intervals(journal(20, (), counters), spec(20, flow="quote"))
    assert found.states.tolist() == [state, STEADY]
    assert found.intents.tolist() == [20, 10]
    assert found.lost.tolist() == [failed, 0]


def test_intervals_are_whole() -> None:
    """What is left over at the end is none."""
    found = evaluate_intervals(journal(29, (), {"flow/quote/ok": [1] * 29}), spec(29, flow="quote"))
    assert found.intents.tolist() == [10, 10]


# --- several objectives, sessions ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ours", "theirs", "state"),
    [
        (10, 10, STEADY),
        (0, 10, STEADY),
        (10, 0, STEADY),
        (0, 0, NO_DATA),
        (10, -10, VIOLATED),
        (-10, 10, VIOLATED),
        (0, -10, VIOLATED),
    ],
)
def test_one_violated_objective_violates_and_one_with_data_is_enough(ours: int, theirs: int, state: int) -> None:
    """So many good orders and quotes (negative: bad): violated if either is, else steady if either has data."""
    counters = {"flow/quote/ok": [max(0, theirs)], "flow/quote/failed": [max(0, -theirs)]}
    asked, quotes = spec(10), spec(10, flow="quote")
    both = {**asked.objectives, **quotes.objectives}
    made = journal(10, orders(0, good=max(0, ours), bad=max(0, -ours)), counters)
    assert evaluate_intervals(made, spec_with(asked, both)).states.tolist() == [state]
    assert evaluate_intervals(made, spec_with(asked, dict(reversed(both.items())))).states.tolist() == [state]


def spec_with(asked: Any, objectives: Any) -> Any:
    """The same question with other objectives."""
    return type(asked)(**{**vars(asked), "objectives": objectives})


def phase(at: int, session: bool) -> tuple[int, str, str, dict[str, Any]]:
    """A phase of the day begins."""
    return at, "phase", "phase", {"session": session}


def test_an_interval_is_in_session_from_the_instant_its_phase_begins() -> None:
    """The one that begins with the phase is, the one before is not; before the first phase there is no session."""
    made = journal(60, (), events=[phase(2 * EVERY, True), phase(4 * EVERY + 1, False), (0, "alarm", "x", {"session": True})])
    assert evaluate_intervals(made, spec(60)).session.tolist() == [False, False, True, True, True, False]


def test_a_run_without_a_session_is_judged_on_all_its_intervals() -> None:
    """So is one whose market is always open."""
    assert evaluate_intervals(journal(20, (), events=[phase(0, False)]), spec(20)).session.all()
    assert evaluate_intervals(journal(20), spec(20)).session.all()
    one = evaluate_intervals(journal(20, (), events=[phase(0, False), phase(EVERY, True)]), spec(20))
    assert one.session.tolist() == [False, True]
    late = evaluate_intervals(journal(20, (), events=[phase(EVERY, True)]), spec(20))
    assert late.session.tolist() == [False, True], "before the first phase there is none"


@pytest.mark.parametrize(
    ("states", "stretches"),
    [("----", [(0, 4)]), ("+--+", [(1, 3)]), ("-+.-", [(0, 1), (3, 4)]), ("++++", []), ("+.-.", [(2, 3)])],
)
def test_violated_stretches(states: str, stretches: list[tuple[int, int]]) -> None:
    """From the first violated interval to the end of the last in a row; at either end of the run too."""
    found = evaluate_intervals(journal(40, windows(states)), spec(40))
    assert violated_stretches(found, EVERY) == [(a * EVERY, b * EVERY) for a, b in stretches]
    night = EvaluationIntervals(found.begins, found.states, np.zeros(4, bool), found.intents, found.lost)
    assert violated_stretches(night, EVERY) == []


def test_a_method_counts_from_its_first_step() -> None:
    """Without one from the beginning of the window."""
    assert (spec(60, begin=10, first=20).since, spec(60, begin=10).since) == (20 * SECOND, 10 * SECOND)
