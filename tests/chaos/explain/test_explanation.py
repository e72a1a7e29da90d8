"""A planted system whose answer time is a sum: how far each guess moves it, and where the verdict flips, are known without a run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from chaos.cli.main import main
from chaos.results.explanation import ExplanationResult

WORKLOAD = "kind: workload\nname: small\naccounts: {count: 100}\nflows: {order: {rate: 5/s}}\n"
ARCHITECTURE = """\
kind: architecture
name: sum
services:
  core:
    restart_time: 1min
    operations:
      place:
        steps:
          - {work: 100ms}
          - {work: 20ms}
          - {work: 10ms}
          - {effect: order.record}
flows:
  order: {kind: order, record: true, steps: [{call: core.place, timeout: 10s}]}
known:
  "services.core.operations.place.steps[work#2].work": {how: guess, from: the least, range: [0.5x, 2x]}
  "services.core.operations.place.steps[work#1].work": {how: guess, from: the second, range: [10ms, 70ms]}
  services.core.restart_time: {how: guess, from: nothing restarts, range: [0.5x, 2x]}
  "services.core.operations.place.steps[work#0].work": {how: guess, from: the largest, range: [50ms, 350ms]}
"""
SCENARIO = """\
kind: scenario
name: planted
title: Planted
architecture: ./sum.yaml
workload: ./small.yaml
window: {begin: "10:00", end: "10:00:20"}
warmup: 2s
steady_state: {every: 10s, hold: 10s, objectives: {order: {success: 0.99, latency: {at_most: 1s}}}}
method: []
expect: [{ measure: impaired_s, at_most: 0s }, { measure: flows.order.p99_s, at_most: 250ms }]
"""
SLOWER = """\
kind: architecture
name: slower
extends: ./sum.yaml
patch:
  - {insert: services.core.operations.place.steps, before: order.record, step: {work: 30ms}}
known:
  "services.core.operations.place.steps[work#3].work": {how: guess, from: what is added, range: [1ms, 60ms]}
"""
STEP = "services.core.operations.place.steps[{}].work"


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory with the system, a slower one, and a scenario in which nothing is done to it."""
    monkeypatch.chdir(tmp_path)
    for name, text in (("sum", ARCHITECTURE), ("slower", SLOWER), ("small", WORKLOAD), ("planted", SCENARIO)):
        Path(f"{name}.yaml").write_text(text)
    return tmp_path


def explain(*arguments: str) -> Result:
    """The command, on the planted scenario unless a file is named."""
    return CliRunner().invoke(main, ["explain", *arguments], catch_exceptions=False)


def explained(*arguments: str) -> ExplanationResult:
    """Its result."""
    done = explain(*arguments, "--json", "-")
    assert done.exit_code in (0, 4), done.stderr
    return ExplanationResult.model_validate(json.loads(done.stdout))


def test_the_order_of_influence_and_the_flip_are_those_of_the_sum(planted: Path) -> None:
    """300 ms, 60 ms and 15 ms over the ranges, and nothing; the bound of 250 ms is passed when the first is above 250 - 20 - 10 ms. No
    guess moves the first expectation."""
    found = explained("./planted.yaml", "--runs", "10", "--store", "runs.jsonl")
    assert (found.verdict, found.measure.name, found.against) == ("pass", "flows.order.p99_s", None)
    assert [guess.name for guess in found.guesses] == [
        STEP.format("work#0"),
        STEP.format("work#1"),
        STEP.format("work#2"),
        "services.core.restart_time",
    ]
    assert [guess.absolute for guess in found.guesses[:2]] == pytest.approx([0.3, 0.06], rel=1e-3)
    assert [guess.mean for guess in found.guesses[:2]] == pytest.approx([0.3, 0.06], rel=1e-3)
    assert found.guesses[2].absolute == pytest.approx(0.015, abs=0.004)  # factors are ratios: a step is no third of the way in ms
    assert found.guesses[3].absolute == 0.0
    assert found.summary.screening == 2 * 5
    first, second, third = found.searched
    (flip,) = first.flips
    kept, flipped = (float(text.removesuffix("ms")) for text in (flip.kept, flip.flipped))
    assert kept <= 220 < flipped <= kept + (350 - 100) / 32 + 0.1
    assert flip.verdict == "fail"
    assert flip.assignments == [[f"{STEP.format('work#0')}={flip.flipped}"]]
    assert (first.at_low, first.at_high) == ("pass", "fail")
    assert (second.flips, third.flips) == ([], [])
    again = explain("./planted.yaml", "--runs", "10", "--store", "runs.jsonl", "--resume", "--lang", "zh")
    assert "are kept already" in again.stderr
    assert f"{STEP.format('work#0')}：在 {flip.kept} 与 {flip.flipped} 之间变为“未通过”" in again.stdout
    assert f"{STEP.format('work#1')}：范围内不翻转" in again.stdout


def test_a_pair_flips_where_what_is_added_no_longer_matters(planted: Path) -> None:
    """Within 10 ms answers are equivalent: 30 ms more are worse, down to 10 ms. What both sides have moves neither."""
    pair = [
        "./planted.yaml",
        "--architecture",
        "./sum.yaml",
        "--against",
        "./slower.yaml",
        "--measure",
        "flows.order.p99_s=10ms/15ms/1s",
    ]
    found = explained(*pair, "--runs", "12")
    assert (found.verdict, found.architecture, found.against) == ("worse", "sum", "slower")
    assert [guess.name for guess in found.guesses if guess.absolute] == [STEP.format("work#3")]
    (searched,) = found.searched
    (flip,) = searched.flips
    kept, flipped = (float(text.removesuffix("ms")) for text in (flip.kept, flip.flipped))
    assert flipped <= 10 < kept + 0.1
    assert (flip.verdict, flip.assignments[0]) == ("equivalent", [])


def test_what_cannot_be_explained_says_why(planted: Path) -> None:
    """Too few runs, no guesses, no such result: exit code 2 and a hint."""
    few = explain("./planted.yaml", "--runs", "4")
    assert (few.exit_code, "to move each of 4 guesses once takes 5 runs; give --runs 5" in few.stderr) == (2, True)
    Path("sum.yaml").write_text(ARCHITECTURE.partition("known:")[0])
    assert "its files mark no number as a guess" in explain("./planted.yaml").stderr
    assert "cannot be read" in explain("none.json").stderr
    assert "--scenario chooses from a RESULT" in explain("./planted.yaml", "--scenario", "x").stderr
