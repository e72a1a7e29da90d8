"""Where nodes stand."""

from __future__ import annotations

import pytest

from chaos.execution.topology import topology_of
from chaos.reports.run.topology_layout import HEIGHT, SIGN_HEIGHT, Box, Sign, layout, place_signs
from chaos.results.topology import Topology, TopologyEdge, TopologyNode
from simcore.library import LIBRARY, load_architecture
from simcore.model.index import ArchitectureIndex


def overlaps(boxes: dict[str, Box]) -> list[tuple[str, str]]:
    """Pairs of boxes that overlap."""
    items = list(boxes.items())
    return [
        (a, b)
        for i, (a, one) in enumerate(items)
        for b, other in items[:i]
        if abs(one.x - other.x) < (one.width + other.width) / 2 and abs(one.y - other.y) < HEIGHT
    ]


@pytest.mark.parametrize("name", sorted(LIBRARY.shipped("architecture")))
def test_no_boxes_overlap(name: str) -> None:
    """In every shipped architecture each service has a box of its own inside the frame, and none overlaps another."""
    model = load_architecture(name)
    boxes, (width, height) = layout(topology_of(ArchitectureIndex(model)), ())
    assert set(boxes) - {"client"} == set(model.services)
    assert overlaps(boxes) == []
    assert all(b.x - b.width / 2 >= 0 and b.x + b.width / 2 <= width and 0 < b.y < height for b in boxes.values())


def test_overlaps_are_found() -> None:
    """Two boxes nearer than their width and height overlap; side by side or one above the other they do not."""
    boxes = {"a": Box(0, 0, 100), "b": Box(90, 30, 100), "c": Box(101, 0, 100), "d": Box(0, 100, 100)}
    assert overlaps(boxes) == [("b", "a"), ("c", "b")]


def test_without_positions_services_stand_in_columns() -> None:
    """The distance from the client, in calls, is the column; what is authored keeps its place relative to the rest."""
    edges = [
        TopologyEdge.model_validate({"from": a, "to": b})
        for a, b in (("client", "a"), ("a", "b"), ("a", "c"), ("b", "d"), ("c", "d"))
    ]
    boxes, _ = layout(Topology(services={name: TopologyNode() for name in "dcba"}, edges=edges), ())
    assert boxes["client"].x < boxes["a"].x < boxes["b"].x == boxes["c"].x < boxes["d"].x
    assert overlaps(boxes) == []
    placed = {
        "left": TopologyNode(position=[0, 0]),
        "right": TopologyNode(position=[10, 0]),
        "below": TopologyNode(position=[0, 10]),
    }
    boxes, _ = layout(Topology(services=placed), ())
    assert boxes["left"].x == boxes["below"].x < boxes["right"].x
    assert boxes["left"].y == boxes["right"].y < boxes["below"].y
    assert overlaps(boxes) == []


def test_signs_cover_nothing_where_there_is_room() -> None:
    """A sign for each service of the legacy core in turn, and two at one service: inside the drawing, on no box and not on each other."""
    model = load_architecture("legacy-coupled")
    placed = layout(topology_of(ArchitectureIndex(model)), ())
    for name in model.services:
        places, (width, height) = place_signs(placed, [Sign(name, 12), Sign(name, 12)])
        signs = [Box(p.x + 75, p.y + SIGN_HEIGHT / 2, 150.0) for p in places]
        assert abs(signs[0].x - signs[1].x) >= 150 or abs(signs[0].y - signs[1].y) >= SIGN_HEIGHT, name
        boxes = placed.boxes.values()
        assert not any(
            abs(s.x - b.x) < (150 + b.width) / 2 and abs(s.y - b.y) < (SIGN_HEIGHT + HEIGHT) / 2 for s in signs for b in boxes
        ), name
        assert all(s.x >= 75 and s.x + 75 <= width and s.y + SIGN_HEIGHT / 2 <= height for s in signs), name


@pytest.mark.parametrize("letters", [12, 40])
def test_a_sign_does_not_stand_below_the_picture_while_there_is_room_in_it(letters: int) -> None:
    """Wherever the fault is, of whatever length its name: the legacy core's picture is no higher for it, so that the first screen shows it."""
    model = load_architecture("legacy-coupled")
    placed = layout(topology_of(ArchitectureIndex(model)), ())
    for name in (*model.services, "client"):
        _, size = place_signs(placed, [Sign(name, letters)])
        assert size == pytest.approx(placed.size, abs=0.1), name


def test_a_very_large_topology_has_room_for_all() -> None:
    """Two hundred services in a row are not pushed about one by one."""
    names = [f"s{i}" for i in range(200)]
    boxes, _ = layout(Topology(services={name: TopologyNode(position=[i * 10, 0]) for i, name in enumerate(names)}), ())
    assert overlaps(boxes) == []
