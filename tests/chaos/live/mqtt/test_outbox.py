"""What a sender keeps: nothing beyond its bounds, and nothing of quality of service 1 is let go before it is settled."""

from __future__ import annotations

import asyncio

import pytest

from chaos.live.mqtt.messages import WINDOW
from chaos.live.mqtt.outbox import Outbox, Outgoing

pytestmark = pytest.mark.asyncio


async def put(outbox: Outbox, *waiting: str) -> Outgoing:
    outgoing = Outgoing("reports/x", b"", await outbox.number(), waiting)
    outbox.put(outgoing)
    return outgoing


async def queued(outbox: Outbox) -> list[int]:
    """The numbers of what is to be sent, which counts as sent then."""
    numbers = []
    while True:
        try:
            outgoing = await asyncio.wait_for(outbox.next(), 0.05)
        except TimeoutError:
            return numbers
        outgoing.sends += 1
        numbers.append(outgoing.number)


async def test_settled_is_what_the_broker_and_all_receivers_have() -> None:
    """In any order; a word that comes twice, late, or from somebody else changes nothing."""
    outbox = Outbox(10, 1)
    first, second = await put(outbox, "a", "b"), await put(outbox)
    assert await queued(outbox) == [1, 2]
    assert not outbox.taken(first, 0)
    assert outbox.taken(second, 0)
    assert [outbox.acknowledged(1, name) for name in ("a", "a", "c", "b", "b")] == [False, False, False, True, False]
    third = await put(outbox, "a")
    assert await queued(outbox) == [3]
    assert outbox.acknowledged(3, "a")  # before the broker's own word
    assert not outbox.taken(third, 0)
    await asyncio.wait_for(outbox.until_settled(), 1)


async def test_bounds() -> None:
    """Of service 0 there are as many as of service 1; a number waits for room, and for the oldest one when it is far behind."""
    outbox = Outbox(3, 1)
    assert [outbox.offer("quotes/x", b"") for _ in range(4)] == [True, True, True, False]
    first = await put(outbox)
    await put(outbox)
    await put(outbox)
    waiting = asyncio.create_task(outbox.number())
    await asyncio.sleep(0.01)
    assert not waiting.done()
    assert outbox.taken(first, 0)
    assert await waiting == 4
    assert sorted(await queued(outbox)) == [0, 0, 0, 2, 3]  # the first is settled already
    assert outbox.offer("quotes/x", b"")


async def test_numbers_stay_within_the_window() -> None:
    """However few are under way."""
    outbox = Outbox(2 * WINDOW, 1)
    await put(outbox, "slow")
    for _ in range(WINDOW - 2):
        assert outbox.taken(await put(outbox), 0)
    await put(outbox)
    waiting = asyncio.create_task(outbox.number())
    await asyncio.sleep(0.01)
    assert not waiting.done()
    outbox.acknowledged(1, "slow")
    assert await waiting == WINDOW + 1


async def test_what_is_sent_again() -> None:
    """After a new connection all, for a receiver that is there again what it lacks, by the clock what is late, later each time."""
    outbox = Outbox(10, 1)
    a, b = await put(outbox, "a"), await put(outbox, "b")
    outbox.offer("quotes/x", b"")
    outbox.again()
    outbox.again_for("a")
    assert await queued(outbox) == [1, 2, 0]
    outbox.again_for("a")
    assert await queued(outbox) == []  # it is being sent
    outbox.taken(a, 0)
    outbox.taken(b, 0.5)
    outbox.again_for("a")
    outbox.again_for("a")
    assert await queued(outbox) == [1]
    outbox.taken(a, 0)
    outbox.again_after(1.6)
    assert await queued(outbox) == [2]
    outbox.taken(b, 2)
    outbox.again_after(2)
    assert await queued(outbox) == [1]
    outbox.again()
    assert await queued(outbox) == [1, 2]
