"""The command live table: what a twin can do."""

from __future__ import annotations

import click

from chaos.live.capabilities import markdown


@click.command()
def table() -> None:
    """Print what the twin can do, how, and where it differs, as Markdown.

    Example: coredrill live table > twin.md
    """
    click.echo(markdown(), nl=False)
