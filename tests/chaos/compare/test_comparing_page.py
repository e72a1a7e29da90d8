"""docs/comparing.md: its small table is what its command prints, and its large one speaks of everything there is."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from chaos.cli.main import main
from chaos.compare.cases import cases_of
from chaos.reports.tables import short_names

PAGE = Path(__file__).resolve().parents[3] / "docs" / "comparing.md"
BLOCK = re.compile(r"<!-- made by: coredrill ([^\n]*?) -->\n(.*?)<!-- end -->", re.DOTALL)


def blocks() -> list[tuple[list[str], str]]:
    """(arguments, what the page says they print) of each table."""
    return [(shlex.split(command), text) for command, text in BLOCK.findall(PAGE.read_text(encoding="utf-8"))]


@pytest.mark.slow
def test_the_small_table_is_true() -> None:
    """The command prints what the page has, to the letter; `python benchmarks/compare.py page --only bank-hang` makes it again."""
    arguments, text = blocks()[1]
    assert CliRunner().invoke(main, arguments, catch_exceptions=False).stdout == text


def test_the_large_table_has_everything() -> None:
    """Every scenario of both suites and every architecture of its command, at least eight options."""
    arguments, text = blocks()[0]
    architectures = arguments[arguments.index("--architectures") + 1].split(",")
    assert len(architectures) >= 9
    heads = [line for line in text.splitlines() if line.startswith("| scenario")]
    assert len(heads) == 3
    for head in heads:
        assert [word.strip() for word in head.strip("| ").split("|")] == ["scenario", *short_names(architectures)]
    names = short_names([case.scenario for case in cases_of(arguments[1:3], None)])
    for name in names:
        found = re.findall(rf"^\| {re.escape(name)} +\||(?<=[:,]) {re.escape(name)}(?=[,.])", text, re.MULTILINE)
        assert len(found) == 3, name
