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

# --- header: where things are, totals of the broker's own ledgers, parameters of what customers own and want --------------------
(
    NULL, OUT_REF, OUT_ARG, TOP, HEAP, CUSTOMERS, INSTRUMENTS, INSTRUMENTS_AT, SEED_KEY, SESSIONS, BROKER_CASH, BANK_CASH, FUND_CASH,
    SUSPENSE, CASH_MEDIAN, CASH_SIGMA, BANK_MEDIAN, SHARES_MEDIAN, BUY_SHARE, DEPOSIT_SHARE,
) = fields(20)  # fmt: skip
OWN_WORDS, _OWN_WORDS_AT, _BLOCKS = 32, 32, 16
HEADER_SIZE = U(_OWN_WORDS_AT + _BLOCKS * OWN_WORDS)
"""The directory follows: for each customer, account handle << 1 | logged in."""


def own_words(first_code: int, count: int) -> list[np.uint64]:
    """Words of the header that belong to the counterparty whose effects have the codes from `first_code` (a multiple of ten) on."""
    block = first_code // 10
    assert 0 < block < _BLOCKS and count <= OWN_WORDS, f"{count} words for the effects from {first_code} on"
    return fields(count, _OWN_WORDS_AT + block * OWN_WORDS)


# --- records: the sign of the first word tells an account (−1 − customer) from an order (row) -------------------
(
    ACC_CUSTOMER, ACC_AVAILABLE, ACC_FROZEN, ACC_UNSETTLED, ACC_BANK, ACC_TRANSIT, ACC_FUND, ACC_FUND_CASH, ACC_FUND_REDEEMING,
    ACC_LAST_ORDER,
) = fields(10)  # fmt: skip
ACC_HOLDINGS, HOLDINGS = U(10), 4
ACC_SIZE = U(22)
HLD_AVAILABLE, HLD_FROZEN, HLD_TODAY = fields(3)
HLD_SIZE = U(3)
INS_PRICE, INS_LOW, INS_HIGH, INS_MARKET, INS_SHARES, INS_SUSPENSE = fields(6)
INS_SIZE = U(6)
(
    ORD_ROW, ORD_ACCOUNT, ORD_HOLDING, ORD_INSTRUMENT, ORD_SIDE, ORD_QUANTITY, ORD_PRICE, ORD_FILL_PRICE, ORD_STATE, ORD_RECORDED_AT,
    ORD_ACCEPTED_AT, ORD_FILLED, ORD_BOOKED, ORD_FEES, ORD_FROZEN, ORD_PREVIOUS,
) = fields(16)  # fmt: skip
ORD_SIZE = U(16)
# what the core knows of an order (RECORDED, CLOSED, LOST, CANCEL_ASKED) and what the exchange does
RECORDED, CLOSED, LOST, CANCEL_ASKED, PLACED, REFUSED, CANCELLED, EXPIRED, CLONE = (1 << i for i in range(9))
ENDED = REFUSED | CANCELLED | EXPIRED
BUY, SELL = 1, -1
LOT, QUANTITY_MAX = 100, 1_000_000

EFFECT_WORDS = int(ACC_SIZE + ORD_SIZE)
"""An effect makes at most one account and one order."""

# --- intent row; all but orders use PRICE and ORDER for what is in transit and for how far they got ---------------------
(
    ROW_SUBMITTED, ROW_ANSWERED, ROW_META, ROW_WHO, ROW_QUANTITY, ROW_PRICE, ROW_PLACED_AT, ROW_ORDER, ROW_RECORDED_AT, ROW_REQUEST,
) = fields(10)  # fmt: skip
ROW_TRANSIT, ROW_PROGRESS = ROW_PRICE, ROW_ORDER
ROW_STRIDE = 10
# META: flow 12 bits, kind 4, client outcome 4, last code 8, attempts 8, times recorded 8, times placed 8, flags
META_KIND, META_OUTCOME, META_CODE, META_ATTEMPTS, META_RECORDED, META_PLACED, META_FLAGS = 12, 16, 20, 28, 36, 44, 52
WAS_REFUSED, WAS_STRANDED, ANSWERED_TWICE, FILE_MISSED = (1 << META_FLAGS + i for i in range(4))
# WHO: customer << 8 | holding << 1 | side (1: buy, deposit)


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
