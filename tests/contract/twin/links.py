"""Messages: the replica, the way there and back, sends, and durable ones that are delivered again."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from simcore.base.units import SECOND

from .chance import combine, draw, name, rounded, sample
from .program import Node, Target
from .state import Answer, Instance, Message, Task, Wire
from .world import ANSWER, REQUEST, WAKE, World


class Links(World, ABC):
    """What travels between instances."""

    @abstractmethod
    def start(self, task: Task) -> None:
        """A task begins at its instance."""

    # --- a request's way to an instance ---

    def message(self, task: Task, node: Node, number: int, target: Target) -> Message:
        step = node.step
        path = combine(task.stream + name(f"draw:{step.draw}"), number) if step.draw else combine(task.path + node.site, number)
        stream = task.stream if number == 0 else combine(task.stream + node.site, number)
        priority = task.priority if step.priority is None else step.priority
        return Message(task.intent, task.instance.service, target, path, stream, priority, first_path=path)

    def pick(self, message: Message) -> Instance | None:
        """An instance in rotation, by the service's balance."""
        service = message.target.service
        model, instances = self.architecture.services[service], self.instances[service]
        rotation = [instance for instance in instances if instance.in_rotation]
        self.seen[f"picked by {model.balance}" if rotation else "no replica"] += 1
        if model.balance == "shard":
            assert model.shard_by is not None
            instance = instances[self.attribute(model.shard_by, message.intent)[0] % model.replicas]
            return instance if instance.in_rotation else None
        if not rotation:
            return None
        if model.balance == "random":
            return rotation[math.floor(draw(combine(message.path + name("balance"), 0)) * len(rotation))]
        if model.balance == "least_busy":
            least = min(len(instance.tasks) for instance in rotation)
            rotation = [instance for instance in rotation if len(instance.tasks) == least]
            self.seen["least_busy of several"] += len(rotation) > 1
            return rotation[math.floor(draw(combine(message.path + name("balance"), 0)) * len(rotation))]
        turn = self.picks[service] = self.picks.get(service, -1) + 1
        return rotation[turn % len(rotation)]

    def held(self, wire: Wire, direction: str, then: Callable[[str, int], None]) -> bool:
        """Whether a cut holds what comes, or resets it at its end; `then` is what becomes of it, by the fate and the time it came."""
        fate = wire.partition[direction]
        if fate not in ("held", "reset"):
            return False
        self.seen[f"{direction} {fate} by a cut"] += 1
        wire.waiting[direction].append(partial(then, fate, self.now))
        return True

    def until_sent_again(self, fate: str, since: int) -> int:
        """A reset is heard of at once; what was held goes over when TCP tries again, after 0.2 s, 0.4 s more, up to 2 min."""
        at, pause = since, SECOND // 5
        while fate == "held" and at < self.now:
            at, pause = at + pause, min(2 * pause, 120 * SECOND)
        return at - self.now if fate == "held" else 0

    def latency(self, wire: Wire, message: Message, direction: str, loss_draw: int = 0) -> int | None:
        """How long this direction takes; None: lost."""
        lost = draw(combine(message.path + name(f"loss-{direction}"), loss_draw)) < wire.loss[direction]
        if lost or wire.partition[direction] == "lost":
            self.seen[f"{direction} {'lost' if lost else 'at a partition'}"] += 1
            return None
        return self.undisturbed(wire, message, direction)

    def undisturbed(self, wire: Wire, message: Message, direction: str) -> int:
        latency = sample(wire.model.latency, combine(message.path + name(f"link-{direction}"), 0))
        return rounded(latency * wire.latency_factor) + wire.latency_add

    def transmit(self, message: Message, instance: Instance) -> None:
        """Send the request over the link, and after it the copy that the link may make."""
        wire = self.wire(message.source, message.target.service)
        held = self.held(wire, "request", partial(self.after_the_cut, message, instance))
        latency = None if held else self.latency(wire, message, "request", message.redelivery)
        if held:
            pass
        elif latency is not None:
            self.carry(latency, REQUEST, message, partial(self.arrive, message, instance))
        elif message.durable:
            self.deliver_later(message)
        if not message.copy and draw(combine(message.path + name("duplicate-draw"), 0)) < wire.duplication:
            self.seen["duplicated send" if message.attempt is None else "duplicated call"] += 1
            path = combine(message.path, name("duplicate"))
            self.transmit(replace(message, path=path, first_path=path, redelivery=0, copy=True), instance)

    def after_the_cut(self, message: Message, instance: Instance, fate: str, since: int) -> None:
        """The cut that held a request or a message has ended."""
        wire, wait = self.wire(message.source, message.target.service), self.until_sent_again(fate, since)
        if fate == "held":
            delay = wait + self.undisturbed(wire, message, "request")
            self.at(delay, REQUEST, message.intent.number, message.path, partial(self.arrive, message, instance))
        elif message.attempt is not None:
            self.reply_after_the_cut(message, Answer("reset"), fate, since)
        elif message.durable:
            self.deliver_later(message)

    def reply_after_the_cut(self, message: Message, answer: Answer, fate: str, since: int) -> None:
        """The cut that held an answer has ended."""
        answer = replace(answer, code="reset") if fate == "reset" else answer
        wait = self.until_sent_again("reset" if answer.code == "reset" else fate, since)
        delay = wait + self.undisturbed(self.wire(message.source, message.target.service), message, "answer")
        assert message.attempt is not None
        action = partial(self.wake, message.attempt.task, message.attempt, answer)
        self.at(delay, ANSWER, message.intent.number, message.path, action)

    def carry(self, delay: int, kind: int, message: Message, action: Callable[[], None]) -> None:
        if delay:
            self.seen["link with latency"] += 1
            self.at(delay, kind, message.intent.number, message.path, action)
        else:
            self.ready.append(action)

    def arrive(self, message: Message, instance: Instance) -> None:
        """The request is at the instance: a task starts, or the instance is down."""
        if instance.up:
            who = (message.intent, instance, message.target, message.path, message.stream)
            self.start(Task(*who, message.priority, self.now, message.deadline, message))
        elif message.durable:
            self.seen["durable send waits for its instance"] += 1
            instance.undelivered.append(message)
        else:
            self.seen["refused by an instance that is down"] += 1
            self.answer(message, Answer("refused"))

    # --- the answer's way back ---

    def answer(self, message: Message, answer: Answer) -> None:
        """Over the link, to the attempt that may still wait for it; a send has none."""
        if message.attempt is None:
            return
        if message.attempt.expired:
            self.seen["late work"] += 1
        wire = self.wire(message.source, message.target.service)
        if self.held(wire, "answer", partial(self.reply_after_the_cut, message, answer)):
            return
        latency = self.latency(wire, message, "answer")
        if latency is not None:
            self.carry(latency, ANSWER, message, partial(self.wake, message.attempt.task, message.attempt, answer))

    # --- sends ---

    def send(self, task: Task, node: Node) -> None:
        """The delay passes first; then the message sets out."""
        message = replace(self.message(task, node, 0, self.targets[node.step.send]), durable=node.step.durable)
        self.seen["durable send" if message.durable else "send"] += 1
        delay = sample(node.step.delay, combine(message.path + name("delay"), 0)) if node.step.delay else 0
        if delay:
            self.seen["delayed send"] += 1
            self.at(delay, WAKE, message.intent.number, message.path, partial(self.set_out, message))
        else:
            self.set_out(message)

    def set_out(self, message: Message) -> None:
        instance = self.pick(message)
        if instance is not None:
            self.transmit(message, instance)
        elif message.durable:
            self.deliver_later(message)

    @staticmethod
    def redelivery(message: Message) -> Message:
        """The next delivery of a durable message."""
        r = message.redelivery + 1
        return replace(message, path=combine(message.first_path, name("redeliver") + r), redelivery=r)

    def deliver_later(self, message: Message) -> None:
        """Again in a second."""
        self.seen["durable send again"] += 1
        again = self.redelivery(message)
        self.at(SECOND, WAKE, again.intent.number, again.path, partial(self.set_out, again))
