"""What a client may send: the messages of an exercise, and those that are the room's own."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError

from chaos.room.exercise.messages import ExerciseMessage, Message
from simcore.base.model import Name

MAX_FRAME = 16 * 1024
"""Bytes of the longest message that is read."""
_ANSWER = Annotated[str, Field(max_length=2000)]


class Hello(Message):
    """The first message of a client: the last `seq` that it saw, if any, its language, and how the person wants to be called."""

    kind: Literal["hello"] = "hello"
    seq: Annotated[int, Field(ge=0)] | None = None
    lang: Literal["en", "zh"] = "en"
    name: Annotated[str, Field(max_length=60, description="typed by a person: text, never markup")] = ""


class Expect(Message):
    """What somebody expects, written down before the beginning: answers by the names of the drill's questions."""

    kind: Literal["expect"] = "expect"
    answers: Annotated[dict[Name, _ANSWER], Field(max_length=50)]


class Ready(Message):
    """A seat is ready to begin."""

    kind: Literal["ready"] = "ready"


class Start(Message):
    """The facilitator lets the exercise begin."""

    kind: Literal["start"] = "start"


class Clock(Message):
    """The facilitator sets how many simulated seconds pass in a second, or stops the clock and lets it go on."""

    kind: Literal["clock"] = "clock"
    speed: Annotated[float, Field(ge=1, le=60, strict=False)] | None = None
    paused: bool | None = None


class Branch(Message):
    """The facilitator keeps the exercise as it stands, or stood at an instant, s of the simulated day, so that one can go on from there."""

    kind: Literal["branch"] = "branch"
    at: Annotated[int, Field(ge=0)] | None = None


class GoOn(Message):
    """The facilitator goes on with all seats in a branch that was kept; 0: where the room was before there were any."""

    kind: Literal["go_on"] = "go_on"
    branch: Annotated[int, Field(ge=0, lt=10**6)]


RoomMessage = Hello | Expect | Ready | Start | Clock | Branch | GoOn
Incoming = RoomMessage | ExerciseMessage
_INCOMING: TypeAdapter[Incoming] = TypeAdapter(Annotated[Incoming, Field(discriminator="kind")])


class MalformedError(Exception):
    """A frame that is no message of the protocol; the text says why, without repeating what was sent."""


def parse(frame: str) -> Incoming:
    """The message of a frame. Raises MalformedError."""
    if len(frame.encode("utf-8", "surrogatepass")) > MAX_FRAME:
        raise MalformedError(f"longer than {MAX_FRAME} bytes")
    try:
        return _INCOMING.validate_json(frame)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(part for part in map(str, first["loc"][1:]) if part.isidentifier())
        raise MalformedError(f"{place}: {first['type']}" if place else str(first["type"])) from None
    except (ValueError, RecursionError):
        raise MalformedError("no JSON") from None
