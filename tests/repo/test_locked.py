"""The locked versions: complete, exact, allowed by pyproject.toml, and what the README's commands install."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Iterable
from importlib.metadata import PackageNotFoundError, distribution, distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PIN = re.compile(r"([A-Za-z0-9._-]+)==([A-Za-z0-9.+!]+)")
TOOLS = {"coredrill", "pip", "setuptools", "wheel"}  # the project itself, and what a new virtual environment has already


def pins(text: str) -> dict[str, str]:
    """Name → version of a constraints file. Raises ValueError for a line that is neither a comment nor an exact version."""
    found = {}
    for line in text.splitlines():
        match = PIN.fullmatch(line)
        if match is None and not line.startswith("#"):
            raise ValueError(f"not a pin: {line!r}")
        if match is not None:
            found[canonicalize_name(match[1])] = match[2]
    return found


def unmet(project: dict[str, Any], locked: dict[str, str]) -> list[str]:
    """The requirements of a pyproject.toml, all extras and the build's among them, that have no pin or forbid theirs."""
    extras = project["project"]["optional-dependencies"].values()
    wanted = [*project["build-system"]["requires"], *project["project"]["dependencies"], *(r for e in extras for r in e)]
    parsed = [Requirement(text) for text in wanted]
    return [str(r) for r in parsed if not r.specifier.contains(locked.get(canonicalize_name(r.name), "0"))]


def disagreements(wanted: Iterable[str], locked: dict[str, str], requires: Callable[[str], list[str]]) -> list[str]:
    """What one of the packages wanted, or of those that they need in turn, asks of another one and the lock does not give.

    `requires` says what a locked package asks for; a package is looked into once for each of the extras it is asked with.
    """
    found, seen = [], set()
    open_ = [("coredrill", Requirement(text)) for text in wanted]
    while open_:
        asker, requirement = open_.pop()
        name = canonicalize_name(requirement.name)
        if not requirement.specifier.contains(locked.get(name, "0")):
            found.append(f"{asker} needs {requirement}, locked is {locked.get(name)}")
        for extra in ("", *requirement.extras):
            if (name, extra) not in seen:
                seen.add((name, extra))
                parsed = [Requirement(text) for text in requires(name)]
                open_ += [(name, r) for r in parsed if r.marker is None or r.marker.evaluate({"extra": extra})]
    return sorted(set(found))


@pytest.fixture(scope="module")
def locked() -> dict[str, str]:
    """What .ci/constraints.txt locks."""
    return pins((ROOT / ".ci/constraints.txt").read_text(encoding="utf-8"))


def test_every_requirement_is_locked(locked: dict[str, str]) -> None:
    """Whatever pyproject.toml asks for has one version it allows. If not: run .ci/lock."""
    assert unmet(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8")), locked) == []


def test_missing_and_forbidden_pins_are_found() -> None:
    """A requirement without a pin, and a pin below its bound, are caught; a line that is no exact version is refused."""
    project = {
        "build-system": {"requires": ["a>=1"]},
        "project": {"dependencies": ["B_c>=2"], "optional-dependencies": {"x": ["d>=3"]}},
    }
    assert unmet(project, {"a": "1.0", "b-c": "1.9"}) == ["B_c>=2", "d>=3"]
    for line in ("a>=1", "a @ file:///a.whl", "--index-url x", ""):
        with pytest.raises(ValueError, match="not a pin"):
            pins(f"# comment\n{line}\n")


def test_the_extras_can_be_installed_together(locked: dict[str, str]) -> None:
    """One version of each package serves live, room, cluster and test: no package forbids another's. amqtt, for one, wants exactly one
    version of websockets, which nothing else that needs websockets may then be too new for."""

    def requires(name: str) -> list[str]:
        try:
            found = distribution(name)
        except PackageNotFoundError:
            return []
        return (found.requires or []) if found.version == locked.get(name) else []

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    assert {"live", "room", "cluster", "test"} <= set(extras)
    assert disagreements([*project["dependencies"], *(r for e in extras.values() for r in e)], locked, requires) == []


def test_packages_that_forbid_each_other_are_found() -> None:
    """A package two steps away that wants another version of what is locked is named, by an extra, too; markers are heeded."""
    asks = {"a": ["b>=1"], "b": ["w==15.0.1", "n>=9; python_version < '3'"], "c": ["w>=16; extra == 'fast'"]}
    locked = {"a": "1", "b": "1", "c": "1", "w": "15.0.1"}
    assert disagreements(["a", "c"], locked, lambda name: asks.get(name, [])) == []
    assert disagreements(["a", "c[fast]"], locked, lambda name: asks.get(name, [])) == [
        'c needs w>=16; extra == "fast", locked is 15.0.1'
    ]


@pytest.mark.skipif("COREDRILL_TEST_LOCKED" not in os.environ, reason="COREDRILL_TEST_LOCKED is not set: any versions are fine")
def test_only_locked_versions_are_installed(locked: dict[str, str]) -> None:
    """With COREDRILL_TEST_LOCKED set, as in CI after the README's commands, each package has its locked version."""
    installed = {canonicalize_name(found.name): found.version for found in distributions()}
    assert {name: version for name, version in installed.items() if name not in TOOLS and locked.get(name) != version} == {}


def test_the_readmes_commands_install_locked_versions() -> None:
    """Each line that makes a virtual environment installs into it under the constraints."""
    lines = re.findall(r"^python3 -m venv .*$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(lines) == 2
    assert [
        line
        for line in lines
        if "&& PIP_CONSTRAINT=.ci/constraints.txt PIP_BUILD_CONSTRAINT=.ci/constraints.txt .venv/bin/pip install -q " not in line
    ] == []
