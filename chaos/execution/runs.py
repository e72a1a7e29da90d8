"""Runs of scenarios and what they are judged to be, for every campaign that is made of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from types import TracebackType

from pydantic import ValidationError

from chaos.execution.control_run import wants_control
from chaos.execution.execute import execute
from chaos.execution.jobs import Job
from chaos.execution.runner import JsonObject, TaskRunner, Work
from chaos.execution.session import Session
from chaos.execution.workers import Workers
from chaos.measures.formatting import duration, number
from chaos.results.run import RunResult


def default_store(name: str, jobs: Sequence[Job]) -> Path:
    """Where the runs of a command are kept: below .coredrill, by its name and a digest of the jobs."""
    digest = blake2b("\n".join(job.key for job in jobs).encode(), digest_size=6).hexdigest()
    return Path(".coredrill") / f"{Path(name).name.removesuffix('.yaml')}-{digest}.jsonl"


class JudgedRuns(Work[Job, RunResult]):
    """How runs are made as tasks of a campaign: a task is a job, its value the judged result of the run."""

    def perform(self, session: Session, task: Job) -> RunResult:
        """Makes the run and judges it, with the worker's session. Raises InputError, and what the run raises."""
        return execute(session, task)

    def key(self, task: Job) -> str:
        """The job's key: scenario, seed and all options, as JSON."""
        return task.key

    def scenario(self, task: Job) -> str:
        """The scenario that the job runs, by name or path."""
        return task.scenario

    def target(self, task: Job) -> str:
        """The target that the job is run on."""
        return task.target

    def control(self, session: Session, task: Job) -> Job | None:
        """The job itself, if its run may have to be held against one."""
        asked = "method" not in task.left_out and wants_control(session.bind(task.plain_system))
        return replace(task, left_out=()) if asked else None

    def to_json(self, value: RunResult) -> JsonObject:
        """The whole result as JSON types."""
        return value.json_object()

    def from_json(self, record: JsonObject) -> RunResult | None:
        """The stored result as a model; None if an older version of coredrill wrote it and fields are missing, so that the run is made again."""
        try:
            return RunResult.model_validate(record)
        except ValidationError:
            return None

    def line(self, value: RunResult) -> str:
        """Verdict, scenario, architecture and seed, as `coredrill run` shows them while others are made; of a run without some actions what it
        came to."""
        if value.left_out:
            orders, impaired = value.measures.orders.failed_orders, value.measures.impaired_s
            without = f"without {', '.join(value.left_out)}"
            return f"{value.scenario} seed {value.seed} {without}: failed orders {number(orders)}, impaired {duration(impaired)}"
        return f"{value.verdict:<7} {value.scenario} on {value.architecture} seed {value.seed}"

    def input_digest(self, value: RunResult) -> str | None:
        """The digest of the files and options that the run was made from."""
        return value.input_digest


class Runs:
    """Results of runs by the keys of their jobs: the same whenever, wherever and in how many parts they were made.

    `path` is the file in which they are kept (None: nowhere); with `resume` what is there already counts. `part` is what stays in
    memory of a result. A context manager: leaving it closes the file.
    """

    def __init__(
        self,
        session: Session,
        path: Path | None = None,
        *,
        resume: bool = False,
        workers: Workers | None = None,
        part: Callable[[RunResult], RunResult] = lambda record: record,
    ) -> None:
        self.session, self.part = session, part
        self.at_once = workers.at_once if workers is not None else 1
        self.records: dict[str, RunResult] = {}
        self.runner = TaskRunner(session, JudgedRuns(), workers, path, resume=resume)

    def __enter__(self) -> Runs:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.runner.__exit__(kind, error, trace)

    def make(self, jobs: Sequence[Job], what: str = "runs") -> None:
        """Makes those that are not there yet, `what` they are called meanwhile. Whatever is wrong with files, and what a target cannot do,
        is found before any is made. Raises InputError, and what a run raises."""
        new = [job for job in dict.fromkeys(jobs) if job.key not in self.records]
        for job in new:
            self.session.require(job, self.at_once)

        def made(i: int, record: RunResult, kept: bool) -> None:
            self.records[new[i].key] = self.part(record)

        inputs = [self.session.input_digest(job.system) for job in new]
        self.runner.make(new, inputs, what, made, before=len(jobs) - len(new))
