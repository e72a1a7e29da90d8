"""The exchange has no order that the core does not know."""

from __future__ import annotations

from typing import ClassVar

from chaos.checkers.checker import Checker
from chaos.checkers.flags import absent
from chaos.results.run import PropertyFinding
from simcore.journal.model import Journal


class NoOrphans(Checker):
    """The exchange has no order that the core does not know."""

    name: ClassVar[str] = "no-orphans"
    title: ClassVar[str] = "no orphan at the exchange"
    title_zh: ClassVar[str] = "无柜台缺单"
    rank: ClassVar[int] = 4
    implied: ClassVar[bool] = True

    def check(self, journal: Journal) -> PropertyFinding:
        return absent(journal, "orphan")
