"""The page of a comparison, in English and Chinese. Reads the result alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chaos.i18n.findings import measure_title
from chaos.i18n.names import property_name
from chaos.i18n.texts import LocalizedText, display_name, duration_text, join, lookup, shipped_name, translate, untranslated
from chaos.measures.formatting import NONE, Language, number, percent, rounded
from chaos.reports.comparison_costs import CostDrawing, cost_drawings
from chaos.reports.comparison_heat import HeatMap, heat_map, least_filled
from chaos.reports.comparison_spread import SpreadDrawing, spread_drawing
from chaos.reports.power import notes_of
from chaos.reports.tables import MARKS, case_title, latency_text, option_names, short_names, shown
from chaos.reports.templating import environment, template_file
from chaos.results.comparison import VERDICTS, CaseDetail, ComparedCell, ComparisonResult, Latency

COUNTED = ("blocked", "failed", "unknown", "rejected_wrongly", "duplicated", "late")
GOOD, BAD = ("better", "more often better"), ("worse", "more often worse", "mixed")


@dataclass(frozen=True)
class PlainTable:
    """A table of figures under heads in both languages."""

    head: list[LocalizedText]
    rows: list[list[LocalizedText]]


@dataclass(frozen=True)
class WorseRow:
    """A case in which an option is worse."""

    option: LocalizedText
    scenario: LocalizedText
    base: LocalizedText
    value: LocalizedText
    mark: str
    runs: LocalizedText


@dataclass(frozen=True)
class ComparisonPage:
    """Everything that the template shows, in the order in which it stands there."""

    name: LocalizedText
    stamp: LocalizedText
    stamp_style: str
    title: LocalizedText
    whole_title: LocalizedText
    sub: LocalizedText
    lead: LocalizedText
    power: list[LocalizedText]
    key_small: LocalizedText
    has_mixed: bool
    heat: HeatMap
    heat_note: LocalizedText
    secondary: list[HeatMap]
    spread: SpreadDrawing
    costs: list[CostDrawing]
    cost_table: PlainTable
    worse: list[WorseRow]
    rules: list[LocalizedText]
    details: PlainTable

    def html(self, language: Language) -> str:
        """The page, HTML, which opens in a language."""
        return environment().get_template("comparison.html").render(css=template_file("pages.css"), page=self, language=language)


def comparison_page(result: ComparisonResult, language: Language = "en") -> str:
    """The page, HTML, which opens in a language."""
    first, cells = result.measures[0], primary_cells(result)
    maps = [heat_map(result, measure) for measure in result.measures]
    title = translate(
        "compare.title",
        options=len(result.architectures) - 1,
        base=option_names(result)[result.baseline],
        cases=len({(c.scenario, c.environment) for c in result.cells}),
    )
    return ComparisonPage(
        name=translate("compare.page"),
        stamp=_stamp(cells),
        stamp_style="open" if any(cell.verdict == "inconclusive" for cell in cells) else "ok",
        title=title,
        whole_title=title,
        sub=_sub(result),
        lead=lead(result),
        power=notes_of(result),
        key_small=translate("compare.key.small", least=shown(first.name, least_filled(first))),
        has_mixed=any(c.verdict == "mixed" for c in result.cells),
        heat=maps[0],
        heat_note=translate("compare.heat.note", level=percent(result.level)),
        secondary=maps[1:],
        spread=spread_drawing(cells, first, result.baseline, case_titles(cells), option_names(result), result.own_names),
        costs=cost_drawings(result),
        cost_table=_cost_table(result),
        worse=_worse(result),
        rules=_rules(result),
        details=PlainTable(_heads(_DETAIL_HEADS), [_detail(d) for d in result.details]),
    ).html(language)


def primary_cells(result: ComparisonResult) -> list[ComparedCell]:
    """Those by the primary measure that could be compared."""
    first = result.measures[0].name
    return [cell for cell in result.cells if isinstance(cell, ComparedCell) and cell.measure == first]


def case_titles(cells: Sequence[ComparedCell]) -> list[LocalizedText]:
    """What the case of each is called, as short as tells them apart."""
    cases = list(dict.fromkeys((cell.scenario, cell.environment) for cell in cells))
    short = dict(zip(cases, short_names([scenario for scenario, _ in cases]), strict=True))
    return [case_title(short[c.scenario, c.environment], c.environment) for c in cells]


# --- the first screen ----------------------------------------------------------------------------------------------------------


def _stamp(cells: Sequence[ComparedCell]) -> LocalizedText:
    """How much is decided."""
    decided = sum(cell.verdict != "inconclusive" for cell in cells)
    key = "none" if not decided else "all" if decided == len(cells) else "some"
    return translate(f"compare.stamp.{key}", n=decided, of=len(cells))


def _sub(result: ComparisonResult) -> LocalizedText:
    first = result.measures[0]
    return translate(
        "compare.sub",
        runs=result.summary.runs,
        most=max((cell.runs for cell in primary_cells(result)), default=0),
        looks=len(result.looks),
        measure=measure_title(first.name, result.own_names),
        margin=shown(first.name, first.margin),
        amount=shown(first.name, first.amount),
    )


def lead(result: ComparisonResult) -> LocalizedText:
    """How many pairs have each verdict, and what to conclude: where something is better, and whether anything is worse."""
    first = result.measures[0].name
    verdicts = [cell.verdict for cell in result.cells if cell.measure == first]
    counts = [translate(f"compare.count.{v}", n=verdicts.count(v)) for v in VERDICTS if verdicts.count(v)]
    said = [translate("compare.lead.counts", pairs=len(verdicts), counts=join(counts, ", ", "，"))]
    if set(verdicts) <= {"inconclusive", "not comparable"}:
        return join([*said, translate("compare.lead.nothing")], " ", "")
    return join([*said, *_conclusions(result)], " ", "")


def _conclusions(result: ComparisonResult) -> list[LocalizedText]:
    cells, names = primary_cells(result), option_names(result)
    options = [a.name for a in result.architectures if a.name != result.baseline]
    better = {o: sum(c.architecture == o and c.verdict in GOOD for c in cells) for o in options}
    worse = {o: sum(c.architecture == o and c.verdict in BAD for c in cells) for o in options}
    if not any(better.values()) and not any(worse.values()):
        return [translate("compare.lead.open")]
    said = []
    best = max(options, key=lambda o: better[o])
    if better[best]:
        of = sum(c.architecture == best for c in cells)
        said.append(translate("compare.lead.best", name=names[best], n=better[best], of=of))
    nowhere = [o for o in options if not worse[o] and better[o]]
    if not any(worse.values()):
        said.append(translate("compare.lead.nothing.worse"))
    elif all(worse.values()):
        said.append(translate("compare.lead.everywhere"))
    elif nowhere:
        listed = join([names[o] for o in nowhere], ", ", "、")
        said.append(translate("compare.lead.nowhere", names=listed, n=len(nowhere)))
    return said


# --- below it ------------------------------------------------------------------------------------------------------------------


def _worse(result: ComparisonResult) -> list[WorseRow]:
    """By the primary measure, the largest loss first."""
    first, cells, names = result.measures[0].name, primary_cells(result), option_names(result)
    titled = [(c, title) for c, title in zip(cells, case_titles(cells), strict=True) if c.verdict in BAD]
    titled.sort(key=lambda of: -(of[0].difference.mean if of[0].difference else 0.0))
    return [
        WorseRow(
            names[cell.architecture],
            title,
            shown(first, cell.baseline.mean if cell.baseline else None),
            shown(first, cell.value.mean if cell.value else None),
            MARKS[cell.verdict],
            translate("compare.worse.count", worse=cell.loss, runs=cell.runs, lost=cell.lost),
        )
        for cell, title in titled
    ]


def _rules(result: ComparisonResult) -> list[LocalizedText]:
    rules = [translate("compare.rules.claims", share=percent(result.bad_share)), translate("compare.rules.families")]
    worth = result.summary.common_random_numbers
    if worth.variance_ratio is not None:
        rules.append(translate("compare.rules.seeds", times=rounded(worth.variance_ratio, 1), cells=worth.cells))
    return rules


def _heads(words: Sequence[str]) -> list[LocalizedText]:
    return [translate(f"compare.head.{word}") for word in words]


def _cost_table(result: ComparisonResult) -> PlainTable:
    flows = sorted({flow for a in result.architectures for flow in a.latency})
    head = _heads(["architecture", "machines", "standbys", "slots"])
    for flow in flows:
        head += [
            join([display_name(flow, result.own_names), translate(f"compare.head.{what}")], " ", " ")
            for what in ("mean", "p50", "p99")
        ]
    rows = []
    for a in result.architectures:
        hardware = [number(n) for n in (a.hardware.machines, a.hardware.standbys, a.hardware.slots)]
        latencies = [text for flow in flows for text in _latencies(a.latency.get(flow, Latency()))]
        rows.append([option_names(result)[a.name], *map(untranslated, hardware), *latencies])
    return PlainTable(head, rows)


def _latencies(of: Latency) -> list[LocalizedText]:
    return [latency_text(of.mean, 1), latency_text(of.p50), latency_text(of.p99)]


_DETAIL_HEADS = (
    "scenario",
    "architecture",
    *(word.replace("_", " ") for word in COUNTED),
    "impaired",
    "recovery",
    "order p99",
    "severity",
    "violated",
)


def _detail(d: CaseDetail) -> list[LocalizedText]:
    """Orders by kind, way back, severity and properties: medians and counts of runs."""
    orders = [untranslated(rounded(spread.median) if (spread := d.orders.get(kind)) else NONE) for kind in COUNTED]
    recovery = duration_text(d.recovery.restricted_mean_s)
    if d.recovery.not_recovered:
        recovery = translate("compare.head.not_back", time=recovery, n=d.recovery.not_recovered)
    p99 = d.p99_s["place-order"]
    violated = [
        LocalizedText(name, property_name(name).zh).map(f"{{}} {v.runs}/{d.runs}".format)
        for name, v in d.violated.items()
        if v.runs
    ]
    return [
        untranslated(d.scenario),
        shipped_name(d.architecture),
        *orders,
        duration_text(d.impaired_s.median if d.impaired_s else None),
        recovery,
        duration_text(p99.median if p99 else None),
        join([_grades(rules, of) for rules, of in d.severity.items()], "; ", "；"),
        join(violated, ", ", "、") if violated else untranslated(NONE),
    ]


def _grades(rules: str, of: Mapping[str, int]) -> LocalizedText:
    """In how many runs a rule set gives which grade."""
    counts = [LocalizedText(f"{grade} {n}", f"{lookup('grade', grade).zh} {n}") for grade, n in of.items()]
    return join([shipped_name(rules), join(counts, ", ", "、")], " ", "：")
