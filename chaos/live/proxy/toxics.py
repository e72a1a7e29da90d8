"""The eight toxics of Toxiproxy: what each does to the bytes of one direction of one connection.

Names, attributes, units and behaviour are those of Toxiproxy's README (https://github.com/Shopify/toxiproxy). A stage gets chunks in
order, and at last the end of the stream; it passes on what it lets through. Nothing here waits by itself: delays are timers of the loop.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import ClassVar, Protocol, TypeAlias

MILLISECOND = 1e-3
MICROSECOND = 1e-6
BYTES_PER_KB = 1000
SLICE_MS = 100  # bandwidth sends as much at a time as takes so long


@dataclass
class Chunk:
    """Bytes on their way, and the loop's time at which they entered the stage that holds them, seconds."""

    data: bytes
    at: float


Item: TypeAlias = Chunk | None
"""A chunk, or None: the end of the stream."""


class Line(Protocol):
    """What a stage needs of the line it is part of."""

    loop: asyncio.AbstractEventLoop

    def drop(self, size: int) -> None:
        """So many bytes will never leave the line."""

    def close(self) -> None:
        """Close the destination as a program does that has finished."""

    def reset(self) -> None:
        """Close the destination so that its reader gets ECONNRESET."""


class Stage:
    """A place on the line through which items pass. This one changes nothing: toxics derive from it."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.following: Stage | None = None

    def take(self, item: Item) -> None:
        """An item arrives."""
        self.give(item)

    def give(self, item: Item) -> None:
        """Pass an item on."""
        if self.following is not None:
            if item is not None:
                item.at = self.line.loop.time()
            self.following.take(item)

    def retire(self) -> None:
        """The toxic changes or goes: what the stage holds is passed on at once."""

    def removed(self) -> None:
        """The toxic is gone for good, after `retire`."""


@dataclass
class Attributes:
    """What the user sets of a toxic. Every field is a whole number, 0 unless given, as in Toxiproxy."""

    def stage(self, line: Line, carried: Stage | None) -> Stage:
        """A stage that acts by these attributes; `carried` is the one it replaces when the toxic is changed."""
        raise NotImplementedError


class _Delayed(Stage):
    """Holds items in their order, the first of them until its wait is over."""

    def __init__(self, line: Line) -> None:
        super().__init__(line)
        self.held: deque[Item] = deque()
        self.timer: asyncio.TimerHandle | None = None

    def wait_s(self, item: Item) -> float:
        """How long the item waits from now on, once it is the first."""
        raise NotImplementedError

    def take(self, item: Item) -> None:
        self.held.append(item)
        self._next()

    def _next(self) -> None:
        while self.held and self.timer is None:
            wait = self.wait_s(self.held[0])
            if wait > 0:
                self.timer = self.line.loop.call_later(wait, self._over)
            else:
                self.give(self.held.popleft())

    def _over(self) -> None:
        self.timer = None
        if self.held:
            self.give(self.held.popleft())
        self._next()

    def retire(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        while self.held:
            self.give(self.held.popleft())


@dataclass
class Latency(Attributes):
    """Delays every chunk by `latency` ± `jitter` milliseconds; the order stays."""

    latency: int = 0
    jitter: int = 0

    def stage(self, line: Line, carried: Stage | None) -> Stage:
        """A stage that delays."""
        return _LatencyStage(line, self)


class _LatencyStage(_Delayed):
    def __init__(self, line: Line, attributes: Latency) -> None:
        super().__init__(line)
        self.attributes = attributes

    def wait_s(self, item: Item) -> float:
        if item is None:
            return 0.0
        spread = self.attributes.jitter
        delay = self.attributes.latency + (random.uniform(-spread, spread) if spread > 0 else 0.0)
        return delay * MILLISECOND - (self.line.loop.time() - item.at)


@dataclass
class Bandwidth(Attributes):
    """Lets through `rate` kilobytes (of 1,000 bytes) a second; 0 is no limit."""

    rate: int = 0

    def stage(self, line: Line, carried: Stage | None) -> Stage:
        """A stage that slows down."""
        return _BandwidthStage(line, self)


class _BandwidthStage(_Delayed):
    def __init__(self, line: Line, attributes: Bandwidth) -> None:
        super().__init__(line)
        self.per_s = max(attributes.rate, 0) * BYTES_PER_KB

    def take(self, item: Item) -> None:
        step = self.per_s * SLICE_MS // 1000
        if item is not None and 0 < step < len(item.data):
            self.held.extend(Chunk(item.data[i : i + step], item.at) for i in range(0, len(item.data), step))
            self._next()
        else:
            super().take(item)

    def wait_s(self, item: Item) -> float:
        return len(item.data) / self.per_s if item is not None and self.per_s else 0.0


@dataclass
class SlowClose(Attributes):
    """Delays the end of the stream by `delay` milliseconds."""

    delay: int = 0

    def stage(self, line: Line, carried: Stage | None) -> Stage:
        """A stage that holds the end."""
        return _SlowCloseStage(line, self)


class _SlowCloseStage(_Delayed):
    def __init__(self, line: Line, attributes: SlowClose) -> None:
        super().__init__(line)
        self.attributes = attributes

    def wait_s(self, item: Item) -> float:
        return self.attributes.delay * MILLISECOND if item is None else 0.0


@dataclass
class Timeout(Attributes):
    """Lets nothing through, and closes the connection after `timeout` milliseconds; 0: when the toxic is removed."""

    timeout: int = 0

    def stage(self, line: Line, carried: Stage | None) -> Stage:
        """A stage that drops all data."""
        return _TimeoutStage(line, self)


class _TimeoutStage(Stage):
    def __init__(self, line: Line, attributes: Timeout) -> None:
        super().__init__(line)
        wait = attributes.timeout * MILLISECOND
        self.timer = line.loop.call_later(wait, line.close) if wait > 0 else None

    def take(self, item: Item) -> None:
        if item is None:
            self.give(None)
        else:
            self.line.drop(len(item.data))

    def retire(self) -> None:
        if self.timer is not None:
            self.timer.cancel()

    def removed(self) -> None:
        self.line.close()


@dataclass
class ResetPeer(Attributes):
    """Resets the connection `timeout` milliseconds after the first data, or the end, arrives."""

    timeout: int = 0

    def stage(self, line: Line, carried: Stage | None) -> Stage:
        """A stage that drops all data and resets."""
        return _ResetPeerStage(line, self)


class _ResetPeerStage(Stage):
    def __init__(self, line: Line, attributes: ResetPeer) -> None:
        super().__init__(line)
        self.wait = max(attributes.timeout, 0) * MILLISECOND
        self.timer: asyncio.TimerHandle | None = None

    def take(self, item: Item) -> None:
        if item is not None:
            self.line.drop(len(item.data))
        if self.timer is None:
            self.timer = self.line.loop.call_later(self.wait, self.line.reset)

    def retire(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.line.reset()  # it had begun: the data that set it off is gone


@dataclass
class Slicer(Attributes):
    """Cuts data into pieces of `average_size` ± `size_variation` bytes, with `delay` microseconds between them."""

    average_size: int = 0
    size_variation: int = 0
    delay: int = 0

    def stage(self, line: Line, carried: Stage | None) -> Stage:
        """A stage that slices."""
        return _SlicerStage(line, self)


class _SlicerStage(_Delayed):
    def __init__(self, line: Line, attributes: Slicer) -> None:
        super().__init__(line)
        self.attributes = attributes

    def take(self, item: Item) -> None:
        if item is None:
            self.held.append(None)
        else:
            self.held.extend(Chunk(piece, item.at) for piece in self._pieces(item.data))
        self._next()

    def _pieces(self, data: bytes) -> list[bytes]:
        average, variation = self.attributes.average_size, max(self.attributes.size_variation, 0)
        pieces, begin = [], 0
        while begin < len(data):
            size = max(1, average + random.randint(-variation, variation)) if average > 0 else len(data)
            pieces.append(data[begin : begin + size])
            begin += size
        return pieces

    def wait_s(self, item: Item) -> float:
        return self.attributes.delay * MICROSECOND if item is not None else 0.0


@dataclass
class LimitData(Attributes):
    """Closes the connection once `bytes` bytes have passed."""

    bytes: int = 0

    def stage(self, line: Line, carried: Stage | None) -> Stage:
        """A stage that counts; what has passed before a change of the toxic counts."""
        return _LimitDataStage(line, self, carried.passed if isinstance(carried, _LimitDataStage) else 0)


class _LimitDataStage(Stage):
    def __init__(self, line: Line, attributes: LimitData, passed: int) -> None:
        super().__init__(line)
        self.limit, self.passed = attributes.bytes, passed

    def take(self, item: Item) -> None:
        if item is None:
            self.give(None)
            return
        rest = max(self.limit - self.passed, 0)
        self.passed += min(rest, len(item.data))
        self.line.drop(max(len(item.data) - rest, 0))
        if rest:
            self.give(Chunk(item.data[:rest], item.at))
        if self.passed >= self.limit:
            self.give(None)


TYPES: Mapping[str, type[Attributes]] = MappingProxyType(
    {
        "latency": Latency,
        "bandwidth": Bandwidth,
        "slow_close": SlowClose,
        "timeout": Timeout,
        "reset_peer": ResetPeer,
        "slicer": Slicer,
        "limit_data": LimitData,
    }
)
"""The attributes of each type of toxic; the eighth, taking a proxy down, is the proxy's own `enabled`."""


@dataclass
class Toxic:
    """A toxic on one `stream` of a proxy, `upstream` (from the client) or `downstream` (to it), on a share `toxicity` of the
    connections."""

    STREAMS: ClassVar[tuple[str, str]] = ("upstream", "downstream")

    name: str
    type: str
    stream: str
    toxicity: float
    attributes: Attributes

    def drawn(self) -> bool:
        """Whether it acts on a connection, by chance."""
        return random.random() < self.toxicity

    def shown(self) -> dict[str, object]:
        """As the API shows it."""
        toxicity = int(self.toxicity) if self.toxicity == int(self.toxicity) else self.toxicity
        values = {field.name: getattr(self.attributes, field.name) for field in fields(self.attributes)}
        return {"attributes": values, "name": self.name, "type": self.type, "stream": self.stream, "toxicity": toxicity}
