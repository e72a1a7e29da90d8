"""No order that was confirmed to a customer is gone."""

from __future__ import annotations

from typing import ClassVar

from chaos.checkers.checker import Checker
from chaos.checkers.flags import absent
from chaos.results.run import PropertyFinding
from simcore.journal.model import Journal


class NoneLost(Checker):
    """No order that was confirmed to a customer is gone."""

    name: ClassVar[str] = "none-lost"
    title: ClassVar[str] = "no confirmed order lost"
    title_zh: ClassVar[str] = "无丢单"
    rank: ClassVar[int] = 2
    implied: ClassVar[bool] = True

    def check(self, journal: Journal) -> PropertyFinding:
        return absent(journal, "lost")
