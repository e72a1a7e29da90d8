"""How far a campaign is: said by the one who makes the runs, shown by the one who was asked for them."""

from __future__ import annotations

from typing import Protocol

from simcore.base.errors import one_line

QUARTERS = 4


class ProgressOutput(Protocol):
    """Where progress is shown. The command line's is standard error; a library's is nowhere."""

    @property
    def live(self) -> bool:
        """Whether a line can be written over, as on a terminal."""
        ...

    def note(self, text: str) -> None:
        """Shows a line that is not overwritten, such as a warning."""
        ...

    def show(self, text: str) -> None:
        """The progress line: where `live` instead of the one before, elsewhere a line of its own."""
        ...

    def clear(self) -> None:
        """Removes the progress line if the output is `live`; else does nothing."""
        ...


class NoOutput:
    """Shows nothing."""

    live = False

    def note(self, text: str) -> None:
        """Discards the line."""

    def show(self, text: str) -> None:
        """Discards the text."""

    def clear(self) -> None:
        """Does nothing: there is no line."""


class ProgressReporter:
    """One progress line over `total` pieces of work called `what`, of which `kept` need not be done.

    Each that is done is shown with its number and a text of its own. Without such texts, and where the line cannot be written over,
    it is shown at each quarter of the whole.
    """

    def __init__(self, output: ProgressOutput, what: str, total: int, kept: int = 0) -> None:
        self.output, self.what, self.total, self.count = output, what, total, kept
        if kept:
            output.note(f"{kept} of {total} {what} are kept already")

    def done(self, text: str = "") -> None:
        """Counts one more piece as done, and shows the number with `text` (or with what the pieces are)."""
        self.count += 1
        if self.total > 1 and (text or self.output.live or self.count % max(1, self.total // QUARTERS) == 0):
            self.output.show(one_line(f"[{self.count}/{self.total}] {text or self.what}"))

    def end(self) -> None:
        """Removes the progress line: no more pieces follow."""
        if self.total > 1:
            self.output.clear()
