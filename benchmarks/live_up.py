"""The twin of legacy-coupled and of every option, each up for a time under a share of a normal day, and what its ledgers say.
What it prints stands in results/live-up.json.

    python benchmarks/live_up.py [ARCHITECTURE ...] [--for 60] [--load 0.5]

Exit code 3 if a ledger breaks a law, 1 if a process ended by itself, else 0.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import run as benchmarks

OPTIONS = Path(__file__).resolve().parent.parent / "scenarios" / "architectures" / "options"


def main() -> int:
    """Prints one JSON object for each, and returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("architectures", nargs="*", help="those to start (legacy-coupled and every option)")
    parser.add_argument("--for", dest="seconds", type=int, default=60, help="seconds each (60)")
    parser.add_argument("--load", type=float, default=0.5, help="share of a normal day's customers (0.5)")
    said = parser.parse_args()
    every = said.architectures or ["legacy-coupled", *(f"options/{path.stem}" for path in sorted(OPTIONS.glob("*.yaml")))]
    results = {name: measured(name, said.seconds, said.load) for name in every}
    if not said.architectures:
        benchmarks.save("live-up", {"seconds": said.seconds, "load": said.load, "architectures": results})
    broken, died = (any(result[what] for result in results.values()) for what in ("broken_laws", "died"))
    return 3 if broken else 1 if died else 0


def measured(architecture: str, seconds: int, load: float) -> dict[str, Any]:
    """One twin from its start to its end."""
    from chaos.live.up import Figures, Started, UpListener, UpOptions, plan_up, run_up
    from simcore.base.units import HOUR, SECOND
    from simcore.journal.summary import simulation_run

    options = UpOptions(architecture, "normal-day", load, 1, 10 * HOUR, seconds * SECOND, 5.0)
    heard: list[Started] = []
    shares: list[Figures] = []
    began = time.monotonic()
    stopped = run_up(
        plan_up(options), options, UpListener(heard.append, shares.append, lambda text: print(text, file=sys.stderr))
    )
    journal, up, usage = stopped.live.journal, heard[0], stopped.live.usage
    laws, late = journal.conservation, stopped.live.late_ns
    result = {
        "processes": len(up.usage),
        "start_s": round(up.seconds, 2),
        "slowest_process_start_s": round(max(usage.start_s for usage in up.usage.values()), 2),
        "memory_mb": round(sum(taken.memory_bytes for taken in usage.values()) / 1e6),
        "cpu_s": round(sum(taken.cpu_s for taken in usage.values()), 1),
        "intents": len(late),
        "late_p99_ms": round(float(np.quantile(late, 0.99)) / 1e6, 1) if late else None,
        "laws": len(laws),
        "broken_laws": [law.law for law in laws if not law.ok],
        "died": stopped.died,
        "client_truth": simulation_run(journal).metrics.client_truth,
        "ledger_entries": stopped.live.entries,
        "wall_s": round(time.monotonic() - began, 1),
    }
    print(json.dumps({architecture: result}))
    sys.stdout.flush()
    return result


if __name__ == "__main__":
    sys.exit(main())
