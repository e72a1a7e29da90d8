"""The ledger's ways in for Python: each intent, effect and answer by itself, without a data plane around it."""

from __future__ import annotations

from simcore.kernel.jit import entry_that_allocates
from simcore.kernel.ledger import accounts, effects, intents, orders


@entry_that_allocates
def begin(L, rows, row, now, flow, kind, root, customer):
    """Fills a row with an intent (intents.new_intent)."""
    intents.new_intent(L, rows, row, now, flow, kind, root, customer)


@entry_that_allocates
def perform(L, rows, effect, now, root, row, customer, ref, arg):
    """Performs an effect: OK or REJECTED (effects.apply)."""
    return effects.apply(L, rows, effect, now, root, row, customer, ref, arg)


@entry_that_allocates
def answer(L, rows, row, now, outcome, code, attempts):
    """What the client saw at the end (intents.answer)."""
    intents.answer(L, rows, row, now, outcome, code, attempts)


@entry_that_allocates
def take_in(L, rows, row, root, customer):
    """Handle of an order that books of their own hear of (orders.take_in)."""
    return orders.take_in(L, rows, row, root, customer)


@entry_that_allocates
def instrument(L, rows, row, customer, root, ref):
    """Number of the instrument that an intent is about (intents.instrument)."""
    return intents.instrument(L, rows, row, customer, root, ref)


@entry_that_allocates
def set_session(L, customer, logged_in):
    """Logs a customer in (1) or out (0)."""
    accounts.set_session(L, customer, logged_in)
