"""Files that options name: missing folders are made, alike by all, and what cannot be written is refused before anything runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from chaos.cli.main import main


def run(*arguments: str) -> Result:
    """Runs the command line in this process."""
    return CliRunner().invoke(main, list(arguments))


OPTIONS = ("--json", "--html", "--junit", "--store", "--journal")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, write: Callable[..., Path]) -> Path:
    """A folder below which a run has written all that it can, each below a folder of its own that was not there."""
    folder = tmp_path_factory.mktemp("made")
    scenario = write(folder, name="brief")
    places = [word for option in OPTIONS for word in (option, str(folder / option.strip("-") / "deep" / "out"))]
    assert run("run", str(scenario), *places).exit_code in (0, 1, 4)
    return folder


@pytest.mark.parametrize("option", OPTIONS)
def test_missing_folders_are_made(option: str, made: Path) -> None:
    """By every option that names a file or folder."""
    assert (made / option.strip("-") / "deep" / "out").exists()


@pytest.mark.parametrize("option", OPTIONS)
def test_what_cannot_be_written_is_refused_before_the_run(option: str, tmp_path: Path, write: Callable[..., Path]) -> None:
    """A file where a folder is needed: exit code 2, one line with the option, the path and why; nothing is run or made."""
    scenario = write(tmp_path, name="brief")
    (tmp_path / "taken").write_text("x")
    before = sorted(tmp_path.iterdir())
    place = tmp_path / "taken" / "deep" / "out"
    done = run("run", str(scenario), option, str(place))
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert f"'{option}': cannot write {place}: {tmp_path / 'taken'} is a file, not a folder" in done.stderr
    assert sorted(tmp_path.iterdir()) == before


def test_a_folder_in_the_place_of_a_file(tmp_path: Path) -> None:
    """Is refused by options that are opened late and by those that are paths."""
    for option in ("--json", "--html"):
        done = run("demo" if option == "--html" else "list", *(["faults"] if option == "--json" else []), option, str(tmp_path))
        assert done.exit_code == 2
        assert str(tmp_path) in done.stderr
        assert "a directory" in done.stderr or "it is a folder" in done.stderr


def test_other_commands_make_folders_too(tmp_path: Path) -> None:
    """Init, list and simulate."""
    assert run("init", str(tmp_path / "a" / "scenario.yaml")).exit_code == 0
    assert run("list", "faults", "--json", str(tmp_path / "b" / "faults.json")).exit_code == 0
    simulate = ("simulate", "textbook/mm1", "--workload", "textbook/open-800", "--window", "10:00-10:00:01", "--warmup", "1s")
    assert run(*simulate, "--json", str(tmp_path / "c" / "out.json"), "--journal", str(tmp_path / "d" / "kept")).exit_code == 0
    assert all((tmp_path / place).exists() for place in ("a/scenario.yaml", "b/faults.json", "c/out.json", "d/kept/journal.json"))
    assert run(*simulate, "--json", "-").stdout.startswith("{")
