"""Commands that make many runs which are read together: compare and sweep."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TextIO

import click

from chaos.cli import options
from chaos.cli.exit_codes import HARNESS_ERROR, PASS
from chaos.cli.files import OutputPath
from chaos.cli.options import taken
from chaos.cli.output import is_stdout, write_json
from chaos.cli.progress import StderrProgress
from chaos.compare import budget, comparison, plan
from chaos.compare import sweep as sweeping
from chaos.compare.cases import cases_of
from chaos.documents.library import library
from chaos.execution.campaign import ExecutionOptions
from chaos.execution.runs import Runs
from chaos.execution.session import Session
from chaos.explain.reading import read_explanation
from chaos.measures.claims import Design, analyses_of
from chaos.measures.formatting import Language, percent
from chaos.reports import tables
from chaos.reports.comparison import comparison_page
from chaos.reports.decision_record import decision_record
from chaos.reports.power import power_notes
from chaos.reports.sweep import sweep_page
from chaos.reports.write import write_text
from chaos.results.comparison import ComparisonResult, EqualCost
from chaos.results.sweep import SweepResult
from simcore.base.errors import InputError
from simcore.files.patch import command_line_layer
from simcore.model.architecture import Architecture


@click.command()
@click.argument("suites", nargs=-1, required=True)
@click.option("--architectures", required=True, metavar="A,B,…", help="By name or path; the first is the baseline.")
@click.option(
    "--measure",
    "measures",
    multiple=True,
    metavar="NAME=MARGIN[/AMOUNT[/HORIZON]]",
    help="A measure to decide by; may be repeated, the first is the primary one and decides how many runs are made. Differences within MARGIN "
    "do not matter; a run that loses more than AMOUNT (ten margins, unless it is given) is bad; values above HORIZON count as that in the "
    "mean. Default: orders.failed_share=0.1%/1%, impaired_s=30s/5min, flows.transfer.failed_share=1%/10%.",
)
@click.option(
    "--bad-share",
    default=percent(plan.BAD_SHARE),
    show_default=True,
    metavar="SHARE",
    help="In at most so many runs may what is equivalent, or more often better, be bad.",
)
@click.option(
    "--looks",
    metavar="N,N,…",
    help="After how many runs there are interim analyses; default half, three quarters and all of them.",
)
@click.option(
    "--healthy",
    default=plan.HEALTHY,
    metavar="SCENARIO",
    help="A scenario without a fault, in which latency is measured.",
)
@click.option(
    "--equal-cost",
    is_flag=True,
    help="Give every architecture the machines (with standbys) and the database sessions of the costliest one; what it has no use for is printed.",
)
@click.option("--record", type=OutputPath(), metavar="FILE", help="Write a decision record, Markdown, for people to complete.")
@click.option(
    "--explained",
    multiple=True,
    metavar="FILE",
    help="With --record: what `coredrill explain --json FILE` found about a pair; may be repeated.",
)
@options.many_runs_together
def compare(
    suites: tuple[str, ...],
    architectures: str,
    measures: tuple[str, ...],
    bad_share: str,
    looks: str | None,
    healthy: str,
    equal_cost: bool,
    record: str | None,
    explained: tuple[str, ...],
    environment: str | None,
    assignments: tuple[str, ...],
    seed: int,
    replications: int | None,
    target: str,
    json_file: TextIO | None,
    html: str | None,
    language: Language,
    **given: Any,
) -> int:
    """Compare architectures over SUITES (or scenarios, or patterns): same customers, same random streams, pair by pair with the first.

    Example: coredrill compare smoke --architectures legacy-coupled,options/bulkheads --replications 20
    """
    if explained and record is None:
        raise InputError("--explained is for a decision record", hint="add --record FILE")
    chosen, hinges = _architectures(architectures), [read_explanation(Path(file)) for file in explained]
    planned = plan.ComparisonPlan(
        tuple(cases_of(suites, environment)),
        chosen,
        analyses=_analyses(looks, replications),
        measures=tuple(plan.compared_measure(m) for m in measures) or plan.MEASURES,
        bad_share=plan.bad_share(bad_share),
        seed=seed,
        assignments=assignments,
        healthy=healthy,
        target=target,
        equal=_equal(chosen, assignments) if equal_cost else {},
    )
    with Session(StderrProgress()) as session, _runs(session, taken(ExecutionOptions, given)) as runs:
        result = comparison.compare(planned, runs, partial(_warn, language))
    _write(result, tables.comparison(result, language), json_file)
    _write_page(html, lambda: comparison_page(result, language))
    _write_page(record, lambda: decision_record(result, hinges, language))
    return HARNESS_ERROR if result.summary.conservation_broken else PASS


@click.command()
@click.argument("scenario")
@click.option(
    "--vary", "axes", multiple=True, required=True, metavar="PATH=A,B,…", help="A parameter and its values; once or twice."
)
@click.option("--measure", "measures", multiple=True, metavar="NAME", help="What is shown; may be repeated.")
@options.architecture
@options.many_runs_together
def sweep(
    scenario: str,
    axes: tuple[str, ...],
    measures: tuple[str, ...],
    replications: int | None,
    json_file: TextIO | None,
    html: str | None,
    language: Language,
    **given: Any,
) -> int:
    """Run a SCENARIO over the values of one or two parameters: paths of the architecture, workload.PATH, or load (a factor).

    Example: coredrill sweep requirements/smoke/small-bank-slow --vary pools.counter-threads.slots=12,24,48
    """
    chosen = {key: given[key] for key in ("seed", "architecture", "environment", "assignments", "target")}
    planned = sweeping.SweepPlan(
        scenario,
        tuple(sweeping.axis_of(text) for text in axes),
        replications or 1,
        tuple(measures) or sweeping.MEASURES,
        **chosen,
    )
    with Session(StderrProgress()) as session, _runs(session, taken(ExecutionOptions, given)) as runs:
        result = sweeping.sweep(planned, runs)
    _write(result, tables.sweep(result, language), json_file)
    _write_page(html, lambda: sweep_page(result, language))
    return HARNESS_ERROR if result.summary.conservation_broken else PASS


def _equal(architectures: Sequence[str], assignments: Sequence[str]) -> dict[str, EqualCost]:
    layers = [command_line_layer(assignments)]
    return budget.equal_cost({name: library().resolve(name, Architecture, layers).model for name in architectures})


def _architectures(text: str) -> tuple[str, ...]:
    chosen = [name.strip() for name in text.split(",") if name.strip()]
    if len(set(chosen)) != len(chosen) or len(chosen) < 2:
        raise InputError(
            "--architectures: name two or more, each once; the first is the baseline",
            hint="such as legacy-coupled,options/bulkheads",
        )
    return tuple(chosen)


def _analyses(text: str | None, replications: int | None) -> tuple[int, ...]:
    """The interim analyses as the option --looks has them, or by the rule. Raises InputError, also for looks beyond the last run."""
    if text is None:
        return tuple(analyses_of(replications or plan.REPLICATIONS))
    try:
        counts = [int(part) for part in text.split(",")]
    except ValueError:
        counts = []
    if not counts or counts[0] < 1 or counts != sorted(set(counts)):
        raise InputError(f"--looks {text}: not rising numbers of runs", hint="such as --looks 10,15,20")
    if replications is not None and counts[-1] > replications:
        raise InputError(f"--looks {text}: there are at most {replications} runs", hint=f"give --replications {counts[-1]}")
    return tuple(counts)


def _runs(session: Session, execution: ExecutionOptions) -> Runs:
    if execution.resume and not execution.store:
        raise InputError("--resume needs the file that the runs are kept in", hint="give it with --store FILE")
    return Runs(session, execution.path, resume=execution.resume, workers=execution.workers, part=comparison.figures_alone)


def _warn(language: Language, design: Design) -> None:
    """Says before any run what a design cannot decide."""
    for note in power_notes(comparison.power_of(design), design.counts[-1], design.cells):
        click.echo(note[language], err=True)


def _write(result: ComparisonResult | SweepResult, text: Sequence[str], json_file: TextIO | None) -> None:
    write_json(result, json_file)
    if not is_stdout(json_file):
        click.echo("\n".join(text))


def _write_page(file: str | None, page: Callable[[], str]) -> None:
    if file is not None:
        write_text(Path(file), page())
