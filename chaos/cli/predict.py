"""The command predict: what the model says of incidents whose outcome was not known to whoever modelled them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, TextIO

import click
from rich.console import Console

from chaos.cli import options
from chaos.cli.files import OutputFile
from chaos.cli.options import taken
from chaos.cli.output import is_stdout, write_json
from chaos.cli.printing import say as say_line
from chaos.cli.progress import StderrProgress
from chaos.cli.words import WholeNumber
from chaos.documents.library import shipped_for
from chaos.documents.scenario import Scenario
from chaos.execution.campaign import ExecutionOptions
from chaos.execution.jobs import Job
from chaos.execution.planning import JobOptions, scenario_jobs
from chaos.execution.runs import Runs
from chaos.execution.session import Session
from chaos.judgement.prediction import CaseRuns, prediction_of
from chaos.reports.predictions import cells, page, summary
from chaos.results.prediction import CasePrediction, PredictionsResult
from chaos.results.run import SCHEMA_VERSION
from simcore.base.errors import InputError


class CaseJobs(NamedTuple):
    """The runs to make for a case, seed by seed: with the guesses drawn, and as the file has them."""

    scenario: Scenario
    drawn: list[Job]
    fixed: list[Job]


@click.command()
@click.argument("scenarios", nargs=-1)
@click.option("--seed", default=options.FRESH, show_default=True, type=options.SEED, help="The first seed.")
@click.option(
    "--seeds",
    "replications",
    default=39,
    show_default=True,
    type=WholeNumber(1, 1000),
    metavar="N",
    help="Runs of each kind a case; below 19 the intervals hold less than 90 %.",
)
@options.jobs
@options.json_file
@click.option(
    "--markdown", type=OutputFile(), metavar="FILE", help="Write the page docs/predictions.md between its marks; - is stdout."
)
def predict(scenarios: tuple[str, ...], json_file: TextIO | None, markdown: TextIO | None, **given: object) -> int:
    """Run cases whose outcome was not known to who modelled them (none named: all), and print what they predict, with intervals.

    Example: coredrill predict predictions/content-network-2025-12-05 --seeds 19
    """
    with Session(StderrProgress()) as session:
        cases = case_jobs(session, scenario_jobs(session, scenarios or shipped_for("prediction"), taken(JobOptions, given)))
        with Runs(session, workers=taken(ExecutionOptions, given).workers) as runs:
            runs.make([job for case in cases for job in (*case.drawn, *case.fixed)])
    found = [predicted(case, runs) for case in cases]
    write_json(PredictionsResult(schema_version=SCHEMA_VERSION, cases=found), json_file)
    if markdown is not None:
        markdown.write(page(found, _as_it_is(markdown)))
    if not (is_stdout(json_file) or is_stdout(markdown)):
        print_predictions(found, Console())
    return 0


def case_jobs(session: Session, jobs: Sequence[Job]) -> list[CaseJobs]:
    """For jobs of scenarios that have a prediction, the two kinds of runs of each. Raises InputError for another scenario."""
    found: dict[str, CaseJobs] = {}
    for job in jobs:
        scenario = session.scenario(job.scenario).model
        if scenario.prediction is None:
            known = ", ".join(shipped_for("prediction"))
            raise InputError(f"{job.scenario} predicts nothing", hint=f"predictions: {known}")
        case = found.setdefault(job.scenario, CaseJobs(scenario, [], []))
        texts = [text for drawn in scenario.prediction.drawn(job.seed, scenario.name) for text in drawn.assignments]
        case.drawn.append(replace(job, assignments=(*job.assignments, *texts)))
        case.fixed.append(job)
    return list(found.values())


def predicted(case: CaseJobs, runs: Runs) -> CasePrediction:
    """What the finished runs of a case predict."""
    drawn, fixed = ([runs.records[job.key] for job in of] for of in (case.drawn, case.fixed))
    return prediction_of(case.scenario, CaseRuns(drawn, fixed))


def _as_it_is(markdown: TextIO) -> str:
    path = Path(markdown.name)
    return path.read_text(encoding="utf-8") if not is_stdout(markdown) and path.exists() else ""


def print_predictions(cases: Sequence[CasePrediction], console: Console) -> None:
    """The questions of each case with what is predicted, for a person."""

    def say(text: str, style: str = "") -> None:
        say_line(console, text, style)

    for case in cases:
        say(case.title, "bold")
        say(f"{case.name}, {case.seeds} runs of each kind, seeds from {case.first_seed}")
        for answer in case.answers:
            say(f"  {answer.question}")
            if answer.measure is None:
                say(f"    {'given' if answer.given else 'missing'}: {answer.given or answer.missing}")
                continue
            _, measure, median, both, chance = cells(answer)
            say(f"    {measure.replace('`', '')}: {median}; chance and guesses {both}; chance alone {chance}")
        say("")
    say(summary(cases))
