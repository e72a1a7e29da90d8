"""Many finished runs: taken from where they are kept, else made, and kept as each ends. Progress goes to stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from hashlib import blake2b
from pathlib import Path
from types import TracebackType

import click
from pydantic import ValidationError

from chaos.execution.jobs import Job, input_digest, run_jobs
from chaos.execution.progress import announce_compilation
from chaos.execution.store import Store
from chaos.results.run import RunResult
from simcore.base.errors import one_line


def default_store(name: str, jobs: Sequence[Job]) -> Path:
    """Where the runs of a command are kept: below .coredrill, by its name and a digest of the jobs."""
    digest = blake2b("\n".join(job.key for job in jobs).encode(), digest_size=6).hexdigest()
    return Path(".coredrill") / f"{Path(name).name.removesuffix('.yaml')}-{digest}.jsonl"


class Runs:
    """Records by the keys of their jobs: the same whenever, wherever and in how many goes they were made.

    `path` is where they are kept (None: nowhere); with `resume` what is there already counts. `part` is what stays in memory
    of a record. A context manager: leaving it closes the store.
    """

    def __init__(
        self, path: Path | None, *, resume: bool = False, workers: int = 1, cluster: str | None = None,
        part: Callable[[RunResult], RunResult] = lambda record: record,
    ) -> None:  # fmt: skip
        self.records: dict[str, RunResult] = {}
        self.path, self.workers, self.cluster, self.part = path, workers, cluster, part
        self.store = Store(path, resume=resume) if path is not None else None

    def __enter__(self) -> Runs:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.store is not None:
            self.store.close()
            if kind is KeyboardInterrupt:
                click.echo(f"{len(self.records)} runs are kept in {self.path}; go on with --resume", err=True)

    def make(self, jobs: Sequence[Job]) -> None:
        """Makes those that are not there yet. Raises InputError, and what a run raises."""
        new = [job for job in jobs if job.key not in self.records]
        digests = {job.key: input_digest(job) for job in new}
        for job in new:
            kept = self._kept(job, digests[job.key])
            if kept is not None:
                self.records[job.key] = self.part(kept)
        left = [job for job in new if job.key not in self.records]
        if left:
            announce_compilation()
        teller = _Teller(len(jobs), len(jobs) - len(left))

        def done(job: Job, record: RunResult) -> None:
            if self.store is not None:
                self.store.add(job.key, digests[job.key], record.json_object())
            self.records[job.key] = self.part(record)
            teller.tell(record)

        try:
            run_jobs(left, self.workers, done, self.cluster)
        finally:
            teller.end()

    def _kept(self, job: Job, digest: str) -> RunResult | None:
        """The run of a job if it is in the store; one of an older version that says too little is made again."""
        found = self.store.get(job.key, digest) if self.store is not None else None
        try:
            return None if found is None else RunResult.model_validate(found)
        except ValidationError:
            return None


class Line:
    """A line on stderr: on a terminal (`live`) rewritten in place, elsewhere every text has one of its own."""

    def __init__(self, width: int) -> None:
        self.width, self.live = width, sys.stderr.isatty()

    def show(self, text: str) -> None:
        """The text instead of what stood there."""
        click.echo(f"\r{text[: self.width]:<{self.width}}" if self.live else text, nl=not self.live, err=True)

    def clear(self) -> None:
        """Nothing stands there any more."""
        if self.live:
            click.echo("\r" + " " * self.width + "\r", nl=False, err=True)


class _Teller:
    """Progress, run by run; of a single one none."""

    def __init__(self, total: int, made: int) -> None:
        self.total, self.made, self.line = total, made, Line(118)
        if made:
            click.echo(f"{made} of {total} runs are kept already", err=True)

    def tell(self, record: RunResult) -> None:
        self.made += 1
        if self.total > 1:
            where = f"{record.scenario} on {record.architecture} seed {record.seed}"
            self.line.show(one_line(f"[{self.made}/{self.total}] {record.verdict:<7} {where}"))

    def end(self) -> None:
        if self.total > 1:
            self.line.clear()
