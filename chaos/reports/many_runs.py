"""What the page of a sweep, or of runs beside live ones, shows, as its template reads it: one file, no request, no script."""

from __future__ import annotations

from dataclasses import dataclass

from chaos.reports.plots import Plot
from chaos.reports.templating import environment, stylesheet


@dataclass(frozen=True)
class Picture:
    """A plot with its heading and a note below it."""

    title: str
    plot: Plot
    note: str = ""


@dataclass(frozen=True)
class Table:
    """A plain table."""

    head: list[str]
    rows: list[list[str]]


@dataclass(frozen=True)
class GridCell:
    """A cell of a grid: its text and mark, the class it is drawn in, its background (CSS) and what shows while it is pointed at."""

    text: str
    mark: str = ""
    verdict: str = ""
    colour: str = ""
    hover: str = ""


@dataclass(frozen=True)
class GridRow:
    """A row of a grid; `base` is a first plain cell, None for none."""

    title: str
    cells: list[GridCell]
    base: str | None = None
    hover: str = ""


@dataclass(frozen=True)
class Grid:
    """A table whose cells have colours and marks."""

    title: str
    head: list[str]
    rows: list[GridRow]


@dataclass(frozen=True)
class ManyRunsPage:
    """The parts of a page, in the order in which they stand there."""

    title: str
    lead: str
    notes: list[str]
    pictures: list[Picture]
    grids: list[Grid]
    details: Table | None = None

    def html(self) -> str:
        """The page, HTML."""
        return environment().get_template("many_runs.html").render(css=stylesheet(), page=self)
