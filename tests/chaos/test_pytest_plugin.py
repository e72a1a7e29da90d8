"""The pytest plugin, in a pytest of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

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
        "def test_mine(drill):\n    assert drill('good.yaml', seed=3)['metrics']['orders']['lost'] == 0\n"
    )
    text = pytest_in(tmp_path)
    assert "2 passed" in text
    assert "1 failed" in text
    assert "1 error" in text
    assert "coredrill replay" in text
    assert "impaired_s ≤ 1 s, but it is" in text


def test_selection_and_junit(tmp_path: Path, write: Write) -> None:
    """-k takes items by scenario and seed; JUnit has the measures."""
    path = write(tmp_path, more="replications: 3\n")
    assert "1 passed, 2 deselected" in pytest_in(tmp_path, "-k", "seed-2", f"--junit-xml={tmp_path / 'out.xml'}")
    assert 'name="impaired_s"' in (tmp_path / "out.xml").read_text()
    path.write_text(path.read_text().replace("service: core", "service: cor"))
    assert "scenario.yaml:10:" in pytest_in(tmp_path)
