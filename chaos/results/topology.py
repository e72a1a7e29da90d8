"""What of an architecture a picture of it shows: services and where they stand, who calls whom through which sites, who needs
which pools. It is kept beside a journal, so that a report is made without the architecture's files."""

from __future__ import annotations

from typing import Any

from simcore.model.index import ArchitectureIndex


def picture(index: ArchitectureIndex) -> dict[str, Any]:
    """`services`: name → layer, replicas, position (or null), description, pools. `edges`: from, to, sites, one for each pair of
    services (the client is one) that call. `flows`: name → description. Plain JSON types."""
    return {
        "services": {name: _service(index, name) for name in index.architecture.services},
        "edges": [{"from": c.caller, "to": c.callee, "sites": [site.name for site in c.sites]} for c in index.connections],
        "flows": {name: flow.description for name, flow in index.architecture.flows.items()},
    }


def _service(index: ArchitectureIndex, name: str) -> dict[str, Any]:
    made, pools = index.architecture.services[name], index.architecture.pools
    return {
        "layer": made.layer, "replicas": made.replicas, "position": made.position, "description": made.description,
        "pools": [resource for resource in index.resources_of(name) if resource in pools],
    }  # fmt: skip
