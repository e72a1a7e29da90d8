"""An exercise: what people do takes effect at its instant, nobody sees what they may not know, and its journal is made by entries alone."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from chaos.documents.drill import SEATS, Drill, Played, Seat
from chaos.execution.target.simulated import SimulatedTarget
from chaos.room.exercise import messages as m
from chaos.room.exercise.exercise import Exercise
from chaos.room.exercise.messages import Entry
from chaos.room.exercise.prepared import PreparedDrill, prepare
from chaos.room.exercise.refusal import RefusedError
from simcore.base.errors import InputError
from simcore.base.units import MINUTE, SECOND, parse_clock
from simcore.files.loading import Resolved
from simcore.journal.model import Journal

ALL: dict[Seat, Played] = dict.fromkeys(SEATS, "person")
NOBODY: dict[Seat, Played] = dict.fromkeys(SEATS, "nobody")
LISTS = 200 if os.environ.get("COREDRILL_TEST_DECISIONS") == "all" else 20
BANK_A = "bank-a slows down"


@cache
def whole() -> PreparedDrill:
    """The shipped drill."""
    return prepare("bank-slow")


@cache
def short() -> PreparedDrill:
    """The same in a window of five minutes, in which the bank is slow from the beginning of its second minute on."""
    drill = whole()
    window = drill.scenario.window.model_copy(update={"begin": parse_clock("09:29"), "end": parse_clock("09:34")})
    scenario = drill.scenario.model_copy(update={"window": window, "warmup": MINUTE})
    resolved = Resolved(scenario, drill.inputs.scenario.tree)
    return PreparedDrill(drill.model, replace(drill.inputs, scenario=resolved))


def begun(seating: Mapping[Seat, Played] | None = None, drill: PreparedDrill | None = None) -> Exercise:
    """At the beginning of the window; all seats are people's."""
    return Exercise(drill or short(), 1, ALL if seating is None else seating)


def do(exercise: Exercise, seat: Seat, message: m.ExerciseMessage) -> None:
    """Somebody does something now."""
    exercise.take(Entry(at=exercise.now, seat=seat, message=message))


def seen(exercise: Exercise, seat: Seat) -> Any:
    """What a seat sees, as it would come over a wire."""
    return json.loads(json.dumps(exercise.view(seat)))


def at(clock: str) -> int:
    """An instant of the day, ns."""
    return parse_clock(clock)


def happened(journal: Journal, what: str) -> list[tuple[int, str]]:
    """When, and about what, events of a word were logged."""
    return [(e.t_ns, e.subject) for e in journal.events if e.what == what]


# --- the run ---------------------------------------------------------------------------------------------------------------------


def test_left_alone_it_is_the_scenarios_own_run() -> None:
    """Faults sent at their times by the list of events do to customers what the method does; the false alarm of the list is all that
    is added."""
    drill = short()
    exercise = Exercise(drill, 1, {})
    run = SimulatedTarget().bind(drill.inputs).run(drill.scenario, 1)
    journal = exercise.finish()
    assert journal.totals["flow"] == run.totals["flow"]
    assert happened(journal, "fault_started") == [(at("09:30"), BANK_A)]
    assert happened(journal, "false_alarm") == [(at("09:33:30"), "bank-lines")]


def test_a_fault_that_is_held_begins_when_it_is_sent() -> None:
    """Not at its time."""
    exercise = begun()
    do(exercise, "facilitator", m.SendInject(inject="slow-bank", do="hold"))
    exercise.advance(at("09:31:10"))
    assert seen(exercise, "facilitator")["msel"][0]["state"] == "held"
    do(exercise, "facilitator", m.SendInject(inject="slow-bank", do="send"))
    with pytest.raises(RefusedError, match="has been sent"):
        do(exercise, "facilitator", m.SendInject(inject="slow-bank", do="send"))
    assert happened(exercise.finish(), "fault_started") == [(at("09:31:10"), BANK_A)]


def test_a_fault_that_is_let_go_after_its_time_begins_at_the_next_second() -> None:
    """Held at 09:29, released at 09:30:30."""
    exercise = begun()
    do(exercise, "facilitator", m.SendInject(inject="slow-bank", do="hold"))
    exercise.advance(at("09:30:30"))
    do(exercise, "facilitator", m.SendInject(inject="slow-bank", do="release"))
    assert happened(exercise.finish(), "fault_started") == [(at("09:30:31"), BANK_A)]


def test_the_facilitator_adds_messages_to_the_list() -> None:
    """One is sent at once, to all; one at its instant, to its seats; both stand in the list of events."""
    exercise = begun()
    exercise.advance(at("09:29:10"))
    do(exercise, "facilitator", m.Compose(sender="a customer", to=[], text="what is wrong?"))
    do(exercise, "facilitator", m.Compose(sender="the press", to=["notices"], text="who is hit?", at=at("09:29:40") // SECOND))
    assert [line["text"] for line in seen(exercise, "dba")["log"]] == [{"en": "what is wrong?", "zh": "what is wrong?"}]
    exercise.advance(at("09:29:41"))
    assert seen(exercise, "notices")["log"][-1]["text"]["en"] == "who is hit?"
    assert len(seen(exercise, "dba")["log"]) == 1
    added = [row for row in seen(exercise, "facilitator")["msel"] if row["id"].startswith("added-")]
    assert [(row["state"], row["done_at"]) for row in added] == [("sent", at(t) / SECOND) for t in ("09:29:10", "09:29:40")]


def test_grades_are_marked_where_they_come_at_the_earliest() -> None:
    """Ten and thirty minutes by the rules of the drill, whatever is lost so far."""
    grades = seen(begun(), "operator")["severity"]["grades"]
    assert [(grade["title"]["en"], grade["title"]["zh"], grade["after"]) for grade in grades] == [
        ("larger", "较大", 600.0),
        ("major", "重大", 1800.0),
    ]


def test_ended_it_stands_still_and_concludes_nothing() -> None:
    """The journal says why; nothing more can be done."""
    exercise = begun()
    exercise.advance(at("09:29:30"))
    do(exercise, "facilitator", m.End())
    exercise.advance(at("09:33"))
    assert (exercise.now, exercise.over) == (at("09:29:30"), True)
    with pytest.raises(RefusedError, match="over"):
        do(exercise, "operator", m.Say(text="hello"))
    assert "was ended at 09:29:30" in str(exercise.finish().meta.unknown_reason)


# --- commands --------------------------------------------------------------------------------------------------------------------


def test_from_the_proposal_to_the_deed() -> None:
    """Proposed by one, approved by another, begun by the first; done after its duration, in the journal as decided and acted."""
    exercise = begun()
    exercise.advance(at("09:32:00"))
    do(exercise, "vendor", m.Propose(command="cut-off-bank-a"))
    with pytest.raises(RefusedError, match="the command is proposed"):
        do(exercise, "vendor", m.Begin(command_id="c1"))
    with pytest.raises(RefusedError, match="not for this role"):
        do(exercise, "operator", m.Approve(command_id="c1"))
    assert seen(exercise, "approver")["commands"][0]["can"] == ["approve", "refuse"]
    exercise.advance(at("09:32:10"))
    do(exercise, "approver", m.Approve(command_id="c1"))
    exercise.advance(at("09:32:15"))
    do(exercise, "vendor", m.Begin(command_id="c1"))
    exercise.advance(at("09:32:25"))
    assert seen(exercise, "vendor")["commands"][0]["progress"] == 0.5
    exercise.advance(at("09:32:36"))
    (command,) = seen(exercise, "operator")["commands"]
    assert command["state"] == "done"
    assert {k: t - at("09:32") / SECOND for k, t in command["times"].items()} == {
        "proposed": 0,
        "approved": 10,
        "begun": 15,
        "done": 35,
    }
    journal = exercise.finish()
    assert happened(journal, "decide") == [(at("09:32:10"), "bank-a")]
    assert happened(journal, "act") == [(at("09:32:35"), "bank-a")]


def test_a_refusal_has_its_reason_and_the_command_cannot_begin() -> None:
    """It can be proposed again."""
    exercise = begun()
    do(exercise, "operator", m.Propose(command="restart-counter"))
    do(exercise, "approver", m.Refuse(command_id="c1", reason="not at the open"))
    with pytest.raises(RefusedError, match="the command is refused"):
        do(exercise, "operator", m.Begin(command_id="c1"))
    assert seen(exercise, "operator")["commands"][0]["reason"] == "not at the open"
    do(exercise, "operator", m.Propose(command="restart-counter"))
    with pytest.raises(RefusedError, match="already under way"):
        do(exercise, "vendor", m.Propose(command="restart-counter"))
    do(exercise, "operator", m.Withdraw(command_id="c2"))
    assert not happened(exercise.finish(), "action_started")


@pytest.mark.parametrize(("played", "approved_after"), [("automated", 120), ("nobody", None)])
def test_an_empty_seat_is_played_by_its_rule_or_by_nobody(played: Played, approved_after: int | None) -> None:
    """The rule approves two minutes after the proposal."""
    exercise = begun({**ALL, "approver": played})
    do(exercise, "vendor", m.Propose(command="more-threads"))
    proposed = exercise.now
    exercise.advance(at("09:33:59"))
    found = exercise.state.commands["c1"].times.get("approved")
    assert found == (None if approved_after is None else proposed + approved_after * SECOND)


@pytest.mark.parametrize(("seat", "teams"), [("operator", {"operations", "network"}), ("vendor", {"core"})])
def test_the_teams_of_an_empty_seat_act_by_their_rules_or_not_at_all(seat: Seat, teams: set[str]) -> None:
    """They take alarms up by themselves; of a seat that nobody has, nobody does."""
    drill = short()
    window = drill.scenario.window.model_copy(update={"end": at("09:40")})
    scenario = drill.scenario.model_copy(update={"window": window})
    longer = PreparedDrill(drill.model, replace(drill.inputs, scenario=Resolved(scenario, drill.inputs.scenario.tree)))
    who: tuple[Played, ...] = ("automated", "nobody")
    journals = [Exercise(longer, 1, NOBODY | {seat: played}).finish() for played in who]
    acted = [{str(e.detail["team"]) for e in journal.events if e.what == "ack"} for journal in journals]
    assert acted == [teams, set()]


def test_teams_that_the_machine_plays_take_no_commands() -> None:
    """Their seat is empty: its own rule acts."""
    exercise = begun({"operator": "person"})
    assert [o["command"] for o in seen(exercise, "operator")["offers"]] == ["restart-counter", "restart-router"]
    with pytest.raises(RefusedError, match="played by the machine"):
        do(exercise, "operator", m.Propose(command="cut-off-bank-a"))


def test_an_alarm_is_taken_up_once() -> None:
    """It then says by whom, and people know."""
    exercise = begun()
    while "counter-queue" not in exercise.state.alarms:
        exercise.advance(exercise.now + SECOND)
    do(exercise, "operator", m.Ack(alarm="counter-queue"))
    do(exercise, "vendor", m.Ack(alarm="counter-queue"))
    alarm = next(a for a in seen(exercise, "dba")["alarms"] if a["id"] == "counter-queue")
    assert (alarm["state"], alarm["by"], alarm["at"]) == ("acknowledged", "operator", exercise.now / SECOND)
    assert alarm["title"]["zh"] == "柜台线程排队"
    assert seen(exercise, "operator")["duty"]["state"] == "none"  # nothing has failed yet
    while exercise.state.failed < 17:
        exercise.advance(exercise.now + SECOND)
    duty = seen(exercise, "operator")["duty"]
    assert (duty["state"], duty["due_at"]) == ("due", exercise.now / SECOND + 30 * 60)
    with pytest.raises(RefusedError, match="no field weather") as refused:
        do(exercise, "operator", m.Report(text="logins fail", fields={"weather": "fair"}))
    assert "一栏" in refused.value.text.zh
    with pytest.raises(RefusedError, match="lacks: time, system"):
        do(exercise, "operator", m.Report(text=" "))
    do(exercise, "operator", m.Report(text="logins fail", impact="some", measures="looking"))
    assert seen(exercise, "operator")["duty"]["state"] == "reported"
    assert happened(exercise.finish(), "detect")[0][1] == "counter"


def test_reports_are_due_at_intervals_and_late_after_them() -> None:
    """By the rule set: here half a minute, and ten seconds from each report to the next; without rules nothing is due."""
    exercise = begun()
    rules = exercise._seconds.rules
    assert rules.reporting is not None
    first, every = (
        d.model_copy(update={"within": n * SECOND}) for d, n in ((rules.reporting.first, 30), (rules.reporting.every, 10))
    )
    reporting = rules.reporting.model_copy(update={"first": first, "every": every})
    exercise._seconds.rules = rules.model_copy(update={"reporting": reporting})
    exercise.state.failed, exercise.state.known_since = 17, exercise.now
    states = []
    for seconds in (1, 31, 1, 10, 1):
        if seconds == 1 and states:
            do(exercise, "operator", m.Report(text="logins fail", fields={"cause": "not known"}))
        exercise.advance(exercise.now + seconds * SECOND)
        states.append(seen(exercise, "operator")["duty"]["state"])
    assert states == ["due", "late", "reported", "late", "reported"]
    assert [line["text"] for line in seen(exercise, "vendor")["log"] if line["kind"] == "report"] == [
        "logins fail / not known"
    ] * 2
    exercise._seconds.rules = rules.model_copy(update={"reporting": None})
    assert seen(exercise, "operator")["duty"] == {
        "state": "none",
        "known_since": None,
        "due_at": None,
        "last_report": None,
        "next_at": None,
        "form": [],
    }


# --- looks, announcements, injects -------------------------------------------------------------------------------------------------


def test_a_look_takes_its_time_and_answers_from_what_is_then() -> None:
    """Begun while all is well, answered when all threads are taken: by the symptom that holds then, to whoever looked."""
    exercise = begun()
    exercise.advance(at("09:31:50"))
    do(exercise, "operator", m.Look(look="counter-threads"))
    exercise.advance(at("09:32:09"))
    assert not [line for line in seen(exercise, "operator")["log"] if line["kind"] == "look"]
    assert [look["ends"] for look in seen(exercise, "operator")["looking"]] == [at("09:32:10") / SECOND]
    assert seen(exercise, "vendor")["looking"] == []
    exercise.advance(at("09:32:10"))
    assert seen(exercise, "operator")["looking"] == []
    busy = exercise._scene.run.read("pool/counter-threads/busy")
    (line,) = [line for line in seen(exercise, "operator")["log"] if line["kind"] == "look"]
    assert line["text"]["en"].startswith(f"{busy} of 24 threads busy")
    assert line["t"] == at("09:32:10") / SECOND
    assert line not in seen(exercise, "vendor")["log"]
    with pytest.raises(RefusedError, match="not for this role"):
        do(exercise, "notices", m.Look(look="counter-threads"))


def test_exercise_control_may_answer_a_look_itself() -> None:
    """Then there is no other answer."""
    exercise = begun()
    do(exercise, "liaison", m.Look(look="ask-bank-a"))
    (question,) = seen(exercise, "facilitator")["questions"]
    do(exercise, "facilitator", m.Answer(look_id=question["id"], text="EXERCISE. Nobody answers."))
    exercise.advance(exercise.now + 3 * MINUTE)
    assert [line["text"] for line in seen(exercise, "liaison")["log"] if line["kind"] == "look"] == ["EXERCISE. Nobody answers."]


def test_an_announcement_changes_how_often_customers_try_again_and_nothing_they_want() -> None:
    """As many intents are started, fewer further tries are made; it is made once, by who may."""
    journals = []
    for announced in (False, True):
        exercise = begun(NOBODY | {"notices": "person"}, whole())
        exercise.advance(at("09:31"))
        if announced:
            do(exercise, "notices", m.Announce(announcement="all-systems"))
            with pytest.raises(RefusedError, match="has been announced"):
                do(exercise, "notices", m.Announce(announcement="all-systems"))
            with pytest.raises(RefusedError, match="not for this role"):
                do(exercise, "operator", m.Announce(announcement="transfers-slow"))
        journals.append(exercise.finish())
    silent, told = (journal.totals for journal in journals)
    assert [flow["started"] for flow in silent["flow"].values()] == [flow["started"] for flow in told["flow"].values()]
    tried = [name for name, site in whole().inputs.index.call_sites.items() if site.body.is_flow and site.kind == "call"]
    retries = [sum(totals["call"][name]["retries"] for name in tried) for totals in (silent, told)]
    assert retries[1] < retries[0]


def test_an_announcement_leaves_what_customers_want_and_what_is_drawn_for_them() -> None:
    """Who wants what, of what size, at what price, and when, for every intent; what becomes of it is another matter."""
    wanted, became = [], []
    for announced in (False, True):
        exercise = begun(NOBODY | {"notices": "person"})
        exercise.advance(at("09:31"))
        if announced:
            do(exercise, "notices", m.Announce(announcement="all-systems"))
        intents = exercise.finish().intents
        drawn = ("request", "flow", "customer", "submit_ns", "side", "quantity", "price_cents")
        wanted.append(set(zip(*(intents[name].tolist() for name in drawn), strict=True)))
        became.append(sorted(intents["attempts"].tolist()))
    assert len(wanted[0]) > 500
    assert wanted[0] == wanted[1]
    assert became[0] != became[1]


def test_who_is_called_away_can_do_nothing_until_they_are_back() -> None:
    """A message to some is seen by them and by exercise control alone; a condition sends it so long after it was met."""
    exercise = begun(drill=whole())
    exercise.advance(at("09:37:01"))
    with pytest.raises(RefusedError, match="away"):
        do(exercise, "approver", m.Say(text="hello"))
    assert next(p for p in seen(exercise, "dba")["people"] if p["seat"] == "approver")["state"] == "absent"
    exercise.advance(at("09:40"))
    do(exercise, "approver", m.Say(text="back", to="operator"))
    said = {seat: [line["text"] for line in seen(exercise, seat)["log"] if line["kind"] == "said"] for seat in SEATS}
    assert {seat for seat in SEATS if said[seat]} == {"facilitator", "approver", "operator"}
    inject = next(i for i in exercise.state.injects if i.rules.inject == "bank-denies")
    alarm = next(line.at for line in exercise.state.log if line.kind == "event" and "bank-a" in str(line.text))
    assert inject.done_at is not None
    assert 0 <= inject.done_at - alarm - MINUTE < SECOND


def test_what_cannot_be_done_is_refused_in_both_languages_and_changes_nothing() -> None:
    """With a hint; the run goes on as if nobody had said it."""
    exercise = begun()
    exercise.advance(at("09:29:10"))
    wrong: list[tuple[Seat, m.ExerciseMessage, str]] = [
        ("operator", m.Ack(alarm="counter-queu"), ""),
        ("scribe", m.Ack(alarm="counter-queue"), ""),
        ("vendor", m.Propose(command="cut-of-bank-a"), "cut-off-bank-a"),
        ("dba", m.Propose(command="cut-off-bank-a"), ""),
        ("vendor", m.Begin(command_id="c9"), ""),
        ("operator", m.Look(look="counter-thread"), "counter-threads"),
        ("notices", m.Announce(announcement="transfer-slow"), "transfers-slow"),
        ("operator", m.SendInject(inject="slow-bank", do="send"), ""),
        ("facilitator", m.SendInject(inject="slow-bnak", do="send"), "slow-bank"),
        ("facilitator", m.GiveHint(hint="wher"), "where"),
        ("facilitator", m.Compose(sender="x", to=[], text="x", at=1), ""),
        ("vendor", m.Compose(sender="x", to=[], text="x"), ""),
    ]
    before = json.dumps(seen(exercise, "facilitator"))
    for seat, message, hint in wrong:
        with pytest.raises(RefusedError) as refused:
            do(exercise, seat, message)
        assert hint in refused.value.hint
        assert refused.value.text.en
        assert any("一" <= c <= "鿿" for c in refused.value.text.zh)
    assert json.dumps(seen(exercise, "facilitator")) == before
    assert not exercise.entries
    with pytest.raises(InputError, match="no service named"):
        do(exercise, "operator", m.Report(text="x", service="countre"))


# --- what each seat sees -----------------------------------------------------------------------------------------------------------


def test_no_seat_but_exercise_control_sees_what_it_may_not_know() -> None:
    """Neither the list of events nor hints, nor steps and faults by name, at any time; of services nobody watches no reading."""
    exercise = begun(drill=whole())
    drill: Drill = exercise.drill.model
    secrets = [BANK_A, "slow-bank", "存管银行 A 变慢", drill.title, drill.title_zh, drill.name]
    secrets += [i.inject for i in drill.injects] + [h.text.en for h in drill.hints]
    for clock in ("09:20", "09:31", "09:36", "09:46"):
        exercise.advance(at(clock))
        for seat in SEATS:
            view = seen(exercise, seat)
            hidden = {"truth", "msel", "noticed", "hints", "questions", "failed", "branches"}
            assert (hidden & set(view) == hidden) == (seat == "facilitator")
            if seat != "facilitator":
                told = json.dumps(view, ensure_ascii=False)
                assert not [secret for secret in secrets if secret in told]
                nodes = {node["id"]: node for node in view["map"]["nodes"]}
                assert (nodes["bank-a"]["state"], nodes["app-access"]["readings"]) != ("unmonitored", [])
                assert nodes["app-access"]["state"] == "unmonitored"
    truth = {node["id"]: node for node in seen(exercise, "facilitator")["truth"]["nodes"]}
    assert truth["bank-a"]["fault"] is None  # the fifteen minutes of it are over


def test_the_truth_shows_the_fault_while_it_lasts() -> None:
    """And how full the counter is."""
    exercise = begun()
    exercise.advance(at("09:33"))
    truth = {node["id"]: node for node in seen(exercise, "facilitator")["truth"]["nodes"]}
    assert truth["bank-a"]["fault"] == "slow-bank"
    assert (truth["counter"]["state"], truth["counter"]["fullest"]) == ("saturated", 1.0)


def test_orders_are_counted_by_tens_of_seconds() -> None:
    """Their sums are the counters of all flows of orders; failed are those without an answer, in error or blocked."""
    exercise = begun(NOBODY)
    run = exercise._scene.run
    fields = ("ok", "rejected", "unknown", "failed", "blocked")

    def of(field: str) -> int:
        return sum(run.read(f"flow/{flow}/{field}") for flow in ("place-order", "overnight-order", "margin-order"))

    before = [of(field) for field in fields]
    exercise.advance(at("09:33:40"))
    orders = seen(exercise, "scribe")["orders"]
    grown = [of(field) - old for field, old in zip(fields, before, strict=True)]
    assert (orders["t0"], len(orders["rows"])) == (at("09:29") / SECOND, 28)
    assert [sum(row[n] for row in orders["rows"]) for n in range(5)] == grown
    assert orders["failed"] == sum(grown[2:])
    assert orders["rows"][-1][5] == of("pending")


def test_ten_impaired_minutes_are_a_grade() -> None:
    """Nobody acts."""
    exercise = begun(NOBODY, whole())
    exercise.advance(at("09:50"))
    severity = seen(exercise, "operator")["severity"]
    assert severity["seconds"] >= 600
    assert severity["grade"] == {"en": "larger", "zh": "较大"}
    assert [g["reached"] is not None for g in severity["grades"]] == [True, False]
    assert exercise.state.failed > 5000


# --- determinism -------------------------------------------------------------------------------------------------------------------


def random_entries(draws: random.Random, drill: PreparedDrill) -> list[Entry]:
    """Up to nine messages at odd instants and at whole seconds, some at the same; some of them will be refused."""
    begin, end = drill.scenario.window.begin, drill.scenario.end
    choices: list[tuple[Seat, m.ExerciseMessage]] = [
        ("vendor", m.Propose(command="cut-off-bank-a")),
        ("vendor", m.Propose(command="more-threads")),
        ("operator", m.Propose(command="restart-router")),
        ("approver", m.Approve(command_id="c1")),
        ("approver", m.Refuse(command_id="c2", reason="no")),
        ("vendor", m.Begin(command_id="c1")),
        ("operator", m.Begin(command_id="c1")),
        ("vendor", m.Begin(command_id="c2")),
        ("operator", m.Look(look="counter-threads")),
        ("operator", m.Ack(alarm="counter-queue")),
        ("operator", m.Report(text="trouble", service="counter-db")),
        ("notices", m.Announce(announcement="all-systems")),
        ("facilitator", m.SendInject(inject="slow-bank", do="send")),
        ("facilitator", m.SendInject(inject="slow-bank", do="hold")),
        ("facilitator", m.SendInject(inject="false-line-alarm", do="send")),
        ("facilitator", m.Compose(sender="<b>", to=["dba"], text="what", at=at("09:33:50") // SECOND)),
        ("operator", m.Say(text="<b>what</b>")),
    ]
    instants = [draws.choice((draws.randrange(begin, end), begin + SECOND * draws.randrange(280))) for _ in range(6)]
    taken = sorted(draws.choice(instants) for _ in range(draws.randrange(3, 10)))
    return [Entry(at=t, seat=seat, message=message) for t, (seat, message) in ((t, draws.choice(choices)) for t in taken)]


@pytest.mark.parametrize("seed", range(LISTS))
def test_the_same_entries_leave_the_same_journal(seed: int) -> None:
    """However time is cut and whoever looks; replayed from what was taken, through JSON; and branched at an instant of it.
    COREDRILL_TEST_DECISIONS=all makes 200 lists."""
    drill, draws = short(), random.Random(seed)
    who: tuple[Played, ...] = ("person", "person", "automated", "nobody")
    seating = {s: draws.choice(who) for s in SEATS}
    exercise = Exercise(drill, seed % 3 + 1, seating)
    for entry in random_entries(draws, drill):
        for cut in sorted(draws.randrange(exercise.now, entry.at + 1) for _ in range(3)):
            exercise.advance(cut)
            seen(exercise, draws.choice(SEATS))
        try:
            exercise.take(entry)
        except InputError:
            continue
    lines = [entry.model_dump_json() for entry in exercise.entries]
    again = Exercise.replay(drill, seed % 3 + 1, seating, (Entry.model_validate_json(line) for line in lines))
    again.advance(exercise.now)
    assert [again.view(seat) for seat in SEATS] == [seen(exercise, seat) for seat in SEATS]
    half = exercise.entries[: len(lines) // 2]
    branch = Exercise.replay(drill, seed % 3 + 1, seating, half)
    for entry in exercise.entries[len(half) :]:
        branch.take(entry)
    assert len({e.finish().digest for e in (exercise, again, branch)}) == 1
