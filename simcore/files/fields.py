"""What a model says about a place in a file: which keys it may hold, of what type, with what default, and how paths name it."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Annotated, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel, BeforeValidator
from pydantic.fields import FieldInfo

from simcore.base.model import Model, Verbs
from simcore.base.units import format_clock, format_duration, format_rate, parse_clock, parse_duration, parse_rate
from simcore.files.document import Node


def alternatives(kind: object) -> list[object]:
    """The members of a type: those of a union, each without `Annotated`; of any other type itself."""
    origin = get_origin(kind)
    if origin is Annotated:
        return alternatives(get_args(kind)[0])
    if origin in (Union, types.UnionType):
        return [x for a in get_args(kind) for x in alternatives(a)]
    return [kind]


def model_of(kind: object, node: Node | None) -> type[BaseModel] | None:
    """The model that a value of this type is validated by, None if none is; of a union of models (steps, edits) the one whose first field
    is a key of the value."""
    models = [t for t in alternatives(kind) if inspect.isclass(t) and issubclass(t, BaseModel)]
    if len(models) < 2:
        return models[0] if models else None
    keys = node.value if node is not None and isinstance(node.value, dict) else {}
    return next((m for m in models if next(iter(fields_of(m))) in keys), None)


def fields_of(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields of a model by the keys that files use."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def child_type(kind: object, key: str | int, node: Node | None) -> object:
    """The declared type of the value under a key or index of a value of type `kind`; None if nothing is allowed there, or anything. `node` is
    the value as written: it decides between the models of a union."""
    model = model_of(kind, node)
    if model is not None and isinstance(key, str):
        field = fields_of(model).get(key)
        return None if field is None else field.annotation
    for t in alternatives(kind):
        if get_origin(t) is dict:
            return get_args(t)[1]
        if get_origin(t) is list and isinstance(key, int):
            return get_args(t)[0]
    return None


def default_of(kind: object, key: str, node: Node) -> object:
    """The default, as plain data, of a key that is not written; None if it has none."""
    model = model_of(kind, node)
    field = fields_of(model).get(key) if model is not None else None
    if field is None or field.is_required():
        return None
    value = field.get_default(call_default_factory=True, validated_data={})
    if isinstance(value, Model):
        return value.as_default()
    return {} if isinstance(value, BaseModel) else value


# --- bounds -------------------------------------------------------------------------------------------------------------

_BOUNDS = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
_UNITS: Mapping[object, Callable[[float], str]] = {
    parse_duration: format_duration,
    parse_rate: format_rate,
    parse_clock: format_clock,
}


def bounds_text(kind: object, key: str | int, node: Node | None) -> str:
    """Between which bounds the value under a key or index of a value of type `kind` may lie, in the unit that files write it in:
    ``from 0 to 1``, ``at least 1s``; "" where its type has none. `node` is the value of type `kind` as written."""
    marks = list(_marks(kind, key, node))
    written = _written(marks)
    bounds = {word: written(getattr(mark, word)) for mark in marks for word in _BOUNDS if hasattr(mark, word)}
    if set(bounds) == {"ge", "le"}:
        return f"from {bounds['ge']} to {bounds['le']}"
    return " and ".join(f"{says} {bounds[word]}" for word, says in _BOUNDS.items() if word in bounds)


def default_text(model: type[BaseModel], key: str) -> str | None:
    """The default of a field as a file would write it: ``100ms``, ``true``; "" for nothing, or nothing in it; None if it has none."""
    field = fields_of(model)[key]
    if field.is_required():
        return None
    value = field.get_default(call_default_factory=True, validated_data={})
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or (isinstance(value, (dict, list)) and not value):
        return ""
    written = _written(_marks(model, key, None))
    return written(value) if isinstance(value, (int, float)) else str(value)


def choices(model: type[BaseModel], key: str) -> list[str]:
    """The words that a field may hold, if there are such."""
    return [
        str(word)
        for kind in alternatives(fields_of(model)[key].annotation)
        if get_origin(kind) is Literal
        for word in get_args(kind)
    ]


def _written(marks: Iterable[object]) -> Callable[[float], str]:
    """How a number with these marks is written in files: with its unit, if it has one."""
    return next((_UNITS[m.func] for m in marks if isinstance(m, BeforeValidator) and m.func in _UNITS), _plain)


def _marks(kind: object, key: str | int, node: Node | None) -> Iterator[object]:
    """What is said of the value under a key beside its plain type, in the model's field and in its type."""
    model = model_of(kind, node)
    field = fields_of(model).get(str(key)) if model is not None else None
    if field is not None:
        yield from field.metadata
    yield from _marks_of(child_type(kind, key, node))


def _marks_of(kind: object) -> Iterator[object]:
    if get_origin(kind) is Annotated:
        first, *marks = get_args(kind)
        for mark in marks:
            yield from mark.metadata if isinstance(mark, FieldInfo) else [mark]
        yield from _marks_of(first)
    elif get_origin(kind) in (Union, types.UnionType):
        for member in get_args(kind):
            yield from _marks_of(member)


def _plain(bound: float) -> str:
    return str(int(bound)) if float(bound).is_integer() else f"{bound:g}"


# --- scaling ------------------------------------------------------------------------------------------------------------


def scales(kind: object, node: Node) -> bool:
    """Whether a value of this type is a mapping whose amounts are scaled together."""
    model = model_of(kind, node)
    return isinstance(node.value, dict) and model is not None and issubclass(model, Model) and model.scales


# --- names of list items ------------------------------------------------------------------------------------------------


def verbs_of(kind: object) -> Verbs | None:
    """The verbs of a value of this type, None if it has none."""
    if get_origin(kind) is not Annotated:
        return None
    return next((mark for mark in get_args(kind)[1:] if isinstance(mark, Verbs)), None) or verbs_of(get_args(kind)[0])


def verb_of(kind: object, node: Node) -> str | None:
    """The verb that a mapping of this type has, None if its type has none or none of them is there."""
    verbs, keys = verbs_of(kind), node.value if isinstance(node.value, dict) else {}
    return next((verb for verb in verbs.forms if verb in keys), None) if verbs is not None else None


class _Names(NamedTuple):
    """What an item of a list may be called: its own name, what it is about (a step's target, a link's ends, the text
    itself), and its verb."""

    own: str | None = None
    about: str | None = None
    verb: str | None = None


def _names(node: Node, kind: object) -> _Names:
    if not isinstance(node.value, dict):
        return _Names(about=None if isinstance(node.value, list) else str(node.value))
    if "from" in node.value and "to" in node.value:
        return _Names(about=f"{node.text('from')}-{node.text('to')}")
    verbs, verb = verbs_of(kind), verb_of(kind, node)
    names_what = verbs is not None and verb is not None and fields_of(verbs.forms[verb])[verb].annotation is str
    return _Names(node.text("name"), node.text(verb) if verb and names_what else None, verb)


def _item_type(kind: object) -> object:
    """The type of the items of a list of this type."""
    return child_type(kind, 0, None)


def select(items: list[Node], name: str, kind: object) -> list[int]:
    """The items of a list of type `kind` that a name in brackets may mean.

    A step's own name goes first. Else it is what the step is about (a call's target, a hold's pool), its verb, either with
    ``#i`` to tell several apart, or ``#i`` alone for the i-th item, all from 0. A link is ``from-to``; text is itself.
    """
    item_type = _item_type(kind)
    names = [_names(item, item_type) for item in items]
    own = [i for i, known in enumerate(names) if known.own == name]
    if own:
        return own
    word, mark, number = name.rpartition("#")
    if not mark:
        return [i for i, known in enumerate(names) if name in known[1:]]
    if not (number.isascii() and number.isdigit() and len(number) < 7):
        return []
    alike = [i for i, known in enumerate(names) if not word or word in known[1:]]
    return alike[int(number) : int(number) + 1]


def labels(items: list[Node], kind: object) -> list[str]:
    """For each item of a list of type `kind` the plainest name that means it alone."""
    found: list[str] = []
    seen: dict[str, int] = {}
    totals: dict[str, int] = {}
    item_type = _item_type(kind)
    every = [_names(item, item_type) for item in items]
    named = {names.own for names in every if names.own}
    for names in every:
        for word in {w for w in names[1:] if w}:
            totals[word] = totals.get(word, 0) + 1
    for i, (own, about, verb) in enumerate(every):
        plain = next((w for w in (about, verb) if w and w not in named and _PLAIN.issuperset(w)), None)
        if own:
            found.append(own)
        elif plain is None:
            found.append(f"#{i}")
        else:
            found.append(plain if totals[plain] == 1 and plain is about else f"{plain}#{seen.get(plain, 0)}")
        for word in {w for w in (about, verb) if w}:
            seen[word] = seen.get(word, 0) + 1
    return found


_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/")


class Child(NamedTuple):
    """A child of a node: its path segment as patches write it (``.key`` or ``[name]``), its key or index, itself and its type."""

    segment: str
    key: str | int
    node: Node
    kind: object


def children_with_labels(node: Node, kind: object) -> list[Child]:
    """Every child of a node, with its type and its path segment, in file order; `kind` is the declared type of the node."""
    if isinstance(node.value, dict):
        return [Child(_segment(k), k, v, child_type(kind, k, node)) for k, v in node.value.items()]
    if isinstance(node.value, list):
        pairs, item_type = zip(labels(node.value, kind), node.value, strict=True), _item_type(kind)
        return [Child(f"[{label}]", i, v, item_type) for i, (label, v) in enumerate(pairs)]
    return []


def segment_of(node: Node, kind: object, key: str | int) -> str:
    """The path segment of the child under a key, or at an index, of a node of type `kind`."""
    return f"[{labels(node.value, kind)[int(key)]}]" if isinstance(node.value, list) else _segment(str(key))


def _segment(key: str) -> str:
    return f".{key}" if key and _PLAIN.issuperset(key) and "." not in key else f"[{key}]"


def flatten(node: Node, kind: object, path: str = "") -> dict[str, Node]:
    """Every leaf (a scalar, an empty list or mapping) by the path a patch would use, in file order."""
    children = children_with_labels(node, kind)
    if not children:
        return {path: node}
    leaves: dict[str, Node] = {}
    for child in children:
        leaves |= flatten(child.node, child.kind, path + child.segment if path else child.segment.removeprefix("."))
    return leaves


def path_text(tree: Node, kind: object, keys: tuple[str | int, ...]) -> str:
    """The dotted path, as a patch would write it, of a sequence of keys and indexes."""
    text, node = "", tree
    for key in keys:
        known = next((child for child in children_with_labels(node, kind) if child.key == key), None)
        if known is not None:
            segment, _, node, kind = known
        else:
            segment, node, kind = f".{key}" if isinstance(key, str) else f"[#{key}]", Node(None, node.origin), None
        text += segment
    return text.removeprefix(".")
