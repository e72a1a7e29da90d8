"""The topology of an architecture, to be stored with a run."""

from __future__ import annotations

from chaos.results.topology import Topology, TopologyEdge, TopologyNode
from simcore.model.index import ArchitectureIndex


def topology_of(index: ArchitectureIndex) -> Topology:
    """The topology of an architecture."""
    return Topology(
        services={name: _service(index, name) for name in index.architecture.services},
        edges=[TopologyEdge(source=c.caller, target=c.callee, sites=[site.name for site in c.sites]) for c in index.connections],
        flows={name: flow.description for name, flow in index.architecture.flows.items()},
    )


def _service(index: ArchitectureIndex, name: str) -> TopologyNode:
    made, pools = index.architecture.services[name], index.architecture.pools
    return TopologyNode(
        layer=made.layer,
        replicas=made.replicas,
        position=made.position,
        description=made.description,
        pools=[resource for resource in index.resources_of(name) if resource in pools],
    )
