"""Core and counterparties agree, or were brought to agree."""

from __future__ import annotations

from typing import Any

from chaos.checkers._flags import absent
from simcore.journal.model import Journal

NAME = "reconciled"


def check(journal: Journal) -> dict[str, Any]:
    """Every reconciliation that began has ended, and nothing is lost, doubled or unknown to the core."""
    open_ones: set[str] = set()
    for event in journal.events:
        if event.what == "reconciliation_started":
            open_ones.add(event.subject)
        elif event.what == "reconciled":
            open_ones.discard(event.subject)
    found = absent(journal, "duplicated", "lost", "orphan")
    return {"holds": found["holds"] and not open_ones, "violations": found["violations"] + len(open_ones)}
