"""The ledger by itself: intents, effects and answers one after the other, in the order in which they happened, and what became of each.

A system that is not simulated keeps books by the same rules as the simulated one: each of its processes that writes has books of its
own (a part of the whole), and afterwards everything that all have written is entered into one, which tells the truth of every intent.
Orders have names, for a handle means something in one book only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from simcore.kernel.ledger import arena, calls, orders
from simcore.kernel.ledger import records as k
from simcore.kernel.ledger.accounts import directory
from simcore.kernel.ledger.books import Laws
from simcore.kernel.ledger.conservation import conservation
from simcore.kernel.ledger.counterparties import EFFECTS, KINDS

_ROWS_AT_FIRST, _EFFECTS_AT_FIRST = 1 << 10, 1 << 12


class AccountTerms(Protocol):
    """What of simcore.model.workload.Accounts the books need."""

    @property
    def count(self) -> int: ...
    @property
    def cash_median(self) -> float: ...
    @property
    def cash_sigma(self) -> float: ...
    @property
    def bank_median(self) -> float: ...
    @property
    def shares_median(self) -> float: ...
    @property
    def sessions_at_start(self) -> float: ...


class InstrumentTerms(Protocol):
    """What of simcore.model.workload.Instruments the books need."""

    @property
    def count(self) -> int: ...
    @property
    def price_median(self) -> float: ...
    @property
    def price_sigma(self) -> float: ...
    @property
    def price_limit(self) -> float: ...


class OrderTerms(Protocol):
    """What of simcore.model.workload.Orders the books need."""

    @property
    def buy_share(self) -> float: ...
    @property
    def lots_median(self) -> float: ...
    @property
    def lots_sigma(self) -> float: ...
    @property
    def odd_lot_share(self) -> float: ...
    @property
    def beyond_limit_share(self) -> float: ...
    @property
    def exchange_reject_share(self) -> float: ...


class Named(NamedTuple):
    """An order as its task carries it on: by its name, with the number of its instrument and what was reported of it last."""

    name: str
    instrument: int
    report: int


class Entered(NamedTuple):
    """What an effect came to: whether a business rule refused it, and the order that the task goes on with."""

    rejected: bool
    order: Named


class Intended(NamedTuple):
    """An intent as the books need it: the numbers of the request, of its flow and of the customer, the flow's kind, and the hash its chance
    comes from (uint64)."""

    request: int
    flow: int
    kind: str
    root: int
    customer: int


class Bookkeeping:
    """Books for a workload's customers, begun with what they own at first. `markets`: the exchange of each instrument (none: all the first).

    books = Bookkeeping(1, workload.accounts, workload.instruments, workload.orders)
    books.intend(Intended(1, 0, "order", root, customer), now)
    rejected, order = books.enter("order.record", now, 1, Named("", -1, 0), "counter:1")
    """

    def __init__(
        self,
        seed: int,
        accounts: AccountTerms,
        instruments: InstrumentTerms,
        terms: OrderTerms,
        *,
        deposit_share: float = 0.5,
        markets: Sequence[int] = (),
    ) -> None:
        self.L = arena.create(seed, accounts, instruments, terms, deposit_share=deposit_share, capacity=_EFFECTS_AT_FIRST)
        if len(markets):
            orders.assign_markets(self.L, np.asarray(markets, np.int64))
        self.rows = np.zeros(_ROWS_AT_FIRST * k.ROW_STRIDE, np.int64)
        self.row_of: dict[int, int] = {}
        self._intents: list[Intended] = []
        self._handles: dict[str, int] = {}
        self._names: dict[int, str] = {}

    # -- what happens ------------------------------------------------------------------------------------------------------------

    def intend(self, intent: Intended, now: int) -> None:
        """A customer intends something; nothing happens if the books know of it already."""
        if intent.request in self.row_of:
            return
        row = self.row_of[intent.request] = len(self._intents)
        self._intents.append(intent)
        if (row + 1) * k.ROW_STRIDE > len(self.rows):
            self.rows = np.concatenate([self.rows, np.zeros_like(self.rows)])
        with np.errstate(over="ignore"):
            calls.begin(
                self.L, self.rows, row, now, intent.flow, KINDS[intent.kind].code, np.uint64(intent.root), intent.customer
            )
        self.rows[row * k.ROW_STRIDE + int(k.ROW_REQUEST)] = intent.request

    def enter(self, effect: str, now: int, request: int, order: Named, name: str) -> Entered:
        """An effect for an intent that the books know of, or of one that needs no row. If it makes an order, or comes to another one,
        that is called `name` unless it has a name already. An exchange that does not know an order takes it in as the message says."""
        if arena.effect_capacity(self.L) < 4:
            self.L = arena.grow(self.L)
        row = self.row_of[request]
        intent = self._intents[row]
        root = np.uint64(intent.root)
        with np.errstate(over="ignore"):
            handle = self._handles.get(order.name, 0)
            if effect == "order.accept" and order.name and not handle:
                handle = int(calls.take_in(self.L, self.rows, row, root, intent.customer))
                self._call(handle, order.name)
            if handle == 0 and effect == "order.report":
                return Entered(False, order)
            code = calls.perform(self.L, self.rows, EFFECTS[effect], now, root, row, intent.customer, handle, order.report)
        if code != k.OK:
            return Entered(True, order)
        after, report = int(self.L[k.OUT_REF]), int(self.L[k.OUT_ARG])
        if not after:
            return Entered(False, order)
        return Entered(False, Named(self._call(after, name), self._instrument(after), report))

    def _call(self, handle: int, name: str) -> str:
        if handle not in self._names:
            self._names[handle], self._handles[name] = name, handle
        return self._names[handle]

    def _instrument(self, handle: int) -> int:
        return (int(self.L[handle + int(k.ORD_INSTRUMENT)]) - int(self.L[k.INSTRUMENTS_AT])) // int(k.INS_SIZE)

    def price(self, instrument: int) -> int:
        """The reference price of an instrument, cents."""
        return int(self.L[int(self.L[k.INSTRUMENTS_AT]) + instrument * int(k.INS_SIZE) + int(k.INS_PRICE)])

    def instrument(self, request: int, order: Named) -> int:
        """Number of the instrument that an intent, or the order it has come to, is about."""
        if order.instrument >= 0:
            return order.instrument
        row = self.row_of[request]
        intent = self._intents[row]
        with np.errstate(over="ignore"):
            return int(calls.instrument(self.L, self.rows, row, intent.customer, np.uint64(intent.root), 0))

    def answer(self, request: int, now: int, outcome: int, code: int, attempts: int) -> None:
        """What the customer saw at the end, with the numbers that the journal has for outcomes and codes."""
        calls.answer(self.L, self.rows, self.row_of[request], now, outcome, code, attempts)

    def log_in(self, customer: int) -> None:
        """The customer has a session."""
        calls.set_session(self.L, customer, 1)

    def log_out(self, customers: Sequence[int]) -> None:
        """These customers have no session any more."""
        for customer in customers:
            calls.set_session(self.L, customer, 0)

    def set_market(self, market: int, *, orders_taken: bool, cancels_taken: bool, overnight: bool) -> None:
        """What exchange number `market` takes from now on."""
        orders.set_market(self.L, market, orders=orders_taken, cancels=cancels_taken, overnight=overnight)

    def logged_in(self) -> NDArray[np.int64]:
        """Numbers of the customers with a session."""
        return np.flatnonzero(directory(self.L) & 1)

    # -- what became of it -------------------------------------------------------------------------------------------------------

    @property
    def used_rows(self) -> NDArray[np.int64]:
        """The rows of all intents."""
        return self.rows[: len(self._intents) * k.ROW_STRIDE]

    def laws(self) -> Laws:
        """The conservation laws of money, shares and intents over all that was entered."""
        return conservation(self.L, self.used_rows)
