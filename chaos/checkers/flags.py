"""What the checkers of orders share: counting intents by what is true of them."""

from __future__ import annotations

import numpy as np

from chaos.results.run import PropertyFinding
from simcore.journal.model import FLAGS, Journal


def absent(journal: Journal, *flags: str) -> PropertyFinding:
    """Holds if no intent has any of these flags; None without orders."""
    orders = [i for i, name in enumerate(journal.names.get("flow", [])) if journal.meta.flow_kinds[name] == "order"]
    mine = np.isin(journal.intents["flow"], orders)
    found = int(np.count_nonzero(journal.intents["flags"][mine] & sum(FLAGS[flag] for flag in flags)))
    return PropertyFinding(holds=found == 0 if mine.any() else None, violations=found)
