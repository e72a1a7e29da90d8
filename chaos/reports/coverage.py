"""The page of a coverage result: one file without any request, in English and Chinese. Reads the result object alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from chaos.i18n.findings import expected_text
from chaos.i18n.texts import LocalizedText, join, lookup, translate, untranslated
from chaos.measures.formatting import Language, number, percent, rounded
from chaos.reports import coverage_head as first
from chaos.reports import coverage_reasons as reasons
from chaos.reports.coverage_curve import curve_picture
from chaos.reports.coverage_words import (
    PARTS,
    Suite,
    alone,
    family_text,
    gap_text,
    measures_of,
    own_title,
    part_text,
    short,
    suite_in,
    suite_title,
    there_text,
    window_text,
    with_worse,
)
from chaos.reports.markup import both, escaped, heads, html_table, scrolled
from chaos.reports.price import at_phase, between, drawing, grade_word, pair_lines, ranked, sign_text, trigger_text
from chaos.reports.templating import environment, template_file
from chaos.results.coverage import CoverageResult, MutantResult, Outcome, Part, PriceRow
from chaos.results.defect_pairs import PairEffect

Cell = LocalizedText | str | int | float
"""What stands in a table: a text in both languages, a name, a count, an amount."""
RANKED, PAIRS = 50, 50
"""Rows of the tables of prices and of pairs; all are in the JSON."""

GLYPHS: dict[Outcome, str] = {
    "killed": "●",
    "survived": "○",
    "inert": "·",
    "identical": "=",
    "unknown": "?",
    "averted": "!",
    "red": "✕",
    "timed out": "…",
    "impossible": "–",
}
STYLES: dict[Outcome, str] = {"killed": "up", "red": "down", "unknown": "open", "averted": "open", "timed out": "open"}
"""How a cell of the kill matrix is drawn: what is not decided is hatched, and neither green nor red."""


@dataclass(frozen=True)
class Section:
    """A part of the page under its heading; `link` is what its mark is called in the list of links, if it is there."""

    name: str
    title: LocalizedText
    inner: Markup
    link: LocalizedText | None = None


@dataclass(frozen=True)
class CoveragePage:
    """Everything that the template shows, in the order in which it stands there."""

    name: LocalizedText
    stamp: LocalizedText
    stamp_style: str
    title: LocalizedText
    whole_title: LocalizedText
    sub: LocalizedText
    lead: Markup
    figures: Markup
    aside: LocalizedText
    sections: list[Section]
    replay: str

    @property
    def links(self) -> list[Section]:
        """The sections that the list of links names."""
        return [section for section in self.sections if section.link is not None]


def page(result: CoverageResult, language: Language = "en") -> str:
    """One self-contained page, which opens in a language: what it comes to, the funnel, what to write next, the kill matrix by signature,
    and the rest."""
    score = result.summary.score
    shown = CoveragePage(
        name=translate("coverage.page"),
        stamp=untranslated(percent(score, 1)),
        stamp_style="open" if score is not None else "none",
        title=first.headline(result),
        whole_title=suite_title(result),
        sub=first.subtitle(result),
        lead=Markup(first.lead(result)),
        figures=Markup(first.figures(result)),
        aside=first.beside_the_score(result.summary),
        sections=[section for section in _sections(result, language) if section.inner],
        replay=result.replay,
    )
    return environment().get_template("coverage.html").render(css=template_file("pages.css"), page=shown, language=language)


def _sections(result: CoverageResult, language: Language) -> list[Section]:
    beside = result.beside
    return [
        _section("funnel", first.funnel(result.summary, language), link=True),
        _section("todo", first.to_write(result), link=True),
        _section("matrix", first.signature_matrix(result, result.signatures), link=True),
        _section("curve", curve_picture(result, language)),
        _section("beside", _beside_them(result)),
        _section("worse", _differences(result)),
        _section("price", _ranking(result, language), link=True),
        _section("pairs", _pairs(result)),
        _section("changes", _changes(result)),
        _section("hides", reasons.hides(result, language), link=True),
        _section("add", reasons.suggestions_table(result)),
        _section("incidents", reasons.incidents_table(result)),
        _section("cells", _matrix(result, language)),
        Section("cells-beside", translate("coverage.section.cells.of", name=suite_in(beside)), Markup(_matrix(beside, language)))
        if beside
        else Section("", untranslated(""), Markup("")),
        _section("families", _families(result)),
        _section("operators", _operators(result)),
        _section("impossible", _impossible(result)),
        _section("expectations", _unexercised(result)),
    ]


def _section(name: str, inner: str, *, link: bool = False) -> Section:
    return Section(
        name, translate(f"coverage.section.{name}"), Markup(inner), translate(f"coverage.nav.{name}") if link else None
    )


def _table(head: Sequence[LocalizedText], rows: Sequence[Sequence[Cell]]) -> str:
    """A table, its figures to the right; nothing without a row."""
    if not rows:
        return ""
    numeric = [all(isinstance(row[i], (int, float)) for row in rows) for i in range(len(head))]
    cells = "".join(
        "<tr>"
        + "".join(f"<td{' class=n' if n else ''}>{_shown(cell)}</td>" for cell, n in zip(row, numeric, strict=True))
        + "</tr>"
        for row in rows
    )
    return scrolled(html_table(heads(head, numeric), cells))


def _shown(cell: Cell) -> str:
    if isinstance(cell, LocalizedText):
        return both(cell)
    return escaped(rounded(cell).replace("-", "−") if isinstance(cell, float) else cell)


def _heads(*names: str) -> list[LocalizedText]:
    return [translate(f"coverage.head.{name}") for name in names]


def _names(names: Sequence[str]) -> LocalizedText:
    return join([untranslated(name) for name in names], ", ", "、")


# --- the suite and the one beside it ---------------------------------------------------------------------------------------------


def _beside_them(result: CoverageResult) -> str:
    """The suite and the one beside it in a few figures."""
    if not result.beside:
        return ""
    gained, lost = alone(result, result.beside), alone(result.beside, result)
    both_of: list[tuple[Suite, int]] = [(result, len(lost)), (result.beside, len(gained))]
    rows = [_beside_row(of, only) for of, only in both_of]
    names = (
        "same",
        "noticed",
        "alone",
        "changed",
        "unchanged",
        "not reached",
        "not present",
        "unknown",
        "margin",
        "score",
        "red",
    )
    return _table(_heads(*names), rows)


def _beside_row(of: Suite, only: int) -> list[Cell]:
    s = of.summary
    parts: tuple[Part, ...] = ("changed", "unchanged", "not reached", "not present")
    red = _names([short(name) for name in s.red]) if s.red else translate("coverage.none")
    counts = [s.parts.get(part, 0) for part in parts]
    return [suite_in(of), s.killed, only, *counts, s.stopped_or_averted, s.differential, percent(s.score, 1), red]


def _differences(result: CoverageResult) -> str:
    """The differential column: who is worse where by which measure, whether or not a verdict notices it."""
    rows: list[list[Cell]] = [
        [
            x.name,
            suite_in(of),
            _names([short(name) for name in x.worse]),
            measures_of(x, result.own_names),
            translate("coverage.yes" if x.killed_by else "coverage.no"),
        ]
        for of in with_worse(result)
        for x in of.mutants
        if x.worse
    ]
    return _table(_heads("defect", "under", "scenarios", "worse", "verdict"), rows)


# --- prices ----------------------------------------------------------------------------------------------------------------------


def _ranking(result: CoverageResult, language: Language) -> str:
    rows = [_price_row(result, row) for row in result.price.ranking[:RANKED]]
    phase = at_phase(next((row.at_the_open.phase for row in result.price.ranking if row.at_the_open), "open"))
    head = [
        *_heads("rank", "defect", "harmed a year", "90", "sign", "present a year", "days"),
        translate("coverage.head.worst", phase=phase),
        *_heads("harmed", "impaired", "severity", "hidden"),
        *([suite_in(result.beside)] if result.beside else []),
    ]
    return drawing(result.price, language) + _table(head, rows)


def _price_row(result: CoverageResult, row: PriceRow) -> list[Cell]:
    worst = row.at_the_open
    at_the_open: list[Cell] = ["", 0.0, 0.0, ""]
    if worst:
        at_the_open = [trigger_text(worst.trigger), worst.harmed_orders, worst.impaired_s, grade_word(worst.severity)]
    return [
        ranked(row),
        row.name,
        float(row.harmed_orders),
        between(row),
        sign_text(row),
        percent(row.present, 2),
        rounded(row.found_days, 1),
        *at_the_open,
        reasons.reason_words(result.why, row.name),
        *([there_text(result.beside, row.name)] if result.beside else []),
    ]


def _pairs(result: CoverageResult) -> str:
    """Pairs of survivors that cost more together, with the lines that the terminal has."""
    if result.pairs is None:
        return ""
    head = [*_heads("pair", "window", "first", "second", "together", "beyond"), untranslated(result.suite)]
    said = [line.map(str.strip) for line in pair_lines(result.pairs) if line.en and not line.en.startswith("    ")]
    rows = [_pair_row(row) for row in result.pairs.super_additive[:PAIRS]]
    return "".join(f"<p>{both(line)}</p>" for line in said) + _table(head, rows)


def _pair_row(row: PairEffect) -> list[Cell]:
    noticed = "not run" if row.killed is None else "noticed" if row.killed else "not noticed"
    figures = (float(value) for value in (*row.alone, row.together, row.beyond))
    return [" + ".join(row.defects), window_text(row.window), *figures, translate(f"coverage.{noticed}")]


def _changes(result: CoverageResult) -> str:
    rows: list[list[Cell]] = [
        [gap_text(r.change), r.catches, r.only_this, float(r.harmed_orders)] for r in result.why.changes if r.catches
    ]
    return _table(_heads("change", "more", "alone", "harmed a year"), rows)


# --- lists -----------------------------------------------------------------------------------------------------------------------


def _families(result: CoverageResult) -> str:
    """How many mutants each family has, so that one does not dominate unseen, and the score with all families alike."""
    rows: list[list[Cell]] = [
        [family_text(r.family), r.counted, percent(r.share, 1), r.killed, percent(r.score, 1)] for r in result.families
    ]
    note = f"<p>{both(translate('coverage.balanced', score=percent(result.summary.balanced, 1)))}</p>"
    return note + _table(_heads("family", "mutants", "share", "noticed", "score"), rows) if rows else ""


def _operators(result: CoverageResult) -> str:
    rows: list[list[Cell]] = [
        [r.name, percent(r.score, 1), r.killed, r.counted, own_title("defect", r.title)] for r in result.operators
    ]
    return _table(_heads("defect", "score", "noticed", "counted", "what"), rows)


def _impossible(result: CoverageResult) -> str:
    """What cannot be planted, with the message that says why."""
    rows = "".join(
        f'<tr><td>{escaped(x.name)}</td><td><code lang="en-GB">{escaped(x.impossible)}</code></td></tr>'
        for x in result.mutants
        if x.status == "impossible"
    )
    return scrolled(html_table(heads(_heads("defect", "why")), rows)) if rows else ""


def _unexercised(result: CoverageResult) -> str:
    rows: list[list[Cell]] = [[r.scenario, expected_text(r.expected)] for r in result.expectations if not r.tripped_by]
    return _table(_heads("scenario", "expectation"), rows)


# --- the kill matrix -------------------------------------------------------------------------------------------------------------


def _matrix(result: Suite, language: Language) -> str:
    """Mutants by scenarios, in the parts of the census, which open and close; those that are noticed most on top."""
    names = [row.name for row in result.scenarios]
    key = "".join(
        f'<li><span class="k {STYLES.get(outcome, "none")}">{glyph}</span>{both(lookup("coverage.outcome", outcome))}</li>'
        for outcome, glyph in GLYPHS.items()
    )
    groups: dict[Part, list[MutantResult]] = {part: [] for part in reversed(PARTS)}
    for mutant in sorted(result.mutants, key=lambda x: (-len(x.killed_by), x.name)):
        groups[mutant.part].append(mutant)
    return f'<ul class="key">{key}</ul>' + "".join(
        f"<details{' open' if part == 'noticed' else ''}><summary>{both(part_text(part))}: {number(len(mine))}</summary>"
        f"{_grid(names, mine, language)}</details>"
        for part, mine in groups.items()
        if mine
    )


def _grid(names: Sequence[str], mutants: Sequence[MutantResult], language: Language) -> str:
    last = [short(name) for name in names]
    shown = last if len(set(last)) == len(last) else names
    top = "".join(
        f'<th scope="col" title="{escaped(name)}"><span>{escaped(head)}</span></th>'
        for name, head in zip(names, shown, strict=True)
    )
    rows = "".join(
        f'<tr><th scope="row" title="{escaped(own_title("defect", mutant.title)[language])}">{escaped(mutant.name)}</th>'
        f"{''.join(_cell(mutant.cells[name].outcome, name) for name in names)}</tr>"
        for mutant in mutants
    )
    return scrolled(f'<table class="m stick"><thead><tr><td></td>{top}</tr></thead><tbody>{rows}</tbody></table>')


def _cell(outcome: Outcome, scenario: str) -> str:
    return f'<td class="{STYLES.get(outcome, "none")}" title="{escaped(scenario)}">{GLYPHS[outcome]}</td>'
