"""The page of a sweep, in English and Chinese: where it stays broken, the jump, the verdicts, the figures. Reads the result alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chaos.i18n.findings import measure_title
from chaos.i18n.texts import LocalizedText, join, shipped_name, translate, untranslated
from chaos.measures.formatting import Language, number
from chaos.reports.sweep_lines import LinesDrawing, lines_drawing
from chaos.reports.tables import median_text, sweep_title
from chaos.reports.templating import environment, template_file
from chaos.results.summaries import VerdictCounts
from chaos.results.sweep import SweepPoint, SweepResult

HALF = 0.5
"""From this share of metastable runs on a point counts as one that stays broken."""


@dataclass(frozen=True)
class SweepCell:
    """A point: its figure, what is said of it, and the classes it is drawn in."""

    text: LocalizedText
    said: LocalizedText
    style: str


@dataclass(frozen=True)
class SweepRow:
    """A value of the first parameter with its points."""

    title: str
    cells: list[SweepCell]


@dataclass(frozen=True)
class SweepTable:
    """Points by the first parameter, downwards, and across by the second, or by what is shown of each where there is one parameter."""

    title: LocalizedText
    corner: str
    across: str
    head: list[LocalizedText]
    rows: list[SweepRow]


@dataclass(frozen=True)
class BeginRow:
    """Where the region begins for a value of the second parameter."""

    line: str
    last: LocalizedText
    first: LocalizedText
    style: str


@dataclass(frozen=True)
class SweepPage:
    """Everything that the template shows, in the order in which it stands there."""

    name: LocalizedText
    stamp: LocalizedText
    stamp_style: str
    title: LocalizedText
    whole_title: LocalizedText
    sub: LocalizedText
    lead: LocalizedText
    region: SweepTable
    region_note: LocalizedText
    lines: list[LinesDrawing]
    first_path: str
    second_path: str
    begins: list[BeginRow]
    verdicts: SweepTable
    figures: list[SweepTable]


def sweep_page(result: SweepResult, language: Language = "en") -> str:
    """The page, HTML, which opens in a language."""
    first = result.axes[0]
    primary = result.measures[0] if result.measures else ""
    lines = [lines_drawing(result, measure) for measure in (result.measures[:1] if result.two_dimensional else result.measures)]
    page = SweepPage(
        name=translate("sweep.page"),
        stamp=translate(f"sweep.stamp.{_state(result)}"),
        stamp_style={"metastable": "", "none": "ok"}.get(_state(result), "open"),
        title=_title(result),
        whole_title=sweep_title(result),
        sub=_sub(result),
        lead=_lead(result),
        region=_table(result, translate("sweep.region.title"), _region(result, primary)),
        region_note=translate("sweep.region.note", measure=measure_title(primary, result.own_names)),
        lines=[line for line in lines if line.series],
        first_path=first.path,
        second_path=result.axes[1].path if result.two_dimensional else "",
        begins=_begins(result),
        verdicts=_table(result, translate("sweep.verdicts.title"), [_verdict(point) for point in result.points]),
        figures=_figures(result),
    )
    return environment().get_template("sweep.html").render(css=template_file("pages.css"), page=page, language=language)


# --- the first screen ------------------------------------------------------------------------------------------------------------


def _state(result: SweepResult) -> str:
    """What the stamp says: whether any point stays broken, some runs do, none does, or that nothing was valid."""
    shares = [point.metastable.share for point in result.points]
    known = [share for share in shares if share is not None]
    if any(share >= HALF for share in known):
        return "metastable"
    if any(known):
        return "some"
    return "none" if known and len(known) == len(shares) else "open"


def _title(result: SweepResult) -> LocalizedText:
    title = LocalizedText(result.title, result.title_zh or result.title)
    return join([title, untranslated(", ".join(axis.path for axis in result.axes))], ": ", "：")


def _sub(result: SweepResult) -> LocalizedText:
    names = [shipped_name(name) for name in (result.environment, result.architecture) if name]
    counts = translate("sweep.sub", runs=number(result.summary.runs), points=number(result.summary.points))
    return join([untranslated(result.scenario), *names, counts], " · ", " · ")


def _lead(result: SweepResult) -> LocalizedText:
    """From where on half of the runs stay broken, and where that is not known."""
    begins = [_begin(result, line.line, line.begins) for line in result.metastable_from if line.begins is not None]
    said = [translate("sweep.lead", values=join(begins, "; from ", "；")) if begins else translate("sweep.lead.none")]
    empty = sum(point.metastable.share is None for point in result.points)
    said += [translate("sweep.lead.open", n=number(empty))] if empty else []
    return join(said, " ", "")


def _begin(result: SweepResult, line: str | None, value: str) -> LocalizedText:
    path = result.axes[0].path
    if line is None:
        return untranslated(f"{path} = {value}")
    return translate("sweep.lead.value", path=path, value=value, other=result.axes[1].path, line=line)


# --- tables ----------------------------------------------------------------------------------------------------------------------


def _table(result: SweepResult, title: LocalizedText, cells: Sequence[SweepCell]) -> SweepTable:
    """Cells in the order of the points."""
    down = result.axes[0]
    across = result.axes[1].values if result.two_dimensional else [""]
    width = len(across)
    rows = [SweepRow(value, list(cells[i * width : (i + 1) * width])) for i, value in enumerate(down.values)]
    head = [untranslated(value) for value in across] if result.two_dimensional else [title]
    return SweepTable(title, down.path, result.axes[1].path if result.two_dimensional else "", head, rows)


def _region(result: SweepResult, measure: str) -> list[SweepCell]:
    """Each point with whether it recovers; a thick edge towards those that do."""
    width = len(result.axes[1].values) if result.two_dimensional else 1
    broken = [(point.metastable.share or 0.0) >= HALF for point in result.points]
    cells = []
    for i, point in enumerate(result.points):
        edges = _edges(broken, i, width) if broken[i] else ""
        median = median_text(measure, point.measures[measure]) if measure else untranslated("")
        cells.append(SweepCell(median, _recovers(point), f"{_region_style(point)}{edges}"))
    return cells


def _region_style(point: SweepPoint) -> str:
    share = point.metastable.share
    if share is None:
        return "open"
    return "down broken" if share >= HALF else "some" if share else "plain"


def _edges(broken: Sequence[bool], i: int, width: int) -> str:
    """The classes of the sides on which what recovers lies."""
    sides = {
        "left": i % width > 0 and not broken[i - 1],
        "right": i % width < width - 1 and not broken[i + 1],
        "top": i >= width and not broken[i - width],
        "bottom": i + width < len(broken) and not broken[i + width],
    }
    return "".join(f" edge-{side}" for side, there in sides.items() if there)


def _recovers(point: SweepPoint) -> LocalizedText:
    share = point.metastable.share
    if share is None:
        return translate("sweep.cell.open")
    if not share:
        return translate("sweep.cell.recovers")
    valid = point.runs - point.invalid
    if point.metastable.runs == valid:
        return translate("sweep.cell.stays")
    return translate("sweep.cell.some", n=point.metastable.runs, runs=valid)


def _verdict(point: SweepPoint) -> SweepCell:
    """All pass, all fail, or neither, which is hatched and has no colour."""
    counts: VerdictCounts = point.verdicts
    judged = counts.passed + counts.failed + counts.unknown
    if counts.passed == point.runs > 0:
        return SweepCell(untranslated("✓"), translate("sweep.verdict.pass", n=counts.passed, runs=point.runs), "up")
    if counts.failed == point.runs > 0:
        return SweepCell(untranslated("✕"), translate("sweep.verdict.fail", n=counts.failed), "down")
    parts = [translate("sweep.verdict.pass", n=counts.passed, runs=point.runs)] if judged else []
    for key, n in (("fail", counts.failed), ("unknown", counts.unknown), ("invalid", point.invalid)):
        parts += [translate(f"sweep.verdict.{key}", n=n)] if n else []
    return SweepCell(untranslated("?"), join(parts, ", ", "，") if parts else translate("sweep.verdict.none"), "open")


def _figures(result: SweepResult) -> list[SweepTable]:
    """A grid a measure for two parameters; for one parameter a table of all measures."""
    texts = {measure: [_figure(measure, point) for point in result.points] for measure in result.measures}
    if result.two_dimensional:
        return [_table(result, measure_title(measure, result.own_names), cells) for measure, cells in texts.items()]
    down = result.axes[0]
    rows = [SweepRow(value, [cells[i] for cells in texts.values()]) for i, value in enumerate(down.values)]
    title = translate("sweep.figures.title")
    return [SweepTable(title, down.path, "", [measure_title(measure, result.own_names) for measure in result.measures], rows)]


def _figure(measure: str, point: SweepPoint) -> SweepCell:
    spread = point.measures[measure]
    return SweepCell(median_text(measure, spread), untranslated(""), "plain" if spread else "open")


# --- where it begins -------------------------------------------------------------------------------------------------------------


def _begins(result: SweepResult) -> list[BeginRow]:
    """A row a line: the last value of the first parameter that recovers, and the first that does not."""
    values = result.axes[0].values
    rows = []
    for line in result.metastable_from:
        last = line.after if line.begins is not None else values[-1]
        first = untranslated(line.begins) if line.begins is not None else translate("sweep.begins.none")
        before = untranslated(last) if last is not None else translate("sweep.begins.before")
        rows.append(BeginRow(line.line or "", before, first, "bad" if line.begins is not None else ""))
    return rows
