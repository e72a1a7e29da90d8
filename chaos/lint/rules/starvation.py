"""One business line can hold every slot of a pool that other lines share."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, NamedTuple

from chaos.i18n.texts import LocalizedText, join, translate, untranslated
from chaos.lint.lines import Line, business_lines, line_text
from chaos.lint.rule import Found, Rule, Subject
from chaos.lint.walk import Calls, CallSpot
from chaos.measures.formatting import number
from simcore.files.validation import Keys


class Narrow(NamedTuple):
    """How many requests can stand somewhere, and the pool that allows no more."""

    most: float
    slots: float = math.inf
    pool: str | None = None


class Starving(NamedTuple):
    """A line that can hold every slot of a pool while it stands at an operation, and where it is held back least badly."""

    line: str
    pool: str
    stage: str
    narrow: Narrow
    starved: frozenset[str]


class Starvation(Rule):
    """One business line can hold every slot of a pool that other lines share, while it waits where those do not go.

    A line holds a pool U on its way to an operation S of another service. So many of its requests can stand at S with a slot of U each as the
    pools before U have slots, and as the pools after U, up to S, have slots and places to wait. Are these as many as U has slots, then
    whatever is slow at S alone takes U from everybody.
    """

    name: ClassVar[str] = "starvation"
    rank: ClassVar[int] = 1

    def check(self, subject: Subject) -> Iterator[Found]:
        found: dict[tuple[str, str, str | None], Starving] = {}
        paths = _Paths(subject)
        for line in paths.lines:
            for starving in paths.starving(line):
                key = (starving.line, starving.pool, starving.narrow.pool)
                known = found.setdefault(key, starving)
                found[key] = known._replace(starved=known.starved | starving.starved)
        for starving in found.values():
            yield Found(_place(subject, starving), _message(subject, starving))


def _place(subject: Subject, starving: Starving) -> Keys:
    """The queue that is too long; the pool, where nothing lies between it and what is waited for."""
    return ("pools", starving.narrow.pool or starving.pool, *(("queue",) if starving.narrow.pool else ()))


def _message(subject: Subject, starving: Starving) -> LocalizedText:
    narrow = starving.narrow
    if narrow.pool is None:
        between = translate("lint.starvation.nothing")
    else:
        queue = subject.queue_of(narrow.pool)
        waiting = translate("lint.starvation.unbounded") if queue == math.inf else untranslated(number(queue))
        between = translate("lint.starvation.between", pool=narrow.pool, n=number(narrow.slots), queue=waiting)
    return translate(
        "lint.starvation",
        line=line_text(starving.line),
        slots=number(subject.slots_of(starving.pool)),
        pool=starving.pool,
        stage=starving.stage,
        between=between,
        starved=join([line_text(line) for line in sorted(starving.starved)]),
    )


@dataclass(frozen=True)
class _Paths:
    """Which requests of a line can stand where with what in hand."""

    subject: Subject

    @cached_property
    def calls(self) -> Calls:
        return Calls.of(self.subject.index)

    @cached_property
    def lines(self) -> list[Line]:
        return business_lines(self.calls)

    @cached_property
    def order(self) -> list[str]:
        return self.calls.callers_first()

    def starving(self, line: Line) -> Iterator[Starving]:
        """What a line can starve, call by call and pool by pool."""
        entering = _Entering(self.subject, self.calls, line)
        for body in self.order:
            for spot in self.calls.calls[body]:
                entering.pass_on(spot)
                held = (*spot.held, *spot.taken)
                for i, pool in enumerate(held):
                    slots = self.subject.slots_of(pool)
                    others = [other for other in self.lines if pool in other.pools and other.name != line.name]
                    if others and 0 < slots < math.inf and entering.most(spot, held[:i]) >= slots:
                        yield from self._beyond(line, pool, others, spot, self._narrowed(Narrow(math.inf), held[i + 1 :]))

    def _beyond(self, line: Line, pool: str, others: Sequence[Line], first: CallSpot, after: Narrow) -> Iterator[Starving]:
        """The operations behind a call at which a line may stand with every slot of a pool in hand."""
        holder, slots = first.body.service, self.subject.slots_of(pool)
        reached: dict[str, Narrow] = {}
        leading = [(first, after)]
        for body in self.order:
            if body in reached:
                further = [(spot, (*spot.held, *spot.taken)) for spot in self.calls.calls[body]]
                leading += [(spot, self._narrowed(reached[body], pools)) for spot, pools in further]
            for spot, narrow in leading:
                target = spot.step.call
                if narrow.most >= slots:
                    reached[target] = max(reached.get(target, narrow), narrow, key=lambda each: each.most)
                    if target.partition(".")[0] != holder:
                        yield from self._at(line, pool, others, spot, narrow)
            leading = []

    def _at(self, line: Line, pool: str, others: Sequence[Line], spot: CallSpot, narrow: Narrow) -> Iterator[Starving]:
        """What a line starves that stands where a call leads, if it does."""
        stage = self.subject.index.bodies[spot.step.call]
        narrow = self._narrowed(narrow, stage.pools)
        apart = frozenset(other.name for other in others if not self._stands_at(other, spot))
        if apart and narrow.most >= self.subject.slots_of(pool):
            yield Starving(line.name, pool, stage.name, narrow, apart)

    def _stands_at(self, line: Line, spot: CallSpot) -> bool:
        """Whether what holds others up where a call leads holds up a line too: it comes to that service, it takes from all the pools there,
        and it makes the last call itself. (An operation that only passes on is as fast as its service; the last one does work of its own.)"""
        stage = self.subject.index.bodies[spot.step.call]
        limited = {pool for pool in (*spot.taken, *stage.pools) if self.subject.slots_of(pool) < math.inf}
        comes = stage.service in line.services and limited <= line.pools
        return comes and (bool(self.calls.calls[stage.name]) or stage.name in line.operations)

    def _narrowed(self, narrow: Narrow, pools: Sequence[str]) -> Narrow:
        """How many can stand behind more pools: each lets through what it has slots for, and lets as many wait as its queue takes."""
        further = [
            Narrow(self.subject.slots_of(pool) + self.subject.queue_of(pool), self.subject.slots_of(pool), pool) for pool in pools
        ]
        return min([narrow, *further], key=lambda each: (each.most, each.slots))


class _Entering:
    """How many requests of a line can come to each of its operations at once, for the slots held on the way. What customers ask for is
    without limit, and so is what messages begin: a message does not hold its sender's slots."""

    def __init__(self, subject: Subject, calls: Calls, line: Line) -> None:
        self._subject = subject
        begun = {target for name in line.operations for target in calls.sends[name]}
        self._most = dict.fromkeys((*line.entries, *begun), math.inf)

    def most(self, spot: CallSpot, pools: Sequence[str]) -> float:
        """How many can stand in the body of a call that hold slots of pools; none if the line does not come there."""
        return min([self._most.get(spot.body.name, 0.0), *map(self._subject.slots_of, pools)])

    def pass_on(self, spot: CallSpot) -> None:
        """Lets them on to where a call leads. The calls that lead to its body have been passed on before."""
        further = self.most(spot, (*spot.held, *spot.taken))
        self._most[spot.step.call] = max(self._most.get(spot.step.call, 0.0), further)
