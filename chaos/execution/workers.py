"""Where tasks are carried out: in this process, in processes of this machine, or on a Dask cluster. Everything parallel goes
through `run_tasks`, and that through `concurrent.futures.Executor`. What a task gives does not depend on where it was made.

A lost worker (killed, out of memory, its machine gone) costs the task it was at, which is made again; nothing else. That is why
every process of this machine has an executor of its own: one of several processes breaks as a whole when one of them dies.

A session (`chaos.execution.session`) does not travel. Each worker makes its own when the first task of a command reaches it, and has
it until a task of another command comes: `_WORKER` holds it, the one thing in this program that a process keeps for itself.
"""

from __future__ import annotations

import functools
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from multiprocessing import get_context, parent_process
from typing import Any, Generic, TypeVar

from chaos import plugins
from chaos.execution.session import Session
from simcore.base.errors import InputError

Task = TypeVar("Task")
Value = TypeVar("Value")
LOSSES_MAX = 3  # a task whose worker was lost so often is taken to be what ends them (Dask has the same bound)
AT_SCHEDULER = 1000  # tasks a Dask scheduler knows of at a time: enough for workers that come later, little to hold
CONNECT_S = 10


class WorkerLostError(RuntimeError):
    """A task's worker was lost as often as is borne."""


@dataclass(frozen=True)
class Workers:
    """Who makes tasks: so many processes of this machine (1: this process), or those of the Dask scheduler at an address."""

    processes: int = 1
    cluster: str | None = None

    @property
    def at_once(self) -> int:
        """How many tasks may be under way together, at least."""
        return 2 if self.cluster is not None else self.processes


class Lane:
    """An executor that is replaced when its worker is lost, and how many tasks it is given at a time."""

    def __init__(self, make: Callable[[], Executor], depth: int) -> None:
        self.make, self.depth, self.given = make, depth, 0
        self.executor = make()

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Give it a task. If its worker died while it was idle, another takes the place first."""
        self.given += 1
        try:
            return self.executor.submit(function, *arguments)
        except BrokenExecutor:
            self.replace()
            return self.executor.submit(function, *arguments)

    def replace(self) -> None:
        """Another executor in place of a broken one."""
        self.executor.shutdown(wait=False, cancel_futures=True)
        self.executor = self.make()


def run_tasks(
    session: Session,
    function: Callable[[Session, Task], Value],
    tasks: Sequence[Task],
    done: Callable[[Task, Value], None],
    workers: Workers | None = None,
) -> None:
    """Calls the function (of a module, so that others find it) with a session and every task; `done` is called for each as it ends, in
    any order, in this process. The session is this one here, and one of its own in each worker.

    What a task raises is raised here. Ctrl-C ends the workers; what `done` was called with stays.
    """
    workers = workers or Workers()
    if workers.cluster is None and (workers.processes <= 1 or len(tasks) <= 1):
        for task in tasks:
            done(task, function(session, task))
        return
    there = InWorker(function, session.name)
    if workers.cluster is None:
        with _processes(min(workers.processes, len(tasks))) as lanes:
            _drive(lanes, there, tasks, done, session.progress.note)
    else:
        with _cluster(workers.cluster) as lanes:
            _drive(lanes, functools.partial(_alike, _program(), there), tasks, done, session.progress.note)


def _drive(
    lanes: Sequence[Lane],
    function: Callable[[Task], Value],
    tasks: Sequence[Task],
    done: Callable[[Task, Value], None],
    note: Callable[[str], None],
) -> None:
    left = deque((task, 0) for task in tasks)
    running: dict[Future[Value], tuple[Lane, Task, int]] = {}
    while left or running:
        for lane in lanes:
            while left and lane.given < lane.depth:
                task, losses = left.popleft()
                running[lane.submit(function, task)] = lane, task, losses
        finished, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in finished:
            lane, task, losses = running.pop(future)
            lane.given -= 1
            try:
                value = future.result()
            except BrokenExecutor:
                lane.replace()
                left.appendleft((task, _one_more(losses, task, note)))
            else:
                done(task, value)


def _one_more(losses: int, task: object, note: Callable[[str], None]) -> int:
    if losses + 1 >= LOSSES_MAX:
        raise WorkerLostError(f"{losses + 1} workers were lost one after another at {task}")
    note(f"a worker was lost at {task}; that is made again")
    return losses + 1


# --- in a worker --------------------------------------------------------------------------------------------------------------


class _Worker(threading.local):
    """The session of the command whose tasks a worker makes, by the session's name there. Threads of one process (Dask can have several)
    have a session each."""

    name = ""
    session: Session | None = None


_WORKER = _Worker()


class InWorker(Generic[Task, Value]):
    """A function of a session and a task as one of the task alone, for a worker, which has a session of its own for each command."""

    def __init__(self, function: Callable[[Session, Task], Value], command: str) -> None:
        self.function, self.command = function, command

    def __call__(self, task: Task) -> Value:
        """What the function gives of the task."""
        if _WORKER.session is None or _WORKER.name != self.command:
            if _WORKER.session is not None:
                _WORKER.session.close()
            _WORKER.session, _WORKER.name = Session(name=self.command), self.command
        with plugins.blamed():  # here, for the place where an exception was raised does not travel with it
            return self.function(_WORKER.session, task)


# --- this machine's processes ---------------------------------------------------------------------------------------------


@contextmanager
def _processes(count: int) -> Iterator[list[Lane]]:
    lanes = [Lane(_process, 1) for _ in range(count)]
    try:
        yield lanes
    except BaseException:
        for lane in lanes:
            _end(lane.executor)
        raise
    for lane in lanes:
        lane.executor.shutdown()


def _process() -> Executor:
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_begin_worker)


def _end(executor: Executor) -> None:
    """At once, whatever it is at."""
    for process in list((getattr(executor, "_processes", None) or {}).values()):
        process.terminate()
    executor.shutdown(wait=False, cancel_futures=True)


def _begin_worker() -> None:
    """Ctrl-C is the parent's to handle; and a worker does not outlive its parent, whatever ended that."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


# --- a cluster --------------------------------------------------------------------------------------------------------------


@contextmanager
def _cluster(address: str) -> Iterator[list[Lane]]:
    """One lane: the scheduler hands out tasks, and makes those of a lost worker again by itself."""
    try:
        from distributed import Client
    except ImportError:
        raise InputError("--cluster needs Dask's distributed", hint="pip install 'coredrill[cluster]'") from None
    try:
        client = Client(address, timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError):  # a time-out is an OSError
        raise InputError(
            f"no Dask scheduler answers at {address!r}", hint="start one with 'dask scheduler' and give its tcp://host:port"
        ) from None
    try:
        executor = client.get_executor(pure=False)
        yield [Lane(lambda: executor, AT_SCHEDULER)]
    except BaseException:
        executor.shutdown(wait=False)
        raise
    finally:
        client.close()


def _alike(program: str, function: Callable[[Task], Value], task: Task) -> Value:
    """On a worker: only the same program, with the same extensions, makes the same results."""
    if _program() != program:
        raise InputError(f"a worker of the cluster has {_program()}, not {program}", hint="install the same on all")
    return function(task)


def _program() -> str:
    """coredrill and the packages that extend it, with their versions."""
    try:
        version = metadata.version("coredrill")
    except metadata.PackageNotFoundError:
        version = "(a checkout)"
    return ", ".join([f"coredrill {version}", *plugins.installed().distributions])
