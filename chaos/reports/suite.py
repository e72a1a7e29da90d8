"""The page of several runs: a matrix of scenarios by architecture and environment, each cell leading to its runs' pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

from chaos.i18n.findings import at_quantile_text, bound_text
from chaos.i18n.names import own_text
from chaos.i18n.texts import LocalizedText, display_name, duration_text, join, shipped_name, translate, untranslated
from chaos.measures.formatting import NONE, Language, fraction, rounded
from chaos.reports.pairs import pair_rows, pair_title, pair_why
from chaos.reports.templating import environment, stylesheet
from chaos.results.run import GroupResult, OverSeedsResult, PairResult, RunResult, Verdict, own_names_of, same_place

_WORST: tuple[Verdict, ...] = ("fail", "unknown", "pass")


def groups_of(runs: Sequence[RunResult]) -> list[GroupResult]:
    """Runs of one scenario in one place as a group, its verdict the worst of theirs; where nobody judged them over their seeds."""
    found: dict[tuple[str | None, str, str | None], list[RunResult]] = {}
    for run in runs:
        found.setdefault((run.scenario, run.architecture, run.environment), []).append(run)
    return [
        GroupResult(
            scenario=scenario,
            title=mine[0].title,
            architecture=architecture,
            environment=environment,
            runs=len(mine),
            seeds=[run.seed for run in mine],
            verdict=min((run.verdict or "unknown" for run in mine), key=_WORST.index),
            expectations=[],
        )
        for (scenario, architecture, environment), mine in found.items()
    ]


class Column(NamedTuple):
    """A column of the matrix."""

    architecture: str
    environment: str | None

    def head(self, runs: Sequence[RunResult]) -> ColumnHead:
        """What stands over it; its runs are among these."""
        mine = [run for run in runs if (run.architecture, run.environment) == self]
        return ColumnHead(display_name(self.architecture, own_names_of(mine)), shipped_name(self.environment or NONE))


class ColumnHead(NamedTuple):
    """What stands over a column."""

    architecture: LocalizedText
    environment: LocalizedText


@dataclass(frozen=True)
class RunLink:
    """A run of a cell, and the address of its page, if it has one."""

    link: str | None
    seed: LocalizedText
    verdict: str


@dataclass(frozen=True)
class Cell:
    """What the runs of a scenario in one place showed; `over` is what must hold over their seeds."""

    verdict: Verdict
    lines: list[LocalizedText]
    runs: list[RunLink]
    over: list[LocalizedText]


@dataclass(frozen=True)
class Row:
    """A scenario with its cell in each column that it was run in."""

    scenario: str | None
    title: LocalizedText
    cells: dict[Column, Cell]


@dataclass(frozen=True)
class PairRows:
    """A pair: what it claims, and the values of both sides by seed."""

    name: str
    verdict: Verdict
    claim: LocalizedText
    rows: list[LocalizedText]
    why: LocalizedText


def suite_page(
    title: LocalizedText,
    runs: Sequence[RunResult],
    links: Sequence[str | None],
    groups: Sequence[GroupResult],
    pairs: Sequence[PairResult] = (),
    language: Language = "en",
) -> str:
    """The page, HTML. `links` are the addresses of the runs' pages, relative to it; None for a run without one."""
    columns = list(dict.fromkeys(Column(g.architecture, g.environment) for g in groups))
    rows: dict[str | None, Row] = {}
    for group in groups:
        mine = [(run, link) for run, link in zip(runs, links, strict=True) if same_place(run, group)]
        row = rows.setdefault(group.scenario, Row(group.scenario, _title(group, [run for run, _ in mine]), {}))
        row.cells[Column(group.architecture, group.environment)] = _cell(group, mine)
    judged = [*(g.verdict for g in groups if g.counts), *(p.verdict for p in pairs)]
    counts = {"passed": judged.count("pass"), "failed": judged.count("fail"), "unknown": judged.count("unknown")}
    return (
        environment()
        .get_template("suite.html")
        .render(
            language=language,
            title=title,
            columns=columns,
            heads=[column.head(runs) for column in columns],
            rows=list(rows.values()),
            css=stylesheet(),
            pairs=[_pair(p) for p in pairs],
            summary=translate("suite.summary", judged=_judged(groups, pairs), runs=len(runs), **counts),
            verdict=min(judged, key=_WORST.index, default="unknown"),
        )
    )


def _judged(groups: Sequence[GroupResult], pairs: Sequence[PairResult]) -> LocalizedText:
    """How many cases and pairs have a verdict of their own."""
    cases = translate("suite.judged.cases", n=sum(group.counts for group in groups))
    return join([cases, translate("suite.judged.pairs", n=len(pairs))], " and ", "和") if pairs else cases


def _title(group: GroupResult, runs: Sequence[RunResult]) -> LocalizedText:
    title = group.title or group.scenario or ""
    return own_text(runs[0], title) if runs else untranslated(title)


def expected_text(over: OverSeedsResult, runs: Sequence[RunResult]) -> LocalizedText:
    """What is expected over the seeds: in Chinese by the bound that the runs have as data, if any of them has."""
    for run in runs:
        for expectation, data in zip(run.expectations, run.expectation_data, strict=True):
            if expectation.measure == over.measure and expectation.expected == over.expected:
                return LocalizedText(over.expected, bound_text(data.bound, run.own_names).zh)
    return untranslated(over.expected)


def _came_out(over: OverSeedsResult) -> LocalizedText:
    if over.quantile_rank is not None:
        return at_quantile_text(over)
    share = untranslated(f"{over.held}/{over.runs}")
    return join([share, translate("suite.over.unknown", n=over.unknown)], ", ", "，") if over.unknown else share


def _cell(group: GroupResult, mine: Sequence[tuple[RunResult, str | None]]) -> Cell:
    orders = [run.measures.orders for run, _ in mine]
    lost = [float(o.failed_orders) for o in orders]
    shares = [o.failed_orders / o.intended for o in orders if o.intended]
    impaired = [run.measures.impaired_s for run, _ in mine if run.measures.impaired_s is not None]
    share = fraction(median(shares) if shares else None)
    lines = [translate("suite.failed", n=rounded(median(lost)), share=share)] if lost else []
    wrongly = [float(o.rejected_wrongly) for o in orders if o.rejected_wrongly is not None]
    lines += [translate("suite.wrongly", n=rounded(median(wrongly)))] if any(wrongly) else []
    lines += [translate("suite.impaired", time=duration_text(median(impaired)))] if impaired else []
    lines += [translate("suite.median")] if len(mine) > 1 else []
    lines += [] if group.counts else [translate("suite.unjudged")]
    over = [join([expected_text(e, [run for run, _ in mine]), _came_out(e)], ": ", "：") for e in group.expectations]
    links = [RunLink(link, translate("suite.seed", seed=run.seed), run.verdict or "none") for run, link in mine]
    return Cell(group.verdict, lines, links, over)


def _pair(pair: PairResult) -> PairRows:
    return PairRows(pair.name, pair.verdict, pair_title(pair), pair_rows(pair, exact=False)[:20], pair_why(pair))
