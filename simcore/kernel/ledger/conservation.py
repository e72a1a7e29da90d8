"""The conservation laws of money, shares and intents: what must hold of the arenas after any sequence of effects."""

from __future__ import annotations

from simcore.kernel.ledger import records as k
from simcore.kernel.ledger.accounts import handles_of, logged_in, sums_of
from simcore.kernel.ledger.books import Entries, Laws, same
from simcore.kernel.ledger.counterparties import ALL

_CASH = (k.BROKER_CASH, k.BANK_CASH, k.FUND_CASH, k.SUSPENSE, *(word for books in ALL for word in books.cash))
_BALANCES = (k.ACC_AVAILABLE, k.ACC_FROZEN, k.ACC_UNSETTLED, k.ACC_BANK, k.ACC_FUND, k.ACC_FUND_CASH, k.ACC_FUND_REDEEMING)


def conservation(L: k.Array, rows: k.Array) -> Laws:
    """All laws over the arenas as they are: of money, of the counterparties' other books, of balances and clients. One that is broken
    is a bug of the simulator."""
    handles = handles_of(L)
    entries = Entries(L, rows, handles, sums_of(L, handles.accounts))
    of_money = [law for books in ALL if books.money_laws for law in books.money_laws(entries)]
    others = [law for books in ALL if books.laws for law in books.laws(entries)]
    return [*_cash_laws(entries), *of_money, *others, *_row_laws(entries)]


def _cash_laws(entries: Entries) -> Laws:
    L, total, first = entries.L, entries.sums.total, entries.sums.first
    owned = sum(int(first[field]) for field in (k.ACC_AVAILABLE, k.ACC_BANK, k.ACC_FUND))
    kept = sum(int(total[field]) for field in (k.ACC_AVAILABLE, k.ACC_FROZEN, k.ACC_FUND_CASH))
    return [
        same("cash over all ledgers is constant", owned, sum(int(L[word]) for word in _CASH)),
        same("broker's total is the sum of its accounts", kept, int(L[k.BROKER_CASH])),
    ]


def _row_laws(entries: Entries) -> Laws:
    L, negative = entries.L, entries.sums.negative
    below_zero = sum(int(negative[field]) for field in _BALANCES) + int(negative[int(k.ACC_HOLDINGS) :].sum())
    twice = int((k.column(entries.rows, k.ROW_META) & k.ANSWERED_TWICE != 0).sum())
    return [
        same("no balance is negative", 0, below_zero),
        same("one client outcome an intent", 0, twice),
        same("sessions are the customers logged in", logged_in(L), int(L[k.SESSIONS])),
    ]
