"""The drawing of a measure of a sweep by the first parameter, a line for each value of the second. Px, for a template."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chaos.i18n.findings import measure_title
from chaos.i18n.texts import LocalizedText, translate, untranslated
from chaos.reports.tables import shown
from chaos.results.sweep import SweepPoint, SweepResult

WIDTH, HEIGHT, LEFT, RIGHT, TOP, FLOOR = 640, 320, 74, 500, 34, 264
LINE = 15  # px between two labels at least
TICKS = 4
LETTERS = 48  # of all values below the axis, so that they do not touch
DASHES = ("", "7 3", "2 3", "9 3 2 3", "4 4", "1 2")
HALF = 0.5


@dataclass(frozen=True)
class LineDot:
    """A point: filled where half of its runs stay broken."""

    x: float
    y: float
    broken: bool


@dataclass(frozen=True)
class LineSeries:
    """A line, in pieces where points without a value interrupt it, with its label at `label_y`."""

    name: str
    pieces: list[str]
    dots: list[LineDot]
    dash: str
    label_y: float


@dataclass(frozen=True)
class LineTick:
    """A mark on an axis with its text."""

    at: float
    text: LocalizedText


@dataclass(frozen=True)
class LinesDrawing:
    """The whole drawing."""

    label: LocalizedText
    series: list[LineSeries]
    x_ticks: list[LineTick]
    y_ticks: list[LineTick]
    x_title: LocalizedText
    y_title: LocalizedText
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = RIGHT
    floor: int = FLOOR


def lines_drawing(result: SweepResult, measure: str) -> LinesDrawing:
    """A measure of every point that has a value."""
    down = result.axes[0]
    names = result.axes[1].values if result.two_dimensional else [""]
    values = [_value(point, measure) for point in result.points]
    known = [value for value in values if value is not None]
    least, most = min([0.0, *known]), max([0.0, *known])
    most = most if most > least else least + 1.0
    found = [
        _series(name, result.points[j :: len(names)], measure, least, most, DASHES[j % len(DASHES)])
        for j, name in enumerate(names)
    ]
    series = _apart([one for one in found if one.dots])
    every = max(1, -(-sum(len(value) + 2 for value in down.values) // LETTERS))
    title = measure_title(measure, result.own_names)
    path = untranslated(down.path)
    ticks = [least + i / TICKS * (most - least) for i in range(TICKS + 1)]
    return LinesDrawing(
        translate("sweep.lines.label", measure=title, path=path),
        series,
        [LineTick(_x(i, len(down.values)), untranslated(v)) for i, v in enumerate(down.values) if i % every == 0],
        [LineTick(_y(v, least, most), shown(measure, v)) for v in ticks],
        path,
        title,
    )


def _value(point: SweepPoint, measure: str) -> float | None:
    spread = point.measures[measure]
    return float(spread.median) if spread else None


def _series(name: str, points: Sequence[SweepPoint], measure: str, least: float, most: float, dash: str) -> LineSeries:
    """The points of one line in the order of the first parameter."""
    pieces: list[list[str]] = [[]]
    dots = []
    for i, point in enumerate(points):
        value = _value(point, measure)
        if value is None:
            pieces.append([])
            continue
        x, y = _x(i, len(points)), _y(value, least, most)
        pieces[-1].append(f"{x},{y}")
        dots.append(LineDot(x, y, (point.metastable.share or 0.0) >= HALF))
    return LineSeries(name, [" ".join(piece) for piece in pieces if len(piece) > 1], dots, dash, dots[-1].y if dots else 0.0)


def _apart(series: Sequence[LineSeries]) -> list[LineSeries]:
    """Lines with their labels at least a line apart, none below the frame."""
    order = sorted(range(len(series)), key=lambda i: series[i].label_y)
    at: list[float] = []
    for i in order:
        at.append(max(series[i].label_y, at[-1] + LINE) if at else series[i].label_y)
    over = max(0.0, at[-1] - FLOOR) if at else 0.0
    places = {i: y - over + 4 for i, y in zip(order, at, strict=True)}
    return [LineSeries(one.name, one.pieces, one.dots, one.dash, places[i]) for i, one in enumerate(series)]


def _x(i: int, of: int) -> float:
    return round(LEFT + 12 + (RIGHT - LEFT - 24) * (i / (of - 1) if of > 1 else 0.5), 1)


def _y(value: float, least: float, most: float) -> float:
    return round(FLOOR - (FLOOR - TOP) * (value - least) / (most - least), 1)
