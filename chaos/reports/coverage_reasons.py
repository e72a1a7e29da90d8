"""What hides what, the curve of a suite, what to add, and the library of incidents: parts of the text and the page of coverage."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from chaos.measures.formatting import counted, number, rounded
from chaos.reports.markup import escaped, html_table, table_below
from chaos.results.coverage import CoverageResult
from chaos.results.findability import (
    AttributionResult,
    IncidentFinding,
    NotMonotone,
    Setting,
    Suggestion,
    SuggestionTrial,
    SuiteCurve,
    SurvivorReasons,
)

Placed = Callable[[float], float]
"""From a figure to where it stands on a drawing."""
SHOWN = 10
SUITE = "the suite"


# --- words -----------------------------------------------------------------------------------------------------------------------


def off_words(why: AttributionResult, off: Sequence[str]) -> str:
    """A setting in words: which gaps are switched off, or which alone is left on."""
    left = [gap for gap in why.gaps if gap not in off]
    if not left:
        return "all gaps off"
    if len(left) == 1 and len(off) > 1:
        return f"only {left[0]} on"
    return f"{' and '.join(off)} off"


def reason_words(why: AttributionResult, name: str) -> str:
    """Why one survivor survived, in a phrase; "" where nobody asked."""
    labels = why.hidden_by.get(name)
    mine = next((x for x in why.survivors if x.name == name), None)
    if labels is None or mine is None:
        return "not reached within the budget" if name in why.skipped else ""
    parts = [_labels(why, mine, labels)]
    parts += [_masked(why, found) for found in mine.not_monotone[:1]]
    parts += [f"{' and '.join(mine.shows)} left on shows it"] if mine.shows else []
    if mine.left_out:
        parts.append(f"{counted(len(mine.left_out), 'setting')} not reached within the budget")
    return "; ".join(part for part in parts if part)


def _labels(why: AttributionResult, mine: SurvivorReasons, labels: Sequence[str]) -> str:
    if list(labels) == [SUITE]:
        red = sorted({name for setting in mine.settings if len(setting.off) == len(why.gaps) for name in setting.red})
        return SUITE + (f", as far as it is green with all gaps off ({', '.join(red)} is not)" if red else "")
    return ", ".join(labels)


def _masked(why: AttributionResult, found: NotMonotone) -> str:
    return f"not monotone: noticed with {off_words(why, found.off)}, not with {off_words(why, found.more)}"


# --- text ------------------------------------------------------------------------------------------------------------------------


def why_lines(result: CoverageResult) -> Iterator[str]:
    """What hides what, as text."""
    why = result.why
    if not why.hidden_by and not why.skipped:
        return
    yield ""
    yield f"what hides what: gaps of {result.environment} switched off (all, each alone, all but each), {counted(why.runs, 'run')}"
    asked = [x for x in why.survivors if x.settings]
    for mine in asked[:SHOWN]:
        yield f"  {mine.name}: {reason_words(why, mine.name) or 'more gaps at once than were tried'}"
        if mine.enough and mine.enough != mine.hides:
            yield f"      each enough to hide it where it alone is left on: {', '.join(mine.enough)}"
    if len(asked) > SHOWN:
        yield f"  and {counted(len(asked) - SHOWN, 'more survivor')} in the JSON"
    masked = [x for x in asked if x.not_monotone]
    if masked:
        yield f"  not monotone: {len(masked)} of {len(asked)} survivors are noticed with some gaps off and not with more of them off"
    yield from _change_lines(result)


def _change_lines(result: CoverageResult) -> Iterator[str]:
    why = result.why
    for row in why.changes:
        if row.catches:
            worth = f", {rounded(row.harmed_orders, 1):>9} harmed orders a year" if row.harmed_orders else ""
            yield f"  {row.change:<34} {row.catches:>4} more defects ({row.only_this} by this alone){worth}"
    if why.skipped:
        yield f"  not explained wholly within the budget: {counted(len(why.skipped), 'survivor')}"
    for off, red in why.red.items():
        yield f"  without {off} not green, so that they notice nothing there: {', '.join(red)}"


def curve_lines(result: CoverageResult) -> Iterator[str]:
    """The curve as text: what to expect of so many scenarios, and what hindsight makes of them."""
    curve = result.curve
    yield ""
    sizes = "every suite of the size" if curve.exact else "seeded draws of suites"
    yield f"defects noticed by so many scenarios: at random (90 % of suites, from {sizes}), best first (chosen afterwards)"
    held = curve.held_out.steps if curve.held_out else [None] * len(curve.random)
    head = "held out  " if curve.held_out else ""
    yield f"{'scenarios':>9}  {'random':>7}  {'90 %':>9}  {'best first':>10}  {head}" + ("slips, random" if curve.whole else "")
    for i, (best, chance, other) in enumerate(zip(curve.best_first, curve.random, held, strict=True), 1):
        band = f"{rounded(chance.band[0])}–{rounded(chance.band[1])}"
        slips = f"{rounded(chance.slips):>13}" if curve.whole else ""
        out = f"{rounded(other.held_out, 1):>8}  " if other else ""
        yield f"{i:>9}  {rounded(chance.caught, 1):>7}  {band:>9}  {best.caught:>10}  {out}{slips}  {best.scenario}"
    if curve.held_out:
        yield f"  {optimism(curve)}"


def optimism(curve: SuiteCurve) -> str:
    """How much of the best order is hindsight, in a sentence."""
    held = curve.held_out
    if held is None:
        return ""
    at, gap = max(enumerate((x.chosen - x.held_out for x in held.steps), 1), key=lambda pair: pair[1])
    over = f"{counted(held.splits, 'split')} of the noticed defects by {held.by}"
    if gap < 0.05:
        return f"an order chosen on one half of them holds on the other ({over})"
    return f"an order chosen on one half of them notices up to {rounded(gap, 1)} fewer on the other, after {at} ({over})"


def suggestion_lines(result: CoverageResult) -> Iterator[str]:
    """What to add: what holds here first, then what does not."""
    for added in result.suggestions:
        word = "suggested" if added.promise else "no suggestion here"
        yield f"{word}: {added.window}: {_both(result, added)}"
        for file in filter(None, (added.here.file, added.production.file if added.production else "")):
            yield f"  {file}"
        if added.hidden_by:
            yield f"  hidden here by {_hiders(added)}"


def _both(result: CoverageResult, added: Suggestion) -> str:
    parts = [f"{_noticed(result, added.here)} in {result.environment}"]
    if added.production:
        parts.append(f"{_noticed(result, added.production)} in production")
    return ", ".join(parts)


def _noticed(result: CoverageResult, trial: SuggestionTrial) -> str:
    if not trial.green:
        return "is not reliably green without defects, so notices nothing"
    left = f" ({trial.left_out} not tried)" if trial.left_out else ""
    worth = f" worth {rounded(trial.harmed_orders, 1)} harmed orders a year" if trial.survivors and result.price.ranking else ""
    return f"notices {trial.catches} of {trial.tried} survivors{left}{worth}"


def _hiders(added: Suggestion) -> str:
    labels = dict.fromkeys(label for labels in added.hidden_by.values() for label in labels)
    return ", ".join(
        f"{label} ({counted(sum(label in mine for mine in added.hidden_by.values()), 'defect')})" for label in labels
    )


def incident_lines(result: CoverageResult) -> Iterator[str]:
    """The library of incidents against the suite."""
    found = result.incidents
    if not found.incidents:
        return
    yield ""
    yield f"public incidents: would {result.suite} in {result.environment} have noticed the cause? {counted(found.runs, 'run')}"
    yield f"  {incident_sentence(found.incidents)}"
    for row in found.incidents:
        alike = f"kills {row.killed} of {row.mutants} mutants alike" if row.mutants else _no_mutant(row)
        yield f"  {row.name.rpartition('/')[2]:<28} {alike}; {_measured(row)}"


def _no_mutant(row: IncidentFinding) -> str:
    return f"no mutant of {', '.join(row.defects)} was planted" if row.defects else "no defect is alike"


def _measured(row: IncidentFinding) -> str:
    if not row.planted:
        return f"not planted: {row.why}"
    if row.noticed_by:
        return f"planted: noticed by {', '.join(row.noticed_by)}"
    unknown = f", unknown in {len(row.unknown)}" if row.unknown else ""
    return f"planted: not noticed by any of {row.green} scenarios{unknown}"


def incident_sentence(rows: Sequence[IncidentFinding]) -> str:
    """How many causes the suite noticed, and whether its kills of mutants alike say so beforehand."""
    planted = [row for row in rows if row.planted]
    if not planted:
        return f"none of {counted(len(rows), 'incident')} was planted"
    seen = sum(bool(row.noticed_by) for row in planted)
    kills, none = [r for r in planted if r.killed], [r for r in planted if not r.killed]
    return (
        f"measured: {seen} of {len(planted)} planted causes noticed; {sum(bool(r.noticed_by) for r in kills)} of the {len(kills)} "
        f"of whose kind it kills a mutant, {sum(bool(r.noticed_by) for r in none)} of the {len(none)} of whose kind it kills none"
    )


# --- page ------------------------------------------------------------------------------------------------------------------------

STYLE = """
.hides td,.hides th{text-align:center;white-space:nowrap}
.hides tbody th,.hides td:last-child{text-align:left}.hides td:last-child{white-space:normal;min-width:14rem}
.hides .yes{background:var(--good-soft,#1a7f3722);font-weight:650}.hides .open{font-style:italic;color:var(--soft,#56616c)}
.hides .left,.hides .no{color:var(--soft,#56616c)}
.curve .mean{fill:none;stroke:var(--accent,#0969da);stroke-width:2.2}.curve .band{fill:var(--accent,#0969da);fill-opacity:.16}
.curve .best{fill:none;stroke:var(--bad,#bf3989);stroke-width:2}.curve .new{stroke:var(--good,#1a7f37);stroke-width:2}
.curve .here{fill:var(--good,#1a7f37)}.curve .there{fill:none}.curve .t-mean{fill:var(--accent,#0969da)}.curve .t-best{fill:var(--bad,#bf3989)}
.curve .t-new{fill:var(--good,#1a7f37)}
"""


_GLYPHS = {"noticed": ("●", "yes"), "not noticed": ("○", "no"), "not judged": ("?", "open")}


def hides(result: CoverageResult) -> str:
    """What hides what, as a table: each survivor with each gap off alone, left on alone, what was tried together, and all off."""
    why = result.why
    asked = [x for x in why.survivors if x.settings]
    if not asked or not why.gaps:
        return ""
    usual = {(gap,) for gap in why.gaps} | {tuple(g for g in why.gaps if g != gap) for gap in why.gaps} | {tuple(why.gaps)}
    together = list(
        dict.fromkeys(tuple(s.off) for x in asked for s in x.settings if tuple(s.off) not in usual and s.outcome == "noticed")
    )
    two = len(why.gaps) > 1
    top = "".join(f"<th{' colspan=2' if two else ''}>{escaped(gap)}</th>" for gap in why.gaps)
    top += "".join(f"<th rowspan=2>{escaped(' + '.join(off))} off</th>" for off in together)
    below = "".join("<th>off</th><th>only it on</th>" if two else "<th>off</th>" for _ in why.gaps)
    rows = "".join(_hides_row(why, mine, together, two) for mine in asked)
    return (
        "<p class='soft small'>The suite again with differences between the environments switched off. ● noticed, ○ not noticed, ? not "
        "noticed where scenarios were not green without the defect, – not reached within the budget. ⚠ not monotone: noticed with some gaps "
        "off, not with more of them off.</p><table class='hides heat stick'><thead><tr><th rowspan=2>survivor, costliest first</th>"
        f"{top}<th rowspan=2>all off</th><th rowspan=2>hidden by</th></tr><tr>{below}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _hides_row(why: AttributionResult, mine: SurvivorReasons, together: Sequence[tuple[str, ...]], two: bool) -> str:
    made = {tuple(setting.off): setting for setting in mine.settings}
    cells = []
    for gap in why.gaps:
        cells.append(_cell(made.get((gap,)), f"{gap} off"))
        if two:
            cells.append(_cell(made.get(tuple(g for g in why.gaps if g != gap)), f"only {gap} on"))
    cells += [_cell(made.get(off), f"{' and '.join(off)} off") for off in [*together, tuple(why.gaps)]]
    mark = "⚠ " if mine.not_monotone else ""
    return f"<tr><th>{escaped(mine.name)}</th>{''.join(cells)}<td>{mark}{escaped(reason_words(why, mine.name))}</td></tr>"


def _cell(setting: Setting | None, what: str) -> str:
    if setting is None:
        return f'<td class=left title="{escaped(what)}: not run">–</td>'
    glyph, mark = _GLYPHS[setting.outcome]
    by = f" by {', '.join(setting.by)}" if setting.by else ""
    red = f"; not green there: {', '.join(setting.red)}" if setting.red else ""
    return f'<td class="{mark}" title="{escaped(what)}: {escaped(setting.outcome + by + red)}">{glyph}</td>'


# --- the curve on a page ---------------------------------------------------------------------------------------------------------

WIDTH, HEIGHT, LEFT, RIGHT, TOP, LOW = 640, 300, 44, 130, 14, 250


def curve_picture(result: CoverageResult) -> str:
    """Defects noticed by number of scenarios: random order with its band is what to expect, best first is dashed and said to be chosen
    afterwards, and the first suggestion stands beside with what it notices here and in production."""
    curve = result.curve
    if not curve.random:
        return ""
    n = len(curve.random)
    added = result.suggestions[0] if result.suggestions else None
    last = curve.best_first[-1].caught
    more = [added.adds, len(added.production.survivors) if added.production else 0] if added else [0]
    most = max(1.0, float(last + max(more)))
    step = (WIDTH - LEFT - RIGHT) / (n + (added is not None))

    def x(k: float) -> float:
        return round(LEFT + step * (k - 0.5), 1)

    def y(value: float) -> float:
        return round(LOW - (LOW - TOP) * value / most, 1)

    band = [f"{x(k)},{y(s.band[1])}" for k, s in enumerate(curve.random, 1)]
    band += [f"{x(k)},{y(s.band[0])}" for k, s in reversed(list(enumerate(curve.random, 1)))]
    mean = " ".join(f"{x(k)},{y(s.caught)}" for k, s in enumerate(curve.random, 1))
    best = " ".join(f"{x(k)},{y(s.caught)}" for k, s in enumerate(curve.best_first, 1))
    held = curve.held_out.steps if curve.held_out else []
    parts = [_axes(n, most, x, y)]
    parts.append(f'<polygon points="{" ".join(band)}" class=band />')
    parts.append(f'<polyline points="{mean}" class=mean />')
    parts.append(f'<polyline points="{best}" class=best stroke-dasharray="6 3"/>')
    parts += [f'<circle cx="{x(k)}" cy="{y(s.held_out)}" r="2.5" class=best />' for k, s in enumerate(held, 1)]
    parts += _suggested(result, added, n, last, x, y) if added else []
    label = f"Defects noticed by number of scenarios: {n} scenarios notice {last}"
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" class=curve '
        f'style="min-width:540px" role="img" aria-label="{escaped(label)}">{"".join(parts)}</svg>'
        f'<p class="soft small">{escaped(curve_words(curve))}</p>{_curve_table(curve)}'
    )


def _axes(n: int, most: float, x: Placed, y: Placed) -> str:
    marks = [0.0, most // 2, most] if most > 1 else [0.0, most]
    text = 'font-size="12" fill="currentColor"'
    lines = [
        f'<line x1="{LEFT}" y1="{y(v)}" x2="{x(n + 0.5)}" y2="{y(v)}" stroke="#8884"/>'
        f'<text x="{LEFT - 6}" y="{y(v) + 4}" {text} text-anchor="end">{rounded(v)}</text>'
        for v in marks
    ]
    every = max(1, n // 12)
    lines += [f'<text x="{x(k)}" y="{LOW + 18}" {text} text-anchor="middle">{k}</text>' for k in range(1, n + 1, every)]
    keys = (("t-mean", "— random order: mean, 90 %"), ("t-best", "- - best first, chosen afterwards; ○ held out"))
    lines += [
        f'<text x="{LEFT + 190 * i}" y="{HEIGHT - 8}" font-size="12" class={mark}>{escaped(words)}</text>'
        for i, (mark, words) in enumerate(keys)
    ]
    return "".join(lines)


def _suggested(result: CoverageResult, added: Suggestion, n: int, last: int, x: Placed, y: Placed) -> list[str]:
    """The suggestion beyond the suite: a filled point for what it adds here, an open one for what it notices in production."""
    points = [(added.adds, "here", f"in {_short(result.environment)}: +{added.adds}")]
    if added.production:
        points.append((len(added.production.survivors), "there", f"in production: +{len(added.production.survivors)}"))
    at, parts = x(n + 1), []
    for i, (value, mark, words) in enumerate(points):
        level = y(last + value)
        parts.append(
            f'<line x1="{x(n)}" y1="{y(last)}" x2="{at}" y2="{level}" class=new stroke-dasharray="2 3"/>'
            f'<circle cx="{at}" cy="{level}" r="4.5" class="new {mark}"/>'
            f'<text x="{at + 9}" y="{level + (18 if i and points[0][0] == value else 4)}" font-size="12" class=t-new>{escaped(words)}</text>'
        )
    parts.append(
        f'<text x="{at}" y="{LOW + 18}" font-size="12" class=t-new text-anchor="middle">+ {escaped(added.window)}</text>'
    )
    return parts


def _short(environment: str) -> str:
    """A name, or a path's own file without the way to it."""
    return environment.rpartition("/")[2]


def curve_words(curve: SuiteCurve) -> str:
    """What the curve says, and how it was made."""
    sizes = "every suite of each size" if curve.exact else "seeded draws of suites of each size"
    said = f"Random order says what to expect; the band holds 90 % of {sizes}. Best first is chosen with the answer in hand"
    return f"{said}: {optimism(curve)}." if curve.held_out else f"{said}."


def _curve_table(curve: SuiteCurve) -> str:
    held = curve.held_out.steps if curve.held_out else [None] * len(curve.random)
    rows = "".join(
        f"<tr><td class=n>{k}</td><td class=n>{rounded(s.caught, 1)}</td><td class=n>{rounded(s.band[0])} to {rounded(s.band[1])}</td>"
        f"<td class=n>{b.caught}</td><td class=n>{rounded(h.held_out, 1) if h else ''}</td><td>{escaped(b.scenario)}</td></tr>"
        for k, (s, b, h) in enumerate(zip(curve.random, curve.best_first, held, strict=True), 1)
    )
    head = "<th>scenarios</th><th>random</th><th>90 %</th><th>best first</th><th>held out</th><th>best first adds</th>"
    return table_below(head, rows)


# --- suggestions and incidents on a page -----------------------------------------------------------------------------------------


def suggestions_table(result: CoverageResult) -> str:
    """What to add, with both environments' numbers; what notices nothing here is no promise, and says what hides it."""
    if not result.suggestions:
        return ""
    rows = "".join(
        f"<tr><th>{escaped(added.window)}</th><td>{'adds ' + str(added.adds) if added.promise else 'no promise'}</td>"
        f"<td>{escaped(_noticed(result, added.here))}</td><td>{escaped(_noticed(result, added.production) if added.production else '')}</td>"
        f"<td>{escaped(_hiders(added))}</td></tr>"
        for added in result.suggestions
    )
    head = (
        f"<th>scenario</th><th>promise</th><th>in {escaped(result.environment)}</th><th>in production</th><th>hidden here by</th>"
    )
    return html_table(head, rows)


def incidents_table(result: CoverageResult) -> str:
    """Public incidents: mutants alike, and what the suite did with the cause planted."""
    found = result.incidents
    if not found.incidents:
        return ""
    rows = "".join(
        f"<tr><th>{escaped(row.title)}</th><td>{escaped(', '.join(row.defects) or '–')}</td>"
        f"<td class=n>{f'{row.killed} of {row.mutants}' if row.mutants else '–'}</td><td>{escaped(_measured(row))}</td></tr>"
        for row in found.incidents
    )
    head = "<th>incident</th><th>defects alike</th><th>killed</th><th>with its cause planted</th>"
    return f"<p>{escaped(incident_sentence(found.incidents))}. {number(found.runs)} runs.</p>{html_table(head, rows)}"
