"""No intent stands at the exchange twice."""

from __future__ import annotations

from typing import ClassVar

from chaos.checkers.checker import Checker
from chaos.checkers.flags import absent
from chaos.results.run import PropertyFinding
from simcore.journal.model import Journal


class NoDuplicates(Checker):
    """No intent stands at the exchange twice."""

    name: ClassVar[str] = "no-duplicates"
    title: ClassVar[str] = "no order twice at the exchange"
    title_zh: ClassVar[str] = "无重复委托"
    rank: ClassVar[int] = 1
    implied: ClassVar[bool] = True

    def check(self, journal: Journal) -> PropertyFinding:
        return absent(journal, "duplicated")
