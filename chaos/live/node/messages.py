"""What travels between nodes: requests, messages, and answers; and how each is written on the wire, a JSON array."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import NamedTuple

CODES = ("ok", "rejected", "refused", "rate_limited", "breaker_open", "bulkhead_full", "error", "deadline", "timeout", "reset")
"""How a task may end: docs/semantics.md has the table."""
FRAME_BYTES_MAX = 64 * 1024
"""The longest line that a node reads."""
NAME_LENGTH_MAX = 200
_NUMBER_MAX, _TIME_MAX, _HASH_MAX = (1 << 31) - 1, (1 << 62) - 1, (1 << 64) - 1


class MalformedError(ValueError):
    """A line that is no message of this protocol."""


class Intent(NamedTuple):
    """Whose request it is: its number in the run, the number of its flow, the hash that all its chance comes from, the customer, and whether
    it buys (or pays in)."""

    request: int
    flow: int
    root: int
    customer: int
    buys: bool


class Order(NamedTuple):
    """The order a task is about: under which name the ledgers know it, of which instrument it is, and what was reported of it last."""

    name: str = ""
    instrument: int = -1
    report: int = 0


NO_ORDER = Order()


class Message(NamedTuple):
    """A request on its way (`wants_answer`), or a message that nobody waits for; `durable`: it comes again until it is dealt with.

    `path` and `stream` are what its chance goes by (docs/semantics.md). `first_path` is the path of its first delivery, `delivery` the
    number of this one. `deadline` is in ns, as the run counts time.
    """

    intent: Intent
    source: str
    operation: str
    path: int
    stream: int
    priority: int
    wants_answer: bool
    durable: bool = False
    deadline: int | None = None
    order: Order = NO_ORDER
    copy: bool = False
    delivery: int = 0
    first_path: int = 0


class Answer(NamedTuple):
    """How a task ended; whether something was changed, or may have been; the order it was about; whether it logged the customer in."""

    code: str
    touched: bool = False
    in_doubt: bool = False
    order: Order = NO_ORDER
    logged_in: bool = False


NOBODY = Answer("refused")
"""The answer, this very object, of nobody: there is no process that takes the message."""


written: Callable[[object], str] = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
"""JSON in one line, as short as it can be. (`json.dumps` would make an encoder each time.)"""


def written_message(number: int, service: str, message: Message) -> bytes:
    """A line for a message to the service, under the number by which its answer will find it."""
    return written(["ask", number, service, *message]).encode() + b"\n"


def written_answer(number: int, answer: Answer) -> bytes:
    """A line for the answer to the message of that number."""
    return written(["answer", number, *answer]).encode() + b"\n"


class Asked(NamedTuple):
    """A message for the service, and the number its answer goes by."""

    number: int
    service: str
    message: Message


class Answered(NamedTuple):
    """The answer to the message of that number."""

    number: int
    answer: Answer


def read_line(line: bytes) -> Asked | Answered:
    """What a line says. Raises MalformedError, whatever the line is."""
    try:
        kind, number, *rest = json.loads(line)
        if kind == "answer":
            return Answered(_number(number, _TIME_MAX), _answer(rest))
        if kind == "ask":
            return Asked(_number(number, _TIME_MAX), _text(rest[0]), _message(rest[1:]))
    except (ValueError, TypeError, IndexError, RecursionError) as error:
        raise MalformedError(f"no message: {line[:80]!r} ({type(error).__name__})") from error
    raise MalformedError(f"no message: {line[:80]!r}")


def _number(value: object, most: int = _NUMBER_MAX, least: int = 0) -> int:
    if type(value) is not int or not least <= value <= most:
        raise MalformedError("a number that cannot be" if type(value) is int else "no number")
    return value


def _hash(value: object) -> int:
    return _number(value, _HASH_MAX)


def _truth(value: object) -> bool:
    if type(value) is not bool:
        raise MalformedError("neither true nor false")
    return value


def _text(value: object) -> str:
    if type(value) is not str or len(value) > NAME_LENGTH_MAX:
        raise MalformedError("no name")
    return value


def _order(value: object) -> Order:
    if type(value) is not list:
        raise MalformedError("no order")
    if value == _NO_ORDER:
        return NO_ORDER
    name, instrument, report = value
    return Order(_text(name), _number(instrument, least=-1), _number(report))


_NO_ORDER = list(NO_ORDER)


def _answer(fields: list[object]) -> Answer:
    code, touched, in_doubt, order, logged_in = fields
    if code not in CODES:
        raise MalformedError("no code")
    return Answer(_text(code), _truth(touched), _truth(in_doubt), _order(order), _truth(logged_in))


def _intent(value: object) -> Intent:
    if type(value) is not list:
        raise MalformedError("no intent")
    request, flow, root, customer, buys = value
    return Intent(_number(request, _TIME_MAX), _number(flow), _hash(root), _number(customer), _truth(buys))


def _message(fields: list[object]) -> Message:
    intent, source, operation, path, stream, priority, wants, durable, deadline, order, copy, delivery, first_path = fields
    return Message(
        _intent(intent),
        _text(source),
        _text(operation),
        _hash(path),
        _hash(stream),
        _number(priority, least=-_NUMBER_MAX),
        _truth(wants),
        _truth(durable),
        None if deadline is None else _number(deadline, _TIME_MAX),
        _order(order),
        _truth(copy),
        _number(delivery),
        _hash(first_path),
    )
