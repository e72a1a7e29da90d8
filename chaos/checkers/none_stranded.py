"""No recorded order was still on its way to the exchange when the market closed."""

from __future__ import annotations

from typing import Any

from chaos.checkers._flags import absent
from simcore.journal.model import Journal

NAME = "none-stranded"


def check(journal: Journal) -> dict[str, Any]:
    """No recorded order was still on its way to the exchange when the market closed."""
    return absent(journal, "stranded")
