"""What nodes publish and hear over MQTT: execution reports for the customers, quotes.

Who books an exchange's report publishes it for the customer once the ledger has it, under the entry's name, and keeps it until the
customers have acknowledged it themselves; a process that is started again publishes once more what its ledger booked shortly before.
The customers take a report once, however often it comes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

from chaos.i18n.identities import account_of
from chaos.live.mqtt import topics
from chaos.live.mqtt.client import Channel, Counts, Delivery
from chaos.live.node import program
from chaos.live.node.booked import Booked
from chaos.live.node.own_loop import OnOwnLoop, Sender


class ReportSender(Sender[Booked]):
    """Publishes reports in the order in which they were booked."""

    def __init__(self, instance: str, port: int, booked_before: Sequence[Booked]) -> None:
        super().__init__("reports")
        self._instance, self._port, self._before = instance, port, tuple(booked_before)
        self._own.start()

    def send(self, booked: Booked) -> None:
        """Publishes it as soon as those before it are."""
        self._own.do(lambda: self._queue.put_nowait(booked))

    async def _run(self) -> None:
        receivers = {topics.everything(topics.REPORTS): [program.CLIENT_INSTANCE]}
        for booked in self._before:
            self._queue.put_nowait(booked)
        async with Channel(self._instance, self._port, receivers=receivers) as self._channel:
            while True:
                booked = await self._queue.get()
                body = {
                    "entry": booked.entry,
                    "customer": booked.intent.customer,
                    "request": booked.intent.request,
                    "order": booked.order,
                    "report": booked.report,
                }
                await self._channel.publish(topics.reports(account_of(booked.intent.customer)), body | {"at": booked.at})
                self._queue.task_done()


class CustomerFeed(OnOwnLoop):
    """What the customers hear: reports, each once, and quotes. `now` says what time it is in the run, from any thread."""

    def __init__(self, port: int, now: Callable[[], int]) -> None:
        super().__init__("feed")
        self._port, self._now = port, now
        self._counts = Counts()
        self.reports: set[str] = set()
        self.latest: Mapping[str, object] = {}
        """The report that came last, as it was published, with the customer's account and when it came."""
        self.again = 0
        self.quotes = 0
        self._own.start()

    async def _run(self) -> None:
        async with Channel(program.CLIENT_INSTANCE, self._port) as channel:
            self._channel = channel
            self._counts = channel.counts
            await channel.subscribe(topics.everything(topics.REPORTS), self._report)
            await channel.subscribe(topics.everything(topics.QUOTES), self._quote)
            await asyncio.Event().wait()

    def _report(self, delivery: Delivery) -> None:
        entry = str(delivery.body.get("entry"))
        self.again += entry in self.reports
        self.reports.add(entry)
        self.latest = {**delivery.body, "account": delivery.topic.rpartition("/")[2], "came": self._now()}

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
