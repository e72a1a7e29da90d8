"""Which names the files of a user define, so that no page calls a thing of theirs by the Chinese name of a shipped thing."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple, get_args, get_origin

from pydantic import BaseModel

from chaos.documents.library import library
from chaos.i18n.texts import in_glossary
from simcore.files.document import Node, Origin
from simcore.files.fields import alternatives, children_with_labels, model_of
from simcore.files.loading import Resolved
from simcore.model.architecture import Architecture
from simcore.model.workload import Workload


class _Definition(NamedTuple):
    """A name, and where it was given to something."""

    name: str
    origin: Origin


def own_names(architecture: Resolved[Architecture], workload: Resolved[Workload]) -> list[str]:
    """The names of the glossary that no shipped file defines here: an architecture, workload, scenario or command line of the user's own
    does. Whoever extends or patches a shipped file without giving something such a name has none of them. Sorted."""
    shipped = _Shipped()
    named = [_Definition(str(name.value), name.origin) for of in (architecture, workload) if (name := of.tree.get("name"))]
    members: list[_Definition] = []
    if not shipped.every(architecture.tree):
        named += _defined(architecture.tree, Architecture)
        members += _memberships(architecture.tree)
    found = {d.name for d in named if not shipped.origin(d.origin)}
    found |= {m.name for m in members} - {m.name for m in members if shipped.origin(m.origin)}
    return sorted(filter(in_glossary, found))


class _Shipped:
    """Knows the files that are shipped."""

    def __init__(self) -> None:
        self._root = library().root.resolve()
        self._known: dict[str, bool] = {}

    def origin(self, origin: Origin) -> bool:
        """Whether something was written in a shipped file."""
        if origin.file not in self._known:
            self._known[origin.file] = Path(origin.file).resolve().is_relative_to(self._root)
        return self._known[origin.file]

    def every(self, tree: Node) -> bool:
        """Whether everything was."""
        return all(self.origin(node.origin) and (node.key is None or self.origin(node.key)) for node in tree.walk())


def _defined(node: Node, kind: object) -> Iterator[_Definition]:
    """Every name that is given to something below a node: by the key of a mapping from names to things, by a `name`, or by both ends of a
    link. Mappings from names to figures speak of what is defined elsewhere."""
    named = model_of(kind, node) is None and any(map(_names_things, alternatives(kind)))
    for child in children_with_labels(node, kind):
        if isinstance(child.key, int):
            yield from _of_item(child.node)
        elif named:
            yield _Definition(child.key, child.node.key or child.node.origin)
        yield from _defined(child.node, child.kind)


def _names_things(kind: object) -> bool:
    """Whether a type is a mapping from names that a file chooses to what it says of each."""
    if get_origin(kind) is not dict:
        return False
    key, value = get_args(kind)
    return get_origin(key) is not Literal and any(inspect.isclass(t) and issubclass(t, BaseModel) for t in alternatives(value))


def _of_item(item: Node) -> Iterator[_Definition]:
    """What an item of a list is called, a step by its name and a link by its ends; nothing for another."""
    name, ends = item.get("name"), [item.text(end) for end in ("from", "to")]
    if name is not None and isinstance(name.value, str):
        yield _Definition(name.value, name.origin)
    elif all(ends):
        yield _Definition(f"{ends[0]}-{ends[1]}", item.origin)


def _memberships(tree: Node) -> Iterator[_Definition]:
    """The groups that services say they belong to: a group is there because somebody names it."""
    for node in tree.walk():
        groups = node.get("groups")
        for group in groups.children() if groups is not None else []:
            yield _Definition(str(group.value), group.origin)
