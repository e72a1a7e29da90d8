"""The package of tests/support/example_plugin as if it were installed.

With COREDRILL_TEST_EXAMPLE=FOLDER, as in CI, the package that pip has installed into that folder is used; else its files are laid
out as an installation would, so that nothing has to be built.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, NamedTuple


def lay_out(source: Path, site: Path, **entry_points: dict[str, str]) -> None:
    """What installing the package would leave: its modules, its metadata, its entry points (others by group if given)."""
    project = tomllib.loads((source / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    shutil.copytree(source / "coredrill_example", site / "coredrill_example", dirs_exist_ok=True)
    info = site / "coredrill_example-1.0.dist-info"
    info.mkdir(exist_ok=True)
    name, version = project["name"], project["version"]
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8")
    groups = entry_points or project["entry-points"]
    lines = [line for group, entries in groups.items() for line in (f"[{group}]", *(f"{k} = {v}" for k, v in entries.items()))]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def installed(root: Path, folder: Path) -> Path:
    """The folder that the package is installed in: one that the environment names, else `folder`."""
    if "COREDRILL_TEST_EXAMPLE" in os.environ:
        return Path(os.environ["COREDRILL_TEST_EXAMPLE"])
    lay_out(root / "tests/support/example_plugin", folder)
    return folder


def environment(site: Path | None) -> dict[str, str]:
    """The environment of a process that finds what we find, and the folder's packages."""
    path = [*([str(site)] if site else []), *(entry for entry in sys.path if entry)]
    return os.environ | {"PYTHONPATH": os.pathsep.join(path)}


class Commands(NamedTuple):
    """Runs commands where the package is installed."""

    site: Path | None
    folder: Path

    def python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs Python."""
        return subprocess.run(
            [sys.executable, *arguments],
            capture_output=True,
            text=True,
            cwd=self.folder,
            env=environment(self.site),
            timeout=300,
        )

    def __call__(self, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = self.python("-m", "chaos", *arguments)
        assert done.returncode == code, done.stdout + done.stderr
        return done

    def json(self, *arguments: str, code: int = 0) -> Any:
        """The JSON that a command prints."""
        return json.loads(self(*arguments, "--json", "-", code=code).stdout)
