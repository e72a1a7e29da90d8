"""Progress on standard error."""

from __future__ import annotations

import sys

import click

WIDTH = 118


class StderrProgress:
    """Shows progress on standard error. On a terminal (`live`) it is one line that each text overwrites; in a file or pipe each text is a
    line of its own."""

    def __init__(self) -> None:
        self.live = sys.stderr.isatty()

    def note(self, text: str) -> None:
        """Prints a line that is not overwritten, such as a warning."""
        self.clear()
        click.echo(text, err=True)

    def show(self, text: str) -> None:
        """Shows a text, cut to WIDTH characters on a terminal, in place of the one before."""
        click.echo(f"\r{text[:WIDTH]:<{WIDTH}}" if self.live else text, nl=not self.live, err=True)

    def clear(self) -> None:
        """Removes the line that is shown on a terminal; elsewhere does nothing."""
        if self.live:
            click.echo("\r" + " " * WIDTH + "\r", nl=False, err=True)
