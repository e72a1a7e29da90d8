"""Shapes of differences and outcomes whose truth is known, and how often what is decided or covered agrees with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chaos.compare.stopping import StoppingRule
from chaos.measures.claims import Bearing, Design, analyses_of, judge_pairs
from chaos.measures.statistics import Bounds, mean_interval, median_interval, paired_shares_interval, restricted, share_interval

Values = NDArray[np.float64]
Draw = Callable[[np.random.Generator, int], Values]
SIZES = (5, 10, 20, 50)
BEARING = Bearing(margin=0.001, amount=0.01, share=0.2, largest=1.0)


@dataclass(frozen=True)
class Shape:
    """Values in [-1, 1] of which the mean is known, and that are drawn run by run."""

    name: str
    draw: Draw
    mean: float


def _mixture(name: str, *parts: tuple[float, float]) -> Shape:
    """Values each with its chance, ties and all."""
    values, chances = np.array([v for v, _ in parts]), np.array([p for _, p in parts])
    return Shape(name, lambda rng, n: rng.choice(values, n, p=chances), float(values @ chances))


def _rare(share: float, large: float = 0.6) -> Shape:
    """So many runs lose much, the rest gain a little: on the mean nothing."""
    return _mixture(
        f"{share:.0%} lose {100 * large:.0f} points, mean 0", (large, share), (-large * share / (1 - share), 1 - share)
    )


def _skewed(rng: np.random.Generator, n: int) -> Values:
    return np.minimum(1.0, 0.02 * np.exp(1.5 * rng.standard_normal(n)))


def _large_mean(draw: Draw) -> float:
    return float(draw(np.random.default_rng(99), 4_000_000).mean())


SKEWED = _large_mean(_skewed)

NO_MEAN = (
    _mixture("no difference", (0.0, 1.0)),
    Shape("symmetric, heavy tails", lambda rng, n: np.clip(0.05 * rng.standard_t(2, n), -1, 1), 0.0),
    Shape("skewed", lambda rng, n: _skewed(rng, n) - SKEWED, 0.0),
    _mixture("nine of ten nothing", (0.0, 0.9), (0.3, 0.05), (-0.3, 0.05)),
    _mixture("tied", (-0.05, 0.25), (0.0, 0.5), (0.05, 0.25)),
    _rare(0.02),
    _rare(0.05),
    _rare(0.1),
    _rare(0.25),
    _mixture("all or nothing", (1.0, 0.5), (-1.0, 0.5)),
)
"""On the mean there is no difference: 'better' and 'worse' are false."""

NO_MORE_OFTEN = (
    _mixture("as often better as worse", (-0.05, 0.5), (0.05, 0.5)),
    _mixture("rarely either", (-0.05, 0.05), (0.0, 0.9), (0.05, 0.05)),
    _mixture("better more often, a fifth bad", (-0.005, 0.8), (0.6, 0.2)),
    _mixture("better more often, a quarter bad", (-0.005, 0.75), (0.6, 0.25)),
)
"""It is not better more often with few bad runs: 'more often better' is false."""

NOT_EQUIVALENT = (
    _mixture("a quarter loses 60 points", (0.0, 0.75), (0.6, 0.25)),
    _mixture("a fifth loses 60 points", (0.0, 0.8), (0.6, 0.2)),
    _mixture("a fifth loses, a fifth gains 2 points", (0.0, 0.6), (0.02, 0.2), (-0.02, 0.2)),
    _mixture("all lose twice the margin", (0.002, 1.0)),
    _mixture("half lose twice the margin", (0.002, 0.5), (0.0, 0.5)),
)
"""'Equivalent' is false."""

POWER = (
    _mixture("all gain 45 points", (-0.45, 1.0)),
    _mixture("all gain 14 points", (-0.14, 1.0)),
    _mixture("all gain 2 points", (-0.02, 1.0)),
    _mixture("half gain 60 points", (-0.6, 0.5), (0.0, 0.5)),
    _mixture("a quarter loses 60 points", (0.6, 0.25), (0.0, 0.75)),
    _mixture("no difference", (0.0, 1.0)),
)


def verdicts(shape: Shape, cells: int, counts: Sequence[int], campaigns: int, seed: int = 5) -> dict[str, float]:
    """In which share of campaigns of so many cells, all of one shape, each verdict was reached at all."""
    rng, found = np.random.default_rng(seed), dict[str, int]()
    design = Design(cells, tuple(counts))
    for _ in range(campaigns):
        values = [[float(v) for v in shape.draw(rng, counts[-1])] for _ in range(cells)]
        rule = StoppingRule(range(cells), design)
        for number, count in enumerate(counts):
            rule.analyse(number, {cell: judge_pairs(values[cell][:count], BEARING) for cell in rule.open})
        for verdict in {decision.verdict for cell in range(cells) if (decision := rule.decision(cell)) is not None}:
            found[verdict] = found.get(verdict, 0) + 1
    return {verdict: n / campaigns for verdict, n in sorted(found.items())}


def planned(runs: int) -> list[int]:
    """The analyses of so many runs."""
    return analyses_of(runs)


# --- intervals ------------------------------------------------------------------------------------------------------------------

BOUNDED = (
    *NO_MEAN[:5],
    *(_mixture(f"{p:.0%} at 60 points, else nothing", (0.6, p), (0.0, 1 - p)) for p in (0.02, 0.05, 0.1, 0.5)),
    _mixture("always the same", (0.3, 1.0)),
    Shape("at a bound", lambda rng, n: np.where(rng.random(n) < 0.8, 1.0, -1.0), 0.6),
)


def mean_coverage(shape: Shape, n: int, draws: int, seed: int = 7) -> float:
    """How often the interval of the mean of n values holds the true mean."""
    rng = np.random.default_rng(seed)
    return _share(mean_interval([float(v) for v in shape.draw(rng, n)], -1.0, 1.0) for _ in range(draws))(shape.mean)


def median_coverage(draw: Draw, truth: float, n: int, draws: int, seed: int = 7) -> float | None:
    """How often that of the median holds the true one; None for so few values that there is none."""
    rng = np.random.default_rng(seed)
    found = [median_interval([float(v) for v in draw(rng, n)]) for _ in range(draws)]
    return None if found[0] is None else _share(iter(found))(truth)


def least_share_coverage(n: int) -> float:
    """The least chance, over all true shares, with which the interval of a share of n runs holds it: summed, not drawn."""
    from scipy.stats import binom

    shares = np.linspace(0.001, 0.999, 999)
    intervals = [share_interval(k, n) for k in range(n + 1)]
    return min(sum(float(binom.pmf(k, n, p)) for k, (a, b) in enumerate(intervals) if a <= p <= b) for p in shares)


def paired_coverage(chances: tuple[float, float, float], n: int, draws: int, seed: int = 3) -> float:
    """How often that of the difference of paired shares (only a, only b, else) holds the true one."""
    counts = np.random.default_rng(seed).multinomial(n, chances, draws)
    return _share(paired_shares_interval(int(row[0]), int(row[1]), n) for row in counts)(chances[0] - chances[1])


HORIZON = 1800.0


@dataclass(frozen=True)
class Recoveries:
    """Recovery times of a baseline and of an option, s, before any is cut off, and the mean difference up to the horizon."""

    name: str
    draw: Callable[[np.random.Generator, int], tuple[Values, Values]]

    @property
    def truth(self) -> float:
        """By a large sample."""
        base, other = self.draw(np.random.default_rng(98), 2_000_000)
        return float((np.minimum(other, HORIZON) - np.minimum(base, HORIZON)).mean())


def _long(rng: np.random.Generator, n: int) -> Values:
    return 900.0 * np.exp(0.9 * rng.standard_normal(n))


RECOVERIES = (
    Recoveries("never impaired", lambda rng, n: (_long(rng, n), np.zeros(n))),
    Recoveries("no different", lambda rng, n: (_long(rng, n), _long(rng, n))),
    Recoveries("impaired in half", lambda rng, n: (_long(rng, n), np.where(rng.random(n) < 0.5, 0.0, _long(rng, n)))),
    Recoveries("rarely never back", lambda rng, n: (np.full(n, 20.0), np.where(rng.random(n) < 0.06, 9e9, 19.5))),
    Recoveries("a quarter never back before", lambda rng, n: (np.where(rng.random(n) < 0.25, 9e9, 20.0), np.full(n, 19.5))),
)
"""Those that last longer than what is left of the window are cut off, by chance at different times."""


def recovery_coverage(case: Recoveries, n: int, draws: int, seed: int = 11) -> float:
    """How often the interval of the mean difference up to the horizon holds it, with runs cut off somewhere between 900 s and 1800 s."""
    rng, truth = np.random.default_rng(seed), case.truth

    def one() -> Bounds | None:
        sides = []
        for times in case.draw(rng, n):
            ends = rng.uniform(900.0, HORIZON, n)
            cut = [None if t > e else float(t) for t, e in zip(times, ends, strict=True)]
            sides.append(restricted(cut, [float(e) if t is None else None for t, e in zip(cut, ends, strict=True)], HORIZON))
        base, other = sides
        low = mean_interval([b - a for a, b in zip(base.most, other.least, strict=True)], -HORIZON, HORIZON)
        high = mean_interval([b - a for a, b in zip(base.least, other.most, strict=True)], -HORIZON, HORIZON)
        return Bounds(low.low, high.high) if low and high else None

    return _share(one() for _ in range(draws))(truth)


def _share(found: object) -> Callable[[float], float]:
    intervals = list(found)  # type: ignore[call-overload]
    return lambda truth: sum(i is not None and i[0] - 1e-12 <= truth <= i[1] + 1e-12 for i in intervals) / len(intervals)
