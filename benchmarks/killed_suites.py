"""Is nothing lost when a suite is killed? `python benchmarks/killed_suites.py 30` kills a small suite at 30 random points.

Each time it continues with --resume, and its JSON and JUnit reports must have the same bytes as those of an uninterrupted suite. With
`--ctrl-c` it is interrupted instead of killed, and must end with 130. Exit code 0, 3 if a report differs or an exit code does.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path += [str(ROOT), str(ROOT / "tests")]  # behind what is installed


def main() -> int:
    """Stops, goes on, prints, and returns the exit code."""
    from contract.killed_suites import Stopping, points

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("count", type=int, nargs="?", default=30, help="how many times (30)")
    parser.add_argument(
        "--runs", type=int, default=60, help="of the suite (60): more of them, and fewer points lie in its beginning"
    )
    parser.add_argument("--seed", type=int, default=0, help="other points (0)")
    parser.add_argument("--ctrl-c", action="store_true", help="interrupt it: SIGINT, not SIGKILL")
    arguments = parser.parse_args()
    how = signal.SIGINT if arguments.ctrl_c else signal.SIGKILL
    bad, ended = 0, 0
    with tempfile.TemporaryDirectory() as folder:
        suite = Stopping(Path(folder), arguments.runs, warm=True)
        for point in points(arguments.count, arguments.seed):
            code, kept = suite.stopped(how, point)
            in_time = code == (130 if arguments.ctrl_c else -signal.SIGKILL)
            same = suite.gone_on_with() == suite.whole
            done = code in (0, 1, 4)
            ended += done
            bad += not same or not (in_time or done)
            print(f"at {point:4.0%}: exit {code}, {kept} runs kept, report {'the same' if same else 'DIFFERS'}", file=sys.stderr)
    print(
        f"{arguments.count} suites stopped ({ended} had ended by then), {bad} gone on to another report or ended in another way"
    )
    return 3 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
