"""Claims about pairs: each test against scipy or by hand, many of them at once, and what a design can decide."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from scipy import stats

from chaos.measures.claims import Bearing, Design, PairTests, analyses_of, holm, judge_pairs, least_p

# --- pairs ----------------------------------------------------------------------------------------------------------------------

BEARING = Bearing(margin=0.5, amount=5.0, share=0.2, largest=10.0)


@pytest.mark.parametrize("better", range(13))
def test_more_often_better_is_mcnemars_and_a_binomial_bound(better: int) -> None:
    """So many of twelve better, two within the margin, the rest worse but not bad: the tests of scipy, whichever says less."""
    found = judge_pairs([-1.0] * better + [0.5, -0.5] + [1.0] * (12 - better), BEARING)
    bound = stats.binom.cdf(0, 14, 0.2)
    one, other = (stats.binomtest(k, 12, 0.5, alternative="greater").pvalue for k in (better, 12 - better))
    assert (found.often_better, found.often_worse) == pytest.approx((max(one, bound), max(other, bound)))


@pytest.mark.parametrize("bad", range(5))
def test_bad_runs_count_against(bad: int) -> None:
    """Fifty better, some of fifty that lose more than the amount: what is bad the other way does not count for 'worse'. Exactly the
    amount is not bad."""
    found = judge_pairs([-6.0] * 50 + [5.1] * bad + [5.0], BEARING)
    assert found.often_better == pytest.approx(stats.binom.cdf(bad, 51 + bad, 0.2))
    assert found.often_worse == 1.0
    assert judge_pairs([6.0] * 50 + [-5.0], BEARING).often_worse == pytest.approx(stats.binom.cdf(0, 51, 0.2))


def test_equivalence_is_on_all_counts() -> None:
    """Twenty pairs within the margin: the bound 0.8^20. Then with two bad of them, with a median outside, with a mean outside."""
    assert judge_pairs([0.0] * 20, BEARING).within == pytest.approx(0.8**20)
    two = judge_pairs([0.0] * 36 + [6.0, -6.0, 6.0, -6.0], BEARING)
    assert two.within == pytest.approx(stats.binom.cdf(2, 40, 0.2))
    assert judge_pairs([0.5] * 20, BEARING).within == pytest.approx(0.8**20)  # exactly the margin
    assert judge_pairs([0.51, -0.5] * 10, BEARING).within == pytest.approx(stats.binom.sf(9, 20, 0.5))
    assert judge_pairs([0.51] * 20, BEARING).within == 1.0
    assert judge_pairs([0.0] * 19 + [10.1], BEARING).within == 1.0  # on the mean 0.505


def test_bets_on_a_mean() -> None:
    """Three pairs that gain half of the largest difference: half of the stake has grown by 1.5³, a fifth by 1.25³, and so on; p is the inverse.
    Of what has no largest difference nothing is said; beyond it counts as that; what is lost whole is lost."""
    won = 0.5 * 1.5**3 + 0.2 * 1.25**3 + 0.15 * 1.125**3 + 0.1 * 1.05**3 + 0.05 * 1.02**3
    found = judge_pairs([-5.0] * 3, BEARING)
    assert found.mean_below == pytest.approx(1 / won)
    assert found.mean_above == 1.0
    assert judge_pairs([-5.0] * 3, Bearing(0.5, 5.0, 0.2, None)).mean_below == 1.0
    assert judge_pairs([-11.0] * 3, BEARING).mean_below == judge_pairs([-10.0] * 3, BEARING).mean_below
    assert judge_pairs([-10.0] * 3 + [10.0], BEARING).mean_below > 1 / (0.5 * 2**3 + 0.5)
    gained, lost = [10.0] * 8, [-10.0, -10.0]
    assert judge_pairs([*gained, -20.0, -20.0], BEARING).mean_above == judge_pairs([*gained, *lost], BEARING).mean_above
    many = judge_pairs([10.0] * 20_000, BEARING)
    assert (many.mean_below, many.mean_above) == (1.0, 0.0)  # nothing is left of any stake, and more is won than a float can say
    assert judge_pairs([-9.0] * 3, BEARING, restricted=[-5.0] * 3).mean_below == pytest.approx(1 / won)


def test_a_pair_that_is_missing_speaks_against_every_claim() -> None:
    """As one that is bad, on either side, and that loses everything that can be lost."""
    missing = judge_pairs([-6.0] * 9, BEARING, missing=1)
    assert missing.often_better == pytest.approx(max(stats.binom.cdf(1, 10, 0.2), 11 / 1024))
    assert missing.mean_below == judge_pairs([-6.0] * 9 + [10.0], BEARING).mean_below
    assert missing.mean_above == 1.0
    assert judge_pairs([0.0] * 9, BEARING, missing=1).within == pytest.approx(stats.binom.cdf(1, 10, 0.2))
    nothing = judge_pairs([], BEARING, missing=3)
    assert {nothing.p("mean"), nothing.p("often"), nothing.p("within")} == {1.0}


# --- many claims ----------------------------------------------------------------------------------------------------------------


def _heads(n: int, least: int) -> float:
    """Of so many throws of a coin at least so many heads."""
    return sum(math.comb(n, k) for k in range(least, n + 1)) / 2**n


def _at_most(n: int, hits: int, share: float) -> float:
    return sum(math.comb(n, k) * share**k * (1 - share) ** (n - k) for k in range(hits + 1))


def test_pairs_that_are_missing_count_against_every_claim() -> None:
    """As worse ones, and as bad ones, for whoever is said to be better; the other way round for who is said to be worse; and as both against
    equivalence. Each p-value by the formula, each side in turn."""
    few = Bearing(margin=1.0, amount=5.0, share=0.5, largest=10.0)
    often = [-2.0] * 9 + [2.0] + [0.0] * 2
    for sign in (1, -1):
        tests = judge_pairs([sign * d for d in often], few, missing=3)
        assert (tests.often_better, tests.often_worse)[::sign] == pytest.approx((_heads(13, 9), _heads(13, 1)))
        within = judge_pairs([sign * d for d in [-2.0] * 3 + [2.0] * 2 + [0.0] * 9], few, missing=2).within
        assert within == pytest.approx(_heads(16, 11))
        bad = judge_pairs([sign * d for d in [-2.0] * 12 + [2.0]], replace(few, amount=1.5, share=0.2), missing=2)
        assert (bad.often_better, bad.often_worse)[::sign][0] == pytest.approx(_at_most(15, 3, 0.2))


def test_the_direction_is_that_of_the_claim() -> None:
    """The mean may be lower while more pairs are worse."""
    tests = PairTests(mean_below=0.01, mean_above=0.9, often_better=0.9, often_worse=0.02, within=1.0)
    assert tests.is_better("mean")
    assert not tests.is_better("often")
    assert (tests.p("mean"), tests.p("often"), tests.p("within")) == (0.02, 0.04, 1.0)


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


def test_holm() -> None:
    """0.01, 0.02, 0.03 at 5 %: 0.01 ≤ 0.05/3, 0.02 ≤ 0.05/2, 0.03 ≤ 0.05; in a family of five only the first stands."""
    p = {"a": 0.01, "b": 0.03, "c": 0.02}
    assert holm(p, 0.05) == {"a", "b", "c"}
    assert holm(p, 0.05, family=5) == {"a"}
    assert holm(p, 0.05, family=5, decided=2) == {"a", "b", "c"}


# --- what a design can decide, before a run ---------------------------------------------------------------------------------------


def test_analyses() -> None:
    """At a half, three quarters and the end; below ten runs at the end alone."""
    assert [analyses_of(cap) for cap in (1, 9, 10, 11, 20, 21)] == [[1], [9], [5, 8, 10], [6, 9, 11], [10, 15, 20], [11, 16, 21]]


@pytest.mark.parametrize(("cells", "often", "within"), [(1, 20, 14), (3, 25, 19), (15, 32, 26), (264, 45, 39), (789, 50, 44)])
def test_fewest_runs_that_can_decide(cells: int, often: int, within: int) -> None:
    """0.8^n against 5 % over the cells, and twice it against half of that: whoever has to bound a share of a fifth needs so many."""
    design = Design(cells, (100,))
    assert (design.runs_needed("often"), design.runs_needed("within")) == (often, within)
    assert 0.8**within <= 0.05 / cells < 0.8 ** (within - 1)
    assert 2 * 0.8**often <= 0.025 / cells < 2 * 0.8 ** (often - 1)


@pytest.mark.parametrize(("cells", "runs"), [(1, 8), (15, 12), (264, 16)])
def test_fewest_runs_for_means(cells: int, runs: int) -> None:
    """If all pairs differ by as much as can be, half of the stake doubles with each."""
    assert Design(cells, (100,)).runs_needed("mean") == runs
    won = [0.5 * 2**n + 0.2 * 1.5**n + 0.15 * 1.25**n + 0.1 * 1.1**n + 0.05 * 1.04**n for n in (runs - 1, runs)]
    assert won[0] < 2 * cells / 0.025 <= won[1]


def test_a_claim_can_hold_at_the_level_itself() -> None:
    """One pair reaches one half, if half of the runs may be bad."""
    assert [Design(1, (1,), level, 0.5).runs_needed("within") for level in (0.5, 0.49)] == [1, 2]
    with pytest.raises(ValueError, match="no cells"):
        Design(0, (1,)).runs_needed("within")


def test_a_p_value_of_hardly_any_pair_is_one() -> None:
    """One pair proves nothing on two sides, and none proves nothing at all: p-values end at 1, exactly."""
    assert [least_p(claim, 0, 0.2) for claim in ("mean", "often", "within")] == [1.0, 1.0, 1.0]
    assert [least_p(claim, 1, 0.2) for claim in ("mean", "often", "within")] == [1.0, 1.0, 0.8]
    assert least_p("within", 3, 0.6) == 0.125  # where most runs may be bad it is the coin that bounds it


def test_nothing_is_decided_of_no_cell() -> None:
    """Where nothing can be compared no claim is reached, however many runs there are."""
    design = Design(0, (50,))
    assert not any(design.can_decide(claim) for claim in ("mean", "often", "within"))


def test_a_look_that_cannot_decide_spends_nothing() -> None:
    """One cell at 15, 23 and 30 runs: at 15 the bound 0.8^15 = 0.035 is above the half of 5 % that would be its part, so that the two others
    have it all; which is better more often takes 20 runs."""
    design = Design(1, (15, 23, 30))
    assert design.levels("within") == pytest.approx([0.0, 0.05 * 23 / 30, 0.05 * 7 / 30])
    assert design.levels("often") == pytest.approx([0.0, 0.025 * 23 / 30, 0.025 * 7 / 30])
    assert design.levels("mean") == [0.025] * 3
    assert Design(1, (5, 30)).levels("mean") == [0.0, 0.025]


def test_fifteen_runs_of_789_cells_decide_nothing() -> None:
    """With the usual analyses: known before the first run."""
    design = Design(789, tuple(analyses_of(15)))
    assert not any(design.can_decide(claim) for claim in ("mean", "often", "within"))
    assert design.least_mean(15) is None
    assert Design(789, (17,)).can_decide("mean")


def test_one_analysis_that_can_decide_is_enough() -> None:
    """At 15 of 30 runs equivalence cannot be decided, at 30 it can."""
    assert Design(1, (15, 30)).can_decide("within")


@pytest.mark.parametrize(("cells", "runs", "least", "most"), [(15, 12, 0.9, 0.95), (1, 8, 0.85, 0.95), (1, 400, 0.0, 0.05)])
def test_least_means_at_both_ends(cells: int, runs: int, least: float, most: float) -> None:
    """With as few runs as can decide anything nearly all of what there can be, with very many hardly anything; with one run less none."""
    found = Design(cells, (runs,)).least_mean(runs)
    assert found is not None
    assert least < found < most
    assert runs > 50 or Design(cells, (runs,)).least_mean(runs - 1) is None


def test_the_least_mean_that_can_be_told() -> None:
    """What all pairs differ by it decides, and a hair less does not."""
    design = Design(15, (30,))
    least = design.least_mean(30)
    assert least == pytest.approx(0.2957, abs=1e-4)
    for differ, decided in ((least + 1e-9, True), (least - 1e-6, False)):
        p = judge_pairs([-differ] * 30, Bearing(0.0, 0.0, 0.2, 1.0)).p("mean")
        assert (p <= 0.025 / 15) is decided


@pytest.mark.parametrize("claim", ["mean", "often", "within"])
def test_the_least_p_is_that_of_pairs_that_all_agree(claim: str) -> None:
    """Held against the tests themselves."""
    values = [0.0] * 12 if claim == "within" else [-10.0] * 12
    assert least_p(claim, 12, 0.2) == pytest.approx(judge_pairs(values, BEARING).p(claim))  # type: ignore[arg-type]
