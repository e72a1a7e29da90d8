"""What the checkers of orders share: counting intents by what is true of them."""

from __future__ import annotations

import numpy as np

from chaos.checkers.checker import CheckResult
from simcore.journal.model import FLAGS, Journal


def absent(journal: Journal, *flags: str) -> CheckResult:
    """Holds if no intent has any of these flags; None without orders."""
    orders = [i for i, name in enumerate(journal.names.get("flow", [])) if journal.meta["flow_kinds"][name] == "order"]
    mine = np.isin(journal.intents["flow"], orders)
    found = int(np.count_nonzero(journal.intents["flags"][mine] & sum(FLAGS[flag] for flag in flags)))
    return CheckResult(found == 0 if mine.any() else None, found)
