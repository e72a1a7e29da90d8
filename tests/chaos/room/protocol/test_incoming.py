"""What is no message is refused, with a word why and nothing of what was sent."""

from __future__ import annotations

import pytest

from chaos.room.protocol.incoming import MAX_FRAME, Clock, MalformedError, parse

WRONG = [
    "",
    "{",
    "null",
    "[]",
    "1e999",
    "[" * 10_000,
    '{"kind":' * 2_000,
    '{"v":1,"kind":"nothing"}',
    '{"v":2,"kind":"ready"}',
    '{"v":1,"kind":"ready","more":1}',
    '{"v":1,"kind":"clock","speed":61}',
    '{"v":1,"kind":"clock","speed":NaN}',
    '{"v":1,"kind":"say","to":"all","text":""}',
    '{"v":1,"kind":"say","to":"nobody","text":"x"}',
    '{"v":1,"kind":"say","text":"\\ud800"}',
    '{"v":1,"kind":"say","text":"\ud800"}',
    '{"v":1,"kind":"ack","alarm":"<script>"}',
    '{"v":1,"id":7,"kind":"ready"}',
    f'{{"v":1,"kind":"say","text":"{"x" * 2001}"}}',
    "x" * (MAX_FRAME + 1),
]


@pytest.mark.parametrize("frame", WRONG, ids=range(len(WRONG)))
def test_what_is_no_message_is_refused(frame: str) -> None:
    """Broken JSON, deep nesting, unknown kinds and keys, values beyond their bounds."""
    with pytest.raises(MalformedError) as refused:
        parse(frame)
    assert len(str(refused.value)) < 100
    assert "<script>" not in str(refused.value)


def test_a_speed_may_be_a_whole_number() -> None:
    """As a page sends it."""
    assert parse('{"v":1,"id":"a","kind":"clock","speed":10}') == Clock(id="a", speed=10.0)
