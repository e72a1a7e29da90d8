"""Carrying out programs: a task from its arrival at an instance to its answer, by docs/semantics.md, on an event loop.

A task is a coroutine. What it waits for is a future: a slot, an answer, a time. The clock, the network and the store are injected, so that
the same code runs on real time between processes and on simulated time in a test, where it is held against the kernel.
"""

from __future__ import annotations

import asyncio
import math
import traceback
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import NamedTuple

from chaos.live.node import chance, program
from chaos.live.node.counters import Changes, Counters
from chaos.live.node.host import Clock, Network, Store
from chaos.live.node.links import Links
from chaos.live.node.messages import NO_ORDER, NOBODY, Answer, Intent, Message, Order
from chaos.live.node.policies import LIMIT_COUNTERS, POOL_COUNTERS, Budget, CircuitBreaker, RateLimiter, Slots

SECOND = 1_000_000_000
_KEPT_CODES = ("rejected", "deadline")
_BUGS_MAX = 10


class FailedError(Exception):
    """The task fails with this code, and answers `answer` to its caller. `blocked`: the customer knows that nothing was done."""

    def __init__(self, code: str, answer: str = "error", *, blocked: bool = False) -> None:
        self.code, self.blocked = code, blocked
        self.answer = code if code in _KEPT_CODES else answer


class Held(NamedTuple):
    """A slot that a task holds, since when."""

    slots: Slots
    since: int


@dataclass(eq=False)
class Task:
    """One execution of an operation at this instance."""

    intent: Intent
    operation: program.Operation
    path: int
    stream: int
    priority: int
    deadline: int | None = None
    order: Order = NO_ORDER
    held: list[Held] = field(default_factory=list)
    key: int | None = None
    touched: bool = False
    in_doubt: bool = False
    wrote: bool = False
    logged_in: bool = False
    tries: int = 0


@dataclass(eq=False)
class Working:
    """A work step under way: what wakes its task, and when."""

    done: asyncio.Future[None]
    ends: int
    timer: asyncio.TimerHandle | None = None


@dataclass
class Disturbance:
    """What faults do to the work of this instance; `greys`: shares of the requests with a factor, the largest first."""

    slow: float = 1.0
    error_share: float = 0.0
    greys: tuple[tuple[float, float], ...] = ()
    contention: float = 0.0
    work: dict[str, float] = field(default_factory=dict)


@dataclass
class CallPolicy:
    """What control changed of a call site's policy; None: as the file says."""

    timeout: int | None = None
    attempts: int | None = None
    backoff: int | None = None


class Interpreter:
    """An instance of a service, or the customers. `rotation` says which instances of each service calls may pick."""

    def __init__(
        self,
        blueprint: program.Blueprint,
        instance: str,
        clock: Clock,
        network: Network,
        store: Store,
        log: Callable[[str, str], None] = lambda what, site: None,
    ) -> None:
        self.blueprint, self.instance, self.clock, self.network, self.store, self.log = (
            blueprint,
            instance,
            clock,
            network,
            store,
            log,
        )
        self.service, _, number = instance.partition("#")
        self.replica = int(number)
        self.counters = Counters()
        self.links = Links(blueprint, clock, self.counters)
        self.operations = blueprint.operations_of(self.service)
        self.pools: dict[str, Slots] = {}
        self.limits: dict[str, RateLimiter] = {}
        self.breakers: dict[str, CircuitBreaker] = {}
        self.budgets: dict[str, Budget] = {}
        self.policies: dict[str, CallPolicy] = {}
        self.in_flight: dict[int, list[asyncio.Future[Answer]]] = {}
        self.rotation = {name: [f"{name}#{i}" for i in range(service.replicas)] for name, service in blueprint.services.items()}
        self.turns: dict[str, int] = {}
        self.outstanding: dict[str, int] = {}
        self.asked: dict[str, int] = {}
        """How many messages it has sent since it was last taken down, by ``INSTANCE SERVICE.OPERATION``."""
        self.waiting: dict[str, list[Callable[[], None]]] = {}
        self.working: set[Working] = set()
        self.tasks: set[asyncio.Task[None]] = set()
        contention = blueprint.services[self.service].contention if self.service != program.CLIENT else 0.0
        self.disturbance = Disturbance(contention=contention)
        self.sessions: set[int] = set()
        self._changes = Changes()
        self.bugs: list[str] = []
        """What ended tasks that should not have ended so, the first few."""

    # --- what it has ------------------------------------------------------------------------------------------------------

    def label(self, resource: str, per_replica: bool) -> str:
        """What a pool or limit of this instance is called in the journal."""
        return f"{resource}#{self.replica}" if per_replica else resource

    def slots(self, pool: str) -> Slots:
        """The pool of that name, as this instance has it."""
        if pool not in self.pools:
            self.pools[pool] = Slots(self.blueprint.pools[pool], self.clock.now)
        return self.pools[pool]

    def limit(self, limit: str) -> RateLimiter:
        """The rate limit of that name, as this instance has it."""
        return self.limits.setdefault(limit, RateLimiter(self.blueprint.limits[limit]))

    # --- tasks ------------------------------------------------------------------------------------------------------------

    def receive(self, message: Message, answered: Callable[[Answer], None]) -> None:
        """A message has come: a task begins. `answered` is called with its answer, once, if it wants or needs one."""
        operation = self.operations.get(message.operation)
        if operation is None:
            answered(Answer("error"))
            return
        task = Task(message.intent, operation, message.path, message.stream, message.priority, message.deadline, message.order)
        self.begin(self._life(task, message, answered))

    def begin(self, work: Coroutine[object, object, None]) -> None:
        """Runs a coroutine as a task of the loop's, which this object keeps."""
        made: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self.tasks.add(made)
        made.add_done_callback(self.tasks.discard)

    async def _life(self, task: Task, message: Message, answered: Callable[[Answer], None]) -> None:
        """Its pools, the errors of the instance, its key, its steps, its end."""
        began, unit = self.clock.now(), self.counters.unit
        unit.live += 1
        try:
            for pool in task.operation.pools:
                await self._acquire_own(task, pool)
            share = self.disturbance.error_share
            if share > 0.0 and (draw := chance.uniform(task.path, "error")) < share:
                unit.errors_injected += 1
                self.counters.credits.drawn(f"unit/{self.instance}/errors_injected", draw)
                raise FailedError("error")
            code = await self._look_up(task)
            if not code:
                await self.steps(task, task.operation.steps)
                code = "ok"
        except FailedError as failure:
            code = failure.answer
        except Exception as error:  # our own mistake, or one that a message of a stranger led us to: others' tasks go on
            code = "error"
            self.note_bug(f"{task.operation.name}: {type(error).__name__}: {error}")
        self._release_all(task)
        answer = Answer(code, task.touched, task.in_doubt, task.order, task.logged_in)
        self._complete_key(task, answer)
        self._count_end(task.operation, code, self.clock.now() - began)
        if message.wants_answer:
            self.links.go_back(message, self.service, lambda: answered(answer))
        elif message.durable:
            answered(answer)

    def note_bug(self, text: str) -> None:
        """Something ended that should not have ended so: it is said on standard error, and to the supervisor at the end, each kind once."""
        if text[:500] not in self.bugs and len(self.bugs) < _BUGS_MAX:
            self.bugs.append(text[:500])
            traceback.print_exc()

    def end(self, task: Task, code: str, began: int) -> None:
        """A customer's own task has ended: what it holds comes free, and it is counted."""
        self._release_all(task)
        self._count_end(task.operation, code, self.clock.now() - began)

    def _count_end(self, operation: program.Operation, code: str, sojourn: int) -> None:
        self.counters.unit.live -= 1
        unit, count, well = self.counters.unit, self.counters.operation(operation.name), code in ("ok", "rejected")
        unit.sojourn_ns += sojourn
        if well:
            unit.done += 1
            count.done += 1
            self.counters.took("operation", operation.name, sojourn)
        else:
            unit.failed += 1
            count.failed += 1

    # --- slots ------------------------------------------------------------------------------------------------------------

    async def _acquire(self, task: Task, pool: str, until: int | None, why: str) -> str:
        """Takes a slot, in the queue if need be, until a time at the latest, when it is given up for that reason. Returns nothing, or
        why not."""
        slots = self.slots(pool)
        if not slots.free:
            if slots.is_full:
                slots.refused += 1
                return "refused"
            place = slots.join(task.priority)
            timer = None if until is None else self.clock.at(until, lambda: slots.give_up(place, why))
            outcome = await place.outcome
            if timer is not None:
                timer.cancel()
            if outcome != "granted":
                return outcome
        else:
            slots.take()
        task.held.append(Held(slots, self.clock.now()))
        if until is not None and self.clock.now() >= until:
            self._release(task)
            return why
        return ""

    async def _acquire_own(self, task: Task, pool: str) -> None:
        failure = await self._acquire(task, pool, task.deadline, "deadline")
        if failure:
            raise FailedError(failure, answer="refused")

    def _release(self, task: Task) -> None:
        """Gives the slot taken last back."""
        held = task.held.pop()
        held.slots.give_back(held.since)

    def _release_all(self, task: Task) -> None:
        while task.held:
            self._release(task)

    # --- its idempotency key ----------------------------------------------------------------------------------------------

    async def _look_up(self, task: Task) -> str:
        """The code that is kept for this intent and operation; nothing: this task is the first, or no keys are kept."""
        lifetime = task.operation.lifetime
        if lifetime is None:
            return ""
        key = chance.combine(task.intent.root, chance.name(task.operation.name))
        if key in self.in_flight:
            waiter: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
            self.in_flight[key].append(waiter)
            if task.deadline is not None:
                self.clock.at(task.deadline, lambda: None if waiter.done() else waiter.set_result(Answer("deadline")))
            return self._taken_over(task, await waiter)
        found = self.store.remembered(key)
        if found is not None and self.clock.now() - found.at <= lifetime:
            return self._taken_over(task, found.answer)
        task.key, self.in_flight[key] = key, []
        return ""

    @staticmethod
    def _taken_over(task: Task, answer: Answer) -> str:
        task.touched |= answer.touched
        task.in_doubt |= answer.in_doubt
        task.order = answer.order if answer.order.name else task.order
        return answer.code

    def _complete_key(self, task: Task, answer: Answer) -> None:
        if task.key is None:
            return
        if answer.code not in ("ok", "rejected") and task.wrote:
            answer = answer._replace(code="ok")
        if answer.code in ("ok", "rejected"):
            self.store.remember(task.key, answer, self.clock.now())
        for waiter in self.in_flight.pop(task.key):
            if not waiter.done():
                waiter.set_result(answer)

    # --- steps ------------------------------------------------------------------------------------------------------------

    def check_deadline(self, task: Task) -> None:
        """Raises FailedError when the task's time is over."""
        if task.deadline is not None and self.clock.now() >= task.deadline:
            raise FailedError("deadline")

    async def steps(self, task: Task, steps: tuple[program.Step, ...]) -> None:
        """Takes steps in turn. Raises FailedError when the task fails."""
        for step in steps:
            match step:
                case program.Call():
                    await self._after(task, step, await self._call(task, step))
                case program.Route():
                    await self.steps(task, self._routed(task, step))
                case program.Choose():
                    u = chance.draw(chance.combine(task.path + step.hash & chance.MASK, 0))
                    branch = next((i for i, share in enumerate(step.shares) if u < share), None)
                    await self.steps(task, () if branch is None else step.branches[branch])
                case program.Fail():
                    raise FailedError(step.code)
                case _:
                    self.check_deadline(task)
                    await self._timed(task, step)

    async def _timed(self, task: Task, step: program.Step) -> None:
        """A step that is not begun after the deadline."""
        match step:
            case program.Wait():
                await self.clock.until(self.clock.now() + chance.sample(step.of, self._key(task, step)))
            case program.Work():
                await self._work(task, step)
            case program.Send():
                self._send(task, step)
            case program.Hold():
                await self._acquire_own(task, step.pool)
                await self.steps(task, step.steps)
                self._release(task)
            case program.RateLimit():
                await self._limited(task, step)
            case program.Effect():
                self._effect(task, step)

    @staticmethod
    def _key(task: Task, step: program.Work) -> int:
        return chance.combine((task.stream if step.named else task.path) + step.hash & chance.MASK, 0)

    async def _work(self, task: Task, step: program.Work) -> None:
        disturbed = self.disturbance
        of = step.of
        factor = disturbed.work.get(task.operation.name)
        if factor is not None:
            of = chance.scaled(of, factor)
        grey, u = 1.0, chance.uniform(task.path, "grey") if disturbed.greys else 1.0
        for share, slower in disturbed.greys:
            grey *= slower if u < share else 1.0
        drawn = chance.sample(of, self._key(task, step))
        count = self.counters.unit
        if drawn > 0 and any(u < share for share, _ in disturbed.greys):
            count.slowed += 1
            self.counters.credits.drawn(f"unit/{self.instance}/slowed", u)
        count.worked += drawn > 0
        count.crowded += drawn > 0 and bool(self.working)
        duration = drawn * disturbed.slow * (1.0 + disturbed.contention * len(self.working)) * grey
        ns = math.floor(duration + 0.5)
        if ns <= 0:
            return
        work = Working(asyncio.get_running_loop().create_future(), self.clock.now() + ns)
        self.working.add(work)
        self._wake_at_its_end(work)
        await work.done
        self.working.discard(work)

    def _wake_at_its_end(self, work: Working) -> None:
        work.timer = self.clock.at(work.ends, lambda: None if work.done.done() else work.done.set_result(None))

    def put_off_work(self, by: int) -> None:
        """All work under way ends so much later, ns: the instance stood still meanwhile."""
        for work in self.working:
            if work.timer is not None and not work.done.done():
                work.timer.cancel()
                work.ends += by
                self._wake_at_its_end(work)

    async def _limited(self, task: Task, step: program.RateLimit) -> None:
        wait = self.limit(step.limit).wait(self.clock.now())
        if wait is None:
            raise FailedError("rate_limited", answer="rate_limited")
        if wait:
            await self.clock.until(self._by_deadline(task, self.clock.now() + wait))
            self.check_deadline(task)

    @staticmethod
    def _by_deadline(task: Task, time: int) -> int:
        return time if task.deadline is None else min(time, task.deadline)

    def _effect(self, task: Task, step: program.Effect) -> None:
        written = self.store.write(step.effect, self.clock.now(), task.intent, task.order, task.key)
        if written.code != "ok":
            raise FailedError("rejected")
        task.order = written.order
        task.logged_in |= step.effect == "session.open"
        if step.counts:
            task.touched = task.wrote = True

    def _routed(self, task: Task, step: program.Route) -> tuple[program.Step, ...]:
        value = self.attribute(step.by, task)
        branch = step.cases.get(value, step.default)
        if branch is None:
            raise FailedError("error")
        return branch

    def attribute(self, name: str, task: Task | Message) -> str:
        """The value that an attribute has for a task, by name."""
        attribute = self.blueprint.attributes[name]
        return attribute.values[self._value(attribute, task)]

    def _value(self, attribute: program.Attribute, task: Task | Message) -> int:
        intent = task.intent
        if attribute.of == "session":
            return int(intent.customer in self.sessions)
        if attribute.of == "side":
            return int(intent.buys)
        if attribute.of == "customer":
            key = chance.combine(attribute.hash, intent.customer)
        elif attribute.of == "intent":
            key = chance.combine(intent.root, attribute.hash)
        else:
            key = chance.combine(attribute.hash, self.store.instrument(intent, task.order))
        return chance.chosen(attribute.shares, chance.draw(key))

    # --- calls ------------------------------------------------------------------------------------------------------------

    async def _after(self, task: Task, call: program.Call, code: str) -> None:
        """What follows the last attempt of a call: nothing, the fallback, or the task's failure."""
        if code == "ok":
            return
        if code == "rejected":
            raise FailedError(code)
        if call.fallback is not None:
            self.counters.call(call.site.name).fallbacks += 1
            await self.steps(task, call.fallback)
        elif call.on_failure != "ignore":
            raise FailedError(code, blocked=call.on_failure == "block")

    async def _call(self, task: Task, call: program.Call) -> str:
        """Attempts until one is ok or the retry policy gives up. Returns the last code."""
        number, count, retry = 0, self.counters.call(call.site.name), call.retry
        budget = None
        if retry is not None and retry.budget_ratio is not None:
            budget = self.budgets.setdefault(call.site.name, Budget(retry.budget_ratio, retry.budget_burst))
            budget.earn()
        while True:
            self.check_deadline(task)
            code = await self._attempt(task, call, number)
            if code not in ("ok", "rejected"):
                count.failures += 1
                count.timeouts += code == "timeout"
            if code == "ok" or retry is None or not self._may_retry(call, retry, number, code, budget):
                return code
            count.retries += 1
            now = self.clock.now()
            await self.clock.until(self._by_deadline(task, now + self._backoff(task, call, retry, number)))
            number += 1

    def _may_retry(self, call: program.Call, retry: program.Retry, number: int, code: str, budget: Budget | None) -> bool:
        changed = self.policies.get(call.site.name, CallPolicy()).attempts
        if number + 1 >= (retry.attempts if changed is None else changed) or code not in retry.on:
            return False
        return budget is None or budget.spend()

    def _backoff(self, task: Task, call: program.Call, retry: program.Retry, number: int) -> int:
        changed = self.policies.get(call.site.name, CallPolicy()).backoff
        backoff = (retry.backoff if changed is None else changed) * retry.multiplier**number
        if retry.backoff_max is not None:
            backoff = min(backoff, retry.backoff_max)
        key = chance.combine(task.path + call.site.hash + chance.name("jitter") & chance.MASK, number)
        return math.floor(backoff * (1.0 - retry.jitter * chance.draw(key)) + 0.5)

    async def _attempt(self, task: Task, call: program.Call, number: int) -> str:
        """One attempt, its breaker first. Returns its code."""
        if call.breaker is None:
            return await self._bulkheaded(task, call, number)
        site = call.site.name
        breaker = self.breakers.setdefault(site, CircuitBreaker(call.breaker))
        admitted_as = breaker.admit(self.clock.now())
        if not admitted_as:
            self.counters.call(site).withheld += 1
            return "breaker_open"
        if admitted_as == "probe":
            self.log("breaker_half_open", site)
        code = await self._bulkheaded(task, call, number)
        became = breaker.note(admitted_as, code in ("ok", "rejected"), self.clock.now())
        if became:
            self.log(f"breaker_{became}", site)
            self.counters.call(site).breaker_open += became == "opened"
        return code

    async def _bulkheaded(self, task: Task, call: program.Call, number: int) -> str:
        """Its bulkhead; then its time begins, and it asks for its connection."""
        if call.bulkhead is not None:
            failure = await self._acquire(task, call.bulkhead, task.deadline, "deadline")
            if failure:
                self.counters.call(call.site.name).withheld += 1
                return "bulkhead_full" if failure == "refused" else failure
        changed = self.policies.get(call.site.name, CallPolicy()).timeout
        timeout = call.timeout if changed is None else changed
        expiry = None if timeout is None else self.clock.now() + timeout
        own = task.deadline is not None and (expiry is None or task.deadline < expiry)
        until, why = (task.deadline, "deadline") if own else (expiry, "timeout")
        code = await self._connected(task, call, number, until, why)
        if call.bulkhead is not None:
            self._release(task)
        return code

    async def _connected(self, task: Task, call: program.Call, number: int, until: int | None, why: str) -> str:
        if call.connection is None:
            return await self._exchange(task, call, number, until, why)
        failure = await self._acquire(task, call.connection, until, why)
        if failure:
            self.counters.call(call.site.name).withheld += 1
            return failure
        code = await self._exchange(task, call, number, until, why)
        self._release(task)
        return code

    async def _exchange(self, task: Task, call: program.Call, number: int, until: int | None, why: str) -> str:
        """The request and its answer, until a time at the latest."""
        message = self._message(task, call.site, number, wants_answer=True)
        if self.blueprint.propagate:
            message = message._replace(deadline=until)
        self.counters.call(call.site.name).attempts += 1
        task.tries += self.service == program.CLIENT
        instance = self.pick(call.site.service, message)
        if instance is None:
            return "refused"
        waiter: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

        def answered(answer: Answer) -> None:
            if not waiter.done():
                waiter.set_result(answer)

        timer = None if until is None else self.clock.at(until, lambda: answered(Answer(why)))
        self.outstanding[instance] = self.outstanding.get(instance, 0) + 1
        self._ask(instance, call.site.service, message, answered)
        answer = await waiter
        self.outstanding[instance] -= 1
        if timer is not None:
            timer.cancel()
        operation = self.blueprint.operations[call.site.target]
        task.touched |= answer.touched
        task.in_doubt |= answer.in_doubt or (answer.code in ("timeout", "deadline", "reset") and operation.may_write)
        if answer.code == "ok" and answer.order.name:
            task.order = answer.order
        task.logged_in |= answer.logged_in
        if answer.logged_in and self.service == program.CLIENT:
            self.sessions.add(task.intent.customer)
        return answer.code

    def _message(self, task: Task, site: program.Site, number: int, *, wants_answer: bool, durable: bool = False) -> Message:
        return message_of(task, self.service, site, number, wants_answer=wants_answer, durable=durable)

    def _to(self, instance: str, service: str, message: Message, answered: Callable[[Answer], None]) -> None:
        """Over the network; counted for whom it is, who may not be able to say so."""
        name = f"{instance} {service}.{message.operation}"
        self.asked[name] = self.asked.get(name, 0) + 1
        self.network.ask(instance, service, message, answered)

    def _ask(self, instance: str, service: str, message: Message, answered: Callable[[Answer], None]) -> None:
        """Over the link to the instance, and after it the copy that the link may make."""
        self.links.set_out(message, service, lambda: self._to(instance, service, message, answered))
        if self.links.copies(message, service):
            path = chance.combine(message.path, chance.name("duplicate"))
            copy = message._replace(path=path, first_path=path, delivery=0, copy=True)
            self.links.set_out(copy, service, lambda: self._to(instance, service, copy, answered))

    def pick(self, service: str, message: Message) -> str | None:
        """An instance of the service in rotation, by its balance; None if there is none.

        Each caller counts its own turns, and knows of its own requests alone who is busy.
        """
        rotation, made = self.rotation[service], self.blueprint.services[service]
        if made.balance == "shard":
            assert made.shard_by is not None
            instance = f"{service}#{self._value(self.blueprint.attributes[made.shard_by], message) % made.replicas}"
            return instance if instance in rotation else None
        if not rotation:
            return None
        if made.balance == "round_robin":
            turn = self.turns[service] = self.turns.get(service, -1) + 1
            return rotation[turn % len(rotation)]
        if made.balance == "least_busy":
            least = min(self.outstanding.get(instance, 0) for instance in rotation)
            rotation = [instance for instance in rotation if self.outstanding.get(instance, 0) == least]
        return rotation[math.floor(chance.uniform(message.path, "balance") * len(rotation))]

    # --- messages ---------------------------------------------------------------------------------------------------------

    def _send(self, task: Task, step: program.Send) -> None:
        """The delay passes first; then the message sets out. A durable one is kept until it is dealt with."""
        message = self._message(task, step.site, 0, wants_answer=False, durable=step.durable)
        self.counters.call(step.site.name).attempts += 1
        number = self.store.keep(step.site.service, message) if step.durable else -1
        delay = chance.sample(step.delay, chance.combine(message.path + chance.name("delay") & chance.MASK, 0))
        if delay:
            self.clock.at(self.clock.now() + delay, lambda: self._set_out(number, step.site.service, message))
        else:
            self._set_out(number, step.site.service, message)

    def _set_out(self, number: int, service: str, message: Message) -> None:
        instance = self.pick(service, message)
        if instance is not None:
            self._deliver(number, service, instance, message)
        elif message.durable:
            self._again_in_a_second(number, service, message)

    def _deliver(self, number: int, service: str, instance: str, message: Message) -> None:
        def answered(answer: Answer) -> None:
            if not message.durable:
                return
            if answer.code in ("ok", "rejected"):
                self.store.done(number)
            elif answer is NOBODY or answer.code == "reset":
                again = redelivery(message) if answer.code == "reset" else message
                self._when_up(instance, lambda: self._deliver(number, service, instance, again))
            else:
                self._again_in_a_second(number, service, message)

        sent = self.links.set_out(message, service, lambda: self._to(instance, service, message, answered))
        if not sent and message.durable:
            self._again_in_a_second(number, service, message)
        if self.links.copies(message, service) and message.delivery == 0:
            path = chance.combine(message.path, chance.name("duplicate"))
            copy = message._replace(path=path, first_path=path, copy=True)
            self.links.set_out(copy, service, lambda: self._to(instance, service, copy, lambda answer: None))

    def _again_in_a_second(self, number: int, service: str, message: Message) -> None:
        again = redelivery(message)
        self.clock.at(self.clock.now() + SECOND, lambda: self._set_out(number, service, again))

    def _when_up(self, instance: str, action: Callable[[], None]) -> None:
        """Does it when the instance is said to be up again; looks by itself every second, because it may have been for a moment."""
        waiting = self.waiting.setdefault(instance, [])
        waiting.append(action)
        self.clock.at(self.clock.now() + SECOND, lambda: self._tried_again(instance, action))

    def _tried_again(self, instance: str, action: Callable[[], None]) -> None:
        if action in self.waiting.get(instance, ()):
            self.waiting[instance].remove(action)
            action()

    def is_up(self, instance: str) -> None:
        """An instance is there again: what waited for it sets out."""
        for action in self.waiting.pop(instance, []):
            action()

    def resume_kept(self) -> None:
        """Durable messages that a process before this one did not see dealt with set out again."""
        for number, service, message in self.store.kept():
            self._set_out(number, service, redelivery(message))

    # --- what was counted -------------------------------------------------------------------------------------------------

    def changed(self) -> dict[str, int]:
        """The counters and gauges that have changed since this was last asked, by their names in the journal, ``kind/name/field``."""
        counters, changes = self.counters, self._changes
        found = list(changes.of("unit", self.instance, counters.unit))
        for kind, of_kind in (
            ("call", counters.calls),
            ("link", counters.links),
            ("operation", counters.operations),
            ("flow", counters.flows),
        ):
            for name, count in of_kind.items():
                found += changes.of(kind, name, count)
        for name, slots in self.pools.items():
            found += changes.among("pool", self.label(name, slots.made.per_replica), POOL_COUNTERS, slots.counted())
        for name, limit in self.limits.items():
            found += changes.among("limit", self.label(name, limit.made.per_replica), LIMIT_COUNTERS, limit.counted())
        return dict([*found, *counters.credits.changed()])


def message_of(
    of: Task | Message, source: str, site: program.Site, number: int, *, wants_answer: bool = False, durable: bool = False
) -> Message:
    """What a task, or the task that a message makes, of the service `source` sends at a call site in its attempt of that number."""
    path = chance.combine((of.path + site.hash if site.draw is None else of.stream + site.draw) & chance.MASK, number)
    stream = of.stream if number == 0 else chance.combine(of.stream + site.hash & chance.MASK, number)
    priority = of.priority if site.priority is None else site.priority
    message = Message(of.intent, source, site.operation, path, stream, priority, wants_answer, durable)
    return message._replace(order=of.order, first_path=path)


def redelivery(message: Message) -> Message:
    """A durable message when it sets out again."""
    delivery = message.delivery + 1
    path = chance.combine(message.first_path, chance.name("redeliver") + delivery & chance.MASK)
    return message._replace(path=path, delivery=delivery)
