"""Values of options and arguments: whole numbers and shares in a range, words of a set. A mistake says what is right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from simcore.base.errors import show_value, suggest


class WholeNumber(click.IntRange):
    """A whole number from `low` to `high` (None: without bound)."""

    def __init__(self, low: int, high: int | None = None, *, shown: bool = True) -> None:
        """`shown`: whether the help says the highest."""
        super().__init__(low, high if shown else None)
        self._low, self._high = low, high

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number. Fails, with the range, for anything else."""
        text = str(value).strip()
        number = int(text) if text.lstrip("+-").isdecimal() and len(text) < 30 else None
        if number is None or number < self._low or (self._high is not None and number > self._high):
            high = self._high if self.max is not None or number is not None else None
            self.fail(f"{show_value(value)} is no whole number {_range(self._low, high)}", param, ctx)
        return number


class Share(click.FloatRange):
    """A share, from 0 to 1."""

    def __init__(self) -> None:
        super().__init__(0, 1)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The share, also of a text such as 90 %. Fails, with the range, for anything else."""
        text, mark, rest = str(value).partition("%")
        try:
            share = float(text) / (100 if mark else 1)
        except ValueError:
            share = -1.0
        if rest.strip() or not 0 <= share <= 1:
            self.fail(f"{show_value(value)} is no share from 0 to 1, such as 0.9 or 90 %", param, ctx)
        return share


class Word(click.Choice[str]):
    """One of some words."""

    def __init__(self, words: Sequence[str]) -> None:
        super().__init__(words)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The word. Fails, with the likely one or all there are, for another."""
        if value not in self.choices:
            close = suggest(str(value), self.choices)
            known = f"write one of {', '.join(self.choices)}"
            self.fail(f"{show_value(value)} is none of the words here; {close if close.startswith('did') else known}", param, ctx)
        return value


def _range(low: int, high: int | None) -> str:
    if high is None:
        return f"of {low} or more"
    return f"from {low} to {high}"
