"""Orders and cancels: what the counter and the exchange do with each, compiled.

The counter's own effects are order.record, order.report and cancel.record, the exchange's are order.accept, order.fill and
cancel.accept. docs/orders.md has the rules and their sources.
"""

from __future__ import annotations

import math

import numpy as np

from simcore.kernel.jit import inner
from simcore.kernel.layout import U
from simcore.kernel.ledger import accounts
from simcore.kernel.ledger import records as k
from simcore.kernel.random import combine, draw, name_hash, uniform

Array = k.Array
ORDER_RECORD, ORDER_ACCEPT, ORDER_FILL, ORDER_REPORT, CANCEL_RECORD, CANCEL_ACCEPT = range(10, 16)
(
    SETTLED_AT,
    MARKET_CASH,
    FEES,
    UNKNOWN_REPORTS,
    LOTS_MEDIAN,
    LOTS_SIGMA,
    ODD_LOT_SHARE,
    BEYOND_LIMIT_SHARE,
    EXCHANGE_REJECT_SHARE,
    MARKETS,
    *_ONE_EACH,
) = k.own_words(ORDER_RECORD, 25)
MAX_MARKETS = 1 + len(_ONE_EACH)
"""MARKETS is the first of so many words: the switches of each market."""
TAKES_ORDERS, TAKES_CANCELS, QUEUES_OVERNIGHT = 1, 2, 4

_FILL, _REFUSE = U(name_hash("fill")), U(name_hash("exchange-reject"))


def set_market(L: Array, market: int, *, orders: bool, cancels: bool, overnight: bool) -> None:
    """What exchange number `market` takes now, and whether the broker queues orders for it while it is closed."""
    L[int(MARKETS) + market] = orders * TAKES_ORDERS | cancels * TAKES_CANCELS | overnight * QUEUES_OVERNIGHT


def assign_markets(L: Array, markets: Array) -> None:
    """Gives each instrument its exchange: int array of shape (instruments,), values in 0..MAX_MARKETS−1."""
    assert len(markets) == L[k.INSTRUMENTS] and markets.min() >= 0 and markets.max() < MAX_MARKETS
    first = int(L[k.INSTRUMENTS_AT])
    L[first + int(k.INS_MARKET) : first + len(markets) * int(k.INS_SIZE) : int(k.INS_SIZE)] = markets


# --- intents -----------------------------------------------------------------------------------------------------------------


@inner
def intend(L, rows, i, kind, root, customer):
    """Quantity and limit price of an order, or of a probe, which buys one lot at the reference price; a cancel has neither.

    Customers know their means: they intend no more than they owned at first, but at least one lot.
    """
    if kind == k.CANCEL:
        return
    holding, wants = rows[i + k.ROW_WHO] >> 1 & 3, rows[i + k.ROW_WHO] & 1
    at = U(L[k.INSTRUMENTS_AT]) + U(accounts.instrument_held(L, customer, holding)) * k.INS_SIZE
    if kind == k.PROBE:
        rows[i + k.ROW_QUANTITY] = k.LOT
        rows[i + k.ROW_PRICE] = L[at + k.INS_PRICE]
        rows[i + k.ROW_WHO] |= 1
        return
    key = combine(root, accounts.INTENT)
    lots = accounts.lognormal(L[LOTS_MEDIAN] * k.NANO, L[LOTS_SIGMA] * k.NANO, draw(key, U(2)))
    price = np.int64(math.floor(L[at + k.INS_PRICE] * (0.99 + 0.02 * draw(key, U(5))) + 0.5))
    price = min(max(price, L[at + k.INS_LOW]), L[at + k.INS_HIGH])
    if wants:
        means = np.int64(0.99 * accounts.owned_at_first(L, customer, accounts.CASH)) // price
    else:
        means = accounts.owned_at_first(L, customer, accounts.SHARES + holding)
    quantity = k.LOT * max(1, min(lots, means // k.LOT, k.QUANTITY_MAX // k.LOT))
    if draw(key, U(3)) < L[ODD_LOT_SHARE] * k.NANO:
        quantity -= 1 + np.int64(draw(key, U(4)) * (k.LOT - 1))
    if draw(key, U(6)) < L[BEYOND_LIMIT_SHARE] * k.NANO:
        price = L[at + k.INS_HIGH] + 1 if wants else L[at + k.INS_LOW] - 1
    rows[i + k.ROW_QUANTITY] = quantity
    rows[i + k.ROW_PRICE] = price


# --- the counter -------------------------------------------------------------------------------------------------------------


@inner
def fees(value, side):
    """Commission 0.025 %, at least 5 yuan; for sells 0.05 % stamp duty on top, all together at most the proceeds [memory]."""
    if value == 0:
        return 0
    commission = max(500, (value * 25 + 50_000) // 100_000)
    if side == k.BUY:
        return commission
    return min(value, commission + (value * 50 + 50_000) // 100_000)


@inner
def required(L, order, filled):
    """What an open order must keep frozen once `filled` shares are booked: cents for a buy, shares for a sell."""
    rest = L[order + k.ORD_QUANTITY] - filled
    if L[order + k.ORD_SIDE] == k.SELL:
        return rest
    paid, to_pay = filled * L[order + k.ORD_FILL_PRICE], rest * L[order + k.ORD_PRICE]
    return to_pay + fees(paid + to_pay, k.BUY) - fees(paid, k.BUY)


@inner
def frozen_at(L, order):
    """Where an order's frozen cash or shares are taken from, and where they are kept."""
    if L[order + k.ORD_SIDE] == k.BUY:
        return U(L[order + k.ORD_ACCOUNT]) + k.ACC_AVAILABLE, U(L[order + k.ORD_ACCOUNT]) + k.ACC_FROZEN
    return U(L[order + k.ORD_HOLDING]) + k.HLD_AVAILABLE, U(L[order + k.ORD_HOLDING]) + k.HLD_FROZEN


@inner
def _new_order(L):
    order = U(L[k.TOP])
    L[k.TOP] += np.int64(k.ORD_SIZE)
    return order


@inner
def _write_down(L, rows, i, root, account, holding, at):
    """What an order says, in a record that is not taken yet: a rejected order leaves none, and the next one writes over it."""
    order, price = U(L[k.TOP]), rows[i + k.ROW_PRICE]
    better = np.int64(draw(combine(root, _FILL), U(1)) * 3)
    is_buy = rows[i + k.ROW_WHO] & 1
    L[order + k.ORD_SIDE] = k.BUY if is_buy else k.SELL
    L[order + k.ORD_ACCOUNT] = np.int64(account)
    L[order + k.ORD_HOLDING] = np.int64(account + k.ACC_HOLDINGS + U(holding) * k.HLD_SIZE)
    L[order + k.ORD_INSTRUMENT] = np.int64(at)
    L[order + k.ORD_QUANTITY] = rows[i + k.ROW_QUANTITY]
    L[order + k.ORD_PRICE] = price
    L[order + k.ORD_FILL_PRICE] = max(price - better, L[at + k.INS_LOW]) if is_buy else min(price + better, L[at + k.INS_HIGH])
    return order


@inner
def _open(L, order, row, state, now, frozen):
    """The record is an order's from now on."""
    L[order + k.ORD_ROW] = row
    L[order + k.ORD_STATE] = state
    L[order + k.ORD_RECORDED_AT] = now
    L[order + k.ORD_ACCEPTED_AT] = k.NOT_YET
    L[order + k.ORD_REPORTED_AT] = k.NOT_YET
    L[order + k.ORD_FILLED], L[order + k.ORD_BOOKED], L[order + k.ORD_FEES] = 0, 0, 0
    L[order + k.ORD_FROZEN] = frozen
    L[order + k.ORD_PREVIOUS] = 0


@inner
def take_in(L, rows, row, root, customer):
    """Handle of an order as an exchange that keeps books of its own hears of it: what the message says, and nothing recorded."""
    i, account = U(row) * U(k.ROW_STRIDE), accounts.account_of(L, customer)
    holding = rows[i + k.ROW_WHO] >> 1 & 3
    at = U(L[k.INSTRUMENTS_AT]) + U(accounts.instrument_held(L, customer, holding)) * k.INS_SIZE
    order = _write_down(L, rows, i, root, account, holding, at)
    _new_order(L)
    _open(L, order, row, 0, k.NOT_YET, 0)
    return order


@inner
def _record(L, rows, i, row, now, root, customer):
    """The counter checks against its own ledger, freezes, and gives the order its number. 0 if it says no."""
    account = accounts.account_of(L, customer)
    holding = rows[i + k.ROW_WHO] >> 1 & 3
    at = U(L[k.INSTRUMENTS_AT]) + U(accounts.instrument_held(L, customer, holding)) * k.INS_SIZE
    quantity, price = rows[i + k.ROW_QUANTITY], rows[i + k.ROW_PRICE]
    if L[MARKETS + U(L[at + k.INS_MARKET])] & (TAKES_ORDERS | QUEUES_OVERNIGHT) == 0:
        return U(0)
    if quantity <= 0 or price < L[at + k.INS_LOW] or price > L[at + k.INS_HIGH]:
        return U(0)
    is_buy = rows[i + k.ROW_WHO] & 1
    order = _write_down(L, rows, i, root, account, holding, at)
    source, kept = frozen_at(L, order)
    need = required(L, order, 0)
    odd = quantity % k.LOT
    if L[source] < need or (odd != 0 and (is_buy or odd != L[source] % k.LOT)):
        return U(0)
    order = _new_order(L)
    L[source] -= need
    L[kept] += need
    _open(L, order, row, k.RECORDED, now, need)
    L[order + k.ORD_PREVIOUS] = L[account + k.ACC_LAST_ORDER]
    L[account + k.ACC_LAST_ORDER] = np.int64(order)
    rows[i + k.ROW_ORDER] = np.int64(order)
    accounts.count(rows, i, k.META_RECORDED, k.ROW_RECORDED_AT, now)
    return order


@inner
def book(L, order, filled, ended):
    """The core brings an open order up to `filled` shares in all, and gives back frozen cash or shares not needed any more."""
    if L[order + k.ORD_STATE] & (k.RECORDED | k.CLOSED) != k.RECORDED:
        return
    filled = max(filled, L[order + k.ORD_BOOKED])
    new = filled - L[order + k.ORD_BOOKED]
    way, at = L[order + k.ORD_SIDE], U(L[order + k.ORD_INSTRUMENT])
    account, holding = U(L[order + k.ORD_ACCOUNT]), U(L[order + k.ORD_HOLDING])
    value = new * L[order + k.ORD_FILL_PRICE]
    charged = fees(filled * L[order + k.ORD_FILL_PRICE], way) - L[order + k.ORD_FEES]
    closing = ended or filled == L[order + k.ORD_QUANTITY]
    keep = 0 if closing else required(L, order, filled)
    used = value + charged if way == k.BUY else new
    source, kept = frozen_at(L, order)
    L[source] += L[order + k.ORD_FROZEN] - used - keep
    L[kept] -= L[order + k.ORD_FROZEN] - keep
    if way == k.BUY:
        L[holding + k.HLD_TODAY] += new
    else:
        L[account + k.ACC_AVAILABLE] += value - charged
        L[account + k.ACC_UNSETTLED] += value - charged
    L[k.BROKER_CASH] -= way * value + charged
    L[MARKET_CASH] += way * value
    L[FEES] += charged
    L[at + k.INS_SHARES] -= way * new
    L[order + k.ORD_BOOKED] = filled
    L[order + k.ORD_FEES] += charged
    L[order + k.ORD_FROZEN] = keep
    if closing:
        L[order + k.ORD_STATE] |= k.CLOSED


@inner
def _last_open(L, account):
    """The customer's most recent order that is open in the core; closed ones drop off the list, for they stay closed."""
    order = U(L[account + k.ACC_LAST_ORDER])
    while order != U(0) and L[order + k.ORD_STATE] & (k.RECORDED | k.CLOSED) != k.RECORDED:
        order = U(L[order + k.ORD_PREVIOUS])
    L[account + k.ACC_LAST_ORDER] = np.int64(order)
    return order


# --- the exchange ------------------------------------------------------------------------------------------------------------


@inner
def snapshot(L, order):
    """What the exchange says of an order: cumulative quantity << 1 | ended. This is what a report carries."""
    return L[order + k.ORD_FILLED] << 1 | (1 if L[order + k.ORD_STATE] & k.ENDED else 0)


@inner
def _switches(L, order):
    """What the order's market takes now."""
    return L[MARKETS + U(L[U(L[order + k.ORD_INSTRUMENT]) + k.INS_MARKET])]


@inner
def _accept(L, rows, now, root, order):
    """The exchange takes the order in, or refuses it. It knows no duplicates: an order that comes again is another order."""
    if L[order + k.ORD_STATE] & (k.PLACED | k.REFUSED):
        again = _new_order(L)
        for field in range(np.int64(k.ORD_SIZE)):
            L[again + U(field)] = L[order + U(field)]
        order = again
        L[order + k.ORD_STATE] = k.CLONE
        L[order + k.ORD_FILLED], L[order + k.ORD_BOOKED], L[order + k.ORD_FEES], L[order + k.ORD_FROZEN] = 0, 0, 0, 0
    i = U(L[order + k.ORD_ROW]) * U(k.ROW_STRIDE)
    if _switches(L, order) & TAKES_ORDERS == 0 or uniform(combine(root, _REFUSE)) < L[EXCHANGE_REJECT_SHARE] * k.NANO:
        L[order + k.ORD_STATE] |= k.REFUSED
        rows[i + k.ROW_META] |= k.WAS_REFUSED
    else:
        L[order + k.ORD_STATE] |= k.PLACED
        accounts.count(rows, i, k.META_PLACED, k.ROW_PLACED_AT, now)
    L[order + k.ORD_ACCEPTED_AT] = now
    return order


@inner
def _fill(L, root, order):
    """Half of the fills take all that is left, the others some lots of it, at least one [guess]."""
    rest = L[order + k.ORD_QUANTITY] - L[order + k.ORD_FILLED]
    if L[order + k.ORD_STATE] & (k.PLACED | k.ENDED) != k.PLACED or rest == 0 or _switches(L, order) & TAKES_ORDERS == 0:
        return k.REJECTED
    key = combine(combine(root, _FILL), U(L[order + k.ORD_FILLED]))
    if draw(key, U(2)) >= 0.5 and rest > k.LOT:
        rest = k.LOT * (1 + np.int64(draw(key, U(3)) * (rest // k.LOT)))
    L[order + k.ORD_FILLED] += min(rest, L[order + k.ORD_QUANTITY] - L[order + k.ORD_FILLED])
    return k.OK


@inner
def apply(L, rows, effect, now, root, row, customer, ref, arg):
    """Carries out one effect of an order's or a cancel's business (freeze, record, accept, fill, book) in the ledger L. Returns OK or
    REJECTED; where the exchange answers, the words OUT_REF and OUT_ARG of L get the order's handle and what it says of the order."""
    i, order = U(row) * U(k.ROW_STRIDE), U(ref)
    if effect == ORDER_RECORD:
        order = _record(L, rows, i, row, now, root, customer)
    elif effect == CANCEL_RECORD:
        order = _last_open(L, accounts.account_of(L, customer))
    if order == U(0):
        return k.REJECTED
    if effect == ORDER_ACCEPT:
        order = _accept(L, rows, now, root, order)
    elif effect == ORDER_FILL:
        if _fill(L, root, order) == k.REJECTED:
            return k.REJECTED
    elif effect == ORDER_REPORT:
        L[UNKNOWN_REPORTS] += 1 - (L[order + k.ORD_STATE] & k.RECORDED)
        if L[order + k.ORD_REPORTED_AT] == k.NOT_YET:
            L[order + k.ORD_REPORTED_AT] = now
        book(L, order, arg >> 1, arg & 1 == 1)
        return k.OK
    elif effect == CANCEL_RECORD:
        L[order + k.ORD_STATE] |= k.CANCEL_ASKED
        rows[i + k.ROW_ORDER] = np.int64(order)
        accounts.count(rows, i, k.META_RECORDED, k.ROW_RECORDED_AT, now)
    elif effect == CANCEL_ACCEPT:
        full = L[order + k.ORD_FILLED] == L[order + k.ORD_QUANTITY]
        if L[order + k.ORD_STATE] & (k.PLACED | k.ENDED) != k.PLACED or full or _switches(L, order) & TAKES_CANCELS == 0:
            return k.REJECTED
        L[order + k.ORD_STATE] |= k.CANCELLED
        accounts.count(rows, i, k.META_PLACED, k.ROW_PLACED_AT, now)
    L[k.OUT_REF] = np.int64(order)
    L[k.OUT_ARG] = snapshot(L, order)
    return k.OK


@inner
def margin(L, rows, row, customer):
    """A buy may be worth at most available cash / 80 %, the margin ratio [memory]."""
    i = U(row) * U(k.ROW_STRIDE)
    value = rows[i + k.ROW_QUANTITY] * rows[i + k.ROW_PRICE]
    refused = rows[i + k.ROW_WHO] & 1 == 1 and value * 4 > L[accounts.account_of(L, customer) + k.ACC_AVAILABLE] * 5
    return k.REJECTED if refused else k.OK
