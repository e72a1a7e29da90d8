"""A coverage result for people: text for a terminal, and one HTML page without any request. Reads the result object alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from chaos.measures.formatting import counted, number, percent, rounded
from chaos.reports import coverage_head as first
from chaos.reports import coverage_reasons as reasons
from chaos.reports.markup import escaped, html_table
from chaos.reports.price import SIGNS, at_phase, between, drawing, pair_lines, price_lines, ranked
from chaos.reports.templating import template_file
from chaos.results.coverage import (
    BesideResult,
    CoverageResult,
    CoverageSummary,
    MutantResult,
    Outcome,
    Part,
)

SHOWN = 10
OUTCOMES: dict[Outcome, str] = {
    "killed": "noticed", "survived": "run, not noticed", "inert": "could not matter", "identical": "not there", "unknown": "unknown",
    "averted": "unknown: what must happen did not", "red": "not green without it", "timed out": "timed out",
    "impossible": "cannot be planted",
}  # fmt: skip


def lines(result: CoverageResult) -> Iterator[str]:
    """The result as text, most important first."""
    yield from _head(result)
    yield from _beside(result)
    yield from _differential(result)
    yield from _to_write(result)
    yield from _impossible(result)
    yield from _operators(result)
    yield from _unexercised(result)
    yield from price_lines(result.price, partial(_beside_price, result))
    yield from pair_lines(result.pairs)
    yield from reasons.why_lines(result)
    yield from reasons.curve_lines(result)
    yield from _combinations(result)
    yield from reasons.suggestion_lines(result)
    yield from reasons.incident_lines(result)


def _head(result: CoverageResult) -> Iterator[str]:
    s = result.summary
    yield f"{result.suite} on {result.architecture} in {result.environment}: {_colour(s)}, {counted(s.seeds, 'seed')}"
    for gap in result.gaps:
        yield f"  differs from production by {gap.name}{f': {gap.title}' if gap.title else ''}"
    yield ""
    spread = f", {percent(min(s.seed_scores), 1)} to {percent(max(s.seed_scores), 1)} by single seeds" if s.seed_scores else ""
    yield f"mutation score  {percent(s.score, 1)}: {s.killed} of {s.counted} planted defects noticed{spread}"
    if s.sampled is not None and s.interval is not None:
        low, high = s.interval
        yield f"  a sample of {s.sampled} of {number(s.census)}, 95 % interval {percent(low, 1)} to {percent(high, 1)}"
    yield from _funnel(s)
    yield f"  of those present {percent(s.score_present, 1)}; each family of defects alike {percent(s.balanced, 1)}"
    if s.distinct is not None:
        yield (
            f"  what cannot be distinguished once: {counted(s.distinct.signatures, 'kill signature')} beside {s.distinct.survivors} survivors, "
            f"{percent(s.distinct.score, 1)}; {counted(len(s.distinct.identical), 'group')} of identical mutants"
        )
    yield (
        f"  beside the score: {s.stopped} more leave a scenario unknown, where a pipeline would stop; "
        f"{s.averted} only because what must happen did not ({s.stopped_or_averted} in all)"
    )
    yield (
        f"  differential: {s.differential} are worse than without the defect on the same seed by a margin, {s.differential_alone} of them "
        "not noticed by verdict"
    )
    yield f"  flaky: {s.flaky} of {s.cells_with_a_kill} cells with a kill did not fail with every seed"
    yield f"  {counted(s.cells, 'cell')}, {number(s.spared)} spared because the defect could not matter there, {_runs(s)}"


PARTS: dict[Part, str] = {
    "equivalent": "no change of production",
    "impossible": "cannot be planted",
    "not present": "not present here",
    "not reached": "not reached",
    "unchanged": "reached, nothing changed",
    "over budget": "over the budget of events",
    "changed": "changed, not noticed",
    "noticed": "noticed",
}
"""The parts of the census in the order of the funnel."""


def _funnel(summary: CoverageSummary) -> Iterator[str]:
    """The parts, which add up to the mutants."""
    parts = [f"{words} {number(summary.parts.get(part, 0))}" for part, words in reversed(PARTS.items())]
    yield f"  {number(summary.mutants)} mutants = {' + '.join(parts)}"


def _beside(result: CoverageResult) -> Iterator[str]:
    other = result.beside
    if not other:
        return
    s, gained, lost = other.summary, _alone(result, other), _alone(other, result)
    gained.sort(key=lambda name: -_yearly(result).get(name, 0.0))
    yield ""
    yield f"the same defects under {other.suite} in {other.environment}: {_colour(s, 'them')}, {counted(s.seeds, 'seed')}"
    yield f"mutation score  {percent(s.score, 1)}: {s.killed} of {s.counted} planted defects noticed, {_runs(s)}"
    yield f"  differential: {s.differential}, {s.differential_alone} of them not noticed by verdict"
    for word, names in ((f"noticed there, and not by {result.suite}", gained), (f"noticed by {result.suite} alone", lost)):
        if names:
            yield f"  {word}: {len(names)}"
            yield from (f"    {name}" for name in names[:SHOWN])
            if len(names) > SHOWN:
                yield f"    and {len(names) - SHOWN} more"


def _colour(summary: CoverageSummary, what: str = "defects") -> str:
    """Whether the suite is green without a defect; what is not is named."""
    if not summary.red:
        return f"green without {what}"
    return f"not green without {what}, so that they kill nothing by verdict: {', '.join(summary.red)}"


def _alone(other: CoverageResult | BesideResult, of: CoverageResult | BesideResult) -> list[str]:
    """The defects that one suite notices and another does not, by name."""
    noticed = {mutant.name for mutant in other.mutants if mutant.killed_by}
    return sorted({mutant.name for mutant in of.mutants if mutant.killed_by} - noticed)


def _yearly(result: CoverageResult) -> dict[str, float]:
    """Harmed orders a year of each survivor that has a price."""
    return {row.name: row.harmed_orders for row in result.price.ranking}


def _runs(summary: CoverageSummary) -> str:
    return counted(summary.runs, "run") + (f", {number(summary.kept)} of them kept from before" if summary.kept else "")


def _differential(result: CoverageResult) -> Iterator[str]:
    """Who is worse where, though no verdict says so: under each of the suites."""
    both: list[CoverageResult | BesideResult] = [result, *([result.beside] if result.beside else [])]
    for of in both:
        worse = [x for x in of.mutants if x.worse and not x.killed_by]
        if worse:
            yield ""
            yield f"worse with the defect than without it on the same seed, and not noticed by verdict: {_name(of)}"
        for mutant in worse[:SHOWN]:
            measures = dict.fromkeys(name for cell in mutant.cells.values() for name in cell.worse)
            yield f"  {mutant.name}: {', '.join(measures)} ({', '.join(mutant.worse)})"
        if len(worse) > SHOWN:
            yield f"  and {len(worse) - SHOWN} more"


def _to_write(result: CoverageResult) -> Iterator[str]:
    """The assertions that are missing, and the scenarios."""
    if result.assertions:
        yield ""
        yield "write an assertion: it changed and nobody looked (bounds of runs without a defect, with a margin)"
        for row in result.assertions[:SHOWN]:
            yield f"  {counted(row.notices, 'more mutant'):>16}  {row.scenario}: {row.expected}"
    reach = result.reach
    if reach.needs:
        yield ""
        missed = counted(len(reach.needs), "is not reached", "are not reached")
        yield f"write a scenario: {missed}; of {reach.candidates} scenarios {reach.tried} were tried without a defect"
        for found in reach.rows[:SHOWN]:
            yield f"  {counted(found.reaches, 'more mutant'):>16}  reached by {found.scenario}"
        for name in reach.nowhere[:SHOWN]:
            yield f"  {'not found':>16}  {name}{_needs(reach.needs[name])}"
        if len(reach.nowhere) > SHOWN:
            yield f"  {'':>16}  and {len(reach.nowhere) - SHOWN} more"


def _needs(needs: Sequence[str]) -> str:
    return f": needs {' or '.join(needs)} to grow" if needs else ""


def _impossible(result: CoverageResult) -> Iterator[str]:
    """What cannot be planted, with the reason."""
    found = [x for x in result.mutants if x.status == "impossible"]
    if found:
        yield ""
        yield "cannot be planted, and not in the score"
    for mutant in found[:SHOWN]:
        yield f"  {mutant.name}: {mutant.impossible}"
    if len(found) > SHOWN:
        yield f"  and {len(found) - SHOWN} more"


def _operators(result: CoverageResult) -> Iterator[str]:
    yield ""
    yield f"{'defect':<30} {'score':>6}  noticed/counted"
    for row in sorted(result.operators, key=lambda r: (r.score or 0.0, r.name)):
        yield f"{row.name:<30} {percent(row.score, 1):>6}  {row.killed}/{row.counted}  {row.title}"


def _unexercised(result: CoverageResult) -> Iterator[str]:
    never = [row for row in result.expectations if not row.tripped_by]
    yield ""
    yield f"never exercised: {len(never)} of {len(result.expectations)} expectations are tripped by no defect"
    for row in never[:SHOWN]:
        yield f"  {row.scenario}: {row.expected}"
    if len(never) > SHOWN:
        yield f"  and {len(never) - SHOWN} more"


def _beside_price(result: CoverageResult, name: str) -> Iterator[str]:
    """What is said of a survivor beside its price: what hides it, and whether another suite notices it."""
    if name in result.why.hidden_by:
        yield f"hidden by {reasons.reason_words(result.why, name)}"
    if result.beside:
        yield f"{_there(result.beside, name)} by {result.beside.suite} in {result.beside.environment}"


def _there(beside: BesideResult, name: str) -> str:
    return next("noticed" if x.killed_by else "not noticed" for x in beside.mutants if x.name == name)


def _combinations(result: CoverageResult) -> Iterator[str]:
    yield ""
    yield f"combinations of {', '.join(result.combinations.factors)} that are exercised"
    for row in result.combinations.rows:
        yield f"  {row.t} at a time: {number(row.covered)} of {number(row.of)} ({percent(row.share, 1)})"


# --- HTML ---------------------------------------------------------------------------------------------------------------------


def page(result: CoverageResult) -> str:
    """One self-contained page: what it comes to, the funnel, what to write next, the kill matrix by signature, and the rest."""
    title = f"{result.suite} on {result.architecture} in {result.environment}"
    beside = result.beside
    body = [
        _section("Reached, changed, noticed", first.funnel(result.summary), "funnel"),
        _section("What to write next", first.to_write(result), "todo"),
        _section("Kill matrix by signature", first.signature_matrix(result, result.signatures), "matrix"),
        _section("What one more scenario buys: the curve of a growing suite", reasons.curve_picture(result)),
        _section("Side by side", _beside_them(result)),
        _section("Worse with the defect than without it, on the same seed", _differences(result)),
        _section("The most costly survivors", _ranking(result), "price"),
        _section("Pairs that cost more than the sum", _pairs(result), "pairs"),
        _section("One change, and what it buys", _changes(result)),
        _section("What hides what", reasons.hides(result), "hides"),
        _section("What to add", reasons.suggestions_table(result)),
        _section("Public incidents", reasons.incidents_table(result)),
        _section("Kill matrix", _matrix(result)),
        _section(f"Kill matrix of {_name(beside)}", _matrix(beside)) if beside else "",
        _section("By family of defects", _families(result)),
        _section(
            "By defect",
            _table(
                ("defect", "score", "noticed", "counted", "what it is"),
                [(r.name, percent(r.score, 1), r.killed, r.counted, r.title) for r in result.operators],
            ),
        ),
        _section(
            "Cannot be planted",
            _table(("defect", "why"), [(x.name, x.impossible) for x in result.mutants if x.status == "impossible"]),
        ),
        _section(
            "Expectations that no defect trips",
            _table(("scenario", "expectation"), [(r.scenario, r.expected) for r in result.expectations if not r.tripped_by]),
        ),
        f"<section><h2>Again</h2><pre>{escaped(result.replay)}</pre></section>",
    ]
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escaped(title)}</title><style>{template_file('coverage.css')}{reasons.STYLE}</style></head><body>"
        f"<header>{first.head(result)}</header><main>{''.join(body)}</main></body></html>\n"
    )


def _differences(result: CoverageResult) -> str:
    """The differential column: who is worse where by which measure, whether or not a verdict notices it."""
    both: list[CoverageResult | BesideResult] = [result, *([result.beside] if result.beside else [])]
    rows = [
        (
            x.name,
            _name(of),
            ", ".join(first.short(name) for name in x.worse),
            ", ".join(_measures(x)),
            "yes" if x.killed_by else "no",
        )
        for of in both
        for x in of.mutants
        if x.worse
    ]
    return _table(("defect", "under", "scenarios", "worse in", "noticed by verdict"), rows)


def _measures(mutant: MutantResult) -> list[str]:
    return list(dict.fromkeys(name for cell in mutant.cells.values() for name in cell.worse))


def _families(result: CoverageResult) -> str:
    """How many mutants each family has, so that one does not dominate unseen, and the score with all families alike."""
    rows = [(r.family, r.counted, percent(r.share, 1), r.killed, percent(r.score, 1)) for r in result.families]
    note = f"<p>With each family weighing the same the score is {percent(result.summary.balanced, 1)}.</p>"
    return note + _table(("family", "mutants", "share of all", "noticed", "score"), rows) if rows else ""


def _name(suite: CoverageResult | BesideResult) -> str:
    return f"{suite.suite} in {suite.environment}"


def _beside_them(result: CoverageResult) -> str:
    """The suite and the one beside it in a few figures."""
    if not result.beside:
        return ""
    gained, lost = _alone(result, result.beside), _alone(result.beside, result)
    rows = [
        (
            _name(of),
            of.summary.killed,
            alone,
            *(of.summary.parts.get(part, 0) for part in ("changed", "unchanged", "not reached", "not present")),
            of.summary.stopped_or_averted,
            of.summary.differential,
            percent(of.summary.score, 1),
            ", ".join(first.short(name) for name in of.summary.red) or "none",
        )
        for of, alone in ((result, len(lost)), (result.beside, len(gained)))
    ]
    head = (
        "the same defects under",
        "noticed",
        "by this alone",
        "changed, not noticed",
        "reached, nothing changed",
        "not reached",
        "not present",
        "left unknown",
        "worse by a margin",
        "score",
        "not green without a defect",
    )
    return _table(head, rows)


def _section(title: str, inner: str, name: str = "") -> str:
    mark = f' id="{name}"' if name else ""
    return f"<section{mark}><h2>{escaped(title)}</h2><div class=scroll>{inner}</div></section>" if inner else ""


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    if not rows:
        return ""
    numeric = [all(isinstance(row[i], (int, float)) for row in rows) for i in range(len(head))]
    mark = [" class=n" if n else "" for n in numeric]
    tops = "".join(f"<th{mark[i]}>{escaped(h)}</th>" for i, h in enumerate(head))
    cells = "".join(
        "<tr>"
        + "".join(f"<td{mark[i]}>{escaped(rounded(v) if isinstance(v, float) else v)}</td>" for i, v in enumerate(row))
        + "</tr>"
        for row in rows
    )
    return html_table(tops, cells)


def _ranking(result: CoverageResult) -> str:
    rows = []
    for row in result.price.ranking[:50]:
        open_ = row.at_the_open
        rows.append(
            (
                ranked(row),
                row.name,
                float(row.harmed_orders),
                between(row),
                SIGNS[row.sign],
                percent(row.present, 2),
                rounded(row.found_days, 1),
                open_.trigger if open_ else "",
                open_.harmed_orders if open_ else 0.0,
                open_.impaired_s if open_ else 0.0,
                open_.severity if open_ else "",
                reasons.reason_words(result.why, row.name),
                *([_there(result.beside, row.name)] if result.beside else []),
            )
        )
    head = (
        "rank",
        "defect",
        "harmed orders a year",
        "90 %",
        "sign",
        "present a year",
        "days",
        f"worst {at_phase(next((row.at_the_open.phase for row in result.price.ranking if row.at_the_open), 'open'))}",
        "harmed orders",
        "impaired s",
        "severity",
        "hidden by",
    )
    return drawing(result.price) + _table((*head, *([_name(result.beside)] if result.beside else [])), rows)


def _pairs(result: CoverageResult) -> str:
    """Pairs of survivors that cost more together, with the lines that the terminal has."""
    if result.pairs is None:
        return ""
    rows = [
        (
            " + ".join(row.defects),
            row.window,
            *(float(value) for value in row.alone),
            float(row.together),
            float(row.beyond),
            *_noticed(row.killed),
        )
        for row in result.pairs.super_additive[:50]
    ]
    head = ("pair", "window", "first alone", "second alone", "together", "beyond the sum", result.suite)
    said = "".join(f"<p>{escaped(line.strip())}</p>" for line in pair_lines(result.pairs) if line and not line.startswith("    "))
    return said + _table(head, rows)


def _noticed(killed: bool | None) -> tuple[str]:
    return ("not run" if killed is None else "noticed" if killed else "not noticed",)


def _changes(result: CoverageResult) -> str:
    rows = [(r.change, r.catches, r.only_this, float(r.harmed_orders)) for r in result.why.changes if r.catches]
    return _table(("change", "more defects noticed", "by this alone", "harmed orders a year"), rows)


def _matrix(result: CoverageResult | BesideResult) -> str:
    """Mutants by scenarios, in the parts of the census, which open and close; those that are noticed most on top."""
    names = [row.name for row in result.scenarios]
    key = "".join(f'<span class="{_class(o)}">{GLYPHS[o]}</span>{escaped(word)}' for o, word in OUTCOMES.items())
    groups: dict[Part, list[MutantResult]] = {part: [] for part in reversed(PARTS)}
    for mutant in sorted(result.mutants, key=lambda x: (-len(x.killed_by), x.name)):
        groups[mutant.part].append(mutant)
    return f"<p class=key>{key}</p>" + "".join(
        f"<details{' open' if part == 'noticed' else ''}><summary>{escaped(PARTS[part])}: {len(mine)}</summary>{_grid(names, mine)}</details>"
        for part, mine in groups.items()
        if mine
    )


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


def _class(outcome: Outcome) -> str:
    return outcome.replace(" ", "")


def _grid(names: Sequence[str], mutants: Sequence[MutantResult]) -> str:
    short = [first.short(name) for name in names]
    heads = short if len(set(short)) == len(short) else names
    top = "".join(f'<th title="{escaped(name)}">{escaped(head)}</th>' for name, head in zip(names, heads, strict=True))
    rows = []
    for mutant in mutants:
        outcomes = [(name, mutant.cells[name].outcome) for name in names]
        cells = "".join(
            f'<td class="{_class(o)}" title="{escaped(n)}: {escaped(OUTCOMES[o])}">{GLYPHS[o]}</td>' for n, o in outcomes
        )
        rows.append(f'<tr><th title="{escaped(mutant.title)}">{escaped(mutant.name)}</th>{cells}</tr>')
    return f"<table class=m><thead><tr><th></th>{top}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
