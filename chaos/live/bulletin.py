"""What the supervisor of a twin publishes over MQTT for whoever listens: quotes, alarms, and in which phase the run is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from chaos.live.mqtt import topics
from chaos.live.mqtt.client import Channel, Counts
from simcore.journal.writer import LoggedEvent

QUOTES_EVERY_S = 0.5
ALARM = "alarm"


class Quoted(NamedTuple):
    """An instrument that is quoted, and its price, cents."""

    instrument: int
    price: int


class Bulletin:
    """Publishes for as long as `run` runs; prices are constant over a run, as in the ledger."""

    def __init__(self, port: int, quoted: Sequence[Quoted], now: Callable[[], int]) -> None:
        self._channel = Channel("supervisor", port)
        self._quoted, self._now = quoted, now
        self._queue: asyncio.Queue[tuple[str, Mapping[str, object]]] = asyncio.Queue()

    def heard(self, event: LoggedEvent) -> None:
        """An event of the control plane: alarms are published."""
        if event.what == ALARM:
            self._queue.put_nowait((topics.alarms(event.subject), {"at": event.t_ns, **event.detail}))

    def phase(self, name: str) -> None:
        """The run begins, or ends."""
        self._queue.put_nowait((topics.control("run"), {"phase": name, "at": self._now()}))

    async def run(self) -> None:
        """Until it is cancelled."""
        async with self._channel as channel, asyncio.TaskGroup() as group:
            group.create_task(self._words(channel))
            group.create_task(self._quotes(channel))

    async def _words(self, channel: Channel) -> None:
        while True:
            topic, body = await self._queue.get()
            await channel.publish(topic, body)

    async def _quotes(self, channel: Channel) -> None:
        while True:
            for quoted in self._quoted:
                await channel.publish(topics.quotes(str(quoted.instrument)), {"price_cents": quoted.price, "at": self._now()})
            await asyncio.sleep(QUOTES_EVERY_S)

    @property
    def counts(self) -> Counts:
        """What went through its channel."""
        return self._channel.counts
