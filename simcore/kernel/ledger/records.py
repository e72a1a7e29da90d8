"""Which word of the ledger's arena means what, and the codes that are the same for every counterparty.

The arena `L` is a header, the customers' directory, the instruments, tables of counterparties that keep something for every
customer, and a heap on which accounts and orders are made as they are first needed: three million customers cost their directory
alone until they act. A handle is an absolute index into `L`, as uint64; 0 is none. Money is in cents, fund units in hundredths
(one unit is one yuan), time in ns.

`rows` holds one intent in each ROW_STRIDE words. Every effect but record, session.* and margin.check needs a row.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from simcore.kernel.layout import U

Array = np.ndarray[Any, np.dtype[np.int64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]


def fields(count: int, first: int = 0) -> list[np.uint64]:
    """The offsets of `count` words that follow each other, from `first` on."""
    return [U(first + i) for i in range(count)]


HOUR_NS = 3_600 * 1_000_000_000
DAY_NS = 24 * HOUR_NS
NANO = 1e-9
"""Shares and sigmas stand in the header as whole billionths."""

# --- codes ---------------------------------------------------------------------------------------------------------------------
# Those of a counterparty's own effects and kinds of flows are in its module.
RECORD, SESSION_OPEN, SESSION_CLOSE, MARGIN_CHECK = 1, 2, 3, 40
REQUEST, LOGIN, QUERY, ORDER, CANCEL, TRANSFER, FUND, PROBE = range(8)
OK, REJECTED = 0, 1
NOT_YET = -1  # a time that has not come

# --- header ------------------------------------------------------------------------------------------------------------------
OUT_REF = U(1)  # what an effect gives its task to carry on: the order
OUT_ARG = U(2)  # and what is reported of it
TOP = U(3)  # the first free word of the heap
HEAP = U(4)  # its first word
CUSTOMERS = U(5)  # how many there are
INSTRUMENTS = U(6)  # how many there are
INSTRUMENTS_AT = U(7)  # the first of them
SEED_KEY = U(8)  # mix(seed), as uint64
SESSIONS = U(9)  # customers logged in
BROKER_CASH = U(10)  # of all customers at the broker
BANK_CASH = U(11)  # at the banks
FUND_CASH = U(12)  # behind their fund units
SUSPENSE = U(13)  # the broker's own error account
CASH_MEDIAN = U(14)  # of what customers own at first: at the broker
CASH_SIGMA = U(15)  # of both, billionths
BANK_MEDIAN = U(16)  # at the bank
SHARES_MEDIAN = U(17)  # shares of a holding
BUY_SHARE = U(18)  # of the intents, billionths
DEPOSIT_SHARE = U(19)  # of transfers into the broker and of fund orders into the fund, billionths
OWN_WORDS, _OWN_WORDS_AT, _BLOCKS = 32, 32, 16
HEADER_SIZE = U(_OWN_WORDS_AT + _BLOCKS * OWN_WORDS)
"""The directory follows: for each customer, account handle << 1 | logged in."""


def own_words(first_code: int, count: int) -> list[np.uint64]:
    """Words of the header that belong to the counterparty whose effects have the codes from `first_code` (a multiple of ten) on."""
    block = first_code // 10
    assert 0 < block < _BLOCKS and count <= OWN_WORDS, f"{count} words for the effects from {first_code} on"
    return fields(count, _OWN_WORDS_AT + block * OWN_WORDS)


# --- account: a customer's, made when it is first needed -----------------------------------------------------------------------
ACC_CUSTOMER = U(0)  # −1 − number: the sign of the first word tells it from an order
ACC_AVAILABLE = U(1)  # cash that can buy
ACC_FROZEN = U(2)  # cash that open buys need
ACC_UNSETTLED = U(3)  # of the cash available: today's proceeds, which cannot be withdrawn yet
ACC_BANK = U(4)  # cash at the bank
ACC_TRANSIT = U(5)  # cash on its way between bank and broker
ACC_FUND = U(6)  # fund units
ACC_FUND_CASH = U(7)  # cash of subscriptions not confirmed yet
ACC_FUND_REDEEMING = U(8)  # units of redemptions not confirmed yet
ACC_LAST_ORDER = U(9)  # handle of the most recent order in the core
ACC_HOLDINGS, HOLDINGS = U(10), 4  # the first holding, and how many there are
ACC_SIZE = U(22)
# a holding of an account: shares of one instrument
HLD_AVAILABLE = U(0)  # that can be sold
HLD_FROZEN = U(1)  # that open sells need
HLD_TODAY = U(2)  # bought today
HLD_SIZE = U(3)

# --- instrument --------------------------------------------------------------------------------------------------------------
INS_PRICE = U(0)  # reference price
INS_LOW = U(1)  # the day's limits
INS_HIGH = U(2)
INS_MARKET = U(3)  # number of its exchange
INS_SHARES = U(4)  # that the market has by what was traded
INS_SUSPENSE = U(5)  # in the broker's own error account
INS_SIZE = U(6)

# --- order -------------------------------------------------------------------------------------------------------------------
ORD_ROW = U(0)  # number of its intent's row
ORD_ACCOUNT = U(1)  # handle
ORD_HOLDING = U(2)  # handle
ORD_INSTRUMENT = U(3)  # handle
ORD_SIDE = U(4)  # BUY or SELL
ORD_QUANTITY = U(5)  # shares
ORD_PRICE = U(6)  # limit
ORD_FILL_PRICE = U(7)  # what the exchange fills it at
ORD_STATE = U(8)  # bits: RECORDED and so on
ORD_RECORDED_AT = U(9)
ORD_ACCEPTED_AT = U(10)
ORD_FILLED = U(11)  # shares, at the exchange
ORD_BOOKED = U(12)  # shares, in the core
ORD_FEES = U(13)  # charged
ORD_FROZEN = U(14)  # cents or shares still frozen for it
ORD_PREVIOUS = U(15)  # the same customer's order before it, closed ones left out
ORD_REPORTED_AT = U(16)  # when the core first booked a report of it
ORD_SIZE = U(17)
# what the core knows of an order (RECORDED, CLOSED, LOST, CANCEL_ASKED) and what the exchange does
RECORDED, CLOSED, LOST, CANCEL_ASKED, PLACED, REFUSED, CANCELLED, EXPIRED, CLONE = (1 << i for i in range(9))
ENDED = REFUSED | CANCELLED | EXPIRED
BUY, SELL = 1, -1
LOT, QUANTITY_MAX = 100, 1_000_000

EFFECT_WORDS = int(ACC_SIZE + ORD_SIZE)
"""An effect makes at most one account and one order."""

# --- intent row --------------------------------------------------------------------------------------------------------------
ROW_SUBMITTED = U(0)
ROW_ANSWERED = U(1)
ROW_META = U(2)  # flow 12 bits, then what META_… says
ROW_WHO = U(3)  # customer << 8 | holding << 1 | side (1: buy, deposit)
ROW_QUANTITY = U(4)  # shares, or cents
ROW_PRICE = U(5)  # limit of an order
ROW_TRANSIT = ROW_PRICE  # all others: what is in transit, cents
ROW_PLACED_AT = U(6)  # when it first came to the counterparty
ROW_ORDER = U(7)  # handle of an order
ROW_PROGRESS = ROW_ORDER  # all others: how far they have come
ROW_RECORDED_AT = U(8)  # when the core first recorded it
ROW_REQUEST = U(9)  # number
ROW_STRIDE = 10
# first bits of META's parts: kind of flow 4, client outcome 4, last code 8, attempts 8, times recorded 8, times placed 8, flags
META_KIND, META_OUTCOME, META_CODE, META_ATTEMPTS, META_RECORDED, META_PLACED, META_FLAGS = 12, 16, 20, 28, 36, 44, 52
WAS_REFUSED, WAS_STRANDED, ANSWERED_TWICE, FILE_MISSED = (1 << META_FLAGS + i for i in range(4))


# --- reading the arenas from Python ------------------------------------------------------------------------------------------


def values_of(L: Array, handles: Array, field: Any) -> Array:
    """One field of the records at `handles`, as a copy."""
    values: Array = L[handles + int(field)]
    return values


def column(rows: Array, field: Any) -> Array:
    """One field of all rows, as a view."""
    values: Array = rows[int(field) :: ROW_STRIDE]
    return values


def meta(rows: Array, shift: int, bits: int) -> Array:
    """A part of all rows' META word, `bits` wide."""
    values: Array = column(rows, ROW_META) >> shift & (1 << bits) - 1
    return values


def of_kind(rows: Array, kind: int) -> Flags:
    """Which rows are of that kind of flow."""
    flags: Flags = meta(rows, META_KIND, 4) == kind
    return flags
