"""Results of comparisons and sweeps as Markdown tables, which are read in a terminal as well as in a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from chaos.i18n.texts import LocalizedText, lookup, untranslated
from chaos.measures.catalogue import measures
from chaos.measures.formatting import NONE, Unit, counted, milliseconds, number, percent, rounded, share, significant
from chaos.reports.power import notes_of
from chaos.results.comparison import (
    ArchitectureCosts,
    ComparedCell,
    ComparedMeasure,
    ComparisonResult,
    ComparisonVerdict,
    InterimAnalysis,
    NotComparable,
)
from chaos.results.summaries import Spread, ValueGroups
from chaos.results.sweep import MetastableFrom, SweepResult
from simcore.base.errors import one_line

MARKS: Mapping[ComparisonVerdict, str] = {
    "better": "▲",
    "worse": "▼",
    "more often better": "△",
    "more often worse": "▽",
    "mixed": "◇",
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
        lines += ["", _heading(result, measure), ""]
        lines += _cells(result, measure.name, names, short)
    lines += ["", *_notes(result)]
    return lines


def _heading(result: ComparisonResult, measure: ComparedMeasure) -> str:
    """A measure, what it is for, and its bounds."""
    rank = "primary" if measure is result.measures[0] else "secondary"
    margin, amount = (shown(measure.name, value) for value in (measure.margin, measure.amount))
    horizon = (
        "" if measure.horizon is None else f"; values above {shown(measure.name, measure.horizon)} count as that in the mean"
    )
    return (
        f"{measure.name} ({rank}): differences within {margin} do not matter, a run that loses more than {amount} is bad{horizon}"
    )


def short_names(names: Sequence[str]) -> list[str]:
    """The last part of each name, or the whole where two are alike."""
    last = [name.rpartition("/")[2].removesuffix(".yaml") for name in names]
    return [part if last.count(part) == 1 else name for part, name in zip(last, names, strict=True)]


def measure_title(name: str) -> LocalizedText:
    """What people call a measure; where it is not installed, its name."""
    if measures().problem(name) is not None:
        return untranslated(name)
    return LocalizedText(measures().find(name).title(), measures().find(name).title(language="zh"))


def option_names(result: ComparisonResult) -> dict[str, LocalizedText]:
    """What a page calls each architecture: its short name in English, and its own in Chinese where there is one."""
    names = [a.name for a in result.architectures]
    return {
        name: LocalizedText(short, lookup("name", name, short).zh) for name, short in zip(names, short_names(names), strict=True)
    }


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
    """A row a scenario: the baseline's mean, then each architecture's with the mark of its verdict."""
    found = {(c.scenario, c.environment, c.architecture): c for c in result.cells if c.measure == measure}
    cases = list(dict.fromkeys((scenario, environment) for scenario, environment, _ in found))
    shorter = dict(zip(cases, short_names([scenario for scenario, _ in cases]), strict=True))
    rows, alike = [], []
    for case in cases:
        cells = [found[*case, name] for name in names[1:]]
        title = shorter[case] + (f" in {case[1]}" if case[1] else "")
        if all(map(is_alike, cells)):
            alike.append(title)
            continue
        rows.append([title, shown(measure, baseline_mean(cells)), *(_cell(measure, c) for c in cells)])
    lines = table(["scenario", *(short[name] for name in names)], rows) if rows else []
    said = [f"Within the margin in every run of every architecture: {', '.join(alike)}."] if alike else []
    return [*lines, *([""] if lines and said else []), *said]


def is_alike(cell: ComparedCell | NotComparable) -> bool:
    """Whether every pair lies within the margin."""
    return isinstance(cell, ComparedCell) and cell.verdict in ("equivalent", "inconclusive") and cell.tie == cell.runs


def baseline_mean(cells: Iterable[ComparedCell | NotComparable]) -> float | None:
    """What the baseline has in a case, from the first of its cells that says so."""
    return next((c.baseline.mean for c in cells if isinstance(c, ComparedCell) and c.baseline), None)


def _cell(measure: str, cell: ComparedCell | NotComparable) -> str:
    if isinstance(cell, NotComparable) or cell.value is None:
        return MARKS[cell.verdict]
    return f"{shown(measure, cell.value.mean)} {MARKS[cell.verdict]}"


def _notes(result: ComparisonResult) -> list[str]:
    """How it was decided, and what the common random numbers were worth."""
    share, level = percent(result.bad_share), percent(result.level)
    return [
        f"{MARKS['better']} better and {MARKS['worse']} worse on the mean; {MARKS['more often better']} more often better and "
        f"{MARKS['more often worse']} more often worse, with bad runs (the other way) in at most {share}, means not decided; {MARKS['mixed']} the "
        f"mean says one and most runs the other; {MARKS['equivalent']} equivalent: medians within the margin and bad runs on either side in at "
        f"most {share}; {MARKS['inconclusive']} inconclusive; {MARKS['not comparable']} cannot be run. Figures are means over seeds.",
        f"By the primary measure the chance of one false difference in the whole is at most {level}, and that of one false equivalence as "
        f"much; by each secondary measure they are the same again. The primary one decides how many runs are made.",
        f"Interim analyses after runs: {', '.join(map(_analysis, result.looks))}; the bets on means may be looked at as often as one likes.",
        *(note.en for note in notes_of(result)),
        *_bad_runs(result),
        *_groups(result),
        *_worth_of_seeds(result),
        *_missing(result),
        *_misfits(result),
    ]


def _analysis(analysis: InterimAnalysis) -> str:
    spent = {"which is better more often": analysis.often, "equivalence": analysis.within}
    said = " and ".join(f"{significant(level, 3)} on {claim}" for claim, level in spent.items() if level)
    return f"{analysis.runs} (spends {said or 'nothing'})"


def _bad_runs(result: ComparisonResult) -> list[str]:
    """Cells that are better, or equivalent, and have bad runs all the same."""
    found = [
        f"{c.scenario} on {c.architecture} loses more than {shown(c.measure, bounds.amount)} of {c.measure} in {c.lost} of {c.runs} runs"
        for bounds in result.measures
        for c in result.cells
        if isinstance(c, ComparedCell)
        and c.measure == bounds.name
        and c.lost
        and c.verdict in ("better", "more often better", "equivalent")
    ]
    return [f"Bad runs beside a verdict that says none: {'; '.join(found)}."] if found else []


def _groups(result: ComparisonResult) -> list[str]:
    """Cells whose runs lie in two groups, by the primary measure: their mean is a value that hardly any run has."""
    first = result.measures[0].name
    found = [
        f"{c.scenario} on {c.architecture} {group_text(first, c.groups)}"
        for c in result.cells
        if isinstance(c, ComparedCell) and c.measure == first and c.groups
    ]
    return [f"Two kinds of runs, by {first}: {'; '.join(found)}."] if found else []


def group_text(measure: str, groups: ValueGroups) -> str:
    """How many runs lie where."""
    low, high = (" to ".join(dict.fromkeys(shown(measure, v) for v in ends)) for ends in (groups.low, groups.high))
    return f"{groups.low_runs} at {low}, {groups.high_runs} at {high}"


def _worth_of_seeds(result: ComparisonResult) -> list[str]:
    found = result.summary.common_random_numbers
    if found.variance_ratio is None:
        return []
    return [
        f"Common random numbers: with seeds of their own, differences of {result.measures[0].name} would have "
        f"{rounded(found.variance_ratio, 1)} times the variance (summed over {counted(found.cells, 'comparison')} in which both sides vary)."
    ]


def _missing(result: ComparisonResult) -> list[str]:
    cells = [c for c in result.cells if isinstance(c, ComparedCell) and c.missing]
    of = {m.name: [c for c in cells if c.measure == m.name] for m in result.measures}
    return [
        f"{measure}: {counted(sum(c.missing for c in mine), 'pair without a value counts', 'pairs without a value count')} against every verdict; "
        f"the first: {mine[0].why}"
        for measure, mine in of.items()
        if mine
    ]


def _misfits(result: ComparisonResult) -> list[str]:
    unfit = [c for c in result.cells if isinstance(c, NotComparable)]
    return list(dict.fromkeys(f"{c.scenario} on {c.architecture}: {c.why}" for c in unfit))


def median_text(measure: str, spread: Spread | None) -> str:
    """A median; of which it is only known what it exceeds, that."""
    if spread is None:
        return shown(measure, None)
    return f"≥ {shown(measure, spread.median)}" if spread.at_least else shown(measure, spread.median)


# --- sweeps -------------------------------------------------------------------------------------------------------------------


def sweep(result: SweepResult) -> list[str]:
    """What a sweep found: a row a value, or a grid a measure for two parameters; then where the metastable region begins."""
    lines = [f"{result.scenario} on {result.architecture} in {result.environment}: {result.title}"]
    grids = {m: [median_text(m, p.measures[m]) for p in result.points] for m in result.measures}
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
