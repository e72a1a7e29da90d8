"""The durable writes an architecture may name in an `effect` step: the core's own and those of business with each counterparty."""

from __future__ import annotations

from collections.abc import Mapping

from simcore.counterparties import COUNTERPARTIES
from simcore.counterparties.counterparty import Effect

EFFECTS: Mapping[str, Effect] = {
    "record": Effect(True, "a durable write without further meaning"),
    "session.open": Effect(False, "the customer is logged in"),
    "session.close": Effect(False, "the customer is logged out"),
    **{name: effect for counterparty in COUNTERPARTIES.values() for name, effect in counterparty.effects.items()},
    "margin.check": Effect(False, "the credit line is checked; nothing is written"),
}
"""By name. The kernel's codes are in simcore.kernel.ledger.counterparties."""

NEVER_REJECTED = frozenset({"record", "session.open", "session.close"})
"""Effects that no business rule refuses."""

COUNTERPARTY_EFFECTS: Mapping[str, tuple[str, ...]] = {name: c.own_effects for name, c in COUNTERPARTIES.items()}
"""By counterparty: a service that makes one of these effects stands for it."""
