"""The texts of the room's pages."""

from __future__ import annotations

import re

from chaos.room.pages import page_files

PAIR = re.compile(r'^  "([a-z.#_]+)": (\["(.*)", "(.*)"\]),$', re.MULTILINE)
USED = re.compile(r'"([a-z]+(?:\.[a-z_]+)*)"')


def test_texts_are_pairs_with_the_same_parts() -> None:
    """Every line of the texts is a name and two texts that are not empty and have the same parts; names are not given twice."""
    source = page_files()["texts.js"].read_text(encoding="utf-8")
    found = PAIR.findall(source)
    assert len(found) == source.count("\n  ")
    assert len({name for name, *_ in found}) == len(found)
    for name, _, en, zh in found:
        assert en, name
        assert zh, name
        assert sorted(re.findall(r"\{\w+\}", en)) == sorted(re.findall(r"\{\w+\}", zh)), name


def test_programs_make_no_markup_of_text() -> None:
    """No program of the pages puts text into the document as markup, or reaches elsewhere than its own server."""
    for name, path in page_files().items():
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function", text), name
        assert not re.search(r"https?://(?!www\.w3\.org/)", text), name


def test_every_text_that_is_named_is_there() -> None:
    """A name after t(, pair( or word( is one of the texts."""
    names = {name for name, *_ in PAIR.findall(page_files()["texts.js"].read_text(encoding="utf-8"))}
    for path in page_files().values():
        if path.suffix == ".js":
            asked = set(re.findall(r'\b(?:t|pair|word)\("([a-z._]+)"', path.read_text(encoding="utf-8")))
            assert asked <= names, (path.name, asked - names)
