"""Failover step by step, drift, and what is lost."""

from __future__ import annotations

import pytest

from simcore.base.units import MINUTE, SECOND
from simcore.control.failover import yes
from simcore.model.left_out import NOTHING, LeftOut

STEPS = [
    {"name": "stop", "duration": "1min", "does": ["stop_primary", "rotate_out_primary"]},
    {"name": "replay", "duration": "2min", "does": ["lose_unreplicated", "start_standby"]},
    {"name": "config", "duration": "3min", "needs": ["config"], "does": ["rotate_in_standby"]},
    {"name": "connect", "duration": "4min", "does": ["drop_sessions"]},
    {"name": "announce", "duration": "1min", "needs": ["connections"]},
]


@pytest.fixture
def over(make):
    """Begin the failover of the counter at 9:10 and run to noon."""

    def run(before=lambda core: None, steps=STEPS, crash_at=None, by="operator", left_out=NOTHING, needed=yes, **rule):
        section = {"failovers": {"counter": {"service": "counter", "steps": steps, "drift": 0.0, "reconnect_over": "90s"} | rule}}
        core, control = make(section, before=before, left_out=left_out)
        if crash_at:
            core.at(crash_at, lambda: (core.inject.crash("counter", 0), core.inject.crash("counter", 1)))
        core.at("09:10", lambda: setattr(core, "process", control.failover("counter").begin(by, (), needed)))
        core.run("12:00")
        return core, control

    return run


def changed(**values):
    """The steps with values of one of them changed."""
    name = values.pop("name")
    return [s | values if s["name"] == name else s for s in STEPS]


def test_steps_follow_each_other_and_take_effect_at_their_end(over):
    """1 + 2 + 0.5 to start the standby + 3 + 4 + 1.5 for the connections + 1."""
    core, control = over()
    assert core.minutes("failover_step") == [11.0, 13.0, 16.5, 20.5, 23.0]
    assert core.inject.minutes("crash") == [(11.0, ("counter", 0)), (11.0, ("counter", 1))]
    assert core.inject.minutes("rotate_out") == [(11.0, ("counter", 0)), (11.0, ("counter", 1))]
    assert core.inject.minutes("restart") == [(13.5, ("counter", 2))]
    assert core.inject.minutes("rotate_in") == [(16.5, ("counter", 2))]
    assert core.inject.minutes("drop_sessions") == [(20.5, (1.0, 90 * SECOND))]
    assert core.minutes("failover_done") == [23.0]
    assert core.process.value is True
    assert control.pending.count == 0


def test_a_running_failover_is_joined_not_doubled(make):
    core, control = make({"failovers": {"counter": {"service": "counter", "steps": STEPS}}})
    assert control.failover("counter").begin() is control.failover("counter").begin()
    core.run("09:01")
    assert control.pending.count == 1
    assert core.minutes("failover_started") == [0.0]


def test_a_failed_step_is_retried_after_its_wait(over):
    """3 min fail, 5 min wait, 3 min again."""
    draws = {"failover/counter/config/failure#0": 0.1}
    steps = changed(name="config", failure=0.2, retries=1, retry_wait="5min")
    core, _ = over(lambda c: c.draws.update(draws), steps)
    assert core.details("failover_step", "ok") == [True, True, False, True, True, True]
    assert core.minutes("failover_done") == [31.0]


def test_out_of_retries_it_aborts_and_puts_the_primary_back(over):
    """Aborted at 16.5, the primaries are up again after their restart time of 1 min."""
    steps = changed(name="config", failure=0.6, retries=0)
    core, _ = over(steps=steps)
    assert core.minutes("failover_aborted") == [16.5]
    assert core.inject.minutes("restart")[1:] == [(17.5, ("counter", 0)), (17.5, ("counter", 1))]
    assert core.inject.minutes("rotate_in") == [(17.5, ("counter", 0)), (17.5, ("counter", 1))]
    assert core.process.value is False


def test_a_step_that_may_be_skipped_does_not_stop_it(over):
    steps = changed(name="config", failure=0.6, retries=0, on_failure="skip")
    core, _ = over(steps=steps)
    assert core.details("failover_skipped", "step") == ["config"]
    assert core.inject.minutes("rotate_in") == []
    assert core.process.value is True


def test_a_step_takes_longer_with_its_items(over):
    """1000 orders since midnight at 60 ms each are one minute more."""
    steps = changed(name="replay", per_item=[{"each": "60ms", "of": ["flow/order/ok"]}])
    core, _ = over(lambda c: c.readings.update({"flow/order/ok": lambda t: 1000 if t > c.plan.start else 0}), steps)
    assert core.minutes("failover_step")[:2] == [11.0, 14.0]


def no():
    """The trouble is over."""
    yield from ()
    return False


# --- called off, and left out ---------------------------------------------------------------------------------------------


def test_a_failover_is_called_off_when_the_trouble_is_over_before_its_first_effect(over):
    core, control = over(needed=no)
    assert core.minutes("failover_called_off") == [11.0]
    assert core.inject.turned == []
    assert core.process.value is False
    assert control.failover("counter").called_off


@pytest.mark.parametrize("by", ["operator", "trigger"])
def test_a_failover_left_out_takes_its_time_reports_success_and_changes_nothing(over, by):
    core, _ = over(by=by, left_out=LeftOut.of(["failover counter"]), reconcile=[])
    assert core.minutes("failover_step") == [11.0, 13.0, 16.5, 20.5, 23.0]
    assert core.minutes("failover_done") == [23.0]
    assert core.inject.turned == []
    assert core.process.value is True


def test_one_that_would_have_been_given_up_reports_success_then(over):
    steps = changed(name="config", failure=0.6, retries=0)
    core, _ = over(steps=steps, left_out=LeftOut.of(["all"]))
    assert core.minutes("failover_aborted") == [16.5]
    assert core.inject.turned == []
    assert core.process.value is True


def test_a_failover_that_is_a_step_of_a_scenario_is_never_left_out(over):
    core, _ = over(by="scenario", left_out=LeftOut.of(["all"]))
    assert core.inject.minutes("rotate_in") == [(16.5, ("counter", 2))]


# --- replication --------------------------------------------------------------------------------------------------------


def test_the_crash_decides_what_is_lost_not_the_failover(over):
    """Down at 9:05, given up at 9:13: orders of the 2 s before 9:05 are gone, which is 8 min and 2 s back."""
    core, _ = over(crash_at="09:05")
    assert core.inject.minutes("lose_unreplicated") == [(13.0, (8 * MINUTE + 2 * SECOND,))]
    assert core.details("unreplicated_lost", "lag_ns") == [2 * SECOND]


def test_a_primary_that_runs_sends_the_rest_first(over):
    """Waiting for the data costs the lag of 2 s and saves every order."""
    steps = [{"name": "drain", "needs": ["data"]}, *STEPS]
    core, _ = over(steps=steps)
    assert core.inject.minutes("lose_unreplicated") == []
    assert core.minutes("failover_step")[0] == 10 + 2 / 60


def test_a_primary_that_is_down_has_nothing_more_to_send(over):
    core, _ = over(steps=[{"name": "drain", "needs": ["data"]}, *STEPS], crash_at="09:05")
    assert core.minutes("failover_step")[0] == 10.0
    assert len(core.inject.minutes("lose_unreplicated")) == 1


@pytest.mark.parametrize(
    ("steps", "added", "noted"),
    [
        (STEPS, 5 * SECOND, [13.0]),  # what was not sent is gone
        ([{"name": "drain", "needs": ["data"]}, *STEPS], 5 * SECOND, [10.0]),  # it is waited for, and nothing is lost
        (STEPS, 0, []),
        ([step for step in STEPS if step["name"] != "replay"], 5 * SECOND, []),  # neither: nobody could tell
    ],
)
def test_what_is_added_to_the_lag_is_noted_where_it_counts(make, steps, added, noted):
    core, control = make({"failovers": {"counter": {"service": "counter", "steps": steps, "drift": 0.0}}})
    control.failover("counter").add_lag(added, "step 0")
    core.at("09:10", lambda: control.failover("counter").begin())
    core.run("12:00")
    assert core.minutes("lag_met") == noted
    assert core.details("lag_met", "added_ns") == [added] * len(noted)


def test_the_lag_grows_with_the_load(over):
    """2 s + 500 intents a second at 10 ms each."""
    core, _ = over(lambda c: c.readings.update({"flow/order/started": lambda t: t // (SECOND // 500)}), lag_per_rate="10ms")
    assert core.details("unreplicated_lost", "lag_ns") == [7 * SECOND]


def test_synchronous_replication_loses_nothing(make):
    counter = {
        "operations": {"place": {"steps": []}},
        "standby": {"replication": "synchronous", "replication_lag": "2s"},
    }
    services = {"counter": counter, "bank": {"operations": {"transfer": {"steps": []}}}}
    core, control = make({"failovers": {"counter": {"service": "counter", "steps": STEPS}}}, services=services)
    control.failover("counter").begin()
    core.run("12:00")
    assert core.inject.minutes("lose_unreplicated") == []


# --- drift --------------------------------------------------------------------------------------------------------------


def test_a_change_breaks_a_step_that_needs_config_by_chance(make):
    section = {"failovers": {"counter": {"service": "counter", "steps": STEPS, "drift": 0.3}}}
    core, control = make(section, before=lambda c: c.draws.update({"drift/counter/config#1": 0.2}))
    control.changes.record("counter")
    assert control.failover("counter").broken == set()
    control.changes.record("bank")
    assert control.failover("counter").changes == 1
    control.changes.record("counter")
    assert control.failover("counter").broken == {"config"}
    assert core.minutes("change") == [0.0, 0.0, 0.0]


def test_changes_before_the_run_count(make):
    section = {"failovers": {"counter": {"service": "counter", "steps": STEPS, "drift": 0.3, "changes_since_drill": 5}}}
    _, control = make(section, before=lambda c: c.draws.update({"drift/counter/config#4": 0.2}))
    assert control.failover("counter").broken == {"config"}


def test_a_drifted_step_fails_is_repaired_on_the_spot_and_passes(over):
    """3 min to fail, 15 to repair, 3 again."""
    core, control = over(drift=1.0, changes_since_drill=1, config_repair="15min")
    assert core.details("failover_step", "why") == [None, None, "config", None, None, None]
    assert core.minutes("failover_done") == [23.0 + 18]
    assert control.failover("counter").broken == set()


def test_a_drifted_step_without_retry_aborts(over):
    core, _ = over(steps=changed(name="config", retries=0), drift=1.0, changes_since_drill=1)
    assert core.process.value is False


def test_a_drill_repairs_what_it_exercised_and_touches_nothing(make):
    twice = [*STEPS, {"name": "dns", "duration": "1min", "needs": ["config"]}]
    rule = {"service": "counter", "steps": twice, "drift": 1.0, "changes_since_drill": 1, "config_repair": "15min"}
    core, control = make({"failovers": {"counter": rule}})
    assert control.failover("counter").broken == {"config", "dns"}
    control.failover("counter").drill(["config"])
    core.run("12:00")
    assert control.failover("counter").broken == {"dns"}
    assert core.minutes("drill_done") == [18.0]
    assert core.inject.turned == []


# --- who starts it ------------------------------------------------------------------------------------------------------


def test_an_alarm_may_start_it_without_people(make, counter_down):
    section = {
        "monitors": {"m": counter_down | {"route": None}},
        "failovers": {"counter": {"service": "counter", "steps": STEPS, "trigger": "m"}},
    }
    core, _ = make(section)
    core.at("09:04:30", lambda: core.inject.crash("counter", 0))
    core.run("09:07")
    assert core.minutes("failover_started") == [6.0]


def test_a_trigger_that_points_elsewhere_waits_for_detection(make, counter_down):
    """The bank's alarm starts it; the step waits until the counter's own alarm at 9:08, or gives up at its patience."""
    steps = [{"name": "fence", "needs": ["detection"]}]
    for patience, ok in (("10min", [True]), ("1min", [False])):
        rule = {"service": "counter", "steps": steps, "trigger": "b", "detection_patience": patience}
        late = counter_down | {"route": None, "breaches": 4}
        section = {"monitors": {"b": late | {"breaches": 2, "points_at": "bank"}, "m": late}, "failovers": {"counter": rule}}
        core, _ = make(section)
        core.at("09:04:30", lambda c=core: c.inject.crash("counter", 0))
        core.run("09:30")
        assert core.details("failover_step", "ok") == ok
        assert core.minutes("failover_step") == ([8.0] if ok[0] else [7.0])


def test_an_operator_who_forgets_a_step_leaves_its_effects_out(make, team, counter_down):
    """The third of five steps is forgotten (draw 0.5): the standby never comes into rotation."""
    action = {"failover": "counter", "duration": 0, "tries": 1}
    section = {
        "monitors": {"m": counter_down},
        "teams": {"ops": team},
        "runbooks": {"go": {"alarms": ["m"], "subject": "counter", "actions": [action]}},
        "failovers": {"counter": {"service": "counter", "steps": STEPS}},
    }
    core, _ = make(section, before=lambda c: c.draws.update({"people/ops/counter/error": 0.0, "people/ops/counter/way": 0.0}))
    core.at("09:04:30", lambda: core.inject.crash("counter", 0))
    core.run("09:30")
    assert core.details("action_error", "how") == ["wrong_step"]
    assert core.details("failover_skipped", "step") == ["config"]
    assert core.inject.minutes("rotate_in") == []


def test_reconciliation_follows_the_failover(make):
    section = {
        "failovers": {"counter": {"service": "counter", "steps": STEPS[:1], "reconcile": ["exchange"]}},
        "reconciliations": {"exchange": {"duration": "5min"}},
    }
    core, control = make(section)
    control.failover("counter").begin()
    core.run("12:00")
    assert core.minutes("reconciliation_started") == [1.0]
    assert core.minutes("reconciled") == [6.0]
