"""Which values the sections `known:` of a file, and of the files it extends, hold for.

An entry is held to the values as its own file has them, with all that it extends. What a later edit changes is no longer what was
measured, configured or guessed there, and the entry speaks of it no more.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel

from simcore.base.errors import InputError
from simcore.files.document import Node, Origin
from simcore.files.known import Known, Quantity, Range, quantity
from simcore.files.patch import Place, find, scaled_value
from simcore.files.validation import validate

SECTION = "known"


@dataclass(frozen=True)
class KnownValue:
    """A value as its file has it, and the path to it."""

    place: Place
    value: object

    @property
    def stands(self) -> bool:
        """Whether the value is still that."""
        return self.place.node is not None and self.place.node.plain() == self.value


@dataclass(frozen=True)
class KnownEntry:
    """A line of a section `known:`: what is known of one or several values, that are one guess together."""

    path: str
    known: Known
    values: Sequence[KnownValue]
    origin: Origin

    @property
    def range(self) -> Range | None:
        """Between which bounds the values may lie, None if nothing is said of that."""
        return self.known.bounds

    @property
    def position(self) -> float:
        """How far between the bounds the values are, from 0 to 1."""
        bounds, own = self._bounds, self._own
        if not bounds.geometric:
            return (own.amount - bounds.low.amount) / (bounds.high.amount - bounds.low.amount)
        from math import log

        return log(own.amount / bounds.low.amount) / log(bounds.high.amount / bounds.low.amount)

    def text_at(self, position: float) -> str:
        """What lies at a position between the bounds, as a file writes it; of factors ``1.4x``."""
        at = self._bounds.at(position)
        whole = at.unit == "number" and all(isinstance(value.value, int) for value in self.values)
        return str(round(at.amount)) if whole else at.text

    def assignments_at(self, position: float) -> list[str]:
        """``PATH=VALUE``, as `--set` has it, for each of the values at a position between the bounds."""
        bounds = self._bounds
        if bounds.unit == "factor":
            by = bounds.at(position).amount
            changed = [(v.place.path, scaled_value(v.place, by, self.origin)) for v in self.values]
            return [f"{path}={json.dumps(value)}" for path, value in changed]
        return [f"{value.place.path}={self.text_at(position)}" for value in self.values]

    @property
    def _bounds(self) -> Range:
        assert self.range is not None, "only what has a range can be varied"
        return self.range

    @property
    def _own(self) -> Quantity:
        if self._bounds.unit == "factor":
            return Quantity(1.0, "factor")
        own = quantity(self.values[0].value)
        assert own is not None
        return own


class Knowledge:
    """What the sections `known:` of a file and of those that it extends say of a tree while that is edited. Takes the section of the tree
    out of it; `put_back` leaves there what still leads to something."""

    def __init__(self, tree: Node, model: type[BaseModel]) -> None:
        self._tree, self._model = tree, model
        self._written: dict[str, Node] = {}
        self._entries: dict[str, KnownEntry] = {}
        self._malformed: Node | None = None
        self.problem: InputError | None = None
        if SECTION in model.model_fields and isinstance(tree.value, dict):
            self.declare(tree.value.pop(SECTION, None))

    def declare(self, section: Node | None) -> None:
        """Holds the entries of a section to the tree as it is now. What is wrong with one is kept as the `problem`: that of the tree itself
        goes before it."""
        if section is not None and not isinstance(section.value, dict):
            self._malformed = section
            return
        for path, node in section.value.items() if section is not None and isinstance(section.value, dict) else ():
            self._written.pop(path, None)
            self._entries.pop(path, None)
            self._written[path] = node
            try:
                self._entries[path] = self._entry(path, node, validate(Known, node))
            except InputError as error:
                self.problem = self.problem or error

    def put_back(self) -> None:
        """Writes the section of the tree: the entries of which something is still there."""
        if not isinstance(self._tree.value, dict):
            return
        there = {id(node) for node in self._tree.walk()} if self._entries else set()
        gone = {path for path, e in self._entries.items() if not any(_leads_somewhere(v.place, there) for v in e.values)}
        left = {path: node for path, node in self._written.items() if path not in gone}
        if self._malformed is not None:
            self._tree.value[SECTION] = self._malformed
        elif left:
            first = next(iter(left.values()))
            self._tree.value[SECTION] = Node(dict(left), first.origin, first.key)

    def entries(self) -> list[KnownEntry]:
        """What is known of the values of the finished tree, in the order of the files: each value by the last entry that names it, as
        long as it is what that entry's file says."""
        there = {id(node) for node in self._tree.walk()}
        paths: dict[tuple[int, str | int], str] = {}
        for entry in self._entries.values():
            for value in entry.values:
                paths[id(value.place.parent), value.place.key] = entry.path
        found = []
        for entry in self._entries.values():
            own = [v for v in entry.values if paths[id(v.place.parent), v.place.key] == entry.path]
            standing = [v for v in own if _leads_somewhere(v.place, there) and v.stands]
            if standing:
                found.append(KnownEntry(entry.path, entry.known, standing, entry.origin))
        return found

    def _entry(self, path: str, node: Node, known: Known) -> KnownEntry:
        origin = node.key or node.origin
        also = node.get("also")
        named = [(path, origin), *((str(item.value), item.origin) for item in (also.children() if also is not None else []))]
        values = [KnownValue(p, p.value) for text, place in named for p in find(self._tree, self._model, text, place)]
        entry = KnownEntry(path, known, values, origin)
        if entry.range is not None:
            self._require_within(entry, entry.range, origin)
        return entry

    def _require_within(self, entry: KnownEntry, bounds: Range, origin: Origin) -> None:
        """Raises InputError for a value that the range does not hold, or cannot."""
        if bounds.unit == "factor":
            if Quantity(1.0, "factor") not in bounds:
                raise origin.error(f"{entry.path}: the range does not hold 1x, the value itself", "write such as [0.5x, 2x]")
            for value in entry.values:
                scaled_value(value.place, 1.0, origin)
            return
        for value in entry.values:
            own, path = quantity(value.value), value.place.path
            if own is None or own.unit != bounds.unit:
                shown = own.text if own is not None else "no single number"
                raise origin.error(f"{path} is {shown}, and the range is of another kind", "write factors: [0.5x, 2x]")
            if own not in bounds:
                raise origin.error(
                    f"{path} is {own.text}, outside of its range [{bounds.low.text}, {bounds.high.text}]", "correct one of them"
                )
            if own != quantity(entry.values[0].value):
                first = entry.values[0].place.path
                raise origin.error(f"{path} and {first} are not equal", "write factors: [0.5x, 2x], or two entries")


def _leads_somewhere(place: Place, there: set[int]) -> bool:
    return id(place.parent) in there and place.node is not None
