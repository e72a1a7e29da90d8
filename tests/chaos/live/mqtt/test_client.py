"""Channels over a real broker: what is published arrives once, whoever is killed in between."""

from __future__ import annotations

import asyncio
import contextlib
import random
import shutil
import signal
import string

import aiomqtt
import pytest
from mqtt_broker import PATIENCE_S, broker_process, until

from chaos.live.mqtt import topics
from chaos.live.mqtt.client import Channel, Delivery
from chaos.live.mqtt.messages import PAYLOAD_BYTES, Message, encoded

NO_MOSQUITTO = pytest.mark.skipif(shutil.which("mosquitto") is None, reason="mosquitto is not on PATH")
BROKERS = ("amqtt", pytest.param("mosquitto", marks=NO_MOSQUITTO))
pytestmark = [pytest.mark.asyncio, pytest.mark.parametrize("kind", BROKERS)]
REPORTS = topics.everything(topics.REPORTS)
TO_CLIENTS = {REPORTS: ["clients"]}


class Had:
    """What a callback was given."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []

    def __call__(self, delivery: Delivery) -> None:
        self.deliveries.append(delivery)

    def numbers(self) -> list[object]:
        return [delivery.body.get("n") for delivery in self.deliveries]


async def settled(channel: Channel) -> None:
    await asyncio.wait_for(channel.settled(), PATIENCE_S)


async def test_all_kinds_of_messages_arrive(kind: str) -> None:
    """In order, with their topic and sender, and are counted on both sides."""
    had = Had()
    async with (
        broker_process(kind) as broker,
        Channel("clients", broker.port) as clients,
        Channel("exchange", broker.port, receivers=TO_CLIENTS) as exchange,
    ):
        for family in topics.QOS:
            await clients.subscribe(topics.everything(family), had)
        await asyncio.wait_for(asyncio.gather(clients.connected(), exchange.connected()), PATIENCE_S)
        sent = [topics.quotes("600000"), topics.reports("客户/1"), topics.alarms("bank slow"), topics.control("bank", "pool")]
        for number in range(40):
            await exchange.publish(sent[number % 4], {"n": number, "text": "成交"})
        await settled(exchange)
        await until(lambda: len(had.deliveries) == 40)
        for family in range(4):
            assert [d.body["n"] for d in had.deliveries if d.topic == sent[family]] == list(range(family, 40, 4))
        assert {d.sender for d in had.deliveries} == {"exchange"}
        assert had.deliveries[0].body["text"] == "成交"
        assert (exchange.counts.published, exchange.counts.acknowledged, exchange.backlog) == (40, 30, 0)
        assert (clients.counts.received, clients.counts.duplicates, clients.counts.malformed) == (40, 0, 0)
        assert (exchange.counts.resent, exchange.counts.dropped) == (0, 0)


@pytest.mark.parametrize("kills", [3])
async def test_nothing_is_lost_or_given_twice_when_the_broker_is_killed_under_load(kind: str, kills: int) -> None:
    """Killed with -9 again and again while reports flow, one receiver away for one of the kills: each report arrives, once."""
    had, away = Had(), Had()
    receivers = {REPORTS: ["clients", "audit"]}
    chance = random.Random(kind)
    async with broker_process(kind) as broker:
        audit = Channel("audit", broker.port)
        async with (
            Channel("clients", broker.port) as clients,
            Channel("exchange", broker.port, receivers=receivers, resend_s=1.0) as exchange,
        ):
            await clients.subscribe(REPORTS, had)
            await audit.subscribe(REPORTS, away)
            total = 0

            async def load() -> None:
                nonlocal total
                while True:
                    await exchange.publish(topics.reports(f"{total % 7}"), {"n": total})
                    total += 1
                    await asyncio.sleep(0.001)

            loading = asyncio.create_task(load())
            for kill in range(kills):
                if kill == 1:
                    await audit.__aenter__()  # it subscribes for the first time when much has been sent
                begun = total
                await until(lambda: clients.counts.received > begun + 50)  # noqa: B023 (it is called before the next one)
                await asyncio.sleep(chance.uniform(0, 0.1))
                await broker.kill()
                await asyncio.sleep(chance.uniform(0, 0.3))
                await broker.start()
            loading.cancel()
            await settled(exchange)
        await audit.__aexit__(None, None, None)
    assert sorted(map(str, had.numbers())) == sorted(map(str, range(total)))
    assert sorted(map(str, away.numbers())) == sorted(map(str, range(total)))
    assert exchange.counts.acknowledged == exchange.counts.published == total
    assert exchange.counts.resent > 0
    assert min(exchange.counts.connections, clients.counts.connections) >= kills + 1


async def test_a_receiver_that_was_away_gets_what_it_missed_though_the_broker_died_meanwhile(kind: str) -> None:
    """The sender keeps it, and sends it again when the receiver says that it is there: not only after its own time-out."""
    before, after = Had(), Had()
    async with (
        broker_process(kind) as broker,
        Channel("exchange", broker.port, receivers=TO_CLIENTS, resend_s=3600) as exchange,
    ):
        async with Channel("clients", broker.port) as clients:
            await clients.subscribe(REPORTS, before)
            await exchange.publish(topics.reports("a"), {"n": 0})
            await settled(exchange)
        for number in range(1, 20):
            await exchange.publish(topics.reports("a"), {"n": number})
        await until(lambda: exchange.backlog == 19)
        await broker.kill()
        await broker.start()
        await until(lambda: exchange.counts.connections == 2)
        async with Channel("clients", broker.port) as again:
            await again.subscribe(REPORTS, after)
            await settled(exchange)
    assert before.numbers() == [0]
    assert sorted(map(str, after.numbers())) == sorted(map(str, range(1, 20)))  # what is sent again need not come in order


async def test_without_receivers_the_brokers_word_is_enough(kind: str) -> None:
    """It is acknowledged although nobody has subscribed."""
    async with broker_process(kind) as broker, Channel("exchange", broker.port) as exchange:
        await exchange.publish(topics.alarms("a"), {})
        await settled(exchange)
        assert exchange.counts.acknowledged == 1


async def test_the_backlog_is_bounded(kind: str) -> None:
    """Without a broker quotes beyond it are dropped and counted, reports wait; with it all that was kept arrives."""
    had = Had()
    async with broker_process(kind) as broker:
        await broker.kill()
        async with (
            Channel("clients", broker.port) as clients,
            Channel("exchange", broker.port, receivers=TO_CLIENTS, backlog=10) as exchange,
        ):
            await clients.subscribe(REPORTS, had)
            for number in range(25):
                await exchange.publish(topics.quotes("x"), {"n": number})
            reports = [asyncio.create_task(exchange.publish(topics.reports("x"), {"n": number})) for number in range(25)]
            await asyncio.sleep(0.2)
            assert (exchange.counts.dropped, exchange.backlog, sum(task.done() for task in reports)) == (15, 10, 10)
            await broker.start()
            await asyncio.wait_for(asyncio.gather(*reports), PATIENCE_S)
            await settled(exchange)
    assert sorted(map(str, had.numbers())) == sorted(map(str, range(25)))


async def test_a_broker_that_hangs_is_waited_for(kind: str) -> None:
    """Stopped by a signal for longer than a time-out, and continued: nothing is lost or given twice."""
    had = Had()
    async with (
        broker_process(kind) as broker,
        Channel("clients", broker.port) as clients,
        Channel("exchange", broker.port, receivers=TO_CLIENTS, resend_s=1.0) as exchange,
    ):
        await clients.subscribe(REPORTS, had)
        await exchange.publish(topics.reports("x"), {"n": 0})
        await settled(exchange)
        broker.processes.signal("broker", signal.SIGSTOP)
        for number in range(1, 100):
            await exchange.publish(topics.reports("x"), {"n": number})
        await asyncio.sleep(6)
        broker.processes.signal("broker", signal.SIGCONT)
        await settled(exchange)
    assert sorted(map(str, had.numbers())) == sorted(map(str, range(100)))


async def test_what_cannot_be_published_is_refused(kind: str) -> None:
    """Before it is sent: other topics, filters, too big, no JSON; and the numbers that follow have no hole."""
    async with broker_process(kind) as broker, Channel("exchange", broker.port) as exchange:
        for topic, body in (
            ("orders/1", {}),
            ("reports/#", {}),
            ("reports/" + "x" * 600, {}),
            ("reports/x", {"text": "x" * PAYLOAD_BYTES}),
            ("reports/x", {"n": float("nan")}),
            ("reports/x", {"n": object()}),
        ):
            with pytest.raises(ValueError, match=r"topic|bytes|JSON"):
                await exchange.publish(topic, body)
        await exchange.publish("reports/x", {})
        await settled(exchange)
        assert exchange.counts.published == 1
    with pytest.raises(RuntimeError, match="channel exchange is not open"):
        await exchange.publish("reports/x", {})


async def test_a_callback_that_raises_does_not_stop_the_others(kind: str) -> None:
    """It is counted, and what comes next is given on."""
    had = Had()

    def raises(delivery: Delivery) -> None:
        raise KeyError(delivery.topic)

    async with (
        broker_process(kind) as broker,
        Channel("clients", broker.port) as clients,
        Channel("exchange", broker.port, receivers=TO_CLIENTS) as exchange,
    ):
        await clients.subscribe(REPORTS, raises)
        await clients.subscribe("reports/a", had)
        for number in range(3):
            await exchange.publish("reports/a", {"n": number})
        await settled(exchange)
        assert (had.numbers(), clients.counts.failed, clients.counts.received) == ([0, 1, 2], 3, 3)


async def test_fuzzed_payloads_and_topics_harm_nobody(kind: str) -> None:
    """Whatever another client publishes: it is counted or fits, and the channel goes on."""
    chance = random.Random(1)
    had = Had()
    good = encoded(Message("x#1", 1, ("clients",), {"n": 1}))
    bad = [b"", b"null", b"[]", b"{}", b"\xff\xfe", b"[" * 60_000, b'{"a":' * 10_000, b"1" * 5000, b"x" * (PAYLOAD_BYTES + 1)]
    bad += [good.replace(b'"number":1', b'"number":' + n) for n in (b"-1", b"true", b"1.5", b'"1"', b"1" * 400, b"NaN", b"null")]
    bad += [good.replace(b"x#1", name) for name in (rb"\ud800", b"#", b"a/+/#", b"x" * 201, "客#1".encode(), b"\\u0000")]
    bad += [bytes(chance.randrange(256) for _ in range(chance.randrange(200))) for _ in range(50)]
    bad += [good[:at] + bytes([chance.randrange(256)]) + good[at + 1 :] for at in range(0, len(good), 3)]
    letters = (string.digits + string.ascii_letters + string.punctuation + " é客\u200b").translate(
        {ord("+"): None, ord("#"): None}
    )
    wild = ["reports/" + "".join(chance.choices(letters, k=20)) for _ in range(30)]  # brokers refuse wildcards and controls
    async with broker_process(kind) as broker, Channel("clients", broker.port) as clients:
        await clients.subscribe(REPORTS, had)
        await asyncio.wait_for(clients.connected(), PATIENCE_S)
        async with aiomqtt.Client("127.0.0.1", broker.port, identifier="fuzz", username="u") as other:
            for data in bad:
                for topic in ("reports/x", topics.HERE, topics.acknowledgements("clients")):
                    await other.publish(topic, data, qos=1)
            for topic in wild:
                await other.publish(topic, good, qos=1)
        async with Channel("exchange", broker.port, receivers=TO_CLIENTS) as exchange:
            await exchange.publish("reports/x", {"n": "the end"})
            await settled(exchange)
        assert had.numbers()[-1] == "the end"
        assert clients.counts.malformed >= len(bad) / 2
        assert clients.counts.connections == 1


async def test_fuzzed_packets_do_not_stop_the_broker(kind: str) -> None:
    """Random bytes, and packets that say they are larger than allowed: their connection ends, others live."""
    chance = random.Random(2)
    connect = b"\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04fuzz"
    packets = [bytes(chance.randrange(256) for _ in range(chance.randrange(1, 300))) for _ in range(60)]
    packets += [connect + packet for packet in packets]
    packets += [connect + bytes([0x30]) + b"\xff\xff\xff\x7f" + b"\0\x01a", connect[:5], connect + connect]
    async with (
        broker_process(kind) as broker,
        Channel("clients", broker.port) as clients,
        Channel("exchange", broker.port, receivers=TO_CLIENTS) as exchange,
    ):
        had = Had()
        await clients.subscribe(REPORTS, had)
        for packet in packets:
            reader, writer = await asyncio.open_connection("127.0.0.1", broker.port)
            writer.write(packet)
            with contextlib.suppress(OSError):  # it has been closed already
                writer.write_eof()
                await asyncio.wait_for(reader.read(), PATIENCE_S)
            writer.close()
        big = await asyncio.open_connection("127.0.0.1", broker.port)
        big[1].write(connect + b"\x30\xff\xff\xff\x7f\0\x09reports/x" + b"x" * 300_000)
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await asyncio.wait_for(big[0].readexactly(10), PATIENCE_S)
        big[1].close()
        await exchange.publish("reports/x", {"n": 1})
        await settled(exchange)
        assert had.numbers() == [1]
        assert broker.processes.running("broker")


async def test_it_listens_on_the_loopback_address_alone_unless_asked(kind: str) -> None:
    """Another address of this machine is refused; with --listen it is that one."""
    async with broker_process(kind) as broker:
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.2", broker.port)
        arguments = ["chaos.live.mqtt", "0", *broker.arguments, "--listen", "127.0.0.2"]
        other = await broker.processes.start("other", arguments)
        _, writer = await asyncio.open_connection("127.0.0.2", other.port())
        writer.close()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", other.port())
