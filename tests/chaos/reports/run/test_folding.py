"""What is folded on the map, and what is not."""

from __future__ import annotations

import pytest

from chaos.reports.run.folding import folded
from chaos.reports.run.topology_layout import group_name
from chaos.results.topology import Topology, TopologyNode

CALLS = [("client", "core"), ("core", "bank-a"), ("core", "bank-b"), ("core", "bank-c"), ("core", "fund")]


def topology() -> Topology:
    places = {"core": 0, "bank-a": 10, "bank-b": 20, "bank-c": 40, "fund": 60, "unused": 80}
    layers = {"core": "core", "unused": "core"}
    nodes = {n: TopologyNode(layer=layers.get(n, "external"), position=[x, 5]) for n, x in places.items()}
    return Topology(services=nodes)


def test_untouched_services_alike_become_one_box_in_their_middle() -> None:
    """bank-b and bank-c were called by the same service and were well; bank-a was not; what nobody called is left out."""
    drawn = folded(topology(), CALLS[:4], {"bank-b", "bank-c", "fund", "unused", "core"})
    assert list(drawn.topology.services) == ["core", "bank-a", "bank-b+bank-c"]
    assert drawn.groups == {"bank-b+bank-c": ["bank-b", "bank-c"]}
    assert drawn.topology.services["bank-b+bank-c"].position == [30, 5]
    assert [(e.source, e.target) for e in drawn.topology.edges] == [
        ("client", "core"),
        ("core", "bank-a"),
        ("core", "bank-b+bank-c"),
    ]


def test_what_was_touched_stands_alone() -> None:
    """Nothing is folded where nothing was untouched, and nothing is lost."""
    drawn = folded(topology(), CALLS, set())
    assert set(drawn.topology.services) == set(topology().services)
    assert drawn.groups == {}


def test_other_neighbours_are_not_alike() -> None:
    """A bank that the core calls and one that the fund calls."""
    calls = [("core", "bank-a"), ("fund", "bank-b")]
    assert folded(topology(), calls, {"bank-a", "bank-b"}).groups == {}


@pytest.mark.parametrize(
    ("members", "name"),
    [(["bank-b", "bank-c", "bank-d"], "bank-b, -c, -d"), (["sse", "szse"], "sse, szse"), (["a-b", "fund"], "a-b, fund")],
)
def test_names_of_groups(members: list[str], name: str) -> None:
    """What they share is written once."""
    assert group_name(members, ())["en"] == name
