"""What the command line says of a word or number that it does not know: what is right, or what was likely meant."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from pydantic import ValidationError

from chaos.cli.main import main
from chaos.faults.catalogue import shipped_faults
from simcore.base.errors import suggest
from simcore.files.fields import fields_of

HEALTHY = "requirements/smoke/healthy-open"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["run", "x", "--jobs", "abc"], "'--jobs': 'abc' is no whole number from 1 to 1024; see"),
        (["run", "x", "--jobs", "0"], "'--jobs': '0' is no whole number from 1 to 1024; see"),
        (["run", "x", "--jobs", "1025"], "'1025' is no whole number from 1 to 1024; see"),
        (["run", "x", "--seed", "one"], "'--seed': 'one' is no whole number of 0 or more; see"),
        (["coverage", "x", "--at-least", "2"], "'2' is no share from 0 to 1, such as 0.9 or 90 %"),
        (["list", "scenario"], "'WHAT': 'scenario' is none of the words here; did you mean 'scenarios'?; see"),
        (["schema", "planets"], "'KIND': 'planets' is none of the words here; write one of architecture, workload, "),
        (["rnu"], "no command is called 'rnu'; did you mean 'run'?; see"),
        (["run", "smoke"], "no scenario is called 'smoke'; smoke is a suite: coredrill suite smoke\n"),
        (["suite", HEALTHY], f"{HEALTHY} is a scenario: coredrill run {HEALTHY}\n"),
        (["run", "requirements/smoke"], "for all below it write a pattern: 'requirements/smoke/*'\n"),
        (
            ["run", HEALTHY, "--architecture", "normal-day"],
            "normal-day is a workload: coredrill simulate ARCHITECTURE --workload normal-day",
        ),
        (["run", HEALTHY, "--architecture", "lgeacy-coupled"], "did you mean 'legacy-coupled'?"),
        (
            ["compare", "smok", "--architectures", "legacy-coupled,options/bulkheads"],
            "no suite and no scenario is called 'smok'; did you mean 'smoke'?",
        ),
        (["show", "recovry_s"], "nothing is called 'recovry_s'; did you mean 'recovery_s'?"),
        (["show", "crsh"], "nothing is called 'crsh'; did you mean 'crash'?"),
        (["simulate", "mm1", "--workload", "textbook/open-800"], "did you mean 'textbook/mm1'?"),
        (["sweep", HEALTHY, "--vary", "load=1,2", "--measure", "recovry_s"], "unknown measure; did you mean 'recovery_s'?"),
        (
            ["sweep", HEALTHY, "--vary", "pools.counter-thread.slots=1,2"],
            "--vary pools.counter-thread.slots=1,2: 1: pools.counter-thread.slots: there is no",
        ),
        (
            ["sweep", HEALTHY, "--vary", "workload.flow.login=1,2"],
            "--vary workload.flow.login=1,2: 1: flow.login: there is no 'flow'",
        ),
        (["sweep", HEALTHY, "--vary", "load=0,2"], "--vary load=0,2: 0: the load is a factor above 0, at most 1000"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_word_that_is_not_known(arguments: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line on stderr, exit code 2; each list of words once."""
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, arguments)
    last = done.stderr.splitlines()[-1] + "\n"
    assert done.exit_code == 2
    assert says in last
    assert last.count("workloads") <= 1


def test_the_last_part_of_a_name_is_enough_to_be_understood() -> None:
    """Where one name ends in it; a longer part that is alike goes first."""
    assert suggest("mm1", ["a/mm1", "b/other", "legacy"]) == "did you mean 'a/mm1'?"
    assert suggest("mm1", ["a/mm1", "b/mm1"]) != "did you mean 'b/other'?"
    assert suggest("zzz", ["a/mm1"]) == "known: a/mm1"


@pytest.mark.parametrize("name", [*shipped_faults()])
def test_a_fault_says_what_has_to_be_written(name: str) -> None:
    """Each field is needed, optional, or has a default as files write it; what is required beside is said where nothing else would."""
    fault = shipped_faults()[name]
    shown = CliRunner().invoke(main, ["show", name]).stdout
    assert "None" not in shown
    assert "default {}" not in shown
    lines = [line for line in shown.splitlines() if line.startswith("  ")]
    assert [key for key in fields_of(fault) if not any(line.startswith(f"  {key}: ") for line in lines)] == []
    if all(not field.is_required() for field in fields_of(fault).values()):
        try:
            fault.model_validate({})
        except ValidationError:
            assert fault.requires
            assert f"  give {fault.requires}" in shown


def test_defaults_are_written_as_in_files() -> None:
    """With units, and with the range."""
    shown = CliRunner().invoke(main, ["show", "link-latency"]).stdout
    assert "  redraw: default 100ms; at least 1ms\n" in shown
    assert "  factor: default 1; from 1 to 1000000\n" in shown
    crash = CliRunner().invoke(main, ["show", "crash"]).stdout
    assert "  give exactly one of service, site, group, on\n" in crash
    assert "  restart: default at_once; one of at_once, boot, people; " in crash


def test_a_family_of_measures_is_shown_by_its_name() -> None:
    """As `list measures` writes it."""
    assert CliRunner().invoke(main, ["show", "counters.METRIC.grown"]).stdout.startswith("counters.METRIC.grown (count)")
