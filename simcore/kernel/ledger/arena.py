"""Making the ledger's arena, and making it longer."""

from __future__ import annotations

from typing import Any

import numpy as np

from simcore.kernel.ledger import records as k
from simcore.kernel.ledger.accounts import populate
from simcore.kernel.ledger.counterparties import ALL
from simcore.kernel.memory import Memory
from simcore.kernel.random import mix_int

Array = k.Array


def create(
    seed: int,
    accounts: Any,
    instruments: Any,
    orders: Any,
    *,
    deposit_share: float = 0.5,
    capacity: int = 4096,
    memory: Memory | None = None,
) -> Array:
    """A new arena for a workload's `accounts`, `instruments` and `orders` (models of simcore.model.workload).

    `deposit_share` of the transfers go from bank to broker, of the fund orders into the fund; the rest back. `capacity` is the
    number of effects that surely fit before `grow`. The arena is taken from `memory`, which it may be given back to.
    Markets open with every switch on; instruments start on market 0.
    """
    instruments_at = int(k.HEADER_SIZE) + accounts.count
    tables = instruments_at + instruments.count * int(k.INS_SIZE)
    heap = tables + sum(books.customer_words for books in ALL) * accounts.count
    ledger = (Memory() if memory is None else memory).take("ledger", heap + capacity * k.EFFECT_WORDS)
    for word, value in (
        (k.TOP, heap),
        (k.HEAP, heap),
        (k.CUSTOMERS, accounts.count),
        (k.INSTRUMENTS, instruments.count),
        (k.INSTRUMENTS_AT, instruments_at),
        (k.CASH_MEDIAN, round(accounts.cash_median * 100)),
        (k.CASH_SIGMA, round(accounts.cash_sigma / k.NANO)),
        (k.BANK_MEDIAN, round(accounts.bank_median * 100)),
        (k.SHARES_MEDIAN, round(accounts.shares_median)),
        (k.BUY_SHARE, round(orders.buy_share / k.NANO)),
        (k.DEPOSIT_SHARE, round(deposit_share / k.NANO)),
    ):
        ledger[word] = value
    for books in ALL:
        if books.customer_table is not None:
            ledger[books.customer_table] = tables
            tables += books.customer_words * accounts.count
        if books.begin is not None:
            books.begin(ledger, orders)
    with np.errstate(over="ignore"):
        ledger.view(np.uint64)[k.SEED_KEY] = mix_int(seed)
        price = instruments.price_median * 100, instruments.price_sigma, instruments.price_limit
        populate(ledger, float(accounts.sessions_at_start), *map(float, price))
    return ledger


def effect_capacity(L: Array) -> int:
    """How many effects surely fit before `grow` is needed: each may make one account and one order."""
    return int(len(L) - L[k.TOP]) // k.EFFECT_WORDS


def written(L: Array) -> int:
    """How many words, from the first on, may be other than zero: an order that was rejected has left some beyond the last record."""
    return min(len(L), int(L[k.TOP]) + int(k.ORD_SIZE))


def grow(L: Array) -> Array:
    """The arena with its heap at least doubled. Handles stay valid."""
    bigger = np.zeros(len(L) + max(len(L) - int(L[k.HEAP]), 4096 * k.EFFECT_WORDS), np.int64)
    bigger[: L[k.TOP]] = L[: L[k.TOP]]
    return bigger
