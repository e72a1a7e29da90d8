"""Alarm rules, robots and customer service lines: what they notice, and when to the second."""

from __future__ import annotations

import math

import pytest

from simcore.base.units import MINUTE, SECOND, parse_clock

RATE = {"metric": {"rate": ["flow/order/failed"]}, "above": 5, "every": "10s", "phase": 0, "breaches": 3, "clears": 2}


def growing(start: str, per_second: int, end: str = "d9 00:00"):
    """A counter that grows between two instants."""
    a, b = parse_clock(start), parse_clock(end)
    return lambda t: max(0, min(t, b) - a) * per_second // SECOND


def test_a_gauge_alarms_at_the_sample_that_completes_the_breaches(make, counter_down):
    """Down at 9:04:30, samples each minute: 9:05 and 9:06 are the two breaches."""
    core, _ = make({"monitors": {"m": counter_down | {"route": None}}})
    core.at("09:04:30", lambda: core.inject.crash("counter", 0))
    core.run("09:10")
    assert core.minutes("alarm", "m") == [6.0]


def test_an_alarm_clears_after_enough_good_samples(make, counter_down):
    core, _ = make({"monitors": {"m": counter_down | {"route": None, "clears": 3}}})
    core.at("09:04:30", lambda: core.inject.crash("counter", 0))
    core.at("09:10:30", lambda: core.inject.restart("counter", 0))
    core.run("09:20")
    assert core.minutes("alarm_cleared", "m") == [13.0]
    assert core.details("alarm_cleared", "stood_ns") == [7 * MINUTE]


def test_a_rate_is_growth_a_second_over_the_interval(make):
    """6 a second from 9:01: intervals ending 9:01:10, :20, :30 breach 5; at 5 a second nothing does."""
    core, _ = make({"monitors": {"m": RATE}}, before=lambda c: c.readings.update({"flow/order/failed": growing("09:01", 6)}))
    core.run("09:05")
    assert core.minutes("alarm") == [1.5]
    core, _ = make({"monitors": {"m": RATE}}, before=lambda c: c.readings.update({"flow/order/failed": growing("09:01", 5)}))
    core.run("09:05")
    assert core.minutes("alarm") == []


def test_a_ratio_over_too_few_is_no_data(make):
    """One failure of two is half, but two intents are less than min_count."""
    ratio = {"ratio": {"of": ["flow/order/failed"], "to": ["flow/order/started"]}}
    rule = {"metric": ratio, "above": 0.1, "every": "10s", "phase": 0, "breaches": 1, "min_count": 15}
    for started, alarms in ((1, []), (2, [10 / 60])):
        readings = {"flow/order/failed": growing("09:00", 1), "flow/order/started": growing("09:00", started)}
        core, _ = make({"monitors": {"m": rule}}, before=lambda c, r=readings: c.readings.update(r))
        core.run("09:01")
        assert core.minutes("alarm") == alarms


@pytest.mark.parametrize(
    ("failed", "done", "alarms"),
    [(20, 0, [10 / 60]), (20, 1, [10 / 60]), (14, 0, []), (0, 20, []), (15, 15, [10 / 60]), (1, 15, [])],
)
def test_failed_to_done_sounds_when_everything_fails(make, failed, done, alarms):
    """Nothing is done: the ratio is without bound, and not without data, once 15 have failed in the interval of ten seconds."""
    ratio = {"ratio": {"of": ["operation/counter.place/failed"], "to": ["operation/counter.place/done"]}}
    rule = {"metric": ratio, "above": 0.1, "every": "10s", "phase": 0, "breaches": 1, "min_count": 15}
    grown = {"operation/counter.place/failed": failed, "operation/counter.place/done": done}
    readings = {name: lambda t, n=n: n * (t - parse_clock("09:00")) // (10 * SECOND) for name, n in grown.items()}
    core, _ = make({"monitors": {"m": rule}}, before=lambda c: c.readings.update(readings))
    core.run("09:00:15")
    assert core.minutes("alarm") == alarms


@pytest.mark.parametrize(("ok", "alarms"), [(0, []), (14, []), (15, [10 / 60])])
def test_a_mean_is_over_so_many_and_not_over_their_time(make, ok, alarms):
    """The time above the line is not so many of anything: a mean of none, or of too few, stays without data."""
    ratio = {"ratio": {"of": ["flow/order/latency_ns_sum"], "to": ["flow/order/ok"]}}
    rule = {"metric": ratio, "above": "100ms", "every": "10s", "phase": 0, "breaches": 1, "min_count": 15}
    grown = {"flow/order/latency_ns_sum": 15 * SECOND, "flow/order/ok": ok}
    readings = {name: lambda t, n=n: n * (t - parse_clock("09:00")) // (10 * SECOND) for name, n in grown.items()}
    core, _ = make({"monitors": {"m": rule}}, before=lambda c: c.readings.update(readings))
    core.run("09:00:15")
    assert core.minutes("alarm") == alarms


def test_a_threshold_may_be_a_duration(make):
    """Mean latency over 100 ms, as the ratio of the sums."""
    ratio = {"ratio": {"of": ["flow/order/latency_ns_sum"], "to": ["flow/order/ok"]}}
    rule = {"metric": ratio, "above": "100ms", "every": "10s", "phase": 0, "breaches": 1}
    readings = {"flow/order/ok": growing("09:00", 10), "flow/order/latency_ns_sum": growing("09:00", 10 * 101_000_000)}
    core, _ = make({"monitors": {"m": rule}}, before=lambda c: c.readings.update(readings))
    core.run("09:01")
    assert core.minutes("alarm") == [10 / 60]


def test_the_phase_is_drawn_within_the_interval(make, counter_down):
    rule = {k: v for k, v in counter_down.items() if k != "phase"} | {"breaches": 1, "route": None}
    core, _ = make({"monitors": {"m": rule}}, before=lambda c: c.draws.update({"phase/m": 0.25}))
    core.inject.crash("counter", 0)
    core.run("09:05")
    assert core.minutes("alarm") == [0.25]


def test_a_silenced_monitor_raises_nothing_until_unsilenced(make, counter_down):
    core, control = make({"monitors": {"m": counter_down | {"route": None, "silenced": True}}})
    core.at("09:00:30", lambda: core.inject.crash("counter", 0))
    core.run("09:05")
    assert core.minutes("alarm") == []
    assert core.minutes("alarm_silenced") == [2.0]
    control.monitors["m"].unsilence()
    core.run("09:06")
    assert core.minutes("alarm") == [6.0]


def test_silencing_takes_a_standing_alarm_down(make, counter_down):
    core, control = make({"monitors": {"m": counter_down | {"route": None}}}, before=lambda c: c.down.update({"counter#0": 0}))
    core.run("09:03")
    control.monitors["m"].silence()
    assert core.minutes("alarm_cleared") == [3 + 1 / MINUTE]
    assert control.board.active == {}


def test_false_alarms_come_at_their_rate_and_clear(make, counter_down):
    """With u = 1/e every gap is the mean: 30 a day is one each 48 min; the next good sample clears it."""
    rule = counter_down | {"route": None, "false_alarms": "30/day"}
    core, _ = make({"monitors": {"m": rule}}, before=lambda c: c.draws.update({"false-alarm/": math.exp(-1)}))
    core.run("10:40")
    assert core.minutes("false_alarm") == pytest.approx([48, 96], abs=1e-6)
    assert core.minutes("alarm_cleared") == pytest.approx([48, 96], abs=1.01)
    assert core.minutes("alarm") == []


def test_an_alarm_without_route_reaches_nobody(make, counter_down, team):
    control = {"monitors": {"m": counter_down | {"route": None}}, "teams": {"ops": team}}
    core, _ = make(control, before=lambda c: c.down.update({"counter#0": 0}))
    core.run("10:00")
    assert core.minutes("alarm_unrouted") == [1.0]
    assert core.minutes("ack") == []


# --- robots -------------------------------------------------------------------------------------------------------------

ROBOT = {"flow": "look", "every": "1min", "phase": 0, "failures": 3}


def test_a_robot_alarms_after_so_many_failures_in_a_row(make):
    core, _ = make({"robots": {"r": ROBOT}})
    core.at("09:02:30", lambda: core.probes.update({"code": "timeout", "latency_ns": 5 * SECOND}))
    core.run("09:10")
    assert core.minutes("alarm") == [5 + 5 / 60]


def test_one_good_probe_clears_and_starts_the_count_afresh(make):
    core, _ = make({"robots": {"r": ROBOT}}, before=lambda c: c.probes.update({"code": "error"}))
    core.at("09:01:30", lambda: core.probes.update({"code": "ok"}))
    core.at("09:02:30", lambda: core.probes.update({"code": "error"}))
    core.at("09:06:30", lambda: core.probes.update({"code": "rejected"}))
    core.run("09:10")
    assert core.minutes("alarm") == [5.0]
    assert core.minutes("alarm_cleared") == [7.0]


def test_a_slow_answer_counts_as_failed(make):
    slow = {"code": "ok", "latency_ns": 3 * SECOND}
    core, _ = make({"robots": {"r": ROBOT | {"slower_than": "2s"}}}, before=lambda c: c.probes.update(slow))
    core.run("09:05")
    assert core.minutes("alarm") == [2 + 3 / 60]


def test_a_robot_waits_for_its_answer_and_keeps_its_beat(make):
    """Answers take 90 s: the probe due at 9:01 goes out at 9:01:30, with nothing sent in between."""
    core, _ = make({"robots": {"r": ROBOT}}, before=lambda c: c.probes.update({"code": "timeout", "latency_ns": 90 * SECOND}))
    core.run("09:05")
    assert core.minutes("probe_failed") == [1.5, 3.0, 4.5]


@pytest.mark.parametrize(("answer_s", "failed", "alarms"), [(179, [2 + 59 / 60], []), (181, [3.0], [3.0])])
def test_a_probe_that_is_never_answered_is_as_good_as_so_many_that_failed(make, answer_s, failed, alarms):
    """Three failures a minute apart raise the alarm: so does no answer for three minutes, on a path where nobody loses patience."""
    late = {"code": "timeout", "latency_ns": answer_s * SECOND}
    core, _ = make({"robots": {"r": ROBOT | {"failures": 3}}}, before=lambda c: c.probes.update(late))
    core.run("09:03:01")
    assert core.minutes("probe_failed") == pytest.approx(failed)
    assert core.minutes("alarm") == alarms


def test_a_robot_rests_while_its_gate_is_shut(make):
    robot = ROBOT | {"while_open": "exchange", "failures": 1}
    core, _ = make({"robots": {"r": robot}}, calendar="a-share", before=lambda c: c.probes.update({"code": "error"}))
    core.run("09:20")
    assert core.minutes("probe_failed") == [15.0, 16.0, 17.0, 18.0, 19.0, 20.0]


# --- complaints ---------------------------------------------------------------------------------------------------------

DESK = {"flows": ["order"], "probability": 0.1, "delay": "5min", "notice": 12, "within": "10min", "every": "10s"}


def test_the_customer_service_line_notices_after_enough_calls(make):
    """1 bad a second is 1 caller each 10 s. From 9:01 on the callers' 12th is of 9:03:00, and rings 5 min later."""
    core, control = make({"complaints": {"d": DESK}}, before=lambda c: c.draws.update({"callers/": 0.001}))
    core.readings["flow/order/unknown"] = growing("09:01", 1)
    core.run("09:08:10")
    assert core.minutes("alarm") == [8.0]
    assert control.complaints["d"].calls == 13


def test_all_bad_outcomes_ring_and_good_ones_do_not(make):
    core, control = make({"complaints": {"d": DESK}}, before=lambda c: c.draws.update({"callers/": 0.001}))
    core.readings |= {f"flow/order/{o}": growing("09:01", 1, "09:02") for o in ("blocked", "failed", "unknown", "ok", "rejected")}
    core.run("09:30")
    assert control.complaints["d"].calls == 18


def test_the_desk_thinks_it_over_when_a_whole_window_has_no_call(make):
    """The last bad outcome is of 9:03:00, its call of 9:08:00, and 10 min later the window is empty."""
    core, _ = make({"complaints": {"d": DESK}}, before=lambda c: c.draws.update({"callers/": 0.001}))
    core.readings["flow/order/failed"] = growing("09:01", 1, "09:03")
    core.run("10:00")
    assert core.minutes("alarm_cleared") == [18.0]


def test_the_line_counts_from_0_when_people_took_its_alarm_down(make):
    """Taken down at 9:09:05, the next alarm needs 12 new calls, which come by 9:11; after that there are only 5 more."""
    core, control = make({"complaints": {"d": DESK}}, before=lambda c: c.draws.update({"callers/": 0.001}))
    core.readings["flow/order/failed"] = growing("09:01", 1, "09:07")
    core.at("09:09:05", lambda: control.board.clear("d"))
    core.at("09:11:15", lambda: control.board.clear("d"))
    core.run("10:00")
    assert core.minutes("alarm") == [8.0, pytest.approx(11.0)]


def test_the_desk_sees_whether_bad_outcomes_still_come(make):
    core, control = make({"complaints": {"d": DESK}}, before=lambda c: c.draws.update({"callers/": 0.001}))
    core.readings["flow/order/failed"] = growing("09:01", 1, "09:07")
    core.run("09:06")
    assert control.complaints["d"].persists()
    core.run("09:08")
    assert not control.complaints["d"].persists()


def test_a_fraction_of_a_caller_rings_by_chance(make):
    """0.5 expected callers an interval: a draw over 0.5 lets one ring, below none."""
    for draws, calls in ((0.6, 6), (0.4, 0)):
        line = DESK | {"probability": 0.05, "delay": 0}
        core, control = make({"complaints": {"d": line}}, before=lambda c, u=draws: c.draws.update({"callers/": u}))
        core.readings["flow/order/failed"] = growing("09:00", 1, "09:01")
        core.run("09:05")
        assert control.complaints["d"].calls == calls
