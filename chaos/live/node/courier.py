"""What an architecture sends through its message broker, over the real one (MQTT, quality of service 1).

The sender knows what the broker's operation makes of a message, and publishes that for the instance that gets it; it keeps the message in
its ledger until that one has dealt with it. The receiver acknowledges a message when its task has ended well, and before that tries again
every second; if it dies, the message comes to the process that takes its place. What the broker itself takes of the time is real.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from chaos.live.mqtt import topics
from chaos.live.mqtt.client import Channel, Delivery
from chaos.live.node import program
from chaos.live.node.interpreter import SECOND, Interpreter, message_of, redelivery
from chaos.live.node.messages import Answer, Asked, MalformedError, Message, read_line, written_message
from chaos.live.node.own_loop import Sender
from chaos.live.node.wire import require_known

Answered = Callable[[Answer], None]


class _Passed(NamedTuple):
    """What the broker makes of a message for one who gets it, by which of its steps."""

    site: program.Site
    message: Message


class _Outgoing(NamedTuple):
    """A message for an instance, and whom to tell when it has been dealt with."""

    instance: str
    message: Message
    settled: Callable[[], None]


class Courier(Sender[_Outgoing]):
    """A node's channel for such messages, both ways. Its methods are called in the node's loop."""

    def __init__(self, at: Interpreter, port: int) -> None:
        super().__init__("messages")
        assert at.blueprint.message_broker is not None
        self.at, self.broker, self._port = at, at.blueprint.message_broker, port
        self.malformed = 0
        self._loop = asyncio.get_running_loop()
        self._own.start()

    # --- sending ------------------------------------------------------------------------------------------------------------

    def ask(self, message: Message, answered: Answered) -> None:
        """Publishes what the broker makes of a message. `answered` is called when all who get it have dealt with it."""
        passed = list(self._passed_on(message))
        left = len(passed)

        def settled() -> None:
            nonlocal left
            left -= 1
            if left == 0:
                answered(Answer("ok"))

        for one in passed:
            instance = self.at.pick(one.site.service, one.message)
            if instance is None:  # nobody in rotation
                self._loop.call_soon(answered, Answer("error"))
                return
            outgoing = _Outgoing(instance, one.message, lambda: self._do(settled))
            self._own.do(partial(self._queue.put_nowait, outgoing))

    def _do(self, action: Callable[[], None]) -> None:
        """Has the node's loop do it."""
        self._loop.call_soon_threadsafe(action)

    def _passed_on(self, message: Message) -> Iterator[_Passed]:
        for site in program.sites(self.at.blueprint.operations[f"{self.broker}.{message.operation}"].steps):
            yield _Passed(site, message_of(message, self.broker, site, 0, durable=True))

    async def _run(self) -> None:
        blueprint = self.at.blueprint
        instances = [f"{name}#{i}" for name, made in blueprint.services.items() for i in range(made.instances)]
        receivers = {topics.messages(instance): [_channel_of(instance)] for instance in instances}
        async with Channel(_channel_of(self.at.instance), self._port, receivers=receivers) as self._channel:
            await self._channel.subscribe(topics.messages(self.at.instance), self._came, acknowledges=True)
            while True:
                outgoing = await self._queue.get()
                service = outgoing.instance.partition("#")[0]
                line = written_message(0, service, outgoing.message).decode()
                await self._channel.publish(topics.messages(outgoing.instance), {"line": line}, settled=outgoing.settled)
                self._queue.task_done()

    # --- receiving ----------------------------------------------------------------------------------------------------------

    def _came(self, delivery: Delivery) -> None:
        self._do(partial(self._take, delivery))

    def _take(self, delivery: Delivery) -> None:
        """A message for this instance. One that is none is acknowledged, so that it does not come again."""
        try:
            message = self._read(delivery.body.get("line"))
        except MalformedError:
            self.malformed += 1
            self._own.do(delivery.acknowledge)
            return
        self._count(message)
        self._deliver(message, delivery)

    def _read(self, line: object) -> Message:
        found = read_line(line.encode()) if isinstance(line, str) else None
        if not isinstance(found, Asked) or found.service != self.at.service or found.message.source != self.broker:
            raise MalformedError("not for this service")
        require_known(self.at.blueprint, found.message)
        return found.message

    def _count(self, message: Message) -> None:
        """The broker has passed a message on: it cannot count that itself."""
        target = f"{self.at.service}.{message.operation}"
        for operation in self.at.blueprint.operations_of(self.broker).values():
            for site in program.sites(operation.steps):
                if site.target == target:
                    self.at.counters.operation(operation.name).done += 1
                    self.at.counters.call(site.name).attempts += 1
                    return

    def _deliver(self, message: Message, delivery: Delivery) -> None:
        """Over the link from the broker, which the messages of this node are drawn for here; again in a second until it is dealt with."""

        def answered(answer: Answer) -> None:
            if answer.code in ("ok", "rejected"):
                self._own.do(delivery.acknowledge)
            else:
                self._again(message, delivery)

        if not self.at.links.set_out(message, self.at.service, lambda: self.at.receive(message, answered)):
            self._again(message, delivery)

    def _again(self, message: Message, delivery: Delivery) -> None:
        again = redelivery(message)
        self.at.clock.at(self.at.clock.now() + SECOND, lambda: self._deliver(again, delivery))


def _channel_of(instance: str) -> str:
    return f"{instance}/messages"
