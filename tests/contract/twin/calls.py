"""Slots, and the attempts of a call: retry(breaker(bulkhead(timeout(connection(request)))))."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from .chance import combine, draw, name, rounded
from .links import Links
from .policies import Budget, CircuitBreaker, Place, Slots
from .program import Node
from .state import Answer, Attempt, Failed, Instance, Suspended, Task
from .world import TIMEOUT, WAKE


class Calls(Links):
    """What a task does to have something of others: slots and answers."""

    # --- slots ---

    def acquire(self, task: Task, pool: str, attempt: Attempt | None = None) -> Suspended:
        """Take a slot, waiting in the queue if need be. Returns None, or why not: refused, timeout, deadline."""
        slots = self.slots(pool, task.instance.replica)
        if slots.free and not slots.queue:
            slots.take()
            task.held.append(slots)
            return None
        if len(slots.queue) >= slots.limit:
            self.seen["full queue"] += 1
            slots.refused += 1
            return "refused"
        place = Place(task, slots, attempt)
        slots.join(place)
        self.seen[f"queued {slots.discipline}{' ahead of others' if slots.queue[-1] is not place else ''}"] += 1
        if attempt is None:
            self.until_deadline(task, partial(self.leave_queue, task, place))
        yield place
        failure = None
        if attempt and attempt.expired:
            self.seen[f"{attempt.expired} in a connection's queue"] += 1
            failure = attempt.expired
        elif task.deadline is not None and self.now >= task.deadline:
            self.seen["deadline in a queue"] += 1
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

    def until_deadline(self, task: Task, give_up: Callable[[], None]) -> None:
        """Who queues waits no longer than until its own deadline."""
        if task.deadline is not None:
            self.at(max(0, task.deadline - self.now), TIMEOUT, task.intent.number, task.path, give_up)

    def leave_queue(self, task: Task, place: Place) -> None:
        if task.waiting is place and not place.granted:
            self.seen["left a queue at the deadline"] += 1
            place.slots.leave(place)
            self.wake(task, place)

    def check_deadline(self, task: Task) -> None:
        if task.deadline is not None and self.now >= task.deadline:
            self.seen["deadline at a step"] += 1
            raise Failed("deadline")

    # --- retries ---

    def call(self, task: Task, node: Node) -> Suspended:
        """Attempts until one is ok or the retry policy gives up. Returns the last code."""
        attempt = 0
        while True:
            self.check_deadline(task)
            budget = self.budget(task.instance, node)
            if budget and attempt == 0:
                budget.earn()
            code = yield from self.attempt(task, node, attempt)
            if code == "ok" or not self.may_retry(node, attempt, code, budget):
                return code
            self.seen["retry"] += 1
            yield from self.pause(task, self.until_own(task, self.backoff(task, node, attempt)), WAKE)
            attempt += 1

    def until_own(self, task: Task, duration: int) -> int:
        """A pause that the task's own deadline cuts short."""
        return duration if task.deadline is None else min(duration, max(0, task.deadline - self.now))

    def policy(self, node: Node, knob: str, written: Any) -> Any:
        now = self.policies.get(node.label, {}).get(knob)
        return written if now is None else now

    def may_retry(self, node: Node, attempt: int, code: str, budget: Budget | None) -> bool:
        retry = node.step.retry
        if retry is None or attempt + 1 >= self.policy(node, "attempts", retry.attempts):
            return False
        if code not in retry.on:
            self.seen["not on the list of retries"] += 1
            return False
        if budget is None or budget.spend():
            return True
        self.seen["no budget for a retry"] += 1
        return False

    def backoff(self, task: Task, node: Node, attempt: int) -> int:
        retry = node.step.retry
        backoff = self.policy(node, "backoff_ns", retry.backoff) * retry.multiplier**attempt
        if retry.backoff_max is not None:
            backoff = min(backoff, retry.backoff_max)
        if backoff:
            self.seen["backoff with jitter" if retry.jitter else "backoff"] += 1
        jitter = draw(combine(task.path + node.site + name("jitter"), attempt))
        return rounded(backoff * (1.0 - retry.jitter * jitter))

    def budget(self, instance: Instance, node: Node) -> Budget | None:
        if node.step.retry is None or node.step.retry.budget is None:
            return None
        return instance.budgets.setdefault(node.site, Budget(node.step.retry.budget))

    # --- one attempt ---

    def attempt(self, task: Task, node: Node, number: int) -> Suspended:
        """Step 1: the breaker. Returns the code."""
        if node.step.breaker is None:
            return (yield from self.behind_breaker(task, node, number))
        breaker = task.instance.breakers.setdefault(node.site, CircuitBreaker(node.step.breaker))
        admitted_as = breaker.admit(self.now)
        if admitted_as is None:
            self.seen["rejected by a breaker"] += 1
            return "breaker_open"
        code = yield from self.behind_breaker(task, node, number)
        success, before = code in ("ok", "rejected"), breaker.state
        breaker.note(admitted_as, success, self.now)
        self.seen[f"{'good' if success else 'bad'} {admitted_as} of a breaker: {before} to {breaker.state}"] += 1
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
        expiry = None if timeout is None else self.now + timeout
        if task.deadline is not None and (expiry is None or task.deadline < expiry):
            self.until_deadline(task, partial(self.expire, this))
        elif timeout is not None:
            self.at(timeout, TIMEOUT, task.intent.number, task.path, partial(self.expire, this))
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
        instance = self.pick(message)
        if instance is None:
            return "refused"
        self.transmit(message, instance)
        answer = yield this
        indefinite = this.expired or answer.code == "reset"
        task.touched |= answer.touched
        task.in_doubt |= answer.in_doubt or (indefinite and message.target.may_have_effects)
        return answer.code

    def expire(self, this: Attempt) -> None:
        """The timeout fires, or the task's deadline: out of the connection's queue, or no longer waiting for the answer."""
        own, place = this.task.deadline, this.task.waiting
        this.expired = "deadline" if own is not None and self.now >= own else "timeout"
        if isinstance(place, Place) and place.attempt is this:
            place.slots.leave(place)
            self.wake(this.task, place)
        else:
            self.seen["gave up an answer at the deadline"] += this.expired == "deadline" and place is this
            self.wake(this.task, this, Answer(this.expired))
