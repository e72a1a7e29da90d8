"""Runs of a small system from file to verdict: what is unknown, what fails, and what is the same again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner, Result

from chaos.cli.main import main

Write = Callable[..., Path]
HANG = '{ at: "10:02", for: 2min, hang: { service: core } }'


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def drill(*arguments: str) -> Result:
    """Runs the command line in this process."""
    return CliRunner().invoke(main, list(arguments), catch_exceptions=False)


def record(path: Path, *arguments: str) -> dict[str, Any]:
    """The one run of a scenario."""
    result = drill("run", str(path), "--json", "-", *arguments)
    found: dict[str, Any] = json.loads(result.stdout)["runs"][0]
    return found


def test_a_hang_is_measured(tmp_path: Path, write: Write) -> None:
    """Two minutes of a hung core impair about two minutes, every order of them is unknown, and recovery comes with the thaw."""
    run = record(write(tmp_path))
    assert run["verdict"] == "pass", run["reasons"]
    metrics = run["metrics"]
    assert 110 <= metrics["impaired_s"] <= 140
    assert 110 <= metrics["recovery_s"] <= 140
    assert (metrics["recovered"], metrics["metastable"]) == (True, False)
    assert 2000 < metrics["orders"]["unknown"] < 2800
    assert metrics["first_noticed"] == "monitor"
    assert metrics["detect_s"] > 60
    assert run["faults"][0]["took_effect"]


def test_the_chain_leads_from_the_step_to_the_flow(tmp_path: Path, write: Write) -> None:
    """Step at the core, the core's operation, the flow: in this order, each because of the one before."""
    links = record(write(tmp_path))["causes"]
    assert [(x["kind"], x["name"]) for x in links] == [("service", "core"), ("operation", "core.place"), ("flow", "order")]
    assert [x["because"] for x in links] == [None, "service/core", "operation/core.place"]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"method": HANG.replace("core", "spare")}, "never took effect"),
        ({"more": "must_happen: [{ event: failover_done }]\n"}, "did not happen: failover done"),
        ({"more": "workload_patch: [{ set: flows.order.rate, to: 0/s }]\n"}, "nothing was exercised"),
        (
            {"more": "patch: [{ set: 'services.core.operations.place.steps[work]', to: { work: 800ms } }]\n"},
            "did not hold before",
        ),
    ],
    ids=["no-effect", "must-happen", "no-order", "unsteady"],
)
def test_what_shows_nothing_is_unknown(tmp_path: Path, write: Write, changes: dict[str, str], why: str) -> None:
    """With a bound that cannot be broken: nothing exercised, nothing seen before, or a condition unmet."""
    path = write(tmp_path, **changes)
    run = record(path)
    assert run["verdict"] == "unknown"
    assert any(why in reason for reason in run["reasons"]), run["reasons"]
    assert drill("run", str(path)).exit_code == 4


def test_an_abort_heals_and_never_passes(tmp_path: Path, write: Write) -> None:
    """After 200 orders of unknown outcome the hang is healed long before its end; the bound is kept, the verdict is unknown."""
    run = record(write(tmp_path, more="abort: [{ counter: flow/order/unknown, at_least: 200 }]\n"))
    assert run["verdict"] == "unknown"
    assert run["metrics"]["orders"]["unknown"] < 400
    assert any("aborted" in reason for reason in run["reasons"])


def test_a_failing_run_prints_the_line_that_replays_it(tmp_path: Path, write: Write) -> None:
    """Exit 1, and the printed command makes a run of the same digest."""
    path = write(tmp_path, expect="{ measure: impaired_s, at_most: 1min }")
    text = drill("run", str(path), "--seed", "7")
    assert text.exit_code == 1
    line = next(x for x in text.stdout.splitlines() if "coredrill replay" in x)
    again = drill(*line.split("coredrill ")[1].split(), "--json", "-")
    assert json.loads(again.stdout)["runs"][0]["digest"] == record(path, "--seed", "7")["digest"]


def test_workers_change_nothing(tmp_path: Path, write: Write) -> None:
    """One process and two leave the same bytes."""
    path = str(write(tmp_path))
    one, two = (drill("run", path, "--replications", "3", "--jobs", n, "--json", "-").stdout for n in ("1", "2"))
    assert one == two


def test_junit(tmp_path: Path, write: Write) -> None:
    """A fail is a failure, unknown is an error, nothing is skipped; the measures are properties."""
    bad = write(tmp_path, expect="{ measure: impaired_s, at_most: 1s }", name="bad")
    dull = write(tmp_path, method=HANG.replace("core", "spare"), name="dull")
    drill("run", str(bad), str(dull), str(write(tmp_path)), "--junit", "out.xml")
    suite = ET.parse("out.xml").getroot()[0]
    assert [suite.get(k) for k in ("tests", "failures", "errors", "skipped")] == ["3", "1", "1", "0"]
    names = {p.get("name") for p in suite[0].iter("property")}
    assert {"impaired_s", "recovery_s", "orders.failed_orders", "severity.dora", "replay"} <= names


# --- suites -----------------------------------------------------------------------------------------------------------------

SUITE = "kind: suite\nname: s\ntitle: s\nreplications: 6\nscenarios: [{ scenario: ./scenario.yaml }]\n"


def test_what_changed_is_run_again(tmp_path: Path, write: Write) -> None:
    """A kept run counts only for the inputs it was made from."""
    write(tmp_path)
    Path("s.yaml").write_text(SUITE)
    drill("suite", "s.yaml", "--store", "kept")
    write(tmp_path, method=HANG.replace("2min", "3min"))
    assert "kept already" not in drill("suite", "s.yaml", "--store", "kept", "--resume").stderr


def test_files_of_one_name_are_kept_apart(tmp_path: Path, write: Write) -> None:
    """Two scenarios that differ in their patch alone, name and all else the same: each runs on its own system."""
    paths = [
        write(tmp_path, name=n, more=f"patch: [{{ set: pools.threads.slots, to: {slots} }}]\n")
        for n, slots in (("a", 8), ("b", 1))
    ]
    runs = json.loads(drill("run", *map(str, paths), "--json", "-").stdout)["runs"]
    assert runs[0]["digest"] != runs[1]["digest"]
    assert runs[0]["digest"] == record(paths[0])["digest"]


def test_a_pair_is_judged_by_its_difference(tmp_path: Path, write: Write) -> None:
    """The hang against a calm system: thousands of orders between them, not ten thousand. What either side is held to on its
    own does not count, in the verdict and in JUnit; a side that shows nothing makes the pair unknown."""
    write(tmp_path)
    write(tmp_path, method="", name="calm")
    for least, verdict in ((1000, "pass"), (10_000, "fail")):
        Path("s.yaml").write_text(
            "kind: suite\nname: s\ntitle: s\npairs:\n  - name: point\n    a: { scenario: ./scenario.yaml }\n"
            f"    b: {{ scenario: ./calm.yaml }}\n    at_least: {least}\n"
        )
        result = json.loads(drill("suite", "s.yaml", "--json", "-", "--junit", "s.xml").stdout)
        assert result["pairs"][0]["verdict"] == result["summary"]["verdict"] == verdict
        assert [case.get("name") for case in ET.parse("s.xml").getroot().iter("testcase")] == ["point"]
    write(tmp_path, expect="{ measure: impaired_s, at_most: 1s }")
    assert drill("suite", "s.yaml").exit_code == 1
    Path("s.yaml").write_text(Path("s.yaml").read_text().replace("10000", "1000"))
    assert drill("suite", "s.yaml").exit_code == 0
    write(tmp_path, more="must_happen: [{ event: failover_done }]\n")
    assert drill("suite", "s.yaml").exit_code == 4


def test_paths_of_a_suite_start_at_its_folder(tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """From another folder the suite is sound and runs, its pairs' paths included."""
    write(tmp_path)
    write(tmp_path, method="", name="calm")
    Path("s.yaml").write_text(
        "kind: suite\nname: s\ntitle: s\nscenarios: [{ scenario: ./calm.yaml }]\npairs:\n  - name: point\n"
        "    a: { scenario: ./scenario.yaml }\n    b: { scenario: ./calm.yaml, architecture: ./architecture.yaml }\n    at_least: 1000\n"
    )
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert drill("validate", "../s.yaml").exit_code == 0
    assert drill("suite", "../s.yaml").exit_code == 0


def test_who_cannot_log_in_counts_as_a_failed_order(tmp_path: Path, write: Write) -> None:
    """Two minutes in which every login fails, in front of an order service that is never asked: the orders are blocked, not zero."""
    path = write(tmp_path, method='{ at: "10:02", for: 2min, errors: { service: door, share: 1.0 } }')
    architecture = tmp_path / "architecture.yaml"
    architecture.write_text(
        architecture.read_text()
        .replace("  spare:", "  door: {operations: {enter: {steps: [{work: 5ms}]}}}\n  spare:")
        .replace("steps: [{call: core.place,", "steps: [{call: door.enter, timeout: 1s, on_failure: block}, {call: core.place,")
    )
    run = record(path)
    orders = run["metrics"]["orders"]
    assert 2000 < orders["blocked"] < 2800
    assert orders["failed_orders"] == orders["blocked"] + orders["failed"] + orders["unknown"]
    assert orders["failed"] == 0
    assert run["metrics"]["impaired_s"] >= 110


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("service: core", "service: cor", "scenario.yaml:10:"),
        ("hang:", "hnag:", "scenario.yaml:10:"),
        ('"10:02"', '"12:02"', "scenario.yaml:10:"),
        ("order: { success", "ordr: { success", "scenario.yaml:8:"),
        ("impaired_s", "impaired", "scenario.yaml:12:"),
        ("title:", "titel:", "scenario.yaml:3:"),
    ],
)
def test_a_mistake_is_one_line_with_its_place(tmp_path: Path, write: Write, old: str, new: str, place: str) -> None:
    """Exit 2 and file:line:column, from validate and from run alike."""
    path = write(tmp_path)
    path.write_text(path.read_text().replace(old, new))
    for command in ("validate", "run"):
        result = drill(command, "scenario.yaml")
        assert result.exit_code == 2
        assert result.stderr.startswith(place), result.stderr
        assert result.stderr.count("\n") == 1


def test_init_writes_a_sound_scenario() -> None:
    """It validates, and a second time the file is not overwritten."""
    assert drill("init", "mine.yaml").exit_code == 0
    assert drill("validate", "mine.yaml").exit_code == 0
    assert drill("init", "mine.yaml").exit_code == 2


def test_workers_do_not_outlive_a_killed_suite(tmp_path: Path, write: Write) -> None:
    """SIGKILL of the parent of two workers leaves no process behind: the pipe that all of them hold is closed soon after."""
    write(tmp_path)
    Path("s.yaml").write_text(SUITE.replace("replications: 6", "replications: 200"))
    command = [sys.executable, "-m", "chaos", "suite", "s.yaml", "--jobs", "2", "--store", "kept"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and not (Path("kept").exists() and Path("kept").stat().st_size):
            time.sleep(0.01)
        process.kill()
        process.communicate(timeout=60)  # returns only when every holder of the pipe is gone
