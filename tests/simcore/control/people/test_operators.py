"""People: from the alarm to the act, minute by minute. The counter's alarm comes at 9:06 (down at 9:04:30)."""

from __future__ import annotations

import pytest

from simcore.base.units import SECOND, parse_duration
from simcore.model.left_out import EVERY_ACTION, LeftOut

CHAIN = {"it-head": {"latency": "4min"}, "form": {"latency": "6min"}, "leading-group": {"latency": "10min"}}
RESTART = {"restart": "counter#0", "duration": "3min"}


@pytest.fixture
def section(team, counter_down):
    """One team, one monitor, one runbook that restarts, oral approval by the IT head."""
    return {
        "monitors": {"m": counter_down},
        "teams": {"ops": team},
        "approval": {"chain": CHAIN, "oral_after": "it-head"},
        "runbooks": {"mend": {"alarms": ["m"], "subject": "counter", "actions": [RESTART], "practised": 1.0}},
    }


@pytest.fixture
def outage(make, section):
    """Start the section, changed, with the counter down from 9:04:30, and run to noon."""

    def run(changes=lambda s: None, until="12:00", before=lambda core: None, **options):
        changes(section)
        core, control = make(section, before=before, **options)
        core.at("09:04:30", lambda: core.inject.crash("counter", 0))
        core.run(until)
        return core, control

    return run


# --- the whole way ------------------------------------------------------------------------------------------------------


def test_the_way_from_alarm_to_restoration(outage):
    """6 alarm + 1 acknowledged + 5 diagnosed (10 halved by the runbook) + 4 oral approval + 3 action + 1 restart + 2 verified."""
    core, control = outage()
    found = {what: core.minutes(what) for what in ("alarm", "ack", "detect", "diagnosed", "decide", "act", "verified", "restore")}
    assert found == {
        "alarm": [6.0],
        "ack": [7.0],
        "detect": [7.0],
        "diagnosed": [12.0],
        "decide": [16.0],
        "act": [20.0],
        "verified": [22.0],
        "restore": [22.0],
    }
    assert core.inject.minutes("restart") == [(20.0, ("counter", 0))]
    assert control.pending.count == 0


def test_pending_actions_last_from_the_alarm_to_the_end_of_the_incident(outage):
    assert outage(until="09:05")[1].pending.count == 0
    assert outage(until="09:07")[1].pending.count == 1
    assert outage(until="09:21")[1].pending.count == 1


def test_the_written_rest_of_an_oral_approval_follows_meanwhile(outage):
    core, _ = outage()
    assert core.minutes("approved") == [16.0, 22.0, 32.0]
    assert core.details("approved", "approver") == ["it-head", "form", "leading-group"]


def test_written_approval_waits_for_the_whole_chain(outage):
    core, _ = outage(lambda s: s["runbooks"]["mend"].update(approval="written"))
    assert core.minutes("decide") == [12.0 + 4 + 6 + 10]


def test_no_approval_acts_at_once(outage):
    core, _ = outage(lambda s: s["runbooks"]["mend"].update(approval="none"))
    assert core.minutes("decide") == [12.0]
    assert core.minutes("approval_asked") == []


# --- diagnosis ----------------------------------------------------------------------------------------------------------


def test_a_flood_of_alarms_lengthens_the_diagnosis(outage, counter_down):
    """10 further alarms at 5 % each: 10 min x 0.5 x 1.5."""

    def flood(s):
        s["teams"]["ops"]["flood"] = 0.05
        s["monitors"] |= {f"x{i}": counter_down | {"route": None} for i in range(10)}

    core, _ = outage(flood)
    assert core.minutes("diagnosed") == [7.0 + 7.5]
    assert core.details("diagnosed", "active_alarms") == [11]


def test_the_effect_of_a_flood_is_bounded(outage, counter_down):
    def flood(s):
        s["teams"]["ops"] |= {"flood": 1.0, "flood_max": 3.0}
        s["monitors"] |= {f"x{i}": counter_down | {"route": None} for i in range(10)}

    assert outage(flood)[0].minutes("diagnosed") == [7.0 + 15.0]


def test_an_alarm_that_points_at_the_right_service_shortens_the_diagnosis(outage):
    def pointed(s):
        s["teams"]["ops"]["pointed"] = 0.4

    assert outage(pointed)[0].minutes("diagnosed") == [9.0]


def test_an_alarm_that_points_elsewhere_does_not(outage):
    def misled(s):
        s["teams"]["ops"]["pointed"] = 0.4
        s["monitors"]["m"]["points_at"] = "bank"

    assert outage(misled)[0].minutes("diagnosed") == [12.0]


def test_a_false_alarm_costs_a_diagnosis_and_nothing_more(make, section, counter_down):
    section["monitors"]["m"] = counter_down | {"false_alarms": "24/day", "clears": 1000}
    core, _ = make(section, before=lambda c: c.draws.update({"false-alarm/m#0": 0.9, "false-alarm/m": 1e-300}))
    core.run("10:00")
    assert len(core.minutes("nothing_found")) == 1
    assert core.minutes("nothing_found")[0] == pytest.approx(core.minutes("false_alarm")[0] + 6)
    assert core.minutes("action_started") == []


def test_an_alarm_that_clears_before_the_diagnosis_leads_to_no_action(make, section):
    core, _ = make(section)
    core.at("09:04:30", lambda: core.inject.crash("counter", 0))
    core.at("09:10:30", lambda: core.inject.restart("counter", 0))
    core.run("12:00")
    assert core.minutes("nothing_found") == [12.0]
    assert core.minutes("action_started") == []


# --- routes and attention -----------------------------------------------------------------------------------------------


def test_a_misrouted_alarm_is_acknowledged_and_handed_over(outage, team):
    """The wrong team takes 1 + 3 min before the right one begins."""

    def misroute(s):
        s["teams"]["network"] = dict(team)
        s["monitors"]["m"] |= {"misroute": 0.6, "misroute_to": "network"}

    core, _ = outage(misroute)
    assert core.minutes("alarm_misrouted") == [6.0]
    assert core.minutes("handed_over") == [10.0]
    assert core.minutes("ack") == [7.0, 11.0]
    assert core.minutes("restore") == [26.0]


def test_a_team_has_one_member_for_each_incident(outage, counter_down):
    """Two troubles at once: the one member takes the second up when done with the first."""

    def two(s):
        s["teams"]["ops"]["members"] = 1
        s["monitors"]["b"] = counter_down | {"points_at": "bank"}

    core, _ = outage(two)
    assert core.minutes("ack") == [7.0, 23.0]


def test_alarms_about_one_service_are_one_incident(outage, counter_down):
    core, _ = outage(lambda s: s["monitors"].update(n=counter_down))
    assert core.minutes("ack") == [7.0]
    assert core.minutes("incident_closed") == [22.0]


def test_at_night_somebody_is_called_in(outage):
    """Nobody on duty before 20:00: 40 min until somebody is there."""

    def night(s):
        s["teams"]["ops"] |= {"roster": [{"from": "20:00", "to": "08:00", "present": 2}], "call_in": "40min"}

    core, _ = outage(night)
    assert core.minutes("called_in") == [6.0]
    assert core.minutes("ack") == [47.0]


def test_a_shift_over_midnight_is_present_on_both_sides(make, section):
    section["teams"]["ops"] |= {"roster": [{"from": "20:00", "to": "08:00", "present": 2}], "call_in": "40min"}
    for start, called in (("01:00", 0), ("21:00", 0), ("08:00", 1)):
        core, _ = make(section, start=start, end="d3 00:00", before=lambda c: c.down.update({"counter#0": 0}))
        core.env.run(until=core.env.now + 600 * SECOND)
        assert len(core.minutes("called_in")) == called


def test_an_absent_approver_is_called_in(outage):
    def absent(s):
        head = {"latency": "4min", "roster": [{"from": "13:00", "to": "18:00", "present": 1}], "call_in": "20min"}
        s["approval"] = {"chain": {"it-head": head}, "oral_after": "it-head"}

    assert outage(absent)[0].minutes("decide") == [12.0 + 20 + 4]


def test_a_report_starts_the_handling_without_any_alarm(make, section):
    """No metric tells when it is over: an action rightly done ends it."""
    core, control = make(section)
    core.at("09:10", lambda: control.operators.report("counter"))
    core.run("12:00")
    assert core.minutes("ack", "counter") == [11.0]
    assert core.minutes("restore") == [26.0]
    assert control.board.active == {}


def test_two_incidents_with_one_remedy_become_one(outage, counter_down):
    """The second to reach the same runbook leaves it to the first: one restart, and both alarms must be over."""

    def two(s):
        s["monitors"]["b"] = counter_down | {"points_at": "bank"}
        s["runbooks"]["mend"]["alarms"] = ["m", "b"]

    core, _ = outage(two)
    assert core.details("incident_merged", "into") == ["counter"]
    assert len(core.inject.minutes("restart")) == 1
    assert core.minutes("restore") == [22.0]


def test_nothing_is_done_when_the_trouble_is_over_before_approval(make, section):
    core, _ = make(section)
    core.at("09:04:30", lambda: core.inject.crash("counter", 0))
    core.at("09:14:30", lambda: core.inject.restart("counter", 0))
    core.run("12:00")
    assert core.minutes("nothing_found") == [16.0]
    assert core.minutes("action_started") == []
    assert core.minutes("restore") == []


def test_people_look_at_the_metric_and_do_not_wait_for_the_alarm(outage):
    """An alarm that takes an hour to clear is taken down at the verification, and a relapse alarms again."""

    def slow_to_clear(s):
        s["monitors"]["m"]["clears"] = 60

    core, control = outage(slow_to_clear, until="09:30")
    assert core.minutes("restore") == [22.0]
    assert control.board.active == {}
    core.inject.crash("counter", 0)
    core.run("10:30")
    assert core.minutes("alarm") == [6.0, 32.0]
    assert len(core.minutes("restore")) == 2


# --- error --------------------------------------------------------------------------------------------------------------


def proportions(make, section, load_per_s=0, practised=1.0, undo=True, present=2):
    conditions = ["unfamiliar", "time_shortage", "poor_signal", "no_undo", "overload", "no_independent_check"]
    section["teams"]["ops"] |= {
        "conditions": dict.fromkeys(conditions, 0.5),
        "pressure_at": "1000/s",
        "overload_at": 4,
        "roster": [{"from": "00:00", "to": "24:00", "present": present}],
    }
    section["runbooks"]["mend"] |= {"practised": practised, "actions": [RESTART | {"undo": undo}]}
    started = {"flow/order/started": lambda t: t // SECOND * load_per_s}
    core, control = make(section, before=lambda c: (c.down.update({"counter#0": 0}), c.readings.update(started)))
    core.env.run(until=core.env.now + 65 * SECOND)
    runbook = core.plan.architecture.control.runbooks["mend"]
    return control.operators.proportions(control.operators.on_call_teams["ops"], runbook, runbook.actions[0])


def test_conditions_hold_as_far_as_the_situation_goes(make, section):
    """Half of the pressure, one alarm of four, all else well: the assessed 0.5 times that."""
    calm = dict.fromkeys(("unfamiliar", "poor_signal", "no_undo", "no_independent_check"), 0.0)
    assert proportions(make, section, load_per_s=500) == calm | {"time_shortage": 0.25, "overload": 0.125}


def test_what_is_unpractised_done_alone_or_final_is_worse(make, section):
    found = proportions(make, section, practised=0.2, undo=False, present=1)
    assert found["unfamiliar"] == pytest.approx(0.4)
    assert found["no_undo"] == 0.5
    assert found["no_independent_check"] == 0.5


def test_time_pressure_is_the_load_not_the_hour(make, section):
    """The same load presses as much at night."""
    section["teams"]["ops"]["conditions"] = {"time_shortage": 1.0}
    section["runbooks"]["mend"]["actions"] = [RESTART | {"task": "routine"}]
    found = []
    for start in ("02:00", "09:30"):
        readings = {"flow/order/started": lambda t: t // (SECOND // 500)}
        core, _ = make(section, start=start, before=lambda c: (c.readings.update(readings), c.down.update({"counter#0": 0})))  # noqa: B023
        core.env.run(until=core.env.now + 1200 * SECOND)
        found += core.details("action_started", "error_probability")
    assert found == [0.02 * 6, 0.02 * 6]


def err(way: float):
    """Draws for an error at the first action, of the kind at that share of the list."""
    return lambda core: core.draws.update({"people/ops/counter/error#4": 0.0, "people/ops/counter/way": way})


def test_a_wrong_target_takes_the_neighbour_down_and_a_second_try_repairs(outage):
    core, _ = outage(before=err(0.0))
    assert core.details("action_error", "how") == ["wrong_target"]
    assert core.inject.minutes("crash")[1:] == [(19.0, ("counter", 1))]
    assert core.inject.minutes("restart") == [(20.0, ("counter", 1)), (26.0, ("counter", 0))]
    assert core.details("verified", "ok") == [False, True]


def test_a_half_done_restart_leaves_it_stopped_until_the_next_try(outage):
    core, _ = outage(before=err(0.4))
    assert core.details("action_error", "how") == ["half_done"]
    assert core.inject.minutes("restart") == [(25.0, ("counter", 0))]


def test_a_delay_takes_three_times_as_long_and_is_right(outage):
    core, _ = outage(before=err(0.9))
    assert core.details("action_error", "how") == ["delay"]
    assert core.inject.minutes("restart") == [(26.0, ("counter", 0))]


def test_an_error_needs_a_draw_below_its_probability(outage):
    core, _ = outage(before=lambda c: c.draws.update({"people/ops/counter/error": 0.0031}))
    assert core.minutes("action_error") == []


# --- further attempts ---------------------------------------------------------------------------------------------------


def test_the_next_runbook_is_diagnosed_when_the_first_does_not_help(outage):
    def two(s):
        nothing = {"none": True, "duration": "1min", "tries": 1}
        useless = {"alarms": ["m"], "priority": 1, "approval": "none", "actions": [nothing]}
        s["runbooks"]["useless"] = useless

    core, _ = outage(two)
    assert core.details("diagnosed", "runbook") == ["useless", "mend"]
    assert core.details("verified", "ok") == [False, True]
    assert core.minutes("restore") == [12.0 + 1 + 2 + 5 + 4 + 3 + 1 + 2]


def test_the_vendor_is_called_when_the_team_knows_no_further(outage):
    """No runbook: 10 min of diagnosis, the vendor answers after 30 and repairs in 60; the verification takes 2."""

    def vendor(s):
        s["runbooks"] = {}
        s["teams"]["ops"]["vendor"] = "maker"
        s["vendors"] = {"maker": {"respond": "30min", "mend": "60min"}}

    def repairable(core):
        core.at("09:05", lambda: core.control.changes.offer_repair("counter", lambda: core.inject.restart("counter", 0)))

    core, control = make_with_handle(outage, vendor, repairable)
    assert core.minutes("vendor_called") == [17.0]
    assert core.inject.minutes("restart") == [(107.0, ("counter", 0))]
    assert core.minutes("restore") == [109.0]
    assert control.pending.count == 0


def make_with_handle(outage, changes, before):
    """Let what is scheduled before the start reach the control plane once it is there."""
    box = {}

    def hook(core):
        box["core"] = core
        before(core)

    core, control = outage(changes, before=hook, until="09:00")
    core.control = control
    core.run("12:00")
    return core, control


def test_the_vendor_does_rightly_what_the_team_did_wrongly(outage):
    def vendor(s):
        s["teams"]["ops"]["vendor"] = "maker"
        s["vendors"] = {"maker": {"respond": "30min", "mend": "60min"}}
        s["runbooks"]["mend"]["actions"] = [RESTART | {"tries": 1}]

    core, _ = outage(vendor, before=err(0.4))
    assert core.details("vendor_tried", "ok") == [True]


def test_without_vendor_the_team_gives_up_and_nothing_is_pending(outage):
    core, control = outage(lambda s: s.update(runbooks={}))
    assert core.details("incident_closed", "solved") == [False]
    assert control.pending.count == 0


def test_an_automated_runbook_acts_after_a_check_without_people(outage):
    """Alarm at 6 + 10 s of check + 3 min + 1 min; the people who were alarmed find it repaired."""
    core, _ = outage(lambda s: s["runbooks"]["mend"].update(automated=True))
    assert core.inject.minutes("restart") == [(10 + 10 / 60, ("counter", 0))]
    assert core.minutes("approval_asked") == []
    assert core.details("action_started", "by") == ["automation"]


def test_automation_stops_when_its_check_finds_nothing(make, section):
    section["runbooks"]["mend"] |= {"automated": True, "check": "2min"}
    core, _ = make(section)
    core.at("09:04:30", lambda: core.inject.crash("counter", 0))
    core.at("09:06:30", lambda: core.inject.restart("counter", 0))
    core.run("09:30")
    assert core.minutes("automation_stopped") == [8.0]
    assert core.minutes("action_started") == []


# --- actions ------------------------------------------------------------------------------------------------------------


def act(outage, action):
    actions = [action | {"duration": "3min", "tries": 1}]
    core, _ = outage(lambda s: s["runbooks"]["mend"].update(actions=actions), until="09:30")
    return core


def test_limiting_a_rate(outage):
    core = act(outage, {"limit_rate": {"limit": "logins", "rate": "10/s"}})
    assert core.inject.minutes("limit_rate") == [(19.0, ("logins", 10.0))]


def test_raising_slots(outage):
    assert act(outage, {"slots": {"pool": "router", "slots": 9}}).inject.minutes("pool_slots") == [(19.0, ("router", 9))]


def test_isolating_a_dependency(outage):
    core = act(outage, {"isolate": {"gates": ["bank"], "pools": ["router"], "calls": ["counter.place/bank.transfer#0"]}})
    assert core.inject.minutes("gate") == [(19.0, ("bank", False))]
    assert core.inject.minutes("pool_slots") == [(19.0, ("router", 0))]
    assert core.inject.minutes("pool_queue") == [(19.0, ("router", 0))]
    assert core.inject.minutes("call_policy") == [(19.0, ("counter.place/bank.transfer#0", 1_000_000, 1))]


def test_switching_the_channel(outage):
    core = act(outage, {"switch_channel": {"order": 0.5, "phone": 4.0}})
    assert core.inject.minutes("flow_rate") == [(19.0, ("order", 0.5)), (19.0, ("phone", 4.0))]


def test_rotating_out_without_a_number_means_what_ails(outage):
    assert act(outage, {"rotate_out": "counter"}).inject.minutes("rotate_out") == [(19.0, ("counter", 0))]


def test_restarting_a_service_that_runs_stops_it_first(make, section):
    section["runbooks"]["mend"]["actions"] = [{"restart": "bank", "duration": "3min"}]
    core, control = make(section)
    control.operators.report("counter")
    core.run("10:00")
    assert core.inject.minutes("crash") == [(13.0, ("bank", 0))]
    assert core.inject.minutes("restart") == [(13.0, ("bank", 0))]


def test_a_rollback_undoes_the_last_change(make, section):
    section["runbooks"]["mend"]["actions"] = [{"rollback": "counter", "duration": "3min"}]
    core, control = make(section)
    core.at("09:04:30", lambda: core.inject.crash("counter", 0))
    control.changes.record("counter", undo=lambda: core.inject.restart("counter", 1))
    control.changes.record("counter", undo=lambda: core.inject.restart("counter", 0))
    core.run("12:00")
    assert core.inject.minutes("restart") == [(19.0, ("counter", 0))]
    assert core.minutes("rolled_back") == [19.0]


def test_a_rollback_without_a_change_fails(outage):
    assert act(outage, {"rollback": "counter"}).details("action_failed", "why") == ["nothing to roll back"]


def test_what_failed_is_tried_again_without_looking_whether_it_helped(make, section):
    """Two attempts of 3 min fail, the third helps: the two minutes of verification come once."""
    section["runbooks"]["mend"]["actions"] = [{"rollback": "counter", "duration": "3min", "tries": 5}]
    core, control = make(section)
    core.at("09:04:30", lambda: core.inject.crash("counter", 0))
    answers = iter([False, False, True])
    control.changes.record("counter", undo=lambda: next(answers) and (core.inject.restart("counter", 0) or True))
    core.run("12:00")
    assert core.minutes("rollback_failed") == [19.0, 22.0]
    assert core.minutes("rolled_back") == [25.0]
    assert core.minutes("verified") == core.minutes("restore") == [27.0]


def test_a_repair_ends_what_no_restart_does(make, section):
    """An instance without power: its restart says so and changes nothing, the repair of the feed brings it up; there is one to make."""
    repair = {"repair": "counter", "duration": "3min", "tries": 2}
    section["runbooks"]["mend"]["actions"] = [RESTART | {"tries": 1}, repair]
    core, control = make(section)
    core.at("09:04:30", lambda: core.inject.crash("counter", 0))
    control.changes.hold("counter#0", "feed", "no power")
    control.changes.offer_repair("counter", lambda: core.inject.restart("counter", 0))
    core.run("12:00")
    assert core.details("action_failed", "why") == ["no power"]
    assert core.inject.minutes("restart") == [(22.0, ("counter", 0))]
    assert core.minutes("restore") == [24.0]
    assert not control.changes.repair("counter")


def test_the_vendor_knows_what_the_team_suspected(make, section):
    """The alarm names no service; the runbook tried in vain is for the counter, and that is what the vendor puts right."""
    section["monitors"]["m"].pop("points_at", None)
    section["teams"]["ops"]["vendor"] = "maker"
    section["vendors"] = {"maker": {"respond": "30min", "mend": "60min"}}
    section["runbooks"]["mend"]["actions"] = [{"none": True, "duration": "3min", "tries": 1}]
    core, control = make(section)
    core.at("09:04:30", lambda: core.inject.crash("counter", 0))
    control.changes.offer_repair("counter", lambda: core.inject.restart("counter", 0))
    core.run("12:00")
    assert core.details("vendor_tried", "ok") == [True]
    assert len(core.inject.minutes("restart")) == 1


def test_a_wrong_digit_gives_a_tenth(make, section):
    section["runbooks"]["mend"]["actions"] = [{"slots": {"pool": "router", "slots": 40}, "duration": "3min"}]
    core, control = make(section, before=err(0.1))
    control.operators.report("counter")
    core.run("09:15")
    assert core.inject.minutes("pool_slots") == [(13.0, ("router", 4))]


# --- a last look, and what is left out ----------------------------------------------------------------------------------


def over_before_the_command(make, section, **runbook):
    """The counter comes back at 9:17, between the beginning of the restart (9:16) and its command (9:19)."""
    section["runbooks"]["mend"] |= runbook
    core, _ = make(section)
    core.at("09:04:30", lambda: core.inject.crash("counter", 0))
    core.at("09:17", lambda: core.inject.restart("counter", 0))
    core.run("12:00")
    return core


def test_a_restart_is_called_off_when_the_trouble_is_over_before_its_command(make, section):
    core = over_before_the_command(make, section)
    assert core.minutes("action_started") == [16.0]
    assert core.minutes("action_called_off") == [19.0]
    assert core.minutes("action_done") == core.minutes("act") == core.minutes("restore") == []
    assert core.inject.minutes("crash") == [(4.5, ("counter", 0))]
    assert core.details("incident_closed", "solved") == [True]


def test_a_runbook_that_does_not_look_again_restarts_what_is_well(make, section):
    core = over_before_the_command(make, section, confirm=False)
    assert core.inject.minutes("crash") == [(4.5, ("counter", 0)), (19.0, ("counter", 0))]
    assert core.minutes("action_called_off") == []


def test_automation_looks_again_before_its_command(make, section):
    """Alarm at 9:06, check of 10 s, command due at 9:09:10; the counter is back at 9:08."""
    section["runbooks"]["mend"] |= {"automated": True}
    core, _ = make(section)
    core.at("09:04:30", lambda: core.inject.crash("counter", 0))
    core.at("09:08", lambda: core.inject.restart("counter", 0))
    core.run("12:00")
    assert core.minutes("action_called_off") == [9 + 10 / 60]
    assert core.minutes("act") == []


@pytest.mark.parametrize(("latency", "called_off"), [("1s", True), ("1min", False)])
def test_a_last_look_has_the_robot_try_at_once(make, section, latency, called_off):
    """Its probe of 9:00 failed and the next is due at 9:30; the path is back at 9:12, or answers later than within 10 s."""
    section["robots"] = {"r": {"flow": "look", "every": "30min", "phase": 0, "failures": 1, "slower_than": "10s", "route": "ops"}}
    section["runbooks"]["mend"]["alarms"] = ["r"]
    core, control = make(section)
    core.probes = {"code": "timeout", "latency_ns": 0}
    core.at("09:12", lambda: core.probes.update(code="ok", latency_ns=parse_duration(latency)))
    core.run("09:29")
    assert core.minutes("action_started")[0] == 10.0
    assert (core.minutes("action_called_off") == [13 + 1 / 60]) is called_off
    assert (core.inject.minutes("restart") == []) is called_off
    assert ("r" in control.board.active) is not called_off


def left_out(make, section, names, action, **more):
    section["runbooks"]["mend"]["actions"] = [action]
    core, control = make(section, left_out=LeftOut.of(names), **more)
    core.at("09:04:30", lambda: core.inject.crash("counter", 0))
    return core, control


@pytest.mark.parametrize("names", [["restart counter#0"], [EVERY_ACTION]])
def test_an_action_left_out_takes_its_time_reports_success_and_changes_nothing_also_when_tried_again(make, section, names):
    """Each try takes 3 min and 1 min to come up, as it would, and 2 min to be verified."""
    core, _ = left_out(make, section, names, RESTART)
    core.run("09:40")
    assert core.minutes("action_done") == [20.0, 26.0]
    assert core.details("verified", "ok") == [False, False]
    assert [knob for _, knob, _ in core.inject.turned] == ["crash"]


def test_another_action_is_carried_out(make, section):
    core, _ = left_out(make, section, ["rotate_out counter#0"], RESTART)
    core.run("09:40")
    assert core.inject.minutes("restart") == [(20.0, ("counter", 0))]


@pytest.mark.parametrize(
    ("action", "name"),
    [
        ({"limit_rate": {"limit": "logins", "rate": "10/s"}}, "limit_rate logins"),
        ({"slots": {"pool": "router", "slots": 9}}, "slots router"),
        ({"isolate": {"gates": ["bank"]}}, "isolate bank"),
        ({"switch_channel": {"order": 0.5, "phone": 4.0}}, "switch_channel order,phone"),
        ({"rotate_out": "counter"}, "rotate_out counter"),
        ({"rotate_in": "bank"}, "rotate_in bank"),
        ({"rollback": "counter"}, "rollback counter"),
        ({"repair": "counter"}, "repair counter"),
    ],
)
def test_every_kind_of_action_can_be_left_out(make, section, action, name):
    core, control = left_out(make, section, [name], action | {"duration": "3min", "tries": 1})
    control.changes.record("counter", undo=lambda: core.inject.restart("counter", 0))
    control.changes.offer_repair("counter", lambda: core.inject.restart("counter", 0))
    core.run("09:30")
    assert core.minutes("action_done") == [19.0]
    assert [knob for _, knob, _ in core.inject.turned] == ["crash"]


def test_a_reconciliation_left_out_takes_its_time_and_finds_nothing(make, section):
    section["reconciliations"] = {"exchange": {"duration": "5min"}}
    core, _ = left_out(make, section, ["reconcile exchange"], {"reconcile": "exchange", "duration": "3min", "tries": 1})
    core.inject.differences = {"orders": 4}
    core.run("09:30")
    assert core.minutes("action_done") == [24.0]
    assert core.details("reconciled", "differences") == [0]
    assert core.inject.minutes("reconcile") == []


def test_what_the_vendor_does_is_an_action_and_can_be_left_out(make, section):
    section["teams"]["ops"]["vendor"] = "maker"
    section["vendors"] = {"maker": {"respond": "30min", "mend": "60min"}}
    section["runbooks"] = {}
    for names, ok in (([], True), (["repair counter"], False)):
        core, control = make(section, left_out=LeftOut.of(names))
        core.at("09:04:30", lambda core=core: core.inject.crash("counter", 0))
        control.changes.offer_repair("counter", lambda core=core: core.inject.restart("counter", 0))
        core.run("11:00")
        assert core.details("action_done", "by")[:1] == ["maker"]
        assert core.details("vendor_tried", "ok")[:1] == [ok]


# --- checklists ---------------------------------------------------------------------------------------------------------

LOOKS = [{"name": "logs", "duration": "5min"}, {"name": "counters", "duration": "2min", "monitors": ["m"]}]


def checklist(section, **step):
    section["monitors"]["m"]["route"] = None
    looks = [LOOKS[0], LOOKS[1] | step]
    section["checklists"] = {"opening": {"at": "09:10", "team": "ops", "points_at": "counter", "steps": looks}}
    section["runbooks"]["mend"]["alarms"] = ["opening"]
    return section


def test_a_checklist_finds_what_no_alarm_reported(make, section):
    """Found at 9:17, restarted 1 + 5 + 4 + 3 + 1 min later by the other member of the team."""
    core, control = make(checklist(section), before=lambda c: c.down.update({"counter#0": 0}))
    core.run("12:00")
    assert core.minutes("check_found") == [17.0]
    assert core.inject.minutes("restart") == [(31.0, ("counter", 0))]
    assert core.details("verified", "ok") == [True]
    assert "opening" not in control.board.active


@pytest.mark.parametrize(("step", "what"), [({"skip": 0.6}, "check_skipped"), ({"overlook": 0.6}, "check_overlooked")])
def test_a_line_may_be_skipped_or_overlook(make, section, step, what):
    core, _ = make(checklist(section, **step), before=lambda c: c.down.update({"counter#0": 0}))
    core.run("12:00")
    assert len(core.minutes(what)) == 1
    assert core.minutes("check_found") == []


def test_a_problem_of_its_own_costs_its_repair(make, section):
    core, _ = make(checklist(section, problem=0.6, mend="7min"))
    core.run("12:00")
    assert core.minutes("check_done") == [15.0, 24.0]
