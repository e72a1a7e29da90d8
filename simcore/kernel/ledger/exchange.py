"""The exchange's books: the end of its day, comparing the core with it order by order, and the laws of orders and shares."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from simcore.kernel.jit import entry, entry_that_allocates, inner
from simcore.kernel.layout import U
from simcore.kernel.ledger import orders
from simcore.kernel.ledger import records as k
from simcore.kernel.ledger.accounts import handles_of
from simcore.kernel.ledger.books import Books, Counts, Day, Entries, Kind, Laws, same
from simcore.kernel.ledger.records import Array

CLEARING_FILE = "clearing"
"""Whose file tells the core what its orders of the day came to."""
_0, _1, _2, _3 = U(0), U(1), U(2), U(3)


def _begin(L: Array, workload_orders: Any) -> None:
    """Every market takes everything."""
    L[int(orders.MARKETS) : int(orders.MARKETS) + orders.MAX_MARKETS] = (
        orders.TAKES_ORDERS | orders.TAKES_CANCELS | orders.QUEUES_OVERNIGHT
    )
    L[orders.SETTLED_AT] = k.NOT_YET
    for word, share in (
        (orders.LOTS_MEDIAN, workload_orders.lots_median),
        (orders.LOTS_SIGMA, workload_orders.lots_sigma),
        (orders.ODD_LOT_SHARE, workload_orders.odd_lot_share),
        (orders.BEYOND_LIMIT_SHARE, workload_orders.beyond_limit_share),
        (orders.EXCHANGE_REJECT_SHARE, workload_orders.exchange_reject_share),
    ):
        L[word] = round(share / k.NANO)


# --- end of day ----------------------------------------------------------------------------------------------------------------


def _settle(L: Array, rows: Array, day: Day) -> Counts:
    """The exchange ends what is open. With a good clearing file the core then books what the exchange filled, expires and
    unfreezes the rest of the day's orders (those recorded after the close wait for the next day), marks those the exchange never saw
    as stranded, makes today's purchases saleable and today's proceeds withdrawable. Without it all of that waits for another call."""
    accounts, of_orders = handles_of(L)
    state = k.values_of(L, of_orders, k.ORD_STATE)
    accepted_at = k.values_of(L, of_orders, k.ORD_ACCEPTED_AT)
    ending = of_orders[(state & k.PLACED != 0) & (state & k.ENDED == 0) & (accepted_at <= day.now)]
    L[ending + int(k.ORD_STATE)] |= k.EXPIRED
    if day.file(CLEARING_FILE) != "ok":
        return {"settled": 0, "closed": 0, "stranded": 0}
    unseen = state & (k.PLACED | k.REFUSED) == 0
    of_the_day = k.values_of(L, of_orders, k.ORD_RECORDED_AT) < day.close
    due = (state & (k.RECORDED | k.CLOSED) == k.RECORDED) & (~unseen | of_the_day)
    stranded = k.values_of(L, of_orders[due & unseen], k.ORD_ROW)
    np.bitwise_or.at(k.column(rows, k.ROW_META), stranded, k.WAS_STRANDED)
    _book_all(L, of_orders[due])
    _release_today(L, accounts)
    L[orders.SETTLED_AT] = day.now
    return {"settled": 1, "closed": int(due.sum()), "stranded": len(stranded)}


@entry_that_allocates
def _book_all(L, handles):
    """The core books the last word of the exchange on each order; what the exchange never saw expires unfilled."""
    for order in handles:
        orders.book(L, U(order), L[U(order) + k.ORD_FILLED], True)


def _release_today(L: Array, accounts: Array) -> None:
    L[accounts + int(k.ACC_UNSETTLED)] = 0
    for j in range(k.HOLDINGS):
        holding = accounts + int(k.ACC_HOLDINGS) + j * int(k.HLD_SIZE)
        L[holding + int(k.HLD_AVAILABLE)] += L[holding + int(k.HLD_TODAY)]
        L[holding + int(k.HLD_TODAY)] = 0


# --- reconciliation ------------------------------------------------------------------------------------------------------------


@entry_that_allocates
def _adopt(L, order):
    """The core takes up (again) an order the exchange has. What the customer cannot freeze for it, the broker lends."""
    need = orders.required(L, order, L[order + k.ORD_BOOKED])
    source, kept = orders.frozen_at(L, order)
    own = min(L[source], need)
    L[source] -= own
    L[kept] += need
    if L[order + k.ORD_SIDE] == k.BUY:
        L[k.SUSPENSE] -= need - own
        L[k.BROKER_CASH] += need - own
    else:
        L[U(L[order + k.ORD_INSTRUMENT]) + k.INS_SUSPENSE] -= need - own
    L[order + k.ORD_FROZEN] = need
    L[order + k.ORD_STATE] = L[order + k.ORD_STATE] & ~(k.CLOSED | k.LOST) | k.RECORDED
    account = U(L[order + k.ORD_ACCOUNT])
    listed = U(L[account + k.ACC_LAST_ORDER])
    while listed != U(0) and listed != order:
        listed = U(L[listed + k.ORD_PREVIOUS])
    if listed == U(0):  # it had dropped off the list; one still on it would make a ring
        L[order + k.ORD_PREVIOUS] = L[account + k.ACC_LAST_ORDER]
        L[account + k.ACC_LAST_ORDER] = np.int64(order)


@entry_that_allocates
def _book_clone(L, order):
    """Fills of an order placed twice go to the broker's own error account."""
    new, at = L[order + k.ORD_FILLED] - L[order + k.ORD_BOOKED], U(L[order + k.ORD_INSTRUMENT])
    way = L[order + k.ORD_SIDE]
    value = new * L[order + k.ORD_FILL_PRICE]
    L[k.SUSPENSE] -= way * value
    L[orders.MARKET_CASH] += way * value
    L[at + k.INS_SUSPENSE] += way * new
    L[at + k.INS_SHARES] -= way * new
    L[order + k.ORD_BOOKED] += new


@entry_that_allocates
def _match(L, handles):
    """Compares core and exchange, order by order, and repairs the core: counts of orphans, duplicates, unreported, unplaced.

    An order that the core has closed and the exchange has still open is an orphan here as well.
    """
    orphans, duplicates, unreported, unplaced = 0, 0, 0, 0
    for handle in handles:
        order = U(handle)
        state, filled, booked = L[order + k.ORD_STATE], L[order + k.ORD_FILLED], L[order + k.ORD_BOOKED]
        if state & k.CLONE:
            duplicates += 1 if state & k.PLACED and (filled > booked or state & k.ENDED == 0) else 0
            _book_clone(L, order)
            continue
        live = state & (k.PLACED | k.ENDED) == k.PLACED and filled < L[order + k.ORD_QUANTITY]
        if (state & k.PLACED and state & k.RECORDED == 0) or (live and state & k.CLOSED):
            orphans += 1
            _adopt(L, order)
        elif filled > booked or (state & k.ENDED and state & (k.RECORDED | k.CLOSED) == k.RECORDED):
            unreported += 1
            if state & k.CLOSED:
                _adopt(L, order)
        elif state & (k.RECORDED | k.CLOSED) == k.RECORDED and state & (k.PLACED | k.REFUSED) == 0:
            unplaced += 1
        orders.book(L, order, filled, L[order + k.ORD_STATE] & k.ENDED != 0)
    return orphans, duplicates, unreported, unplaced


def _reconcile(L: Array, rows: Array, now: int) -> Counts:
    """orphans; duplicates: placed twice, still live or filled; unreported: fills or ends the core had not booked; unplaced: recorded,
    not at the exchange, and left as they are."""
    found = _match(L, handles_of(L).orders)
    return dict(zip(("orphans", "duplicates", "unreported", "unplaced"), map(int, found), strict=True))


# --- laws ----------------------------------------------------------------------------------------------------------------------


class _Sums(NamedTuple):
    """What all orders come to: the shares of each instrument that the market has by them; the cash it has, the fees, and how many are
    booked beyond the exchange's fills and filled beyond their quantity; and what the open ones must keep frozen, cash of every account
    and shares of every holding."""

    traded: Array  # [instruments]
    sums: Array  # cents, cents, orders, orders
    cash: Array  # [accounts]
    shares: Array  # [accounts, HOLDINGS]


@inner
def _commission(value):
    """0.025 %, at least 5 yuan: orders.py has the rule and its source; here it is computed independently."""
    return max(500, (value * 25 + 50_000) // 100_000) if value > 0 else 0


@inner
def _still_frozen(L, order):
    """What an order must keep frozen by the rules, worked out again from quantity, price and what is booked."""
    if L[order + k.ORD_STATE] & (k.RECORDED | k.CLOSED) != k.RECORDED:
        return 0
    left, booked = L[order + k.ORD_QUANTITY] - L[order + k.ORD_BOOKED], L[order + k.ORD_BOOKED]
    if L[order + k.ORD_SIDE] != k.BUY:
        return left
    paid = booked * L[order + k.ORD_FILL_PRICE]
    worst = paid + left * L[order + k.ORD_PRICE]
    return worst - paid + _commission(worst) - _commission(paid)


@inner
def _owner(accounts, at):
    """The number of the account that the word `at` belongs to; `accounts` are handles in rising order."""
    low, high = 0, len(accounts) - 1
    while low < high:
        middle = (low + high + 1) // 2
        if accounts[U(middle)] <= at:
            low = middle
        else:
            high = middle - 1
    return low


@entry
def _add_up(L, accounts, handles, traded, sums, cash, shares):
    base, last = L[k.INSTRUMENTS_AT], len(traded) - 1
    for n in range(len(handles)):
        order = U(handles[U(n)])
        side, booked = L[order + k.ORD_SIDE], L[order + k.ORD_BOOKED]
        instrument = (L[order + k.ORD_INSTRUMENT] - base) // np.int64(k.INS_SIZE)
        traded[U(min(max(instrument, 0), last))] -= side * booked
        sums[_0] += side * booked * L[order + k.ORD_FILL_PRICE]
        sums[_1] += L[order + k.ORD_FEES]
        sums[_2] += 1 if booked > L[order + k.ORD_FILLED] else 0
        sums[_3] += 1 if L[order + k.ORD_FILLED] > L[order + k.ORD_QUANTITY] else 0
        keep = _still_frozen(L, order)
        if keep == 0:
            continue
        if side == k.BUY:
            cash[U(_owner(accounts, L[order + k.ORD_ACCOUNT]))] += keep
        else:
            owner = _owner(accounts, L[order + k.ORD_HOLDING])
            holding = (L[order + k.ORD_HOLDING] - accounts[U(owner)] - np.int64(k.ACC_HOLDINGS)) // np.int64(k.HLD_SIZE)
            shares[U(owner * k.HOLDINGS + min(max(holding, 0), k.HOLDINGS - 1))] += keep


def _sums_of(L: Array, accounts: Array, of_orders: Array) -> _Sums:
    sums = _Sums(*(np.zeros(n, np.int64) for n in (int(L[k.INSTRUMENTS]), 4, len(accounts), len(accounts) * k.HOLDINGS)))
    _add_up(L, accounts, of_orders, *sums)
    return sums._replace(shares=sums.shares.reshape(-1, k.HOLDINGS))


def _laws(entries: Entries) -> Laws:
    L, accounts, every = entries.L, entries.handles.accounts, entries.sums
    at = int(L[k.INSTRUMENTS_AT]) + np.arange(int(L[k.INSTRUMENTS])) * int(k.INS_SIZE)
    holdings = [k.ACC_HOLDINGS + U(j) * k.HLD_SIZE + k.HLD_FROZEN for j in range(k.HOLDINGS)]
    frozen = np.concatenate([k.values_of(L, accounts, field) for field in holdings])
    in_market, in_suspense = k.values_of(L, at, k.INS_SHARES), k.values_of(L, at, k.INS_SUSPENSE)
    of_orders = _sums_of(L, accounts, entries.handles.orders)
    market_cash, fees, booked_beyond, filled_beyond = map(int, of_orders.sums)
    return [
        same("shares of each instrument are constant", every.shares_first, every.shares_now + in_market + in_suspense),
        same("market's shares are what orders traded", of_orders.traded, in_market),
        same("market's cash is what orders traded", market_cash, int(L[orders.MARKET_CASH])),
        same("fees are what orders were charged", fees, int(L[orders.FEES])),
        same("frozen cash is what open orders need", of_orders.cash, k.values_of(L, accounts, k.ACC_FROZEN)),
        same("frozen shares are what open orders need", of_orders.shares.T.ravel(), frozen),
        same("nothing is booked beyond the exchange's fills", 0, booked_beyond),
        same("nothing is filled beyond the quantity", 0, filled_beyond),
    ]


BOOKS = Books(
    "exchange",
    effects={
        "order.record": orders.ORDER_RECORD,
        "order.accept": orders.ORDER_ACCEPT,
        "order.fill": orders.ORDER_FILL,
        "order.report": orders.ORDER_REPORT,
        "cancel.record": orders.CANCEL_RECORD,
        "cancel.accept": orders.CANCEL_ACCEPT,
    },
    kinds={"order": Kind(k.ORDER, placed=True), "cancel": Kind(k.CANCEL, placed=True), "probe": Kind(k.PROBE)},
    apply=orders.apply,
    intend=orders.intend,
    begin=_begin,
    settle=_settle,
    reconcile=_reconcile,
    cash=(orders.MARKET_CASH, orders.FEES),
    laws=_laws,
)
