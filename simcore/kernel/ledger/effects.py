"""Performing an effect: one compiled function for all, put together from the counterparties' own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from simcore.kernel.jit import inner
from simcore.kernel.layout import U
from simcore.kernel.ledger import accounts, orders
from simcore.kernel.ledger import records as k
from simcore.kernel.ledger.books import Books
from simcore.kernel.ledger.counterparties import ALL


@inner
def _unknown(L, rows, effect, now, root, row, customer, ref, arg):
    return k.REJECTED


def _dispatcher(own: Any, last: int, others: Any) -> Any:
    """Compiled: effects up to code `last` are for `own`, the rest for `others`."""

    @inner
    def dispatch(L, rows, effect, now, root, row, customer, ref, arg):
        if effect <= last:
            return own(L, rows, effect, now, root, row, customer, ref, arg)
        return others(L, rows, effect, now, root, row, customer, ref, arg)

    return dispatch


def _dispatchers(everyone: Sequence[Books]) -> Any:
    """One function for the effects of all: a chain of comparisons with constants, which the compiler puts in place of its call."""
    chain = _unknown
    for books in sorted(everyone, key=lambda books: books.first, reverse=True):
        chain = _dispatcher(books.apply, books.last, chain)
    return chain


_of_counterparties = _dispatchers(ALL)


@inner
def apply(L, rows, effect_code, now, root, row, customer, ref, arg):
    """Performs one effect for a task; answers OK or REJECTED (a business reject).

    `root` is uint64, all else int64; `row` is −1 without one; `ref` is the order handle and `arg` the report carried so far.
    L[OUT_REF] and L[OUT_ARG] are what the task carries on to its later steps and messages.
    """
    L[k.OUT_REF], L[k.OUT_ARG] = ref, arg
    if effect_code == k.RECORD:
        if row >= 0:
            accounts.count(rows, U(row) * U(k.ROW_STRIDE), k.META_RECORDED, k.ROW_RECORDED_AT, now)
        return k.OK
    if effect_code == k.SESSION_OPEN or effect_code == k.SESSION_CLOSE:
        accounts.set_session(L, customer, 1 if effect_code == k.SESSION_OPEN else 0)
        return k.OK
    if effect_code == k.MARGIN_CHECK:
        return k.OK if row < 0 else orders.margin(L, rows, row, customer)
    if row < 0:
        return k.REJECTED
    return _of_counterparties(L, rows, effect_code, now, root, row, customer, ref, arg)
