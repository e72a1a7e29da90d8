"""Progress on standard error."""

from __future__ import annotations

import sys

import click

WIDTH = 118


class StderrProgress:
    """A line on standard error: on a terminal (`live`) written over in place, elsewhere every text has a line of its own."""

    def __init__(self) -> None:
        self.live = sys.stderr.isatty()

    def note(self, text: str) -> None:
        """A line that stays."""
        self.clear()
        click.echo(text, err=True)

    def show(self, text: str) -> None:
        """The text instead of what stood there."""
        click.echo(f"\r{text[:WIDTH]:<{WIDTH}}" if self.live else text, nl=not self.live, err=True)

    def clear(self) -> None:
        """Nothing stands there any more."""
        if self.live:
            click.echo("\r" + " " * WIDTH + "\r", nl=False, err=True)
