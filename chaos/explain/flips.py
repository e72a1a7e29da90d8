"""Where a verdict flips as one factor moves from where it is to either end of its range: bisection, several factors at once.

Knows nothing of runs. Between an end with another verdict and where the factor is there may be several flips: one of them is found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

STEPS = 5
"""Halvings: an interval is at most a thirty-second of the way to the end."""


@dataclass(frozen=True)
class Point:
    """A factor, by its number, at a position from 0 to 1."""

    factor: int
    at: float


@dataclass
class Search:
    """The way from where a factor is to one end: `kept` is the last position with the verdict that stands, `flipped` the first with
    another, None where there is none."""

    factor: int
    end: float
    kept: float
    at_end: str = ""
    flipped: float | None = None
    verdict: str = ""

    @property
    def middle(self) -> float:
        """Half way between."""
        assert self.flipped is not None
        return (self.kept + self.flipped) / 2


Ask = Callable[[Sequence[Point]], Sequence[str]]
"""The verdicts at points, in their order."""


def searched(
    positions: Sequence[float], verdict: str, decided: Sequence[str], ask: Ask, is_open: Callable[[Search], bool]
) -> list[Search]:
    """For each factor, of which the position is given, the search to either end that lies apart from it. Verdicts that are not `decided` count as
    the one that stands. A search goes on while `is_open`, at most STEPS halvings; all points of a round are asked for together."""
    ways = [Search(i, end, own) for i, own in enumerate(positions) for end in (0.0, 1.0) if end != own]
    for way, found in zip(ways, ask([Point(way.factor, way.end) for way in ways]), strict=True):
        way.at_end = found
        if found != verdict and found in decided:
            way.flipped, way.verdict = way.end, found
    for _ in range(STEPS):
        open_ones = [way for way in ways if way.flipped is not None and is_open(way)]
        for way, found in zip(open_ones, ask([Point(way.factor, way.middle) for way in open_ones]), strict=True):
            if found != verdict and found in decided:
                way.flipped, way.verdict = way.middle, found
            else:
                way.kept = way.middle
    return ways
