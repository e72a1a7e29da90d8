"""Bisection of verdicts that are a function of one number."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from chaos.explain.flips import STEPS, Point, searched


def ask(points: Sequence[Point]) -> list[str]:
    """Factor 0 fails above 0.7 and factor 1 below 0.2; factor 2 never; of factor 3 nothing is known above 0.5."""
    rules = (lambda x: x > 0.7, lambda x: x < 0.2, lambda x: False, lambda x: False)
    return ["unknown" if p.factor == 3 and p.at > 0.5 else "fail" if rules[p.factor](p.at) else "pass" for p in points]


def test_the_interval_holds_the_flip() -> None:
    """Within a thirty-second of the way, towards the end where the verdict is another one; what is not decided is no flip."""
    ways = searched([0.5, 0.5, 0.5, 0.25], "pass", ("pass", "fail"), ask, lambda way: True)
    found = {(way.factor, way.end): way for way in ways}
    assert [key for key, way in found.items() if way.flipped is not None] == [(0, 1.0), (1, 0.0)]
    up, down = found[0, 1.0], found[1, 0.0]
    assert up.kept <= 0.7 < (up.flipped or 0) == pytest.approx(up.kept + 0.5 / 2**STEPS)
    assert (down.flipped or 0) < 0.2 <= down.kept == pytest.approx((down.flipped or 0) + 0.5 / 2**STEPS)
    assert found[3, 1.0].at_end == "unknown"


def test_a_factor_at_an_end_is_searched_one_way() -> None:
    """And a search that is closed stops where it is."""
    ways = searched([0.0], "pass", ("pass", "fail"), ask, lambda way: False)
    assert [(way.end, way.kept, way.flipped) for way in ways] == [(1.0, 0.0, 1.0)]
