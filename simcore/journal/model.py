"""What a run leaves behind: counters by the second, totals, histograms, events, one row an intent, sampled spans.

Checkers, metrics and reports read nothing else. A `JournalWriter` (simcore.journal.writer) is fed during a run in bounded memory and
gives a `Journal`; `write_journal` keeps it in a folder and `read_journal` (simcore.journal.reader) reads it again. Neither the kernel
nor SimPy is needed. docs/journal.md says what every part means.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Annotated, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, model_validator

from simcore.base.units import SECOND
from simcore.journal.histogram import IntArray, histogram_quantile
from simcore.journal.series import BLOCK_ROWS, Column, Series

SCHEMA_VERSION = 3
EVENTS_MAX = 1_000_000

OUTCOMES = ("pending", "confirmed", "rejected", "blocked", "failed", "unknown")
CODES = ("ok", "rejected", "refused", "rate_limited", "breaker_open", "bulkhead_full", "error", "deadline", "timeout", "reset")
SIDES = ("none", "buy", "sell")
FLAGS = {"duplicated": 1, "lost": 2, "orphan": 4, "stranded": 8, "late": 16}
REPORTED_LATE = 32
"""A flag of what the core knew, not of what is true: it learned late that the exchange had taken an order in, or refused it."""

INTENT_COLUMNS = {
    "request": "<i8", "flow": "<i4", "customer": "<i8", "submit_ns": "<i8", "answer_ns": "<i8", "outcome": "|i1", "code": "|i1",
    "attempts": "<i4", "side": "|i1", "quantity": "<i8", "price_cents": "<i8", "recorded": "<i4", "placed": "<i4", "flags": "<i4",
    "rejected_in_control": "|i1",
}  # fmt: skip
NOT_COMPARED, REJECTED_IN_CONTROL, ACCEPTED_IN_CONTROL = range(3)
"""The values of `rejected_in_control`: what the same intent came to in the run of the same seed without the method."""
SPAN_COLUMNS = {
    "request": "<i8", "path": "<u8", "parent": "<u8", "unit": "<i4", "operation": "<i4",
    "arrive_ns": "<i8", "start_ns": "<i8", "end_ns": "<i8", "code": "|i1",
}  # fmt: skip

Columns = dict[str, Column]


def rejected_wrongly(intents: Columns) -> NDArray[np.bool_]:
    """Of each row whether it was rejected here and confirmed in the control run."""
    rejected = intents["outcome"] == OUTCOMES.index("rejected")
    wrongly: NDArray[np.bool_] = rejected & (intents["rejected_in_control"] == ACCEPTED_IN_CONTROL)
    return wrongly


Scalar = str | int | float | bool | None


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


class JournalMeta(_Strict):
    """What was run: names, digest, seed, the run's time and its measured window (ns since midnight of the first day), the kinds of its
    flows and those with a row an intent, why nothing can be concluded from it (None: something can), and how much was simulated.

    What a later version says more is kept.
    """

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
    def _sensible(self) -> JournalMeta:
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

    @property
    def played(self) -> list[str]:
        """The teams for which people decided, in alphabetical order."""
        return list((self.model_extra or {}).get("played", []))

    @property
    def closed_flows(self) -> list[str]:
        """The flows whose customers are a closed population: who waits for an answer submits nothing else."""
        return list((self.model_extra or {}).get("closed_flows", []))

    @property
    def controlled(self) -> bool:
        """Whether its intents were held against a control run."""
        return (self.model_extra or {}).get("controlled") is True

    @property
    def live(self) -> bool:
        """Whether real processes have run, and not the simulated core."""
        return (self.model_extra or {}).get("live") is True

    def __getitem__(self, key: str) -> object:
        """A value by its name, as extensions read it that were written when this was a dict. KeyError for what there is not."""
        return self.model_dump()[key]


class Head(_Strict):
    """The contents of journal.json but for format, schema version and digest."""

    meta: JournalMeta
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
    def _consistent(self) -> Head:
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


def canonical(value: object) -> str:
    """JSON in which equal contents are equal text. Raises ValueError for NaN and infinity, TypeError for what JSON cannot say."""
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False, default=_plain)
    except ValueError as error:
        raise ValueError("a number is not finite, and JSON has no word for that") from error


def _plain(value: object) -> object:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"not for a journal: {value!r}")


# --- the journal --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Journal:
    """One run. `names`, `totals`, `properties` are plain dicts; `intents` and `spans` column → read-only array."""

    meta: JournalMeta
    names: dict[str, list[str]]
    columns: list[SeriesColumn]
    totals: dict[str, dict[str, dict[str, int]]]
    events: list[Event]
    intents: Columns
    spans: Columns
    conservation: list[Law]
    properties: dict[str, dict[str, Scalar]]
    histograms: dict[tuple[str, str], IntArray]
    stored_series: Series

    @property
    def unknown_reason(self) -> str | None:
        """Why nothing can be concluded from this run (such as a queue that grew without bound); None if it ran to its end."""
        return self.meta.unknown_reason

    @property
    def given_up_ns(self) -> int | None:
        """When the run was given up before its end, ns, to the second; None if it was not."""
        ended = self.meta.start_ns + SECOND * self.stored_series.rows
        return ended if self.unknown_reason is not None and ended < self.meta.end_ns else None

    @property
    def ended_ns(self) -> int:
        """When the run ended, ns: as planned, or when it was given up."""
        given_up = self.given_up_ns
        return self.meta.end_ns if given_up is None else given_up

    @cached_property
    def controlled(self) -> bool:
        """Whether it says which of its rejects are wrong: it was held against a control run. Journals of before there was a word for it
        say so by what they found there."""
        return self.meta.controlled or bool((self.intents["rejected_in_control"] != NOT_COMPARED).any())

    @property
    def seconds(self) -> IntArray:
        """The instants at which the seconds of the series begin: int64 [rows], ns since midnight of the first day."""
        return self.meta.start_ns + SECOND * np.arange(self.stored_series.rows, dtype=np.int64)

    @cached_property
    def _position(self) -> dict[tuple[str, str, str], int]:
        return {(c.kind, c.name, c.field): i for i, c in enumerate(self.columns)}

    def has_series(self, kind: str, name: str, field: str) -> bool:
        """Whether the journal has a series, a value for each second, of this field: `has_series("pool", "app-threads", "queue")`."""
        return (kind, name, field) in self._position

    def series(self, kind: str, name: str, field: str) -> IntArray:
        """int64 [rows]: increments in each second of a cumulative column; values of a gauge or peak. KeyError if not kept."""
        if not self.has_series(kind, name, field):
            raise KeyError(f"no series of {kind} {name} {field}")
        position = self._position[kind, name, field]
        differences = self.stored_series.read(position)
        return differences if self.columns[position].mode == "cumulative" else np.cumsum(differences, dtype=np.int64)

    def total(self, kind: str, name: str, field: str) -> int:
        """The value of a counter or gauge at the end of the run. Raises KeyError if the journal has none of that name."""
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

        head = self.head()
        del head["series_blocks"]
        head["meta"] = self.meta.model_dump(exclude={"coredrill_version"})
        feed(f"schema {SCHEMA_VERSION}", canonical(head).encode())
        for (kind, name), counts in self.histograms.items():
            feed(f"histogram {kind} {name}", counts.astype("<i8").data)
        for table in (self.intents, self.spans):
            for column, values in table.items():
                feed(column, np.ascontiguousarray(values).data)
        for rows, widths, content in self.stored_series.stored():
            feed(f"widths of {rows} seconds", np.ascontiguousarray(widths).data)
            feed("series", content)
        return state.hexdigest()[:32]

    def head(self) -> dict[str, object]:
        """Everything but the arrays as JSON types: what is written to journal.json."""
        return {
            "meta": self.meta.model_dump(),
            "names": self.names,
            "columns": self.columns,
            "series_blocks": self.stored_series.blocks,
            "totals": self.totals,
            "histograms": list(self.histograms),
            "events": self.events,
            "intents": len(self.intents["request"]),
            "spans": len(self.spans["request"]),
            "conservation": self.conservation,
            "properties": self.properties,
        }


def all_rejected_wrongly(journal: Journal, since: int) -> Journal | None:
    """The journal as it would be if all that was rejected of what was submitted from `since` on (ns) were confirmed in a control run, and
    nothing else; None if nothing was rejected."""
    rejected = (journal.intents["outcome"] == OUTCOMES.index("rejected")) & (journal.intents["submit_ns"] >= since)
    if not rejected.any():
        return None
    answers = np.where(rejected, np.int8(ACCEPTED_IN_CONTROL), np.int8(NOT_COMPARED))
    return replace(journal, intents=journal.intents | {"rejected_in_control": answers})


def assemble(head: Head, intents: Columns, spans: Columns, counts: dict[tuple[str, str], IntArray], series: Series) -> Journal:
    """A journal of checked parts; what is left to check are positions and codes in the tables. Raises ValueError."""
    flows, instances, operations = (len(head.names.get(kind, ())) for kind in ("flow", "unit", "operation"))
    all_flags = sum(FLAGS.values()) + REPORTED_LATE
    limits = {"flow": flows, "outcome": len(OUTCOMES), "code": len(CODES), "side": len(SIDES), "flags": all_flags + 1}
    limits["rejected_in_control"] = ACCEPTED_IN_CONTROL + 1
    _check_below(intents, limits | dict.fromkeys(("submit_ns", "answer_ns", "attempts", "recorded", "placed"), 1 << 63))
    _check_below(spans, {"unit": instances, "operation": operations, "code": len(CODES)})
    ended = intents["outcome"] != 0
    if np.any(intents["answer_ns"][ended] < intents["submit_ns"][ended]) or np.any(intents["answer_ns"][~ended]):
        raise ValueError("an intent is answered after it was submitted, and a pending one not at all")
    for array in (*intents.values(), *spans.values(), *counts.values()):
        array.setflags(write=False)
    if any(histogram.min() < 0 for histogram in counts.values()):
        raise ValueError("a histogram counts less than nothing")
    return Journal(
        meta=head.meta,
        names=head.names,
        columns=head.columns,
        totals=head.totals,
        events=head.events,
        intents=intents,
        spans=spans,
        conservation=head.conservation,
        properties=head.properties,
        histograms=counts,
        stored_series=series,
    )


def _check_below(table: Columns, limits: Mapping[str, int]) -> None:
    for column, limit in limits.items():
        values = table[column]
        if values.size and not (values.min() >= 0 and int(values.max()) < limit):
            raise ValueError(f"column {column} holds a value that is not in [0, {limit})")
