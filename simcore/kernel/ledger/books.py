"""What a module of this package says of a counterparty whose state the ledger keeps, as its `BOOKS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np

from simcore.kernel.ledger.accounts import Handles, Sums
from simcore.kernel.ledger.records import Array

FileState = Literal["ok", "late", "corrupt", "missing"]
"""How settling the day finds a counterparty's file."""


class Kind(NamedTuple):
    """A kind of flow. `code` is in 0..15 and lasts; `placed`: done is what the counterparty took in, not what the core recorded;
    `transit`: the row's ROW_TRANSIT is money on neither ledger, or on both."""

    code: int
    placed: bool = False
    transit: bool = False


class Day(NamedTuple):
    """The settlement of the day that closed last: at `now`, of what came before `close` (ns), with `files` by counterparty."""

    now: int
    close: int
    files: Mapping[str, FileState]

    def file(self, counterparty: str) -> FileState:
        """How its file is; one that nobody waits for is good."""
        return self.files.get(counterparty, "ok")


class Law(NamedTuple):
    """A conservation law. `expected` and `found` are totals; or, where a part is off, the first such part's."""

    law: str
    ok: bool
    expected: int
    found: int


def same(law: str, expected: Array | int, found: Array | int) -> Law:
    """The law that two totals, or each pair of two lists, agree."""
    a, b = np.atleast_1d(expected), np.atleast_1d(found)
    off = np.flatnonzero(a != b)
    if len(off):
        return Law(law, False, int(a[off[0]]), int(b[off[0]]))
    return Law(law, True, int(a.sum()), int(b.sum()))


class Entries(NamedTuple):
    """What a law looks at: both arenas, the handles of all records, and what all accounts come to."""

    L: Array
    rows: Array
    handles: Handles
    sums: Sums


Counts = dict[str, int]
Laws = list[Law]


@dataclass(frozen=True)
class Books:
    """A counterparty's part of the ledger. `name` is the one it has in files.

    `effects` gives the codes of its effects by name: all in one block of ten, which is its alone. `apply` performs one of them and
    answers OK or REJECTED: compiled, `apply(L, rows, effect, now, root, row, customer, ref, arg)` as simcore.kernel.ledger.effects has it.
    `kinds` are its kinds of flows, by name. `intend` draws what an intent of one of them wants into its row: compiled,
    `intend(L, rows, i, kind, root, customer)`, with i the first word of the row.

    Its totals are words of the header, which it gets from `records.own_words`. `customer_words` are what it keeps of every customer;
    `customer_table` is the word of its own where the handle of that table is put: customer number n's begin `n * customer_words` on.

    `begin` writes parameters into a new arena; its arguments are the arena and the workload's orders. `settle`
    and `reconcile` count what they did and found; `cash` are its words that hold cash: what all have together never changes. Laws of
    money come before the others in the journal.
    """

    name: str
    effects: Mapping[str, int]
    apply: Any
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    intend: Any = None
    customer_words: int = 0
    customer_table: np.uint64 | None = None
    begin: Callable[[Array, Any], None] | None = None
    settle: Callable[[Array, Array, Day], Counts] | None = None
    reconcile: Callable[[Array, Array, int], Counts] | None = None
    cash: tuple[np.uint64, ...] = ()
    money_laws: Callable[[Entries], Laws] | None = None
    laws: Callable[[Entries], Laws] | None = None

    @property
    def first(self) -> int:
        """The least code of its effects."""
        return min(self.effects.values())

    @property
    def last(self) -> int:
        """The greatest code of its effects."""
        return max(self.effects.values())
