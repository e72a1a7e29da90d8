"""The command explain: which guesses a verdict hinges on."""

from __future__ import annotations

from pathlib import Path
from typing import TextIO

import click

from chaos.cli import options
from chaos.cli.exit_codes import HARNESS_ERROR, PASS, UNKNOWN
from chaos.cli.options import taken
from chaos.cli.output import is_stdout, write_json
from chaos.cli.progress import StderrProgress
from chaos.cli.words import WholeNumber
from chaos.execution.campaign import ExecutionOptions
from chaos.execution.runs import Runs
from chaos.execution.session import Session
from chaos.explain.explanation import RUNS, ExplanationPlan, explain_verdict, part_of
from chaos.explain.reading import SUFFIX, plan_of_result
from chaos.measures.formatting import Language
from chaos.reports.explanation import explanation_lines
from simcore.base.errors import InputError


@click.command()
@click.argument("what", metavar="RESULT|SCENARIO")
@options.architecture
@click.option("--against", metavar="NAME|FILE", help="Explain how this architecture compares with the other instead.")
@click.option("--scenario", metavar="NAME|FILE", help="Of a RESULT with several the one to explain.")
@click.option(
    "--measure",
    metavar="NAME[=MARGIN[/AMOUNT]]",
    help="What is screened, and what a pair is decided by, as compare has it; default: the first expectation that is broken or moves, of pairs "
    "orders.failed_share.",
)
@click.option(
    "--runs",
    default=RUNS,
    show_default=True,
    type=WholeNumber(1, 100_000),
    metavar="N",
    help="At most so many screen the guesses.",
)
@options.environment
@options.assignments
@options.seed
@options.replications("Seeds of a verdict; default the scenario's, of pairs 20.")
@options.jobs
@options.cluster
@options.json_file
@options.store
@options.resume
@options.language
def explain(what: str, scenario: str | None, json_file: TextIO | None, language: Language, **given: object) -> int:
    """Say which guesses the verdict of a SCENARIO, or of a RESULT kept with --json, hinges on, and where it flips.

    Guesses are the entries of sections 'known:'. All are screened; the three with the largest effects are moved over their ranges.

    Example: coredrill explain requirements/dependencies/bank-hang --jobs 2
    """
    execution = taken(ExecutionOptions, given)
    if execution.resume and not execution.store:
        raise InputError("--resume needs the file that the runs are kept in", hint="give it with --store FILE")
    plan = taken(ExplanationPlan, given | {"scenario": what})
    if what.endswith(SUFFIX):
        plan = plan_of_result(Path(what), plan, scenario)
    elif scenario is not None:
        raise InputError("--scenario chooses from a RESULT", hint=f"leave it out: {what} is explained")
    with (
        Session(StderrProgress()) as session,
        Runs(session, execution.path, resume=execution.resume, workers=execution.workers, part=part_of) as runs,
    ):
        result = explain_verdict(plan, runs)
    write_json(result, json_file)
    if not is_stdout(json_file):
        click.echo("\n".join(line[language] for line in explanation_lines(result)))
    if result.summary.conservation_broken:
        return HARNESS_ERROR
    return PASS if result.decided else UNKNOWN
