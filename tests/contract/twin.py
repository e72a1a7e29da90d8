"""The executable specification: docs/semantics.md once more, as plain SimPy, independent of the kernel and of the plan.

`simulate(case)` runs a validated architecture and workload and returns every request and every task. It is slow and meant to
be read beside the page. Outside it: gamma, arrivals by a curve, attributes of instruments, effects other than `record`.
"""

from __future__ import annotations

import hashlib
import math
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property, partial, partialmethod
from typing import Any

import simpy

import simcore.architecture as file
from simcore.units import MINUTE, SECOND
from simcore.workload import Closed, FlowLoad, Workload

Suspended = Generator[Any, Any, Any]

# --- what goes in and what comes out ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """A run: models, seed, first and last instant (ns), and faults `{at: ns, do: NAME, ...}`, NAME a knob of Injection."""

    architecture: file.Architecture
    workload: Workload
    seed: int
    start: int
    end: int
    faults: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, order=True)
class RequestRecord:
    """One intent: submitted and answered (ns; None: not before the end), what the client saw (`pending`: nothing yet), its
    last code ("" while pending), effects so far."""

    request: int
    flow: str
    submitted: int
    answered: int | None
    outcome: str
    code: str
    records: int


@dataclass(frozen=True, order=True)
class Span:
    """One task that ended before the run did; times in ns, `path` unsigned 64 bits, `unit` as service#replica."""

    request: int
    path: int
    unit: str
    operation: str
    arrived: int
    ended: int
    code: str


@dataclass(frozen=True)
class PoolTotals:
    """Grants, refusals, most slots in use, and the integrals over time of slots in use and of the queue (slot·ns)."""

    granted: int
    refused: int
    peak_busy: int
    busy_integral: int
    queue_integral: int


@dataclass(frozen=True)
class Result:
    """Requests by number, spans by (request, path), totals of the pools that were ever asked for a slot."""

    requests: list[RequestRecord]
    spans: list[Span]
    pools: dict[str, PoolTotals]


# --- chance -------------------------------------------------------------------------------------------------------------

MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15
Z_99 = 2.3263478740408408


def mix(x: int) -> int:
    """The finaliser of SplitMix64."""
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 & MASK
    x = (x ^ x >> 27) * 0x94D049BB133111EB & MASK
    return x ^ x >> 31


def combine(h: int, v: int) -> int:
    """Hash of a hash and a number; both are taken modulo 2^64."""
    h, v = h & MASK, v & MASK
    return mix(((h ^ (v * GOLDEN & MASK)) + 0x632BE59BD9B4E019) & MASK)


def name(text: str) -> int:
    """Hash of a name."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def draw(key: int, j: int = 0) -> float:
    """Draw j of a key: uniform in (0, 1)."""
    bits = key & MASK if j == 0 else mix(key + j * GOLDEN & MASK)
    return ((bits >> 11) + 0.5) * 2.0**-53


def rounded(duration_ns: float) -> int:
    """Nearest nanosecond, halves up."""
    return math.floor(duration_ns + 0.5)


def running_share(weights: Iterable[float], u: float) -> int:
    """Index of the first weight whose running share exceeds u."""
    weights = list(weights)
    total, running = sum(weights), 0.0
    for index, weight in enumerate(weights):
        running += weight
        if u < running / total:
            return index
    return len(weights) - 1


def inverse_normal(p: float) -> float:
    """P. J. Acklam's rational approximation of the normal quantile, without refinement; relative error below 1.15e-9."""
    a = -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.3577518672690, -30.66479806614716, 2.506628277459239
    b = -54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572, 1.0
    c = -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968, 2.938163982698783
    d = 0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1.0

    def polynomial(coefficients: tuple[float, ...], x: float) -> float:
        value = 0.0
        for coefficient in coefficients:
            value = value * x + coefficient
        return value

    if p < 0.02425:
        q = math.sqrt(-2.0 * math.log(p))
        return polynomial(c, q) / polynomial(d, q)
    if p > 1.0 - 0.02425:
        q = math.sqrt(-2.0 * math.log(1.0 - p))
        return -polynomial(c, q) / polynomial(d, q)
    q = p - 0.5
    return q * polynomial(a, q * q) / polynomial(b, q * q)


def sample(distribution: file.Distribution, key: int) -> int:
    """A duration (ns) of the distribution by the draws of the key."""
    value: Any = getattr(distribution, distribution.kind)
    match distribution.kind:
        case "constant":
            return int(value)
        case "exponential":
            return rounded(-value * math.log(draw(key)))
        case "uniform":
            return rounded(value[0] + (value[1] - value[0]) * draw(key))
        case "erlang":
            return rounded(-(value.mean / value.stages) * sum(math.log(draw(key, j)) for j in range(value.stages)))
        case "hyperexponential":
            p, first, second = value.phases()
            return rounded(-(first if draw(key) < p else second) * math.log(draw(key, 1)))
        case "lognormal":
            if value.median is not None:
                mu, sigma = math.log(value.median), math.log(value.p99 / value.median) / Z_99
            else:
                sigma = math.sqrt(math.log(1.0 + value.scv))
                mu = math.log(value.mean) - sigma * sigma / 2.0
            return rounded(math.exp(mu + sigma * inverse_normal(draw(key))))
        case "empirical":
            return int(value.values[running_share(value.weights or [1.0] * len(value.values), draw(key))])
    raise ValueError(f"the twin has no sampler for {distribution.kind}")


def alias_table(weights: list[float]) -> tuple[list[float], list[int]]:
    """Vose's thresholds and aliases (M. D. Vose, IEEE Trans. Softw. Eng. 17, 1991)."""
    n, total = len(weights), sum(weights)
    share = [w * n / total for w in weights]
    threshold, alias = [1.0] * n, list(range(n))
    small, large = [i for i in range(n) if share[i] < 1.0], [i for i in range(n) if share[i] >= 1.0]
    while small and large:
        less, more = small.pop(), large.pop()
        threshold[less], alias[less] = share[less], more
        share[more] = share[more] + share[less] - 1.0
        (small if share[more] < 1.0 else large).append(more)
    return threshold, alias


# --- the steps of an operation, unrolled and named ----------------------------------------------------------------------


@dataclass
class Node:
    """A step, its site (`shop.buy/work#0`, `shop.buy/db.write#1`) and its sub-steps: body, cases, branches or fallback."""

    step: Any
    label: str
    site: int  # hash of the label
    branches: list[list[Node]] = field(default_factory=list)


class Naming:
    """Gives each step of one operation its name; a `repeat` is unrolled on the way."""

    def __init__(self, operation: str) -> None:
        self.operation, self.counts = operation, dict[str, int]()

    def nodes(self, steps: list[file.Step]) -> list[Node]:
        """The steps in file order."""
        found = []
        for step in steps:
            if isinstance(step, file.Repeat):
                for _ in range(step.repeat):
                    found += self.nodes(step.steps)
            else:
                label = self.label(step)
                found.append(Node(step, f"{self.operation}/{label}", name(f"{self.operation}/{label}")))
                found[-1].branches = [self.nodes(branch) for branch in self.branches(step)]
        return found

    def label(self, step: Any) -> str:
        """The step's own name (`#i` from its second turn on), else its target or verb with `#i`."""
        given = getattr(step, "name", None)
        kind = given or getattr(step, "call", None) or getattr(step, "send", None) or type(step).__name__.lower()
        key = f"name {given}" if given else kind
        count = self.counts[key] = self.counts.get(key, -1) + 1
        return given if given and count == 0 else f"{kind}#{count}"

    @staticmethod
    def branches(step: Any) -> list[list[file.Step]]:
        match step:
            case file.Hold():
                return [step.steps]
            case file.Choose():
                return [branch.steps for branch in step.choose]
            case file.Route():
                return [*step.cases.values(), *([step.default] if step.default is not None else [])]
            case file.Call():
                return [step.fallback] if step.fallback is not None else []
        return []


# --- what holds state ---------------------------------------------------------------------------------------------------


class Failed(Exception):
    """The task fails: with the code of what failed, answering `answer` to its caller."""

    def __init__(self, code: str, answer: str = "error", blocked: bool = False) -> None:
        self.code, self.blocked = code, blocked
        self.answer = code if code in ("rejected", "deadline") else answer


@dataclass(frozen=True)
class Answer:
    """What comes back from an attempt."""

    code: str
    touched: bool = False
    in_doubt: bool = False


@dataclass
class Intent:
    """One request of a client. `records` counts the `record` effects made on its behalf."""

    number: int
    flow: str
    root: int
    submitted: int
    customer: int
    closed: Callable[[], None] | None
    answered: int | None = None
    outcome: str = "pending"
    code: str = ""
    records: int = 0


@dataclass
class Attempt:
    """One attempt of a call: what a timeout, an answer and a place in the connection's queue belong to."""

    task: Task
    expired: bool = False


@dataclass(frozen=True)
class Message:
    """A request on its way to a unit of `target`: of a call (with its attempt) or of a send (without)."""

    intent: Intent
    source: str
    target: Target
    path: int
    luck: int
    priority: int
    deadline: int | None = None
    attempt: Attempt | None = None
    durable: bool = False
    copy: bool = False
    redelivery: int = 0
    first_path: int = 0


@dataclass(eq=False)
class Task:
    """One execution of an operation at a unit. `waiting` is what it waits for, None while it runs or is parked."""

    intent: Intent
    unit: Unit
    target: Target
    path: int
    luck: int
    priority: int
    arrived: int
    deadline: int | None = None
    message: Message | None = None
    process: Suspended | None = None
    waiting: Any = None
    held: list[Slots] = field(default_factory=list)
    first: Remembered | None = None
    touched: bool = False
    in_doubt: bool = False
    wrote: bool = False
    unanswered: bool = False


@dataclass
class Target:
    """An operation of a service (or a flow of `client`), `service.operation`, with its named steps."""

    name: str
    model: file.Operation | file.Flow
    nodes: list[Node]
    may_have_effects: bool = False

    @property
    def service(self) -> str:
        return self.name.partition(".")[0]


@dataclass(eq=False)
class Place:
    """A task's place in a queue; `attempt` if the timeout of an attempt takes it away."""

    task: Task
    slots: Slots
    attempt: Attempt | None
    granted: bool = False


class Slots:
    """One instance of a pool."""

    def __init__(self, env: simpy.Environment, model: file.Pool, start: int) -> None:
        self.env, self.discipline = env, model.discipline
        self.slots: float = math.inf if model.slots == "unlimited" else model.slots
        self.limit: float = math.inf if model.queue == "unbounded" else model.queue
        self.queue: list[Place] = []
        self.open = True
        self.busy = self.granted = self.refused = self.peak = self.busy_integral = self.queue_integral = 0
        self.since = start

    def account(self, until: float | None = None) -> None:
        """Bring the integrals up to now; to be done before busy or queue changes."""
        until = int(self.env.now if until is None else until)
        elapsed, self.since = until - self.since, until
        self.busy_integral += self.busy * elapsed
        self.queue_integral += len(self.queue) * elapsed

    @property
    def free(self) -> bool:
        return self.open and self.busy < self.slots

    def take(self) -> None:
        self.account()
        self.busy += 1
        self.granted += 1
        self.peak = max(self.peak, self.busy)

    def give_back(self) -> None:
        self.account()
        self.busy -= 1

    def join(self, place: Place) -> None:
        """Into the queue, before those whom the discipline puts behind."""
        self.account()
        at = len(self.queue)
        if self.discipline == "lifo":
            at = 0
        elif self.discipline == "priority":
            at = sum(other.task.priority >= place.task.priority for other in self.queue)
        self.queue.insert(at, place)

    def leave(self, place: Place) -> None:
        self.account()
        self.queue.remove(place)

    def totals(self, end: int) -> PoolTotals:
        self.account(end)
        return PoolTotals(self.granted, self.refused, self.peak, self.busy_integral, self.queue_integral)


class Gcra:
    """A rate limit by the generic cell rate algorithm."""

    def __init__(self, model: file.Limit) -> None:
        self.model, self.tat = model, 0
        self.set_rate(model.rate)

    def set_rate(self, per_second: float) -> None:
        self.interval = round(1e9 / per_second)

    def wait(self, now: int) -> int | None:
        """How long to wait (ns, 0: passes); None: refused."""
        tat = max(self.tat, now)
        wait = max(0, tat - (self.model.burst - 1) * self.interval - now)
        if wait and (self.model.excess == "refuse" or (self.model.max_wait is not None and wait > self.model.max_wait)):
            return None
        self.tat = tat + self.interval
        return wait


class CircuitBreaker:
    """The breaker of one call site at one unit."""

    def __init__(self, model: file.Breaker) -> None:
        self.model = model
        self.outcomes: deque[bool] = deque(maxlen=model.window)
        self.opened: int | None = None
        self.probing = False
        self.successes = 0

    def admit(self, now: int) -> str | None:
        """`call`, `probe`, or None: rejected."""
        if self.opened is None:
            return "call"
        if self.probing or now < self.opened + self.model.open_for:
            return None
        self.probing = True
        return "probe"

    def note(self, admitted_as: str, success: bool, now: int) -> None:
        """The outcome of an admitted attempt."""
        if admitted_as == "probe":
            self.probing = False
            self.successes = self.successes + 1 if success else 0
            if not success:
                self.opened = now
            elif self.successes >= self.model.probes:
                self.opened, self.successes = None, 0
        elif self.opened is None:
            self.outcomes.append(success)
            count = len(self.outcomes)
            if count >= self.model.min_calls and self.outcomes.count(False) >= self.model.failure_rate * count:
                self.opened = now
                self.outcomes.clear()


class Budget:
    """A retry budget, in millionths of a retry."""

    def __init__(self, model: file.RetryBudget) -> None:
        self.ratio, self.burst = rounded(model.ratio * 1e6), rounded(model.burst * 1e6)
        self.tokens = self.burst

    def earn(self) -> None:
        self.tokens = min(self.burst, self.tokens + self.ratio)

    def spend(self) -> bool:
        if self.tokens < 1_000_000:
            return False
        self.tokens -= 1_000_000
        return True


@dataclass(eq=False)
class Remembered:
    """An idempotency key: in flight while `done` is None; then the stored outcome."""

    key: tuple[str, int]
    waiters: list[Task] = field(default_factory=list)
    done: int | None = None
    answer: Answer = Answer("")


@dataclass(eq=False)
class Wire:
    """A link's present state; `model` is the file's."""

    model: file.Link
    loss: dict[str, float]
    duplication: float
    partition: dict[str, bool] = field(default_factory=lambda: {"request": False, "answer": False})
    latency_factor: float = 1.0
    latency_add: int = 0


@dataclass(eq=False)
class Unit:
    """One replica of a service; the clients are the one unit of `client`."""

    service: str
    replica: int
    in_rotation: bool = True
    contention: float = 0.0
    up: bool = True
    hung: bool = False
    slowdown: float = 1.0
    error_rate: float = 0.0
    grey_share: float = 0.0
    grey_factor: float = 1.0
    tasks: dict[Task, None] = field(default_factory=dict)
    working: int = 0
    parked: list[tuple[Task, Any]] = field(default_factory=list)
    undelivered: list[Message] = field(default_factory=list)
    breakers: dict[int, CircuitBreaker] = field(default_factory=dict)
    budgets: dict[int, Budget] = field(default_factory=dict)


# --- time and order -----------------------------------------------------------------------------------------------------

DONE, ANSWER, REQUEST, WAKE, TIMEOUT, ARRIVAL = range(6)
CONTROL = -1


class Happening(simpy.Event):
    """A SimPy event that succeeds after `delay`, before those of the same instant with a greater key, and calls `action`."""

    def __init__(self, env: simpy.Environment, delay: int, key: int, action: Callable[[], None]) -> None:
        super().__init__(env)
        self._ok, self._value = True, None
        self.callbacks.append(lambda _: action())
        env.schedule(self, priority=key, delay=delay)  # type: ignore[arg-type]  # any integer orders


class Twin:
    """One run. Methods that `yield` suspend the task until `wake` is called with what they yielded."""

    def __init__(self, case: Case) -> None:
        self.case, self.architecture = case, case.architecture
        self.env = simpy.Environment(initial_time=case.start)
        self.ready: deque[Callable[[], None]] = deque()
        self.intents: list[Intent] = []
        self.spans: list[Span] = []
        self.pools: dict[str, Slots] = {}
        self.limits: dict[str, Gcra] = {}
        self.keys: dict[tuple[str, int], Remembered] = {}
        self.picks: dict[str, int] = {}
        self.wires: dict[tuple[str, str], Wire] = {}
        self.closed_gates: set[str | None] = set()
        self.policies: dict[str, dict[str, Any]] = {}
        self.targets = self.all_targets()
        self.units = {service: self.all_units(service, model) for service, model in self.architecture.services.items()}
        self.units["client"] = [Unit("client", 0)]

    @property
    def now(self) -> int:
        return int(self.env.now)

    def run(self) -> Result:
        """Take the events before the end one at a time; empty the ready list after each."""
        for at in sorted({fault["at"] for fault in self.case.faults if fault["at"] >= self.case.start}):
            Happening(self.env, at - self.now, CONTROL, partial(self.control, at))
        for number, flow in enumerate(self.architecture.flows):
            if flow in self.case.workload.flows:
                self.start_arrivals(flow, self.case.workload.flows[flow], 3 * number)
        while self.env.peek() < self.case.end:
            self.env.step()
            while self.ready:
                self.ready.popleft()()
        requests = [RequestRecord(i.number, i.flow, i.submitted, i.answered, i.outcome, i.code, i.records) for i in self.intents]
        pools = {key: slots.totals(self.case.end) for key, slots in sorted(self.pools.items())}
        asked = {key: totals for key, totals in pools.items() if totals.granted or totals.refused or totals.queue_integral}
        return Result(requests, sorted(self.spans), asked)

    def at(self, delay: int, kind: int, request: int, path: int, action: Callable[[], None]) -> None:
        """Do it after the delay, in the order (class, request, top 28 bits of path)."""
        Happening(self.env, delay, (kind << 64 | request) << 28 | path >> 36, action)

    def wake(self, task: Task, waited_for: Any, value: Any = None) -> None:
        """The task goes on, or is parked at a hung unit; nothing happens if it no longer waits for this."""
        if task.waiting is waited_for and waited_for is not None:
            task.waiting = None
            self.go_on(task, value)

    def go_on(self, task: Task, value: Any) -> None:
        if task not in task.unit.tasks:
            return
        if task.unit.hung:
            task.unit.parked.append((task, value))
            return
        assert task.process is not None
        try:
            task.waiting = task.process.send(value)
        except StopIteration:
            task.waiting = None

    def pause(self, task: Task, duration: int, kind: int) -> Suspended:
        """Suspend the task for so long; a duration of 0 is no event."""
        if duration:
            token = object()
            self.at(duration, kind, task.intent.number, task.path, partial(self.wake, task, token))
            yield token

    # --- names to things ---

    def all_targets(self) -> dict[str, Target]:
        """Operations and flows by `service.operation`, and which may have effects: itself or through what it reaches."""
        models: dict[str, file.Operation | file.Flow] = {}
        models |= {f"client.{flow}": model for flow, model in self.architecture.flows.items()}
        for service, served in self.architecture.services.items():
            models |= {f"{service}.{operation}": model for operation, model in served.operations.items()}
        targets = {key: Target(key, model, Naming(key).nodes(model.steps)) for key, model in models.items()}

        def reached(nodes: list[Node]) -> Iterator[Any]:
            for node in nodes:
                yield node.step
                for branch in node.branches:
                    yield from reached(branch)

        for _ in targets:
            for target in targets.values():
                for step in reached(target.nodes):
                    callee = getattr(step, "call", None) or getattr(step, "send", None)
                    reaches_effects = callee is not None and targets[callee].may_have_effects
                    target.may_have_effects |= isinstance(step, file.Effect) or reaches_effects
        return targets

    @staticmethod
    def all_units(service: str, model: file.Service) -> list[Unit]:
        standby = model.standby.replicas if model.standby else 0
        return [Unit(service, i, i < model.replicas, model.contention) for i in range(model.replicas + standby)]

    def slots(self, pool: str, replica: int) -> Slots:
        """The instance of the pool for a replica number."""
        model = self.architecture.pools[pool]
        key = pool if model.per == "shared" else f"{pool}#{replica}"
        if key not in self.pools:
            self.pools[key] = Slots(self.env, model, self.case.start)
            self.pools[key].open = model.gate not in self.closed_gates
        return self.pools[key]

    def limit(self, limit: str, replica: int) -> Gcra:
        model = self.architecture.limits[limit]
        return self.limits.setdefault(limit if model.per == "shared" else f"{limit}#{replica}", Gcra(model))

    def wire(self, source: str, target: str) -> Wire:
        """The link between two services; without one in the file it is perfect."""
        if (source, target) not in self.wires:
            found = [link for link in self.architecture.links if (link.source, link.target) == (source, target)]
            model = found[0] if found else file.Link.model_validate({"from": source, "to": target})
            self.wires[source, target] = Wire(model, model.loss.model_dump(), model.duplication)
        return self.wires[source, target]

    @cached_property
    def accounts(self) -> tuple[list[float], list[int]]:
        accounts = self.case.workload.accounts
        return alias_table([(rank + 1.0) ** -accounts.activity_exponent for rank in range(accounts.count)])

    def customer(self, root: int) -> int:
        threshold, alias = self.accounts
        key = combine(root, name("customer"))
        bucket = math.floor(draw(key) * len(alias))
        return bucket if draw(key, 1) < threshold[bucket] else alias[bucket]

    def attribute(self, attribute: str, intent: Intent) -> tuple[int, str]:
        """Index and value of a customer's or an intent's attribute."""
        model = self.case.workload.attributes[attribute]
        if model.of == "intent":
            key = combine(intent.root, name(f"intent/{attribute}"))
        elif model.of == "customer":
            key = combine(mix(self.case.seed & MASK) ^ name(f"customer/{attribute}"), intent.customer)
        else:
            raise ValueError("the twin has no instruments")
        index = running_share(model.weights.values(), draw(key))
        return index, list(model.weights)[index]

    # --- arrivals ---

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
        while gap > (room := rate * (MINUTE - when % MINUTE) / 1e9):
            gap -= room
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
        unit, target = self.units["client"][0], self.targets[f"client.{flow}"]
        assert isinstance(target.model, file.Flow)
        self.start(Task(intent, unit, target, root, root, target.model.priority, self.now))

    # --- a task from its beginning to its end ---

    def start(self, task: Task) -> None:
        task.unit.tasks[task] = None
        task.process = self.client(task) if task.unit.service == "client" else self.life(task)
        task.waiting = next(task.process, None)

    def client(self, task: Task) -> Suspended:
        """The root task: what the client saw."""
        code, outcome = "ok", "confirmed"
        try:
            yield from self.steps(task, task.target.nodes)
        except Failed as failure:
            code = failure.code
            unsure = code in ("timeout", "reset") or task.touched or task.in_doubt
            outcome = "rejected" if code == "rejected" else "blocked" if failure.blocked else "unknown" if unsure else "failed"
        intent = task.intent
        del task.unit.tasks[task]
        while task.held:
            self.release(task)
        intent.answered, intent.outcome, intent.code = self.now, outcome, code
        if intent.closed:
            intent.closed()

    def life(self, task: Task) -> Suspended:
        """A task at a unit: its pools, its luck, its key, its steps, its end."""
        try:
            yield from self.acquire_pools(task)
            if draw(combine(task.path + name("error"), 0)) < task.unit.error_rate:
                raise Failed("error")
            code = yield from self.look_up(task)
            if code is None:
                yield from self.steps(task, task.target.nodes)
                code = "ok"
        except Failed as failure:
            code = failure.answer
        self.end(task, Answer(code, task.touched, task.in_doubt))

    def acquire_pools(self, task: Task) -> Suspended:
        operation = task.target.model
        assert isinstance(operation, file.Operation)
        pools = operation.pools if operation.pools is not None else self.architecture.services[task.target.service].pools
        for i, pool in enumerate(pools):
            yield from self.acquire_own(task, pool)
            if i == 0:
                yield from self.park_if_hung(task)
        if not pools:
            yield from self.park_if_hung(task)

    def park_if_hung(self, task: Task) -> Suspended:
        if task.unit.hung:
            task.unit.parked.append((task, None))
            yield None

    def acquire_own(self, task: Task, pool: str) -> Suspended:
        failure = yield from self.acquire(task, pool)
        if failure:
            task.unanswered = task.unit.hung
            raise Failed(failure, answer="refused")

    def look_up(self, task: Task) -> Suspended:
        """The code stored for this intent and operation; None: this task is the first, or the operation keeps no keys."""
        operation = task.target.model
        assert isinstance(operation, file.Operation)
        if operation.idempotency is None:
            return None
        key = task.target.service, combine(task.intent.root, name(task.target.name))
        entry = self.keys.get(key)
        if entry is None or (entry.done is not None and self.now - entry.done > operation.idempotency.lifetime):
            self.keys[key] = task.first = Remembered(key)
            return None
        if entry.done is None:
            entry.waiters.append(task)
            yield entry
        task.touched |= entry.answer.touched
        task.in_doubt |= entry.answer.in_doubt
        return entry.answer.code

    def complete_key(self, task: Task, answer: Answer) -> None:
        entry = task.first
        if entry is None:
            return
        if answer.code not in ("ok", "rejected"):
            if task.wrote:
                answer = replace(answer, code="ok")
            else:
                del self.keys[entry.key]
        entry.done, entry.answer = self.now, answer
        self.ready.extend(partial(self.wake, waiter, entry) for waiter in entry.waiters)

    def end(self, task: Task, answer: Answer) -> None:
        """Release in reverse order, complete the key, then answer."""
        del task.unit.tasks[task]
        while task.held:
            self.release(task)
        self.complete_key(task, answer)
        unit, message = task.unit, task.message
        where, operation = f"{unit.service}#{unit.replica}", task.target.name.partition(".")[2]
        self.spans.append(Span(task.intent.number, task.path, where, operation, task.arrived, self.now, answer.code))
        assert message is not None
        if message.durable and not unit.up:
            unit.undelivered.append(self.redelivery(message))
        elif message.durable and answer.code not in ("ok", "rejected"):
            self.deliver_later(message)
        elif not task.unanswered:
            self.answer(message, answer if unit.up else Answer("reset"))

    # --- pools ---

    def acquire(self, task: Task, pool: str, attempt: Attempt | None = None) -> Suspended:
        """Take a slot, waiting in the queue if need be. Returns None, or why not: refused, timeout, deadline."""
        slots = self.slots(pool, task.unit.replica)
        if slots.free and not slots.queue:
            slots.take()
            task.held.append(slots)
            return None
        if len(slots.queue) >= slots.limit:
            slots.refused += 1
            return "refused"
        place = Place(task, slots, attempt)
        slots.join(place)
        yield place
        failure = None
        if attempt and attempt.expired:
            failure = "timeout"
        elif task.deadline is not None and self.now >= task.deadline:
            failure = "deadline"
        if failure and place.granted:
            self.release(task)
        return failure

    def release(self, task: Task) -> None:
        """Give the slot taken last back."""
        slots = task.held.pop()
        slots.give_back()
        self.grant(slots)

    def grant(self, slots: Slots) -> None:
        while slots.queue and slots.free:
            place = slots.queue[0]
            slots.leave(place)
            slots.take()
            place.granted = True
            place.task.held.append(slots)
            self.ready.append(partial(self.wake, place.task, place))

    # --- steps ---

    def steps(self, task: Task, nodes: list[Node]) -> Suspended:
        for node in nodes:
            step = node.step
            if isinstance(step, file.Work | file.Wait | file.Hold | file.Send | file.Effect | file.RateLimit):
                self.check_deadline(task)
            match step:
                case file.Work() | file.Wait():
                    yield from self.work_or_wait(task, node)
                case file.Call():
                    yield from self.call(task, node)
                case file.Send():
                    self.send(task, node)
                case file.Hold():
                    yield from self.acquire_own(task, step.hold)
                    yield from self.steps(task, node.branches[0])
                    self.release(task)
                case file.RateLimit():
                    wait = self.limit(step.rate_limit, task.unit.replica).wait(self.now)
                    if wait is None:
                        raise Failed("rate_limited", answer="rate_limited")
                    yield from self.pause(task, wait, WAKE)
                case file.Effect():
                    task.intent.records += 1
                    task.touched = task.wrote = True
                case file.Route() | file.Choose():
                    yield from self.steps(task, self.branch(task, node))
                case file.Fail():
                    raise Failed(step.fail)

    def check_deadline(self, task: Task) -> None:
        if task.deadline is not None and self.now >= task.deadline:
            raise Failed("deadline")

    def branch(self, task: Task, node: Node) -> list[Node]:
        """The branch that a route or a choice takes."""
        if isinstance(node.step, file.Route):
            value = self.attribute(node.step.route, task.intent)[1]
            values = list(node.step.cases)
            if value in values:
                return node.branches[values.index(value)]
            if node.step.default is None:
                raise Failed("error")
            return node.branches[-1]
        u, running = draw(combine(task.path + node.site, 0)), 0.0
        for option, branch in zip(node.step.choose, node.branches, strict=True):
            running += option.probability
            if u < running:
                return branch
        return []

    def work_or_wait(self, task: Task, node: Node) -> Suspended:
        step, unit = node.step, task.unit
        key = combine(task.luck + name(f"draw:{step.draw}"), 0) if step.draw else combine(task.path + node.site, 0)
        if isinstance(step, file.Wait):
            yield from self.pause(task, sample(step.wait, key), DONE)
            return
        grey = unit.grey_factor if draw(combine(task.path + name("grey"), 0)) < unit.grey_share else 1.0
        others = unit.working  # n − 1
        duration = rounded(sample(step.work, key) * unit.slowdown * (1.0 + unit.contention * others) * grey)
        if duration:
            unit.working += 1
            token = object()
            self.at(duration, DONE, task.intent.number, task.path, partial(self.work_done, task, token))
            yield token

    def work_done(self, task: Task, token: object) -> None:
        if task.waiting is token:
            task.unit.working -= 1
            self.wake(task, token)

    # --- calls ---

    def call(self, task: Task, node: Node) -> Suspended:
        """Attempts until one is ok or the retry policy gives up; then fallback or failure."""
        step, attempt = node.step, 0
        while True:
            self.check_deadline(task)
            budget = self.budget(task.unit, node)
            if budget and attempt == 0:
                budget.earn()
            code = yield from self.attempt(task, node, attempt)
            if code == "ok":
                return
            if not self.may_retry(node, attempt, code, budget):
                break
            yield from self.pause(task, self.backoff(task, node, attempt), WAKE)
            attempt += 1
        if code == "rejected":
            raise Failed(code)
        if step.fallback is not None:
            yield from self.steps(task, node.branches[0])
        elif step.on_failure != "ignore":
            raise Failed(code, blocked=step.on_failure == "block")

    def policy(self, node: Node, knob: str, written: Any) -> Any:
        now = self.policies.get(node.label, {}).get(knob)
        return written if now is None else now

    def may_retry(self, node: Node, attempt: int, code: str, budget: Budget | None) -> bool:
        retry = node.step.retry
        if retry is None or code not in retry.on or attempt + 1 >= self.policy(node, "attempts", retry.attempts):
            return False
        return budget is None or budget.spend()

    def backoff(self, task: Task, node: Node, attempt: int) -> int:
        retry = node.step.retry
        backoff = self.policy(node, "backoff_ns", retry.backoff) * retry.multiplier**attempt
        if retry.backoff_max is not None:
            backoff = min(backoff, retry.backoff_max)
        jitter = draw(combine(task.path + node.site + name("jitter"), attempt))
        return rounded(backoff * (1.0 - retry.jitter * jitter))

    def budget(self, unit: Unit, node: Node) -> Budget | None:
        if node.step.retry is None or node.step.retry.budget is None:
            return None
        return unit.budgets.setdefault(node.site, Budget(node.step.retry.budget))

    def attempt(self, task: Task, node: Node, number: int) -> Suspended:
        """Step 1: the breaker. Returns the code."""
        if node.step.breaker is None:
            return (yield from self.behind_breaker(task, node, number))
        breaker = task.unit.breakers.setdefault(node.site, CircuitBreaker(node.step.breaker))
        admitted_as = breaker.admit(self.now)
        if admitted_as is None:
            return "breaker_open"
        code = yield from self.behind_breaker(task, node, number)
        breaker.note(admitted_as, code in ("ok", "rejected"), self.now)
        return code

    def behind_breaker(self, task: Task, node: Node, number: int) -> Suspended:
        """Step 2: the bulkhead."""
        if node.step.bulkhead is None:
            return (yield from self.behind_bulkhead(task, node, number))
        failure = yield from self.acquire(task, node.step.bulkhead)
        if failure:
            return "bulkhead_full" if failure == "refused" else failure
        code = yield from self.behind_bulkhead(task, node, number)
        self.release(task)
        return code

    def behind_bulkhead(self, task: Task, node: Node, number: int) -> Suspended:
        """Step 3: the timeout starts; the connection."""
        this, timeout = Attempt(task), self.policy(node, "timeout_ns", node.step.timeout)
        if timeout is not None:
            self.at(timeout, TIMEOUT, task.intent.number, task.path, partial(self.expire, this))
        expiry = None if timeout is None else self.now + timeout
        if node.step.connection is None:
            return (yield from self.exchange(this, node, number, expiry))
        failure = yield from self.acquire(task, node.step.connection, this)
        if failure:
            return failure
        code = yield from self.exchange(this, node, number, expiry)
        self.release(task)
        return code

    def exchange(self, this: Attempt, node: Node, number: int, expiry: int | None) -> Suspended:
        """Steps 4 to 7: replica, request, answer."""
        task = this.task
        message = self.message(task, node, number, self.targets[node.step.call])
        if self.architecture.deadlines == "propagate":
            deadlines = [d for d in (task.deadline, expiry) if d is not None]
            message = replace(message, deadline=min(deadlines, default=None))
        message = replace(message, attempt=this)
        unit = self.pick(message)
        if unit is None:
            return "refused"
        self.transmit(message, unit)
        answer = yield this
        indefinite = answer.code in ("timeout", "reset")
        task.touched |= answer.touched
        task.in_doubt |= answer.in_doubt or (indefinite and message.target.may_have_effects)
        return answer.code

    def expire(self, this: Attempt) -> None:
        """The timeout fires: out of the connection's queue, or no longer waiting for the answer."""
        this.expired = True
        place = this.task.waiting
        if isinstance(place, Place) and place.attempt is this:
            place.slots.leave(place)
            self.wake(this.task, place)
        else:
            self.wake(this.task, this, Answer("timeout"))

    def message(self, task: Task, node: Node, number: int, target: Target) -> Message:
        step = node.step
        path = combine(task.luck + name(f"draw:{step.draw}"), number) if step.draw else combine(task.path + node.site, number)
        luck = task.luck if number == 0 else combine(task.luck + node.site, number)
        priority = task.priority if step.priority is None else step.priority
        return Message(task.intent, task.unit.service, target, path, luck, priority, first_path=path)

    def pick(self, message: Message) -> Unit | None:
        """A unit in rotation, by the service's balance."""
        service = message.target.service
        model, units = self.architecture.services[service], self.units[service]
        rotation = [unit for unit in units if unit.in_rotation]
        if model.balance == "shard":
            assert model.shard_by is not None
            unit = units[self.attribute(model.shard_by, message.intent)[0] % model.replicas]
            return unit if unit.in_rotation else None
        if not rotation:
            return None
        if model.balance == "random":
            return rotation[math.floor(draw(combine(message.path + name("balance"), 0)) * len(rotation))]
        if model.balance == "least_busy":
            return min(rotation, key=lambda unit: (len(unit.tasks), unit.replica))
        turn = self.picks[service] = self.picks.get(service, -1) + 1
        return rotation[turn % len(rotation)]

    # --- messages ---

    def latency(self, wire: Wire, message: Message, direction: str, loss_draw: int = 0) -> int | None:
        """How long this direction takes; None: lost."""
        lost = draw(combine(message.path + name(f"loss-{direction}"), loss_draw)) < wire.loss[direction]
        if lost or wire.partition[direction]:
            return None
        latency = sample(wire.model.latency, combine(message.path + name(f"link-{direction}"), 0))
        return rounded(latency * wire.latency_factor) + wire.latency_add

    def transmit(self, message: Message, unit: Unit) -> None:
        """Send the request over the link, and after it the copy that the link may make."""
        wire = self.wire(message.source, message.target.service)
        latency = self.latency(wire, message, "request", message.redelivery)
        if latency is not None:
            self.carry(latency, REQUEST, message, partial(self.arrive, message, unit))
        elif message.durable:
            self.deliver_later(message)
        if not message.copy and draw(combine(message.path + name("duplicate-draw"), 0)) < wire.duplication:
            path = combine(message.path, name("duplicate"))
            self.transmit(replace(message, path=path, first_path=path, redelivery=0, copy=True), unit)

    def carry(self, delay: int, kind: int, message: Message, action: Callable[[], None]) -> None:
        if delay:
            self.at(delay, kind, message.intent.number, message.path, action)
        else:
            self.ready.append(action)

    def arrive(self, message: Message, unit: Unit) -> None:
        """The request is at the unit: a task starts, or the unit is down."""
        if unit.up:
            who = (message.intent, unit, message.target, message.path, message.luck)
            self.start(Task(*who, message.priority, self.now, message.deadline, message))
        elif message.durable:
            unit.undelivered.append(message)
        else:
            self.answer(message, Answer("refused"))

    def answer(self, message: Message, answer: Answer) -> None:
        """Over the link, to the attempt that may still wait for it; a send has none."""
        if message.attempt is None:
            return
        latency = self.latency(self.wire(message.source, message.target.service), message, "answer")
        if latency is not None:
            self.carry(latency, ANSWER, message, partial(self.wake, message.attempt.task, message.attempt, answer))

    def send(self, task: Task, node: Node) -> None:
        """The delay passes first; then the message sets out."""
        message = replace(self.message(task, node, 0, self.targets[node.step.send]), durable=node.step.durable)
        delay = sample(node.step.delay, combine(message.path + name("delay"), 0)) if node.step.delay else 0
        if delay:
            self.at(delay, WAKE, message.intent.number, message.path, partial(self.set_out, message))
        else:
            self.set_out(message)

    def set_out(self, message: Message) -> None:
        unit = self.pick(message)
        if unit is not None:
            self.transmit(message, unit)
        elif message.durable:
            self.deliver_later(message)

    @staticmethod
    def redelivery(message: Message) -> Message:
        """The next delivery of a durable message."""
        r = message.redelivery + 1
        return replace(message, path=combine(message.first_path, name("redeliver") + r), redelivery=r)

    def deliver_later(self, message: Message) -> None:
        """Again in a second."""
        again = self.redelivery(message)
        self.at(SECOND, WAKE, again.intent.number, again.path, partial(self.set_out, again))

    # --- faults: the knobs of Injection, all at an instant before the ready list is emptied ---

    def control(self, at: int) -> None:
        for fault in self.case.faults:
            if fault["at"] == at:
                getattr(self, f"do_{fault['do']}")(**{key: value for key, value in fault.items() if key not in ("at", "do")})

    def do_crash(self, service: str, replica: int) -> None:
        unit = self.units[service][replica]
        unit.up, unit.hung, unit.parked = False, False, []
        for task in sorted(unit.tasks, key=lambda task: (task.intent.number, task.path)):
            assert task.process is not None
            task.process.close()
            if isinstance(task.waiting, Place) and not task.waiting.granted:
                task.waiting.slots.leave(task.waiting)
            task.waiting = None
            self.end(task, Answer("reset", task.touched, task.in_doubt))
        unit.working = 0
        unit.breakers, unit.budgets = {}, {}

    def do_restart(self, service: str, replica: int) -> None:
        unit = self.units[service][replica]
        unit.up = True
        self.ready.extend(partial(self.arrive, message, unit) for message in unit.undelivered)
        unit.undelivered = []

    def do_hang(self, service: str, replica: int) -> None:
        self.units[service][replica].hung = self.units[service][replica].up

    def do_thaw(self, service: str, replica: int) -> None:
        unit = self.units[service][replica]
        self.ready.extend(partial(self.go_on, task, value) for task, value in unit.parked)
        unit.hung, unit.parked = False, []

    def do_slow(self, service: str, replica: int, factor: float) -> None:
        self.units[service][replica].slowdown = factor

    def do_error_rate(self, service: str, replica: int, share: float) -> None:
        self.units[service][replica].error_rate = share

    def do_grey(self, service: str, replica: int, share: float, factor: float) -> None:
        unit = self.units[service][replica]
        unit.grey_share, unit.grey_factor = share, factor

    def do_contention(self, service: str, replica: int, coefficient: float) -> None:
        self.units[service][replica].contention = coefficient

    def do_rotate_in(self, service: str, replica: int, rotate: bool = True) -> None:
        self.units[service][replica].in_rotation = rotate

    do_rotate_out = partialmethod(do_rotate_in, rotate=False)

    def do_pool_slots(self, pool: str, slots: int) -> None:
        """`pool` is NAME of a shared pool or NAME#i of a replica's."""
        instance = self.slots(pool.split("#")[0], int(pool.partition("#")[2] or 0))
        instance.slots = slots
        self.grant(instance)

    def do_pool_queue(self, pool: str, limit: int) -> None:
        self.slots(pool.split("#")[0], int(pool.partition("#")[2] or 0)).limit = limit

    def do_gate(self, name: str, open: bool) -> None:
        (self.closed_gates.discard if open else self.closed_gates.add)(name)
        for key, slots in self.pools.items():
            if self.architecture.pools[key.split("#")[0]].gate == name:
                slots.open = open
                self.grant(slots)

    def do_call_policy(self, site: str, **knobs: Any) -> None:
        """timeout_ns, attempts, backoff_ns of a call site such as `client.buy/shop.buy#0`."""
        self.policies.setdefault(site, {}).update(knobs)

    def do_limit_rate(self, limit: str, per_second: float) -> None:
        self.limit(limit.split("#")[0], int(limit.partition("#")[2] or 0)).set_rate(per_second)

    def do_link(self, source: str, target: str, **knobs: Any) -> None:
        """Knobs that are None or absent stay as they are."""
        wire = self.wire(source, target)
        for knob, value in knobs.items():
            kind, _, direction = knob.partition("_")
            if value is not None and kind == "loss":
                wire.loss[direction] = value
            elif value is not None and kind == "partition":
                wire.partition[direction] = value
            elif value is not None:
                setattr(wire, knob.removesuffix("_ns"), value)


def simulate(case: Case) -> Result:
    """Run the case by the page."""
    return Twin(case).run()
