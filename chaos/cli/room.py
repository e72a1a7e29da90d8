"""The group of commands around the drill room; each is a function in a module of its own."""

from __future__ import annotations

import click

from chaos.cli.group import Group, LazyCommand

ROOM_COMMANDS = {
    "host": LazyCommand(
        "chaos.cli.room_host:host", "Open a room for a DRILL (name or file): a link for each seat, until Ctrl-C."
    ),
    "solo": LazyCommand(
        "chaos.cli.room_host:solo", "Practise a DRILL (name or file) alone, in all seats, in a browser or the terminal."
    ),
    "review": LazyCommand(
        "chaos.cli.room_review:review",
        "What the decisions in a room's folder DIR did, beside what others would have done; a page, a document.",
    ),
    "history": LazyCommand("chaos.cli.room_history:history", "Exercises over weeks and teams (FILE), and what to practise next."),
    "bot": LazyCommand("chaos.cli.room_bot:bot", "Put a bot into the seats of LINKs: it does nothing, or follows the runbook."),
    "replay": LazyCommand(
        "chaos.cli.room_replay:replay", "Make the exercise that a room's folder DIR holds again, and print what came of it."
    ),
    "guide": LazyCommand(
        "chaos.cli.room_guide:guide",
        "The facilitator's guide of a DRILL (name or file), Markdown: events, what to watch, what to talk about.",
    ),
    "rehearse": LazyCommand(
        "chaos.cli.room_rehearse:rehearse", "Play a DRILL (name or file) without people, and print what each response comes to."
    ),
}
"""The commands of the group."""


@click.group(cls=Group, lazy=ROOM_COMMANDS)
def room() -> None:
    """The drill room: people in seats practise on the simulated core.

    Example: coredrill room solo bank-slow
    """
