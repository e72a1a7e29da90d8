"""Writing a journal: its parts while the run goes on, then the whole into a folder."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from simcore.base.errors import os_reason
from simcore.journal.histogram import BUCKETS, IntArray
from simcore.journal.model import (
    EVENTS_MAX,
    INTENT_COLUMNS,
    NOT_COMPARED,
    SCHEMA_VERSION,
    SPAN_COLUMNS,
    Columns,
    Head,
    Journal,
    Scalar,
    assemble,
    canonical,
)
from simcore.journal.series import BLOCK_ROWS, SPOOL_BYTES, Column, Series
from simcore.journal.storage import (
    BESIDE,
    FILES,
    FORMAT,
    HEAD,
    HEAD_BYTES_MAX,
    HISTOGRAMS,
    INTENTS,
    SERIES,
    SPANS,
    JournalError,
    write_arrays,
)

_TILE_ROWS = 64  # seconds that are looked at while they are in the processor's cache


class LoggedEvent(NamedTuple):
    """Something that happened at a time (ns)."""

    t_ns: int
    what: str
    subject: str
    detail: Mapping[str, Scalar]


class JournalWriter:
    """Takes a run down, front to back: begin, then add_… as often as need be, then finish. ValueError for what cannot be."""

    def __init__(self, spool_bytes: int = SPOOL_BYTES) -> None:
        self._spool_bytes = spool_bytes

    def begin(
        self, meta: Mapping[str, object], names: Mapping[str, list[str]], series_columns: Iterable[tuple[str, str, str, str]]
    ) -> None:
        """`meta` without `unknown_reason` and `counts`; `series_columns` as (kind, name, field, mode)."""
        self._meta, self._names, self._columns = dict(meta), dict(names), list(series_columns)
        self._cumulative = np.array([column[3] == "cumulative" for column in self._columns], dtype=np.bool_)
        self._series = Series(len(self._columns), self._spool_bytes)
        self._last = np.zeros(len(self._columns), dtype=np.int64)
        self._block, self._filled = np.empty((BLOCK_ROWS, len(self._columns)), np.int64), 0
        self._low, self._high = np.zeros((2, len(self._columns)), np.int64)  # of the block; 0 fits every width
        self._events: list[LoggedEvent] = []
        self._dropped_events = 0
        self._intents: list[Columns] = []
        self._spans: list[Columns] = []

    def add_series(self, block: IntArray) -> None:
        """int64 [seconds, columns]: values at the end of each second (peak: in it). The block may be used again afterwards.

        What was added is cut again into blocks of BLOCK_ROWS.
        """
        if block.dtype != np.int64 or block.ndim != 2 or block.shape[1] != len(self._columns):
            raise ValueError(f"a block is int64 [seconds, {len(self._columns)}], not {block.dtype} {block.shape}")
        while block.shape[0]:
            part = block[: min(_TILE_ROWS, BLOCK_ROWS - self._filled)]
            differences = self._block[self._filled :][: len(part)]
            np.subtract(part[0], self._last, out=differences[0])
            np.subtract(part[1:], part[:-1], out=differences[1:])
            np.minimum(self._low, differences.min(axis=0), out=self._low)
            np.maximum(self._high, differences.max(axis=0), out=self._high)
            self._last[:], self._filled, block = part[-1], self._filled + len(part), block[len(part) :]
            if self._filled == BLOCK_ROWS:
                self._store_block()

    def _store_block(self) -> None:
        """Stores the rows that wait. Raises ValueError if they are not those of counters and gauges."""
        if not self._filled:
            return
        self._series.append(self._block[: self._filled], self._low, self._high)
        if (falling := np.flatnonzero(self._cumulative & (self._low < 0))).size:
            raise ValueError(f"a cumulative counter falls: {' '.join(self._columns[falling[0]][:3])}")
        self._filled, self._low[:], self._high[:] = 0, 0, 0

    def add_events(self, events: Iterable[LoggedEvent]) -> None:
        """Things that happened; `finish` puts them in order of time, at one instant in the order added."""
        for event in events:
            if len(self._events) < EVENTS_MAX:
                self._events.append(event)
            else:
                self._dropped_events += 1

    def add_intents(self, columns: Mapping[str, Column]) -> None:
        """Arrays of one length for every column of INTENT_COLUMNS, of any integer type their values fit. Without
        `rejected_in_control` nothing is compared."""
        nothing = np.full(len(columns["request"]), NOT_COMPARED, np.int8)
        self._intents.append(_typed({"rejected_in_control": nothing, **columns}, INTENT_COLUMNS))

    def add_spans(self, columns: Mapping[str, Column]) -> None:
        """Arrays of one length for every column of SPAN_COLUMNS; paths as uint64, or int64 of the same bits."""
        self._spans.append(_typed(columns, SPAN_COLUMNS))

    def finish(
        self,
        totals: Mapping[tuple[str, str, str], int],
        histograms: Mapping[tuple[str, str], IntArray],
        conservation: Iterable[tuple[str, bool, Scalar, Scalar]],
        properties: Mapping[str, Mapping[str, Scalar]],
        counts: Mapping[str, int],
        unknown_reason: str | None = None,
    ) -> Journal:
        """The journal. `totals` by (kind, name, field); `histograms` by (kind, name), counts of up to BUCKETS buckets."""
        self._store_block()
        if self._dropped_events and unknown_reason is None:
            unknown_reason = f"{self._dropped_events} events beyond the first {EVENTS_MAX} were not kept"
        intents, spans = _joined(self._intents, INTENT_COLUMNS), _joined(self._spans, SPAN_COLUMNS)
        full = {key: np.pad(np.asarray(h, dtype=np.int64), (0, BUCKETS - len(h))) for key, h in sorted(histograms.items())}
        raw = {
            "meta": self._meta | {"unknown_reason": unknown_reason, "counts": dict(counts)},
            "names": self._names,
            "columns": self._columns,
            "series_blocks": self._series.blocks,
            "totals": _nested(totals),
            "histograms": list(full),
            "events": sorted(self._events, key=lambda event: event[0]),
            "intents": len(intents["request"]),
            "spans": len(spans["request"]),
            "conservation": list(conservation),
            "properties": dict(properties),
        }
        text = canonical(raw)  # through JSON, so that a journal from memory is the same as one from disk
        return assemble(Head.model_validate_json(text), intents, spans, full, self._series)


def _nested(totals: Mapping[tuple[str, str, str], int]) -> dict[str, dict[str, dict[str, int]]]:
    nested: dict[str, dict[str, dict[str, int]]] = {}
    for (kind, name, field), value in totals.items():
        nested.setdefault(kind, {}).setdefault(name, {})[field] = value
    return nested


def _typed(columns: Mapping[str, Column], types: Mapping[str, str]) -> Columns:
    """Copies of the arrays in their documented types. Raises ValueError where that would change a value."""
    if set(columns) != set(types):
        raise ValueError(f"columns are {', '.join(types)}; not {', '.join(columns)}")
    if len({array.shape for array in columns.values()}) != 1 or columns["request"].ndim != 1:
        raise ValueError("columns are one-dimensional and of one length")
    typed: Columns = {}
    for name, dtype in types.items():
        values = columns[name]
        if values.dtype.kind not in "iu":
            raise ValueError(f"column {name} must hold integers, not {values.dtype}")
        limits = np.iinfo(dtype)
        narrower = dtype != "<u8" and not np.can_cast(values.dtype, dtype)
        if narrower and values.size and not limits.min <= values.min() <= values.max() <= limits.max:
            raise ValueError(f"column {name} holds a value that does not fit {dtype}")
        typed[name] = values.astype(dtype)
    return typed


def _joined(chunks: list[Columns], types: Mapping[str, str]) -> Columns:
    if len(chunks) == 1:
        return chunks[0]
    return {name: np.concatenate([np.empty(0, dtype), *(chunk[name] for chunk in chunks)]) for name, dtype in types.items()}


# --- into a folder ------------------------------------------------------------------------------------------------------


def write_journal(journal: Journal, folder: str | Path) -> None:
    """Keeps the journal in a folder, whole or not at all. An older journal there is replaced. Raises JournalError if anything else is
    there, or it cannot be written."""
    target = Path(folder).resolve()
    try:
        _refuse_foreign(target)
        _write_whole(journal, target)
    except OSError as error:
        raise JournalError(f"the journal cannot be written: {os_reason(error)}", file=str(target)) from error


def _write_whole(journal: Journal, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    token = secrets.token_hex(4)
    fresh, old = (target.with_name(f".{target.name}.{token}.{what}") for what in ("new", "old"))
    try:
        fresh.mkdir()
        _write_files(journal, fresh)
        if target.exists():
            target.rename(old)
        fresh.rename(target)
    finally:
        for leftover in (fresh, old):
            shutil.rmtree(leftover, ignore_errors=True)


def _write_files(journal: Journal, folder: Path) -> None:
    head = {"format": FORMAT, "schema_version": SCHEMA_VERSION, "digest": journal.digest} | journal.head()
    (folder / HEAD).write_text(canonical(head) + "\n", encoding="ascii")
    write_arrays(folder / INTENTS, journal.intents)
    write_arrays(folder / SPANS, journal.spans)
    counts = np.array(list(journal.histograms.values()), dtype="<i8").reshape(-1, BUCKETS)
    write_arrays(folder / HISTOGRAMS, {"counts": counts})
    widths = np.array(journal.stored_series.widths, dtype=np.uint8).reshape(
        len(journal.stored_series.blocks), len(journal.columns)
    )
    write_arrays(folder / SERIES, {"widths": widths}, journal.stored_series)


def _refuse_foreign(target: Path) -> None:
    """Nothing but a journal, or an empty folder, may be replaced: what it holds is deleted."""
    if not target.exists():
        return
    if target.is_dir():
        found = {entry.name for entry in target.iterdir()}
        if not found:
            return
        if found <= {*FILES, BESIDE} and HEAD in found:
            with (target / HEAD).open("rb") as file:
                if FORMAT.encode() in file.read(HEAD_BYTES_MAX):
                    return
    hint = "name a new folder, or that of an older journal"
    raise JournalError("this is there already and is not a journal", file=str(target), hint=hint)
