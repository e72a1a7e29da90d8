"""A system small enough to run in a blink, and scenarios for it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from chaos.cli.main import main

ARCHITECTURE = """\
kind: architecture
name: small
pools: {threads: {slots: 8}}
services:
  core: {pools: [threads], operations: {place: {steps: [{work: 20ms}, {call: bank.ask, timeout: 2s}, {effect: order.record}]}}}
  bank: {layer: external, operations: {ask: {steps: [{work: 5ms}]}}}
  spare: {operations: {idle: {steps: [{work: 5ms}]}}}
flows: {order: {kind: order, record: true, steps: [{call: core.place, timeout: 1s}]}}
control:
  monitors:
    failing: {metric: {rate: [flow/order/unknown]}, above: 1, every: 10s, breaches: 2, route: desk}
  teams: {desk: {members: 1, acknowledge: 1min, diagnose: 2min}}
"""
WORKLOAD = "kind: workload\nname: small\naccounts: {count: 1000}\nflows: {order: {rate: 20/s}}\n"
SCENARIO = """\
kind: scenario
name: small
title: A small drill
architecture: ./architecture.yaml
workload: ./workload.yaml
window: { from: "10:00", to: "10:12" }
warmup: 2min
steady_state: { every: 10s, hold: 1min, objectives: { order: { success: 0.99, latency: { at_most: 500ms } } } }
METHOD
expect:
EXPECT
"""
BOUND = "{ measure: impaired_s, at_most: 10min }"
HANG = '{ at: "10:02", for: 2min, hang: { service: core } }'


def _write(folder: Path, *, method: str = HANG, expect: str = BOUND, more: str = "", name: str = "scenario") -> Path:
    """The three files; the scenario's path."""
    (folder / "architecture.yaml").write_text(ARCHITECTURE)
    (folder / "workload.yaml").write_text(WORKLOAD)
    steps = f"method:\n  - {method}" if method else "method: []"
    path = folder / f"{name}.yaml"
    path.write_text(
        SCENARIO.replace("METHOD", steps).replace("EXPECT", "\n".join(f"  - {line}" for line in expect.split("\n"))) + more
    )
    return path


@pytest.fixture(scope="session")
def write() -> Callable[..., Path]:
    """Writes a small system and a scenario for it into a folder: `write(folder, method=…, expect=…, more=…, name=…)`."""
    return _write


METHOD = '{ name: the core hangs, at: "10:02", for: 2min, hang: { service: core } }'


@pytest.fixture(scope="session")
def small_run(tmp_path_factory: pytest.TempPathFactory, write: Callable[..., Path]) -> Path:
    """The folder of a run of the small system whose core hangs from 10:02 to 10:04, every 50th request sampled."""
    place = tmp_path_factory.mktemp("small")
    scenario = write(place, method=METHOD, expect="{ measure: impaired_s, at_most: 1min }")
    result = CliRunner().invoke(
        main,
        ["run", str(scenario), "--journal", str(place / "journals"), "--spans", "50", "--json", str(place / "result.json")],
        catch_exceptions=False,
    )
    assert result.exit_code == 1, result.output
    (folder,) = (place / "journals").iterdir()
    return folder


@pytest.fixture
def copied(small_run: Path, tmp_path: Path) -> Path:
    """That folder again, to be changed."""
    return Path(shutil.copytree(small_run, tmp_path / "copied"))
