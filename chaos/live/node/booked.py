"""A report that a ledger has booked, for whoever publishes it."""

from __future__ import annotations

from typing import NamedTuple

from chaos.live.node.messages import Intent

AGAIN_NS = 30_000_000_000
"""A report that was booked so shortly before its process died may not have gone out."""


class Booked(NamedTuple):
    """A report in a ledger: the entry's name, when it was booked (ns), for whose request, and what it says of which order."""

    entry: str
    at: int
    intent: Intent
    order: str
    report: int
