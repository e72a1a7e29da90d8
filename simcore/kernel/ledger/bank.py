"""The banks' books: transfers between a customer's account at the bank and at the broker, and the laws of what is in transit."""

from __future__ import annotations

from typing import Any

import numpy as np

from simcore.kernel.jit import entry_that_allocates, inner
from simcore.kernel.layout import U
from simcore.kernel.ledger import accounts
from simcore.kernel.ledger import records as k
from simcore.kernel.ledger.books import Books, Counts, Entries, Kind, Laws, same
from simcore.kernel.ledger.records import Array

TRANSFER_RESERVE, TRANSFER_BANK_DEBIT, TRANSFER_BANK_CREDIT, TRANSFER_CREDIT, TRANSFER_REVERSE = range(20, 25)
BANK_OPEN, IN_TRANSIT = k.own_words(TRANSFER_RESERVE, 2)


def _begin(L: Array, workload_orders: Any) -> None:
    """The banks are open."""
    L[BANK_OPEN] = 1


@inner
def _intend(L, rows, i, kind, root, customer):
    accounts.intend_amount(L, rows, i, root, customer, accounts.BANK, accounts.CASH)


@inner
def _from_transit(L, rows, i, account, field, total, amount):
    """Moves `amount` out of transit into a balance (negative: the other way), with the running totals of both ledgers."""
    L[account + field] += amount
    L[total] += amount
    L[account + k.ACC_TRANSIT] -= amount
    L[IN_TRANSIT] -= amount
    rows[i + k.ROW_TRANSIT] -= amount


@inner
def _apply(L, rows, effect, now, root, row, customer, ref, arg):
    """An effect of the other direction does nothing. There is no key: what is done twice moves the money twice."""
    i, account = U(row) * U(k.ROW_STRIDE), accounts.account_of(L, customer)
    amount, deposit = rows[i + k.ROW_QUANTITY], rows[i + k.ROW_WHO] & 1 == 1
    if amount <= 0:
        return k.REJECTED
    if effect == TRANSFER_RESERVE:
        withdrawable = L[account + k.ACC_AVAILABLE] - L[account + k.ACC_UNSETTLED]
        if L[BANK_OPEN] == 0 or (not deposit and withdrawable < amount):
            return k.REJECTED
        if not deposit:
            _from_transit(L, rows, i, account, k.ACC_AVAILABLE, k.BROKER_CASH, -amount)
        accounts.count(rows, i, k.META_RECORDED, k.ROW_RECORDED_AT, now)
    elif effect == TRANSFER_BANK_DEBIT and deposit:
        if L[BANK_OPEN] == 0 or L[account + k.ACC_BANK] < amount:
            return k.REJECTED
        _from_transit(L, rows, i, account, k.ACC_BANK, k.BANK_CASH, -amount)
        accounts.count(rows, i, k.META_PLACED, k.ROW_PLACED_AT, now)
    elif effect == TRANSFER_BANK_CREDIT and not deposit:
        if L[BANK_OPEN] == 0:
            return k.REJECTED
        _from_transit(L, rows, i, account, k.ACC_BANK, k.BANK_CASH, amount)
        accounts.count(rows, i, k.META_PLACED, k.ROW_PLACED_AT, now)
    elif (effect == TRANSFER_CREDIT and deposit) or (effect == TRANSFER_REVERSE and not deposit):
        _from_transit(L, rows, i, account, k.ACC_AVAILABLE, k.BROKER_CASH, amount)
    return k.OK


@entry_that_allocates
def _match(L, rows, unsettled):
    """Clears what is in transit against the bank's ledger: counts of transfers stuck in transit and of those paid out too much.

    A deposit the bank debited is credited once; what was debited more than once goes back to the bank. A withdrawal the
    bank did not credit goes back to the customer's cash. What was paid out too much is taken back as far as the cash goes.
    """
    stuck, overpaid = 0, 0
    for row in unsettled:
        i = U(row) * U(k.ROW_STRIDE)
        account, amount = accounts.account_of(L, rows[i + k.ROW_WHO] >> 8), rows[i + k.ROW_QUANTITY]
        left = rows[i + k.ROW_TRANSIT]
        if left < 0:
            overpaid += 1
            own = min(-left, L[account + k.ACC_AVAILABLE])
            _from_transit(L, rows, i, account, k.ACC_AVAILABLE, k.BROKER_CASH, left)
            L[account + k.ACC_AVAILABLE] += -left - own
            L[k.BROKER_CASH] += -left - own
            L[k.SUSPENSE] -= -left - own
            continue
        stuck += 1
        deposit = rows[i + k.ROW_WHO] & 1 == 1
        debited = rows[i + k.ROW_META] >> k.META_PLACED & 255
        credited = debited - left // amount
        to_cash = left if not deposit else amount if credited == 0 else 0
        _from_transit(L, rows, i, account, k.ACC_AVAILABLE, k.BROKER_CASH, to_cash)
        _from_transit(L, rows, i, account, k.ACC_BANK, k.BANK_CASH, left - to_cash)
    return stuck, overpaid


def _reconcile(L: Array, rows: Array, now: int) -> Counts:
    """stuck: in transit; overpaid: paid out more than came in."""
    unsettled = np.flatnonzero(k.of_kind(rows, k.TRANSFER) & (k.column(rows, k.ROW_TRANSIT) != 0))
    return dict(zip(("stuck", "overpaid"), map(int, _match(L, rows, unsettled)), strict=True))


def _money_laws(entries: Entries) -> Laws:
    L, total = entries.L, entries.sums.total
    of_transfers = int(k.column(entries.rows, k.ROW_TRANSIT)[k.of_kind(entries.rows, k.TRANSFER)].sum())
    return [
        same("banks' total is the sum of their accounts", int(total[k.ACC_BANK]), int(L[k.BANK_CASH])),
        same("in transit is the sum over customers", int(total[k.ACC_TRANSIT]), int(L[IN_TRANSIT])),
        same("in transit is the sum over transfers", of_transfers, int(L[IN_TRANSIT])),
    ]


BOOKS = Books(
    "bank",
    effects={
        "transfer.reserve": TRANSFER_RESERVE,
        "transfer.bank_debit": TRANSFER_BANK_DEBIT,
        "transfer.bank_credit": TRANSFER_BANK_CREDIT,
        "transfer.credit": TRANSFER_CREDIT,
        "transfer.reverse": TRANSFER_REVERSE,
    },
    kinds={"transfer": Kind(k.TRANSFER, placed=True, transit=True)},
    apply=_apply,
    intend=_intend,
    begin=_begin,
    reconcile=_reconcile,
    cash=(IN_TRANSIT,),
    money_laws=_money_laws,
)
