"""Results of comparisons and sweeps as Markdown tables, which are read in a terminal as well as in a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from chaos.measures.catalogue import measures
from chaos.measures.formatting import NONE, Unit, counted, milliseconds, number, percent, rounded, share, significant
from chaos.measures.statistics import can_decide
from chaos.results.comparison import (
    ArchitectureCosts,
    ComparedCell,
    ComparisonResult,
    ComparisonVerdict,
    InterimAnalysis,
    NotComparable,
)
from chaos.results.sweep import MetastableFrom, SweepResult
from simcore.base.errors import one_line

MARKS: Mapping[ComparisonVerdict, str] = {
    "better": "▲",
    "worse": "▼",
    "equivalent": "=",
    "inconclusive": "?",
    "not comparable": "–",
}
Short = Mapping[str, str]
"""Architectures by their short names."""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A Markdown table; the first column to the left, the others to the right."""
    lines = [[one_line(cell).replace("|", "\\|") for cell in row] for row in (head, *rows)]
    wide = [max(len(line[i]) for line in lines) for i in range(len(head))]
    bars = ["-" * wide[0], *("-" * max(1, w - 1) + ":" for w in wide[1:])]
    return [
        "| " + " | ".join(c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(line, wide, strict=True))) + " |"
        for line in (lines[0], bars, *lines[1:])
    ]


def shown(measure: str, value: float | None) -> str:
    """A value of a measure, with its unit where that measure is installed; among shares nothing is a plain 0."""
    if measures().problem(measure) is not None:
        return NONE if value is None else number(value)
    found = measures().find(measure)
    return share(value) if found.unit is Unit.FRACTION else found.text(value)


# --- comparisons --------------------------------------------------------------------------------------------------------------


def comparison(result: ComparisonResult) -> list[str]:
    """What a comparison found: the architectures with their costs, then a table a measure, then what stands behind it."""
    names = [a.name for a in result.architectures]
    short = dict(zip(names, short_names(names), strict=True))
    lines = [*_architectures(result, short)]
    for measure in result.measures:
        lines += ["", f"{measure.name}: differences within {shown(measure.name, measure.margin)} do not matter", ""]
        lines += _cells(result, measure.name, names, short)
    lines += ["", *_notes(result)]
    return lines


def short_names(names: Sequence[str]) -> list[str]:
    """The last part of each name, or the whole where two are alike."""
    last = [name.rpartition("/")[2].removesuffix(".yaml") for name in names]
    return [part if last.count(part) == 1 else name for part, name in zip(last, names, strict=True)]


def _architectures(result: ComparisonResult, short: Short) -> list[str]:
    """Costs, and in how many cases each verdict was reached, by the first measure."""
    head = ["architecture", "machines", "slots", "order mean", "p99", "transfer mean", *(f"{MARKS[v]} {v}" for v in MARKS)]
    first = result.measures[0].name
    rows = []
    for a in result.architectures:
        mine = [c.verdict for c in result.cells if c.architecture == a.name and c.measure == first]
        counts = [str(mine.count(v)) if a.name != result.baseline else "" for v in MARKS]
        machines = f"{a.hardware.machines}+{a.hardware.standbys}"
        rows.append([short[a.name], machines, number(a.hardware.slots), *_latencies(a), *counts])
    return table(head, rows)


def _latencies(costs: ArchitectureCosts) -> list[str]:
    order, transfer = costs.latency.get("place-order"), costs.latency.get("transfer")
    return [
        milliseconds(order.mean if order else None, 1),
        milliseconds(order.p99 if order else None),
        milliseconds(transfer.mean if transfer else None, 1),
    ]


def _cells(result: ComparisonResult, measure: str, names: Sequence[str], short: Short) -> list[str]:
    """A row a scenario: the baseline's median, then each architecture's with the mark of its verdict."""
    found = {(c.scenario, c.environment, c.architecture): c for c in result.cells if c.measure == measure}
    cases = list(dict.fromkeys((scenario, environment) for scenario, environment, _ in found))
    shorter = dict(zip(cases, short_names([scenario for scenario, _ in cases]), strict=True))
    rows, alike = [], []
    for case in cases:
        cells = [found[*case, name] for name in names[1:]]
        title = shorter[case] + (f" in {case[1]}" if case[1] else "")
        if all(map(_alike, cells)):
            alike.append(title)
            continue
        rows.append([title, shown(measure, baseline_median(cells)), *(_cell(measure, c) for c in cells)])
    lines = table(["scenario", *(short[name] for name in names)], rows)
    return [*lines, *(["", f"Within the margin in every run of every architecture: {', '.join(alike)}."] if alike else [])]


def _alike(cell: ComparedCell | NotComparable) -> bool:
    return isinstance(cell, ComparedCell) and cell.verdict in ("equivalent", "inconclusive") and cell.tie == cell.runs


def baseline_median(cells: Iterable[ComparedCell | NotComparable]) -> float | None:
    """What the baseline has in a case, from the first of its cells that says so."""
    return next((c.baseline.median for c in cells if isinstance(c, ComparedCell) and c.baseline), None)


def _cell(measure: str, cell: ComparedCell | NotComparable) -> str:
    if isinstance(cell, NotComparable) or cell.value is None:
        return MARKS[cell.verdict]
    return f"{shown(measure, cell.value.median)} {MARKS[cell.verdict]}"


def _notes(result: ComparisonResult) -> list[str]:
    """How it was decided, and what the common random numbers were worth."""
    return [
        f"{MARKS['better']} better, {MARKS['worse']} worse, {MARKS['equivalent']} equivalent, {MARKS['inconclusive']} inconclusive, "
        f"{MARKS['not comparable']} cannot be run; medians over seeds, verdicts by sign tests on pairs of the same seed.",
        f"Chance of one false verdict in the whole at most {percent(2 * result.level)} ({percent(result.level)} for a difference, as much for an "
        f"equivalence); interim analyses after runs: {', '.join(map(_analysis, result.looks))}.",
        *too_few_runs(result),
        *_worth_of_seeds(result),
        *_missing(result),
        *_misfits(result),
    ]


def too_few_runs(result: ComparisonResult) -> list[str]:
    """How many runs it takes, where with so few no difference can be decided, however clear it is."""
    claims = sum(isinstance(cell, ComparedCell) for cell in result.cells)
    counts, spent = [analysis.runs for analysis in result.looks], [analysis.level for analysis in result.looks]
    if result.runs_needed is None or can_decide(counts, spent, claims):
        return []
    return [
        f"Too few runs: with {counts[-1]} of each no difference can be decided, however clear it is; with an error level of "
        f"{percent(result.level)} over all comparisons ({claims}) it takes at least {result.runs_needed} (--replications {result.runs_needed})."
    ]


def _analysis(analysis: InterimAnalysis) -> str:
    return f"{analysis.runs} (spends {significant(analysis.level, 3)})"


def _worth_of_seeds(result: ComparisonResult) -> list[str]:
    found = result.summary.common_random_numbers
    if found.variance_ratio is None:
        return []
    return [
        f"Common random numbers: with seeds of their own, differences of {result.measures[0].name} would have "
        f"{rounded(found.variance_ratio, 1)} times the variance (median of {found.cells} comparisons that vary)."
    ]


def _missing(result: ComparisonResult) -> list[str]:
    cells = [c for c in result.cells if isinstance(c, ComparedCell) and c.missing]
    if not cells:
        return []
    pairs = sum(c.missing for c in cells)
    return [
        f"{counted(pairs, 'pair without a value counts', 'pairs without a value count')} against every verdict; the first: {cells[0].why}"
    ]


def _misfits(result: ComparisonResult) -> list[str]:
    unfit = [c for c in result.cells if isinstance(c, NotComparable)]
    return list(dict.fromkeys(f"{c.scenario} on {c.architecture}: {c.why}" for c in unfit))


# --- sweeps -------------------------------------------------------------------------------------------------------------------


def sweep(result: SweepResult) -> list[str]:
    """What a sweep found: a row a value, or a grid a measure for two parameters; then where the metastable region begins."""
    lines = [f"{result.scenario} on {result.architecture} in {result.environment}: {result.title}"]
    grids = {m: [shown(m, spread.median if (spread := p.measures[m]) else None) for p in result.points] for m in result.measures}
    grids["not_recovered"] = [share(p.not_recovered.share) for p in result.points]
    grids["metastable"] = [share(p.metastable.share) for p in result.points]
    first = result.axes[0]
    if not result.two_dimensional:
        rows = [[value, *(cells[i] for cells in grids.values())] for i, value in enumerate(first.values)]
        lines += ["", *table([first.path, *grids], rows)]
    else:
        second = result.axes[1]
        width = len(second.values)
        for name, cells in grids.items():
            rows = [[value, *cells[i * width : (i + 1) * width]] for i, value in enumerate(first.values)]
            lines += ["", f"{name} (down: {first.path}; across: {second.path})", ""]
            lines += table([first.path, *second.values], rows)
    return [*lines, "", *(_begin(result, line) for line in result.metastable_from), *_invalid(result)]


def _begin(result: SweepResult, line: MetastableFrom) -> str:
    path = result.axes[0].path
    where = f" with {result.axes[1].path} = {line.line}" if line.line is not None else ""
    if line.begins is None:
        return f"No value of {path}{where} makes half of the runs metastable."
    after = f", after {line.after}" if line.after is not None else ", the first value tried"
    return f"The metastable region begins{where} at {path} = {line.begins}{after}."


def _invalid(result: SweepResult) -> list[str]:
    """Runs that show nothing, with the first reason."""
    bad = [p for p in result.points if p.invalid]
    if not bad:
        return []
    return [
        f"{counted(sum(p.invalid for p in bad), 'run was', 'runs were')} no valid experiment and left out; the first: {bad[0].why}"
    ]
