"""Speed and memory, measured in one run and written to benchmarks/results/ with the commit they belong to.

    python benchmarks/run.py chain          # kernel against SimPy: 4 and 1024 servers, without and with 8 effects
    python benchmarks/run.py order-path     # orders/s and hops/s of a broker's order path
    python benchmarks/run.py top10-day      # a whole day of a large broker, peak memory
    python benchmarks/run.py memory         # peak memory of a horizon and of twice that
    python benchmarks/run.py startup        # cold compile, warm start, help and validate
    python benchmarks/run.py smoke          # wall time of the smoke suite, and the share of runs spent outside the kernel

A ratio is only ever taken between repetitions interleaved in one process (A B A B), because a machine's speed drifts.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import click
import simpy_chain

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
SECOND = 1_000_000_000
PACKAGES = ("coredrill", "numpy", "numba", "llvmlite", "simpy")
LONG_S = 2.0
RESPONSE_TOLERANCE = 0.10  # both sides of a ratio must agree on the mean response, or they do not do the same work
# (file below benchmark/, simulated seconds of the kernel, of SimPy): about one wall-clock second of the kernel, ten of SimPy
CHAINS = [
    ("chain-4", 300.0, 20.0),
    ("chain-4-effects", 300.0, 20.0),
    ("chain-1024", 2.0, 0.05),
    ("chain-1024-effects", 2.0, 0.05),
]


# --- what is measured ---------------------------------------------------------------------------------------------------


def kernel_run(architecture: str, workload: str, start: int, end: int, seed: int, memory: Any = None) -> dict[str, float]:
    """One run of the kernel: wall seconds of loading, planning and simulating, what was processed, and peak memory so far."""
    from simcore.compile.plan import compile_plan
    from simcore.library import load_architecture, load_workload
    from simcore.simulation import simulate

    times = [time.perf_counter()]
    models = load_architecture(architecture), load_workload(workload)
    times.append(time.perf_counter())
    plan = compile_plan(*models, seed=seed, start=start, end=end)
    times.append(time.perf_counter())
    journal = simulate(plan, memory=memory)
    times.append(time.perf_counter())
    if journal.unknown_reason is not None:
        raise click.ClickException(f"the run is unknown, so its speed says nothing: {journal.unknown_reason}")
    flows = journal.names["flow"]
    ended = sum(
        journal.total("flow", flow, outcome) for flow in flows for outcome in ("ok", "rejected", "failed", "unknown", "blocked")
    )
    latency_ns = sum(journal.total("flow", flow, "latency_ns_sum") for flow in flows)
    return {
        "load_s": times[1] - times[0],
        "plan_s": times[2] - times[1],
        "simulate_s": times[3] - times[2],
        "requests": ended,
        "recorded": len(journal.intents["request"]),
        "hops": journal.meta.counts["tasks"],
        "response_s": latency_ns / max(ended, 1) / SECOND,
        "peak_mib": peak_mib(),
    }


def peak_mib() -> float:
    """Peak resident memory of this process, MiB. On Linux ru_maxrss would count the parent's, from before the exec."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(next(line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM"))) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 * 1024)  # bytes on macOS


def kernel_run_apart(architecture: str, workload: str, start: int, end: int, seed: int, **environment: str) -> dict[str, float]:
    """The same in a fresh process, where the peak of memory is this run's own."""
    arguments = [architecture, workload, str(start), str(end), str(seed)]
    done = subprocess.run(
        [sys.executable, __file__, "one-run", *arguments],
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    result: dict[str, float] = json.loads(done.stdout)
    return result


def interleave(sides: dict[str, Callable[[int], float]], repetitions: int) -> dict[str, list[float]]:
    """Call the sides in turn, each with the number of the repetition; their figures in order."""
    figures: dict[str, list[float]] = {name: [] for name in sides}
    for repetition in range(repetitions):
        for name, measure in sides.items():
            figures[name].append(measure(repetition))
            print(f"  {name} {figures[name][-1]:,.0f}/s", file=sys.stderr)
    return figures


def spread(figures: list[float]) -> dict[str, float]:
    """Median, least and greatest."""
    return {"median": statistics.median(figures), "min": min(figures), "max": max(figures)}


# --- what is written ----------------------------------------------------------------------------------------------------


def provenance() -> dict[str, Any]:
    """The commit, the machine and the versions that figures belong to."""
    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            versions[package] = "not installed"
    return {
        "commit": _git("rev-parse", "HEAD"),
        "uncommitted_changes": bool(_git("status", "--porcelain", "--", "simcore", "chaos", "scenarios", "benchmarks/*.py")),
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "load_average": os.getloadavg()[0],
        "python": platform.python_version(),
        "versions": versions,
    }


def _git(*arguments: str) -> str | None:
    done = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def _cpu_model() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.processor())


def save(name: str, results: Any) -> None:
    """Write benchmarks/results/<name>.json and say where."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps({"name": name, **provenance(), "results": results}, indent=2) + "\n", encoding="utf-8")
    print(f"wrote {path.relative_to(ROOT)}", file=sys.stderr)


def show(title: str, figures: dict[str, float], unit: str, digits: int = 0) -> None:
    """One line: median (least to greatest)."""
    low, median, high = (f"{figures[key]:,.{digits}f}" for key in ("min", "median", "max"))
    print(f"{title:40} {median:>12} {unit}  ({low} to {high})")


# --- commands -----------------------------------------------------------------------------------------------------------


@click.group(context_settings={"show_default": True})
def main() -> None:
    """Benchmarks; see the head of this file."""


@main.command()
@click.option("--repetitions", default=5, type=click.IntRange(1))
@click.option("--only", type=click.Choice([name for name, _, _ in CHAINS]))
def chain(repetitions: int, only: str | None) -> None:
    """Requests/s of the kernel against idiomatic SimPy, on the same chain."""
    results = {}
    for name, kernel_s, simpy_s in CHAINS:
        if only in (None, name):
            print(name, file=sys.stderr)
            results[name] = _chain(f"benchmark/{name}", kernel_s, simpy_s, repetitions)
            show(f"{name}: kernel", results[name]["kernel_requests_per_s"], "requests/s")
            show(f"{name}: SimPy", results[name]["simpy_requests_per_s"], "requests/s")
            show(f"{name}: kernel / SimPy", results[name]["ratio"], "times", 1)
    save("chain" if only is None else f"chain-only-{only}", results)


def _chain(name: str, kernel_s: float, simpy_s: float, repetitions: int) -> dict[str, Any]:
    from simcore.library import load_architecture, load_workload
    from simcore.simulation import Memory

    memory = Memory()
    parameters = simpy_chain.read_chain(load_architecture(name), load_workload(name))
    responses: dict[str, list[float]] = {"kernel": [], "SimPy": []}

    def kernel(repetition: int) -> float:
        run = kernel_run(name, name, 0, round(kernel_s * SECOND), repetition, memory)
        responses["kernel"].append(run["response_s"])
        return run["requests"] / run["simulate_s"]

    def simpy(repetition: int) -> float:
        run = simpy_chain.simulate(parameters, simpy_s, repetition)
        responses["SimPy"].append(run.response_s)
        return run.requests / run.wall_s

    kernel_run(name, name, 0, SECOND // 100, 0, memory)  # compiles, or loads the cache
    figures = interleave({"kernel": kernel, "SimPy": simpy}, repetitions)
    mean = {side: statistics.fmean(values) for side, values in responses.items()}
    if abs(mean["kernel"] / mean["SimPy"] - 1.0) > RESPONSE_TOLERANCE:
        raise click.ClickException(f"{name}: the sides disagree on the mean response, so the ratio means nothing: {mean} s")
    return {
        "chain": parameters._asdict(),
        "simulated_s": {"kernel": kernel_s, "SimPy": simpy_s},
        "mean_response_s": mean,
        "kernel_requests_per_s": spread(figures["kernel"]),
        "simpy_requests_per_s": spread(figures["SimPy"]),
        "ratio": spread([a / b for a, b in zip(figures["kernel"], figures["SimPy"], strict=True)]),
        "figures": figures,
    }


def _day_options(architecture: str, workload: str, window: str) -> Callable[[Any], Any]:
    def decorate(command: Any) -> Any:
        command = click.option("--window", default=window)(command)
        command = click.option("--workload", default=workload)(command)
        return click.option("--architecture", default=architecture)(command)

    return decorate


def _window_ns(window: str) -> tuple[int, int]:
    from simcore.base.units import parse_clock

    start, end = (parse_clock(part) for part in window.split("-"))
    return start, end


def _measure_day(name: str, architecture: str, workload: str, window: str, repetitions: int) -> None:
    runs = [kernel_run_apart(architecture, workload, *_window_ns(window), seed) for seed in range(repetitions)]
    results: dict[str, Any] = {"architecture": architecture, "workload": workload, "window": window, "runs": runs}
    for title, unit, of in [
        ("orders_per_s", "orders/s", lambda run: run["recorded"] / run["simulate_s"]),
        ("requests_per_s", "requests/s", lambda run: run["requests"] / run["simulate_s"]),
        ("hops_per_s", "hops/s", lambda run: run["hops"] / run["simulate_s"]),
        ("simulate_s", "s", lambda run: run["simulate_s"]),
        ("peak_mib", "MiB", lambda run: run["peak_mib"]),
    ]:
        results[title] = spread([of(run) for run in runs])
        show(f"{name}: {title}", results[title], unit, 1 if unit == "s" else 0)
    save(name, results)


@main.command("order-path")
@_day_options("legacy-coupled", "normal-day", "09:30-10:00")
@click.option("--repetitions", default=5, type=click.IntRange(1))
def order_path(architecture: str, workload: str, window: str, repetitions: int) -> None:
    """Recorded intents, requests and hops per second on a broker's architecture."""
    _measure_day("order-path", architecture, workload, window, repetitions)


@main.command("top10-day")
@_day_options("benchmark/legacy-top10", "top10-day", "09:00-15:30")
@click.option("--repetitions", default=1, type=click.IntRange(1))
def top10_day(architecture: str, workload: str, window: str, repetitions: int) -> None:
    """A whole day of a large broker: orders/s, hops/s, peak memory."""
    _measure_day("top10-day", architecture, workload, window, repetitions)


@main.command()
@_day_options("legacy-coupled", "normal-day", "09:30-10:00")
def memory(architecture: str, workload: str, window: str) -> None:
    """Peak memory of a window and of one twice as long, and what each recorded intent adds."""
    start, end = _window_ns(window)
    once, twice = (kernel_run_apart(architecture, workload, start, start + n * (end - start), 0) for n in (1, 2))
    more = twice["recorded"] - once["recorded"]
    bytes_each = (twice["peak_mib"] - once["peak_mib"]) * 1024 * 1024 / more if more else None
    print(f"peak {once['peak_mib']:.0f} MiB; twice the window {twice['peak_mib']:.0f} MiB; {more:,} more recorded intents")
    save("memory", {"window": window, "once": once, "twice": twice, "bytes_per_recorded_intent": bytes_each})


@main.command()
@click.option("--architecture", default="benchmark/chain-4")
@click.option("--repetitions", default=5, type=click.IntRange(1))
def startup(architecture: str, repetitions: int) -> None:
    """Seconds until a small run is done: with an empty cache, from the cache; and of the commands that need no compiler."""
    with tempfile.TemporaryDirectory() as empty:
        cache = {"NUMBA_CACHE_DIR": empty, "XDG_CACHE_HOME": empty}

        def small_run() -> dict[str, float]:
            return kernel_run_apart(architecture, architecture, 0, SECOND, 0, **cache)

        cold = small_run()
        if not any(Path(empty).rglob("*.nb[ci]")):
            raise click.ClickException("the cold run left no cache in its empty directory, so it was not cold")
        warm = [small_run() for _ in range(repetitions)]
    results = {
        "cold_s": spread([_after_import(cold)]),
        "warm_s": spread([_after_import(run) for run in warm]),
        "import_numba_s": spread([_wall_s("-c", "import numba") for _ in range(repetitions)]),
    }
    for arguments in (["--help"], ["validate", "legacy-coupled"]):
        command = ["-c", "from chaos.cli.main import main; main()", *arguments]
        results[f"{arguments[0].lstrip('-')}_s"] = spread([_wall_s(*command) for _ in range(repetitions)])
    for title, figures in results.items():
        show(f"startup: {title}", figures, "s", 2)
    save("startup", results)


def _after_import(run: dict[str, float]) -> float:
    return run["after_import_s"]


def _wall_s(*arguments: str, check: bool = True) -> float:
    """Seconds of a Python process; with `check` it must end in 0."""
    begin = time.perf_counter()
    subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=check)
    return time.perf_counter() - begin


@main.command()
@click.option("--suite", default="smoke")
@click.option(
    "--all", "all_of", default="full", help="Of the runs of this suite those that take more than 2 s are measured, too."
)
@click.option("--repetitions", default=3, type=click.IntRange(1))
def smoke(suite: str, all_of: str, repetitions: int) -> None:
    """Wall time of a suite as a person starts it, and of its runs, and of every shipped one of more than 2 s, the share outside the
    kernel's event loop."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["-m", "chaos", "suite", suite, "--store", f"{folder}/store"]
        _wall_s(*command, check=False)  # compiles, or loads the cache
        walls = [_wall_s(*command, check=False) for _ in range(repetitions)]
    names = list(dict.fromkeys(job.scenario for job in _suite_jobs(suite)))
    _scenario_run(names[0])  # loads the compiled kernel into this process
    others = dict.fromkeys(job.scenario for job in _suite_jobs(all_of) if job.scenario not in names)
    names += [name for name in others if _scenario_run(name)["wall_s"] > LONG_S]
    runs = {name: [_scenario_run(name) for _ in range(repetitions)] for name in names}
    shares = {name: spread([100 * run["outside_s"] / run["wall_s"] for run in mine]) for name, mine in runs.items()}
    show(f"{suite}: wall", spread(walls), "s", 1)
    for name, share in shares.items():
        seconds = statistics.median(run["wall_s"] for run in runs[name])
        show(f"{name.rpartition('/')[2]}, {seconds:.1f} s: outside", share, "%", 0)
    save("smoke", {"suite": suite, "suite_wall_s": spread(walls), "outside_percent": shares, "runs": runs})


def _suite_jobs(suite: str) -> list[Any]:
    from chaos.documents.suites import load_suite
    from chaos.execution.planning import JobOptions, suite_jobs
    from chaos.execution.session import Session

    return suite_jobs(Session(), load_suite(suite), JobOptions(replications=1))


def _scenario_run(name: str) -> dict[str, float]:
    """Wall seconds of one run from prepared files to its judged record, and those of them not spent in `advance`."""
    from chaos.execution.execute import execute
    from chaos.execution.jobs import Job
    from chaos.execution.session import Session
    from simcore.kernel import machine

    session, job, inside, advance = Session(), Job(name, 1), [0.0], machine.advance

    def timed(*arenas: Any) -> int:
        begin = time.perf_counter()
        why: int = advance(*arenas)
        inside[0] += time.perf_counter() - begin
        return why

    session.bind(job.system)
    machine.advance = timed
    try:
        begin = time.perf_counter()
        execute(session, job)
        wall = time.perf_counter() - begin
    finally:
        machine.advance = advance
    return {"wall_s": wall, "outside_s": wall - inside[0]}


@main.command("one-run", hidden=True)
@click.argument("architecture")
@click.argument("workload")
@click.argument("start", type=int)
@click.argument("end", type=int)
@click.argument("seed", type=int)
def one_run(architecture: str, workload: str, start: int, end: int, seed: int) -> None:
    """One run in this process; its figures as JSON. `after_import_s` begins when numba has been imported."""
    import numba  # noqa: F401

    begin = time.perf_counter()
    run = kernel_run(architecture, workload, start, end, seed)
    print(json.dumps(run | {"after_import_s": time.perf_counter() - begin}))


if __name__ == "__main__":
    main()
