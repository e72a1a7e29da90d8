"""The numbers that are marked as guesses in the shipped core, its options and its workloads: each has a range in `known:`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from simcore.files.document import display_path
from simcore.files.loading import Resolved
from simcore.files.patch import apply_layers, command_line_layer
from simcore.files.validation import validate
from simcore.library import LIBRARY
from simcore.model.architecture import Architecture
from simcore.model.workload import Workload

MODELS = {"architecture": Architecture, "workload": Workload}
COMMENT = re.compile(r"(?:^|\s)#(?P<said>.*)$")
MARK = re.compile(r"\bguess", re.IGNORECASE)


def of_the_core(kind: str, root: str) -> dict[str, Path]:
    """The file of this name, and all that extend it in the end."""
    shipped = LIBRARY.shipped(kind)
    base = {
        name: re.search(r"^extends: (\S+)$", path.read_text(encoding="utf-8"), re.MULTILINE) for name, path in shipped.items()
    }
    found = {root}
    while more := {name for name, match in base.items() if match and match[1] in found} - found:
        found |= more
    return {name: shipped[name] for name in sorted(found)}


FILES = [
    (kind, name, file)
    for kind, root in (("architecture", "legacy-coupled"), ("workload", "normal-day"))
    for name, file in of_the_core(kind, root).items()
    if MARK.search(file.read_text(encoding="utf-8"))
]


def indent_of(line: str) -> int:
    """How far a line is indented."""
    return len(line) - len(line.lstrip())


def end_of_block(lines: list[str], first: int, *, alone: bool) -> int:
    """The index after the last line of the block that begins at one: all that is indented more; of a block that a comment stands `alone`
    before also what follows without an empty line and without another comment."""
    for j in range(first + 1, len(lines)):
        if not lines[j].strip():
            continue
        before = lines[j - 1].strip()
        apart = not before or before.startswith("#")
        if indent_of(lines[j]) < indent_of(lines[first]) or (
            indent_of(lines[j]) == indent_of(lines[first]) and (apart or not alone)
        ):
            return j
    return len(lines)


def marked_blocks(text: str) -> list[range]:
    """For each comment with the word guess the lines, from 1, of what it is about: its own line, if there is a number, else the block that
    begins there; of a comment that stands alone, the block that follows."""
    lines, found = text.splitlines(), []
    for i, line in enumerate(lines):
        comment = COMMENT.search(line)
        if comment is None or not MARK.search(comment["said"]):
            continue
        said = line[: comment.start()].strip()
        first = i if said else next((j for j in range(i, len(lines)) if lines[j].strip() and lines[j].lstrip()[0] != "#"), None)
        if first is not None:
            own = said and any(c.isdigit() for c in said)
            found.append(range(first + 1, (first + 1 if own else end_of_block(lines, first, alone=not said)) + 1))
    return found


def known_lines(found: Resolved[Architecture] | Resolved[Workload], file: Path) -> set[int]:
    """The lines of a file that write something of which an entry speaks."""
    places = [node for entry in found.known for value in entry.values for node in value.place.node.walk()]  # type: ignore[union-attr]
    return {node.origin.line for node in places if node.origin.file == display_path(file)}


def unknown_guesses(text: str, lines: set[int]) -> list[str]:
    """The marked places of a file of whose numbers none is known."""
    head = text.partition("\nknown:")[0]
    return [
        f"line {block[0]}: {text.splitlines()[block[0] - 1].strip()}" for block in marked_blocks(head) if lines.isdisjoint(block)
    ]


@pytest.mark.parametrize(("kind", "name", "file"), FILES, ids=[name for _, name, _ in FILES])
def test_every_number_marked_as_a_guess_has_a_range(kind: str, name: str, file: Path) -> None:
    """No comment says guess of a number of which `known:` says nothing; and both ends of every range can be run."""
    text = file.read_text(encoding="utf-8")
    found = LIBRARY.resolve(name, MODELS[kind])
    assert unknown_guesses(text, known_lines(found, file)) == []
    assert [entry.path for entry in found.known if entry.known.how == "guess" and entry.range is None] == []
    own = [entry for entry in found.known if entry.range is not None and entry.origin.file == display_path(file)]
    for end in (0.0, 1.0):
        tree = found.tree.copy()
        apply_layers(tree, MODELS[kind], [command_line_layer([a for entry in own for a in entry.assignments_at(end)])])
        validate(MODELS[kind], tree)


def test_a_guess_without_a_range_is_found() -> None:
    """On its own line, before a block, and at the head of a patch."""
    text = "a: 1 # guess\n# these are guesses\nb:\n  c: 2\n  d: 3\ne: 4 # [6]\n# guess\nf: 5\n\ng: 6\nknown:\n  a: {} # guess\n"
    assert [list(block) for block in marked_blocks(text.partition("\nknown:")[0])] == [[1], [3, 4, 5, 6, 7], [8, 9]]
    assert unknown_guesses(text, {1, 4}) == ["line 8: f: 5"]
    assert unknown_guesses(text, {10}) == ["line 1: a: 1 # guess", "line 3: b:", "line 8: f: 5"]
