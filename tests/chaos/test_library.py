"""The shipped scenarios and suites: each is sound, listed, and does what it says of legacy-coupled.

All claims of all requirements, a few minutes: COREDRILL_TEST_LIBRARY=all pytest tests/chaos/test_library.py
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from chaos.cli.main import main
from chaos.documents.library import library
from chaos.documents.scenario import Scenario
from chaos.documents.suites import load_suite
from chaos.execution.campaign import ExecutionOptions, run_all, suite_result
from chaos.execution.execute import execute
from chaos.execution.jobs import Job
from chaos.execution.planning import JobOptions, suite_jobs
from chaos.execution.session import Session
from chaos.judgement.verdict import combine
from chaos.results.run import SuiteResult

SESSION = Session()
SCENARIOS, SUITES = list(library().shipped("scenario")), list(library().shipped("suite"))
REQUIREMENTS = [name for name in SCENARIOS if SESSION.scenario(name).model.purpose == "requirement"]
CLAIM = re.compile(r"\blegacy-coupled (passes|fails|bears this|just bears it)")
EVERYTHING = os.environ.get("COREDRILL_TEST_LIBRARY") == "all"
QUICK = (
    "requirements/dependencies/bank-errors",
    "requirements/infrastructure/login-servers-fail",
    "requirements/load/login-storm",
    "requirements/people/slipped-digit-gateway",
    "requirements/releases/router-writes-twice",
)


def scenario(name: str) -> Scenario:
    """The model of a shipped scenario."""
    model: Scenario = SESSION.scenario(name).model
    return model


def claim(name: str) -> str | None:
    """What a scenario's text says of legacy-coupled: pass, fail, or nothing."""
    found = CLAIM.search(" ".join(scenario(name).description.split()))
    return None if found is None else "fail" if found[1] == "fails" else "pass"


def suite(name: str, folder: Path, **options: Any) -> SuiteResult:
    """The result of a shipped suite, one seed a scenario."""
    chosen, model, session = JobOptions(replications=1, **options), load_suite(name), Session()
    jobs = suite_jobs(session, model, chosen)
    records = run_all(session, jobs, ExecutionOptions(store=str(folder / "store")), name)
    return suite_result(session, model, jobs, chosen, records)


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_is_sound(name: str) -> None:
    """Every name it uses exists in the system it is for, and it says what it shows."""
    SESSION.bind(Job(name, 1).system)
    assert scenario(name).name == name
    assert len(scenario(name).description) > 100


@pytest.mark.parametrize("name", SUITES)
def test_a_suite_is_sound(name: str) -> None:
    """Its patterns mean something, and what it runs elsewhere than the scenario says fits there."""
    for job in suite_jobs(SESSION, load_suite(name), JobOptions()):
        if job.architecture is not None or job.environment is not None:
            SESSION.bind(job.system)


def test_everything_is_listed() -> None:
    """`list` names each file below scenarios, and the suite of everything has each scenario, but for those that are for the twin and
    the predictions, whose outcome nobody knows yet."""
    for kind, known in (("scenarios", SCENARIOS), ("suites", SUITES)):
        listed = json.loads(CliRunner().invoke(main, ["list", kind, "--json", "-"]).stdout)
        assert [entry["name"] for entry in listed] == known
        assert all(entry["title"] for entry in listed)
    everything, for_the_twin = (
        {job.scenario for job in suite_jobs(SESSION, load_suite(name), JobOptions())} for name in ("full", "live")
    )
    assert everything | for_the_twin == {name for name in SCENARIOS if not name.startswith("predictions/")}
    assert everything.isdisjoint(for_the_twin)
    assert len(REQUIREMENTS) >= 24


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_a_requirement_can_fail_and_cannot_pass_idly(name: str) -> None:
    """Below requirements it says what legacy-coupled makes of it (smoke and the gate are green by their suite's word), and what
    must have happened."""
    model = scenario(name)
    own = name.startswith("requirements/")
    if own and not name.startswith(("requirements/smoke/", "requirements/release-gate/")):
        assert claim(name), "say whether legacy-coupled passes or fails"
    assert model.expect
    assert model.must_happen or not own


@pytest.mark.parametrize("name", [n for n in REQUIREMENTS if claim(n) and (EVERYTHING or n in QUICK)])
def test_a_claim_is_true(name: str) -> None:
    """What a scenario's text says of legacy-coupled is the verdict of seeds 1 and 2: it passes both, or fails one."""
    runs = [execute(SESSION, Job(name, seed)) for seed in ((1, 2) if EVERYTHING else (1,))]
    assert combine(run.verdict or "unknown" for run in runs) == claim(name), [run.reasons for run in runs]


@pytest.mark.parametrize(
    ("name", "environment"), [("smoke", "production"), ("release-gate", "production"), ("release-gate", "staging")]
)
def test_a_gate_is_green(name: str, environment: str, tmp_path: Path) -> None:
    """legacy-coupled passes what is run before a release, where it is tested and where it serves."""
    result = suite(name, tmp_path, environment=environment)
    bad = {run.scenario: run.reasons for run in result.runs if run.verdict != "pass"}
    assert bad == {}
    assert result.summary.conservation_broken == 0


def test_the_three_causes_show(tmp_path: Path) -> None:
    """Coupled against bulkheads, production against stubs, the open against the night: thousands of orders, or hundreds, between
    the two sides, and one side that fails none."""
    result = suite("three-causes", tmp_path)
    assert {pair.name: pair.verdict for pair in result.pairs} == {
        "coupling": "pass",
        "test-environment": "pass",
        "night-drill": "pass",
    }
    assert all(row.b == 0 for pair in result.pairs for row in pair.seeds)
    assert result.summary.verdict == "pass"
