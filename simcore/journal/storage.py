"""How a journal lies in a folder: the names of its files, and arrays in archives that NumPy reads too."""

from __future__ import annotations

import json
import math
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np
from pydantic import JsonValue

from simcore.base.errors import InputError, os_reason
from simcore.journal.model import Columns
from simcore.journal.series import Column, Series

FORMAT = "coredrill-journal"
HEAD, INTENTS, SPANS, HISTOGRAMS, SERIES = "journal.json", "intents.npz", "spans.npz", "histograms.npz", "series.npz"
FILES = {HEAD, INTENTS, SPANS, HISTOGRAMS, SERIES}
BESIDE = "run.json"  # what the harness keeps beside a journal: chaos/results/stored_run.py
HEAD_BYTES_MAX = 1 << 30
MEMBER_BYTES_MAX = 1 << 36


class JournalError(InputError):
    """A folder that is not a journal, or one that is damaged or of another schema version."""


def damaged(path: Path, why: str) -> JournalError:
    """The error for a journal whose file at `path` is missing, changed or cut off; `why` completes the sentence."""
    return JournalError(f"not a whole journal: {why}", file=str(path), hint="run the simulation again")


def read_json(path: Path) -> JsonValue:
    """What a JSON file holds. Raises ValueError, in words for a person that name no file, if it cannot be read or is no JSON."""
    try:
        found: JsonValue = json.loads(path.read_text(encoding="utf-8"))
        return found
    except json.JSONDecodeError as error:
        raise ValueError(f"it is no JSON from line {error.lineno}, column {error.colno} on") from None
    except RecursionError:
        raise ValueError("its JSON is nested too deep") from None
    except OSError as error:
        raise ValueError(f"it cannot be read: {os_reason(error)}") from None
    except ValueError:
        raise ValueError("it is no JSON in UTF-8") from None


@contextmanager
def open_archive(path: Path) -> Iterator[zipfile.ZipFile]:
    """An archive to read. What goes wrong with it there is a ValueError in words for a person, which name the file."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except FileNotFoundError:
        raise ValueError(f"{path.name} is missing") from None
    except OSError as error:
        raise ValueError(f"{path.name} cannot be read: {os_reason(error)}") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, KeyError, OverflowError):
        raise ValueError(f"{path.name} is cut off or changed") from None


def npy_header(dtype: str, shape: tuple[int, ...]) -> bytes:
    """The header of a version 1.0 .npy file for an array of this type (`<i8`) and shape, always 128 bytes.

    A header that is read is compared with the one expected: numpy's own reader evaluates it as Python, which untrusted files must not reach.
    """
    text = f"{{'descr': {dtype!r}, 'fortran_order': False, 'shape': {shape!r}, }}"
    return b"\x93NUMPY\x01\x00\x76\x00" + text.ljust(117).encode("ascii") + b"\n"


def write_arrays(path: Path, arrays: Mapping[str, Column], series: Series | None = None) -> None:
    """A file np.load reads; the bytes of the series, if given, as the member `data`. Equal contents give equal bytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                member.write(npy_header(array.dtype.str, array.shape))
                member.write(array.tobytes())
        if series is not None:
            with archive.open("data.npy", "w", force_zip64=True) as member:
                member.write(npy_header("|u1", (series.nbytes,)))
                for _, _, content in series.stored():
                    member.write(content)


def read_arrays(path: Path, expected: Mapping[str, tuple[str, tuple[int, ...]]]) -> Columns:
    """Exactly the members expected, each of the type and shape expected. Raises ValueError, in words for a person."""
    with open_archive(path) as archive:
        if sorted(archive.namelist()) != sorted(f"{name}.npy" for name in expected):
            raise ValueError(f"{path.name} should hold {', '.join(expected)}")
        return {name: read_array(archive, name, *of_type) for name, of_type in expected.items()}


def read_array(archive: zipfile.ZipFile, name: str, dtype: str, shape: tuple[int, ...]) -> Column:
    """One member of an archive, of this type and shape. Raises ValueError, KeyError, BadZipFile, OSError if it is anything else."""
    nbytes = math.prod(shape) * np.dtype(dtype).itemsize
    with open_member(archive, name, dtype, shape, nbytes) as member:
        content = member.read()
    if len(content) != nbytes:
        raise ValueError(f"{name} has {len(content)} bytes instead of {nbytes}")
    return np.frombuffer(content, dtype=dtype).reshape(shape)


def open_member(archive: zipfile.ZipFile, name: str, dtype: str, shape: tuple[int, ...], nbytes: int) -> IO[bytes]:
    """Opens an array of an archive, placed just after its .npy header. Raises ValueError or KeyError unless it is there, packed in a usual way,
    with the size, type and shape expected."""
    info = archive.getinfo(f"{name}.npy")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or nbytes > MEMBER_BYTES_MAX:
        raise ValueError(f"{name} is packed in another way, or too large")
    header = npy_header(dtype, shape)
    if info.file_size != len(header) + nbytes:
        raise ValueError(f"{name} would be {info.file_size} bytes, not {len(header) + nbytes}")
    member = archive.open(info)
    if member.read(len(header)) != header:
        member.close()
        raise ValueError(f"{name} is not an array of {dtype} {shape}")
    return member
