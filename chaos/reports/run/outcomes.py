"""How requests ended, bin by bin, counted from the journal's rows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from chaos.reports.run.bins import Bins, Mask
from simcore.journal.model import OUTCOMES, Journal


class OutcomeCounts(NamedTuple):
    """Requests by outcome, each by the bin of submission."""

    confirmed: list[int]
    rejected: list[int]
    blocked: list[int]
    failed: list[int]
    unknown: list[int]
    pending: list[int]


def order_rows(journal: Journal) -> Mask:
    """Which rows of the intents are stock orders."""
    kinds, names = journal.meta.flow_kinds, journal.names.get("flow", [])
    return np.isin(journal.intents["flow"], [i for i, flow in enumerate(names) if kinds[flow] == "order"])


def outcomes_by_bin(bins: Bins, rows: Mask) -> OutcomeCounts:
    """Outcomes of these rows of the intents by the bin in which they were submitted."""
    submitted, outcome = bins.journal.intents["submit_ns"][rows], bins.journal.intents["outcome"][rows]
    return OutcomeCounts(**{word: bins.counts(submitted[outcome == code]).tolist() for code, word in enumerate(OUTCOMES)})
