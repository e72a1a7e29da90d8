"""Results of runs as text for a terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.console import Console

from chaos.judgement.causes import paths_to
from chaos.measures.formatting import NONE, duration, fraction, number, percent, short_instant
from chaos.measures.statistics import median, median_interval, wilson
from chaos.reports.pairs import pair_claim, pair_lines
from chaos.results.run import CausalLink, GroupResult, Measures, Orders, PairResult, RunResult, SuiteResult, runs_of
from simcore.base.errors import one_line
from simcore.base.units import format_clock
from simcore.journal.model import FLAGS

STYLE = {"pass": "green", "fail": "bold red", "unknown": "yellow"}


def say(console: Console, text: str, style: str = "") -> None:
    """One line for a person, without control characters, as wide as it is."""
    console.print(one_line(text), style=style, markup=False, highlight=False, emoji=False, soft_wrap=True)


def print_result(result: SuiteResult, console: Console) -> None:
    """One run at length, several as a line a scenario with the reasons and replay lines of what did not pass."""
    summary = result.summary
    if len(result.runs) == 1:
        print_run(result.runs[0], console)
    else:
        for group in (g for g in result.groups if g.counts):
            _print_group(group, runs_of(group, result.runs), console)
        for pair in result.pairs:
            _print_pair(pair, console)
        say(console, "")
        say(
            console,
            f"{summary.verdict}: {summary.scenarios} scenarios, "
            + (f"{summary.pairs} pairs, " if summary.pairs else "")
            + f"{summary.runs} runs: {summary.passed} pass, {summary.failed} fail, {summary.unknown} unknown",
            STYLE[summary.verdict],
        )
    if summary.conservation_broken:
        say(console, f"conservation: {summary.conservation_broken} laws BROKEN: a bug in coredrill", "bold red")


def _print_group(group: GroupResult, runs: Sequence[RunResult], console: Console) -> None:
    failed = [run.measures.orders.failed_orders for run in runs]
    impaired = [run.measures.impaired_s or 0.0 for run in runs]
    place = f"{group.scenario} on {group.architecture} in {group.environment}"
    say(
        console,
        f"{group.verdict:<7} {place}: impaired {_spread(impaired, duration)}, failed orders {_spread(failed, number)}",
        STYLE[group.verdict],
    )
    for over in group.expectations:
        low, high = wilson(over.held, over.runs)
        say(
            console,
            f"        {over.verdict}: {over.expected}: held in {over.held} of {over.runs} runs, "
            f"{over.needed} needed (95 % interval of the share {percent(low)} to {percent(high)})",
        )
    bad = [run for run in runs if run.verdict != "pass"]
    for run in bad[:3]:
        for reason in run.reasons[:3]:
            say(console, f"        seed {run.seed}: {reason}")
        say(console, f"        {run.replay}")
    if len(bad) > 3:
        say(console, f"        and {len(bad) - 3} more runs that did not pass")


def _spread(values: Sequence[float], text: Callable[[float], str]) -> str:
    """The value; of several the median with its interval, or with the range where they are too few for one."""
    if len(set(values)) == 1:
        return text(values[0])
    interval = median_interval(values)
    low, high = interval or (min(values), max(values))
    return f"median {text(median(values))} ({'95 % interval' if interval else 'range'} {text(low)} to {text(high)})"


def _print_pair(pair: PairResult, console: Console) -> None:
    say(console, f"{pair.verdict:<7} pair {pair.name}: {pair_claim(pair)}", STYLE[pair.verdict])
    for line in pair_lines(pair):
        say(console, f"        {line}")


def print_run(run: RunResult, console: Console) -> None:
    """One run for a person: verdict, reasons, measures, who noticed, causal chain, how to see it again."""
    verdict = run.verdict or "unknown"
    say(console, f"{verdict}: {run.title}", STYLE[verdict])
    begin, end = run.window or (0, 0)
    say(
        console,
        f"{run.scenario} on {run.architecture} in {run.environment}, {run.workload}, seed {run.seed}, "
        f"{format_clock(begin)} to {format_clock(end)}",
    )
    for reason in run.reasons:
        say(console, f"  {reason}")
    say(console, "")
    _print_orders(run.measures.orders, console)
    _print_response(run.measures, console)
    for line in run.timeline:
        simulated = NONE if line.simulated_ns is None else format_clock(line.simulated_ns)
        say(console, f"timeline       {format_clock(line.published_ns)} published, {simulated} simulated: {line.what}")
    flows = [link.name for link in run.causes if link.kind == "flow"]
    print_chain(paths_to(run.causes, flows[:1] + [f for f in ("login", "place-order") if f in flows]), console)
    say(console, "")
    say(console, f"again: {run.replay}")


def _print_orders(orders: Orders, console: Console) -> None:
    share = "" if orders.failed_share is None else f" ({fraction(orders.failed_share)})"
    say(
        console,
        f"failed orders  {number(orders.failed_orders)} of {number(orders.intended)}{share}: "
        f"blocked {number(orders.blocked)}, failed {number(orders.failed)}, unknown {number(orders.unknown)}",
        "bold",
    )
    truths = [f"{name} {number(orders.count(name))}" for name in FLAGS if orders.count(name)]
    if truths:
        say(console, f"in truth       {', '.join(truths)}")


def _print_response(m: Measures, console: Console) -> None:
    recovery = (
        duration(m.recovery_s) if m.recovery_s is not None else f"not within the run (more than {duration(m.recovery_s_lower)})"
    )
    say(console, f"impaired       {duration(m.impaired_s)}; recovery {recovery}" + ("; metastable" if m.metastable else ""))
    if m.first_noticed:
        say(console, f"first noticed  by {m.first_noticed} {m.first_noticed_by} after {duration(m.first_noticed_s)}")
    parts = {
        "detect": m.detect_s,
        "decide": m.decide_s,
        "act": m.act_s,
        "restore": m.restore_s,
        "reconciled": m.reconciled_s,
    }
    split = [f"{what} {duration(value)}" for what, value in parts.items() if value is not None]
    if split:
        say(console, f"response       {', '.join(split)}")
    say(console, f"customers      {number(m.customers_affected or 0)} of {number(m.customers_active or 0)} hit")
    grades = ", ".join(f"{name} {grade.label}" for name, grade in m.severity.items())
    say(console, f"severity       {grades}")


def print_chain(links: Sequence[CausalLink], console: Console) -> None:
    """The causal chain, a line a link, in time order."""
    if not links:
        return
    say(console, "")
    say(console, "what led to what", "bold")
    for link in links:
        because = f"  ← {link.because.partition('/')[2]}" if link.because else ""
        say(console, f"  {short_instant(link.t_ns)}  {link.kind} {link.name}: {link.what}{because}")
