"""The command room guide: what the facilitator of a drill reads beforehand."""

from __future__ import annotations

import click

from chaos.cli import options
from chaos.measures.formatting import Language


@click.command()
@click.argument("drill", metavar="DRILL")
@click.option("--figures/--no-figures", default=True, show_default=True, help="Rehearse it: what each response comes to.")
@options.seed
@options.language
def guide(drill: str, figures: bool, seed: int, language: Language) -> None:
    """Print the facilitator's guide of a DRILL (name or file), Markdown: purpose, seats, what comes of each response, list of events, what to
    watch, what to talk about afterwards. It names the fault: trainees should not read it.

    Example: coredrill room guide bank-slow --lang zh
    """
    from chaos.room.exercise.guide import guide as guide_of
    from chaos.room.exercise.prepared import prepare
    from chaos.room.review.rehearsing import table_of

    prepared = prepare(drill)
    click.echo(guide_of(prepared, language, table_of(prepared, seed, language) if figures else []), nl=False)
