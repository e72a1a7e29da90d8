"""The page of a run in Chinese: of shipped scenarios nothing English is left on it but names and code."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import Result
from pydantic import JsonValue

from chaos.reports.run.page import run_page
from chaos.results.stored_run import read_run

LATIN = re.compile(r"[A-Za-z]{2,}")
ALLOWED = {
    *("coredrill", "English", "ECharts", "Apache"),  # what made the page, and the way to English
    *(
        "App",
        "PC",
        "UPS",
        "SMARS",
        "DORA",
        "ICT",
        "major",
        "JavaScript",
        "Shift",
        "Home",
        "End",
        "spans",
    ),  # as in texts of the package
}
SILENT = ("style", "code", "script")
VOID = ("meta", "br", "link", "input", "img", "path", "rect", "circle", "line", "wbr")


class Page(HTMLParser):
    """What a reader of the Chinese page sees: everything that is not marked as English, and what its program shows."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[tuple[str, str | None, str | None]] = []
        self.texts: list[str] = []
        self.data = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.texts += [value for key in ("title", "aria-label", "alt") if (value := given.get(key))]
        if tag not in VOID:
            self.open.append((tag, given.get("lang"), given.get("id")))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.texts += [value for key, value in attrs if key in ("title", "aria-label", "alt") and value]

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if any(name == "data" for _, _, name in self.open):
            self.data += data
        elif not any(tag in SILENT for tag, *_ in self.open):
            language = next((lang for _, lang, _ in reversed(self.open) if lang), "zh-CN")
            self.texts += [data] if language != "en" else []


def chinese_in(value: JsonValue) -> Iterator[str]:
    """The Chinese of every text in two languages."""
    if isinstance(value, dict) and set(value) == {"en", "zh"}:
        yield str(value["zh"])
    elif isinstance(value, dict):
        for item in value.values():
            yield from chinese_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from chinese_in(item)


def untranslated_texts(page: str) -> dict[str, list[str]]:
    """Texts with words of English that are no allowed names, and those words."""
    read = Page(page)
    found = {}
    for text in (*read.texts, *chinese_in(json.loads(read.data))):
        words = [word for word in LATIN.findall(text.replace("{step}", "")) if word not in ALLOWED]
        if words:
            found[text.strip()] = words
    return found


@pytest.mark.parametrize(
    "scenario",
    [
        "requirements/people/slipped-digit-threads",
        pytest.param("incidents/citic-2023-06-19", marks=pytest.mark.slow),
        pytest.param("drills/counter-failover-at-0931", marks=pytest.mark.slow),
    ],
)
def test_shipped_scenarios(scenario: str, drill: Callable[..., Result], tmp_path: Path) -> None:
    """Titles, figures, story, charts, timeline, severity, reasons, events."""
    drill("replay", scenario, "--journal", str(tmp_path))
    (folder,) = tmp_path.iterdir()
    page = run_page(read_run(folder), "zh").replace("coredrill report FOLDER --csv FILE", "")
    assert untranslated_texts(page) == {}


def test_english_is_found() -> None:
    """In text, in an attribute, in the program's data; code and what is marked as English is left out."""
    data = json.dumps({"a": [{"en": "one", "zh": "one two"}]})
    page = (
        f"<html lang='zh-CN'><p title='three'>四 five <span lang='en'>six</span><span lang='zh-CN'>seven</span><code>eight</code></p>"
        f"<script id='data'>{data}</script></html>"
    )
    assert untranslated_texts(page) == {"three": ["three"], "四 five": ["five"], "seven": ["seven"], "one two": ["one", "two"]}
