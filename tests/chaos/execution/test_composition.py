"""Two steps that turn one knob, on a core so small that what is right can be told beforehand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from chaos.cli.main import main

CORE = """\
kind: architecture
name: core
pools: { threads: { slots: 20, queue: 200, per: replica } }
services:
  gw: { replicas: 2, pools: [threads], operations: { ask: { steps: [{ call: db.read, timeout: 1s }] } } }
  db: { replicas: 4, restart_time: 20s, operations: { read: { steps: [{ work: 10ms }] } } }
links: [{ from: gw, to: db, latency: 1ms }]
flows: { request: { kind: query, record: true, steps: [{ call: gw.ask, timeout: 2s }] } }
"""
LOAD = "kind: workload\nname: load\nflows: { request: { rate: 20/s } }\n"
SCENARIO = """\
kind: scenario
name: two
title: Two steps
architecture: ./core.yaml
workload: ./load.yaml
window: { from: "09:30", to: "09:45" }
warmup: 2min
steady_state: { every: 10s, hold: 1min, objectives: { request: { success: 0.95, latency: { quantile: 0.95, at_most: 500ms } } } }
method: METHOD
expect: [{ measure: impaired_s, at_most: 0s }]
"""


def judged(folder: Path, *method: dict[str, Any]) -> tuple[str, float]:
    """Verdict and seconds impaired of a run with this method."""
    (folder / "core.yaml").write_text(CORE)
    (folder / "load.yaml").write_text(LOAD)
    path = folder / "two.yaml"
    path.write_text(SCENARIO.replace("METHOD", json.dumps(method)))
    result = CliRunner().invoke(main, ["run", str(path), "--json", str(folder / "result.json")])
    assert result.exit_code in (0, 1, 4), result.output
    found = json.loads((folder / "result.json").read_text())
    return found["runs"][0]["verdict"], found["runs"][0]["metrics"]["impaired_s"]


def step(at: str, lasts: str, fault: str, **words: Any) -> dict[str, Any]:
    return {"at": at, "for": lasts, fault: {"service": "db", **words}}


HOT = step("09:34", "5min", "slow", factor=500)


@pytest.mark.parametrize(
    "other",
    [
        step("09:33", "60s", "slow", factor=2),
        step("09:33", "90s", "slow", factor=2),
        step("09:35", "60s", "slow", factor=1.1),
        step("09:38", "2min", "slow", factor=2),
        step("09:39", "1min", "slow", factor=2),
        step("09:35", "60s", "hang"),
        step("09:35", "60s", "errors", share=0.01),
        step("09:35", "60s", "bad-release", slow=1.5, errors=0.01),
        step("09:35", "60s", "grey-failure", share=0.5, factor=2),
    ],
    ids=["abuts", "overlaps", "nested", "ends later", "follows", "hang", "errors", "release", "grey"],
)
@pytest.mark.parametrize("turned", [False, True], ids=["", "listed the other way"])
def test_no_second_step_ends_the_first(other: dict[str, Any], turned: bool, tmp_path: Path) -> None:
    """Five minutes at five hundred times the time are five minutes impaired, whatever else is done to the same instances."""
    method = (HOT, other) if turned else (other, HOT)
    verdict, impaired_s = judged(tmp_path, *method)
    assert (verdict, impaired_s) == ("fail", pytest.approx(300, abs=10))


@pytest.mark.parametrize("inner", ["crash", "hang"])
def test_two_outages_are_one_as_long_as_both(inner: str, tmp_path: Path) -> None:
    """Down from 9:33 to 9:36 and from 9:35 to 9:39, whichever the kind: six minutes."""
    verdict, impaired_s = judged(tmp_path, step("09:33", "3min", "crash"), step("09:35", "4min", inner))
    assert (verdict, impaired_s) == ("fail", pytest.approx(360, abs=20))


def test_the_same_step_twice_is_two(tmp_path: Path) -> None:
    """Two steps that say the same each contribute: twenty times slower twice over is four hundred times."""
    twenty = step("09:34", "5min", "slow", factor=20)
    assert judged(tmp_path, twenty)[1] == 0
    assert judged(tmp_path, twenty, twenty)[1] == pytest.approx(300, abs=10)


@pytest.mark.parametrize(("fault", "words"), [("slow", {"factor": 1}), ("grey-failure", {"share": 1, "factor": 1})])
def test_a_step_that_does_nothing_is_no_evidence(fault: str, words: dict[str, Any], tmp_path: Path) -> None:
    """Alone, or beside a step that breaks nothing, it leaves unknown; what is broken stays a fail."""
    idle = step("09:35", "2min", fault, **words)
    assert judged(tmp_path, idle) == ("unknown", 0)
    assert judged(tmp_path, idle, step("09:34", "5min", "slow", factor=2)) == ("unknown", 0)
    assert judged(tmp_path, idle, HOT)[0] == "fail"
