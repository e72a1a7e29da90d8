"""A custodian is added as docs/counterparties.md says, in a copy of the packages: two new files, one line in a list, nothing else.

All that the page shows is run: the declaration, the books, the architecture and the scenario whose fault names the new counterparty.
"""

from __future__ import annotations

import filecmp
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import simcore

NEW = ("simcore/counterparties/custodian.py", "simcore/kernel/ledger/custodian.py")
LIST = "simcore/kernel/ledger/__init__.py"
WORKLOAD = """
kind: workload
name: deliveries
calendar: a-share
accounts: {count: 50}
curves: {until-three: {points: [["14:00", 1], ["14:59", 1]]}}
flows: {deliver: {per_day: 300, curve: until-three}}
"""
RUN = """
import json, sys
from pathlib import Path
import yaml
from simcore.compile.plan import compile_plan
from simcore.model.architecture import Architecture
from simcore.model.workload import Workload
from simcore.simulation import Action, simulate
from simcore.base.units import MINUTE, parse_clock

architecture = Architecture.model_validate(yaml.safe_load(Path("architecture.yaml").read_text()))
workload = Workload.model_validate(yaml.safe_load(Path("workload.yaml").read_text()))
at = parse_clock
plan = compile_plan(architecture, workload, seed=1, start=at("14:00"), end=at("15:40"))
silent = [Action(at("14:30"), "hang", {"service": "trust-bank"}), Action(at("14:40"), "thaw", {"service": "trust-bank"})]
journal = simulate(plan, silent if "silent" in sys.argv else [])
flow = {name: journal.total("flow", "deliver", name) for name in ("started", "ok", "unknown", "rejected")}
print(json.dumps({
    "flow": flow,
    "laws": {law.law: [law.ok, law.found] for law in journal.conservation},
    "events": [[e.t_ns / MINUTE, e.what, e.subject, e.detail] for e in journal.events],
    "placed": journal.intents["placed"].tolist(),
    "recorded": journal.intents["recorded"].tolist(),
    "cents": journal.intents["quantity"].tolist(),
    "flags": journal.intents["flags"].tolist(),
    "digest": journal.digest,
}))
"""


class Copy(NamedTuple):
    """The copied packages, and a folder with the page's files."""

    packages: Path
    folder: Path

    def python(self, *arguments: str, compiled: bool = False) -> subprocess.CompletedProcess[str]:
        """A Python that imports the copy; the kernel as plain Python functions unless it is to be compiled."""
        environment = os.environ | {"PYTHONPATH": str(self.packages), "NUMBA_DISABLE_JIT": str(int(not compiled))}
        environment["NUMBA_CACHE_DIR"] = str(self.folder / "cache")
        return subprocess.run(
            [sys.executable, "-W", "ignore", *arguments],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def journal(self, *words: str, compiled: bool = False) -> dict[str, Any]:
        """What RUN tells of one run."""
        done = self.python("-c", RUN, *words, compiled=compiled)
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found


@pytest.fixture(scope="module")
def copy(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """The packages with what the page adds to them."""
    packages, folder = tmp_path_factory.mktemp("packages"), tmp_path_factory.mktemp("custodian")
    for package in ("simcore", "chaos", "scenarios"):
        installed = Path(simcore.__file__ or "").parents[1] / package
        shutil.copytree(installed, packages / package, ignore=shutil.ignore_patterns("__pycache__"))
    page = (root / "docs/counterparties.md").read_text(encoding="utf-8")
    declaration, books, line = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    architecture, scenario = re.findall(r"^```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    for path, text in zip(NEW, (declaration, books), strict=True):
        (packages / path).write_text(text, encoding="utf-8")
    before = (packages / LIST).read_text(encoding="utf-8")
    (packages / LIST).write_text(before.replace('    "fund_company",\n', f'    "fund_company",\n{line}'), encoding="utf-8")
    for name, text in (("architecture", architecture), ("scenario", scenario), ("workload", WORKLOAD)):
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return Copy(packages, folder)


def test_two_files_and_one_line_are_all_that_differs(copy: Copy) -> None:
    """No other file of the product is edited."""
    installed = Path(simcore.__file__ or "").parents[1]
    ours = sorted(p.relative_to(copy.packages).as_posix() for p in copy.packages.rglob("*.*") if "__pycache__" not in p.parts)
    assert [path for path in ours if not (installed / path).exists()] == sorted(NEW)
    changed = [
        path for path in ours if path not in NEW and not filecmp.cmp(installed / path, copy.packages / path, shallow=False)
    ]
    assert changed == [LIST]
    lines = [(side / LIST).read_text(encoding="utf-8").splitlines() for side in (installed, copy.packages)]
    assert [line for line in lines[1] if line not in lines[0]] == ['    "custodian",']
    assert len(lines[1]) == len(lines[0]) + 1


def test_its_effects_move_money_and_its_laws_hold(copy: Copy) -> None:
    """Cash goes into custody; the file of the evening confirms all of it."""
    shown = copy.journal()
    in_custody = sum(cents for cents, recorded in zip(shown["cents"], shown["recorded"], strict=True) if recorded)
    assert shown["flow"]["started"] > 200
    assert shown["flow"]["ok"] == sum(shown["placed"]) > 100
    assert all(ok for ok, _ in shown["laws"].values())
    assert shown["laws"]["in custody is the sum over customers"] == [True, in_custody]
    assert list(shown["laws"]).index("in custody is the sum over customers") < list(shown["laws"]).index("no balance is negative")
    assert [what for _, what, *_ in shown["events"] if what in SETTLING] == ["file_arrived", "batch_done", "day_settled"]
    assert [t for t, what, subject, _ in shown["events"] if (what, subject) == ("gate", "custodian")] == [15 * 60]
    assert not any(flag & IN_TRANSIT for flag in shown["flags"])


SETTLING = ("file_arrived", "batch_done", "day_settled")
IN_TRANSIT = 1 << 6


def test_reconciliation_finds_what_was_never_accepted(copy: Copy) -> None:
    """While the custodian is silent instructions go unanswered; comparing with it gives the customers their cash back."""
    shown = copy.journal("silent")
    found = [
        detail["differences"] for _, what, subject, detail in shown["events"] if (what, subject) == ("reconciled", "custodian")
    ]
    assert shown["flow"]["unknown"] > 5
    assert sum(found) > 5
    assert all(ok for ok, _ in shown["laws"].values())
    assert shown["laws"]["in custody is the sum over customers"][1] < sum(
        cents for cents, recorded in zip(shown["cents"], shown["recorded"], strict=True) if recorded
    )


def test_a_fault_finds_it_by_name(copy: Copy) -> None:
    """`counterparty-out-of-hours: {counterparty: custodian}` hits the service that makes its own effect, and the file comes late."""
    done = copy.python("-m", "chaos", "run", "scenario.yaml", "--seed", "1", "--json", "result.json")
    assert done.returncode == 0, done.stdout + done.stderr
    run = json.loads((copy.folder / "result.json").read_text(encoding="utf-8"))["runs"][0]
    assert {fault["fault"]: (fault["targets"], fault["took_effect"]) for fault in run["faults"]} == {
        "counterparty-out-of-hours": (["unit/trust-bank#0"], True),
        "bad-file": (["file/custody-statement"], True),
    }


def test_other_words_are_still_refused(copy: Copy) -> None:
    """The choices of a schema are those of the list."""
    text = (copy.folder / "architecture.yaml").read_text(encoding="utf-8")
    (copy.folder / "wrong.yaml").write_text(text.replace("settles: custodian", "settles: custody"), encoding="utf-8")
    done = copy.python("-m", "chaos", "validate", "wrong.yaml")
    assert done.returncode != 0
    assert "'clearing', 'fund' or 'custodian'" in done.stdout + done.stderr


@pytest.mark.slow
def test_compiled_it_does_the_same(copy: Copy) -> None:
    """The compiled dispatcher has the new effects, and the digest of a run is that of the plain functions."""
    assert copy.journal("silent", compiled=True)["digest"] == copy.journal("silent")["digest"]
