"""The links as a node sees them: what it asks sets out over them, and its answers go back. Latency, losses and copies are drawn by the
same keys as the simulator's; what the proxies do comes on top."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from chaos.live.node import chance, program
from chaos.live.node.counters import Counters, LinkCount
from chaos.live.node.host import Clock
from chaos.live.node.messages import Message

LOST = "lost"
_INSTANT = program.Link((0.0, 0.0, 0.0, 0.0), 0.0, 0.0, 0.0)


@dataclass
class Way:
    """A link's present state. A cut that loses is made here, because no proxy can; what comes to another is counted, and the proxy's."""

    made: program.Link
    loss_request: float
    loss_answer: float
    duplication: float
    factor: float = 1.0
    cut_request: str | None = None
    cut_answer: str | None = None


class Links:
    """All links that a node uses, in either role."""

    def __init__(self, blueprint: program.Blueprint, clock: Clock, counters: Counters) -> None:
        self.blueprint, self.clock, self.counters = blueprint, clock, counters
        self.ways: dict[str, Way] = {}

    def way(self, source: str, target: str) -> Way:
        """The link between two services; without one in the file it takes no time."""
        label = f"{source}-{target}"
        if label not in self.ways:
            made = self.blueprint.links.get(label, _INSTANT)
            self.ways[label] = Way(made, made.loss_request, made.loss_answer, made.duplication)
        return self.ways[label]

    def set_out(self, message: Message, service: str, arrive: Callable[[], object]) -> bool:
        """Sends a request or message on its way; `arrive` is called when it is there. Returns whether it will be."""
        way = self.way(message.source, service)
        count = self._count(message.source, service)
        if count is not None:
            count.sent += 1
        lost = self._hits(message, service, "lost_request", way.loss_request, "loss-request", message.delivery)
        if lost or way.cut_request == LOST:
            if count is not None:
                count.lost_request += 1
            return False
        if count is not None and way.cut_request is not None:
            count.held_request += 1
        self._after(way, message, "link-request", arrive)
        return True

    def copies(self, message: Message, service: str) -> bool:
        """Whether the link makes a copy of what sets out."""
        share = 0.0 if message.copy else self.way(message.source, service).duplication
        copied = self._hits(message, service, "duplicated", share, "duplicate-draw")
        count = self._count(message.source, service)
        if copied and count is not None:
            count.duplicated += 1
        return copied

    def go_back(self, message: Message, service: str, arrive: Callable[[], object]) -> None:
        """Sends an answer back, unless it is lost."""
        way, count = self.way(message.source, service), self._count(message.source, service)
        lost = self._hits(message, service, "lost_answer", way.loss_answer, "loss-answer")
        if lost or way.cut_answer == LOST:
            if count is not None:
                count.lost_answer += 1
            return
        if count is not None and way.cut_answer is not None:
            count.held_answer += 1
        self._after(way, message, "link-answer", arrive)

    def _hits(self, message: Message, service: str, field: str, share: float, purpose: str, n: int = 0) -> bool:
        """Whether a share of what goes over a link hits a message; whoever contributes to it is credited."""
        if share <= 0.0 or (draw := chance.uniform(message.path, purpose, n)) >= share:
            return False
        self.counters.credits.drawn(f"link/{message.source}-{service}/{field}", draw)
        return True

    def _count(self, source: str, service: str) -> LinkCount | None:
        label = f"{source}-{service}"
        return self.counters.link(label) if label in self.blueprint.links else None

    def _after(self, way: Way, message: Message, purpose: str, action: Callable[[], object]) -> None:
        latency = chance.sample(way.made.latency, chance.combine(message.path + chance.name(purpose) & chance.MASK, 0))
        delay = math.floor(latency * way.factor + 0.5)
        if delay:
            self.clock.at(self.clock.now() + delay, action)
        else:
            action()
