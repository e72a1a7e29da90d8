"""Files to validated models: the front door of `simcore`.

Every mistake of a user, here and below, is an `InputError` with file, line, column, value and mend.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar, cast

from pydantic import BaseModel

from simcore.base.errors import InputError, show_value, suggest
from simcore.files import catalogue
from simcore.files.document import Node, Origin, read_document
from simcore.files.fields import flatten
from simcore.files.patch import Layer, apply_layers, edits_of
from simcore.files.validation import Finding, findings_error, validate
from simcore.model.architecture import Architecture
from simcore.model.checks import check_architecture, check_pair, check_workload
from simcore.model.environment import Environment, Extension, Gap
from simcore.model.workload import Workload

M = TypeVar("M", bound=BaseModel)

MAX_EXTENDS = 16


class Kind(NamedTuple):
    """A kind of file: its model, and the checks of a valid instance that its model cannot make."""

    model: type[BaseModel]
    check: Callable[[Any], list[Finding]]


KINDS: dict[str, Kind] = {
    "architecture": Kind(Architecture, check_architecture),
    "workload": Kind(Workload, check_workload),
    "environment": Kind(Environment, lambda _: []),
}


@dataclass(frozen=True)
class Resolved(Generic[M]):
    """A file with everything it extends and every edit applied: the model, and where each value comes from."""

    model: M
    tree: Node

    @property
    def document(self) -> dict[str, Any]:
        """The plain data."""
        return cast(dict[str, Any], self.tree.plain())

    @cached_property
    def origins(self) -> dict[str, Origin]:
        """The origin of every value written, by its path as a patch would write it, in file order."""
        return {path: node.origin for path, node in flatten(self.tree).items()}

    @property
    def architecture(self) -> M:
        """The model, when it is an architecture."""
        return self.model


def resolve(reference: str | Path, layers: Iterable[Layer] = (), kind: str = "architecture") -> Resolved[Any]:
    """Reads a file by name or path, applies what it extends and the layers, holds it to its model and checks it.

    Raises InputError.
    """
    tree, extends = _read(_find(reference, (kind,)), kind, ())
    return _finish(tree, kind, [*extends, *layers])


def kind_of(reference: str | Path) -> str:
    """The kind a file says it is: architecture, workload or environment. Raises InputError."""
    return _kind_of(read_document(_find(reference, tuple(KINDS)), "base"))


def load_architecture(reference: str | Path, edits: Sequence[Layer] = ()) -> Architecture:
    """The architecture of that name or path with the layers of edits applied. Raises InputError."""
    return cast(Architecture, resolve(reference, edits).model)


def load_workload(reference: str | Path, edits: Sequence[Layer] = ()) -> Workload:
    """The workload of that name or path with the layers of edits applied. Raises InputError."""
    return cast(Workload, resolve(reference, edits, "workload").model)


@dataclass(frozen=True)
class Surroundings:
    """An environment as it is used: `name` as it was asked for, the gaps that are switched on, and what they change."""

    name: str
    gaps: dict[str, Gap]
    known: tuple[str, ...]
    architecture: Layer
    workload: Layer


def surroundings(reference: str | Path) -> Surroundings:
    """An environment by name or path, each `~GAP` after it switching that gap off. Raises InputError."""
    file, off = _without(str(reference))
    resolved = resolve(file, (), "environment")
    model: Environment = resolved.model
    nodes = {name: node for name, node in _gap_nodes(resolved.tree).items() if name not in off}
    known = tuple(_gap_nodes(resolved.tree))
    for gap in off:
        if gap not in known:
            raise InputError(f"the environment {model.name} has no gap {show_value(gap)}", mend=suggest(gap, known))
    own = Gap(patch=model.patch, workload_patch=model.workload_patch)
    gaps = {name: model.gaps.get(name, own) for name in nodes}
    layers = []
    for key in ("patch", "workload_patch"):
        parts = [_layer("environment", f"{model.name}/{name}", node.get(key)) for name, node in nodes.items()]
        layers.append(Layer("environment", model.name, [edit for part in parts for edit in part.edits]))
    return Surroundings("~".join([str(file), *off]), gaps, known, layers[0], layers[1])


def _without(reference: str) -> tuple[str, list[str]]:
    """(reference, gaps that are switched off). In a path a ~ counts only after the file's ending."""
    cut = max((reference.find(ending) + len(ending) for ending in (".yaml~", ".yml~") if ending in reference), default=0)
    place = cut - 1 if cut else (-1 if catalogue.is_path(reference) else reference.find("~"))
    return (reference, []) if place < 0 else (reference[:place], reference[place + 1 :].split("~"))


def _gap_nodes(tree: Node) -> dict[str, Node]:
    """The gaps of a file, edits that stand outside of any as one under the file's name."""
    gaps = tree.get("gaps")
    found = dict(gaps.value) if gaps is not None and isinstance(gaps.value, dict) else {}
    loose = {key: node for key in ("patch", "workload_patch") if (node := tree.get(key)) is not None and node.children()}
    name = (tree.text("name") or "").rpartition("/")[2]
    return ({name: Node(loose, tree.origin)} | found) if loose else found


def environment_layers(reference: str | Path) -> tuple[Layer, Layer]:
    """What an environment changes: (layer of the architecture, layer of the workload). Raises InputError."""
    found = surroundings(reference)
    return found.architecture, found.workload


def load_pair(
    architecture: str | Path,
    workload: str | Path,
    *,
    environment: str | Path | None = None,
    edits: Sequence[Layer] = (),
    workload_edits: Sequence[Layer] = (),
) -> tuple[Architecture, Workload]:
    """An architecture and a workload that fit each other: every flow, attribute and case exists. Raises InputError."""
    more = environment_layers(environment) if environment is not None else None
    resolved_architecture = resolve(architecture, [*edits, *([more[0]] if more else [])])
    resolved_workload = resolve(workload, [*workload_edits, *([more[1]] if more else [])], "workload")
    require_fit(resolved_architecture, resolved_workload)
    return resolved_architecture.model, resolved_workload.model


def require_fit(architecture: Resolved[Architecture], workload: Resolved[Workload]) -> None:
    """Raises InputError if the architecture cannot be run under the workload."""
    in_architecture, in_workload = check_pair(architecture.model, workload.model)
    if in_architecture:
        raise findings_error(architecture.tree, in_architecture)
    if in_workload:
        raise findings_error(workload.tree, in_workload)


# --- one file after another ---------------------------------------------------------------------------------------------


def _find(reference: str | Path, kinds: tuple[str, ...], beside: Path | None = None) -> Path:
    return reference if isinstance(reference, Path) else catalogue.find(reference, kinds, beside)


def _kind_of(tree: Node) -> str:
    node = tree.get("kind")
    if node is None:
        raise tree.origin.error("'kind' is missing", f"begin with one of: {', '.join(f'kind: {k}' for k in KINDS)}")
    if not isinstance(node.value, str) or node.value not in KINDS:
        raise node.origin.error(f"kind: not a kind of file (value: {show_value(node.plain())})", suggest(str(node.value), KINDS))
    return node.value


def _read(path: Path, kind: str, chain: tuple[Path, ...]) -> tuple[Node, list[Layer]]:
    """The document a file extends in the end, under this file's name, and the layers of patches on the way."""
    tree = read_document(path, "base")
    stated = _kind_of(tree)
    if stated != kind:
        kind_node = tree.get("kind")
        assert kind_node is not None
        raise kind_node.origin.error(f"kind: this is a file of kind {stated!r}", f"name a file of kind {kind}")
    extends = tree.get("extends")
    if extends is None or kind == "environment":
        return tree, []
    extension = validate(Extension, tree)
    try:
        base_path = _find(extension.extends, (kind,), path.parent)
        if not base_path.is_file():
            raise InputError(f"no file {show_value(extension.extends)} beside this one", mend="write a shipped name or a path")
    except (InputError, OSError, ValueError) as error:
        mend = error.mend if isinstance(error, InputError) else ""
        message = error.message if isinstance(error, InputError) else str(error)
        raise extends.origin.error(f"extends: {message}", mend) from None
    chain = (*chain, path.resolve())
    if base_path.resolve() in chain or len(chain) > MAX_EXTENDS:
        raise extends.origin.error("extends: the files extend each other in a circle", "let one of them stand on its own")
    base, layers = _read(base_path, kind, chain)
    assert isinstance(base.value, dict)
    for key in ("name", "title", "description"):
        node = tree.get(key)
        if node is not None:
            base.value[key] = node
    return base, [*layers, _layer("extends", extension.name, tree.get("patch"))]


def _layer(kind: str, name: str, patch: Node | None) -> Layer:
    """The layer of a `patch:` list, its name in the origin of every value."""
    if patch is not None:
        for node in patch.walk():
            node.origin = node.origin._replace(layer=f"{kind} {name}")
    return Layer(kind, name, edits_of(patch))


def _finish(tree: Node, kind: str, layers: Sequence[Layer]) -> Resolved[Any]:
    model, check = KINDS[kind]
    apply_layers(tree, model, layers)
    instance = validate(model, tree)
    findings = check(instance)
    if findings:
        raise findings_error(tree, findings)
    return Resolved(instance, tree)
