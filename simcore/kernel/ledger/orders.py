"""Orders and money: every durable write of the broker, the exchange, the banks and the fund company, in one int64 arena.

The arena `L` is a header, the customers' directory, the instruments, and a heap on which accounts and orders are made as
they are first needed: three million customers cost their directory alone until they act. What a customer owns at first is
a pure function of seed and number, so it does not depend on when it is written down. A handle is an absolute index into
`L`, as uint64; 0 is none. Money is in cents, fund units in hundredths (one unit is one yuan), time in ns.
docs/orders.md has the rules and their sources.

`rows` holds one intent in each ROW_STRIDE words. Every effect but record, session.* and margin.check needs a row.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from simcore.kernel.jit import entry, inner
from simcore.kernel.layout import U
from simcore.kernel.memory import take
from simcore.kernel.random import combine, draw, mix_int, name_hash, normal, uniform

Array = np.ndarray[Any, np.dtype[np.int64]]


def _fields(count: int, first: int = 0) -> list[np.uint64]:
    return [U(first + i) for i in range(count)]


# --- effects (simcore.model.effects has their names), flow kinds, answers of apply ------------------------------------------------
RECORD, SESSION_OPEN, SESSION_CLOSE = 1, 2, 3
ORDER_RECORD, ORDER_ACCEPT, ORDER_FILL, ORDER_REPORT, CANCEL_RECORD, CANCEL_ACCEPT = range(10, 16)
TRANSFER_RESERVE, TRANSFER_BANK_DEBIT, TRANSFER_BANK_CREDIT, TRANSFER_CREDIT, TRANSFER_REVERSE = range(20, 25)
FUND_SUBSCRIBE, FUND_REDEEM, FUND_FAST_REDEEM = range(30, 33)
MARGIN_CHECK = 40
REQUEST, LOGIN, QUERY, ORDER, CANCEL, TRANSFER, FUND, PROBE = range(8)
OK, REJECTED = 0, 1
NOT_YET = -1  # a time that has not come

# --- header: totals of the ledgers, switches, parameters ----------------------------------------------------------------------
(
    _NULL, OUT_REF, OUT_ARG, TOP, HEAP, CUSTOMERS, INSTRUMENTS, INSTRUMENTS_AT, SEED_KEY, SESSIONS, SETTLED_AT, BANK_OPEN,
    BROKER_CASH, BANK_CASH, IN_TRANSIT, MARKET_CASH, FEES, FUND_CASH, SUSPENSE, UNKNOWN_REPORTS,
    CASH_MEDIAN, CASH_SIGMA, BANK_MEDIAN, SHARES_MEDIAN, BUY_SHARE, LOTS_MEDIAN, LOTS_SIGMA, ODD_LOT_SHARE, BEYOND_LIMIT_SHARE,
    EXCHANGE_REJECT_SHARE, DEPOSIT_SHARE,
) = _fields(31)  # fmt: skip
MARKETS = U(32)  # one word of switches for each of MAX_MARKETS
MAX_MARKETS = 16
TAKES_ORDERS, TAKES_CANCELS, QUEUES_OVERNIGHT = 1, 2, 4
HEADER_SIZE = U(48)  # the directory follows: for each customer, account handle << 1 | logged in
LEDGER_TOTALS = (BROKER_CASH, BANK_CASH, IN_TRANSIT, MARKET_CASH, FEES, FUND_CASH, SUSPENSE)

# --- records: the sign of the first word tells an account (−1 − customer) from an order (row) -------------------
(
    A_CUSTOMER, A_AVAILABLE, A_FROZEN, A_UNSETTLED, A_BANK, A_TRANSIT, A_FUND, A_FUND_CASH, A_FUND_REDEEMING, A_LAST_ORDER,
) = _fields(10)  # fmt: skip
A_HOLDINGS, HOLDINGS = U(10), 4
CASH, BANK, UNITS, SHARES = range(4)  # what a customer owns at first
H_AVAILABLE, H_FROZEN, H_TODAY = _fields(3)
HOLDING_SIZE = U(3)
ACCOUNT_SIZE = U(22)
I_PRICE, I_LOW, I_HIGH, I_MARKET, I_SHARES, I_SUSPENSE = _fields(6)
INSTRUMENT_SIZE = U(6)
(
    O_ROW, O_ACCOUNT, O_HOLDING, O_INSTRUMENT, O_SIDE, O_QUANTITY, O_PRICE, O_FILL_PRICE, O_STATE, O_RECORDED_AT, O_ACCEPTED_AT,
    O_FILLED, O_BOOKED, O_FEES, O_FROZEN, O_PREVIOUS,
) = _fields(16)  # fmt: skip
ORDER_SIZE = U(16)
# what the core knows of an order (RECORDED, CLOSED, LOST, CANCEL_ASKED) and what the exchange does
RECORDED, CLOSED, LOST, CANCEL_ASKED, PLACED, REFUSED, CANCELLED, EXPIRED, CLONE = (1 << i for i in range(9))
ENDED = REFUSED | CANCELLED | EXPIRED
BUY, SELL = 1, -1
LOT, QUANTITY_MAX = 100, 1_000_000

# --- intent row; transfers and funds use PRICE and ORDER for what is in transit and for how far they got ---------------
(R_SUBMITTED, R_ANSWERED, R_META, R_WHO, R_QUANTITY, R_PRICE, R_PLACED_AT, R_ORDER, R_RECORDED_AT, R_REQUEST) = _fields(10)
R_TRANSIT, R_PROGRESS = R_PRICE, R_ORDER
ROW_STRIDE = 10
# META: flow 12 bits, kind 4, client outcome 4, last code 8, attempts 8, times recorded 8, times placed 8, flags
M_KIND, M_OUTCOME, M_CODE, M_ATTEMPTS, M_RECORDED, M_PLACED, M_FLAGS = 12, 16, 20, 28, 36, 44, 52
WAS_REFUSED, WAS_STRANDED, ANSWERED_TWICE, FILE_MISSED = (1 << M_FLAGS + i for i in range(4))
# WHO: customer << 8 | holding << 1 | side (1: buy, deposit). PROGRESS of a fund order: pending subscriptions, redemptions << 8
REDEMPTIONS = 8

_ACCOUNT, _SESSION, _INSTRUMENT = U(name_hash("account")), U(name_hash("session")), U(name_hash("instrument"))
_INTENT, _DIRECTION = U(name_hash("order")), U(name_hash("intent/direction"))
_FILL, _REFUSE = U(name_hash("fill")), U(name_hash("exchange-reject"))
_NANO = 1e-9


# --- making the arena ------------------------------------------------------------------------------------------------------


def create(seed: int, accounts: Any, instruments: Any, orders: Any, *, deposit_share: float = 0.5, room: int = 4096) -> Array:
    """A new arena for a workload's `accounts`, `instruments` and `orders` (models of simcore.model.workload).

    `deposit_share` of the transfers go from bank to broker, of the fund orders into the fund; the rest back. `room` is the
    number of effects that surely fit before `grow`.
    Markets open with every switch on; instruments start on market 0.
    """
    instruments_at = int(HEADER_SIZE) + accounts.count
    heap = instruments_at + instruments.count * int(INSTRUMENT_SIZE)
    ledger = take("ledger", heap + room * int(ACCOUNT_SIZE + ORDER_SIZE))
    header = {
        TOP: heap, HEAP: heap, CUSTOMERS: accounts.count, INSTRUMENTS: instruments.count, INSTRUMENTS_AT: instruments_at,
        SETTLED_AT: NOT_YET, BANK_OPEN: 1,
        CASH_MEDIAN: round(accounts.cash_median * 100), CASH_SIGMA: round(accounts.cash_sigma / _NANO),
        BANK_MEDIAN: round(accounts.bank_median * 100), SHARES_MEDIAN: round(accounts.shares_median),
        BUY_SHARE: round(orders.buy_share / _NANO), LOTS_MEDIAN: round(orders.lots_median / _NANO),
        LOTS_SIGMA: round(orders.lots_sigma / _NANO), ODD_LOT_SHARE: round(orders.odd_lot_share / _NANO),
        BEYOND_LIMIT_SHARE: round(orders.beyond_limit_share / _NANO), DEPOSIT_SHARE: round(deposit_share / _NANO),
        EXCHANGE_REJECT_SHARE: round(orders.exchange_reject_share / _NANO),
    }  # fmt: skip
    for field, value in header.items():
        ledger[field] = value
    ledger[int(MARKETS) : int(MARKETS) + MAX_MARKETS] = TAKES_ORDERS | TAKES_CANCELS | QUEUES_OVERNIGHT
    with np.errstate(over="ignore"):
        ledger.view(np.uint64)[SEED_KEY] = mix_int(seed)
        price = instruments.price_median * 100, instruments.price_sigma, instruments.price_limit
        _populate(ledger, float(accounts.sessions_at_start), *map(float, price))
    return ledger


@entry
def _populate(L, sessions_share, price_median, price_sigma, price_limit):
    key = combine(U(L[SEED_KEY]), _SESSION)
    if sessions_share > 0.0:
        for customer in range(L[CUSTOMERS]):
            if uniform(combine(key, U(customer))) < sessions_share:
                L[HEADER_SIZE + U(customer)] = 1
                L[SESSIONS] += 1
    key = combine(U(L[SEED_KEY]), _INSTRUMENT)
    for i in range(L[INSTRUMENTS]):
        at = U(L[INSTRUMENTS_AT]) + U(i) * INSTRUMENT_SIZE
        price = max(100, _lognormal(price_median, price_sigma, uniform(combine(key, U(i)))))
        L[at + I_PRICE] = price
        L[at + I_LOW] = max(1, math.floor(price * (1.0 - price_limit) + 0.5))
        L[at + I_HIGH] = math.floor(price * (1.0 + price_limit) + 0.5)


def order_room(L: Array) -> int:
    """How many effects surely fit before `grow` is needed: each may make one account and one order."""
    return int(len(L) - L[TOP]) // int(ACCOUNT_SIZE + ORDER_SIZE)


def written(L: Array) -> int:
    """How many words, from the first on, may be other than zero: an order that was rejected has left some beyond the last record."""
    return min(len(L), int(L[TOP]) + int(ORDER_SIZE))


def grow(L: Array) -> Array:
    """The arena with its heap at least doubled. Handles stay valid."""
    bigger = np.zeros(len(L) + max(len(L) - int(L[HEAP]), 4096 * int(ACCOUNT_SIZE + ORDER_SIZE)), np.int64)
    bigger[: L[TOP]] = L[: L[TOP]]
    return bigger


def set_market(L: Array, market: int, *, orders: bool, cancels: bool, overnight: bool) -> None:
    """What exchange number `market` takes now, and whether the broker queues orders for it while it is closed."""
    L[int(MARKETS) + market] = orders * TAKES_ORDERS | cancels * TAKES_CANCELS | overnight * QUEUES_OVERNIGHT


def assign_markets(L: Array, markets: Array) -> None:
    """Gives each instrument its exchange: int array of shape (instruments,), values in 0..MAX_MARKETS−1."""
    assert len(markets) == L[INSTRUMENTS] and markets.min() >= 0 and markets.max() < MAX_MARKETS
    L[int(L[INSTRUMENTS_AT]) + int(I_MARKET) : int(L[HEAP]) : int(INSTRUMENT_SIZE)] = markets


# --- customers ---------------------------------------------------------------------------------------------------------------


@inner
def _lognormal(median, sigma, u):
    """A whole number, at most 1e13, so that sums over any population stay far from 2^63."""
    return math.floor(min(median * math.exp(sigma * normal(u)), 1e13))


@inner
def _first(L, customer, what):
    """What a customer owns at first: of CASH, BANK, UNITS (half of them have some), SHARES + holding (whole lots)."""
    key = combine(combine(U(L[SEED_KEY]), _ACCOUNT), U(customer))
    u = draw(key, U(what))
    if what >= SHARES:
        return LOT * _lognormal(L[SHARES_MEDIAN] * 0.01, 1.0, u)
    if what == UNITS:
        return _lognormal(L[CASH_MEDIAN], L[CASH_SIGMA] * _NANO, 2.0 * u - 1.0) if u > 0.5 else 0
    return _lognormal(L[CASH_MEDIAN] if what == CASH else L[BANK_MEDIAN], L[CASH_SIGMA] * _NANO, u)


@inner
def endow(L, out, at, customer):
    """Writes what `customer` owns at first into the account-sized record at `at` of `out`."""
    for field in range(np.int64(ACCOUNT_SIZE)):
        out[at + U(field)] = 0
    out[at + A_CUSTOMER] = -1 - customer
    out[at + A_AVAILABLE] = _first(L, customer, CASH)
    out[at + A_BANK] = _first(L, customer, BANK)
    out[at + A_FUND] = _first(L, customer, UNITS)
    for j in range(HOLDINGS):
        out[at + A_HOLDINGS + U(j) * HOLDING_SIZE + H_AVAILABLE] = _first(L, customer, SHARES + j)


@inner
def account_of(L, customer):
    """Handle (uint64) of a customer's account, made on first use."""
    word = L[HEADER_SIZE + U(customer)]
    if word > 1:
        return U(word >> 1)
    account = U(L[TOP])
    L[TOP] += np.int64(ACCOUNT_SIZE)
    L[HEADER_SIZE + U(customer)] = np.int64(account) << 1 | word
    endow(L, L, account, customer)
    L[BROKER_CASH] += L[account + A_AVAILABLE]
    L[BANK_CASH] += L[account + A_BANK]
    L[FUND_CASH] += L[account + A_FUND]
    return account


@inner
def has_session(L, customer):
    """1 if the customer is logged in, else 0."""
    return L[HEADER_SIZE + U(customer)] & 1


@inner
def set_session(L, customer, logged_in):
    """Logs a customer in (1) or out (0)."""
    at = HEADER_SIZE + U(customer)
    L[SESSIONS] += logged_in - (L[at] & 1)
    L[at] = L[at] - (L[at] & 1) + logged_in


@inner
def instrument_held(L, customer, holding):
    """Number of the instrument in a customer's holding 0..3. Two holdings may be of one instrument."""
    key = combine(combine(U(L[SEED_KEY]), _INSTRUMENT), U(customer))
    return np.int64(combine(key, U(holding)) % U(L[INSTRUMENTS]))


# --- intents -----------------------------------------------------------------------------------------------------------------


@inner
def instrument(L, rows, row, customer, root, ref):
    """Number of the instrument that an intent is about: its order's, if there is one, else its own holding's."""
    if ref > 0:
        return np.int64((U(L[U(ref) + O_INSTRUMENT]) - U(L[INSTRUMENTS_AT])) // INSTRUMENT_SIZE)
    if row >= 0:
        return instrument_held(L, customer, rows[U(row) * U(ROW_STRIDE) + R_WHO] >> 1 & 3)
    return instrument_held(L, customer, _holding(root))


@inner
def _holding(root):
    return np.int64(draw(combine(root, _INTENT), U(0)) * HOLDINGS)


@inner
def side(rows, row):
    """1 for a buy or a deposit (bank to broker), 0 for a sell or a withdrawal."""
    return rows[U(row) * U(ROW_STRIDE) + R_WHO] & 1


@inner
def new_intent(L, rows, row, now, flow_index, flow_kind, root, customer):
    """Fills row number `row` with an intent.

    Nothing but seed, customer and root decides it, so that every architecture gets the same. Customers know their means: they
    intend no more than they owned at first, but at least one lot or 100 yuan.
    """
    i = U(row) * U(ROW_STRIDE)
    key = combine(root, _INTENT)
    holding = _holding(root)
    wants = 1 if draw(key, U(1)) < L[BUY_SHARE] * _NANO else 0
    quantity, price = 0, 0
    if flow_kind == ORDER or flow_kind == PROBE:
        at = U(L[INSTRUMENTS_AT]) + U(instrument_held(L, customer, holding)) * INSTRUMENT_SIZE
        if flow_kind == PROBE:
            quantity, price, wants = LOT, L[at + I_PRICE], 1
        else:
            lots = _lognormal(L[LOTS_MEDIAN] * _NANO, L[LOTS_SIGMA] * _NANO, draw(key, U(2)))
            price = np.int64(math.floor(L[at + I_PRICE] * (0.99 + 0.02 * draw(key, U(5))) + 0.5))
            price = min(max(price, L[at + I_LOW]), L[at + I_HIGH])
            means = np.int64(0.99 * _first(L, customer, CASH)) // price if wants else _first(L, customer, SHARES + holding)
            quantity = LOT * max(1, min(lots, means // LOT, QUANTITY_MAX // LOT))
            if draw(key, U(3)) < L[ODD_LOT_SHARE] * _NANO:
                quantity -= 1 + np.int64(draw(key, U(4)) * (LOT - 1))
            if draw(key, U(6)) < L[BEYOND_LIMIT_SHARE] * _NANO:
                price = L[at + I_HIGH] + 1 if wants else L[at + I_LOW] - 1
    elif flow_kind == TRANSFER or flow_kind == FUND:
        wants = 1 if uniform(combine(root, _DIRECTION)) < L[DEPOSIT_SHARE] * _NANO else 0
        source = (BANK if wants else CASH) if flow_kind == TRANSFER else (CASH if wants else UNITS)
        median = L[BANK_MEDIAN] if source == BANK else L[CASH_MEDIAN]
        wish = _lognormal(median * 1e-5, 1.0, draw(key, U(2)))
        quantity = 10_000 * max(1, min(wish, _first(L, customer, source) // 10_000))
    rows[i + R_SUBMITTED] = now
    rows[i + R_ANSWERED] = NOT_YET
    rows[i + R_META] = flow_index | flow_kind << M_KIND
    rows[i + R_WHO] = customer << 8 | holding << 1 | wants
    rows[i + R_QUANTITY] = quantity
    rows[i + R_PRICE] = price
    rows[i + R_PLACED_AT] = NOT_YET
    rows[i + R_ORDER] = 0
    rows[i + R_RECORDED_AT] = NOT_YET


@inner
def answer(L, rows, row, now, outcome, code, attempts):
    """What the client saw at the end; only the first answer of an intent counts, a second one is on record as our bug."""
    i = U(row) * U(ROW_STRIDE)
    if rows[i + R_META] >> M_OUTCOME & 15:
        rows[i + R_META] |= ANSWERED_TWICE
        return
    rows[i + R_META] |= outcome << M_OUTCOME | code << M_CODE | min(attempts, 255) << M_ATTEMPTS
    rows[i + R_ANSWERED] = now


@inner
def _count(rows, i, times, at, now):
    """One more time recorded or placed (`times`, at most 255), with the time of the first in field `at`."""
    if rows[i + R_META] >> times & 255 < 255:
        rows[i + R_META] += 1 << times
    if rows[i + at] == NOT_YET:
        rows[i + at] = now


# --- orders ------------------------------------------------------------------------------------------------------------------


@inner
def fees(value, side_):
    """Commission 0.025 %, at least 5 yuan; for sells 0.05 % stamp duty on top, all together at most the proceeds [memory]."""
    if value == 0:
        return 0
    commission = max(500, (value * 25 + 50_000) // 100_000)
    if side_ == BUY:
        return commission
    return min(value, commission + (value * 50 + 50_000) // 100_000)


@inner
def required(L, order, filled):
    """What an open order must keep frozen once `filled` shares are booked: cents for a buy, shares for a sell."""
    rest = L[order + O_QUANTITY] - filled
    if L[order + O_SIDE] == SELL:
        return rest
    paid, to_pay = filled * L[order + O_FILL_PRICE], rest * L[order + O_PRICE]
    return to_pay + fees(paid + to_pay, BUY) - fees(paid, BUY)


@inner
def frozen_at(L, order):
    """Where an order's frozen cash or shares are taken from, and where they are kept."""
    if L[order + O_SIDE] == BUY:
        return U(L[order + O_ACCOUNT]) + A_AVAILABLE, U(L[order + O_ACCOUNT]) + A_FROZEN
    return U(L[order + O_HOLDING]) + H_AVAILABLE, U(L[order + O_HOLDING]) + H_FROZEN


@inner
def _new_order(L):
    order = U(L[TOP])
    L[TOP] += np.int64(ORDER_SIZE)
    return order


@inner
def _record_order(L, rows, i, row, now, root, customer):
    """The counter checks against its own ledger, freezes, and gives the order its number. 0 if it says no."""
    account = account_of(L, customer)
    holding = rows[i + R_WHO] >> 1 & 3
    at = U(L[INSTRUMENTS_AT]) + U(instrument_held(L, customer, holding)) * INSTRUMENT_SIZE
    quantity, price = rows[i + R_QUANTITY], rows[i + R_PRICE]
    if L[MARKETS + U(L[at + I_MARKET])] & (TAKES_ORDERS | QUEUES_OVERNIGHT) == 0:
        return U(0)
    if quantity <= 0 or price < L[at + I_LOW] or price > L[at + I_HIGH]:
        return U(0)
    order = U(L[TOP])  # not taken yet: a rejected order leaves no record, and the next one writes over it
    better = np.int64(draw(combine(root, _FILL), U(1)) * 3)
    is_buy = rows[i + R_WHO] & 1
    L[order + O_SIDE] = BUY if is_buy else SELL
    L[order + O_ACCOUNT] = np.int64(account)
    L[order + O_HOLDING] = np.int64(account + A_HOLDINGS + U(holding) * HOLDING_SIZE)
    L[order + O_INSTRUMENT] = np.int64(at)
    L[order + O_QUANTITY] = quantity
    L[order + O_PRICE] = price
    L[order + O_FILL_PRICE] = max(price - better, L[at + I_LOW]) if is_buy else min(price + better, L[at + I_HIGH])
    source, kept = frozen_at(L, order)
    need = required(L, order, 0)
    odd = quantity % LOT
    if L[source] < need or (odd != 0 and (is_buy or odd != L[source] % LOT)):
        return U(0)
    order = _new_order(L)
    L[source] -= need
    L[kept] += need
    L[order + O_ROW] = row
    L[order + O_STATE] = RECORDED
    L[order + O_RECORDED_AT] = now
    L[order + O_ACCEPTED_AT] = NOT_YET
    L[order + O_FILLED], L[order + O_BOOKED], L[order + O_FEES] = 0, 0, 0
    L[order + O_FROZEN] = need
    L[order + O_PREVIOUS] = L[account + A_LAST_ORDER]
    L[account + A_LAST_ORDER] = np.int64(order)
    rows[i + R_ORDER] = np.int64(order)
    _count(rows, i, M_RECORDED, R_RECORDED_AT, now)
    return order


@inner
def snapshot(L, order):
    """What the exchange says of an order: cumulative quantity << 1 | ended. This is what a report carries."""
    return L[order + O_FILLED] << 1 | (1 if L[order + O_STATE] & ENDED else 0)


@inner
def _accept(L, rows, now, root, order):
    """The exchange takes the order in, or refuses it. It knows no duplicates: an order that comes again is another order."""
    if L[order + O_STATE] & (PLACED | REFUSED):
        again = _new_order(L)
        for field in range(np.int64(ORDER_SIZE)):
            L[again + U(field)] = L[order + U(field)]
        order = again
        L[order + O_STATE] = CLONE
        L[order + O_FILLED], L[order + O_BOOKED], L[order + O_FEES], L[order + O_FROZEN] = 0, 0, 0, 0
    i = U(L[order + O_ROW]) * U(ROW_STRIDE)
    market = L[MARKETS + U(L[U(L[order + O_INSTRUMENT]) + I_MARKET])]
    if market & TAKES_ORDERS == 0 or uniform(combine(root, _REFUSE)) < L[EXCHANGE_REJECT_SHARE] * _NANO:
        L[order + O_STATE] |= REFUSED
        rows[i + R_META] |= WAS_REFUSED
    else:
        L[order + O_STATE] |= PLACED
        _count(rows, i, M_PLACED, R_PLACED_AT, now)
    L[order + O_ACCEPTED_AT] = now
    return order


@inner
def _fill(L, root, order):
    """Half of the fills take all that is left, the others some lots of it, at least one [guess]."""
    market = L[MARKETS + U(L[U(L[order + O_INSTRUMENT]) + I_MARKET])]
    rest = L[order + O_QUANTITY] - L[order + O_FILLED]
    if L[order + O_STATE] & (PLACED | ENDED) != PLACED or rest == 0 or market & TAKES_ORDERS == 0:
        return REJECTED
    key = combine(combine(root, _FILL), U(L[order + O_FILLED]))
    if draw(key, U(2)) >= 0.5 and rest > LOT:
        rest = LOT * (1 + np.int64(draw(key, U(3)) * (rest // LOT)))
    L[order + O_FILLED] += min(rest, L[order + O_QUANTITY] - L[order + O_FILLED])
    return OK


@inner
def book(L, order, filled, ended):
    """The core brings an open order up to `filled` shares in all, and gives back frozen cash or shares not needed any more."""
    if L[order + O_STATE] & (RECORDED | CLOSED) != RECORDED:
        return
    filled = max(filled, L[order + O_BOOKED])
    new = filled - L[order + O_BOOKED]
    way, at = L[order + O_SIDE], U(L[order + O_INSTRUMENT])
    account, holding = U(L[order + O_ACCOUNT]), U(L[order + O_HOLDING])
    value = new * L[order + O_FILL_PRICE]
    charged = fees(filled * L[order + O_FILL_PRICE], way) - L[order + O_FEES]
    closing = ended or filled == L[order + O_QUANTITY]
    keep = 0 if closing else required(L, order, filled)
    used = value + charged if way == BUY else new
    source, kept = frozen_at(L, order)
    L[source] += L[order + O_FROZEN] - used - keep
    L[kept] -= L[order + O_FROZEN] - keep
    if way == BUY:
        L[holding + H_TODAY] += new
    else:
        L[account + A_AVAILABLE] += value - charged
        L[account + A_UNSETTLED] += value - charged
    L[BROKER_CASH] -= way * value + charged
    L[MARKET_CASH] += way * value
    L[FEES] += charged
    L[at + I_SHARES] -= way * new
    L[order + O_BOOKED] = filled
    L[order + O_FEES] += charged
    L[order + O_FROZEN] = keep
    if closing:
        L[order + O_STATE] |= CLOSED


@inner
def _last_open(L, account):
    """The customer's most recent order that is open in the core; closed ones drop off the list, for they stay closed."""
    order = U(L[account + A_LAST_ORDER])
    while order != U(0) and L[order + O_STATE] & (RECORDED | CLOSED) != RECORDED:
        order = U(L[order + O_PREVIOUS])
    L[account + A_LAST_ORDER] = np.int64(order)
    return order


@inner
def _order_effect(L, rows, effect, now, root, row, customer, ref, arg):
    i, order = U(row) * U(ROW_STRIDE), U(ref)
    if effect == ORDER_RECORD:
        order = _record_order(L, rows, i, row, now, root, customer)
    elif effect == CANCEL_RECORD:
        order = _last_open(L, account_of(L, customer))
    if order == U(0):
        return REJECTED
    if effect == ORDER_ACCEPT:
        order = _accept(L, rows, now, root, order)
    elif effect == ORDER_FILL:
        if _fill(L, root, order) == REJECTED:
            return REJECTED
    elif effect == ORDER_REPORT:
        L[UNKNOWN_REPORTS] += 1 - (L[order + O_STATE] & RECORDED)
        book(L, order, arg >> 1, arg & 1 == 1)
        return OK
    elif effect == CANCEL_RECORD:
        L[order + O_STATE] |= CANCEL_ASKED
        rows[i + R_ORDER] = np.int64(order)
        _count(rows, i, M_RECORDED, R_RECORDED_AT, now)
    elif effect == CANCEL_ACCEPT:
        market = L[MARKETS + U(L[U(L[order + O_INSTRUMENT]) + I_MARKET])]
        full = L[order + O_FILLED] == L[order + O_QUANTITY]
        if L[order + O_STATE] & (PLACED | ENDED) != PLACED or full or market & TAKES_CANCELS == 0:
            return REJECTED
        L[order + O_STATE] |= CANCELLED
        _count(rows, i, M_PLACED, R_PLACED_AT, now)
    L[OUT_REF] = np.int64(order)
    L[OUT_ARG] = snapshot(L, order)
    return OK


# --- transfers and funds -------------------------------------------------------------------------------------------------------


@inner
def from_transit(L, rows, i, account, field, total, amount):
    """Moves `amount` out of transit into a balance (negative: the other way), with the running totals of both ledgers."""
    L[account + field] += amount
    L[total] += amount
    L[account + A_TRANSIT] -= amount
    L[IN_TRANSIT] -= amount
    rows[i + R_TRANSIT] -= amount


@inner
def _transfer_effect(L, rows, effect, now, row, customer):
    """An effect of the other direction does nothing. There is no key: what is done twice moves the money twice."""
    i, account = U(row) * U(ROW_STRIDE), account_of(L, customer)
    amount, deposit = rows[i + R_QUANTITY], rows[i + R_WHO] & 1 == 1
    if amount <= 0:
        return REJECTED
    if effect == TRANSFER_RESERVE:
        withdrawable = L[account + A_AVAILABLE] - L[account + A_UNSETTLED]
        if L[BANK_OPEN] == 0 or (not deposit and withdrawable < amount):
            return REJECTED
        if not deposit:
            from_transit(L, rows, i, account, A_AVAILABLE, BROKER_CASH, -amount)
        _count(rows, i, M_RECORDED, R_RECORDED_AT, now)
    elif effect == TRANSFER_BANK_DEBIT and deposit:
        if L[BANK_OPEN] == 0 or L[account + A_BANK] < amount:
            return REJECTED
        from_transit(L, rows, i, account, A_BANK, BANK_CASH, -amount)
        _count(rows, i, M_PLACED, R_PLACED_AT, now)
    elif effect == TRANSFER_BANK_CREDIT and not deposit:
        if L[BANK_OPEN] == 0:
            return REJECTED
        from_transit(L, rows, i, account, A_BANK, BANK_CASH, amount)
        _count(rows, i, M_PLACED, R_PLACED_AT, now)
    elif (effect == TRANSFER_CREDIT and deposit) or (effect == TRANSFER_REVERSE and not deposit):
        from_transit(L, rows, i, account, A_AVAILABLE, BROKER_CASH, amount)
    return OK


@inner
def _fund_effect(L, rows, effect, now, row, customer):
    i, account = U(row) * U(ROW_STRIDE), account_of(L, customer)
    amount = rows[i + R_QUANTITY]
    source = A_AVAILABLE if effect == FUND_SUBSCRIBE else A_FUND
    if amount <= 0 or L[account + source] < amount:
        return REJECTED
    L[account + source] -= amount
    if effect == FUND_SUBSCRIBE:
        L[account + A_FUND_CASH] += amount
        rows[i + R_PROGRESS] += 1
    elif effect == FUND_REDEEM:
        L[account + A_FUND_REDEEMING] += amount
        rows[i + R_PROGRESS] += 1 << REDEMPTIONS
    else:
        L[account + A_AVAILABLE] += amount
        L[BROKER_CASH] += amount
        L[FUND_CASH] -= amount
    _count(rows, i, M_RECORDED, R_RECORDED_AT, now)
    return OK


@inner
def _margin(L, rows, row, customer):
    """A buy may be worth at most available cash / 80 %, the margin ratio [memory]."""
    i = U(row) * U(ROW_STRIDE)
    value = rows[i + R_QUANTITY] * rows[i + R_PRICE]
    refused = rows[i + R_WHO] & 1 == 1 and value * 4 > L[account_of(L, customer) + A_AVAILABLE] * 5
    return REJECTED if refused else OK


@inner
def apply(L, rows, effect_code, now, root, row, customer, ref, arg):
    """Performs one effect for a task; answers OK or REJECTED (a business reject).

    `root` is uint64, all else int64; `row` is −1 without one; `ref` is the order handle and `arg` the report carried so far.
    L[OUT_REF] and L[OUT_ARG] are what the task carries on to its later steps and messages.
    """
    L[OUT_REF], L[OUT_ARG] = ref, arg
    if effect_code == RECORD:
        if row >= 0:
            _count(rows, U(row) * U(ROW_STRIDE), M_RECORDED, R_RECORDED_AT, now)
        return OK
    if effect_code == SESSION_OPEN or effect_code == SESSION_CLOSE:
        set_session(L, customer, 1 if effect_code == SESSION_OPEN else 0)
        return OK
    if effect_code == MARGIN_CHECK:
        return OK if row < 0 else _margin(L, rows, row, customer)
    if row < 0:
        return REJECTED
    if effect_code <= CANCEL_ACCEPT:
        return _order_effect(L, rows, effect_code, now, root, row, customer, ref, arg)
    if effect_code <= TRANSFER_REVERSE:
        return _transfer_effect(L, rows, effect_code, now, row, customer)
    return _fund_effect(L, rows, effect_code, now, row, customer)
