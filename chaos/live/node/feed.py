"""What nodes publish and hear over MQTT: execution reports for the customers, quotes.

Who books an exchange's report publishes it for the customer once the ledger has it, under the entry's name, and keeps it until the
customers have acknowledged it themselves; a process that is started again publishes once more what its ledger booked shortly before.
The customers take a report once, however often it comes.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine, Sequence

from chaos.live.mqtt import topics
from chaos.live.mqtt.client import Channel, Counts, Delivery
from chaos.live.node import program
from chaos.live.node.booked import Booked

SETTLE_S = 8.0


class _OwnLoop:
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
        self.loop.run_until_complete(self._work())


class ReportSender:
    """Publishes reports in the order in which they were booked."""

    def __init__(self, instance: str, port: int, booked_before: Sequence[Booked]) -> None:
        self._instance, self._port, self._before = instance, port, tuple(booked_before)
        self._own = _OwnLoop("reports", self._run)
        self._queue: asyncio.Queue[Booked] = asyncio.Queue()
        self._channel: Channel | None = None
        self._own.start()

    def send(self, booked: Booked) -> None:
        """Publishes it as soon as those before it are."""
        self._own.loop.call_soon_threadsafe(self._queue.put_nowait, booked)

    async def _run(self) -> None:
        receivers = {topics.everything(topics.REPORTS): [program.CLIENT_INSTANCE]}
        for booked in self._before:
            self._queue.put_nowait(booked)
        async with Channel(self._instance, self._port, receivers=receivers) as self._channel:
            while True:
                booked = await self._queue.get()
                body = {"entry": booked.entry, "request": booked.intent.request, "order": booked.order, "report": booked.report}
                await self._channel.publish(topics.reports(str(booked.intent.customer)), body | {"at": booked.at})
                self._queue.task_done()

    async def settled(self) -> None:
        """Returns when the customers have acknowledged all; after a while in any case."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(
                asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._settle(), self._own.loop)), SETTLE_S
            )

    async def _settle(self) -> None:
        await self._queue.join()
        if self._channel is not None:
            await self._channel.settled()


class CustomerFeed:
    """What the customers hear: reports, each once, and quotes."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._counts = Counts()
        self.reports: set[str] = set()
        self.again = 0
        self.quotes = 0
        self._own = _OwnLoop("feed", self._run)
        self._own.start()

    async def _run(self) -> None:
        async with Channel(program.CLIENT_INSTANCE, self._port) as channel:
            self._counts = channel.counts
            await channel.subscribe(topics.everything(topics.REPORTS), self._report)
            await channel.subscribe(topics.everything(topics.QUOTES), self._quote)
            await asyncio.Event().wait()

    def _report(self, delivery: Delivery) -> None:
        entry = str(delivery.body.get("entry"))
        self.again += entry in self.reports
        self.reports.add(entry)

    def _quote(self, delivery: Delivery) -> None:
        self.quotes += 1

    @property
    def heard(self) -> dict[str, object]:
        """For the supervisor: the entries whose report has come, how many came again from a process that was started again, quotes, and what the
        channel dropped."""
        return {
            "reports": sorted(self.reports.copy()),
            "again": self.again,
            "quotes": self.quotes,
            "duplicates": self._counts.duplicates,
            "malformed": self._counts.malformed,
        }
