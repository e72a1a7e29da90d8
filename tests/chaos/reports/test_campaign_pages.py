"""The pages about many runs (comparison, coverage, sweep): one style, both languages, nothing by colour alone, usable by everybody."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from functools import cache
from html.parser import HTMLParser
from typing import Any

import pytest
from axe import program, serious
from made_comparison import made_comparison
from made_coverage import made_coverage
from made_sweep import made_sweep

from chaos.i18n.texts import shipped_name
from chaos.measures.formatting import Language
from chaos.reports.comparison import comparison_page
from chaos.reports.coverage import GLYPHS, STYLES, page
from chaos.reports.coverage_lines import lines
from chaos.reports.sweep import sweep_page
from chaos.reports.tables import comparison, sweep
from chaos.results.comparison import ComparisonResult

KINDS = ["compare", "coverage", "sweep", "sweep-of-one"]
N = 40
VALUES = {
    "incidents/a": {"base": [0.4] * N, "options/good": [0.0] * N, "options/bad": [0.9] * N},
    "incidents/b": {
        "base": [0.4] * N,
        "options/good": [0.42, 0.38] * (N // 2),
        "options/bad": [0.4] * (N // 2) + [0.7] * (N // 2),
    },
    "incidents/c": {"base": [0.0] * N, "options/good": [0.0] * N, "options/bad": [0.0005] * N},
    "incidents/d": {"base": [0.9] * N, "options/good": [0.0] * N, "options/bad": None},
}
OURS = ("coredrill", "English", "base", "good", "bad", "smoke", "load", "brokers")
"""What the made results call things, beside names with a sign in them such as ``pool-leak@counter``."""
NAMES = re.compile(r"\w*[-@/_.#][\w./@#-]*", re.ASCII)
MESSAGES = ("the workload has no calendar", "it lacks it")
"""What the program says of files that do not fit; such messages are in English everywhere."""


@cache
def compared() -> ComparisonResult:
    """Two options in four cases, everything from better to not comparable among them."""
    return made_comparison(VALUES)


@cache
def made(kind: str, language: Language = "en") -> str:
    """A page of each kind."""
    makers: dict[str, Callable[[], str]] = {
        "compare": lambda: comparison_page(compared(), language),
        "coverage": lambda: page(made_coverage(), language),
        "sweep": lambda: sweep_page(made_sweep(), language),
        "sweep-of-one": lambda: sweep_page(made_sweep(two=False), language),
    }
    return makers[kind]()


@pytest.fixture(scope="module", params=["compare", "coverage", "sweep"])
def shown(request: pytest.FixtureRequest, browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A page in the browser, with all that folds open; each test sets what it looks at it with."""
    file = tmp_path_factory.mktemp("campaign") / f"{request.param}.html"
    file.write_text(made(request.param, "zh"), encoding="utf-8")
    context = browser.new_context(bypass_csp=True)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda made: complaints.append(made.url) if not made.url.startswith("file:") else None)
    page.goto(file.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
    yield page
    context.close()
    assert complaints == []


# --- both languages --------------------------------------------------------------------------------------------------------------


class Chinese(HTMLParser):
    """What a reader of the Chinese page sees, code and messages in English left out."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[tuple[str, str | None]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.texts += [value for key in ("title", "aria-label") if (value := given.get(key))]
        if tag not in ("meta", "br", "path", "rect", "circle", "line", "polygon", "polyline"):
            self.open.append((tag, given.get("lang")))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Shapes of a drawing say nothing."""

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        hidden = any(tag in ("style", "script", "code") or lang == "en" for tag, lang in self.open)
        self.texts += [] if hidden else [data]


def english(texts: list[str]) -> dict[str, list[str]]:
    """Texts with words that are neither Chinese nor names, and those words."""
    found = {text.strip(): re.findall(r"[A-Za-z]{2,}", NAMES.sub("", text)) for text in texts}
    return {text: left for text, words in found.items() if (left := [word for word in words if word not in OURS])}


@pytest.mark.parametrize("kind", KINDS)
def test_no_english_is_left_on_the_chinese_page(kind: str) -> None:
    """But names of scenarios, defects, measures' paths, and code."""
    assert english(Chinese(made(kind, "zh")).texts) == {}
    assert made(kind, "zh").count('<html lang="zh-CN">') == 1


def test_no_english_is_left_in_the_terminal() -> None:
    """The same of what the commands print with `--lang zh`."""
    said = [
        *lines(made_coverage(), "zh"),
        *comparison(compared(), "zh"),
        *sweep(made_sweep(), "zh"),
        *sweep(made_sweep(two=False), "zh"),
    ]
    assert english([line for line in said if not line.endswith(MESSAGES)]) == {}


def test_english_is_found() -> None:
    """In a text, in an attribute; what is marked as English, and code, is left out."""
    text = "<p title='one two'>三 four<span lang='en'>five</span><code>six</code><b>pool-leak@counter</b></p>"
    assert english(Chinese(text).texts) == {"one two": ["one", "two"], "三 four": ["four"]}


# --- nothing by colour alone, and no colour for what is not decided -----------------------------------------------------------------


def test_a_trial_that_is_not_decided_is_neither_green_nor_red() -> None:
    """Unknown, unknown because what must happen did not, over its budget: hatched, with a glyph of its own; no glyph stands for two."""
    assert [outcome for outcome, style in STYLES.items() if style == "up"] == ["killed"]
    assert [outcome for outcome, style in STYLES.items() if style == "open"] == ["unknown", "averted", "timed out"]
    assert len({*GLYPHS.values()}) == len(GLYPHS)


PAINTED = """(style) => [...document.querySelectorAll(`td.${style}`)].map((cell) => {
  const s = getComputedStyle(cell), soft = getComputedStyle(document.querySelector('.sub')).color;
  return [s.backgroundColor, s.backgroundImage.slice(0, 9), s.outlineStyle, s.color === soft].join(' ') })"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_is_not_decided_has_no_colour(scheme: str, shown: Any) -> None:
    """As it is painted: no ground but a hatch, a dashed outline, and letters in the grey of notes; what is decided has a ground."""
    look(shown, scheme=scheme)
    assert {*shown.evaluate(PAINTED, "open")} == {"rgba(0, 0, 0, 0) repeating dashed true"}
    decided = shown.evaluate(PAINTED, "up")
    assert decided
    assert not any(cell.startswith("rgba(0, 0, 0, 0)") for cell in decided)


# --- for everybody ---------------------------------------------------------------------------------------------------------------


def look(page: Any, *, scheme: str = "light", width: int = 1280, language: str = "en", media: str = "screen") -> None:
    """Sets what a page is looked at with, and undoes what the test before chose by its buttons."""
    page.emulate_media(color_scheme=scheme, media=media)
    page.set_viewport_size({"width": width, "height": 844})
    page.evaluate("(lang) => { document.documentElement.lang = lang; delete document.documentElement.dataset.theme; }", language)


def test_people_with_a_screen_reader_can_use_it(shown: Any) -> None:
    """axe-core finds nothing serious: narrow and dark in Chinese, and, with COREDRILL_TEST_PAGES=all, wide and light in English."""
    shown.evaluate(program())
    looks: list[dict[str, Any]] = [{"scheme": "dark", "width": 390, "language": "zh-CN"}]
    looks += [{"scheme": "light"}, {"scheme": "dark"}] if os.environ.get("COREDRILL_TEST_PAGES") == "all" else []
    for options in looks:
        look(shown, **options)
        assert serious(shown) == [], options


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_a_phone_can_read_it(language: str, shown: Any) -> None:
    """390 px wide nothing but what scrolls by itself is wider, and no text of a drawing is below 9 px."""
    look(shown, width=390, language=language)
    assert shown.evaluate("document.documentElement.scrollWidth") <= 390
    smallest = """Math.min(...[...document.querySelectorAll('svg text')].filter((t) => t.getClientRects().length).map((t) => {
      const svg = t.ownerSVGElement; return parseFloat(getComputedStyle(t).fontSize) * svg.clientWidth / svg.viewBox.baseVal.width }))"""
    assert shown.evaluate(smallest) >= 9


def test_it_is_used_by_keyboard(shown: Any) -> None:
    """The first stop is the way to the result; the buttons of language and light work; what scrolls can be reached."""
    look(shown)
    first = "document.querySelectorAll('a[href], button, summary, [tabindex=\"0\"]')[0].className"
    assert shown.evaluate(first) == "skip"
    shown.focus("#language")
    shown.keyboard.press("Enter")
    assert shown.evaluate("document.documentElement.lang") == "zh-CN"
    shown.focus("#theme")
    shown.keyboard.press("Enter")
    assert shown.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"
    assert shown.evaluate("[...document.querySelectorAll('.scroll')].every((one) => one.tabIndex === 0)")


def test_paper_is_light(shown: Any) -> None:
    """Printed from a dark page it has dark letters on white, without buttons."""
    look(shown, scheme="dark", media="print")
    shown.evaluate("document.documentElement.dataset.theme = 'dark'")
    style = "getComputedStyle(document.body)"
    assert shown.evaluate(f"{style}.backgroundColor") == "rgb(255, 255, 255)"
    assert shown.evaluate(f"{style}.color") == "rgb(27, 33, 39)"
    assert not shown.is_visible("#theme")
    assert not shown.is_visible(".top nav")


def test_the_pages_have_one_sheet() -> None:
    """The same style in each."""
    sheets = {re.search(r"<style>(.*?)</style>", made(kind), re.DOTALL)[1] for kind in KINDS}  # type: ignore[index]
    assert len(sheets) == 1


def test_names_in_chinese_are_those_of_the_package() -> None:
    """An environment that ships is called as elsewhere."""
    assert shipped_name("staging").zh in made("coverage", "zh")


@pytest.mark.parametrize("kind", ["compare", "coverage", "sweep", "sweep-of-one"])
def test_a_flow_of_the_users_own_is_not_called_like_a_shipped_one(kind: str) -> None:
    """A measure of `transfer`, in page and terminal: where the user's files define that name, it stays as they write it."""
    results: dict[str, tuple[Any, Callable[[Any], list[str]]]] = {
        "compare": (compared(), lambda r: [comparison_page(r, "zh"), *comparison(r, "zh")]),
        "coverage": (made_coverage(), lambda r: [page(r, "zh"), *lines(r, "zh")]),
        "sweep": (made_sweep(), lambda r: [sweep_page(r, "zh"), *sweep(r, "zh")]),
        "sweep-of-one": (made_sweep(two=False), lambda r: [sweep_page(r, "zh"), *sweep(r, "zh")]),
    }
    made_result, shown_as = results[kind]
    text = made_result.model_dump_json()
    for measure in ("orders.failed_share", '["impaired_s"]'):
        text = text.replace(measure, measure.replace(measure.strip('[]"'), "flows.transfer.failed_share"))
    shipped = type(made_result).model_validate_json(text)
    own = shipped.model_copy(update={"own_names": ["transfer"]})
    assert "银证转账" in "\n".join(shown_as(shipped))
    assert "银证转账" not in "\n".join(shown_as(own))
