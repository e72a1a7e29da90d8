"""What a drill file may say: people in seats, what they can do and look at, what happens to them, and what is expected of them."""

from __future__ import annotations

import string
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from chaos.documents.scenario import FileReference, Scenario
from simcore.base.errors import suggest
from simcore.base.model import FileName, Model, Name, Probability
from simcore.base.units import MINUTE, ClockTime, Duration, format_clock
from simcore.files.validation import Finding, Keys
from simcore.model.control.alarms import Metric
from simcore.model.control.fields import Reading
from simcore.model.control.runbooks import Action
from simcore.model.index import ArchitectureIndex
from simcore.model.references import alarm_names, check_action, check_reading

Seat = Literal["facilitator", "operator", "dba", "vendor", "approver", "liaison", "notices", "scribe"]
SEATS: tuple[Seat, ...] = ("facilitator", "operator", "dba", "vendor", "approver", "liaison", "notices", "scribe")
Played = Literal["person", "automated", "nobody"]
"""Who has a seat: a person, the rule that the machine follows in its place, or nobody at all."""
Positive = Annotated[Duration, Field(gt=0)]


class Text(Model):
    """One text in both languages."""

    en: Annotated[str, Field(min_length=1, max_length=4000)]
    zh: Annotated[str, Field(min_length=1, max_length=4000)]


class SeatRules(Model):
    """A seat: the teams of the architecture that do nothing but what it decides while a person, or nobody, has it."""

    title: Text
    teams: list[Name] = []
    empty: Literal["automated", "nobody"] = Field("automated", description="who has the seat when no person takes it")
    answers_in: Positive = Field(2 * MINUTE, description="automated: so long after a proposal it approves")


class Command(Model):
    """Something people can have done. What it is, its duration and chance of error are those of the action."""

    title: Text
    by: Annotated[list[Seat], Field(min_length=1, description="who may propose and begin it")]
    team: Name = Field(description="team of the architecture that does it")
    subject: Name | None = Field(None, description="service in trouble; absent: what the action's runbook is for")
    action: Action
    risk: Literal["low", "medium", "high"] = "low"
    undo: Text
    approver: Seat | None = Field(None, description="who must agree before it begins; absent: nobody")


class Bound(Model):
    """A reading of the look beyond a bound."""

    of: Name
    above: float | None = None
    below: float | None = None

    @model_validator(mode="after")
    def _one_side(self) -> Bound:
        if (self.above is None) == (self.below is None):
            raise ValueError("a bound has exactly one of above, below")
        return self


class Symptom(Model):
    """What a look finds when every bound holds, and what it names has happened: a text whose {places} are the readings of the look."""

    when: list[Bound] = []
    sent: list[Name] = Field([], description="injects that have been sent")
    done: list[Name] = Field([], description="commands that are done")
    text: Text


class Look(Model):
    """A probe, a query of logs, a call to somebody. It takes simulated time, and answers from counters at the instant at which it
    ends; rates and ratios are those of the time it took. The first symptom whose bounds hold is its answer."""

    title: Text
    by: list[Seat] = Field([], description="absent: anybody")
    takes: Positive
    reads: dict[Name, Metric] = {}
    says: Annotated[list[Symptom], Field(min_length=1)]


class When(Model):
    """A condition, looked at every second: an alarm stands, a command has come so far, an announcement has been made, or a counter or
    gauge is beyond a bound."""

    alarm: Name | None = None
    command: Name | None = None
    reached: Literal["proposed", "begun", "done", "failed", "refused"] = Field("done", description="how far the command must be")
    announcement: Name | None = None
    counter: Reading | None = None
    above: float | None = None
    below: float | None = None
    after: Duration = Field(0, description="so long after the condition was first met")

    @model_validator(mode="after")
    def _one_condition(self) -> When:
        if sum(x is not None for x in (self.alarm, self.command, self.announcement, self.counter)) != 1:
            raise ValueError("when is exactly one of alarm, command, announcement, counter")
        if (self.counter is not None) != ((self.above is None) != (self.below is None)):
            raise ValueError("a counter goes with one of above, below, and they with a counter")
        return self


class Inject(Model):
    """A line of the list of events: exactly one of a step of the scenario, a message, a false alarm, an absence, sent at a time or
    when a condition is met, unless the facilitator holds it; with neither, by the facilitator alone."""

    inject: Name
    title: Text
    at: ClockTime | None = None
    when: When | None = None
    unless: Name | None = Field(None, description="announcement; once it is made, this is held")
    step: str | None = Field(None, description="name of a step of the scenario's method, which begins now")
    message: Text | None = None
    false_alarm: Name | None = Field(None, description="monitor whose alarm is raised without cause")
    absent: Seat | None = Field(None, description="who is called away, and can do nothing")
    lasts: Positive | None = Field(None, alias="for", description="of an absence; absent: to the end")
    sender: Text | None = Field(None, description="of a message")
    to: list[Seat] = Field([], description="who gets a message; absent: everybody")
    expected: Text | None = Field(None, description="what people should do about it")

    model_config = {**Model.model_config, "populate_by_name": True}

    @property
    def does(self) -> Literal["fault", "message", "false_alarm", "absence"]:
        """What kind of inject it is."""
        if self.step is not None:
            return "fault"
        return "message" if self.message is not None else "false_alarm" if self.false_alarm is not None else "absence"

    @model_validator(mode="after")
    def _one_thing(self) -> Inject:
        if sum(x is not None for x in (self.step, self.message, self.false_alarm, self.absent)) != 1:
            raise ValueError("an inject is exactly one of step, message, false_alarm, absent")
        if self.at is not None and self.when is not None:
            raise ValueError("an inject is sent at a time or when a condition is met, not both")
        if (self.message is not None) != (self.sender is not None):
            raise ValueError("a message has a sender, and nothing else has")
        return self


class Announcement(Model):
    """A notice that customers can be given. It changes how often they try again, log in again (injects with `unless`) and call, nothing
    else; by how much is a guess."""

    title: Text
    text: Text
    by: list[Seat] = ["notices"]
    retries: Probability = Field(1.0, description="share of further tries that customers still make")
    calls: Probability = Field(1.0, description="factor on the chance that a customer calls")
    source: str = "guess"


ObjectiveMeasure = Literal[
    "acknowledged",
    "decided",
    "acted",
    "restored",
    "reported",
    "announced",
    "failed_orders",
    "unapproved_actions",
    "unacknowledged_alarms",
]
TIMES: tuple[ObjectiveMeasure, ...] = ("acknowledged", "decided", "acted", "restored", "reported", "announced")
"""Those measured as the time from the first fault."""


class Objective(Model):
    """What people should be able to do, with the bounds of the grades P (performed), S (with some challenges) and M (with major ones);
    beyond these it is U (unable). Times count from the first fault of the drill."""

    objective: Name
    text: Text
    measure: ObjectiveMeasure
    performed: Duration | Annotated[int, Field(ge=0)]
    some: Duration | Annotated[int, Field(ge=0)]
    major: Duration | Annotated[int, Field(ge=0)]

    @field_validator("performed", "some", "major", mode="before")
    @classmethod
    def _in_the_unit(cls, bound: object, info: ValidationInfo) -> object:
        measure = info.data.get("measure")
        if measure in TIMES and not isinstance(bound, str):
            raise ValueError(f"{measure} is a time: write a number and a unit, such as 5min")
        if measure is not None and measure not in TIMES and isinstance(bound, str):
            raise ValueError(f"{measure} is a number, without a unit")
        return bound

    @model_validator(mode="after")
    def _in_order(self) -> Objective:
        if not self.performed <= self.some <= self.major:
            raise ValueError("an objective needs performed ≤ some ≤ major")
        return self


class Question(Model):
    """What everybody is asked before the beginning."""

    question: Name
    text: Text


class Hint(Model):
    """What the facilitator can give away."""

    hint: Name
    text: Text
    to: list[Seat] = []


class Expected(Model):
    """What a seat is expected to do, and by when, from the first fault: exactly one of a command (to propose it, or to approve it where the seat
    is its approver), a look, an announcement, or `does`, any deed of a kind."""

    text: Text
    by: Seat
    command: Name | None = None
    look: Name | None = None
    announcement: Name | None = None
    does: Literal["acknowledge", "announce", "report", "refuse"] | None = None
    within: Positive

    @model_validator(mode="after")
    def _one_thing(self) -> Expected:
        if sum(said is not None for said in (self.command, self.look, self.announcement, self.does)) != 1:
            raise ValueError("what is expected is exactly one of command, look, announcement, does")
        return self


class ResponseStep(Model):
    """A step of a response, so long after the first fault: a command that is begun, or an announcement that is made."""

    after: Duration
    command: Name | None = None
    announcement: Name | None = None

    @model_validator(mode="after")
    def _one_thing(self) -> ResponseStep:
        if (self.command is None) == (self.announcement is None):
            raise ValueError("a step is exactly one of command, announcement")
        return self


class Best(Model):
    """The best known response, and where it comes from."""

    steps: Annotated[list[ResponseStep], Field(min_length=1)]
    source: str = "guess"


class Response(Model):
    """Another response, to compare: what people are tempted to do."""

    title: Text
    steps: Annotated[list[ResponseStep], Field(min_length=1)]


class Drill(Model):
    """A drill file: a scenario that people live through in their seats."""

    kind: Literal["drill"]
    name: FileName
    title: Annotated[str, Field(min_length=1)]
    title_zh: str = Field("", description="its title on Chinese pages; absent: as it is")
    description: str = ""
    source: list[str] = []
    scenario: FileReference
    shown_as: Text = Field(description="what people see in place of the title, which may name the fault")
    briefing: Text
    rules: list[Text] = []
    questions: list[Question] = []
    speed: Annotated[float, Field(ge=1, le=60)] = 10.0
    severity: Name = Field("csrc-2021-12", description="rule set by which incidents are graded and reported")
    seats: Annotated[dict[Seat, SeatRules], Field(min_length=1)]
    alarms: dict[Name, Text] = Field({}, description="what alarms are called; absent: by their names")
    commands: Annotated[dict[Name, Command], Field(min_length=1)]
    looks: dict[Name, Look] = {}
    announcements: dict[Name, Announcement] = {}
    injects: Annotated[list[Inject], Field(min_length=1)]
    hints: list[Hint] = []
    objectives: Annotated[list[Objective], Field(min_length=1)]
    expected: list[Expected] = []
    best: Best | None = None
    responses: dict[Name, Response] = Field({}, description="others, which a rehearsal plays beside the best known one")
    hot_wash: list[Text] = Field([], description="what to talk about right after the exercise, for the facilitator's guide")


# --- what a model cannot see ------------------------------------------------------------------------------------------------


def check_drill(drill: Drill) -> list[Finding]:
    """What of a drill does not fit the rest of it."""
    return [*_repeated(drill), *_names_inside(drill), *_places(drill)]


def _repeated(drill: Drill) -> Iterator[Finding]:
    """Two lines of a list with one name, and a team that two seats have."""
    lists: Mapping[str, list[str]] = {
        "injects": [i.inject for i in drill.injects],
        "hints": [h.hint for h in drill.hints],
        "objectives": [o.objective for o in drill.objectives],
        "questions": [q.question for q in drill.questions],
    }
    for key, names in lists.items():
        for n, name in enumerate(names):
            if name in names[:n]:
                yield Finding((key, n, key[:-1]), f"another line is called {name!r}", "give each a name of its own")
    owners: dict[str, str] = {}
    for seat, rules in drill.seats.items():
        for n, team in enumerate(rules.teams):
            if team in owners:
                hint = "give each team to one seat"
                yield Finding(("seats", seat, "teams", n), f"the seat {owners[team]} has the team {team!r}", hint)
            owners[team] = seat


def _names_inside(drill: Drill) -> Iterator[Finding]:
    """Commands, looks, announcements, injects and seats that the drill does not have."""
    known: Mapping[str, Iterable[str]] = {
        "command": drill.commands,
        "look": drill.looks,
        "announcement": drill.announcements,
        "inject": [i.inject for i in drill.injects],
        "seat": drill.seats,
    }
    named = [*_named_by_injects(drill), *_named_by_looks(drill), *_named_by_people(drill)]
    for keys, what, name in named:
        if name is not None and name not in known[what]:
            yield Finding(keys, f"the drill has no {what} {name!r}", suggest(name, known[what]))


Named = tuple[Keys, str, str | None]
"""Where something is named, what it is, and its name (None: it is not named)."""


def _named_by_injects(drill: Drill) -> Iterator[Named]:
    for n, inject in enumerate(drill.injects):
        yield ("injects", n, "unless"), "announcement", inject.unless
        yield ("injects", n, "absent"), "seat", inject.absent
        if inject.when is not None:
            yield ("injects", n, "when", "command"), "command", inject.when.command
            yield ("injects", n, "when", "announcement"), "announcement", inject.when.announcement


def _named_by_looks(drill: Drill) -> Iterator[Named]:
    for name, look in drill.looks.items():
        for n, symptom in enumerate(look.says):
            yield from ((("looks", name, "says", n, "sent", m), "inject", sent) for m, sent in enumerate(symptom.sent))
            yield from ((("looks", name, "says", n, "done", m), "command", done) for m, done in enumerate(symptom.done))


def _named_by_people(drill: Drill) -> Iterator[Named]:
    for name, command in drill.commands.items():
        yield from ((("commands", name, "by", n), "seat", seat) for n, seat in enumerate(command.by))
        yield ("commands", name, "approver"), "seat", command.approver
    for n, expected in enumerate(drill.expected):
        yield ("expected", n, "command"), "command", expected.command
        yield ("expected", n, "look"), "look", expected.look
        yield ("expected", n, "announcement"), "announcement", expected.announcement
        yield ("expected", n, "by"), "seat", expected.by
    responses: list[tuple[Keys, list[ResponseStep]]] = [(("responses", name), r.steps) for name, r in drill.responses.items()]
    for keys, steps in [*responses, (("best",), drill.best.steps if drill.best else [])]:
        for n, step in enumerate(steps):
            yield (*keys, "steps", n, "command"), "command", step.command
            yield (*keys, "steps", n, "announcement"), "announcement", step.announcement


def _places(drill: Drill) -> Iterator[Finding]:
    """Places of a symptom's text, and bounds, that are no reading of the look."""
    for name, look in drill.looks.items():
        for n, symptom in enumerate(look.says):
            for m, bound in enumerate(symptom.when):
                if bound.of not in look.reads:
                    keys = ("looks", name, "says", n, "when", m, "of")
                    yield Finding(keys, f"the look reads nothing called {bound.of!r}", suggest(bound.of, look.reads))
            for language in ("en", "zh"):
                yield from _of_template(look, ("looks", name, "says", n, "text", language), getattr(symptom.text, language))


def _of_template(look: Look, keys: Keys, text: str) -> Iterator[Finding]:
    try:
        places = [place for _, place, _, _ in string.Formatter().parse(text) if place is not None]
    except ValueError as error:
        yield Finding(keys, f"the text cannot be filled: {error}", "write {{ and }} for braces")
        return
    for place in places:
        if place not in look.reads:
            yield Finding(keys, f"the look reads nothing called {place!r}", suggest(place, look.reads))


def drill_findings(drill: Drill, scenario: Scenario, index: ArchitectureIndex) -> list[Finding]:
    """What a drill names that its scenario and architecture do not have."""
    return [*_of_seats(drill, index), *_of_injects(drill, scenario, index), *_of_looks(drill, index)]


def _of_seats(drill: Drill, index: ArchitectureIndex) -> Iterator[Finding]:
    teams, services = index.architecture.control.teams, index.architecture.services
    for seat, rules in drill.seats.items():
        for n, team in enumerate(rules.teams):
            if team not in teams:
                yield Finding(("seats", seat, "teams", n), f"the architecture has no team {team!r}", suggest(team, teams))
    for name, command in drill.commands.items():
        if command.team not in teams:
            message = f"the architecture has no team {command.team!r}"
            yield Finding(("commands", name, "team"), message, suggest(command.team, teams))
        if command.subject is not None and command.subject not in services:
            message = f"the architecture has no service {command.subject!r}"
            yield Finding(("commands", name, "subject"), message, suggest(command.subject, services))
        yield from check_action(index, command.action, ("commands", name, "action"))


def _of_injects(drill: Drill, scenario: Scenario, index: ArchitectureIndex) -> Iterator[Finding]:
    control, steps = index.architecture.control, [step.label for step in scenario.method]
    alarms = alarm_names(control)
    for name in drill.alarms:
        if name not in alarms:
            yield Finding(("alarms", name), f"the architecture has no alarm {name!r}", suggest(name, alarms), at_key=True)
    for n, inject in enumerate(drill.injects):
        keys: Keys = ("injects", n)
        if inject.step is not None and inject.step not in steps:
            message = f"the scenario {scenario.name} has no step {inject.step!r}"
            yield Finding((*keys, "step"), message, suggest(inject.step, steps))
        if inject.false_alarm is not None and inject.false_alarm not in control.monitors:
            message = f"the architecture has no monitor {inject.false_alarm!r}"
            yield Finding((*keys, "false_alarm"), message, suggest(inject.false_alarm, control.monitors))
        if inject.at is not None and not scenario.window.begin <= inject.at < scenario.window.end:
            begin, end = format_clock(scenario.window.begin), format_clock(scenario.window.end)
            yield Finding((*keys, "at"), "lies outside the scenario's window", f"choose a time from {begin} to {end}")
        if inject.when is not None and inject.when.alarm is not None and inject.when.alarm not in alarms:
            message = f"the architecture has no alarm {inject.when.alarm!r}"
            yield Finding((*keys, "when", "alarm"), message, suggest(inject.when.alarm, alarms))
        if inject.when is not None and inject.when.counter is not None:
            yield from check_reading(index, (*keys, "when", "counter"), inject.when.counter)


def _of_looks(drill: Drill, index: ArchitectureIndex) -> Iterator[Finding]:
    for name, look in drill.looks.items():
        for what, metric in look.reads.items():
            kind, of, to = metric.sums()
            parts: list[tuple[Keys, tuple[str, ...]]] = [((kind, "of") if kind == "ratio" else (kind,), of), ((kind, "to"), to)]
            for keys, readings in parts:
                for n, reading in enumerate(readings):
                    yield from check_reading(index, ("looks", name, "reads", what, *keys, n), reading)
