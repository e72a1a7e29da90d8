"""Only the command line writes to the terminal: the library gives results, and says how far it is through an interface."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WRITERS = ("chaos/cli/", "chaos/__main__.py", "chaos/live/lifetime.py", "chaos/live/node/__main__.py")
"""The command line; and what the processes of a twin say to their supervisor."""
PRODUCT = [
    path
    for package in ("simcore", "chaos")
    for path in sorted((ROOT / package).rglob("*.py"))
    if not path.relative_to(ROOT).as_posix().startswith(WRITERS)
]


def writes(source: str) -> list[str]:
    """What of a module writes to standard output or standard error; what it does as a program of its own is left out."""
    found = []
    for node in _as_module(ast.parse(source)):
        if isinstance(node, ast.Attribute) and ast.unparse(node) in ("sys.stdout", "sys.stderr", "click.echo"):
            found.append(f"line {node.lineno}: {ast.unparse(node)}")
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            found.append(f"line {node.lineno}: print")
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("Console") and not node.keywords:
            found.append(f"line {node.lineno}: {ast.unparse(node.func)} on standard output")
    return found


def _as_module(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.If) and ast.unparse(child.test) == "__name__ == '__main__'"):
            yield from _as_module(child)


@pytest.mark.parametrize("path", PRODUCT, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_the_library_prints_nothing(path: Path) -> None:
    """Nothing outside chaos/cli writes to standard output or standard error."""
    assert writes(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("import sys\ndef f():\n    sys.stderr.write('x')\n", 1),
        ("print('x')\n", 1),
        ("import click\nclick.echo('x')\n", 1),
        ("from rich.console import Console\nConsole().print('x')\n", 1),
        ("if __name__ == '__main__':\n    print('x')\n", 0),
        ("def f(console):\n    console.print('x')\n", 0),
    ],
)
def test_writing_is_found(source: str, count: int) -> None:
    """Each way of writing is caught; a module that is run as a program may write, and so may whoever is given a console."""
    assert len(writes(source)) == count
