"""Tasks come out the same wherever they are made, and a lost worker costs its task alone."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from multiprocessing import active_children, connection
from pathlib import Path
from types import ModuleType

import pytest
from dask_cluster import Cluster

from chaos.cli.progress import StderrProgress
from chaos.execution.session import Session
from chaos.execution.workers import WorkerLostError, Workers, run_tasks
from simcore.base.errors import InputError

WORK = """
import os, pathlib, time

FOLDER = pathlib.Path(__file__).parent

def square(session, n):
    return n * n

def deadly(session, n):
    '''Every call leaves its mark; the first with n = 3 ends its process without a word.'''
    calls = FOLDER / f"calls-{n}"
    with calls.open("a") as file:
        file.write("x")
    if n == 3 and len(calls.read_text()) == 1:
        os._exit(9)
    time.sleep(0.2)
    return n * n

def fatal(session, n):
    os._exit(9)

def wrong(session, n):
    from simcore.base.errors import InputError
    raise InputError("no such thing", file="a.yaml", line=3, column=1, hint="leave it")

def slow(session, n):
    (FOLDER / f"begun-{n}-{os.getpid()}").touch()
    time.sleep(0.5)
    return n * n
"""


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A module that workers can import, with functions of one number."""
    (tmp_path / "harmless_work.py").write_text(WORK)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *sys.path]))
    import harmless_work

    yield harmless_work
    del sys.modules["harmless_work"]


def collect(function: object, workers: Workers, count: int = 6) -> dict[int, int]:
    """What each task gave."""
    found: dict[int, int] = {}
    run_tasks(Session(StderrProgress()), function, range(count), found.__setitem__, workers)  # type: ignore[arg-type]
    return found


@pytest.mark.parametrize("workers", [Workers(), Workers(2)], ids=["here", "two-processes"])
def test_every_task_is_made_once(work: ModuleType, workers: Workers) -> None:
    """Each task's value is told, once."""
    shown: Counter[int] = Counter()
    run_tasks(Session(), work.square, range(20), lambda n, value: shown.update([n]) if value == n * n else None, workers)
    assert shown == Counter(range(20))


def test_a_lost_worker_costs_its_task_alone(work: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The process of task 3 dies: task 3 is made twice and every other once, though the other process was at work meanwhile."""
    assert collect(work.deadly, Workers(2)) == {n: n * n for n in range(6)}
    assert [len((tmp_path / f"calls-{n}").read_text()) for n in range(6)] == [1, 1, 1, 2, 1, 1]
    assert "a worker was lost at 3" in capsys.readouterr().err


def test_a_task_that_ends_every_worker_is_given_up(work: ModuleType) -> None:
    """After three workers the task is named in an error; nothing loops for ever."""
    with pytest.raises(WorkerLostError, match=r"3 workers were lost one after another at [01]"):
        collect(work.fatal, Workers(2), 2)


def test_a_mistake_keeps_its_place(work: ModuleType) -> None:
    """A user's mistake found by a worker is raised here, with file and line."""
    with pytest.raises(InputError, match=r"a\.yaml:3:1: no such thing; leave it"):
        collect(work.wrong, Workers(2))


def test_an_interrupt_ends_the_workers(work: ModuleType) -> None:
    """What `done` raises (Ctrl-C comes so) is raised, and no process is left."""

    def done(n: int, value: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_tasks(Session(), work.square, range(8), done, Workers(2))
    for child in active_children():
        assert connection.wait([child.sentinel], 10), child  # not is_alive: the executor's thread reaps the child as well


def test_no_scheduler_is_a_mistake_of_the_user(work: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address where nothing listens: one line with a hint."""
    pytest.importorskip("distributed")
    monkeypatch.setattr("chaos.execution.workers.CONNECT_S", 1)
    with pytest.raises(InputError, match=r"no Dask scheduler answers at 'tcp://127\.0\.0\.1:9'.*dask scheduler"):
        collect(work.square, Workers(cluster="tcp://127.0.0.1:9"))


# --- Dask: a scheduler and two workers, as a user starts them -----------------------------------------------------------------


@pytest.fixture
def cluster(work: ModuleType, tmp_path: Path) -> Iterator[Cluster]:
    """Two workers that find the work."""
    pytest.importorskip("distributed")
    found = Cluster(tmp_path)
    yield found
    found.stop()


@pytest.mark.filterwarnings("ignore")  # of Dask and tornado, at shutdown
def test_a_killed_dask_worker_costs_its_task_alone(cluster: Cluster, work: ModuleType, tmp_path: Path) -> None:
    """One of two Dask workers is killed (SIGKILL) while it is at a task: all values come, and no more than the task of the
    killed worker, and what it had finished and not yet handed over, is made twice."""

    def kill() -> None:
        while not any(p.name.endswith(f"-{cluster.workers[0].pid}") for p in tmp_path.glob("begun-*")):
            time.sleep(0.02)
        cluster.workers[0].send_signal(signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    assert collect(work.slow, Workers(cluster=cluster.address), 8) == {n: n * n for n in range(8)}
    killer.join()
    begun = Counter(p.name.split("-")[1] for p in tmp_path.glob("begun-*"))
    assert set(begun) == {str(n) for n in range(8)}
    assert 9 <= sum(begun.values()) <= 10


@pytest.mark.filterwarnings("ignore")  # of Dask and tornado, at shutdown
def test_a_cluster_makes_the_same_results(
    cluster: Cluster, tmp_path: Path, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Runs on two Dask workers come out byte for byte as runs in this process, Dask having them in any order."""
    from click.testing import CliRunner

    from chaos.cli.main import main

    monkeypatch.chdir(tmp_path)
    command = ["run", str(write(tmp_path)), "--replications", "3", "--json", "-"]
    here, there = (CliRunner().invoke(main, [*command, *more]).stdout for more in ([], ["--cluster", cluster.address]))
    assert len(here) > 1000
    assert here == there


@pytest.mark.filterwarnings("ignore")  # of Dask and tornado, at shutdown
def test_a_cluster_makes_the_same_kill_matrix(
    cluster: Cluster, tmp_path: Path, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Defects planted on two Dask workers are noticed as in this process."""
    from click.testing import CliRunner

    from chaos.cli.main import main

    monkeypatch.chdir(tmp_path)
    (tmp_path / "suite.yaml").write_text(f"kind: suite\nname: s\ntitle: s\nscenarios: [{{scenario: {write(tmp_path)}}}]\n")
    command = [
        "coverage",
        "./suite.yaml",
        "--architecture",
        "./architecture.yaml",
        "--environment",
        "production",
        "--seeds",
        "1",
        "--defect",
        "memory-leak",
        "--json",
        "-",
    ]
    found = []
    for name, more in (("here", []), ("there", ["--cluster", cluster.address])):
        run = CliRunner().invoke(main, [*command, "--store", name, *more])
        assert run.exit_code == 0, run.output
        found.append(run.stdout)
    assert found[0] == found[1]


def test_a_cluster_with_other_files_is_refused(
    tmp_path: Path, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A record made from other inputs than ours raises, and is not reported as done."""
    from chaos.execution import runner
    from chaos.execution.jobs import Job
    from chaos.execution.runs import Runs
    from chaos.results.run import Measures, Orders, RunResult

    monkeypatch.chdir(tmp_path)
    job = Job(str(write(tmp_path)), 1)
    foreign = RunResult(
        architecture="small", seed=1, digest="", input_digest="of another file", measures=Measures(orders=Orders())
    )
    monkeypatch.setattr(runner, "run_tasks", lambda session, function, tasks, done, workers: done(tasks[0], foreign))
    runs = Runs(Session(), workers=Workers(cluster="tcp://somewhere:1"))
    with pytest.raises(InputError, match=r"other files for .*scenario\.yaml"):
        runs.make([job])
    assert runs.records == {}
