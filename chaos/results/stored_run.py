"""A run's folder: its journal, and beside it `run.json` with what the journal does not say: the verdict, why, and what the
architecture looks like. Reports are made from the folder alone. Both are untrusted input, and `run.json` has a check of itself: a
verdict that somebody edited is nobody's verdict.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from pydantic import JsonValue, Strict, ValidationError

from chaos.results.run import RunResult, unjudged
from chaos.results.topology import Topology
from simcore.base.errors import os_reason
from simcore.base.model import ResultModel, first_mistake
from simcore.base.units import SECOND
from simcore.journal.model import Journal
from simcore.journal.reader import read_journal
from simcore.journal.storage import BESIDE, JournalError, read_json
from simcore.journal.summary import simulation_run

FORMAT, SCHEMA_VERSION = "coredrill-run", 2
BYTES_MAX = 64 << 20
TEXT_MAX = 20_000  # characters
_AGAIN = "run the scenario again"


class Stretch(NamedTuple):
    """A stretch of time [from, to), ns since midnight of the first day."""

    begin_ns: int
    end_ns: int


class _File(ResultModel):
    """`run.json`; `own_names` are those of a run without a record."""

    format: Literal["coredrill-run"]
    schema_version: int
    record: RunResult | None = None
    picture: Topology = Topology()
    own_names: list[str] = []
    violated: list[Annotated[tuple[int, int], Strict(False)]] = []
    check: str


def check_of(content: JsonValue) -> str:
    """The check that `run.json` has of itself: a digest of everything else in it, however it is laid out."""
    rest = {key: value for key, value in content.items() if key != "check"} if isinstance(content, dict) else content
    return blake2b(json.dumps(rest, sort_keys=True).encode(), digest_size=16).hexdigest()


class _Read(NamedTuple):
    """`run.json` as it was read, and the check that its contents should have."""

    file: _File
    check: str

    def require_unchanged(self, path: Path) -> None:
        """Raises JournalError if it is not what `store_run` wrote."""
        if self.file.check != self.check:
            why = f"changed since it was written: its check says {self.file.check[:32]}, its contents are {self.check}"
            raise JournalError(why, file=str(path), hint=_AGAIN)


@dataclass(frozen=True)
class StoredRun:
    """A run as its folder has it: journal, result (of a run without a scenario what the journal counts), topology, and the stretches
    [from, to), ns, in which the steady state was violated."""

    folder: Path
    journal: Journal
    run: RunResult
    topology: Topology
    violated: list[Stretch]

    @property
    def span(self) -> Stretch:
        """From the first second of the series to the end of the last one."""
        begin = self.journal.meta.start_ns
        return Stretch(begin, min(begin + self.journal.seconds.size * SECOND, self.journal.meta.end_ns))

    @property
    def window(self) -> Stretch:
        """What was measured."""
        return Stretch(*self.run.window) if self.run.window else self.span


def store_run(
    folder: str | Path,
    *,
    topology: Topology,
    run: RunResult | None = None,
    violated: Iterable[tuple[int, int]] = (),
    own_names: Iterable[str] = (),
) -> None:
    """Writes `run.json` beside a journal, whole or not at all; `own_names` are those of a simulation, which has no result that says them.
    Raises JournalError if it cannot be written."""
    found = _File(
        format="coredrill-run",
        schema_version=SCHEMA_VERSION,
        record=run,
        picture=topology,
        own_names=list(own_names),
        violated=list(violated),
        check="",
    )
    content = found.json_object()
    content["check"] = check_of(content)
    target = Path(folder) / BESIDE
    temporary = target.with_name(f"{target.name}.{os.getpid()}")
    try:
        temporary.write_text(json.dumps(content, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
        temporary.replace(target)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise JournalError(f"the run cannot be written: {os_reason(error)}", file=str(target)) from error


def restore_run(folder: str | Path, run: RunResult) -> None:
    """Puts another result of the same run in the place of the one in its folder. Raises JournalError where there is none."""
    path = Path(folder) / BESIDE
    found = _read_beside(path)
    found.require_unchanged(path)
    store_run(folder, topology=found.file.picture, run=run, violated=found.file.violated)


def read_run(folder: str | Path) -> StoredRun:
    """The run that a folder holds: its journal, its result, and what a report needs beside them; of a simulation without a scenario a
    result that is not judged. Raises JournalError (an InputError) for what is not one, is damaged, was changed or is of another version.

    >>> from chaos.execution.execute import execute, journal_folder
    >>> from chaos.execution.jobs import Job
    >>> from chaos.execution.session import Session
    >>> job = Job("./scenario.yaml", seed=1, journal="journals")
    >>> with Session() as session:
    ...     run, folder = execute(session, job), journal_folder(session, job)
    >>> read_run(folder).run == run
    True
    """
    journal = read_journal(folder)
    path = Path(folder) / BESIDE
    if not path.is_file():
        raise JournalError(f"there is no {BESIDE}: what the run was judged to be is missing", file=str(folder), hint=_AGAIN)
    beside = _read_beside(path)
    found = beside.file
    if found.record is not None and found.record.digest != journal.digest:
        raise JournalError("this is the record of another journal", file=str(path), hint=_AGAIN)
    beside.require_unchanged(path)
    run = found.record if found.record is not None else unjudged(simulation_run(journal), found.own_names)
    return StoredRun(Path(folder), journal, run, found.picture, [Stretch(*stretch) for stretch in found.violated])


def _read_beside(path: Path) -> _Read:
    try:
        if path.stat().st_size > BYTES_MAX:
            raise JournalError(f"larger than {BYTES_MAX} bytes", file=str(path), hint=_AGAIN)
        raw = read_json(path)
        version = raw.get("schema_version") if isinstance(raw, dict) else None
        if isinstance(raw, dict) and raw.get("format") == FORMAT and version != SCHEMA_VERSION:
            hint = "run the scenario again, or use the coredrill that wrote it"
            raise JournalError(f"schema_version is {version!r}, this coredrill reads {SCHEMA_VERSION}", file=str(path), hint=hint)
        _require_short(raw)
        if not isinstance(raw, dict):
            raise ValueError("it holds no mapping")
        return _Read(_File.model_validate(raw), check_of(raw))
    except ValidationError as error:
        why = first_mistake(error)
    except OSError as error:
        why = f"it cannot be read: {os_reason(error)}"
    except ValueError as error:
        why = str(error)
    raise JournalError(f"not the record of a run: {why}", file=str(path), hint=_AGAIN)


def _require_short(raw: JsonValue) -> None:
    """ValueError for a text that no report would write."""
    for place, text in _texts(raw, ""):
        if len(text) > TEXT_MAX:
            raise ValueError(f"{place[1:]}: longer than {TEXT_MAX} characters")


def _texts(value: JsonValue, place: str) -> Iterator[tuple[str, str]]:
    """Every text with where it stands, such as .record.title."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from _texts(item, f"{place}.{i}")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, f"{place}.{key[:100]}")
