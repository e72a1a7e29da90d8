"""The drawing of a comparison in which each seed is a dot: where a mean hides a part of the runs. Px, for a template."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, median

from chaos.i18n.findings import measure_title
from chaos.i18n.texts import LocalizedText, translate, untranslated
from chaos.reports.tables import MARKS, group_text, shown
from chaos.results.comparison import ComparedCell, ComparedMeasure
from chaos.results.summaries import ValueGroups

LEFT, RIGHT, WIDTH = 250, 950, 1180
ROW, HEAD, BOTTOM = 29, 34, 26
NEAR, HIGHER = 6.2, 5.6  # dots closer than this would cover each other, so that one stands so much higher
LEVELS = 4
CELLS_MAX = 14
STYLES = {"better": "t-good b", "more often better": "t-good", "worse": "t-bad b", "more often worse": "t-bad"}


@dataclass(frozen=True)
class Dot:
    """A run; `worse` than the baseline with the same seed, by more than the margin."""

    x: float
    y: float
    worse: bool


@dataclass(frozen=True)
class SpreadRow:
    """The runs of one architecture in one case, with what is said of them; `head` is the case, above its first row."""

    y: float
    head: LocalizedText | None
    name: LocalizedText
    is_base: bool
    dots: list[Dot]
    mean: float
    median: float
    said: list[LocalizedText]
    style: str = "t-soft"


@dataclass(frozen=True)
class ValueTick:
    """A mark on an axis, px, with the value of the measure there."""

    at: float
    text: LocalizedText


@dataclass(frozen=True)
class SpreadDrawing:
    """The whole drawing."""

    rows: list[SpreadRow]
    ticks: list[ValueTick]
    marks: LocalizedText
    more: LocalizedText | None
    floor: float
    height: float
    width: int = WIDTH
    left: int = LEFT
    right: int = RIGHT


def hides_runs(cell: ComparedCell, measure: ComparedMeasure) -> bool:
    """Whether mean and median part, not all pairs agree, or the runs lie in two groups."""
    if cell.difference is None:
        return False
    parted = abs(cell.difference.mean - cell.difference.median) > measure.amount
    return cell.groups is not None or parted or (cell.win > 0 and cell.loss > 0) or 0 < cell.lost < cell.runs


def spread_drawing(
    cells: Sequence[ComparedCell],
    measure: ComparedMeasure,
    baseline: str,
    titles: Sequence[LocalizedText],
    names: Mapping[str, LocalizedText],
    own: Collection[str],
) -> SpreadDrawing:
    """Of the cells of a measure, whose cases are called `titles`, those in which a mean hides runs, the widest apart first."""
    hiding = [(cell, title) for cell, title in zip(cells, titles, strict=True) if hides_runs(cell, measure)]
    hiding.sort(key=lambda of: -_width(of[0]))
    chosen = hiding[:CELLS_MAX]
    values = [value for cell, _ in chosen for pair in cell.pairs for value in (pair.baseline, pair.value)]
    scale = _Scale(max(values, default=1.0) or 1.0)
    rows: list[SpreadRow] = []
    y = 0.0
    for title in dict.fromkeys(title for _, title in chosen):
        mine = [cell for cell, of in chosen if of == title]
        y += HEAD + ROW
        rows.append(_base_row(max(mine, key=lambda cell: len(cell.pairs)), scale, y, title, names[baseline], measure))
        for cell in mine:
            y += ROW
            rows.append(_row(cell, scale, y, names[cell.architecture], measure))
    ticks = [ValueTick(scale.at(scale.most * i / 4), shown(measure.name, scale.most * i / 4)) for i in range(5)] if rows else []
    more = len(hiding) - len(chosen)
    return SpreadDrawing(
        rows=rows,
        ticks=ticks,
        marks=translate("compare.spread.marks", measure=measure_title(measure.name, own)),
        more=translate("compare.spread.more", n=more) if more else None,
        floor=y + ROW / 2,
        height=y + ROW / 2 + BOTTOM,
    )


def _width(cell: ComparedCell) -> float:
    values = [pair.value - pair.baseline for pair in cell.pairs]
    return max(values) - min(values)


@dataclass(frozen=True)
class _Scale:
    most: float

    def at(self, value: float) -> float:
        return round(LEFT + value / self.most * (RIGHT - LEFT), 1)


def _row(cell: ComparedCell, scale: _Scale, y: float, name: LocalizedText, measure: ComparedMeasure) -> SpreadRow:
    worse = [pair.value - pair.baseline > measure.margin for pair in cell.pairs]
    count = translate("compare.spread.count", mark=MARKS[cell.verdict], worse=cell.loss, runs=cell.runs)
    said = [count, *_groups(cell.groups, measure)]
    return _drawn(
        [pair.value for pair in cell.pairs],
        worse,
        scale,
        y,
        name,
        said,
        STYLES.get(cell.verdict, "t-soft"),
    )


def _base_row(
    cell: ComparedCell, scale: _Scale, y: float, title: LocalizedText, baseline: LocalizedText, measure: ComparedMeasure
) -> SpreadRow:
    values = [pair.baseline for pair in cell.pairs]
    name = translate("compare.spread.base", name=baseline)
    drawn = _drawn(values, [False] * len(values), scale, y, name, _groups(cell.baseline_groups, measure), "t-soft")
    return replace(drawn, head=title, is_base=True)


def _groups(groups: ValueGroups | None, measure: ComparedMeasure) -> list[LocalizedText]:
    if groups is None:
        return []
    return [group_text(measure.name, groups, untranslated("–"))]


def _drawn(
    values: Sequence[float],
    worse: Sequence[bool],
    scale: _Scale,
    y: float,
    name: LocalizedText,
    said: list[LocalizedText],
    style: str,
) -> SpreadRow:
    dots: list[Dot] = []
    for value, is_worse in sorted(zip(values, worse, strict=True)):
        x = scale.at(value)
        taken = {dot.y for dot in dots if abs(dot.x - x) < NEAR}
        level = next((n for n in range(LEVELS) if round(y - n * HIGHER, 1) not in taken), LEVELS - 1)
        dots.append(Dot(x, round(y - level * HIGHER, 1), is_worse))
    middle = median(values) if values else 0.0
    return SpreadRow(y, None, name, False, dots, scale.at(fmean(values) if values else 0.0), scale.at(middle), said, style)
