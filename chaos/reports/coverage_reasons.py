"""What hides what, what to add, and the library of incidents: parts of the text and the page of coverage. The curve is drawn elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chaos.i18n.texts import LocalizedText, join, phrase, shipped_name, translate, untranslated
from chaos.measures.formatting import Language, number, rounded
from chaos.reports.coverage_curve import optimism
from chaos.reports.coverage_words import gap_text, gaps_text, named, short, window_text
from chaos.reports.markup import both, escaped, heads, html_table, scrolled
from chaos.results.coverage import CoverageResult
from chaos.results.findability import (
    AttributionResult,
    IncidentFinding,
    NotMonotone,
    Setting,
    Suggestion,
    SuggestionTrial,
    SurvivorReasons,
)

SHOWN = 10
SUITE = "the suite"
BLANK = untranslated("")


# --- words -----------------------------------------------------------------------------------------------------------------------


def off_words(why: AttributionResult, off: Sequence[str]) -> LocalizedText:
    """A setting in words: which gaps are switched off, or which alone is left on."""
    left = [gap for gap in why.gaps if gap not in off]
    if not left:
        return translate("hides.all_off")
    if len(left) == 1 and len(off) > 1:
        return translate("hides.only", gap=gap_text(left[0]))
    return translate("hides.off", gaps=gaps_text(off))


def reason_words(why: AttributionResult, name: str) -> LocalizedText:
    """Why one survivor survived, in a phrase; empty where nobody asked."""
    labels = why.hidden_by.get(name)
    mine = next((x for x in why.survivors if x.name == name), None)
    if labels is None or mine is None:
        return translate("hides.budget") if name in why.skipped else BLANK
    parts = [_labels(why, mine, labels)]
    parts += [_masked(why, found) for found in mine.not_monotone[:1]]
    parts += [translate("hides.shows", gaps=gaps_text(mine.shows))] if mine.shows else []
    if mine.left_out:
        parts.append(translate("hides.left_out", n=number(len(mine.left_out))))
    return join([part for part in parts if part.en], "; ", "；")


def _labels(why: AttributionResult, mine: SurvivorReasons, labels: Sequence[str]) -> LocalizedText:
    if list(labels) == [SUITE]:
        red = sorted({name for setting in mine.settings if len(setting.off) == len(why.gaps) for name in setting.red})
        return translate("hides.suite.red", names=named(red)) if red else translate("hides.suite")
    return join([gap_text(label) for label in labels], ", ", "、")


def _masked(why: AttributionResult, found: NotMonotone) -> LocalizedText:
    return translate("hides.not_monotone", less=off_words(why, found.off), more=off_words(why, found.more))


# --- text ------------------------------------------------------------------------------------------------------------------------


def why_lines(result: CoverageResult) -> Iterator[LocalizedText]:
    """What hides what, as text."""
    why = result.why
    if not why.hidden_by and not why.skipped:
        return
    yield BLANK
    yield translate("hides.line", environment=shipped_name(result.environment), runs=number(why.runs))
    asked = [x for x in why.survivors if x.settings]
    for mine in asked[:SHOWN]:
        said = reason_words(why, mine.name)
        yield join([untranslated(f"  {mine.name}"), said if said.en else translate("hides.together")], ": ", "：")
        if mine.enough and mine.enough != mine.hides:
            yield translate("hides.enough", gaps=join([gap_text(gap) for gap in mine.enough], ", ", "、"))
    if len(asked) > SHOWN:
        yield translate("hides.more", n=number(len(asked) - SHOWN))
    masked = [x for x in asked if x.not_monotone]
    if masked:
        yield translate("hides.masked", n=len(masked), of=len(asked))
    yield from _change_lines(result)


def _change_lines(result: CoverageResult) -> Iterator[LocalizedText]:
    why = result.why
    for row in why.changes:
        if row.catches:
            orders = f"{rounded(row.harmed_orders, 1):>9}"
            worth = translate("hides.change.worth", orders=orders) if row.harmed_orders else BLANK
            change = gap_text(row.change).map(lambda label: f"  {label:<34}")
            yield translate("hides.change", change=change, n=row.catches, alone=row.only_this, worth=worth)
    if why.skipped:
        yield translate("hides.skipped", n=number(len(why.skipped)))
    for off, red in why.red.items():
        yield translate("hides.red", gaps=gap_text(off), names=named(red))


def curve_lines(result: CoverageResult) -> Iterator[LocalizedText]:
    """The curve as text: what to expect of so many scenarios, and what hindsight makes of them."""
    curve = result.curve
    yield BLANK
    yield translate("curve.line", sizes=translate("curve.exact" if curve.exact else "curve.drawn"))
    held = curve.held_out.steps if curve.held_out else [None] * len(curve.random)
    names = ["scenarios", "random", "90", "best", *(["held_out"] if curve.held_out else []), *(["slips"] if curve.whole else [])]
    wide = {"scenarios": ">9", "random": ">7", "90": ">9", "best": ">10", "held_out": "<8", "slips": ""}
    titles = {name: translate(f"curve.head.{name}") for name in names}
    yield LocalizedText(
        "  ".join(format(title.en, wide[name]) for name, title in titles.items()),
        "  ".join(format(title.zh, wide[name]) for name, title in titles.items()),
    )
    for i, (best, chance, other) in enumerate(zip(curve.best_first, curve.random, held, strict=True), 1):
        band = f"{rounded(chance.band[0])}–{rounded(chance.band[1])}"
        slips = f"{rounded(chance.slips):>13}" if curve.whole else ""
        out = f"{rounded(other.held_out, 1):>8}  " if other else ""
        figures = f"{i:>9}  {rounded(chance.caught, 1):>7}  {band:>9}  {best.caught:>10}  {out}{slips}"
        yield untranslated(f"{figures}  {best.scenario}")
    if curve.held_out:
        yield optimism(curve).map("  ".__add__)


def suggestion_lines(result: CoverageResult) -> Iterator[LocalizedText]:
    """What to add: what holds here first, then what does not."""
    for added in result.suggestions:
        word = translate("add.promised" if added.promise else "add.none")
        yield join([word, window_text(added.window), _both(result, added)], ": ", "：")
        for file in filter(None, (added.here.file, added.production.file if added.production else "")):
            yield untranslated(f"  {file}")
        if added.hidden_by:
            yield translate("add.hidden", gaps=_hiders(added))


def _both(result: CoverageResult, added: Suggestion) -> LocalizedText:
    parts = [translate("add.in", noticed=_noticed(result, added.here), environment=shipped_name(result.environment))]
    if added.production:
        parts.append(translate("add.in_production", noticed=_noticed(result, added.production)))
    return join(parts, ", ", "，")


def _noticed(result: CoverageResult, trial: SuggestionTrial) -> LocalizedText:
    if not trial.green:
        return translate("add.not_green")
    left = translate("add.left", n=trial.left_out) if trial.left_out else BLANK
    worth = BLANK
    if trial.survivors and result.price.ranking:
        worth = translate("add.worth", orders=rounded(trial.harmed_orders, 1))
    return translate("add.notices", n=trial.catches, of=trial.tried, left=left, worth=worth)


def _hiders(added: Suggestion) -> LocalizedText:
    labels = dict.fromkeys(label for labels in added.hidden_by.values() for label in labels)
    counts = {label: sum(label in mine for mine in added.hidden_by.values()) for label in labels}
    return join([translate("add.hider", label=gap_text(label), n=number(n)) for label, n in counts.items()], ", ", "、")


def incident_lines(result: CoverageResult) -> Iterator[LocalizedText]:
    """The library of incidents against the suite."""
    found = result.incidents
    if not found.incidents:
        return
    yield BLANK
    where = shipped_name(result.environment)
    yield translate("incidents.line", suite=result.suite, environment=where, runs=number(found.runs))
    yield incident_sentence(found.incidents).map("  ".__add__)
    for row in found.incidents:
        alike = translate("incidents.kills", n=row.killed, of=row.mutants) if row.mutants else _no_mutant(row)
        said = join([alike, _measured(row)], "; ", "；")
        yield said.map(f"  {short(row.name):<28} ".__add__)


def _no_mutant(row: IncidentFinding) -> LocalizedText:
    return translate("incidents.no_mutant", defects=named(row.defects)) if row.defects else translate("incidents.no_defect")


def _measured(row: IncidentFinding) -> LocalizedText:
    if not row.planted:
        return translate("incidents.not_planted", why=phrase("incident", row.why))
    if row.noticed_by:
        return translate("incidents.noticed", names=named(row.noticed_by))
    unknown = translate("incidents.unknown", n=len(row.unknown)) if row.unknown else BLANK
    return translate("incidents.missed", n=row.green, unknown=unknown)


def incident_sentence(rows: Sequence[IncidentFinding]) -> LocalizedText:
    """How many causes the suite noticed, and whether its kills of mutants alike say so beforehand."""
    planted = [row for row in rows if row.planted]
    if not planted:
        return translate("incidents.none", n=number(len(rows)))
    kills, none = [r for r in planted if r.killed], [r for r in planted if not r.killed]
    return translate(
        "incidents.measured",
        seen=sum(bool(row.noticed_by) for row in planted),
        n=len(planted),
        killed_seen=sum(bool(r.noticed_by) for r in kills),
        killed=len(kills),
        other_seen=sum(bool(r.noticed_by) for r in none),
        other=len(none),
    )


# --- page ------------------------------------------------------------------------------------------------------------------------

_GLYPHS = {"noticed": ("●", "up"), "not noticed": ("○", "none"), "not judged": ("?", "open")}


def hides(result: CoverageResult, language: Language = "en") -> str:
    """What hides what, as a table: each survivor with each gap off alone, left on alone, what was tried together, and all off. What shows
    while a cell is pointed at is in the language in which the page opens."""
    why = result.why
    asked = [x for x in why.survivors if x.settings]
    if not asked or not why.gaps:
        return ""
    usual = {(gap,) for gap in why.gaps} | {tuple(g for g in why.gaps if g != gap) for gap in why.gaps} | {tuple(why.gaps)}
    together = list(
        dict.fromkeys(tuple(s.off) for x in asked for s in x.settings if tuple(s.off) not in usual and s.outcome == "noticed")
    )
    two = len(why.gaps) > 1
    off, only, last = (both(translate(f"hides.head.{name}")) for name in ("off", "only", "all"))
    survivor, by = (both(translate(f"hides.head.{name}")) for name in ("survivor", "by"))
    top = "".join(f"<th class=c{' colspan=2' if two else ''}>{both(gap_text(gap))}</th>" for gap in why.gaps)
    top += "".join(f"<th class=c rowspan=2>{both(gaps_text(gaps))} {off}</th>" for gaps in together)
    below = "".join(f"<th class=c>{off}</th>" + (f"<th class=c>{only}</th>" if two else "") for _ in why.gaps)
    rows = "".join(_hides_row(why, mine, together, two, language) for mine in asked)
    head = (
        f"<thead><tr><th rowspan=2>{survivor}</th>{top}<th class=c rowspan=2>{last}</th><th class=said rowspan=2>{by}</th></tr>"
        f"<tr class=below>{below}</tr></thead>"
    )
    note = f'<p class="soft small">{both(translate("hides.note"))}</p>'
    return note + scrolled(f'<table class="heat stick hides">{head}<tbody>{rows}</tbody></table>')


def _hides_row(
    why: AttributionResult, mine: SurvivorReasons, together: Sequence[tuple[str, ...]], two: bool, language: Language
) -> str:
    made = {tuple(setting.off): setting for setting in mine.settings}
    asked: list[tuple[str, ...]] = []
    for gap in why.gaps:
        asked += [(gap,), tuple(g for g in why.gaps if g != gap)] if two else [(gap,)]
    cells = [_cell(made.get(off), off_words(why, off)[language], language) for off in [*asked, *together, tuple(why.gaps)]]
    mark = "⚠ " if mine.not_monotone else ""
    return f'<tr><th scope="row">{escaped(mine.name)}</th>{"".join(cells)}<td class=said>{mark}{both(reason_words(why, mine.name))}</td></tr>'


def _cell(setting: Setting | None, what: str, language: Language) -> str:
    if setting is None:
        said = join([untranslated(what), translate("hides.cell.not run")], ": ", "：")[language]
        return f'<td class="none" title="{escaped(said)}">–</td>'
    glyph, mark = _GLYPHS[setting.outcome]
    parts = [join([untranslated(what), translate(f"hides.cell.{setting.outcome}")], ": ", "：")]
    parts += [translate("hides.cell.by", names=named(setting.by))] if setting.by else []
    parts += [translate("hides.cell.red", names=named(setting.red))] if setting.red else []
    said = "".join(part[language] for part in parts)
    return f'<td class="{mark} c" title="{escaped(said)}">{glyph}</td>'


def suggestions_table(result: CoverageResult) -> str:
    """What to add, with both environments' numbers; what notices nothing here is no promise, and says what hides it."""
    if not result.suggestions:
        return ""
    where = shipped_name(result.environment)
    names = ("scenario", "promise", "production", "hidden")
    scenario, promise, production, hidden = (translate(f"add.head.{name}") for name in names)
    head = heads([scenario, promise, LocalizedText(f"in {where.en}", where.zh), production, hidden])
    return scrolled(html_table(head, "".join(_suggestion_row(result, added) for added in result.suggestions)))


def _suggestion_row(result: CoverageResult, added: Suggestion) -> str:
    promise = translate("add.adds", n=added.adds) if added.promise else translate("add.no_promise")
    production = _noticed(result, added.production) if added.production else BLANK
    cells = [promise, _noticed(result, added.here), production, _hiders(added)]
    return f'<tr><th scope="row">{both(window_text(added.window))}</th>{"".join(f"<td>{both(cell)}</td>" for cell in cells)}</tr>'


def incidents_table(result: CoverageResult) -> str:
    """Public incidents: mutants alike, and what the suite did with the cause planted."""
    found = result.incidents
    if not found.incidents:
        return ""
    rows = "".join(_incident_row(row) for row in found.incidents)
    head = heads([translate(f"incidents.head.{name}") for name in ("incident", "alike", "killed", "planted")])
    said = translate("incidents.note", sentence=incident_sentence(found.incidents), runs=number(found.runs))
    return f"<p>{both(said)}</p>{scrolled(html_table(head, rows))}"


def _incident_row(row: IncidentFinding) -> str:
    killed = translate("incidents.of", n=row.killed, of=row.mutants) if row.mutants else untranslated("–")
    title = LocalizedText(row.title, row.title_zh or row.title)
    defects = ", ".join(row.defects) or "–"
    return (
        f'<tr><th scope="row">{both(title)}</th><td>{escaped(defects)}</td><td class=n>{both(killed)}</td>'
        f"<td>{both(_measured(row))}</td></tr>"
    )
