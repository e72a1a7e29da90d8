"""Do the conservation laws hold? `python benchmarks/healthy_runs.py 2000` does that many random runs and looks at every law.

The runs are those of tests/contract/healthy.py, numbered from 0 (or `--first`): random architectures with faults, and short
windows of legacy-coupled. Progress is on stderr. Prints how many runs and laws were looked at and, of each failure, the number
and the seed; `1 --first NUMBER` repeats it. Exit code 0, 3 if a law broke or a run failed, 130 after Ctrl-C.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

ROOT = Path(__file__).resolve().parent.parent
sys.path += [str(ROOT), str(ROOT / "tests")]  # behind what is installed

if TYPE_CHECKING:
    from tests.contract.healthy import Run

PROCESSES = 2
T = TypeVar("T")


def one_run(number: int) -> Run:
    """The run of a number; one that fails counts as a broken law."""
    from contract.healthy import Run, healthy_run

    try:
        return healthy_run(number)
    except Exception as error:
        return Run(number, "the run itself failed", 0, [("no exception", "", f"{type(error).__name__}: {error}")], 0)


def leave_interrupts_alone() -> None:
    """Ctrl-C is the parent's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def options(documentation: str, count: int) -> argparse.ArgumentParser:
    """What the commands that try random things by number have in common."""
    parser = argparse.ArgumentParser(description=documentation.splitlines()[0])
    parser.add_argument("count", type=int, nargs="?", default=count, help=f"how many ({count})")
    parser.add_argument("--first", type=int, default=0, help="number of the first one (0)")
    parser.add_argument("--processes", type=int, default=PROCESSES, help=f"({PROCESSES})")
    return parser


def examine(
    make: Callable[[int], T], failed: Callable[[T], bool], first: int, count: int, processes: int
) -> tuple[list[T], bool]:
    """What `make` made of the numbers from `first` on, and whether Ctrl-C cut it short."""
    done: list[T] = []
    bad, begin, numbers = 0, time.monotonic(), iter(range(first, first + count))
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=leave_interrupts_alone) as pool:
        try:
            under_way: set[Future[T]] = {pool.submit(make, number) for number in islice(numbers, 2 * processes)}
            while under_way:
                ready, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                fresh = [future.result() for future in ready]
                done += fresh
                bad += sum(map(failed, fresh))
                under_way |= {pool.submit(make, number) for number in islice(numbers, len(ready))}
                report_progress(len(done), count, bad, time.monotonic() - begin)
        except KeyboardInterrupt:
            pool.shutdown(wait=True, cancel_futures=True)
            return done, True
    return done, False


def report_progress(done: int, count: int, failures: int, seconds: float) -> None:
    """Progress: a line that is written over on a terminal, else one now and then."""
    terminal = sys.stderr.isatty()
    if terminal or done % 100 == 0 or done == count:
        text = f"{done} of {count} runs, {failures} failures, {seconds:.0f} s"
        print(f"\r{text}" if terminal else text, end="" if terminal and done < count else "\n", file=sys.stderr, flush=True)


def exit_code(failed: bool, interrupted: bool) -> int:
    """As of the command line: 130 after Ctrl-C, which is said, 3 for a bug in coredrill, else 0."""
    if interrupted:
        print("interrupted", file=sys.stderr)
        return 130
    return 3 if failed else 0


def main() -> int:
    """Looks, prints, and returns the exit code."""
    arguments = options(__doc__ or "", 2000).parse_args()
    done, interrupted = examine(one_run, lambda run: bool(run.broken), arguments.first, arguments.count, arguments.processes)
    failures = sorted((run for run in done if run.broken), key=lambda run: run.number)
    requests, laws = sum(run.requests for run in done), sum(run.laws for run in done)
    print(f"{len(done)} runs with {requests:,} requests; {laws:,} laws looked at")
    print(f"{len(failures)} runs in which a law broke")
    for run in failures:
        for law, expected, found in run.broken:
            print(f"  run {run.number} ({run.what}): {law}: expected {expected}, found {found}")
    return exit_code(bool(failures), interrupted)


if __name__ == "__main__":
    sys.exit(main())
