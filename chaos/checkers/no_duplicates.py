"""No intent stands at the exchange twice."""

from __future__ import annotations

from typing import Any

from chaos.checkers._flags import absent
from simcore.journal.model import Journal

NAME = "no-duplicates"


def check(journal: Journal) -> dict[str, Any]:
    """No intent stands at the exchange twice."""
    return absent(journal, "duplicated")
