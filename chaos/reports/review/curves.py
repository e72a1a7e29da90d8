"""Failed orders so far, in the exercise and in the courses beside it, as curves over the time of submission."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chaos.i18n.texts import LocalizedText, translate
from chaos.measures.formatting import number
from chaos.reports.review.scale import Tick, TimeAxis, axis_of
from chaos.reports.run.acting import round_numbers
from chaos.results.review import PlayedCourse, Review

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 300, 56, 190, 26, 28
APART = 17
"""The least distance of two labels."""


@dataclass(frozen=True)
class CourseCurve:
    """A course: its path, the height of its end and of its label, and its name with the figure."""

    course: str
    path: str
    end: float
    label_y: float
    label: LocalizedText
    figure: str


@dataclass(frozen=True)
class CurvesPicture:
    """The picture; `marks` are the decisions by their numbers."""

    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    curves: list[CourseCurve]
    rules: list[Tick]
    ticks: list[Tick]
    marks: list[Tick]


def curves_of(review: Review) -> CurvesPicture:
    """The picture of a review."""
    axis = axis_of(review, LEFT, WIDTH - RIGHT)
    most = max(1, *(played.figures.failed_orders for played in review.courses))
    ends = [_y(played.figures.failed_orders, most) for played in review.courses]
    labels = apart(ends)
    return CurvesPicture(
        WIDTH,
        HEIGHT,
        LEFT,
        WIDTH - RIGHT,
        TOP,
        HEIGHT - BOTTOM,
        [
            CourseCurve(
                played.course,
                _path(played, axis, most),
                end,
                label,
                translate(f"review.course.{played.course}"),
                number(played.figures.failed_orders),
            )
            for played, end, label in zip(review.courses, ends, labels, strict=True)
        ],
        [Tick(_y(value, most), number(value)) for value in round_numbers(most)],
        axis.ticks(),
        marks_of([(axis.x(decision.begun_ns), decision.number) for decision in review.decisions]),
    )


def marks_of(decisions: Sequence[tuple[float, int]]) -> list[Tick]:
    """A mark for each decision at its place, by its number; where the next ones follow so near that theirs would cover it, the first has the
    numbers of all, and the others none."""
    marks: list[Tick] = []
    first, begun = 0, float("-inf")
    for x, n in decisions:
        if x - begun < APART:
            marks[first] = Tick(marks[first].x, f"{decisions[first][1]}–{n}")
            marks.append(Tick(x, ""))
        else:
            first = len(marks)
            marks.append(Tick(x, str(n)))
        begun = x
    return marks


def _y(orders: int, most: int) -> float:
    return round(HEIGHT - BOTTOM - orders / most * (HEIGHT - TOP - BOTTOM), 1)


def _path(played: PlayedCourse, axis: TimeAxis, most: int) -> str:
    """A step an interval: what failed in it counts from its end on."""
    parts, so_far = [f"M{axis.left} {_y(0, most)}"], 0
    for interval in played.figures.failed_over_time:
        so_far += interval.count
        parts.append(f"H{axis.x(interval.at_ns)}V{_y(so_far, most)}")
    return "".join([*parts, f"H{axis.right}"])


def apart(ends: Sequence[float]) -> list[float]:
    """Heights for labels near these, at least APART from one another and within the picture."""
    order = sorted(range(len(ends)), key=lambda n: -ends[n])
    placed, below = dict[int, float](), float(HEIGHT - BOTTOM + APART)
    for n in order:
        below = placed[n] = min(ends[n], below - APART)
    above = float(TOP)
    for n in reversed(order):
        above = placed[n] = max(placed[n], above)
        above += APART
    return [placed[n] for n in range(len(ends))]
