"""How a value is written is said once a unit, in chaos/measures/formatting.py: no other module of chaos writes figures its own way."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HOME = "chaos/measures/formatting.py"
OTHERWISE = {
    "chaos/faults/document.py": "bounds of a schema, to all digits, in the page of a fault",
    "chaos/documents/triggers.py": "a sum in a message about a file; documents are below measures",
}
FIGURE = re.compile(r"[,%]|\.\d|[efgn]$")
"""A format that separates thousands, is a percentage, or says how many digits; widths and alignment alone are none."""

MODULES = [path for path in sorted((ROOT / "chaos").rglob("*.py")) if path.relative_to(ROOT).as_posix() not in {HOME, *OTHERWISE}]


def own_formats(source: str) -> list[str]:
    """Every place where a module writes a figure itself: in an f-string, by `format`, or by cutting a time of day."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FormattedValue) and node.format_spec is not None:
            spec = ast.unparse(node.format_spec).removeprefix("f").strip("'\"")
            if FIGURE.search(re.sub(r"\{.*?\}", "", spec)):
                found.append(f"line {node.lineno}: :{spec}")
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(r"\{:[^{}]+\}", node.value):
            found.append(f"line {node.lineno}: {node.value}")
        if (
            isinstance(node, ast.Subscript)
            and isinstance(node.value, ast.Call)
            and ast.unparse(node.value.func) == "format_clock"
        ):
            found.append(f"line {node.lineno}: {ast.unparse(node)}")
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_figures_are_written_in_one_place(path: Path) -> None:
    """A module asks chaos/measures/formatting.py."""
    assert own_formats(path.read_text(encoding="utf-8")) == []


def test_exceptions_are_needed() -> None:
    """What is spared does write a figure of its own, and so does the one home."""
    for name in (HOME, *OTHERWISE):
        assert own_formats((ROOT / name).read_text(encoding="utf-8")) != [], name


def test_templates_write_none() -> None:
    """Pages are given the functions."""
    for path in sorted((ROOT / "chaos/reports/templates").glob("*.html")):
        assert not re.search(r"\.format\(|\|\s*(format|round)", path.read_text(encoding="utf-8")), path.name


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ('f"{n:,}"', 1),
        ('f"{share:.1%}"', 1),
        ('f"{seconds:>9,.0f} s"', 1),
        ('f"{level:.3g} {x:g}"', 2),
        ('f"{x:.{digits}f}"', 1),
        ('"{:,}".format(n)', 1),
        ("format_clock(t)[:5]", 1),
        ('f"{name:<30} {count:>6} {n:02d}"', 0),
        ('f"{name:{width}}"', 0),
    ],
)
def test_own_formats_are_found(source: str, count: int) -> None:
    """Digits, percentages and thousands are; widths are not."""
    assert len(own_formats(source)) == count
