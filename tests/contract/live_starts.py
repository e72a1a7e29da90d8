"""The processes of a twin started and brought to an end in every way, at any moment: what is left behind.

tests/contract/test_live_starts.py tries some, benchmarks/live_starts.py many.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from .killed_suites import heed_interrupts

SUPPORT = Path(__file__).resolve().parents[1] / "support"
MODULES = ("chaos.live.proxy", "odd_process stubborn", "chaos.live.mqtt")
START_S = 3.0
"""Moments are drawn from this time, in seconds: longer than the start of MODULES takes on a machine that has nothing else to do."""
GONE_S = 1.0
"""How long after the supervisor's end the others may be seen, in seconds."""
GONE_STARTING_S = 5.0
"""The same if the supervisor ends while it starts a process: that one looks for it when Python has begun."""
PATIENCE_S = 60.0


class Supervisor:
    """A supervisor in a process of its own, with a temporary folder; `children` is what it has said of its processes."""

    def __init__(self, folder: Path, modules: tuple[str, ...]) -> None:
        self.mark = f"COREDRILL_TRIAL={uuid.uuid4().hex}"
        name, _, value = self.mark.partition("=")
        path = os.pathsep.join([str(SUPPORT), *(entry for entry in sys.path if entry)])
        self.process = subprocess.Popen(
            [sys.executable, str(SUPPORT / "live_supervisor.py"), *modules],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": path, "TMPDIR": str(folder), "PYTHONDONTWRITEBYTECODE": "1", name: value},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=heed_interrupts,  # noqa: PLW1509 (it calls nothing that another thread could hold)
        )
        self.children: list[dict[str, int]] = []
        self.up = False
        self.errors = ""
        self._readers = [threading.Thread(target=read) for read in (self._read, self._read_errors)]
        for reader in self._readers:
            reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line == "UP\n":
                self.up = True
            else:
                self.children.append(json.loads(line))

    def _read_errors(self) -> None:
        assert self.process.stderr is not None
        self.errors = self.process.stderr.read()

    def end(self) -> int:
        """Its exit code, when it has ended; it is killed if it does not."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(PATIENCE_S)
        self.process.kill()
        for reader in self._readers:
            reader.join(PATIENCE_S)
        for pipe in (self.process.stdout, self.process.stderr):
            assert pipe is not None
            pipe.close()
        return self.process.wait()

    def left(self) -> list[int]:
        """The processes that it started, or these in turn, and that have not ended."""
        return [pid for pid, mark in _marked() if mark == self.mark]

    def listening(self) -> list[int]:
        """The ports that its processes have told, and on which somebody listens."""
        return [child["port"] for child in self.children if "port" in child and _listening(child["port"])]


def _marked() -> Iterator[tuple[int, str]]:
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            state = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()[0]
            for entry in (folder / "environ").read_text(errors="replace").split("\0"):
                if entry.startswith("COREDRILL_TRIAL=") and state != "Z":
                    yield int(folder.name), entry


def _listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _interrupt(supervisor: Supervisor, chance: random.Random) -> None:
    supervisor.process.send_signal(signal.SIGINT)


def _interrupt_twice(supervisor: Supervisor, chance: random.Random) -> None:
    supervisor.process.send_signal(signal.SIGINT)
    time.sleep(chance.uniform(0, 0.2))
    supervisor.process.send_signal(signal.SIGINT)


def _kill(supervisor: Supervisor, chance: random.Random) -> None:
    supervisor.process.kill()


def _terminate(supervisor: Supervisor, chance: random.Random) -> None:
    supervisor.process.terminate()


def _kill_one(supervisor: Supervisor, chance: random.Random) -> None:
    """One of its processes is killed behind its back; then the supervisor is interrupted."""
    if supervisor.children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(chance.choice(list(supervisor.children))["pid"], signal.SIGKILL)
    time.sleep(chance.uniform(0, 0.2))
    _interrupt(supervisor, chance)


def _stop_one(supervisor: Supervisor, chance: random.Random) -> None:
    """One of its processes is stopped by a signal; then the supervisor is killed."""
    if supervisor.children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(chance.choice(list(supervisor.children))["pid"], signal.SIGSTOP)
    _kill(supervisor, chance)


WAYS: dict[str, Callable[[Supervisor, random.Random], None]] = {
    "interrupted": _interrupt,
    "interrupted twice": _interrupt_twice,
    "killed": _kill,
    "terminated": _terminate,
    "one killed, interrupted": _kill_one,
    "one stopped, killed": _stop_one,
}


class Trial(NamedTuple):
    """One start and its end: what was left, by its number, its port and its name; how long processes were seen after the end, s."""

    way: str
    moment_s: float
    up: bool
    code: int
    processes: list[int]
    ports: list[int]
    files: list[str]
    seen_s: float
    errors: str

    @property
    def clean(self) -> bool:
        """Whether nothing was left."""
        return not (self.processes or self.ports or self.files)


def tried(way: str, seed: int, modules: tuple[str, ...] = MODULES, moment_s: float | None = None) -> Trial:
    """Start, end in the given way at a moment (infinite: when all are up; None: that or drawn), and look. What was left is killed."""
    chance = random.Random(seed)
    moment = chance.choice((math.inf, chance.uniform(0, START_S))) if moment_s is None else moment_s
    with tempfile.TemporaryDirectory() as folder:
        supervisor = Supervisor(Path(folder), modules)
        deadline = time.monotonic() + moment
        while time.monotonic() < deadline and not (moment == math.inf and supervisor.up) and supervisor.process.poll() is None:
            time.sleep(0.01)
        up = supervisor.up
        WAYS[way](supervisor, chance)
        code, end = supervisor.end(), time.monotonic()
        left, ports = supervisor.left(), supervisor.listening()
        while (left or ports) and time.monotonic() < end + (GONE_S if up else GONE_STARTING_S):
            time.sleep(0.02)
            left, ports = supervisor.left(), supervisor.listening()
        seen = time.monotonic() - end
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        files = sorted(path.name for path in Path(folder).iterdir())
    return Trial(way, moment, up, code, left, ports, files, seen, supervisor.errors)
