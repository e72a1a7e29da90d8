"""A second target, that of tests/support/example_plugin, which answers from journals: everything above targets works with it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from installed_example import Commands, installed

from chaos.execution.jobs import Job, SystemReference
from chaos.execution.session import Session
from chaos.execution.target.catalogue import all_targets, open_target
from chaos.execution.target.protocol import RunLimits
from simcore.base.errors import InputError

Write = Callable[..., Path]
SUITE = "kind: suite\nname: s\ntitle: s\nreplications: 2\nscenarios: [{ scenario: ./scenario.yaml }]\n"
PAIR = "pairs:\n  - { name: point, a: { scenario: ./scenario.yaml }, b: { scenario: ./calm.yaml }, at_least: 1000 }\n"
LOADED = """\
import sys
from chaos.cli.main import main
try:
    main()
except SystemExit as end:
    print(end.code, file=sys.stderr)
print(*sorted(sys.modules), file=sys.stderr)
"""
DECLARATIONS = {"simcore.kernel", "simcore.kernel.ledger", "simcore.kernel.records"}  # what words the records have, and no code


@pytest.fixture(scope="module")
def made(root: Path, tmp_path_factory: pytest.TempPathFactory, write: Write) -> Path:
    """A suite of a hang, a calm scenario, two architectures, and in the folder `kept` the journals of two seeds of all of them."""
    folder = tmp_path_factory.mktemp("made")
    write(folder)
    write(folder, method="", name="calm")
    architecture = (folder / "architecture.yaml").read_text()
    (folder / "wide.yaml").write_text(architecture.replace("name: small", "name: wide").replace("slots: 8", "slots: 16"))
    (folder / "suite.yaml").write_text(SUITE + PAIR)
    for name in ("calm", "scenario"):  # two scenarios are kept apart by their names
        path = folder / f"{name}.yaml"
        path.write_text(path.read_text().replace("name: small", f"name: {name}"))
    coredrill = Commands(installed(root, tmp_path_factory.mktemp("site")), folder)
    for architecture in ("./architecture.yaml", "./wide.yaml"):
        coredrill("run", "calm.yaml", "scenario.yaml", "--architecture", architecture, "--replications", "2", "--journal", "kept")
    return folder


@pytest.fixture
def coredrill(root: Path, tmp_path: Path, made: Path) -> Commands:
    """The command line where the package is installed, in a copy of the folder."""
    shutil.copytree(made, tmp_path / "copy")
    return Commands(installed(root, tmp_path / "site"), tmp_path / "copy")


def as_simulated(result: Any) -> Any:
    """A result without what says which target it is from."""
    runs = [{key: value for key, value in run.items() if key not in ("input_digest", "replay")} for run in result["runs"]]
    return result | {"runs": runs}


def test_it_is_listed(coredrill: Commands) -> None:
    """`list targets` names coredrill's own, and the package's with what it is."""
    targets = {entry["name"]: entry for entry in coredrill.json("list", "targets")}
    assert targets["simulated"]["title"] == "The simulated core: an architecture under a workload, in this process."
    assert targets["stored"]["title"].startswith("Runs that were made before")
    assert targets["stored"]["plugin"] == "coredrill-example 1.0"


@pytest.mark.parametrize(
    "command", [["run", "scenario.yaml", "--replications", "2"], ["suite", "suite.yaml"]], ids=lambda c: c[0]
)
def test_runs_are_judged_as_those_of_the_simulated_core(coredrill: Commands, command: list[str]) -> None:
    """`run` and `suite` with its pair come to the same verdicts and measures, in this process and on workers, and their replay lines
    name the target."""
    simulated = coredrill.json(*command)
    for more in ([], ["--jobs", "2"]):
        stored = coredrill.json(*command, "--target", "stored:kept", *more)
        assert stored["runs"][0]["replay"].endswith(" --target stored:kept")
        assert stored["runs"][0]["input_digest"] != simulated["runs"][0]["input_digest"]
        assert as_simulated(stored) == as_simulated(simulated)


def test_a_comparison_is_made_of_stored_runs(coredrill: Commands) -> None:
    """`compare` over two architectures, with healthy runs for their latency."""
    command = ["compare", "scenario.yaml", "--architectures", "./architecture.yaml,./wide.yaml", "--replications", "2"]
    command += ["--healthy", "./calm.yaml", "--looks", "1,2"]
    assert coredrill.json(*command, "--target", "stored:kept") == coredrill.json(*command)


@pytest.mark.parametrize("target", ["simulated", "stored:kept"])
def test_pytest_takes_a_target(coredrill: Commands, target: str) -> None:
    """Scenario and suite files, and the fixture: the items come out alike, and the replay line of a failure names the target."""
    path = coredrill.folder / "scenario.yaml"
    path.write_text(path.read_text().replace("at_most: 10min", "at_most: 1s"))
    (coredrill.folder / "test_mine.py").write_text(
        "def test_mine(run_scenario):\n    assert run_scenario('calm.yaml', seed=2).verdict == 'pass'\n"
    )
    arguments = ["-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", "--coredrill-target", target]
    done = coredrill.python(*arguments, "calm.yaml", "scenario.yaml", "suite.yaml", "test_mine.py")
    assert "3 passed, 3 failed" in done.stdout.replace("3 failed, 3 passed", "3 passed, 3 failed"), done.stdout
    assert (" --target stored:kept" in done.stdout) == (target != "simulated")


def test_neither_compiler_nor_kernel_is_loaded(coredrill: Commands) -> None:
    """A run that answers from journals needs nothing that simulates."""
    done = coredrill.python("-c", LOADED, "run", "scenario.yaml", "--target", "stored:kept")
    code, modules = done.stderr.splitlines()[-2:]
    simulators = ("numba", "llvmlite", "simcore.kernel", "simcore.compile", "simcore.simulation")
    assert code == "0", done.stderr
    assert {m for m in modules.split() if m.startswith(simulators)} <= DECLARATIONS
    assert "pass: A small drill" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["scenario.yaml", "--target", "storde:kept"], "no target is called 'storde'; did you mean 'stored'?"),
        (["scenario.yaml", "--target", "stored:nowhere"], "there is no folder nowhere; write --target stored:FOLDER"),
        (["scenario.yaml", "--target", "simulated:here"], "the simulated core has no address"),
        (
            ["scenario.yaml", "--target", "stored:kept", "--replications", "3"],
            "cannot be run with seed 3; with it there are seeds 1, 2",
        ),
        (["scenario.yaml", "--target", "stored:kept", "--spans", "10"], "cannot keep the hops of requests"),
        (
            ["scenario.yaml", "--target", "stored:kept", "--set", "pools.threads.slots=9"],
            "small was another one when the runs were made",
        ),
        (
            ["scenario.yaml", "--target", "stored:kept", "--defect", "pool-too-small@threads"],
            "no defect can be planted in runs of the past",
        ),
        (
            ["other.yaml", "--target", "stored:kept"],
            "kept has no run of other on small in production; make some with run --journal",
        ),
    ],
    ids=lambda value: value[-1] if isinstance(value, list) else "",
)
def test_what_it_cannot_do_is_said_before_anything_runs(coredrill: Commands, arguments: list[str], says: str) -> None:
    """Exit code 2, in one line with a hint, and nothing is made."""
    scenario = (coredrill.folder / "scenario.yaml").read_text()
    (coredrill.folder / "other.yaml").write_text(scenario.replace("name: scenario", "name: other"))
    done = coredrill("run", *arguments, "--store", "made", code=2)
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (coredrill.folder / "made").exists() or not (coredrill.folder / "made").read_text()


def test_a_fault_that_it_cannot_apply_has_its_place(coredrill: Commands) -> None:
    """The error is at the fault in the scenario's file."""
    path = coredrill.folder / "scenario.yaml"
    path.write_text(path.read_text().replace("hang:", "crash:"))
    done = coredrill("run", "scenario.yaml", "--target", "stored:kept", code=2)
    assert done.stderr.startswith("scenario.yaml:10:")
    assert "the stored runs have no fault crash" in done.stderr


# --- in this process --------------------------------------------------------------------------------------------------------


def test_the_simulated_core_makes_any_run(tmp_path: Path, write: Write) -> None:
    """It is the target of a job that names none, and has no limits."""
    job = Job(str(write(tmp_path)), 1)
    assert job.target == "simulated"
    with Session() as session:
        session.require(job)
        assert session.bind(job.system).limits == RunLimits(left_out=True, controls=True)
    assert list(all_targets()) == sorted(all_targets())
    with pytest.raises(InputError, match="no target is called 'nothing'"):
        open_target("nothing")


def test_a_job_keeps_its_name_when_nothing_new_is_said_of_it() -> None:
    """A store's keys do not change with options that are left as usual; a target or a budget makes another job."""
    plain = Job("s", 1)
    assert json.loads(plain.key) == {
        "architecture": None,
        "assignments": [],
        "environment": None,
        "scenario": "s",
        "seed": 1,
    }
    assert len({plain.key, Job("s", 1, target="stored:kept").key, Job("s", 1, events_max=5).key}) == 3
    assert plain.system == SystemReference("s")
