"""What a checker is: a property of the system, read from the journal of a finished run."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, NamedTuple

from simcore.journal.model import Journal


class CheckResult(NamedTuple):
    """Whether a property holds (None: the run has nothing to tell it from), and how many violations were found."""

    holds: bool | None
    violations: int


class Checker(ABC):
    """A property of the system. A subclass gives `name`, by which scenarios ask for it; its docstring says what holds.

    `implied`: a requirement is held to it unless it says which properties it is held to. `rank` is where it stands in lists, equal
    ranks by name.
    """

    name: ClassVar[str] = ""
    implied: ClassVar[bool] = False
    rank: ClassVar[int] = 100

    @abstractmethod
    def check(self, journal: Journal) -> CheckResult:
        """What a run shows of it. The journal is not changed, and nothing else is read."""
