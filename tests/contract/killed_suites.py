"""A suite stopped at a random point and resumed: the report is that of an uninterrupted suite, byte for byte.

tests/contract/test_killed_suites.py stops some, benchmarks/killed_suites.py many.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from .random_scenarios import write

SUITE = """\
kind: suite
name: several
title: Several small runs
replications: RUNS
scenarios: [{ scenario: ./scenario.yaml }]
pairs: [{ name: nothing, a: { scenario: ./scenario.yaml }, b: { scenario: ./scenario.yaml }, at_least: 0 }]
"""
REPORTS = ("report.json", "report.xml")
INTERRUPTED = """\
import os, signal, sys
from chaos.cli.main import main
from chaos.execution.store import Store
add, kept, at = Store.add, [], int(sys.argv.pop(1))
def add_and_stop(*record):
    add(*record)
    kept.append(record)
    if len(kept) == at:
        os.kill(os.getpid(), signal.SIGINT)
Store.add = add_and_stop
main()
"""


def heed_interrupts() -> None:
    """In a new process: SIGINT as at a terminal, though a shell that began the tests in the background had it ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Stopping:
    """A suite of so many runs in a folder of its own. `whole` is its reports when nothing stops it, `took` how long that takes, s;
    with `warm` once the kernel is on disk."""

    def __init__(self, folder: Path, runs: int, *, warm: bool = False) -> None:
        self.folder = folder
        write(4, 0, folder)
        (folder / "several.yaml").write_text(SUITE.replace("RUNS", str(runs)))
        for _ in range(1 + warm):
            begin = time.monotonic()
            self.run("whole")
        self.took = time.monotonic() - begin
        self.whole = self.reports()

    def words(self, store: str, *more: str) -> list[str]:
        return ["suite", "several.yaml", "--store", store, "--json", REPORTS[0], "--junit", REPORTS[1], *more]

    def start(self, *words: str) -> subprocess.Popen[str]:
        path = os.pathsep.join(entry for entry in sys.path if entry)
        environment = os.environ | {"PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}
        pipe = subprocess.PIPE
        return subprocess.Popen(
            [sys.executable, *words],
            cwd=self.folder,
            env=environment,
            stdout=pipe,
            stderr=pipe,
            text=True,
            preexec_fn=heed_interrupts,  # noqa: PLW1509
        )

    def run(self, store: str, *more: str) -> str:
        """Runs it to its end; what it said on stderr."""
        with self.start("-m", "chaos", *self.words(store, *more)) as process:
            _, said = process.communicate(timeout=300)
        assert process.returncode in (0, 1, 4), said
        return said

    def reports(self) -> list[bytes]:
        return [(self.folder / name).read_bytes() for name in REPORTS]

    def stopped(self, how: signal.Signals, point: float) -> tuple[int, int]:
        """Stops it after a share of its time. The exit code, and how many runs it had kept."""
        with self.start("-m", "chaos", *self.words(self.nothing_kept().name)) as process:
            time.sleep(point * self.took)
            process.send_signal(how)
            process.communicate(timeout=300)
        return process.returncode, _lines(self.folder / "kept")

    def interrupted(self, kept: int) -> tuple[int, str]:
        """Ctrl-C as soon as it has kept so many runs, however busy the machine. The exit code, and what it said on stderr."""
        with self.start("-c", INTERRUPTED, str(kept), *self.words(self.nothing_kept().name)) as process:
            _, said = process.communicate(timeout=300)
        assert _lines(self.folder / "kept") == kept
        return process.returncode, said

    def nothing_kept(self) -> Path:
        """The store, without what an earlier stop left."""
        for name in (*REPORTS, "kept"):
            (self.folder / name).unlink(missing_ok=True)
        return self.folder / "kept"

    def gone_on_with(self) -> list[bytes]:
        """The reports after going on to the end."""
        self.run("kept", "--resume")
        return self.reports()


def _lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def points(count: int, seed: int) -> list[float]:
    """Where to stop, as shares of the whole time: one in each of `count` equal parts of it."""
    rng = random.Random(seed)
    return [(i + rng.random()) / count for i in range(count)]
