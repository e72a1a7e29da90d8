"""The command timelines: what was published beside what is simulated, for every reproduction of a public incident.

`coredrill timelines --markdown docs/reproductions.md` writes the page, and a test keeps it true.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TextIO

import click
from rich.console import Console

from chaos.cli import options
from chaos.cli.exit_codes import BY_VERDICT
from chaos.cli.files import OutputFile
from chaos.cli.options import taken
from chaos.cli.output import is_stdout, write_json
from chaos.cli.printing import say as say_line
from chaos.cli.progress import StderrProgress
from chaos.cli.words import WholeNumber
from chaos.documents.library import shipped_for
from chaos.execution.campaign import ExecutionOptions
from chaos.execution.planning import JobOptions, scenario_jobs
from chaos.execution.runs import Runs
from chaos.execution.session import Session
from chaos.judgement.reproduction import fresh_outcomes, reproduction_of, reproductions_result
from chaos.reports.reproductions import outcome_cells, page
from chaos.results.reproduction import Reproduction, landing
from simcore.base.errors import InputError


@click.command()
@click.argument("scenarios", nargs=-1)
@options.seed
@click.option("--replications", default=1, show_default=True, type=WholeNumber(1, 1000), metavar="N", help="Runs a scenario.")
@click.option(
    "--fresh",
    default=0,
    type=WholeNumber(0, 1000),
    metavar="N",
    help="Runs a scenario with seeds from 101 on, for intervals of the outcomes that count; 19 make 90 %.",
)
@options.jobs
@options.json_file
@click.option("--markdown", type=OutputFile(), metavar="FILE", help="Write the page docs/reproductions.md; - is stdout.")
def timelines(scenarios: tuple[str, ...], json_file: TextIO | None, markdown: TextIO | None, fresh: int, **given: object) -> int:
    """Run reproductions of public incidents (none named: all) and set what was published beside what is simulated.

    Example: coredrill timelines incidents/kiwoom-2025-04-03
    """
    with Session(StderrProgress()) as session:
        jobs = scenario_jobs(session, scenarios or shipped_for("reproduction"), taken(JobOptions, given))
        models = {job.scenario: session.scenario(job.scenario).model for job in jobs}
        for reference, scenario in models.items():
            if scenario.record is None:
                known = ", ".join(shipped_for("reproduction"))
                raise InputError(f"{reference} reproduces no public record", hint=f"reproductions: {known}")
        more = [
            replace(job, seed=options.FRESH + i)
            for job in dict.fromkeys(replace(job, seed=options.FRESH) for job in jobs)
            for i in range(fresh)
        ]
        with Runs(session, workers=taken(ExecutionOptions, given).workers) as runs:
            runs.make([*jobs, *more])
    over = [
        outcome
        for name, scenario in models.items()
        for outcome in fresh_outcomes(scenario, [runs.records[job.key] for job in more if job.scenario == name])
    ]
    result = reproductions_result(
        [reproduction_of(models[job.scenario], runs.records[job.key]) for job in jobs], over if fresh else ()
    )
    write_json(result, json_file)
    if markdown is not None:
        markdown.write(page(result.runs, {scenario.name: scenario.description for scenario in models.values()}, result.fresh))
    if not (is_stdout(json_file) or is_stdout(markdown)):
        print_reproductions(result.runs, Console())
    return BY_VERDICT[result.summary.verdict]


def print_reproductions(runs: Sequence[Reproduction], console: Console) -> None:
    """Both timelines and the outcomes of each, for a person."""

    def say(text: str, style: str = "") -> None:
        say_line(console, text, style)

    for run in runs:
        say(run.title, "bold")
        say(f"{run.name}, seed {run.seed}: {run.verdict}")
        if run.timeline:
            say("  published  simulated")
        for line in run.timeline:
            say(f"  {line.published}   {line.simulated or '':<8}   {line.what}")
        for outcome in map(outcome_cells, run.outcomes):
            measure = outcome.measure.strip("`")
            say(
                f"  {measure}: published {outcome.published}, simulated {outcome.simulated} ({outcome.off or '–'}): {outcome.end}"
            )
        for expectation in run.expectations:
            say(f"  must come out: {expectation.expected}; simulated {expectation.simulated}")
        say("")
    lands, own = landing(runs)
    say(f"{lands} of {own} informative outcomes, neither fitted nor implied, land")
