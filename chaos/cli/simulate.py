"""The command simulate: one run of an architecture under a workload, without faults."""

from __future__ import annotations

import json
import sys
from typing import Any, NamedTuple, TextIO

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from chaos.cli import options
from chaos.cli.exit_codes import HARNESS_ERROR, PASS, UNKNOWN
from chaos.cli.files import OutputFile, OutputPath
from chaos.cli.output import is_stdout
from chaos.cli.progress import StderrProgress
from chaos.cli.summary import print_summary
from chaos.execution.plain_run import PlainRun, run_plain
from chaos.execution.session import Session
from simcore.base.errors import InputError
from simcore.base.units import MINUTE, format_clock, format_duration, parse_clock, parse_duration
from simcore.journal.summary import result

_LONG_RUN_NS = 5 * MINUTE  # of simulated time; shorter runs show no progress


@click.command()
@click.argument("architecture")
@click.option("--workload", required=True, metavar="NAME|FILE", help="Who the customers are and what they intend, when.")
@click.option(
    "--window", default="09:15-10:00", show_default=True, metavar="FROM-TO", help="The part of the day that is measured."
)
@click.option(
    "--warmup", default="15min", show_default=True, metavar="DURATION", help="The run begins this much before the window."
)
@click.option("--seed", default=0, show_default=True, type=options.SEED, help="Same seed, same customers, same random numbers.")
@options.environment
@options.assignments
@options.spans
@click.option("--json", "json_file", type=OutputFile(), metavar="FILE", help="Write the result object; - is stdout.")
@click.option("--journal", "folder", type=OutputPath(folder=True), metavar="DIR", help="Keep the journal in a folder.")
def simulate(architecture: str, workload: str, window: str, warmup: str, json_file: TextIO | None, **given: Any) -> int:
    """Run an ARCHITECTURE (name or file) under a workload and print what became of it.

    Example: coredrill simulate legacy-coupled --workload normal-day --window 09:25-09:40
    """
    begin, end = parse_window(window)
    start = begin - _warmup(warmup, begin)
    with Session(StderrProgress()) as session, ProgressBar(start, end) as bar:
        progress = bar.show if end - start >= _LONG_RUN_NS else None
        done = run_plain(session, architecture, workload, start=start, window=(begin, end), progress=progress, **given)
    return _report(done, json_file)


class MeasuredWindow(NamedTuple):
    """From `begin` to before `end`, ns since midnight of the first day."""

    begin: int
    end: int


def parse_window(text: str) -> MeasuredWindow:
    """A window as it is written, such as `09:15-10:00`. Raises InputError."""
    begin, dash, end = text.partition("-")
    if not dash:
        raise InputError(f"--window {text!r} is not FROM-TO", hint="write it like 09:15-10:00")
    try:
        window = MeasuredWindow(parse_clock(begin), parse_clock(end))
    except ValueError as error:
        raise InputError(f"--window {text!r}: {error}") from None
    if window.begin >= window.end:
        raise InputError(f"--window {text!r} ends before it starts", hint="for the next day write d2 before the time")
    return window


def _warmup(text: str, begin: int) -> int:
    """The option --warmup, ns, before a window that begins so long after midnight. Raises InputError."""
    try:
        warmup = parse_duration(text)
    except ValueError as error:
        raise InputError(f"--warmup {text!r}: {error}") from None
    if warmup > begin:
        since = format_duration(begin)
        raise InputError(
            f"--warmup {text}: the window begins {since} after midnight, and no run begins before that",
            hint=f"write --warmup {since}, or a later window",
        )
    return warmup


def _report(done: PlainRun, json_file: TextIO | None) -> int:
    """Writes the result object, prints the summary; the exit code."""
    found = result(done.journal, wall_s=done.wall_s)
    if json_file is not None:
        json.dump(found.json_object(), json_file, indent=1)
        json_file.write("\n")
    if not is_stdout(json_file):
        print_summary(done.journal, Console(), wall_s=done.wall_s)
    if found.summary.conservation_broken:
        return HARNESS_ERROR
    return UNKNOWN if done.journal.unknown_reason else PASS


class ProgressBar:
    """A bar of simulated time on stderr, if that is a terminal. A context manager: leaving it takes the bar away."""

    def __init__(self, start: int, end: int) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeRemainingColumn())
        self.bar = Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())
        self.started = False
        self.start, self.task = start, self.bar.add_task(format_clock(start), total=end - start)

    def show(self, now: int) -> None:
        """How far the run is, ns since midnight of the first day."""
        if not self.started:
            self.bar.start()
            self.started = True
        self.bar.update(self.task, completed=now - self.start, description=format_clock(now))

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(self, *_: object) -> None:
        if self.started:
            self.bar.stop()
