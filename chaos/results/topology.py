"""What of an architecture a topology chart shows: services and where they stand, who calls whom through which call sites, who needs
which pools. It is kept beside a journal, so that a report is made without the architecture's files."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from simcore.base.model import ResultModel
from simcore.model.index import ArchitectureIndex


class Drawn(ResultModel):
    """A service in the topology; without a position the chart finds one."""

    layer: str = "core"
    replicas: int = 1
    position: Annotated[list[float], Field(min_length=2, max_length=2)] | None = None
    description: str = ""
    pools: list[str] = []


class Edge(ResultModel):
    """Who calls whom, through which call sites; one for each pair of services (the client is one) that call."""

    source: str = Field(alias="from")
    target: str = Field(alias="to")
    sites: list[str] = []


class Picture(ResultModel):
    """The topology: services by name, calls between them, and what each flow is."""

    services: Annotated[dict[str, Drawn], Field(max_length=2000)] = {}
    edges: Annotated[list[Edge], Field(max_length=20_000)] = []
    flows: dict[str, str] = {}


def picture(index: ArchitectureIndex) -> Picture:
    """The topology of an architecture."""
    return Picture(
        services={name: _service(index, name) for name in index.architecture.services},
        edges=[Edge(source=c.caller, target=c.callee, sites=[site.name for site in c.sites]) for c in index.connections],
        flows={name: flow.description for name, flow in index.architecture.flows.items()},
    )


def _service(index: ArchitectureIndex, name: str) -> Drawn:
    made, pools = index.architecture.services[name], index.architecture.pools
    return Drawn(
        layer=made.layer, replicas=made.replicas, position=made.position, description=made.description,
        pools=[resource for resource in index.resources_of(name) if resource in pools],
    )  # fmt: skip
