"""What a service that is a message broker may be: it passes on durable messages, and does nothing else.

The live twin runs a real broker in its place, which knows no architecture: whatever a file says of it beyond that would be true of the
simulated core alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from simcore.files.validation import Finding
from simcore.model.architecture import Architecture
from simcore.model.index import ArchitectureIndex
from simcore.model.steps import Call, Send, Work, callee

_PASSES = "write the work of passing it on, and a send with durable: true for each who gets it"


def check_message_brokers(index: ArchitectureIndex) -> Iterator[Finding]:
    """Steps of message brokers, and steps that use one, that a message broker cannot have; and pools that it has in common with others."""
    architecture = index.architecture
    brokers = {name for name, service in architecture.services.items() if service.message_broker}
    if not brokers:
        return
    for name in sorted(brokers):
        service = architecture.services[name]
        if service.instances > 1:
            yield Finding(("services", name), f"{name} is a message broker, and has {service.instances} instances", "give it one")
        for operation in service.operations:
            yield from _passes_on(architecture, name, operation)
        for pool in dict.fromkeys([*service.pools, *(p for made in service.operations.values() for p in made.pools or ())]):
            if len(index.users_of(pool)) > 1:
                yield Finding(("services", name), f"the message broker {name} shares the pool {pool!r}", "give it one of its own")
    for placed in index.steps:
        step = placed.step
        if isinstance(step, (Call, Send)) and callee(step).partition(".")[0] in brokers:
            to = callee(step).partition(".")[0]
            if isinstance(step, Call) or not step.durable:
                what = "a call to" if isinstance(step, Call) else "a message that may get lost, to"
                yield Finding(
                    placed.keys, f"{what} the message broker {to}", "send it with durable: true: it comes at least once"
                )


def _passes_on(architecture: Architecture, name: str, operation: str) -> Iterator[Finding]:
    keys = ("services", name, "operations", operation)
    made = architecture.services[name].operations[operation]
    if made.idempotency is not None:
        yield Finding(
            (*keys, "idempotency"), f"{name} is a message broker and keeps no keys", "give the key to who gets the message"
        )
    if not any(isinstance(step, Send) for step in made.steps):
        yield Finding(keys, f"the message broker {name} passes {operation} on to nobody", _PASSES)
    for i, step in enumerate(made.steps):
        passes = isinstance(step, Work) or (isinstance(step, Send) and step.durable and step.delay is None)
        if not passes:
            yield Finding((*keys, "steps", i), f"{name} is a message broker, and cannot take this step", _PASSES)
