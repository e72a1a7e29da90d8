"""Where tasks are carried out: in this process, in processes of this machine, or on a Dask cluster. Everything parallel goes
through `run_tasks`, and that through `concurrent.futures.Executor`. What a task gives does not depend on where it was made.

A lost worker (killed, out of memory, its machine gone) costs the task it was at, which is made again; nothing else. That is why
every process of this machine has an executor of its own: one of several processes breaks as a whole when one of them dies.
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
from multiprocessing import get_context, parent_process
from typing import Any, TypeVar

import click

from simcore.base.errors import InputError

Task = TypeVar("Task")
Value = TypeVar("Value")
LOSSES_MAX = 3  # a task whose worker was lost so often is taken to be what ends them (Dask has the same bound)
AT_SCHEDULER = 1000  # tasks a Dask scheduler knows of at a time: enough for workers that come later, little to hold
CONNECT_S = 10


class WorkerLostError(RuntimeError):
    """A task's worker was lost as often as is borne."""


@dataclass(frozen=True)
class Place:
    """Where tasks are made: in so many processes of this machine (1: in this process), or at a Dask scheduler's address."""

    processes: int = 1
    cluster: str | None = None


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
    function: Callable[[Task], Value], tasks: Sequence[Task], done: Callable[[Task, Value], None], place: Place | None = None
) -> None:
    """Calls the function (of a module, so that others find it) with every task; `done` is told of each as it ends, in any order,
    in this process. What a task raises is raised here. Ctrl-C ends the workers; what `done` was told stays told."""
    place = place or Place()
    if place.cluster is None and (place.processes <= 1 or len(tasks) <= 1):
        for task in tasks:
            done(task, function(task))
        return
    if place.cluster is None:
        with _processes(min(place.processes, len(tasks))) as lanes:
            _drive(lanes, function, tasks, done)
    else:
        with _cluster(place.cluster) as lanes:
            _drive(lanes, functools.partial(_alike, _version(), function), tasks, done)


def require_same_files(scenario: str, theirs: str, ours: str) -> None:
    """Raises InputError if the digests of what a worker ran and of what we have differ."""
    if theirs != ours:
        raise InputError(f"the cluster's workers have other files for {scenario}", mend="give all of them the same files")


def _drive(lanes: Sequence[Lane], function: Callable[[Any], Any], tasks: Sequence[Any], done: Callable[[Any, Any], None]) -> None:
    left = deque((task, 0) for task in tasks)
    running: dict[Future[Any], tuple[Lane, Any, int]] = {}
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
                left.appendleft((task, _one_more(losses, task)))
            else:
                done(task, value)


def _one_more(losses: int, task: Any) -> int:
    if losses + 1 >= LOSSES_MAX:
        raise WorkerLostError(f"{losses + 1} workers were lost one after another at {task}")
    click.echo(f"a worker was lost at {task}; that is made again", err=True)
    return losses + 1


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
        raise InputError("--cluster needs Dask's distributed", mend="pip install 'coredrill[cluster]'") from None
    try:
        client = Client(address, timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError) as error:  # a time-out is an OSError
        raise InputError(
            f"no Dask scheduler at {address!r}: {error}", mend="start one with 'dask scheduler' and give its tcp://host:port"
        ) from None
    try:
        executor = client.get_executor(pure=False)
        yield [Lane(lambda: executor, AT_SCHEDULER)]
    except BaseException:
        executor.shutdown(wait=False)
        raise
    finally:
        client.close()


def _alike(version: str, function: Callable[[Any], Any], task: Any) -> Any:
    """On a worker: only the same program makes the same results."""
    if _version() != version:
        raise InputError(f"a worker of the cluster has coredrill {_version()}, not {version}", mend="install the same on all")
    return function(task)


def _version() -> str:
    from importlib import metadata

    try:
        return metadata.version("coredrill")
    except metadata.PackageNotFoundError:
        return "(a checkout)"
