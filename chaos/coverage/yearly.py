"""What a defect costs in a year, from what runs showed of it: arithmetic alone, with one interval for all that is not known.

The price is an expectation over all years: the chance that the defect gets into production, times the days that it stays, times what it
does on each; and for each trigger how often that comes in those days, times what the defect does *beyond* what it does on that part of
an ordinary day. The interval says what a year may bring: the chance of being there is a factor of it, not a coin, because a defect that
is there in one year of fifty would else have an interval of 0 to 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chaos.documents.triggers import Found, Range, Triggers
from chaos.results.coverage import PriceSign, YearShares
from chaos.results.summaries import Interval

Draws = NDArray[np.float64]
DRAWS = 4000
"""Of a year, for its interval."""
SHOWN = (0.05, 0.95)
"""The quantiles that an interval goes from and to: 90 % of the years."""
LEFT_OUT = (-1.0, 3.0)
"""What the windows that were not run do, as a multiple of those that were: even over this range, once on average, the same for all of a
defect. Where they are more than five parts in nine of a price, its sign stays open: 4/9 - 5/9 x 0.8 = 0, and 0.05 of the multiples
are below -0.8."""


class Sample(NamedTuple):
    """What runs showed: mean, standard deviation (n − 1) and number of seeds."""

    mean: float
    deviation: float
    seeds: int


def sample_of(values: Sequence[float]) -> Sample:
    """Of the values by seed. ValueError without any."""
    if not values:
        raise ValueError("no values")
    n = len(values)
    deviation = float(np.std(values, ddof=1)) if n > 1 else 0.0
    return Sample(float(np.mean(values)), deviation, n)


@dataclass(frozen=True)
class Shown:
    """What runs showed of a defect: `day` is the harm of an ordinary day, summed over the phases that were run, `day_left_out` how many
    were not; `excess` has for each window that was run (trigger, phase) what one occurrence does beyond the ordinary day's same phase."""

    day: Sample
    day_phases: int
    day_left_out: int
    excess: Mapping[tuple[str, str], Sample]

    @property
    def enough(self) -> bool:
        """Whether there are two seeds everywhere, so that a spread is known, and one window of a trigger."""
        return self.day_phases > 0 and all(s.seeds > 1 for s in (self.day, *self.excess.values()))


class Exposure(NamedTuple):
    """The chance that a defect gets into production in a year, and whether it shows on an ordinary day."""

    present: Range
    family: str
    shows: bool


class YearPrice(NamedTuple):
    """A year's expectation, by what it consists of; the 90 % interval (None where the runs tell no spread), and in which shares of the
    years it costs, spares, and is 0."""

    day: float
    triggers: float
    left_out: float
    interval: Interval | None
    years: YearShares | None

    @property
    def whole(self) -> float:
        return self.day + self.triggers + self.left_out


class Year:
    """Years drawn: how often each trigger comes in them, for how long a defect stays. The same for all defects, so that their prices
    can be held against each other."""

    def __init__(self, triggers: Triggers, draws: int = DRAWS, seed: int = 1) -> None:
        self.triggers, self.draws, self.seed = triggers, draws, seed
        chance, found = np.random.default_rng([seed, 0]), triggers.found
        self.days = {shows: _drawn(chance, days_until_found(found, shows), draws) for shows in (True, False)}
        self.rates = {n: _drawn(chance, t.per_year, draws) for n, t in triggers.triggers.items() if t.per_year is not None}
        self._counts = {
            (shows, trigger, phase): count
            for shows, days in self.days.items()
            for trigger, rate in self.rates.items()
            for phase, count in self._of_trigger(chance, trigger, rate * days / found.trading_days).items()
        }

    def _of_trigger(self, chance: np.random.Generator, trigger: str, expected: Draws) -> dict[str, Draws]:
        """How often it comes in each phase while the defect is there."""
        if self.triggers.triggers[trigger].every_phase:
            return dict.fromkeys(self.triggers.phases, chance.poisson(expected).astype(np.float64))
        return {name: chance.poisson(expected * phase.share).astype(np.float64) for name, phase in self.triggers.phases.items()}

    def count(self, shows: bool, trigger: str, phase: str) -> Draws:
        """In each year."""
        return self._counts[shows, trigger, phase]

    def expected(self, shows: bool, trigger: str, phase: str) -> float:
        """Its mean over all years."""
        what, found = self.triggers.triggers[trigger], self.triggers.found
        share = 1.0 if what.every_phase else self.triggers.phases[phase].share
        return (what.per_year.mean if what.per_year else 0.0) * share * days_until_found(found, shows).mean / found.trading_days

    def price(self, name: str, shown: Shown, exposure: Exposure) -> YearPrice:
        """The price of a defect of a name, which its own chance hangs on."""
        present, stays = exposure.present.mean, days_until_found(self.triggers.found, exposure.shows).mean
        day_left = shown.day.mean / shown.day_phases * shown.day_left_out if shown.day_phases else 0.0
        run = sum(self.expected(exposure.shows, *window) * sample.mean for window, sample in shown.excess.items())
        left = sum(self.expected(exposure.shows, *window) * _like(shown, window[0]) for window in self._left_out(shown))
        sums = self._sums(name, shown, exposure) if shown.enough else None
        return YearPrice(
            day=present * stays * shown.day.mean,
            triggers=present * run,
            left_out=present * (stays * day_left + left),
            interval=_interval(sums) if sums is not None else None,
            years=_shares(sums) if sums is not None else None,
        )

    def _left_out(self, shown: Shown) -> list[tuple[str, str]]:
        """The windows that were not run."""
        return [(t, p) for t in self.rates for p in self.triggers.phases if (t, p) not in shown.excess]

    def _sums(self, name: str, shown: Shown, exposure: Exposure) -> Draws:
        """What each of the years drawn brings."""
        chance, shows = np.random.default_rng([self.seed, *blake2b(name.encode(), digest_size=8).digest()]), exposure.shows
        days = self.days[shows]
        like_those_run = chance.uniform(*LEFT_OUT, self.draws)
        sums = _happens(chance, shown.day, days)
        sums += days * shown.day.mean / shown.day_phases * shown.day_left_out * like_those_run
        for (trigger, phase), sample in shown.excess.items():
            sums += _happens(chance, sample, self.count(shows, trigger, phase))
        for trigger, phase in self._left_out(shown):
            known = _alike(shown, trigger)
            if known:
                like = np.array([sample.mean for sample in known])[chance.integers(len(known), size=self.draws)]
                sums += self.count(shows, trigger, phase) * like * like_those_run
        return sums * self._present(exposure)

    def _present(self, exposure: Exposure) -> Draws:
        """The chance of being there: one draw for all defects of a family, because what is not known of one is not known of all."""
        key = blake2b(exposure.family.encode(), digest_size=8).digest()
        return _drawn(np.random.default_rng([self.seed, 1, *key]), exposure.present, self.draws)


def days_until_found(found: Found, shows: bool) -> Range:
    """How long a defect stays that shows on an ordinary day, or does not."""
    return found.shows if shows else found.hidden


def _drawn(chance: np.random.Generator, of: Range | None, draws: int) -> Draws:
    """Triangular over a range."""
    if of is None or of.low == of.high:
        return np.full(draws, of.low if of else 0.0)
    return chance.triangular(of.low, of.likely, of.high, draws)


def _happens(chance: np.random.Generator, sample: Sample, times: Draws) -> Draws:
    """The sum over so many occurrences, each of which comes out like another seed: what few seeds leave open of the mean is the same for
    all of them, what differs between seeds is not. Student's t, as of a prediction from a normal sample."""
    spread = sample.deviation * np.sqrt(times * times / sample.seeds + times)
    return times * sample.mean + chance.standard_t(max(1, sample.seeds - 1), times.size) * spread


def _alike(shown: Shown, trigger: str) -> list[Sample]:
    """What stands for a window of a trigger that was not run: the windows of the same trigger that were, else all that were."""
    same = [sample for (other, _), sample in shown.excess.items() if other == trigger]
    return same or list(shown.excess.values())


def _like(shown: Shown, trigger: str) -> float:
    known = _alike(shown, trigger)
    return sum(sample.mean for sample in known) / len(known) if known else 0.0


def _interval(sums: Draws) -> Interval:
    low, high = np.quantile(sums, SHOWN, method="inverted_cdf")
    return float(low), float(high)


def _shares(sums: Draws) -> YearShares:
    return YearShares(costs=float(np.mean(sums > 0)), spares=float(np.mean(sums < 0)), nothing=float(np.mean(sums == 0)))


# --- signs and ranks ------------------------------------------------------------------------------------------------------------


def sign_of(interval: Interval | None, nothing: float = 0.0) -> PriceSign:
    """Decided where the interval excludes 0; "none" where the share of years that bring `nothing` is all of them: an interval from 0 to 0 is
    also that of what happens in fewer than one year in twenty."""
    if interval is None:
        return "not decided"
    if nothing == 1.0:
        return "none"
    low, high = interval
    return "costs" if low > 0 else "spares" if high < 0 else "not decided"


class Rank(NamedTuple):
    """The ranks that a price may have, 1 is the highest: more than one where it cannot be distinguished from others."""

    first: int
    last: int


def ranks_of(prices: Sequence[tuple[float, Interval | None]]) -> list[Rank]:
    """Of prices, the highest first. Whose interval reaches the first price of a band belongs to the band, and shares its ranks; a price
    without an interval cannot be distinguished from any."""
    bands: list[int] = []
    for i, (_, interval) in enumerate(prices):
        first = bands[-1] if bands else i
        best, of_best = prices[first]
        same = bool(bands) and (interval is None or of_best is None or interval[1] >= best)
        bands.append(first if same else i)
    last = {first: i for i, first in enumerate(bands)}
    return [Rank(first + 1, last[first] + 1) for first in bands]
