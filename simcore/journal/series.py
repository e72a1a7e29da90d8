"""Values by the second, kept as differences in the fewest bytes, the rest of them in a temporary file."""

from __future__ import annotations

import os
import tempfile
import weakref
from collections.abc import Iterator
from functools import cached_property
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from simcore.journal.histogram import IntArray

Column = NDArray[Any]
"""Integers, as wide as their column needs."""

SPOOL_BYTES = 16 << 20
BLOCK_ROWS = 512  # seconds of series stored together; all blocks but the last have so many, however the writer was fed
WIDTHS = (0, 1, 2, 4, 8)  # bytes a value


def _widths(low: IntArray, high: IntArray) -> NDArray[np.uint8]:
    """The fewest bytes a value, of 0, 1, 2, 4, 8, that hold all from `low` to `high`, column by column; uint8 [columns]."""
    widths = np.full(len(low), 8, dtype=np.uint8)
    for width in (4, 2, 1):
        info = np.iinfo(f"i{width}")
        widths[(low >= info.min) & (high <= info.max)] = width
    widths[(low == 0) & (high == 0)] = 0
    return widths


class Spool:
    """Strings of bytes by number: the first `in_memory` bytes as they are, the others in a temporary file."""

    def __init__(self, in_memory: int) -> None:
        self.in_memory = in_memory
        self.parts: list[bytes | int] = []  # or where it begins in the file
        self.file: IO[bytes] | None = None

    def append(self, content: bytes) -> None:
        """Adds a string; its number is that of those before it."""
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


class Series:
    """Differences along time of every column, block by block, each stretch of a column in the fewest bytes a value, the narrow
    ones first.

    The bytes beyond `spool_bytes` go to a temporary file; of them stays one byte a block and column in memory.
    """

    def __init__(self, columns: int, spool_bytes: int = SPOOL_BYTES) -> None:
        self.columns = columns
        self.blocks: list[int] = []
        self.widths: list[NDArray[np.uint8]] = []
        self.spool = Spool(spool_bytes)

    @property
    def rows(self) -> int:
        """Seconds that are kept."""
        return sum(self.blocks)

    @property
    def nbytes(self) -> int:
        """Bytes of all blocks."""
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

    def _stretch(self, block: int, width: int) -> Column:
        """The columns of one width in a block that is in memory, [columns, rows]."""
        if (block, width) not in self._stretches:
            count = int((self.widths[block] == width).sum())
            content = self.spool.read(block, self._begin(block, width), count * self.blocks[block] * width)
            self._stretches[block, width] = np.frombuffer(content, f"<i{width}").reshape(count, -1)
        return self._stretches[block, width]

    def _from_file(self, block: int, width: int, place: int) -> Column:
        length = self.blocks[block] * width
        return np.frombuffer(self.spool.read(block, self._begin(block, width) + place * length, length), f"<i{width}")

    def _begin(self, block: int, width: int) -> int:
        """Where the columns of one width begin: those of fewer bytes lie before."""
        widths = self.widths[block]
        return self.blocks[block] * int(widths[widths < width].sum(dtype=np.int64))

    @cached_property
    def _stretches(self) -> dict[tuple[int, int], Column]:
        return {}

    @cached_property
    def _where(self) -> tuple[NDArray[np.uint8], NDArray[np.uint32]]:
        """For each column and block its width there, and its place among the columns of that width; both [columns, blocks]."""
        widths = np.array(self.widths, np.uint8).reshape(len(self.blocks), self.columns).T.copy()
        places = np.zeros(widths.shape, np.uint32)
        for width in WIDTHS[1:]:
            mine = widths == width
            places[mine] = (np.cumsum(mine, axis=0) - 1)[mine]
        return widths, places
