"""The command room rehearse: what a drill comes to without people."""

from __future__ import annotations

import click
from rich.console import Console
from rich.table import Table

from chaos.cli import options
from chaos.cli.exit_codes import PASS
from chaos.cli.printing import cells
from chaos.i18n.texts import translate
from chaos.measures.formatting import Language


@click.command()
@click.argument("drill", metavar="DRILL")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Number that fixes all chance.")
@options.language
def rehearse(drill: str, seed: int, language: Language) -> int:
    """Play a DRILL (name or file) without people, and print what each response comes to: nobody acts, the automated rules do, the best
    known response, and the others that the drill's file holds.

    Example: coredrill room rehearse bank-slow
    """
    from chaos.room.exercise.prepared import prepare
    from chaos.room.review.rehearsing import table_of

    table = Table(box=None)
    for column in ("way", "failed", "impaired", "grade"):
        table.add_column(translate(f"room.rehearsal.{column}")[language], justify="left" if column == "way" else "right")
    for row in table_of(prepare(drill), seed, language):
        table.add_row(*cells(row))
    Console().print(table)
    return PASS
