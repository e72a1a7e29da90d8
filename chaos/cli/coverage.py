"""The command coverage: what a suite does not notice of planted defects."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

import click

from chaos.cli import options
from chaos.cli.exit_codes import FAIL, HARNESS_ERROR, PASS
from chaos.cli.files import OutputFile, OutputPath
from chaos.cli.output import is_stdout, write_json
from chaos.cli.progress import StderrProgress
from chaos.cli.words import Share, WholeNumber
from chaos.coverage.differences import MARGINS, margin_of
from chaos.coverage.measurement import CoverageOptions, measure
from chaos.coverage.pricing import SEEDS
from chaos.coverage.trial_runner import TrialSettings
from chaos.documents.suites import architecture_of
from chaos.execution.session import Session
from chaos.measures.formatting import Language
from chaos.reports.coverage import page
from chaos.reports.coverage_lines import lines
from chaos.results.coverage import CoverageResult
from simcore.base.errors import InputError


def _budget(name: str, text: str) -> Callable[[options.C], options.C]:
    return click.option(name, default=0, show_default=True, type=WholeNumber(0), metavar="RUNS", help=text)


@click.command()
@click.argument("suite")
@options.architecture
@click.option("--environment", default="staging", show_default=True, metavar="NAME|FILE", help="Where the suite is run.")
@click.option("--defect", "operators", multiple=True, metavar="NAME[@SITE]", help="Plant this one alone; may be repeated.")
@click.option(
    "--seeds",
    default=3,
    show_default=True,
    type=WholeNumber(1, 1000),
    metavar="N",
    help="Runs of each trial (a mutant under a scenario), judged together as 'run' does: what passes without the mutant and fails with it "
    "is noticed, in one seed or over them.",
)
@options.seed
@click.option(
    "--sample",
    type=WholeNumber(1),
    metavar="N",
    help="Plant only N of the defects, drawn by --seed; the score then has a 95 % interval.",
)
@click.option("--beside", metavar="SUITE@ENV", help="Plant the same defects under another suite in another environment, too.")
@options.jobs
@options.cluster
@_budget("--price", "Estimate orders harmed a year by each defect, in production, with at most so many runs.")
@click.option(
    "--price-seeds",
    default=SEEDS,
    show_default=True,
    type=WholeNumber(1, 1000),
    metavar="N",
    help="Runs of each defect in each window of a price, from seed 1 on; one tells no interval.",
)
@_budget("--pairs", "Plant pairs of survivors, those that reach the same resource first, with at most so many runs.")
@_budget("--why", "Switch parity gaps off: all, each alone, all but each, with at most so many runs.")
@_budget("--reach", "Look for scenarios that reach what the suite does not, with at most so many runs without a defect.")
@click.option("--triggers", default="brokers", show_default=True, metavar="NAME|FILE", help="The triggers of a year, for prices.")
@click.option(
    "--suggest",
    default=0,
    metavar="N",
    type=WholeNumber(0),
    help="Write N scenarios that notice more where the suite is run, each tried before; needs --price.",
)
@click.option(
    "--suggest-runs",
    "suggest_budget",
    default=2000,
    show_default=True,
    type=WholeNumber(1),
    metavar="RUNS",
    help="Try suggestions, here and in production, with at most so many runs.",
)
@_budget("--incidents", "Run the suite with the causes of public incidents planted, with at most so many runs.")
@click.option(
    "--into",
    default="suggested",
    show_default=True,
    type=OutputPath(folder=True),
    metavar="DIR",
    help="Folder of suggested scenarios.",
)
@click.option(
    "--differential",
    is_flag=True,
    help="Take scenarios that are red without a defect, such as a drill: they serve the differential column alone.",
)
@click.option(
    "--worse",
    multiple=True,
    metavar="NAME=MARGIN",
    help="A measure of the differential column, and by how much it must be worse than on the same seed without the defect, in two of three "
    "seeds; may be repeated. Default: impaired_s=60s, orders.failed_share=1 %, and 10 orders rejected wrongly, duplicated, lost, orphan, "
    "stranded or late.",
)
@click.option("--exhaustive", is_flag=True, help="Run also the scenarios that the defect cannot change.")
@click.option("--at-least", type=Share(), metavar="SHARE", help="Exit 1 if the mutation score is lower.")
@options.store
@options.resume
@options.json_file
@click.option(
    "--html",
    "html_file",
    type=OutputFile(),
    metavar="FILE",
    help="Write a page that needs no network.",
)
@options.language
def coverage(
    suite: str,
    architecture: str | None,
    environment: str,
    operators: tuple[str, ...],
    beside: str | None,
    suggest: int,
    suggest_budget: int,
    incidents: int,
    into: str,
    price: int,
    price_seeds: int,
    pairs: int,
    why: int,
    reach: int,
    triggers: str,
    worse: tuple[str, ...],
    at_least: float | None,
    json_file: TextIO | None,
    html_file: TextIO | None,
    language: Language,
    **given: Any,
) -> int:
    """What a SUITE (or a single scenario) does not notice: plant every defect at every mutation point, run it, and count.

    A defect is noticed by a scenario that passes without it and fails with it, by the verdict of 'run' over the same seeds.

    Example: coredrill coverage smoke --defect timeout-missing --seeds 1
    """
    if suggest and not price:
        raise InputError("--suggest needs prices", hint="give --price RUNS as well, such as --price 1000")
    other, _, there = (beside or "").rpartition("@")
    if beside and not (other and there):
        raise InputError(f"--beside {beside}: names a suite and an environment", hint="such as --beside at-the-open@production")
    margins = tuple(margin_of(option) for option in worse) or MARGINS
    settings = TrialSettings(
        architecture or architecture_of(suite), environment, operators=operators or None, margins=margins, **given
    )
    both = (other, there) if beside else None
    wanted = CoverageOptions(
        triggers, price, price_seeds, pairs, why, suggest, Path(into), both, suggest_budget, incidents, reach
    )
    with Session(StderrProgress()) as session:
        result = measure(session, suite, settings, wanted)
    write_json(result, json_file)
    if html_file is not None:
        html_file.write(page(result, language))
    if not is_stdout(json_file):
        for line in lines(result, language):
            click.echo(line)
    return _exit_code(result, at_least)


def _exit_code(result: CoverageResult, at_least: float | None) -> int:
    """3 for a broken conservation law, 1 for a score below `at_least`."""
    if result.summary.conservation_broken:
        return HARNESS_ERROR
    score = result.summary.score
    return FAIL if at_least is not None and (score is None or score < at_least) else PASS
