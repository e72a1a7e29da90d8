"""Intents: what a customer wants, drawn into a row, and what the client saw at the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from simcore.kernel.jit import inner
from simcore.kernel.layout import U
from simcore.kernel.ledger import accounts
from simcore.kernel.ledger import records as k
from simcore.kernel.ledger.books import Books
from simcore.kernel.ledger.counterparties import ALL
from simcore.kernel.random import combine, draw


@inner
def _nothing(L, rows, i, kind, root, customer):
    return


def _dispatcher(own: Any, kinds: int, others: Any) -> Any:
    """Compiled: intents of the kinds in the mask `kinds` (1 << code) are for `own`, the rest for `others`."""

    @inner
    def dispatch(L, rows, i, kind, root, customer):
        if kinds >> kind & 1:
            own(L, rows, i, kind, root, customer)
        else:
            others(L, rows, i, kind, root, customer)

    return dispatch


def _dispatchers(everyone: Sequence[Books]) -> Any:
    chain = _nothing
    for books in everyone:
        if books.intend is not None:
            chain = _dispatcher(books.intend, sum(1 << kind.code for kind in books.kinds.values()), chain)
    return chain


_intend = _dispatchers(ALL)


@inner
def new_intent(L, rows, row, now, flow_index, flow_kind, root, customer):
    """Fills row number `row` with an intent.

    Nothing but seed, customer and root decides it, so that every architecture gets the same.
    """
    i = U(row) * U(k.ROW_STRIDE)
    wants = 1 if draw(combine(root, accounts.INTENT), U(1)) < L[k.BUY_SHARE] * k.NANO else 0
    rows[i + k.ROW_SUBMITTED] = now
    rows[i + k.ROW_ANSWERED] = k.NOT_YET
    rows[i + k.ROW_META] = flow_index | flow_kind << k.META_KIND
    rows[i + k.ROW_WHO] = customer << 8 | _holding(root) << 1 | wants
    rows[i + k.ROW_QUANTITY] = 0
    rows[i + k.ROW_PRICE] = 0
    rows[i + k.ROW_PLACED_AT] = k.NOT_YET
    rows[i + k.ROW_ORDER] = 0
    rows[i + k.ROW_RECORDED_AT] = k.NOT_YET
    _intend(L, rows, i, flow_kind, root, customer)


@inner
def answer(L, rows, row, now, outcome, code, attempts):
    """What the client saw at the end; only the first answer of an intent counts, a second one is on record as our bug."""
    i = U(row) * U(k.ROW_STRIDE)
    if rows[i + k.ROW_META] >> k.META_OUTCOME & 15:
        rows[i + k.ROW_META] |= k.ANSWERED_TWICE
        return
    rows[i + k.ROW_META] |= outcome << k.META_OUTCOME | code << k.META_CODE | min(attempts, 255) << k.META_ATTEMPTS
    rows[i + k.ROW_ANSWERED] = now


@inner
def instrument(L, rows, row, customer, root, ref):
    """Number of the instrument that an intent is about: its order's, if there is one, else its own holding's."""
    if ref > 0:
        return np.int64((U(L[U(ref) + k.ORD_INSTRUMENT]) - U(L[k.INSTRUMENTS_AT])) // k.INS_SIZE)
    if row >= 0:
        return accounts.instrument_held(L, customer, rows[U(row) * U(k.ROW_STRIDE) + k.ROW_WHO] >> 1 & 3)
    return accounts.instrument_held(L, customer, _holding(root))


@inner
def _holding(root):
    return np.int64(draw(combine(root, accounts.INTENT), U(0)) * k.HOLDINGS)


@inner
def side(rows, row):
    """1 for a buy or a deposit (bank to broker), 0 for a sell or a withdrawal."""
    return rows[U(row) * U(k.ROW_STRIDE) + k.ROW_WHO] & 1
