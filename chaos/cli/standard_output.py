"""Standard output that remembers why it could not be written: no other error is taken for one of it."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import TextIO, cast


class StandardOutput:
    """Standard output, by whatever is written to it while the context lasts. `failure` is the first error of writing, if there was one."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.failure: OSError | None = None

    def write(self, text: str) -> int:
        """As that of the stream."""
        with self._noted():
            return self._stream.write(text)

    def flush(self) -> None:
        """As that of the stream."""
        with self._noted():
            self._stream.flush()

    def give_up(self) -> None:
        """What is left to be written goes nowhere, so that the flush at exit is silent."""
        os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)

    @contextlib.contextmanager
    def _noted(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.failure = self.failure or error
            raise


@contextlib.contextmanager
def standard_output() -> Iterator[StandardOutput]:
    """In place of `sys.stdout`."""
    stream = sys.stdout
    output = StandardOutput(stream)
    sys.stdout = cast(TextIO, output)
    try:
        yield output
    finally:
        sys.stdout = stream
