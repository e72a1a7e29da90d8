"""The page of a comparison. Reads the result alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import fmean

from chaos.measures.formatting import NONE, counted, duration, milliseconds, number, rounded
from chaos.reports.many_runs import Grid, GridCell, GridRow, ManyRunsPage, Picture, Table
from chaos.reports.plots import Plot, Value, plot
from chaos.reports.power import notes_of
from chaos.reports.tables import MARKS, baseline_mean, shown
from chaos.results.comparison import (
    ArchitectureCosts,
    CaseDetail,
    ComparedCell,
    ComparisonResult,
    Latency,
    NotComparable,
)

COUNTED = ("blocked", "failed", "unknown", "rejected_wrongly", "duplicated", "late")
Cost = Callable[[ArchitectureCosts], float | None]


def comparison_page(result: ComparisonResult) -> str:
    """The page, HTML."""
    others = [a.name for a in result.architectures if a.name != result.baseline]
    verdicts = ", ".join(f"{n} {verdict}" for verdict, n in result.summary.verdicts.items() if n)
    return ManyRunsPage(
        title=f"{len(others)} architectures against {result.baseline}",
        lead=f"{counted(result.summary.runs, 'run')}; {verdicts}.",
        notes=_notes(result),
        pictures=_pictures(result),
        grids=[_heat_map(result, m.name, others) for m in result.measures],
        costs=_costs(result),
        details=_details(result),
    ).html()


def _notes(result: ComparisonResult) -> list[str]:
    margins = "; ".join(f"{m.name}: {shown(m.name, m.margin)}" for m in result.measures)
    notes = [
        f"Margins declared beforehand: {margins}. Differences within them do not matter.",
    ]
    notes += [note.en for note in notes_of(result)]
    ratio = result.summary.common_random_numbers.variance_ratio
    if ratio is not None:
        notes.append(
            f"With seeds of their own the differences would have {rounded(ratio, 1)} times the variance: common random numbers."
        )
    return notes


# --- benefit against cost -----------------------------------------------------------------------------------------------------


def _pictures(result: ComparisonResult) -> list[Picture]:
    note = "Up is better, right is costlier."
    latency = _scatter(result, _order_latency, "ms more for an order that meets no fault (mean)")
    hardware = _scatter(result, _machines, "machines more, standbys included")
    return [Picture("Benefit against latency", latency, note), Picture("Benefit against hardware", hardware, note)]


def _scatter(result: ComparisonResult, cost_of: Cost, x_title: str) -> Plot:
    """Points of (cost, benefit): benefit is by how much the first measure fell, the mean over cases of the median difference."""
    measure = result.measures[0].name
    base = next(a for a in result.architectures if a.name == result.baseline)
    base_cost, values = cost_of(base), []
    for a in result.architectures:
        falls = [
            -c.difference.median
            for c in result.cells
            if isinstance(c, ComparedCell) and c.architecture == a.name and c.measure == measure and c.difference
        ]
        cost = cost_of(a)
        if cost is not None and base_cost is not None and (falls or a is base):
            values.append(Value(cost - base_cost, fmean(falls) if falls else 0.0, a.name.rpartition("/")[2]))
    return plot(values, x_title, f"{measure} less", lambda y: shown(measure, y))


def _machines(architecture: ArchitectureCosts) -> float:
    return architecture.hardware.machines + architecture.hardware.standbys


def _order_latency(architecture: ArchitectureCosts) -> float | None:
    found = architecture.latency.get("place-order")
    return found.mean if found else None


def _costs(result: ComparisonResult) -> Table:
    flows = sorted({flow for a in result.architectures for flow in a.latency})
    head = [
        "architecture",
        "machines",
        "standbys",
        "slots",
        *(f"{flow} {what}" for flow in flows for what in ("mean", "p50", "p99")),
    ]
    rows = []
    for a in result.architectures:
        hardware = [number(n) for n in (a.hardware.machines, a.hardware.standbys, a.hardware.slots)]
        rows.append([a.name, *hardware, *(text for flow in flows for text in _latencies(a.latency.get(flow, Latency())))])
    return Table(head, rows)


def _latencies(of: Latency) -> list[str]:
    return [milliseconds(of.mean, 1), milliseconds(of.p50), milliseconds(of.p99)]


# --- heat maps ----------------------------------------------------------------------------------------------------------------


def _heat_map(result: ComparisonResult, measure: str, others: Sequence[str]) -> Grid:
    """A row a case, a column an architecture; colour by the difference of medians, mark by the verdict."""
    cells = [c for c in result.cells if c.measure == measure]
    most = max((abs(c.difference.median) for c in cells if isinstance(c, ComparedCell) and c.difference), default=0.0)
    by_case: dict[tuple[str, str | None], dict[str, ComparedCell | NotComparable]] = {}
    for cell in cells:
        by_case.setdefault((cell.scenario, cell.environment), {})[cell.architecture] = cell
    short = _short([scenario for scenario, _ in by_case])
    rows = [
        GridRow(
            short[scenario] if environment is None else f"{short[scenario]} in {environment}",
            [_heat(measure, found[other], most) for other in others],
            base=shown(measure, baseline_mean(found.values())),
            hover=scenario,
        )
        for (scenario, environment), found in by_case.items()
    ]
    return Grid(measure, ["scenario", *_short([result.baseline, *others]).values()], rows)


def _short(names: Sequence[str]) -> dict[str, str]:
    """The last part of each name, where that still tells them apart."""
    last = {name: name.rpartition("/")[2] for name in names}
    return last if len(set(last.values())) == len(last) else {name: name for name in names}


def _heat(measure: str, cell: ComparedCell | NotComparable, most: float) -> GridCell:
    if isinstance(cell, NotComparable) or cell.difference is None or cell.value is None:
        return GridCell("", MARKS[cell.verdict], cell.verdict, hover=cell.why)
    middle, interval = cell.difference.median, cell.difference.interval or cell.difference.range
    kind = "95 % interval" if cell.difference.interval else "range"
    strength = round(100 * (abs(middle) / most) ** 0.5) if most else 0
    tone = "healthy" if middle < 0 else "failing"
    colour = f"color-mix(in srgb, var(--{tone}) {strength // 2}%, transparent)" if strength else ""
    hover = (
        f"{cell.verdict}; difference {shown(measure, middle)}, {kind} {shown(measure, interval[0])} to {shown(measure, interval[1])}; "
        f"{cell.win} better, {cell.tie} alike, {cell.loss} worse of {cell.runs}"
    )
    return GridCell(shown(measure, cell.value.median), MARKS[cell.verdict], cell.verdict, colour, hover)


# --- details ------------------------------------------------------------------------------------------------------------------


def _details(result: ComparisonResult) -> Table:
    """Orders by kind, way back, severity and properties: medians and counts of runs, a row a scenario and architecture."""
    head = [
        "scenario",
        "architecture",
        *(word.replace("_", " ") for word in COUNTED),
        "impaired",
        "recovery",
        "order p99",
        "severity",
        "violated",
    ]
    return Table(head, [_detail(d) for d in result.details])


def _detail(d: CaseDetail) -> list[str]:
    orders = [rounded(spread.median) if (spread := d.orders.get(kind)) else NONE for kind in COUNTED]
    recovery = duration(d.recovery.restricted_mean_s)
    if d.recovery.not_recovered:
        recovery += f", {d.recovery.not_recovered} not back"
    p99 = d.p99_s["place-order"]
    grades = [f"{rules} {', '.join(f'{grade} {n}' for grade, n in of.items())}" for rules, of in d.severity.items()]
    violated = [f"{name} {v.runs}/{d.runs}" for name, v in d.violated.items() if v.runs]
    return [
        d.scenario,
        d.architecture,
        *orders,
        duration(d.impaired_s.median) if d.impaired_s else NONE,
        recovery,
        duration(p99.median) if p99 else NONE,
        "; ".join(grades),
        ", ".join(violated) or "none",
    ]
