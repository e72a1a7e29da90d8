"""Lines of the protocol between nodes: what was written is read, and whatever else comes is no message, never an error of another kind."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chaos.live.node.messages import (
    CODES,
    NAME_LENGTH_MAX,
    NO_ORDER,
    Answer,
    Answered,
    Asked,
    Intent,
    MalformedError,
    Message,
    Order,
    read_line,
    written_answer,
    written_message,
)

NUMBERS, HASHES = st.integers(0, 2**31 - 1), st.integers(0, 2**64 - 1)
NAMES = st.text(max_size=NAME_LENGTH_MAX)
ORDERS = st.one_of(st.just(NO_ORDER), st.builds(Order, NAMES, st.integers(-1, 2**31 - 1), NUMBERS))
INTENTS = st.builds(Intent, st.integers(0, 2**62 - 1), NUMBERS, HASHES, NUMBERS, st.booleans())
MESSAGES = st.builds(
    Message,
    INTENTS,
    NAMES,
    NAMES,
    HASHES,
    HASHES,
    st.integers(1 - 2**31, 2**31 - 1),
    st.booleans(),
    st.booleans(),
    st.none() | st.integers(0, 2**62 - 1),
    ORDERS,
    st.booleans(),
    NUMBERS,
    HASHES,
)
ANSWERS = st.builds(Answer, st.sampled_from(CODES), st.booleans(), st.booleans(), ORDERS, st.booleans())
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=16) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=30,
)
VALID = json.loads(written_message(1, "counter", Message(Intent(1, 0, 5, 7, True), "client", "order", 9, 9, 0, True)))


@given(NUMBERS, NAMES, MESSAGES)
def test_a_message_comes_as_it_was_sent(number: int, service: str, message: Message) -> None:
    """All its fields."""
    assert read_line(written_message(number, service, message)) == Asked(number, service, message)


@given(NUMBERS, ANSWERS)
def test_an_answer_comes_as_it_was_sent(number: int, answer: Answer) -> None:
    """All its fields."""
    assert read_line(written_answer(number, answer)) == Answered(number, answer)


@given(st.binary(max_size=200))
@example(b"")
@example(b"[" * 60_000)
@example(b'["ask",' + b"9" * 5_000 + b"]")
@example(b"\xff\xfe[\x00]\x00")
@example(b'{"ask": 1}')
def test_random_bytes_are_no_message(line: bytes) -> None:
    """Nothing but a MalformedError comes of them."""
    with pytest.raises(MalformedError):
        read_line(line)


@given(st.lists(st.sampled_from(["ask", "answer", "ok"]) | ANYTHING, max_size=17))
def test_other_json_is_no_message(values: list[object]) -> None:
    """Lists of anything."""
    with pytest.raises(MalformedError):
        read_line(json.dumps(values).encode())


@given(st.integers(1, len(VALID) - 1), ANYTHING)
@example(3, [2**70, 0, 5, 7, True])
@example(3, [1, -1, 5, 7, True])
@example(6, 2**70)
@example(6, -1)
@example(11, 2**70)
@example(11, float("nan"))
@example(12, ["x" * (NAME_LENGTH_MAX + 1), 0, 0])
@example(14, 10**30)
def test_one_wrong_field_makes_no_message(place: int, value: object) -> None:
    """A message with a field of another type, or a number that no field can hold, is refused; what is accepted is within bounds."""
    changed = [*VALID]
    changed[place] = value
    try:
        found = read_line(json.dumps(changed).encode())
    except MalformedError:
        return
    assert isinstance(found, Asked)
    message = found.message
    assert 0 <= message.path < 2**64
    assert message.deadline is None or 0 <= message.deadline < 2**62
    assert all(type(number) is int and 0 <= number < 2**64 for number in (*message.intent[:4], message.delivery, message.stream))


@pytest.mark.parametrize("length", range(1, 90, 7))
def test_a_line_cut_short_is_no_message(length: int) -> None:
    """Wherever it is cut."""
    line = written_message(1, "counter", Message(Intent(1, 0, 5, 7, True), "client", "order", 9, 9, 0, True))
    with pytest.raises(MalformedError):
        read_line(line[:length])
