"""The clearing house (CSDC): its file tells the core what the day's orders came to. It keeps no books of its own here."""

from __future__ import annotations

from simcore.counterparties.counterparty import Counterparty, DayFile

_WAITS = "nothing is given back or freed until settlement runs again (model)"

COUNTERPARTY = Counterparty(
    name="clearing",
    title="clearing house",
    file=DayFile(
        good="the core books what was filled, gives back what is frozen, marks stranded orders, frees today's shares and proceeds",
        late=_WAITS,
        missing=_WAITS,
        corrupt=_WAITS,
    ),
)
