"""Running scenarios: jobs, workers, records. A record is all that reports and verdicts need of a run, and holds no wall time,
so that the same job leaves the same record on any machine."""

from __future__ import annotations

import functools
import json
import os
import shlex
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import asdict, dataclass
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import Any

from chaos import causes, metrics, severity
from chaos.checkers import check_all
from chaos.scenario import MustHappen, Scenario, register
from chaos.simulated import Simulated
from chaos.verdict import judge_run, judge_runs
from simcore import catalogue
from simcore.journal import Journal
from simcore.loading import Resolved, resolve

SCHEMA_VERSION = 1
Record = dict[str, Any]
Done = Callable[["Job", Record], None]


@dataclass(frozen=True)
class Job:
    """One run to be made: a scenario by name or path, what replaces its architecture and environment, a seed."""

    scenario: str
    seed: int
    architecture: str | None = None
    environment: str | None = None
    assignments: tuple[str, ...] = ()
    journal: str | None = None

    @property
    def group(self) -> tuple[str, str | None, str | None]:
        """What the runs over several seeds have in common."""
        return self.scenario, self.architecture, self.environment

    @property
    def key(self) -> str:
        """Names the job in a store."""
        return json.dumps({k: v for k, v in asdict(self).items() if k != "journal"}, sort_keys=True)


@functools.lru_cache(maxsize=64)
def prepared(scenario: str, architecture: str | None, environment: str | None, assignments: tuple[str, ...] = ()) -> Simulated:
    """The system of a job, everything read and checked. Raises InputError."""
    return Simulated(load_scenario(scenario), architecture=architecture, environment=environment, assignments=assignments)


def load_scenario(reference: str) -> Resolved[Scenario]:
    """A scenario file by name or path. Raises InputError."""
    register()
    return resolve(reference, (), "scenario")


def forget() -> None:
    """Files are read again: they may have changed since the last command of this process."""
    prepared.cache_clear()


def prepare(job: Job) -> Simulated:
    """The system of a job. Raises InputError."""
    return prepared(job.scenario, job.architecture, job.environment, job.assignments)


def replay_line(job: Job, architecture: str, environment: str) -> str:
    """The command that makes this run again."""
    words = ["coredrill", "replay", job.scenario, "--architecture", architecture, "--environment", environment]
    words += ["--seed", str(job.seed)] + [w for a in job.assignments for w in ("--set", a)]
    return shlex.join(words)


# --- one run ----------------------------------------------------------------------------------------------------------------


def execute(job: Job) -> Record:
    """Makes the run and judges it."""
    target = prepare(job)
    journal = target.run(target.scenario.model, job.seed)
    if job.journal is not None:
        scenario = target.scenario.model
        names = (scenario.name, target.architecture.name, target.environment, f"seed-{job.seed}")
        journal.write(Path(job.journal) / "__".join(name.replace("/", "-") for name in names))
    return record_of(job, target, journal)


def record_of(job: Job, target: Simulated, journal: Journal) -> Record:
    """What a run amounts to, as plain JSON types."""
    from simcore.result import result

    scenario = target.scenario.model
    question = _question(scenario, target, journal)
    plain = result(journal)["runs"][0]
    measures = _measures(journal, question, plain["metrics"], scenario)
    properties = check_all(journal)
    steps = _evidence(scenario, journal)
    invalid, doubts = _reasons(scenario, journal, measures, steps)
    judgement = judge_run(scenario, measures, properties, invalid, doubts)
    chain = causes.chain(journal, target.architecture, [(s["fault"], s["began_ns"], s["targets"]) for s in steps], question)
    return {
        "scenario": scenario.name, "title": scenario.title, "purpose": scenario.purpose, "architecture": target.architecture.name,
        "environment": target.environment, "workload": target.workload.name, "seed": job.seed, "verdict": judgement["verdict"],
        "reasons": judgement["reasons"], "invalid": bool(invalid), "digest": journal.digest, "input_digest": target.input_digest,
        "window": list(question.window), "metrics": measures, "properties": properties, "conservation": plain["conservation"],
        "expectations": judgement["expectations"], "faults": steps, "causes": chain,
        "timeline": _timeline(scenario, journal), "replay": replay_line(job, target.architecture_reference, target.environment),
    }  # fmt: skip


def _question(scenario: Scenario, target: Simulated, journal: Journal) -> metrics.Question:
    steady = scenario.steady_state
    objectives = {
        flow: metrics.Objective(
            o.success, o.latency.quantile if o.latency else None, o.latency.at_most if o.latency else None, o.min_count
        )
        for flow, o in steady.objectives.items()
    }
    healed = {e.detail.get("step"): e.t_ns for e in journal.events if e.what == "fault_healed"}
    all_healed = all(i in healed for i in range(len(scenario.method)))
    return metrics.Question(
        window=(scenario.window.begin, scenario.window.end), every=steady.every, hold=steady.hold, objectives=objectives,
        first_action=min((s.at for s in scenario.method), default=None), cleared_at=max(healed.values(), default=0) if all_healed else None,
        watchers=target.watchers(),
    )  # fmt: skip


def _measures(journal: Journal, question: metrics.Question, plain: dict[str, Any], scenario: Scenario) -> dict[str, Any]:
    """Everything measured. Orders are those whose flow is of kind order, submitted in the window."""
    orders = dict(plain["orders"])
    orders["failed_share"] = orders["failed_orders"] / orders["intended"] if orders["intended"] else None
    found = {"orders": orders, "flows": plain["flows"], "client_truth": plain["client_truth"]} | metrics.measure(
        journal, question
    )
    rules = {name: resolve(name, (), "severity").model for name in catalogue.shipped("severity")}
    found["severity"] = {name: severity.grade(rule, found, scenario.system) for name, rule in rules.items()}
    return found


def _evidence(scenario: Scenario, journal: Journal) -> list[dict[str, Any]]:
    """Of each step of the method: when it began and ended, what it hit, and whether it exercised anything."""
    found = []
    for i, step in enumerate(scenario.method):
        mine = [e for e in journal.events if e.detail.get("step") == i and e.what.startswith("fault_")]
        by_word = {e.what: e for e in mine}
        started, counted = by_word.get("fault_started"), by_word.get("fault_exercised")
        failed = next((str(e.detail["why"]) for e in mine if e.what == "fault_failed"), None)
        grown = int(counted.detail["grown"] or 0) if counted else 0
        took = (
            started is not None
            and counted is not None
            and failed is None
            and step.fault.took_effect(journal, started.t_ns, counted.t_ns, grown)
        )
        found.append({
            "name": step.label, "fault": step.given()[0][0], "began_ns": started.t_ns if started else None,
            "ended_ns": by_word["fault_healed"].t_ns if "fault_healed" in by_word else None,
            "targets": str(started.detail["targets"]).split(", ") if started else [], "grown": grown, "took_effect": bool(took), "failed": failed,
        })  # fmt: skip
    return found


def _reasons(
    scenario: Scenario, journal: Journal, measures: dict[str, Any], steps: list[dict[str, Any]]
) -> tuple[list[str], list[str]]:
    """(why this was no valid experiment, why it cannot pass)."""
    invalid, doubts = [], []
    if journal.unknown_reason is not None:
        invalid.append(journal.unknown_reason)
    windows = measures["windows"]
    if not windows["steady"] and not windows["violated"]:
        invalid.append("nothing was exercised: no window of the run had enough intents to judge")
    if not measures["steady_before"]:
        invalid.append(measures["unsteady_because"])
    for step in steps:
        if step["failed"] is not None:
            doubts.append(f"{step['name']} could not be done: {step['failed']}")
        elif not step["took_effect"]:
            invalid.append(f"{step['name']} never took effect: nothing met it")
    since = min((s.at for s in scenario.method), default=scenario.start)
    invalid += [f"did not happen: {m}" for m in scenario.must_happen if not _happened(m, journal, since)]
    doubts += [f"aborted: {e.subject}" for e in journal.events if e.what == "aborted"]
    return invalid, doubts


def _happened(condition: MustHappen, journal: Journal, since: int) -> bool:
    if condition.counter is not None:
        return metrics.grown(journal, condition.counter, since) >= condition.at_least
    found = sum(e.what == condition.event and e.t_ns >= since and condition.subject in (None, e.subject) for e in journal.events)
    return found >= condition.at_least


def _timeline(scenario: Scenario, journal: Journal) -> list[dict[str, Any]]:
    """The published timeline of a reproduction with the simulated time of each line that names an event."""
    lines = []
    for line in scenario.record.timeline if scenario.record else ():
        at = (
            next((e.t_ns for e in journal.events if e.what == line.event and line.subject in (None, e.subject)), None)
            if line.event
            else None
        )
        lines.append({"published_ns": line.at, "what": line.what, "event": line.event, "simulated_ns": at})
    return lines


# --- many runs --------------------------------------------------------------------------------------------------------------


def run_jobs(jobs: Sequence[Job], workers: int, done: Done) -> None:
    """Makes the runs, on so many processes; tells `done` of each as it ends, in any order. A worker's error is raised here.

    Ctrl-C stops the workers and is raised; what `done` was told stays told.
    """
    for job in {j.group + (j.assignments,): j for j in jobs}.values():
        prepare(job)  # a mistake in a file is found before anything runs
    if workers <= 1 or len(jobs) <= 1:
        for job in jobs:
            done(job, execute(job))
        return
    pool = ProcessPoolExecutor(min(workers, len(jobs)), mp_context=get_context("spawn"), initializer=_begin_worker)
    try:
        for job, future in _completed(pool, jobs, 2 * workers):
            done(job, future.result())
    except BaseException:
        for process in list((pool._processes or {}).values()):
            process.terminate()
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()


def _completed(pool: ProcessPoolExecutor, jobs: Iterable[Job], most: int) -> Iterator[tuple[Job, Future[Record]]]:
    waiting: dict[Future[Record], Job] = {}
    for job in jobs:
        waiting[pool.submit(execute, job)] = job
        while len(waiting) >= most:
            yield from _take(waiting)
    while waiting:
        yield from _take(waiting)


def _take(waiting: dict[Future[Record], Job]) -> Iterator[tuple[Job, Future[Record]]]:
    finished, _ = wait(waiting, return_when=FIRST_COMPLETED)
    for future in finished:
        yield waiting.pop(future), future


def _begin_worker() -> None:
    """Ctrl-C is the parent's to handle; and a worker does not outlive its parent, whatever ended that."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


# --- results ------------------------------------------------------------------------------------------------------------------


def grouped(jobs: Sequence[Job], records: dict[str, Record]) -> list[dict[str, Any]]:
    """The jobs' records by scenario and place, in the order of the jobs, each group with its verdict."""
    groups: dict[tuple[str, str | None, str | None], list[Job]] = {}
    for job in jobs:
        groups.setdefault(job.group, []).append(job)
    found = []
    for mine in groups.values():
        runs = [records[job.key] for job in mine]
        scenario = prepare(mine[0]).scenario.model
        first = {key: runs[0][key] for key in ("scenario", "title", "architecture", "environment")}
        found.append(first | {"runs": len(runs), "seeds": [r["seed"] for r in runs]} | judge_runs(scenario, runs))
    return found
