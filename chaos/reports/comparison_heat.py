"""The heat map of a comparison: what is decided of each option in each case, the most decided for the better first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from chaos.i18n.findings import measure_title
from chaos.i18n.texts import LocalizedText, join, translate, untranslated
from chaos.measures.catalogue import measures
from chaos.measures.formatting import Unit
from chaos.reports.tables import MARKS, baseline_mean, case_title, is_alike, option_names, short_names, shown
from chaos.results.comparison import ComparedCell, ComparedMeasure, ComparisonResult, ComparisonVerdict, NotComparable

STYLES: dict[ComparisonVerdict, str] = {
    "better": "up",
    "worse": "down",
    "more often better": "often-up",
    "more often worse": "often-down",
    "mixed": "mixed",
    "equivalent": "eq",
    "inconclusive": "open",
    "not comparable": "none",
}
NET = {"better": 1, "more often better": 1, "worse": -1, "more often worse": -1, "mixed": -1}
FILLED_SHARE = 0.05  # a decided difference of shares below this has an edge and no fill
Cell = ComparedCell | NotComparable


class Rank(NamedTuple):
    """Where a case stands: first by how many more options are better than worse, then by how many are either; both below 0."""

    net: int
    decided: int


@dataclass(frozen=True)
class HeatCell:
    """A figure with its mark, the style it is drawn in, and what shows while it is pointed at."""

    text: LocalizedText
    mark: str
    style: str
    hover: LocalizedText


@dataclass(frozen=True)
class HeatRow:
    """A case: the baseline's figure and a cell for each option."""

    title: LocalizedText
    hover: str
    base: LocalizedText
    cells: list[HeatCell]


@dataclass(frozen=True)
class Fold:
    """Cases in which every run of every option is within the margin; `hover` names them."""

    title: LocalizedText
    hover: LocalizedText
    text: LocalizedText
    mark: str
    style: str


@dataclass(frozen=True)
class Foot:
    """How many cases are better, worse and not decided for an option; those that are so more often count with them."""

    option: LocalizedText
    better: int
    worse: int
    open: int


@dataclass(frozen=True)
class HeatMap:
    """The map of one measure."""

    title: LocalizedText
    base: LocalizedText
    options: list[LocalizedText]
    rows: list[HeatRow]
    folds: list[Fold]
    feet: list[Foot]


def least_filled(measure: ComparedMeasure) -> float:
    """From which difference on a decided cell is filled: five points of a share, of others the amount that makes a run bad."""
    known = measures().problem(measure.name) is None
    return FILLED_SHARE if known and measures().find(measure.name).unit is Unit.FRACTION else measure.amount


def heat_map(result: ComparisonResult, measure: ComparedMeasure) -> HeatMap:
    """A row a case, a column an option."""
    options, names = [a.name for a in result.architectures if a.name != result.baseline], option_names(result)
    by_case: dict[tuple[str, str | None], dict[str, Cell]] = {}
    for cell in result.cells:
        if cell.measure == measure.name:
            by_case.setdefault((cell.scenario, cell.environment), {})[cell.architecture] = cell
    short = short_names([scenario for scenario, _ in by_case])
    titles = {case: case_title(name, case[1]) for case, name in zip(by_case, short, strict=True)}
    alike = {case for case, found in by_case.items() if all(map(is_alike, found.values()))}
    shown_cases = sorted((case for case in by_case if case not in alike), key=lambda case: _rank(by_case[case].values()))
    rows = [_row(titles[case], case[0], by_case[case], options, measure) for case in shown_cases]
    return HeatMap(
        _title(result, measure),
        names[result.baseline],
        [names[option] for option in options],
        rows,
        _folds([(titles[case], list(by_case[case].values())) for case in by_case if case in alike]),
        [_foot(names[option], [found[option].verdict for found in by_case.values()]) for option in options],
    )


def _title(result: ComparisonResult, measure: ComparedMeasure) -> LocalizedText:
    title = measure_title(measure.name, result.own_names)
    if measure is result.measures[0]:
        return translate("compare.heat.title", measure=title.map(lambda text: text[:1].upper() + text[1:]))
    bounds = {what: shown(measure.name, value) for what, value in (("margin", measure.margin), ("amount", measure.amount))}
    return translate("compare.heat.secondary", measure=title, **bounds)


def _rank(cells: Iterable[Cell]) -> Rank:
    signs = [NET.get(cell.verdict, 0) for cell in cells]
    return Rank(-sum(signs), -sum(map(abs, signs)))


def _row(title: LocalizedText, hover: str, found: dict[str, Cell], options: Sequence[str], measure: ComparedMeasure) -> HeatRow:
    return HeatRow(title, hover, shown(measure.name, baseline_mean(found.values())), [_cell(found[o], measure) for o in options])


def _cell(cell: Cell, measure: ComparedMeasure) -> HeatCell:
    mark, style = MARKS[cell.verdict], STYLES[cell.verdict]
    if isinstance(cell, NotComparable) or cell.difference is None or cell.value is None:
        why = "none" if style == "none" else "open"
        return HeatCell(untranslated(""), mark, style, LocalizedText(cell.why, translate(f"compare.key.{why}").zh))
    if style in ("up", "down") and abs(cell.difference.mean) < least_filled(measure):
        style += " sm"
    hover = translate(
        "compare.hover",
        verdict=translate(f"compare.verdict.{cell.verdict}"),
        mean=shown(measure.name, cell.difference.mean),
        median=shown(measure.name, cell.difference.median),
        win=cell.win,
        tie=cell.tie,
        loss=cell.loss,
        runs=cell.runs,
        lost=cell.lost,
    )
    return HeatCell(shown(measure.name, cell.value.mean), mark, style, hover)


def _folds(alike: Sequence[tuple[LocalizedText, Sequence[Cell]]]) -> list[Fold]:
    """Those that are all equivalent, and those for which there are too few runs to say so."""
    folds = []
    for verdict, key in (("equivalent", "eq"), ("inconclusive", "open")):
        names = [t for t, cells in alike if (key == "eq") == all(cell.verdict == "equivalent" for cell in cells)]
        if names:
            title, text = translate("compare.fold", n=len(names)), translate(f"compare.fold.{key}")
            folds.append(Fold(title, join(names, ", ", "、"), text, "=" if verdict == "equivalent" else "?", key))
    return folds


def _foot(option: LocalizedText, verdicts: Sequence[ComparisonVerdict]) -> Foot:
    better, worse = (sum(NET.get(v, 0) == sign for v in verdicts) for sign in (1, -1))
    return Foot(option, better, worse, verdicts.count("inconclusive"))
