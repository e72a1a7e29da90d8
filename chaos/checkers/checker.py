"""What a checker is: a property of the system, read from the journal of a finished run."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from chaos.results.run import PropertyFinding
from simcore.journal.model import Journal


class Checker(ABC):
    """A property of the system. A subclass gives `name`, by which scenarios ask for it; its docstring says what holds, its `title`
    and `title_zh` say so on a page.

    `implied`: a requirement is held to it unless it says which properties it is held to. `rank` is where it stands in lists, equal
    ranks by name.
    """

    name: ClassVar[str] = ""
    title: ClassVar[str] = ""
    title_zh: ClassVar[str] = ""
    implied: ClassVar[bool] = False
    rank: ClassVar[int] = 100

    @abstractmethod
    def check(self, journal: Journal) -> PropertyFinding:
        """What a run shows of it. The journal is not changed, and nothing else is read."""
