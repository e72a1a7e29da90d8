"""A task from its beginning to its end: pools, random streams, idempotency key, steps."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import simcore.model.architecture as file
import simcore.model.steps as file_steps

from .calls import Calls
from .case import Case, Span
from .chance import combine, draw, name, rounded, sample
from .program import Node
from .state import Answer, Failed, Remembered, Suspended, Task, Work
from .world import DONE, WAKE

LOOKED_AT_THE_CLOCK = (
    file_steps.Work | file_steps.Wait | file_steps.Hold | file_steps.Send | file_steps.Effect | file_steps.RateLimit
)


class Tasks(Calls):
    """What a task does of its own."""

    def __init__(self, case: Case) -> None:
        super().__init__(case)
        self.spans: list[Span] = []

    # --- beginning and end ---

    def start(self, task: Task) -> None:
        task.instance.tasks[task] = None
        task.process = self.client(task) if task.instance.service == "client" else self.life(task)
        if task.instance.paused:
            self.seen["arrived in a pause"] += 1
            task.instance.parked.append((task, None))
        else:
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
        del task.instance.tasks[task]
        while task.held:
            self.release(task)
        intent.answered, intent.outcome, intent.code = self.now, outcome, code
        if intent.closed:
            intent.closed()

    def life(self, task: Task) -> Suspended:
        """A task at an instance: its pools, its random stream, its key, its steps, its end."""
        try:
            yield from self.acquire_pools(task)
            if draw(combine(task.path + name("error"), 0)) < task.instance.error_rate:
                self.seen["error by the instance's rate"] += 1
                raise Failed("error")
            code = yield from self.look_up(task)
            if code is None:
                yield from self.steps(task, task.target.nodes)
                code = "ok"
        except Failed as failure:
            code = failure.answer
        self.end(task, Answer(code, task.touched, task.in_doubt))

    def end(self, task: Task, answer: Answer) -> None:
        """Release in reverse order, complete the key, then answer."""
        del task.instance.tasks[task]
        while task.held:
            self.release(task)
        self.complete_key(task, answer)
        instance, message = task.instance, task.message
        where, operation = f"{instance.service}#{instance.replica}", task.target.name.partition(".")[2]
        self.spans.append(Span(task.intent.number, task.path, where, operation, task.arrived, self.now, answer.code))
        assert message is not None
        if message.durable and not instance.up:
            self.seen["durable send waits for its instance"] += 1
            instance.undelivered.append(self.redelivery(message))
        elif message.durable and answer.code not in ("ok", "rejected"):
            self.deliver_later(message)
        elif not task.unanswered:
            self.answer(message, answer if instance.up else Answer("reset"))

    # --- its own pools ---

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
        if task.instance.still:
            self.seen["parked"] += 1
            task.instance.parked.append((task, None))
            yield None

    def acquire_own(self, task: Task, pool: str) -> Suspended:
        failure = yield from self.acquire(task, pool)
        if failure:
            task.unanswered = task.instance.still
            raise Failed(failure, answer="refused")

    # --- its idempotency key ---

    def look_up(self, task: Task) -> Suspended:
        """The code stored for this intent and operation; None: this task is the first, or the operation keeps no keys."""
        operation = task.target.model
        assert isinstance(operation, file.Operation)
        if operation.idempotency is None:
            return None
        key = task.target.service, combine(task.intent.root, name(task.target.name))
        entry = self.keys.get(key)
        if entry is None or (entry.done is not None and self.now - entry.done > operation.idempotency.lifetime):
            self.seen["first of its key" if entry is None else "key forgotten"] += 1
            self.keys[key] = task.first = Remembered(key)
            return None
        self.seen["key in flight" if entry.done is None else "key answered"] += 1
        if entry.done is None:
            entry.waiters.append(task)
            self.until_deadline(task, partial(self.leave_key, task, entry))
            if (yield entry) == "deadline":
                return "deadline"
        task.touched |= entry.answer.touched
        task.in_doubt |= entry.answer.in_doubt
        return entry.answer.code

    def leave_key(self, task: Task, entry: Remembered) -> None:
        if task.waiting is entry and task in entry.waiters:
            self.seen["left a key at the deadline"] += 1
            entry.waiters.remove(task)
            self.wake(task, entry, "deadline")

    def complete_key(self, task: Task, answer: Answer) -> None:
        entry = task.first
        if entry is None:
            return
        if answer.code not in ("ok", "rejected"):
            if task.wrote:
                self.seen["key of a failure after an effect"] += 1
                answer = replace(answer, code="ok")
            else:
                del self.keys[entry.key]
        entry.done, entry.answer = self.now, answer
        self.ready.extend(partial(self.wake, waiter, entry) for waiter in entry.waiters)

    # --- its steps ---

    def steps(self, task: Task, nodes: list[Node]) -> Suspended:
        for node in nodes:
            step = node.step
            if isinstance(step, LOOKED_AT_THE_CLOCK):
                self.check_deadline(task)
            self.seen[type(step).__name__.lower()] += 1
            match step:
                case file_steps.Work() | file_steps.Wait():
                    yield from self.work_or_wait(task, node)
                case file_steps.Call():
                    yield from self.after(task, node, (yield from self.call(task, node)))
                case file_steps.Send():
                    self.send(task, node)
                case file_steps.Hold():
                    yield from self.acquire_own(task, step.hold)
                    yield from self.steps(task, node.branches[0])
                    self.release(task)
                case file_steps.RateLimit():
                    yield from self.rate_limit(task, step)
                case file_steps.Effect():
                    task.intent.records += 1
                    task.touched = task.wrote = True
                case file_steps.Route() | file_steps.Choose():
                    yield from self.steps(task, self.branch(task, node))
                case file_steps.Fail():
                    raise Failed(step.fail)

    def after(self, task: Task, node: Node, code: str) -> Suspended:
        """What follows the last attempt of a call: nothing, the fallback, or the task's failure."""
        step = node.step
        if code == "ok":
            return
        if code == "rejected":
            raise Failed(code)
        if step.fallback is not None:
            self.seen["fallback"] += 1
            yield from self.steps(task, node.branches[0])
            return
        self.seen[f"on_failure {step.on_failure}"] += 1
        if step.on_failure != "ignore":
            raise Failed(code, blocked=step.on_failure == "block")

    def rate_limit(self, task: Task, step: file_steps.RateLimit) -> Suspended:
        wait = self.limit(step.rate_limit, task.instance.replica).wait(self.now)
        if wait is None:
            self.seen["refused by a rate limit"] += 1
            raise Failed("rate_limited", answer="rate_limited")
        self.seen["deferred by a rate limit" if wait else "passed a rate limit"] += 1
        yield from self.pause(task, self.until_own(task, wait), WAKE)
        if wait:
            self.check_deadline(task)

    def branch(self, task: Task, node: Node) -> list[Node]:
        """The branch that a route or a choice takes."""
        if isinstance(node.step, file_steps.Route):
            value = self.attribute(node.step.route, task.intent)[1]
            values = list(node.step.cases)
            self.seen["route to a case" if value in values else "route to the default" if node.step.default else "no route"] += 1
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
        step, instance = node.step, task.instance
        key = combine(task.stream + name(f"draw:{step.draw}"), 0) if step.draw else combine(task.path + node.site, 0)
        if isinstance(step, file_steps.Wait):
            yield from self.pause(task, sample(step.wait, key), DONE)
            return
        grey = instance.grey_factor if draw(combine(task.path + name("grey"), 0)) < instance.grey_share else 1.0
        others = instance.working  # n − 1
        duration = rounded(sample(step.work, key) * instance.slowdown * (1.0 + instance.contention * others) * grey)
        if duration:
            self.seen["slowed work"] += instance.slowdown != 1.0
            self.seen["work in contention"] += instance.contention > 0.0 and others > 0
            self.seen["grey work"] += grey != 1.0
            instance.working += 1
            task.work = work = Work(self.now + duration)
            self.at(duration, DONE, task.intent.number, task.path, partial(self.work_done, task, work, work.ends))
            yield work

    def work_done(self, task: Task, work: Work, ends: int) -> None:
        """Unless it has been stopped meanwhile, and ends later."""
        if task.waiting is work and work.ends == ends:
            task.instance.working -= 1
            task.work = None
            self.wake(task, work)
