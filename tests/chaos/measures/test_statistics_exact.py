"""Statistics to the last digit: against another implementation, a formula written again, or a count by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from scipy import stats

from chaos.measures.statistics import (
    analyses_of,
    can_decide,
    enough,
    holm,
    mean_interval,
    median,
    median_interval,
    paired_shares_interval,
    quantile_of,
    restricted,
    runs_needed,
    sign_test,
    spending,
    variance_ratio,
    wilson,
)

# --- one sample -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", range(1, 12))
def test_the_median_is_numpys(n: int) -> None:
    """Of even and odd numbers, in any order."""
    values = [float(v * v) for v in np.random.default_rng(n).permutation(n)]
    assert median(values) == np.median(values)


@pytest.mark.parametrize(
    ("q", "rank"), [(0.0, 1), (0.05, 1), (0.1, 1), (0.11, 2), (0.3, 3), (0.7, 7), (0.71, 8), (0.9, 9), (0.99, 10), (1.0, 10)]
)
def test_a_quantile_is_the_value_of_its_rank(q: float, rank: int) -> None:
    """⌈q·n⌉ of ten; 0.07·100, which is a hair above 7 in floating point, is 7."""
    assert quantile_of([float(v) for v in range(10, 0, -1)], q) == rank
    assert quantile_of([float(v) for v in range(1, 101)], 0.07) == 7
    assert quantile_of([5.0], q) == 5.0


@pytest.mark.parametrize(
    ("share", "runs", "needed"),
    [(0.9, 10, 9), (0.91, 10, 10), (0.7, 10, 7), (0.1, 30, 3), (0.0, 10, 0), (1.0, 7, 7), (0.07, 100, 7), (0.29, 100, 29)],
)
def test_enough_runs_for_a_share(share: float, runs: int, needed: int) -> None:
    """As many as make the share: 0.07 of 100 is 7 and not 8, though it is 7.000000000000001 in floating point."""
    assert enough(share, runs) == needed


@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.95, 0.99])
@pytest.mark.parametrize("n", [*range(1, 14), 20, 33])
def test_the_median_interval_is_the_narrowest_with_enough_coverage(n: int, confidence: float) -> None:
    """Coverage of [x(r), x(n+1-r)] by adding up binomial chances: the largest r that has enough; with none there is no interval."""

    def coverage(r: int) -> float:
        return sum(math.comb(n, k) for k in range(r, n - r + 1)) / 2**n

    ranks = [r for r in range(1, n // 2 + 1) if coverage(r) >= confidence]
    expected = (max(ranks), n + 1 - max(ranks)) if ranks else None
    assert median_interval([float(v) for v in range(n, 0, -1)], confidence) == expected


def test_a_coverage_of_exactly_the_confidence_is_enough() -> None:
    """Of two values both ends cover a half."""
    assert median_interval([2.0, 1.0], 0.5) == (1.0, 2.0)
    assert median_interval([2.0, 1.0], 0.5 + 1e-9) is None
    assert median_interval([1.0], 0.5) is None
    assert median_interval([], 0.5) is None


@pytest.mark.parametrize("confidence", [0.8, 0.95])
@pytest.mark.parametrize(("k", "n"), [(0, 7), (1, 7), (3, 7), (6, 7), (7, 7), (1, 1), (50, 200)])
def test_wilson_is_scipys(k: int, n: int, confidence: float) -> None:
    """Successes of trials, the ends included."""
    expected = stats.binomtest(k, n).proportion_ci(confidence, method="wilson")
    assert wilson(k, n, confidence) == pytest.approx((expected.low, expected.high), rel=1e-9, abs=1e-12)
    assert (wilson(0, n).low, wilson(n, n).high) == (0.0, 1.0)


def hall(values: Sequence[float], confidence: float) -> tuple[float, float]:
    """Hall's interval with three fifths of the skewness, with numpy's and scipy's moments."""
    n, mean, deviation = len(values), np.mean(values), np.std(values, ddof=1)
    skew = 0.6 * np.mean((np.array(values) - mean) ** 3) / deviation**3
    quantile = stats.t.ppf(0.5 + confidence / 2, n - 1) / math.sqrt(n)

    def inverse(x: float) -> float:  # of T + aT² + a²T³/3 + b/n, with a = skew/3 and b = skew/6
        return float((np.cbrt(1 + skew * (x - skew / 6 / n)) - 1) / (skew / 3))

    return float(mean - deviation * inverse(quantile)), float(mean - deviation * inverse(-quantile))


@pytest.mark.parametrize("confidence", [0.8, 0.95])
@pytest.mark.parametrize("n", [20, 21, 50])
def test_the_mean_interval_is_halls(n: int, confidence: float) -> None:
    """Skewed to the right and to the left."""
    values = [float(v) for v in np.exp(np.random.default_rng(n).standard_normal(n))]
    for signed in (values, [-v for v in values]):
        assert mean_interval(signed, confidence) == pytest.approx(hall(signed, confidence), rel=1e-9)


def test_the_mean_interval_of_hardly_skewed_values_is_students() -> None:
    """A transformation by next to nothing would divide by it: below 1e-9 there is none."""
    values = [float(v) for v in range(-10, 11) if v]
    values[0] -= 1e-11
    half = stats.t.ppf(0.975, 19) * np.std(values, ddof=1) / math.sqrt(20)
    assert mean_interval(values) == pytest.approx((np.mean(values) - half, np.mean(values) + half), rel=1e-6)


@pytest.mark.parametrize("n", [18, 19, 20, 21])
def test_a_mean_needs_twenty_runs(n: int) -> None:
    """Below there is no interval; of equal values it is a point."""
    assert (mean_interval([float(v * v) for v in range(n)]) is None) is (n < 20)
    assert mean_interval([3.0] * n) == (None if n < 20 else (3.0, 3.0))


# --- pairs ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("below", range(8))
def test_the_sign_test_is_scipys(below: int) -> None:
    """So many of seven below, the rest above."""
    test = sign_test([-1.0] * below + [1.0] * (7 - below), 0.5)
    assert test.below == pytest.approx(stats.binomtest(below, 7, 0.5, alternative="greater").pvalue)
    assert test.above == pytest.approx(stats.binomtest(7 - below, 7, 0.5, alternative="greater").pvalue)
    assert test.differs == pytest.approx(stats.binomtest(below, 7, 0.5).pvalue)


@pytest.mark.parametrize(("difference", "inside"), [(0.49, True), (0.5, True), (0.51, False)])
def test_a_difference_of_exactly_the_margin_is_within_it(difference: float, inside: bool) -> None:
    """On either side; none below 0 is below, none of 0 is either."""
    for sign in (1.0, -1.0):
        test = sign_test([sign * difference] * 3, 0.5)
        assert test.within == (1 / 8 if inside else 1.0)
        assert (test.below, test.above) == ((1.0, 1 / 8) if sign > 0 else (1 / 8, 1.0))
    assert sign_test([0.0] * 3, 0.5) == type(test)(1.0, 1.0, 1 / 8)


def test_a_pair_that_is_missing_speaks_against_every_claim() -> None:
    """Two below and one missing: P(2 or more heads of 3) = 1/2; within is the worse side."""
    test = sign_test([-1.0, -1.0], 1.0, missing=1)
    assert (test.below, test.above, test.within, test.differs) == (0.5, 1.0, 0.5, 1.0)
    assert sign_test([-2.0, -1.0, 1.0, 1.0], 1.0).within == 5 / 16


def newcombe(both: int, only_a: int, only_b: int, neither: int, confidence: float) -> tuple[float, float]:
    """Method 10 in the notation of the paper: e, f, g, h, with its continuity-corrected correlation."""
    e, f, g, h = both, only_a, only_b, neither
    n = e + f + g + h
    (l2, u2), (l3, u3) = (stats.binomtest(k, n).proportion_ci(confidence, method="wilson") for k in (e + f, e + g))
    difference = (f - g) / n
    d2, d3, e2, e3 = (e + f) / n - l2, u2 - (e + f) / n, (e + g) / n - l3, u3 - (e + g) / n
    product, scale = e * h - f * g, (e + f) * (g + h) * (e + g) * (f + h)
    corrected = product if product <= 0 else max(0, product - n / 2)
    phi = corrected / math.sqrt(scale) if scale else 0.0
    low = difference - math.sqrt(d2**2 - 2 * phi * d2 * e3 + e3**2)
    return low, difference + math.sqrt(d3**2 - 2 * phi * d3 * e2 + e2**2)


@pytest.mark.parametrize("confidence", [0.8, 0.95])
@pytest.mark.parametrize(
    "pairs",
    [
        (36, 12, 2, 0),
        (3, 4, 1, 2),
        (10, 2, 3, 15),
        (2, 9, 8, 1),
        (5, 5, 5, 5),
        (0, 4, 0, 6),
        (4, 0, 0, 0),
        (3, 2, 1, 1),
        (1, 2, 2, 5),
    ],
)
def test_paired_shares_are_newcombes(pairs: tuple[int, int, int, int], confidence: float) -> None:
    """That go together, that exclude each other, that have nothing to do with each other, and at the edge."""
    assert paired_shares_interval(*pairs, confidence) == pytest.approx(newcombe(*pairs, confidence), abs=1e-9)


def test_paired_shares_stay_within_what_shares_can_be() -> None:
    """Nothing differs by more than everything."""
    assert paired_shares_interval(0, 3, 0, 0).high == 1.0
    assert paired_shares_interval(0, 0, 3, 0).low == -1.0
    assert paired_shares_interval(0, 3, 0, 0).low > -1.0


def test_a_variance_ratio_needs_three_pairs() -> None:
    """Of three there is one: variances 1 and 7/3 over that of the differences, 1/3."""
    assert variance_ratio([0.0, 1.0, 2.0], [0.0, 1.0, 3.0]) == pytest.approx((1 + 7 / 3) / (1 / 3))
    assert variance_ratio([0.0, 1.0], [0.0, 3.0]) is None
    assert variance_ratio([1.0, 2.0, 3.0], [0.0, 1.0, 2.0]) is None


def test_times_are_cut_at_the_least_bound_of_those_cut_off() -> None:
    """A bound of a time that was seen is none; a time that was cut off without a bound counts as the horizon."""
    assert restricted([700.0, None, 500.0], [100.0, 600.0, None]) == ([600.0, 600.0, 500.0], 600.0)
    assert restricted([10.0, None], [None, None]) == ([10.0, 10.0], 10.0)
    assert restricted([None], [None]) == ([0.0], 0.0)
    assert restricted([], []) == ([], 0.0)
    with pytest.raises(ValueError, match="shorter"):
        restricted([1.0], [])


# --- many claims ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("p", "family", "standing", "found"),
    [
        ({"a": 0.025, "b": 0.05}, None, 0, {"a", "b"}),  # exactly at either level
        ({"a": 0.0251, "b": 0.05}, None, 0, set()),
        ({"a": 0.025, "b": 0.0501}, None, 0, {"a"}),
        ({"a": 0.0125}, 4, 0, {"a"}),
        ({"a": 0.0126}, 4, 0, set()),
        ({"a": 0.0166}, 4, 1, {"a"}),
        ({"a": 0.0168}, 4, 1, set()),
        ({"a": 0.05}, 4, 3, {"a"}),
        ({}, None, 0, set()),
    ],
)
def test_holm_at_its_levels(p: dict[str, float], family: int | None, standing: int, found: set[str]) -> None:
    """A p-value of exactly the level stands; each that does makes the next level milder."""
    assert holm(p, 0.05, family, standing) == found


def test_analyses_and_what_they_may_spend() -> None:
    """At a half, three quarters and the end; below ten runs at the end alone. What is spent is in proportion to what is new."""
    assert [analyses_of(cap) for cap in (1, 9, 10, 11, 20, 21)] == [[1], [9], [5, 8, 10], [6, 9, 11], [10, 15, 20], [11, 16, 21]]
    assert spending([10, 15, 20], 0.04) == pytest.approx([0.02, 0.01, 0.01])
    assert spending([5], 0.05) == [0.05]


@pytest.mark.parametrize(("claims", "runs"), [(1, 6), (2, 7), (3, 7), (4, 8), (12, 9), (13, 12), (18, 12), (720, 17)])
def test_fewest_runs_that_can_decide(claims: int, runs: int) -> None:
    """2^(1-n) against the level over the number of claims: 1/32 for one of 5 %, and 1/64 for three; from ten runs on three analyses share it."""
    assert runs_needed(claims, 0.05) == runs


@pytest.mark.parametrize(("level", "runs"), [(1.0, 1), (0.99, 2), (0.5, 2), (0.49, 3), (0.25, 3), (0.24, 4)])
def test_fewest_runs_at_every_level(level: float, runs: int) -> None:
    """One run reaches 1, two 1/2, three 1/4: each is enough at that level itself and not just below it."""
    assert runs_needed(1, level) == runs


@pytest.mark.parametrize(("level", "possible"), [(0.0625, True), (0.0624, False)])
def test_a_claim_can_hold_at_the_level_itself(level: float, possible: bool) -> None:
    """Five pairs that agree reach 1/16; for two claims it takes twice the level."""
    assert can_decide([5], [level], 1) is possible
    assert can_decide([5], [2 * level], 2) is possible
    assert can_decide([2, 5], [0.0, level], 1) is possible


@pytest.mark.parametrize("claims", [1, 3, 7, 20])
def test_so_many_runs_decide_and_one_fewer_does_not(claims: int) -> None:
    """Held against the tests themselves: one difference that is clear in every pair, the other claims open."""
    for runs in (runs_needed(claims, 0.05), runs_needed(claims, 0.05) - 1):
        counts = analyses_of(runs)
        found = any(
            holm(dict.fromkeys(range(1, claims), 1.0) | {0: sign_test([1.0] * count, 0.0).differs}, level)
            for count, level in zip(counts, spending(counts, 0.05), strict=True)
        )
        assert found is (runs == runs_needed(claims, 0.05))
