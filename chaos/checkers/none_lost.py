"""No order that was confirmed to a customer is gone."""

from __future__ import annotations

from typing import Any

from chaos.checkers._flags import absent
from simcore.journal.model import Journal

NAME = "none-lost"


def check(journal: Journal) -> dict[str, Any]:
    """No order that was confirmed to a customer is gone."""
    return absent(journal, "lost")
