"""The command live up: a twin that runs until it is stopped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
from rich.console import Console

from chaos.cli import options
from chaos.cli.exit_codes import FAIL, HARNESS_ERROR, PASS, UNKNOWN
from chaos.cli.files import OutputPath
from chaos.cli.printing import say
from chaos.cli.summary import print_summary
from chaos.execution.topology import topology_of
from chaos.i18n.identities import Identities
from chaos.live import LOOPBACK
from chaos.live.processes import Usage
from chaos.live.target import require_packages
from chaos.live.up import Figures, HeardReport, Started, Stopped, UpListener, UpOptions, plan_up, run_up
from chaos.measures.formatting import NONE, latency, number, rounded, short_instant
from chaos.results.stored_run import store_run
from simcore.base.errors import InputError
from simcore.base.units import HOUR, SECOND, format_duration, parse_clock, parse_duration
from simcore.journal.model import Journal
from simcore.journal.summary import TRUTHS, simulation_run
from simcore.journal.writer import write_journal

_OUTCOMES = ("confirmed", "rejected", "blocked", "failed", "unknown")
_LASTS_MAX = HOUR
_HELPERS = {"proxy": "(proxies)", "broker": "(MQTT broker)", "client#0": "(customers)"}
"""What processes are called that are no instances."""
LATE_NS = 20_000_000
"""Customers who come later than that are spoken of."""


@click.command()
@click.argument("architecture")
@click.option("--workload", default="normal-day", show_default=True, metavar="NAME|FILE", help="Who comes, with what, when.")
@click.option(
    "--load",
    default=1.0,
    show_default=True,
    type=click.FloatRange(0, 1000, min_open=True),
    metavar="SHARE",
    help="So many times as many customers as the workload has.",
)
@click.option("--at", default="10:00", show_default=True, metavar="TIME", help="The time of day at which it begins.")
@click.option("--for", "lasts", metavar="DURATION", help="Stop after this time; without it at Ctrl-C, or after an hour.")
@click.option("--seed", default=1, show_default=True, type=options.SEED, help="Same seed, same customers at the same times.")
@click.option(
    "--every",
    default=5.0,
    show_default=True,
    type=click.FloatRange(0.2, 60),
    metavar="SECONDS",
    help="Between two lines of figures.",
)
@options.assignments
@click.option("--journal", "folder", type=OutputPath(folder=True), metavar="DIR", help="Keep the journal in a folder.")
def up(
    architecture: str, workload: str, load: float, at: str, lasts: str | None, every: float, folder: str | None, **given: Any
) -> int:
    """Start an ARCHITECTURE (name or file) as processes, under load, until Ctrl-C or for a time.

    Each instance is a process, each link a proxy that speaks Toxiproxy's API. When it is stopped the ledgers are reconciled: exit code 3
    if they break a law, 1 if a process ended by itself, 4 if customers came too late for the figures to mean much, else 0.

    Example: coredrill live up live/broker --workload live/steady --for 30s
    """
    require_packages()
    chosen = UpOptions(architecture, workload, load, given["seed"], _clock(at), _lasts(lasts), every, given["assignments"])
    plan, printer = plan_up(chosen), _Printer(Console(), architecture)
    stopped = run_up(plan, chosen, UpListener(printer.started, printer.figures, printer.died))
    journal = stopped.live.journal
    printer.stopped(journal, stopped)
    if folder is not None:
        write_journal(journal, folder)
        store_run(folder, topology=topology_of(plan.index))
    if not all(law.ok for law in journal.conservation):
        return HARNESS_ERROR
    if stopped.died:
        return FAIL
    return UNKNOWN if journal.unknown_reason else PASS


def _clock(text: str) -> int:
    try:
        return parse_clock(text)
    except ValueError as error:
        raise InputError(f"--at {text!r}: {error}") from None


def _lasts(text: str | None) -> int:
    if text is None:
        return _LASTS_MAX
    try:
        lasts = parse_duration(text)
    except ValueError as error:
        raise InputError(f"--for {text!r}: {error}") from None
    if not SECOND <= lasts <= _LASTS_MAX:
        raise InputError(f"--for {text}: from 1s to {format_duration(_LASTS_MAX)}")
    return lasts


class _Printer:
    """What is said of a twin while it is up and afterwards."""

    def __init__(self, console: Console, architecture: str) -> None:
        self.console, self.architecture, self.identities = console, architecture, Identities("en")

    def _table(self, rows: Sequence[Sequence[str]]) -> None:
        """The first column to the left."""
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            cells = [row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]
            say(self.console, "  ".join(cells).rstrip())

    def started(self, up: Started) -> None:
        """The endpoints, and what was taken."""
        rows = [["instance", "listens at", "proxies", "memory", "start"]]
        for endpoint in up.endpoints:
            taken = endpoint.usage
            rows.append([endpoint.instance, f"{LOOPBACK}:{endpoint.port}", str(endpoint.proxies), *_taken(taken)])
        named = {endpoint.instance for endpoint in up.endpoints}
        rows += [[_HELPERS.get(name, name), "", "", *_taken(taken)] for name, taken in up.usage.items() if name not in named]
        self._table(rows)
        memory = sum(usage.memory_bytes for usage in up.usage.values()) / 1e6
        say(
            self.console,
            f"{self.architecture} is up: {len(up.usage)} processes, {rounded(memory)} MB, in {rounded(up.seconds, 1)} s",
        )
        say(self.console, f"proxies: {up.proxies_url}/proxies (Toxiproxy's API)")
        say(
            self.console,
            f"MQTT:    {up.broker_url} ({up.broker_kind}): reports/ACCOUNT, quotes/INSTRUMENT, alarms/NAME, control/run",
        )
        for text in up.too_short:
            say(self.console, text, "bold yellow")
        say(self.console, "Ctrl-C stops all")
        say(self.console, "")

    def figures(self, figures: Figures) -> None:
        """One line of what was seen since the last."""
        counts = ", ".join(f"{name} {figures.outcomes[name]}" for name in _OUTCOMES if figures.outcomes[name])
        took = figures.latencies
        p50, p99 = (latency(took[min(len(took) - 1, int(q * len(took)))]) if took else NONE for q in (0.5, 0.99))
        late = f", latest {latency(figures.late_ns)} late" if figures.late_ns > LATE_NS else ""
        say(
            self.console,
            f"{short_instant(figures.now)}  came {figures.came}: {counts or 'nothing ended'}; pending {figures.pending}; "
            f"p50 {p50}, p99 {p99}; {rounded(figures.cpu_share, 2)} processors{late}",
        )

        if figures.report is not None:
            self._report(figures.report)

    def _report(self, report: HeardReport) -> None:
        """Whom the last report came to, and what it says. Faker made the name."""
        who = self.identities.of(report.customer)
        ended = "has ended" if report.ended else "is open"
        shares = f"{number(report.filled)} shares filled" if report.filled else "nothing filled"
        took = f"{latency(report.took)} after the counter booked it" if report.took else "as the counter booked it"
        say(
            self.console,
            f"          the last report, {took}: {who.name}, account {who.account}: {report.order} {ended}, {shares}",
            "dim",
        )

    def died(self, text: str) -> None:
        """A process ended by itself."""
        say(self.console, text, "bold red")

    def stopped(self, journal: Journal, stopped: Stopped) -> None:
        """What it came to, and what the ledgers say."""
        say(self.console, "")
        print_summary(journal, self.console)
        truths = simulation_run(journal).metrics.client_truth
        used = [truth for truth in TRUTHS if any(row.get(truth) for row in truths.values())]
        if used:
            say(self.console, "")
            say(self.console, "orders by what their customers saw (rows) and what the ledgers say (columns)", "bold")
            rows = [
                [outcome, *(number(row.get(truth, 0)) for truth in used)] for outcome, row in truths.items() if any(row.values())
            ]
            self._table([["", *used], *rows])
        say(self.console, f"{number(stopped.live.entries)} entries in all ledgers")
        for text in stopped.died:
            self.died(text)
        for text in stopped.live.not_judged:
            say(self.console, f"not judged: {text}", "yellow")
        if stopped.malformed:
            say(self.console, f"{number(stopped.malformed)} lines came to nodes that were no messages")


def _taken(usage: Usage) -> tuple[str, str]:
    return f"{rounded(usage.memory_bytes / 1e6)} MB", f"{rounded(usage.start_s, 2)} s"
