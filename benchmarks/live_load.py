"""How much a twin bears: 300 orders a second through live/broker for half a minute, with the customers' latencies and what it costs.
What it prints stands in results/live-load.json.

    python benchmarks/live_load.py [--rate 300] [--for 30]

Latency counts from when a customer was due; the simulated core's, of the same customers, stands beside it. Processor time is that of all
processes of the twin, and of the supervisor.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import Any

import numpy as np
import run as benchmarks


def main() -> int:
    """Prints one JSON object."""
    from chaos.live.up import Figures, UpListener, UpOptions, plan_up, run_up
    from simcore.base.units import HOUR, SECOND
    from simcore.journal.summary import simulation_run
    from simcore.simulation import simulate

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rate", type=int, default=300, help="orders a second (300)")
    parser.add_argument("--for", dest="seconds", type=int, default=30, help="seconds (30)")
    parser.add_argument("--architecture", default="live/broker")
    said = parser.parse_args()
    flows = [f"workload.flows.place-order.rate={said.rate}/s"] + [
        f"workload.flows.{flow}.rate=0.001/s" for flow in ("transfer", "login", "quote")
    ]
    options = UpOptions(said.architecture, "live/steady", 1.0, 1, 10 * HOUR, said.seconds * SECOND, 5.0, tuple(flows))
    plan = plan_up(options)
    lines: list[Figures] = []

    def figures(line: Figures) -> None:
        lines.append(line)
        print(
            f"came {line.came}, ended {dict(line.outcomes)}, pending {line.pending}, {line.cpu_share:.2f} processors",
            file=sys.stderr,
        )

    own = time.process_time()
    stopped = run_up(plan, options, UpListener(lambda up: None, figures, lambda text: print(text, file=sys.stderr)))
    own = time.process_time() - own
    live = stopped.live
    found, usage = simulation_run(live.journal), live.usage
    results: dict[str, Any] = {
        "architecture": said.architecture,
        "orders_per_s": said.rate,
        "seconds": said.seconds,
        "live": _latencies(found),
        "simulated": _latencies(simulation_run(simulate(plan))),
        "late_p99_ms": round(float(np.quantile(live.late_ns, 0.99)) / 1e6, 1),
        "processors_all_nodes": round(float(np.median([line.cpu_share for line in lines])), 2),
        "cpu_s": {name: round(taken.cpu_s, 1) for name, taken in usage.items()} | {"supervisor, with the plan": round(own, 1)},
        "broken_laws": [law.law for law in found.conservation if not law.ok],
        "died": stopped.died,
        "ledger_entries": live.entries,
    }
    print(json.dumps(results, indent=1))
    benchmarks.save("live-load", results)
    return 3 if results["broken_laws"] else 1 if stopped.died else 0


def _latencies(run: Any) -> dict[str, Any]:
    flow = run.metrics.flows["place-order"]
    p50, p99 = (None if ns is None else round(ns / 1e6, 1) for ns in (flow.p50_ns, flow.p99_ns))
    return {"orders": flow.intended, "confirmed": flow.confirmed, "failed": flow.failed_all, "p50_ms": p50, "p99_ms": p99}


if __name__ == "__main__":
    sys.exit(main())
