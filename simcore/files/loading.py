"""Files to validated models. A `Library` knows the kinds of files it is made with, and nothing here knows any of them.

Every mistake of a user, here and below, is an `InputError` with file, line, column, value and hint.
"""

from __future__ import annotations

import importlib.resources
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Generic, TypeVar, cast

from pydantic import BaseModel, Field

import simcore
from simcore.base.errors import InputError, os_reason, show_value, suggest
from simcore.base.model import FileName, Model
from simcore.files.document import Node, Origin, read_document
from simcore.files.fields import flatten
from simcore.files.knowledge import Knowledge, KnownEntry
from simcore.files.known import KnownValues
from simcore.files.patch import EditForm, Layer, apply_layers, edits_of
from simcore.files.validation import Finding, Keys, findings_error, place_of, validate

M = TypeVar("M", bound=BaseModel)
M_co = TypeVar("M_co", bound=BaseModel, covariant=True)
Check = Callable[[Any], Sequence[Finding]]

MAX_EXTENDS = 16


class Extension(Model):
    """A file that is another one of its kind with changes: it `extends` that, and holds nothing else but edits and what it knows of
    the values."""

    kind: str
    name: FileName
    title: str = ""
    description: str = ""
    extends: Annotated[str, Field(min_length=1, max_length=1000, description="a shipped name, or a path beside this file")]
    patch: list[EditForm] = []
    known: KnownValues = {}


def _nothing(_model: BaseModel) -> Sequence[Finding]:
    return ()


@dataclass(frozen=True)
class Kind:
    """A kind of file, called `name` in its key `kind`.

    `folder` is where the shipped ones lie, below the root of a library ("" is every folder but those of the other kinds);
    `check` finds in a valid instance what its model cannot see; `extensible` files may extend one another. The folder of one that
    `shares` it holds files of the kind with the folder "" as well, distinguished by what they say.
    """

    name: str
    folder: str
    model: type[BaseModel]
    check: Check = _nothing
    extensible: bool = False
    shares: bool = False


@dataclass(frozen=True)
class Resolved(Generic[M_co]):
    """A file as it is used, with everything it extends and every edit applied.

    `model` is the validated content, `tree` the document that it was validated from, in which every value knows the file, line and layer
    that wrote it.
    """

    model: M_co
    tree: Node
    knowledge: Knowledge | None = None

    @property
    def document(self) -> dict[str, Any]:
        """The content as plain dicts, lists and values, as YAML would load it."""
        return cast(dict[str, Any], self.tree.plain())

    @cached_property
    def leaves(self) -> dict[str, Node]:
        """Every value written, by its path as a patch would write it, in file order."""
        return flatten(self.tree, type(self.model))

    @cached_property
    def known(self) -> list[KnownEntry]:
        """What the file, and those it extends, know of its values: each entry with those that no later edit has changed."""
        return self.knowledge.entries() if self.knowledge is not None else []

    @property
    def origins(self) -> dict[str, Origin]:
        """The origin of every value written, by its path."""
        return {path: node.origin for path, node in self.leaves.items()}

    def place(self, keys: Keys) -> Origin:
        """Who wrote the value under keys, and where; of one that is not written, of what should hold it."""
        return place_of(self.tree, keys)

    def error(self, findings: Iterable[Finding]) -> InputError:
        """The InputError to raise for findings about this file: the first in file order, with file, line, column and hint, and how many more
        there are."""
        return findings_error(self.tree, type(self.model), findings)


def shipped_root() -> Path:
    """The folder of shipped files: beside this package, in a checkout as when installed."""
    beside = Path(simcore.__path__[0]).parent / "scenarios"
    return beside if beside.is_dir() else Path(str(importlib.resources.files("scenarios")))


def is_path(reference: str) -> bool:
    """Whether a reference is a path (it ends in .yaml or .yml, or begins with . or /) and no name."""
    return reference.endswith((".yaml", ".yml")) or reference.startswith((".", "/"))


class Library:
    """Reads files of the kinds it is made with: the shipped ones, below `root`, by name, and anybody's by path. Does not change."""

    def __init__(self, kinds: Iterable[Kind], root: Path | None = None) -> None:
        self.kinds: Mapping[str, Kind] = MappingProxyType({kind.name: kind for kind in kinds})
        self.root = root or shipped_root()

    def kind(self, model: type[BaseModel]) -> Kind:
        """The kind of file that has this model, or one derived from it. Raises KeyError if no kind of this library has."""
        for kind in self.kinds.values():
            if issubclass(kind.model, model):
                return kind
        raise KeyError(f"no kind of file has the model {model.__name__}")

    def shipped(self, kind: str) -> dict[str, Path]:
        """The shipped files of a kind by name, which is the path below the kind's folder without its suffix. Sorted."""
        folder = self.root / self.kinds[kind].folder
        everywhere = not self.kinds[kind].folder
        others = {self.root / k.folder: k.shares for k in self.kinds.values() if k.folder} if everywhere else {}
        if self.kinds[kind].shares:
            others[folder] = True
        paths = sorted(path for path in folder.rglob("*.yaml") if self._is_of(path, kind, others))
        return {path.relative_to(folder).with_suffix("").as_posix(): path for path in paths}

    @staticmethod
    def _is_of(path: Path, kind: str, others: Mapping[Path, bool]) -> bool:
        """Whether a file is of a kind, given the folders that it lies in no or shares with others: there the file says so itself."""
        shared = [shares for other, shares in others.items() if other in path.parents]
        return all(shared) and (not shared or f"\nkind: {kind}\n" in f"\n{path.read_text(encoding='utf-8')}")

    def find(self, reference: str, kinds: Sequence[str] = (), beside: Path | None = None) -> Path:
        """The file of a name or a path, of one of the kinds (none: of any); relative paths start at the folder `beside`, else
        at the working directory.

        Raises InputError, without a place, for a name that does not exist or that two kinds share.
        """
        if is_path(reference):
            return (beside or Path()) / reference
        known = {kind: self.shipped(kind) for kind in kinds or self.kinds}
        found = {kind: names[reference] for kind, names in known.items() if reference in names}
        if len(found) > 1:
            paths = ", ".join(path.relative_to(self.root).as_posix() for path in found.values())
            raise InputError(f"{show_value(reference)} is the name of several files", hint=f"write the path of one: {paths}")
        if found:
            return next(iter(found.values()))
        what = next(iter(known)) if len(known) == 1 else "file"
        if _exists(Path(reference)):
            return Path(reference)
        every = [name for names in known.values() for name in names]
        raise InputError(f"no {what} is called {show_value(reference)}", hint=suggest(reference, every))

    def kind_of(self, reference: str | Path) -> Kind:
        """The kind a file says it is, by name or path. Raises InputError."""
        path = reference if isinstance(reference, Path) else self.find(reference)
        return self._stated(read_document(path, "base"))

    def resolve(self, reference: str | Path, model: type[M], layers: Iterable[Layer] = ()) -> Resolved[M]:
        """Reads a file of the kind with this model by name or path, applies what it extends and the layers, holds it to its
        model and checks it.

        Raises InputError.
        """
        kind = self.kind(model)
        path = reference if isinstance(reference, Path) else self.find(reference, (kind.name,))
        tree, extends = self._read(path, kind, ())
        knowledge = Knowledge(tree, kind.model)
        apply_layers(tree, kind.model, [*extends, *layers], lambda layer: knowledge.declare(layer.known))
        knowledge.put_back()
        return cast(Resolved[M], self._checked(kind, tree, knowledge))

    def of(self, model: type[M], tree: Node) -> Resolved[M]:
        """A document as one of the kind with this model, held to that and not checked further. Raises InputError."""
        return Resolved(cast(M, validate(self.kind(model).model, tree)), tree)

    @staticmethod
    def _checked(kind: Kind, tree: Node, knowledge: Knowledge) -> Resolved[BaseModel]:
        resolved = Resolved(validate(kind.model, tree), tree, knowledge)
        findings = kind.check(resolved.model)
        if findings:
            raise resolved.error(findings)
        if knowledge.problem is not None:
            raise knowledge.problem
        return resolved

    def _stated(self, tree: Node) -> Kind:
        node = tree.get("kind")
        if node is None:
            raise tree.origin.error("'kind' is missing", f"begin with one of: {', '.join(f'kind: {k}' for k in self.kinds)}")
        if not isinstance(node.value, str) or node.value not in self.kinds:
            message = f"kind: not a kind of file (value: {show_value(node.plain())})"
            raise node.origin.error(message, suggest(str(node.value), self.kinds))
        return self.kinds[node.value]

    def _read(self, path: Path, kind: Kind, chain: tuple[Path, ...]) -> tuple[Node, list[Layer]]:
        """The document a file extends in the end, under this file's name, and the layers of patches on the way."""
        tree = read_document(path, "base")
        stated = self._stated(tree)
        if stated is not kind:
            kind_node = tree.get("kind")
            assert kind_node is not None
            raise kind_node.origin.error(f"kind: this is a file of kind {stated.name!r}", f"name a file of kind {kind.name}")
        if tree.get("extends") is None or not kind.extensible:
            return tree, []
        extension = validate(Extension, tree)
        chain = (*chain, path.resolve())
        base, layers = self._read(self._extended(tree, extension, path.parent, kind, chain), kind, chain)
        assert isinstance(base.value, dict)
        for key in ("name", "title", "description"):
            node = tree.get(key)
            if node is not None:
                base.value[key] = node
        return base, [*layers, patch_layer("extends", extension.name, tree.get("patch"), tree.get("known"))]

    def _extended(self, tree: Node, extension: Extension, beside: Path, kind: Kind, chain: tuple[Path, ...]) -> Path:
        """The file that a document extends, which lies in the folder `beside`, the last of a chain. Raises InputError."""
        node = tree.get("extends")
        assert node is not None
        try:
            base_path = self.find(extension.extends, (kind.name,), beside)
            if not base_path.is_file():
                raise InputError(
                    f"no file {show_value(extension.extends)} beside this one", hint="write a shipped name or a path"
                )
        except (InputError, OSError, ValueError) as error:
            hint = error.hint if isinstance(error, InputError) else ""
            message = error.message if isinstance(error, InputError) else f"cannot be read: {os_reason(error)}"
            raise node.origin.error(f"extends: {message}", hint) from None
        if base_path.resolve() in chain or len(chain) > MAX_EXTENDS:
            raise node.origin.error("extends: the files extend each other in a circle", "let one of them stand on its own")
        return base_path


def patch_layer(kind: str, name: str, patch: Node | None, known: Node | None = None) -> Layer:
    """The layer of a `patch:` list and of what its file knows, its name in the origin of every value."""
    for part in (patch, known):
        for node in part.walk() if part is not None else ():
            node.origin = node.origin._replace(layer=f"{kind} {name}")
    return Layer(kind, name, edits_of(patch), known)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False
