"""Faults that hit a share of what comes, beside each other: each is credited with what would not have been hit without it."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos.documents.scenario import Scenario, step_model
from chaos.execution.target.executor import ScenarioExecutor
from chaos.faults.catalogue import shipped_faults
from simcore.base.units import SECOND, parse_clock
from simcore.compile.plan import compile_plan
from simcore.journal.model import Journal
from simcore.library import load_pair
from simcore.simulation import simulate

STEP = step_model(shipped_faults())
START = parse_clock("10:00")
FILES = {
    "made": """\
kind: architecture
name: made
services:
  front: { operations: { ask: { steps: [ { call: store.ask, timeout: 1s } ] } } }
  store: { operations: { ask: { steps: [ { work: 1ms } ] } } }
links: [ { from: front, to: store, latency: 1ms } ]
flows: { request: { steps: [ { call: front.ask, timeout: 2s } ] } }
""",
    "load": "kind: workload\nname: load\nflows: { request: { rate: 500/s } }\n",
}
KINDS = {
    "errors": {"service": "store"},
    "grey-failure": {"service": "store", "factor": 2},
    "duplication": {"to": "store"},
    "link-loss request": {"to": "store"},
    "link-loss answer": {"to": "store"},
}


def run(folder: Path, kind: str, large: float, *small: float) -> list[int]:
    """What a large share from 2 s to 8 s and small ones from 4 s to 6 s hit, of 500 requests a second for ten seconds."""
    for name, text in FILES.items():
        (folder / f"{name}.yaml").write_text(text)
    pair = load_pair(str(folder / "made.yaml"), str(folder / "load.yaml"), edits=[])
    plan = compile_plan(*pair, seed=2, start=START, end=START + 10 * SECOND)
    fault, _, word = kind.partition(" ")
    method = [
        STEP.model_validate({"at": f"10:00:{at:02}", "for": f"{lasts}s", fault: KINDS[kind] | {word or "share": share}})
        for share, at, lasts in [(large, 2, 6), *((share, 4, 2) for share in small)]
    ]
    scenario = Scenario.model_construct(method=method, abort=[], rollbacks=[])
    return grown(simulate(plan, script=lambda core, control: ScenarioExecutor(scenario, core, control).begin()))


def grown(journal: Journal) -> list[int]:
    """What met each step."""
    told = {e.detail["step"]: int(e.detail["grown"] or 0) for e in journal.events if e.what == "fault_exercised"}
    return [told[step] for step in sorted(told)]  # type: ignore[type-var]


@pytest.mark.parametrize("kind", KINDS)
def test_a_small_share_beside_a_large_one_has_hit_its_own_alone(kind: str, tmp_path: Path) -> None:
    """Of 1,000 requests 0.5 and 0.2 hit 0.6 together: 0.1 of them for the small share alone, 0.4 for the large one. Where the same requests
    suffer from both (a grey failure) it is 0.2 and 0.5."""
    together, apart = (0.4, 0.1) if kind != "grey-failure" else (0.5, 0.2)
    large, small = run(tmp_path, kind, 0.5, 0.2)
    assert small == pytest.approx(1000 * apart, rel=0.25)
    assert large == pytest.approx(2000 * 0.5 + 1000 * together, rel=0.08)


@pytest.mark.parametrize("kind", KINDS)
def test_a_share_that_hits_nothing_beside_a_large_one_took_no_effect(kind: str, tmp_path: Path) -> None:
    """One request in ten million."""
    large, small = run(tmp_path, kind, 0.5, 1e-7)
    assert (large > 1000, small) == (True, 0)


def test_two_equal_shares_have_each_its_own(tmp_path: Path) -> None:
    """Both at once, in one run with the large one."""
    _, first, second = run(tmp_path, "errors", 0.5, 0.2, 0.2)
    assert first == second == pytest.approx(1000 * 0.5 * 0.8 * 0.2, rel=0.3)
