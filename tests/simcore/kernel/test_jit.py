"""Compiled by Numba's private parts or by plain Numba: the same journals."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from simcore.base.units import SECOND, parse_clock
from simcore.compile.plan import compile_plan
from simcore.kernel import jit
from simcore.library import load_pair
from simcore.simulation import compiler_notice, simulate

ROOT = Path(__file__).parents[3]

# As if a Numba were installed that coredrill does not know.
UNKNOWN = """
import sys
import numba
numba.__version__ = "99.1.0"
from simcore.kernel import jit
assert not jit.IS_TRIED
assert "simcore.kernel.numba_internals" not in sys.modules
"""
RUN = """
from simcore.base.units import SECOND, parse_clock
from simcore.compile.plan import compile_plan
from simcore.library import load_pair
from simcore.simulation import simulate

start = parse_clock("09:30")
print(simulate(compile_plan(*load_pair("legacy-coupled", "normal-day"), seed=5, start=start, end=start + 2 * SECOND, span_sampling=1)).digest)
"""


def in_another_process(program: str, cache: Path) -> str:
    """What the program prints. Its kernel is compiled there, into `cache`."""
    path = os.pathsep.join(entry for entry in sys.path if entry)
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=900,
        env=os.environ | {"PYTHONPATH": path, "NUMBA_CACHE_DIR": str(cache)},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_locked_version_is_one_of_those_tried() -> None:
    """Who installs by the lock file gets the fast way, and the tests are run with it."""
    locked = re.search(r"^numba==(\S+)$", (ROOT / ".ci" / "constraints.txt").read_text(encoding="utf-8"), re.MULTILINE)
    assert locked is not None
    assert locked[1] in jit.TRIED_WITH


@pytest.mark.skipif(not jit.IS_TRIED, reason="another version of Numba is installed")
def test_nothing_is_said_of_a_version_that_was_tried() -> None:
    """No notice without a reason."""
    assert compiler_notice() is None


def test_one_line_says_that_the_version_is_not_known(tmp_path: Path) -> None:
    """It names the version there is and those there should be. Private parts are not even imported."""
    notice = in_another_process(UNKNOWN + "from simcore.simulation import compiler_notice\nprint(compiler_notice())", tmp_path)
    assert len(notice.splitlines()) == 1
    assert notice.startswith("numba 99.1.0 ")
    assert jit.TRIED_WITH[-1] in notice


@pytest.mark.slow
def test_plain_numba_makes_the_same_journal(tmp_path: Path) -> None:
    """The first two seconds of the open of legacy-coupled, every hop of them, have the same digest either way."""
    start = parse_clock("09:30")
    plan = compile_plan(*load_pair("legacy-coupled", "normal-day"), seed=5, start=start, end=start + 2 * SECOND, span_sampling=1)
    assert in_another_process(UNKNOWN + RUN, tmp_path) == simulate(plan).digest
