"""The command room review: what the decisions of an exercise did, and what would have come of others."""

from __future__ import annotations

from pathlib import Path
from typing import TextIO

import click
from rich.console import Console

from chaos.cli import options
from chaos.cli.files import OutputPath
from chaos.cli.output import is_stdout, write_json
from chaos.cli.printing import say
from chaos.cli.progress import StderrProgress
from chaos.cli.words import WholeNumber
from chaos.measures.formatting import Language

BUDGET_MAX = 200


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.option(
    "--search",
    "budget",
    default=0,
    type=WholeNumber(0, BUDGET_MAX),
    metavar="N",
    help="Look for a better response with at most N more runs, up to 200; a run takes some seconds.",
)
@options.jobs
@click.option("--html", type=OutputPath(), metavar="FILE", help="The page; else review.html in DIR.")
@click.option(
    "--docx", type=OutputPath(), metavar="FILE", help="Write the report of the exercise as a document to edit, in Chinese."
)
@options.json_file
@options.language
def review(
    folder: Path, budget: int, jobs: int, html: str | None, docx: str | None, json_file: TextIO | None, language: Language
) -> None:
    """Review the exercise that a room's folder DIR holds: rate its objectives, and play it again with nobody, with the machine's rules,
    with the best known response, and without each decision, on the same seed.

    What people add by hand (ratings with reasons, what was done about injects, names, the improvement plan) stands in DIR/review.yaml, which
    is written the first time; edit it and run the command again. What was played before is kept.

    Example: coredrill room review .coredrill/rooms/2026-11-30-091500-bank-slow --search 100 --jobs 2
    """
    from chaos.execution.session import Session
    from chaos.execution.workers import Workers
    from chaos.reports.review.terminal import lines
    from chaos.reports.review.write import write_document, write_pages
    from chaos.room.review.review import review as reviewed

    with Session(StderrProgress()) as session:
        found = reviewed(folder, session, Workers(jobs), budget)
    page = Path(html) if html is not None else folder / "review.html"
    write_pages(found, folder, page, language)
    if docx is not None:
        write_document(found, Path(docx))
    write_json(found, json_file)
    if not is_stdout(json_file):
        console = Console()
        for line in lines(found, language):
            say(console, line)
        say(console, f"{page}" if docx is None else f"{page}, {docx}")
