"""What does it take to extend coredrill? `python benchmarks/extension_drills.py` does it as the documentation says, and counts.

In a copy of the checkout it adds a fault, a measure, a checker, a defect operator, a counterparty and a chart, each from the examples
in docs/, makes the generated files again by their commands, runs the extension and its test, and compares the copy with the checkout.
A file that differs and that no command has made was edited by hand: there may be so many and no more. `--only NAME` does one.
Exit code 0, 1 if an extension does not work or takes more files.
"""

from __future__ import annotations

import filecmp
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import click

ROOT = Path(__file__).resolve().parent.parent
COPIED = (
    "simcore",
    "chaos",
    "scenarios",
    "docs",
    "tests",
    "benchmarks",
    "pyproject.toml",
    "README.md",
    "CHANGELOG.md",
    "LICENSE",
)
MADE = ("docs/schema/", "docs/faults.md", "docs/verdicts.md", "docs/counterparties.md")
"""What commands make: it is compared, but nobody has edited it."""


class Copy:
    """A copy of the checkout that extensions are added to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        for name in COPIED:
            source = ROOT / name
            copy = shutil.copytree if source.is_dir() else shutil.copy
            copy(source, folder / name, **({"ignore": shutil.ignore_patterns("__pycache__")} if source.is_dir() else {}))

    def examples(self, page: str, language: str) -> list[str]:
        """The blocks of a page in a language, in order."""
        return re.findall(rf"^```{language}\n(.*?)^```", self.read(f"docs/{page}"), re.MULTILINE | re.DOTALL)

    def example(self, page: str, language: str, word: str) -> str:
        """The one block of a page that has a word in it."""
        (found,) = (block for block in self.examples(page, language) if word in block)
        return str(found)

    def read(self, path: str) -> str:
        """The text of a file."""
        return (self.folder / path).read_text(encoding="utf-8")

    def write(self, path: str, text: str) -> None:
        """Writes a file, and its folder."""
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_text(text, encoding="utf-8")

    def insert(self, path: str, before: str, text: str) -> None:
        """Puts a text before the first place of another."""
        whole = self.read(path)
        assert before in whole, f"{path} has no {before!r}"
        self.write(path, whole.replace(before, text + before, 1))

    def python(self, *arguments: str) -> str:
        """What a Python prints that imports the copy. Raises RuntimeError with its last lines if it fails."""
        path = os.pathsep.join([str(self.folder), str(self.folder / "tests/support")])
        environment = os.environ | {"PYTHONPATH": path, "COREDRILL_TEST_CHECKOUT": "1", "NO_COLOR": "1", "COLUMNS": "200"}
        command = [sys.executable, *arguments]
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError("\n".join([" ".join(arguments), *(done.stdout + done.stderr).strip().splitlines()[-12:]]))
        return done.stdout

    def coredrill(self, *arguments: str) -> str:
        """What the command line of the copy prints."""
        return self.python("-m", "chaos", *arguments)

    def test(self, *arguments: str) -> None:
        """Runs tests of the copy."""
        self.python("-m", "pytest", "-q", "-x", *arguments)

    def edited(self) -> list[str]:
        """Files that differ from the checkout and that no command makes."""
        paths = (p for p in sorted(self.folder.rglob("*")) if p.is_file() and "__pycache__" not in p.parts)
        names = (p.relative_to(self.folder).as_posix() for p in paths)
        ours = [name for name in names if not name.startswith((*MADE, "out/")) and ".pytest_cache" not in name]
        return [n for n in ours if not (ROOT / n).exists() or not filecmp.cmp(ROOT / n, self.folder / n, shallow=False)]


def _fault(copy: Copy) -> None:
    module, case = copy.examples("writing-a-fault.md", "python")
    cases = "tests/chaos/faults/test_faults.py"
    copy.write("chaos/faults/expired_certificate.py", module)
    copy.insert(cases, ']  # fmt: skip\n\n\n@pytest.mark.parametrize("case", CASES', f"    {case}")
    copy.insert(cases, '    "failover": {"failover": "nobody"},', '    "expired-certificate": {"service": "nobody"},\n')
    copy.write("docs/faults.md", copy.python("-m", "chaos.faults.document"))
    for kind in ("scenario", "defect"):
        copy.write(f"docs/schema/{kind}.json", copy.coredrill("schema", kind))
    assert "expired-certificate" in copy.coredrill("list", "faults")
    copy.test(cases, "-k", "expired or tried or page", "tests/chaos/cli/test_files.py")


def _measure(copy: Copy) -> None:
    example = copy.example("extending.md", "python", "LONGEST_SILENCE")
    _, _, code = example.partition("from __future__ import annotations\n")
    imports = "".join(line for line in code.splitlines(keepends=True) if re.match(r"import |from ", line))
    rest = "".join(line for line in code.splitlines(keepends=True) if not re.match(r"import |from ", line))
    path = "chaos/measures/catalogue.py"
    copy.insert(path, "import functools\n", imports)
    copy.insert(path, "BUILT_IN: tuple", rest.strip() + "\n\n\n")
    copy.write(path, copy.read(path).replace("    *_others(),\n", "    *_others(),\n    LONGEST_SILENCE,\n"))
    copy.write("tests/chaos/measures/test_longest_silence.py", copy.example("extending.md", "python", "longest_silence_s: how"))
    table = copy.coredrill("list", "measures", "--markdown")
    page = re.compile(r"(<!-- made by: coredrill list measures --markdown -->\n).*?(?=<!-- end -->)", re.DOTALL)
    copy.write("docs/verdicts.md", page.sub(lambda found: found[1] + table, copy.read("docs/verdicts.md")))
    assert "longest_silence_s" in table
    copy.test("tests/chaos/measures/test_longest_silence.py", "tests/chaos/measures/test_registry.py")


def _checker(copy: Copy) -> None:
    copy.write("chaos/checkers/none_failed.py", copy.example("extending.md", "python", "class NoneFailed"))
    copy.write("tests/chaos/checkers/test_none_failed.py", copy.example("extending.md", "python", "import NoneFailed"))
    assert "none-failed" in copy.coredrill("list", "checkers")
    copy.test("tests/chaos/checkers/test_none_failed.py")


def _operator(copy: Copy) -> None:
    example = copy.example("coverage.md", "yaml", "kind: defect").replace("timeout-missing", "no-timeout-at-all")
    head = "# yaml-language-server: $schema=../../docs/schema/defect.json\n"
    copy.write("scenarios/defects/no-timeout-at-all.yaml", head + example)
    assert "no-timeout-at-all" in copy.coredrill("list", "defects")
    copy.coredrill("validate", "scenarios/defects/no-timeout-at-all.yaml")
    planted = ("--defect", "no-timeout-at-all@counter.transfer/debit-a")
    assert '"verdict": "pass"' in copy.coredrill("run", "requirements/smoke/healthy-open", *planted, "--json", "-")
    copy.test("tests/repo/test_layout.py", "-k", "schema")


def _counterparty(copy: Copy) -> None:
    declaration, books, line = copy.examples("counterparties.md", "python")
    copy.write("simcore/counterparties/custodian.py", declaration)
    copy.write("simcore/kernel/ledger/custodian.py", books)
    copy.insert("simcore/kernel/ledger/__init__.py", ")\n", line)
    copy.write("out/architecture.yaml", copy.examples("counterparties.md", "yaml")[0])
    copy.python("-m", "simcore.counterparties.document")
    copy.coredrill("validate", "out/architecture.yaml")
    copy.test("tests/simcore/counterparties/test_counterparties.py", "-k", "page or table")


def _chart(copy: Copy) -> None:
    copy.write("chaos/reports/run/charts/load.py", copy.example("reports.md", "python", "CHART = Chart("))
    copy.write("tests/chaos/reports/run/charts/test_load.py", copy.example("reports.md", "python", "import CHART"))
    copy.coredrill("run", "requirements/smoke/healthy-open", "--html", "out/run.html")
    page = copy.read("out/run.html")
    assert all(part in page for part in ('id="chart-load"', ">Load</span>", ">负载</span>")), (
        "the page has no place for the chart"
    )
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page)
    (load,) = [shown["series"] for shown in json.loads(data)["charts"] if shown["chart"]["name"] == "load"]
    assert any(any(series["values"]) for series in load), "the chart has no data"
    copy.test("tests/chaos/reports/run/charts/test_load.py", "tests/chaos/reports/run/charts/test_charts.py")


class Drill(NamedTuple):
    """An extension: how it is added and tried, and in how many files a hand may be seen."""

    add: Callable[[Copy], None]
    allowed: int


DRILLS = {
    "fault": Drill(_fault, 2),
    "measure": Drill(_measure, 2),
    "checker": Drill(_checker, 2),
    "defect operator": Drill(_operator, 1),
    "counterparty": Drill(_counterparty, 3),
    "chart": Drill(_chart, 2),
}


class Done(NamedTuple):
    """What came of a drill: the files edited by hand, and the error, "" if there was none."""

    edited: list[str]
    error: str


def drill(name: str, folder: Path) -> Done:
    """Adds one extension to a copy of the checkout in an empty folder, and tries it."""
    copy = Copy(folder)
    try:
        DRILLS[name].add(copy)
    except (RuntimeError, AssertionError, ValueError) as error:
        return Done(copy.edited(), str(error) or type(error).__name__)
    return Done(copy.edited(), "")


@click.command()
@click.option("--only", multiple=True, type=click.Choice(list(DRILLS)), help="Only these, repeatable.")
def main(only: tuple[str, ...]) -> None:
    """Extend a copy of coredrill as the documentation says; see the head of this file."""
    failed = False
    click.echo("| extension | edited by hand | allowed | result |\n|---|---|---|---|")
    for name in only or DRILLS:
        with tempfile.TemporaryDirectory() as folder:
            done = drill(name, Path(folder))
        allowed = DRILLS[name].allowed
        result = "failed" if done.error else "works" if len(done.edited) <= allowed else "too many files"
        click.echo(f"| {name} | {len(done.edited)}: {', '.join(done.edited)} | {allowed} | {result} |")
        if done.error:
            click.echo(done.error, err=True)
        failed |= result != "works"
    sys.exit(int(failed))


if __name__ == "__main__":
    main()
