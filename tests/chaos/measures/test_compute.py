"""Impaired and recovery time, metastability, who noticed and who was affected: every threshold at, below and above, counted by hand."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hand_journal import EVERY, HOLD, META, Order, journal, orders, spec, windows

from chaos.measures.compute import (
    batch_delay,
    compute,
    confirmed_before,
    counted,
    customers,
    grown,
    impairment,
    metastable,
    response,
    unsteady_before,
)
from chaos.measures.intervals import EvaluationIntervals, evaluate_intervals
from chaos.results.findings import UnsteadyBefore
from chaos.results.run import CounterFigures, Impairment, Measures, Orders, WindowCounts
from simcore.base.units import DAY, MS, SECOND
from simcore.journal.model import ACCEPTED_IN_CONTROL, REJECTED_IN_CONTROL

SEEN, NEVER_SEEN = UnsteadyBefore(seen=True), UnsteadyBefore(seen=False)


def impaired(states: str, *, end: int | None = None, events: Any = (), **asked: Any) -> Impairment:
    """The impairment of a run whose intervals are in these states: `+` steady, `-` violated, `.` without data."""
    seconds = len(states) * 10
    made, asks = journal(seconds, windows(states), events=events), spec(seconds if end is None else end, **asked)
    return impairment(evaluate_intervals(made, asks), asks)


def phase(at: int, session: bool) -> tuple[int, str, str, dict[str, Any]]:
    """A phase of the day begins at a second."""
    return at * SECOND, "phase", "phase", {"session": session}


# --- before the first step ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("states", "found"),
    [
        ("+++++++", None),
        ("-++++++", None),  # ends where the hold begins
        ("+-+++++", SEEN),  # the first interval of the hold
        ("+++-+++", SEEN),  # the last of it
        ("++++-++", None),  # the one right before the step is left out
        ("+++++-+", None),  # the step's own
        ("+...+++", NEVER_SEEN),
        ("+..+.++", None),
        ("+.+..++", None),
        ("++...++", None),
        ("+.-+.++", SEEN),
        (".......", NEVER_SEEN),
    ],
)
def test_the_steady_state_is_looked_at_in_the_hold_before_the_first_step(states: str, found: UnsteadyBefore | None) -> None:
    """Step at 50 s, hold 30 s, intervals of 10 s: those from 10 s to 40 s count, the one that ends with the step does not."""
    asks = spec(70, first=50)
    assert unsteady_before(evaluate_intervals(journal(70, windows(states)), asks), asks) == found


@pytest.mark.parametrize(("first", "found"), [(49, None), (50, SEEN), (51, SEEN), (60, SEEN), (79, SEEN), (80, None)])
def test_an_interval_counts_when_it_ends_in_the_hold(first: int, found: UnsteadyBefore | None) -> None:
    """The fourth interval, 30 to 40 s, is violated: it counts from a step at 50 s on, and no more for one at 80 s."""
    asks = spec(100, first=first)
    assert unsteady_before(evaluate_intervals(journal(100, windows("+++-++++++")), asks), asks) == found


@pytest.mark.parametrize(
    ("day_before", "today", "found"),
    [
        ([1, 1, 1], [0, 0], None),
        ([-1, 1, 1, 1, 0, 0], [0, 0], None),  # ends where the hold begins
        ([1, 1, -1, 0], [0, 0], SEEN),
        ([0, 0, 0], [0, 0], NEVER_SEEN),
        ([1, 1, 1], [0, -1], SEEN),
        ([-1, -1, -1, 1], [1, 1], None),
    ],
)
def test_the_day_before_serves_where_today_has_no_requests_yet(
    day_before: list[int], today: list[int], found: UnsteadyBefore | None
) -> None:
    """A step at 30 s of the second day, the interval right before it left out: what was seen last on the first day counts, unless the second day
    has shown something."""
    states = np.array([*day_before, *today, 0], np.int8)
    begins = DAY + 10 * SECOND * (np.arange(len(states)) - len(day_before))
    nothing = np.zeros(len(states), np.int64)
    intervals = EvaluationIntervals(begins, states, states == 0, nothing, nothing)
    asks = replace(spec(70), first_action=DAY + 30 * SECOND)
    assert unsteady_before(intervals, asks) == found


def test_without_a_method_nothing_has_to_be_steady_before_it() -> None:
    """There is no first step."""
    assert unsteady_before(evaluate_intervals(journal(40, windows("----")), spec(40)), spec(40)) is None


@pytest.mark.parametrize(
    ("answered", "found"), [(49 * SECOND, True), (50 * SECOND - 1, True), (50 * SECOND, False), (51 * SECOND, False)]
)
def test_something_must_be_confirmed_before_the_first_step(answered: int, found: bool) -> None:
    """An order of 40 s, answered then; the step comes at 50 s. Rejects and failures confirm nothing."""
    first = Order(40 * SECOND, wait=answered - 40 * SECOND)
    asks = spec(100, first=50)
    assert confirmed_before(journal(100, [first, *orders(6, good=3)]), ["order"], asks) is found
    for outcome in ("rejected", "failed", "unknown", "pending"):
        made = [Order(40 * SECOND, outcome, answered - 40 * SECOND), *orders(6, good=3)]
        assert confirmed_before(journal(100, made), ["order"], asks) is False


def test_where_nothing_was_submitted_before_the_step_the_window_counts() -> None:
    """From its beginning to its end; without a step too. Of several flows one is enough."""
    late = journal(100, [Order(50 * SECOND)])
    assert confirmed_before(late, ["order"], spec(100, first=50)) is True
    assert confirmed_before(journal(100, [Order(50 * SECOND - 1, wait=SECOND)]), ["order"], spec(100, first=50)) is False
    rejected = [Order(n * SECOND, "rejected") for n in range(100)]
    for begin, end, found in ((50, 51, True), (49, 50, False), (51, 100, False)):
        assert confirmed_before(journal(100, [Order(50 * SECOND), *rejected]), ["order"], spec(end, begin=begin)) is found
    assert confirmed_before(journal(100), ["order"], spec(100)) is True, "nobody asked"
    assert confirmed_before(journal(100, [Order(0)]), ["order"], spec(100)) is True, "without a step nothing is before it"
    assert confirmed_before(journal(100, [Order(0, wait=60 * SECOND)]), ["order"], spec(100, first=50)) is False
    assert confirmed_before(journal(100, [Order(50 * SECOND, wait=0)]), ["order"], spec(100, begin=50)) is True
    after = journal(100, [Order(40 * SECOND, wait=20 * SECOND)])
    assert confirmed_before(after, ["order", "quote"], spec(100, first=50)) is False, "one of them had requests before"
    made = journal(100, rejected, {"flow/quote/started": [0] * 49 + [1], "flow/quote/ok": [0] * 49 + [1]})
    assert confirmed_before(made, ["order", "quote"], spec(100, first=50)) is True
    assert confirmed_before(made, ["order"], spec(100, first=50)) is False


@pytest.mark.parametrize(("second", "found"), [(48, True), (49, True), (50, False)])
def test_a_flow_without_rows_confirms_in_the_seconds_before_the_step(second: int, found: bool) -> None:
    """The second that begins with the step is none of them."""
    counters = {"flow/quote/started": [1], "flow/quote/ok": [0] * second + [1]}
    assert confirmed_before(journal(100, [], counters), ["quote"], spec(100, first=50)) is found


def test_a_run_that_was_given_up_ends_then() -> None:
    """Its recovery and its detection are longer than until then; metastable is measured to it."""
    made = journal(80, windows("++++----"), planned=100, reason="too many")
    asks = spec(100, first=40, given_up=80)
    found = impairment(evaluate_intervals(made, asks), asks)
    assert (found.recovery_s, found.recovery_s_lower) == (None, 40)
    assert response(made, asks, found).detect_s_lower == 40
    assert (spec(100, given_up=80).until, spec(60, given_up=80).until, spec(60).until) == (80 * SECOND, 60 * SECOND, 60 * SECOND)


# --- impaired and recovery time ---------------------------------------------------------------------------------------------------


def test_impaired_time_is_the_violated_intervals_from_the_first_step_to_the_end_of_the_window() -> None:
    """Those that reach into it count whole: one that ends where it begins, or begins where it ends, does not."""
    assert impaired("----", begin=0).impaired_s == 40
    assert [impaired("----", begin=b).impaired_s for b in (9, 10, 11, 39)] == [40, 30, 30, 10]
    assert [impaired("----", end=e).impaired_s for e in (29, 30, 31, 40)] == [30, 30, 40, 40]
    assert [impaired("----", first=f).impaired_s for f in (0, 9, 10, 11)] == [40, 40, 30, 30]
    assert impaired("----", begin=20, first=10).impaired_s == 20
    assert impaired("----", begin=10, first=20).impaired_s == 20


def test_intervals_are_counted_by_their_state() -> None:
    """Steady, violated, without data, of those in session after the first step."""
    assert impaired("+-..-+", first=10).windows == WindowCounts(steady=1, violated=2, no_data=2)
    night = [phase(0, True), phase(20, False)]
    found = impaired("+--.+--", first=10, events=night)
    assert found.windows == WindowCounts(steady=0, violated=1, no_data=0)
    assert (found.impaired_s, found.impaired_outside_session_s) == (10, 30)


def test_the_share_lost_is_that_of_the_violated_intervals() -> None:
    """Of 30 orders in two violated intervals 15 were not answered well; steady ones do not count; none without any."""
    made = [*orders(0, good=10), *orders(1, good=5, bad=5), *orders(2, good=10, bad=10), *orders(3, good=19, bad=1)]
    asks = spec(40)
    assert impairment(evaluate_intervals(journal(40, made), asks), asks).share_lost == 0.5
    assert impaired("++++").share_lost is None


@pytest.mark.parametrize(
    ("states", "seconds", "lower", "since", "at"),
    [
        ("++++++", 0, None, None, None),
        ("+.....", 0, None, None, None),
        ("+-+++.", 10, None, 10, 20),  # exactly the hold of three
        ("+-++..", None, 10, 10, None),  # one too few: it takes as long as until the first of them, if not longer
        ("+--..+", None, 40, 10, None),
        ("+--...", None, 50, 10, None),  # nothing steady is seen: not before the end
        ("+-++++", 10, None, 10, 20),
        ("--.+++", 30, None, 0, 30),  # from the first violation to the first steady interval after the last
        ("-+-+++", 30, None, 0, 30),
        ("-+.+.+", 10, None, 0, 10),
        ("-++-++", None, 40, 0, None),
        ("-----.", None, 60, 0, None),
        (".....-", None, 10, 50, None),
    ],
)
def test_recovery(states: str, seconds: float | None, lower: float | None, since: int | None, at: int | None) -> None:
    """From the first violation to the first steady interval after the last, if steady ones of the hold follow; else at least
    that, and at least the time to the end of the window if none was steady."""
    found = impaired(states)
    assert (found.recovery_s, found.recovery_s_lower, found.recovered) == (seconds, lower, seconds is not None)
    assert found.first_violation_ns == (None if since is None else since * SECOND)
    assert found.recovered_at_ns == (None if at is None else at * SECOND)


def test_lunch_is_no_recovery() -> None:
    """Steady intervals outside the session do not make up the hold, and violated ones do not begin it."""
    lunch = [phase(0, True), phase(20, False), phase(50, True)]
    assert impaired("+-++++", events=lunch).recovery_s is None
    assert impaired("+-+++++++", events=lunch).recovery_s == 40
    assert impaired("++-+++", events=lunch).recovery_s == 0


# --- metastable -------------------------------------------------------------------------------------------------------------------


def stays_broken(
    states: str, *, cleared: int | None = 10, first: int = 10, load: Any = None, events: Any = (), end: int | None = None
) -> bool | None:
    """Whether a run in these states counts as metastable; `load`: orders begun in each interval, beside those of the states."""
    seconds = len(states) * 10
    counters = {} if load is None else {"flow/order/started": [n if s == 0 else 0 for n in load for s in range(10)]}
    made = journal(seconds, windows(states), counters, events)
    asks = spec(seconds if end is None else end, first=first, cleared=cleared)
    return metastable(made, evaluate_intervals(made, asks), asks)


@pytest.mark.parametrize(("violated", "found"), [(29, None), (30, True), (31, True)])
def test_violated_for_ten_holds_to_the_end(violated: int, found: bool | None) -> None:
    """Ten times 30 s are 30 intervals after the last steady one; one fewer is too short to tell."""
    assert stays_broken("+" + "-" * violated) is found
    assert stays_broken("-" * violated, cleared=0) is None, "no load was ever carried"
    assert stays_broken("-" * violated, cleared=0, load=[1] * violated) is None
    assert stays_broken("-" * violated, cleared=0, load=[0] * violated) is found


def test_what_is_steady_at_the_end_or_has_no_fault_left_to_heal_is_not_metastable() -> None:
    """Nor is a run in which a fault was not healed, or nothing was judged."""
    assert stays_broken("+" + "-" * 40 + "+") is False
    assert stays_broken("+" + "-" * 40, cleared=None) is False
    assert stays_broken("+" + "-" * 10 + "+" + "-" * 29) is None, "the last steady interval counts"
    assert stays_broken("+" + "-" * 10 + "+" + "-" * 30) is True
    assert stays_broken("." * 40) is False
    assert stays_broken("+" + "-" * 40 + "..") is True


@pytest.mark.parametrize(("cleared", "found"), [(109, True), (110, True), (111, None)])
def test_ten_holds_after_the_last_heal(cleared: int, found: bool | None) -> None:
    """Healed 300 s before the end is enough, a second later is not."""
    assert stays_broken("+" + "-" * 40, cleared=cleared) is found


@pytest.mark.parametrize(("at", "found"), [(109, True), (110, True), (111, None)])
def test_ten_holds_after_the_last_action(at: int, found: bool | None) -> None:
    """What somebody still does may help; what was pending and is no more does not count from then on; what still is does to the end."""
    pending = (20 * SECOND, "actions_pending", "", {"count": 1})
    assert stays_broken("+" + "-" * 40, events=[pending, (at * SECOND, "actions_pending", "", {"count": 0})]) is found
    assert stays_broken("+" + "-" * 40, events=[pending]) is None


@pytest.mark.parametrize(("more", "found"), [(21, True), (22, True), (23, None)])
def test_a_load_a_tenth_above_one_that_was_carried_is_no_overload(more: int, found: bool | None) -> None:
    """20 orders begin in the steady interval; 22 are 1.1 times as many. After the interval of an overload 290 s are left."""
    load = [20, *([20] * 10), more, *([20] * 29)]
    assert stays_broken("+" + "-" * 40, load=load) is found


def test_an_overload_of_long_ago_is_over() -> None:
    """When 300 s are left after its interval; and the load carried is the highest that was."""
    assert stays_broken("+" + "-" * 40, load=[20, *([20] * 9), 50, *([20] * 30)]) is True
    assert stays_broken("++" + "-" * 40, load=[20, 50, *([20] * 30), 55, *([20] * 9)]) is True
    assert stays_broken("++" + "-" * 40, load=[20, 50, *([20] * 30), 56, *([20] * 9)]) is None


def test_what_is_over_when_the_fault_is_healed_is_not_metastable() -> None:
    """Violated from 10 s to the end of the session at 310 s, the fault healed at 400 s, and nothing violated from then on: not metastable, in
    however long a night; with no request in the night nobody knows. What was violated for 300 s after the heal is metastable, in session."""
    session = [phase(0, True), phase(310, False)]
    assert stays_broken("+" + "-" * 39 + "+" * 40, cleared=400, events=session) is False
    assert stays_broken("+" + "-" * 39 + "." * 40, cleared=400, events=session) is None
    assert stays_broken("+" + "-" * 79, cleared=400, events=session) is None, (
        "violated at night: nothing is steady, nor is it judged"
    )
    assert stays_broken("+" + "-" * 30 + "+" * 40, cleared=10, events=session) is True
    assert stays_broken("+" + "-" * 30 + "." * 40, cleared=20, events=session) is None, (
        "290 s in session are too few, however long the night"
    )


def test_night_is_not_looked_at() -> None:
    """What is violated outside the session is not what stays violated."""
    assert stays_broken("+" + "-" * 40, events=[phase(0, True), phase(10, False)]) is False
    assert stays_broken("+" + "-" * 36 + "++++", events=[phase(0, True), phase(370, False)]) is True


# --- who noticed ------------------------------------------------------------------------------------------------------------------


def answered(
    *events: tuple[int, str], first: int | None = 10, since: int | None = 20, back: int | None = None, subject: str = "monitor-1"
) -> Any:
    """The response to an impairment from `since` to `back`, with these events (second, what)."""
    made = journal(100, (), events=[(at * SECOND, what, subject, {}) for at, what in events])
    found = Impairment(
        first_violation_ns=None if since is None else since * SECOND, recovered_at_ns=None if back is None else back * SECOND
    )
    return response(made, spec(100, first=first, watchers={"monitor-1": "monitor"}), found)


def test_the_way_back_is_split() -> None:
    """Violated from 20 s: known at 30, approved at 45, last acted at 60 before it was back at 70."""
    found = answered(
        (30, "detect"), (45, "decide"), (50, "act"), (60, "act"), (71, "act"), (80, "reconciled"), (85, "reconciled"), back=70
    )
    assert (found.detect_s, found.decide_s, found.act_s, found.restore_s, found.reconciled_s) == (10, 15, 15, 10, 65)
    assert found.detect_s_lower is None


@pytest.mark.parametrize(("at", "seconds"), [(9, None), (10, 0), (11, 0), (19, 0), (20, 0), (21, 1)])
def test_what_comes_between_the_step_and_the_violation_takes_no_time(at: int, seconds: float | None) -> None:
    """From the step's instant on it counts, before it does not."""
    found = answered((at, "detect"), (at, "alarm"), (at, "reconciled"))
    assert (found.detect_s, found.first_noticed_s, found.reconciled_s) == (seconds, seconds, seconds)
    assert found.detect_s_lower == (80 if seconds is None else None)


@pytest.mark.parametrize(("act", "seconds"), [(39, None), (40, 0), (60, 20), (61, None)])
def test_an_action_counts_from_the_approval_to_recovery(act: int, seconds: float | None) -> None:
    """Both instants belong to it."""
    found = answered((30, "detect"), (40, "decide"), (act, "act"), back=60)
    assert found.act_s == seconds
    assert found.restore_s == (None if seconds is None else 60 - act)


def test_an_approval_counts_once_somebody_knows() -> None:
    """One before it, or without it, is of something else; at the same instant it counts; without an approval nothing was acted on."""
    assert answered((30, "detect"), (29, "decide"), (40, "decide")).decide_s == 10
    assert answered((30, "detect"), (30, "decide")).decide_s == 0
    assert answered((30, "decide")).decide_s is None
    for decide, seconds in ((69, 39), (70, 40), (71, None)):
        assert answered((30, "detect"), (decide, "decide"), back=70).decide_s == seconds, "at recovery it counts, after it not"
    assert answered((30, "detect"), (40, "act")).act_s is None
    assert answered((30, "detect"), (40, "decide"), (95, "act")).act_s == 55


def test_without_a_violation_it_counts_from_the_first_step() -> None:
    """And without a step from nothing: all is without a value. A violation without a method counts from itself."""
    assert answered((12, "detect"), since=None).detect_s == 2
    nothing = answered((12, "detect"), (12, "alarm"), since=None, first=None)
    assert set(nothing.model_dump().values()) == {None}
    alone = answered((19, "alarm"), (25, "alarm"), (21, "detect"), first=None)
    assert (alone.detect_s, alone.first_noticed_s) == (1, 5)
    early = answered((12, "detect"), (25, "detect"), since=11, first=15)
    assert early.detect_s == 1
    assert answered((0, "detect"), (11, "detect"), since=None, first=0).detect_s == 0


def test_what_came_before_the_violation_is_said_to_be_early() -> None:
    """Noticed 8 s and taken up 6 s before it, approved 2 s before it, acted on at 35, back at 70: the parts make up the 50 s."""
    found = answered((12, "alarm"), (14, "detect"), (18, "decide"), (35, "act"), back=70)
    assert (found.first_noticed_s, found.first_noticed_before_s, found.detect_before_s) == (0, 8, 6)
    assert (found.detect_s, found.decide_s, found.act_s, found.restore_s) == (0, 0, 15, 35)
    done = answered((12, "detect"), (13, "decide"), (14, "act"), back=70)
    assert (done.detect_s, done.decide_s, done.act_s, done.restore_s) == (0, 0, 0, 50)
    same = answered((20, "alarm"), (20, "detect"))
    assert (same.first_noticed_before_s, same.detect_before_s) == (None, None)
    assert answered((12, "alarm"), since=None).first_noticed_before_s is None


def noticed(*events: tuple[int, str, str, dict[str, Any]]) -> tuple[Any, ...]:
    """Of a violation from 20 s on: the first alarm after it and by how much before it, and likewise the first team."""
    made = journal(100, (), events=[(at * SECOND, *rest) for at, *rest in events])
    found = response(
        made, spec(100, first=10, watchers={"m": "monitor", "n": "robot"}), Impairment(first_violation_ns=20 * SECOND)
    )
    return (found.first_noticed_by, found.first_noticed_s, found.first_noticed_before_s, found.detect_s, found.detect_before_s)


OPS, DESK = {"team": "ops"}, {"team": "desk"}
EARLY = ((12, "alarm", "m", {"points_at": "core"}), (13, "ack", "core", OPS), (14, "detect", "core", OPS))


@pytest.mark.parametrize(
    ("cleared", "closed", "shown"),
    [
        (None, None, ("m", 0, 8, 0, 6)),
        (21, 21, ("m", 0, 8, 0, 6)),
        (20, 21, ("m", 0, 8, 0, 6)),  # the alarm is cleared, the team still on it
        (21, 20, ("m", 0, 8, 30, None)),  # the team is done, and the alarm stands
        (20, 20, ("n", 25, None, 30, None)),
        (15, 16, ("n", 25, None, 30, None)),
        (15, None, ("m", 0, 8, 0, 6)),
    ],
)
def test_what_was_over_before_the_violation_is_no_notice_of_it(cleared: int | None, closed: int | None, shown: Any) -> None:
    """An alarm of 12 s that a team took up at 14 s, and another at 45 s, taken up at 50; violated from 20 s on."""
    ends = [(cleared, "alarm_cleared", "m", {}), (closed, "incident_closed", "core", OPS)]
    later = [(45, "alarm", "n", {"points_at": None}), (50, "detect", "n", DESK)]
    assert noticed(*EARLY, *(e for e in ends if e[0] is not None), *later) == shown  # type: ignore[misc]


def test_nobody_notices_what_only_earlier_alarms_were_about() -> None:
    """Neither the alarm nor the team has a value; the incident of another team, or about something else, closes nothing."""
    over = ((16, "alarm_cleared", "m", {}), (17, "incident_closed", "core", OPS))
    assert noticed(*EARLY, *over) == (None, None, None, None, None)
    assert noticed((12, "alarm", "m", {}), (16, "alarm_cleared", "m", {})) == (None, None, None, None, None)
    silent = answered((25, "detect"))
    assert (silent.first_noticed_s, silent.first_noticed_s_lower, silent.detect_s_lower) == (None, 80, None)
    assert answered((30, "alarm")).first_noticed_s_lower is None
    for other in ((17, "incident_closed", "core", DESK), (17, "incident_closed", "bank", OPS), (16, "alarm_cleared", "n", {})):
        assert noticed(*EARLY, other) == ("m", 0, 8, 0, 6)
    assert noticed(*EARLY, *over, (18, "alarm", "m", {"points_at": "core"})) == ("m", 0, 2, None, None)


@pytest.mark.parametrize(("closed", "shown"), [(19, ("n", 25, None, None, None)), (21, ("m", 0, 8, 0, 6))])
def test_an_incident_that_joined_another_is_over_with_it(closed: int, shown: Any) -> None:
    """What was found to be the counter's trouble is known until that incident is closed."""
    joined = ((15, "alarm_cleared", "m", {}), (16, "incident_merged", "core", OPS | {"into": "counter"}))
    ends = ((16, "incident_closed", "core", OPS), (closed, "incident_closed", "counter", DESK))
    assert noticed(*EARLY, *joined, *ends, (45, "alarm", "n", {})) == shown


@pytest.mark.parametrize("seed", range(300))
def test_parts_of_the_way_back_add_up_to_it(seed: int) -> None:
    """Whatever happened in whatever order, before, in and after the outage: no part below 0, and all of them with the rest the whole."""
    draw = random.Random(seed)
    words = ("alarm", "detect", "decide", "act", "reconciled")
    events = sorted((draw.randrange(100), draw.choice(words)) for _ in range(draw.randrange(1, 14)))
    first, since, back = draw.randrange(40), draw.randrange(20, 60), draw.randrange(61, 100)
    found = answered(*events, first=draw.choice([first, None]), since=since, back=back)
    whole = float(back - since)
    measured = Measures(orders=Orders(), first_violation_ns=since * SECOND, recovery_s=whole, **found.model_dump())
    parts = [part for part in (found.detect_s, found.decide_s, found.act_s, found.restore_s, measured.rest_s) if part is not None]
    assert all(part >= 0 for part in parts)
    if found.detect_s is not None and found.detect_s > whole:
        assert parts == [found.detect_s]  # taken up when it was over: nothing follows
    else:
        assert sum(parts) == whole


def test_only_alarms_of_watchers_notice() -> None:
    """An alarm that nobody set up as one is not noticed; the first that is says what kind of watcher it was."""
    assert answered((30, "alarm"), subject="other").first_noticed is None
    found = answered((30, "probe_failed"), (31, "alarm"), (32, "alarm"))
    assert (found.first_noticed, found.first_noticed_by, found.first_noticed_s) == ("monitor", "monitor-1", 11)


# --- what comes late beside orders ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("events", "waited", "lower"),
    [
        ([], 0, None),
        ([(30, "batch_started", "funds")], 0, None),
        ([(30, "batch_waiting", "funds"), (45, "batch_started", "funds"), (50, "batch_started", "funds")], 15, None),
        ([(5, "batch_waiting", "funds"), (45, "batch_started", "funds")], 35, None),  # from the first step on, at 10
        ([(5, "batch_waiting", "funds"), (8, "batch_started", "funds")], 0, None),
        ([(30, "batch_waiting", "funds"), (40, "batch_started", "clearing")], None, 70),
        ([(5, "batch_waiting", "funds")], None, 90),  # that still waits, too
        ([(20, "batch_waiting", "clearing"), (30, "batch_waiting", "funds")], None, 80),  # the longer of two that still wait
        ([(20, "batch_waiting", "clearing"), (30, "batch_waiting", "funds"), (90, "batch_started", "clearing")], 70, None),
        ([(20, "batch_waiting", "clearing"), (29, "batch_waiting", "funds"), (90, "batch_started", "clearing")], None, 71),
        (
            [(20, "batch_waiting", "a"), (21, "batch_started", "a"), (30, "batch_waiting", "a"), (33, "batch_started", "a")],
            3,
            None,
        ),
    ],
)
def test_how_long_a_batch_waited(events: list[tuple[int, str, str]], waited: float | None, lower: float | None) -> None:
    """Of several the longest; one that still waits at the end, 100 s, for longer than any other did has a lower bound."""
    made = journal(100, (), events=[(at * SECOND, what, subject, {}) for at, what, subject in events])
    found = batch_delay(made, spec(100, first=10))
    assert (found.batch_waited_s, found.batch_waited_s_lower) == (waited, lower)


# --- who was affected -------------------------------------------------------------------------------------------------------------


def test_customers_are_counted_once_each() -> None:
    """From the beginning of the window on, and not at its end; blocked, failed and unknown are bad, and so is what is rejected
    wrongly; the rest is not."""
    made = [
        Order(10 * SECOND - 1, "failed", customer=1),
        Order(10 * SECOND, "failed", customer=8),
        Order(11 * SECOND, "blocked", customer=2),
        Order(12 * SECOND, "unknown", customer=3),
        Order(13 * SECOND, "confirmed", customer=3),
        Order(14 * SECOND, "rejected", customer=4),
        Order(14 * SECOND, "rejected", customer=4, in_control=REJECTED_IN_CONTROL),
        Order(14 * SECOND, "confirmed", customer=4, in_control=ACCEPTED_IN_CONTROL),
        Order(14 * SECOND, "rejected", customer=9, in_control=ACCEPTED_IN_CONTROL),
        Order(11 * SECOND, "failed", customer=2),
        Order(15 * SECOND, "pending", customer=5),
        Order(20 * SECOND - 1, "blocked", customer=6),
        Order(20 * SECOND, "failed", customer=7),
    ]
    found = customers(journal(30, made), (10 * SECOND, 20 * SECOND))
    assert (found.customers_active, found.customers_affected) == (7, 5)
    nobody = customers(journal(30, made), (25 * SECOND, 30 * SECOND))
    assert (nobody.customers_active, nobody.customers_affected) == (0, 0)


def test_a_robot_is_no_customer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its orders have rows, and customers' numbers; on no list of customers is it either."""
    monkeypatch.setitem(META, "flow_kinds", {"order": "probe", "quote": "query"})
    found = customers(journal(30, [Order(11 * SECOND, "failed", customer=1)]), (10 * SECOND, 20 * SECOND))
    assert (found.customers_active, found.customers_affected) == (0, 0)


# --- counters ---------------------------------------------------------------------------------------------------------------------

GROWTH = {"pool/p/refused": [0, 3, 2, 0, 1, 0], "pool/p/queue": [7, 1, 5, 2, 0, 0], "pool/p/peak_queue": [9, 2, 6, 2, 1, 0]}


@pytest.mark.parametrize(
    ("since", "refused", "lasted"),
    [
        (0, 6, 5.0),
        (SECOND, 6, 4.0),
        (2 * SECOND - 1, 6, 3.000000001),
        (2 * SECOND, 3, 3.0),
        (4 * SECOND, 1, 1.0),
        (5 * SECOND, 0, 0.0),
    ],
)
def test_a_counter_counts_from_the_second_of_the_first_step(since: int, refused: int, lasted: float) -> None:
    """The second that the step lies in belongs to it; it lasts from the step to the end of the last second in which it grew."""
    found = counted(journal(6, (), GROWTH), "pool/p/refused", since)
    assert (found.grown, found.lasted_s) == (refused, lasted)
    assert grown(journal(6, (), GROWTH), "pool/p/refused", since) == refused


@pytest.mark.parametrize(
    ("growth", "since", "gap"),
    [
        ([1, 0, 0, 2, 0, 0, 0, 1], 0, 3.0),
        ([1, 0, 0, 2, 0, 0, 0, 1], 1, 3.0),
        ([0, 0, 0, 0, 2, 1, 0, 1], 3 * SECOND, 1.0),
        ([1, 1, 1, 1, 1, 0, 0, 0], 0, 3.0),
        ([0, 0, 0, 0, 0, 0, 0, 0], 2 * SECOND + 1, 5.0),
        ([1, 1, 1, 1, 1, 1, 1, 1], 0, 0.0),
        ([1, 1, 0, 0, 0, 1, 1, 1], 3 * SECOND, 2.0),
        ([1, 1, 0, 0, 0, 1, 1, 1], 3 * SECOND + 1, 1.0),
    ],
)
def test_the_longest_time_without_growth(growth: list[int], since: int, gap: float) -> None:
    """Whole seconds from the step on, also before the first growth and after the last; a second that the step lies in is none of them."""
    assert counted(journal(8, (), {"pool/p/refused": growth}), "pool/p/refused", since).gap_s == gap


def test_of_a_gauge_the_longest_time_at_0_counts() -> None:
    """Whole seconds, as of a counter."""
    assert counted(journal(6, (), GROWTH), "pool/p/queue", 0).gap_s == 2.0


def test_of_a_gauge_the_highest_value_counts() -> None:
    """In the seconds from the step on; of a peak the highest peak; of what has no series the total, whenever it grew."""
    made = journal(6, (), GROWTH, totals={"pool/p/queue_ns": 8, "pool/p/hold_ns": 0})
    assert [grown(made, "pool/p/queue", s * SECOND) for s in (0, 1, 2, 3, 6)] == [7, 5, 5, 2, 0]
    assert grown(made, "pool/p/peak_queue", SECOND) == 6
    assert (grown(made, "pool/p/queue_ns", 3 * SECOND), grown(made, "pool/q/queue_ns", 0), grown(made, "unit/p/done", 0)) == (
        8,
        0,
        0,
    )
    assert (counted(made, "pool/p/queue_ns", 0).grown, counted(made, "pool/p/queue_ns", 0).lasted_s) == (8, None)


def test_a_name_may_have_slashes_of_its_own() -> None:
    """Such as a call site's."""
    made = journal(3, (), {"call/core.place/ask/attempts": [1, 2, 0]})
    assert counted(made, "call/core.place/ask/attempts", 0) == CounterFigures(grown=3, lasted_s=2.0, gap_s=1.0)
    assert grown(made, "call/core.place/ask/attempts", SECOND) == 2


# --- together ---------------------------------------------------------------------------------------------------------------------


def test_everything_that_is_measured_of_a_run() -> None:
    """Violated from 40 s on, ten orders each interval, noticed at 45 s: the parts are those of the functions above."""
    made = journal(80, windows("++++--++"), events=[(45 * SECOND, "alarm", "m", {})])
    found = compute(made, spec(80, first=40, cleared=60, watchers={"m": "robot"}))
    assert (found.impairment.impaired_s, found.impairment.recovery_s, found.impairment.recovery_s_lower) == (20, None, 20)
    assert (found.response.first_noticed, found.response.first_noticed_s) == ("robot", 5)
    assert (found.customers.customers_active, found.customers.customers_affected) == (10, 10)
    assert (found.stability.metastable, found.stability.steady_before, found.unsteady) == (False, True, None)
    late = compute(made, spec(80, first=60))
    assert (late.stability.steady_before, late.unsteady) == (False, SEEN)
    before = compute(made, spec(80, begin=40))
    assert before.customers.customers_active == 10
    assert (HOLD, EVERY, MS) == (30 * SECOND, 10 * SECOND, 1_000_000)
