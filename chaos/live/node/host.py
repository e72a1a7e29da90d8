"""What a node stands on, injected so that tests can put it on simulated time and a network in memory: the clock, the network, the store."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from chaos.live.node.messages import Answer, Intent, Message, Order


class Clock:
    """The run's time, ns since midnight, on an event loop: at the loop's time `began` the run is at `start`."""

    def __init__(self, loop: asyncio.AbstractEventLoop, began: float, start: int) -> None:
        self.loop, self.began, self.start = loop, began, start

    def now(self) -> int:
        """The present time."""
        return self.start + round((self.loop.time() - self.began) * 1e9)

    def at(self, time: int, action: Callable[[], object]) -> asyncio.TimerHandle:
        """Calls the action then; at once if that is past."""
        return self.loop.call_at(self.began + (time - self.start) * 1e-9, action)

    async def until(self, time: int) -> None:
        """Returns then."""
        if time > self.now():
            woken = self.loop.create_future()
            self.at(time, lambda: None if woken.done() else woken.set_result(None))
            await woken


class Network(Protocol):
    """How a node asks others."""

    def ask(self, instance: str, service: str, message: Message, answered: Callable[[Answer], None]) -> None:
        """Sends a message to an instance of the service. `answered` is called with its answer; with NOBODY if nobody takes it, with
        `reset` if the connection is lost before the answer. Never called at once."""


class Written(NamedTuple):
    """What an effect came to: ok or rejected, and the order that the task goes on with."""

    code: str
    order: Order


class Remembered(NamedTuple):
    """The answer that is kept under an idempotency key, and since when, ns; `wrote`: not the answer yet, but something was written."""

    answer: Answer
    at: int


class Store(Protocol):
    """What a service keeps, whatever becomes of its processes."""

    def write(self, effect: str, now: int, intent: Intent, order: Order, key: int | None) -> Written:
        """Carries out an effect, durably. With a `key` the key is written with it."""

    def instrument(self, intent: Intent, order: Order) -> int:
        """Number of the instrument that an intent, or its order, is about."""

    def remembered(self, key: int) -> Remembered | None:
        """What is kept under a key."""

    def remember(self, key: int, answer: Answer, now: int) -> None:
        """Keeps an answer under a key."""

    def keep(self, service: str, message: Message) -> int:
        """Keeps a durable message until `done`; its number."""

    def done(self, number: int) -> None:
        """A durable message was dealt with."""

    def kept(self) -> Sequence[tuple[int, str, Message]]:
        """The durable messages that were not dealt with, when the node begins again: number, service, message."""
