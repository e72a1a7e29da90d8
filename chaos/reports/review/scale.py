"""From instants to places: the curves and the lanes of a review share one axis of time."""

from __future__ import annotations

from dataclasses import dataclass

from chaos.measures.formatting import minute
from chaos.results.review import Review
from simcore.base.units import MINUTE

LABELS_MAX = 8
_EVERY = (1, 2, 5, 10, 15, 30, 60, 120, 240, 1440)


@dataclass(frozen=True)
class Tick:
    """A place on the axis with what stands there."""

    x: float
    label: str


@dataclass(frozen=True)
class TimeAxis:
    """From `begin_ns` at `left` to `end_ns` at `right`."""

    begin_ns: int
    end_ns: int
    left: float
    right: float

    def x(self, t_ns: int) -> float:
        """The place of an instant; what lies outside is at the edge."""
        share = (min(max(t_ns, self.begin_ns), self.end_ns) - self.begin_ns) / max(1, self.end_ns - self.begin_ns)
        return round(self.left + share * (self.right - self.left), 1)

    def ticks(self) -> list[Tick]:
        """Round instants, not too many."""
        span = (self.end_ns - self.begin_ns) / MINUTE
        every = next((m for m in _EVERY if span / m <= LABELS_MAX), _EVERY[-1]) * MINUTE
        return [Tick(self.x(t), minute(t)) for t in range(-(-self.begin_ns // every) * every, self.end_ns + 1, every)]


def axis_of(review: Review, left: float, right: float) -> TimeAxis:
    """From a little before the first fault to the end of what was reviewed."""
    begin, end = review.window
    end = review.ended_ns or end
    if review.first_fault_ns is not None:
        begin = max(begin, review.first_fault_ns - MINUTE)
    return TimeAxis(begin, max(end, begin + MINUTE), left, right)
