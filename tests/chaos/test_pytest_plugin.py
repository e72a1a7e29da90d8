"""The pytest plugin, in a pytest of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

Write = Callable[..., Path]
HANG = '{ at: "10:02", for: 2min, hang: { service: core } }'


def pytest_in(folder: Path, *arguments: str) -> str:
    """The output of pytest there."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", "pytest", "-p", "chaos.pytest_plugin", "-q", "-rA", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False).stdout


def test_verdicts_become_outcomes(tmp_path: Path, write: Write) -> None:
    """pass, fail and unknown are a pass, a failure with the line to replay, and an error; the architecture is left alone."""
    write(tmp_path, name="good")
    write(tmp_path, name="bad", expect="{ measure: impaired_s, at_most: 1s }")
    write(tmp_path, name="dull", method=HANG.replace("core", "spare"))
    (tmp_path / "test_mine.py").write_text(
        "def test_mine(drill):\n    assert drill('good.yaml', seed=3).measures.orders.lost == 0\n"
    )
    text = pytest_in(tmp_path)
    assert "2 passed" in text
    assert "1 failed" in text
    assert "1 error" in text
    assert "coredrill replay" in text
    assert "impaired_s ≤ 1 s, but it is" in text


def test_a_broken_law_is_an_error(tmp_path: Path, write: Write) -> None:
    """Where money is lost by the simulator itself no verdict counts."""
    write(tmp_path)
    (tmp_path / "conftest.py").write_text(
        "from simcore.simulation import record\n"
        "from simcore.kernel.ledger.books import Law\n"
        "record.conservation = lambda *arenas: [Law('cash is constant', False, 5, 4)]\n"
    )
    text = pytest_in(tmp_path)
    assert "1 error" in text
    assert "a bug in coredrill: conservation broken: cash is constant" in text


def test_selection_and_junit(tmp_path: Path, write: Write) -> None:
    """-k takes items by scenario and seed; JUnit has the measures."""
    path = write(tmp_path, more="replications: 3\n")
    assert "1 passed, 2 deselected" in pytest_in(tmp_path, "-k", "seed-2", f"--junit-xml={tmp_path / 'out.xml'}")
    assert 'name="impaired_s"' in (tmp_path / "out.xml").read_text()
    path.write_text(path.read_text().replace("service: core", "service: cor"))
    assert "scenario.yaml:10:" in pytest_in(tmp_path)


def test_a_suite_has_an_item_for_each_pair(tmp_path: Path, write: Write) -> None:
    """What only a pair needs is no test of its own; the pair is one, and fails when the difference is not there."""
    write(tmp_path, name="hung", expect="{ measure: impaired_s, at_most: 1s }")
    write(tmp_path, name="calm", method="")
    (tmp_path / "suite.yaml").write_text(
        "kind: suite\nname: s\ntitle: s\nscenarios: [{ scenario: ./calm.yaml }]\npairs:\n"
        + "".join(
            f"  - {{ name: {name}, a: {{ scenario: ./hung.yaml }}, b: {{ scenario: ./calm.yaml }}, at_least: {least} }}\n"
            for name, least in (("near", 1000), ("far", 100_000))
        )
    )
    text = pytest_in(tmp_path, "suite.yaml")
    assert "2 passed" in text
    assert "1 failed" in text
    assert "pair-far" in text
    assert "hung.yaml, " in text


def test_two_processes_find_the_same(tmp_path: Path, write: Write) -> None:
    """-n 2 makes the runs of one: verdicts, the fixture, and in JUnit the measures, the line to replay, and unknown as an error."""
    write(tmp_path, more="replications: 2\n")
    write(tmp_path, name="dull", method=HANG.replace("core", "spare"))
    (tmp_path / "test_mine.py").write_text("def test_mine(drill):\n    assert drill('scenario.yaml', seed=2).verdict == 'pass'\n")
    found = []
    for name, more in (("one.xml", ()), ("two.xml", ("-p", "xdist", "-n", "2"))):
        text = pytest_in(tmp_path, f"--junit-xml={tmp_path / name}", *more)
        assert "3 passed" in text
        assert "1 error" in text
        cases = ET.parse(tmp_path / name).getroot().iter("testcase")
        found.append(
            sorted(
                (str(case.get("name")), [child.tag for child in case if child.tag != "properties"], _properties(case))
                for case in cases
            )
        )
    assert found[0] == found[1]
    assert [(name, tags) for name, tags, _ in found[0]] == [
        ("small[seed-1]", []),
        ("small[seed-1]", ["error"]),
        ("small[seed-2]", []),
        ("test_mine", []),
    ]
    properties = dict(found[0][0][2])
    assert properties["replay"].startswith("coredrill replay ")
    assert {"impaired_s", "recovery_s", "orders.failed_orders"} <= set(properties)


def _properties(case: ET.Element) -> list[tuple[str, str]]:
    return sorted((str(p.get("name")), str(p.get("value"))) for p in case.iter("property"))
