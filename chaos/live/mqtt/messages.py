"""A message on the wire, and how a receiver knows one that it has had.

A JSON object of at most 64 KiB: `from` is the sender and which of its lives, `body` what is said; with quality of service 1 also
`number`, counted by the sender, and `to`, the receivers that are to acknowledge it.
"""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

PAYLOAD_BYTES = 65_536
WINDOW = 16_384
"""A sender's numbers that are not acknowledged lie within so many, so that a receiver need not remember older ones."""
_SENDERS = 1024
_NAME_CHARACTERS = 200
_NUMBER_MAX = 2**53
_SURROGATE = re.compile("[\ud800-\udfff]")  # JSON can say half a character, of which no topic can be made


class MalformedError(ValueError):
    """Bytes that are no message."""


class Message(NamedTuple):
    """What a sender says. `number` is 0 with quality of service 0, and from 1 on with 1."""

    sender: str
    number: int
    to: Collection[str]
    body: Mapping[str, object]


def encoded(message: Message) -> bytes:
    """A message on the wire. Raises ValueError if it is too big or not made of JSON's types."""
    record: dict[str, object] = {"from": message.sender}
    if message.number:
        record |= {"number": message.number, "to": sorted(message.to)}
    try:
        data = json.dumps(record | {"body": message.body}, separators=(",", ":"), allow_nan=False).encode()
    except (TypeError, RecursionError) as error:
        raise ValueError(f"not JSON: {error}") from error
    if len(data) > PAYLOAD_BYTES:
        raise ValueError(f"a message of {len(data)} bytes, at most {PAYLOAD_BYTES}")
    return data


def json_object(data: bytes) -> dict[str, object]:
    """A JSON object in the bytes. Raises MalformedError if there is none, or it is too big."""
    if len(data) > PAYLOAD_BYTES:
        raise MalformedError(f"{len(data)} bytes, at most {PAYLOAD_BYTES}")
    try:
        record = json.loads(data, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise MalformedError(f"not JSON: {error}") from error
    if not isinstance(record, dict):
        raise MalformedError("not a JSON object")
    return record


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def decoded(data: bytes) -> Message:
    """The message in the bytes. Raises MalformedError if there is none, or it is too big."""
    record = json_object(data)
    sender, number, to, body = record.get("from"), record.get("number", 0), record.get("to", []), record.get("body")
    if not isinstance(sender, str) or not 0 < len(sender) <= _NAME_CHARACTERS or _SURROGATE.search(sender):
        raise MalformedError("no sender")
    if type(number) is not int or not 0 <= number <= _NUMBER_MAX:
        raise MalformedError("number is none")
    if not isinstance(to, list) or not all(isinstance(name, str) for name in to):
        raise MalformedError("to is no list of names")
    if not isinstance(body, dict):
        raise MalformedError("no body")
    return Message(sender, number, to, body)


def acknowledgement(sender: str, receiver: str, numbers: Sequence[int]) -> bytes:
    """What a receiver answers to the sender of some messages."""
    return json.dumps({"to": sender, "receiver": receiver, "numbers": list(numbers)}, separators=(",", ":")).encode()


class Acknowledged(NamedTuple):
    """Messages of `sender` that `receiver` has had."""

    sender: str
    receiver: str
    numbers: Sequence[int]


def acknowledged(data: bytes) -> Acknowledged:
    """The acknowledgement in the bytes. Raises MalformedError if there is none."""
    record = json_object(data)
    sender, receiver, numbers = record.get("to"), record.get("receiver"), record.get("numbers")
    if not isinstance(sender, str) or not isinstance(receiver, str):
        raise MalformedError("no sender or no receiver")
    if not isinstance(numbers, list) or not all(type(number) is int for number in numbers):
        raise MalformedError("numbers is no list of numbers")
    return Acknowledged(sender, receiver, numbers)


class Seen:
    """The messages that a receiver has had, by sender and number; of senders that were silent longest it forgets."""

    def __init__(self) -> None:
        self._numbers: OrderedDict[str, set[int]] = OrderedDict()
        self._highest: dict[str, int] = {}

    def first(self, sender: str, number: int) -> bool:
        """Whether a message comes for the first time. It has come then."""
        numbers = self._numbers.setdefault(sender, set())
        self._numbers.move_to_end(sender)
        if number in numbers or number <= self._highest.get(sender, 0) - WINDOW:
            return False
        numbers.add(number)
        highest = self._highest[sender] = max(number, self._highest.get(sender, 0))
        if len(numbers) > 2 * WINDOW:
            numbers.difference_update([old for old in numbers if old <= highest - WINDOW])
        if len(self._numbers) > _SENDERS:
            del self._highest[self._numbers.popitem(last=False)[0]]
        return True
