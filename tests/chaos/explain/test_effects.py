"""Elementary effects of functions whose effects are known, and the walks they are found by."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from chaos.explain.effects import LEVELS, STEP, Trajectory, effects, trajectories


def of(function: object, walks: Sequence[Trajectory]) -> list[list[float | None]]:
    """The values of a function at all points."""
    return [[function(point) for point in walk.points] for walk in walks]  # type: ignore[operator]


def test_a_walk_moves_each_factor_once() -> None:
    """From level to level, by the one step, and differently in each walk; the same seed gives the same walks."""
    walks = trajectories(6, 8, seed=1)
    for walk in walks:
        assert sorted(walk.order) == list(range(6))
        for i, factor in enumerate(walk.order):
            moved = [j for j in range(6) if walk.points[i][j] != walk.points[i + 1][j]]
            assert moved == [factor]
            assert abs(walk.points[i + 1][factor] - walk.points[i][factor]) == pytest.approx(STEP)
        assert {round(x * (LEVELS - 1), 9) for point in walk.points for x in point} <= {0, 1, 2, 3}
    assert len({tuple(walk.order) for walk in walks}) > 1
    assert trajectories(6, 8, seed=1) == walks != trajectories(6, 8, seed=2)


def test_a_sum_has_its_coefficients_as_effects() -> None:
    """With their signs, and without deviation; what is not in it has none."""
    walks = trajectories(3, 5, seed=3)
    found = effects(walks, of(lambda p: 5 * p[0] - 2 * p[1], walks))
    assert [e.absolute for e in found if e is not None] == pytest.approx([5, 2, 0])
    assert [e.mean for e in found if e is not None] == pytest.approx([5, -2, 0])
    assert [e.deviation for e in found if e is not None] == pytest.approx([0, 0, 0])


def test_what_depends_on_others_has_a_deviation() -> None:
    """Of x (2 y - 1) the effects of x cancel in the mean, not in the absolute."""
    walks = trajectories(2, 40, seed=4)
    found = effects(walks, of(lambda p: p[0] * (2 * p[1] - 1), walks))
    assert found[0] is not None
    assert abs(found[0].mean) < 0.5 * found[0].absolute
    assert (found[0].deviation or 0.0) > 0.5 * found[0].absolute


def test_a_point_without_a_value_gives_no_effect() -> None:
    """Neither the step to it nor the one from it counts."""
    walk = Trajectory([[0.0, 0.0], [STEP, 0.0], [STEP, STEP]], [0, 1])
    assert effects([walk], [[None, 1.0, 2.0]]) == [None, effects([walk], [[0.0, 1.0, 2.0]])[1]]
    assert effects([walk], [[0.0, None, 2.0]]) == [None, None]
