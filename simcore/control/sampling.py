"""Readings looked at every so often, and who is woken by them.

Most looks see nothing, so that whoever waits for something to see is woken by that look alone. The kernel takes the looks itself
where it has the counters (`Cosimulation.scrape`); `PolledScrape` takes them in SimPy, and sees the same at the same instants.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from typing import Literal, Protocol

import simpy

from simcore.base.units import SECOND

Kind = Literal["gauge", "rate", "ratio"]
TOO_FEW = 1e-9  # a ratio over less than this is none


@dataclass(frozen=True)
class Rule:
    """What is read (`Metric.sums`), every `every` ns from `first` on (not before now), and what is beyond: more than `above`, or less
    than `below`. A ratio over fewer than `min_count` is no data, and so is the first look at a growth. With no bound nothing is
    beyond."""

    kind: Kind
    of: tuple[str, ...]
    to: tuple[str, ...]
    first: int
    every: int
    above: float | None = None
    below: float | None = None
    min_count: float = 0.0

    @property
    def least(self) -> float:
        """The least count that a ratio is taken over."""
        return max(self.min_count, TOO_FEW)

    def value(self, ns: int, of: int, to: int) -> float | None:
        """The metric of an interval of so many ns, 0 if there is none: a gauge's sum, or how much its sums grew."""
        if self.kind == "gauge":
            return float(of)
        if self.kind == "rate":
            return float(of) * SECOND / float(ns) if ns > 0 else None
        return float(of) / float(to) if ns > 0 and to >= self.least else None

    def beyond(self, value: float | None) -> bool | None:
        """Whether a value is beyond the bound; None for no data."""
        if value is None:
            return None
        return (self.above is not None and value > self.above) or (self.below is not None and value < self.below)


class Scrape(Protocol):
    """A rule at work. What control does at an instant comes before a look at that instant, and that before what the kernel does."""

    @property
    def turns(self) -> int:
        """Intervals that have ended: one less than looks, and none before the first."""

    @property
    def grown(self) -> int:
        """How much the first sum grew in the last interval (of a gauge: the sum itself)."""

    @property
    def last(self) -> float | None:
        """The metric of the last interval."""

    def value(self) -> float | None:
        """The metric from the last look to now, without this being a look."""

    def look(self, *, beyond: bool) -> simpy.Event:
        """Succeeds with the next look; or with the next that is beyond. One event is waited for at a time."""

    def hurry(self) -> None:
        """What is waited for comes with the next look, whatever that sees."""


class PolledScrape:
    """A scrape whose looks SimPy takes; `sum_of` prepares a sum of readings, as `Cosimulation.sum_of` does."""

    def __init__(self, env: simpy.Environment, rule: Rule, sum_of: Callable[[Iterable[str]], Callable[[], int]]) -> None:
        self._env, self._rule = env, rule
        self._of, self._to = sum_of(rule.of), sum_of(rule.to)
        self._at, self._sums = -1, (0, 0)
        self._ns, self._grown = 0, (0, 0)
        self._waiting: simpy.Event | None = None
        self._any = False
        self.turns = 0
        env.process(self._run())

    def _run(self) -> Generator[simpy.Event, None, None]:
        yield self._env.timeout(max(0, self._rule.first - int(self._env.now)))
        while True:
            self._look()
            if self._waiting is not None and (self._any or self._rule.beyond(self.last)):
                waiting, self._waiting = self._waiting, None
                waiting.succeed()
            yield self._env.timeout(self._rule.every)

    def _look(self) -> None:
        self._ns, self._grown = self._since()
        self.turns += self._at >= 0
        self._at, self._sums = int(self._env.now), (self._of(), self._to())

    def _since(self) -> tuple[int, tuple[int, int]]:
        of, to = self._of(), self._to()
        if self._rule.kind == "gauge":
            return 0, (of, 0)
        return (int(self._env.now) - self._at, (of - self._sums[0], to - self._sums[1])) if self._at >= 0 else (0, (0, 0))

    @property
    def grown(self) -> int:
        return self._grown[0]

    @property
    def last(self) -> float | None:
        return self._rule.value(self._ns, *self._grown) if self._at >= 0 else None

    def value(self) -> float | None:
        ns, grown = self._since()
        return self._rule.value(ns, *grown)

    def look(self, *, beyond: bool) -> simpy.Event:
        self._any, self._waiting = not beyond, self._env.event()
        return self._waiting

    def hurry(self) -> None:
        self._any = True
