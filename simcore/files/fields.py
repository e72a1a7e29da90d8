"""What the models of simcore say about a place in a file: which keys it may hold, of what type, with what default."""

from __future__ import annotations

import inspect
import types
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from simcore.files.document import Node
from simcore.model.architecture import STEP_VERBS, Distribution


def alternatives(kind: Any) -> list[Any]:
    """The types a value may have, wrappers taken off."""
    origin = get_origin(kind)
    if origin is Annotated:
        return alternatives(get_args(kind)[0])
    if origin in (Union, types.UnionType):
        return [x for a in get_args(kind) for x in alternatives(a)]
    return [kind.stands_for()] if hasattr(kind, "stands_for") else [kind]  # see architecture.Control


def model_of(kind: Any, node: Node | None) -> type[BaseModel] | None:
    """The model a value of this type is held to; among several (steps, edits) the one whose first key the value has."""
    models = [t for t in alternatives(kind) if inspect.isclass(t) and issubclass(t, BaseModel)]
    if len(models) < 2:
        return models[0] if models else None
    keys = node.value if node is not None and isinstance(node.value, dict) else {}
    return next((m for m in models if next(iter(m.model_fields)) in keys), None)


def fields_of(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields of a model by the keys that files use."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def child_type(kind: Any, key: str | int, node: Node | None) -> Any:
    """The type of what stands under a key (or index) of a value of this type; None if nothing may, or anything may."""
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


def default_of(kind: Any, key: str, node: Node) -> Any:
    """The default of a key that is not written, as plain data; None if it has none."""
    model = model_of(kind, node)
    field = fields_of(model).get(key) if model is not None else None
    if field is None or field.is_required():
        return None
    value = field.get_default(call_default_factory=True, validated_data={})
    if isinstance(value, Distribution):
        return value.constant
    return {} if isinstance(value, BaseModel) else value


def step_verb(node: Node) -> str | None:
    """The verb of a step, None for what is no step."""
    keys = node.value if isinstance(node.value, dict) else {}
    return next((verb for verb in STEP_VERBS if verb in keys), None)


# --- names of list items ------------------------------------------------------------------------------------------------


_TELLING = ("call", "send", "hold", "rate_limit", "effect", "route")  # verbs whose value says what a step is about


def _names(node: Node) -> tuple[str | None, str | None, str | None]:
    """An item's own name, what it is about (a step's target, a link's ends, the text itself), and its verb."""
    if not isinstance(node.value, dict):
        return None, None if isinstance(node.value, list) else str(node.value), None
    if "from" in node.value and "to" in node.value:
        return None, f"{node.text('from')}-{node.text('to')}", None
    verb = step_verb(node)
    return node.text("name"), node.text(verb) if verb in _TELLING else None, verb


def select(items: list[Node], name: str) -> list[int]:
    """The items of a list that a name in brackets may mean.

    A step's own name goes first. Else it is what the step is about (a call's target, a hold's pool), its verb, either with
    ``#i`` to tell several apart, or ``#i`` alone for the i-th item, all from 0. A link is ``from-to``; text is itself.
    """
    own = [i for i, item in enumerate(items) if _names(item)[0] == name]
    if own:
        return own
    word, mark, number = name.rpartition("#")
    if not mark:
        return [i for i, item in enumerate(items) if name in _names(item)[1:]]
    if not (number.isascii() and number.isdigit() and len(number) < 7):
        return []
    alike = [i for i, item in enumerate(items) if not word or word in _names(item)[1:]]
    return alike[int(number) : int(number) + 1]


def labels(items: list[Node]) -> list[str]:
    """For each item the plainest name that means it alone."""
    found: list[str] = []
    seen: dict[str, int] = {}
    totals: dict[str, int] = {}
    named = {own for own, _, _ in map(_names, items) if own}
    for item in items:
        for word in {w for w in _names(item)[1:] if w}:
            totals[word] = totals.get(word, 0) + 1
    for i, item in enumerate(items):
        own, about, verb = _names(item)
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


def children_with_labels(node: Node) -> list[tuple[str, str | int, Node]]:
    """(path segment, key, child) of every child: ``.key`` or ``[name]``, as patches write them."""
    if isinstance(node.value, dict):
        return [(f".{k}" if k and _PLAIN.issuperset(k) and "." not in k else f"[{k}]", k, v) for k, v in node.value.items()]
    if isinstance(node.value, list):
        return [(f"[{label}]", i, v) for i, (label, v) in enumerate(zip(labels(node.value), node.value, strict=True))]
    return []


def flatten(node: Node, path: str = "") -> dict[str, Node]:
    """Every leaf (a scalar, an empty list or mapping) by the path a patch would use, in file order."""
    children = children_with_labels(node)
    if not children:
        return {path: node}
    leaves: dict[str, Node] = {}
    for segment, _, child in children:
        leaves.update(flatten(child, path + segment if path else segment.removeprefix(".")))
    return leaves


def path_text(tree: Node, keys: tuple[str | int, ...]) -> str:
    """The dotted path, as a patch would write it, of a sequence of keys and indexes."""
    text, node = "", tree
    for key in keys:
        known = next(((s, c) for s, k, c in children_with_labels(node) if k == key), None)
        segment, node = known if known else (f".{key}" if isinstance(key, str) else f"[#{key}]", Node(None, node.origin))
        text += segment
    return text.removeprefix(".")
