"""Retries of several layers multiply."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, NamedTuple

from chaos.i18n.texts import translate
from chaos.lint.rule import Found, Rule, Subject
from chaos.lint.walk import Calls, CallSpot

LAYERS, ATTEMPTS = 2, 4
"""From so many layers and attempts in all on, a path is found."""
FROM_BELOW = frozenset({"error", "timeout", "reset", "deadline"})
"""How a call can end whose callee has tried its own calls again in vain."""


class Tried(NamedTuple):
    """How often an operation may be asked for one request of a customer, and the calls that try again on the way, outermost first."""

    times: int = 1
    layers: tuple[CallSpot, ...] = ()


class RetriesMultiplied(Rule):
    """Calls of two layers or more try again without a budget, so that one request becomes four or more at the bottom.

    A layer counts that asks again after what failed further down (error, timeout, reset, deadline); the last one whatever it is after.
    """

    name: ClassVar[str] = "retries-multiplied"
    rank: ClassVar[int] = 3

    def check(self, subject: Subject) -> Iterator[Found]:
        calls = Calls.of(subject.index)
        order = calls.callers_first()
        below = _retrying(calls, order)
        tried: dict[str, Tried] = {name: Tried() for name in order}
        for body in order:
            for spot in calls.calls[body]:
                last = _further(tried[body], spot)
                many = len(last.layers) >= LAYERS and last.times >= ATTEMPTS
                if many and last.layers[-1] is spot and not (_passes(spot) and spot.step.call in below):
                    yield _found(spot, last)
                on = last if _passes(spot) else tried[body]
                tried[spot.step.call] = max(tried[spot.step.call], on, key=lambda each: each.times)


def attempts(spot: CallSpot) -> int:
    """How often a call may ask for one request; 1 if a budget bounds it."""
    retry = spot.step.retry
    return 1 if retry is None or retry.budget is not None else retry.attempts


def _passes(spot: CallSpot) -> bool:
    """Whether a call does not ask again, or does so after what failed further down."""
    return attempts(spot) == 1 or (spot.step.retry is not None and not FROM_BELOW.isdisjoint(spot.step.retry.on))


def _further(tried: Tried, spot: CallSpot) -> Tried:
    times = attempts(spot)
    return tried if times == 1 else Tried(tried.times * times, (*tried.layers, spot))


def _retrying(calls: Calls, order: list[str]) -> frozenset[str]:
    """The operations and flows in which or below which a call asks again."""
    found: set[str] = set()
    for body in reversed(order):
        if any(attempts(spot) > 1 or spot.step.call in found for spot in calls.calls[body]):
            found.add(body)
    return frozenset(found)


def _found(spot: CallSpot, tried: Tried) -> Found:
    message = translate(
        "lint.retries-multiplied",
        site=spot.site,
        times=tried.times,
        product=" × ".join(str(attempts(layer)) for layer in tried.layers),
        layers=" → ".join(layer.site for layer in tried.layers),
    )
    return Found((*spot.keys, "retry"), message)
