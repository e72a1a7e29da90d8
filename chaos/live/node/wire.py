"""Connections between nodes: TCP on this machine, a line of JSON for each message or answer (`chaos.live.node.messages`).

A node has one connection to each instance it asks, made when it is first needed. If nobody takes it, what waits is `refused`; if it is
lost, what was not answered is `reset`.

Whoever can reach the port can write to it. A line that is no message for this node, or is too long, changes nothing: it is counted as
malformed, and its connection ends with all that came after it. So does a connection whose other side does not read its answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from chaos.live import LOOPBACK
from chaos.live.node import program
from chaos.live.node.interpreter import Interpreter
from chaos.live.node.messages import (
    FRAME_BYTES_MAX,
    NOBODY,
    Answer,
    Answered,
    Asked,
    MalformedError,
    Message,
    read_line,
    written_answer,
    written_message,
)

CONNECT_S = 5.0
CONNECTIONS_MAX = 1024
UNREAD_BYTES_MAX = 32 << 20
"""So much may wait in a connection for the other side to read it."""


class Address(NamedTuple):
    """Where an instance, or the proxy before it, listens."""

    host: str
    port: int


class LineConnection(asyncio.Protocol):
    """A connection of lines, at either end. `took` is called with each line, without its end; if it raises MalformedError, or a line is
    too long, `malformed` is, and the connection ends."""

    def __init__(
        self,
        took: Callable[[LineConnection, bytes], None],
        lost: Callable[[LineConnection], None],
        malformed: Callable[[], None],
    ) -> None:
        self.took, self.lost, self.malformed = took, lost, malformed
        self.transport: asyncio.Transport | None = None
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        try:
            for line in lines:
                self._took(line)
            if len(self._rest) > FRAME_BYTES_MAX:
                raise MalformedError("too long")
        except MalformedError:
            self._rest = b""
            self.malformed()
            self.close()

    def _took(self, line: bytes) -> None:
        if len(line) > FRAME_BYTES_MAX:
            raise MalformedError("too long")
        if self.transport is not None and not self.transport.is_closing():
            self.took(self, line)

    def connection_lost(self, error: Exception | None) -> None:
        self.transport = None
        self.lost(self)

    def write(self, line: bytes) -> None:
        """Sends a line, unless the connection is gone."""
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(line)
            if self.transport.get_write_buffer_size() > UNREAD_BYTES_MAX:
                self.close()

    def close(self) -> None:
        """Ends the connection at once."""
        if self.transport is not None:
            self.transport.abort()


class _Accepted(LineConnection):
    """A connection that somebody made to this node; it ends at once if there is no room for it."""

    def __init__(
        self,
        took: Callable[[LineConnection, bytes], None],
        lost: Callable[[LineConnection], None],
        malformed: Callable[[], None],
        *,
        room: bool,
    ) -> None:
        super().__init__(took, lost, malformed)
        self._room = room

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if not self._room:
            self.close()


def require_known(blueprint: program.Blueprint, message: Message) -> None:
    """Raises MalformedError for a message about what the system does not have: a flow, a customer, an instrument, a service."""
    intent, books = message.intent, blueprint.books
    if intent.flow >= len(blueprint.flows) or intent.customer >= books.accounts.count:
        raise MalformedError("no such flow or customer")
    if message.order.instrument >= books.instruments.count:
        raise MalformedError("no such instrument")
    if message.source != program.CLIENT and message.source not in blueprint.services:
        raise MalformedError("from no service")


class Listener:
    """The side that is asked: hands messages to the interpreter and sends its answers back."""

    def __init__(self, interpreter: Interpreter) -> None:
        self.interpreter = interpreter
        self.malformed = 0
        self._connections: set[LineConnection] = set()
        self._server: asyncio.Server | None = None

    async def listen(self, host: str = LOOPBACK, port: int = 0) -> int:
        """Begins to listen; the port."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connected, host, port, backlog=512)
        return int(self._server.sockets[0].getsockname()[1])

    def _connected(self) -> LineConnection:
        made = _Accepted(self._took, self._connections.discard, self._malformed, room=len(self._connections) < CONNECTIONS_MAX)
        self._connections.add(made)
        return made

    def _malformed(self) -> None:
        self.malformed += 1

    def _took(self, connection: LineConnection, line: bytes) -> None:
        found = read_line(line)
        if not isinstance(found, Asked) or found.service != self.interpreter.service:
            raise MalformedError("not for this service")
        require_known(self.interpreter.blueprint, found.message)
        number = found.number
        self.interpreter.receive(found.message, lambda answer: connection.write(written_answer(number, answer)))

    def close(self) -> None:
        """Listens no more, and ends all connections."""
        if self._server is not None:
            self._server.close()
        for connection in tuple(self._connections):
            connection.close()


class _Peer:
    """The connection to one address, and what was asked over it and not answered."""

    def __init__(self, address: Address, malformed: Callable[[], None]) -> None:
        self.address, self.malformed = address, malformed
        self.connection: LineConnection | None = None
        self.connecting = False
        self.waiting: list[bytes] = []
        self.pending: dict[int, Callable[[Answer], None]] = {}

    def send(self, line: bytes) -> None:
        """Sends it now, or when there is a connection."""
        if self.connection is not None:
            self.connection.write(line)
            return
        self.waiting.append(line)
        if not self.connecting:
            self.connecting = True
            asyncio.get_running_loop().create_task(self._connect()).add_done_callback(lambda task: task.exception())

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_S):
                _, made = await loop.create_connection(
                    lambda: LineConnection(self._took, self._lost, self.malformed), *self.address
                )
        except (OSError, TimeoutError):
            self.connecting = False
            self.waiting.clear()
            self._end_all(NOBODY)
            return
        self.connecting, self.connection = False, made
        lines, self.waiting = self.waiting, []
        if made.transport is None:  # lost while it was made
            self._lost(made)
        for line in lines:
            made.write(line)

    def _took(self, connection: LineConnection, line: bytes) -> None:
        found = read_line(line)
        if isinstance(found, Answered) and found.number in self.pending:
            self.pending.pop(found.number)(found.answer)

    def _lost(self, connection: LineConnection) -> None:
        if self.connection is connection or self.connection is None:
            self.connection = None
            self._end_all(Answer("reset"))

    def _end_all(self, answer: Answer) -> None:
        pending, self.pending = self.pending, {}
        for answered in pending.values():
            answered(answer)

    @property
    def drained(self) -> bool:
        """Whether nobody waits for anything here any more."""
        return not self.pending and not self.connecting

    def close(self) -> None:
        """Ends the connection; whoever waits gets `reset`."""
        if self.connection is not None:
            self.connection.close()


class TcpNetwork:
    """The side that asks. `addresses` says where each instance is to be found by this node; `carriers` take what goes to an instance another
    way."""

    def __init__(self) -> None:
        self.addresses: dict[str, Address] = {}
        self.carriers: dict[str, Callable[[Message, Callable[[Answer], None]], None]] = {}
        self.malformed = 0
        self._peers: dict[str, _Peer] = {}
        self._draining: list[_Peer] = []
        self._number = 0

    def _malformed(self) -> None:
        self.malformed += 1

    def ask(self, instance: str, service: str, message: Message, answered: Callable[[Answer], None]) -> None:
        """Sends a message; see chaos.live.node.host.Network."""
        if instance in self.carriers:
            self.carriers[instance](message, answered)
            return
        address = self.addresses.get(instance)
        if address is None:
            asyncio.get_running_loop().call_soon(answered, NOBODY)
            return
        peer = self._peers.get(instance)
        if peer is None or peer.address != address:
            self._drain(peer)
            peer = self._peers[instance] = _Peer(address, self._malformed)
        self._number += 1
        if message.wants_answer or message.durable:
            peer.pending[self._number] = answered
        peer.send(written_message(self._number, service, message))

    def _drain(self, peer: _Peer | None) -> None:
        """What was asked at an address that is another now is answered there: that connection stays until it is."""
        if peer is not None:
            self._draining.append(peer)
        for done in [other for other in self._draining if other.drained]:
            self._draining.remove(done)
            done.close()

    def close(self) -> None:
        """Ends all connections."""
        for peer in (*self._peers.values(), *self._draining):
            peer.close()
