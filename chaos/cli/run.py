"""Commands that run scenarios and judge each: run, suite, replay."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

import click
from rich.console import Console

from chaos.cli import options
from chaos.cli.exit_codes import of_result
from chaos.cli.options import taken
from chaos.cli.output import is_stdout, write_json
from chaos.cli.printing import print_result
from chaos.cli.progress import StderrProgress
from chaos.documents.suites import load_suite
from chaos.execution.campaign import ExecutionOptions, result_of, run_all, suite_result
from chaos.execution.execute import journal_folder
from chaos.execution.jobs import Job
from chaos.execution.planning import JobOptions, scenario_jobs, suite_jobs
from chaos.execution.session import Session
from chaos.i18n.texts import LocalizedText, untranslated
from chaos.measures.formatting import Language
from chaos.reports.junit import junit as junit_report
from chaos.reports.write import journals, write_run, write_suite, write_text
from chaos.results.run import SuiteResult


@click.command()
@click.argument("scenarios", nargs=-1, required=True)
@options.many_runs
@options.defects
@options.leave_out
@options.causes
@options.html
@options.language
def run(
    scenarios: tuple[str, ...],
    json_file: TextIO | None,
    junit: str | None,
    html: str | None,
    language: Language,
    causes: bool | None,
    **given: Any,
) -> int:
    """Run SCENARIOS, each a name, a path or a pattern such as 'incidents/*', and judge them.

    Example: coredrill run requirements/smoke/small-bank-slow --seed 3 --html page.html
    """
    with journals(html is not None, given["journal"]) as given["journal"], Session(StderrProgress()) as session:
        jobs = scenario_jobs(session, scenarios, taken(JobOptions, given))
        causes = len(jobs) == 1 or html is not None if causes is None else causes
        records = run_all(session, jobs, taken(ExecutionOptions, given), "run", causes=causes)
        result = result_of(session, jobs, records)
        code = _report(result, "run", json_file, junit, language)
        if html is not None:
            _write_pages(session, jobs, result, html, language)
    return code


@click.command()
@click.argument("name")
@options.many_runs
@options.causes
@options.html_folder
@options.language
def suite(
    name: str,
    json_file: TextIO | None,
    junit: str | None,
    html: str | None,
    language: Language,
    causes: bool | None,
    **given: Any,
) -> int:
    """Run the suite NAME (or a path). Finished runs are kept below .coredrill: --resume continues after any stop.

    Example: coredrill suite smoke --jobs 2 --html report
    """
    if html is not None:
        given["journal"] = given["journal"] or str(Path(html) / "journals")
    chosen, model = taken(JobOptions, given), load_suite(name)
    with Session(StderrProgress()) as session:
        jobs = suite_jobs(session, model, chosen)
        causes = html is not None if causes is None else causes
        records = run_all(session, jobs, taken(ExecutionOptions, given), name, keep=True, causes=causes)
        result = suite_result(session, model, jobs, chosen, records)
        code = _report(result, name, json_file, junit, language)
        if html is not None:
            folders = [journal_folder(session, job) for job in jobs]
            title = LocalizedText(model.title, model.title_zh or model.title)
            write_suite(title, Path(html) / "index.html", folders, result, language)
    return code


@click.command()
@click.argument("scenario")
@options.architecture
@options.environment
@options.assignments
@options.defects
@options.seed
@options.journal
@options.json_file
@options.spans
@options.target
@options.leave_out
@options.causes
@options.html
@options.language
def replay(
    scenario: str, json_file: TextIO | None, html: str | None, language: Language, causes: bool | None, **given: Any
) -> int:
    """Make one run again, as the line of a failure says: same seed, same customers, same random numbers, same digest.

    Example: coredrill replay requirements/smoke/small-bank-slow --seed 3
    """
    with journals(html is not None, given["journal"]) as given["journal"], Session(StderrProgress()) as session:
        jobs = scenario_jobs(session, [scenario], taken(JobOptions, given | {"replications": 1}))
        records = run_all(session, jobs, ExecutionOptions(), "replay", causes=causes is not False)
        result = result_of(session, jobs, records)
        code = _report(result, "replay", json_file, None, language)
        if html is not None:
            _write_pages(session, jobs, result, html, language)
    return code


def _report(result: SuiteResult, name: str, json_file: TextIO | None, junit: str | None, language: Language) -> int:
    """Writes the files asked for, prints the rest; the exit code."""
    write_json(result, json_file)
    if junit is not None:
        write_text(Path(junit), junit_report(result, name).decode("utf-8"))
    if not is_stdout(json_file):
        print_result(result, Console(), language)
    return of_result(result.summary.verdict, result.summary.conservation_broken)


def _write_pages(session: Session, jobs: Sequence[Job], result: SuiteResult, html: str, language: Language) -> None:
    """The page of one run, the matrix of several."""
    folders = [journal_folder(session, job) for job in jobs]
    if len(folders) == 1:
        write_run(folders[0], html, language)
    else:
        write_suite(untranslated("coredrill"), Path(html), folders, result, language)
