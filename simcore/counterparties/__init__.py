"""Whom the broker deals with, one module each: what their effects mean, their hours, their files, what reconciliation finds.

    from simcore.counterparties import COUNTERPARTIES

    COUNTERPARTIES["bank"].hours["a-share"]

docs/counterparties.md shows how to add one.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from simcore.counterparties.counterparty import Counterparty
from simcore.kernel import ledger

_IN_ORDER: list[Counterparty] = [import_module(f"{__name__}.{module}").COUNTERPARTY for module in ledger.COUNTERPARTIES]

COUNTERPARTIES: Mapping[str, Counterparty] = {counterparty.name: counterparty for counterparty in _IN_ORDER}
"""By the name they have in files."""

FLOW_KINDS = ("request", "login", "query", *(kind for counterparty in _IN_ORDER for kind in counterparty.flow_kinds), "probe")
"""What customers do: the kinds of flows of an architecture."""

WITH_FILE = tuple(counterparty.name for counterparty in _IN_ORDER if counterparty.file)
"""Those whose file settling the day goes by."""

RECONCILED = tuple(counterparty.name for counterparty in _IN_ORDER if counterparty.differences)
"""Those the core can be compared with."""


def hours_of(calendar: str) -> dict[str, tuple[tuple[str, str], ...]]:
    """The opening hours of every counterparty that has some in that trading calendar, by name."""
    return {c.name: c.hours[calendar] for c in _IN_ORDER if calendar in c.hours}
