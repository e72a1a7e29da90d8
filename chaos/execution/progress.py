"""`coredrill simulate`: one run of an architecture under a workload, without faults."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Any, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from simcore.base.errors import InputError
from simcore.base.units import MINUTE, format_clock, parse_clock, parse_duration
from simcore.files.loading import load_pair
from simcore.files.patch import command_line_layer
from simcore.journal.model import Journal
from simcore.model.architecture import Architecture
from simcore.model.workload import Workload

_LONG_RUN_NS = 5 * MINUTE


def parse_window(text: str) -> tuple[int, int]:
    """(from, to) in ns since midnight of the first day, of a text such as `09:15-10:00`. Raises InputError."""
    begin, dash, end = text.partition("-")
    if not dash:
        raise InputError(f"--window {text!r} is not FROM-TO", mend="write it like 09:15-10:00")
    try:
        window = parse_clock(begin), parse_clock(end)
    except ValueError as error:
        raise InputError(f"--window {text!r}: {error}") from None
    if window[0] >= window[1]:
        raise InputError(f"--window {text!r} ends before it starts", mend="for the next day write d2 before the time")
    return window


def run_once(
    architecture: str, workload: str, *, environment: str | None, assignments: Sequence[str], window: tuple[int, int], warmup_ns: int,
    seed: int, spans: int, progress: bool, folder: str | None = None,
) -> tuple[Journal, float]:  # fmt: skip
    """The journal of one run, kept in a folder if one is named, and the seconds it took in wall time. Raises InputError."""
    layers = [command_line_layer(list(assignments))] if assignments else []
    pair = load_pair(architecture, workload, environment=environment, edits=layers)
    announce_compilation()
    from simcore.compile.plan import compile_plan
    from simcore.simulation import simulate

    start = max(0, window[0] - warmup_ns)
    details = {"architecture_digest": digest_of(pair[0]), "window": list(window) if start < window[0] else None}
    plan = compile_plan(
        *pair,
        seed=seed,
        start=start,
        end=window[1],
        span_sampling=spans,
        environment=environment or "production",
        details=details,
    )
    began = time.perf_counter()
    if not progress or window[1] - start < _LONG_RUN_NS:
        journal = simulate(plan)
    else:
        with shown_progress(start, window[1]) as told:
            journal = simulate(plan, progress=told)
    wall_s = time.perf_counter() - began
    if folder is not None:
        from chaos.reports.folder import keep
        from chaos.results.topology import picture

        journal.write(folder)
        keep(folder, picture=picture(pair[0]))
    return journal, wall_s


def digest_of(architecture: Architecture | Workload) -> str:
    """Digest of a resolved document, 32 hex digits: equal for equal contents."""
    text = json.dumps(architecture.model_dump(mode="json", by_alias=True), sort_keys=True)
    return blake2b(text.encode(), digest_size=16).hexdigest()


def announce_compilation() -> None:
    """Says so on stderr when the kernel has to be compiled first, which happens once an installation."""
    from simcore.simulation import kernel_is_compiled

    if not kernel_is_compiled():
        sys.stderr.write("compiling the kernel, once for this installation: this takes 10 to 30 seconds …\n")
        sys.stderr.flush()


class shown_progress:  # noqa: N801 (a context manager, used like a function)
    """A bar of simulated time on stderr, if it is a terminal."""

    def __init__(self, start: int, end: int) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeRemainingColumn())
        self.bar = Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())
        self.start, self.end = start, end

    def __enter__(self) -> Callable[[int], None]:
        self.bar.start()
        task = self.bar.add_task(format_clock(self.start), total=self.end - self.start)
        return lambda now: self.bar.update(task, completed=now - self.start, description=format_clock(now))

    def __exit__(self, *_: Any) -> None:
        self.bar.stop()


def report(journal: Journal, wall_s: float, json_file: TextIO | None) -> int:
    """Prints the result object or the summary. The exit code."""
    from simcore.journal.summary import print_summary, result

    found = result(journal, wall_s=wall_s)
    if json_file is not None:
        json.dump(found, json_file, indent=1)
        json_file.write("\n")
    if json_file is not sys.stdout:
        print_summary(journal, Console(), wall_s=wall_s)
    if found["summary"]["conservation_broken"]:
        return 3
    return 4 if journal.unknown_reason else 0


def window_and_warmup(window: str, warmup: str) -> tuple[tuple[int, int], int]:
    """Both options as ns. Raises InputError."""
    try:
        return parse_window(window), parse_duration(warmup)
    except ValueError as error:
        raise InputError(f"--warmup {warmup!r}: {error}") from None
