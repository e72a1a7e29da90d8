"""What goes through the message broker, over a real one: it comes at least once, until who gets it has dealt with it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from mqtt_broker import broker_process, until

from chaos.live.blueprint import blueprint
from chaos.live.mqtt import topics
from chaos.live.mqtt.client import Channel
from chaos.live.node import program
from chaos.live.node.courier import Courier
from chaos.live.node.host import Clock
from chaos.live.node.interpreter import Interpreter
from chaos.live.node.messages import Answer, Intent, Message
from chaos.live.node.wire import TcpNetwork
from simcore.base.units import SECOND
from simcore.library import load_pair

BLUEPRINT = blueprint(*load_pair("live/broker-mqtt", "live/steady"), 1, 0, 60 * SECOND)
ROUTER, COUNTER = "order-router#0", "counter#0"
pytestmark = pytest.mark.asyncio


class Node(Interpreter):
    """An instance that notes what it gets, and answers as it is asked to."""

    def __init__(self, instance: str, port: int, code: str = "ok") -> None:
        loop = asyncio.get_running_loop()
        super().__init__(BLUEPRINT, instance, Clock(loop, loop.time(), 0), TcpNetwork(), None)  # type: ignore[arg-type]
        self.code, self.got = code, list[Message]()
        self.courier = Courier(self, port)

    def receive(self, message: Message, answered: Callable[[Answer], None]) -> None:
        self.got.append(message)
        if self.code:
            answered(Answer(self.code))


def message(number: int) -> Message:
    """What the router has for the broker."""
    return Message(
        Intent(number, 0, 77, 3, True), "order-router", "report", 1000 + number, 5, 0, False, durable=True, first_path=9
    )


async def test_it_is_what_the_simulated_broker_would_pass_on() -> None:
    """From the broker, for the operation of its step, by the path that its own task has; and counted for it, who cannot count."""
    async with broker_process("amqtt") as broker:
        router, counter, dealt = Node(ROUTER, broker.port), Node(COUNTER, broker.port), list[Answer]()
        router.courier.ask(message(1), dealt.append)
        await until(lambda: len(dealt) == 1)
    simulated = Interpreter(BLUEPRINT, "message-broker#0", counter.clock, counter.network, None)  # type: ignore[arg-type]
    (step,) = (s for s in BLUEPRINT.operations["message-broker.report"].steps if isinstance(s, program.Send))
    expected = simulated._message(message(1), step.site, 0, wants_answer=False, durable=True)  # type: ignore[arg-type]
    assert counter.got == [expected]
    assert dealt == [Answer("ok")]
    assert counter.counters.operations["message-broker.report"].done == 1
    assert counter.counters.calls["message-broker.report/counter.book-report#0"].attempts == 1
    assert (counter.links.ways["message-broker-counter"].made, router.courier.malformed) == (
        BLUEPRINT.links["message-broker-counter"],
        0,
    )


async def test_until_it_is_dealt_with_it_is_not_done() -> None:
    """A message that its receiver has and has not dealt with goes to the process that takes its place; one that fails is tried again after a
    second, by another path."""
    async with broker_process("amqtt") as broker:
        router, silent, dealt = Node(ROUTER, broker.port), Node(COUNTER, broker.port, code=""), list[Answer]()
        router.courier.ask(message(1), dealt.append)
        await until(lambda: len(silent.got) == 1)
        await asyncio.sleep(0.5)
        assert dealt == []
        failing = Node(COUNTER, broker.port, code="error")
        await until(lambda: len(failing.got) == 2)
        assert dealt == []
        assert [m.delivery for m in failing.got] == [0, 1]
        assert failing.got[0].path != failing.got[1].path
        assert failing.got[0] == silent.got[0]
        failing.code = "rejected"  # dealt with, though it comes to nothing
        await until(lambda: len(dealt) == 1)


async def test_nothing_is_lost_when_the_broker_is_killed() -> None:
    """What was sent before, while it was away and afterwards comes; and soon, when it is said to be there again."""
    async with broker_process("amqtt") as broker:
        router, counter, dealt = Node(ROUTER, broker.port), Node(COUNTER, broker.port), list[Answer]()
        for number in range(20):
            router.courier.ask(message(number), dealt.append)
        await broker.kill()
        for number in range(20, 40):
            router.courier.ask(message(number), dealt.append)
        await asyncio.sleep(3.0)  # long enough for long pauses between attempts
        await broker.start()
        for node in (router, counter):
            node.courier.hurry()
        await until(lambda: len(dealt) == 40)
        await router.courier.settled()
    assert {m.intent.request for m in counter.got} == set(range(40))


@pytest.mark.parametrize("line", [None, 7, "", "[]", '["ask"]', "[" * 2000, '["answer",1,"ok",false,false,["",-1,0],false]'])
async def test_what_is_no_message_is_counted_and_changes_nothing(line: object) -> None:
    """Whoever can reach the broker can publish anything."""
    async with broker_process("amqtt") as broker, Channel("stranger", broker.port) as stranger:
        counter = Node(COUNTER, broker.port)
        await asyncio.wait_for(stranger.connected(), 30)
        while not counter.courier.malformed:
            await stranger.publish(topics.messages(COUNTER), {"line": line})
            await asyncio.sleep(0.1)
    assert counter.got == []


@pytest.mark.parametrize(("service", "uses"), [("order-router", True), ("counter", True), ("exchange", False), ("client", False)])
async def test_who_uses_the_broker(service: str, uses: bool) -> None:
    """Who sends to it and who gets something from it; without one nobody."""
    assert program.uses_broker(BLUEPRINT, service) is uses
    without = blueprint(*load_pair("live/broker", "live/steady"), 1, 0, SECOND)
    assert not program.uses_broker(without, service)
    assert (program.broker_instance(BLUEPRINT), program.broker_instance(without)) == ("message-broker#0", "broker")
