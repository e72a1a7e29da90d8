"""A ledger of three customers, and effects on it one by one: for what the books say at the end of a day."""

from __future__ import annotations

import numpy as np
from kernel_calls import callable_of

from simcore.kernel.ledger import accounts, arena, effects, intents, orders
from simcore.kernel.ledger import records as k
from simcore.kernel.ledger.conservation import conservation
from simcore.model.workload import Accounts, Instruments, Orders

account_of = callable_of(accounts.account_of)
apply = callable_of(effects.apply)
new_intent = callable_of(intents.new_intent)

HOUR, DAY, MINUTE = k.HOUR_NS, k.DAY_NS, 60 * 1_000_000_000
OPEN, CLOSE, BATCH = 10 * HOUR, 15 * HOUR, 17 * HOUR


class World:
    """Three customers who all hold one instrument at 10.00 yuan, limits 9.00 and 11.00; every effect through `do`."""

    def __init__(self, customers: int = 3, **orders: float) -> None:
        accounts = Accounts(count=customers, cash_median=100_000, cash_sigma=0, bank_median=50_000, shares_median=5_000)
        self.L = arena.create(11, accounts, Instruments(count=1, price_median=10, price_sigma=0), Orders(**orders), capacity=4000)
        self.rows = np.zeros(0, np.int64)
        self.roots: list[np.uint64] = []

    def intend(
        self, kind: int, customer: int = 0, *, buy: bool = True, quantity: int = 0, price: int = 1000, now: int = OPEN
    ) -> int:
        """A new row; with a quantity it is that order at that price (or that amount), else as drawn."""
        row = len(self.roots)
        self.roots.append(np.uint64(1000 + 7 * row))
        self.rows = np.concatenate([self.rows, np.zeros(k.ROW_STRIDE, np.int64)])
        new_intent(self.L, self.rows, row, now, 0, kind, self.roots[-1], customer)
        if quantity:
            at = row * k.ROW_STRIDE
            self.rows[at + int(k.ROW_QUANTITY)] = quantity
            self.rows[at + int(k.ROW_PRICE)] = price if kind == k.ORDER else 0
            self.rows[at + int(k.ROW_WHO)] = customer << 8 | buy
        return row

    def do(self, effect: int, row: int, ref: int = 0, arg: int = 0, now: int = OPEN) -> int:
        customer = int(self.field(row, k.ROW_WHO)) >> 8
        return apply(self.L, self.rows, effect, now, self.roots[row], row, customer, ref, arg)

    def order(
        self, customer: int = 0, *, buy: bool = True, quantity: int = 500, price: int = 1000, now: int = OPEN
    ) -> tuple[int, int]:
        row = self.intend(k.ORDER, customer, buy=buy, quantity=quantity, price=price, now=now)
        assert self.do(orders.ORDER_RECORD, row, now=now) == k.OK
        return row, int(self.L[k.OUT_REF])

    def exchange_fills(self, order: int, quantity: int) -> None:
        self.L[order + int(k.ORD_FILLED)] = quantity

    def field(self, row: int, field: np.uint64) -> int:
        return int(self.rows[row * k.ROW_STRIDE + int(field)])

    def of(self, customer: int, field: np.uint64, holding: int | None = None) -> int:
        account = int(account_of(self.L, customer))
        if holding is not None:
            account += int(k.ACC_HOLDINGS) + holding * int(k.HLD_SIZE)
        return int(self.L[account + int(field)])

    def broken(self) -> list[str]:
        return [law.law for law in conservation(self.L, self.rows) if not law.ok]
