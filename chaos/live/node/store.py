"""What a service keeps, in one SQLite file: effects on its books, idempotency keys, and durable messages that were not dealt with yet. Its
instances share the file, and so do all services that write into the same books. What is committed survives kill -9 of any process (WAL,
not synchronised with the disk at each commit: the machine itself may not lose power).

The books themselves are in memory; the file holds the effects in order, and a process enters those that others have written before its
own. So there is one order of effects for the books, whichever instances of whichever services made them.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from chaos.live.node import chance, program
from chaos.live.node.booked import AGAIN_NS, Booked
from chaos.live.node.host import Remembered, Written
from chaos.live.node.messages import Answer, Asked, Intent, Message, Order, read_line, written, written_message

if TYPE_CHECKING:
    from simcore.bookkeeping import AccountTerms, Bookkeeping

_SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
    number INTEGER PRIMARY KEY, at INTEGER NOT NULL, effect TEXT NOT NULL, rejected INTEGER NOT NULL, what TEXT NOT NULL, by TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS keys (key TEXT PRIMARY KEY, at INTEGER NOT NULL, answer TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS messages (
    number INTEGER PRIMARY KEY AUTOINCREMENT, instance TEXT NOT NULL, line BLOB NOT NULL);
"""
REPORT = "order.report"
"""The effect by which the core books what an exchange has reported."""
MARKET = "market"
"""The entry that says what an exchange takes from then on."""
_HOLDINGS = 4


class Entry(NamedTuple):
    """An effect as it was written: its number in the file, when (ns), for which intent, with which order, what came of it and by whom."""

    number: int
    at: int
    effect: str
    intent: Intent
    order: Order
    rejected: bool
    result: Order
    by: str


class ServiceStore:
    """The store of a service, and of those that share its ledger, as the process of one instance has it open."""

    def __init__(self, path: Path, blueprint: program.Blueprint, instance: str, *, writes: bool) -> None:
        self.blueprint, self.instance, self.service = blueprint, instance, instance.partition("#")[0]
        self._db = sqlite3.connect(path, timeout=10.0, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(_SCHEMA)
        self.ledger = blueprint.ledger_of(self.service)
        writers = [
            made.instances
            for name, made in blueprint.services.items()
            if made.ledger == self.ledger and has_books(blueprint, name)
        ]
        self._alone = sum(writers) <= 1
        self._entered = self._latest = 0
        operations = blueprint.operations_of(self.service).values()
        self.books_reports = any(program.writes(REPORT, operation.steps) for operation in operations)
        self.on_booked: Callable[[Booked], None] = lambda booked: None
        self._books = new_books(blueprint) if writes else None
        self.catch_up()

    # --- effects ----------------------------------------------------------------------------------------------------------

    def catch_up(self) -> None:
        """Enters what other processes, or one before this, have written."""
        if self._books is None:
            return
        for entry in entries_of(self._db, self._entered):
            enter(self._books, self.blueprint, self.ledger, entry)
            self._entered, self._latest = entry.number, entry.at

    def write(self, effect: str, now: int, intent: Intent, order: Order, key: int | None) -> Written:
        """Carries out an effect, durably. With a `key` the key is written with it."""
        if self._alone and key is None:
            return self._append(effect, now, intent, order, key)
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self.catch_up()
            written = self._append(effect, now, intent, order, key)
        except BaseException:
            self._undo()
            raise
        self._db.execute("COMMIT")
        return written

    def _append(self, effect: str, now: int, intent: Intent, order: Order, key: int | None) -> Written:
        """The next entry, into the books and the file. It is not earlier than the one before, which another process may have made while this
        one waited for its turn."""
        assert self._books is not None, f"{self.service} has no books"
        number, at = self._entered + 1, max(now, self._latest)
        entry = Entry(number, at, effect, intent, order, False, order, self.instance)
        try:
            rejected, result = enter(self._books, self.blueprint, self.ledger, entry)
            self._insert(entry._replace(rejected=rejected, result=result))
        except BaseException:
            self._begin_anew()
            raise
        if key is not None and not rejected:
            self.remember(key, Answer("ok", touched=True, order=result), now)
        self._entered, self._latest = number, at
        if effect == REPORT and not rejected:
            self.on_booked(self._booked(entry._replace(result=result)))
        return Written("rejected" if rejected else "ok", result)

    def _booked(self, entry: Entry) -> Booked:
        return Booked(entry_name(self.ledger, entry.number), entry.at, entry.intent, entry.order.name, entry.order.report)

    def booked_lately(self, now: int) -> list[Booked]:
        """The reports that this instance booked within a while before `now`, ns."""
        entries = entries_of(self._db)
        mine = (e for e in entries if e.effect == REPORT and not e.rejected and e.by == self.instance)
        return [self._booked(entry) for entry in mine if entry.at > now - AGAIN_NS]

    def _undo(self) -> None:
        """Nothing of the present transaction remains, in the file or in the books."""
        self._db.execute("ROLLBACK")
        self._begin_anew()

    def _begin_anew(self) -> None:
        """The books are as the file has them."""
        self._books, self._entered, self._latest = new_books(self.blueprint), 0, 0
        self.catch_up()

    def set_market(self, market: int, now: int, *, takes: tuple[bool, bool, bool]) -> None:
        """What exchange number `market` takes from now on: orders, cancels, orders for later. Entered once, whichever process hears first."""
        intent = Intent(0, 0, market, 0, False)
        order = Order("".join("+" if taken else "-" for taken in takes))
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self.catch_up()
            entry = Entry(self._entered + 1, max(now, self._latest), MARKET, intent, order, False, order, self.instance)
            if self._books is not None:
                enter(self._books, self.blueprint, self.ledger, entry)
                self._insert(entry)
                self._entered, self._latest = entry.number, entry.at
        except BaseException:
            self._undo()
            raise
        self._db.execute("COMMIT")

    def _insert(self, entry: Entry) -> None:
        what = written([entry.intent, entry.order, entry.result])
        row = (entry.number, entry.at, entry.effect, entry.rejected, what, entry.by)
        self._db.execute("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?)", row)

    def instrument(self, intent: Intent, order: Order) -> int:
        """Number of the instrument that an intent, or its order, is about."""
        return order.instrument if order.instrument >= 0 else instrument_of(self.blueprint, intent)

    # --- idempotency keys -------------------------------------------------------------------------------------------------

    def remembered(self, key: int) -> Remembered | None:
        """What is kept under a key."""
        found = self._db.execute("SELECT at, answer FROM keys WHERE key = ?", (str(key),)).fetchone()
        if found is None:
            return None
        code, touched, in_doubt, order, logged_in = json.loads(found[1])
        return Remembered(Answer(code, touched, in_doubt, Order(*order), logged_in), found[0])

    def remember(self, key: int, answer: Answer, now: int) -> None:
        """Keeps an answer under a key."""
        self._db.execute("INSERT OR REPLACE INTO keys VALUES (?, ?, ?)", (str(key), now, written(answer)))

    # --- durable messages -------------------------------------------------------------------------------------------------

    def keep(self, service: str, message: Message) -> int:
        """Keeps a durable message until `done`; its number."""
        line = written_message(0, service, message)
        return int(self._db.execute("INSERT INTO messages (instance, line) VALUES (?, ?)", (self.instance, line)).lastrowid or 0)

    def done(self, number: int) -> None:
        """A durable message was dealt with."""
        self._db.execute("DELETE FROM messages WHERE number = ?", (number,))

    def kept(self) -> Sequence[tuple[int, str, Message]]:
        """The durable messages of this instance that were not dealt with: number, service, message."""
        rows = self._db.execute(
            "SELECT number, line FROM messages WHERE instance = ? ORDER BY number", (self.instance,)
        ).fetchall()
        asked = [(number, read_line(line)) for number, line in rows]
        return [(number, found.service, found.message) for number, found in asked if isinstance(found, Asked)]

    def close(self) -> None:
        """Closes the file."""
        self._db.close()


def new_books(blueprint: program.Blueprint, accounts: AccountTerms | None = None) -> Bookkeeping:
    """Books as a run begins them; `accounts` say more of the customers than a node knows (who is logged in)."""
    from simcore.bookkeeping import Bookkeeping

    terms = blueprint.books
    return Bookkeeping(
        blueprint.seed,
        terms.accounts if accounts is None else accounts,
        terms.instruments,
        terms.orders,
        deposit_share=terms.deposit_share,
        markets=terms.markets,
    )


def entries_of(db: sqlite3.Connection, after: int = 0) -> Iterator[Entry]:
    """The effects in a store's file in their order, from the one behind `after` on."""
    rows = db.execute(
        "SELECT number, at, effect, rejected, what, by FROM entries WHERE number > ? ORDER BY number",
        (after,),
    )
    for number, at, effect, rejected, what, by in rows.fetchall():
        intent, order, result = json.loads(what)
        yield Entry(number, at, effect, Intent(*intent), Order(*order), bool(rejected), Order(*result), by)


def entry_name(ledger: str, number: int) -> str:
    """What an entry of a ledger is called elsewhere."""
    return f"{ledger}:{number}"


class Came(NamedTuple):
    """What an entry came to."""

    rejected: bool
    order: Order


def enter(books: Bookkeeping, blueprint: program.Blueprint, ledger: str, entry: Entry) -> Came:
    """Enters one entry of a ledger into books, its own or those of all."""
    from simcore.bookkeeping import Intended, Named

    if entry.effect == MARKET:
        orders, cancels, overnight = (mark == "+" for mark in entry.order.name)
        books.set_market(entry.intent.root, orders_taken=orders, cancels_taken=cancels, overnight=overnight)
        return Came(False, entry.order)
    intent = entry.intent
    flow = blueprint.flow(intent.flow)
    if flow.record:
        books.intend(Intended(intent.request, intent.flow, flow.kind, intent.root, intent.customer), entry.at)
    elif entry.effect == "session.open":
        books.log_in(intent.customer)
        return Came(False, entry.order)
    elif entry.effect == "record":
        return Came(False, entry.order)
    else:
        return Came(True, entry.order)  # the ledger refuses what no row is kept of
    came = books.enter(entry.effect, entry.at, intent.request, Named(*entry.order), entry_name(ledger, entry.number))
    return Came(came.rejected, Order(*came.order))


def instrument_of(blueprint: program.Blueprint, intent: Intent) -> int:
    """Number of the instrument that an intent is about: that of one of the customer's holdings."""
    holding = int(chance.draw(chance.combine(intent.root, chance.name("order"))) * _HOLDINGS)
    key = chance.combine(chance.combine(blueprint.seed_key, chance.name("instrument")), intent.customer)
    return chance.combine(key, holding) % blueprint.books.instruments.count


class NoStore:
    """The store of a service that writes nothing and sends nothing durable."""

    def __init__(self, blueprint: program.Blueprint) -> None:
        self.blueprint = blueprint

    def write(self, effect: str, now: int, intent: Intent, order: Order, key: int | None) -> Written:
        """It has no books."""
        raise NotImplementedError

    def catch_up(self) -> None:
        """It has nothing to enter."""

    def instrument(self, intent: Intent, order: Order) -> int:
        """As ServiceStore has it."""
        return order.instrument if order.instrument >= 0 else instrument_of(self.blueprint, intent)

    def remembered(self, key: int) -> Remembered | None:
        """It keeps no keys."""
        return None

    def remember(self, key: int, answer: Answer, now: int) -> None:
        """It keeps no keys."""

    def keep(self, service: str, message: Message) -> int:
        """It keeps no messages."""
        raise NotImplementedError

    def done(self, number: int) -> None:
        """It keeps no messages."""

    def kept(self) -> Sequence[tuple[int, str, Message]]:
        """None."""
        return ()


def has_books(blueprint: program.Blueprint, service: str) -> bool:
    """Whether a service writes effects."""
    return any(program.contains(program.Effect, o.steps) for o in blueprint.operations_of(service).values())


def store_of(blueprint: program.Blueprint, folder: Path, instance: str) -> ServiceStore | NoStore:
    """The store of the instance's service, if it has anything to keep."""
    service = instance.partition("#")[0]
    operations = tuple(blueprint.operations_of(service).values())
    writes = has_books(blueprint, service)
    keeps = any(o.lifetime is not None or program.contains(program.Send, o.steps) for o in operations)
    if not writes and not keeps:
        return NoStore(blueprint)
    return ServiceStore(folder / f"{blueprint.ledger_of(service)}.db", blueprint, instance, writes=writes)
