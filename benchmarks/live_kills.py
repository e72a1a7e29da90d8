"""Do ledgers survive kill -9? `python benchmarks/live_kills.py 30` kills nodes of live/broker at 30 random instants under load.

Each is started again within a second; some kills make a run. After each run the ledgers are reconciled: all laws of conservation are to
hold, and no order that its customer saw confirmed may be lost. Exit code 0, 3 if one is. What it prints stands in
results/live-kills.json.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

import run as benchmarks

ROOT = Path(__file__).resolve().parent.parent
sys.path += [str(ROOT), str(ROOT / "tests")]  # behind what is installed


def main() -> int:
    """Kills, reconciles, prints, and returns the exit code."""
    from contract.live_kills import killed

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("count", type=int, nargs="?", default=30, help="how many kills (30)")
    parser.add_argument("--each", type=int, default=5, help="kills in one run (5)")
    parser.add_argument("--seed", type=int, default=1, help="of the first run: other nodes, other instants, other customers (1)")
    parser.add_argument("--architecture", default="live/broker", help="which is killed (live/broker)")
    said = parser.parse_args()
    runs = []
    for number, first in enumerate(range(0, said.count, said.each)):
        run = killed(said.seed + number, min(said.each, said.count - first), said.architecture)
        runs.append(run)
        print(f"seed {run.seed}: {'sound' if run.sound else 'NOT SOUND'} {run}", file=sys.stderr)
    results = {
        "architecture": said.architecture,
        "kills": sum(len(run.kills) for run in runs),
        "by_instance": dict(sorted(Counter(kill.instance for run in runs for kill in run.kills).items())),
        "runs_with_a_broken_law": sum(bool(run.broken) for run in runs),
        "confirmed_orders_lost": sum(run.lost for run in runs),
        "runs": [{**run._asdict(), "kills": [f"{kill.instance} at {kill.at_s} s" for kill in run.kills]} for run in runs],
    }
    print(json.dumps({name: value for name, value in results.items() if name != "runs"}, indent=1))
    benchmarks.save("live-kills", results)
    return 0 if all(run.sound for run in runs) else 3


if __name__ == "__main__":
    sys.exit(main())
