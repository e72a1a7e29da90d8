"""What of an architecture a picture of it shows: services and where they stand, who calls whom through which sites, who needs
which pools. It is kept beside a journal, so that a report is made without the architecture's files."""

from __future__ import annotations

from typing import Any

from simcore.model.architecture import Architecture, Operation, Service
from simcore.model.steps import call_sites, resources


def picture(architecture: Architecture) -> dict[str, Any]:
    """`services`: name → layer, replicas, position (or null), description, pools. `edges`: from, to, sites, one for each pair of
    services (the client is one) that call. `flows`: name → description. Plain JSON types."""
    edges: dict[tuple[str, str], list[str]] = {}
    for site, callee in call_sites(architecture).items():
        edges.setdefault((site.partition(".")[0], callee), []).append(site)
    return {
        "services": {name: _service(architecture, made) for name, made in architecture.services.items()},
        "edges": [{"from": caller, "to": callee, "sites": sites} for (caller, callee), sites in edges.items()],
        "flows": {name: flow.description for name, flow in architecture.flows.items()},
    }


def _service(architecture: Architecture, made: Service) -> dict[str, Any]:
    pools = [pool for operation in made.operations.values() for pool in _held(made, operation)]
    return {
        "layer": made.layer, "replicas": made.replicas, "position": made.position, "description": made.description,
        "pools": [pool for pool in dict.fromkeys(pools) if pool in architecture.pools],
    }  # fmt: skip


def _held(made: Service, operation: Operation) -> list[str]:
    """The pools an operation runs on, then those its steps name: connections, bulkheads, what it holds."""
    return [*(operation.pools if operation.pools is not None else made.pools), *resources(operation.steps)]
