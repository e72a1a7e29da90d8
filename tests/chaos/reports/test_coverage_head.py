"""The first screen of the page of coverage: the funnel adds up, and a figure is the same wherever it stands."""

from __future__ import annotations

import re
from itertools import pairwise
from random import Random
from typing import get_args

import pytest

from chaos.reports.coverage_head import bars, funnel, signature_matrix
from chaos.results.coverage import BesideResult, CoverageSummary, KillSignature, Part, ScenarioKills


def summary(parts: dict[Part, int]) -> CoverageSummary:
    """A summary with these parts of the census."""
    whole = sum(parts.values())
    return CoverageSummary(
        mutants=whole,
        counted=whole,
        killed=parts["noticed"],
        survived=0,
        timed_out=parts["over budget"],
        not_present=parts["not present"],
        equivalent=parts["equivalent"],
        impossible=parts["impossible"],
        score=None,
        score_present=None,
        cells_with_a_kill=0,
        flaky=0,
        seed_scores=[],
        seeds=3,
        runs=0,
        kept=0,
        cells=0,
        conservation_broken=0,
        spared=0,
        parts=parts,
        census=whole,
    )


@pytest.mark.parametrize("seed", range(20))
def test_the_funnel_adds_up_to_the_census(seed: int) -> None:
    """Whatever the parts: each stage is the one before less what it lost, the first is the census and the last what is noticed."""
    draws = Random(seed)
    parts: dict[Part, int] = {part: draws.choice((0, 1, 7, 300)) for part in get_args(Part)}
    stages = bars(summary(parts))
    assert stages[0].n == sum(parts.values())
    assert stages[-1].n == parts["noticed"]
    assert [a.n - b.n for a, b in pairwise(stages)] == [b.lost for b in stages[1:]]
    assert stages[2].n == parts["unchanged"] + parts["changed"] + parts["noticed"]


def test_the_published_example_is_drawn() -> None:
    """574 = 19 not judged + 279 not reached + 126 unchanged + 128 unnoticed + 22; every loss says what to do about it."""
    parts: dict[Part, int] = dict.fromkeys(get_args(Part), 0)
    parts |= {"noticed": 22, "changed": 128, "unchanged": 126, "not reached": 279, "not present": 15, "equivalent": 4}
    assert [bar.n for bar in bars(summary(parts))] == [574, 555, 276, 150, 22]
    text = funnel(summary(parts))
    for said in (
        "− 15 not present",
        "4 no change of production",
        "− 279 not reached",
        "→ write a scenario",
        "− 128 changed, not noticed",
    ):
        assert said in text
    wide, narrow = text.split("</svg>")[:2]
    for drawing in (wide, narrow):  # each has the patterns that it uses: a hidden drawing gives none
        assert {*re.findall(r"url\(#([\w-]+)\)", drawing)} == {*re.findall(r'pattern id="([\w-]+)"', drawing)}
    assert text.count("<svg") == 2
    assert "From 574 mutants to 22 noticed" in text


def test_a_suite_that_notices_everything_or_nothing_is_drawn() -> None:
    """No division by nothing, and no loss where there is none."""
    nothing: dict[Part, int] = dict.fromkeys(get_args(Part), 0)
    assert "−" not in funnel(summary(nothing | {"noticed": 3}))
    assert "nan" not in funnel(summary(nothing))


def test_the_kill_matrix_has_a_column_a_signature() -> None:
    """Scenarios by kills, a dot where one kills the group, counts that add up, and who alone kills how many."""
    beside = BesideResult(
        suite="s",
        environment="e",
        gaps=[],
        summary=summary(dict.fromkeys(get_args(Part), 0)),
        mutants=[],
        scenarios=[ScenarioKills(name="x/one", kills=2, alone=0), ScenarioKills(name="x/two", kills=3, alone=1)],
    )
    signatures = [
        KillSignature(scenarios=["x/one", "x/two"], mutants=["slow@a", "slow@b"]),
        KillSignature(scenarios=["x/two"], mutants=["leak@c"]),
    ]
    text = signature_matrix(beside, signatures)
    rows = re.findall(r"<tr>(.*?)</tr>", text)
    assert [re.findall(r'<th scope="row">(\w+)</th>', row)[0] for row in rows[1:3]] == ["two", "one"]
    assert [row.count("●") for row in rows[1:3]] == [2, 1]
    assert "3 kills, 2 signatures" in text
    assert "<li>slow ×2</li><li>leak@c</li>" in text
    assert "No mutant is killed." in signature_matrix(beside, [])
