"""Who was affected, and what they could claim: the list a broker compiles to answer complaints, under stated price assumptions.

Identities are synthetic, drawn by Faker from the customer's number. docs/reports.md says what is assumed and why.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from typing import IO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chaos.i18n.identities import Identities
from chaos.measures.formatting import Language, yuan
from chaos.reports.run.bins import Ints, Mask
from chaos.results.stored_run import StoredRun
from simcore.base.units import MINUTE, format_clock
from simcore.journal.model import FLAGS, OUTCOMES, Columns, rejected_wrongly

DAILY_MOVE = 0.02  # one standard deviation of a day's price change: a guess
SESSION_MIN = 240  # minutes of continuous and auction trading a day the move is spread over
UNDO_COST = 0.001  # to undo a surplus copy, of its value: duty, commission, spread; a guess

COMPLAINTS_PER_INCIDENT = 5719 / 20  # ten large Korean brokers, 2020 to mid-September [79]
COMPLAINTS_PER_MINUTE = 4783 / 43  # one 43-minute overload [80]
WON_PER_COMPLAINT = 7.18e9 / 5719  # the same ten brokers [79, derived]

BAD_OUTCOMES = ("blocked", "failed", "unknown")
WRONGLY = "rejected_wrongly"
COUNTED = (*BAD_OUTCOMES, WRONGLY, *FLAGS)


@dataclass(frozen=True)
class Impact:
    """Everybody affected in the measured window, one row a customer, those with the largest claims first. `counts` has a column for
    each of COUNTED; money is in cents, int64."""

    customers: Ints
    counts: dict[str, Ints]
    intents: Ints
    amount_cents: Ints
    provable_cents: Ints
    claim_cents: Ints
    first_ns: Ints
    last_ns: Ints


def impact(stored: StoredRun) -> Impact:
    """Of the flows with a row an intent, probes left out: who had one blocked, failed, unknown or rejected wrongly, or not as it
    should be in truth."""
    rows = _affected_rows(stored)
    table = {column: values[rows] for column, values in stored.journal.intents.items()}
    who, place = np.unique(table["customer"], return_inverse=True)
    money = _money(stored, table, _is_order(stored)[rows])

    def summed(values: NDArray[np.generic]) -> Ints:
        total = np.zeros(who.size, np.int64)
        np.add.at(total, place, np.asarray(values, np.int64))
        return total

    counts = {word: summed(table["outcome"] == OUTCOMES.index(word)) for word in BAD_OUTCOMES}
    counts[WRONGLY] = summed(rejected_wrongly(table))
    counts |= {flag: summed((table["flags"] & bit) != 0) for flag, bit in FLAGS.items()}
    first, last = np.full(who.size, np.iinfo(np.int64).max), np.zeros(who.size, np.int64)
    np.minimum.at(first, place, table["submit_ns"])
    np.maximum.at(last, place, table["submit_ns"])
    amount, provable, claim = (summed(cents) for cents in money)
    found = Impact(who, counts, summed(np.ones(place.size)), amount, provable, claim, first, last)
    return _sorted(found, np.lexsort((who, -found.amount_cents, -found.claim_cents)))


def _sorted(found: Impact, order: NDArray[np.intp]) -> Impact:
    arrays = {field: getattr(found, field)[order] for field in Impact.__dataclass_fields__ if field != "counts"}
    return Impact(counts={word: values[order] for word, values in found.counts.items()}, **arrays)


def _is_order(stored: StoredRun) -> Mask:
    kinds, names = stored.journal.meta.flow_kinds, stored.journal.names.get("flow", [])
    return np.isin(stored.journal.intents["flow"], [i for i, n in enumerate(names) if kinds[n] == "order"])


def _affected_rows(stored: StoredRun) -> Mask:
    intents, (begin, end) = stored.journal.intents, stored.window
    kinds, names = stored.journal.meta.flow_kinds, stored.journal.names.get("flow", [])
    probes = np.isin(intents["flow"], [i for i, n in enumerate(names) if kinds[n] == "probe"])
    bad = np.isin(intents["outcome"], [OUTCOMES.index(word) for word in BAD_OUTCOMES])
    bad |= rejected_wrongly(intents)
    bad |= _is_order(stored) & (intents["flags"] != 0)
    rows: Mask = bad & ~probes & (intents["submit_ns"] >= begin) & (intents["submit_ns"] < end)
    return rows


class _Money(NamedTuple):
    """Of each row, cents: what the order was worth, the loss of which there is a trace, and the whole claim."""

    amount: Ints
    provable: Ints
    claim: Ints


def _money(stored: StoredRun, table: Columns, orders: Mask) -> _Money:
    amount = np.where(orders, table["quantity"] * table["price_cents"], 0)
    back = stored.run.measures.recovered_at_ns or stored.window[1]
    delay_min = np.maximum(0, back - table["submit_ns"]) / MINUTE
    move = DAILY_MOVE * np.sqrt(delay_min / SESSION_MIN)
    blocked = table["outcome"] == OUTCOMES.index("blocked")
    bad = np.isin(table["outcome"], [OUTCOMES.index(word) for word in BAD_OUTCOMES]) | rejected_wrongly(table)
    unplaced = (table["placed"] == 0) & bad
    gone = (table["flags"] & (FLAGS["lost"] | FLAGS["stranded"])) != 0
    surplus = np.maximum(0, np.maximum(table["placed"], table["recorded"]) - 1)
    claim = np.rint(amount * (np.where(unplaced | gone, move, 0.0) + surplus * (move + UNDO_COST))).astype(np.int64)
    return _Money(amount, np.where(blocked, 0, claim), claim)


def write_csv(stored: StoredRun, file: IO[str], language: Language) -> int:
    """Writes the affected customers of a run as CSV, a header and one line each, and returns the number of customers.

    A line has the customer's number, a synthetic account and name in `language`, how many orders came to which end, amounts in yuan
    (orders, provable loss, claim), the first and last time of day, and the daily move of prices that the loss assumes, as a fraction.
    The column of what was rejected wrongly is empty where no control run says it.
    """
    found, who, unknown = impact(stored), Identities(language), _unknown(stored)
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(
        [
            "customer",
            "account",
            "name",
            *COUNTED,
            "intents_hurt",
            "amount_cny",
            "provable_loss_cny",
            "claim_cny",
            "first_at",
            "last_at",
            "assumed_daily_move",
        ]
    )
    for i, customer in enumerate(found.customers.tolist()):
        money = (found.amount_cents[i], found.provable_cents[i], found.claim_cents[i])
        writer.writerow(
            [
                customer,
                *who.of(customer),
                *("" if word in unknown else int(found.counts[word][i]) for word in COUNTED),
                int(found.intents[i]),
                *(yuan(int(cents), exact=True) for cents in money),
                *(format_clock(int(t[i])) for t in (found.first_ns, found.last_ns)),
                DAILY_MOVE,
            ]
        )
    return int(found.customers.size)


def _unknown(stored: StoredRun) -> set[str]:
    """Which of COUNTED nobody knows."""
    rejected = stored.journal.intents["outcome"] == OUTCOMES.index("rejected")
    return set() if stored.journal.controlled or not rejected.any() else {WRONGLY}


# --- how many will complain ---------------------------------------------------------------------------------------------------


class Complaints(NamedTuple):
    """An estimate of how many customers complain."""

    low: int
    high: int


def complaints(impaired_s: float | None, customers: int) -> Complaints:
    """By incident and by impaired minute of large Korean brokers; never more than were affected."""
    if not impaired_s or not customers:
        return Complaints(0, 0)
    by_incident, by_minute = round(COMPLAINTS_PER_INCIDENT), math.ceil(COMPLAINTS_PER_MINUTE * impaired_s / 60)
    low, high = sorted((by_incident, by_minute))
    return Complaints(min(low, customers), min(high, customers))
