"""The group of commands around the live twin; each is a function in a module of its own."""

from __future__ import annotations

import click

from chaos.cli.group import Group, LazyCommand

LIVE_COMMANDS = {
    "up": LazyCommand(
        "chaos.cli.live_up:up", "Start an ARCHITECTURE (name or file) as processes, under load, until Ctrl-C or for a time."
    ),
    "compare": LazyCommand(
        "chaos.cli.live_compare:compare",
        "Run SCENARIOS (or suites, or patterns) simulated and live on the same plan, and say how far apart they are.",
    ),
    "table": LazyCommand("chaos.cli.live_table:table", "Print what the twin can do, how, and where it differs, as Markdown."),
}
"""The commands of the group."""


@click.group(cls=Group, lazy=LIVE_COMMANDS)
def live() -> None:
    """The live twin: an architecture as real processes on this machine.

    Example: coredrill live up live/broker --workload live/steady --for 30s
    """
