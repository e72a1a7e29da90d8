"""What people send: models of the messages that change an exercise, and an entry, which is one of them with its instant and seat."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from chaos.documents.drill import Seat
from simcore.base.model import Model, Name

Typed = Annotated[str, Field(min_length=1, max_length=2000, description="typed by a person: text, never markup")]
Number = Annotated[str, Field(pattern=r"^[a-z][0-9]{1,6}$", description="of a command, look or inject in this exercise")]


class Message(Model):
    """Base of all messages: the version of the protocol, and the number by which its sender knows it."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    v: Literal[1] = 1
    id: Annotated[str, Field(max_length=64)] = ""


class Ack(Message):
    """An alarm that stands is taken up."""

    kind: Literal["ack"] = "ack"
    alarm: Name


class Propose(Message):
    """A command of the drill is proposed."""

    kind: Literal["propose"] = "propose"
    command: Name


class Withdraw(Message):
    """A command that has not begun is taken back by whoever proposed it."""

    kind: Literal["withdraw"] = "withdraw"
    command_id: Number


class Approve(Message):
    """A proposed command is agreed to."""

    kind: Literal["approve"] = "approve"
    command_id: Number


class Refuse(Message):
    """A proposed command is not agreed to, for a reason."""

    kind: Literal["refuse"] = "refuse"
    command_id: Number
    reason: Typed


class Begin(Message):
    """A command that needs no more agreement begins."""

    kind: Literal["begin"] = "begin"
    command_id: Number


class Look(Message):
    """A look of the drill is begun; its answer comes when it has taken its time."""

    kind: Literal["look"] = "look"
    look: Name


class Say(Message):
    """Something is said, to a seat or to all."""

    kind: Literal["say"] = "say"
    to: Seat | Literal["all"] = "all"
    text: Typed


class Report(Message):
    """A report to the regulator, by the form of the drill's rule set, of which `fields` are those that have no place of their own here;
    with a service, people say by it that this is in trouble."""

    kind: Literal["report"] = "report"
    service: Name | None = None
    text: Typed
    impact: Annotated[str, Field(max_length=2000)] = ""
    measures: Annotated[str, Field(max_length=2000)] = ""
    fields: Annotated[dict[Name, Annotated[str, Field(max_length=2000)]], Field(max_length=30)] = {}

    def filled(self) -> dict[str, str]:
        """What was written, by field of the form; what was left empty is not among it."""
        every = {"text": self.text, "impact": self.impact, "measures": self.measures, **self.fields}
        return {field: text for field, text in every.items() if text.strip()}


class Announce(Message):
    """An announcement of the drill is made to customers."""

    kind: Literal["announce"] = "announce"
    announcement: Name


class SendInject(Message):
    """The facilitator sends an inject now, holds it back, or lets it go again."""

    kind: Literal["inject"] = "inject"
    inject: Name
    do: Literal["send", "hold", "release"]


class Compose(Message):
    """The facilitator adds a message from outside to the list of events: sent now, or at an instant, s of the simulated day."""

    kind: Literal["compose"] = "compose"
    sender: Annotated[str, Field(min_length=1, max_length=60, description="typed by a person: text, never markup")]
    to: Annotated[list[Seat], Field(max_length=8, description="none: everybody")]
    text: Typed
    at: Annotated[int, Field(ge=0)] | None = None


class Answer(Message):
    """The facilitator answers a look in words of their own, at once, to whoever looked."""

    kind: Literal["answer"] = "answer"
    look_id: Number
    text: Typed


class GiveHint(Message):
    """The facilitator gives a hint of the drill away."""

    kind: Literal["hint"] = "hint"
    hint: Name


class End(Message):
    """The facilitator ends the exercise where it stands."""

    kind: Literal["end"] = "end"


ExerciseMessage = Annotated[
    Ack
    | Propose
    | Withdraw
    | Approve
    | Refuse
    | Begin
    | Look
    | Say
    | Report
    | Announce
    | SendInject
    | Compose
    | Answer
    | GiveHint
    | End,
    Field(discriminator="kind"),
]
"""What changes an exercise. What a server does by itself (hello, clock, start, expect, branch) is none of its concern."""


class Entry(Model):
    """A message, who sent it, and the instant at which it takes effect, ns since midnight of the first day: a line of the list of decisions."""

    at: Annotated[int, Field(ge=0)]
    seat: Seat
    message: ExerciseMessage
