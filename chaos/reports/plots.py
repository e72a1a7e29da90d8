"""Points in a frame, in px, for a template to draw as SVG."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from chaos.measures.formatting import rounded

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 620, 340, 60, 46, 34
RIGHT, RIGHT_OF_LABELS = 20, 170  # labels of points that no line joins stand to the right of them
LABEL = 13  # height of a line of text
NEAR = 60  # labels of points closer than this would overlap
TICKS = 4


@dataclass(frozen=True)
class Value:
    """A point as it is given: where it lies, in the units of the axes, and what it is called."""

    x: float
    y: float
    label: str


@dataclass(frozen=True)
class Point:
    """A point as it is drawn; its label stands `below` px lower than it, so that it covers no other."""

    x: float
    y: float
    label: str
    value: str
    below: int


@dataclass(frozen=True)
class Tick:
    """A mark on an axis, px, with its text."""

    at: float
    text: str


@dataclass(frozen=True)
class Plot:
    """A picture. `zero` is where y is 0; `line` are the points as SVG has them, "" if they are not joined."""

    points: list[Point]
    line: str
    x_title: str
    y_title: str
    zero: float
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    floor: int = HEIGHT - BOTTOM


def plot(values: Sequence[Value], x_title: str, y_title: str, text: Callable[[float], str], *, joined: bool = False) -> Plot:
    """The points with their labels; a line through them, and no ticks on the x axis, if `joined`. `text` writes a y."""
    low_x, high_x = _range([v.x for v in values])
    low_y, high_y = _range([*(v.y for v in values), 0.0])
    width = WIDTH - LEFT - (RIGHT if joined else RIGHT_OF_LABELS)

    def at_x(x: float) -> float:
        return round(LEFT + (x - low_x) / (high_x - low_x) * width, 1)

    def at_y(y: float) -> float:
        return round(HEIGHT - BOTTOM - (y - low_y) / (high_y - low_y) * (HEIGHT - BOTTOM - TOP), 1)

    points: list[Point] = []
    for v in values:
        x, y = at_x(v.x), at_y(v.y)
        below = LABEL * sum(abs(x - p.x) < NEAR and abs(y - p.y) < LABEL for p in points)
        points.append(Point(x, y, v.label, text(v.y), below))
    x_ticks = [] if joined else [Tick(at_x(x), rounded(x, 1)) for x in _ticks(low_x, high_x)]
    line = " ".join(f"{p.x},{p.y}" for p in points) if joined else ""
    return Plot(points, line, x_title, y_title, at_y(0.0), x_ticks, [Tick(at_y(y), text(y)) for y in _ticks(low_y, high_y)])


class _Range(NamedTuple):
    low: float
    high: float


def _range(values: Sequence[float]) -> _Range:
    low, high = min(values, default=0.0), max(values, default=1.0)
    return _Range(low, high) if high > low else _Range(low - 0.5, low + 0.5)


def _ticks(low: float, high: float) -> list[float]:
    return [low + i / TICKS * (high - low) for i in range(TICKS + 1)]
