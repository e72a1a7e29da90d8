"""Simulated beside live: how pairs are judged, and what they come to."""

from __future__ import annotations

import pytest

from chaos.live import compare
from chaos.reports.live_pairs import live_page, live_table, pair_line
from chaos.results.live import LiveComparison, LivePair
from chaos.results.run import Measures, Orders, RunResult


def run(failed: int = 0, impaired: float | None = 0.0, duplicated: int = 0, lost: int = 0, why: str = "") -> RunResult:
    """A run with some figures; `why`: nothing can be concluded from it."""
    orders = Orders(intended=1000, confirmed=1000 - failed, failed_orders=failed, failed=failed, duplicated=duplicated, lost=lost)
    truth = {"confirmed": {"placed_once": 1000 - failed}, "failed": {"not_placed": failed}}
    return RunResult(
        scenario="live/slow-bank",
        title="A slow bank",
        architecture="live/broker",
        seed=1,
        verdict="unknown" if why else "pass",
        reasons=[why] if why else [],
        digest="",
        measures=Measures(orders=orders, impaired_s=impaired, client_truth=truth),
    )


def missed(simulated: RunResult, live: RunResult) -> list[str]:
    """The figures in which a pair is too far apart."""
    return [difference.what for difference in compare.pair_of(simulated, live).differences if not difference.holds]


@pytest.mark.parametrize(
    ("simulated", "live", "expected"),
    [
        (run(), run(), []),
        (run(failed=500), run(failed=550), []),
        (run(failed=500), run(failed=551), ["failed_orders"]),
        (run(failed=3), run(failed=13), []),
        (run(failed=3), run(failed=14), ["failed_orders"]),
        (run(impaired=10.0), run(impaired=13.0), []),
        (run(impaired=10.0), run(impaired=6.9), ["impaired_s"]),
        (run(impaired=None), run(impaired=None), []),
        (run(impaired=None), run(impaired=1.0), ["impaired_s"]),
        (run(duplicated=50), run(duplicated=150), []),
        (run(duplicated=151), run(duplicated=50), ["duplicated"]),
        (run(duplicated=0), run(duplicated=5), []),
        (run(duplicated=0), run(duplicated=6), ["duplicated"]),
        (run(lost=1), run(lost=1), ["lost"]),
    ],
)
def test_how_far_apart_a_pair_may_be(simulated: RunResult, live: RunResult, expected: list[str]) -> None:
    """Each figure has its bound; of confirmed orders that are lost neither side may have any."""
    assert missed(simulated, live) == expected
    assert compare.pair_of(simulated, live).missed == bool(expected)


def test_a_run_that_says_nothing_misses() -> None:
    """Its row is missed whatever its figures, and has the reason."""
    pair = compare.pair_of(run(), run(why="the customers came late"))
    assert (pair.missed, pair.why) == (True, "live: the customers came late")
    assert compare.summary_of([pair]).failed_difference is None


def pairs(*failed: tuple[int, int], scenario: str = "live/slow-bank") -> list[LivePair]:
    """Pairs with so many failed orders, simulated and live."""
    made = [compare.pair_of(run(failed=a, impaired=5.0), run(failed=b, impaired=6.0)) for a, b in failed]
    return [pair.model_copy(update={"scenario": scenario, "seed": seed}) for seed, pair in enumerate(made, 1)]


def test_the_mean_difference_is_signed() -> None:
    """Pairs with hardly any failed orders tell nothing of a bias, and differences of both signs cancel."""
    found = compare.summary_of(pairs((500, 550), (500, 450), (100, 110), (4, 9)))
    assert found.failed_difference == pytest.approx(0.1 / 3)
    assert found.failed_difference_error == pytest.approx(0.0667, abs=1e-3)


@pytest.mark.parametrize(
    ("scenarios", "bad", "close"), [(1, 1, True), (6, 1, True), (6, 2, False), (12, 2, True), (12, 3, False)]
)
def test_one_scenario_in_six_may_miss(scenarios: int, bad: int, close: bool) -> None:
    """Counted by scenario, not by pair."""
    found = [
        pair
        for i in range(scenarios)
        for pair in pairs((500, 700 if i < bad else 500), (500, 700 if i < bad else 500), scenario=f"live/{i}")
    ]
    assert compare.is_close(compare.summary_of(found)) is close


def test_table_and_page_show_both_sides() -> None:
    """A row a pair, what is too far apart in bold, and the mean; the page has client × truth besides."""
    made = pairs((500, 700), (500, 510))
    result = LiveComparison(schema_version=1, pairs=made, summary=compare.summary_of(made))
    text = "\n".join(live_table(result))
    assert "**500 / 700**" in text
    assert " 500 / 510 " in text
    assert "1 of 2 pairs agree; missed in live/slow-bank" in text
    assert "+21.0%" in text
    assert "failed_orders 500 / 700 !" in pair_line(made[0])
    page = live_page(result)
    assert "what customers saw, and the truth" in page
    assert "500 / 300" in page
