"""The locked versions: complete, exact, allowed by pyproject.toml, and what the README's commands install."""

from __future__ import annotations

import os
import re
import tomllib
from importlib.metadata import distributions
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
