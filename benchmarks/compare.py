"""A whole comparison, timed, with what idiomatic SimPy would need for it; and what a second core is worth.

    python benchmarks/compare.py comparison                  # 8 architectures x 20 scenarios x 20 replications
    python benchmarks/compare.py comparison --replications 1 # the same at a twentieth of the size
    python benchmarks/compare.py scaling                     # the same runs with one worker and with two
    python benchmarks/compare.py page --only 'coredrill compare' --more '--jobs 2 --store compare.jsonl --resume'
                                                             # makes the tables of docs/comparing.md again, goes on after any stop

The SimPy figure is an estimate: hops of one replication, counted, over the hops/s that idiomatic SimPy reached in the recorded
chain (results/chain*.json: 8 stations a request). Nobody has written the whole model in SimPy.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import click
import run as benchmarks

from chaos.compare.cases import Case, cases_of
from chaos.compare.comparison import compare, figures_alone
from chaos.compare.plan import ComparisonPlan
from chaos.execution.execute import run_once
from chaos.execution.jobs import Job
from chaos.execution.runs import Runs
from chaos.execution.session import Session
from chaos.execution.workers import Workers, run_tasks

ARCHITECTURES = ("legacy-coupled",) + tuple(
    f"options/{name}"
    for name in (
        "timeouts-and-retry-budgets",
        "bulkheads",
        "breakers-and-fallbacks",
        "async-bank-adapters",
        "load-shedding",
        "two-sites",
        "distributed-core",
    )
)
SUITES = ("dependencies", "incidents")
STATIONS = 8  # of the chain


@click.group()
def main() -> None:
    """Benchmarks of comparisons; see the head of this file."""


def scenarios(count: int) -> tuple[Case, ...]:
    """The first so many scenarios of the suites that every architecture can run."""
    from simcore.base.errors import InputError

    found, session = [], Session()
    for case in cases_of(SUITES, None):
        try:
            for architecture in ARCHITECTURES:
                session.bind(Job(case.scenario, 1, architecture).system)
        except InputError:
            continue
        found.append(case)
    return tuple(found[:count])


def hops_of(session: Session, job: Job) -> int:
    """Tasks processed by a run."""
    return int(run_once(session.bind(job.system), job).meta.counts["tasks"])


def simpy_hops_per_s() -> tuple[float, str]:
    """Hops/s of idiomatic SimPy as recorded last, and by which file."""
    for name in ("chain", "chain-only-chain-4"):
        path = benchmarks.RESULTS / f"{name}.json"
        if path.exists():
            chain = json.loads(path.read_text())["results"]["chain-4"]
            return STATIONS * chain["simpy_requests_per_s"]["median"], path.name
    raise click.ClickException("no recorded chain: run 'python benchmarks/run.py chain' first")


@main.command()
@click.option("--scenarios", "count", default=20, type=click.IntRange(1))
@click.option("--replications", default=20, type=click.IntRange(1))
@click.option("--jobs", default=2, type=click.IntRange(1))
@click.option("--store", type=click.Path(path_type=Path), help="Keep the runs, for 'page --more \"--store FILE --resume\"'.")
def comparison(count: int, replications: int, jobs: int, store: Path | None) -> None:
    """Wall time of a comparison in which every cell takes all its replications, and the estimate for SimPy."""
    cases = scenarios(count)
    plan = ComparisonPlan(cases, ARCHITECTURES, analyses=(replications,))
    with Runs(Session(), store, workers=Workers(jobs), part=figures_alone) as runs:
        begin = time.perf_counter()
        result = compare(plan, runs)
        wall_s = time.perf_counter() - begin
    sample = [plan.job(case, architecture, 0) for case in cases for architecture in ARCHITECTURES]
    hops = sum(_mapped(sample, jobs)) * replications
    per_s, source = simpy_hops_per_s()
    simpy_s = hops / per_s / jobs
    made = result.summary.runs
    print(
        f"{len(ARCHITECTURES)} architectures x {len(cases)} scenarios x {replications} replications = {made:,} runs, {jobs} workers"
    )
    print(
        f"{wall_s:,.0f} s ({made / wall_s:.1f} runs/s), {hops:.3g} hops; idiomatic SimPy on as many workers: {simpy_s:,.0f} s (estimate)"
    )
    benchmarks.save(
        "comparison",
        {
            "architectures": ARCHITECTURES,
            "scenarios": [case.scenario for case in cases],
            "replications": replications,
            "workers": jobs,
            "runs": made,
            "wall_s": wall_s,
            "hops": hops,
            "verdicts": result.summary.verdicts,
            "simpy": {"hops_per_s": per_s, "from": source, "estimate_s": simpy_s, "times": simpy_s / wall_s},
        },
    )


def _mapped(jobs: Sequence[Job], workers: int) -> list[int]:
    found: list[int] = []
    run_tasks(Session(), hops_of, jobs, lambda _, hops: found.append(hops), Workers(workers))
    return found


@main.command()
@click.option("--scenario", default="requirements/dependencies/bank-hang")
@click.option("--runs", "count", default=30, type=click.IntRange(2))
@click.option("--repetitions", default=6, type=click.IntRange(1))
def scaling(scenario: str, count: int, repetitions: int) -> None:
    """How many times as fast two workers are as one, and two processes that know nothing of the harness as one: what the machine
    has to give. All start and load the kernel before they are timed. One comes first and second by turns, so that a machine that
    grows slower or faster meanwhile favours neither."""
    walls: dict[str, list[float]] = {}
    for repetition in range(repetitions):
        for name, timed in (("workers", _timed), ("processes", _bare)):
            for number in (1, 2) if repetition % 2 == 0 else (2, 1):
                walls.setdefault(f"{number} {name}", []).append(timed(scenario, count, number, repetition))
    results: dict[str, Any] = {"scenario": scenario, "runs": count, "wall_s": walls, "speed_up": {}, "of_all": {}}
    for name in ("workers", "processes"):
        one, two = walls[f"1 {name}"], walls[f"2 {name}"]
        results["speed_up"][name] = benchmarks.spread([a / b for a, b in zip(one, two, strict=True)])
        results["of_all"][name] = sum(one) / sum(two)
        benchmarks.show(f"two {name} / one", results["speed_up"][name], "times", 2)
        click.echo(f"  all repetitions together: {results['of_all'][name]:.2f} times")
    benchmarks.save("scaling", results)


def _timed(scenario: str, count: int, workers: int, repetition: int) -> float:
    """Seconds from the first finished run of each worker to the last: what a long campaign sees of so many workers."""
    ends: list[float] = []
    jobs = [Job(scenario, 1000 * repetition + n) for n in range(count + workers)]
    run_tasks(Session(), hops_of, jobs, lambda _job, _hops: ends.append(time.perf_counter()), Workers(workers))
    return ends[-1] - ends[workers - 1]


def _bare(scenario: str, count: int, processes: int, repetition: int) -> float:
    """Seconds that so many bare processes take for the runs, shared out beforehand."""
    context = get_context("spawn")
    ready = context.Barrier(processes + 1)
    seeds = [range(1000 * repetition + n, 1000 * repetition + count, processes) for n in range(processes)]
    made = [context.Process(target=_share, args=(scenario, list(mine), ready)) for mine in seeds]
    for process in made:
        process.start()
    ready.wait()
    begin = time.perf_counter()
    for process in made:
        process.join()
    return time.perf_counter() - begin


def _share(scenario: str, seeds: Sequence[int], ready: Barrier) -> None:
    session = Session()
    hops_of(session, Job(scenario, 0))
    ready.wait()
    for seed in seeds:
        hops_of(session, Job(scenario, seed))


PAGES = [benchmarks.ROOT / "docs" / name for name in ("comparing.md", "live.md")]
BLOCK = re.compile(r"(<!-- made by: (coredrill [^\n]*?) -->\n).*?(?=<!-- end -->)", re.DOTALL)


@main.command()
@click.option("--only", default="", help="Only tables whose command has this in it.")
@click.option("--more", default="", help="Further options for each command, such as '--jobs 2 --store runs.jsonl --resume'.")
def page(only: str, more: str) -> None:
    """Runs the commands that docs/comparing.md and docs/live.md name, and puts what they print in the place of what they printed before. With a
    store and --resume it goes on after any stop, and judges kept runs again without making them."""

    def made(match: re.Match[str]) -> str:
        if only not in match[2]:
            return match[0]
        print(match[2], file=sys.stderr)
        begin = time.perf_counter()
        command = [sys.executable, "-m", "chaos", *shlex.split(match[2])[1:], *shlex.split(more)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode not in (0, 1):  # 1: a table that says that something misses
            raise SystemExit(done.returncode)
        print(f"{time.perf_counter() - begin:,.0f} s", file=sys.stderr)
        return match[1] + done.stdout

    for file in PAGES:
        file.write_text(BLOCK.sub(made, file.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
