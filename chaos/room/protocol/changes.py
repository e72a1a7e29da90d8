"""The state of a seat as it changes: what a tick says, and what a state is after it.

A state is an object of plain data. A tick has each of its top-level keys whole that is another than before, but of the lists that only
grow, `log` and the rows of `orders`, what is new: {"from": index, "rows": [...]}.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

JsonObject = dict[str, JsonValue]


def changes(before: Mapping[str, JsonValue], after: Mapping[str, JsonValue]) -> JsonObject:
    """What a tick says when the state `before` becomes `after`; a key that has gone is null."""
    found: JsonObject = {key: None for key in before if key not in after}
    for key, value in after.items():
        old = before.get(key)
        if key in before and old == value:
            continue
        if key == "log" and isinstance(value, list):
            found[key] = _grown(old, value)
        elif key == "orders" and isinstance(value, dict) and isinstance(old, dict) and isinstance(value.get("rows"), list):
            rest = {name: item for name, item in value.items() if name != "rows" and old.get(name) != item}
            found[key] = {**rest, "rows": _grown(old.get("rows"), value["rows"])}
        else:
            found[key] = value
    return found


def _grown(old: JsonValue, new: JsonValue) -> JsonValue:
    assert isinstance(new, list)
    known = old if isinstance(old, list) else []
    same = next((n for n, (a, b) in enumerate(zip(known, new, strict=False)) if a != b), min(len(known), len(new)))
    return {"from": same, "rows": new[same:]}


def applied(state: Mapping[str, JsonValue], tick: Mapping[str, JsonValue]) -> JsonObject:
    """The state after a tick's changes; the one before is left as it is."""
    after = dict(state)
    for key, value in tick.items():
        if value is None:
            after.pop(key, None)
        elif key == "log":
            after[key] = _continued(state.get(key), value)
        elif key == "orders" and isinstance(value, dict):
            old = state.get(key)
            known = old if isinstance(old, dict) else {}
            after[key] = {**known, **value}
            if "rows" in value:
                after[key] = {**known, **value, "rows": _continued(known.get("rows"), value["rows"])}
        else:
            after[key] = value
    return after


def _continued(old: JsonValue, more: JsonValue) -> JsonValue:
    if not isinstance(more, dict):
        return more
    known, start, rows = old if isinstance(old, list) else [], more["from"], more["rows"]
    assert isinstance(start, int)
    assert isinstance(rows, list)
    return [*known[:start], *rows]
