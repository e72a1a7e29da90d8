"""What nothing happened to is folded on the map: services that stand alike become one box, those that nobody called are left out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import NamedTuple

from chaos.results.topology import Topology, TopologyEdge, TopologyNode


class Folded(NamedTuple):
    """The topology to be drawn, and the services in each box that stands for several, by the box's name."""

    topology: Topology
    groups: dict[str, list[str]]


def folded(topology: Topology, calls: Sequence[tuple[str, str]], untouched: Collection[str]) -> Folded:
    """Of a topology in which `calls` (from, to) were made. Alike are untouched services of one layer with the same neighbours."""
    neighbours: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for source, target in calls:
        neighbours[source].add(("to", target))
        neighbours[target].add(("from", source))
    alike: dict[object, list[str]] = defaultdict(list)
    for name, node in topology.services.items():
        if name not in untouched:
            alike[name].append(name)
        elif neighbours[name]:
            alike[node.layer, frozenset(neighbours[name])].append(name)
    box_of = {name: "+".join(members) for members in alike.values() for name in members}
    services = {"+".join(members): _box([topology.services[name] for name in members]) for members in alike.values()}
    pairs = dict.fromkeys((box_of.get(source, source), box_of.get(target, target)) for source, target in calls)
    edges = [TopologyEdge.model_validate({"from": source, "to": target}) for source, target in pairs]
    groups = {"+".join(members): members for members in alike.values() if len(members) > 1}
    return Folded(Topology(services=services, edges=edges, flows=topology.flows), groups)


def _box(nodes: Sequence[TopologyNode]) -> TopologyNode:
    """In the middle of where they stand; nowhere if one of them stands nowhere."""
    places = [node.position for node in nodes if node.position is not None]
    middle = [sum(place[axis] for place in places) / len(places) for axis in (0, 1)] if len(places) == len(nodes) else None
    return nodes[0].model_copy(update={"position": middle})
