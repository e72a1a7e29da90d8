"""The exchanges: they take orders and cancels, fill, and report. An architecture may have several, each with its own market."""

from __future__ import annotations

from simcore.counterparties.counterparty import Counterparty, Effect

# The gate is shut 9:25-9:30, when nothing is matched, and over lunch: DOMAIN.md [16].
COUNTERPARTY = Counterparty(
    name="exchange",
    title="exchange",
    effects={
        "order.record": Effect(True, "the counter validates, freezes cash or shares and records the order under a number"),
        "order.accept": Effect(True, "the exchange accepts or rejects the order"),
        "order.fill": Effect(True, "the exchange fills the order"),
        "order.report": Effect(True, "the core books what the exchange reported"),
        "cancel.record": Effect(True, "the counter records the cancel request"),
        "cancel.accept": Effect(True, "the exchange cancels what is left of the order"),
    },
    own_effects=("order.accept",),
    further_effects=("order.fill", "cancel.accept"),
    flow_kinds=("order", "cancel"),
    hours={"a-share": (("09:15", "09:25"), ("09:30", "11:30"), ("13:00", "15:00"))},
    differences={
        "orphans": "at the exchange, not (or closed) in the core: taken up; the broker lends what the customer cannot freeze",
        "duplicates": "placed twice, live or newly filled: fills go to the broker's error account (suspense)",
        "unreported": "fills or ends not booked: booked",
        "unplaced": "recorded, not at the exchange: none; they expire at the close",
    },
    laws=(
        "shares of each instrument are constant",
        "market's shares are what orders traded",
        "market's cash is what orders traded",
        "fees are what orders were charged",
        "frozen cash is what open orders need",
        "frozen shares are what open orders need",
        "nothing is booked beyond the exchange's fills",
        "nothing is filled beyond the quantity",
    ),
)
