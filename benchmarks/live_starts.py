"""Is nothing left behind? `python benchmarks/live_starts.py 100` starts the processes of a small twin 100 times and ends them.

Each time it is interrupted once or twice, killed or terminated, or one of its processes is killed or stopped first, at a random moment
of its start or when all are up. Then processes, listening ports and temporary files that it left are counted. Exit code 0, 3 if there are any.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from itertools import cycle
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path += [str(ROOT), str(ROOT / "tests")]  # behind what is installed


def main() -> int:
    """Starts, ends, looks, prints, and returns the exit code."""
    from contract.live_starts import WAYS, tried

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("count", type=int, nargs="?", default=100, help="how many times (100)")
    parser.add_argument("--seed", type=int, default=0, help="other moments (0)")
    arguments = parser.parse_args()
    trials = []
    for number, way in zip(range(arguments.count), cycle(WAYS), strict=False):
        trial = tried(way, arguments.seed + number)
        trials.append(trial)
        left = f"LEFT {trial.processes} {trial.ports} {trial.files}\n{trial.errors}" if not trial.clean else "nothing left"
        moment = "all up" if trial.up else f"starting for {trial.moment_s:.2f} s"
        print(f"{way}, {moment}: {left}", file=sys.stderr)
    ways = ", ".join(f"{count} {way}" for way, count in Counter(trial.way for trial in trials).items())
    bad = [trial for trial in trials if not trial.clean]
    print(
        f"{len(trials)} starts ({ways}), {sum(trial.up for trial in trials)} of them with all up: left behind "
        f"{sum(len(trial.processes) for trial in bad)} processes, {sum(len(trial.ports) for trial in bad)} ports, "
        f"{sum(len(trial.files) for trial in bad)} files; the last was gone {max(trial.seen_s for trial in trials):.2f} s after the end"
    )
    return 3 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
