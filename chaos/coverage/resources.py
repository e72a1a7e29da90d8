"""What a defect reaches: the pools, services, operations, links and limits of its mutation point and of what runs on them. Two defects
that reach the same one can make each other worse."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from chaos.documents.sites import Site
from simcore.model.index import ArchitectureIndex
from simcore.model.steps import CLIENT

CLOSENESS = ("service", "operation", "limit", "link", "held pool", "pool")
"""Kinds of what is reached, the one that says most last: who waits for the same slots hinders each other, who runs on the same machine
may. A held pool is the one's, whose slots are held while somebody waits for the other."""


class Resource(NamedTuple):
    """Something of an architecture, by kind (one of `CLOSENESS`) and name."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def reached_by(index: ArchitectureIndex, kind: str, site: Site) -> frozenset[Resource]:
    """What a defect at a site of a kind reaches; nothing for those of people, alarms and files."""
    words = site.words

    def word(name: str) -> list[str]:
        value = words.get(name)
        return [value] if isinstance(value, str) else []

    if kind == "call":
        operations = [f"{words['caller']}.{words['caller_operation']}", f"{words['target']}.{words['target_operation']}"]
        found = {Resource("operation", name) for name in operations} | {Resource("pool", name) for name in word("bulkhead")}
        return frozenset(found | _services(index, [*word("caller"), *word("target")]))
    if kind in ("operation", "branch", "throttle"):
        own = [f"{words['service']}.{words['operation']}"] if "operation" in words else []
        found = {Resource("operation", name) for name in own} | {Resource("limit", name) for name in word("limit")}
        return frozenset(found | _services(index, word("service")))
    if kind == "pool":
        users = [name for name, service in index.architecture.services.items() if site.label in service.pools]
        return frozenset({Resource("pool", site.label)} | {Resource("service", name) for name in users})
    if kind == "limit":
        return frozenset({Resource("limit", site.label)})
    if kind == "link":
        return frozenset({Resource("link", site.label)} | _services(index, [*word("source"), *word("target")]))
    if kind == "flow":
        return frozenset(Resource("operation", name) for name in index.reached_from(f"{CLIENT}.{site.label}"))
    return frozenset(_services(index, word("service")))


def _services(index: ArchitectureIndex, names: Iterable[str]) -> set[Resource]:
    """The services of these names with the pools that they run on; customers are none."""
    services = index.architecture.services
    known = [name for name in names if name in services]
    pools = {Resource("pool", pool) for name in known for pool in services[name].pools}
    return pools | {Resource("service", name) for name in known}


class Reach(NamedTuple):
    """What a defect reaches itself, and the pools of those who wait for it, and for whom they wait, holding their slots."""

    own: frozenset[Resource]
    held: frozenset[str]


def reach_of(index: ArchitectureIndex, kind: str, site: Site) -> Reach:
    """Of a defect at a site of a kind."""
    own = reached_by(index, kind, site)
    pools, services = ({r.name for r in own if r.kind == wanted} for wanted in ("pool", "service"))
    there = {r.name for r in own if r.kind == "operation"} or {b for b in index.bodies if index.bodies[b].service in services}
    waiting = _waiting(index, there)
    held = {pool for service in {index.bodies[b].service for b in waiting} for pool in _pools(index, service)}
    return Reach(own, frozenset(held - pools))


def _waiting(index: ArchitectureIndex, operations: set[str]) -> set[str]:
    """The operations that call these and wait for the answer, and those that call them."""
    found, left = set[str](), set(operations)
    while left:
        left = {s.body.name for s in index.call_sites.values() if s.kind == "call" and s.target in left} - found
        found |= left
    return found


def _pools(index: ArchitectureIndex, service: str) -> list[str]:
    return list(index.architecture.services[service].pools) if service in index.architecture.services else []


def shared_by(a: Reach, b: Reach) -> frozenset[Resource]:
    """What two defects both reach, and the pools of the one that are held while somebody waits for the other."""
    held = {r.name for mine, other in ((a, b), (b, a)) for r in mine.own if r.kind == "pool" and r.name in other.held}
    return a.own & b.own | {Resource("held pool", name) for name in held}


def closeness(shared: Iterable[Resource]) -> int:
    """How much what two defects both reach says: 0 for nothing, most for a pool."""
    return max((1 + CLOSENESS.index(resource.kind) for resource in shared), default=0)
