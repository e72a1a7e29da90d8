"""One connection through a proxy: two lines, each of which carries the bytes of one direction through its toxics."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from chaos.live.proxy.toxics import Chunk, Item, Stage, Toxic

HELD_BYTES_MAX = 8 << 20
"""How much a line holds before it reads no more from its source, which then feels it as TCP's own back pressure."""
LINGER_RESET = struct.pack("ii", 1, 0)  # closing sends RST, not FIN


class End(asyncio.Protocol):
    """One end of a connection: the client's or the upstream's socket. What it reads enters the line `outgoing`."""

    def __init__(self, on_made: Callable[[End], None] | None = None) -> None:
        self.transport: asyncio.Transport | None = None
        self.outgoing: LinkLine | None = None
        self.incoming: LinkLine | None = None
        self.on_made = on_made
        self.on_lost: Callable[[], None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        if self.on_made is not None:
            self.on_made(self)

    def data_received(self, data: bytes) -> None:
        if self.outgoing is not None:
            self.outgoing.feed(data)

    def eof_received(self) -> bool:
        """The other side has finished writing; the socket stays open until the line has delivered what it holds."""
        if self.outgoing is None:
            return False
        self.outgoing.end()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        if self.on_lost is not None:
            self.on_lost()
        if self.outgoing is not None:
            self.outgoing.end()
        if self.incoming is not None:
            self.incoming.abandon()

    def pause_writing(self) -> None:
        if self.incoming is not None:
            self.incoming.blocked(True)

    def resume_writing(self) -> None:
        if self.incoming is not None:
            self.incoming.blocked(False)

    def close(self, *, reset: bool = False) -> None:
        """Close the socket, after what was written to it; or at once, so that its peer gets ECONNRESET."""
        if self.transport is None or self.transport.is_closing():
            return
        if not reset:
            self.transport.close()
            return
        raw = self.transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_RESET)
        self.transport.abort()


class _Sink(Stage):
    """The end of a line: writes to its destination."""

    def __init__(self, line: LinkLine) -> None:
        super().__init__(line)
        self.way = line

    def take(self, item: Item) -> None:
        if item is None:
            self.way.close()
        else:
            self.way.deliver(item.data)


class LinkLine:
    """One direction: from `source` through the stages of the toxics that act on this connection, in their order, to `destination`."""

    def __init__(self, source: End, destination: End, toxics: Iterable[Toxic], count: Callable[[int, int], None]) -> None:
        self.loop = asyncio.get_running_loop()
        self.source, self.destination, self.count = source, destination, count
        self.held, self.full, self.stopped, self.over = 0, False, False, False
        self.entry, self.sink = Stage(self), _Sink(self)
        self.stages: dict[str, Stage] = {}
        for toxic in toxics:
            self._place(toxic, None)
        self._join()

    # --- bytes ----------------------------------------------------------------------------------------------------------

    def feed(self, data: bytes) -> None:
        """Bytes from the source."""
        if self.over:
            return
        self.held += len(data)
        self.count(len(data), 0)
        self.entry.take(Chunk(data, self.loop.time()))
        self._flow()

    def end(self) -> None:
        """The source has no more."""
        if not self.over:
            self.entry.take(None)

    def deliver(self, data: bytes) -> None:
        """Bytes for the destination."""
        self.drop(len(data))
        transport = self.destination.transport
        if not self.over and transport is not None and not transport.is_closing():
            self.count(0, len(data))
            transport.write(data)

    def drop(self, size: int) -> None:
        """So many bytes are on the line no longer."""
        self.held -= size
        self._flow()

    def blocked(self, full: bool) -> None:
        """Whether the destination takes no more for now."""
        self.full = full
        self._flow()

    def _flow(self) -> None:
        """Read from the source, or do not, by what is held and what the destination takes."""
        stop = self.full or self.held > HELD_BYTES_MAX
        transport = self.source.transport
        if stop == self.stopped or transport is None or transport.is_closing():
            return
        self.stopped = stop
        (transport.pause_reading if stop else transport.resume_reading)()

    def abandon(self) -> None:
        """The destination is gone: what would arrive is dropped. The source stays open for the other direction's sake."""
        self.over = True

    def close(self) -> None:
        """Close the destination after what has left the line already; what the line still holds is lost. The destination's own end of
        the other direction is then what closes the source, as in the real one."""
        self.over = True
        self.destination.close()

    def reset(self) -> None:
        """The same; the destination gets ECONNRESET."""
        self.over = True
        self.destination.close(reset=True)

    # --- toxics ---------------------------------------------------------------------------------------------------------

    def add(self, toxic: Toxic) -> None:
        """A new toxic, behind those that are there."""
        self._place(toxic, None)
        self._join()

    def change(self, toxic: Toxic) -> None:
        """The attributes or the toxicity of a toxic are others: whether it acts on this connection is drawn again."""
        before = self.stages[toxic.name]
        self._place(toxic, before)
        self._join()
        before.retire()  # still joined to what follows it

    def remove(self, name: str) -> None:
        """A toxic is no more; what it held is delivered."""
        before = self.stages.pop(name)
        self._join()
        before.retire()
        before.removed()

    def _place(self, toxic: Toxic, before: Stage | None) -> None:
        self.stages[toxic.name] = toxic.attributes.stage(self, before) if toxic.drawn() else Stage(self)

    def _join(self) -> None:
        last = self.entry
        for stage in (*self.stages.values(), self.sink):
            last.following = stage
            last = stage


class Connection:
    """A client's connection through a proxy. `lines` are its two directions by the name of their stream."""

    def __init__(self, client: End, upstream: End, toxics: Sequence[Toxic], count: Callable[[str, int, int], None]) -> None:
        by_stream = {stream: [toxic for toxic in toxics if toxic.stream == stream] for stream in Toxic.STREAMS}
        self.client, self.upstream = client, upstream
        ways = {"upstream": (client, upstream), "downstream": (upstream, client)}
        self.lines: dict[str, LinkLine] = {}
        for stream, (source, destination) in ways.items():
            line = LinkLine(source, destination, by_stream[stream], partial(count, stream))
            self.lines[stream] = source.outgoing = destination.incoming = line

    def close(self) -> None:
        """Close both sockets."""
        for line in self.lines.values():
            line.close()
