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
            return min(rotation, key=lambda instance: (len(instance.tasks), instance.replica))
        turn = self.picks[service] = self.picks.get(service, -1) + 1
        return rotation[turn % len(rotation)]

    def latency(self, wire: Wire, message: Message, direction: str, loss_draw: int = 0) -> int | None:
        """How long this direction takes; None: lost."""
        lost = draw(combine(message.path + name(f"loss-{direction}"), loss_draw)) < wire.loss[direction]
        if lost or wire.partition[direction]:
            self.seen[f"{direction} {'lost' if lost else 'at a partition'}"] += 1
            return None
        latency = sample(wire.model.latency, combine(message.path + name(f"link-{direction}"), 0))
        return rounded(latency * wire.latency_factor) + wire.latency_add

    def transmit(self, message: Message, instance: Instance) -> None:
        """Send the request over the link, and after it the copy that the link may make."""
        wire = self.wire(message.source, message.target.service)
        latency = self.latency(wire, message, "request", message.redelivery)
        if latency is not None:
            self.carry(latency, REQUEST, message, partial(self.arrive, message, instance))
        elif message.durable:
            self.deliver_later(message)
        if not message.copy and draw(combine(message.path + name("duplicate-draw"), 0)) < wire.duplication:
            self.seen["duplicated send" if message.attempt is None else "duplicated call"] += 1
            path = combine(message.path, name("duplicate"))
            self.transmit(replace(message, path=path, first_path=path, redelivery=0, copy=True), instance)

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
        latency = self.latency(self.wire(message.source, message.target.service), message, "answer")
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
