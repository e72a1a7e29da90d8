"""What is written in truth, in one int64 arena: every durable write of the broker, the exchange, the banks and the fund company.

records and accounts are the ground; exchange (with orders), bank and fund_company are the books of one counterparty each; counterparties
finds them, and effects, intents, settlement, reconciliation, truth and conservation put them together. Compiled, like the rest of
the kernel.
"""

COUNTERPARTIES = (
    "exchange",
    "clearing_house",
    "bank",
    "fund_company",
)
"""Whom the broker deals with: each is a module of simcore.counterparties and, if it has state, one of this package.

The order is that of gates and laws in the journal and of choices in schemas. The list is here because the compiled kernel depends on it.
"""
