"""What makes a run no valid experiment, or one that cannot pass, and what must happen in it: journals written by hand."""

from __future__ import annotations

from typing import Any

import pytest
from hand_journal import EVERY, HOLD, META, Order, journal, orders, windows

from chaos.documents.scenario import Record, Scenario, Timepoint, step_model
from chaos.documents.severity import RuleSet
from chaos.faults.catalogue import shipped_faults
from chaos.judgement.assessment import Assessment, assess, spec_of, timeline_of
from chaos.judgement.verdict import judge_seeds
from chaos.measures.catalogue import measures
from chaos.measures.compute import Computed, compute
from chaos.measures.registry import Unit, extension
from chaos.results.findings import NothingConfirmed, NotReached
from simcore.base.units import SECOND
from simcore.journal.summary import figures

STEP = step_model(shipped_faults())
SECONDS = 100
STEADY = {"every": "10s", "hold": "30s", "objectives": {"order": {"success": 0.9, "min_count": 5}}}
HANG = {"name": "hung", "at": "00:00:50", "for": "10s", "hang": {"service": "core"}}
BOUND = {"measure": "impaired_s", "at_most": "1h"}
BEGAN = (50 * SECOND, "fault_started", "hung", {"step": 0, "targets": "unit/core#0, unit/core#1"})
HEALED = (60 * SECOND, "fault_healed", "hung", {"step": 0})
MET = (60 * SECOND, "fault_exercised", "hung", {"step": 0, "grown": 3})
Logged = tuple[int, str, str, dict[str, Any]]


def scenario(**said: Any) -> Scenario:
    """A scenario of 100 s from midnight on, in which the core hangs at 50 s unless it says otherwise."""
    text = {
        "kind": "scenario", "name": "x", "title": "x", "window": {"from": "00:00", "to": "00:01:40"}, "steady_state": STEADY,
        "method": [HANG], "expect": [BOUND],
    } | said  # fmt: skip
    text["method"] = [STEP.model_validate(step) for step in text["method"]]
    return Scenario.model_validate(text)


def assessed(
    *events: Logged, states: str = "+++++-++++", made: Any = None, counters: Any = None, reason: str | None = None, **said: Any
) -> Assessment:
    """What a run in these states showed, with these events and counters."""
    orders = windows(states) if made is None else made
    run = journal(SECONDS, orders, counters, events, reason=reason)
    return assess(scenario(**said), {"m": "monitor"}, run, figures(run), {})


def kinds(reasons: Any) -> list[str]:
    return [reason.kind for reason in reasons]


def test_a_valid_run_has_nothing_against_it() -> None:
    """The step took effect, orders were steady before it and impaired for an interval."""
    found = assessed(BEGAN, MET, HEALED)
    assert (found.invalid, found.missed, found.doubts) == ([], [], [])
    assert found.judgement.verdict == "pass"
    assert (found.measures.impaired_s, found.measures.recovery_s, found.measures.steady_before) == (10, 10, True)
    assert (found.measures.customers_active, found.measures.orders.intended, found.measures.orders.failed) == (10, 100, 10)
    (fault,) = found.faults
    assert (fault.name, fault.fault, fault.began_ns, fault.ended_ns) == ("hung", "hang", 50 * SECOND, 60 * SECOND)
    assert (fault.targets, fault.grown, fault.took_effect, fault.failed) == (["unit/core#0", "unit/core#1"], 3, True, None)


@pytest.mark.parametrize(("grown", "took"), [(0, False), (1, True), (None, False)])
def test_a_step_that_nothing_met_had_no_effect(grown: int | None, took: bool) -> None:
    """One request is enough; without evidence there is none."""
    found = assessed(BEGAN, (60 * SECOND, "fault_exercised", "hung", {"step": 0, "grown": grown}), HEALED)
    assert (found.faults[0].took_effect, found.faults[0].grown) == (took, grown or 0)
    assert kinds(found.invalid) == ([] if took else ["no_effect"])
    assert found.judgement.verdict == ("pass" if took else "unknown")


def test_a_step_that_did_not_begin_or_was_not_measured_had_no_effect() -> None:
    """Nor has one whose events are another step's."""
    assert kinds(assessed(MET, HEALED).invalid) == ["no_effect"]
    assert kinds(assessed(BEGAN, HEALED).invalid) == ["no_effect"]
    other = [(at, what, subject, detail | {"step": 1}) for at, what, subject, detail in (BEGAN, MET, HEALED)]
    assert kinds(assessed(*other).invalid) == ["no_effect"]
    found = assessed(BEGAN, MET).faults[0]
    assert (found.began_ns, found.ended_ns, found.took_effect) == (50 * SECOND, None, True)
    nothing = assessed().faults[0]
    assert (nothing.began_ns, nothing.ended_ns, nothing.targets, nothing.grown) == (None, None, [], 0)


def test_a_step_that_could_not_be_done_leaves_a_doubt() -> None:
    """It is no step without effect, for it is known why; the run may fail and cannot pass."""
    failed = (50 * SECOND, "fault_failed", "hung", {"step": 0, "why": "no such unit"})
    found = assessed(BEGAN, MET, failed)
    assert (kinds(found.invalid), kinds(found.doubts), found.faults[0].failed) == ([], ["not_done"], "no such unit")
    assert found.faults[0].took_effect is False
    assert found.judgement.verdict == "unknown"
    broken = assessed(BEGAN, MET, failed, expect=[{"measure": "impaired_s", "at_most": "9s"}])
    assert broken.judgement.verdict == "fail"
    aborted = assessed(BEGAN, MET, (70 * SECOND, "aborted", "too many failed", {}))
    assert (kinds(aborted.doubts), aborted.judgement.verdict) == (["aborted"], "unknown")


def test_one_of_two_steps_without_effect_leaves_a_doubt() -> None:
    """The run is valid by the other, and cannot pass; where neither had one it is not valid."""
    two = [HANG, HANG | {"name": "again", "at": "00:01:10"}]
    found = assessed(BEGAN, MET, HEALED, method=two)
    assert (kinds(found.invalid), kinds(found.doubts)) == ([], ["no_effect"])
    assert found.judgement.verdict == "unknown"
    neither = assessed(method=two)
    assert (kinds(neither.invalid), kinds(neither.doubts)) == (["no_effect"] * 2, [])


def test_a_step_that_an_abort_came_before_was_not_reached() -> None:
    """It did not fail to take effect: nobody did it. The verdict is what it was, and of the step before nothing is taken away."""
    two = [HANG, HANG | {"name": "again", "at": "00:01:10"}]
    ended = (62 * SECOND, "aborted", "flow/order/failed", {})
    skipped = (70 * SECOND, "fault_skipped", "again", {"step": 1})
    found = assessed(BEGAN, MET, HEALED, ended, skipped, method=two)
    assert (kinds(found.invalid), kinds(found.doubts)) == ([], ["not_reached", "aborted"])
    assert found.doubts[0] == NotReached(step="again", at_ns=70 * SECOND, ended_ns=62 * SECOND, condition="flow/order/failed")
    assert ([f.unreached_ns for f in found.faults], found.judgement.verdict) == ([None, 70 * SECOND], "unknown")
    idle = assessed(BEGAN, (60 * SECOND, "fault_exercised", "hung", {"step": 0, "grown": 0}), HEALED, ended, skipped, method=two)
    assert (kinds(idle.invalid), kinds(idle.doubts)) == (["no_effect"], ["not_reached", "aborted"])
    broken = assessed(BEGAN, MET, HEALED, ended, skipped, method=two, expect=[{"measure": "impaired_s", "at_most": "9s"}])
    assert broken.judgement.verdict == "fail"


@pytest.mark.parametrize(("seconds", "reached"), [(70, False), (71, True)])
def test_a_step_that_a_guard_came_before_was_not_reached(seconds: int, reached: bool) -> None:
    """The run was given up at the second at which the step was to begin, or the one after; what is decided by then stays so."""
    two = [HANG, HANG | {"name": "again", "at": "00:01:10"}]
    run = journal(seconds, windows("+++++-+"), None, [BEGAN, MET, HEALED], reason="too many tasks", planned=SECONDS)
    for bound, verdict in (("1h", "unknown"), ("9s", "fail")):
        found = assess(scenario(method=two, expect=[{"measure": "impaired_s", "at_most": bound}]), {}, run, figures(run), {})
        assert kinds(found.doubts) == ["unknowable", *([] if reached else ["not_reached"])]
        assert (kinds(found.invalid), found.judgement.verdict) == ([], verdict)


def test_a_run_that_was_given_up_before_its_first_step_reached_none() -> None:
    """No step was without effect, for none began."""
    run = journal(40, windows("++++"), None, [], reason="too many tasks", planned=SECONDS)
    found = assess(scenario(), {}, run, figures(run), {})
    assert "no_effect" not in kinds([*found.invalid, *found.doubts])
    assert found.doubts == [NotReached(step="hung", at_ns=50 * SECOND, ended_ns=40 * SECOND, why="too many tasks")]
    assert (found.judgement.verdict, found.given_up_ns) == ("unknown", None)


def test_a_run_that_shows_nothing_is_not_judged() -> None:
    """No interval with enough orders; a steady state that was violated or not seen before the step; a run that was given up."""
    assert kinds(assessed(BEGAN, MET, states="+++++.....").invalid) == ["nothing_exercised"]
    assert kinds(assessed(BEGAN, MET, states="+++++....-").invalid) == []
    assert kinds(assessed(BEGAN, MET, states="+++++....+").invalid) == []
    assert kinds(assessed(BEGAN, MET, states="++-+++++++").invalid) == ["unsteady_before"]
    assert kinds(assessed(BEGAN, MET, states="....++++++").invalid) == ["unsteady_before"]
    assert kinds(assessed(BEGAN, MET, reason="too many tasks").invalid) == ["unknowable"]
    both = assessed(BEGAN, MET, states="....++++++", reason="x").measures
    assert (both.steady_before, bool(both.unsteady_because)) == (False, True)
    assert assessed(BEGAN, MET).measures.unsteady_because == ""
    assert assessed(BEGAN, MET, states="+++++....-").judgement.verdict == "pass"


def test_orders_of_which_none_is_confirmed_show_nothing_whatever_is_asked() -> None:
    """Though the objective is of quotes; said once where it is of orders. Where nobody ordered there is nothing to confirm."""
    quotes = STEADY | {"objectives": {"quote": {"success": 0.9, "min_count": 5}}}
    counters = {"flow/quote/started": [1] * SECONDS, "flow/quote/ok": [1] * SECONDS}

    def groups(made: list[Order], steady: Any) -> list[list[str]]:
        found = assessed(BEGAN, MET, HEALED, made=made, counters=counters, steady_state=steady)
        return [reason.flows for reason in found.invalid if isinstance(reason, NothingConfirmed)]

    rejected = [Order(n * SECOND, "rejected") for n in range(SECONDS)]
    assert groups(rejected, quotes) == [["order"]]
    assert groups(rejected[:1], quotes) == [["order"]]
    assert groups(rejected, STEADY) == [["order"]]
    assert groups([Order(SECOND)], quotes) == []
    assert groups([], quotes) == []


def test_one_of_several_flows_of_orders_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """To show nothing: one is rejected throughout, of the other there is nothing; the objective is of logins."""
    monkeypatch.setitem(META, "flow_kinds", {"order": "order", "quote": "order", "login": "login"})
    monkeypatch.setitem(META, "recorded_flows", ["order", "quote"])
    fields = ("started", "ok", "rejected", "failed", "unknown", "blocked")
    counters = {f"flow/login/{field}": [int(field in ("started", "ok"))] * SECONDS for field in fields}
    logins = STEADY | {"objectives": {"login": {"success": 0.9, "min_count": 5}}}
    rejected = [Order(n * SECOND, "rejected") for n in range(SECONDS)]
    found = assessed(BEGAN, MET, HEALED, made=rejected, counters=counters, steady_state=logins)
    assert [reason.flows for reason in found.invalid if isinstance(reason, NothingConfirmed)] == [["order", "quote"]]


def test_nothing_confirmed_is_a_doubt_where_there_is_no_step() -> None:
    """The window itself is judged then, and may fail; with a step the run is not valid."""
    rejected = [Order(n * SECOND, "rejected") for n in range(SECONDS)]
    alone = assessed(made=rejected, method=[])
    assert ("nothing_confirmed" in kinds(alone.invalid), "nothing_confirmed" in kinds(alone.doubts)) == (False, True)
    step = assessed(BEGAN, MET, HEALED, made=rejected)
    assert ("nothing_confirmed" in kinds(step.invalid), "nothing_confirmed" in kinds(step.doubts)) == (True, False)


# --- what must happen -----------------------------------------------------------------------------------------------------------


def alarms(*at: int, subject: str = "m") -> list[Logged]:
    return [(second * SECOND, "alarm", subject, {}) for second in at]


@pytest.mark.parametrize(
    ("at", "missed"), [((49, 49), True), ((49, 50), True), ((50, 50), False), ((50, 51), False), ((50, 51, 52), False)]
)
def test_so_many_events_must_come_from_the_first_step_on(at: tuple[int, ...], missed: bool) -> None:
    """Two alarms are asked for: the instant of the step counts, the second before it does not."""
    found = assessed(BEGAN, MET, *alarms(*at), must_happen=[{"event": "alarm", "at_least": 2}])
    assert kinds(found.missed) == (["did_not_happen"] if missed else [])
    assert found.judgement.verdict == ("unknown" if missed else "pass")


def test_an_event_may_have_to_be_of_a_subject() -> None:
    """Without one any is; another event is another."""
    said = [{"event": "alarm", "subject": "n"}]
    assert kinds(assessed(BEGAN, MET, *alarms(55), must_happen=said).missed) == ["did_not_happen"]
    assert assessed(BEGAN, MET, *alarms(55, subject="n"), must_happen=said).missed == []
    assert kinds(assessed(BEGAN, MET, *alarms(55), must_happen=[{"event": "detect"}]).missed) == ["did_not_happen"]


@pytest.mark.parametrize(("more", "missed"), [(1, True), (2, False), (3, False)])
def test_a_counter_must_grow_by_so_much_from_the_first_step_on(more: int, missed: bool) -> None:
    """Two are asked for; what it grew by before does not count."""
    counters = {"pool/p/refused": [5] * 50 + [more]}
    found = assessed(BEGAN, MET, counters=counters, must_happen=[{"counter": "pool/p/refused", "at_least": 2}])
    assert kinds(found.missed) == (["did_not_happen"] if missed else [])


def test_without_a_method_what_must_happen_counts_from_the_beginning_of_the_run() -> None:
    """From the warm-up on."""
    said = {"window": {"from": "00:01", "to": "00:01:40"}, "warmup": "1min", "method": []}
    assert assessed(*alarms(0), states="++++++++++", must_happen=[{"event": "alarm"}], **said).missed == []
    steps = [HANG | {"name": "late", "at": "00:00:55"}, HANG | {"at": "00:00:51"}]
    assert kinds(assessed(*alarms(50), method=steps, must_happen=[{"event": "alarm"}]).missed) == ["did_not_happen"]
    assert assessed(*alarms(51), method=steps, must_happen=[{"event": "alarm"}]).missed == []


# --- what is asked of the journal -----------------------------------------------------------------------------------------------


def test_the_question_is_the_scenarios() -> None:
    """Window, intervals, objectives with and without a bound on their time, the first of the steps, and when all were healed."""
    second = HANG | {"at": "00:00:40", "name": "earlier"}
    latency = {"success": 0.9, "min_count": 7, "latency": {"at_most": "2s", "quantile": 0.5}}
    steady = STEADY | {"objectives": {"order": latency, "quote": {"success": 0.8}}}
    made = scenario(method=[HANG, second], steady_state=steady, window={"from": "00:00:10", "to": "00:01:40"}, warmup="10s")
    healed = [(70 * SECOND, "fault_healed", "hung", {"step": 0}), (65 * SECOND, "fault_healed", "earlier", {"step": 1})]
    asked = spec_of(made, {"m": "robot"}, journal(SECONDS, (), events=healed))
    assert (asked.window, asked.every, asked.hold) == ((10 * SECOND, 100 * SECOND), EVERY, HOLD)
    assert (asked.first_action, asked.cleared_at, asked.watchers) == (40 * SECOND, 70 * SECOND, {"m": "robot"})
    order, quote = asked.objectives["order"], asked.objectives["quote"]
    assert (order.success, order.quantile, order.latency_ns, order.min_count) == (0.9, 0.5, 2 * SECOND, 7)
    assert (quote.quantile, quote.latency_ns) == (None, None)
    assert spec_of(made, {}, journal(SECONDS, (), events=healed[:1])).cleared_at is None
    assert spec_of(made, {}, journal(SECONDS, (), events=healed[1:])).cleared_at is None
    nothing = spec_of(scenario(method=[]), {}, journal(SECONDS))
    assert (nothing.first_action, nothing.cleared_at) == (None, 0)


def test_counters_are_counted_from_the_first_step() -> None:
    """Those that expectations are about, and others that are asked for, each once."""
    reading = "counters.pool/p/refused.grown"
    counters = {"pool/p/refused": [5] * 50 + [2], "pool/q/refused": [1] * 51}
    said = scenario(expect=[{"measure": reading, "at_most": 2}])
    run = journal(SECONDS, windows("+++++-++++"), counters, [BEGAN, MET])
    found = assess(said, {}, run, figures(run), {}, ("pool/q/refused", "pool/p/refused"))
    assert {name: c.grown for name, c in found.measures.counters.items()} == {"pool/p/refused": 2, "pool/q/refused": 1}
    assert found.judgement.verdict == "pass"


def test_nobody_at_all_is_no_customer() -> None:
    """A run in which nothing is recorded has no customers, and no measure fails for it."""
    found = assessed(BEGAN, MET, made=[Order(SECOND, "pending")])
    assert (found.measures.customers_active, found.measures.customers_affected) == (1, 0)


def test_a_grade_is_of_the_customers_who_were_hit() -> None:
    """Ten of ten in the violated interval; none in a run that was steady throughout."""
    rules = {
        "kind": "severity",
        "name": "r",
        "title": "r",
        "rules": [{"grade": "larger", "customers": 1}, {"grade": "major", "customers": 11}],
    }
    for states, expected in (("+++++-++++", "larger"), ("++++++++++", "none")):
        run = journal(SECONDS, windows(states), events=[BEGAN, MET])
        found = assess(scenario(), {}, run, figures(run), {"r": RuleSet.model_validate(rules)})
        assert found.measures.severity["r"].grade == expected
    share = rules | {"rules": [{"grade": "larger", "customers_share": 1.0}]}
    run = journal(SECONDS, windows("+++++-++++"), events=[BEGAN, MET])
    found = assess(scenario(), {}, run, figures(run), {"r": RuleSet.model_validate(share)})
    assert found.measures.severity["r"].grade == "larger"


def test_measures_of_other_packages_are_among_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """What they compute of the journal; without any there are none."""
    orders = extension("so_many", Unit.COUNT, "so many", "x", "orders", lambda run, _: len(run.intents["request"]))
    monkeypatch.setattr("chaos.judgement.assessment.known_measures", lambda: measures().with_more([orders]))
    assert assessed(BEGAN, MET).measures.extensions == {"so_many": 100}
    monkeypatch.undo()
    assert "extensions" not in assessed(BEGAN, MET).measures.model_fields_set


def test_the_published_timeline_has_the_simulated_times() -> None:
    """Of the first event of that name and subject; a line without an event, or whose event did not come, has none."""
    lines = [("alarm", None), ("alarm", "n"), (None, None), ("detect", None)]
    points = [
        Timepoint.model_validate({"at": "00:01", "what": "x", "event": event, "subject": subject}) for event, subject in lines
    ]
    made = scenario(purpose="reproduction", record=Record(timeline=points))
    events = [*alarms(20, 25), *alarms(30, subject="n")]
    found = timeline_of(made, journal(SECONDS, (), events=events))
    assert [line.simulated_ns for line in found] == [20 * SECOND, 30 * SECOND, None, None]
    assert [line.published_ns for line in found] == [60 * SECOND] * 4
    assert timeline_of(scenario(), journal(SECONDS)) == []


# --- given up -------------------------------------------------------------------------------------------------------------------


def given_up(second: int, *events: Logged, states: str = "+++++-----", **said: Any) -> Assessment:
    """A run of 100 s that was given up at a second."""
    made = [order for order in windows(states) if order.submit < second * SECOND]
    run = journal(second, made, events=events, reason="too many tasks", planned=SECONDS)
    return assess(scenario(**said), {}, run, figures(run), {})


@pytest.mark.parametrize(("second", "after"), [(49, False), (50, False), (51, True), (80, True)])
def test_a_run_is_given_up_after_its_first_step_or_shows_nothing(second: int, after: bool) -> None:
    """The step begins at 50 s: what was given up by then is no experiment; after it, what is broken fails."""
    found = given_up(second, BEGAN)
    assert found.given_up_ns == (second * SECOND if after else None)
    assert ("unknowable" in kinds(found.invalid)) is not after
    assert ("unknowable" in kinds(found.doubts)) is after
    broken = given_up(second, BEGAN, expect=[{"measure": "impaired_s", "at_most": "9s"}])
    assert broken.judgement.verdict == ("fail" if second == 80 else "unknown")


@pytest.mark.parametrize(("seconds", "reason", "doubt"), [(SECONDS, None, "never_judged"), (80, "too many tasks", "unknowable")])
def test_a_flow_never_judged_is_a_doubt_unless_the_run_was_given_up(
    seconds: int, reason: str | None, doubt: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the rest of the window it might have been."""

    def computed(*of: Any) -> Computed:
        return compute(*of)._replace(never_judged=["quote"])

    monkeypatch.setattr("chaos.judgement.assessment.compute", computed)
    made = [order for order in windows("+++++-++++") if order.submit < seconds * SECOND]
    run = journal(seconds, made, events=(BEGAN, MET, HEALED), reason=reason, planned=SECONDS)
    assert kinds(assess(scenario(), {}, run, figures(run), {}).doubts) == [doubt]


def test_of_a_step_that_had_not_ended_nobody_knows_what_it_would_have_met() -> None:
    """Of two steps one ended without effect before the run was given up; without it nothing is against the other. One that could not be
    done is known."""
    second = HANG | {"name": "later", "at": "00:01:15"}
    started = (75 * SECOND, "fault_started", "later", {"step": 1, "targets": "unit/core#0"})
    assert given_up(80, BEGAN, MET, HEALED, started, method=[HANG, second]).invalid == []
    idle = (60 * SECOND, "fault_exercised", "hung", {"step": 0, "grown": 0})
    assert kinds(given_up(80, BEGAN, idle, HEALED, started, method=[HANG, second]).invalid) == ["no_effect"]
    failed = (76 * SECOND, "fault_failed", "later", {"step": 1, "why": "no such unit"})
    assert kinds(given_up(80, BEGAN, MET, HEALED, started, failed, method=[HANG, second]).doubts) == ["unknowable", "not_done"]


def test_what_had_not_happened_by_then_is_no_reason() -> None:
    """An event that must happen may still have come; in a run to the end it is missed."""
    said = [{"event": "alarm"}]
    assert (given_up(80, BEGAN, MET, must_happen=said).missed, len(assessed(BEGAN, MET, must_happen=said).missed)) == ([], 1)


@pytest.mark.parametrize(("least", "holds"), [("30s", True), ("31s", None), ("50s", None), ("51s", False)])
def test_what_is_out_of_reach_in_the_rest_of_the_window_fails(least: str, holds: bool | None) -> None:
    """Impaired for 30 s, given up 20 s before the end: 50 s may still come of it, more may not."""
    found = given_up(80, BEGAN, MET, expect=[{"measure": "impaired_s", "at_least": least}])
    assert found.judgement.expectations[0].holds is holds


# --- rejects without a control run --------------------------------------------------------------------------------------------


def with_rejects(bound: dict[str, Any], *, rejected: int = 3, when: int = 6, in_control: int = 0) -> Assessment:
    """Ten orders an interval, of which so many are rejected in one of them, from the first step on the sixth or later: with nine of ten it
    is steady."""
    made = [order for order in windows("++++++++++") if order.submit // EVERY != when]
    made += orders(when, good=10 - rejected)
    made += [Order(when * EVERY + SECOND + n, "rejected", customer=n, in_control=in_control) for n in range(rejected)]
    return assessed(BEGAN, MET, HEALED, made=made, expect=[bound])


REJECTS = {
    "broken-if-all-were-wrong": ({"measure": "impaired_s", "at_most": "9s"}, {}, "unknown"),
    "kept-either-way": ({"measure": "impaired_s", "at_most": "10s"}, {}, "pass"),
    "broken-either-way": ({"measure": "impaired_s", "at_least": "11s"}, {}, "fail"),
    "kept-only-if-all-were-wrong": ({"measure": "impaired_s", "at_least": "10s"}, {}, "unknown"),
    "too-few-to-matter": ({"measure": "impaired_s", "at_most": "0s"}, {"rejected": 1}, "pass"),
    "before-the-first-step": ({"measure": "impaired_s", "at_most": "0s"}, {"when": 3}, "pass"),
    "rightly": ({"measure": "impaired_s", "at_most": "0s"}, {"in_control": 1}, "pass"),
    "wrongly": ({"measure": "impaired_s", "at_most": "0s"}, {"in_control": 2}, "fail"),
    "share": ({"measure": "flows.order.success", "at_least": 0.98}, {}, "unknown"),
    "low-share": ({"measure": "flows.order.success", "at_least": 0.97}, {}, "pass"),
    "customers": ({"measure": "customers_affected", "at_most": 2}, {}, "unknown"),
    "count": ({"measure": "orders.rejected_wrongly", "at_most": 2}, {}, "unknown"),
    "count-known": ({"measure": "orders.rejected_wrongly", "at_most": 2}, {"in_control": 2}, "fail"),
}


@pytest.mark.parametrize(("bound", "said", "verdict"), REJECTS.values(), ids=REJECTS)
def test_what_depends_on_rejects_that_nobody_compared_is_open(bound: dict[str, Any], said: dict[str, int], verdict: str) -> None:
    """Of 100 orders 3 are rejected after the first step: 3 % wrong, or none. What holds either way is judged."""
    found = with_rejects(bound, **said)
    assert found.judgement.verdict == verdict
    assert (kinds(found.judgement.reasons) == ["not_compared"]) == (verdict == "unknown")


def test_over_seeds_such_a_run_counts_for_nothing() -> None:
    """Neither for a share of runs nor for a quantile."""
    for over in ({"in_share": 1.0}, {"quantile": 0.5}):
        made = scenario(expect=[{"measure": "impaired_s", "at_most": "9s"} | over])
        found = with_rejects({"measure": "impaired_s", "at_most": "9s"} | over)
        assert judge_seeds(made, [found.outcome(made)]).verdict == "unknown"
        known = with_rejects({"measure": "impaired_s", "at_most": "9s"} | over, in_control=1)
        assert judge_seeds(made, [known.outcome(made)]).verdict == "pass"


@pytest.mark.parametrize(
    ("rejected", "bound", "verdict"),
    [
        (1, {"measure": "impaired_s", "at_most": "0s"}, "unknown"),
        (1, {"measure": "impaired_s", "at_most": "10s"}, "pass"),
        (0, {"measure": "impaired_s", "at_most": "0s"}, "pass"),
        (1, {"measure": "flows.quote.success", "at_least": 0.96}, "unknown"),
        (1, {"measure": "flows.quote.success", "at_least": 0.95}, "pass"),
        (1, {"measure": "flows.quote.success", "at_most": 0.9}, "fail"),
    ],
)
def test_rejects_of_a_flow_without_rows_are_right_or_wrong(rejected: int, bound: dict[str, Any], verdict: str) -> None:
    """Of two quotes a second one is rejected in each of ten seconds after the first step: 10 of 200, and five in ten of an interval."""
    ok = [2 - rejected if 60 <= second < 70 else 2 for second in range(SECONDS)]
    counters = {
        "flow/quote/started": [2] * SECONDS,
        "flow/quote/ok": ok,
        "flow/quote/rejected": [2 - n for n in ok],
    }
    steady = STEADY | {"objectives": {"order": {"success": 0.9, "min_count": 5}, "quote": {"success": 0.9, "min_count": 5}}}
    found = assessed(BEGAN, MET, HEALED, states="++++++++++", counters=counters, steady_state=steady, expect=[bound])
    assert found.judgement.verdict == verdict
    assert (kinds(found.judgement.reasons) == ["not_compared"]) == (verdict == "unknown")


def test_what_is_over_by_itself_is_in_force_no_longer() -> None:
    """A burst has come after its time, and dropped sessions are back, whatever the end of their step; one that is healed before is over then."""
    burst = {"name": "b", "at": "00:00:50", "burst": {"flow": "order", "count": 9, "over": "20s"}}
    drop = {"name": "s", "at": "00:00:50", "session-drop": {"share": 1, "over": "15s"}}
    began = (50 * SECOND, "fault_started", "b", {"step": 0, "targets": "flow/order"})
    met = (99 * SECOND, "fault_exercised", "b", {"step": 0, "grown": 9})
    for step, over in ((burst, 70), (drop, 65)):
        fault = assessed(began, met, method=[step]).faults[0]
        assert (fault.ended_ns, fault.over_ns, fault.in_force_until) == (None, over * SECOND, over * SECOND)
        spec = spec_of(scenario(method=[step]), {}, journal(SECONDS, [], None, [began, met]))
        assert spec.cleared_at == over * SECOND
    healed = (60 * SECOND, "fault_healed", "b", {"step": 0})
    assert assessed(began, met, healed, method=[burst | {"for": "10s"}]).faults[0].in_force_until == 60 * SECOND
    assert spec_of(scenario(method=[burst, HANG]), {}, journal(SECONDS, [], None, [began, met])).cleared_at is None
