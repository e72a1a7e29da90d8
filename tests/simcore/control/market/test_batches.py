"""Files, batches and reconciliations: how long they take, and what happens when they are late."""

from __future__ import annotations

import pytest

from simcore.base.units import MINUTE, format_clock

START = {"at": "08:00", "duration": "30min", "holds": ["exchange"]}


def clocks(core, what, subject=None):
    return [format_clock(t) for t, w, s, _ in core.events if w == what and subject in (None, s)]


def opened(core):
    return [format_clock(t) for t, knob, a in core.inject.turned if (knob, a) == ("gate", ("exchange", True))]


def test_a_batch_holds_its_gate_until_done(make):
    """Begun at 8:00 it takes 30 min, long before the open: nothing is late."""
    core, _ = make({"batches": {"start": START}}, start="07:00", calendar="a-share")
    core.run("10:00")
    assert clocks(core, "batch_done") == ["08:30:00"]
    assert clocks(core, "batch_overrun") == []
    assert opened(core) == ["09:15:00", "09:30:00"]


def test_a_batch_that_overruns_keeps_the_gate_shut_into_the_session(make):
    core, _ = make({"batches": {"start": START | {"duration": "100min"}}}, start="07:00", calendar="a-share")
    core.run("11:00")
    assert clocks(core, "batch_overrun") == ["09:40:00"]
    assert opened(core) == ["09:40:00"]


def test_settlement_takes_longer_after_a_busy_day(make):
    """36 000 orders at 100 ms each are an hour more. The counter before midnight does not count on the next day."""
    batch = {"at": "16:30", "duration": "2h", "per_item": [{"each": "100ms", "of": ["flow/order/ok"]}]}
    orders = {"flow/order/ok": lambda t: 36_000 if t > 0 else 0}
    core, _ = make({"batches": {"settlement": batch}}, start="00:00", end="d3 00:00", before=lambda c: c.readings.update(orders))
    core.run("d2 23:00")
    assert clocks(core, "batch_done") == ["19:30:00", "d2 18:30:00"]


def test_a_batch_waits_for_its_file(make):
    section = {"files": {"prices": {"due": "07:30", "check": "1min"}}, "batches": {"start": START | {"needs": ["prices"]}}}
    core, control = make(section, start="07:00")
    control.files["prices"].force("late", 40 * MINUTE)
    core.run("10:00")
    assert clocks(core, "file_arrived") == ["08:11:00"]
    assert clocks(core, "batch_waiting") == ["08:00:00"]
    assert clocks(core, "batch_done") == ["08:41:00"]


def test_a_corrupt_file_is_asked_for_again(make):
    """Checked for 1 min, sent again in 20, checked again."""
    prices = {"due": "07:30", "check": "1min", "resend": "20min"}
    core, control = make({"files": {"prices": prices}}, start="07:00", end="d3 00:00")
    control.files["prices"].force("corrupt")
    core.run("d2 10:00")
    assert clocks(core, "file_corrupt") == ["07:31:00"]
    assert clocks(core, "file_arrived") == ["07:52:00", "d2 07:31:00"]


def test_a_corrupt_file_may_pass_its_check(make):
    core, control = make({"files": {"prices": {"due": "07:30", "check": "1min", "undetected": 0.6}}}, start="07:00")
    control.files["prices"].force("corrupt")
    core.run("10:00")
    assert clocks(core, "file_bad_undetected") == ["07:31:00"]
    assert clocks(core, "file_arrived") == ["07:31:00"]


def test_a_missing_file_is_asked_for_after_a_while(make):
    rule = {"due": "07:30", "check": "1min", "ask_after": "30min", "resend": "20min"}
    core, control = make({"files": {"prices": rule}}, start="07:00")
    control.files["prices"].force("missing")
    core.run("10:00")
    assert clocks(core, "file_missing") == ["08:00:00"]
    assert clocks(core, "file_arrived") == ["08:21:00"]


@pytest.mark.parametrize(("fault", "what"), [("late", "file_late"), ("corrupt", "file_corrupt"), ("missing", "file_missing")])
def test_file_faults_come_by_their_probability(make, fault, what):
    for probability, times in ((0.4, 0), (0.6, 1)):
        core, _ = make({"files": {"prices": {"due": "07:30", fault: probability}}}, start="07:00")
        core.run("14:00")
        assert len(clocks(core, what)) == times


def test_day_start_needs_the_settlement_of_the_day_before(make):
    """Settlement of day 1 drags on until 9:30 of day 2; day 1's own start needed nothing that fell into the run."""
    batches = {"start": START | {"needs": ["settlement"]}, "settlement": {"at": "16:30", "duration": "17h"}}
    core, _ = make({"batches": batches}, start="07:00", end="d3 00:00")
    core.run("d2 12:00")
    assert clocks(core, "batch_done", "start") == ["08:30:00", "d2 10:00:00"]


def test_what_was_due_before_the_run_began_is_there(make):
    section = {"files": {"prices": {"due": "06:00"}}, "batches": {"start": START | {"needs": ["prices"]}}}
    core, _ = make(section, start="07:00")
    core.run("10:00")
    assert clocks(core, "batch_done") == ["08:30:00"]


def test_a_file_of_one_day_alone_is_not_waited_for_on_the_others(make):
    section = {"files": {"split": {"due": "d2 07:50", "check": "30min"}}, "batches": {"start": START | {"needs": ["split"]}}}
    core, _ = make(section, start="07:00", end="d4 00:00")
    core.run("d3 10:00")
    assert clocks(core, "batch_done") == ["08:30:00", "d2 08:50:00", "d3 08:30:00"]


def test_a_failed_batch_runs_again_from_the_start(make):
    core, control = make({"batches": {"start": START | {"rerun": "5min"}}}, start="07:00")
    control.batches["start"].fail(2)
    core.run("12:00")
    assert clocks(core, "batch_failed") == ["08:30:00", "09:05:00"]
    assert clocks(core, "batch_done") == ["09:40:00"]


def test_a_scenario_may_delay_or_slow_a_batch(make):
    core, control = make({"batches": {"start": START}}, start="07:00")
    control.batches["start"].delay(10 * MINUTE)
    control.batches["start"].slow(2.0)
    core.run("12:00")
    assert clocks(core, "batch_done") == ["09:10:00"]


@pytest.mark.parametrize(
    ("fault", "undetected", "state"), [(None, 0, "ok"), ("late", 0, "late"), ("missing", 0, "missing"), ("corrupt", 1, "corrupt")]
)
def test_settling_the_day_knows_the_clearing_file(make, fault, undetected, state):
    """The batch does not wait for the file: it settles with what it has at 18:30."""
    clearing = {"due": "16:00", "settles": "clearing", "late_by": "5h", "ask_after": "5h", "undetected": undetected}
    section = {"files": {"c": clearing}, "batches": {"settlement": {"at": "16:30", "duration": "2h", "settles": True}}}
    core, control = make(section)
    if fault:
        control.files["c"].force(fault)
    core.run("23:00")
    assert core.inject.minutes("settle_day") == [(570.0, ({"clearing": state, "fund": "ok"},))]


# --- reconciliation -----------------------------------------------------------------------------------------------------


def test_reconciliation_grows_with_items_and_differences(make):
    """5 min + 3000 x 20 ms + (2 + 4) x 30 s = 5 + 1 + 3 min."""
    rule = {"duration": "5min", "each_difference": "30s", "per_item": [{"each": "20ms", "of": ["flow/order/ok"]}]}
    core, control = make({"reconciliations": {"exchange": rule}})
    core.readings["flow/order/ok"] = 3000
    core.inject.differences = {"missing": 2, "surplus": -4}
    process = control.reconciliations["exchange"].begin("test")
    core.run("10:00")
    assert core.details("reconciliation_started", "items") == [3000]
    assert core.minutes("reconciled") == [9.0]
    assert core.inject.minutes("reconcile") == [(6.0, ("exchange",))]
    assert process.value == 6


def test_transfers_in_doubt_start_it_once_for_what_is_new(make):
    """Two at 9:02:30 are seen at 9:03, compared 5 min later; the third at 9:30:30 makes only one more: not enough."""
    rule = {"duration": "1min", "in_doubt": {"of": ["flow/order/unknown"], "at_least": 2, "wait": "5min"}}
    core, _ = make({"reconciliations": {"bank": rule}})
    core.at("09:02:30", lambda: core.readings.update({"flow/order/unknown": 2}))
    core.at("09:30:30", lambda: core.readings.update({"flow/order/unknown": 3}))
    core.run("10:00")
    assert core.minutes("reconciliation_started") == [8.0]
