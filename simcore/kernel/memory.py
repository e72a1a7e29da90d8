"""Zeroed memory that is used again by the next run of a process: to clear it costs less than to be given fresh pages."""

from __future__ import annotations

from typing import Any

import numpy as np

Ints = np.ndarray[Any, np.dtype[np.int64]]


class Memory:
    """The arenas that runs have given back, one by each name. Whoever makes several runs in a process owns one and hands it to each.

    An arena of more than `words_max` int64 words is not held: the default is less than what a large broker's day takes.
    """

    def __init__(self, words_max: int = 1 << 25) -> None:
        self.words_max = words_max
        self._held: dict[str, Ints] = {}

    def take(self, name: str, words: int) -> Ints:
        """At least so many zeroed words; nobody else has them."""
        held = self._held.pop(name, None)
        return held if held is not None and len(held) >= words else np.zeros(words, np.int64)

    def give_back(self, name: str, arena: Ints, used: int) -> None:
        """The arena may be taken again; its owner reads and writes it no more. All of it but the first `used` words is zero."""
        if len(arena) <= self.words_max:
            arena[:used] = 0
            self._held[name] = arena

    @property
    def held(self) -> dict[str, Ints]:
        """The arenas that may be taken, by name."""
        return dict(self._held)
