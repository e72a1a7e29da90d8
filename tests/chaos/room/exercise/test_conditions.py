"""What the list of events and looks wait for: how far a command is, an announcement, what has been sent."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from chaos.documents.drill import Inject, Look, Played, Seat
from chaos.room.exercise import messages as m
from chaos.room.exercise.exercise import Exercise
from chaos.room.exercise.messages import Entry
from chaos.room.exercise.prepared import PreparedDrill, prepare
from simcore.base.units import MINUTE, SECOND, parse_clock
from simcore.files.loading import Resolved

PEOPLE: dict[Seat, Played] = dict.fromkeys(["operator", "dba", "vendor", "approver", "liaison", "notices"], "person")
SENDER = {"en": "somebody", "zh": "某人"}
INJECTS = [
    {"inject": "when-begun", "when": {"command": "restart-router", "reached": "begun", "after": "20s"}},
    {"inject": "when-done", "when": {"command": "restart-router"}},
    {"inject": "when-failed", "when": {"command": "restart-router", "reached": "failed"}},
    {"inject": "when-refused", "when": {"command": "cut-off-bank-a", "reached": "refused"}},
    {"inject": "when-announced", "when": {"announcement": "all-systems", "after": "5s"}},
    {"inject": "unless-announced", "at": "09:28:30", "unless": "all-systems"},
]
LOOK = {
    "title": SENDER,
    "takes": "5s",
    "says": [
        {"done": ["restart-router"], "text": {"en": "it has been restarted", "zh": "已重启"}},
        {"sent": ["when-begun"], "text": {"en": "it is being restarted", "zh": "正在重启"}},
        {"text": {"en": "it runs", "zh": "运行中"}},
    ],
}


@cache
def drill() -> PreparedDrill:
    """The shipped drill with the injects and the look above, in three quiet minutes."""
    whole = prepare("bank-slow")
    lines = [Inject.model_validate({"title": SENDER, "message": SENDER, "sender": SENDER, **inject}) for inject in INJECTS]
    model = whole.model.model_copy(update={"injects": lines, "looks": {"router": Look.model_validate(LOOK)}})
    window = whole.scenario.window.model_copy(update={"begin": parse_clock("09:27"), "end": parse_clock("09:30")})
    scenario = whole.scenario.model_copy(update={"window": window, "warmup": MINUTE})
    return PreparedDrill(model, replace(whole.inputs, scenario=Resolved(scenario, whole.inputs.scenario.tree)))


def sent(exercise: Exercise) -> dict[str, int]:
    """When each inject was sent, in seconds after the window began."""
    begin = exercise.drill.scenario.window.begin
    return {i.rules.inject: (i.done_at - begin) // SECOND for i in exercise.state.injects if i.done_at is not None}


def do(exercise: Exercise, seat: Seat, message: m.ExerciseMessage) -> None:
    """Somebody does something now."""
    exercise.take(Entry(at=exercise.now, seat=seat, message=message))


def begun() -> Exercise:
    """At the beginning of the window."""
    return Exercise(drill(), 1, PEOPLE)


def test_an_inject_waits_for_how_far_a_command_is() -> None:
    """Begun, done, refused; what never comes to pass sends nothing, and neither does what was not announced."""
    exercise = begun()
    do(exercise, "operator", m.Propose(command="restart-router"))
    do(exercise, "vendor", m.Propose(command="cut-off-bank-a"))
    do(exercise, "approver", m.Refuse(command_id="c2", reason="not now"))
    exercise.advance(exercise.now + 10 * SECOND)
    do(exercise, "operator", m.Begin(command_id="c1"))
    exercise.advance(exercise.now + 2 * MINUTE)
    done = exercise.state.commands["c1"].times["done"] - exercise.drill.scenario.window.begin
    found = sent(exercise)
    assert found.pop("when-done") == -(-done // SECOND)
    assert found == {"when-refused": 1, "when-begun": 31, "unless-announced": 90}


@pytest.mark.parametrize(("announced", "state"), [(60, "held"), (91, "sent")])
def test_an_announcement_sends_one_inject_and_holds_another_back(announced: int, state: str) -> None:
    """What has been sent stays so; what is held can still be sent by exercise control."""
    exercise = begun()
    exercise.advance(exercise.now + announced * SECOND)
    do(exercise, "notices", m.Announce(announcement="all-systems"))
    exercise.advance(exercise.now + 40 * SECOND)
    waiting = exercise.state.injects[-1]
    assert waiting.state == state
    assert sent(exercise)["when-announced"] == announced + 6
    if state == "held":
        do(exercise, "facilitator", m.SendInject(inject="unless-announced", do="send"))
        assert waiting.state == "sent"


def test_a_look_knows_what_has_been_sent_and_done() -> None:
    """The first text of which everything has happened."""
    exercise = begun()

    def look() -> str:
        do(exercise, "operator", m.Look(look="router"))
        exercise.advance(exercise.now + 5 * SECOND)
        return next(str(line.text["en"]) for line in reversed(exercise.state.log) if line.kind == "look")  # type: ignore[index]

    answers = [look()]
    do(exercise, "operator", m.Propose(command="restart-router"))
    do(exercise, "operator", m.Begin(command_id="c1"))
    exercise.advance(exercise.now + 21 * SECOND)
    answers.append(look())
    exercise.advance(exercise.now + MINUTE)
    answers.append(look())
    assert answers == ["it runs", "it is being restarted", "it has been restarted"]
