"""A Dask cluster, as a user starts one."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path


class Cluster:
    """A scheduler and worker processes of this machine, with an environment (None: ours); logs go to a folder."""

    def __init__(self, folder: Path, workers: int = 2, environment: Mapping[str, str] | None = None) -> None:
        self.folder, self.environment = folder, environment
        file = folder / "scheduler.json"
        flags = ["--no-dashboard"]
        self.scheduler = self.start("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file), *flags)
        while not file.exists() or not file.read_text().rstrip().endswith("}"):  # it is there before it is written
            assert self.scheduler.poll() is None, self.log("scheduler")
            time.sleep(0.05)
        self.address = json.loads(file.read_text())["address"]
        self.workers = [
            self.start("worker", self.address, "--nthreads", "1", "--no-nanny", "--name", str(i), *flags) for i in range(workers)
        ]

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """A process of Dask."""
        with (self.folder / f"{arguments[0]}.log").open("ab") as log:
            command = [sys.executable, "-m", "distributed.cli.dask_" + arguments[0], *arguments[1:]]
            return subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder, env=self.environment)

    def log(self, name: str) -> str:
        """What a process has said."""
        return (self.folder / f"{name}.log").read_text()

    def stop(self) -> None:
        """Ends all of it."""
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()
