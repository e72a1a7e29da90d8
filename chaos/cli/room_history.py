"""The command room history: exercises over weeks and teams, and what to practise next."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from chaos.cli import options
from chaos.cli.printing import cells, say
from chaos.measures.formatting import Language, counted
from simcore.base.errors import InputError

DEFAULT = Path(".coredrill/exercises.jsonl")


@click.command()
@click.argument("file", type=click.Path(path_type=Path), default=DEFAULT, metavar="[FILE]")
@click.option(
    "--add",
    "folders",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="A reviewed room to add; may be repeated.",
)
@click.option("--team", default="", metavar="NAME", help="Whose exercises those are that are added.")
@click.option("--forget", metavar="NAME", help="Delete a person's name from every exercise in FILE.")
@options.html_page
@options.language
def history(file: Path, folders: Sequence[Path], team: str, forget: str | None, html: str | None, language: Language) -> None:
    """Show the exercises in FILE (.coredrill/exercises.jsonl) over time, and what to practise next.

    Only figures, ratings and names are kept. The names in a room's own folder (people.jsonl, review.yaml, review.json and the log) go with
    the folder.

    Example: coredrill room history --add .coredrill/rooms/2026-11-30-091500-bank-slow --team nights --html trends.html
    """
    from chaos.documents.drill import Drill
    from chaos.documents.library import library
    from chaos.reports.review.trends import next_texts, short_head, short_row, trends_page
    from chaos.reports.write import write_text
    from chaos.results.drill_history import held_exercise
    from chaos.results.review import read_review
    from chaos.room.review.history import read_history, what_next, with_exercise
    from chaos.room.review.review import RESULT

    known = read_history(file)
    for folder in folders:
        known = with_exercise(known, held_exercise(read_review(folder / RESULT), team))
    if forget is not None:
        found = sum(any(forget in names for names in one.people.values()) for one in known)
        if not found:
            raise InputError(f"{file} has nobody called {forget!r}", hint="names are kept as they were typed")
        known = [one.without(forget) for one in known]
    if folders or forget is not None:
        write_text(file, "".join(one.model_dump_json() + "\n" for one in known))
    commands = {name: list(library().resolve(path, Drill).model.commands) for name, path in library().shipped("drill").items()}
    commands |= {one.drill: one.commands for one in known if one.drill not in commands}
    asked, console = what_next(known, commands), Console()
    say(console, f"{file}: {counted(len(known), 'exercise')}")
    if known:
        table = Table(*[text[language] for text in short_head()], box=None)
        for one in known:
            table.add_row(*cells(short_row(one, language)))
        console.print(table)
    for text in next_texts(asked):
        say(console, text[language])
    if html is not None:
        write_text(Path(html), trends_page(known, asked, language))
