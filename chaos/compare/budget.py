"""Equal cost: every architecture of a comparison has the machines and the database sessions of the costliest of them.

What a costlier architecture gains may be what its machines alone would give any. So the others get as many: replicas for those of their services that
are replicas already and may have more, and sessions for their database. What an architecture has no use for stays unused, and is said to be.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from chaos.compare.costs import hardware
from chaos.results.comparison import EqualCost
from simcore.model.architecture import MAX_REPLICAS, Architecture, Service
from simcore.model.index import ArchitectureIndex
from simcore.model.steps import Call


class Budget(NamedTuple):
    """Machines with standbys, and database sessions: slots of the pools that services of the data layer run on."""

    machines: int
    sessions: int


class Enlarged(NamedTuple):
    """What an architecture gets, as edits ``path=value``, and what of the budget it has no use for."""

    edits: tuple[str, ...]
    unused: Budget


def equal_cost(architectures: Mapping[str, Architecture]) -> dict[str, EqualCost]:
    """By name what each of the architectures gets so that all cost what the costliest of each kind does.

    >>> from simcore.library import load_architecture
    >>> given = equal_cost({name: load_architecture(name) for name in ("legacy-coupled", "options/two-sites")})
    >>> given["options/two-sites"].edits, given["options/two-sites"].machines
    ([], 20)
    """
    budgets = [budget_of(architecture) for architecture in architectures.values()]
    budget = Budget(max(b.machines for b in budgets), max(b.sessions for b in budgets))
    found = {name: enlarged(architecture, budget) for name, architecture in architectures.items()}
    return {
        name: EqualCost(
            machines=budget.machines,
            sessions=budget.sessions,
            edits=list(of.edits),
            unused_machines=of.unused.machines,
            unused_sessions=of.unused.sessions,
        )
        for name, of in found.items()
    }


def budget_of(architecture: Architecture) -> Budget:
    """What an architecture costs of both."""
    cost = hardware(architecture)
    return Budget(cost.machines + cost.standbys, sum(_sessions(architecture).values()))


def enlarged(architecture: Architecture, budget: Budget) -> Enlarged:
    """An architecture with all of a budget that it can use. Machines go one by one to the service with the fewest of those that can be
    replicated: a replica already, of no state of its own and of no share of the customers. Sessions go to the first database pool, and to
    the widest pool of connections to it, without which nobody could use them."""
    own, sessions = budget_of(architecture), _sessions(architecture)
    replicas = {name: service.replicas for name, service in architecture.services.items() if _replicable(service)}
    machines, before = budget.machines - own.machines, dict(replicas)
    while machines and replicas and min(replicas.values()) < MAX_REPLICAS:
        replicas[min(replicas, key=lambda name: replicas[name])] += 1
        machines -= 1
    edits = [f"services.{name}.replicas={count}" for name, count in replicas.items() if count != before[name]]
    left = budget.sessions - own.sessions
    pool = next(iter(sessions), None)
    if pool is not None and left:
        slots, copies = architecture.pools[pool].slots, _copies(architecture, pool)
        assert slots != "unlimited"
        if more := left // copies:
            edits += [f"pools.{pool}.slots={slots + more}", *_connections(architecture, more * copies)]
        left -= more * copies
    return Enlarged(tuple(edits), Budget(machines, left))


def _replicable(service: Service) -> bool:
    return service.layer != "external" and service.replicas > 1 and service.balance != "shard" and not service.stateful


def _connections(architecture: Architecture, more: int) -> list[str]:
    """The edit that widens the pool with the most connections to a database by so many; none where calls take none."""
    sites = ArchitectureIndex(architecture).call_sites.values()
    named = dict.fromkeys(
        site.step.connection
        for site in sites
        if isinstance(site.step, Call) and site.step.connection and architecture.services[site.callee].layer == "data"
    )
    slots = {pool: made for pool in named if pool and (made := architecture.pools[pool].slots) != "unlimited"}
    widest = max(slots, key=lambda pool: slots[pool], default=None)
    if widest is None or not (each := more // _copies(architecture, widest)):
        return []
    return [f"pools.{widest}.slots={slots[widest] + each}"]


def _sessions(architecture: Architecture) -> dict[str, int]:
    """The slots of each limited pool that a service of the data layer runs on, all instances of the pool together."""
    found = dict[str, int]()
    for service in architecture.services.values():
        for pool in service.pools if service.layer == "data" else ():
            slots = architecture.pools[pool].slots
            if slots != "unlimited":
                found[pool] = slots * _copies(architecture, pool)
    return found


def _copies(architecture: Architecture, pool: str) -> int:
    """How many there are of a pool: one, or one for each replica of the service that has most."""
    if architecture.pools[pool].per == "shared":
        return 1
    users = ArchitectureIndex(architecture).users_of(pool)
    return max((architecture.services[user].replicas for user in users), default=1)
