"""What a sender keeps until it is settled: messages of quality of service 1; and what it has not sent yet of service 0."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable

from chaos.live.mqtt.messages import WINDOW

_RESEND_DOUBLINGS = 3


class Outgoing:
    """A message on its way. `number` is 0 with quality of service 0; `waiting` are the receivers that have not acknowledged it; `settled`
    is called when it is settled."""

    __slots__ = ("data", "due_s", "number", "queued", "sends", "settled", "taken", "topic", "waiting")

    def __init__(
        self,
        topic: str,
        data: bytes,
        number: int = 0,
        waiting: Iterable[str] = (),
        settled: Callable[[], None] = lambda: None,
    ) -> None:
        self.topic, self.data, self.number, self.waiting, self.settled = topic, data, number, set(waiting), settled
        self.queued, self.taken = True, False
        self.sends, self.due_s = 0, 0.0


class Outbox:
    """At most `bound` messages of each quality of service. One of service 1 stays until the broker has taken it and all its receivers
    have acknowledged it; without their word it is sent again after `resend_s`, then after twice, four and eight times as long."""

    def __init__(self, bound: int, resend_s: float) -> None:
        self.bound, self.resend_s = min(bound, WINDOW), resend_s
        self._unsettled: dict[int, Outgoing] = {}
        self._queue: deque[Outgoing] = deque()
        self._unsure, self._number = 0, 0
        self._some, self._room, self._empty = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._room.set()
        self._empty.set()

    def __len__(self) -> int:
        """How many messages of quality of service 1 are not settled."""
        return len(self._unsettled)

    def offer(self, topic: str, data: bytes) -> bool:
        """Queue a message of quality of service 0, if there is room."""
        if self._unsure >= self.bound:
            return False
        self._unsure += 1
        self._push(Outgoing(topic, data))
        return True

    async def number(self) -> int:
        """The number of the next message of quality of service 1, as soon as there is room for it: `put` uses it up."""
        while not self._has_room():
            self._room.clear()
            await self._room.wait()
        return self._number + 1

    def put(self, outgoing: Outgoing) -> None:
        """Queue a message of quality of service 1."""
        self._number = outgoing.number
        self._unsettled[outgoing.number] = outgoing
        self._empty.clear()
        self._push(outgoing)

    def _has_room(self) -> bool:
        oldest = next(iter(self._unsettled), self._number)
        return len(self._unsettled) < self.bound and self._number + 1 - oldest < WINDOW

    def _push(self, outgoing: Outgoing) -> None:
        outgoing.queued = True
        self._queue.append(outgoing)
        self._some.set()

    async def next(self) -> Outgoing:
        """The next message to send."""
        while True:
            while not self._queue:
                self._some.clear()
                await self._some.wait()
            outgoing = self._queue.popleft()
            outgoing.queued = False
            self._unsure -= outgoing.number == 0
            if outgoing.number == 0 or outgoing.number in self._unsettled:
                return outgoing

    def taken(self, outgoing: Outgoing, now_s: float) -> bool:
        """The broker has it: whether it is settled thereby."""
        outgoing.taken = True
        outgoing.due_s = now_s + self.resend_s * 2 ** min(outgoing.sends - 1, _RESEND_DOUBLINGS)
        return outgoing.number != 0 and self._settle(outgoing)

    def acknowledged(self, number: int, receiver: str) -> bool:
        """A receiver has it: whether it is settled thereby. A number that is not known is an old one."""
        outgoing = self._unsettled.get(number)
        if outgoing is None or receiver not in outgoing.waiting:
            return False
        outgoing.waiting.remove(receiver)
        outgoing.taken |= not outgoing.waiting  # it cannot have come from elsewhere
        return self._settle(outgoing)

    def _settle(self, outgoing: Outgoing) -> bool:
        if outgoing.waiting or not outgoing.taken:
            return False
        settled = self._unsettled.pop(outgoing.number, None) is not None
        if settled:
            outgoing.settled()
        if not self._unsettled:
            self._empty.set()
        if self._has_room():
            self._room.set()
        return settled

    def again(self) -> None:
        """A new connection: whatever is not settled is sent again, in the order of its numbers, before what waits still."""
        waiting = [outgoing for outgoing in self._queue if outgoing.number == 0]
        self._queue.clear()
        for outgoing in (*self._unsettled.values(), *waiting):
            self._push(outgoing)

    def again_for(self, receiver: str) -> None:
        """A receiver has just subscribed: what it has not acknowledged is sent again."""
        self._repeat(outgoing for outgoing in self._unsettled.values() if receiver in outgoing.waiting)

    def again_after(self, now_s: float) -> None:
        """What has waited too long for its receivers is sent again."""
        self._repeat(outgoing for outgoing in self._unsettled.values() if outgoing.taken and outgoing.due_s <= now_s)

    def _repeat(self, some: Iterable[Outgoing]) -> None:
        for outgoing in [outgoing for outgoing in some if not outgoing.queued and outgoing.taken]:
            self._push(outgoing)

    async def until_settled(self) -> None:
        """Returns when nothing of quality of service 1 is under way."""
        while self._unsettled:
            await self._empty.wait()
