"""The durable writes an architecture may name in an `effect` step: the words of the files and the codes of the kernel."""

from __future__ import annotations

from typing import NamedTuple


class Effect(NamedTuple):
    """`counts_as_effect`: the write touches the intent, so that a later failure is no longer definite."""

    code: int
    counts_as_effect: bool
    meaning: str


EFFECTS: dict[str, Effect] = {
    "record": Effect(1, True, "a durable write without further meaning"),
    "session.open": Effect(2, False, "the customer is logged in"),
    "session.close": Effect(3, False, "the customer is logged out"),
    "order.record": Effect(10, True, "the counter validates, freezes cash or shares and records the order under a number"),
    "order.accept": Effect(11, True, "the exchange accepts or rejects the order"),
    "order.fill": Effect(12, True, "the exchange fills the order"),
    "order.report": Effect(13, True, "the core books what the exchange reported"),
    "cancel.record": Effect(14, True, "the counter records the cancel request"),
    "cancel.accept": Effect(15, True, "the exchange cancels what is left of the order"),
    "transfer.reserve": Effect(20, True, "the broker takes a transfer in hand and sets its cash aside"),
    "transfer.bank_debit": Effect(21, True, "the bank debits the customer's account"),
    "transfer.bank_credit": Effect(22, True, "the bank credits the customer's account"),
    "transfer.credit": Effect(23, True, "the broker credits the customer's cash"),
    "transfer.reverse": Effect(24, True, "the broker undoes a transfer that the bank refused"),
    "fund.subscribe": Effect(30, True, "the fund subscription is recorded and its cash frozen"),
    "fund.redeem": Effect(31, True, "the fund redemption is recorded and its shares frozen"),
    "fund.fast_redeem": Effect(32, True, "the fund company pays a redemption out at once"),
    "margin.check": Effect(40, False, "the credit line is checked; nothing is written"),
}

COUNTERPARTY_EFFECTS: dict[str, tuple[str, ...]] = {
    "exchange": ("order.accept",),
    "bank": ("transfer.bank_debit", "transfer.bank_credit"),
}
"""What only a counterparty writes: a service with such an operation stands for it."""
