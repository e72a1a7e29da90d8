"""The exchange has no order that the core does not know."""

from __future__ import annotations

from typing import Any

from chaos.checkers._flags import absent
from simcore.journal.model import Journal

NAME = "no-orphans"


def check(journal: Journal) -> dict[str, Any]:
    """The exchange has no order that the core does not know."""
    return absent(journal, "orphan")
