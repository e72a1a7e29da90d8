"""The command room rehearse: what a drill comes to without people."""

from __future__ import annotations

import click
from rich.console import Console
from rich.table import Table

from chaos.cli import options
from chaos.cli.exit_codes import PASS
from chaos.i18n.texts import translate
from chaos.measures.formatting import NONE, Language, duration, number


@click.command()
@click.argument("drill", metavar="DRILL")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Number that fixes all chance.")
@options.language
def rehearse(drill: str, seed: int, language: Language) -> int:
    """Play a DRILL (name or file) without people, and print what each response comes to: nobody acts, the automated rules do, the best
    known response, and the others that the drill's file holds.

    Example: coredrill room rehearse bank-slow
    """
    from chaos.execution.session import Session
    from chaos.room.exercise.prepared import prepare
    from chaos.room.exercise.rehearsal import ways
    from chaos.room.review.rehearsing import rehearse as rehearsed

    prepared, table = prepare(drill), Table(box=None)
    for column in ("way", "failed", "impaired", "grade"):
        table.add_column(translate(f"room.rehearsal.{column}")[language], justify="left" if column == "way" else "right")
    with Session() as session:
        for way in ways(prepared.model):
            made = rehearsed(session, prepared, way, seed)
            grade = made.grade[language] if made.grade is not None else NONE
            table.add_row(way.title[language], number(made.failed), duration(made.impaired_s, language=language), grade)
    Console().print(table)
    return PASS
