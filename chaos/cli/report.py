"""The command report: pages, lists and traces of runs from the folders in which their journals are stored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.console import Console

from chaos.cli import options
from chaos.cli.files import OutputPath
from chaos.i18n.texts import untranslated
from chaos.reports.run.terminal import print_report
from chaos.reports.write import export, write_beside, write_run, write_suite
from chaos.results.stored_run import read_run


@click.command()
@click.argument("folders", metavar="JOURNAL...", nargs=-1, required=True)
@options.html
@options.language
@click.option(
    "--csv",
    "csv_file",
    type=OutputPath(),
    metavar="FILE",
    help="Write the customers affected, and what they could claim.",
)
@click.option("--trace", "trace_file", type=OutputPath(), metavar="FILE", help="Write the sampled hops, for Perfetto.")
@click.option("--beside", is_flag=True, help="Two runs side by side on one page, one instant for both; needs --html.")
@click.option("--terminal", is_flag=True, help="Print the report, in at most 40 lines; the default if no file is named.")
def report(
    folders: tuple[str, ...],
    html: str | None,
    language: Any,
    csv_file: str | None,
    trace_file: str | None,
    beside: bool,
    terminal: bool,
) -> None:
    """Report on runs from the folders in which --journal has kept them.

    Example: coredrill report journals/one --html page.html --csv customers.csv

    Example: coredrill report journals/before journals/after --beside --html both.html
    """
    if len(folders) > 1 and (csv_file or trace_file):
        raise click.UsageError("--csv and --trace are of one run: name one folder", click.get_current_context())
    if beside and (len(folders) != 2 or html is None):
        raise click.UsageError("--beside is of two runs: name two folders, and a file with --html", click.get_current_context())
    if beside and html is not None:
        write_beside(folders[0], folders[1], html, language)
    elif html is not None and len(folders) == 1:
        write_run(folders[0], html, language)
    elif html is not None:
        write_suite(untranslated("coredrill"), Path(html), [Path(folder) for folder in folders], language=language)
    if csv_file is not None or trace_file is not None:
        for line in export(folders[0], language, csv_file, trace_file):
            click.echo(line)
    if terminal or not (html or csv_file or trace_file):
        for folder in folders:
            print_report(read_run(folder), Console(), language)
