"""What a core is there for: the functions that an operation may serve, the tables it may read, and what a service runs or stands for.

Nothing of it changes a run by itself. It lets what is done to a core say what it means, so that the same fault finds its place in
every architecture: the position query, wherever it is answered, rather than `counter-db.read-positions`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from simcore.base.model import Model, Name

Function = Literal[
    "login", "order-entry", "order-cancel", "order-report", "position-query", "transfer", "margin", "fund", "quote"
]
"""What customers want of a core, as far as work can be distinguished by it: to get in, to have an order placed, taken back and reported,
to see what they have, to move money, to borrow, to buy and sell funds, to see prices."""

CounterpartyKind = Literal["bank", "exchange", "fund"]
"""Whom a service may stand for, in place of a service of the broker's own."""


class Reads(Model):
    """A table that an operation reads. With `scope: shard` it holds the rows of those customers whose requests come to the instance,
    with `all` everybody's."""

    table: Name
    scope: Literal["shard", "all"] = "shard"


class Removed(Model):
    """A function that an architecture does without: what is done to it hits nothing here, by design."""

    function: Function
    because: Annotated[str, Field(min_length=10, max_length=500)]
