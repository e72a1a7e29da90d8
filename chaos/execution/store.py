"""Finished runs on disk: one line a run, written whole or not at all, so that a stop at any instant loses only what was under way.

A line is a JSON object with the job's key, the digest of its inputs, a check of itself and the record. A torn or damaged line
is passed over, and its run is made again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any

from simcore.base.errors import InputError, os_reason

FORMAT = "coredrill-runs-2"


class Store:
    """A file of finished runs. Appending is one `write` call and an fsync."""

    def __init__(self, path: Path, *, resume: bool) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._known = dict(self._read()) if resume and path.exists() else {}
            self._fd = os.open(path, os.O_CREAT | os.O_APPEND | os.O_RDWR | (0 if resume else os.O_TRUNC), 0o644)
        except OSError as error:
            raise InputError(f"cannot keep runs in {path}: {os_reason(error)}", hint="name another file with --store") from None
        if resume and not self._ends_whole():
            os.write(self._fd, b"\n")  # so that the next line does not grow onto a torn one

    def _ends_whole(self) -> bool:
        size = os.fstat(self._fd).st_size
        return size == 0 or os.pread(self._fd, 1, size - 1) == b"\n"

    def _read(self) -> Iterator[tuple[tuple[str, str], dict[str, Any]]]:
        for line in self.path.read_bytes().split(b"\n"):
            try:
                entry = json.loads(line)
                if entry["format"] == FORMAT and entry["check"] == _check(entry["record"]):
                    yield (entry["job"], entry["inputs"]), entry["record"]
            except (ValueError, KeyError, TypeError):
                continue

    def get(self, job: str, inputs: str) -> dict[str, Any] | None:
        """The record of a job with these inputs, if it is kept."""
        return self._known.get((job, inputs))

    def add(self, job: str, inputs: str, record: dict[str, Any]) -> None:
        """Keeps a record; when this returns it is on the disk."""
        entry = {"format": FORMAT, "job": job, "inputs": inputs, "check": _check(record), "record": record}
        os.write(self._fd, (json.dumps(entry, ensure_ascii=False) + "\n").encode())
        os.fsync(self._fd)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._fd)


def _check(record: Any) -> str:
    return blake2b(json.dumps(record, ensure_ascii=False).encode(), digest_size=8).hexdigest()
