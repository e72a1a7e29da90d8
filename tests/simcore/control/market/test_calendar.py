"""The timetable, and the process that walks through it."""

from __future__ import annotations

from itertools import pairwise

import pytest

from simcore.base.units import DAY, MINUTE, format_clock, parse_clock
from simcore.model.trading_calendar import A_SHARE, CALENDARS, CONTINUOUS, calendar_named, occurrences


@pytest.mark.parametrize("calendar", CALENDARS.values(), ids=CALENDARS)
def test_phases_cover_the_day_without_gap(calendar):
    assert calendar.phases[0].start == 0
    assert calendar.phases[-1].end == DAY
    assert all(a.end == b.start for a, b in pairwise(calendar.phases))


def session_ns(calendar, begin="00:00", end="24:00"):
    """Session time of a day between two clock times, ns."""
    start, stop = parse_clock(begin), parse_clock(end)
    return sum(max(0, min(stop, phase.end) - max(start, phase.start)) for phase in calendar.phases if phase.session)


def test_a_trading_day_has_250_minutes_of_session():
    """9:15-9:25, 9:30-11:30, 13:00-15:00."""
    assert session_ns(A_SHARE) == 250 * MINUTE


def test_session_time_leaves_lunch_out():
    assert session_ns(A_SHARE, "11:20", "13:05") == 15 * MINUTE
    assert session_ns(A_SHARE, "11:30", "13:00") == 0


def test_cancels_are_refused_in_the_fixed_part_of_either_auction():
    cancels = {clock: A_SHARE.phase_at(parse_clock(clock)).cancels for clock in ("09:19", "09:20", "09:30", "14:56", "14:57")}
    assert cancels == {"09:19": True, "09:20": False, "09:30": True, "14:56": True, "14:57": False}


def test_continuous_is_always_session_and_never_changes():
    assert session_ns(CONTINUOUS) == DAY
    assert CONTINUOUS.changes(0, 3 * DAY) == []
    assert CONTINUOUS.gate_open("exchange", parse_clock("03:00"))


def test_unknown_calendar_names_the_known_ones():
    with pytest.raises(ValueError, match="continuous, a-share"):
        calendar_named("lunar")


def test_a_time_of_day_comes_every_day_a_day_with_a_number_once():
    assert occurrences(parse_clock("09:00"), parse_clock("09:30"), 3 * DAY) == [parse_clock("d2 09:00"), parse_clock("d3 09:00")]
    assert occurrences(parse_clock("d2 09:00"), 0, 3 * DAY) == [parse_clock("d2 09:00")]


def test_gates_open_and_shut_by_the_timetable(make):
    core, _ = make({}, start="08:00", calendar="a-share")
    core.run("16:30")
    turns = [(format_clock(t), *a) for t, knob, a in core.inject.turned if knob == "gate"]
    assert turns == [
        ("08:00:00", "bank", False),
        ("08:00:00", "exchange", False),
        ("09:00:00", "bank", True),
        ("09:15:00", "exchange", True),
        ("09:25:00", "exchange", False),
        ("09:30:00", "exchange", True),
        ("11:30:00", "exchange", False),
        ("13:00:00", "exchange", True),
        ("15:00:00", "exchange", False),
        ("16:00:00", "bank", False),
    ]


def test_market_follows_the_phases_on_every_exchange(make):
    core, _ = make({"exchanges": ["sse", "szse"]}, start="09:16", calendar="a-share")
    core.run("09:30")
    turns = [(format_clock(t)[:5], *a) for t, knob, a in core.inject.turned if knob == "market"]
    assert turns == [
        ("09:16", "sse", True, True),
        ("09:16", "szse", True, True),
        ("09:20", "sse", True, False),
        ("09:20", "szse", True, False),
        ("09:25", "sse", False, False),
        ("09:25", "szse", False, False),
        ("09:30", "sse", True, True),
        ("09:30", "szse", True, True),
    ]


def test_markets_are_those_of_the_workload_unless_named(make):
    """Without `exchanges` the calendar opens one for each value of the attribute exchange."""
    attributes = {"exchange": {"of": "instrument", "weights": {"bse": 1, "sse": 2}}}
    core, _ = make({}, start="09:30", calendar="a-share", attributes=attributes)
    assert core.inject.minutes("market") == [(0.0, ("bse", True, True)), (0.0, ("sse", True, True))]


def test_the_day_settles_at_the_close_unless_a_batch_settles_it(make):
    core, _ = make({}, calendar="a-share")
    core.run("23:00")
    assert core.inject.minutes("settle_day") == [(360.0, ())]
    core, _ = make({"batches": {"settlement": {"at": "16:30", "duration": "2h", "settles": True}}}, calendar="a-share")
    core.run("23:00")
    assert core.inject.minutes("settle_day") == [(570.0, ({"clearing": "ok", "fund": "ok"},))]


def test_the_day_settles_every_day(make):
    core, _ = make({}, end="d4 00:00", calendar="a-share")
    core.run("d3 23:00")
    assert len(core.inject.minutes("settle_day")) == 3


def test_a_held_gate_opens_only_when_the_last_holder_lets_go(make):
    core, control = make({}, start="09:10", calendar="a-share")
    control.gates.hold("exchange", "a")
    control.gates.hold("exchange", "b")
    core.run("09:16")
    control.gates.release("exchange", "a")
    assert not control.gates.is_open("exchange")
    control.gates.release("exchange", "b")
    assert control.gates.is_open("exchange")


def test_the_continuous_calendar_turns_no_knob(make):
    core, _ = make({}, end="d3 00:00")
    core.run("d2 12:00")
    assert core.inject.turned == []
