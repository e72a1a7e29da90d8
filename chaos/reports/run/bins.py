"""A journal's seconds in bins wide enough for a page: ten seconds, or a multiple of ten for a long run."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simcore.base.units import SECOND
from simcore.journal.model import Journal

BIN_S = 10
BINS_MAX = 720

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Bins:
    """`count` bins of `step` seconds from `start_ns`; the last one may be cut short. `own_names` are the run's own names."""

    journal: Journal
    step: int
    count: int
    own_names: Collection[str] = ()

    @property
    def start_ns(self) -> int:
        """When the first bin begins, ns."""
        return self.journal.meta.start_ns

    @property
    def begins(self) -> Ints:
        """When each bin begins, ns, int64 [count]."""
        return self.start_ns + self.step * SECOND * np.arange(self.count, dtype=np.int64)

    def at(self, t_ns: int) -> int:
        """The bin that holds an instant; the first or last one if it lies outside."""
        return max(0, min(self.count - 1, (t_ns - self.start_ns) // (self.step * SECOND)))

    def sums(self, kind: str, name: str, field: str) -> Ints:
        """Increments of a counter in each bin; zeros where the journal keeps no series."""
        return self._reduced(np.add, kind, name, field)

    def highest(self, kind: str, name: str, field: str) -> Ints:
        """The highest value of a gauge or peak in each bin."""
        return self._reduced(np.maximum, kind, name, field)

    def lowest(self, kind: str, name: str, field: str) -> Ints:
        """The lowest value of a gauge in each bin."""
        return self._reduced(np.minimum, kind, name, field)

    def _reduced(self, how: np.ufunc, kind: str, name: str, field: str) -> Ints:
        if not self.count or not self.journal.has_series(kind, name, field):
            return np.zeros(self.count, np.int64)
        reduced: Ints = how.reduceat(self.journal.series(kind, name, field), np.arange(0, self.count * self.step, self.step))
        return reduced

    def counts(self, times_ns: Ints) -> Ints:
        """How many of these instants lie in each bin; those outside the run are left out."""
        bins = (times_ns - self.start_ns) // (self.step * SECOND)
        return np.bincount(bins[(bins >= 0) & (bins < self.count)], minlength=self.count).astype(np.int64)


def bins_of(journal: Journal, own_names: Collection[str] = ()) -> Bins:
    """Bins for the whole run, whose own names these are."""
    rows = journal.seconds.size
    step = BIN_S * max(1, -(-rows // (BIN_S * BINS_MAX)))
    return Bins(journal, step, -(-rows // step), own_names)
