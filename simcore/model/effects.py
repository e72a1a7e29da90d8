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

CORE = "core"
BOOKS_OF: Mapping[str, str] = {
    **{name: CORE for counterparty in COUNTERPARTIES.values() for name in counterparty.effects},
    **{name: c.name for c in COUNTERPARTIES.values() for name in (*c.own_effects, *c.further_effects)},
    "margin.check": CORE,
}
"""By effect: whose books it is decided by and written into, the broker's own (`CORE`) or those of a counterparty. What is not here needs none."""

COUNTERPARTY_EFFECTS: Mapping[str, tuple[str, ...]] = {name: c.own_effects for name, c in COUNTERPARTIES.items()}
"""By counterparty: a service that makes one of these effects stands for it."""
