"""Results of comparisons and sweeps as Markdown tables, for a terminal, in English and Chinese."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from chaos.i18n.findings import measure_title
from chaos.i18n.texts import LocalizedText, join, lookup, phrase, shipped_name, translate, untranslated
from chaos.measures.catalogue import measures
from chaos.measures.formatting import (
    NONE,
    Language,
    Unit,
    milliseconds,
    number,
    percent,
    rounded,
    share,
    significant,
)
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


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A Markdown table; the first column to the left, the others to the right."""
    lines = [[one_line(cell).replace("|", "\\|") for cell in row] for row in (head, *rows)]
    wide = [max(len(line[i]) for line in lines) for i in range(len(head))]
    bars = ["-" * wide[0], *("-" * max(1, w - 1) + ":" for w in wide[1:])]
    return [
        "| " + " | ".join(c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(line, wide, strict=True))) + " |"
        for line in (lines[0], bars, *lines[1:])
    ]


def shown(measure: str, value: float | None) -> LocalizedText:
    """A value of a measure, with its unit where that measure is installed; among shares nothing is a plain 0."""
    if measures().problem(measure) is not None:
        return untranslated(NONE if value is None else number(value))
    found = measures().find(measure)
    if found.unit is Unit.FRACTION:
        return untranslated(share(value))
    return LocalizedText(found.text(value), found.text(value, language="zh"))


# --- comparisons --------------------------------------------------------------------------------------------------------------


def comparison(result: ComparisonResult, language: Language = "en") -> list[str]:
    """What a comparison found: the architectures with their costs, then a table a measure, then what stands behind it."""
    lines = [*_architectures(result, language)]
    for measure in result.measures:
        lines += ["", _heading(result, measure)[language], ""]
        lines += _cells(result, measure.name, language)
    return [*lines, "", *(note[language] for note in _notes(result))]


def _heading(result: ComparisonResult, measure: ComparedMeasure) -> LocalizedText:
    """A measure, what it is for, and its bounds."""
    rank = "primary" if measure is result.measures[0] else "secondary"
    margin, amount = (shown(measure.name, value) for value in (measure.margin, measure.amount))
    horizon = untranslated("")
    if measure.horizon is not None:
        horizon = translate("compare.measure.horizon", horizon=shown(measure.name, measure.horizon))
    name, rank_text = measure_name(measure.name, result.own_names), translate(f"compare.measure.{rank}")
    return translate("compare.measure", name=name, rank=rank_text, margin=margin, amount=amount, horizon=horizon)


def short_names(names: Sequence[str]) -> list[str]:
    """The last part of each name, or the whole where two are alike."""
    last = [name.rpartition("/")[2].removesuffix(".yaml") for name in names]
    return [part if last.count(part) == 1 else name for part, name in zip(last, names, strict=True)]


def measure_name(name: str, own: Collection[str]) -> LocalizedText:
    """A measure in a terminal: in English as files call it, in Chinese as people do. `own` are names of the user's files."""
    return LocalizedText(name, measure_title(name, own).zh)


def case_title(scenario: str, environment: str | None) -> LocalizedText:
    """A scenario, and the environment it is run in where one is named."""
    if not environment:
        return untranslated(scenario)
    return translate("compare.case", name=scenario, environment=shipped_name(environment))


def option_names(result: ComparisonResult) -> dict[str, LocalizedText]:
    """What a page calls each architecture: its short name in English, and its own in Chinese where there is one."""
    names = [a.name for a in result.architectures]
    return {
        name: LocalizedText(short, lookup("name", name, short).zh) for name, short in zip(names, short_names(names), strict=True)
    }


def _architectures(result: ComparisonResult, language: Language) -> list[str]:
    """Costs, and in how many cases each verdict was reached, by the first measure."""
    heads = [translate(f"compare.head.{name}") for name in ("architecture", "machines", "slots", *_LATENCIES)]
    verdicts = [translate(f"compare.verdict.{v}").map(f"{MARKS[v]} ".__add__) for v in MARKS]
    names, first = option_names(result), result.measures[0].name
    rows = []
    for a in result.architectures:
        mine = [c.verdict for c in result.cells if c.architecture == a.name and c.measure == first]
        counts = [str(mine.count(v)) if a.name != result.baseline else "" for v in MARKS]
        machines = f"{a.hardware.machines}+{a.hardware.standbys}"
        latencies = [text[language] for text in _latencies(a)]
        rows.append([names[a.name][language], machines, number(a.hardware.slots), *latencies, *counts])
    return table([text[language] for text in (*heads, *verdicts)], rows)


_LATENCIES = ("order mean", "order high", "transfer mean")


def _latencies(costs: ArchitectureCosts) -> list[LocalizedText]:
    order, transfer = costs.latency.get("place-order"), costs.latency.get("transfer")
    return [
        latency_text(order.mean if order else None, 1),
        latency_text(order.p99 if order else None),
        latency_text(transfer.mean if transfer else None, 1),
    ]


def latency_text(value: float | None, decimals: int = 0) -> LocalizedText:
    """A latency, ms."""
    return LocalizedText(milliseconds(value, decimals), milliseconds(value, decimals, language="zh"))


def _cells(result: ComparisonResult, measure: str, language: Language) -> list[str]:
    """A row a scenario: the baseline's mean, then each architecture's with the mark of its verdict."""
    names = [a.name for a in result.architectures]
    found = {(c.scenario, c.environment, c.architecture): c for c in result.cells if c.measure == measure}
    cases = list(dict.fromkeys((scenario, environment) for scenario, environment, _ in found))
    shorter = dict(zip(cases, short_names([scenario for scenario, _ in cases]), strict=True))
    rows, alike = [], []
    for case in cases:
        cells = [found[*case, name] for name in names[1:]]
        title = case_title(shorter[case], case[1])
        if all(map(is_alike, cells)):
            alike.append(title)
            continue
        figures = [shown(measure, baseline_mean(cells)), *(_cell(measure, c) for c in cells)]
        rows.append([text[language] for text in (title, *figures)])
    titles = [translate("compare.head.scenario"), *option_names(result).values()]
    lines = table([text[language] for text in titles], rows) if rows else []
    said = [translate("compare.alike", names=join(alike, ", ", "、"))[language]] if alike else []
    return [*lines, *([""] if lines and said else []), *said]


def is_alike(cell: ComparedCell | NotComparable) -> bool:
    """Whether every pair lies within the margin."""
    return isinstance(cell, ComparedCell) and cell.verdict in ("equivalent", "inconclusive") and cell.tie == cell.runs


def baseline_mean(cells: Iterable[ComparedCell | NotComparable]) -> float | None:
    """What the baseline has in a case, from the first of its cells that says so."""
    return next((c.baseline.mean for c in cells if isinstance(c, ComparedCell) and c.baseline), None)


def _cell(measure: str, cell: ComparedCell | NotComparable) -> LocalizedText:
    if isinstance(cell, NotComparable) or cell.value is None:
        return untranslated(MARKS[cell.verdict])
    return shown(measure, cell.value.mean).map(lambda text: f"{text} {MARKS[cell.verdict]}")


def _notes(result: ComparisonResult) -> list[LocalizedText]:
    """How it was decided, and what the common random numbers were worth."""
    return [
        translate("compare.note.marks", share=percent(result.bad_share)),
        translate("compare.note.families", level=percent(result.level)),
        translate("compare.note.analyses", analyses=join([_analysis(analysis) for analysis in result.looks], ", ", "，")),
        *notes_of(result),
        *equal_costs(result),
        *_bad_runs(result),
        *_groups(result),
        *_worth_of_seeds(result),
        *_missing(result),
        *_misfits(result),
    ]


def equal_costs(result: ComparisonResult) -> list[LocalizedText]:
    """What each architecture was given so that all cost the same, and what it has no use for."""
    return [
        translate(
            "compare.note.equal",
            architecture=of.name,
            machines=number(of.equal.machines),
            sessions=number(of.equal.sessions),
            edits=join([untranslated(edit) for edit in of.equal.edits], ", ", "，")
            if of.equal.edits
            else translate("compare.note.nothing"),
            spare=number(of.equal.unused_machines),
            idle=number(of.equal.unused_sessions),
        )
        for of in result.architectures
        if of.equal is not None
    ]


def _analysis(analysis: InterimAnalysis) -> LocalizedText:
    spent = {"often": analysis.often, "within": analysis.within}
    said = [translate(f"compare.note.{claim}", level=significant(level, 3)) for claim, level in spent.items() if level]
    spends = join(said, " and ", "，") if said else translate("compare.note.nothing")
    return translate("compare.note.analysis", runs=analysis.runs, spent=spends)


def _bad_runs(result: ComparisonResult) -> list[LocalizedText]:
    """Cells that are better, or equivalent, and have bad runs all the same."""
    found = [
        translate(
            "compare.note.bad.cell",
            scenario=c.scenario,
            architecture=c.architecture,
            amount=shown(c.measure, bounds.amount),
            measure=measure_name(c.measure, result.own_names),
            lost=c.lost,
            runs=c.runs,
        )
        for bounds in result.measures
        for c in result.cells
        if isinstance(c, ComparedCell)
        and c.measure == bounds.name
        and c.lost
        and c.verdict in ("better", "more often better", "equivalent")
    ]
    return [translate("compare.note.bad", cells=join(found, "; ", "；"))] if found else []


def _groups(result: ComparisonResult) -> list[LocalizedText]:
    """Cells whose runs lie in two groups, by the primary measure: their mean is a value that hardly any run has."""
    first = result.measures[0].name
    found = [
        translate(
            "compare.note.groups.cell",
            scenario=c.scenario,
            architecture=c.architecture,
            groups=group_text(first, c.groups, translate("compare.to")),
        )
        for c in result.cells
        if isinstance(c, ComparedCell) and c.measure == first and c.groups
    ]
    return (
        [translate("compare.note.groups", measure=measure_name(first, result.own_names), cells=join(found, "; ", "；"))]
        if found
        else []
    )


def group_text(measure: str, groups: ValueGroups, to: LocalizedText) -> LocalizedText:
    """How many runs lie where; `to` is what stands between the ends of a group."""
    low, high = (join(list(dict.fromkeys(shown(measure, v) for v in ends)), to.en, to.zh) for ends in (groups.low, groups.high))
    counts = {"low_runs": groups.low_runs, "high_runs": groups.high_runs}
    return translate("compare.spread.groups", **counts, low=low, high=high)


def _worth_of_seeds(result: ComparisonResult) -> list[LocalizedText]:
    found = result.summary.common_random_numbers
    if found.variance_ratio is None:
        return []
    times, measure = rounded(found.variance_ratio, 1), measure_name(result.measures[0].name, result.own_names)
    return [translate("compare.note.seeds", measure=measure, times=times, n=number(found.cells))]


def _missing(result: ComparisonResult) -> list[LocalizedText]:
    cells = [c for c in result.cells if isinstance(c, ComparedCell) and c.missing]
    of = {m.name: [c for c in cells if c.measure == m.name] for m in result.measures}
    return [
        translate(
            "compare.note.missing",
            measure=measure_name(measure, result.own_names),
            n=number(sum(c.missing for c in mine)),
            why=LocalizedText(mine[0].why, mine[0].why_zh or phrase("found", mine[0].why).zh),
        )
        for measure, mine in of.items()
        if mine
    ]


def _misfits(result: ComparisonResult) -> list[LocalizedText]:
    unfit = [c for c in result.cells if isinstance(c, NotComparable)]
    found = [translate("compare.note.misfit", scenario=c.scenario, architecture=c.architecture, why=c.why) for c in unfit]
    return list(dict.fromkeys(found))


def median_text(measure: str, spread: Spread | None) -> LocalizedText:
    """A median; of which it is only known what it exceeds, that."""
    if spread is None:
        return shown(measure, None)
    median = shown(measure, spread.median)
    return median.map("≥ ".__add__) if spread.at_least else median


# --- sweeps -------------------------------------------------------------------------------------------------------------------


def sweep(result: SweepResult, language: Language = "en") -> list[str]:
    """What a sweep found: a row a value, or a grid a measure for two parameters; then where the metastable region begins."""
    texts = {measure_name(m, result.own_names): [median_text(m, p.measures[m]) for p in result.points] for m in result.measures}
    texts[translate("sweep.not_recovered")] = [untranslated(share(p.not_recovered.share)) for p in result.points]
    texts[translate("sweep.metastable")] = [untranslated(share(p.metastable.share)) for p in result.points]
    grids = {name[language]: [cell[language] for cell in cells] for name, cells in texts.items()}
    first, lines = result.axes[0], [sweep_title(result)[language]]
    if not result.two_dimensional:
        rows = [[value, *(cells[i] for cells in grids.values())] for i, value in enumerate(first.values)]
        lines += ["", *table([first.path, *grids], rows)]
    else:
        second = result.axes[1]
        width = len(second.values)
        for name, cells in grids.items():
            rows = [[value, *cells[i * width : (i + 1) * width]] for i, value in enumerate(first.values)]
            lines += ["", translate("sweep.grid", measure=name, down=first.path, across=second.path)[language], ""]
            lines += table([first.path, *second.values], rows)
    said = [*(_begin(result, line) for line in result.metastable_from), *_invalid(result)]
    return [*lines, "", *(text[language] for text in said)]


def sweep_title(result: SweepResult) -> LocalizedText:
    """The scenario, on what and where it was run, and what it is about."""
    return translate(
        "sweep.title",
        scenario=result.scenario,
        architecture=shipped_name(result.architecture),
        environment=shipped_name(str(result.environment)),
        title=LocalizedText(result.title, result.title_zh or result.title),
    )


def _begin(result: SweepResult, line: MetastableFrom) -> LocalizedText:
    path, where = result.axes[0].path, untranslated("")
    if line.line is not None:
        where = translate("sweep.begin.where", path=result.axes[1].path, value=line.line)
    if line.begins is None:
        return translate("sweep.begin.none", path=path, where=where)
    after = translate("sweep.begin.first")
    if line.after is not None:
        after = translate("sweep.begin.after", value=line.after)
    return translate("sweep.begin", path=path, where=where, value=line.begins, after=after)


def _invalid(result: SweepResult) -> list[LocalizedText]:
    """Runs that show nothing, with the first reason."""
    bad = [p for p in result.points if p.invalid]
    if not bad:
        return []
    why = LocalizedText(bad[0].why, bad[0].why_zh or bad[0].why)
    return [translate("sweep.invalid", n=number(sum(p.invalid for p in bad)), why=why)]
