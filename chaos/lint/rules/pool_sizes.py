"""A pool is smaller than what comes to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from chaos.i18n.texts import translate
from chaos.lint.demand import demands
from chaos.lint.rule import Found, Rule, Subject
from chaos.lint.walk import Calls
from chaos.measures.formatting import minute, number, rounded
from simcore.base.units import MINUTE


class PoolTooSmall(Rule):
    """A pool has fewer slots than are in use on average in the busiest minute: rate × time held, by Little's law."""

    name: ClassVar[str] = "pool-too-small"
    rank: ClassVar[int] = 4
    needs_workload: ClassVar[bool] = True

    def check(self, subject: Subject) -> Iterator[Found]:
        assert subject.workload is not None
        for demand in demands(Calls.of(subject.index), subject.workload):
            slots = subject.slots_of(demand.pool)
            if demand.in_use > slots:
                message = translate(
                    "lint.pool-too-small",
                    pool=demand.pool,
                    n=number(slots),
                    needed=rounded(demand.in_use, 1),
                    time=minute(demand.minute * MINUTE),
                    workload=subject.workload.name,
                )
                yield Found(("pools", demand.pool, "slots"), message)
