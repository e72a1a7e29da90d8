"""Core and counterparties agree, or were brought to agree."""

from __future__ import annotations

from typing import ClassVar

from chaos.checkers.checker import Checker
from chaos.checkers.flags import absent
from chaos.results.run import PropertyFinding
from simcore.journal.model import Journal


class Reconciled(Checker):
    """Every reconciliation that began has ended, and nothing is lost, doubled or unknown to the core."""

    name: ClassVar[str] = "reconciled"
    title: ClassVar[str] = "core reconciles with exchange, banks and fund companies"
    title_zh: ClassVar[str] = "柜台与交易所、存管银行、基金公司对账一致"
    rank: ClassVar[int] = 5

    def check(self, journal: Journal) -> PropertyFinding:
        open_ones: set[str] = set()
        for event in journal.events:
            if event.what == "reconciliation_started":
                open_ones.add(event.subject)
            elif event.what == "reconciled":
                open_ones.discard(event.subject)
        found = absent(journal, "duplicated", "lost", "orphan")
        return PropertyFinding(holds=found.holds and not open_ones, violations=found.violations + len(open_ones))
