"""The one way in which runs, trials and pairs come about: taken from where they are kept, else made by workers, and kept as each ends."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, NamedTuple, TypeVar

from chaos.execution.control_run import ControlOutcomes, control_name
from chaos.execution.jobs import Job
from chaos.execution.progress import ProgressReporter
from chaos.execution.session import Session
from chaos.execution.store import Store
from chaos.execution.workers import Workers, run_tasks
from simcore.base.errors import InputError

Task = TypeVar("Task")
Value = TypeVar("Value")
JsonObject = dict[str, Any]
Made = Callable[[int, Value, bool], None]
"""Is called with the number of a task, what it gave, and whether that was kept before."""


class Work(ABC, Generic[Task, Value]):
    """What the tasks of a campaign are, and what is kept of them. Without state, so that workers can be sent it."""

    @abstractmethod
    def perform(self, session: Session, task: Task) -> Value:
        """Does one task and returns its value. It is called in a worker, with that worker's session."""

    @abstractmethod
    def key(self, task: Task) -> str:
        """A text that identifies the task in a store of finished ones: equal for equal tasks, in every process."""

    @abstractmethod
    def scenario(self, task: Task) -> str:
        """Name or path of the scenario that the task runs, for error messages."""

    @abstractmethod
    def target(self, task: Task) -> str:
        """The target (`simulated`, or NAME[:ADDRESS] of an extension) on which the task is done; a worker opens it before the first task."""

    @abstractmethod
    def to_json(self, value: Value) -> JsonObject:
        """The value as JSON types, as it is written to the store. `from_json` reads it back."""

    @abstractmethod
    def from_json(self, record: JsonObject) -> Value | None:
        """The value that `to_json` wrote; None if it is of another version and cannot be read: the task is then done again."""

    def control(self, session: Session, task: Task) -> Job | None:
        """The job whose control run the task is held against, if it is known to be before the task is made."""
        return None

    def line(self, value: Value) -> str:
        """One line that is shown when the task is done, while others go on; empty: only the number of finished tasks is shown."""
        return ""

    def input_digest(self, value: Value) -> str | None:
        """The digest of the files that it was made from, if the value has it: a cluster's workers may have others than we have."""
        return None


class TaskRunner(Generic[Task, Value]):
    """Makes the tasks of a campaign. `path` is the file in which what they give is kept (None: nowhere); with `resume` what is there
    counts already. `again` says how to go on after Ctrl-C. A context manager: leaving it closes the file."""

    def __init__(
        self,
        session: Session,
        work: Work[Task, Value],
        workers: Workers | None = None,
        path: Path | None = None,
        *,
        resume: bool = False,
        again: str = "continue with --resume",
    ) -> None:
        self.session, self.work, self.workers, self.path = session, work, workers or Workers(), path
        self.again = again
        self.store = Store(path, resume=resume) if path is not None else None

    def __enter__(self) -> TaskRunner[Task, Value]:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.store is not None:
            self.store.close()

    def make(self, tasks: Sequence[Task], inputs: Sequence[str], what: str, made: Made[Value], *, before: int = 0) -> None:
        """Makes those that are not kept; `made` is called with each, in any order.

        `inputs` has a digest for each task that changes with whatever decides what it gives. `what` they are called, as in "3 runs", is
        shown as they are made; `before` counts those of the same name that need not be made any more. Raises InputError, and what a
        task raises. After Ctrl-C it says where what is made is kept.
        """
        left = self._not_kept(tasks, inputs, made)
        if left:
            self.session.announce(self.work.target(tasks[i]) for i in left)
        total, kept = before + len(tasks), before + len(tasks) - len(left)
        progress = ProgressReporter(self.session.progress, what, total, kept)

        def done(given: Given[Task], value: Value) -> None:
            i = given.number
            self._require_same_files(tasks[i], value, inputs[i])
            made(i, self._kept(self.work.key(tasks[i]), inputs[i], value), False)
            progress.done(self.work.line(value))

        try:
            controls = self._shared_controls([tasks[i] for i in left])
            given = [Given(i, tasks[i], control) for i, control in zip(left, controls, strict=True)]
            run_tasks(self.session, GivenWork(self.work), given, done, self.workers)
        except KeyboardInterrupt:
            if self.store is not None:
                self.session.progress.note(f"{progress.count} {what} are kept in {self.path}; {self.again}")
            raise
        finally:
            progress.end()

    def _shared_controls(self, tasks: Sequence[Task]) -> list[NamedControl | None]:
        """The control runs that several of the tasks are held against, made before them, each once, where workers do not share a
        memory. One that a single task needs is made with it."""
        if self.workers.cluster is None and self.workers.processes <= 1:
            return [None] * len(tasks)
        jobs = [self.work.control(self.session, task) for task in tasks]
        names = [control_name(self.session.bind(job.system), job) if job is not None else "" for job in jobs]
        often = {name for name, count in Counter(names).items() if count > 1 and name}
        wanted = {name: job for name, job in zip(names, jobs, strict=True) if name in often and job is not None}
        if not wanted:
            return [None] * len(tasks)
        made: dict[str, NamedControl] = {}
        progress = ProgressReporter(self.session.progress, "control runs", len(wanted), 0)

        def done(job: Job, control: NamedControl) -> None:
            made[control.name] = control
            progress.done("")

        try:
            run_tasks(self.session, named_control, list(wanted.values()), done, self.workers)
        finally:
            progress.end()
        return [made.get(name) for name in names]

    def _not_kept(self, tasks: Sequence[Task], inputs: Sequence[str], made: Made[Value]) -> list[int]:
        """The numbers of the tasks that are to be made; what is kept of the others is handed out."""
        if self.store is None:
            return list(range(len(tasks)))
        left = []
        for i, task in enumerate(tasks):
            record = self.store.get(self.work.key(task), inputs[i])
            value = None if record is None else self.work.from_json(record)
            if value is None:
                left.append(i)
            else:
                made(i, value, True)
        return left

    def _kept(self, key: str, inputs: str, value: Value) -> Value:
        """The value as it will be read back, so that what is resumed comes to the same."""
        record = json.loads(json.dumps(self.work.to_json(value)))
        if self.store is not None:
            self.store.add(key, inputs, record)
        read = self.work.from_json(record)
        return value if read is None else read

    def _require_same_files(self, task: Task, value: Value, ours: str) -> None:
        theirs = self.work.input_digest(value)
        if self.workers.cluster is not None and theirs is not None:
            require_same_files(self.work.scenario(task), theirs, ours)


def require_same_files(scenario: str, theirs: str, ours: str) -> None:
    """Raises InputError if the digests of what a worker ran and of what we have differ."""
    if theirs != ours:
        raise InputError(f"the cluster's workers have other files for {scenario}", hint="give all of them the same files")


class NamedControl(NamedTuple):
    """A control run with its name."""

    name: str
    outcomes: ControlOutcomes


def named_control(session: Session, job: Job) -> NamedControl:
    """The control run of a job, made where this is called."""
    system = session.bind(job.system)
    return NamedControl(control_name(system, job), session.controls.of(system, job))


@dataclass(frozen=True)
class Given(Generic[Task]):
    """A task with its number, and the control run that was made for it and others."""

    number: int
    task: Task
    control: NamedControl | None

    def __str__(self) -> str:
        return f"{self.number}: {self.task}"


class GivenWork(Generic[Task, Value]):
    """A campaign's work on tasks as they are given to workers."""

    def __init__(self, work: Work[Task, Value]) -> None:
        self.work = work

    def __call__(self, session: Session, given: Given[Task]) -> Value:
        """What the work gives of the task."""
        if given.control is not None:
            session.controls.add(*given.control)
        return self.work.perform(session, given.task)
