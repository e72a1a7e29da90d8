"""The page of a sweep. Reads the result alone."""

from __future__ import annotations

from chaos.measures.formatting import counted, share
from chaos.reports.many_runs import Grid, GridCell, GridRow, ManyRunsPage, Picture
from chaos.reports.plots import Plot, Value, plot
from chaos.reports.tables import median_text, shown
from chaos.results.sweep import SweepPoint, SweepResult

METASTABLE = "metastable"  # the share of metastable runs, as a column beside the measures


def sweep_page(result: SweepResult) -> str:
    """The page, HTML: a picture a measure and one table, or a grid a measure for two parameters."""
    columns = [*result.measures, METASTABLE]
    return ManyRunsPage(
        title=f"{result.title}: {', '.join(axis.path for axis in result.axes)}",
        lead=f"{result.scenario} on {result.architecture} in {result.environment}, {counted(result.summary.runs, 'run')}.",
        notes=[_begins(result)],
        pictures=[] if result.two_dimensional else [Picture(m, _line(result, m)) for m in result.measures],
        grids=[_grid(result, m) for m in columns] if result.two_dimensional else [_rows(result, columns)],
    ).html()


def _begins(result: SweepResult) -> str:
    begins = [
        f"{result.axes[0].path} = {line.begins}" + (f" with {result.axes[1].path} = {line.line}" if line.line else "")
        for line in result.metastable_from
        if line.begins is not None
    ]
    if not begins:
        return "At no value are half of the runs metastable."
    return f"Half of the runs or more are metastable from {'; from '.join(begins)} on."


def _value(point: SweepPoint, column: str) -> float | None:
    if column == METASTABLE:
        return point.metastable.share
    spread = point.measures[column]
    return spread.median if spread else None


def _text(column: str, point: SweepPoint) -> str:
    return share(point.metastable.share) if column == METASTABLE else median_text(column, point.measures[column])


def _line(result: SweepResult, measure: str) -> Plot:
    points = [(i, _value(p, measure), p.values[0]) for i, p in enumerate(result.points)]
    values = [Value(i, value, label) for i, value, label in points if value is not None]
    return plot(values, result.axes[0].path, measure, lambda y: shown(measure, y), joined=True)


def _grid(result: SweepResult, column: str) -> Grid:
    """Down the first parameter, across the second; colour by the value."""
    down, across = result.axes
    values = [_value(p, column) for p in result.points]
    most = max((abs(v) for v in values if v is not None), default=0.0)
    cells = [GridCell(_text(column, p), colour=_shade(v, most)) for p, v in zip(result.points, values, strict=True)]
    width = len(across.values)
    rows = [GridRow(value, cells[i * width : (i + 1) * width]) for i, value in enumerate(down.values)]
    return Grid(f"{column}: down {down.path}, across {across.path}", [down.path, *across.values], rows)


def _rows(result: SweepResult, columns: list[str]) -> Grid:
    rows = [GridRow(p.values[0], [GridCell(_text(c, p)) for c in columns]) for p in result.points]
    return Grid(result.axes[0].path, [result.axes[0].path, *columns], rows)


def _shade(value: float | None, most: float) -> str:
    return f"color-mix(in srgb, var(--failing) {round(50 * abs(value) / most)}%, transparent)" if value and most else ""
