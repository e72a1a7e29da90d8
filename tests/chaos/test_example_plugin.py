"""The package of tests/support/example_plugin, as if it were installed: its extensions work wherever coredrill's own do.
Its target `stored` has tests of its own, in execution/target/test_catalogue.py.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from dask_cluster import Cluster
from installed_example import Commands, environment, installed, lay_out

Write = Callable[..., Path]
LOOP = '{ at: "10:02", for: 2min, reboot-loop: { service: core, down: 5s } }'
EXPECT = "{ measure: properties.none-failed, equals: false }\n{ measure: longest_silence_s, at_least: 4s, at_most: 7s }"


@pytest.fixture(scope="module")
def site(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the package is installed in."""
    return installed(root, tmp_path_factory.mktemp("site"))


@pytest.fixture
def coredrill(site: Path, tmp_path: Path) -> Commands:
    """The command line where the package is installed."""
    return Commands(site, tmp_path)


def test_the_page_shows_the_package(root: Path) -> None:
    """docs/extending.md has its files, word for word."""
    page, package = (root / "docs/extending.md").read_text(encoding="utf-8"), root / "tests/support/example_plugin"
    files = [package / "pyproject.toml", *sorted((package / "coredrill_example").glob("[a-z]*.py"))]
    assert [file.name for file in files if file.read_text(encoding="utf-8") not in page] == []


def test_it_is_listed_and_shown(coredrill: Commands) -> None:
    """`list` has its fault and checker among coredrill's own, `list plugins` says who gives what, `show` explains."""
    faults = {entry["name"]: entry for entry in coredrill.json("list", "faults")}
    assert faults["reboot-loop"]["title"].startswith("Instances die again and again")
    assert (faults["reboot-loop"]["plugin"], "plugin" in faults["crash"]) == ("coredrill-example 1.0", False)
    checkers = {entry["name"]: entry for entry in coredrill.json("list", "checkers")}
    assert checkers["none-failed"]["plugin"] == "coredrill-example 1.0"
    measures = {entry["name"]: entry for entry in coredrill.json("list", "measures")}
    assert measures["longest_silence_s"] == {
        "name": "longest_silence_s",
        "title": "longest silence",
        "title_zh": "最长无应答时间",
        "unit": "duration",
        "better": "less",
        "meaning": "the longest time without any confirmed request",
        "plugin": "coredrill-example 1.0",
    }
    given = {(entry["name"], entry["group"]) for entry in coredrill.json("list", "plugins")}
    assert {("reboot-loop", "coredrill.faults"), ("none-failed", "coredrill.checkers")} <= given
    shown = coredrill("show", "reboot-loop").stdout
    assert shown.startswith("reboot-loop (infrastructure), of coredrill-example 1.0\n")
    assert "A watchdog that restarts" in shown
    assert "Every request that" in coredrill("show", "none-failed").stdout
    assert "the longest time without any confirmed request" in coredrill("show", "longest_silence_s").stdout


def test_the_schema_has_its_words(coredrill: Commands) -> None:
    """Editors complete its fault, and its checker among the properties."""
    schema = json.loads(coredrill("schema", "scenario").stdout)
    assert "reboot-loop" in schema["$defs"]["Step"]["properties"]
    assert "none-failed" in json.dumps(schema["properties"]["properties"])
    defect = json.loads(coredrill("schema", "defect").stdout)
    assert defect["title"] == "coredrill defect"


def test_a_run_uses_it(coredrill: Commands, write: Write) -> None:
    """Its fault takes effect, and its checker is among the properties that the run is judged by."""
    scenario = write(coredrill.folder, method=LOOP, expect=EXPECT)
    assert coredrill("validate", str(scenario)).stdout.endswith(": sound\n")
    (run,) = coredrill.json("run", str(scenario), "--junit", "run.xml")["runs"]
    assert run["verdict"] == "pass", run["reasons"]
    assert (run["faults"][0]["fault"], run["faults"][0]["took_effect"]) == ("reboot-loop", True)
    assert run["properties"]["none-failed"]["holds"] is False
    assert run["properties"]["none-failed"]["violations"] > 0
    assert 4 < run["metrics"]["extensions"]["longest_silence_s"] < 7
    listed = {p.get("name"): p.get("value") for p in ET.parse(coredrill.folder / "run.xml").getroot().iter("property")}
    assert listed["longest_silence_s"] == str(run["metrics"]["extensions"]["longest_silence_s"])
    assert listed["properties.none-failed"] == "False"


@pytest.mark.slow
def test_a_sweep_and_a_comparison_use_it(coredrill: Commands, write: Write) -> None:
    """Its measure is one that they take: a longer outage is a longer silence, and a system is as good as itself."""
    scenario = str(write(coredrill.folder, method=LOOP, expect=EXPECT))
    (measure,) = coredrill.json("sweep", scenario, "--vary", "pools.threads.slots=8,9", "--measure", "longest_silence_s")[
        "measures"
    ]
    assert measure == "longest_silence_s"
    shutil.copy(coredrill.folder / "architecture.yaml", coredrill.folder / "other.yaml")
    compared = coredrill.json(
        "compare",
        scenario,
        "--architectures",
        "./architecture.yaml,./other.yaml",
        "--measure",
        "longest_silence_s=1s",
        "--replications",
        "20",
        "--healthy",
        scenario,
    )
    assert [cell["verdict"] for cell in compared["cells"]] == ["equivalent"]


@pytest.mark.slow
def test_worker_processes_use_it(coredrill: Commands, write: Write) -> None:
    """A suite on two processes gives what it gives in one."""
    write(coredrill.folder, method=LOOP, expect=EXPECT)
    suite = coredrill.folder / "suite.yaml"
    suite.write_text("kind: suite\nname: s\ntitle: s\nreplications: 2\nscenarios: [{ scenario: ./scenario.yaml }]\n")
    one, two = (coredrill.json("suite", str(suite), "--jobs", jobs) for jobs in ("1", "2"))
    assert one == two
    assert [run["verdict"] for run in two["runs"]] == ["pass", "pass"]


@pytest.mark.slow
def test_a_run_kept_without_it_is_made_again(coredrill: Commands, write: Write) -> None:
    """What is kept has no value of its measure, so it does not count where the package is installed."""
    scenario = str(write(coredrill.folder, method="", expect="{ measure: impaired_s, at_most: 10min }"))
    kept = [scenario, "--replications", "2", "--store", "store", "--resume"]
    assert "extensions" not in Commands(None, coredrill.folder).json("run", *kept)["runs"][0]["metrics"]
    assert all(run["metrics"]["extensions"] for run in coredrill.json("run", *kept)["runs"])
    assert "2 of 2 runs are kept already" in coredrill("run", *kept).stderr


@pytest.mark.slow
def test_its_target_makes_runs(coredrill: Commands, write: Write) -> None:
    """`--target` takes it, in this process and in workers: the same journal as of the simulated core."""
    assert "each run made twice" in coredrill("show", "simulated-twice").stdout
    assert {"simulated", "simulated-twice", "stored", "twin"} == {entry["name"] for entry in coredrill.json("list", "targets")}
    scenario = str(write(coredrill.folder, method=LOOP, expect=EXPECT))
    digests = [
        [
            run["digest"]
            for run in coredrill.json("run", scenario, "--target", target, "--replications", "2", "--jobs", jobs)["runs"]
        ]
        for target, jobs in (("simulated", "1"), ("simulated-twice", "1"), ("simulated-twice", "2"))
    ]
    assert digests[0] == digests[1] == digests[2]


@pytest.fixture
def cluster(site: Path, tmp_path: Path) -> Iterator[Callable[[bool], Cluster]]:
    """Starts a Dask cluster with one worker, where the package is installed or not."""
    started: list[Cluster] = []

    def start(installed: bool) -> Cluster:
        folder = tmp_path / f"cluster-{installed}"
        folder.mkdir()
        started.append(Cluster(folder, 1, environment(site if installed else None)))
        return started[-1]

    yield start
    for found in started:
        found.stop()


@pytest.mark.slow
def test_a_cluster_uses_it(coredrill: Commands, write: Write, cluster: Callable[[bool], Cluster]) -> None:
    """A worker that has the package makes the same result; one that lacks it is an error that says what it has."""
    scenario = str(write(coredrill.folder, method=LOOP, expect=EXPECT))
    (here,), (there,) = (
        coredrill.json("run", scenario, *more)["runs"] for more in ((), ("--cluster", cluster(True).address))
    )  # they write paths each from its own folder
    assert here | {"replay": ""} == there | {"replay": ""}
    refused = coredrill("run", scenario, "--cluster", cluster(False).address, code=2)
    assert re.search(r"a worker of the cluster has coredrill \S+, not coredrill \S+, coredrill-example 1\.0; ", refused.stderr)


def test_pytest_uses_it(coredrill: Commands, write: Write) -> None:
    """A scenario file with its words is a test like any other."""
    write(coredrill.folder, method=LOOP, expect=EXPECT)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "scenario.yaml"],
        capture_output=True,
        text=True,
        cwd=coredrill.folder,
        env=environment(coredrill.site),
        timeout=300,
    )
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


def test_without_the_package_its_words_are_unknown(tmp_path: Path, write: Write) -> None:
    """Nothing of it is left where it is not installed: the file is refused at the word, in one line."""
    scenario = write(tmp_path, method=LOOP, expect=EXPECT)
    done = Commands(None, tmp_path)("run", str(scenario), code=2)
    assert "reboot-loop: unknown key" in done.stderr
    assert done.stderr.count("\n") == 1


BROKEN = {
    "coredrill.faults": ("reboot-loop = coredrill_example.nowhere:RebootLoop", "ModuleNotFoundError"),
    "coredrill.checkers": ("none-failed = coredrill_example.checkers:Nothing", "AttributeError"),
    "coredrill.measures": ("longest_silence_s = coredrill_example.measures:Nothing", "AttributeError"),
}


@pytest.mark.slow
@pytest.mark.parametrize("group", BROKEN)
def test_a_broken_one_is_one_clear_error(root: Path, tmp_path: Path, write: Write, group: str) -> None:
    """Exit code 2 and one line with the plug-in's name, its distribution and what to do, whatever needs it; in pytest as well."""
    name, _, value = BROKEN[group][0].partition(" = ")
    site = tmp_path / "site"
    lay_out(root / "tests/support/example_plugin", site, **{group: {name: value}})
    coredrill, scenario = Commands(site, tmp_path), write(tmp_path, method="", expect="{ measure: impaired_s, at_most: 10min }")
    says = f"plug-in '{name}' of coredrill-example 1.0 ({group}) cannot be loaded from {value}: {BROKEN[group][1]}"
    for command in (
        ["list", group.partition(".")[2]],
        ["run", str(scenario)],
        ["validate", str(scenario)],
        ["schema", "scenario"],
    ):
        done = coredrill(*command, code=2)
        assert (done.stdout, done.stderr.count("\n")) == ("", 1), done.stderr
        assert says in done.stderr
        assert done.stderr.endswith("; get a coredrill-example that fits, or 'pip uninstall coredrill-example'\n")
    tested = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "scenario.yaml"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment(site),
        timeout=300,
    )
    assert tested.returncode == 2
    assert says in tested.stdout
    assert "Traceback" not in tested.stdout
    assert f"{name}  {group} of coredrill-example 1.0, in {value}" in coredrill("list", "plugins").stdout


FAILING = {"checkers": ("failed = int(", "failed = 1 // 0 * int("), "measures": ("inside = answers", "inside = 1 // 0 * answers")}


@pytest.mark.slow
@pytest.mark.parametrize("module", FAILING)
def test_code_that_fails_in_a_run_is_its_authors_mistake(root: Path, tmp_path: Path, write: Write, module: str) -> None:
    """An exception inside an extension ends the command with 2 and one line that names the package and the place, not with 3."""
    site = tmp_path / "site"
    lay_out(root / "tests/support/example_plugin", site)
    file = site / "coredrill_example" / f"{module}.py"
    text = file.read_text(encoding="utf-8")
    assert FAILING[module][0] in text
    file.write_text(text.replace(*FAILING[module]), encoding="utf-8")
    scenario = write(tmp_path, method="", expect="{ measure: impaired_s, at_most: 10min }")
    for jobs in ("1", "2"):
        done = Commands(site, tmp_path)("run", str(scenario), "--replications", "2", "--jobs", jobs, code=2)
        assert done.stderr.splitlines()[-1].startswith(
            f"the plug-in coredrill-example 1.0 failed in coredrill_example.{module}, line "
        )
        assert "ZeroDivisionError" in done.stderr
        assert "Traceback" not in done.stderr
