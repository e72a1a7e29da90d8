"""Running scenarios: jobs, workers, records. A record is all that reports and verdicts need of a run, and holds no wall time,
so that the same job leaves the same record on any machine."""

from __future__ import annotations

import functools
import json
import shlex
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from chaos.checkers import check_all
from chaos.documents.library import library
from chaos.documents.scenario import MustHappen, Scenario
from chaos.documents.severity import RuleSet
from chaos.execution import planting as defects
from chaos.execution.simulated import Parts, Simulated
from chaos.execution.workers import Place, require_same_files, run_tasks
from chaos.judgement import causes, severity
from chaos.judgement.verdict import judge_run, judge_runs
from chaos.measures import compute as metrics
from simcore.files.loading import Resolved
from simcore.journal.model import Journal

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
    defect: str | None = None
    spans: int = 0

    @property
    def group(self) -> tuple[str, str | None, str | None]:
        """What the runs over several seeds have in common."""
        return self.scenario, self.architecture, self.environment

    @property
    def key(self) -> str:
        """Names the job in a store."""
        said = {k: v for k, v in asdict(self).items() if k != "journal" and (k not in ("defect", "spans") or v)}
        return json.dumps(said, sort_keys=True)


_PARTS = Parts()


@functools.lru_cache(maxsize=64)
def prepared(
    scenario: str, architecture: str | None, environment: str | None, assignments: tuple[str, ...] = (), defect: str | None = None
) -> Simulated:
    """The system of a job, everything read and checked. Raises InputError."""
    return Simulated(
        _PARTS.get(("scenario", scenario), lambda: load_scenario(scenario)), architecture=architecture, environment=environment,
        assignments=assignments, defect=defect, parts=_PARTS,
    )  # fmt: skip


def load_scenario(reference: str) -> Resolved[Scenario]:
    """A scenario file by name or path. Raises InputError."""
    return library().resolve(reference, Scenario)


def forget() -> None:
    """Files are read again: they may have changed since the last command of this process."""
    prepared.cache_clear()
    _digest.cache_clear()
    _PARTS.known.clear()
    _rules.cache_clear()
    defects.forget()


def prepare(job: Job) -> Simulated:
    """The system of a job. Raises InputError."""
    return prepared(job.scenario, job.architecture, job.environment, job.assignments, job.defect)


def input_digest(job: Job) -> str:
    """Changes with whatever decides what the job's run does, but for the seed; remembered for more jobs than systems are. Raises
    InputError."""
    return _digest(replace(job, seed=0, journal=None))


@functools.cache
def _digest(job: Job) -> str:
    return prepare(job).input_digest


def replay_line(job: Job, architecture: str, environment: str) -> str:
    """The command that makes this run again."""
    words = ["coredrill", "replay", job.scenario, "--architecture", architecture, "--environment", environment]
    words += ["--seed", str(job.seed)] + [w for a in job.assignments for w in ("--set", a)]
    words += ["--defect", job.defect] if job.defect else []
    words += ["--spans", str(job.spans)] if job.spans else []
    return shlex.join(words)


# --- one run ----------------------------------------------------------------------------------------------------------------


def execute(job: Job) -> Record:
    """Makes the run and judges it."""
    target = prepare(job)
    journal = target.run(target.scenario.model, job.seed, spans=job.spans)
    record = record_of(job, target, journal)
    if job.journal is not None:
        _keep(journal_folder(job), journal, record, target)
    return record


def journal_folder(job: Job) -> Path:
    """Where the journal of a job is kept: below the folder it names, by scenario, architecture, environment and seed."""
    target = prepare(job)
    names = [target.scenario.model.name, target.architecture.name, target.environment, f"seed-{job.seed}"]
    names += [f"defect-{job.defect}"] if job.defect else []
    return Path(job.journal or ".") / "__".join(name.replace("/", "-") for name in names)


def _keep(folder: Path, journal: Journal, record: Record, target: Simulated) -> None:
    """The journal, and beside it what a report needs and the journal does not say."""
    from chaos.reports.folder import keep
    from chaos.results.topology import picture

    windows = metrics.judge_windows(journal, _question(target.scenario.model, target, journal))
    every = target.scenario.model.steady_state.every
    journal.write(folder)
    keep(folder, picture=picture(target.index), record=record, violated=metrics.violated_stretches(windows, every))


class Assessment(NamedTuple):
    """What a run showed, before it is written down."""

    question: metrics.Question
    measures: dict[str, Any]
    properties: dict[str, Any]
    steps: list[dict[str, Any]]
    invalid: list[str]
    missed: list[str]
    doubts: list[str]
    judgement: dict[str, Any]


def assess(target: Simulated, journal: Journal, figures: dict[str, Any]) -> Assessment:
    """Measures and judges a run; `figures` are its orders, flows and client_truth (see `simcore.journal.summary`)."""
    scenario = target.scenario.model
    question = _question(scenario, target, journal)
    measures = _measures(journal, question, figures, scenario)
    properties, steps = check_all(journal), _evidence(scenario, journal)
    invalid, missed, doubts = _reasons(scenario, journal, measures, steps)
    judgement = judge_run(scenario, measures, properties, [*invalid, *missed], doubts)
    return Assessment(question, measures, properties, steps, invalid, missed, doubts, judgement)


def record_of(job: Job, target: Simulated, journal: Journal) -> Record:
    """What a run amounts to, as plain JSON types."""
    from simcore.journal.summary import result

    scenario = target.scenario.model
    plain = result(journal)["runs"][0]
    found = assess(target, journal, plain["metrics"])
    begun = [(s["fault"], s["began_ns"], s["targets"]) for s in found.steps]
    chain = causes.chain(journal, target.index, begun, found.question)
    return {
        "scenario": scenario.name, "title": scenario.title, "purpose": scenario.purpose, "architecture": target.architecture.name,
        "environment": target.environment, "workload": target.workload.name, "seed": job.seed, "verdict": found.judgement["verdict"],
        "reasons": found.judgement["reasons"], "invalid": bool(found.invalid or found.missed),
        "averted": bool(found.missed and not found.invalid), "doubtful": bool(found.doubts),
        "digest": journal.digest, "input_digest": target.input_digest,
        "window": list(found.question.window), "metrics": found.measures, "properties": found.properties,
        "conservation": plain["conservation"],
        "expectations": found.judgement["expectations"], "faults": found.steps, "causes": chain,
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
    found["severity"] = {name: severity.grade(rule, found, scenario.system) for name, rule in _rules().items()}
    since = question.first_action if question.first_action is not None else question.window[0]
    found["counters"] = {counter: metrics.counted(journal, counter, since) for counter in scenario.counters}
    return found


@functools.cache
def _rules() -> dict[str, RuleSet]:
    return {name: library().resolve(name, RuleSet).model for name in library().shipped("severity")}


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
) -> tuple[list[str], list[str], list[str]]:
    """(why this was no valid experiment, what must happen and did not, why it cannot pass)."""
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
    missed = [f"did not happen: {m}" for m in scenario.must_happen if not _happened(m, journal, since)]
    doubts += [f"aborted: {e.subject}" for e in journal.events if e.what == "aborted"]
    return invalid, missed, doubts


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


def run_jobs(jobs: Sequence[Job], workers: int, done: Done, cluster: str | None = None) -> None:
    """Makes the runs, on so many processes or a Dask cluster; tells `done` of each as it ends, in any order. A worker's error is
    raised here, and so is a cluster's that has other files than we have.

    Ctrl-C stops the workers and is raised; what `done` was told stays told.
    """
    for job in jobs:
        input_digest(job)  # a mistake in a file is found before anything runs

    def compared(job: Job, record: Record) -> None:
        require_same_files(job.scenario, record["input_digest"], input_digest(job))
        done(job, record)

    run_tasks(execute, jobs, done if cluster is None else compared, Place(workers, cluster))


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
