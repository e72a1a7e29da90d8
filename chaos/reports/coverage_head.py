"""The first screen of the page of coverage: what it comes to in one line and one sentence, the figures, the funnel from the census to what is
noticed, what to write next, and the kill matrix by signature. Reads the result object alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from chaos.measures.formatting import counted, number, percent
from chaos.reports.markup import escaped, html_table, table_below
from chaos.results.coverage import BesideResult, CoverageResult, CoverageSummary, KillSignature, Part, ReachResult

SIGNATURES = 20
"""Columns of the kill matrix; the groups after them are counted together."""
TO_WRITE = 12
"""Rows of what to write next."""


class Loss(NamedTuple):
    """Mutants that are lost on the way from one stage of the funnel to the next, in words, and what to do about it."""

    parts: tuple[tuple[Part, str], ...]
    todo: str = ""
    bad: bool = False


class Stage(NamedTuple):
    """A stage of the funnel: what its mutants are, and what was lost before it."""

    words: str
    loss: Loss


STAGES = (
    Stage(
        "present here and judged",
        Loss(
            (
                ("not present", "not present"),
                ("equivalent", "no change of production"),
                ("impossible", "cannot be planted"),
                ("over budget", "over budget"),
            )
        ),
    ),
    Stage("reached by a scenario", Loss((("not reached", "not reached"),), "write a scenario")),
    Stage("changed something", Loss((("unchanged", "reached, nothing changed"),), "raise load or data")),
    Stage("noticed", Loss((("changed", "changed, not noticed"),), "write an assertion", bad=True)),
)


def short(name: str) -> str:
    """A scenario's name without its folder."""
    return name.rpartition("/")[2]


# --- one line, one sentence, the figures ----------------------------------------------------------------------------------------


def head(result: CoverageResult) -> str:
    """What the page says first."""
    s = result.summary
    runs = f"{counted(len(result.scenarios), 'scenario')}, {counted(s.seeds, 'seed')} each, {counted(s.runs, 'run')}"
    return (
        '<a class="skip" href="#main">Skip to the result</a>'
        '<div class="top"><b>coredrill</b><span class="hide">coverage</span><span class="space"></span>'
        f"<nav>{_links(result)}</nav></div>"
        f'<div id="main"><span class="stamp{" open" if s.score is not None else ""}">{percent(s.score, 1)}</span>'
        f"<h1>{escaped(headline(result))}</h1>"
        f'<p class="sub">{escaped(result.suite)} · {escaped(result.environment)} · {escaped(result.architecture)} · {escaped(runs)}. Simulation.</p>'
        f'<p class="lead">{lead(result)}</p>{_figures(result)}<p class="soft small">{escaped(beside_the_score(s))}</p></div>'
    )


def _links(result: CoverageResult) -> str:
    """To the sections of the page that there are."""
    links = {"funnel": "Funnel", "todo": "To write", "matrix": "Kills"}
    links |= {"price": "Prices"} if result.price.ranking else {}
    links |= {"hides": "What hides what"} if result.why.survivors else {}
    return "".join(f'<a href="#{mark}">{words}</a>' for mark, words in links.items())


def headline(result: CoverageResult) -> str:
    """The line of the page: whether the suite is green, and how much it notices."""
    s, name = result.summary, short(result.suite)
    if len(s.red) == len(result.scenarios):
        return f"{name} is not green without a defect, so that no verdict notices any"
    if s.red:
        red = counted(len(s.red), "scenario")
        return f"{name} notices {s.killed} of {number(s.counted)} defects; {red} not green without any"
    return f"{name} is green and notices {s.killed} of {number(s.counted)} defects"


def lead(result: CoverageResult) -> str:
    """The sentence below it, as HTML: what got lost on the way, and who makes the kills."""
    parts = result.summary.parts
    changed, missed = parts.get("changed", 0), parts.get("not reached", 0)
    said = f"{counted(changed, 'defect')} changed something and no assertion noticed; {counted(missed, 'was', 'were')} never reached."
    return f"<b>{escaped(said)}</b> {escaped(_killers(result))}"


def _killers(result: CoverageResult) -> str:
    """How the kills are spread over the scenarios."""
    killed, n = result.summary.killed, len(result.scenarios)
    if not killed:
        return "No scenario notices anything."
    best = max(result.scenarios, key=lambda row: row.kills)
    if best.kills == killed:
        others = {1: "", 2: "; the other adds none"}.get(n, f": the other {n - 1} add none")
        kills = {1: "the kill", 2: "both kills"}.get(killed, f"all {killed} kills")
        return f"One scenario, {short(best.name)}, makes {kills}{others}."
    some = sum(row.kills > 0 for row in result.scenarios)
    return f"{some} of {n} scenarios notice something; {short(best.name)} notices most, {best.kills} of {killed}."


def beside_the_score(s: CoverageSummary) -> str:
    """The columns that are never in the score."""
    said = (
        f"Beside the score, and not in it: {s.stopped} more leave a scenario unknown, where a pipeline would stop; {s.averted} only because what "
        f"must happen did not; {s.differential_alone} more are worse than without the defect on the same seed by a margin."
    )
    if s.distinct is not None:
        said += f" Distinct score {percent(s.distinct.score, 1)}; each family of defects alike {percent(s.balanced, 1)}."
    return said


def _figures(result: CoverageResult) -> str:
    s = result.summary
    whole = f"{s.killed} of {number(s.counted)}, a census"
    if s.interval is not None:
        whole = f"sample of {s.sampled}; 95 %: {percent(s.interval[0], 1)} to {percent(s.interval[1], 1)}"
    changed, missed = s.parts.get("changed", 0), s.parts.get("not reached", 0)
    rows = [
        ("mutation score", percent(s.score, 1), whole, ""),
        ("distinct kills", number(len(result.signatures)), "kill signatures", ""),
        ("changed, not noticed", number(changed), "write assertions", "bad" if changed else ""),
        ("not reached", number(missed), "write scenarios", "bad" if missed else ""),
        ("flaky kills", number(s.flaky), f"of {counted(s.cells_with_a_kill, 'cell')} with a kill", ""),
        _sixth(result),
    ]
    cells = "".join(
        f'<div><dt>{escaped(dt)}</dt><dd><span class="big {mark}">{escaped(big)}</span><span class="of">{escaped(of)}</span></dd></div>'
        for dt, big, of, mark in rows
    )
    return f'<dl class="figures">{cells}</dl>'


def _sixth(result: CoverageResult) -> tuple[str, str, str, str]:
    """The suite beside, if there is one, else the differential column."""
    s, other = result.summary, result.beside
    if other is None:
        return "differential", number(s.differential), f"worse by a margin, {s.differential_alone} of them not noticed", ""
    if other.summary.score is None:
        return f"under {short(other.suite)}", number(other.summary.differential), "worse by a margin; not green by itself", ""
    return f"under {short(other.suite)}", number(other.summary.killed), f"of {number(other.summary.counted)}; here {s.killed}", ""


# --- the funnel -------------------------------------------------------------------------------------------------------------------


class Bar(NamedTuple):
    """A stage with its mutants, those that it lost, and in words why."""

    words: str
    n: int
    lost: int
    why: str
    todo: str
    bad: bool


def bars(summary: CoverageSummary) -> list[Bar]:
    """The stages from the census to what is noticed; each is the one before less what it lost, and the last is what is noticed."""
    left = summary.mutants
    found = [Bar("mutants planted" if summary.sampled is None else "mutants drawn", left, 0, "", "", bad=False)]
    for stage in STAGES:
        lost = [(summary.parts.get(part, 0), words) for part, words in stage.loss.parts]
        left -= sum(n for n, _ in lost)
        why = ", ".join(f"{number(n)} {words}" for n, words in lost if n)
        found.append(Bar(stage.words, left, sum(n for n, _ in lost), why, stage.loss.todo, stage.loss.bad))
    return found


def funnel(summary: CoverageSummary) -> str:
    """The drawing, once for wide screens and once for narrow ones, and its table."""
    stages = bars(summary)
    label = f"From {number(stages[0].n)} mutants to {number(stages[-1].n)} noticed"
    rows = "".join(f"<tr><th>{escaped(b.words)}</th><td class=n>{number(b.n)}</td><td>{escaped(b.why)}</td></tr>" for b in stages)
    table = table_below("<th>stage</th><th class=n>mutants</th><th>lost before it</th>", rows)
    return f"{_wide(stages, label)}{_narrow(stages, label)}{table}"


def _wide(stages: Sequence[Bar], label: str) -> str:
    left, width, top = 226.0, 600.0, max(1, stages[0].n)
    parts = [_hatches("wide")]
    for i, bar in enumerate(stages):
        y, w, lost = 8 + 46 * i, width * bar.n / top, width * bar.lost / top
        last = i == len(stages) - 1
        parts.append(
            f'<text x="{left - 12}" y="{y + 19}" text-anchor="end">{escaped(bar.words)}</text>{_bar(left, y, w, i, last=last)}'
        )
        inside = w > 44
        place = f'x="{round(left + w - 8, 1)}" text-anchor="end"' if inside else f'x="{round(left + w + lost + 8, 1)}"'
        mark = ' class="b num on"' if last and inside else ' class="b num"'
        parts.append(f'<text {place} y="{y + 19}"{mark}>{number(bar.n)}</text>')
        if bar.lost:
            at = left + w + lost + (10 if inside else 18 + 9 * len(number(bar.n)))
            parts.append(_lost_bar(left + w, y, lost, "wide", bad=bar.bad))
            lines = list(_wrapped(f"− {bar.why}", most=max(24, int((1170 - at) / 6.6))))[:3]
            for k, line in enumerate(lines):
                parts.append(
                    f'<text x="{round(at, 1)}" y="{y + 12 + 14 * k}" class="b{" t-bad" if bar.bad else ""}">{escaped(line)}</text>'
                )
            if bar.todo:
                parts.append(
                    f'<text x="{round(at, 1)}" y="{y + 12 + 14 * len(lines)}" class="t-acc">→ {escaped(bar.todo)}</text>'
                )
    return f'<svg class="wide swap" viewBox="0 0 1180 {46 * len(stages)}" role="img" aria-label="{escaped(label)}">{"".join(parts)}</svg>'


def _narrow(stages: Sequence[Bar], label: str) -> str:
    width, top, y, parts = 380.0, max(1, stages[0].n), 0, [_hatches("narrow")]
    for i, bar in enumerate(stages):
        w, lost = width * bar.n / top, width * bar.lost / top
        parts.append(f'<text x="0" y="{y + 16}" class="b">{number(bar.n)}  {escaped(bar.words)}</text>')
        parts.append(
            _bar(0, y + 22, w, i, last=i == len(stages) - 1)
            + (_lost_bar(w, y + 22, lost, "narrow", bad=bar.bad) if bar.lost else "")
        )
        y += 64
        for line in _wrapped(f"− {bar.why}" + (f" → {bar.todo}" if bar.todo else "")) if bar.lost else ():
            parts.append(f'<text x="0" y="{y}" class="{"t-bad" if bar.bad else "t-soft"}">{escaped(line)}</text>')
            y += 15
        y += 6
    return f'<svg class="narrow" viewBox="0 0 380 {y}" role="img" aria-label="{escaped(label)}">{"".join(parts)}</svg>'


def _wrapped(text: str, most: int = 58) -> Iterator[str]:
    """A text in lines that fit a narrow screen."""
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
    title = "<h3>Write an assertion: it changed and nobody looked</h3>"
    changed = result.summary.parts.get("changed", 0)
    if not result.assertions:
        return f'{title}<p class="soft">{"No measure shows what changed." if changed else "Nothing changed unnoticed."}</p>'
    rows = "".join(
        f'<tr><th title="{escaped(row.line)}">{escaped(row.expected)}</th><td>{escaped(short(row.scenario))}</td><td class=n>{row.notices}</td></tr>'
        for row in result.assertions[:TO_WRITE]
    )
    noticed = sum(row.notices for row in result.assertions)
    note = (
        "Bounds: the worst of the runs without a defect, with a margin, held on as many further seeds. "
        f"{_of(noticed, changed)} of what changed unnoticed would be noticed by {_more(len(result.assertions))}."
    )
    head = "<th>assertion</th><th>in</th><th class=n>would notice</th>"
    return f"{title}{html_table(head, rows)}{_note(note)}"


def _scenarios(result: CoverageResult) -> str:
    title, reach = "<h3>Write a scenario: it was never reached</h3>", result.reach
    if not reach.needs:
        return f'{title}<p class="soft">Every mutant that is present was reached.</p>'
    rows = "".join(
        f'<tr><th>{escaped(row.scenario)}</th><td class="small">{escaped(_operators(row.mutants, 2))}</td><td class=n>{row.reaches}</td></tr>'
        for row in reach.rows[:TO_WRITE]
    )
    table = html_table("<th>scenario</th><th>what it reaches</th><th class=n>would reach</th>", rows) if rows else ""
    note = f"{counted(len(reach.needs), 'is', 'are')} not reached. {_tried(reach)}"
    return f"{title}{table}{_note(note)}{_nowhere(reach)}"


def _tried(reach: ReachResult) -> str:
    if not reach.tried:
        return "--reach RUNS tries other scenarios, once each without a defect."
    of = counted(reach.candidates, "scenario")
    return f"{reach.tried} of {of} tried here, once each without a defect; {len(reach.nowhere)} of the mutants reached by none."


def _nowhere(reach: ReachResult) -> str:
    """What no scenario tried reaches, with what would have to grow."""
    if not reach.nowhere:
        return ""
    rows = "".join(
        f"<tr><th>{escaped(name)}</th><td><code>{escaped(' or '.join(reach.needs[name]) or 'its mutation point is exercised')}</code></td></tr>"
        for name in reach.nowhere
    )
    table = html_table("<th>mutant</th><th>what would have to happen, or grow</th>", rows)
    words = "reached by no scenario tried" if reach.tried else "not reached, with what each needs"
    return f"<details><summary>{len(reach.nowhere)} {words}</summary>{table}</details>"


def _operators(mutants: Sequence[str], most: int) -> str:
    """Mutants by operator: ``memory-leak ×5``; one alone with its point."""
    groups = Counter(name.partition("@")[0] for name in mutants)
    said = [
        f"{operator} ×{n}" if n > 1 else next(name for name in mutants if name.partition("@")[0] == operator)
        for operator, n in groups.most_common(most)
    ]
    rest = len(groups) - len(said)
    return ", ".join([*said, *([f"{rest} more kinds" if rest > 1 else "1 more kind"] if rest else [])])


def _of(n: int, of: int) -> str:
    return f"All {of}" if n == of > 1 else f"{n} of {of}"


def _more(n: int) -> str:
    return (
        "this one"
        if n == 1
        else f"these {n}"
        if n <= TO_WRITE
        else f"{n} such assertions (those after the first {TO_WRITE} are in the JSON)"
    )


def _note(text: str) -> str:
    return f'<p class="soft small">{escaped(text)}</p>'


# --- the kill matrix by signature -------------------------------------------------------------------------------------------------


def signature_matrix(result: CoverageResult | BesideResult, signatures: Sequence[KillSignature]) -> str:
    """Scenarios by groups of mutants that exactly the same scenarios kill."""
    if not signatures:
        return '<p class="soft">No mutant is killed.</p>'
    shown, rest = signatures[:SIGNATURES], signatures[SIGNATURES:]
    letters = [_letter(i) for i in range(len(shown))]
    rows = "".join(
        f"<tr><th>{escaped(short(row.name))}</th>{''.join(_dot(row.name in s.scenarios) for s in shown)}"
        f"<td>{row.kills}</td><td>{row.alone}</td></tr>"
        for row in sorted(result.scenarios, key=lambda row: (-row.kills, row.name))
    )
    heads = "".join(f"<th class=c>{letter}</th>" for letter in letters)
    counts = "".join(f"<td class=c><b>{len(s.mutants)}</b></td>" for s in shown)
    whole = sum(len(s.mutants) for s in signatures)
    legend = "".join(f"<li>{escaped(_operators(s.mutants, 4))}</li>" for s in shown)
    more = _note(f"{len(rest)} more signatures with {sum(len(s.mutants) for s in rest)} mutants are not drawn.") if rest else ""
    note = f"Mutants that exactly the same scenarios kill count once: {counted(whole, 'kill')}, {counted(len(signatures), 'signature')}."
    head = f"<tr><th>scenario</th>{heads}<th class=n>mutants</th><th class=n>only here</th></tr>"
    foot = f"<tr><th>mutants</th>{counts}<td><b>{whole}</b></td><td></td></tr>"
    return (
        f'{_note(note)}<div class="scroll"><table class="heat stick"><thead>{head}</thead><tbody>{rows}</tbody>'
        f'<tfoot>{foot}</tfoot></table></div><ol type="A" class="small soft">{legend}</ol>{more}'
    )


def _letter(i: int) -> str:
    return chr(ord("A") + i)


def _dot(killed: bool) -> str:
    return '<td class="up c">●</td>' if killed else '<td class="none">·</td>'
