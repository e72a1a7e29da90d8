"""A live system in one process on simulated time: nodes by their own code, an event loop whose clock jumps to the next timer, and a network
in memory that loses nothing. What it leaves can be held against the kernel request by request."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Iterable
from pathlib import Path

from chaos.live.node import program
from chaos.live.node.customers import Arrival, Customers, Seen
from chaos.live.node.host import Clock
from chaos.live.node.interpreter import Interpreter
from chaos.live.node.messages import Answer, Message
from chaos.live.node.store import store_of


class _Jumping(selectors.SelectSelector):
    """Waits for nothing: time goes on to the next timer instead."""

    loop: VirtualLoop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("nothing is to come: the loop would wait for ever")
        self.loop.passed += max(0.0, timeout)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop on simulated time."""

    def __init__(self) -> None:
        selector = _Jumping()
        super().__init__(selector)
        selector.loop = self
        self.passed = 0.0
        self._clock_resolution = 1e-9

    def time(self) -> float:
        return self.passed if hasattr(self, "passed") else 0.0


class World:
    """All instances of a blueprint, and the customers."""

    def __init__(self, blueprint: program.Blueprint, folder: Path, loop: asyncio.AbstractEventLoop) -> None:
        self.loop, self.clock = loop, Clock(loop, loop.time(), blueprint.start)
        self.nodes: dict[str, Interpreter] = {}
        self.blueprint, self.folder = blueprint, folder
        for service, made in blueprint.services.items():
            for number in range(made.instances):
                self.add(f"{service}#{number}")
        self.seen: dict[int, Seen] = {}
        self.customers = Customers(self.add(program.CLIENT_INSTANCE), self._saw)

    def add(self, instance: str) -> Interpreter:
        """The node of an instance, with its store."""
        store = store_of(self.blueprint, self.folder, instance)
        self.nodes[instance] = Interpreter(self.blueprint, instance, self.clock, self, store)
        return self.nodes[instance]

    def ask(self, instance: str, service: str, message: Message, answered: Callable[[Answer], None]) -> None:
        self.nodes[instance].receive(message, answered)

    def _saw(self, seen: Seen) -> None:
        self.seen[seen.arrival.request] = seen

    async def run(self, arrivals: Iterable[Arrival], until: int) -> None:
        self.customers.expect(arrivals)
        await self.clock.until(until)
