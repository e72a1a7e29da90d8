"""A channel to the MQTT broker: it reconnects for as long as it lives, loses nothing of quality of service 1, and gives it once.

Messages of a sender come in order as long as no connection ends; what is sent again comes later than it would have.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import traceback
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import NamedTuple, Self

import aiomqtt

from chaos.live.mqtt import topics
from chaos.live.mqtt.messages import MalformedError, Message, Seen, acknowledged, acknowledgement, decoded, encoded
from chaos.live.mqtt.outbox import Outbox, Outgoing
from chaos.live.mqtt.topics import Qos

IN_FLIGHT = 8
"""How many publishes wait for the broker at once: aiomqtt warns of more than ten."""
BACKLOG = 1024
RESEND_S = 5.0
_PAUSES_S = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
_ACKNOWLEDGE_S = 0.05
_ACKNOWLEDGED_AT_ONCE = 1000
_TIMEOUT_S = 5.0
_KEEPALIVE_S = 5
_CLOSE_S = 0.5
_USER = "coredrill"

_WATCHES = tuple(f"Exception in callback BaseSelectorEventLoop.{name}(-1" for name in ("add_writer", "add_reader"))
"""What a loop says when aiomqtt has it watch a socket that was closed before its turn came."""

_log = logging.getLogger(__name__)
_aiomqtt_log = _log.getChild("aiomqtt")
_aiomqtt_log.setLevel(logging.ERROR)  # it warns of every attempt to connect that fails


def unheard(loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    """The exception handler of a loop in which channels live: what aiomqtt leaves behind of a connection that has ended, which the channel
    has dealt with, is no matter for standard error; all else is."""
    error = context.get("exception")
    left = isinstance(error, asyncio.CancelledError | OSError | ValueError) and _comes_from_aiomqtt(error)
    closed = isinstance(error, OSError | ValueError) and str(context.get("message")).startswith(_WATCHES)
    if isinstance(error, aiomqtt.MqttError) or left or closed:
        _log.info("%s: %r", context.get("message"), error)
    else:
        loop.default_exception_handler(context)


def _comes_from_aiomqtt(error: BaseException) -> bool:
    frames = traceback.walk_tb(error.__traceback__)
    return any(str(frame.f_globals.get("__name__", "")).startswith("aiomqtt") for frame, _ in frames)


class Delivery(NamedTuple):
    """A message as a callback gets it. `sender` is the name of the sender's channel. `acknowledge` is for who subscribed to acknowledge
    messages itself: until it is called the message comes again, to another life of this channel, too."""

    topic: str
    sender: str
    body: Mapping[str, object]
    acknowledge: Callable[[], None]


Callback = Callable[[Delivery], None]


@dataclass
class Counts:
    """What went through a channel."""

    published: int = 0
    """Messages given to it to send, without those dropped."""
    acknowledged: int = 0
    """Of quality of service 1: those that the broker has taken and every receiver has acknowledged."""
    resent: int = 0
    """How often one of quality of service 1 was sent again."""
    dropped: int = 0
    """Of quality of service 0: those beyond the backlog, or in flight when the connection ended."""
    received: int = 0
    """Messages given to callbacks."""
    duplicates: int = 0
    """Messages that had been received already, and were not given again."""
    malformed: int = 0
    """Payloads that are no message, or too big: they were not given to anybody."""
    failed: int = 0
    """Callbacks that raised."""
    connections: int = 0
    """How often it connected to the broker."""


class Channel:
    """A client of the broker with a name of its own, which no other client may have. To be used as an asynchronous context manager.

    `receivers` names, by topic filter, the channels that must have had each message of quality of service 1 before it counts as
    acknowledged: whoever is away, or not there yet, gets it when it comes, whatever became of the broker. Without them the broker's
    word is enough: it goes to those who are there, and is lost with a broker that is killed.
    """

    def __init__(
        self,
        name: str,
        port: int,
        *,
        host: str = "127.0.0.1",
        receivers: Mapping[str, Sequence[str]] | None = None,
        backlog: int = BACKLOG,
        resend_s: float = RESEND_S,
    ) -> None:
        self.name, self.counts = name, Counts()
        self._host, self._port = host, port
        self._sender = f"{name}#{secrets.token_hex(6)}"
        self._receivers = {aiomqtt.Wildcard(topic_filter): tuple(names) for topic_filter, names in (receivers or {}).items()}
        self._outbox = Outbox(backlog, resend_s)
        self._callbacks: dict[str, list[Callback]] = {}
        self._acknowledged_later: set[str] = set()
        self._in_hand: set[tuple[str, int]] = set()
        self._hurry = asyncio.Event()
        self._client: aiomqtt.Client | None = None
        self._connected = asyncio.Event()
        self._seen = Seen()
        self._had: defaultdict[str, list[int]] = defaultdict(list)
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name=f"MQTT channel {self.name}")
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._task is not None
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    # --- for those who use it -------------------------------------------------------------------------------------------

    async def publish(
        self,
        topic: str,
        body: Mapping[str, object],
        qos: Qos | None = None,
        settled: Callable[[], None] = lambda: None,
    ) -> None:
        """Send a message, with the quality of service of its topic if none is given.

        With 1 this waits while the backlog is full, and `settled` is called when the broker and all receivers have acknowledged the message;
        with 0 the message is dropped when it is full. Raises ValueError for a topic that is none of the twin's, and for a message that is
        too big or not made of JSON's types.
        """
        if self._task is None or self._task.done():
            raise RuntimeError(f"channel {self.name} is not open")
        usual = topics.qos_of(topic)
        if "+" in topic or "#" in topic:
            raise ValueError(f"a filter, not a topic: {topic!r}")
        if (usual if qos is None else qos) == 0:
            kept = self._outbox.offer(topic, encoded(Message(self._sender, 0, (), body)))
            self.counts.published += kept
            self.counts.dropped += not kept
            return
        to = self._receivers_of(topic)
        encoded(
            Message(self._sender, 2**53, to, body)
        )  # refused before it has a number, for a number that is missing is waited for
        number = await self._outbox.number()
        self._outbox.put(Outgoing(topic, encoded(Message(self._sender, number, to, body)), number, to, settled))
        self.counts.published += 1

    async def subscribe(self, topic_filter: str, callback: Callback, *, acknowledges: bool = False) -> None:
        """Call back for each message whose topic matches, as long as the channel lives; before it has connected, too.

        A message counts as received when its callbacks have returned, or raised: what takes time belongs into a queue of theirs. If the
        callback `acknowledges`, it counts as received when that has been called (`Delivery.acknowledge`), in the thread of this channel.
        """
        if acknowledges:
            self._acknowledged_later.add(topic_filter)
        qos = topics.qos_of(topic_filter)
        aiomqtt.Wildcard(topic_filter)
        self._callbacks.setdefault(topic_filter, []).append(callback)
        if self._client is not None:
            with contextlib.suppress(aiomqtt.MqttError):  # the next connection subscribes
                await self._client.subscribe(topic_filter, qos)
                await self._say_here(self._client)

    async def connected(self) -> None:
        """Returns when it is connected to the broker and has subscribed to what it should."""
        await self._connected.wait()

    async def settled(self) -> None:
        """Returns when all that was published with quality of service 1 is acknowledged."""
        await self._outbox.until_settled()

    def hurry(self) -> None:
        """The broker is said to be there again: connect now rather than after a pause."""
        self._hurry.set()

    @property
    def backlog(self) -> int:
        """How many messages of quality of service 1 are not acknowledged."""
        return len(self._outbox)

    # --- connections ----------------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        failures = 0
        while True:
            connections = self.counts.connections
            try:
                await self._connection()
            except* (aiomqtt.MqttError, OSError) as errors:
                _log.info("%s: %s", self.name, errors.exceptions[0])
            failures = 0 if self.counts.connections > connections else failures + 1
            with contextlib.suppress(TimeoutError):
                pause_s = _PAUSES_S[min(failures, len(_PAUSES_S) - 1)] * (0.5 + secrets.randbelow(1000) / 1000)
                await asyncio.wait_for(self._hurry.wait(), pause_s)
            self._hurry.clear()

    async def _connection(self) -> None:
        """One connection, until it ends. Raises MqttError then.

        It has a name and a session of its own: when a client comes back before amqtt has noticed that it was gone, amqtt gives it its
        session again, ends that of the old connection, which is the same, and sends it nothing more.
        """
        client = aiomqtt.Client(
            self._host,
            self._port,
            identifier=f"{self._sender}-{self.counts.connections}-{secrets.token_hex(3)}",
            username=_USER,
            clean_session=True,
            timeout=_TIMEOUT_S,
            keepalive=_KEEPALIVE_S,
            logger=_aiomqtt_log,
        )
        try:
            await _entered(client)
            await self._subscribe_all(client)
            self.counts.connections += 1
            self._client = client
            self._outbox.again()
            async with asyncio.TaskGroup() as group:
                group.create_task(self._receive(client))
                group.create_task(self._acknowledge(client))
                group.create_task(self._look_for_late())
                for _ in range(IN_FLIGHT):
                    group.create_task(self._send(client))
                self._connected.set()
        finally:
            self._client = None
            self._connected.clear()
            await _left(client)

    async def _subscribe_all(self, client: aiomqtt.Client) -> None:
        """First to the answers, so that whoever subscribed before us is asked by what we send, and after us says that it is there."""
        if self._receivers:
            await client.subscribe([(topics.acknowledgements(self.name), 0), (topics.HERE, 1)])
        if self._callbacks:
            await client.subscribe([(topic_filter, int(topics.qos_of(topic_filter))) for topic_filter in self._callbacks])
            await self._say_here(client)

    async def _say_here(self, client: aiomqtt.Client) -> None:
        await client.publish(topics.HERE, encoded(Message(self._sender, 0, (), {"receiver": self.name})), 1)

    # --- sending --------------------------------------------------------------------------------------------------------

    def _receivers_of(self, topic: str) -> Sequence[str]:
        if not self._receivers:
            return ()
        matched = aiomqtt.Topic(topic)
        return sorted({name for wildcard, names in self._receivers.items() if matched.matches(wildcard) for name in names})

    async def _send(self, client: aiomqtt.Client) -> None:
        while True:
            outgoing = await self._outbox.next()
            self.counts.resent += outgoing.sends > 0
            outgoing.sends += 1
            try:
                await client.publish(outgoing.topic, outgoing.data, 1 if outgoing.number else 0)
            except (aiomqtt.MqttError, asyncio.CancelledError):
                self.counts.dropped += outgoing.number == 0
                raise
            self.counts.acknowledged += self._outbox.taken(outgoing, asyncio.get_running_loop().time())

    async def _look_for_late(self) -> None:
        while True:
            await asyncio.sleep(self._outbox.resend_s / 4)
            self._outbox.again_after(asyncio.get_running_loop().time())

    # --- receiving ------------------------------------------------------------------------------------------------------

    async def _receive(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            try:
                self._take(message.topic, bytes(message.payload))
            except MalformedError as error:
                self.counts.malformed += 1
                _log.info("%s: on %.200r: %s", self.name, message.topic.value, error)

    def _take(self, topic: aiomqtt.Topic, data: bytes) -> None:
        """One message. Raises MalformedError if it is none."""
        if topic.value == topics.HERE:
            self._outbox.again_for(str(decoded(data).body.get("receiver")))
            return
        if topic.value == topics.acknowledgements(self.name):
            answer = acknowledged(data)
            if answer.sender == self._sender:  # else it is for an earlier life of this name
                self.counts.acknowledged += sum(self._outbox.acknowledged(number, answer.receiver) for number in answer.numbers)
            return
        message = decoded(data)
        asked = message.number > 0 and self.name in message.to
        if message.number == 0 or self._seen.first(message.sender, message.number):
            self.counts.received += 1
            if asked and any(topic.matches(topic_filter) for topic_filter in self._acknowledged_later):
                self._in_hand.add((message.sender, message.number))
            self._call(topic, message)
        else:
            self.counts.duplicates += 1
        if asked and (message.sender, message.number) not in self._in_hand:
            self._had[message.sender].append(message.number)

    def _dealt_with(self, message: Message) -> None:
        if (message.sender, message.number) in self._in_hand:
            self._in_hand.discard((message.sender, message.number))
            self._had[message.sender].append(message.number)

    def _call(self, topic: aiomqtt.Topic, message: Message) -> None:
        sender = message.sender.rpartition("#")[0]
        delivery = Delivery(topic.value, sender, message.body, lambda: self._dealt_with(message))
        for topic_filter, callbacks in self._callbacks.items():
            if topic.matches(topic_filter):
                for callback in callbacks:
                    try:
                        callback(delivery)
                    except Exception:
                        self.counts.failed += 1
                        _log.exception("%s: a callback for %s raised", self.name, topic_filter)

    async def _acknowledge(self, client: aiomqtt.Client) -> None:
        """Answer the senders, many messages at a time. An answer that is lost is asked for by the message that comes again."""
        while True:
            await asyncio.sleep(_ACKNOWLEDGE_S)
            had, self._had = self._had, defaultdict(list)
            for sender, numbers in had.items():
                topic = topics.acknowledgements(sender.rpartition("#")[0] or sender)
                for first in range(0, len(numbers), _ACKNOWLEDGED_AT_ONCE):
                    some = numbers[first : first + _ACKNOWLEDGED_AT_ONCE]
                    await client.publish(topic, acknowledgement(sender, self.name, some), 0)


async def _entered(client: aiomqtt.Client) -> None:
    """Connect. aiomqtt does that in a thread; if this is cancelled, the thread is waited for, because it could leave an open socket."""
    entering = asyncio.ensure_future(client.__aenter__())
    try:
        await asyncio.shield(entering)
    except asyncio.CancelledError:
        await asyncio.wait((entering,), timeout=_CLOSE_S)
        entering.cancel()
        raise


async def _left(client: aiomqtt.Client) -> None:
    """Disconnect, also from a broker that does not answer, or has never done so."""
    with contextlib.suppress(aiomqtt.MqttError, TimeoutError):
        await asyncio.wait_for(client.__aexit__(None, None, None), _CLOSE_S)
