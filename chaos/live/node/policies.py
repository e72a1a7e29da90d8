"""What bounds and guards calls at a node: pools, rate limits, breakers, retry budgets. Times are ns, as the run counts them."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from operator import attrgetter

from chaos.live.node import program

Now = Callable[[], int]
UNLIMITED = 1 << 40
"""How the journal writes a pool without a bound (simcore.kernel.records)."""
_POOL_WORDS = "busy granted refused waited busy_ns queue_ns full_ns wait_ns hold_ns peak_busy peak_queue second_busy second_queue"
_COUNTED = tuple(_POOL_WORDS.split())
_counted_of: Callable[[object], tuple[int, ...]] = attrgetter(*_COUNTED)
POOL_COUNTERS = (*_COUNTED, "queue", "slots", "queue_limit")
LIMIT_COUNTERS = ("passed", "deferred", "refused")


@dataclass(eq=False)
class Place:
    """A place in a pool's queue; `outcome` becomes "granted", or why it was given up."""

    priority: int
    since: int
    outcome: asyncio.Future[str]


@dataclass(eq=False)
class Slots:
    """A pool at this node, with its queue and the counters that the journal keeps of it."""

    made: program.Pool
    now: Now
    slots: float = field(init=False)
    limit: float = field(init=False)
    queue: list[Place] = field(default_factory=list)
    busy: int = 0
    granted: int = 0
    refused: int = 0
    waited: int = 0
    wait_ns: int = 0
    hold_ns: int = 0
    busy_ns: int = 0
    queue_ns: int = 0
    full_ns: int = 0
    peak_busy: int = 0
    peak_queue: int = 0
    second_busy: int = 0
    second_queue: int = 0
    last: int = field(init=False)

    def __post_init__(self) -> None:
        self.slots = math.inf if self.made.slots is None else self.made.slots
        self.limit = math.inf if self.made.queue is None else self.made.queue
        self.last = self.now()

    def account(self) -> None:
        """Brings the integrals up to now: before `busy`, `queue` or `slots` changes, and before they are read."""
        now = self.now()
        elapsed, self.last = now - self.last, now
        self.busy_ns += self.busy * elapsed
        self.queue_ns += len(self.queue) * elapsed
        self.full_ns += elapsed if self.busy >= self.slots else 0

    @property
    def free(self) -> bool:
        """Whether a slot can be had at once."""
        return self.busy < self.slots and not self.queue

    @property
    def is_full(self) -> bool:
        """Whether nobody more may wait."""
        return len(self.queue) >= self.limit

    def take(self) -> None:
        """A slot is in use."""
        self.account()
        self.busy += 1
        self.granted += 1
        self.peak_busy, self.second_busy = max(self.peak_busy, self.busy), max(self.second_busy, self.busy)

    def give_back(self, since: int) -> None:
        """A slot that was held since then is free, and goes to the next in the queue."""
        self.account()
        self.busy -= 1
        self.hold_ns += self.now() - since
        self.grant()

    def grant(self) -> None:
        """Free slots go to the head of the queue."""
        while self.queue and self.busy < self.slots:
            place = self.queue[0]
            self._leave(place)
            self.take()
            place.outcome.set_result("granted")

    def join(self, priority: int) -> Place:
        """Into the queue, before those whom the discipline puts behind."""
        self.account()
        place, at = Place(priority, self.now(), asyncio.get_running_loop().create_future()), len(self.queue)
        if self.made.discipline == "lifo":
            at = 0
        elif self.made.discipline == "priority":
            at = sum(other.priority >= priority for other in self.queue)
        self.queue.insert(at, place)
        self.waited += 1
        waiting = len(self.queue)
        self.peak_queue, self.second_queue = max(self.peak_queue, waiting), max(self.second_queue, waiting)
        return place

    def give_up(self, place: Place, why: str) -> None:
        """Whoever waits does so no longer."""
        if not place.outcome.done():
            self._leave(place)
            place.outcome.set_result(why)

    def _leave(self, place: Place) -> None:
        self.account()
        self.queue.remove(place)
        self.wait_ns += self.now() - place.since

    def counted(self) -> tuple[int, ...]:
        """Its counters as of now, in the order of POOL_COUNTERS."""
        self.account()
        queue = len(self.queue)
        slots, limit = (UNLIMITED if bound == math.inf else int(bound) for bound in (self.slots, self.limit))
        return (*_counted_of(self), queue, slots, limit)

    def set_slots(self, slots: float) -> None:
        """So many slots from now on; those in use run out."""
        self.account()
        self.slots = slots
        self.grant()


class RateLimiter:
    """A rate limit by the generic cell rate algorithm."""

    def __init__(self, made: program.Limit) -> None:
        self.made, self.next = made, 0
        self.passed = self.deferred = self.refused = 0
        self.set_rate(made.rate)

    def counted(self) -> tuple[int, ...]:
        """Its counters, in the order of LIMIT_COUNTERS."""
        return self.passed, self.deferred, self.refused

    def set_rate(self, per_second: float) -> None:
        """So many a second from now on."""
        self.interval = max(1, round(1e9 / per_second))

    def wait(self, now: int) -> int | None:
        """How long to wait, ns (0: it passes); None: refused."""
        due = max(self.next, now)
        wait = max(0, due - (self.made.burst - 1) * self.interval - now)
        if wait and (not self.made.defers or (self.made.max_wait is not None and wait > self.made.max_wait)):
            self.refused += 1
            return None
        self.next = due + self.interval
        self.passed += 1
        self.deferred += wait > 0
        return wait


class CircuitBreaker:
    """The breaker of one call site at this node."""

    def __init__(self, made: program.Breaker) -> None:
        self.made = made
        self.outcomes: deque[bool] = deque(maxlen=made.window)
        self.opened: int | None = None
        self.probing = False
        self.successes = 0

    def admit(self, now: int) -> str:
        """`call`, `probe`, or nothing: it is turned away."""
        if self.opened is None:
            return "call"
        if self.probing or now < self.opened + self.made.open_for:
            return ""
        self.probing = True
        return "probe"

    def note(self, admitted_as: str, success: bool, now: int) -> str:
        """The outcome of an admitted attempt. Returns what became of the breaker by it: opened, closed, or nothing."""
        if admitted_as == "probe":
            self.probing = False
            self.successes = self.successes + 1 if success else 0
            if not success:
                self.opened = now
                return "opened"
            if self.successes >= self.made.probes:
                self.opened, self.successes = None, 0
                return "closed"
        elif self.opened is None:
            self.outcomes.append(success)
            count = len(self.outcomes)
            if count >= self.made.min_calls and self.outcomes.count(False) >= self.made.failure_rate * count:
                self.opened = now
                self.outcomes.clear()
                return "opened"
        return ""


class Budget:
    """A retry budget, in millionths of a retry."""

    def __init__(self, ratio: int, burst: int) -> None:
        self.ratio, self.burst, self.tokens = ratio, burst, burst

    def earn(self) -> None:
        """A first attempt."""
        self.tokens = min(self.burst, self.tokens + self.ratio)

    def spend(self) -> bool:
        """A retry, if there is enough."""
        if self.tokens < 1_000_000:
            return False
        self.tokens -= 1_000_000
        return True
