"""Walking the steps of operations and flows, and how what is found there is called. No kernel is needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from simcore.files.validation import Keys
from simcore.model.architecture import Architecture, Call, Choose, Hold, RateLimit, Repeat, Route, Send, Service, Step

CLIENT = "client"
"""The service whose operations are the flows; no file may declare it."""

Steps = Sequence[Step]


def inner(step: Step) -> list[tuple[Keys, Steps]]:
    """The lists of steps inside a step, with their keys below it."""
    if isinstance(step, (Hold, Repeat)):
        return [(("steps",), step.steps)]
    if isinstance(step, Call):
        return [(("fallback",), step.fallback)] if step.fallback is not None else []
    if isinstance(step, Choose):
        return [(("choose", i, "steps"), branch.steps) for i, branch in enumerate(step.choose)]
    if isinstance(step, Route):
        cases: list[tuple[Keys, Steps]] = [(("cases", case), steps) for case, steps in step.cases.items()]
        return cases + ([(("default",), step.default)] if step.default is not None else [])
    return []


def placed(steps: Steps, keys: Keys) -> Iterator[tuple[Keys, Step]]:
    """Every step of a list, the inner ones too, with its keys in the file."""
    for i, step in enumerate(steps):
        yield (*keys, i), step
        for below, more in inner(step):
            yield from placed(more, (*keys, i, *below))


def walk(steps: Steps) -> Iterator[Step]:
    """Every step that can be taken, outer before inner, in file order: what is repeated no times cannot."""
    for step in steps:
        if isinstance(step, Repeat) and step.repeat == 0:
            continue
        yield step
        for _, more in inner(step):
            yield from walk(more)


def sends_of(steps: Steps) -> int:
    """How many messages the steps send at most, what is repeated counted every time."""
    count = 0
    for step in steps:
        times = step.repeat if isinstance(step, Repeat) else 1
        count += isinstance(step, Send) + times * sum(sends_of(more) for _, more in inner(step))
    return count


def programs(architecture: Architecture) -> dict[str, Steps]:
    """The steps of every operation, ``service.operation``, and of every flow, ``client.flow``."""
    made: dict[str, Steps] = {
        f"{s}.{o}": operation.steps for s, service in architecture.services.items() for o, operation in service.operations.items()
    }
    return made | {f"{CLIENT}.{name}": flow.steps for name, flow in architecture.flows.items()}


def callee(step: Call | Send) -> str:
    """``service.operation`` that a call or send asks for."""
    return step.call if isinstance(step, Call) else step.send


def resources(steps: Steps) -> list[str]:
    """Pools and limits that steps name, in file order."""
    found: list[str] = []
    for step in walk(steps):
        if isinstance(step, Hold):
            found.append(step.hold)
        elif isinstance(step, RateLimit):
            found.append(step.rate_limit)
        elif isinstance(step, Call):
            found += [name for name in (step.bulkhead, step.connection) if name]
    return found


def names_used(service: Service) -> list[str]:
    """Pools and limits that the operations of a service name, in file order."""
    found: dict[str, None] = {}
    for operation in service.operations.values():
        pools = service.pools if operation.pools is None else operation.pools
        found |= dict.fromkeys([*pools, *resources(operation.steps)])
    return list(found)


def instances(architecture: Architecture, name: str, used: Mapping[str, Sequence[str]] | None = None) -> list[str]:
    """What a pool or limit is called in a run: its name, or `NAME#N` for each replica number of whoever uses it. `used` is
    `names_used` by service, where it is known already."""
    made = architecture.pools.get(name) or architecture.limits[name]
    if made.per == "shared":
        return [name]
    services = architecture.services.items()
    users = [service.units for s, service in services if name in (used[s] if used else names_used(service))]
    return [f"{name}#{i}" for i in range(max(users, default=1))]


def call_sites(architecture: Architecture) -> dict[str, str]:
    """Every call or send site, as the journal names it, and the service it leads to, in the order in which they are numbered."""
    found = {}
    for body, steps in programs(architecture).items():
        turns: dict[str, int] = {}
        for step in walk(steps):
            if isinstance(step, (Call, Send)):
                key = step.name or callee(step)
                turn = turns[key] = turns.get(key, -1) + 1
                label = key if step.name and not turn else f"{key}#{turn}"
                found[f"{body}/{label}"] = callee(step).partition(".")[0]
    return found
