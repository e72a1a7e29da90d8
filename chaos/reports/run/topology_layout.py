"""Where the nodes of the topology stand: as the architecture's author put them, drawn apart until no two boxes overlap. What has
no position stands in the column of its distance from the client, to the right of what has."""

from __future__ import annotations

from typing import NamedTuple

from chaos.results.topology import Topology

CLIENT = "client"
HEIGHT = 48.0
WIDTH_LEAST, WIDTH_LETTER, WIDTH_FRAME = 88.0, 7.8, 18.0
GAP = 12.0
SHAPE = 2.7  # width to height of the frame: a strip that leaves room for a chart below


class Box(NamedTuple):
    """A node's box in the page's units: its centre and its width; all are HEIGHT high."""

    x: float
    y: float
    width: float


class Size(NamedTuple):
    """Width and height of a drawing."""

    width: float
    height: float


class Layout(NamedTuple):
    """The box of every service and of the client, and the size of the whole."""

    boxes: dict[str, Box]
    size: Size


class Point(NamedTuple):
    """Where the architecture's author puts a node, or factors on both axes."""

    x: float
    y: float


def layout(topology: Topology) -> Layout:
    """The drawing of a topology. Two nodes that were authored at the same place stay so."""
    points = _points(topology)
    if not points:
        return Layout({}, Size(0.0, 0.0))
    boxes = {name: Box(x, y, max(WIDTH_LEAST, WIDTH_LETTER * len(name) + WIDTH_FRAME)) for name, (x, y) in points.items()}
    sx, sy = _factors(list(boxes.values()))
    drawn = {name: Box(box.x * sx, box.y * sy, box.width) for name, box in boxes.items()}
    left, top = min(b.x - b.width / 2 for b in drawn.values()) - 4, min(b.y for b in drawn.values()) - HEIGHT / 2 - 4
    placed = {name: Box(round(b.x - left, 1), round(b.y - top, 1), round(b.width, 1)) for name, b in drawn.items()}
    right, bottom = max(b.x + b.width / 2 for b in placed.values()), max(b.y for b in placed.values()) + HEIGHT / 2
    return Layout(placed, Size(round(right + 4, 1), round(bottom + 4, 1)))


def _points(topology: Topology) -> dict[str, Point]:
    points = {n: Point(d.position[0], d.position[1]) for n, d in topology.services.items() if d.position is not None}
    columns, rows = _columns(topology), dict[int, int]()
    right = max((x for x, _ in points.values()), default=-160.0) + 160.0
    for name in (n for n in topology.services if n not in points):
        column = columns.get(name, 0)
        rows[column] = rows.get(column, 0) + 1
        points[name] = Point(right + 160.0 * column, 90.0 * rows[column])
    called = [points[e.target] for e in topology.edges if e.source == CLIENT and e.target in points]
    if called:
        points[CLIENT] = Point(min(x for x, _ in points.values()) - 120.0, sum(y for _, y in called) / len(called))
    return points


def _columns(topology: Topology) -> dict[str, int]:
    """Calls from the client to each service, at the fewest."""
    found, reached, depth = {CLIENT: -1}, {CLIENT}, 0
    while reached:
        reached = {e.target for e in topology.edges if e.source in reached} - found.keys()
        found |= dict.fromkeys(reached, depth)
        depth += 1
    return found


def _factors(boxes: list[Box]) -> Point:
    """Factors on x and y that keep all boxes apart and let them come out largest in a frame of the wanted shape."""
    width, height = (max(b[i] for b in boxes) - min(b[i] for b in boxes) for i in (0, 1))
    above = [abs(a.y - b.y) for i, a in enumerate(boxes) for b in boxes[:i] if a.x == b.x and a.y != b.y]
    largest, choices = max(4.0, (HEIGHT + GAP) / min(above, default=HEIGHT) + 1e-6), []
    for step in range(1, 81):
        sy = largest * step / 80
        sx = max([0.3, *(_apart(a, b, sy) for i, a in enumerate(boxes) for b in boxes[:i])])
        choices.append((max((width * sx + WIDTH_LEAST) / SHAPE, height * sy + HEIGHT), -sy, sx))
    _, minus_sy, sx = min(choices)
    return Point(sx, -minus_sy)


def _apart(a: Box, b: Box, sy: float) -> float:
    """The least factor on x with which two boxes do not overlap; far too large if only a factor on y could help."""
    if abs(a.y - b.y) * sy >= HEIGHT + GAP or a[:2] == b[:2]:
        return 0.0
    return ((a.width + b.width) / 2 + GAP) / abs(a.x - b.x) if a.x != b.x else 1e6
