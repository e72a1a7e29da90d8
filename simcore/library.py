"""The files of the simulator: architectures, the workloads they are run under, and the environments they are run in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from simcore.base.errors import InputError, show_value, suggest
from simcore.files.document import Node
from simcore.files.loading import Kind, Library, Resolved, is_path, patch_layer
from simcore.files.patch import Layer
from simcore.model.architecture import Architecture
from simcore.model.checks import check_architecture, check_pair, check_workload
from simcore.model.environment import Environment, Gap
from simcore.model.workload import Workload

KINDS = (
    Kind("architecture", "architectures", Architecture, check_architecture, extensible=True),
    Kind("workload", "workloads", Workload, check_workload, extensible=True),
    Kind("environment", "environments", Environment),
)
LIBRARY = Library(KINDS)
"""What `simcore` itself reads. A library with more kinds reads these as well."""


def load_architecture(reference: str | Path, edits: Sequence[Layer] = ()) -> Architecture:
    """The architecture of a name (`legacy-coupled`) or a path (`./my-core.yaml`), with what it extends and the layers of edits applied,
    and everything in it checked. Raises InputError with file, line, column and a hint.

    >>> load_architecture("textbook/mm1").pools["servers"].slots
    1
    """
    return LIBRARY.resolve(reference, Architecture, edits).model


def load_workload(reference: str | Path, edits: Sequence[Layer] = ()) -> Workload:
    """The workload of a name (`normal-day`) or a path (`./my-day.yaml`), with what it extends and the layers of edits applied, and
    everything in it checked. Raises InputError with file, line, column and a hint.

    >>> load_workload("textbook/open-800").flows["request"].rate
    800.0
    """
    return LIBRARY.resolve(reference, Workload, edits).model


class ResolvedPair(NamedTuple):
    """An architecture and a workload that fit each other, with where everything in them was written."""

    architecture: Resolved[Architecture]
    workload: Resolved[Workload]


def load_pair(
    architecture: str | Path,
    workload: str | Path,
    *,
    environment: str | Path | None = None,
    edits: Sequence[Layer] = (),
    workload_edits: Sequence[Layer] = (),
) -> tuple[Architecture, Workload]:
    """An architecture and a workload that fit each other: every flow, attribute and case that one names exists in the other.

    Both are named as in `load_architecture`. `environment` (a name or path, `staging~load` without its gap `load`) changes both; the
    layers of `edits` and `workload_edits` come before it. Raises InputError.

    >>> architecture, workload = load_pair("textbook/mm1", "textbook/open-800")
    >>> sorted(architecture.services), sorted(workload.flows)
    (['station'], ['request'])
    """
    pair = resolve_pair(architecture, workload, environment=environment, edits=edits, workload_edits=workload_edits)
    return pair.architecture.model, pair.workload.model


def resolve_pair(
    architecture: str | Path,
    workload: str | Path,
    *,
    environment: str | Path | None = None,
    edits: Sequence[Layer] = (),
    workload_edits: Sequence[Layer] = (),
) -> ResolvedPair:
    """As `load_pair`, with the documents that both were validated from. Raises InputError."""
    place = surroundings(environment) if environment is not None else None
    resolved_architecture = LIBRARY.resolve(architecture, Architecture, [*edits, *([place.architecture] if place else [])])
    resolved_workload = LIBRARY.resolve(workload, Workload, [*workload_edits, *([place.workload] if place else [])])
    require_fit(resolved_architecture, resolved_workload)
    return ResolvedPair(resolved_architecture, resolved_workload)


def require_fit(architecture: Resolved[Architecture], workload: Resolved[Workload]) -> None:
    """Raises InputError if the architecture cannot be run under the workload."""
    in_architecture, in_workload = check_pair(architecture.model, workload.model)
    if in_architecture:
        raise architecture.error(in_architecture)
    if in_workload:
        raise workload.error(in_workload)


# --- environments -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Surroundings:
    """An environment as it is used: `name` as it was asked for, the gaps that are switched on, and what they change."""

    name: str
    gaps: dict[str, Gap]
    known: tuple[str, ...]
    architecture: Layer
    workload: Layer


def surroundings(reference: str | Path, library: Library = LIBRARY) -> Surroundings:
    """An environment by name or path, each `~GAP` after it switching that gap off. Raises InputError."""
    file, off = _without(str(reference))
    resolved = library.resolve(file, Environment)
    model = resolved.model
    nodes = {name: node for name, node in _gap_nodes(resolved.tree).items() if name not in off}
    known = tuple(_gap_nodes(resolved.tree))
    for gap in off:
        if gap not in known:
            raise InputError(f"the environment {model.name} has no gap {show_value(gap)}", hint=suggest(gap, known))
    own = Gap(patch=model.patch, workload_patch=model.workload_patch)
    gaps = {name: model.gaps.get(name, own) for name in nodes}
    layers = []
    for key in ("patch", "workload_patch"):
        parts = [patch_layer("environment", f"{model.name}/{name}", node.get(key)) for name, node in nodes.items()]
        layers.append(Layer("environment", model.name, [edit for part in parts for edit in part.edits]))
    return Surroundings("~".join([str(file), *off]), gaps, known, layers[0], layers[1])


def _without(reference: str) -> tuple[str, list[str]]:
    """(reference, gaps that are switched off). In a path a ~ counts only after the file's ending."""
    cut = max((reference.find(ending) + len(ending) for ending in (".yaml~", ".yml~") if ending in reference), default=0)
    place = cut - 1 if cut else (-1 if is_path(reference) else reference.find("~"))
    return (reference, []) if place < 0 else (reference[:place], reference[place + 1 :].split("~"))


def _gap_nodes(tree: Node) -> dict[str, Node]:
    """The gaps of a file, edits that stand outside of any as one under the file's name."""
    gaps = tree.get("gaps")
    found = dict(gaps.value) if gaps is not None and isinstance(gaps.value, dict) else {}
    loose = {key: node for key in ("patch", "workload_patch") if (node := tree.get(key)) is not None and node.children()}
    name = (tree.text("name") or "").rpartition("/")[2]
    return ({name: Node(loose, tree.origin)} | found) if loose else found
