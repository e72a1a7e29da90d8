"""The fund companies' books: subscriptions and redemptions, which its file confirms the next day, and the cash behind the units."""

from __future__ import annotations

import numpy as np

from simcore.kernel.jit import entry_that_allocates, inner
from simcore.kernel.layout import U
from simcore.kernel.ledger import accounts
from simcore.kernel.ledger import records as k
from simcore.kernel.ledger.books import Books, Counts, Day, Entries, Kind, Laws, same
from simcore.kernel.ledger.records import Array

FUND_SUBSCRIBE, FUND_REDEEM, FUND_FAST_REDEEM = range(30, 33)
NAME = "fund"
HUNDRED_YUAN = 10_000
LAST_ORDER_NS = 15 * k.HOUR_NS
REDEMPTIONS = 8
"""ROW_PROGRESS of a fund order: pending subscriptions, redemptions << REDEMPTIONS."""


@inner
def _intend(L, rows, i, kind, root, customer):
    accounts.intend_amount(L, rows, i, root, customer, accounts.CASH, accounts.UNITS)


@inner
def _redeemed(L, rows, i, customer):
    """Cents of a redemption: what was intended, but no more than the units owned at first, which customers know, whichever way the
    intent's own direction was drawn. The intent stays as it is: it is the same whatever goes wrong."""
    return min(
        rows[i + k.ROW_QUANTITY], HUNDRED_YUAN * max(1, accounts.owned_at_first(L, customer, accounts.UNITS) // HUNDRED_YUAN)
    )


@inner
def _apply(L, rows, effect, now, root, row, customer, ref, arg):
    i, account = U(row) * U(k.ROW_STRIDE), accounts.account_of(L, customer)
    amount = rows[i + k.ROW_QUANTITY] if effect == FUND_SUBSCRIBE else _redeemed(L, rows, i, customer)
    source = k.ACC_AVAILABLE if effect == FUND_SUBSCRIBE else k.ACC_FUND
    if amount <= 0 or L[account + source] < amount:
        return k.REJECTED
    L[account + source] -= amount
    if effect == FUND_SUBSCRIBE:
        L[account + k.ACC_FUND_CASH] += amount
        rows[i + k.ROW_PROGRESS] += 1
    elif effect == FUND_REDEEM:
        L[account + k.ACC_FUND_REDEEMING] += amount
        rows[i + k.ROW_PROGRESS] += 1 << REDEMPTIONS
    else:
        L[account + k.ACC_AVAILABLE] += amount
        L[k.BROKER_CASH] += amount
        L[k.FUND_CASH] -= amount
    accounts.count(rows, i, k.META_RECORDED, k.ROW_RECORDED_AT, now)
    return k.OK


def _due(rows: Array, now: int) -> Array:
    """Numbers of rows whose fund orders are pending although their dealing day is over; after the cut-off it is the next day."""
    dealing_day = (k.column(rows, k.ROW_RECORDED_AT) + k.DAY_NS - LAST_ORDER_NS) // k.DAY_NS
    pending = k.of_kind(rows, k.FUND) & (k.column(rows, k.ROW_PROGRESS) > 0)
    return np.flatnonzero(pending & (dealing_day < now // k.DAY_NS))


def _settle(L: Array, rows: Array, day: Day) -> Counts:
    """Fund orders of earlier days are confirmed. Late: they wait for the next day's file. Missing: for reconciliation. Corrupt: the
    records of every other row do."""
    due, file = _due(rows, day.now), day.file(NAME)
    due = due[k.column(rows, k.ROW_META)[due] & k.FILE_MISSED == 0]
    missed = due if file == "missing" else due[due % 2 == 1] if file == "corrupt" else due[:0]
    k.column(rows, k.ROW_META)[missed] |= k.FILE_MISSED
    booked = due[:0] if file == "late" else np.setdiff1d(due, missed)
    _confirm(L, rows, booked)
    return {"fund_confirmed": len(booked), "fund_pending": len(due) - len(booked)}


@entry_that_allocates
def _confirm(L, rows, due):
    """Subscriptions become units, redemptions become cash, at one yuan a unit."""
    for row in due:
        i = U(row) * U(k.ROW_STRIDE)
        customer, progress = rows[i + k.ROW_WHO] >> 8, rows[i + k.ROW_PROGRESS]
        account = accounts.account_of(L, customer)
        bought = rows[i + k.ROW_QUANTITY] * (progress & 255)
        sold = _redeemed(L, rows, i, customer) * (progress >> REDEMPTIONS)
        L[account + k.ACC_FUND_CASH] -= bought
        L[account + k.ACC_FUND] += bought
        L[account + k.ACC_FUND_REDEEMING] -= sold
        L[account + k.ACC_AVAILABLE] += sold
        L[k.BROKER_CASH] += sold - bought
        L[k.FUND_CASH] += bought - sold
        rows[i + k.ROW_PROGRESS] = 0
        rows[i + k.ROW_META] &= ~k.FILE_MISSED


def _reconcile(L: Array, rows: Array, now: int) -> Counts:
    """unconfirmed: due, and in no file."""
    due = _due(rows, now)
    _confirm(L, rows, due)
    return {"unconfirmed": len(due)}


def _money_laws(entries: Entries) -> Laws:
    units = int(entries.sums.total[k.ACC_FUND]) + int(entries.sums.total[k.ACC_FUND_REDEEMING])
    return [same("fund company's cash backs all units", units, int(entries.L[k.FUND_CASH]))]


BOOKS = Books(
    NAME,
    effects={"fund.subscribe": FUND_SUBSCRIBE, "fund.redeem": FUND_REDEEM, "fund.fast_redeem": FUND_FAST_REDEEM},
    kinds={"fund": Kind(k.FUND)},
    apply=_apply,
    intend=_intend,
    settle=_settle,
    reconcile=_reconcile,
    money_laws=_money_laws,
)
