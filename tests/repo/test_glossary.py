"""The glossary: its tables are whole, every concept has a word in both languages, no word stands for two concepts."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "glossary.md"
HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
CHINESE = re.compile(r"[\u4e00-\u9fff]")
LATIN = re.compile(r"[A-Za-z]{2}")
CONCEPTS = ["concept", "English", "中文", "in files", "avoid"]
SEVERAL = ["word", "keeps it for", "the other meanings are called"]


class Table(NamedTuple):
    """A Markdown table: the heading it stands under, its columns, its rows."""

    section: str
    columns: list[str]
    rows: list[list[str]]


def cells(line: str) -> list[str]:
    """The cells of a row, without the bars at both ends."""
    return [cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|")]


def tables(text: str) -> list[Table]:
    """The tables of a Markdown text. AssertionError for a row that has not as many cells as its table has columns."""
    found: list[Table] = []
    section = ""
    for block in re.split(r"\n\s*\n", text):
        lines = block.strip().split("\n")
        if match := HEADING.match(lines[0]):
            section = match[1]
        if not lines[0].startswith("|"):
            continue
        head, rule, *rows = [cells(line) for line in lines]
        assert all(re.fullmatch(r":?-{3,}:?", cell) for cell in rule), f"no rule below {lines[0]}"
        uneven = [line for line, row in zip(lines[1:], [rule, *rows], strict=True) if len(row) != len(head)]
        assert uneven == [], f"{len(head)} columns, but: {uneven}"
        found.append(Table(section, head, rows))
    return found


def problems(row: list[str]) -> list[str]:
    """What is wrong with a row of concepts."""
    concept, english, chinese, files, avoid = row
    wrong = [f"no {name}" for name, cell in (("concept", concept), ("English", LATIN.search(english))) if not cell]
    wrong += [] if CHINESE.search(chinese) else ["no Chinese"]
    wrong += ["in files: write words of files as code"] if files and not files.startswith("`") else []
    used = {word.strip() for word in re.split(r"[,/]", english)} - {""}
    wrong += [f"avoid has the word itself: {word}" for word in re.split(r"[,;]\s*", avoid) if word in used]
    return wrong


def concept_rows() -> list[list[str]]:
    """The rows of all tables of concepts."""
    return [row for table in tables(PAGE.read_text(encoding="utf-8")) if table.columns == CONCEPTS for row in table.rows]


def test_tables_are_whole() -> None:
    """Every table is one of the two kinds, has rows, and every row has a cell for each column."""
    found = tables(PAGE.read_text(encoding="utf-8"))
    assert [table.section for table in found if table.columns not in (CONCEPTS, SEVERAL) or len(table.rows) < 10] == []
    assert len(found) >= 8
    assert sum(table.columns == SEVERAL for table in found) == 1


def test_every_concept_has_both_languages() -> None:
    """Each concept has its English and its Chinese word, and none of them is a word to avoid."""
    found = {row[0]: wrong for row in concept_rows() if (wrong := problems(row))}
    assert found == {}


def test_no_word_stands_for_two_concepts() -> None:
    """An English term, and a Chinese one, is that of one concept."""
    english = Counter(row[1] for row in concept_rows())
    chinese = Counter(re.sub(r"[ ✓○]", "", row[2]) for row in concept_rows())
    assert [word for word, count in (english + chinese).items() if count > 1] == []


def test_words_with_several_meanings_are_in_order() -> None:
    """They can be looked up: sorted by their first letters, and what keeps the word is said in both languages or needs no other."""
    (table,) = [t for t in tables(PAGE.read_text(encoding="utf-8")) if t.columns == SEVERAL]
    assert [row[0] for row in table.rows] == sorted(row[0] for row in table.rows)
    assert [row[0] for row in table.rows if not all(row)] == []


def test_words_of_files_are_words_of_files() -> None:
    """What the tables say stands in files does: in a shipped file, a schema, a text of reports, or the code that writes results."""
    places = [(ROOT / "scenarios", "*.yaml"), (ROOT / "docs/schema", "*.json"), (ROOT / "chaos", "*.json")]
    places += [(ROOT / package, "*.py") for package in ("simcore", "chaos")]
    text = "\n".join(path.read_text(encoding="utf-8") for folder, pattern in places for path in sorted(folder.rglob(pattern)))
    named = {word for row in concept_rows() for word in re.findall(r"`([^`]+)`", row[3])}
    assert [w for w in sorted(named) if not re.search(rf"(?<![\w-]){re.escape(w.removesuffix('/…'))}(?![\w-])", text)] == []
    assert len(named) > 100


@pytest.mark.parametrize(
    ("row", "wrong"),
    [
        (["a", "crash", "宕机", "`crash`", ""], []),
        (["a", "", "宕机", "", ""], ["no English"]),
        (["a", "crash", "", "", ""], ["no Chinese"]),
        (["a", "crash", "宕机", "crash", ""], ["in files: write words of files as code"]),
        (["a", "crash", "宕机", "", "stop, crash"], ["avoid has the word itself: crash"]),
    ],
    ids=["whole", "no English", "no Chinese", "no code", "itself"],
)
def test_wrong_rows_are_found(row: list[str], wrong: list[str]) -> None:
    """Each mistake in a row of concepts is caught; a whole row has none."""
    assert problems(row) == wrong


def test_uneven_tables_are_found() -> None:
    """A row with a cell too few is caught."""
    with pytest.raises(AssertionError, match="2 columns"):
        tables("| a | b |\n|---|---|\n| c |\n")
