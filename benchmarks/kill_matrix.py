"""Cost of a mutant: processor time of a suite's kill matrix on a sample of the planted defects, and what the whole would take.
What it prints stands in results/kill-matrix.json.

    python benchmarks/kill_matrix.py [SUITE] [--environment staging] [--every 25]

Processor time, so that other load on the machine counts little; one process. The first run of an installation compiles the kernel.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import run as benchmarks


def main() -> None:
    """Prints one JSON object."""
    from chaos.coverage.kill_matrix import described, kill_matrix
    from chaos.coverage.trial_runner import TrialRunner, TrialSettings
    from chaos.documents.suites import scenarios_of
    from chaos.execution.inputs.planting import mutants
    from chaos.execution.session import Session
    from simcore.library import load_architecture

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suite", nargs="?", default="release-gate")
    parser.add_argument("--architecture", default="legacy-coupled")
    parser.add_argument("--environment", default="staging")
    parser.add_argument("--every", type=int, default=25, help="every so-manieth mutant is measured")
    said = parser.parse_args()
    session = Session()
    every = [mutant.name for mutant in mutants(session.files, load_architecture(said.architecture))]
    chosen = tuple(every[:: said.every])
    scenarios = scenarios_of(said.suite)
    with tempfile.TemporaryDirectory() as folder:
        warm = TrialSettings(said.architecture, said.environment, operators=chosen[:1], store=str(Path(folder) / "warm"))
        kill_matrix(TrialRunner(session, warm, "benchmark"), scenarios[:1], warm.environment)
        runner = TrialRunner(
            session,
            TrialSettings(said.architecture, said.environment, operators=chosen, store=str(Path(folder) / "runs")),
            "benchmark",
        )
        began = time.process_time()
        summary = described(runner, kill_matrix(runner, scenarios, said.environment)).summary
        spent = time.process_time() - began
    each = spent / len(chosen)
    results = {
        "suite": said.suite,
        "scenarios": len(scenarios),
        "environment": said.environment,
        "measured_mutants": len(chosen),
        "cells": summary.cells,
        "cells_spared": summary.spared,
        "parts": summary.parts,
        "runs": summary.runs,
        "cpu_s": round(spent, 1),
        "cpu_s_per_mutant": round(each, 2),
        "cpu_s_per_run": round(spent / max(1, summary.runs), 3),
        "mutants": len(every),
        "estimated_minutes_on_two_cores": round(each * len(every) / 120, 1),
    }
    print(json.dumps(results, indent=1))
    benchmarks.save("kill-matrix", results)


if __name__ == "__main__":
    main()
