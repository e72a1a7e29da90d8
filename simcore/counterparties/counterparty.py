"""What there is to say of a counterparty: one of these in each module of the package, as its `COUNTERPARTY`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

FileState = Literal["ok", "late", "corrupt", "missing"]
"""How settling the day finds a counterparty's file."""

Interval = tuple[str, str]
"""From and to, as times of day (`"09:30", "11:30"`)."""


class Effect(NamedTuple):
    """A durable write. `counts_as_effect`: it touches the intent, so that a later failure is no longer definite."""

    counts_as_effect: bool
    meaning: str


class DayFile(NamedTuple):
    """The file that settling the day goes by, in words: what a good one does, and what comes of one that is late, missing or corrupt."""

    good: str
    late: str
    missing: str
    corrupt: str


@dataclass(frozen=True, kw_only=True)
class Counterparty:
    """Somebody the broker deals with: an exchange, a bank. `name` is the word of the files, `title` that of a sentence.

    `effects` are the durable writes of business with it, by their names in files; of these only its own services make `own_effects`: a
    service that makes one stands for it. Those and `further_effects` are written into its books, the rest into the broker's.
    `flow_kinds` are kinds of flows of that business.

    `hours` are those of the gate of its name, by trading calendar. `file`: what a file with `settles: NAME` does when the day is
    settled; None: the day does not wait for one. `differences`: what comparing the core with it may find and what is then
    done; none: they are not compared. `laws` are the conservation laws of its books.

    Codes, state, and how effects, settlement and reconciliation work are in the module of the same name in simcore.kernel.ledger, if
    it has state.

    >>> swap = {"swap.confirm": Effect(True, "the other side confirms the swap")}
    >>> hours = {"a-share": (("09:00", "11:30"), ("13:00", "17:00"))}
    >>> COUNTERPARTY = Counterparty(name="swap-dealer", title="swap dealer", effects=swap, own_effects=("swap.confirm",), hours=hours)
    >>> COUNTERPARTY.effects["swap.confirm"].counts_as_effect
    True
    """

    name: str
    title: str
    effects: Mapping[str, Effect] = field(default_factory=dict)
    own_effects: tuple[str, ...] = ()
    further_effects: tuple[str, ...] = ()
    flow_kinds: tuple[str, ...] = ()
    hours: Mapping[str, tuple[Interval, ...]] = field(default_factory=dict)
    file: DayFile | None = None
    differences: Mapping[str, str] = field(default_factory=dict)
    laws: tuple[str, ...] = ()
