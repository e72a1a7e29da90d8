"""Metrics sampled every so often, and who is woken by it.

Most samples are within their bounds, so that who waits for one beyond them is woken by that alone. The kernel samples its own words
itself (simcore.control.cosimulation); `PolledSampler` does it in SimPy, and sees the same at the same instants.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

import simpy

from simcore.base.units import SECOND

Kind = Literal["gauge", "rate", "ratio"]
TOO_FEW = 1e-9  # a ratio over less than this is none


@dataclass(frozen=True)
class Sampling:
    """What is sampled and when: the metrics of one or two sums (`Metric.sums`), every `every` ns from `first` on (not before now).

    Beyond is more than `above`, or less than `below`; without a bound nothing is. The first sample of a growth is no data, and so is a
    ratio in an interval in which fewer than `min_count` were counted. What is counted above the line counts too: failed to done is
    without bound, and not without data, when everything fails and nothing is done.
    """

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

    @property
    def either(self) -> bool:
        """Whether the sum above the line counts as the one below it does: it holds no lengths of time, which are not so many of anything."""
        return not any(reading.endswith(("_ns", "_ns_sum")) for reading in self.of)

    def value(self, ns: int, of: int, to: int) -> float | None:
        """What comes of the sums of a gauge, or of how much they grew in an interval of `ns` (0: there was none). None for no data."""
        if self.kind == "gauge":
            return float(of)
        if self.kind == "rate":
            return float(of) * SECOND / float(ns) if ns > 0 else None
        if ns <= 0 or (max(of, to) if self.either else to) < self.least:
            return None
        return float(of) / float(to) if to > 0 else math.inf

    def beyond(self, value: float | None) -> bool | None:
        """Whether a value is beyond the bound; None for no data."""
        if value is None:
            return None
        return (self.above is not None and value > self.above) or (self.below is not None and value < self.below)


class Sums(NamedTuple):
    """The sums of both lists of metrics, or what they grew by."""

    of: int
    to: int


class Sampler(Protocol):
    """A sampling at work. What control does at an instant comes before a sample at that instant, and that before what the kernel does."""

    @property
    def turns(self) -> int:
        """Intervals that have ended: one less than samples, and none before the first."""

    @property
    def grown(self) -> int:
        """How much the first sum grew in the last interval (of a gauge: the sum itself)."""

    @property
    def last(self) -> float | None:
        """The value of the last sample; None for no data."""

    def value(self) -> float | None:
        """The value from the last sample to now, without this being a sample."""

    def next(self, *, beyond: bool) -> simpy.Event:
        """Succeeds with the next sample; or with the next that is beyond. One event is waited for at a time."""

    def wake(self) -> None:
        """What is waited for comes with the next sample, whatever that is."""


class PolledSampler:
    """A sampler driven by SimPy; `sum_of` prepares a sum of metrics (`ScenarioCore.sum_of`)."""

    def __init__(self, env: simpy.Environment, sampling: Sampling, sum_of: Callable[[Iterable[str]], Callable[[], int]]) -> None:
        self._env, self._sampling = env, sampling
        self._of, self._to = sum_of(sampling.of), sum_of(sampling.to)
        self._at, self._sums = -1, Sums(0, 0)
        self._ns, self._growth = 0, Sums(0, 0)
        self._waiting: simpy.Event | None = None
        self._any = False
        self.turns = 0
        env.process(self._run())

    def _run(self) -> Generator[simpy.Event, None, None]:
        yield self._env.timeout(max(0, self._sampling.first - int(self._env.now)))
        while True:
            self._sample()
            if self._waiting is not None and (self._any or self._sampling.beyond(self.last)):
                waiting, self._waiting = self._waiting, None
                waiting.succeed()
            yield self._env.timeout(self._sampling.every)

    def _sample(self) -> None:
        self._ns, self._growth = self._interval_ns(), self._grown_since()
        self.turns += self._at >= 0
        self._at, self._sums = int(self._env.now), Sums(self._of(), self._to())

    def _interval_ns(self) -> int:
        return int(self._env.now) - self._at if self._at >= 0 and self._sampling.kind != "gauge" else 0

    def _grown_since(self) -> Sums:
        if self._sampling.kind == "gauge":
            return Sums(self._of(), 0)
        return Sums(self._of() - self._sums.of, self._to() - self._sums.to) if self._at >= 0 else Sums(0, 0)

    @property
    def grown(self) -> int:
        return self._growth.of

    @property
    def last(self) -> float | None:
        return self._sampling.value(self._ns, *self._growth) if self._at >= 0 else None

    def value(self) -> float | None:
        return self._sampling.value(self._interval_ns(), *self._grown_since())

    def next(self, *, beyond: bool) -> simpy.Event:
        self._any, self._waiting = not beyond, self._env.event()
        return self._waiting

    def wake(self) -> None:
        self._any = True
