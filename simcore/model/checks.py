"""What a model alone cannot see: names that are not defined, tasks that wait for themselves, what is too large or never ends.

Everything here reads a validated `Architecture` and, where customers matter, a `Workload`; findings carry the keys of the
place, so that `simcore.files.loading` can tell file, line and column.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence

from simcore.base.errors import suggest
from simcore.files.validation import Finding, Keys
from simcore.model.architecture import Architecture
from simcore.model.effects import EFFECTS
from simcore.model.index import ArchitectureIndex, Body
from simcore.model.message_brokers import check_message_brokers
from simcore.model.references import check_control
from simcore.model.steps import (
    CLIENT,
    Call,
    Choose,
    Effect,
    Hold,
    RateLimit,
    Repeat,
    Route,
    Send,
    Step,
    Steps,
    callee,
    inner,
    placed,
)
from simcore.model.termination import call_cycles, endless_sends, flow_takes_time
from simcore.model.trading_calendar import CALENDARS
from simcore.model.workload import Follows, Workload

MAX_STEPS = 4096  # of one operation, repeats unrolled
MAX_HELD = 4  # slots one task holds at a time
MAX_SITES = 1_000_000  # steps × replicas: each call site keeps a breaker window for each replica
MAX_SLOTS_TOTAL = 10_000_000

BUILTIN_ATTRIBUTES: Mapping[str, tuple[str, ...]] = {"session": ("yes", "no"), "side": ("buy", "sell")}
"""Attributes every workload has: whether the customer is logged in, and which side the order is on."""


def check_architecture(architecture: Architecture) -> list[Finding]:
    """All findings about an architecture on its own, an empty list if it is sound."""
    index = ArchitectureIndex(architecture)
    found = [*_services(architecture), *_links(architecture), *_flows(architecture)]
    for body in index.bodies.values():
        found += _names(architecture, body)
        found += _held(body)
    too_large = [finding for body in index.bodies.values() for finding in _size(body)] or _sizes(architecture)
    if not too_large:  # to list all call sites of a body too large would take for ever
        found += check_control(index)
    found += too_large
    if not found:  # the graph of calls makes sense only once every part does
        found += [*call_cycles(index), *endless_sends(index), *_shared_draws(index), *check_message_brokers(index)]
    return found


def _follows(workload: Workload, name: str, follows: Follows) -> list[Finding]:
    keys = ("flows", name, "follows")
    if follows.flow not in workload.flows:
        return [_dangling((*keys, "flow"), "flow", follows.flow, workload.flows)]
    followed = workload.flows[follows.flow]
    if followed.closed is not None or followed.follows is not None:
        return [
            Finding((*keys, "flow"), f"{follows.flow!r} has no arrivals of its own to follow", "name a flow with rate or per_day")
        ]
    for attribute, value in (follows.where or {}).items():
        known = workload.attributes.get(attribute)
        if known is None or known.of != "intent":
            return [Finding((*keys, "where"), f"{attribute!r} is no attribute of intents", "name an attribute with `of: intent`")]
        if value not in known.weights:
            return [_dangling((*keys, "where", attribute), "value", value, known.weights)]
    return []


def check_workload(workload: Workload) -> list[Finding]:
    """Findings about a workload on its own."""
    found = []
    for name, load in workload.flows.items():
        if load.curve is not None and load.curve not in workload.curves:
            found.append(_dangling(("flows", name, "curve"), "curve", load.curve, workload.curves))
        if load.follows is not None:
            found += _follows(workload, name, load.follows)
    for name in workload.attributes:
        if name in BUILTIN_ATTRIBUTES:
            values = ", ".join(BUILTIN_ATTRIBUTES[name])
            found.append(Finding(("attributes", name), f"the attribute {name!r} is built in ({values})", "choose another name"))
    online = workload.accounts.online
    if online is not None and online.curve not in workload.curves:
        found.append(_dangling(("accounts", "online", "curve"), "curve", online.curve, workload.curves))
    if workload.calendar not in CALENDARS:
        found.append(_dangling(("calendar",), "calendar", workload.calendar, CALENDARS))
    return found


def check_pair(architecture: Architecture, workload: Workload) -> tuple[list[Finding], list[Finding]]:
    """Whether an architecture can be run under a workload: attributes that it routes by, flows that the workload names, think times.

    Returns two lists of findings, those to correct in the architecture file and those in the workload file; both are empty if the two fit.
    """
    index = ArchitectureIndex(architecture)
    values = {name: tuple(a.weights) for name, a in workload.attributes.items()} | dict(BUILTIN_ATTRIBUTES)
    in_architecture = []
    for name, service in architecture.services.items():
        if service.shard_by is not None and service.shard_by not in values:
            in_architecture.append(_dangling(("services", name, "shard_by"), "attribute", service.shard_by, values))
    for body in index.bodies.values():
        for keys, step in placed(body.steps, body.keys):
            if isinstance(step, Route):
                in_architecture += _route(keys, step, values)
    in_workload = []
    for name, load in workload.flows.items():
        if name not in architecture.flows:
            in_workload.append(_dangling(("flows", name), "flow of the architecture", name, architecture.flows))
        elif load.closed is not None and not load.closed.think.takes_time and not flow_takes_time(index, name):
            message = "a closed population that neither thinks nor waits stops the clock"
            in_workload.append(Finding(("flows", name, "closed"), message, "give it a think time"))
    return in_architecture, in_workload


# --- names --------------------------------------------------------------------------------------------------------------


def _dangling(keys: Keys, what: str, name: str, known: Collection[str]) -> Finding:
    return Finding(keys, f"there is no {what} {name!r}", suggest(name, known))


def _services(architecture: Architecture) -> list[Finding]:
    found = []
    for name, service in architecture.services.items():
        if name == CLIENT:
            found.append(Finding(("services", name), f"{CLIENT!r} stands for the customers' side", "choose another name"))
        for i, pool in enumerate(service.pools):
            if pool not in architecture.pools:
                found.append(_dangling(("services", name, "pools", i), "pool", pool, architecture.pools))
        for operation_name, operation in service.operations.items():
            for i, pool in enumerate(operation.pools or ()):
                if pool not in architecture.pools:
                    keys = ("services", name, "operations", operation_name, "pools", i)
                    found.append(_dangling(keys, "pool", pool, architecture.pools))
    return found


def _links(architecture: Architecture) -> list[Finding]:
    found = []
    seen: set[tuple[str, str]] = set()
    for i, link in enumerate(architecture.links):
        if link.source not in architecture.services and link.source != CLIENT:
            found.append(_dangling(("links", i, "from"), "service", link.source, [*architecture.services, CLIENT]))
        if link.target not in architecture.services:
            found.append(_dangling(("links", i, "to"), "service", link.target, architecture.services))
        if (link.source, link.target) in seen:
            message = f"a second link from {link.source} to {link.target}"
            found.append(Finding(("links", i), message, "make one link of them: it covers both directions"))
        seen.add((link.source, link.target))
    return found


def _flows(architecture: Architecture) -> list[Finding]:
    """What is true of an order is found in the rows of its intents."""
    return [
        Finding(("flows", name, "kind"), f"the flow {name} is of kind order and keeps no row an intent", "add record: true")
        for name, flow in architecture.flows.items()
        if flow.kind == "order" and not flow.record
    ]


def _names(architecture: Architecture, body: Body) -> list[Finding]:
    found = []
    names: set[str] = set()
    for keys, step in placed(body.steps, body.keys):
        for key, what, name, known in _references(architecture, step):
            if name not in known:
                found.append(_dangling((*keys, key), what, name, known))
        if isinstance(step, (Call, Send)):
            key = "call" if isinstance(step, Call) else "send"
            found += _target(architecture, (*keys, key), callee(step))
            if step.name is not None and step.name in names:
                message = f"a second step is called {step.name!r} in {body.name}"
                found.append(Finding((*keys, "name"), message, "choose another name"))
            names.add(step.name or "")
        if isinstance(step, Call) and step.timeout == 0:
            found.append(Finding((*keys, "timeout"), "a timeout of 0 lets no call succeed", "give it a time, or leave it out"))
    return found


def _references(architecture: Architecture, step: Step) -> Iterator[tuple[str, str, str, Collection[str]]]:
    """(key, what it names, the name, the names there are) of what a step refers to, targets left out."""
    if isinstance(step, Hold):
        yield "hold", "pool", step.hold, architecture.pools
    elif isinstance(step, RateLimit):
        yield "rate_limit", "limit", step.rate_limit, architecture.limits
    elif isinstance(step, Effect):
        yield "effect", "effect", step.effect, EFFECTS
    elif isinstance(step, Call):
        for key, pool in _slots_of(step):
            yield key, "pool", pool, architecture.pools


def _slots_of(call: Call) -> list[tuple[str, str]]:
    """(key, pool) of what an attempt of the call holds."""
    return [(key, pool) for key, pool in (("bulkhead", call.bulkhead), ("connection", call.connection)) if pool is not None]


def _target(architecture: Architecture, keys: Keys, target: str) -> list[Finding]:
    service_name, _, name = target.partition(".")
    service = architecture.services.get(service_name)
    if service is None:
        known = [f"{s}.{o}" for s in architecture.services for o in architecture.services[s].operations]
        return [Finding(keys, f"there is no service {service_name!r}", suggest(target, known))]
    if name not in service.operations:
        return [_dangling(keys, f"operation of {service_name}", name, service.operations)]
    return []


def _route(keys: Keys, step: Route, values: Mapping[str, Sequence[str]]) -> list[Finding]:
    if step.route not in values:
        return [_dangling((*keys, "route"), "attribute", step.route, values)]
    known = values[step.route]
    return [_dangling((*keys, "cases", case), f"value of {step.route}", case, known) for case in step.cases if case not in known]


# --- slots and sizes ----------------------------------------------------------------------------------------------------


def _held(body: Body) -> list[Finding]:
    """A task that holds a pool twice can wait for itself; one that holds more than MAX_HELD does not fit the kernel."""
    twice = [pool for pool, n in Counter(body.pools).items() if n > 1]
    if twice:
        return [Finding(body.keys, f"{body.name} acquires the pool {twice[0]!r} twice at its start", "name each pool once")]
    if len(body.pools) > MAX_HELD:
        return [Finding(body.keys, f"{body.name} holds {len(body.pools)} pools at once", f"hold at most {MAX_HELD}")]
    return list(_held_by(body.steps, body.keys, tuple(body.pools)))


def _held_by(steps: Steps, keys: Keys, held: tuple[str, ...]) -> Iterator[Finding]:
    for i, step in enumerate(steps):
        here = (*keys, i)
        more: list[tuple[str, str]] = []
        if isinstance(step, Hold):
            more = [("hold", step.hold)]
        elif isinstance(step, Call):
            more = _slots_of(step)
        now = held
        for key, pool in more:
            if pool in now:
                yield Finding((*here, key), f"the task holds {pool!r} already and may wait for itself", "hold a pool once")
            now = (*now, pool)
            if len(now) > MAX_HELD:
                message = f"the task holds {len(now)} pools at once: {', '.join(now)}"
                yield Finding((*here, key), message, f"hold at most {MAX_HELD}")
        inside = now if isinstance(step, Hold) else held  # a fallback runs after bulkhead and connection are released
        for below, inner_steps in inner(step):
            yield from _held_by(inner_steps, (*here, *below), inside)


def unrolled(steps: Steps) -> int:
    """The number of steps with every repeat written out."""
    total = 0
    for step in steps:
        inside = sum(unrolled(more) for _, more in inner(step))
        total += 1 + (step.repeat * inside if isinstance(step, Repeat) else inside)
    return total


def _size(body: Body) -> list[Finding]:
    count = unrolled(body.steps)
    if count > MAX_STEPS:
        return [Finding(body.keys, f"{body.name} unrolls to {count} steps", f"repeat less: at most {MAX_STEPS}")]
    return []


def _sizes(architecture: Architecture) -> list[Finding]:
    """What would not fit into memory, however small each number looks."""
    found = []
    sites = 0
    for name, service in architecture.services.items():
        sites += service.instances * sum(unrolled(operation.steps) for operation in service.operations.values())
        if sites > MAX_SITES:
            message = f"up to here the services have {sites} steps (replicas × steps)"
            found.append(Finding(("services", name), message, f"use fewer replicas: at most {MAX_SITES}"))
            break
    widest = max(service.instances for service in architecture.services.values())
    slots = 0
    for name, pool in architecture.pools.items():
        if not isinstance(pool.slots, int):
            continue
        slots += pool.slots * (widest if pool.per == "replica" else 1)
        if slots > MAX_SLOTS_TOTAL:
            message = f"up to here the pools have {slots} slots"
            found.append(Finding(("pools", name, "slots"), message, f"at most {MAX_SLOTS_TOTAL}; write 'unlimited' for no bound"))
            break
    return found


# --- draws --------------------------------------------------------------------------------------------------------------


def _shared_draws(index: ArchitectureIndex) -> list[Finding]:
    """A `draw` name that one flow reaches more than once gives several steps the same random numbers, which is never meant.

    Branches that exclude each other may share a name: that is what pairs the random numbers of restructured architectures.
    """
    reach: dict[str, Counter[str]] = {name: Counter() for name in index.bodies}
    while True:  # counts only grow and stop at 2, so that circles of sends settle too
        grown = {name: _draws(body.steps, reach) for name, body in index.bodies.items()}
        if grown == reach:
            break
        reach = grown
    sites: dict[str, list[tuple[Keys, str]]] = {}
    for body in index.bodies.values():
        for keys, step in placed(body.steps, body.keys):
            sites.setdefault(getattr(step, "draw", None) or "", []).append((keys, body.name))
    found: dict[str, Finding] = {}
    for flow in index.architecture.flows:
        for draw in (d for d, count in reach[f"{CLIENT}.{flow}"].items() if count > 1 and d not in found):
            where = ", ".join(dict.fromkeys(name for _, name in sites[draw]))
            message = f"the flow {flow!r} draws {draw!r} more than once (in {where})"
            found[draw] = Finding((*sites[draw][-1][0], "draw"), message, "name each draw of one flow differently")
    return list(found.values())


def _draws(steps: Steps, reach: Mapping[str, Counter[str]]) -> Counter[str]:
    """How often, at most, each draw name is met from a list of steps, counted up to 2."""
    total: Counter[str] = Counter()
    for step in steps:
        branches = [_draws(more, reach) for _, more in inner(step)]
        if isinstance(step, (Route, Choose)):
            either: Counter[str] = Counter()
            for branch in branches:
                either |= branch  # the larger count of the two
            total += either
        elif isinstance(step, Repeat):
            for branch in branches:
                total += Counter({draw: count * min(step.repeat, 2) for draw, count in branch.items()})
        else:
            for branch in branches:
                total += branch
        draw = getattr(step, "draw", None)
        if draw is not None:
            total[draw] += 1
        if isinstance(step, (Call, Send)):
            total += reach.get(callee(step), Counter())
    return Counter({draw: min(count, 2) for draw, count in total.items() if count})
