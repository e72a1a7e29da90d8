"""The one way to change an architecture or a workload: typed edits by name that fail when their target is absent.

It serves a file that `extends` another, an environment, a planted defect, a sweep and the command line. Layers are applied in
the order of `LAYERS`; two edits that set one value are an error, unless the later one says `override: true`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, NamedTuple

from pydantic import BaseModel, Discriminator, Field, Tag, model_validator

from simcore.base.errors import InputError, show_value, suggest
from simcore.base.model import Model
from simcore.files.document import MAX_DEPTH, Node, Origin, parse_yaml
from simcore.files.fields import child_type, children_with_labels, default_of, fields_of, model_of, scales, segment_of, select

DEFECT = "defect "
"""Begins the layer of the origin of every edit of a planted defect."""
FIND = "find"
"""The verb of what only looks where a path leads."""
LAYERS = ("extends", "option", "defect", "environment", "scenario", "command line")

_SEGMENT = re.compile(r"(?:^|\.)([^.\[\]\s]+)|\[([^\[\]]+)\]")
_AMOUNT = re.compile(r"\s*(\d+(?:\.\d+)?)(\s*(?:ns|us|ms|s|min|h|d)|\s*/\s*(?:s|min|h|day))\s*")
_UNSCALED = ("unlimited", "unbounded")


# --- the words of the files ---------------------------------------------------------------------------------------------

Path = Annotated[str, Field(min_length=1, max_length=1000, description="dotted path, steps as steps[NAME], * for every name")]


class SetEdit(Model):
    """Gives a value that is there, or has a default, another one."""

    set: Path
    to: object
    override: bool = False
    if_present: bool = False
    why: str = ""


class ScaleEdit(Model):
    """Multiplies a number, a duration, a rate, or the durations of a distribution. Whole numbers stay whole, and above 0."""

    scale: Path
    by: Annotated[float, Field(gt=0, le=1e9)]
    override: bool = False
    if_present: bool = False
    why: str = ""


class RemoveEdit(Model):
    """Takes a value away."""

    remove: Path
    override: bool = False
    if_present: bool = False
    why: str = ""


class AddEdit(Model):
    """Adds what is not there yet; `links[a-b]` and `steps[NAME]` append to the list."""

    add: Path
    value: object
    override: bool = False
    if_present: bool = False
    why: str = ""


class InsertEdit(Model):
    """Puts a step before or after another."""

    insert: Path
    before: str | None = None
    after: str | None = None
    step: dict[str, object]
    override: bool = False
    if_present: bool = False
    why: str = ""

    @model_validator(mode="after")
    def _one_place(self) -> InsertEdit:
        if (self.before is None) == (self.after is None):
            raise ValueError("insert needs either before or after; name the step it goes next to")
        return self


EDIT_VERBS: dict[str, type[Model]] = {
    "set": SetEdit, "scale": ScaleEdit, "remove": RemoveEdit, "add": AddEdit, "insert": InsertEdit,
}  # fmt: skip


def _edit_verb(value: object) -> str | None:
    if isinstance(value, Model):
        return next((verb for verb, cls in EDIT_VERBS.items() if isinstance(value, cls)), None)
    return next((verb for verb in EDIT_VERBS if verb in value), None) if isinstance(value, dict) else None


EditForm = Annotated[
    Annotated[SetEdit, Tag("set")]
    | Annotated[ScaleEdit, Tag("scale")]
    | Annotated[RemoveEdit, Tag("remove")]
    | Annotated[AddEdit, Tag("add")]
    | Annotated[InsertEdit, Tag("insert")],
    Discriminator(
        _edit_verb, custom_error_type="unknown_edit", custom_error_message=f"an edit is one of: {', '.join(EDIT_VERBS)}"
    ),
]


# --- edits and layers ---------------------------------------------------------------------------------------------------


class Segment(NamedTuple):
    """One part of a path: a key (``.word``), or a name in brackets."""

    text: str
    bracketed: bool


@dataclass(frozen=True)
class Edit:
    """One edit with its origin. `value` is what is set, added or inserted; `beside` the step an insertion goes next to."""

    verb: str
    path: str
    origin: Origin
    value: Node | None = None
    by: float = 1.0
    beside: str = ""
    after: bool = False
    override: bool = False
    if_present: bool = False


@dataclass(frozen=True)
class Layer:
    """Edits of one author: `kind` is one of `LAYERS` and decides when they are applied. `known` is what the file that they stand in says
    it knows of the values as they are then."""

    kind: str
    name: str
    edits: Sequence[Edit] = field(default=())
    known: Node | None = None

    def __post_init__(self) -> None:
        if self.kind not in LAYERS:
            raise ValueError(f"a layer is one of {', '.join(LAYERS)}, not {self.kind!r}")

    def __str__(self) -> str:
        return f"{self.kind} {self.name}".rstrip()


def edits_of(patch: Node | None) -> list[Edit]:
    """The edits of a validated `patch:` list (see `EditForm`)."""
    return [_edit_of(item) for item in (patch.children() if patch is not None else [])]


def _edit_of(item: Node) -> Edit:
    form = item.plain()
    verb = _edit_verb(form)
    assert verb is not None, "patch lists are validated before"
    target = item.get(verb)
    assert target is not None
    value = item.get({"set": "to", "add": "value", "insert": "step"}.get(verb, ""))
    beside = form.get("before") or form.get("after") or ""
    flags = bool(form.get("override", False)), bool(form.get("if_present", False))
    return Edit(verb, form[verb], target.origin, value, form.get("by", 1.0), beside, form.get("after") is not None, *flags)


def command_line_layer(assignments: Iterable[str], prefix: str = "") -> Layer:
    """The layer of ``--set path=value`` arguments; values are YAML. It overrides whatever the files set. `prefix` is what stood before the
    paths."""
    edits = []
    for text in assignments:
        path, equals, value = text.partition("=")
        origin = Origin("command line", f"--set {prefix}{text}")
        if not equals or not path.strip():
            raise origin.error("is not an assignment", "write --set path=value, such as --set pools.counter.slots=50")
        try:
            node = parse_yaml(value or "''", origin.file, origin.layer)
        except InputError as error:
            raise origin.error(error.message, error.hint) from None
        edits.append(Edit("set", path.strip(), origin, Node.of(node.plain(), origin), override=True))
    return Layer("command line", "", tuple(edits))


# --- applying -----------------------------------------------------------------------------------------------------------


def apply_layers(
    tree: Node, model: type[BaseModel], layers: Iterable[Layer], applied: Callable[[Layer], None] = lambda _: None
) -> None:
    """Changes the tree by the edits of all layers, in the order of `LAYERS`; `applied` is called after each. Raises InputError at the edit
    that fails."""
    patcher = _Patcher(tree, model)
    for layer in sorted(layers, key=lambda layer: LAYERS.index(layer.kind)):
        for edit in layer.edits:
            patcher.apply(edit)
        applied(layer)


@dataclass(frozen=True)
class Place:
    """Where a path leads: what holds the value, its key or index there, the type of the holder, and the path that means this place alone."""

    parent: Node
    key: str | int
    kind: object
    path: str

    @property
    def node(self) -> Node | None:
        """What is there, None if nothing is any more."""
        children = self.parent.value
        if isinstance(children, dict):
            return children.get(str(self.key))
        there = isinstance(children, list) and isinstance(self.key, int) and self.key < len(children)
        return _child(self.parent, self.key) if there else None

    @property
    def value(self) -> object:
        """What is there, as plain data."""
        return self.node.plain() if self.node is not None else None


def find(tree: Node, model: type[BaseModel], path: str, origin: Origin) -> list[Place]:
    """The values written in a tree that a path leads to; nothing is changed. Raises InputError, at the origin of the path, if there is
    none."""
    return _Patcher(tree, model).find(Edit(FIND, path, origin))


def scaled_value(place: Place, by: float, origin: Origin) -> object:
    """The value at a place times a factor, as the edit `scale` has it, as plain data. Raises InputError, at the origin, if it is no
    number, duration, rate or distribution."""
    edit = Edit("scale", place.path, origin, by=by)
    node = _child(place.parent, place.key)
    return _scaled(node, child_type(place.kind, place.key, place.parent), edit, place.path).plain()


class _Spot(NamedTuple):
    """A place found by a path: what holds it, its key there (None if absent), and what earlier edits did above it."""

    parent: Node
    key: str | int | None
    kind: object  # of the parent
    path: str
    edited: Origin | None


class _Patcher:
    def __init__(self, tree: Node, model: type[BaseModel]) -> None:
        self._tree, self._model = tree, model
        self._removed: dict[str, Origin] = {}
        self._many = False  # the path at hand has a *, so what some places lack is passed over

    def apply(self, edit: Edit) -> None:
        segments = _parse_path(edit)
        self._many = any(s.text == "*" for s in segments)
        if edit.verb in ("add", "insert") and self._many:
            raise edit.origin.error(f"{edit.verb} needs one place, and * means many (value: {show_value(edit.path)})", "name it")
        try:
            spots = [s for s in self._find(edit, segments) if s.key is not None or edit.verb == "add"]
        except InputError:
            if edit.if_present:
                return
            raise
        if len(segments) + _levels(edit.value) > MAX_DEPTH:  # many edits, one inside the other, cannot pass the limit of a file
            raise edit.origin.error(f"nested deeper than {MAX_DEPTH} levels", "set something less deep")
        {"set": self._set, "scale": self._scale, "remove": self._remove, "add": self._add, "insert": self._insert}[edit.verb](
            edit, segments, spots
        )

    # Finding

    def find(self, edit: Edit) -> list[Place]:
        """The places that the edit's path leads to. Raises InputError."""
        segments = _parse_path(edit)
        self._many = any(s.text == "*" for s in segments)
        return [Place(s.parent, s.key, s.kind, s.path) for s in self._find(edit, segments) if s.key is not None]

    def _find(self, edit: Edit, segments: list[Segment]) -> list[_Spot]:
        spots = [_Spot(self._tree, None, self._model, "", None)]
        for depth, segment in enumerate(segments):
            holders = [self._enter(spot) for spot in spots] if depth else spots
            last = depth == len(segments) - 1
            spots = [found for holder in holders for found in self._step(edit, holder, segment, last)]
            if not spots:
                raise edit.origin.error(f"{edit.path}: matches nothing", "name what is there")
        return spots

    @staticmethod
    def _enter(spot: _Spot) -> _Spot:
        assert spot.key is not None
        node = _child(spot.parent, spot.key)
        return _Spot(node, None, child_type(spot.kind, spot.key, spot.parent), spot.path, spot.edited or node.edited)

    def _step(self, edit: Edit, holder: _Spot, segment: Segment, last: bool) -> list[_Spot]:
        """The children of a node that a segment means; for the last segment of an `add` the place where it will be."""
        node = holder.parent
        if segment.text == "*":
            children = children_with_labels(node, holder.kind)
            return [holder._replace(key=child.key, path=_join(holder.path, child.segment)) for child in children]
        if isinstance(node.value, list):
            meant = select(node.value, segment.text, holder.kind) if segment.bracketed else []
            if len(meant) > 1:
                choices = [children_with_labels(node, holder.kind)[i].segment for i in meant]
                raise self._ambiguous(edit, holder, segment, choices)
            keys: list[str | int] = [*meant]
        else:
            written_later = edit.verb == FIND or (last and edit.verb == "add")
            if isinstance(node.value, dict) and segment.text not in node.value and not written_later:
                self._write_default(holder, segment.text, edit.origin)
            keys = [segment.text] if isinstance(node.value, dict) and segment.text in node.value else []
        path = _join(holder.path, f"[{segment.text}]" if segment.bracketed else f".{segment.text}")
        if keys:
            return [holder._replace(key=keys[0], path=_join(holder.path, segment_of(node, holder.kind, keys[0])))]
        if last and edit.verb == "add" and isinstance(node.value, (dict, list)):
            return [holder._replace(path=path)]
        if self._many and holder.path:
            return []
        raise self._absent(edit, holder, segment, path)

    @staticmethod
    def _write_default(holder: _Spot, key: str, origin: Origin) -> None:
        value = default_of(holder.kind, key, holder.parent)
        if value is not None:
            assert isinstance(holder.parent.value, dict)
            holder.parent.value[key] = Node.of(value, origin._replace(layer="default"))

    def _ambiguous(self, edit: Edit, holder: _Spot, segment: Segment, choices: list[str]) -> InputError:
        return edit.origin.error(
            f"{edit.path}: {segment.text!r} means {len(choices)} items of {holder.path}", f"write one of {', '.join(choices[:8])}"
        )

    def _absent(self, edit: Edit, holder: _Spot, segment: Segment, path: str) -> InputError:
        node, where = holder.parent, holder.path or "the file"
        message = f"{edit.path}: there is no {segment.text!r} in {where}"
        if path in self._removed:
            return edit.origin.error(message, f"it was removed by {self._removed[path]}")
        if not isinstance(node.value, (dict, list)):
            return edit.origin.error(f"{edit.path}: {where} is {show_value(node.value)} and holds nothing", "shorten the path")
        known = [child.segment.strip(".[]") for child in children_with_labels(node, holder.kind)]
        if isinstance(node.value, list):
            if not segment.bracketed:
                return edit.origin.error(f"{edit.path}: {where} is a list", f"name the item in brackets: {where}[{segment.text}]")
            return edit.origin.error(message, suggest(segment.text, known))
        model = model_of(holder.kind, node)
        if model is not None and segment.text in fields_of(model):
            hint = "it is not written there" if edit.verb == FIND else "it is not written and has no default: use add"
            return edit.origin.error(message, hint)
        return edit.origin.error(message, suggest(segment.text, [*known, *(fields_of(model) if model else ())]))

    # Conflicts

    def _claim(self, edit: Edit, spot: _Spot) -> None:
        """Refuses to change silently what an earlier edit set, above, here or below; what another defect set also where the edit
        overrides, for then that defect would not be there."""
        if spot.key is None:
            return
        target = _child(spot.parent, spot.key)
        before = [origin for origin in (spot.edited, *(n.edited for n in target.walk())) if origin]
        below = [o for path, o in self._removed.items() if path.startswith((f"{spot.path}.", f"{spot.path}["))]
        earlier = next((o for o in before if not edit.override), None)
        earlier = next((o for o in (*before, *below) if _of_another_defect(o, edit)), earlier)
        if earlier is not None:
            hint = "keep one of them" + ("" if _of_another_defect(earlier, edit) else ", or write 'override: true'")
            raise edit.origin.error(f"{spot.path} was already set by {earlier}", hint)

    # The verbs

    def _set(self, edit: Edit, _segments: list[Segment], spots: list[_Spot]) -> None:
        for spot in spots:
            self._claim(edit, spot)
            assert edit.value is not None
            _put(spot, _marked(edit.value, edit.origin))

    def _scale(self, edit: Edit, _segments: list[Segment], spots: list[_Spot]) -> None:
        scaled = 0
        for spot in spots:
            assert spot.key is not None
            target = _child(spot.parent, spot.key)
            if self._many and target.value in _UNSCALED:
                continue
            self._claim(edit, spot)
            _put(spot, _scaled(target, child_type(spot.kind, spot.key, spot.parent), edit, spot.path))
            scaled += 1
        if not scaled:
            raise edit.origin.error(f"{edit.path}: everything here is unlimited", "set it instead")

    def _remove(self, edit: Edit, _segments: list[Segment], spots: list[_Spot]) -> None:
        for spot in reversed(spots):
            self._claim(edit, spot)
            self._removed[spot.path] = edit.origin
            if isinstance(spot.parent.value, dict):
                del spot.parent.value[str(spot.key)]
            else:
                assert isinstance(spot.parent.value, list) and isinstance(spot.key, int)
                del spot.parent.value[spot.key]

    def _add(self, edit: Edit, segments: list[Segment], spots: list[_Spot]) -> None:
        spot = spots[0]
        assert edit.value is not None
        if spot.key is not None:
            there = _child(spot.parent, spot.key).origin
            raise edit.origin.error(f"{spot.path} is there already ({there})", "use set to change it")
        earlier = self._removed.get(spot.path)
        if earlier is not None and (not edit.override or _of_another_defect(earlier, edit)):
            raise edit.origin.error(f"{spot.path} was removed by {earlier}", "keep one of the edits, or write 'override: true'")
        node = _marked(edit.value, None)
        if isinstance(spot.parent.value, dict):
            node.key = edit.origin
            spot.parent.value[segments[-1].text] = node
        else:
            assert isinstance(spot.parent.value, list)
            if not segments[-1].bracketed:
                raise edit.origin.error(f"{edit.path}: {spot.path.rpartition('.')[0]} is a list", "write [NAME] of what is added")
            if not select([node], segments[-1].text, spot.kind):
                name = children_with_labels(Node([node], node.origin), spot.kind)[0].segment
                raise edit.origin.error(f"{edit.path}: what is added is called {name}", "write that in the path")
            spot.parent.value.append(node)

    def _insert(self, edit: Edit, _segments: list[Segment], spots: list[_Spot]) -> None:
        spot = spots[0]
        assert edit.value is not None and spot.key is not None
        steps = _child(spot.parent, spot.key)
        if not isinstance(steps.value, list):
            raise edit.origin.error(f"{edit.path}: is no list of steps", "name one, such as services.S.operations.O.steps")
        holder = _Spot(steps, None, child_type(spot.kind, spot.key, spot.parent), spot.path, spot.edited)
        if edit.if_present and not select(steps.value, edit.beside, holder.kind):
            return
        beside = self._step(edit, holder, Segment(edit.beside, True), last=True)[0]
        assert isinstance(beside.key, int)
        steps.value.insert(beside.key + edit.after, _marked(edit.value, None))


def _of_another_defect(earlier: Origin, edit: Edit) -> bool:
    """Whether an edit and an earlier one belong to two planted defects."""
    mine = edit.origin.layer
    return mine.startswith(DEFECT) and earlier.layer.startswith(DEFECT) and earlier.layer != mine


def _parse_path(edit: Edit) -> list[Segment]:
    segments, position = [], 0
    for match in _SEGMENT.finditer(edit.path):
        if match.start() != position:
            break
        position = match.end()
        segments.append(Segment(match[1] or match[2], match[2] is not None))
    if position != len(edit.path) or not segments:
        raise edit.origin.error(
            f"not a path (value: {show_value(edit.path)})", "write keys with dots between, steps as steps[NAME]"
        )
    return segments


def _join(path: str, segment: str) -> str:
    return path + segment if path else segment.removeprefix(".")


def _child(parent: Node, key: str | int) -> Node:
    return parent.value[key]  # type: ignore[index, return-value]


def _put(spot: _Spot, node: Node) -> None:
    assert spot.key is not None
    node.key = _child(spot.parent, spot.key).key
    spot.parent.value[spot.key] = node  # type: ignore[index]


def _levels(value: Node | None) -> int:
    """How many levels of mappings and lists there are below a value."""
    return 1 + max(map(_levels, value.children())) if value is not None and value.children() else 0


def _marked(value: Node, edited: Origin | None) -> Node:
    """A copy of an edit's value: marked as set, and as mistakes in it belong to the edit, keyed there."""
    node = value.copy()
    node.edited = edited
    return node


# --- scaling ------------------------------------------------------------------------------------------------------------


def _scaled(node: Node, kind: object, edit: Edit, path: str) -> Node:
    value = node.value
    if value and scales(kind, node):
        scaled = node.copy()
        for leaf in scaled.walk():
            if isinstance(leaf.value, str) and _AMOUNT.fullmatch(leaf.value):
                leaf.value, leaf.origin = _scaled_scalar(leaf.value, edit.by), edit.origin
        scaled.edited = edit.origin
        return scaled
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return Node(_scaled_scalar(value, edit.by), edit.origin, None, edit.origin)
    if isinstance(value, str) and _AMOUNT.fullmatch(value):
        return Node(_scaled_scalar(value, edit.by), edit.origin, None, edit.origin)
    shown = show_value(value) if not isinstance(value, (dict, list)) else "no number"
    raise edit.origin.error(f"{path} cannot be scaled: it is {shown}", "scale a number, a duration, a rate or a distribution")


def _scaled_scalar(value: int | float | str, by: float) -> int | float | str:
    """Exact in decimals, so that 0.1 of 30ms is 3ms. Whole numbers are rounded half up and do not fall to 0."""
    if isinstance(value, str):
        match = _AMOUNT.fullmatch(value)
        assert match is not None
        return f"{(Decimal(match[1]) * Decimal(repr(by))).normalize():f}{match[2].strip()}"
    product = Decimal(repr(value)) * Decimal(repr(by))
    if isinstance(value, float):
        return min(float(product), sys.float_info.max)
    return max(int(product + Decimal("0.5")), 1) if value > 0 else int(product)
