"""What a run leaves behind: counters by the second, totals, histograms, events, one row an intent, sampled spans.

Checkers, metrics and reports read nothing else. `JournalWriter` is fed during a run in bounded memory and gives a `Journal`;
`Journal.write` and `Journal.read` keep it in a folder. Neither the kernel nor SimPy is needed. docs/journal.md says what
every part means.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import secrets
import shutil
import tempfile
import weakref
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import IO, Annotated, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator

from simcore.base.errors import InputError
from simcore.base.units import SECOND

SCHEMA_VERSION = 2
EVENTS_MAX = 1_000_000
SPOOL_BYTES = 16 << 20
BLOCK_ROWS = 512  # seconds of series stored together; all blocks but the last have so many, however the writer was fed

OUTCOMES = ("pending", "confirmed", "rejected", "blocked", "failed", "unknown")
CODES = ("ok", "rejected", "refused", "rate_limited", "breaker_open", "bulkhead_full", "error", "deadline", "timeout", "reset")
SIDES = ("none", "buy", "sell")
FLAGS = {"duplicated": 1, "lost": 2, "orphan": 4, "stranded": 8, "late": 16}

INTENT_COLUMNS = {
    "request": "<i8", "flow": "<i4", "customer": "<i8", "submit_ns": "<i8", "answer_ns": "<i8", "outcome": "|i1", "code": "|i1",
    "attempts": "<i4", "side": "|i1", "quantity": "<i8", "price_cents": "<i8", "recorded": "<i4", "placed": "<i4", "flags": "<i4",
}  # fmt: skip
SPAN_COLUMNS = {
    "request": "<i8", "path": "<u8", "parent": "<u8", "unit": "<i4", "operation": "<i4",
    "arrive_ns": "<i8", "start_ns": "<i8", "end_ns": "<i8", "code": "|i1",
}  # fmt: skip

IntArray = NDArray[np.int64]
Columns = dict[str, NDArray[Any]]
Scalar = str | int | float | bool | None

_FORMAT = "coredrill-journal"
_HEAD, _INTENTS, _SPANS, _HISTOGRAMS, _SERIES = "journal.json", "intents.npz", "spans.npz", "histograms.npz", "series.npz"
_FILES = {_HEAD, _INTENTS, _SPANS, _HISTOGRAMS, _SERIES}
BESIDE = "run.json"  # what the harness keeps beside a journal: chaos/reports/folder.py
_HEAD_BYTES_MAX = 1 << 30
_MEMBER_BYTES_MAX = 1 << 36
_WIDTHS = (0, 1, 2, 4, 8)
_TILE_ROWS = 64  # seconds that are looked at while they are in the processor's cache


# what json, zipfile and zlib raise on damaged files
_UNREADABLE = (OSError, ValueError, KeyError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)


class JournalError(InputError):
    """A folder that is not a journal, or one that is damaged or of another schema version."""


# --- buckets of durations -----------------------------------------------------------------------------------------------

BUCKETS = 1888


def bucket_of(ns: int) -> int:
    """The bucket of a duration, 0 ≤ ns < 2^63: 64 of width 1, then 32 an octave. The kernel has the same function."""
    if ns < 0:
        raise ValueError(f"a duration is not negative: {ns}")
    if ns < 64:
        return ns
    shift = ns.bit_length() - 6
    return shift * 32 + (ns >> shift)


def bucket_bounds(index: int) -> tuple[int, int]:
    """The least and the greatest duration of a bucket in ns, both included."""
    if index < 64:
        return index, index
    shift = index // 32 - 1
    lower = (32 + index % 32) << shift
    return lower, lower + (1 << shift) - 1


_LOWER_BOUNDS = np.array([bucket_bounds(i)[0] for i in range(BUCKETS)], dtype=np.int64)


def histogram_of(durations_ns: IntArray) -> IntArray:
    """Counts by bucket, int64 [BUCKETS], of durations ≥ 0."""
    return np.bincount(np.searchsorted(_LOWER_BOUNDS, durations_ns, side="right") - 1, minlength=BUCKETS).astype(np.int64)


def histogram_quantile(counts: IntArray, q: float) -> int | None:
    """Upper bound, ns, of the bucket of the ⌈q·n⌉-th smallest duration (the first for q = 0); None without durations."""
    if not 0.0 <= q <= 1.0:
        raise ValueError(f"a quantile lies between 0 and 1: {q}")
    running = np.cumsum(counts)
    if not running.size or running[-1] == 0:
        return None
    rank = max(1, math.ceil(Fraction(repr(float(q))) * int(running[-1])))  # exact: 0.07 * 100 in floats is above 7
    return bucket_bounds(int(np.searchsorted(running, rank)))[1]


# --- everything but the arrays ------------------------------------------------------------------------------------------


def _printable(name: str) -> str:
    if not name.isprintable():
        raise ValueError("a name is printable text")
    return name


_Name = Annotated[str, Field(min_length=1, max_length=400), AfterValidator(_printable)]
_Count = Annotated[int, Field(ge=0)]
_Int64 = Annotated[int, Field(ge=-(1 << 63), lt=1 << 63)]


class SeriesColumn(NamedTuple):
    """A value kept by the second: of which thing, which field, and what the writer is given (docs/journal.md)."""

    kind: _Name
    name: _Name
    field: _Name
    mode: Literal["cumulative", "gauge", "peak"]


class Event(NamedTuple):
    """Something control or kernel did or noticed, at `t_ns`, to a subject."""

    t_ns: _Int64
    what: _Name
    subject: str
    detail: dict[str, Scalar]


class Law(NamedTuple):
    """A conservation law checked at the end of the run: what should have been found, and what was."""

    law: _Name
    ok: bool
    expected: Scalar
    found: Scalar


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", allow_inf_nan=False)


class _Meta(_Strict):
    model_config = ConfigDict(extra="allow")

    coredrill_version: _Name
    architecture: _Name
    architecture_digest: str
    workload: _Name
    environment: _Name | None
    seed: int
    start_ns: Annotated[int, Field(ge=0)]
    end_ns: Annotated[int, Field(lt=1 << 62)]
    window: Annotated[list[int], Field(min_length=2, max_length=2)] | None
    span_sampling: _Count
    calendar: JsonValue
    flow_kinds: dict[str, _Name]
    recorded_flows: list[str]
    unknown_reason: str | None
    counts: dict[str, _Count]

    @model_validator(mode="after")
    def _sensible(self) -> _Meta:
        if self.start_ns >= self.end_ns:
            raise ValueError("a run starts before it ends")
        if self.window is not None and self.window[0] >= self.window[1]:
            raise ValueError("a window starts before it ends")
        if missing := {"events", "tasks", "requests"} - self.counts.keys():
            raise ValueError(f"no count of {', '.join(sorted(missing))}")
        unrecorded = {flow for flow, kind in self.flow_kinds.items() if kind == "order"} - set(self.recorded_flows)
        if unrecorded:
            raise ValueError(f"order flows without a row an intent: {', '.join(sorted(unrecorded))}")
        return self


class _Head(_Strict):
    """The contents of journal.json but for format, schema version and digest."""

    meta: _Meta
    names: dict[_Name, list[_Name]]
    columns: list[SeriesColumn]
    series_blocks: list[Annotated[int, Field(gt=0)]]
    totals: dict[str, dict[str, dict[str, _Int64]]]
    histograms: list[tuple[str, str]]
    events: Annotated[list[Event], Field(max_length=EVENTS_MAX)]
    intents: _Count
    spans: _Count
    conservation: list[Law]
    properties: dict[_Name, dict[str, Scalar]]

    @model_validator(mode="after")
    def _consistent(self) -> _Head:
        names = {kind: set(of_kind) for kind, of_kind in self.names.items()}
        doubled = [kind for kind, of_kind in self.names.items() if len(of_kind) != len(names[kind])]
        if doubled:
            raise ValueError(f"a name occurs twice among: {', '.join(doubled)}")
        flows = set(self.meta.flow_kinds)
        if flows != names.get("flow", set()) or not set(self.meta.recorded_flows) <= flows:
            raise ValueError("flow_kinds and recorded_flows must be about the names of kind flow")
        used = [column[:2] for column in self.columns] + self.histograms
        used += [(kind, name) for kind, of_kind in self.totals.items() for name in of_kind]
        if strangers := [f"{kind} {name}" for kind, name in used if name not in names.get(kind, ())]:
            raise ValueError(f"not among the names: {strangers[0]}")
        for keys in ([column[:3] for column in self.columns], self.histograms):
            if len(set(keys)) != len(keys):
                raise ValueError("a series or histogram occurs twice")
        if any(rows != BLOCK_ROWS for rows in self.series_blocks[:-1]) or not all(
            0 < rows <= BLOCK_ROWS for rows in self.series_blocks
        ):
            raise ValueError(f"the series are not in blocks of {BLOCK_ROWS} s")
        if sum(self.series_blocks) > -(-(self.meta.end_ns - self.meta.start_ns) // SECOND):
            raise ValueError("the series are longer than the run")
        if any(a.t_ns > b.t_ns for a, b in zip(self.events, self.events[1:], strict=False)):
            raise ValueError("events are not in order of time")
        if any(not isinstance(finding.get("holds", 0), bool | None) for finding in self.properties.values()):
            raise ValueError("a property says whether it `holds`: true, false or null")
        return self


def _canonical(value: Any) -> str:
    """JSON in which equal contents are equal text. Raises ValueError for NaN and infinity, TypeError for what JSON cannot say."""
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False, default=_plain)
    except ValueError as error:
        raise ValueError("a number is not finite, and JSON has no word for that") from error


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"not for a journal: {value!r}")


# --- values by the second -----------------------------------------------------------------------------------------------


def _widths(low: IntArray, high: IntArray) -> NDArray[np.uint8]:
    """The fewest bytes a value, of 0, 1, 2, 4, 8, that hold all from `low` to `high`, column by column; uint8 [columns]."""
    widths = np.full(len(low), 8, dtype=np.uint8)
    for width in (4, 2, 1):
        info = np.iinfo(f"i{width}")
        widths[(low >= info.min) & (high <= info.max)] = width
    widths[(low == 0) & (high == 0)] = 0
    return widths


class _Spool:
    """Strings of bytes by number: the first `in_memory` bytes as they are, the others in a temporary file."""

    def __init__(self, in_memory: int) -> None:
        self.in_memory = in_memory
        self.parts: list[bytes | int] = []  # or where it begins in the file
        self.file: IO[bytes] | None = None

    def append(self, content: bytes) -> None:
        if self.file is None and len(content) <= self.in_memory:
            self.in_memory -= len(content)
            self.parts.append(content)
            return
        if self.file is None:
            self.file = tempfile.TemporaryFile()  # noqa: SIM115  (closed with the object)
            weakref.finalize(self, self.file.close)
        self.parts.append(self.file.tell())
        self.file.write(content)
        self.file.flush()

    def holds(self, number: int) -> bool:
        """Whether a string is in memory."""
        return isinstance(self.parts[number], bytes)

    def read(self, number: int, start: int, length: int) -> bytes | memoryview:
        """So many bytes of a string, from `start` on."""
        part = self.parts[number]
        if isinstance(part, bytes):
            return memoryview(part)[start : start + length]
        assert self.file is not None
        return os.pread(self.file.fileno(), length, part + start)


class _Series:
    """Differences along time of every column, block by block, each stretch of a column in the fewest bytes a value, the narrow
    ones first.

    The bytes beyond `spool_bytes` go to a temporary file; of them stays one byte a block and column in memory.
    """

    def __init__(self, columns: int, spool_bytes: int = SPOOL_BYTES) -> None:
        self.columns = columns
        self.blocks: list[int] = []
        self.widths: list[NDArray[np.uint8]] = []
        self.spool = _Spool(spool_bytes)

    @property
    def rows(self) -> int:
        return sum(self.blocks)

    @property
    def nbytes(self) -> int:
        return sum(self.nbytes_of(i) for i in range(len(self.blocks)))

    def nbytes_of(self, block: int) -> int:
        """Of one block."""
        return self.blocks[block] * int(self.widths[block].sum(dtype=np.int64))

    def append(self, differences: IntArray, low: IntArray, high: IntArray) -> None:
        """Add int64 [rows, columns], rows > 0, with the least and the greatest of each column."""
        widths = _widths(low, high)
        stretches = [differences[:, np.flatnonzero(widths == width)].astype(f"<i{width}") for width in (1, 2, 4, 8)]
        self.spool.append(b"".join(of_width.T.tobytes() for of_width in stretches))
        self.blocks.append(differences.shape[0])
        self.widths.append(widths)

    def stored(self) -> Iterator[tuple[int, NDArray[np.uint8], bytes | memoryview]]:
        """Rows, widths and bytes of each block."""
        for i, (rows, widths) in enumerate(zip(self.blocks, self.widths, strict=True)):
            yield rows, widths, self.spool.read(i, 0, self.nbytes_of(i))

    def read(self, column: int) -> IntArray:
        """The differences of one column, int64 [rows]."""
        found = np.zeros(self.rows, np.int64)
        widths, places = (table[column].tolist() for table in self._where)
        for i, width in enumerate(widths):
            if width:
                values = self._stretch(i, width)[places[i]] if self.spool.holds(i) else self._from_file(i, width, places[i])
                found[i * BLOCK_ROWS : (i + 1) * BLOCK_ROWS] = values
        return found

    def _stretch(self, block: int, width: int) -> NDArray[Any]:
        """The columns of one width in a block that is in memory, [columns, rows]."""
        if (block, width) not in self._stretches:
            count = int((self.widths[block] == width).sum())
            content = self.spool.read(block, self._begin(block, width), count * self.blocks[block] * width)
            self._stretches[block, width] = np.frombuffer(content, f"<i{width}").reshape(count, -1)
        return self._stretches[block, width]

    def _from_file(self, block: int, width: int, place: int) -> NDArray[Any]:
        length = self.blocks[block] * width
        return np.frombuffer(self.spool.read(block, self._begin(block, width) + place * length, length), f"<i{width}")

    def _begin(self, block: int, width: int) -> int:
        """Where the columns of one width begin: those of fewer bytes lie before."""
        widths = self.widths[block]
        return self.blocks[block] * int(widths[widths < width].sum(dtype=np.int64))

    @cached_property
    def _stretches(self) -> dict[tuple[int, int], NDArray[Any]]:
        return {}

    @cached_property
    def _where(self) -> tuple[NDArray[np.uint8], NDArray[np.uint32]]:
        """For each column and block its width there, and its place among the columns of that width; both [columns, blocks]."""
        widths = np.array(self.widths, np.uint8).reshape(len(self.blocks), self.columns).T.copy()
        places = np.zeros(widths.shape, np.uint32)
        for width in _WIDTHS[1:]:
            mine = widths == width
            places[mine] = (np.cumsum(mine, axis=0) - 1)[mine]
        return widths, places


# --- the journal --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Journal:
    """One run. `meta`, `names`, `totals`, `properties` are plain dicts; `intents` and `spans` column → read-only array."""

    meta: dict[str, Any]
    names: dict[str, list[str]]
    columns: list[SeriesColumn]
    totals: dict[str, dict[str, dict[str, int]]]
    events: list[Event]
    intents: Columns
    spans: Columns
    conservation: list[Law]
    properties: dict[str, dict[str, Scalar]]
    histograms: dict[tuple[str, str], IntArray]
    _series: _Series

    @property
    def unknown_reason(self) -> str | None:
        """Why nothing can be concluded from this run, or None."""
        reason = self.meta["unknown_reason"]
        return None if reason is None else str(reason)

    @property
    def seconds(self) -> IntArray:
        """When each second of the series begins, ns, int64 [rows]."""
        return int(self.meta["start_ns"]) + SECOND * np.arange(self._series.rows, dtype=np.int64)

    @cached_property
    def _position(self) -> dict[tuple[str, str, str], int]:
        return {(c.kind, c.name, c.field): i for i, c in enumerate(self.columns)}

    def has_series(self, kind: str, name: str, field: str) -> bool:
        return (kind, name, field) in self._position

    def series(self, kind: str, name: str, field: str) -> IntArray:
        """int64 [rows]: increments in each second of a cumulative column; values of a gauge or peak. KeyError if not kept."""
        if not self.has_series(kind, name, field):
            raise KeyError(f"no series of {kind} {name} {field}")
        position = self._position[kind, name, field]
        differences = self._series.read(position)
        return differences if self.columns[position].mode == "cumulative" else np.cumsum(differences, dtype=np.int64)

    def total(self, kind: str, name: str, field: str) -> int:
        """The final value of a counter. KeyError if there is none."""
        try:
            return self.totals[kind][name][field]
        except KeyError:
            raise KeyError(f"no total of {kind} {name} {field}") from None

    def quantile(self, kind: str, name: str, q: float) -> int | None:
        """Quantile of the durations of a flow or operation, ns: an upper bound, less than 1/32 above. None without durations."""
        if (kind, name) not in self.histograms:
            raise KeyError(f"no histogram of {kind} {name}")
        return histogram_quantile(self.histograms[kind, name], q)

    @cached_property
    def digest(self) -> str:
        """The first half of the SHA-256 of the contents (not of files, nor the version of coredrill), 32 hex digits."""
        state = hashlib.sha256()  # which processors have instructions for

        def feed(label: str, content: bytes | memoryview) -> None:
            state.update(f"{label}:{memoryview(content).nbytes}:".encode())
            state.update(content)

        head = self._head()
        del head["series_blocks"]
        head["meta"] = {key: value for key, value in self.meta.items() if key != "coredrill_version"}
        feed(f"schema {SCHEMA_VERSION}", _canonical(head).encode())
        for (kind, name), counts in self.histograms.items():
            feed(f"histogram {kind} {name}", counts.astype("<i8").data)
        for table in (self.intents, self.spans):
            for column, values in table.items():
                feed(column, np.ascontiguousarray(values).data)
        for rows, widths, content in self._series.stored():
            feed(f"widths of {rows} seconds", np.ascontiguousarray(widths).data)
            feed("series", content)
        return state.hexdigest()[:32]

    def _head(self) -> dict[str, Any]:
        return {
            "meta": self.meta, "names": self.names, "columns": self.columns, "series_blocks": self._series.blocks,
            "totals": self.totals, "histograms": list(self.histograms), "events": self.events,
            "intents": len(self.intents["request"]), "spans": len(self.spans["request"]),
            "conservation": self.conservation, "properties": self.properties,
        }  # fmt: skip

    def write(self, folder: str | Path) -> None:
        """Keep the journal in a folder, whole or not at all. An older journal there is replaced; else JournalError."""
        target = Path(folder).resolve()
        _refuse_foreign(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        token = secrets.token_hex(4)
        fresh, old = (target.with_name(f".{target.name}.{token}.{what}") for what in ("new", "old"))
        try:
            fresh.mkdir()
            self._write_files(fresh)
            if target.exists():
                target.rename(old)
            fresh.rename(target)
        finally:
            for leftover in (fresh, old):
                shutil.rmtree(leftover, ignore_errors=True)

    def _write_files(self, folder: Path) -> None:
        head = {"format": _FORMAT, "schema_version": SCHEMA_VERSION, "digest": self.digest} | self._head()
        (folder / _HEAD).write_text(_canonical(head) + "\n", encoding="ascii")
        _write_arrays(folder / _INTENTS, self.intents)
        _write_arrays(folder / _SPANS, self.spans)
        counts = np.array(list(self.histograms.values()), dtype="<i8").reshape(-1, BUCKETS)
        _write_arrays(folder / _HISTOGRAMS, {"counts": counts})
        widths = np.array(self._series.widths, dtype=np.uint8).reshape(len(self._series.blocks), len(self.columns))
        _write_arrays(folder / _SERIES, {"widths": widths}, self._series)

    @classmethod
    def read(cls, folder: str | Path) -> Journal:
        """The journal kept in a folder. JournalError if there is none, or it is damaged or of an unknown schema version."""
        path = Path(folder)
        try:
            raw = _read_head(path)
            digest = raw.pop("digest", None)
            head = _Head.model_validate_json(json.dumps(raw))
            series = _read_series(path / _SERIES, head)
            counts = _read_arrays(path / _HISTOGRAMS, {"counts": ("<i8", (len(head.histograms), BUCKETS))})["counts"]
            intents = _read_arrays(path / _INTENTS, {c: (t, (head.intents,)) for c, t in INTENT_COLUMNS.items()})
            spans = _read_arrays(path / _SPANS, {c: (t, (head.spans,)) for c, t in SPAN_COLUMNS.items()})
            journal = _assemble(raw, head, intents, spans, dict(zip(head.histograms, counts, strict=True)), series)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise _damaged(path / _HEAD, f"{where}: {first['msg']}" if where else first["msg"]) from None
        except _UNREADABLE as error:
            raise _damaged(path, str(error) or type(error).__name__) from None
        if journal.digest != digest:
            raise _damaged(path / _HEAD, f"the digest says {digest}, the contents are {journal.digest}")
        return journal


def _assemble(
    raw: dict[str, Any], head: _Head, intents: Columns, spans: Columns, counts: dict[tuple[str, str], IntArray], series: _Series
) -> Journal:
    """A journal of checked parts; what is left to check are positions and codes in the tables. Raises ValueError."""
    flows, units, operations = (len(head.names.get(kind, ())) for kind in ("flow", "unit", "operation"))
    all_flags = sum(FLAGS.values())
    limits = {"flow": flows, "outcome": len(OUTCOMES), "code": len(CODES), "side": len(SIDES), "flags": all_flags + 1}
    _check_below(intents, limits | dict.fromkeys(("submit_ns", "answer_ns", "attempts", "recorded", "placed"), 1 << 63))
    _check_below(spans, {"unit": units, "operation": operations, "code": len(CODES)})
    ended = intents["outcome"] != 0
    if np.any(intents["answer_ns"][ended] < intents["submit_ns"][ended]) or np.any(intents["answer_ns"][~ended]):
        raise ValueError("an intent is answered after it was submitted, and a pending one not at all")
    for array in (*intents.values(), *spans.values(), *counts.values()):
        array.setflags(write=False)
    if any(histogram.min() < 0 for histogram in counts.values()):
        raise ValueError("a histogram counts less than nothing")
    return Journal(
        meta=raw["meta"], names=raw["names"], columns=head.columns, totals=raw["totals"], events=head.events, intents=intents,
        spans=spans, conservation=head.conservation, properties=raw["properties"], histograms=counts, _series=series,
    )  # fmt: skip


def _check_below(table: Columns, limits: Mapping[str, int]) -> None:
    for column, limit in limits.items():
        values = table[column]
        if values.size and not (values.min() >= 0 and int(values.max()) < limit):
            raise ValueError(f"column {column} holds a value that is not in [0, {limit})")


# --- files --------------------------------------------------------------------------------------------------------------


def _damaged(path: Path, why: str) -> JournalError:
    return JournalError(f"not a whole journal: {why}", file=str(path), mend="run the simulation again")


def _read_head(folder: Path) -> dict[str, Any]:
    """journal.json without its format and version. The version is looked at first: another one may mean other contents."""
    path = folder / _HEAD
    if not path.is_file():
        raise JournalError(f"no journal here: there is no {_HEAD}", file=str(folder), mend="name the folder a run was written to")
    if path.stat().st_size > _HEAD_BYTES_MAX:
        raise _damaged(path, f"larger than {_HEAD_BYTES_MAX} bytes")
    raw = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(raw, dict) or raw.pop("format", None) != _FORMAT:
        raise JournalError(f"not a journal: no format {_FORMAT!r}", file=str(path), mend="name the folder a run was written to")
    version = raw.pop("schema_version", None)
    if version != SCHEMA_VERSION:
        mend = "run the simulation again, or use the coredrill that wrote it"
        raise JournalError(f"schema_version is {version!r}, this coredrill reads {SCHEMA_VERSION}", file=str(path), mend=mend)
    return raw


def _refuse_foreign(target: Path) -> None:
    """Nothing but a journal, or an empty folder, may be replaced: what it holds is deleted."""
    if not target.exists():
        return
    if target.is_dir():
        found = {entry.name for entry in target.iterdir()}
        if not found:
            return
        if found <= {*_FILES, BESIDE} and _HEAD in found:
            with (target / _HEAD).open("rb") as file:
                if _FORMAT.encode() in file.read(_HEAD_BYTES_MAX):
                    return
    mend = "name a new folder, or that of an older journal"
    raise JournalError("this is there already and is not a journal", file=str(target), mend=mend)


def _npy_header(dtype: str, shape: tuple[int, ...]) -> bytes:
    """Header of an .npy file, version 1.0, of 128 bytes. Read by comparison: numpy's own reader parses it as Python."""
    text = f"{{'descr': {dtype!r}, 'fortran_order': False, 'shape': {shape!r}, }}"
    return b"\x93NUMPY\x01\x00\x76\x00" + text.ljust(117).encode("ascii") + b"\n"


def _write_arrays(path: Path, arrays: Mapping[str, NDArray[Any]], series: _Series | None = None) -> None:
    """A file np.load reads; the bytes of the series, if given, as the member `data`. Equal contents give equal bytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                member.write(_npy_header(array.dtype.str, array.shape))
                member.write(array.tobytes())
        if series is not None:
            with archive.open("data.npy", "w", force_zip64=True) as member:
                member.write(_npy_header("|u1", (series.nbytes,)))
                for _, _, content in series.stored():
                    member.write(content)


def _read_arrays(path: Path, expected: Mapping[str, tuple[str, tuple[int, ...]]]) -> Columns:
    """Exactly the members expected, each of the type and shape expected. Raises ValueError, KeyError, BadZipFile, OSError."""
    with zipfile.ZipFile(path) as archive:
        if sorted(archive.namelist()) != sorted(f"{name}.npy" for name in expected):
            raise ValueError(f"{path.name} should hold {', '.join(expected)}")
        return {name: _read_array(archive, name, *of_type) for name, of_type in expected.items()}


def _read_array(archive: zipfile.ZipFile, name: str, dtype: str, shape: tuple[int, ...]) -> NDArray[Any]:
    nbytes = math.prod(shape) * np.dtype(dtype).itemsize
    with _open_member(archive, name, dtype, shape, nbytes) as member:
        content = member.read()
    if len(content) != nbytes:
        raise ValueError(f"{name} has {len(content)} bytes instead of {nbytes}")
    return np.frombuffer(content, dtype=dtype).reshape(shape)


def _open_member(archive: zipfile.ZipFile, name: str, dtype: str, shape: tuple[int, ...], nbytes: int) -> IO[bytes]:
    """A member just after its .npy header, once its stated size, type and shape are what they should be."""
    info = archive.getinfo(f"{name}.npy")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or nbytes > _MEMBER_BYTES_MAX:
        raise ValueError(f"{name} is packed in another way, or too large")
    header = _npy_header(dtype, shape)
    if info.file_size != len(header) + nbytes:
        raise ValueError(f"{name} would be {info.file_size} bytes, not {len(header) + nbytes}")
    member = archive.open(info)
    if member.read(len(header)) != header:
        member.close()
        raise ValueError(f"{name} is not an array of {dtype} {shape}")
    return member


def _read_series(path: Path, head: _Head) -> _Series:
    series = _Series(len(head.columns))
    with zipfile.ZipFile(path) as archive:
        if sorted(archive.namelist()) != ["data.npy", "widths.npy"]:
            raise ValueError(f"{path.name} should hold widths, data")
        widths = _read_array(archive, "widths", "|u1", (len(head.series_blocks), series.columns))
        if not np.isin(widths, _WIDTHS).all():
            raise ValueError("a width is not one of 0, 1, 2, 4, 8")
        series.blocks, series.widths = list(head.series_blocks), list(widths)
        with _open_member(archive, "data", "|u1", (series.nbytes,), series.nbytes) as member:
            for i in range(len(series.blocks)):
                content = member.read(series.nbytes_of(i))
                if len(content) != series.nbytes_of(i):
                    raise ValueError("the series end early")
                series.spool.append(content)
    return series


# --- writing during a run -----------------------------------------------------------------------------------------------


class JournalWriter:
    """Takes a run down, front to back: begin, then add_… as often as need be, then finish. ValueError for what cannot be."""

    def __init__(self, spool_bytes: int = SPOOL_BYTES) -> None:
        self._spool_bytes = spool_bytes

    def begin(
        self, meta: Mapping[str, Any], names: Mapping[str, list[str]], series_columns: Iterable[tuple[str, str, str, str]]
    ) -> None:
        """`meta` without `unknown_reason` and `counts`; `series_columns` as (kind, name, field, mode)."""
        self._meta, self._names, self._columns = dict(meta), dict(names), list(series_columns)
        self._cumulative = np.array([column[3] == "cumulative" for column in self._columns], dtype=np.bool_)
        self._series = _Series(len(self._columns), self._spool_bytes)
        self._last = np.zeros(len(self._columns), dtype=np.int64)
        self._block, self._filled = np.empty((BLOCK_ROWS, len(self._columns)), np.int64), 0
        self._low, self._high = np.zeros((2, len(self._columns)), np.int64)  # of the block; 0 fits every width
        self._events: list[tuple[int, str, str, Mapping[str, Scalar]]] = []
        self._dropped_events = 0
        self._intents: list[Columns] = []
        self._spans: list[Columns] = []

    def add_series(self, block: IntArray) -> None:
        """int64 [seconds, columns]: values at the end of each second (peak: in it). The block may be used again afterwards.

        What was added is cut anew into blocks of BLOCK_ROWS.
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

    def add_events(self, events: Iterable[tuple[int, str, str, Mapping[str, Scalar]]]) -> None:
        """(t_ns, what, subject, detail); `finish` puts them in order of time, at one instant in the order added."""
        for event in events:
            if len(self._events) < EVENTS_MAX:
                self._events.append(event)
            else:
                self._dropped_events += 1

    def add_intents(self, columns: Mapping[str, NDArray[Any]]) -> None:
        """Arrays of one length for every column of INTENT_COLUMNS, of any integer type their values fit."""
        self._intents.append(_typed(columns, INTENT_COLUMNS))

    def add_spans(self, columns: Mapping[str, NDArray[Any]]) -> None:
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
            "names": self._names, "columns": self._columns, "series_blocks": self._series.blocks,
            "totals": _nested(totals), "histograms": list(full), "events": sorted(self._events, key=lambda event: event[0]),
            "intents": len(intents["request"]), "spans": len(spans["request"]),
            "conservation": list(conservation), "properties": dict(properties),
        }  # fmt: skip
        text = _canonical(raw)  # through JSON, so that a journal from memory is the same as one from disk
        return _assemble(json.loads(text), _Head.model_validate_json(text), intents, spans, full, self._series)


def _nested(totals: Mapping[tuple[str, str, str], int]) -> dict[str, dict[str, dict[str, int]]]:
    nested: dict[str, dict[str, dict[str, int]]] = {}
    for (kind, name, field), value in totals.items():
        nested.setdefault(kind, {}).setdefault(name, {})[field] = value
    return nested


def _typed(columns: Mapping[str, NDArray[Any]], types: Mapping[str, str]) -> Columns:
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
