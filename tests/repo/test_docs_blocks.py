"""The blocks of the documentation work: shell commands run, YAML is read, Python is run. With COREDRILL_TEST_DOCS=all the long ones too.

What a block is, its language says: `text` is a picture or output and is not looked at. Commands of one block run one after another in a
folder of their own, where the files that pages take for granted (my-scenario.yaml, my-core.yaml, kept runs) are there already.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import types
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml
from click.testing import CliRunner

from chaos.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LANGUAGES = {"sh", "yaml", "python", "toml", "text"}
ALL = os.environ.get("COREDRILL_TEST_DOCS") == "all"

LONG = r"coredrill (simulate|run|suite|replay|demo|coverage|compare|sweep|explain|timelines|predict|causes|report|live up|live compare)\b"
"""Commands that take more than ten seconds, or read what such a one has made. They run with COREDRILL_TEST_DOCS=all."""

UNTIL_STOPPED = r"coredrill live up (?!.*--for)"
"""Commands that go on until somebody presses Ctrl-C, as is done here after 20 seconds."""

ELSEWHERE = {
    r"python3 -m venv": "the README's commands are run by .ci/run",
    r"\.venv/bin/": "the README's commands are run by .ci/run",
    r"\.ci/": "it locks versions and runs all tests",
    r"pytest ": "tests/chaos/test_pytest_plugin.py",
    r"dask |.*--cluster": "tests/chaos/execution/test_workers.py runs on a cluster",
    r".*(reboot-loop|stored:kept)": "tests/chaos/test_example_plugin.py installs the package",
    r"coredrill room ": "a room is open until it is closed: tests/chaos/room/server open some",
    r"coredrill timelines (--fresh \d+ )?--markdown": "it makes a page of the documentation: benchmarks/preserved.py",
    r"coredrill predict --markdown": "it makes a page of the documentation: tests/chaos/cli/test_predict.py makes a part of it",
    r"coredrill compare dependencies incidents": "most of an hour: benchmarks/compare.py comparison makes those runs",
    r"coredrill coverage": "hours: benchmarks/kill_matrix.py and benchmarks/story.py make those runs",
    r"python benchmarks/|python -m chaos.faults.document": "it makes a file of the checkout: its test says whether it is current",
}
"""Commands that something else runs, as patterns of their beginning, and what."""

NOT_ALONE = {
    ("counterparties.md", "with-custodian"): "tests/simcore/counterparties/test_custodian.py",
    ("counterparties.md", "custodian-closes-early"): "tests/simcore/counterparties/test_custodian.py",
    ("counterparties.md", '"custodian",'): "tests/simcore/counterparties/test_custodian.py",
    ("counterparties.md", "The custodian's books"): "tests/simcore/counterparties/test_custodian.py",
    ("writing-a-fault.md", "Case("): "benchmarks/extension_drills.py",
    ("extending.md", "import NoneFailed"): "benchmarks/extension_drills.py",
    ("extending.md", "longest_silence_s: how"): "benchmarks/extension_drills.py",
    ("reports.md", "charts.load import CHART"): "benchmarks/extension_drills.py",
    ("scenarios.md", "def test_login"): "tests/chaos/test_pytest_plugin.py",
}
"""Blocks, by page and a word, that need what another block adds, and what tries them together."""


class Block(NamedTuple):
    """A fenced block: its page, the line where it begins, its language and its text."""

    page: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def tried_by(self) -> str | None:
        """What tries a block that cannot be tried alone."""
        return next((by for (page, word), by in NOT_ALONE.items() if page == self.page and word in self.text), None)


def blocks_of(page: str, text: str) -> list[Block]:
    """The fenced blocks of a page."""
    return [Block(page, text[: found.start()].count("\n") + 1, found[1], found[2]) for found in BLOCK.finditer(text)]


BLOCKS = [block for path in PAGES for block in blocks_of(path.name, path.read_text(encoding="utf-8"))]


def in_language(language: str) -> list[Block]:
    """The blocks of one language that stand for themselves."""
    return [block for block in BLOCKS if block.language == language and block.tried_by is None]


def commands_of(text: str, *, everything: bool) -> list[str]:
    """The lines of a shell block that are run here: the quick ones, or all but those that something else runs."""
    lines = [line.strip() for line in text.replace("\\\n", " ").splitlines() if line.strip()]
    ours = [line for line in lines if not any(re.match(pattern, line) for pattern in ELSEWHERE)]
    return [line for line in ours if everything or not re.match(LONG, line)]


def test_every_block_says_its_language() -> None:
    """Without one nobody knows whether it should work."""
    assert [f"{block} {block.language!r}" for block in BLOCKS if block.language not in LANGUAGES] == []


def test_exceptions_are_needed() -> None:
    """Each names a block or a command that there is, and a file that tries it."""
    assert [key for key in NOT_ALONE if not any(b.page == key[0] and key[1] in b.text for b in BLOCKS)] == []
    lines = [line.strip() for block in BLOCKS if block.language == "sh" for line in block.text.splitlines()]
    assert [pattern for pattern in ELSEWHERE if not any(re.match(pattern, line) for line in lines)] == []
    assert [by for by in NOT_ALONE.values() if not (ROOT / by).is_file()] == []


CORE = "kind: architecture\nname: my-core\nextends: legacy-coupled\npatch: [{set: services.counter.replicas, to: 2}]\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what pages take for granted, and a `coredrill` of this Python on the path."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my-core.yaml").write_text(CORE)
    for name in ("my-scenario.yaml", "bank-slow.yaml", "bank-slow-at-the-open.yaml"):
        assert CliRunner().invoke(main, ["init", name]).exit_code == 0
    tool = tmp_path / "bin" / "coredrill"
    tool.parent.mkdir()
    tool.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m chaos "$@"\n')
    tool.chmod(0o755)
    return tmp_path


def run_lines(lines: list[str], folder: Path) -> None:
    """Runs commands one after another; each may end with the exit code of a verdict, but with no error."""
    path = os.pathsep.join(entry for entry in sys.path if entry)
    environment = os.environ | {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "PYTHONPATH": path, "NO_COLOR": "1"}
    for line in lines:
        if line.startswith("coredrill init"):
            (folder / line.split()[2]).unlink(missing_ok=True)
        stopped = "timeout --preserve-status -s INT 20s " if re.match(UNTIL_STOPPED, line) else ""
        done = subprocess.run(
            ["bash", "-c", stopped + line], cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode in (0, 1, 4), f"{line}\n{done.stdout[-500:]}{done.stderr[-1500:]}"


@pytest.mark.parametrize("block", [b for b in in_language("sh") if commands_of(b.text, everything=ALL)], ids=str)
def test_shell_commands_run(block: Block, folder: Path) -> None:
    """Each command of a block ends well: with 0, or with the exit code of a verdict."""
    if ALL and "report runs" in block.text:
        run_lines(["coredrill run my-scenario.yaml --journal runs --spans 500", "mv runs/* runs/one || true"], folder)
    run_lines(commands_of(block.text, everything=ALL), folder)


def test_a_broken_command_is_found(folder: Path) -> None:
    """A file that is not there, and an option that is not."""
    for line in ("coredrill validate nothing.yaml", "coredrill list --nonsense"):
        with pytest.raises(AssertionError):
            run_lines([line], folder)


def test_what_runs_when() -> None:
    """The quick ones always, the long ones in full, what something else runs never."""
    text = "coredrill list faults # all\ncoredrill run x.yaml \\\n  --seed 1\n.ci/run\n"
    assert commands_of(text, everything=False) == ["coredrill list faults # all"]
    assert [line.split()[1] for line in commands_of(text, everything=True)] == ["list", "run"]


@pytest.mark.parametrize("block", in_language("yaml"), ids=str)
def test_yaml_is_valid(block: Block, folder: Path) -> None:
    """A whole file passes `coredrill validate`; a part of one can be read."""
    found = yaml.safe_load(block.text)
    assert found
    if "kind" not in found:
        return
    path = folder / "blocks" / f"{found['name']}.yaml"
    path.parent.mkdir()
    path.write_text(block.text, encoding="utf-8")
    (folder / "bank-slow-at-the-open.yaml").rename(path.parent / "bank-slow-at-the-open.yaml")
    done = CliRunner().invoke(main, ["validate", str(path)])
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize("block", in_language("python"), ids=str)
def test_python_runs(block: Block, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module of the documentation can be imported as it stands."""
    module = types.ModuleType("a_block_of_the_documentation")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(block.text, str(block), "exec"), vars(module))


def test_a_broken_block_is_found() -> None:
    """Python that cannot run is an error."""
    with pytest.raises(ImportError):
        test_python_runs(Block("x", 1, "python", "from chaos.nowhere import thing"), pytest.MonkeyPatch())
