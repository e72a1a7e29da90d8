"""Claims about the differences between pairs of runs, tests of them that hold whatever the shape of the differences, and how many claims are
tested over several analyses without more false ones. docs/comparing.md says what the claims are. scipy is imported where a test is made.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal, TypeVar

from chaos.measures.statistics import BETS

K = TypeVar("K", bound=Hashable)
Claim = Literal["mean", "often", "within"]
CLAIMS: tuple[Claim, ...] = ("mean", "often", "within")
"""That the means differ; that more runs are better than worse, or the reverse; that differences do not matter."""


@dataclass(frozen=True)
class Bearing:
    """What counts of a difference, in the measure's unit: differences within `margin` do not matter; a run that loses more than `amount` is
    bad, and at most a `share` of them may be. Differences cannot be larger than `largest` (None: not known, so that nothing can be said of
    their mean)."""

    margin: float
    amount: float
    share: float
    largest: float | None


@dataclass(frozen=True)
class PairTests:
    """p-values of claims about differences (less is better): that their mean is below or above 0, that more pairs are better than worse or
    worse than better, and that the two are equivalent. A small one says that it is so."""

    mean_below: float
    mean_above: float
    often_better: float
    often_worse: float
    within: float

    def p(self, claim: Claim) -> float:
        """Of the claim in either direction: twice the smaller."""
        pairs = {"mean": (self.mean_below, self.mean_above), "often": (self.often_better, self.often_worse)}
        return self.within if claim == "within" else min(1.0, 2.0 * min(pairs[claim]))

    def is_better(self, claim: Claim) -> bool:
        """Which direction the smaller of them says."""
        return self.mean_below < self.mean_above if claim == "mean" else self.often_better < self.often_worse


def judge_pairs(
    differences: Sequence[float], bearing: Bearing, missing: int = 0, restricted: Sequence[float] | None = None
) -> PairTests:
    """Tests of each claim. `restricted` are the differences of values that were cut at a horizon, where there is one: the mean is of them.
    Pairs that are missing count against every claim, so that leaving out what went wrong proves nothing.

    `mean`: bets on the differences (see `chaos.measures.statistics.mean_interval`), which win too seldom if the mean is 0, for any
    differences no larger than `largest`; those beyond count as that. `often`: McNemar's exact test on the pairs that are better or worse by
    more than the margin, and the exact binomial bound on the share of pairs that lose (or gain) more than the amount; both have to hold.
    `within`: that bound on either side, sign tests that the median lies within the margin, and the mean of the pairs seen within it, too.
    Sources: McNemar 1947, Psychometrika 12:153-157; two one-sided tests: Schuirmann 1987, J. Pharmacokinet. Biopharm. 15:657-680.
    """
    n, margin = len(differences) + missing, bearing.margin
    better, worse = sum(d < -margin for d in differences), sum(d > margin for d in differences)
    lost = _at_most(n, sum(d > bearing.amount for d in differences) + missing, bearing.share)
    gained = _at_most(n, sum(d < -bearing.amount for d in differences) + missing, bearing.share)
    bounded = differences if restricted is None else restricted
    centred = bool(differences) and abs(fmean(differences)) <= margin
    return PairTests(
        mean_below=_bet([-d for d in bounded], bearing.largest, missing),
        mean_above=_bet(bounded, bearing.largest, missing),
        often_better=max(_heads(better + worse + missing, better), lost),
        often_worse=max(_heads(better + worse + missing, worse), gained),
        within=max(_heads(n, n - missing - worse), _heads(n, n - missing - better), lost, gained) if centred else 1.0,
    )


@functools.cache
def _heads(n: int, least: int) -> float:
    """The chance of at least so many heads in n throws of a fair coin."""
    from scipy.stats import binom

    return float(binom.sf(least - 1, n, 0.5))


@functools.cache
def _at_most(n: int, hits: int, share: float) -> float:
    """The chance of at most so many hits in n, if the chance of each is `share`."""
    from scipy.stats import binom

    return float(binom.cdf(hits, n, share))


def _bet(values: Sequence[float], largest: float | None, missing: int) -> float:
    """The inverse of what bets on positive values win: at most so probable, if the mean is 0 or less (Ville's inequality: however often one
    looks). A missing value is the worst that it can be."""
    if not largest:
        return 1.0
    cut = [max(-1.0, min(1.0, v / largest)) for v in values] + [-1.0] * missing
    return min(1.0, 1.0 / max(_won(cut), 1e-300))


def _won(values: Sequence[float]) -> float:
    return sum(weight * math.prod(1.0 + bet * v for v in values) for bet, weight in BETS)


# --- many claims, analysed more than once -----------------------------------------------------------------------------------


def holm(p_values: Mapping[K, float], level: float, family: int | None = None, decided: int = 0) -> set[K]:
    """The claims that hold at a family-wise error level. `family` is the number of all claims, those that are no longer tested
    included; `decided` of them hold already. Source: Holm 1979, Scand. J. Statist. 6:65-70."""
    total = len(p_values) if family is None else family
    found: set[K] = set()
    for claim in sorted(p_values, key=lambda claim: p_values[claim]):
        if p_values[claim] > level / (total - decided - len(found)):
            break
        found.add(claim)
    return found


def analyses_of(cap: int) -> list[int]:
    """After how many runs there are interim analyses, unless said otherwise: at one half and three quarters of the cap, and at the cap;
    below ten runs, where little can be decided earlier, at the cap alone."""
    return [cap] if cap < 10 else sorted({math.ceil(cap / 2), math.ceil(3 * cap / 4), cap})


@dataclass(frozen=True)
class Design:
    """What is asked of a comparison: so many cells (0: none can be compared) are decided by one measure at these numbers of runs. `level`
    is the chance of one false difference in all of them, half of it for each of the two claims that there is one, and of one false
    equivalence."""

    cells: int
    counts: tuple[int, ...]
    level: float = 0.05
    share: float = 0.2

    def level_of(self, claim: Claim) -> float:
        """What all analyses together may spend on a claim."""
        return self.level if claim == "within" else self.level / 2

    def is_reached(self, claim: Claim, runs: int, level: float) -> bool:
        """Whether a claim about one cell can hold beside the others after so many runs, if all pairs agree as much as they can."""
        return self.cells > 0 and least_p(claim, runs, self.share) <= level / self.cells

    def levels(self, claim: Claim) -> list[float]:
        """What of the error level each analysis may spend on a claim. One at which the claim cannot be decided spends nothing; the others
        spend in proportion to the runs that are new since the one before that spends. The sum is the level, and what is spent never comes
        back (Bonferroni over analyses; Lan and DeMets 1983, Biometrika 70:659-663, have the idea). The bets on means may be looked at as
        often as one likes, so that each analysis has all of it."""
        level = self.level_of(claim)
        if claim == "mean":
            return [level if self.is_reached(claim, n, level) else 0.0 for n in self.counts]
        useful = list(self.counts)
        while useful:
            spent = {n: level * (n - before) / useful[-1] for before, n in zip([0, *useful], useful, strict=False)}
            idle = next((n for n in useful if not self.is_reached(claim, n, spent[n])), None)
            if idle is None:
                return [spent.get(n, 0.0) for n in self.counts]
            useful.remove(idle)
        return [0.0] * len(self.counts)

    def can_decide(self, claim: Claim) -> bool:
        """Whether any of the analyses can."""
        return any(self.levels(claim))

    def runs_needed(self, claim: Claim) -> int:
        """The fewest runs of each side with which a claim about one cell can hold beside the others. ValueError without cells."""
        if not self.cells:
            raise ValueError("no cells")
        return next(n for n in itertools.count(1) if self.is_reached(claim, n, self.level_of(claim)))

    def least_mean(self, runs: int) -> float | None:
        """The least difference of means, as a share of the largest that there can be, that can be decided, if all pairs differ by it; None
        if none can."""
        needed = 2.0 * self.cells / self.level_of("mean")
        if _won([1.0] * runs) < needed:
            return None
        low, high = 0.0, 1.0
        for _ in range(50):
            middle = (low + high) / 2
            low, high = (low, middle) if _won([middle] * runs) >= needed else (middle, high)
        return high


def least_p(claim: Claim, runs: int, share: float) -> float:
    """The least p-value that so many pairs can have for a claim."""
    if claim == "mean":
        return min(1.0, 2.0 / _won([1.0] * runs))
    least = float(max(0.5**runs, (1.0 - share) ** runs))
    return least if claim == "within" else min(1.0, 2.0 * least)
