"""The table of those who were affected most, as the page of a run shows it."""

from __future__ import annotations

from dataclasses import dataclass

from chaos.i18n.identities import Identities
from chaos.i18n.texts import LocalizedText, catalogue, translate
from chaos.measures.formatting import number, percent, rounded, yuan
from chaos.reports.run import customers
from chaos.results.stored_run import StoredRun

SHOWN = 20


@dataclass(frozen=True)
class CustomerRow:
    """A customer: synthetic account and name, counts by column, amount, provable loss and claim in yuan."""

    customer: int
    account: str
    name: LocalizedText
    counts: list[int]
    money: list[str]


@dataclass(frozen=True)
class CustomerTable:
    """The rows under their headings (`words`), and what is written above them."""

    rows: list[CustomerRow]
    words: list[LocalizedText]
    total: LocalizedText
    complaints: LocalizedText
    note: LocalizedText
    top: LocalizedText


def customer_table(stored: StoredRun) -> CustomerTable:
    """Those with the largest claims first."""
    found = customers.impact(stored)
    shown = min(SHOWN, found.customers.size)
    words = [w for w in customers.COUNTED if found.counts[w].any()]
    totals = (found.amount_cents, found.provable_cents, found.claim_cents)
    amount, provable, claim = (yuan(int(t.sum())) for t in totals)
    total = translate(
        "customers.total",
        n=number(found.customers.size),
        intents=number(int(found.intents.sum())),
        amount=amount,
        provable=provable,
        claim=claim,
    )
    return CustomerTable(
        rows=_rows(found, words, shown),
        words=[_heading(word) for word in words],
        total=total,
        complaints=_complaints(stored, int(found.customers.size)),
        note=_assumptions(),
        top=translate("customers.top", n=shown),
    )


def _rows(found: customers.Impact, words: list[str], shown: int) -> list[CustomerRow]:
    if not shown:
        return []
    english, chinese = Identities("en"), Identities("zh")
    rows = []
    for i in range(shown):
        customer = int(found.customers[i])
        one = english.of(customer)
        counts = [int(found.counts[w][i]) for w in words]
        money = [yuan(int(t[i])) for t in (found.amount_cents, found.provable_cents, found.claim_cents)]
        rows.append(CustomerRow(customer, one.account, LocalizedText(one.name, chinese.of(customer).name), counts, money))
    return rows


def _heading(word: str) -> LocalizedText:
    return translate(f"outcome.{word}" if f"outcome.{word}" in catalogue() else f"truth.{word}")


def _assumptions() -> LocalizedText:
    return translate(
        "customers.note", move=percent(customers.DAILY_MOVE), session=customers.SESSION_MIN, cost=percent(customers.UNDO_COST, 1)
    )


def _complaints(stored: StoredRun, affected: int) -> LocalizedText:
    estimate = customers.complaints(stored.run.measures.impaired_s, affected)
    million = customers.WON_PER_COMPLAINT / 1e6
    return translate(
        "customers.complaints",
        low=number(estimate.low),
        high=number(estimate.high),
        low_won=rounded(estimate.low * million),
        high_won=rounded(estimate.high * million),
        per_incident=round(customers.COMPLAINTS_PER_INCIDENT),
        per_minute=round(customers.COMPLAINTS_PER_MINUTE),
        each=rounded(million, 2),
    )
