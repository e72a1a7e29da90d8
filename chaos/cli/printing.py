"""Results of runs as text for a terminal, in English or Chinese."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from chaos.i18n.causal import acting_text, action_text, chain_title, node_text, node_titles, outage_texts, unexplained_text
from chaos.i18n.findings import held_text, reason_text
from chaos.i18n.names import grade_text, own_text
from chaos.i18n.texts import LocalizedText, display_name, duration_text, join, lookup, shipped_name, translate, untranslated
from chaos.measures.formatting import NONE, Language, fraction, number, percent, short_instant
from chaos.measures.statistics import median, median_interval, share_interval
from chaos.reports.pairs import pair_claim, pair_lines
from chaos.reports.suite import expected_text
from chaos.results.counterfactuals import CauseGraph
from chaos.results.run import GroupResult, Orders, OverSeedsResult, PairResult, RunResult, SuiteResult, own_names_of, runs_of
from simcore.base.errors import one_line
from simcore.base.units import format_clock
from simcore.journal.model import FLAGS

STYLE = {"pass": "green", "fail": "bold red", "unknown": "yellow"}
LABEL = 14  # cells of the terminal before a figure
INDENT = untranslated(" " * 8)


def say(console: Console, text: str, style: str = "") -> None:
    """One line for a person, without control characters, as wide as it is."""
    console.print(one_line(text), style=style, markup=False, highlight=False, emoji=False, soft_wrap=True)


def cells(row: Iterable[str]) -> list[Text]:
    """The cells of a table's row: text, never markup, without control characters."""
    return [Text(one_line(cell)) for cell in row]


class Printer:
    """Prints texts in one language."""

    def __init__(self, console: Console, language: Language = "en") -> None:
        self.console, self.language = console, language

    def __call__(self, *parts: LocalizedText, style: str = "") -> None:
        """A line of texts one after another."""
        say(self.console, "".join(part[self.language] for part in parts), style)

    def labelled(self, key: str, text: LocalizedText, style: str = "") -> None:
        """A figure after its name."""
        self(padded(translate(f"terminal.{key}"), LABEL), untranslated(" "), text, style=style)


def padded(text: LocalizedText, cells: int) -> LocalizedText:
    """A text as wide as others, in cells of the terminal: a Chinese character takes two."""
    return text.map(lambda said: said + " " * (cells - cell_len(said)))


def print_result(result: SuiteResult, console: Console, language: Language = "en") -> None:
    """One run at length, several as a line a scenario with the reasons and replay lines of what did not pass."""
    summary, out = result.summary, Printer(console, language)
    if len(result.runs) == 1:
        print_run(result.runs[0], console, language)
    else:
        for group in (g for g in result.groups if g.counts):
            _print_group(group, runs_of(group, result.runs), out)
        for pair in result.pairs:
            _print_pair(pair, out)
        out()
        text = translate(
            "terminal.summary.pairs" if summary.pairs else "terminal.summary",
            verdict=translate(f"verdict.{summary.verdict}"),
            scenarios=summary.scenarios,
            pairs=summary.pairs,
            runs=summary.runs,
            passed=summary.passed,
            failed=summary.failed,
            unknown=summary.unknown,
        )
        out(text, style=STYLE[summary.verdict])
    if summary.conservation_broken:
        out(translate("terminal.conservation", n=summary.conservation_broken), style="bold red")


def _print_group(group: GroupResult, runs: Sequence[RunResult], out: Printer) -> None:
    place = translate(
        "terminal.group",
        scenario=LocalizedText(group.scenario or "", own_text(runs[0], group.title).zh if runs else group.title),
        architecture=display_name(group.architecture, own_names_of(runs)),
        environment=shipped_name(group.environment or NONE),
        impaired=_spread([run.measures.impaired_s or 0.0 for run in runs], duration_text),
        failed=_spread([run.measures.orders.failed_orders for run in runs], _number),
    )
    wrongly = [n for run in runs if (n := run.measures.orders.rejected_wrongly) is not None]
    beside = [translate("terminal.group.wrongly", n=_spread(wrongly, _number))] if any(wrongly) else []
    twin = [join([translate("page.live"), untranslated("")], ": ", "：")] if any(run.live for run in runs) else []
    out(*twin, _verdict(group.verdict), untranslated(" "), place, *beside, style=STYLE[group.verdict])
    for over in group.expectations:
        out(INDENT, _over_seeds(over, runs))
    bad = [run for run in runs if run.verdict != "pass"]
    for run in bad[:3]:
        for reason in run.reason_data[:3]:
            out(INDENT, translate("terminal.seed", seed=run.seed, reason=reason_text(reason, run.chinese, run.own_names)))
        out(INDENT, untranslated(run.replay))
    if len(bad) > 3:
        out(INDENT, translate("terminal.more", n=len(bad) - 3))


def _over_seeds(over: OverSeedsResult, runs: Sequence[RunResult]) -> LocalizedText:
    verdict, held = translate(f"verdict.{over.verdict}"), held_text(over, expected_text(over, runs))
    if over.quantile_rank is not None:
        return join([verdict, held], ": ", "：")
    low, high = share_interval(over.held, over.runs).low, share_interval(over.held + over.unknown, over.runs).high
    return translate("terminal.over", verdict=verdict, held=held, low=percent(low), high=percent(high))


def _verdict(verdict: str) -> LocalizedText:
    return padded(translate(f"verdict.{verdict}"), 7)


def _number(value: float) -> LocalizedText:
    return untranslated(number(value))


def _spread(values: Sequence[float], text: Callable[[float], LocalizedText]) -> LocalizedText:
    """The value; of several the median with its interval, or with the range where they are too few for one."""
    if len(set(values)) == 1:
        return text(values[0])
    interval = median_interval(values)
    low, high = interval or (min(values), max(values))
    key = "terminal.spread.interval" if interval else "terminal.spread.range"
    return translate(key, median=text(median(values)), low=text(low), high=text(high))


def _print_pair(pair: PairResult, out: Printer) -> None:
    claim = translate("terminal.pair", name=pair.name, claim=pair_claim(pair))
    out(_verdict(pair.verdict), untranslated(" "), claim, style=STYLE[pair.verdict])
    for line in pair_lines(pair):
        out(INDENT, line)


def print_run(run: RunResult, console: Console, language: Language = "en") -> None:
    """One run for a person: verdict, reasons, measures, who noticed, causal chain, how to see it again."""
    out, (begin, end) = Printer(console, language), run.window or (0, 0)
    twin = [translate("page.live")] if run.live else []
    where = translate(
        "terminal.where",
        scenario=run.scenario or NONE,
        architecture=display_name(run.architecture, run.own_names),
        environment=shipped_name(run.environment or NONE),
        workload=display_name(run.workload, run.own_names),
        seed=run.seed,
        begin=format_clock(begin),
        end=format_clock(end),
    )
    print_verdict(run, join([*twin, verdict_text(run), own_text(run, run.title)], ": ", "："), out, where)
    out()
    _print_orders(run.measures.orders, out)
    _print_response(run, out)
    for line in run.timeline:
        parts = {
            "published": format_clock(line.published_ns),
            "simulated": NONE if line.simulated_ns is None else format_clock(line.simulated_ns),
        }
        out.labelled("timeline", translate("terminal.timeline.line", **parts, what=own_text(run, line.what)))
    print_acting(run, console, language)
    print_chains(run, console, language)
    out()
    out(translate("terminal.again", command=run.replay))


def verdict_text(run: RunResult) -> LocalizedText:
    """The word for a run's verdict; that of a run without one is unknown."""
    return translate(f"verdict.{run.verdict or 'unknown'}")


def print_verdict(run: RunResult, line: LocalizedText, out: Printer, *more: LocalizedText) -> None:
    """A line in the colour of a run's verdict, more lines, and what the verdict rests on."""
    out(line, style=STYLE[run.verdict or "unknown"])
    for text in more:
        out(text)
    for reason in run.reason_data:
        out(untranslated("  "), reason_text(reason, run.chinese, run.own_names))


def _print_orders(orders: Orders, out: Printer) -> None:
    share = "" if orders.failed_share is None else fraction(orders.failed_share)
    text = translate(
        "terminal.failed.line",
        failed=number(orders.failed_orders),
        intended=number(orders.intended),
        share=LocalizedText(f" ({share})", f"（{share}）") if share else "",
        blocked=number(orders.blocked),
        errors=number(orders.failed),
        unknown=number(orders.unknown),
    )
    out.labelled("failed", text, "bold")
    if orders.rejected_wrongly:
        out.labelled("wrongly", translate("terminal.wrongly.line", n=number(orders.rejected_wrongly)))
    truths = [
        join(
            [LocalizedText(flag.replace("_", " "), translate(f"truth.{flag}").zh), untranslated(number(orders.count(flag)))],
            " ",
            " ",
        )
        for flag in (*FLAGS, "reported_late")
        if orders.count(flag)
    ]
    if truths:
        out.labelled("truth", join(truths))


def _print_response(run: RunResult, out: Printer) -> None:
    m = run.measures
    recovery = duration_text(m.recovery_s)
    if m.recovery_s is None:
        recovery = translate("terminal.unrecovered", lower=duration_text(m.recovery_s_lower))
    parts = [translate("terminal.impaired.line", impaired=duration_text(m.impaired_s), recovery=recovery)]
    out.labelled("impaired", join([*parts, *([translate("terminal.metastable")] if m.metastable else [])], "; ", "；"))
    if m.first_noticed:
        by = LocalizedText(m.first_noticed_by or "", display_name(m.first_noticed_by or "", run.own_names).zh)
        who = lookup("terminal.noticed.who", m.first_noticed)
        before = m.first_noticed_before_s
        key = "terminal.noticed.line" if before is None else "terminal.noticed.before"
        out.labelled(
            "noticed", translate(key, who=who, name=by, time=duration_text(m.first_noticed_s if before is None else before))
        )
    lengths = {
        "detect": m.detect_s,
        "decide": m.decide_s,
        "act": m.act_s,
        "restore": m.restore_s,
        "rest": m.rest_s,
        "reconciled": m.reconciled_s,
    }
    split = [
        join([translate(f"recovery.{word}"), duration_text(length)], " ", " ")
        for word, length in lengths.items()
        if length is not None
    ]
    if split:
        out.labelled("response", join(split))
    waited = m.batch_waited_s if m.batch_waited_s is not None else m.batch_waited_s_lower
    if waited:
        key = "terminal.batches.line" if m.batch_waited_s is not None else "terminal.batches.open"
        out.labelled("batches", translate(key, time=duration_text(waited)))
    affected, active = number(m.customers_affected or 0), number(m.customers_active or 0)
    out.labelled("customers", translate("terminal.customers.line", affected=affected, active=active))
    grades = [
        LocalizedText(f"{name} {grade_text(grade).en}", f"{shipped_name(name).zh}：{grade_text(grade).zh}")
        for name, grade in m.severity.items()
    ]
    out.labelled("severity", join(grades, ", ", "；"))


def print_acting(run: RunResult, console: Console, language: Language = "en") -> None:
    """The outages of a run, and what acting did, as far as it was looked into."""
    out, shown = Printer(console, language), run.counterfactuals
    if run.outages:
        out()
    for text in outage_texts(run):
        out(text)
    if shown is None:
        return
    out()
    out(translate("section.acting"), style="bold")
    lines = [acting_text(shown), *(action_text(effect, shown, run.own_names) for effect in shown.actions)]
    for text in lines:
        out(untranslated("  "), text)


def print_chains(run: RunResult, console: Console, language: Language = "en") -> None:
    """The chain of causes of each outage, a line a box, causes before effects."""
    out = Printer(console, language)
    for graph in run.chains:
        if graph.nodes or graph.unexplained:
            out()
            out(join([translate("terminal.chain"), chain_title(graph)], ", ", "，"), style="bold")
            for line in chain_lines(graph, run):
                out(untranslated("  "), line)


def chain_lines(graph: CauseGraph, run: RunResult) -> list[LocalizedText]:
    """A line for each box: since when, what, how, and because of what; then what is not explained."""
    titles = node_titles(graph, run)
    lines = []
    for node in graph.nodes:
        because = [titles[edge.cause] for edge in graph.edges if edge.effect == node.id]
        text = join([titles[node.id], node_text(node, run.own_names)], ": ", "：")
        arrow = join([untranslated("  ←"), join(because, "; ", "；")], " ", " ") if because else untranslated("")
        lines.append(join([untranslated(f"{short_instant(node.t_ns)}  "), text, arrow], "", ""))
    return [*lines, unexplained_text(graph, run.own_names)]
