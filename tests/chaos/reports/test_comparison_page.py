"""The page of a comparison: what is decided comes first, what is not is never tinted, and where a mean hides runs each is a dot."""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise

import pytest
from made_comparison import made_comparison

from chaos.i18n.texts import untranslated
from chaos.reports.comparison import comparison_page, lead, primary_cells
from chaos.reports.comparison_costs import cost_drawings
from chaos.reports.comparison_heat import heat_map
from chaos.reports.comparison_spread import LEFT, RIGHT, spread_drawing
from chaos.results.comparison import ComparisonResult

N = 60
VALUES = {
    "incidents/a": {"base": [0.4] * N, "options/good": [0.0] * N, "options/bad": [0.9] * N},
    "incidents/b": {"base": [0.4] * N, "options/good": [0.38] * N, "options/bad": [0.4] * (N // 2) + [0.7] * (N // 2)},
    "incidents/c": {"base": [0.0] * N, "options/good": [0.0] * N, "options/bad": [0.0005] * N},
    "incidents/d": {"base": [0.4] * N, "options/good": [0.42, 0.38] * (N // 2), "options/bad": None},
    "incidents/e": {"base": [0.9] * N, "options/good": [0.0] * N, "options/bad": [0.0] * N},
}


@cache
def result() -> ComparisonResult:
    """Two options in five cases, sixty runs of each."""
    return made_comparison(VALUES, machines={"base": 17, "options/good": 17, "options/bad": 20})


def test_rows_are_ordered_by_what_was_decided() -> None:
    """Both better, then one better and one worse, and so on; what does not differ in any run is folded."""
    found = heat_map(result(), result().measures[0])
    assert [row.title.en for row in found.rows] == ["e", "a", "b", "d"]
    assert {row.title.en: [cell.style for cell in row.cells] for row in found.rows} == {
        "e": ["up", "up"],
        "a": ["up", "down"],
        "b": ["often-up", "down"],
        "d": ["open", "none"],
    }
    assert [(fold.title.en, fold.hover.en, fold.mark) for fold in found.folds] == [("1 more scenario", "c", "=")]
    assert [(f.option.en, f.better, f.worse, f.open) for f in found.feet] == [("good", 3, 0, 1), ("bad", 1, 2, 0)]


def test_too_few_runs_are_not_equivalence() -> None:
    """Folded as not decided, with its mark."""
    few = made_comparison({"incidents/c": {"base": [0.0] * 5, "options/good": [0.0] * 5}})
    (fold,) = heat_map(few, few.measures[0]).folds
    assert (fold.mark, fold.style) == ("?", "open")
    assert lead(few).en == "Of 1 pairs, 1 are not decided ?. Nothing can be concluded from it."


def test_a_small_decided_difference_has_no_fill() -> None:
    """97.9 to 97.3 % must not look like 43.8 to 0 %: means that differ by less than five points have the edge alone."""
    n = 400
    made = made_comparison({"incidents/a": {"base": [0.98] * n, "options/good": [0.94] * n, "options/better": [0.92] * n}})
    (row,) = heat_map(made, made.measures[0]).rows
    assert [cell.style for cell in row.cells] == ["up sm", "up"]


def test_what_is_not_decided_is_never_tinted() -> None:
    """Neither it nor what is only more often so has a background of a colour; hatched, dashed and italic instead."""
    css = re.search(r"<style>(.*?)</style>", comparison_page(result()), re.DOTALL)
    assert css is not None
    (open_rule,) = re.findall(r"td\.open \{([^}]*)\}", css[1])
    assert "italic" in open_rule
    assert "dashed" in open_rule
    assert "repeating-linear-gradient" in open_rule
    for style in ("open", "often-up", "often-down", "eq", "mixed"):
        for rule in re.findall(rf"td\.{style} \{{([^}}]*)\}}", css[1]):
            assert not re.search(r"background: |background-color", rule)
            assert "good-soft" not in rule
            assert "bad-soft" not in rule


def test_the_lead_says_what_to_conclude() -> None:
    """Counts that add up to the pairs, who is better in most, and who is worse nowhere."""
    assert lead(result()).en == (
        "Of 10 pairs, 3 are better ▲, 2 worse ▼, 1 more often better △, 2 equivalent =, 1 are not decided ?, 1 cannot be run –. "
        "good is better in most: 3 of 5 scenarios. As far as it is decided, good is worse nowhere."
    )


def test_runs_that_a_mean_hides_are_dots() -> None:
    """Of the cell in which half of the runs are worse, and of that in which they part: each run with its mark, the two groups said."""
    cells = primary_cells(result())
    names = {key: untranslated(key.removeprefix("options/")) for key in ("base", "options/good", "options/bad")}
    drawn = spread_drawing(cells, result().measures[0], "base", [untranslated(c.scenario) for c in cells], names, ())
    rows = [(row.head and row.head.en, row.name.en, len(row.dots), sum(dot.worse for dot in row.dots)) for row in drawn.rows]
    assert rows == [
        ("incidents/b", "baseline: base", N, 0),
        (None, "bad", N, N // 2),
        ("incidents/d", "baseline: base", N, 0),
        (None, "good", N, N // 2),
    ]
    assert [said.en for said in drawn.rows[1].said] == ["▼ 30 of 60 worse", "30 at 40.0%, 30 at 70.0%"]
    assert drawn.rows[1].mean == pytest.approx(LEFT + 0.55 / 0.7 * (RIGHT - LEFT), abs=0.1)
    assert drawn.rows[1].median == pytest.approx(LEFT + 0.55 / 0.7 * (RIGHT - LEFT), abs=0.1)


def test_benefits_are_means_of_means() -> None:
    """Decided alone: (0.4 + 0.02 + 0 + 0 + 0.9) / 5 of good; of bad (-0.5 - 0.15 - 0.0005 + 0.9) / 4. All the same here but for d, whose mean
    is 0."""
    machines = cost_drawings(result())[0]
    assert [point.label.en for point in machines.points] == ["base", "good", "bad"]
    base, good, bad = machines.points
    assert base.y == machines.zero
    assert (machines.zero - good.y) / (machines.zero - bad.y) == pytest.approx((1.32 / 5) / (0.2495 / 4), rel=0.02)
    assert base.x == good.x < bad.x


def test_labels_are_apart() -> None:
    """At least 15 px, however near the points are."""
    many = made_comparison({"incidents/a": {"base": [0.4] * 30, **{f"options/o{i}": [0.1] * 30 for i in range(8)}}})
    for drawing in cost_drawings(many):
        at = sorted(point.label_y for point in drawing.points)
        assert all(b - a >= 15 - 1e-9 for a, b in pairwise(at))


def test_every_text_is_in_both_languages() -> None:
    """As pairs; no place is left unfilled."""
    page = comparison_page(result())
    assert page.count('<span lang="en">') == page.count('<span lang="zh-CN">')
    assert page.count('<tspan lang="en">') == page.count('<tspan lang="zh-CN">')
    body = page.partition("<body>")[2].partition("<script>")[0]
    assert not re.search(r"\{\w+\}", body)
