"""Holding a document to its model, and saying in plain words what does not fit and where."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from simcore.base.errors import InputError, show_value, suggest
from simcore.files.document import Node, Origin
from simcore.files.fields import alternatives, bounds_text, child_type, fields_of, model_of, path_text, verb_of, verbs_of

M = TypeVar("M", bound=BaseModel)
Keys = tuple[str | int, ...]

_PLAIN_WORDS = {
    "int_type": "a whole number is needed", "int_from_float": "a whole number is needed",
    "int_parsing": "a whole number is needed",
    "float_type": "a number is needed", "float_parsing": "a number is needed", "bool_type": "true or false is needed",
    "bool_parsing": "true or false is needed", "string_type": "text is needed", "list_type": "a list is needed",
    "dict_type": "a mapping is needed", "model_type": "a mapping is needed", "model_attributes_type": "a mapping is needed",
    "tuple_type": "a list is needed", "finite_number": "a finite number is needed", "none_required": "null is needed",
}  # fmt: skip
_BOUNDS = ("greater_than_equal", "less_than_equal", "greater_than", "less_than")
_PERCENT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*%\s*")
_VAST = re.compile(r"\d{300}")
_HINTS = {
    "patch": "patch goes with extends: without a file to extend, write the values themselves",
    "extends": "extends stands at the top of a file, with patch",
}


class Finding(NamedTuple):
    """Something wrong at a place of a document."""

    keys: Keys
    message: str
    hint: str = ""
    at_key: bool = False


def validate(model: type[M], tree: Node) -> M:
    """The document as an instance of the model. Values are not coerced: quoted numbers and `yes` are text.

    Raises one InputError: the first mistake in the file, and how many more there are.
    """
    try:
        return model.model_validate_json(json.dumps(tree.plain()), strict=True)
    except ValidationError as error:
        findings = _findings(model, tree, error)
    except OverflowError:  # a quantity of hundreds of digits
        leaf = next((n for n in tree.walk() if isinstance(n.value, str) and _VAST.search(n.value)), tree)
        raise leaf.origin.error("the number is too large", "write fewer digits") from None
    raise findings_error(tree, model, findings)


def findings_error(tree: Node, model: type[BaseModel], findings: Iterable[Finding]) -> InputError:
    """One error for all findings about a document of a model: the first by its place, and the number of the others."""
    placed = sorted(
        ((place_of(tree, f.keys, at_key=f.at_key), f) for f in findings), key=lambda p: (p[0].file != tree.origin.file, p[0][1:])
    )
    origin, finding = placed[0]
    node = _node_at(tree, finding.keys)
    path = path_text(tree, model, finding.keys)
    message = f"{path}: {finding.message}" if path else finding.message
    shown = show_value(node.value) if node is not None and not isinstance(node.value, (dict, list)) else ""
    if shown and not finding.at_key and not message.endswith(f": {shown}"):
        message += f" (value: {shown})"
    hint = finding.hint
    if len(placed) > 1:
        hint = f"{hint}; and {len(placed) - 1} more" if hint else f"and {len(placed) - 1} more"
    return origin.error(message, hint)


def _node_at(tree: Node, keys: Keys) -> Node | None:
    node: Node | None = tree
    for key in keys:
        if node is None:
            return None
        if isinstance(node.value, list):
            node = node.value[key] if isinstance(key, int) and key < len(node.value) else None
        else:
            node = node.get(str(key))
    return node


def place_of(tree: Node, keys: Keys, *, at_key: bool = False) -> Origin:
    """Where to point: at the value, for mappings and lists (with `at_key` for all) at their key, for what is absent at what should hold it."""
    for length in range(len(keys), -1, -1):
        node = _node_at(tree, keys[:length])
        if node is not None:
            key_is_meant = at_key or isinstance(node.value, (dict, list))
            return node.key if key_is_meant and node.key is not None else node.origin
    raise AssertionError("the tree itself is always found")


def _findings(model: type[BaseModel], tree: Node, error: ValidationError) -> list[Finding]:
    """One finding a place: the alternatives of a union are reported together."""
    by_place: dict[Keys, list[Finding]] = {}
    for detail in error.errors(include_url=False):
        finding = _finding(model, tree, detail)
        by_place.setdefault(finding.keys, []).append(finding)
    merged = []
    for keys, found in by_place.items():
        messages = list(dict.fromkeys(f.message for f in found))
        merged.append(Finding(keys, ", or ".join(messages), next((f.hint for f in found if f.hint), ""), found[0].at_key))
    meant = {(*f.keys[:-1], f.hint.removeprefix("did you mean '").removesuffix("'?")) for f in merged if f.at_key}
    return [f for f in merged if f.keys not in meant]  # a key is not also missing that is there with a slip in it


def _finding(model: type[BaseModel], tree: Node, detail: ErrorDetails) -> Finding:
    keys, kind, holder = _follow(model, tree, detail["loc"])
    what, context = detail["type"], detail.get("ctx", {})
    if what == "missing":
        name = str(detail["loc"][-1])
        return Finding((*keys, name), "is missing", f"add '{name}: …'")
    if what == "extra_forbidden":
        return _unknown_key(keys, kind, holder)
    if what in ("unknown_step", "unknown_edit", "union_tag_invalid", "union_tag_not_found"):
        node = _node_at(tree, keys)
        words = str(detail["msg"]).rpartition(": ")[2].split(", ")
        wrong = next(iter(node.value), "") if node is not None and isinstance(node.value, dict) else ""
        return Finding(keys, detail["msg"], suggest(wrong, words) if wrong else "")
    if what == "value_error":
        message, _, hint = str(context["error"]).partition("; ")
        return Finding(keys, message, hint)
    if what == "literal_error":
        node = _node_at(tree, keys)
        words = re.findall("'([^']*)'", context["expected"])  # the words themselves: how they are joined is ours to say
        wrong = str(node.value) if node is not None else ""
        close = suggest(wrong, words)
        listed = " or ".join(", ".join(map(repr, part)) for part in (words[:-1], words[-1:]) if part)
        return Finding(keys, f"must be {listed or context['expected']}", close if close.startswith("did") else "")
    if what in _BOUNDS:
        return Finding(keys, f"must be {bounds_text(kind, keys[-1], holder)}")
    node = _node_at(tree, keys)
    if what in ("float_type", "float_parsing") and node is not None and (share := _percentage(node.value)) is not None:
        return Finding(keys, "a share is written as a number here", f"write {share:g}")
    return Finding(keys, *_plain_words(what, context, str(detail["msg"])))


def _percentage(value: object) -> float | None:
    """The number that a text such as ``50 %`` stands for; None if it is none."""
    match = _PERCENT.fullmatch(value) if isinstance(value, str) else None
    return float(match[1]) / 100 if match is not None else None


def _plain_words(what: str, context: dict[str, Any], message: str) -> tuple[str, str]:
    if what in _PLAIN_WORDS:
        return _PLAIN_WORDS[what], ""
    if what == "string_pattern_mismatch" and "\\." in context["pattern"]:
        return "not a target", "write service.operation, such as counter.place"
    if what == "string_pattern_mismatch":
        return "not a name", "begin with a lower-case letter; continue with those, digits, - and _"
    if what == "string_too_short":
        return "must not be empty", ""
    if what == "string_too_long":
        return f"must have at most {context['max_length']} characters", ""
    if what == "too_short":
        return f"needs at least {context['min_length']} entries, has {context['actual_length']}", ""
    if what == "too_long":
        return f"may have at most {context['max_length']} entries", ""
    return message[:1].lower() + message[1:], ""


def _unknown_key(keys: Keys, kind: object, holder: Node | None) -> Finding:
    key = str(keys[-1])
    model = model_of(kind, holder)
    known = fields_of(model) if model is not None else {}
    verbs, verb = verbs_of(kind), verb_of(kind, holder) if holder is not None else None
    if verbs is not None and verb is not None and key in verbs.forms:
        message, hint = f"a {verbs.noun} has one verb, this has {verb!r} and {key!r}", f"make two {verbs.noun}s of it"
    elif key in _HINTS:
        message, hint = "unknown key", _HINTS[key]
    elif "extends" in known:
        message, hint = "unknown key in a file that extends another", "write the change as an edit of patch"
    else:
        message, hint = "unknown key", suggest(key, known)
    return Finding(keys, message, hint, at_key=True)


def _follow(model: type[BaseModel], tree: Node, loc: tuple[str | int, ...]) -> tuple[Keys, object, Node | None]:
    """The keys of the document in an error's location, without the tags of unions, and type and node of the last holder."""
    keys: list[str | int] = []
    kind: object = model
    holder_kind, holder = kind, tree
    node: Node | None = tree
    fresh = False  # right after what holds a value the location may name the member of a union that the value is
    for part in loc:
        if fresh and node is not None and _is_tag(kind, node, part):
            fresh = False
            continue
        child = _node_at(node, (part,)) if node is not None else None
        if child is None:
            if node is not None and isinstance(node.value, (dict, list)) and part != "[key]":
                holder_kind, holder = kind, node
            break
        holder_kind, holder = kind, node  # type: ignore[assignment]
        kind, node = child_type(kind, part, node), child
        keys.append(part)
        fresh = True
    return tuple(keys), holder_kind, holder


def _is_tag(kind: object, node: Node, part: str | int) -> bool:
    chosen = model_of(kind, node)
    several = [member for member in alternatives(kind) if member is not type(None)]
    return chosen is not None and len(several) > 1 and next(iter(fields_of(chosen))) == part
