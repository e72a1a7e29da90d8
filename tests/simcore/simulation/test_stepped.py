"""A run taken piece by piece: looked at, decided in, branched; and that none of it but the decisions changes anything."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from simcore.base.errors import InputError
from simcore.base.units import MINUTE, SECOND, parse_clock
from simcore.compile.plan import Plan, compile_plan
from simcore.control.cosimulation import Cosimulation
from simcore.control.plane import ControlPlane
from simcore.journal.model import Event, Journal
from simcore.journal.writer import LoggedEvent
from simcore.library import load_pair
from simcore.model.control.decisions import Acknowledge, Act, Approve, Decision, Report
from simcore.model.control.runbooks import Action
from simcore.simulation import simulate
from simcore.simulation.stepped import Decided, Listener, SteppedRun

OPEN = parse_clock("09:30")
PLAYED = frozenset({"operations", "core", "network"})
LISTS = 200 if os.environ.get("COREDRILL_TEST_DECISIONS") == "all" else 6
CUT_OFF = Action.model_validate(
    {"isolate": {"calls": ["counter.transfer/debit-a", "counter.transfer/credit-a"]}, "duration": "20s"}
)
MORE_THREADS = Action.model_validate({"slots": {"pool": "counter-threads", "slots": 96}, "duration": "15s"})
RESTART = Action.model_validate({"restart": "counter", "duration": "10s"})


@cache
def morning(minutes: float = 4.0, seed: int = 1) -> Plan:
    """The open of legacy-coupled on a normal day."""
    end = OPEN + int(minutes * MINUTE)
    return compile_plan(*load_pair("legacy-coupled", "normal-day"), seed=seed, start=OPEN, end=end)


def slow_bank(core: Cosimulation, _: ControlPlane) -> None:
    """bank-a takes two hundred times as long from 09:30:20 on."""

    def wait() -> Iterator[Any]:
        yield core.env.timeout(20 * SECOND)
        core.inject.slow("bank-a", 0, 200.0)

    core.env.process(wait())


def stepped(plan: Plan, listener: Listener | None = None) -> SteppedRun:
    """All teams are played, and a bank becomes slow."""
    return SteppedRun(plan, script=slow_bank, played=PLAYED, listener=listener)


def alarm_board() -> tuple[set[str], Listener]:
    """The alarms that stand, as a listener learns of them."""
    standing: set[str] = set()

    def listen(event: LoggedEvent) -> None:
        if event.what in ("alarm", "false_alarm"):
            standing.add(event.subject)
        elif event.what == "alarm_cleared":
            standing.discard(event.subject)

    return standing, listen


def events(journal: Journal, *words: str) -> list[Event]:
    """Those of these words, in order."""
    return [event for event in journal.events if event.what in words]


# --- cutting and looking ------------------------------------------------------------------------------------------------------


def test_however_a_run_is_cut_and_looked_at_its_journal_is_the_same() -> None:
    """At odd nanoseconds, at whole seconds, twice at one instant; with readings between."""
    plan = morning()
    whole, draws = simulate(plan, script=slow_bank), random.Random(7)
    for _ in range(3):
        run = SteppedRun(plan, script=slow_bank)
        cuts = [draws.randrange(plan.start, plan.end) for _ in range(9)] + [plan.start + k * 30 * SECOND for k in range(8)]
        for cut in sorted(cuts):
            run.advance(cut)
            run.advance(cut)
            assert run.now == cut
            assert run.read("pool/counter-threads/busy") >= 0
        assert run.finish().digest == whole.digest


def test_time_does_not_go_back() -> None:
    """An instant that has passed is refused; beyond the end there is nothing."""
    run = SteppedRun(morning(0.2))
    run.advance(OPEN + 5 * SECOND)
    with pytest.raises(ValueError, match="has passed"):
        run.advance(OPEN + 4 * SECOND)
    run.advance(OPEN + 60 * MINUTE)
    assert (run.now, run.over) == (run.plan.end, True)


def test_what_is_decided_takes_effect_at_the_instant_at_which_the_run_stands() -> None:
    """Also where SimPy's clock stood at an event long before."""
    run = stepped(morning(1.0))
    run.advance(OPEN + 33 * SECOND + 17)
    run.do(Act(team="core", action=MORE_THREADS))
    journal = run.finish()
    (started,) = events(journal, "action_started")
    (done,) = events(journal, "action_done")
    assert (started.t_ns, started.detail["by"]) == (OPEN + 33 * SECOND + 17, "core")
    assert done.t_ns == started.t_ns + 15 * SECOND
    assert journal.totals["pool"]["counter-threads"]["slots"] == 96


def test_a_listener_hears_the_events_as_they_are_logged() -> None:
    """In the order in which the journal has them, and nothing of what is still to come."""
    heard: list[tuple[int, str]] = []
    run = SteppedRun(morning(1.0), script=slow_bank, listener=lambda event: heard.append((event.t_ns, event.what)))
    run.advance(OPEN + 30 * SECOND)
    assert heard
    assert max(t for t, _ in heard) < OPEN + 30 * SECOND
    journal = run.finish()
    assert heard == [(e.t_ns, e.what) for e in journal.events if not e.what.startswith("breaker_")]


# --- teams that are played ----------------------------------------------------------------------------------------------------


def test_a_team_that_is_played_does_nothing_that_nobody_decides() -> None:
    """Alarms are raised, and nobody takes them up; played by the machine the same team does."""
    played, alone = stepped(morning(15.0)).finish(), simulate(morning(15.0), script=slow_bank)
    assert events(played, "alarm")
    assert not events(played, "ack", "detect", "decide", "action_started")
    assert events(alone, "ack")
    assert (played.meta.played, alone.meta.played) == (sorted(PLAYED), [])


def test_from_the_alarm_to_the_act() -> None:
    """Taking up an alarm is knowing, approval is deciding, what is done is acting: as for a team that the machine plays."""
    standing, listener = alarm_board()
    run = stepped(morning(), listener)
    while "bank-a-timeouts" not in standing:
        run.advance(run.now + SECOND)
    taken = run.now
    run.do(Acknowledge(team="operations", alarm="bank-a-timeouts"))
    run.do(Acknowledge(team="operations", alarm="bank-a-timeouts"))
    run.advance(taken + 7 * SECOND)
    run.do(Approve(team="operations", subject="bank-a"))
    run.do(Act(team="core", action=CUT_OFF))
    found = events(run.finish(), "ack", "detect", "decide", "action_started", "action_done", "act")
    assert [(e.what, e.subject, (e.t_ns - taken) // SECOND) for e in found] == [
        ("ack", "bank-a", 0),
        ("detect", "bank-a", 0),
        ("ack", "bank-a", 0),
        ("decide", "bank-a", 7),
        ("action_started", "bank-a", 7),
        ("action_done", "bank-a", 27),
        ("act", "bank-a", 27),
    ]


def test_cutting_the_bank_off_early_loses_fewer_than_late_and_late_fewer_than_never() -> None:
    """The same morning, customers and chance: when it is decided is all the difference."""
    failed = []
    for at in (25, 120, None):
        run = stepped(morning())
        if at is not None:
            run.advance(OPEN + at * SECOND)
            run.do(Act(team="core", action=CUT_OFF))
        flow = run.finish().totals["flow"]
        failed.append(sum(flow[name][kind] for name in ("place-order", "transfer") for kind in ("failed", "unknown")))
    assert failed[0] < failed[1] < failed[2], failed


def test_a_report_stands_until_what_it_speaks_of_is_acted_upon() -> None:
    """It is an alarm of its own, which no metric takes down."""
    standing, listener = alarm_board()
    run = stepped(morning(1.0), listener)
    run.advance(OPEN + SECOND)
    run.do(Report(team="operations", service="counter"))
    run.advance(OPEN + 2 * SECOND)
    assert "report/counter" in standing
    run.do(Act(team="core", action=Action.model_validate({"none": True, "duration": "1s"}), subject="counter"))
    run.advance(OPEN + 10 * SECOND)
    assert "report/counter" not in standing


@pytest.mark.parametrize(
    ("decision", "says", "hint"),
    [
        (Acknowledge(team="operation", alarm="order-success"), "no team named 'operation'", "operations"),
        (Acknowledge(team="operations", alarm="order-success"), "no alarm named 'order-success' stands", ""),
        (Report(team="operations", service="countre"), "no service named 'countre'", "counter"),
        (Act(team="core", action=CUT_OFF, subject="bank"), "no service named 'bank'", "bank-"),
        (Act(team="core", action=Action.model_validate({"restart": "counter#9"})), "no replica of counter named '9'", ""),
        (Act(team="core", action=Action.model_validate({"slots": {"pool": "threads", "slots": 3}})), "no pool named", "-threads"),
        (Act(team="core", action=Action.model_validate({"isolate": {"calls": ["a/b"]}})), "no call", ""),
    ],
)
def test_what_cannot_be_done_is_refused_and_changes_nothing(decision: Decision, says: str, hint: str) -> None:
    """With what there is of the kind; the run goes on as if nobody had said it."""
    plan = morning(0.2)
    run = stepped(plan)
    run.advance(OPEN + 3 * SECOND)
    with pytest.raises(InputError) as refused:
        run.do(decision)
    assert says in refused.value.message
    assert hint in refused.value.hint
    assert run.finish().digest == stepped(plan).finish().digest
    assert not run.decisions


def test_a_team_that_does_not_exist_cannot_be_played() -> None:
    """The hint names the nearest."""
    with pytest.raises(InputError, match=r"no team named 'cores'.*core"):
        SteppedRun(morning(0.2), played=frozenset({"cores"}))


def test_nothing_is_decided_after_the_end() -> None:
    """A run at its end has nothing left to decide."""
    run = stepped(morning(0.2))
    run.advance(run.plan.end)
    with pytest.raises(InputError, match="its end is reached"):
        run.do(Act(team="core", action=MORE_THREADS))


def test_a_run_that_is_stopped_says_so_and_concludes_nothing() -> None:
    """Its journal ends where it stood."""
    run = stepped(morning(1.0))
    run.advance(OPEN + 20 * SECOND)
    journal = run.stop("the drill was ended at 09:30:20")
    assert journal.meta.unknown_reason == "the drill was ended at 09:30:20"
    assert max(event.t_ns for event in journal.events) < OPEN + 20 * SECOND


# --- decisions replayed, runs branched ----------------------------------------------------------------------------------------


def random_decisions(draws: random.Random, plan: Plan) -> list[Decided]:
    """Up to six decisions at odd instants and at whole seconds, some at the same."""
    choices: list[Decision] = [
        Act(team="core", action=CUT_OFF),
        Act(team="core", action=MORE_THREADS),
        Act(team="operations", action=RESTART),
        Act(
            team="network", action=Action.model_validate({"slots": {"pool": "counter-connections", "slots": 3}, "duration": "5s"})
        ),
        Approve(team="operations", subject="bank-a"),
        Report(team="operations", service="counter-db"),
    ]
    instants = [
        draws.choice((draws.randrange(plan.start, plan.end), plan.start + SECOND * draws.randrange(90))) for _ in range(4)
    ]
    taken = sorted(draws.choice(instants) for _ in range(draws.randrange(1, 7)))
    return [Decided(at, draws.choice(choices)) for at in taken]


@pytest.mark.parametrize("seed", range(LISTS))
def test_the_same_decisions_leave_the_same_journal(seed: int) -> None:
    """Taken while the run is cut at random and branched, replayed from the list, and gone on with in the branch: one digest, which differs
    from that of the run in which nobody decided. COREDRILL_TEST_DECISIONS=all makes 200 lists."""
    plan, draws = morning(1.5, seed % 3 + 1), random.Random(seed)
    decisions, branch_at = random_decisions(draws, plan), draws.randrange(plan.start, plan.end)
    run, branch = stepped(plan), None
    cuts = sorted(draws.randrange(plan.start, plan.end) for _ in range(5))
    for at in sorted({*cuts, branch_at, *(at for at, _ in decisions)}):
        run.advance(at)
        for decided in decisions:
            if decided.at == at:
                run.do(decided.decision)
        if at == branch_at:
            branch = run.branch()
            assert (branch.now, branch.decisions) == (run.now, run.decisions)
    assert branch is not None
    branch.replay(decisions[len(branch.decisions) :])
    again = stepped(plan)
    again.replay(decisions)
    digests = {run.finish().digest, branch.finish().digest, again.finish().digest}
    assert len(digests) == 1
    assert digests != {stepped(plan).finish().digest}


def test_what_is_done_in_a_branch_is_nothing_to_the_other() -> None:
    """One restarts the counter, the other does not."""
    plan = morning(1.5)
    run = stepped(plan)
    run.advance(OPEN + 30 * SECOND)
    branch = run.branch()
    branch.do(Act(team="core", action=RESTART))
    assert run.finish().digest == stepped(plan).finish().digest
    assert events(branch.finish(), "action_started")


def test_chance_goes_by_team_and_number_not_by_when_or_who_else() -> None:
    """The second action of a team takes as long, whenever it is begun and whatever another team did before."""
    drawn = Action.model_validate(
        {"slots": {"pool": "counter-threads", "slots": 30}, "duration": {"lognormal": {"median": "9s", "p99": "20s"}}}
    )
    took = []
    for at, others in ((10, 0), (31, 2)):
        run = stepped(morning(2.0))
        run.advance(OPEN + SECOND)
        for _ in range(others):
            run.do(Act(team="network", action=drawn))
        run.do(Act(team="core", action=MORE_THREADS))
        run.advance(OPEN + at * SECOND)
        run.do(Act(team="core", action=drawn, subject="bank-a"))
        journal = run.finish()
        began, ended = (
            next(e for e in events(journal, what) if e.subject == "bank-a").t_ns for what in ("action_started", "action_done")
        )
        took.append(ended - began)
    assert took[0] == took[1]
