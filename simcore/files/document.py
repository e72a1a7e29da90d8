"""YAML as a tree in which every value knows where it was written.

YAML 1.2 in spirit: `no`, `on`, `1:30` and `0o7` are text; only `true`, `false`, `null`, `~` and decimal numbers are anything
else. Keys are always text. Duplicate keys, tags, merge keys and several documents in a file are errors. Size, number of
values (aliases expanded) and depth are bounded, so that no file can take long.
"""

from __future__ import annotations

import math
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, cast

import yaml

from simcore.base.errors import InputError, os_reason, show_value

MAX_BYTES = 4_000_000
MAX_VALUES = 200_000
MAX_DEPTH = 64

_PARSER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TEXT_TAG = "tag:yaml.org,2002:str"
# Brackets that nest, and where a bracket is none: in comments, quoted text, block scalars and words. All but a closing one begin a word.
_FLOW = re.compile(
    r"""(?:^|(?<=[\s\[{,:]))(?:
      \#[^\n]* | "(?:[^"\\]|\\.)*+"? | '(?:[^']|'')*+'? | (?P<open>[\[{]) | [^\s\[\]{},:"'\#|>][^\s\]},:]*+
      | [|>][-+0-9]*[ \t]*(?:\#[^\n]*)?\n(?:[ \t]*\n)*+(?P<indent>[ ]+)[^\n]*(?:\n(?:(?P=indent)[^\n]*|[ \t]*(?=\n|\Z)))*+
    )|(?P<close>[\]}])""",
    re.DOTALL | re.MULTILINE | re.VERBOSE,
)

Scalar = str | int | float | bool | None


class Origin(NamedTuple):
    """Who wrote a value, and where. `line` and `column` count from 1; line 0 is a value without a place in a file."""

    layer: str
    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.layer}, {self.file}:{self.line}" if self.line else f"{self.layer}, {self.file}"

    def error(self, message: str, hint: str = "") -> InputError:
        return InputError(message, self.file, self.line, self.column, hint)


@dataclass(slots=True, eq=False)
class Node:
    """A value of a file. `key` is where its key stands; `edited` the edit that set it, if one did."""

    value: dict[str, Node] | list[Node] | Scalar
    origin: Origin
    key: Origin | None = None
    edited: Origin | None = None

    @classmethod
    def of(cls, value: object, origin: Origin) -> Node:
        """The tree of plain data, all of one origin."""
        if isinstance(value, dict):
            return cls({str(k): cls.of(v, origin) for k, v in value.items()}, origin, origin)
        if isinstance(value, (list, tuple)):
            return cls([cls.of(v, origin) for v in value], origin, origin)
        return cls(cast(Scalar, value), origin, origin)

    def plain(self) -> Any:
        """The data alone."""
        if isinstance(self.value, dict):
            return {k: v.plain() for k, v in self.value.items()}
        if isinstance(self.value, list):
            return [v.plain() for v in self.value]
        return self.value

    def copy(self) -> Node:
        value = self.value
        if isinstance(value, dict):
            value = {k: v.copy() for k, v in value.items()}
        elif isinstance(value, list):
            value = [v.copy() for v in value]
        return Node(value, self.origin, self.key, self.edited)

    def walk(self) -> Iterator[Node]:
        """This node and all below it."""
        yield self
        for child in self.children():
            yield from child.walk()

    def children(self) -> list[Node]:
        if isinstance(self.value, dict):
            return list(self.value.values())
        return self.value if isinstance(self.value, list) else []

    def get(self, key: str) -> Node | None:
        return self.value.get(key) if isinstance(self.value, dict) else None

    def text(self, key: str) -> str | None:
        """The text under a key, None if there is none or it is no text."""
        child = self.get(key)
        return child.value if child is not None and isinstance(child.value, str) else None


def display_path(path: Path) -> str:
    """The path as a person would write it: relative when below the working directory."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except (ValueError, OSError, RuntimeError):  # elsewhere; unreadable; a circle of symbolic links
        return str(path)


def read_text(path: Path) -> str:
    """The text of a file of bounded size. Raises InputError for whatever is not one."""
    file = display_path(path)
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise InputError("is a directory", file, hint="name a file in it")
        if not stat.S_ISREG(status.st_mode):
            raise InputError("is not a regular file", file, hint="write what it yields to a file first")
        if status.st_size > MAX_BYTES:
            size = f"{status.st_size / 1e6:.1f} MB"
            raise InputError(f"the file is too large ({size})", file, hint=f"at most {MAX_BYTES // 1_000_000} MB are read")
        raw = path.read_bytes()
    except FileNotFoundError:
        raise InputError("no such file", file, hint="check the path") from None
    except (OSError, ValueError) as error:
        raise InputError(f"cannot be read: {os_reason(error)}", file, hint="check the path and its permissions") from None
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line, column = _place_of(raw[: error.start].decode("utf-8"))
        bad = f"byte 0x{raw[error.start]:02x}"
        raise InputError(f"is not UTF-8 text ({bad})", file, line, column, "save the file as UTF-8") from None
    return text.removeprefix("\ufeff")


def _place_of(before: str) -> tuple[int, int]:
    """Line and column, from 1, of what follows a text."""
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def read_document(path: Path, layer: str) -> Node:
    """The mapping that a YAML file holds. Raises InputError."""
    file = display_path(path)
    node = parse_yaml(read_text(path), file, layer)
    if not isinstance(node.value, dict):
        raise node.origin.error(f"the file holds {show_value(node.plain())}, not a mapping", "begin with 'kind: …'")
    return node


def parse_yaml(text: str, file: str, layer: str) -> Node:
    """The tree of one YAML document. Raises InputError with the place."""
    bad = _UNPRINTABLE.search(text)
    if bad:
        line, column = _place_of(text[: bad.start()])
        message = f"unprintable character U+{ord(bad[0]):04X}"
        raise InputError(message, file, line, column, "YAML is printable text; is this a binary file?")
    deep = _too_deep(text)
    if deep is not None:
        raise InputError(f"nested deeper than {MAX_DEPTH} levels", file, *_place_of(text[:deep]), "flatten the file")
    try:
        return _Composer(text, file, layer).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        detail = f" (the parser says: {error.problem or error.context})" if error.problem or error.context else ""
        tab = "\t" in (text.splitlines() or [""])[min(line, len(text.splitlines())) - 1] if text else False
        hint = "indent with spaces, not tabs" if tab else "check indentation, colons and quotes here and just before"
        raise InputError(f"not well-formed YAML{detail}", file, line, column, hint) from None
    except yaml.YAMLError as error:
        raise InputError(
            f"not well-formed YAML (the parser says: {error})", file, 1, 1, "check that this is a YAML file"
        ) from None


def _too_deep(text: str) -> int | None:
    """Where brackets in brackets go beyond any depth that is read; None if nowhere.

    Parsers look far ahead and have limits of their own, so this is looked at before they see the text. It is a count, no parser:
    what it passes over, such as nesting by indentation, the composer refuses.
    """
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return None
    depth = 0
    for match in _FLOW.finditer(text):
        if match["open"]:
            depth += 1
            if depth > MAX_DEPTH + 1:  # the outermost is level 0
                return match.start()
        elif match["close"]:
            depth = max(0, depth - 1)
    return None


def resolve_scalar(text: str) -> Scalar:
    """What a plain scalar means. Raises ValueError for a number that no computer word holds."""
    if text in ("", "~", "null"):
        return None
    if text in ("true", "false"):
        return text == "true"
    if _INTEGER.fullmatch(text):
        if len(text) > 18:
            raise ValueError("the number is too large")
        return int(text)
    if _FLOAT.fullmatch(text):
        number = float(text)
        if not math.isfinite(number):
            raise ValueError("the number is too large")
        return number
    return text


class _Composer:
    """Turns parser events into nodes, counting as it goes."""

    def __init__(self, text: str, file: str, layer: str) -> None:
        self._events = iter(yaml.parse(text, Loader=_PARSER))
        self._file, self._layer = file, layer
        self._anchors: dict[str, Node | None] = {}
        self._left = MAX_VALUES

    def document(self) -> Node:
        next(self._events)  # stream start
        event = next(self._events)
        if isinstance(event, yaml.StreamEndEvent):
            raise InputError("the file is empty", self._file, 1, 1, "begin with 'kind: …'")
        node = self._node(next(self._events), 0)
        next(self._events)  # document end
        event = next(self._events)
        if not isinstance(event, yaml.StreamEndEvent):
            raise self._at(event).error("a second document begins", "write one document a file")
        return node

    def _at(self, event: yaml.Event) -> Origin:
        mark: Any = event.start_mark
        return Origin(self._layer, self._file, mark.line + 1, mark.column + 1)

    def _count(self, origin: Origin, values: int = 1) -> None:
        self._left -= values
        if self._left < 0:
            raise origin.error(f"the file holds more than {MAX_VALUES} values", "split it, or use fewer aliases")

    def _node(self, event: Any, depth: int) -> Node:
        origin = self._at(event)
        self._count(origin)
        if depth > MAX_DEPTH:
            raise origin.error(f"nested deeper than {MAX_DEPTH} levels", "flatten the file")
        if isinstance(event, yaml.AliasEvent):
            return self._alias(str(event.anchor), origin)
        if event.anchor is not None:
            self._anchors[event.anchor] = None  # known, but not complete: an alias inside would never end
        if event.tag is not None and event.tag not in ("!", _TEXT_TAG):
            raise origin.error(f"the tag {event.tag!r} is not known", "write the value without a tag")
        if isinstance(event, yaml.ScalarEvent):
            node = Node(self._scalar(event, origin), origin)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = Node(self._sequence(depth), origin)
        else:
            node = Node(self._mapping(depth), origin)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _alias(self, anchor: str, origin: Origin) -> Node:
        if anchor not in self._anchors:
            raise origin.error(f"no anchor &{anchor} stands before this alias", f"write '&{anchor}' at the value meant")
        node = self._anchors[anchor]
        if node is None:
            raise origin.error(f"the alias *{anchor} stands inside its own anchor", "repeat the value instead")
        for _ in node.walk():
            self._count(origin)
        return node.copy()

    def _scalar(self, event: yaml.ScalarEvent, origin: Origin) -> Scalar:
        if event.style or event.tag is not None:
            return str(event.value)
        try:
            return resolve_scalar(event.value)
        except ValueError as error:
            raise origin.error(f"{error} (value: {show_value(event.value)})", "write at most 18 digits, or quote it") from None

    def _sequence(self, depth: int) -> list[Node]:
        items = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(event, depth + 1))
        return items

    def _mapping(self, depth: int) -> dict[str, Node]:
        items: dict[str, Node] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            origin = self._at(event)
            if not isinstance(event, yaml.ScalarEvent):
                raise origin.error("a key must be a single word", "quote the value if a brace or bracket is meant as text")
            key = str(event.value)
            if key == "<<" and not event.style:
                raise origin.error("merge keys (<<) are not read", "write the keys out, or use extends and patch")
            if key in items:
                first = items[key].key
                assert first is not None
                raise origin.error(f"the key {key!r} stands twice (first in line {first.line})", "keep one of them")
            node = self._node(next(self._events), depth + 1)
            node.key = origin
            items[key] = node
        return items
