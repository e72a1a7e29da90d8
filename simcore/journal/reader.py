"""A journal that is kept in a folder, read again. What is read is not trusted: every size, type and position is checked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from simcore.base.errors import os_reason
from simcore.base.model import first_mistake
from simcore.journal.histogram import BUCKETS
from simcore.journal.model import INTENT_COLUMNS, SCHEMA_VERSION, SPAN_COLUMNS, Head, Journal, assemble
from simcore.journal.series import WIDTHS, Series
from simcore.journal.storage import (
    FORMAT,
    HEAD,
    HEAD_BYTES_MAX,
    HISTOGRAMS,
    INTENTS,
    SERIES,
    SPANS,
    JournalError,
    damaged,
    open_archive,
    open_member,
    read_array,
    read_arrays,
    read_json,
)


def read_journal(folder: str | Path) -> Journal:
    """The journal that `write_journal` has kept in a folder. Raises JournalError (an InputError) if there is none, or it is damaged or
    of another schema version.

    >>> from simcore.base.units import SECOND
    >>> from simcore.compile.plan import compile_plan
    >>> from simcore.journal.writer import write_journal
    >>> from simcore.library import load_pair
    >>> from simcore.simulation import simulate
    >>> journal = simulate(compile_plan(*load_pair("textbook/mm1", "textbook/open-800"), end=SECOND))
    >>> write_journal(journal, "kept")
    >>> read_journal("kept").digest == journal.digest
    True
    """
    path = Path(folder)
    try:
        raw = _read_head(path)
        digest = raw.pop("digest", None)
        head = Head.model_validate_json(json.dumps(raw))
        series = _read_series(path / SERIES, head)
        counts = read_arrays(path / HISTOGRAMS, {"counts": ("<i8", (len(head.histograms), BUCKETS))})["counts"]
        intents = read_arrays(path / INTENTS, {c: (t, (head.intents,)) for c, t in INTENT_COLUMNS.items()})
        spans = read_arrays(path / SPANS, {c: (t, (head.spans,)) for c, t in SPAN_COLUMNS.items()})
        journal = assemble(head, intents, spans, dict(zip(head.histograms, counts, strict=True)), series)
    except ValidationError as error:
        raise damaged(path / HEAD, first_mistake(error)) from None
    except ValueError as error:
        raise damaged(path, str(error)) from None
    except OSError as error:
        raise JournalError(f"cannot be read: {os_reason(error)}", file=str(path), hint="check its permissions") from None
    if journal.digest != digest:
        raise damaged(
            path / HEAD,
            f"its contents have the digest {journal.digest}, not the one it says, {digest}: something in it was changed",
        )
    return journal


def _read_head(folder: Path) -> dict[str, Any]:
    """journal.json without its format and version. The version is looked at first: another one may mean other contents."""
    path = folder / HEAD
    if not path.is_file():
        raise JournalError(f"no journal here: there is no {HEAD}", file=str(folder), hint="name the folder a run was written to")
    if path.stat().st_size > HEAD_BYTES_MAX:
        raise damaged(path, f"larger than {HEAD_BYTES_MAX} bytes")
    try:
        raw = read_json(path)
    except ValueError as error:
        raise damaged(path, str(error)) from None
    if not isinstance(raw, dict) or raw.pop("format", None) != FORMAT:
        raise JournalError(f"not a journal: no format {FORMAT!r}", file=str(path), hint="name the folder a run was written to")
    version = raw.pop("schema_version", None)
    if version != SCHEMA_VERSION:
        hint = "run the simulation again, or use the coredrill that wrote it"
        raise JournalError(f"schema_version is {version!r}, this coredrill reads {SCHEMA_VERSION}", file=str(path), hint=hint)
    return raw


def _read_series(path: Path, head: Head) -> Series:
    series = Series(len(head.columns))
    with open_archive(path) as archive:
        if sorted(archive.namelist()) != ["data.npy", "widths.npy"]:
            raise ValueError(f"{path.name} should hold widths, data")
        widths = read_array(archive, "widths", "|u1", (len(head.series_blocks), series.columns))
        if not np.isin(widths, WIDTHS).all():
            raise ValueError("a width is not one of 0, 1, 2, 4, 8")
        series.blocks, series.widths = list(head.series_blocks), list(widths)
        with open_member(archive, "data", "|u1", (series.nbytes,), series.nbytes) as member:
            for i in range(len(series.blocks)):
                content = member.read(series.nbytes_of(i))
                if len(content) != series.nbytes_of(i):
                    raise ValueError("the series end early")
                series.spool.append(content)
    return series
