"""The command room guide: what the facilitator of a drill reads beforehand."""

from __future__ import annotations

import click

from chaos.cli import options
from chaos.measures.formatting import NONE, Language, duration, number


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
    from chaos.execution.session import Session
    from chaos.room.exercise.guide import guide as guide_of
    from chaos.room.exercise.prepared import prepare
    from chaos.room.exercise.rehearsal import ways
    from chaos.room.review.rehearsing import rehearse

    prepared, rows = prepare(drill), list[list[str]]()
    if figures:
        with Session() as session:
            for way in ways(prepared.model):
                made = rehearse(session, prepared, way, seed)
                grade = made.grade[language] if made.grade is not None else NONE
                rows.append([way.title[language], number(made.failed), duration(made.impaired_s, language=language), grade])
    click.echo(guide_of(prepared, language, rows), nl=False)
