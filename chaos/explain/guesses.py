"""The guesses that the files of runs declare, as factors: one for each line of a section `known:`, on one or both sides of a pair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chaos.documents.overrides import WORKLOAD
from chaos.execution.inputs.resolve import KnownOfRun
from simcore.files.knowledge import KnownEntry


@dataclass(frozen=True)
class Guess:
    """A line of a section `known:`. `entries` has what it holds for on each side, None where that is nothing; `prefix` stands before paths of
    a workload."""

    prefix: str
    entries: Sequence[KnownEntry | None]

    @property
    def entry(self) -> KnownEntry:
        """Of the first side that has it."""
        return next(entry for entry in self.entries if entry is not None)

    @property
    def name(self) -> str:
        """The path as the file has it, as `--set` would."""
        return self.prefix + self.entry.path

    @property
    def position(self) -> float:
        """Where between the bounds, from 0 to 1, the files have it."""
        return self.entry.position

    @property
    def values(self) -> int:
        """For how many values it stands, on the side with the most."""
        return max(len(entry.values) for entry in self.entries if entry is not None)

    def text_at(self, position: float) -> str:
        """What lies there, as a file writes it."""
        return self.entry.text_at(position)

    def assignments(self, side: int, position: float) -> list[str]:
        """The changes to the files of a side, as `--set` has them."""
        entry = self.entries[side]
        return [self.prefix + text for text in entry.assignments_at(position)] if entry is not None else []


def guesses_of(sides: Sequence[KnownOfRun]) -> list[Guess]:
    """The guesses with a range of the files of each side, the architecture's first. Lines of one file that both sides have are one guess."""
    found: dict[tuple[str, str, str, int], list[KnownEntry | None]] = {}
    for i, side in enumerate(sides):
        for prefix, entries in (("", side.architecture), (WORKLOAD, side.workload)):
            for entry in entries:
                if entry.known.how == "guess" and entry.range is not None:
                    key = (prefix, entry.path, entry.origin.file, entry.origin.line)
                    found.setdefault(key, [None] * len(sides))[i] = entry
    return [Guess(key[0], entries) for key, entries in found.items()]
