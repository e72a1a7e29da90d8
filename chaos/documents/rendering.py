"""Files as text for people: resolved YAML with origins, differences, an architecture at a glance."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from pydantic import BaseModel

from simcore.base.errors import one_line
from simcore.base.units import format_duration
from simcore.files.document import Node, Scalar, resolve_scalar
from simcore.files.knowledge import SECTION
from simcore.files.loading import Resolved
from simcore.model.architecture import Architecture, Pool
from simcore.model.distributions import Distribution

_BARE = re.compile(r"[A-Za-z0-9_./~%+-][A-Za-z0-9_./%+#-]*")
_NOT_RAW = re.compile("[\x7f-\x9f\u2028\u2029\ufeff]")


def to_yaml(tree: Node, *, origins: bool = False) -> str:
    """The document as YAML, with the origin of every value as a comment if asked; reading it again gives the same data."""
    lines = list(_lines(tree, "", origins))
    return "".join(f"{line}\n" for line in lines)


def _lines(node: Node, indent: str, origins: bool) -> Iterator[str]:
    """The lines of a mapping or list; a leaf is the single line that `_leaf` makes."""
    if isinstance(node.value, dict) and node.value:
        for key, child in node.value.items():
            word = _word(key, is_key=True)
            if child.children():
                yield f"{indent}{word}:"
                yield from _lines(child, indent + "  ", origins)
            else:
                yield f"{indent}{word}: {_leaf(child, origins)}"
    elif isinstance(node.value, list) and node.value:
        for child in node.value:
            inner = list(_lines(child, indent + "  ", origins))
            yield f"{indent}- {inner[0].removeprefix(indent + '  ')}"
            yield from inner[1:]
    else:
        yield f"{indent}{_leaf(node, origins)}"


def _leaf(node: Node, origins: bool) -> str:
    text = "{}" if isinstance(node.value, dict) else "[]" if isinstance(node.value, list) else _word(node.value)
    return f"{text}  # {one_line(str(node.origin))}" if origins else text


def _word(value: Scalar, *, is_key: bool = False) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if not isinstance(value, str):
        return repr(value)
    if _BARE.fullmatch(value) and value not in ("-", "...", "---") and (is_key or _is_text(value)):
        return value
    return _NOT_RAW.sub(lambda m: f"\\u{ord(m[0]):04x}", json.dumps(value, ensure_ascii=False))


def _is_text(value: str) -> bool:
    try:
        return resolve_scalar(value) == value and isinstance(resolve_scalar(value), str)
    except ValueError:
        return False


def differences(a: Resolved[BaseModel], b: Resolved[BaseModel]) -> list[str]:
    """What differs, path by path: ``- path: value`` stands in A alone, ``+`` in B alone, ``~ path: a → b`` in both. What is known of values
    is no difference."""
    left, right = ({p: node for p, node in side.leaves.items() if not p.startswith(f"{SECTION}[")} for side in (a, b))
    lines = []
    for path in [*left, *(p for p in right if p not in left)]:
        if path not in right:
            lines.append(f"- {path}: {_leaf(left[path], False)}")
        elif path not in left:
            lines.append(f"+ {path}: {_leaf(right[path], False)}")
        elif left[path].plain() != right[path].plain():
            lines.append(f"~ {path}: {_leaf(left[path], False)} → {_leaf(right[path], False)}")
    kept_left, kept_right = [p for p in left if p in right], [p for p in right if p in left]
    order_left, order_right = _order_of_lists(kept_left), _order_of_lists(kept_right)
    lines += [f"~ {path}: other order" for path, items in order_left.items() if items != order_right.get(path)]
    return [one_line(line) for line in lines]


def _order_of_lists(paths: list[str]) -> dict[str, list[str]]:
    """The order of the items of every list, by the list's path."""
    items: dict[str, list[str]] = {}
    for path in paths:
        for match in re.finditer(r"\[[^\]]*\]", path):
            names = items.setdefault(path[: match.start()], [])
            if match[0] not in names:
                names.append(match[0])
    return items


def summary(architecture: Architecture) -> str:
    """An architecture at a glance: pools, services with their operations, flows."""
    lines = [architecture.name + (f": {architecture.title}" if architecture.title else "")]
    if architecture.description:
        lines += ["", architecture.description.strip()]
    lines += ["", "pools"] if architecture.pools else []
    lines += [f"  {name}: {_pool(pool)}" for name, pool in architecture.pools.items()]
    lines += ["", "services"]
    for name, service in architecture.services.items():
        standby = f" + {service.standby.replicas} standby" if service.standby else ""
        on = f", on {', '.join(service.pools)}" if service.pools else ""
        lines.append(f"  {name}: {service.replicas}{standby}{on}; {', '.join(service.operations) or 'no operations'}")
    if architecture.links:
        lines += ["", "links"]
    lines += [f"  {link.source} → {link.target}: {_duration(link.latency)}" for link in architecture.links]
    lines += ["", "flows"]
    lines += [f"  {name}: {flow.kind}{', recorded' if flow.record else ''}" for name, flow in architecture.flows.items()]
    return "\n".join(lines) + "\n"


def _pool(pool: Pool) -> str:
    each = " for each replica" if pool.per == "replica" else ""
    return f"{pool.slots} slots{each}, queue {pool.queue}, {pool.discipline}"


def _duration(distribution: Distribution) -> str:
    return format_duration(distribution.constant) if distribution.constant is not None else distribution.kind
