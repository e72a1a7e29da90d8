"""The customers: they want something at the times of the plan, whatever became of what they wanted before (an open loop), and note what
they saw. Latency counts from when an intent was due, not from when this process came to it."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable, Iterable
from typing import NamedTuple

from chaos.live.node import chance, program
from chaos.live.node.interpreter import FailedError, Interpreter, Task
from chaos.live.node.messages import Intent

OUTCOMES = ("pending", "confirmed", "rejected", "blocked", "failed", "unknown")
"""What a customer may know of an intent, in the order of the journal's numbers."""


class Arrival(NamedTuple):
    """An intent of the plan: its number, that of its flow, the hash that its chance comes from, who, and when it is due, ns. `extra`: it came
    by a factor on the flow's rate."""

    request: int
    flow: int
    root: int
    customer: int
    due: int
    extra: bool = False


class Kept(NamedTuple):
    """So many intents of a flow, by its number, do not come at a time, ns, because of a factor on the flow's rate."""

    flow: int
    at: int
    intents: int


class Seen(NamedTuple):
    """What the customer saw of an intent. `late`: by how much it began after it was due, ns; `answered`: ns, -1 before the answer."""

    arrival: Arrival
    answered: int
    outcome: str
    code: str
    attempts: int
    late: int


class Customers:
    """All customers of a run, at the one instance that they are. `saw` is called when an intent begins, and again when it has ended."""

    def __init__(self, at: Interpreter, saw: Callable[[Seen], None]) -> None:
        self.at, self.saw = at, saw
        self.blueprint = at.blueprint
        self.flows = {flow.number: flow for flow in at.blueprint.flows.values()}
        self._expected: list[tuple[int, int, Arrival | Kept]] = []
        self._timer: asyncio.TimerHandle | None = None

    def expect(self, arrivals: Iterable[Arrival]) -> None:
        """These will come when they are due."""
        for arrival in arrivals:
            heapq.heappush(self._expected, (arrival.due, arrival.request, arrival))
        self.wake()

    def expect_fewer(self, kept: Iterable[Kept]) -> None:
        """These do not come: they are counted when they would have come."""
        for away in kept:
            heapq.heappush(self._expected, (away.at, -1 - away.flow, away))
        self.wake()

    def wake(self) -> None:
        """Waits for the next that is due by the clock as it is now. One timer for all: a loop with a timer for each is slow."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.at.clock.at(self._expected[0][0], self._come) if self._expected else None

    def _come(self) -> None:
        self._timer, now = None, self.at.clock.now()
        while self._expected and self._expected[0][0] <= now:
            next_one = heapq.heappop(self._expected)[2]
            if isinstance(next_one, Kept):
                self.at.counters.flow(self.flows[next_one.flow].name).rate_changed += next_one.intents
            else:
                self.at.begin(self._intend(next_one))
        self.wake()

    def expect_no_more(self) -> None:
        """Nobody else comes."""
        self._expected.clear()
        self.wake()

    async def _intend(self, arrival: Arrival) -> None:
        flow, now = self.flows[arrival.flow], self.at.clock.now()
        count = self.at.counters.flow(flow.name)
        count.started += 1
        count.pending += 1
        count.rate_changed += arrival.extra
        late = max(0, now - arrival.due)
        self.saw(Seen(arrival, -1, "pending", "ok", 0, late))
        seen = await self.outcome(arrival, late)
        count.pending -= 1
        count.latency_ns_sum += seen.answered - arrival.due
        field = "ok" if seen.outcome == "confirmed" else seen.outcome
        setattr(count, field, getattr(count, field) + 1)
        if seen.outcome == "confirmed":
            self.at.counters.took("flow", flow.name, seen.answered - arrival.due)
        self.saw(seen)

    async def outcome(self, arrival: Arrival, late: int = 0) -> Seen:
        """Carries an intent out, and says what the customer saw."""
        flow = self.flows[arrival.flow]
        operation = self.at.operations[flow.name]
        intent = Intent(arrival.request, arrival.flow, arrival.root, arrival.customer, buys(self.blueprint, flow, arrival.root))
        task, unit, began = (
            Task(intent, operation, arrival.root, arrival.root, flow.priority),
            self.at.counters.unit,
            self.at.clock.now(),
        )
        unit.live += 1
        code, outcome = "ok", "confirmed"
        try:
            await self.at.steps(task, operation.steps)
        except FailedError as failure:
            code = failure.code
            unsure = code in ("timeout", "reset") or task.touched or task.in_doubt
            outcome = "rejected" if code == "rejected" else "blocked" if failure.blocked else "unknown" if unsure else "failed"
        self.at.end(task, code, began)
        return Seen(arrival, max(arrival.due, self.at.clock.now()), outcome, code, task.tries, late)


def buys(blueprint: program.Blueprint, flow: program.Flow, root: int) -> bool:
    """Whether an intent buys, or pays in: drawn as the ledger draws it (simcore.kernel.ledger.intents)."""
    if flow.kind == "probe":
        return True
    if flow.kind in ("transfer", "fund"):
        return chance.draw(chance.combine(root, chance.name("intent/direction"))) < blueprint.books.deposit_share
    return chance.draw(chance.combine(root, chance.name("order")), 1) < blueprint.books.orders.buy_share
