"""Customers: what they own and are logged in to, and their accounts, which are made when they are first needed.

What a customer owns at first is a pure function of seed and number, so it does not depend on when it is written down.
docs/orders.md has the rules and their sources.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from simcore.kernel.jit import entry, inner
from simcore.kernel.layout import U
from simcore.kernel.ledger import records as k
from simcore.kernel.random import combine, draw, name_hash, normal, uniform

Array = k.Array
CASH, BANK, UNITS, SHARES = range(4)  # what a customer owns at first

INTENT = U(name_hash("order"))
"""Of an intent's root: the key of what it is about."""
_ACCOUNT, _SESSION, _INSTRUMENT = U(name_hash("account")), U(name_hash("session")), U(name_hash("instrument"))
_DIRECTION = U(name_hash("intent/direction"))


@entry
def populate(L, sessions_share, price_median, price_sigma, price_limit):
    """Writes who is logged in at first, and the instruments with their prices and limits, into a new arena."""
    key = combine(U(L[k.SEED_KEY]), _SESSION)
    if sessions_share > 0.0:
        for customer in range(L[k.CUSTOMERS]):
            if uniform(combine(key, U(customer))) < sessions_share:
                L[k.HEADER_SIZE + U(customer)] = 1
                L[k.SESSIONS] += 1
    key = combine(U(L[k.SEED_KEY]), _INSTRUMENT)
    for i in range(L[k.INSTRUMENTS]):
        at = U(L[k.INSTRUMENTS_AT]) + U(i) * k.INS_SIZE
        price = max(100, lognormal(price_median, price_sigma, uniform(combine(key, U(i)))))
        L[at + k.INS_PRICE] = price
        L[at + k.INS_LOW] = max(1, math.floor(price * (1.0 - price_limit) + 0.5))
        L[at + k.INS_HIGH] = math.floor(price * (1.0 + price_limit) + 0.5)


# --- what customers own --------------------------------------------------------------------------------------------------------


@inner
def lognormal(median, sigma, u):
    """A whole number, at most 1e13, so that sums over any population stay far from 2^63."""
    return math.floor(min(median * math.exp(sigma * normal(u)), 1e13))


@inner
def owned_at_first(L, customer, what):
    """What a customer owns at first: of CASH, BANK, UNITS, SHARES + holding (whole lots)."""
    key = combine(combine(U(L[k.SEED_KEY]), _ACCOUNT), U(customer))
    u = draw(key, U(what))
    if what >= SHARES:
        return k.LOT * lognormal(L[k.SHARES_MEDIAN] * 0.01, 1.0, u)
    return lognormal(L[k.BANK_MEDIAN] if what == BANK else L[k.CASH_MEDIAN], L[k.CASH_SIGMA] * k.NANO, u)


@inner
def endow(L, out, at, customer):
    """Writes what `customer` owns at first into the account-sized record at `at` of `out`."""
    for field in range(np.int64(k.ACC_SIZE)):
        out[at + U(field)] = 0
    out[at + k.ACC_CUSTOMER] = -1 - customer
    out[at + k.ACC_AVAILABLE] = owned_at_first(L, customer, CASH)
    out[at + k.ACC_BANK] = owned_at_first(L, customer, BANK)
    out[at + k.ACC_FUND] = owned_at_first(L, customer, UNITS)
    for j in range(k.HOLDINGS):
        out[at + k.ACC_HOLDINGS + U(j) * k.HLD_SIZE + k.HLD_AVAILABLE] = owned_at_first(L, customer, SHARES + j)


@inner
def account_of(L, customer):
    """Handle (uint64) of a customer's account, made on first use."""
    word = L[k.HEADER_SIZE + U(customer)]
    if word > 1:
        return U(word >> 1)
    account = U(L[k.TOP])
    L[k.TOP] += np.int64(k.ACC_SIZE)
    L[k.HEADER_SIZE + U(customer)] = np.int64(account) << 1 | word
    endow(L, L, account, customer)
    L[k.BROKER_CASH] += L[account + k.ACC_AVAILABLE]
    L[k.BANK_CASH] += L[account + k.ACC_BANK]
    L[k.FUND_CASH] += L[account + k.ACC_FUND]
    return account


@inner
def has_session(L, customer):
    """1 if the customer is logged in, else 0."""
    return L[k.HEADER_SIZE + U(customer)] & 1


@inner
def set_session(L, customer, logged_in):
    """Logs a customer in (1) or out (0)."""
    at = k.HEADER_SIZE + U(customer)
    L[k.SESSIONS] += logged_in - (L[at] & 1)
    L[at] = L[at] - (L[at] & 1) + logged_in


@inner
def instrument_held(L, customer, holding):
    """Number of the instrument in a customer's holding 0..3. Two holdings may be of one instrument."""
    key = combine(combine(U(L[k.SEED_KEY]), _INSTRUMENT), U(customer))
    return np.int64(combine(key, U(holding)) % U(L[k.INSTRUMENTS]))


# --- what intents and effects of several counterparties share ----------------------------------------------------------------


@inner
def intend_amount(L, rows, i, root, customer, inward, outward):
    """Draws direction and amount of a movement of money into the row at `i`, in hundreds of yuan.

    `inward` and `outward` (CASH, BANK, UNITS) are what it is taken from in either direction. Customers know their means: they intend
    no more than they owned at first, but at least 100 yuan.
    """
    wants = 1 if uniform(combine(root, _DIRECTION)) < L[k.DEPOSIT_SHARE] * k.NANO else 0
    source = inward if wants else outward
    median = L[k.BANK_MEDIAN] if source == BANK else L[k.CASH_MEDIAN]
    wish = lognormal(median * 1e-5, 1.0, draw(combine(root, INTENT), U(2)))
    rows[i + k.ROW_QUANTITY] = 10_000 * max(1, min(wish, owned_at_first(L, customer, source) // 10_000))
    rows[i + k.ROW_WHO] = rows[i + k.ROW_WHO] & -2 | wants


@inner
def count(rows, i, times, at, now):
    """One more time recorded or placed (`times`: META_RECORDED or META_PLACED, at most 255), with the time of the first in field `at`."""
    if rows[i + k.ROW_META] >> times & 255 < 255:
        rows[i + k.ROW_META] += 1 << times
    if rows[i + at] == k.NOT_YET:
        rows[i + at] = now


# --- all accounts together -----------------------------------------------------------------------------------------------------


class Handles(NamedTuple):
    """Handles (int64) of all accounts and of all orders, in the order they were made."""

    accounts: Array
    orders: Array


def handles_of(L: Array) -> Handles:
    """Of every record on the heap."""
    most = (int(L[k.TOP]) - int(L[k.HEAP])) // int(k.ORD_SIZE) + 1
    handles = np.empty(most, np.int64)
    accounts_n, orders_n = _handles(L, handles)
    return Handles(handles[:accounts_n], handles[most - orders_n :][::-1].copy())


@entry
def _handles(L, handles):
    """Handles of accounts from the beginning of `handles` on, of orders from its end; how many of each."""
    accounts_n, orders_n, at = 0, 0, L[k.HEAP]
    while at < L[k.TOP]:
        if L[U(at)] < 0:
            handles[U(accounts_n)] = at
            accounts_n += 1
            at += np.int64(k.ACC_SIZE)
        else:
            orders_n += 1
            handles[U(len(handles) - orders_n)] = at
            at += np.int64(k.ORD_SIZE)
    return accounts_n, orders_n


class Sums(NamedTuple):
    """All accounts together, int64 by field of their records: `total` now, at `first`, and how many are `negative`; and by instrument
    the shares that were held at first and that are held now."""

    total: Array
    first: Array
    negative: Array
    shares_first: Array
    shares_now: Array


def sums_of(L: Array, accounts: Array) -> Sums:
    """Adds up the accounts at these handles. What they owned at first is computed again."""
    size, instruments = int(k.ACC_SIZE), int(L[k.INSTRUMENTS])
    sums = Sums(*(np.zeros(n, np.int64) for n in (size, size, size, instruments, instruments)))
    _add_up(L, accounts, np.zeros(size, np.int64), *sums)
    return sums


@entry
def _add_up(L, handles, own, total, first, negative, shares_first, shares_now):
    """What all accounts come to, field by field and by instrument; `own` is room for what one of them had at first."""
    for n in range(len(handles)):
        at = U(handles[U(n)])
        customer = -1 - L[at + k.ACC_CUSTOMER]
        endow(L, own, U(0), customer)
        for i in range(len(own)):
            field = U(i)
            value = L[at + field]
            total[field] += value
            first[field] += own[field]
            if value < 0:
                negative[field] += 1
        for j in range(k.HOLDINGS):
            instrument, of = U(instrument_held(L, customer, j)), k.ACC_HOLDINGS + U(j) * k.HLD_SIZE
            shares_first[instrument] += own[of + k.HLD_AVAILABLE]
            shares_now[instrument] += L[at + of + k.HLD_AVAILABLE] + L[at + of + k.HLD_FROZEN] + L[at + of + k.HLD_TODAY]


def logged_in(L: Array) -> int:
    """How many customers the directory says are logged in."""
    return int((directory(L) & 1).sum())


def directory(L: Array) -> Array:
    """The customers' directory, as a view: account handle << 1 | logged in."""
    first = int(k.HEADER_SIZE)
    words: Array = L[first : first + int(L[k.CUSTOMERS])]
    return words


def lose_sessions(L: Array, customers: Any) -> None:
    """Logs these customers (numbers, each of them logged in) out."""
    directory(L)[customers] &= ~1
    L[k.SESSIONS] -= len(customers)
