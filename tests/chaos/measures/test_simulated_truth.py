"""Where the truth is known: how often verdicts are false, how often something is decided, and how often intervals cover. A small
version of `python benchmarks/simulated_truth.py`, which makes thousands of draws and prints the rates.
"""

from __future__ import annotations

import numpy as np
import pytest
from simulated_truth import (
    BOUNDED,
    NO_MEAN,
    NO_MORE_OFTEN,
    NOT_EQUIVALENT,
    POWER,
    RECOVERIES,
    SIZES,
    Recoveries,
    Shape,
    least_share_coverage,
    mean_coverage,
    median_coverage,
    paired_coverage,
    planned,
    recovery_coverage,
    verdicts,
)

CAMPAIGNS, DRAWS = 200, 120
MOST = 0.05 + 3 * (0.05 * 0.95 / CAMPAIGNS) ** 0.5  # three standard errors above what is claimed


def named(shapes: tuple[Shape, ...]) -> list[object]:
    """Each under its name."""
    return [pytest.param(shape, id=shape.name) for shape in shapes]


@pytest.mark.parametrize("runs", [20, 50])
@pytest.mark.parametrize("shape", named(NO_MEAN))
def test_false_means_are_rare(shape: Shape, runs: int) -> None:
    """Four cells without a difference on the mean, skewed, tied, zero-inflated or with rare large losses."""
    found = verdicts(shape, 4, planned(runs), CAMPAIGNS // 4)
    assert found.get("better", 0.0) + found.get("worse", 0.0) <= 0.05


@pytest.mark.parametrize("runs", [20, 50])
@pytest.mark.parametrize("shape", named(NO_MORE_OFTEN))
def test_more_often_better_is_seldom_false(shape: Shape, runs: int) -> None:
    """As often worse, or better more often with a fifth or more of bad runs."""
    assert verdicts(shape, 1, planned(runs), CAMPAIGNS).get("more often better", 0.0) <= MOST


@pytest.mark.parametrize("runs", [20, 50])
@pytest.mark.parametrize("shape", named(NOT_EQUIVALENT))
def test_false_equivalences_are_rare(shape: Shape, runs: int) -> None:
    """A quarter of the runs that lose 60 points among them: a test of medians alone calls that equivalent in most samples."""
    assert verdicts(shape, 1, planned(runs), CAMPAIGNS).get("equivalent", 0.0) <= MOST


@pytest.mark.parametrize(
    ("shape", "runs", "verdict", "least"),
    [
        (POWER[0], 20, "better", 1.0),
        (POWER[1], 20, "more often better", 1.0),
        (POWER[1], 50, "better", 1.0),
        (POWER[2], 20, "more often better", 1.0),
        (POWER[3], 50, "better", 0.9),
        (POWER[4], 50, "worse", 0.5),
        (POWER[5], 20, "equivalent", 1.0),
    ],
)
def test_what_is_so_is_decided(shape: Shape, runs: int, verdict: str, least: float) -> None:
    """One cell: so often at least."""
    assert verdicts(shape, 1, planned(runs), CAMPAIGNS // 4).get(verdict, 0.0) >= least


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("shape", named(BOUNDED))
def test_means_are_covered(shape: Shape, n: int) -> None:
    """Rare large values included, of which most samples have none."""
    assert mean_coverage(shape, n, DRAWS) >= 0.95


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in RECOVERIES])
def test_restricted_means_are_covered(case: Recoveries, n: int) -> None:
    """Recoveries that the run's end cut off, at different times; some runs never recover."""
    assert recovery_coverage(case, n, DRAWS // 2) >= 0.95


@pytest.mark.parametrize("n", SIZES)
def test_shares_are_covered(n: int) -> None:
    """Whatever the true share, by exact summation; and differences of paired ones, rare ones among them."""
    assert least_share_coverage(n) >= 0.95
    for chances in ((0.05, 0.0, 0.95), (0.5, 0.5, 0.0), (0.3, 0.1, 0.6), (0.02, 0.03, 0.95)):
        assert paired_coverage(chances, n, DRAWS) >= 0.95


@pytest.mark.parametrize("n", SIZES)
def test_medians_are_covered(n: int) -> None:
    """Where ties make an interval wider it covers more; below six values there is none."""
    shapes = {
        0.0: [lambda r, k: np.exp(r.standard_normal(k)) - 1.0, lambda r, k: np.where(r.random(k) < 0.6, 0.0, r.random(k))],
        1.0: [lambda r, k: r.integers(0, 3, k).astype(float)],
    }
    for truth, draws in shapes.items():
        for draw in draws:
            covered = median_coverage(draw, truth, n, 2000)
            assert covered is None if n < 6 else covered is not None and covered >= 0.94
