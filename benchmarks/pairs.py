"""Speed of two checkouts against each other: pairs of runs by turns, each in a fresh process, by its CPU time.

    python benchmarks/pairs.py --old OLD/.venv/bin/python --new NEW/.venv/bin/python --pairs 21 chain order-path

A process loads its files, makes a short run so that the kernel is compiled, and then measures one run by `time.process_time`.
Both sides of a pair run the same seed and must process the same number of tasks. The old one goes first in one pair and second
in the next, so that a machine that grows slower meanwhile favours neither. A ratio is old / new: above 1 the new one is faster.

What is measured is looked up by name in the `simcore` of each interpreter, wherever its files lie.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import json
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import click
from scipy import stats

RESULTS = Path(__file__).resolve().parent / "results"
SECOND = 1_000_000_000
CONFIDENCE = 0.95
PAIRS_MIN = 6  # with fewer there is no such interval of a median
NOT_SLOWER = 0.95  # the interval of old / new lies above


class Workload(NamedTuple):
    """What is run: names of shipped files, and from when to when, seconds of the simulated day."""

    architecture: str
    workload: str
    start_s: int
    end_s: int


WORKLOADS = {
    "chain": Workload("benchmark/chain-4", "benchmark/chain-4", 0, 300),
    "order-path": Workload("legacy-coupled", "normal-day", 34_200, 36_000),  # 9:30 to 10:00
}


# --- one run, in the process of an interpreter --------------------------------------------------------------------------


def function_of(name: str) -> Callable[..., Any]:
    """The function of `simcore` that is defined at the top of a module under this name. Raises LookupError unless it is one."""
    spec = importlib.util.find_spec("simcore")
    root = Path(next(iter((spec and spec.submodule_search_locations) or ())))
    defined = re.compile(rf"^def {name}\(", re.MULTILINE)
    found = [path for path in sorted(root.rglob("*.py")) if defined.search(path.read_text(encoding="utf-8"))]
    if len(found) != 1:
        raise LookupError(f"{name} is defined in {len(found)} modules of simcore")
    module = ".".join(["simcore", *found[0].relative_to(root).with_suffix("").parts]).removesuffix(".__init__")
    function: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return function


def shared_memory(simulate: Callable[..., Any]) -> dict[str, Any]:
    """What lets runs of one process share their memory, as those of a command's worker do, where that is to be asked for."""
    if "memory" not in inspect.signature(simulate).parameters:
        return {}
    return {"memory": importlib.import_module(simulate.__module__).Memory()}


def one_run(what: Workload, seed: int) -> dict[str, float]:
    """CPU seconds of loading, planning and simulating, once the kernel is compiled; and the tasks that were processed."""
    load_architecture, load_workload = function_of("load_architecture"), function_of("load_workload")
    compile_plan, simulate = function_of("compile_plan"), function_of("simulate")
    start = what.start_s * SECOND
    warm = load_architecture(what.architecture), load_workload(what.workload)
    shared = shared_memory(simulate)
    simulate(compile_plan(*warm, seed=seed, start=start, end=start + SECOND), **shared)
    times = [time.process_time()]
    models = load_architecture(what.architecture), load_workload(what.workload)
    times.append(time.process_time())
    plan = compile_plan(*models, seed=seed, start=start, end=what.end_s * SECOND)
    times.append(time.process_time())
    journal = simulate(plan, **shared)
    times.append(time.process_time())
    if journal.meta["unknown_reason"] is not None:
        raise click.ClickException(f"the run is unknown, so its speed says nothing: {journal.meta['unknown_reason']}")
    load, planning, simulating = (b - a for a, b in pairwise(times))
    return {"load_s": load, "plan_s": planning, "simulate_s": simulating, "tasks": journal.meta["counts"]["tasks"]}


# --- pairs --------------------------------------------------------------------------------------------------------------


def run_with(python: str, name: str, seed: int) -> dict[str, float]:
    """One run by an interpreter, in a process of its own that imports what is installed there and nothing else."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    command = [python, __file__, "--one", str(seed), name]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def median_interval(ratios: Sequence[float]) -> tuple[float, float]:
    """Between two of the ratios: the narrowest symmetric pair that holds the median with the confidence, whatever the shape."""
    ordered, n = sorted(ratios), len(ratios)
    rank = int(stats.binom.ppf((1 - CONFIDENCE) / 2, n, 0.5))  # fewer than this lie below the median with the rest of it
    return ordered[rank - 1], ordered[n - rank]


def mean_interval(ratios: Sequence[float]) -> tuple[float, float]:
    """Of the mean, by Student's t."""
    mean, half = statistics.fmean(ratios), 0.0
    if len(ratios) > 1:
        half = float(stats.t.ppf((1 + CONFIDENCE) / 2, len(ratios) - 1)) * statistics.stdev(ratios) / len(ratios) ** 0.5
    return mean - half, mean + half


def measured(name: str, old: str, new: str, pairs: int) -> dict[str, Any]:
    """All pairs of one workload, and what their ratios say."""
    sides: dict[str, list[dict[str, float]]] = {"old": [], "new": []}
    for pair in range(pairs):
        for side in ("old", "new") if pair % 2 == 0 else ("new", "old"):
            sides[side].append(run_with(old if side == "old" else new, name, pair))
        before, after = sides["old"][-1], sides["new"][-1]
        if before["tasks"] != after["tasks"]:
            raise click.ClickException(f"{name}, seed {pair}: {before['tasks']} tasks and {after['tasks']}: not the same work")
        click.echo(f"  {name} {pair + 1}/{pairs}: {before['simulate_s'] / after['simulate_s']:.3f}", err=True)
    ratios = {of: [a[of] / b[of] for a, b in zip(sides["old"], sides["new"], strict=True)] for of in ("plan_s", "simulate_s")}
    return {
        "workload": WORKLOADS[name]._asdict(),
        "old_over_new": {of: said(found) for of, found in ratios.items()},
        "runs": sides,
    }


def said(ratios: Sequence[float]) -> dict[str, Any]:
    """Median and mean of ratios with their intervals, and whether both intervals lie above what is allowed."""
    median, mean = median_interval(ratios), mean_interval(ratios)
    return {
        "median": statistics.median(ratios),
        "median_interval": median,
        "mean": statistics.fmean(ratios),
        "mean_interval": mean,
        "above": min(median[0], mean[0]) > NOT_SLOWER,
        "ratios": list(ratios),
    }


def commit_of(python: str) -> dict[str, Any]:
    """The commit of the checkout from which an interpreter imports simcore."""
    code = "import importlib.util as u; print(next(iter(u.find_spec('simcore').submodule_search_locations)))"
    where = subprocess.run([python, "-P", "-c", code], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()

    def git(*arguments: str) -> str:
        done = subprocess.run(["git", "-C", where, *arguments], capture_output=True, text=True, check=False)
        return done.stdout.strip()

    return {"commit": git("rev-parse", "HEAD"), "uncommitted_changes": bool(git("status", "--porcelain", "--", where))}


@click.command(context_settings={"show_default": True})
@click.argument("names", nargs=-1, type=click.Choice(list(WORKLOADS)))
@click.option("--old", default=sys.executable, help="The interpreter of the old checkout's environment.")
@click.option("--new", default=sys.executable, help="That of the new one.")
@click.option("--pairs", default=21, type=click.IntRange(PAIRS_MIN))
@click.option("--out", default=RESULTS / "pairs.json", type=click.Path(path_type=Path, dir_okay=False), help="Where results go.")
@click.option("--one", type=int, hidden=True, help="Make one run with this seed, and print its figures.")
def main(names: tuple[str, ...], old: str, new: str, pairs: int, out: Path, one: int | None) -> None:
    """Pairs of runs of old and new; see the head of this file. Exit 1 if an interval does not lie above 0.95."""
    names = names or tuple(WORKLOADS)
    if one is not None:
        click.echo(json.dumps(one_run(WORKLOADS[names[0]], one)))
        return
    found = {name: measured(name, old, new, pairs) for name in names}
    for name, of in found.items():
        ratio = of["old_over_new"]["simulate_s"]
        (low, high), (least, most) = ratio["median_interval"], ratio["mean_interval"]
        click.echo(
            f"{name}: old / new {ratio['median']:.3f} ({low:.3f} to {high:.3f}), mean {ratio['mean']:.3f} ({least:.3f} to {most:.3f})"
        )
    result = {"old": commit_of(old), "new": commit_of(new), "pairs": pairs, "cores": os.cpu_count(), "results": found}
    out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    sys.exit(0 if all(of["old_over_new"]["simulate_s"]["above"] for of in found.values()) else 1)


if __name__ == "__main__":
    main()
