"""Running scenarios: jobs, workers, results of runs. The same job has the same result on any machine."""

from __future__ import annotations

import functools
import json
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from chaos.documents.library import library
from chaos.documents.scenario import Scenario
from chaos.execution import planting as defects
from chaos.execution.simulated import Parts, Simulated
from chaos.execution.topology import topology_of
from chaos.execution.workers import Place, require_same_files, run_tasks
from chaos.i18n.findings import reason_text
from chaos.judgement import assessment
from chaos.judgement.assessment import assess, causes_of, spec_of, timeline_of
from chaos.judgement.verdict import judge_runs
from chaos.measures.intervals import evaluate_intervals, violated_stretches
from chaos.results.findings import Findings
from chaos.results.run import GroupResult, RunResult
from chaos.results.stored_run import store_run
from simcore.files.loading import Resolved
from simcore.journal.model import Journal
from simcore.journal.writer import write_journal

Done = Callable[["Job", RunResult], None]


Case = tuple[str, str | None, str | None]
"""A scenario with the architecture and environment that replace its own, or None."""


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
    def group(self) -> Case:
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
    assessment.forget()
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


def execute(job: Job) -> RunResult:
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


def _keep(folder: Path, journal: Journal, record: RunResult, target: Simulated) -> None:
    """The journal, and beside it what a report needs and the journal does not say."""
    scenario = target.scenario.model
    intervals = evaluate_intervals(journal, spec_of(scenario, target.watchers(), journal))
    write_journal(journal, folder)
    violated = violated_stretches(intervals, scenario.steady_state.every)
    store_run(folder, topology=topology_of(target.index), run=record, violated=violated)


def record_of(job: Job, target: Simulated, journal: Journal) -> RunResult:
    """What a run amounts to."""
    from simcore.journal.summary import figures, laws

    scenario = target.scenario.model
    found = assess(scenario, target.watchers(), journal, figures(journal))
    judgement, chain = found.judgement, causes_of(found, journal, target.index)
    return RunResult(
        scenario=scenario.name, title=scenario.title, purpose=scenario.purpose, architecture=target.architecture.name,
        environment=target.environment, workload=target.workload.name, seed=job.seed, verdict=judgement.verdict,
        reasons=[reason_text(reason)["en"] for reason in judgement.reasons], invalid=bool(found.invalid or found.missed),
        averted=bool(found.missed and not found.invalid), doubtful=bool(found.doubts),
        digest=journal.digest, input_digest=target.input_digest, window=found.spec.window, measures=found.measures,
        properties=found.properties, conservation=laws(journal), expectations=[e.result() for e in judgement.expectations], faults=found.faults,
        causes=[link.result() for link in chain], timeline=timeline_of(scenario, journal),
        replay=replay_line(job, target.architecture_reference, target.environment),
        findings=Findings(
            reasons=judgement.reasons, expectations=[e.finding() for e in judgement.expectations],
            symptoms=[link.symptom for link in chain],
        ),
    )  # fmt: skip


# --- many runs --------------------------------------------------------------------------------------------------------------


def run_jobs(jobs: Sequence[Job], workers: int, done: Done, cluster: str | None = None) -> None:
    """Makes the runs, on so many processes or a Dask cluster; tells `done` of each as it ends, in any order. A worker's error is
    raised here, and so is a cluster's that has other files than we have.

    Ctrl-C stops the workers and is raised; what `done` was told stays told.
    """
    for job in jobs:
        input_digest(job)  # a mistake in a file is found before anything runs

    def compared(job: Job, record: RunResult) -> None:
        require_same_files(job.scenario, record.input_digest, input_digest(job))
        done(job, record)

    run_tasks(execute, jobs, done if cluster is None else compared, Place(workers, cluster))


# --- results ------------------------------------------------------------------------------------------------------------------


def grouped(jobs: Sequence[Job], records: Mapping[str, RunResult]) -> list[GroupResult]:
    """The jobs' runs by scenario and place, in the order of the jobs, each group with its verdict."""
    groups: dict[Case, list[Job]] = {}
    for job in jobs:
        groups.setdefault(job.group, []).append(job)
    found = []
    for mine in groups.values():
        runs = [records[job.key] for job in mine]
        target = prepare(mine[0])
        scenario, over = target.scenario.model, judge_runs(target.scenario.model, runs)
        found.append(
            GroupResult(
                scenario=scenario.name, title=scenario.title, architecture=target.architecture.name, environment=target.environment,
                runs=len(runs), seeds=[run.seed for run in runs], verdict=over.verdict, expectations=over.expectations,
            )
        )  # fmt: skip
    return found
