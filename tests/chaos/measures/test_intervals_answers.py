"""Answers that come late, wrongly or never: each threshold at, below and above, in journals written by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hand_journal import EVERY, Order, journal, orders, spec

from chaos.measures.intervals import NO_DATA, STEADY, VIOLATED, evaluate_intervals
from simcore.base.units import MS, SECOND
from simcore.journal.model import ACCEPTED_IN_CONTROL, FLAGS, NOT_COMPARED, REJECTED_IN_CONTROL, REPORTED_LATE

BY = 5 * SECOND


def states(made: list[Order], seconds: int = 10, **asked: Any) -> list[int]:
    """The states of a run's intervals."""
    return evaluate_intervals(journal(seconds, made), spec(seconds, **asked)).states.tolist()


@pytest.mark.parametrize(("wait", "state"), [(BY - 1, STEADY), (BY, STEADY), (BY + 1, VIOLATED)])
def test_an_answer_at_the_end_of_its_time_is_one(wait: int, state: int) -> None:
    """To the nanosecond; a late one is answered all the same, and not lost."""
    made = orders(0, good=10, wait=wait)
    assert states(made, answer_by=BY) == [state]
    assert evaluate_intervals(journal(10, made), spec(10, answer_by=BY)).lost.tolist() == [0]


@pytest.mark.parametrize(("left", "state"), [(BY - 1, NO_DATA), (BY, NO_DATA), (BY + 1, VIOLATED)])
def test_what_is_pending_beyond_its_time_counts(left: int, state: int) -> None:
    """At the end of the run; never later than after half a minute, however long an answer may take."""
    at = (40 * SECOND - left) // EVERY
    assert states([Order(40 * SECOND - left, "pending")] * 5, 40, answer_by=BY)[at] == state
    for more, expected in ((0, NO_DATA), (1, VIOLATED)):
        made = [Order(40 * SECOND - 30 * SECOND - more, "pending")] * 5
        assert states(made, 40, answer_by=60 * SECOND)[(10 * SECOND - more) // EVERY] == expected


@pytest.mark.parametrize(("confirmed", "state"), [(17, VIOLATED), (18, STEADY), (19, STEADY)])
def test_goodput_counts_what_is_confirmed(confirmed: int, state: int) -> None:
    """0.9 of 20 are 18; a reject is good for success and nothing for goodput, and a late confirmation for neither."""
    made = orders(0, good=confirmed, rejected=20 - confirmed)
    assert states(made, success=None, goodput=0.9) == [state]
    assert states(made, success=0.9) == [STEADY]
    assert states(made, success=0.9, goodput=0.9) == [state]
    late = [*orders(0, good=confirmed), *(Order(SECOND + n * MS, wait=BY + 1) for n in range(20 - confirmed))]
    assert states(late, success=None, goodput=0.9, answer_by=BY) == [state]


@pytest.mark.parametrize(
    ("control", "state"), [(NOT_COMPARED, STEADY), (REJECTED_IN_CONTROL, STEADY), (ACCEPTED_IN_CONTROL, VIOLATED)]
)
def test_a_reject_that_the_control_run_accepts_is_wrong(control: int, state: int) -> None:
    """Of 20 orders three: it is no good answer, and lost. A confirmed order is right whatever became of it there."""
    made = [*orders(0, good=17), *(Order(SECOND + n * MS, "rejected", in_control=control) for n in range(3))]
    assert states(made) == [state]
    assert evaluate_intervals(journal(10, made), spec(10)).lost.tolist() == [3 if control == ACCEPTED_IN_CONTROL else 0]
    assert states([Order(n * MS, in_control=control) for n in range(10)]) == [STEADY]


@pytest.mark.parametrize("outcome", ["unknown", "pending"])
@pytest.mark.parametrize(("silent", "state"), [(1, STEADY), (2, STEADY), (3, VIOLATED)])
def test_a_bound_on_the_time_alone_counts_who_gets_no_answer(silent: int, state: int, outcome: str) -> None:
    """2 of 20 may be late or without an answer; beside a bound on success that bound counts them."""
    made = [*orders(0, good=20 - silent), *(Order(SECOND + n * MS, outcome) for n in range(silent))]
    alone = {"success": None, "quantile": 0.9, "latency": 2 * BY, "answer_by": BY}
    assert states(made, 40, **alone)[0] == state
    assert states(made, 40, **alone | {"success": 0.5})[0] == STEADY
    assert states(made, 40, **alone | {"goodput": 0.5})[0] == STEADY
    nothing = [Order(n * MS, outcome) for n in range(10)]
    assert states(nothing, 40, **alone)[0] == VIOLATED
    refused = [Order(n * MS, "failed") for n in range(10)]
    assert states(refused, 40, **alone)[0] == VIOLATED, "nobody was answered in time"
    assert states([*orders(0, good=10), *refused], 40, **alone)[0] == STEADY, "errors are not waited for"


@pytest.mark.parametrize(("word", "bit"), [("late", FLAGS["late"]), ("reported_late", REPORTED_LATE)])
@pytest.mark.parametrize(("flagged", "state"), [(1, STEADY), (2, STEADY), (3, VIOLATED)])
def test_a_share_of_late_orders_at_its_bound_holds(flagged: int, state: int, word: str, bit: int) -> None:
    """A tenth of 20 are 2; only the bit that is asked for counts, and it counts beside the others."""
    others = sum(FLAGS.values()) + REPORTED_LATE - bit
    made = [*orders(0, good=20 - flagged), *(Order(SECOND + n * MS, flags=bit | others) for n in range(flagged))]
    assert states(made, success=None, **{word: 0.1}) == [state]
    assert states(made, **{word: 0.1}) == [state], "beside a bound on success that holds"
    assert states([Order(n * MS, flags=others) for n in range(20)], success=None, **{word: 0.1}) == [STEADY]
    few = [*orders(0, good=4), *orders(0, bad=16)]
    assert states(few, **{word: 0.1}) == [VIOLATED], "nor does it make up for another bound that does not"


@pytest.mark.parametrize(("word", "bit"), [("late", FLAGS["late"]), ("reported_late", REPORTED_LATE)])
def test_a_late_order_that_does_not_count_yet_is_not_counted_as_late(word: str, bit: int) -> None:
    """Three of 23 came late, but may still be answered: of the 20 that count none did. Once their time is over they count."""
    made = [*orders(0, good=20), *(Order(SECOND + n * MS, "pending", flags=bit) for n in range(3))]
    assert states(made, 10, success=None, **{word: 0.1})[0] == STEADY
    assert states(made, 40, success=None, **{word: 0.1})[0] == VIOLATED


# --- flows without rows ----------------------------------------------------------------------------------------------------------


def counted(started: list[int], ok: list[int], seconds: int, **more: Any) -> Any:
    """The intervals of a flow without rows; by second how many began and were confirmed."""
    counters = {"flow/quote/started": started, "flow/quote/ok": ok} | {
        f"flow/quote/{k}": v for k, v in more.pop("ends", {}).items()
    }
    return evaluate_intervals(journal(seconds, (), counters), spec(seconds, flow="quote", **more))


@pytest.mark.parametrize(("wait", "state"), [(4, STEADY), (5, STEADY), (6, VIOLATED)])
def test_without_rows_an_end_in_the_last_second_of_its_time_is_in_time(wait: int, state: int) -> None:
    """Ten begin in the first second and end so many later; what is late is told where it was submitted."""
    found = counted([10], [0] * wait + [10], 20, answer_by=BY)
    assert found.states.tolist() == [state, NO_DATA]
    assert found.intents.tolist() == [10, 0]
    assert found.lost.tolist() == [0 if state == STEADY else 10, 0]


def test_without_rows_silence_is_told_where_it_began() -> None:
    """Ten a second in the first interval; nothing ends; what is still open at the end counts once its time has passed."""
    found = counted([1] * 10, [], 30, answer_by=BY)
    assert found.states.tolist() == [VIOLATED, NO_DATA, NO_DATA]
    assert found.intents.tolist() == [10, 0, 0]
    assert counted([0] * 24 + [9], [], 30, answer_by=BY).states.tolist() == [NO_DATA, NO_DATA, VIOLATED]
    assert counted([0] * 25 + [9], [], 30, answer_by=BY).states.tolist() == [NO_DATA, NO_DATA, NO_DATA]


def test_without_rows_rejects_are_good_and_nothing_for_goodput() -> None:
    """Eight confirmed and two rejected; of late ends those that were confirmed are taken first."""
    ends = {"rejected": [0, 2]}
    assert counted([10], [8], 10, ends=ends).states.tolist() == [STEADY]
    assert counted([10], [8], 10, ends=ends, success=None, goodput=0.8).states.tolist() == [STEADY]
    assert counted([10], [8], 10, ends=ends, success=None, goodput=0.81).states.tolist() == [VIOLATED]
    late = counted([10], [0] * 7 + [4], 20, answer_by=BY, ends={"rejected": [0] * 7 + [6]})
    assert late.lost.tolist() == [10, 0]
    assert late.intents.tolist() == [10, 0]


@pytest.mark.parametrize(("later", "state"), [(1, STEADY), (2, STEADY), (3, NO_DATA)])
def test_requests_whose_interval_tells_nothing_count_by_the_next_that_does(later: int, state: int) -> None:
    """Six begin in the first interval and end so many intervals later, within the 20 s that an answer may take, or not."""
    ok = [0] * (later * 10) + [6]
    found = counted([6], ok, 50, answer_by=20 * SECOND, min_count=5)
    expected = {1: [STEADY, STEADY], 2: [STEADY, NO_DATA, STEADY]}.get(later)
    if expected is not None:
        assert found.states.tolist()[: len(expected)] == expected
    assert found.states[0] == (VIOLATED if state == NO_DATA else STEADY)


@pytest.mark.parametrize(("began", "state"), [(4, NO_DATA), (5, STEADY), (6, STEADY)])
def test_only_where_enough_began_does_a_later_interval_tell(began: int, state: int) -> None:
    """Fewer than min_count are no data, whatever comes later."""
    found = counted([began] + [0] * 9 + [6], [0] * 10 + [began + 6], 20, answer_by=BY * 2)
    assert found.states.tolist()[0] == state


def test_an_interval_too_far_away_tells_nothing() -> None:
    """Six begin and end in time, three in each of two intervals, too few to tell; the next that tells is four intervals later, and an
    answer may take two."""
    began, ok = [6] + [0] * 39 + [6], [0] * 10 + [3] + [0] * 9 + [3] + [0] * 19 + [6]
    for answer_by, state in ((20, NO_DATA), (39, STEADY), (40, STEADY), (30, NO_DATA)):
        assert counted(began, ok, 50, answer_by=answer_by * SECOND).states[0] == state
        assert counted([0] * 10 + began, [0] * 10 + ok, 60, answer_by=answer_by * SECOND).states[1] == state


def test_a_run_that_was_given_up_is_judged_until_then() -> None:
    """Or to the end of its window, if that is earlier."""
    assert (spec(100, given_up=80).until, spec(60, given_up=80).until, spec(60).until) == (80 * SECOND, 60 * SECOND, 60 * SECOND)
    assert spec(100, begin=50, given_up=80).until == 80 * SECOND


@pytest.mark.parametrize(("second", "state"), [(18, VIOLATED), (19, VIOLATED), (20, NO_DATA)])
def test_without_rows_half_a_minute_at_the_end_is_enough(second: int, state: int) -> None:
    """However long an answer may take: nine begin so many seconds into a run of 50."""
    assert counted([0] * second + [9], [], 50, answer_by=60 * SECOND).states[second // 10] == state


def test_without_rows_late_ends_take_nothing_that_was_in_time() -> None:
    """Ten late failures beside nothing good lose ten. Two late ends beside eight in time: of four confirmed and six rejected two are late."""
    assert counted([10], [], 10, answer_by=BY, ends={"failed": [0] * 7 + [10]}).lost.tolist() == [10]
    found = counted([2, 0, 0, 0, 0, 0, 0, 8], [0] * 7 + [4], 10, answer_by=BY, ends={"rejected": [0] * 7 + [6]})
    assert (found.intents.tolist(), found.lost.tolist()) == ([10], [2])


def test_as_many_as_are_needed_tell_for_themselves() -> None:
    """Five of five failed: what comes later does not count for them."""
    found = counted([5] + [0] * 9 + [10], [0] * 10 + [10], 20, ends={"failed": [5]})
    assert found.states.tolist() == [VIOLATED, STEADY]


def test_after_the_last_interval_that_tells_nothing_is_known() -> None:
    """Six begin in the last five seconds of a run, and their time is not over."""
    assert counted([10] + [0] * 14 + [6], [10], 20, answer_by=10 * SECOND).states.tolist() == [STEADY, NO_DATA]


# --- closed populations ----------------------------------------------------------------------------------------------------------

ALL_WAIT = [*orders(0, good=10), *(Order(12 * SECOND, wait=30 * SECOND, customer=n) for n in range(10)), *orders(5, good=10)]
"""Ten are answered in the first interval; in the second ten ask, who have their answer at 42 s, and nobody else is there to ask."""


@pytest.mark.parametrize(
    ("answer_by", "expected"),
    [
        (2 * SECOND, "+---.+"),
        (8 * SECOND - 1, "+---.+"),
        (8 * SECOND, "+---.+"),  # due at the end of the second interval: not answered in time there all the same
        (18 * SECOND - 1, "+---.+"),  # overdue for the last nanosecond of the third
        (18 * SECOND, "+-.-.+"),
        (30 * SECOND, "++...+"),  # answered at the end of its time
    ],
)
def test_who_waits_in_a_closed_population_violates_every_interval_at_whose_end_an_answer_is_overdue(
    answer_by: int, expected: str
) -> None:
    """The interval in which the answers come (40 s to 50 s) is told by nobody. An open flow stays as it was: nobody asked, no data."""
    state = {"+": STEADY, "-": VIOLATED, ".": NO_DATA}
    asks = spec(60, answer_by=answer_by)
    found = evaluate_intervals(journal(60, ALL_WAIT, closed=["order"]), asks)
    assert found.states.tolist() == [state[s] for s in expected]
    assert found.intents.tolist() == [10, 10, 0, 0, 0, 10], "each request is counted once"
    opened = evaluate_intervals(journal(60, ALL_WAIT), asks).states.tolist()
    assert opened == [state[s] for s in ("++...+" if answer_by == 30 * SECOND else "+-...+")]


@pytest.mark.parametrize(("waiting", "state"), [(1, STEADY), (2, STEADY), (3, VIOLATED)])
def test_those_who_wait_count_beside_those_who_ask(waiting: int, state: int) -> None:
    """18 are answered: with two who stand since the interval before 18 of 20 are 0.9, with three they are not. They count for goodput
    and for a bound on the time alone as well, and for no share of late orders."""
    made = [*(Order(SECOND, "pending", customer=n) for n in range(waiting)), *orders(1, good=18)]
    run = journal(20, made, closed=["order"])

    def second(**asked: Any) -> int:
        return int(evaluate_intervals(run, spec(20, answer_by=BY, **asked)).states[1])

    assert second() == state
    assert second(success=None, goodput=0.9) == state
    assert second(success=None, quantile=0.9, latency=BY) == state
    assert second(success=None, late=0.1) == STEADY


@pytest.mark.parametrize(("waiting", "state"), [(4, NO_DATA), (5, VIOLATED)])
def test_fewer_who_wait_than_min_count_are_no_data(waiting: int, state: int) -> None:
    """Where nobody asks; and where nothing but late orders is asked for, nobody who waits is data."""
    run = journal(20, [Order(SECOND, "pending", customer=n) for n in range(waiting)], closed=["order"])
    assert evaluate_intervals(run, spec(20, answer_by=BY)).states.tolist()[1] == state
    assert evaluate_intervals(run, spec(20, answer_by=BY, success=None, late=0.1)).states.tolist()[1] == NO_DATA


@pytest.mark.parametrize(
    ("answer_by", "expected"),
    [(2, "+---.+"), (17, "+---.+"), (18, "+-.-.+"), (27, "+-.-.+"), (28, "+-...+"), (29, "+-...+"), (30, "++..++")],
)
def test_without_rows_who_waits_counts_as_well(answer_by: int, expected: str) -> None:
    """The same by counters, in whole seconds: asked in second 12, answered in second 42. An answer in the last second of its time is in
    time, and tells of the second interval as well."""
    started = [10] + [0] * 11 + [10] + [0] * 37 + [10]
    ok = [10] + [0] * 41 + [10] + [0] * 7 + [10]
    counters = {"flow/quote/started": started, "flow/quote/ok": ok}
    found = evaluate_intervals(journal(60, (), counters, closed=["quote"]), spec(60, flow="quote", answer_by=answer_by * SECOND))
    state = {"+": STEADY, "-": VIOLATED, ".": NO_DATA}
    assert found.states.tolist() == [state[s] for s in expected]


@pytest.mark.parametrize(("success", "found"), [(0.9, [STEADY, STEADY]), (0.95, [STEADY, VIOLATED])])
def test_rejects_without_rows_are_wrong_from_the_second_of_the_first_step_on(success: float, found: list[int]) -> None:
    """One in each second up to the step, and one in its own second: one in ten of the second interval, none of the first."""
    ok = [0] * 11 + [1] * 9
    counters = {"flow/quote/started": [1] * 20, "flow/quote/ok": ok, "flow/quote/rejected": [1 - n for n in ok]}
    asked = replace(spec(20, flow="quote", success=success, first=10), none_rightly=True)
    assert evaluate_intervals(journal(20, counters=counters), asked).states.tolist() == found
