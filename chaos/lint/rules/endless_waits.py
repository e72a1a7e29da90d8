"""A call without a timeout waits for what may take any time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from chaos.i18n.texts import LocalizedText, translate
from chaos.lint.rule import Found, Rule, Subject
from chaos.lint.walk import Calls, CallSpot, spots
from chaos.measures.formatting import number
from simcore.model.steps import Hold, RateLimit


class EndlessWait(Rule):
    """A call without a timeout leads to where a request may wait without limit: for a slot behind a queue without bounds, or for its turn at
    a rate limit without a longest wait.

    With deadlines that travel along, a call counts only if no call on some way to it has a timeout either.
    """

    name: ClassVar[str] = "endless-wait"
    rank: ClassVar[int] = 7

    def check(self, subject: Subject) -> Iterator[Found]:
        calls = Calls.of(subject.index)
        order = calls.callers_first()
        waits: dict[str, LocalizedText] = {}
        timeless = _timeless(subject, calls, order)
        for body in reversed(order):
            own = list(_own_waits(subject, body))
            for spot in calls.calls[body]:
                at_call = _at_call(subject, spot)
                behind = [waits[spot.step.call]] if spot.step.timeout is None and spot.step.call in waits else []
                if spot.step.timeout is None and body in timeless and (behind or at_call):
                    where = (behind or at_call)[0]
                    yield Found(spot.keys, translate("lint.endless-wait", site=spot.site, where=where))
                own += [*at_call, *behind]
            waits |= {body: own[0]} if own else {}


def _at_call(subject: Subject, spot: CallSpot) -> list[LocalizedText]:
    """What a call itself waits for without limit: with a timeout for its bulkhead alone, for there it has not begun to count."""
    waited = [pool for pool in spot.taken if spot.step.timeout is None or pool == spot.step.bulkhead]
    return [_for_slot(subject, pool) for pool in waited if _is_endless(subject, pool)]


def _own_waits(subject: Subject, body: str) -> Iterator[LocalizedText]:
    for pool in subject.index.bodies[body].pools:
        if _is_endless(subject, pool):
            yield _for_slot(subject, pool)
    for spot in spots(subject.index, body):
        if isinstance(spot.step, Hold) and _is_endless(subject, spot.step.hold):
            yield _for_slot(subject, spot.step.hold)
        if isinstance(spot.step, RateLimit):
            limit = subject.architecture.limits[spot.step.rate_limit]
            if limit.excess == "defer" and limit.max_wait is None:
                yield translate("lint.endless-wait.limit", limit=spot.step.rate_limit)


def _is_endless(subject: Subject, pool: str) -> bool:
    made = subject.architecture.pools[pool]
    return made.slots != "unlimited" and made.queue == "unbounded"


def _for_slot(subject: Subject, pool: str) -> LocalizedText:
    return translate("lint.endless-wait.pool", pool=pool, n=number(subject.slots_of(pool)))


def _timeless(subject: Subject, calls: Calls, order: list[str]) -> frozenset[str]:
    """The operations and flows whose requests may come without a deadline."""
    if subject.architecture.deadlines == "none":
        return frozenset(order)
    begun = {target for targets in calls.sends.values() for target in targets}
    found = {name for name in order if subject.index.bodies[name].is_flow or name in begun}
    for body in order:
        if body in found:
            found |= {spot.step.call for spot in calls.calls[body] if spot.step.timeout is None}
    return frozenset(found)
