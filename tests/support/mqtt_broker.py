"""A broker in a process of its own, for tests."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from chaos.live.processes import Processes

PATIENCE_S = 30.0


class BrokerProcess:
    """A broker that can be killed and comes back on its port."""

    def __init__(self, processes: Processes, arguments: list[str]) -> None:
        self.processes, self.arguments = processes, arguments
        self.port = self.pid = 0

    async def start(self) -> None:
        ready = await self.processes.start("broker", ["chaos.live.mqtt", str(self.port), *self.arguments])
        self.port, self.pid = ready.port(), ready.pid

    async def kill(self) -> None:
        self.processes.signal("broker", signal.SIGKILL)
        await self.processes.wait("broker")


@asynccontextmanager
async def broker_process(kind: str) -> AsyncIterator[BrokerProcess]:
    """A broker, `amqtt` or `mosquitto`, that listens."""
    async with Processes() as processes:
        broker = BrokerProcess(processes, ["--amqtt"] if kind == "amqtt" else [])
        await broker.start()
        yield broker


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that will be so."""
    begin = time.monotonic()
    while not condition():
        assert time.monotonic() < begin + PATIENCE_S
        await asyncio.sleep(0.01)
