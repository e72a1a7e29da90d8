"""An event loop of its own for what a node does over MQTT."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine
from typing import Generic, TypeVar

from chaos.live.mqtt.client import Channel, unheard

T = TypeVar("T")
SETTLE_S = 8.0


class OwnLoop:
    """A coroutine in a thread with an event loop of its own: a node's loop waits in select(), which a socket that the MQTT client has closed
    would end; and what MQTT takes of the time is not taken between two steps of a task."""

    def __init__(self, name: str, work: Callable[[], Coroutine[object, object, None]]) -> None:
        self.loop = asyncio.new_event_loop()
        self._work = work
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)

    def start(self) -> None:
        """It runs for as long as the process does."""
        self._thread.start()

    def _serve(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.set_exception_handler(unheard)
        self.loop.run_until_complete(self._work())

    def do(self, action: Callable[[], object]) -> None:
        """Has that loop do something; called from another thread."""
        self.loop.call_soon_threadsafe(action)

    async def done(self, work: Coroutine[object, object, None], seconds: float = SETTLE_S) -> None:
        """Returns when that loop has done the work; after so many seconds in any case."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self.loop)), seconds)


class OnOwnLoop:
    """Something that speaks over MQTT in an event loop of its own."""

    def __init__(self, name: str) -> None:
        self._channel: Channel | None = None
        self._own = OwnLoop(name, self._run)

    async def _run(self) -> None:
        """What is done there for as long as the process lives."""
        raise NotImplementedError

    def hurry(self) -> None:
        """The broker is there again."""
        self._own.do(lambda: self._channel.hurry() if self._channel is not None else None)


class Sender(OnOwnLoop, Generic[T]):
    """One that sends what is in its queue."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._queue: asyncio.Queue[T] = asyncio.Queue()

    async def settled(self) -> None:
        """Returns when all that was sent has been acknowledged by those it is for; after a while in any case."""
        await self._own.done(self._settle())

    @property
    def unsettled(self) -> int:
        """How much of it is still on its way, roughly: it goes on in another thread."""
        return self._queue.qsize() + (self._channel.backlog if self._channel is not None else 0)

    async def _settle(self) -> None:
        await self._queue.join()
        if self._channel is not None:
            await self._channel.settled()
