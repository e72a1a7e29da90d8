"""What is under test: the installed packages.

`python -m pytest` puts the checkout first on sys.path, where it would shadow an installed wheel. With a wheel installed the
checkout is taken off the path; with `pip install -e` or nothing installed (PYTHONPATH) the checkout is what is meant.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
Run = Callable[..., subprocess.CompletedProcess[str]]
ID_PART_MAX = 28


def installation() -> str:
    """How coredrill got here: ``wheel``, ``editable`` or ``none``."""
    try:
        found = metadata.distribution("coredrill")
    except metadata.PackageNotFoundError:
        return "none"
    direct_url = json.loads(found.read_text("direct_url.json") or "{}")
    return "editable" if direct_url.get("dir_info", {}).get("editable") else "wheel"


INSTALLATION = installation()
if INSTALLATION == "wheel" and "COREDRILL_TEST_CHECKOUT" not in os.environ:  # benchmarks/extension_drills.py tests a copy
    sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != ROOT]


def pytest_report_header() -> str:
    import simcore

    return f"coredrill under test: {Path(simcore.__file__ or '').parent} ({INSTALLATION})"


def pytest_make_parametrize_id(val: object) -> str | None:
    """A long text, such as a whole file, stands in a test's id with its beginning alone; tests/repo/test_ids.py has the limit."""
    text = val.decode("latin-1") if isinstance(val, bytes) else val
    if not isinstance(text, str) or len(text.encode("unicode_escape")) <= ID_PART_MAX:
        return None
    text = text[:ID_PART_MAX]
    while len(text.encode("unicode_escape")) > ID_PART_MAX - 2:
        text = text[:-1]
    return text + ".."


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def under_test() -> str:
    """How the packages under test were installed: ``wheel``, ``editable`` or ``none``."""
    return INSTALLATION


@pytest.fixture
def python(tmp_path: Path) -> Run:
    """Run this Python with the given arguments, in an empty directory, on the packages under test."""
    environment = os.environ | {"NO_COLOR": "1", "COLUMNS": "200"}
    environment["PYTHONPATH"] = os.pathsep.join(entry for entry in sys.path if entry)

    def run(*arguments: str, timeout_s: float = 120.0) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, *arguments]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=timeout_s)

    return run


@pytest.fixture
def coredrill(python: Run) -> Run:
    """Run the command line with the given arguments; gives the finished process (returncode, stdout, stderr)."""

    def run(*arguments: str, timeout_s: float = 120.0) -> subprocess.CompletedProcess[str]:
        start = "import sys; sys.argv[0] = 'coredrill'; from chaos.cli.main import main; sys.exit(main())"
        return python("-c", start, *arguments, timeout_s=timeout_s)

    return run
