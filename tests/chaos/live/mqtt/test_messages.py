"""Messages on the wire, and whether one has been had already."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.live.mqtt.messages import (
    PAYLOAD_BYTES,
    WINDOW,
    MalformedError,
    Message,
    Seen,
    acknowledged,
    acknowledgement,
    decoded,
    encoded,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.text(min_size=1, max_size=50), st.integers(1, 2**53), st.sets(st.text(), max_size=3), st.dictionaries(st.text(), JSON))
def test_what_is_encoded_is_decoded(sender: str, number: int, to: set[str], body: dict[str, object]) -> None:
    """With any JSON in it."""
    message = decoded(encoded(Message(sender, number, to, body)))
    assert (message.sender, message.number, set(message.to), message.body) == (sender, number, to, body)
    assert decoded(encoded(Message(sender, 0, to, body))) == (sender, 0, [], body)


@given(st.binary(max_size=300) | JSON.map(lambda value: repr(value).encode()))
def test_any_other_bytes_are_malformed_or_fit(data: bytes) -> None:
    """No other error comes out."""
    for read in (decoded, acknowledged):
        try:
            read(data)
        except MalformedError as error:
            assert str(error)  # noqa: PT017 (it need not be raised)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"[" * 60_000, "not JSON"),
        (b"1" * 5000, "not JSON"),
        (b'{"from":"a","body":NaN}', "not JSON"),
        (b"[]", "not a JSON object"),
        (b'{"body":{}}', "no sender"),
        (b'{"from":"","body":{}}', "no sender"),
        (rb'{"from":"\ud800","body":{}}', "no sender"),
        (b'{"from":"a","number":true,"body":{}}', "number is none"),
        (b'{"from":"a","number":-1,"body":{}}', "number is none"),
        (b'{"from":"a","number":9007199254740993,"body":{}}', "number is none"),
        (b'{"from":"a","to":"b","body":{}}', "to is no list"),
        (b'{"from":"a","body":[]}', "no body"),
        (b'{"from":"a","body":{"x":"' + b"x" * PAYLOAD_BYTES + b'"}}', "bytes, at most 65536"),
    ],
)
def test_why_it_is_malformed(data: bytes, says: str) -> None:
    """Each reason is said."""
    with pytest.raises(MalformedError, match=says):
        decoded(data)


def test_what_cannot_be_sent() -> None:
    """Too big by one byte, and what JSON has no word for."""
    room = PAYLOAD_BYTES - len(encoded(Message("a", 0, (), {"x": ""})))
    assert len(encoded(Message("a", 0, (), {"x": "x" * room}))) == PAYLOAD_BYTES
    nested: list[object] = []
    for _ in range(100_000):
        nested = [nested]
    for body in ({"x": "x" * (room + 1)}, {"x": float("inf")}, {"x": {1}}, {"x": nested}):
        with pytest.raises(ValueError, match=r"bytes|JSON"):
            encoded(Message("a", 0, (), body))


def test_acknowledgements() -> None:
    """There and back; what is none is refused."""
    assert acknowledged(acknowledgement("a#1", "b", [1, 5])) == ("a#1", "b", [1, 5])
    for data in (b"{}", b'{"to":"a","receiver":"b","numbers":[1.5]}', b'{"to":1,"receiver":"b","numbers":[]}', b"\xff"):
        with pytest.raises(MalformedError):
            acknowledged(data)


def test_a_message_is_new_once() -> None:
    """In any order and however often, by sender; a number of a window ago counts as had."""
    seen, chance = Seen(), random.Random(3)
    numbers = [number for number in range(1, 5 * WINDOW) for _ in range(2)]
    shuffled = sorted(numbers, key=lambda number: number + chance.uniform(0, WINDOW / 2))
    assert sum(seen.first("a", number) for number in shuffled) == 5 * WINDOW - 1
    assert seen.first("b", 1)
    assert not seen.first("a", 4 * WINDOW - 1)


def test_memory_is_bounded() -> None:
    """Senders that were silent longest are forgotten."""
    seen = Seen()
    for number in range(3000):
        assert seen.first(f"{number}", 1)
        assert seen.first("steady", number + 1)
    assert not seen.first("steady", 5)
    assert not seen.first("2999", 1)
    assert seen.first("0", 1)
