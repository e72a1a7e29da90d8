"""What happens to the ledgers now and then: end of day, failover loss, reconciliation; and the laws that must always hold.

All of it works on the arenas of `simcore.kernel.ledger.orders`. `rows` is the used part of the intent rows (a whole number of rows).
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np

from simcore.kernel.jit import entry, entry_that_allocates, inner
from simcore.kernel.layout import CONFIRMED, U
from simcore.kernel.ledger import orders as k

Array = k.Array
Flags = np.ndarray[Any, np.dtype[np.bool_]]
_0, _1, _2, _3 = U(0), U(1), U(2), U(3)
File = Literal["ok", "late", "corrupt", "missing"]
Counterparty = Literal["exchange", "bank", "fund"]

HOUR_NS = 3_600 * 1_000_000_000
DAY_NS = 24 * HOUR_NS
CLOSE_NS = 15 * HOUR_NS
FUND_CUT_OFF_NS = 15 * HOUR_NS
LATE_NS = 60 * 1_000_000_000


# --- reading the arenas ------------------------------------------------------------------------------------------------------


def records(L: Array) -> tuple[Array, Array]:
    """Handles (int64) of all accounts and of all orders, in the order they were made."""
    most = (int(L[k.TOP]) - int(L[k.HEAP])) // int(k.ORDER_SIZE) + 1
    handles = np.empty(most, np.int64)
    accounts_n, orders_n = _records(L, handles)
    return handles[:accounts_n], handles[most - orders_n :][::-1].copy()


@entry
def _records(L, handles):
    """Handles of accounts from the beginning of `handles` on, of orders from its end; how many of each."""
    accounts_n, orders_n, at = 0, 0, L[k.HEAP]
    while at < L[k.TOP]:
        if L[U(at)] < 0:
            handles[U(accounts_n)] = at
            accounts_n += 1
            at += np.int64(k.ACCOUNT_SIZE)
        else:
            orders_n += 1
            handles[U(len(handles) - orders_n)] = at
            at += np.int64(k.ORDER_SIZE)
    return accounts_n, orders_n


def _of(L: Array, handles: Array, field: Any) -> Array:
    values: Array = L[handles + int(field)]
    return values


def _column(rows: Array, field: Any) -> Array:
    """One field of all rows, as a view."""
    values: Array = rows[int(field) :: k.ROW_STRIDE]
    return values


def _meta(rows: Array, shift: int, bits: int) -> Array:
    values: Array = _column(rows, k.R_META) >> shift & (1 << bits) - 1
    return values


# --- end of day ----------------------------------------------------------------------------------------------------------------


@entry_that_allocates
def _book_all(L, orders):
    """The core books the last word of the exchange on each order; what the exchange never saw expires unfilled."""
    for order in orders:
        k.book(L, U(order), L[U(order) + k.O_FILLED], True)


def end_of_day(
    L: Array, rows: Array, now: int, *, close: int | None = None, clearing_file: File = "ok", fund_file: File = "ok"
) -> dict[str, int]:
    """The settlement batch of the day that closed last, to be run before the next open; past midnight that is the day before.

    The exchange ends what is open. With a good clearing file the core then books what the exchange filled, expires and
    unfreezes the rest of the day's orders (those recorded after `close`, by default the last 15:00, wait for the next day), marks those
    the exchange never saw as stranded, makes today's purchases saleable and today's proceeds withdrawable. Without it all of
    that waits for another call. Fund orders of earlier days are confirmed unless their file is not good. Returns counts.
    """
    close = (now - CLOSE_NS) // DAY_NS * DAY_NS + CLOSE_NS if close is None else close
    accounts, orders = records(L)
    state = _of(L, orders, k.O_STATE)
    ending = orders[(state & k.PLACED != 0) & (state & k.ENDED == 0) & (_of(L, orders, k.O_ACCEPTED_AT) <= now)]
    L[ending + int(k.O_STATE)] |= k.EXPIRED
    counts = {"settled": 0, "closed": 0, "stranded": 0}
    if clearing_file == "ok":
        unseen = state & (k.PLACED | k.REFUSED) == 0
        due = (state & (k.RECORDED | k.CLOSED) == k.RECORDED) & (~unseen | (_of(L, orders, k.O_RECORDED_AT) < close))
        stranded = _of(L, orders[due & unseen], k.O_ROW)
        np.bitwise_or.at(_column(rows, k.R_META), stranded, k.WAS_STRANDED)
        _book_all(L, orders[due])
        _release_today(L, accounts)
        L[k.SETTLED_AT] = now
        counts = {"settled": 1, "closed": int(due.sum()), "stranded": len(stranded)}
    return counts | _confirm_funds(L, rows, now, fund_file)


def _release_today(L: Array, accounts: Array) -> None:
    L[accounts + int(k.A_UNSETTLED)] = 0
    for j in range(k.HOLDINGS):
        holding = accounts + int(k.A_HOLDINGS) + j * int(k.HOLDING_SIZE)
        L[holding + int(k.H_AVAILABLE)] += L[holding + int(k.H_TODAY)]
        L[holding + int(k.H_TODAY)] = 0


def _funds_due(rows: Array, now: int) -> Array:
    """Numbers of rows whose fund orders are pending although their dealing day is over; after the cut-off it is the next day."""
    dealing_day = (_column(rows, k.R_RECORDED_AT) + DAY_NS - FUND_CUT_OFF_NS) // DAY_NS
    pending = (_meta(rows, k.M_KIND, 4) == k.FUND) & (_column(rows, k.R_PROGRESS) > 0)
    return np.flatnonzero(pending & (dealing_day < now // DAY_NS))


def _confirm_funds(L: Array, rows: Array, now: int, file: File) -> dict[str, int]:
    """Late: the orders wait for the next day's file. Missing: for reconciliation. Corrupt: the records of every other row do."""
    due = _funds_due(rows, now)
    due = due[_column(rows, k.R_META)[due] & k.FILE_MISSED == 0]
    missed = due if file == "missing" else due[due % 2 == 1] if file == "corrupt" else due[:0]
    _column(rows, k.R_META)[missed] |= k.FILE_MISSED
    booked = due[:0] if file == "late" else np.setdiff1d(due, missed)
    _confirm(L, rows, booked)
    return {"fund_confirmed": len(booked), "fund_pending": len(due) - len(booked)}


@entry_that_allocates
def _confirm(L, rows, due):
    """Subscriptions become units, redemptions become cash, at one yuan a unit."""
    for row in due:
        i = U(row) * U(k.ROW_STRIDE)
        account = k.account_of(L, rows[i + k.R_WHO] >> 8)
        amount, progress = rows[i + k.R_QUANTITY], rows[i + k.R_PROGRESS]
        bought = amount * (progress & 255)
        sold = amount * (progress >> k.REDEMPTIONS)
        L[account + k.A_FUND_CASH] -= bought
        L[account + k.A_FUND] += bought
        L[account + k.A_FUND_REDEEMING] -= sold
        L[account + k.A_AVAILABLE] += sold
        L[k.BROKER_CASH] += sold - bought
        L[k.FUND_CASH] += bought - sold
        rows[i + k.R_PROGRESS] = 0
        rows[i + k.R_META] &= ~k.FILE_MISSED


# --- loss at a failover --------------------------------------------------------------------------------------------------------


@entry_that_allocates
def _forget(L, orders):
    """Undoes orders, the last first. Proceeds that are spent already are the broker's loss."""
    for order_ in orders[::-1]:
        order = U(order_)
        account, holding, at = U(L[order + k.O_ACCOUNT]), U(L[order + k.O_HOLDING]), U(L[order + k.O_INSTRUMENT])
        way, booked, charged = L[order + k.O_SIDE], L[order + k.O_BOOKED], L[order + k.O_FEES]
        value = booked * L[order + k.O_FILL_PRICE]
        owed = way * value + charged  # to the customer; negative for a sell
        source, kept = k.frozen_at(L, order)
        L[source] += L[order + k.O_FROZEN]
        L[kept] -= L[order + k.O_FROZEN]
        given = max(owed, -L[account + k.A_AVAILABLE])
        L[account + k.A_AVAILABLE] += given
        L[k.BROKER_CASH] += given
        L[k.SUSPENSE] += owed - given
        L[k.MARKET_CASH] -= way * value
        L[k.FEES] -= charged
        L[at + k.I_SHARES] += way * booked
        if way == k.BUY:
            L[holding + k.H_TODAY] -= booked
        else:
            L[holding + k.H_AVAILABLE] += booked
            L[account + k.A_UNSETTLED] += owed
        L[order + k.O_STATE] = L[order + k.O_STATE] & ~(k.RECORDED | k.CLOSED | k.CANCEL_ASKED) | k.LOST
        L[order + k.O_BOOKED], L[order + k.O_FEES], L[order + k.O_FROZEN] = 0, 0, 0


def lose_unreplicated(L: Array, rows: Array, now: int, lag_ns: int) -> int:
    """Orders the core recorded within the last `lag_ns` vanish from it with their freezes and bookings; returns how many.

    The exchange keeps what it has. What was settled is safe. Bookings of older orders, transfers and fund orders are kept
    as well (a simplification: reports are cumulative, so the next one would bring the former back).
    """
    _, orders = records(L)
    recorded = _of(L, orders, k.O_RECORDED_AT)
    kept_until = max(now - lag_ns, int(L[k.SETTLED_AT]))
    lost = orders[(_of(L, orders, k.O_STATE) & k.RECORDED != 0) & (recorded > kept_until)]
    _forget(L, lost)
    return len(lost)


# --- reconciliation ------------------------------------------------------------------------------------------------------------


@entry_that_allocates
def _adopt(L, order):
    """The core takes up (again) an order the exchange has. What the customer cannot freeze for it, the broker lends."""
    need = k.required(L, order, L[order + k.O_BOOKED])
    source, kept = k.frozen_at(L, order)
    own = min(L[source], need)
    L[source] -= own
    L[kept] += need
    if L[order + k.O_SIDE] == k.BUY:
        L[k.SUSPENSE] -= need - own
        L[k.BROKER_CASH] += need - own
    else:
        L[U(L[order + k.O_INSTRUMENT]) + k.I_SUSPENSE] -= need - own
    L[order + k.O_FROZEN] = need
    L[order + k.O_STATE] = L[order + k.O_STATE] & ~(k.CLOSED | k.LOST) | k.RECORDED
    account = U(L[order + k.O_ACCOUNT])
    listed = U(L[account + k.A_LAST_ORDER])
    while listed != U(0) and listed != order:
        listed = U(L[listed + k.O_PREVIOUS])
    if listed == U(0):  # it had dropped off the list; one still on it would make a ring
        L[order + k.O_PREVIOUS] = L[account + k.A_LAST_ORDER]
        L[account + k.A_LAST_ORDER] = np.int64(order)


@entry_that_allocates
def _book_clone(L, order):
    """Fills of an order placed twice go to the broker's own error account."""
    new, way, at = L[order + k.O_FILLED] - L[order + k.O_BOOKED], L[order + k.O_SIDE], U(L[order + k.O_INSTRUMENT])
    value = new * L[order + k.O_FILL_PRICE]
    L[k.SUSPENSE] -= way * value
    L[k.MARKET_CASH] += way * value
    L[at + k.I_SUSPENSE] += way * new
    L[at + k.I_SHARES] -= way * new
    L[order + k.O_BOOKED] += new


@entry_that_allocates
def _match_orders(L, orders):
    """Compares core and exchange, order by order, and mends the core: counts of orphans, duplicates, unreported, unplaced.

    An order that the core has closed and the exchange has still open is an orphan here as well.
    """
    orphans, duplicates, unreported, unplaced = 0, 0, 0, 0
    for order_ in orders:
        order = U(order_)
        state, filled, booked = L[order + k.O_STATE], L[order + k.O_FILLED], L[order + k.O_BOOKED]
        if state & k.CLONE:
            duplicates += 1 if state & k.PLACED and (filled > booked or state & k.ENDED == 0) else 0
            _book_clone(L, order)
            continue
        live = state & (k.PLACED | k.ENDED) == k.PLACED and filled < L[order + k.O_QUANTITY]
        if (state & k.PLACED and state & k.RECORDED == 0) or (live and state & k.CLOSED):
            orphans += 1
            _adopt(L, order)
        elif filled > booked or (state & k.ENDED and state & (k.RECORDED | k.CLOSED) == k.RECORDED):
            unreported += 1
            if state & k.CLOSED:
                _adopt(L, order)
        elif state & (k.RECORDED | k.CLOSED) == k.RECORDED and state & (k.PLACED | k.REFUSED) == 0:
            unplaced += 1
        k.book(L, order, filled, L[order + k.O_STATE] & k.ENDED != 0)
    return orphans, duplicates, unreported, unplaced


@entry_that_allocates
def _match_transfers(L, rows, unsettled):
    """Clears what is in transit against the bank's ledger: counts of transfers stuck in transit and of those paid out too much.

    A deposit the bank debited is credited once; what was debited more than once goes back to the bank. A withdrawal the
    bank did not credit goes back to the customer's cash. What was paid out too much is taken back as far as the cash goes.
    """
    stuck, overpaid = 0, 0
    for row in unsettled:
        i = U(row) * U(k.ROW_STRIDE)
        account, amount = k.account_of(L, rows[i + k.R_WHO] >> 8), rows[i + k.R_QUANTITY]
        left = rows[i + k.R_TRANSIT]
        if left < 0:
            overpaid += 1
            own = min(-left, L[account + k.A_AVAILABLE])
            k.from_transit(L, rows, i, account, k.A_AVAILABLE, k.BROKER_CASH, left)
            L[account + k.A_AVAILABLE] += -left - own
            L[k.BROKER_CASH] += -left - own
            L[k.SUSPENSE] -= -left - own
            continue
        stuck += 1
        deposit = rows[i + k.R_WHO] & 1 == 1
        debited = rows[i + k.R_META] >> k.M_PLACED & 255
        credited = debited - left // amount
        to_cash = left if not deposit else amount if credited == 0 else 0
        k.from_transit(L, rows, i, account, k.A_AVAILABLE, k.BROKER_CASH, to_cash)
        k.from_transit(L, rows, i, account, k.A_BANK, k.BANK_CASH, left - to_cash)
    return stuck, overpaid


def reconcile(L: Array, rows: Array, counterparty: Counterparty, now: int) -> dict[str, int]:
    """Compares the core with a counterparty's ledger, mends the core, and returns how many differences of each kind there were.

    exchange: orphans, duplicates (orders placed twice, still live or filled), unreported (fills or ends the core had not
    booked), unplaced (recorded, not at the exchange; left as they are). bank: stuck, overpaid. fund: unconfirmed.
    """
    if counterparty == "exchange":
        _, orders = records(L)
        names = ("orphans", "duplicates", "unreported", "unplaced")
        return dict(zip(names, map(int, _match_orders(L, orders)), strict=True))
    if counterparty == "bank":
        unsettled = np.flatnonzero((_meta(rows, k.M_KIND, 4) == k.TRANSFER) & (_column(rows, k.R_TRANSIT) != 0))
        return dict(zip(("stuck", "overpaid"), map(int, _match_transfers(L, rows, unsettled)), strict=True))
    if counterparty == "fund":
        due = _funds_due(rows, now)
        _confirm(L, rows, due)
        return {"unconfirmed": len(due)}
    raise ValueError(f"no such counterparty: {counterparty!r}; it is one of exchange, bank, fund")


# --- what is true -----------------------------------------------------------------------------------------------------------


class Truth(NamedTuple):
    """One element an intent. `outcome` is what the client saw (simcore.kernel.layout.OUTCOMES), the rest what is so.

    placed_once, not_placed and duplicated are a partition; the others lie over it. `in_transit`: money of this transfer is on
    neither ledger, or on both.
    """

    outcome: Array
    duplicated: Flags
    lost: Flags
    orphan: Flags
    stranded: Flags
    late: Flags
    placed_once: Flags
    not_placed: Flags
    in_transit: Flags


_DUPLICATED, _LOST, _ORPHAN, _STRANDED, _LATE, _PLACED_ONCE, _NOT_PLACED, _IN_TRANSIT, _IN_CORE, _AT_EXCHANGE = (
    1 << i for i in range(10)
)


@inner
def _could_go_from(had_at, opens, closes):
    """When an order that was there then could first go to the exchange: at once while its hours run, else at the next opening."""
    for i in range(len(closes)):
        if closes[i] > had_at:
            return max(had_at, opens[i])
    return had_at


@inner
def _became(rows, i, known, opens, closes, close, late_ns):
    """What became of the intent of the row at `i`; `known`: whether its order is in the core and at the exchange."""
    meta, recorded_at, placed_at = rows[i + k.R_META], rows[i + k.R_RECORDED_AT], rows[i + k.R_PLACED_AT]
    outcome, kind = meta >> k.M_OUTCOME & 15, meta >> k.M_KIND & 15
    recorded, placed = meta >> k.M_RECORDED & 255, meta >> k.M_PLACED & 255
    goes_on = kind == k.ORDER or kind == k.CANCEL or kind == k.TRANSFER
    if not goes_on and placed_at == k.NOT_YET:
        placed_at = recorded_at
    in_core, at_exchange, has_been = known & _IN_CORE != 0, known & _AT_EXCHANGE != 0, placed_at != k.NOT_YET
    done = placed if goes_on else max(recorded, placed)
    bits = 0
    if max(recorded, placed) > 1:
        bits |= _DUPLICATED
    elif done <= 1:
        bits |= _PLACED_ONCE if done == 1 else _NOT_PLACED
    if kind == k.ORDER and outcome == CONFIRMED and not in_core and not at_exchange:
        bits |= _LOST
    if at_exchange and not in_core:
        bits |= _ORPHAN
    reached = (has_been and placed_at <= close) or meta & k.WAS_REFUSED != 0
    unseen = kind == k.ORDER and in_core and not reached and recorded_at < close
    if unseen or meta & k.WAS_STRANDED != 0:
        bits |= _STRANDED
    surprised = outcome != 0 and outcome != CONFIRMED and placed_at > rows[i + k.R_ANSWERED]
    # from when the core had it, not from when the customer began: an order by phone takes as long as the talk
    had_at = recorded_at if recorded_at != k.NOT_YET and recorded_at <= placed_at else rows[i + k.R_SUBMITTED]
    if has_been and (surprised or placed_at > _could_go_from(had_at, opens, closes) + late_ns):
        bits |= _LATE
    if kind == k.TRANSFER and rows[i + k.R_TRANSIT] != 0:
        bits |= _IN_TRANSIT
    return bits


@entry
def _judge(L, rows, orders, opens, closes, close, late_ns, out):
    """Into `out`, zeroed, what became of each row's intent, as bits."""
    for n in range(len(orders)):
        order = U(orders[U(n)])
        state, row = L[order + k.O_STATE], U(L[order + k.O_ROW])
        out[row] |= (_IN_CORE if state & k.RECORDED else 0) | (_AT_EXCHANGE if state & k.PLACED else 0)
    for row in range(len(out)):
        out[U(row)] = _became(rows, U(row) * U(k.ROW_STRIDE), out[U(row)], opens, closes, close, late_ns)


def truth(L: Array, rows: Array, close: int, *, hours: list[tuple[int, int]] | None = None, late_ns: int = LATE_NS) -> Truth:
    """What became of each intent, for a run that ends with the close at `close`.

    Orders, cancels and transfers count as placed when exchange or bank took them in, all else when recorded. Late: placed
    after the client was told or concluded otherwise, or more than `late_ns` [guess] after it could go: when the core had recorded it (if it had
    not: at submission), or at the next opening of the exchange if its `hours` (from, to; ns, ascending) did not run then.
    """
    opens, closes = np.array(hours or np.empty((0, 2)), np.int64).T.copy()
    bits = np.zeros(len(rows) // k.ROW_STRIDE, np.int64)
    _judge(L, rows, records(L)[1], opens, closes, close, late_ns, bits)
    return Truth(_meta(rows, k.M_OUTCOME, 4), *(bits >> i & 1 != 0 for i in range(8)))


# --- laws --------------------------------------------------------------------------------------------------------------------


class Law(NamedTuple):
    """A conservation law. `expected` and `found` are totals; or, where a part is off, the first such part's."""

    law: str
    ok: bool
    expected: int
    found: int


def _same(law: str, expected: Array | int, found: Array | int) -> Law:
    a, b = np.atleast_1d(expected), np.atleast_1d(found)
    off = np.flatnonzero(a != b)
    if len(off):
        return Law(law, False, int(a[off[0]]), int(b[off[0]]))
    return Law(law, True, int(a.sum()), int(b.sum()))


class Accounts(NamedTuple):
    """All accounts together, int64 by field of their records: `total` now, at `first`, and how many are `negative`; and by instrument
    the shares that were held at first and that are held now."""

    total: Array
    first: Array
    negative: Array
    shares_first: Array
    shares_now: Array


def _all_accounts(L: Array, handles: Array) -> Accounts:
    size, instruments = int(k.ACCOUNT_SIZE), int(L[k.INSTRUMENTS])
    found = Accounts(*(np.zeros(n, np.int64) for n in (size, size, size, instruments, instruments)))
    _add_up(L, handles, np.zeros(size, np.int64), *found)
    return found


@entry
def _add_up(L, handles, own, total, first, negative, shares_first, shares_now):
    """What all accounts come to, field by field and by instrument; `own` is room for what one of them had at first."""
    for n in range(len(handles)):
        at = U(handles[U(n)])
        customer = -1 - L[at + k.A_CUSTOMER]
        k.endow(L, own, U(0), customer)
        for i in range(len(own)):
            field = U(i)
            value = L[at + field]
            total[field] += value
            first[field] += own[field]
            if value < 0:
                negative[field] += 1
        for j in range(k.HOLDINGS):
            instrument, of = U(k.instrument_held(L, customer, j)), k.A_HOLDINGS + U(j) * k.HOLDING_SIZE
            shares_first[instrument] += own[of + k.H_AVAILABLE]
            shares_now[instrument] += L[at + of + k.H_AVAILABLE] + L[at + of + k.H_FROZEN] + L[at + of + k.H_TODAY]


class Orders(NamedTuple):
    """What all orders come to: the shares of each instrument that the market has by them; the cash it has, the fees, and how many are
    booked beyond the exchange's fills and filled beyond their quantity; and what the open ones must keep frozen, cash of every account
    and shares of every holding."""

    traded: Array  # [instruments]
    sums: Array  # cents, cents, orders, orders
    cash: Array  # [accounts]
    shares: Array  # [accounts, HOLDINGS]


@inner
def _commission(value):
    """0.025 %, at least 5 yuan: ledger.py has the rule and its source; here anew."""
    return max(500, (value * 25 + 50_000) // 100_000) if value > 0 else 0


@inner
def _still_frozen(L, order):
    """What an order must keep frozen by the rules, worked out anew from quantity, price and what is booked."""
    if L[order + k.O_STATE] & (k.RECORDED | k.CLOSED) != k.RECORDED:
        return 0
    left, booked = L[order + k.O_QUANTITY] - L[order + k.O_BOOKED], L[order + k.O_BOOKED]
    if L[order + k.O_SIDE] != k.BUY:
        return left
    paid = booked * L[order + k.O_FILL_PRICE]
    worst = paid + left * L[order + k.O_PRICE]
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
def _add_up_orders(L, accounts, orders, traded, sums, cash, shares):
    base, last = L[k.INSTRUMENTS_AT], len(traded) - 1
    for n in range(len(orders)):
        order = U(orders[U(n)])
        side, booked = L[order + k.O_SIDE], L[order + k.O_BOOKED]
        instrument = (L[order + k.O_INSTRUMENT] - base) // np.int64(k.INSTRUMENT_SIZE)
        traded[U(min(max(instrument, 0), last))] -= side * booked
        sums[_0] += side * booked * L[order + k.O_FILL_PRICE]
        sums[_1] += L[order + k.O_FEES]
        sums[_2] += 1 if booked > L[order + k.O_FILLED] else 0
        sums[_3] += 1 if L[order + k.O_FILLED] > L[order + k.O_QUANTITY] else 0
        keep = _still_frozen(L, order)
        if keep == 0:
            continue
        if side == k.BUY:
            cash[U(_owner(accounts, L[order + k.O_ACCOUNT]))] += keep
        else:
            owner = _owner(accounts, L[order + k.O_HOLDING])
            holding = (L[order + k.O_HOLDING] - accounts[U(owner)] - np.int64(k.A_HOLDINGS)) // np.int64(k.HOLDING_SIZE)
            shares[U(owner * k.HOLDINGS + min(max(holding, 0), k.HOLDINGS - 1))] += keep


def _all_orders(L: Array, accounts: Array, orders: Array) -> Orders:
    found = Orders(*(np.zeros(n, np.int64) for n in (int(L[k.INSTRUMENTS]), 4, len(accounts), len(accounts) * k.HOLDINGS)))
    _add_up_orders(L, accounts, orders, *found)
    return found._replace(shares=found.shares.reshape(-1, k.HOLDINGS))


def conservation(L: Array, rows: Array) -> list[Law]:
    """All laws of money, shares and intents over the arenas as they are. One that is broken is a bug of the simulator."""
    accounts, orders = records(L)
    every, of_orders = _all_accounts(L, accounts), _all_orders(L, accounts, orders)
    return [*_cash_laws(L, rows, every), *_order_laws(L, accounts, every, of_orders), *_row_laws(L, rows, every)]


def _cash_laws(L: Array, rows: Array, every: Accounts) -> list[Law]:
    def total(*fields: Any, of: Array = every.total) -> int:
        return sum(int(of[f]) for f in fields)

    owned = total(k.A_AVAILABLE, k.A_BANK, k.A_FUND, of=every.first)
    kept = (k.A_AVAILABLE, k.A_FROZEN, k.A_FUND_CASH)
    transit = int(_column(rows, k.R_TRANSIT)[_meta(rows, k.M_KIND, 4) == k.TRANSFER].sum())
    return [
        _same("cash over all ledgers is constant", owned, sum(int(L[t]) for t in k.LEDGER_TOTALS)),
        _same("broker's total is the sum of its accounts", total(*kept), int(L[k.BROKER_CASH])),
        _same("banks' total is the sum of their accounts", total(k.A_BANK), int(L[k.BANK_CASH])),
        _same("in transit is the sum over customers", total(k.A_TRANSIT), int(L[k.IN_TRANSIT])),
        _same("in transit is the sum over transfers", transit, int(L[k.IN_TRANSIT])),
        _same("fund company's cash backs all units", total(k.A_FUND, k.A_FUND_REDEEMING), int(L[k.FUND_CASH])),
    ]


def _order_laws(L: Array, accounts: Array, every: Accounts, orders: Orders) -> list[Law]:
    at = int(L[k.INSTRUMENTS_AT]) + np.arange(int(L[k.INSTRUMENTS])) * int(k.INSTRUMENT_SIZE)
    frozen = [_of(L, accounts, k.A_HOLDINGS + j * k.HOLDING_SIZE + k.H_FROZEN) for j in map(U, range(k.HOLDINGS))]
    market_cash, fees, booked_beyond, filled_beyond = map(int, orders.sums)
    return [
        _same("shares of each instrument are constant", every.shares_first,
              every.shares_now + _of(L, at, k.I_SHARES) + _of(L, at, k.I_SUSPENSE)),
        _same("market's shares are what orders traded", orders.traded, _of(L, at, k.I_SHARES)),
        _same("market's cash is what orders traded", market_cash, int(L[k.MARKET_CASH])),
        _same("fees are what orders were charged", fees, int(L[k.FEES])),
        _same("frozen cash is what open orders need", orders.cash, _of(L, accounts, k.A_FROZEN)),
        _same("frozen shares are what open orders need", orders.shares.T.ravel(), np.concatenate(frozen)),
        _same("nothing is booked beyond the exchange's fills", 0, booked_beyond),
        _same("nothing is filled beyond the quantity", 0, filled_beyond),
    ]  # fmt: skip


def _row_laws(L: Array, rows: Array, every: Accounts) -> list[Law]:
    balances = (k.A_AVAILABLE, k.A_FROZEN, k.A_UNSETTLED, k.A_BANK, k.A_FUND, k.A_FUND_CASH, k.A_FUND_REDEEMING)
    negative = sum(int(every.negative[f]) for f in balances) + int(every.negative[int(k.A_HOLDINGS) :].sum())
    twice = int((_column(rows, k.R_META) & k.ANSWERED_TWICE != 0).sum())
    logged_in = int((L[int(k.HEADER_SIZE) : int(L[k.INSTRUMENTS_AT])] & 1).sum())
    return [
        _same("no balance is negative", 0, negative),
        _same("one client outcome an intent", 0, twice),
        _same("sessions are the customers logged in", logged_in, int(L[k.SESSIONS])),
    ]
