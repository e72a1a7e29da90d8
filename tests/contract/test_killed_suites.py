"""A suite that is killed or interrupted loses no finished run, and goes on to the report it would have made."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from chaos.cli.main import main

from .killed_suites import Stopping, points

AT_THE_END = """\
import os, signal
from chaos.cli.main import main
try:
    main(["list", "suites"])
finally:
    os.kill(os.getpid(), signal.SIGINT)
"""
TWICE = """\
import os, signal, click
from chaos.cli.main import main
click.echo = lambda *words, **options: os.kill(os.getpid(), signal.SIGINT)
@main.command()
def nap():
    raise KeyboardInterrupt
main(["nap"])
"""


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Stopping:
    """A suite of ten runs of a blink each, and what it reports without an interruption."""
    return Stopping(tmp_path_factory.mktemp("suite"), runs=10)


@pytest.mark.parametrize("point", points(3, seed=1))
def test_a_killed_suite_goes_on_to_the_same_reports(suite: Stopping, point: float) -> None:
    """SIGKILL at a random point, then --resume: JSON and JUnit have the same bytes as without the kill."""
    code, _ = suite.stopped(signal.SIGKILL, point)
    assert code in (-signal.SIGKILL, 0, 1, 4)
    assert suite.gone_on_with() == suite.whole


def test_an_interrupted_suite_says_how_to_go_on(suite: Stopping) -> None:
    """Ctrl-C in the middle: 130, what is finished is kept, the hint is printed, and going on ends in the same reports."""
    code, said = suite.interrupted(kept=3)
    assert code == 130
    assert re.search(r"^[23] runs are kept in kept; continue with --resume$", said, re.MULTILINE)
    assert said.endswith("interrupted\n")
    assert "Traceback" not in said
    assert suite.gone_on_with() == suite.whole


@pytest.mark.parametrize(("program", "code"), [(AT_THE_END, 0), (TWICE, 130)], ids=["at-the-end", "twice"])
def test_a_late_interrupt_does_not_change_the_exit_code(program: str, code: int) -> None:
    """Ctrl-C when all is said is too late; a second one while the first is told of is still 130."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False)


def test_a_damaged_store_costs_the_damaged_runs_alone(suite: Stopping, monkeypatch: pytest.MonkeyPatch) -> None:
    """A torn line, a changed byte and a line of another format are passed over; their runs are made again."""
    monkeypatch.chdir(suite.folder)
    store = Path("whole")
    lines = store.read_bytes().splitlines(keepends=True)
    lines[1] = lines[1].replace(b'"seed": 2', b'"seed": 9', 1)
    lines[2] = b'{"format": "coredrill-runs-0"}\n'
    store.write_bytes(b"".join(lines[:-1]) + lines[-1][: len(lines[-1]) // 2])
    result = CliRunner().invoke(main, suite.words("whole", "--resume"))
    assert "7 of 10 runs are kept already" in result.stderr
    assert suite.reports() == suite.whole
