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

    >>> class NoneRefused(Checker):
    ...     '''No request was refused by a business rule.'''
    ...
    ...     name = "none-refused"
    ...     title, title_zh = "no request refused", "没有请求被拒绝"
    ...
    ...     def check(self, journal):
    ...         refused = sum(flow["rejected"] for flow in journal.totals["flow"].values())
    ...         return PropertyFinding(holds=refused == 0, violations=refused)
    >>> NoneRefused().name
    'none-refused'
    """

    name: ClassVar[str] = ""
    title: ClassVar[str] = ""
    title_zh: ClassVar[str] = ""
    implied: ClassVar[bool] = False
    rank: ClassVar[int] = 100

    @abstractmethod
    def check(self, journal: Journal) -> PropertyFinding:
        """Whether the property held in a run, and how many violations were found; `holds` is None if the run has nothing to decide it by.

        It reads the journal alone and does not change it.
        """
