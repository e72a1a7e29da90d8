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
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path += [str(ROOT), str(ROOT / "tests")]  # behind what is installed

if TYPE_CHECKING:
    from tests.contract.healthy import Run

PROCESSES = 2


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


def look(first: int, count: int) -> tuple[list[Run], bool]:
    """The runs from `first` on that were done, and whether Ctrl-C cut them short."""
    done: list[Run] = []
    numbers = iter(range(first, first + count))
    begin = time.monotonic()
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn"), initializer=leave_interrupts_alone) as pool:
        try:
            under_way: set[Future[Run]] = {pool.submit(one_run, number) for number in islice(numbers, 2 * PROCESSES)}
            while under_way:
                ready, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                done += [future.result() for future in ready]
                under_way |= {pool.submit(one_run, number) for number in islice(numbers, len(ready))}
                tell(done, count, time.monotonic() - begin)
        except KeyboardInterrupt:
            pool.shutdown(wait=True, cancel_futures=True)
            return done, True
    return done, False


def tell(done: list[Run], count: int, seconds: float) -> None:
    """Progress: a line that is written over on a terminal, else one now and then."""
    terminal = sys.stderr.isatty()
    if terminal or len(done) % 100 == 0 or len(done) == count:
        text = f"{len(done)} of {count} runs, {sum(bool(run.broken) for run in done)} failures, {seconds:.0f} s"
        print(f"\r{text}" if terminal else text, end="" if terminal and len(done) < count else "\n", file=sys.stderr, flush=True)


def main() -> int:
    """Looks, prints, and returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("count", type=int, nargs="?", default=2000, help="how many runs (2000)")
    parser.add_argument("--first", type=int, default=0, help="number of the first run (0)")
    arguments = parser.parse_args()
    done, interrupted = look(arguments.first, arguments.count)
    failures = sorted((run for run in done if run.broken), key=lambda run: run.number)
    requests, laws = sum(run.requests for run in done), sum(run.laws for run in done)
    print(f"{len(done)} runs with {requests:,} requests; {laws:,} laws looked at")
    print(f"{len(failures)} runs in which a law broke")
    for run in failures:
        for law, expected, found in run.broken:
            print(f"  run {run.number} ({run.what}): {law}: expected {expected}, found {found}")
    if interrupted:
        print("interrupted", file=sys.stderr)
        return 130
    return 3 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
