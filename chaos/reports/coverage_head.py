"""The first screen of the page of coverage: what it comes to in one line and one sentence, the figures, the funnel from the census to what is
noticed, what to write next, and the kill matrix by signature. Reads the result object alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from chaos.i18n.findings import expected_text
from chaos.i18n.texts import LocalizedText, join, shipped_name, translate, untranslated
from chaos.measures.formatting import Language, number, percent
from chaos.reports.coverage_words import alternatives, short
from chaos.reports.markup import both, both_drawn, escaped, heads, html_table, scrolled, table_below
from chaos.results.coverage import BesideResult, CoverageResult, CoverageSummary, KillSignature, Part, ReachResult

SIGNATURES = 20
"""Columns of the kill matrix; the groups after them are counted together."""
TO_WRITE = 12
"""Rows of what to write next."""
BLANK = untranslated("")


class Stage(NamedTuple):
    """A stage of the funnel: which mutants were lost before it, and what to do about it."""

    name: str
    lost: tuple[Part, ...]
    todo: str = ""
    bad: bool = False


STAGES = (
    Stage("judged", ("not present", "equivalent", "impossible", "over budget")),
    Stage("reached", ("not reached",), "scenario"),
    Stage("changed", ("unchanged",), "load"),
    Stage("noticed", ("changed",), "assertion", bad=True),
)


# --- one line, one sentence, the figures ----------------------------------------------------------------------------------------


def headline(result: CoverageResult) -> LocalizedText:
    """The line of the page: whether the suite is green, and how much it notices."""
    s, name = result.summary, short(result.suite)
    if len(s.red) == len(result.scenarios):
        return translate("coverage.headline.all_red", name=name)
    known = {"name": name, "killed": s.killed, "counted": number(s.counted)}
    return translate("coverage.headline.red", red=len(s.red), **known) if s.red else translate("coverage.headline.green", **known)


def subtitle(result: CoverageResult) -> LocalizedText:
    """The suite, where it is run, and on what; how many runs."""
    counts = {"scenarios": len(result.scenarios), "seeds": result.summary.seeds, "runs": number(result.summary.runs)}
    architecture = shipped_name(result.architecture)
    where = [untranslated(result.suite), shipped_name(result.environment), architecture]
    said = join([*where, translate("coverage.sub.runs", **counts)], " · ", " · ")
    return join([said, translate("coverage.sub.simulation")], ". ", "。")


def lead(result: CoverageResult) -> str:
    """The sentence below it, as HTML: what got lost on the way, and who makes the kills."""
    parts = result.summary.parts
    said = translate("coverage.lead.changed", changed=parts.get("changed", 0), missed=parts.get("not reached", 0))
    return f"<b>{both(said)}</b> {both(_killers(result))}"


def _killers(result: CoverageResult) -> LocalizedText:
    """How the kills are spread over the scenarios."""
    killed, n = result.summary.killed, len(result.scenarios)
    if not killed:
        return translate("coverage.lead.none")
    best = max(result.scenarios, key=lambda row: row.kills)
    if best.kills == killed:
        others = {1: BLANK, 2: translate("coverage.lead.others.one")}.get(n, translate("coverage.lead.others.more", n=n - 1))
        few = {1: "one", 2: "two"}.get(killed, "all")
        kills = translate(f"coverage.lead.kills.{few}", **({"n": killed} if few == "all" else {}))
        return translate("coverage.lead.one", name=short(best.name), kills=kills, others=others)
    some = sum(row.kills > 0 for row in result.scenarios)
    return translate("coverage.lead.some", some=some, n=n, name=short(best.name), kills=best.kills, killed=killed)


def beside_the_score(s: CoverageSummary) -> LocalizedText:
    """The columns that are never in the score."""
    said = [translate("coverage.aside", stopped=s.stopped, averted=s.averted, alone=s.differential_alone)]
    if s.distinct is not None:
        scores = {"score": percent(s.distinct.score, 1), "balanced": percent(s.balanced, 1)}
        said.append(translate("coverage.aside.distinct", **scores))
    return join(said, " ", "")


class Figure(NamedTuple):
    """A figure of the strip: its name, what it is, of what, and whether it is bad."""

    name: LocalizedText
    value: str
    of: LocalizedText
    bad: bool = False


def figures(result: CoverageResult) -> str:
    """Six figures, each with what it is of."""
    s = result.summary
    whole = translate("coverage.figure.census", killed=s.killed, counted=number(s.counted))
    if s.interval is not None:
        low, high = (percent(end, 1) for end in s.interval)
        whole = translate("coverage.figure.sample", n=s.sampled, low=low, high=high)
    changed, missed = s.parts.get("changed", 0), s.parts.get("not reached", 0)
    flaky = translate("coverage.figure.flaky.of", n=number(s.cells_with_a_kill))
    rows = [
        Figure(translate("coverage.figure.score"), percent(s.score, 1), whole),
        Figure(_figure("distinct"), number(len(result.signatures)), _figure("signatures")),
        Figure(_figure("changed"), number(changed), _figure("assertions"), bad=changed > 0),
        Figure(_figure("missed"), number(missed), _figure("scenarios"), bad=missed > 0),
        Figure(_figure("flaky"), number(s.flaky), flaky),
        _sixth(result),
    ]
    cells = "".join(
        f'<div><dt>{both(row.name)}</dt><dd><span class="big{" bad" if row.bad else ""}">{escaped(row.value)}</span>'
        f'<span class="of">{both(row.of)}</span></dd></div>'
        for row in rows
    )
    return f'<dl class="figures">{cells}</dl>'


def _figure(name: str) -> LocalizedText:
    return translate(f"coverage.figure.{name}")


def _sixth(result: CoverageResult) -> Figure:
    """The suite beside, if there is one, else the differential column."""
    s, other = result.summary, result.beside
    if other is None:
        of = translate("coverage.figure.differential.of", n=s.differential_alone)
        return Figure(_figure("differential"), number(s.differential), of)
    name = translate("coverage.figure.under", name=short(other.suite))
    if other.summary.score is None:
        return Figure(name, number(other.summary.differential), _figure("under.red"))
    of = translate("coverage.figure.under.of", counted=number(other.summary.counted), killed=s.killed)
    return Figure(name, number(other.summary.killed), of)


# --- the funnel -------------------------------------------------------------------------------------------------------------------


class Bar(NamedTuple):
    """A stage with its mutants, those that it lost, and in words why."""

    words: LocalizedText
    n: int
    lost: int
    why: LocalizedText
    todo: LocalizedText
    bad: bool


def bars(summary: CoverageSummary) -> list[Bar]:
    """The stages from the census to what is noticed; each is the one before less what it lost, and the last is what is noticed."""
    left = summary.mutants
    first = translate("coverage.stage.planted" if summary.sampled is None else "coverage.stage.drawn")
    found = [Bar(first, left, 0, BLANK, BLANK, bad=False)]
    for stage in STAGES:
        lost = {part: summary.parts.get(part, 0) for part in stage.lost}
        left -= sum(lost.values())
        said = [join([untranslated(number(n)), translate(f"coverage.lost.{part}")], " ", " ") for part, n in lost.items() if n]
        todo = translate(f"coverage.todo.{stage.todo}") if stage.todo else BLANK
        words = translate(f"coverage.stage.{stage.name}")
        found.append(Bar(words, left, sum(lost.values()), join(said, ", ", "，"), todo, stage.bad))
    return found


def funnel(summary: CoverageSummary, language: Language = "en") -> str:
    """The drawing, once for wide screens and once for narrow ones, and its table. Labels of drawings are in the language in which the page
    opens."""
    stages = bars(summary)
    label = translate("coverage.funnel.label", n=number(stages[0].n), noticed=number(stages[-1].n))[language]
    rows = "".join(
        f'<tr><th scope="row">{both(b.words)}</th><td class=n>{number(b.n)}</td><td>{both(b.why)}</td></tr>' for b in stages
    )
    head = heads([translate(f"coverage.head.{name}") for name in ("stage", "mutants", "lost")], [False, True, False])
    return f"{_wide(stages, label)}{_narrow(stages, label)}{table_below(head, rows)}"


def _wide(stages: Sequence[Bar], label: str) -> str:
    left, width, top = 226.0, 600.0, max(1, stages[0].n)
    parts = [_hatches("wide")]
    for i, bar in enumerate(stages):
        y, w, lost = 8 + 46 * i, width * bar.n / top, width * bar.lost / top
        last, inside = i == len(stages) - 1, w > 44
        words = f'<text x="{left - 12}" y="{y + 19}" text-anchor="end">{both_drawn(bar.words)}</text>'
        parts.append(words + _bar(left, y, w, i, last=last))
        place = f'x="{round(left + w - 8, 1)}" text-anchor="end"' if inside else f'x="{round(left + w + lost + 8, 1)}"'
        mark = ' class="b num on"' if last and inside else ' class="b num"'
        parts.append(f'<text {place} y="{y + 19}"{mark}>{number(bar.n)}</text>')
        if bar.lost:
            at = left + w + lost + (10 if inside else 18 + 9 * len(number(bar.n)))
            parts.append(_lost_bar(left + w, y, lost, "wide", bad=bar.bad))
            parts += [_lost_words(bar, language, at, y + 12) for language in ("en", "zh-CN")]
    return f'<svg class="wide swap" viewBox="0 0 1180 {46 * len(stages)}" role="img" aria-label="{escaped(label)}">{"".join(parts)}</svg>'


def _lost_words(bar: Bar, language: str, at: float, y: int) -> str:
    """Beside a bar: what was lost, in as many lines as it takes, and what to do about it; a language has lines of its own."""
    chinese = language != "en"
    text = bar.why.zh if chinese else bar.why.en
    lines = list(_wrapped(f"− {text}", most=max(24, int((1170 - at) / 6.6)), wide=chinese))[:3]
    said = [
        f'<text x="{round(at, 1)}" y="{y + 14 * k}" class="b{" t-bad" if bar.bad else ""}">{escaped(line)}</text>'
        for k, line in enumerate(lines)
    ]
    todo = bar.todo.zh if chinese else bar.todo.en
    if todo:
        said.append(f'<text x="{round(at, 1)}" y="{y + 14 * len(lines)}" class="t-acc">→ {escaped(todo)}</text>')
    return f'<g lang="{language}">{"".join(said)}</g>'


def _narrow(stages: Sequence[Bar], label: str) -> str:
    width, top, y, parts = 380.0, max(1, stages[0].n), 0, [_hatches("narrow")]
    for i, bar in enumerate(stages):
        w, lost = width * bar.n / top, width * bar.lost / top
        parts.append(f'<text x="0" y="{y + 16}" class="b">{number(bar.n)}  {both_drawn(bar.words)}</text>')
        drawn = _bar(0, y + 22, w, i, last=i == len(stages) - 1)
        parts.append(drawn + (_lost_bar(w, y + 22, lost, "narrow", bad=bar.bad) if bar.lost else ""))
        y += 64
        y += 15 * max((_narrow_words(bar, language, y, parts) for language in ("en", "zh-CN")), default=0) + 6
    return f'<svg class="narrow" viewBox="0 0 380 {y}" role="img" aria-label="{escaped(label)}">{"".join(parts)}</svg>'


def _narrow_words(bar: Bar, language: str, y: int, parts: list[str]) -> int:
    """Adds the lines below a bar in a language; how many there are."""
    chinese = language != "en"
    text, todo = (bar.why.zh, bar.todo.zh) if chinese else (bar.why.en, bar.todo.en)
    lines = list(_wrapped(f"− {text}" + (f" → {todo}" if todo else ""), wide=chinese)) if bar.lost else []
    said = [
        f'<text x="0" y="{y + 15 * k}" class="{"t-bad" if bar.bad else "t-soft"}">{escaped(line)}</text>'
        for k, line in enumerate(lines)
    ]
    parts.append(f'<g lang="{language}">{"".join(said)}</g>' if said else "")
    return len(lines)


def _wrapped(text: str, most: int = 58, *, wide: bool = False) -> Iterator[str]:
    """A text in lines that fit; letters of Chinese are twice as wide and may part anywhere."""
    if wide:
        yield from (text[i : i + most // 2] for i in range(0, len(text), most // 2))
        return
    line = ""
    for word in text.split(" "):
        if line and len(line) + 1 + len(word) > most:
            yield line
            line = word
        else:
            line = f"{line} {word}" if line else word
    yield line


def _bar(x: float, y: float, width: float, i: int, *, last: bool) -> str:
    fill = "var(--good)" if last else f"var(--accent);fill-opacity:{round(0.20 + 0.12 * i, 2)}"
    return f'<rect x="{round(x, 1)}" y="{y}" width="{round(width, 1)}" height="28" style="fill:{fill}"/>'


def _lost_bar(x: float, y: float, width: float, drawing: str, *, bad: bool) -> str:
    pattern = f"lost-bad-{drawing}" if bad else f"lost-{drawing}"
    return f'<rect x="{round(x, 1)}" y="{y}" width="{round(width, 1)}" height="28" style="fill:url(#{pattern});stroke:var(--soft);stroke-width:.7"/>'


def _hatches(drawing: str) -> str:
    """What is lost is hatched, so that it is seen without colour; each drawing has its own, because one that is hidden gives none."""
    return (
        f'<defs><pattern id="lost-{drawing}" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<rect width="6" height="6" style="fill:var(--card)"/><rect width="2" height="6" style="fill:var(--soft)"/></pattern>'
        f'<pattern id="lost-bad-{drawing}" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<rect width="5" height="5" style="fill:var(--bad-soft)"/><rect width="2.4" height="5" style="fill:var(--bad)"/></pattern></defs>'
    )


# --- what to write next -----------------------------------------------------------------------------------------------------------


def to_write(result: CoverageResult) -> str:
    """Assertions for what changed unnoticed, and scenarios for what was not reached."""
    return f'<div class="two"><div>{_assertions(result)}</div><div>{_scenarios(result)}</div></div>'


def _assertions(result: CoverageResult) -> str:
    title = f"<h3>{both(translate('coverage.assertions.title'))}</h3>"
    changed = result.summary.parts.get("changed", 0)
    if not result.assertions:
        return title + _note(translate("coverage.assertions.none" if changed else "coverage.assertions.nothing"))
    rows = "".join(
        f'<tr><th scope="row">{both(expected_text(row.expected))}<br><code>{escaped(row.line)}</code></th><td>{escaped(short(row.scenario))}</td>'
        f"<td class=n>{row.notices}</td></tr>"
        for row in result.assertions[:TO_WRITE]
    )
    noticed = sum(row.notices for row in result.assertions)
    note = translate("coverage.assertions.note", of=_of(noticed, changed), these=_more(len(result.assertions)))
    head = heads([translate(f"coverage.head.{name}") for name in ("assertion", "in", "would notice")], [False, False, True])
    return f"{title}{scrolled(html_table(head, rows))}{_note(note)}"


def _scenarios(result: CoverageResult) -> str:
    title, reach = f"<h3>{both(translate('coverage.scenarios.title'))}</h3>", result.reach
    if not reach.needs:
        return title + _note(translate("coverage.scenarios.none"))
    rows = "".join(
        f'<tr><th scope="row">{escaped(row.scenario)}</th><td class="small">{both(_operators(row.mutants, 2))}</td>'
        f"<td class=n>{row.reaches}</td></tr>"
        for row in reach.rows[:TO_WRITE]
    )
    head = heads([translate(f"coverage.head.{name}") for name in ("scenario", "reaches", "would reach")], [False, False, True])
    table = scrolled(html_table(head, rows)) if rows else ""
    note = translate("coverage.scenarios.note", n=number(len(reach.needs)), tried=_tried(reach))
    return f"{title}{table}{_note(note)}{_nowhere(reach)}"


def _tried(reach: ReachResult) -> LocalizedText:
    if not reach.tried:
        return translate("coverage.scenarios.untried")
    counts = {"tried": reach.tried, "of": number(reach.candidates), "nowhere": len(reach.nowhere)}
    return translate("coverage.scenarios.tried", **counts)


def _nowhere(reach: ReachResult) -> str:
    """What no scenario tried reaches, with what would have to grow."""
    if not reach.nowhere:
        return ""
    point = translate("coverage.nowhere.point")
    rows = "".join(
        f'<tr><th scope="row">{escaped(name)}</th><td><code>{both(alternatives(reach.needs[name]) if reach.needs[name] else point)}</code></td></tr>'
        for name in reach.nowhere
    )
    table = scrolled(html_table(heads([translate("coverage.head.mutant"), translate("coverage.head.needs")]), rows))
    words = translate("coverage.nowhere.tried" if reach.tried else "coverage.nowhere.untried", n=len(reach.nowhere))
    return f"<details><summary>{both(words)}</summary>{table}</details>"


def _operators(mutants: Sequence[str], most: int) -> LocalizedText:
    """Mutants by operator: ``memory-leak ×5``; one alone with its point."""
    groups = Counter(name.partition("@")[0] for name in mutants)
    said = [
        f"{operator} ×{n}" if n > 1 else next(name for name in mutants if name.partition("@")[0] == operator)
        for operator, n in groups.most_common(most)
    ]
    rest = len(groups) - len(said)
    return join([*map(untranslated, said), *([translate("coverage.kinds", n=rest)] if rest else [])], ", ", "、")


def _of(n: int, of: int) -> LocalizedText:
    return translate("coverage.of.all", n=of) if n == of > 1 else translate("coverage.of.some", n=n, of=of)


def _more(n: int) -> LocalizedText:
    if n == 1:
        return translate("coverage.these.one")
    return translate("coverage.these.few", n=n) if n <= TO_WRITE else translate("coverage.these.many", n=n, shown=TO_WRITE)


def _note(text: LocalizedText) -> str:
    return f'<p class="soft small">{both(text)}</p>'


# --- the kill matrix by signature -------------------------------------------------------------------------------------------------


def signature_matrix(result: CoverageResult | BesideResult, signatures: Sequence[KillSignature]) -> str:
    """Scenarios by groups of mutants that exactly the same scenarios kill."""
    if not signatures:
        return f'<p class="soft">{both(translate("coverage.matrix.none"))}</p>'
    shown, rest = signatures[:SIGNATURES], signatures[SIGNATURES:]
    rows = "".join(
        f'<tr><th scope="row">{escaped(short(row.name))}</th>{"".join(_dot(row.name in s.scenarios) for s in shown)}'
        f"<td>{row.kills}</td><td>{row.alone}</td></tr>"
        for row in sorted(result.scenarios, key=lambda row: (-row.kills, row.name))
    )
    letters = "".join(f'<th class=c scope="col">{_letter(i)}</th>' for i in range(len(shown)))
    counts = "".join(f"<td class=c><b>{len(s.mutants)}</b></td>" for s in shown)
    whole = sum(len(s.mutants) for s in signatures)
    legend = "".join(f"<li>{both(_operators(s.mutants, 4))}</li>" for s in shown)
    hidden = sum(len(s.mutants) for s in rest)
    more = _note(translate("coverage.matrix.more", n=len(rest), mutants=hidden)) if rest else ""
    note = _note(translate("coverage.matrix.note", kills=number(whole), n=number(len(signatures))))
    scenario, mutants, only = (translate(f"coverage.head.{name}") for name in ("scenario", "mutants", "only here"))
    head = f"<tr>{heads([scenario])}{letters}{heads([mutants, only], [True, True])}</tr>"
    foot = f'<tr><th scope="row">{both(mutants)}</th>{counts}<td><b>{whole}</b></td><td></td></tr>'
    table = f'<table class="heat stick"><thead>{head}</thead><tbody>{rows}</tbody><tfoot>{foot}</tfoot></table>'
    return f'{note}{scrolled(table)}<ol type="A" class="small soft">{legend}</ol>{more}'


def _letter(i: int) -> str:
    return chr(ord("A") + i)


def _dot(killed: bool) -> str:
    return '<td class="up c">●</td>' if killed else '<td class="none">·</td>'
