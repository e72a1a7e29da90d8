"""A checker: whether every request was served."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from chaos.checkers.checker import Checker
from chaos.results.run import PropertyFinding
from simcore.journal.model import OUTCOMES, Journal

FAILURES = [OUTCOMES.index(outcome) for outcome in ("blocked", "failed", "unknown")]


class NoneFailed(Checker):
    """Every request that the journal keeps a row of was served: confirmed, or rejected for a reason of business."""

    name: ClassVar[str] = "none-failed"
    title: ClassVar[str] = "every request served"
    title_zh: ClassVar[str] = "全部请求均得到处理"

    def check(self, journal: Journal) -> PropertyFinding:
        """The violations are the requests that failed, were blocked, or whose outcome the customer does not know."""
        outcomes = journal.intents["outcome"]
        failed = int(np.count_nonzero(np.isin(outcomes, FAILURES)))
        return PropertyFinding(holds=failed == 0 if len(outcomes) else None, violations=failed)
