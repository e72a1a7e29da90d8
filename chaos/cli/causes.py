"""The command causes: of many scenarios, where acting is worse than not acting, and what the chains of causes leave unexplained."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TextIO

import click
from rich.console import Console

from chaos.cli import options
from chaos.cli.options import taken
from chaos.cli.output import is_stdout, write_json
from chaos.cli.printing import say
from chaos.cli.progress import StderrProgress
from chaos.documents.library import library
from chaos.execution.campaign import ExecutionOptions, result_of, run_all
from chaos.execution.planning import JobOptions, scenario_jobs
from chaos.execution.session import Session
from chaos.i18n.causal import action_text, outage_texts
from chaos.measures.formatting import counted, duration, number
from chaos.results.counterfactuals import Counterfactuals
from chaos.results.run import RunResult

STYLE = {"hurt": "bold red", "mixed": "red", "helped": "green", "no_difference": "", "open": ""}
WORSE = ("hurt", "mixed")
WORDS = {"hurt": "▼ worse", "mixed": "▲▼ both", "helped": "▲ better", "no_difference": "＝ same ", "open": "? open  "}


@click.command()
@click.argument("scenarios", nargs=-1)
@options.architecture
@options.environment
@options.assignments
@options.seed
@options.replications("Runs a scenario, with seeds one after another; one, if not given.")
@options.jobs
@options.json_file
@options.store
@options.resume
def causes(scenarios: tuple[str, ...], json_file: TextIO | None, **given: Any) -> int:
    """Run SCENARIOS (none named: all shipped) and say where acting is worse than not acting, and what the chains of causes leave open.

    Each run is made again with nobody acting, with each action left out in turn, and without the fault: about three runs for one.

    Example: coredrill causes 'incidents/*' --jobs 2
    """
    given["replications"] = given["replications"] or 1
    with Session(StderrProgress()) as session:
        jobs = scenario_jobs(session, scenarios or list(library().shipped("scenario")), taken(JobOptions, given))
        records = run_all(session, jobs, taken(ExecutionOptions, given), "causes", causes=True)
        result = result_of(session, jobs, records)
    write_json(result, json_file)
    if not is_stdout(json_file):
        print_causes(result.runs, Console())
    return 0


def print_causes(runs: Sequence[RunResult], console: Console) -> None:
    """A line a run, where acting hurt with the reason; then the counts."""
    for run in runs:
        for text, style in lines(run):
            say(console, text, style)
    shown = [run.counterfactuals for run in runs if run.counterfactuals is not None]
    effects = [found.effect for found in shown if found.acted]
    open_ = f", is undecided in {effects.count('open')}" if "open" in effects else ""
    open_flows = sum(len(graph.unexplained) for run in runs for graph in run.chains)
    say(console, "")
    say(
        console,
        f"{counted(len(runs), 'run')} of {counted(len({run.scenario for run in runs}), 'scenario')}: acting helped in "
        f"{effects.count('helped')}, made no "
        f"difference in {effects.count('no_difference')}, helped and hurt in {effects.count('mixed')}, was worse than not acting in "
        f"{effects.count('hurt')}{open_}; nobody acted in {len(shown) - len(effects)}; "
        f"{counted(open_flows, 'failing flow is', 'failing flows are')} not explained; {counted(sum(found.runs for found in shown), 'run')} made",
    )


def lines(run: RunResult) -> Iterator[tuple[str, str]]:
    """What is said of a run, with its style."""
    if (shown := run.counterfactuals) is not None:
        yield _headline(run, shown), STYLE[shown.effect] if shown.acted else ""
        if shown.effect in WORSE:
            for reason in reasons(run, shown):
                yield f"        {reason}", ""
    for graph in run.chains:
        if graph.unexplained:
            flows = ", ".join(graph.unexplained)
            yield f"        not explained in {run.scenario}: {flows}", ""


def _headline(run: RunResult, shown: Counterfactuals) -> str:
    nobody, failed, impaired = shown.nobody_acts, number(shown.as_run.failed_orders), duration(shown.as_run.impaired_s)
    name = f"{run.scenario} seed {run.seed}"
    if not shown.acted:
        return f"– nobody acted {name}: failed orders {failed}; impaired {impaired}"
    books = f"; wrong in the books {number(shown.as_run.wrong_in_the_books)}, nobody acting {number(nobody.wrong_in_the_books)}"
    return (
        f"{WORDS[shown.effect]} {name}: failed orders {failed}, nobody acting {number(nobody.failed_orders)}; impaired {impaired}, "
        f"nobody acting {duration(nobody.impaired_s)}{books if shown.difference.wrong_in_the_books else ''}"
    )


def reasons(run: RunResult, shown: Counterfactuals) -> list[str]:
    """Why acting was worse, at least in part: the actions that hurt, or that none did alone; and the outages, with what each comes of."""
    hurt = [action_text(effect, shown, run.own_names)["en"] for effect in shown.actions if effect.effect in WORSE]
    errors = [
        f"{taken.name} at {taken.by} was done wrongly: {taken.error.replace('_', ' ')}"
        for effect in shown.actions
        for taken in effect.taken
        if taken.error is not None
    ]
    return [*(hurt or ["no action alone: left out one by one, none makes a difference for the better"]), *errors,
            *(text["en"] for text in outage_texts(run))]  # fmt: skip
