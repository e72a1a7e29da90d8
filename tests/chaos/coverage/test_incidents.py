"""The library of incidents against a suite: every file names its cause, and what a suite does with it is measured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from chaos.cli.main import main
from chaos.coverage.incidents import incidents
from chaos.documents.library import library
from chaos.documents.scenario import Scenario
from chaos.execution.inputs.planting import mutants
from chaos.execution.session import Session
from chaos.results.findability import IncidentResult
from simcore.model.architecture import Architecture

NO_INCIDENT = {"incidents/east-money-2023-03-20"}
"""The day before one, on which nothing was to be noticed."""


def test_every_incident_names_its_cause_or_says_why_it_cannot() -> None:
    """Operators exist, and some of an incident's have sites on the core, so that its mutants are not an empty set; without any, a reason."""
    found = incidents()
    assert set(found) | NO_INCIDENT == {name for name in library().shipped("scenario") if name.startswith("incidents/")}
    session, core = Session(), library().resolve("legacy-coupled", Architecture).model
    for name, incident in found.items():
        record = incident.model.record
        assert record is not None
        assert record.cause is not None, name
        assert record.cause.why, name
        planted = [mutants(session.files, core, [defect]) for defect in record.cause.defects]
        assert any(planted) or not planted, name
        if record.cause.latent:
            assert record.cause.defects, name
            assert len(incident.model.method) == 1, name
        elif not record.cause.defects:
            assert "no defect" in record.cause.why, name


SMALL = {
    "architecture": """\
kind: architecture
name: small
pools: {threads: {slots: 8}}
services: {core: {pools: [threads], operations: {look: {steps: [{work: 5ms}]}, rest: {steps: [{work: 5ms}]}}}}
flows: {look: {kind: query, record: true, steps: [{call: core.look, timeout: 3s}]}}
""",
    "workload": "kind: workload\nname: small\naccounts: {count: 2000}\nflows: {look: {rate: 20/s}}\n",
    "calm": """\
kind: scenario
name: calm
title: A calm morning
architecture: ./architecture.yaml
workload: ./workload.yaml
workload_patch: [{set: flows.look.rate, to: 10/s}]
window: {from: "10:00", to: "10:05"}
warmup: 1min
steady_state: {every: 10s, hold: 1min, objectives: {look: {success: 0.9, latency: {quantile: 0.9, at_most: 1s}, min_count: 5}}}
expect: [{measure: impaired_s, at_most: 30s}]
""",
    "suite": "kind: suite\nname: s\ntitle: s\nscenarios: [{scenario: ./calm.yaml}]\n",
    "slow-work": "kind: defect\nname: slow-work\ntitle: slow\nfamily: capacity\nsites: {kind: operation}\n"
    'patch: [{scale: "{work}.work", by: 10}]\n',
}
INCIDENT = """\
kind: scenario
name: incidents/NAME
title: NAME
purpose: reproduction
architecture: ./architecture.yaml
workload: ./workload.yaml
patch: [{add: services.core.operations.extra, value: {steps: [{work: 1ms}]}}]
workload_patch: [{set: flows.look.rate, to: 20/s}]
window: {from: "11:00", to: "11:10"}
steady_state: {every: 10s, hold: 1min, objectives: {look: {success: 0.9}}}
method: [{at: "11:02", bad-release: {service: core, operations: {look: FACTOR}}}]
record:
  cause: {defects: [./slow-work.yaml], latent: LATENT, why: the look became slow}
  outcomes: [{measure: impaired_s, published: 5min, source: invented}]
"""


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A core of eight threads whose looks take 5 ms, and three incidents: with looks of 2.5 s it cannot serve 20 a second, with looks of
    6 ms nobody sees it, and one that came from outside. Scenario and incidents set the rate of looks, and the incident's stands."""
    for name, text in SMALL.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    made = {}
    for name, factor, latent in (("far-too-slow", 500, "true"), ("a-little-slow", 1.2, "true"), ("from-outside", 500, "false")):
        path = tmp_path / f"{name}.yaml"
        path.write_text(INCIDENT.replace("NAME", name).replace("FACTOR", str(factor)).replace("LATENT", latent))
        made[f"incidents/{name}"] = library().resolve(str(path), Scenario)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("chaos.coverage.incidents.incidents", lambda: made)
    return tmp_path


def against(budget: int) -> IncidentResult:
    """The incidents of the command's result."""
    words = ["coverage", "./suite.yaml", "--architecture", "./architecture.yaml", "--environment", "production", "--seeds", "1"]
    more = ["--incidents", str(budget), "--defect", "./slow-work.yaml", "--store", "s.jsonl", "--json", "out.json"]
    run = CliRunner().invoke(main, [*words, *more], catch_exceptions=False)
    assert run.exit_code == 0, run.output
    return IncidentResult.model_validate(json.loads(Path("out.json").read_text(encoding="utf-8"))["incidents"])


def test_what_a_suite_does_with_a_cause_is_measured(small: Path) -> None:
    """With the cause in the system from the start the suite fails on what saturates the core, passes on what nobody sees, and is not run
    on what came from outside; of two mutants alike it kills none, since tenfold is 50 ms, which it allows."""
    found = against(100)
    rows = {row.name.rpartition("/")[2]: row for row in found.incidents}
    assert {name: (row.planted, row.noticed_by) for name, row in rows.items()} == {
        "far-too-slow": (True, ["calm.yaml"]),
        "a-little-slow": (True, []),
        "from-outside": (False, []),
    }
    assert {(row.killed, row.mutants, row.green) for row in found.incidents if row.planted} == {(0, 2, 1)}
    assert (found.runs, found.skipped) == (4, [])


def test_incidents_keep_their_budget(small: Path) -> None:
    """Two runs are enough for one incident; the other is named, and not said to be missed."""
    found = against(2)
    assert (found.runs, found.skipped) == (2, ["incidents/a-little-slow"])
    assert [row.planted for row in found.incidents] == [True, False, False]
