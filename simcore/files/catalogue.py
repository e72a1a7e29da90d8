"""Where files are: the ones that ship with the program, by name, and anybody's, by path."""

from __future__ import annotations

import importlib.resources
from pathlib import Path

import simcore
from simcore.base.errors import InputError, show_value, suggest

# "" is every folder but those of the other kinds
FOLDERS = {"architecture": "architectures", "workload": "workloads", "environment": "environments"}


def root() -> Path:
    """The folder of shipped files: beside this package, in a checkout as when installed."""
    beside = Path(simcore.__path__[0]).parent / "scenarios"
    return beside if beside.is_dir() else Path(str(importlib.resources.files("scenarios")))


def shipped(kind: str) -> dict[str, Path]:
    """The shipped files of a kind by name, which is the path below the kind's folder without its suffix. Sorted."""
    folder = root() / FOLDERS[kind]
    others = {root() / name for name in FOLDERS.values() if name} if not FOLDERS[kind] else set()
    paths = sorted(path for path in folder.rglob("*.yaml") if others.isdisjoint(path.parents))
    return {path.relative_to(folder).with_suffix("").as_posix(): path for path in paths}


def is_path(reference: str) -> bool:
    """Whether a reference is a path (it ends in .yaml or .yml, or begins with . or /) and no name."""
    return reference.endswith((".yaml", ".yml")) or reference.startswith((".", "/"))


def find(reference: str, kinds: tuple[str, ...] = tuple(FOLDERS), beside: Path | None = None) -> Path:
    """The file of a name or a path; relative paths start at the folder `beside`, else at the working directory.

    Raises InputError, without a place, for a name that does not exist or that two kinds share.
    """
    if is_path(reference):
        return (beside or Path()) / reference
    known = {kind: shipped(kind) for kind in kinds}
    found = {kind: names[reference] for kind, names in known.items() if reference in names}
    if len(found) > 1:
        paths = ", ".join(f"{FOLDERS[kind]}/{reference}.yaml" for kind in found)
        raise InputError(f"{show_value(reference)} is the name of several files", mend=f"write the path of one: {paths}")
    if found:
        return next(iter(found.values()))
    what = kinds[0] if len(kinds) == 1 else "file"
    if _exists(Path(reference)):
        return Path(reference)
    every = [name for names in known.values() for name in names]
    raise InputError(f"no {what} is called {show_value(reference)}", mend=suggest(reference, every))


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False
