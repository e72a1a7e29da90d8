"""A coverage result as text for a terminal, most important first. Reads the result object alone."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from chaos.i18n.findings import expected_text
from chaos.i18n.texts import LocalizedText, join, lookup, shipped_name, translate, untranslated
from chaos.measures.formatting import Language, number, percent
from chaos.reports import coverage_reasons as reasons
from chaos.reports.coverage_words import (
    PARTS,
    alone,
    alternatives,
    gap_text,
    measures_of,
    more_text,
    named,
    own_title,
    part_text,
    runs_text,
    suite_in,
    suite_title,
    there_text,
    with_worse,
)
from chaos.reports.price import pair_lines, price_lines
from chaos.results.coverage import CoverageResult, CoverageSummary

SHOWN = 10
BLANK = untranslated("")


def lines(result: CoverageResult, language: Language = "en") -> Iterator[str]:
    """The result as text in a language."""
    return (text[language] for text in _texts(result))


def _texts(result: CoverageResult) -> Iterator[LocalizedText]:
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


def _head(result: CoverageResult) -> Iterator[LocalizedText]:
    s = result.summary
    yield translate("coverage.line", title=suite_title(result), colour=_colour(s, "defects"), n=s.seeds)
    for gap in result.gaps:
        title = {"title": own_title("gap", gap.title)} if gap.title else {}
        yield translate("coverage.gap.title" if gap.title else "coverage.gap", name=gap_text(gap.name), **title)
    yield BLANK
    spread = BLANK
    if s.seed_scores:
        low, high = (percent(end(s.seed_scores), 1) for end in (min, max))
        spread = translate("coverage.score.seeds", low=low, high=high)
    yield translate("coverage.score", score=percent(s.score, 1), killed=s.killed, counted=s.counted, more=spread)
    if s.sampled is not None and s.interval is not None:
        low, high = (percent(end, 1) for end in s.interval)
        yield translate("coverage.sample", n=s.sampled, census=number(s.census), low=low, high=high)
    yield _funnel(s)
    yield translate("coverage.present", present=percent(s.score_present, 1), balanced=percent(s.balanced, 1))
    if s.distinct is not None:
        yield translate(
            "coverage.distinct",
            signatures=number(s.distinct.signatures),
            survivors=s.distinct.survivors,
            score=percent(s.distinct.score, 1),
            groups=number(len(s.distinct.identical)),
        )
    yield translate("coverage.beside_score", stopped=s.stopped, averted=s.averted, both=s.stopped_or_averted)
    yield translate("coverage.differential", n=s.differential, alone=s.differential_alone)
    yield translate("coverage.flaky", n=s.flaky, of=s.cells_with_a_kill)
    yield translate("coverage.cells", cells=number(s.cells), spared=number(s.spared), runs=runs_text(s))


def _funnel(summary: CoverageSummary) -> LocalizedText:
    """The parts, which add up to the mutants."""
    parts = [part_text(part).map(partial(_counted, summary.parts.get(part, 0))) for part in reversed(PARTS)]
    return translate("coverage.parts", n=number(summary.mutants), parts=join(parts, " + ", " + "))


def _counted(n: int, words: str) -> str:
    return f"{words} {number(n)}"


def _beside(result: CoverageResult) -> Iterator[LocalizedText]:
    other = result.beside
    if not other:
        return
    s, gained, lost = other.summary, alone(result, other), alone(other, result)
    yearly = {row.name: row.harmed_orders for row in result.price.ranking}
    gained.sort(key=lambda name: -yearly.get(name, 0.0))
    where = shipped_name(other.environment)
    yield BLANK
    yield translate("coverage.beside", suite=other.suite, environment=where, colour=_colour(s, "them"), n=s.seeds)
    yield translate("coverage.beside.score", score=percent(s.score, 1), killed=s.killed, counted=s.counted, runs=runs_text(s))
    yield translate("coverage.differential.there", n=s.differential, alone=s.differential_alone)
    for key, names in (("gained", gained), ("lost", lost)):
        if names:
            yield translate(f"coverage.beside.{key}", suite=result.suite, n=len(names))
            yield from (untranslated(f"    {name}") for name in names[:SHOWN])
            yield from more_text(len(names), SHOWN, deep=True)


def _colour(summary: CoverageSummary, what: str) -> LocalizedText:
    """Whether the suite is green without a defect; what is not is named."""
    if not summary.red:
        return translate(f"coverage.green.{what}")
    return translate(f"coverage.red.{what}", names=named(summary.red))


def _differential(result: CoverageResult) -> Iterator[LocalizedText]:
    """Who is worse where, though no verdict says so: under each of the suites."""
    for of in with_worse(result):
        worse = [x for x in of.mutants if x.worse and not x.killed_by]
        if worse:
            yield BLANK
            yield translate("coverage.worse", name=suite_in(of))
        for mutant in worse[:SHOWN]:
            measures, scenarios = measures_of(mutant, result.own_names), named(mutant.worse)
            yield LocalizedText(
                f"  {mutant.name}: {measures.en} ({scenarios.en})", f"  {mutant.name}：{measures.zh}（{scenarios.zh}）"
            )
        yield from more_text(len(worse), SHOWN)


def _to_write(result: CoverageResult) -> Iterator[LocalizedText]:
    """The assertions that are missing, and the scenarios."""
    if result.assertions:
        yield BLANK
        yield translate("coverage.assert")
        for row in result.assertions[:SHOWN]:
            yield _at_right(
                _more_mutants(row.notices), join([untranslated(row.scenario), expected_text(row.expected)], ": ", "：")
            )
    reach = result.reach
    if reach.needs:
        yield BLANK
        yield translate("coverage.reach", n=number(len(reach.needs)), candidates=reach.candidates, tried=reach.tried)
        for found in reach.rows[:SHOWN]:
            yield translate("coverage.reach.by", n=_more_mutants(found.reaches), scenario=found.scenario)
        for name in reach.nowhere[:SHOWN]:
            needs = [translate("coverage.reach.needs", needs=alternatives(reach.needs[name]))] if reach.needs[name] else []
            yield _at_right(translate("coverage.reach.not_found"), join([untranslated(name), *needs], "", ""))
        yield from (text.map(lambda line: f"{'':>18}{line}") for text in more_text(len(reach.nowhere), SHOWN))


def _more_mutants(n: int) -> LocalizedText:
    return translate("coverage.assert.row", n=number(n))


def _at_right(first: LocalizedText, rest: LocalizedText) -> LocalizedText:
    """A line whose first words end in a column."""
    return LocalizedText(f"  {first.en:>16}  {rest.en}", f"  {first.zh:>16}  {rest.zh}")


def _impossible(result: CoverageResult) -> Iterator[LocalizedText]:
    """What cannot be planted, with the reason."""
    found = [x for x in result.mutants if x.status == "impossible"]
    if found:
        yield BLANK
        yield translate("coverage.impossible")
    yield from (untranslated(f"  {mutant.name}: {mutant.impossible}") for mutant in found[:SHOWN])
    yield from more_text(len(found), SHOWN)


def _operators(result: CoverageResult) -> Iterator[LocalizedText]:
    yield BLANK
    heads = [translate(f"coverage.table.{name}") for name in ("defect", "score", "ratio")]
    yield LocalizedText(*(f"{a:<30} {b:>6}  {c}" for a, b, c in ([h.en for h in heads], [h.zh for h in heads])))
    for row in sorted(result.operators, key=lambda r: (r.score or 0.0, r.name)):
        before = f"{row.name:<30} {percent(row.score, 1):>6}  {row.killed}/{row.counted}  "
        yield own_title("defect", row.title).map(before.__add__)


def _unexercised(result: CoverageResult) -> Iterator[LocalizedText]:
    never = [row for row in result.expectations if not row.tripped_by]
    yield BLANK
    yield translate("coverage.never", n=len(never), of=len(result.expectations))
    for row in never[:SHOWN]:
        yield join([untranslated(f"  {row.scenario}"), expected_text(row.expected)], ": ", "：")
    yield from more_text(len(never), SHOWN)


def _beside_price(result: CoverageResult, name: str) -> Iterator[LocalizedText]:
    """What is said of a survivor beside its price: what hides it, and whether another suite notices it."""
    if name in result.why.hidden_by:
        yield translate("coverage.hidden_by", reasons=reasons.reason_words(result.why, name))
    if result.beside:
        where = shipped_name(result.beside.environment)
        yield translate("coverage.there", noticed=there_text(result.beside, name), suite=result.beside.suite, environment=where)


def _combinations(result: CoverageResult) -> Iterator[LocalizedText]:
    yield BLANK
    factors = [lookup("coverage.factor", factor) for factor in result.combinations.factors]
    yield translate("coverage.combinations", factors=join(factors, ", ", "、"))
    for row in result.combinations.rows:
        yield translate(
            "coverage.combinations.row", t=row.t, covered=number(row.covered), of=number(row.of), share=percent(row.share, 1)
        )
