"""What of an architecture a topology chart shows: services and where they stand, who calls whom through which call sites, who needs
which pools. It is stored beside a journal, so that a report is made without the architecture's files."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from simcore.base.model import ResultModel


class TopologyNode(ResultModel):
    """A service in the topology; without a position the chart finds one."""

    layer: str = "core"
    replicas: int = 1
    position: Annotated[list[float], Field(min_length=2, max_length=2)] | None = None
    description: str = ""
    pools: list[str] = []


class TopologyEdge(ResultModel):
    """Who calls whom, through which call sites; one for each pair of services (the client is one) that call."""

    source: str = Field(alias="from")
    target: str = Field(alias="to")
    sites: list[str] = []


class Topology(ResultModel):
    """Services by name, calls between them, and what each flow is."""

    services: Annotated[dict[str, TopologyNode], Field(max_length=2000)] = {}
    edges: Annotated[list[TopologyEdge], Field(max_length=20_000)] = []
    flows: dict[str, str] = {}
