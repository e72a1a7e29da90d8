"""The banks that hold customers' cash (third-party custody): transfers to and from the broker."""

from __future__ import annotations

from simcore.counterparties.counterparty import Counterparty, Effect

COUNTERPARTY = Counterparty(
    name="bank",
    title="bank",
    effects={
        "transfer.reserve": Effect(True, "the broker takes a transfer in hand and sets its cash aside"),
        "transfer.bank_debit": Effect(True, "the bank debits the customer's account"),
        "transfer.bank_credit": Effect(True, "the bank credits the customer's account"),
        "transfer.credit": Effect(True, "the broker credits the customer's cash"),
        "transfer.reverse": Effect(True, "the broker undoes a transfer that the bank refused"),
    },
    own_effects=("transfer.bank_debit", "transfer.bank_credit"),
    flow_kinds=("transfer",),
    hours={"a-share": (("09:00", "16:00"),)},  # [memory]
    differences={
        "stuck": "in transit: deposit credited once, the rest back to the bank; withdrawal back to cash",
        "overpaid": "paid out more than came in: taken back as far as cash goes, the rest from suspense",
    },
    laws=(
        "banks' total is the sum of their accounts",
        "in transit is the sum over customers",
        "in transit is the sum over transfers",
    ),
)
