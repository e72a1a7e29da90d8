"""The one way in which runs, trials and pairs come about: taken from where they are kept, else made by workers, and kept as each ends."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, TypeVar

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
        """Makes a task: in a worker, with the session of that."""

    @abstractmethod
    def key(self, task: Task) -> str:
        """Names the task in a store."""

    @abstractmethod
    def scenario(self, task: Task) -> str:
        """The scenario it is about, for errors."""

    @abstractmethod
    def target(self, task: Task) -> str:
        """The target on which it is made."""

    @abstractmethod
    def to_json(self, value: Value) -> JsonObject:
        """What is kept of a value, as JSON types."""

    @abstractmethod
    def from_json(self, record: JsonObject) -> Value | None:
        """The value of which this was kept; None if it cannot be read any more, so that it is made again."""

    def line(self, value: Value) -> str:
        """What a person reads of it while others are made; empty: it is counted."""
        return ""

    def input_digest(self, value: Value) -> str | None:
        """The digest of the files that it was made from, if the value has it: a cluster's workers may have others than we have."""
        return None


class TaskRunner(Generic[Task, Value]):
    """Makes the tasks of a campaign. `path` is the file in which what they give is kept (None: nowhere); with `resume` what is there
    counts already. A context manager: leaving it closes the file."""

    def __init__(
        self,
        session: Session,
        work: Work[Task, Value],
        workers: Workers | None = None,
        path: Path | None = None,
        *,
        resume: bool = False,
    ) -> None:
        self.session, self.work, self.workers, self.path = session, work, workers or Workers(), path
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

        def done(numbered: tuple[int, Task], value: Value) -> None:
            i = numbered[0]
            self._require_same_files(tasks[i], value, inputs[i])
            made(i, self._kept(self.work.key(tasks[i]), inputs[i], value), False)
            progress.done(self.work.line(value))

        try:
            run_tasks(self.session, Numbered(self.work), [(i, tasks[i]) for i in left], done, self.workers)
        except KeyboardInterrupt:
            if self.store is not None:
                self.session.progress.note(f"{progress.count} {what} are kept in {self.path}; continue with --resume")
            raise
        finally:
            progress.end()

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


class Numbered(Generic[Task, Value]):
    """A campaign's work on tasks with numbers."""

    def __init__(self, work: Work[Task, Value]) -> None:
        self.work = work

    def __call__(self, session: Session, numbered: tuple[int, Task]) -> Value:
        """What the work gives of the task."""
        return self.work.perform(session, numbered[1])
