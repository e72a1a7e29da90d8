"""Where intents come from: open streams, backlogs, closed populations."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import simcore.model.architecture as file
from simcore.base.units import MINUTE
from simcore.model.workload import Closed, FlowLoad

from .chance import MASK, combine, draw, mix, name, rounded, sample
from .state import Intent, Task
from .tasks import Tasks
from .world import ARRIVAL


class Arrivals(Tasks):
    """The streams of intents."""

    def start_arrivals(self, flow: str, load: FlowLoad, stream: int) -> None:
        if load.closed:
            for client in range(load.closed.clients):
                self.think(flow, load.closed, stream, client, 0)
        elif load.rate is None:
            raise ValueError("the twin has no curves")
        elif load.rate > 0:
            self.next_open(flow, load.rate, stream, 0, self.case.start)
        if load.backlog and load.backlog.count:
            self.next_backlog(flow, load, stream + 2, 0)

    def root(self, stream_name: str, n: int) -> int:
        return combine(combine(mix(self.case.seed & MASK) ^ name("intent"), name(stream_name)), n)

    def next_open(self, flow: str, rate: float, stream: int, n: int, last: int) -> None:
        """Intent n of an open stream comes an exponential gap after the last, measured in the integral of the rate."""
        root, when = self.root(flow, n), last
        gap = -math.log(draw(combine(root, name("gap"))))
        while gap > (left := rate * (MINUTE - when % MINUTE) / 1e9):
            gap -= left
            when += MINUTE - when % MINUTE
        when += rounded(gap / rate * 1e9)

        def arrive() -> None:
            self.submit(flow, root, None)
            self.next_open(flow, rate, stream, n + 1, when)

        self.at(when - self.now, ARRIVAL, stream, 0, arrive)

    def next_backlog(self, flow: str, load: FlowLoad, stream: int, n: int) -> None:
        assert load.backlog is not None

        def arrive() -> None:
            self.submit(flow, self.root(f"{flow}/backlog", n), None)
            if n + 1 < load.backlog.count:  # type: ignore[union-attr]
                self.next_backlog(flow, load, stream, n + 1)

        self.at(self.case.start + n * load.backlog.over // load.backlog.count - self.now, ARRIVAL, stream, 0, arrive)

    def think(self, flow: str, closed: Closed, stream: int, client: int, i: int) -> None:
        """Client `client` thinks, then submits its intent i; it thinks again when that is answered."""
        root = self.root(flow, (client << 32) + i)
        again = partial(self.think, flow, closed, stream, client, i + 1)
        think = sample(closed.think, combine(root, name("think")))
        self.at(think, ARRIVAL, stream, client << 36, partial(self.submit, flow, root, again))

    def submit(self, flow: str, root: int, closed: Callable[[], None] | None) -> None:
        intent = Intent(len(self.intents) + 1, flow, root, self.now, self.customer(root), closed)
        self.intents.append(intent)
        instance, target = self.instances["client"][0], self.targets[f"client.{flow}"]
        assert isinstance(target.model, file.Flow)
        self.start(Task(intent, instance, target, root, root, target.model.priority, self.now))
