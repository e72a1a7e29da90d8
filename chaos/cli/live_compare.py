"""The command `live compare`: simulated beside live."""

from __future__ import annotations

from pathlib import Path
from typing import TextIO

import click

from chaos.cli import options
from chaos.cli.exit_codes import FAIL, PASS
from chaos.cli.output import is_stdout, write_json
from chaos.cli.progress import StderrProgress
from chaos.compare.cases import cases_of
from chaos.execution.progress import ProgressReporter
from chaos.execution.session import Session
from chaos.live import compare as comparing
from chaos.live.target import TWIN
from chaos.reports.live_pairs import live_page, live_table, pair_line
from chaos.reports.write import write_text


@click.command()
@click.argument("scenarios", nargs=-1, required=True)
@click.option("--seeds", default=1, show_default=True, type=click.IntRange(1, 1000), metavar="N", help="So many seeds.")
@options.seed
@options.long
@options.json_file
@options.html_page
def compare(scenarios: tuple[str, ...], seeds: int, seed: int, long: bool, json_file: TextIO | None, html: str | None) -> int:
    """Run SCENARIOS (or suites, or patterns) simulated and live on the same plan, and say how far apart they are.

    The exit code is 1 if more than one scenario in six misses.

    Example: coredrill live compare live/slow-bank --seeds 3 --html beside.html
    """
    chosen = [case.scenario for case in cases_of(scenarios, None)]
    progress = StderrProgress()
    reporter = ProgressReporter(progress, "pairs", len(chosen) * seeds)
    with Session(progress) as session:
        result = comparing.compare(
            session,
            chosen,
            range(seed, seed + seeds),
            lambda pair: reporter.done(pair_line(pair)),
            options.long_target(TWIN) if long else TWIN,
        )
    write_json(result, json_file)
    if not is_stdout(json_file):
        click.echo("\n".join(live_table(result)))
    if html is not None:
        write_text(Path(html), live_page(result))
    return PASS if comparing.is_close(result.summary) else FAIL
