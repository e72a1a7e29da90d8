"""Where the nodes of the topology stand: as the architecture's author put them, drawn apart until no two boxes overlap. What has
no position stands in the column of its distance from the client, to the right of what has."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterator, Sequence
from itertools import takewhile
from typing import NamedTuple, TypeAlias

from chaos.i18n.texts import LocalizedText, display_name
from chaos.results.topology import Topology

CLIENT = "client"
HEIGHT = 48.0
WIDTH_LEAST, WIDTH_LETTER, WIDTH_IDEOGRAPH, WIDTH_FRAME = 88.0, 7.8, 14.2, 18.0
GAP = 14.0
PUSHES, NEAR = 200, 0.01
FRAMES, PUSHED_MAX = (1.0, 1.25, 1.6, 2.0), 60
ROOM = 2.6  # times as much as the boxes need, for arrows and signs
SHAPE = 2.3  # width to height of the frame: beside it stands the story


Rectangle: TypeAlias = tuple[float, float, float, float]
"""x, y, width, height."""


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


def layout(topology: Topology, own: Collection[str]) -> Layout:
    """The drawing of a topology of a run with these own names. Two nodes that were authored at the same place stay so."""
    points = _points(topology)
    if not points:
        return Layout({}, Size(0.0, 0.0))
    boxes = {name: Box(x, y, _width(group_name(name.split("+"), own))) for name, (x, y) in points.items()}
    drawn = _spread(boxes)
    left, top = min(b.x - b.width / 2 for b in drawn.values()) - 4, min(b.y for b in drawn.values()) - HEIGHT / 2 - 4
    placed = {name: Box(round(b.x - left, 1), round(b.y - top, 1), round(b.width, 1)) for name, b in drawn.items()}
    right, bottom = max(b.x + b.width / 2 for b in placed.values()), max(b.y for b in placed.values()) + HEIGHT / 2
    return Layout(placed, Size(round(right + 4, 1), round(bottom + 4, 1)))


def group_name(members: Sequence[str], own: Collection[str]) -> LocalizedText:
    """A service, or several, with what their names share written once: bank-b, -c, -d."""
    chinese = [display_name(name, own).zh for name in members]
    stem = members[0].rpartition("-")[0]
    english = [name.removeprefix(stem) if stem and name.startswith(f"{stem}-") else name for name in members[1:]]
    alike = takewhile(lambda letters: len(set(letters)) == 1, zip(*chinese, strict=False))
    shared = "".join(letters[0] for letters in alike).rstrip()
    rest = [name.removeprefix(shared).strip() if len(shared) > 1 else name for name in chinese[1:]]
    return LocalizedText(", ".join([members[0], *english]), "、".join([chinese[0], *rest]))


def _width(name: LocalizedText) -> float:
    """Wide enough for the name in both languages."""
    chinese = sum(WIDTH_IDEOGRAPH if ord(c) > 0x2E7F else WIDTH_LETTER for c in name.zh)
    return max(WIDTH_LEAST, max(WIDTH_LETTER * len(name.en), chinese) + WIDTH_FRAME)


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


def _spread(boxes: dict[str, Box]) -> dict[str, Box]:
    """The boxes in the smallest of a few frames in which pushing those that overlap apart ends; in one with room for all if it does in
    none, or if there are very many."""
    width, height = (max(b[i] for b in boxes.values()) - min(b[i] for b in boxes.values()) for i in (0, 1))
    area = sum((box.width + GAP) * (HEIGHT + GAP) for box in boxes.values())
    for growth in FRAMES if len(boxes) <= PUSHED_MAX else ():
        frame = growth * (ROOM * area * SHAPE) ** 0.5
        placed = _scaled(boxes, Point(frame / max(width, 1.0), frame / SHAPE / max(height, 1.0)))
        if _apart(placed, boxes):
            return placed
    return _scaled(boxes, _factors(list(boxes.values())))


def _scaled(boxes: dict[str, Box], by: Point) -> dict[str, Box]:
    return {name: Box(box.x * by.x, box.y * by.y, box.width) for name, box in boxes.items()}


def _apart(placed: dict[str, Box], authored: dict[str, Box]) -> bool:
    """Pushes boxes that overlap apart, both by half of what is missing, on the axis on which less is. Whether that came to an end. Two
    that were authored at the same place stay where they are."""
    pairs = [(a, b) for i, a in enumerate(placed) for b in list(placed)[:i] if authored[a][:2] != authored[b][:2]]
    for _ in range(PUSHES):
        moved = False
        for a, b in pairs:
            moved |= _pushed(placed, a, b)
        if not moved:
            return True
    return False


def _pushed(placed: dict[str, Box], a: str, b: str) -> bool:
    one, other = placed[a], placed[b]
    across = (one.width + other.width) / 2 + GAP - abs(one.x - other.x)
    down = HEIGHT + GAP - abs(one.y - other.y)
    if across <= NEAR or down <= NEAR:
        return False
    if across < down:
        step = (across / 2) if one.x >= other.x else -(across / 2)
        placed[a], placed[b] = one._replace(x=one.x + step), other._replace(x=other.x - step)
    else:
        step = (down / 2) if one.y >= other.y else -(down / 2)
        placed[a], placed[b] = one._replace(y=one.y + step), other._replace(y=other.y - step)
    return True


def _factors(boxes: list[Box]) -> Point:
    """Factors on x and y that keep all boxes apart and let them come out largest in a frame of the wanted shape."""
    width, height = (max(b[i] for b in boxes) - min(b[i] for b in boxes) for i in (0, 1))
    above = [abs(a.y - b.y) for i, a in enumerate(boxes) for b in boxes[:i] if a.x == b.x and a.y != b.y]
    largest, choices = max(4.0, (HEIGHT + GAP) / min(above, default=HEIGHT) + 1e-6), []
    for step in range(1, 81):
        sy = largest * step / 80
        sx = max([0.3, *(_least(a, b, sy) for i, a in enumerate(boxes) for b in boxes[:i])])
        choices.append((max((width * sx + WIDTH_LEAST) / SHAPE, height * sy + HEIGHT), -sy, sx))
    _, minus_sy, sx = min(choices)
    return Point(sx, -minus_sy)


def _least(a: Box, b: Box, sy: float) -> float:
    """The least factor on x with which two boxes do not overlap; far too large if only a factor on y could help."""
    if abs(a.y - b.y) * sy >= HEIGHT + GAP or a[:2] == b[:2]:
        return 0.0
    return ((a.width + b.width) / 2 + GAP) / abs(a.x - b.x) if a.x != b.x else 1e6


# --- signs ------------------------------------------------------------------------------------------------------------------

SIGN_HEIGHT, SIGN_GAP, SIGN_STEP = 36.0, 10.0, 12


class Sign(NamedTuple):
    """A sign at a node, wide enough for so many letters and its times."""

    node: str
    letters: int

    @property
    def width(self) -> float:
        """In the units of the drawing."""
        return max(150.0, 7.0 * self.letters + 20.0)


def place_signs(placed: Layout, signs: list[Sign]) -> tuple[list[Point], Size]:
    """The corner of each sign: beside its node, else where there is room nearest to it, so that it is seen with the node and not below the
    picture; and the size of a drawing that holds them all."""
    taken = [(b.x - b.width / 2, b.y - HEIGHT / 2, b.width, HEIGHT) for b in placed.boxes.values()]
    places: list[Point] = []
    width, height = placed.size
    for sign in signs:
        box, w = placed.boxes[sign.node], sign.width
        hit = (box.x - box.width / 2, box.y - HEIGHT / 2, box.width, HEIGHT)
        left = min(max(4.0, box.x - w / 2), max(4.0, placed.size.width - w - 4.0))
        beside = box.y - SIGN_HEIGHT / 2
        wanted = [
            Point(left, box.y + HEIGHT / 2 + SIGN_GAP),
            Point(left, box.y - HEIGHT / 2 - SIGN_GAP - SIGN_HEIGHT),
            Point(box.x - box.width / 2 - SIGN_GAP - w, beside),
            Point(box.x + box.width / 2 + SIGN_GAP, beside),
        ]
        bottom = placed.size.height - SIGN_HEIGHT
        inside = [p for p in wanted if p.x >= 0 and 0 <= p.y <= bottom and p.x + w <= placed.size.width]
        inside += _grid(placed.size, w)
        below = Point(left, height + SIGN_GAP)  # everything, where there is room for it nowhere else
        best = min(inside, key=functools.partial(_price, w, hit, taken), default=below)
        best = best if _price(w, hit, taken, best)[0] == 0 else below
        taken.append((best.x, best.y, w, SIGN_HEIGHT))
        places.append(Point(round(best.x, 1), round(best.y, 1)))
        width, height = max(width, best.x + w + 4), max(height, best.y + SIGN_HEIGHT + 4)
    return places, Size(round(width, 1), round(height, 1))


def _grid(size: Size, width: float) -> Iterator[Point]:
    """Corners all over a drawing at which a sign of that width lies within it."""
    for y in range(4, int(size.height - SIGN_HEIGHT - 4), SIGN_STEP):
        for x in range(4, int(size.width - width - 4), SIGN_STEP):
            yield Point(float(x), float(y))


def _price(width: float, hit: Rectangle, taken: Sequence[Rectangle], at: Point) -> tuple[float, float]:
    """What speaks against a sign's corner: what it covers, then how far it is from the node."""
    sign = (at.x, at.y, width, SIGN_HEIGHT)
    across = max(hit[0] - (at.x + width), at.x - (hit[0] + hit[2]), 0.0)
    down = max(hit[1] - (at.y + SIGN_HEIGHT), at.y - (hit[1] + hit[3]), 0.0)
    return sum(_covered(sign, other) for other in taken), across * across + down * down


def _covered(a: Rectangle, b: Rectangle) -> float:
    """The area that two rectangles (x, y, width, height) share."""
    across = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    down = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    return max(0.0, across) * max(0.0, down)
