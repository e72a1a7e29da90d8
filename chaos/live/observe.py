"""From what a twin has left to a journal: what the customers saw, and what all ledgers have written, entered into one in the order of time.

The truth of every intent is read from the ledgers alone, as the simulator reads its own. Each ledger decided by itself when it wrote; that the
books of all decide the same is a law of its own.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from chaos.live.node import program
from chaos.live.node.customers import OUTCOMES, Arrival, Seen
from chaos.live.node.messages import CODES
from chaos.live.node.store import MARKET, REPORT, Entry, enter, entries_of, entry_name, new_books
from simcore.bookkeeping import Bookkeeping, Intended
from simcore.compile.plan import Plan
from simcore.intents import intent_columns
from simcore.journal.model import Columns
from simcore.model.trading_calendar import calendar_named
from simcore.simulation.record import exchange_hours, last_close

Law = tuple[str, bool, int, int]
REPORTS_LAW = "every execution report has come to its customer"


class _Written(NamedTuple):
    """An entry of a ledger."""

    ledger: str
    entry: Entry


class Reconciled(NamedTuple):
    """The journal's columns of the intents, the laws with what was found, how many entries there are, and when each report was booked
    (ns), by the name of its entry."""

    intents: Columns
    laws: list[Law]
    entries: int
    reports: dict[str, int]


def ledgers(folder: Path) -> Iterator[tuple[str, list[Entry]]]:
    """The entries of every ledger in a folder."""
    for path in sorted(folder.glob("*.db")):
        with sqlite3.connect(path) as db:
            yield path.stem, list(entries_of(db))
        db.close()


def reconciled(plan: Plan, blueprint: program.Blueprint, folder: Path, seen: Mapping[int, Seen]) -> Reconciled:
    """What became of every intent that has begun. `seen`: by the number of the request."""
    books = new_books(blueprint, plan.workload.accounts)
    written = [_Written(ledger, entry) for ledger, entries in ledgers(folder) for entry in entries]
    flows = {flow.number: flow for flow in blueprint.flows.values()}
    for arrival in sorted((s.arrival for s in seen.values() if flows[s.arrival.flow].record), key=lambda a: (a.due, a.request)):
        _intend(books, flows[arrival.flow], arrival)
    disagreements = _enter_all(books, blueprint, sorted(written, key=lambda w: w.entry.at))
    for end in sorted((s for s in seen.values() if s.answered >= 0), key=lambda s: s.answered):
        if flows[end.arrival.flow].record:
            books.answer(
                end.arrival.request, end.answered, OUTCOMES.index(end.outcome), CODES.index(end.code), min(end.attempts, 255)
            )
    laws: list[Law] = list(books.laws())
    misread = _misread(plan, blueprint, folder)
    laws.append(("the books of all decide as each ledger did", disagreements == 0, 0, disagreements))
    laws.append(("a ledger that is read again says the same", misread == 0, 0, misread))
    reports = {entry_name(ledger, e.number): e.at for ledger, e in written if e.effect == REPORT and not e.rejected}
    return Reconciled(_columns(plan, books), laws, len(written), reports)


def reports_heard(booked: Mapping[str, int], end: int, heard: Mapping[str, Any], unsettled: int = 0) -> Law | str:
    """The law of execution reports: each one that a ledger had booked by the run's end has come to the customers, who take it once, and none
    that no ledger has. `heard` is what they say of it. If no more are missing than are `unsettled`, still on their way when their senders were
    waited for no longer, it cannot be judged: then it returns which law that is and why."""
    came = set(heard.get("reports", ()))
    due = {name for name, at in booked.items() if at < end}
    invented, missing = came - booked.keys(), due - came
    if not heard:
        return f"{REPORTS_LAW}: the customers' process has not said what it heard"
    if not invented and 0 < len(missing) <= unsettled:
        return f"{REPORTS_LAW}: {len(missing)} were still on their way when the run had ended, and the broker did not answer"
    found = len(due) - len(missing) - len(invented)
    return REPORTS_LAW, found == len(due), len(due), found


def _intend(books: Bookkeeping, flow: program.Flow, arrival: Arrival) -> None:
    books.intend(Intended(arrival.request, arrival.flow, flow.kind, arrival.root, arrival.customer), arrival.due)


def _enter_all(books: Bookkeeping, blueprint: program.Blueprint, written: Iterable[_Written]) -> int:
    """Enters everything that was written; of how much of it the books of all take what its ledger refused, or refuse what it took. What an
    exchange takes, each ledger has heard when it did."""
    heard: dict[tuple[str, int], Entry] = {}
    present: dict[int, str] = {}
    disagreements = 0
    for ledger, entry in written:
        if entry.effect == MARKET:
            heard[ledger, entry.intent.root] = entry
            continue
        for (of, market), word in heard.items():
            if of == ledger and present.get(market) != word.order.name:
                enter(books, blueprint, ledger, word)
                present[market] = word.order.name
        disagreements += enter(books, blueprint, ledger, entry).rejected != entry.rejected
    return disagreements


def _misread(plan: Plan, blueprint: program.Blueprint, folder: Path) -> int:
    """How many entries come to something else when their own ledger is read from its beginning, as a process that is started again reads it."""
    found = 0
    for ledger, entries in ledgers(folder):
        books = new_books(blueprint, plan.workload.accounts)
        found += sum(enter(books, blueprint, ledger, entry) != (entry.rejected, entry.result) for entry in entries)
    return found


def _columns(plan: Plan, books: Bookkeeping) -> Columns:
    hours = exchange_hours(calendar_named(plan.workload.calendar), plan.start, plan.end)
    places, reports = (bool(plan.index.operations_with({effect})) for effect in ("order.accept", "order.report"))
    close = last_close(hours, plan.start, plan.end)
    return intent_columns(books.L, books.used_rows, hours=hours, close=close, end=plan.end, places=places, reports=reports)
