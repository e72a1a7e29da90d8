"""The page of a review and its document: figures as in the result, both languages, and nothing that people typed as markup."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import Any

import docx
import pytest
from axe import program, serious
from reviewed_room import MARKUP, reviewed

from chaos.measures.formatting import number, signed
from chaos.reports.review.curves import APART, apart, marks_of
from chaos.reports.review.document import review_document
from chaos.reports.review.page import evidence_text, lead, review_page
from chaos.reports.review.terminal import lines
from chaos.reports.review.write import write_pages
from chaos.results.review import Evidence


class Texts(HTMLParser):
    """Texts of a page by the language they are in, and its elements."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes an element."""
        self.elements.append(tag)

    def handle_data(self, data: str) -> None:
        """Notes a text."""
        self.texts.append(data)


def test_figures_are_those_of_the_result() -> None:
    """Failed orders of every course, and what each decision did."""
    review = reviewed().review
    page = Texts(review_page(review))
    whole = " ".join(page.texts)
    for played in review.courses:
        assert number(played.figures.failed_orders) in whole
    for decision in review.decisions:
        if decision.difference.failed_orders:
            assert signed(decision.difference.failed_orders).replace("-", "−") in whole
    assert "◁ saved" in whole
    assert "▷ 造成损失" in whole


def test_what_people_typed_is_text() -> None:
    """Names, answers and chat, in the page and in its hidden list."""
    page = review_page(reviewed().review)
    assert MARKUP not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert Texts(page).elements.count("script") == 1


def test_the_page_needs_no_network(tmp_path: Path) -> None:
    """One file beside that of the run, which it links to."""
    write_pages(reviewed().review, reviewed().folder, tmp_path / "review.html", "zh")
    page = (tmp_path / "review.html").read_text(encoding="utf-8")
    assert "http" not in page.replace("http-equiv", "")
    assert 'href="review-run.html"' in page
    assert "</html>" in (tmp_path / "review-run.html").read_text(encoding="utf-8")


def test_the_document_has_its_parts_and_figures() -> None:
    """Purpose, time, participants, scenario, course, assessment, problems with owners and dates; as text that can be edited."""
    review = reviewed().review
    document = docx.Document(BytesIO(review_document(review)))
    heads = [p.text for p in document.paragraphs if p.style is not None and p.style.name == "Heading 1"]
    assert heads == [
        "一、演练目的",
        "二、演练时间",
        "三、参演人员",
        "四、演练场景",
        "五、演练过程",
        "六、演练评估",
        "七、存在问题与整改",
    ]
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    assert {"责任人", "完成日期", "切断存管银行 A", MARKUP} <= set(cells)
    assert number(review.measures.orders.failed_orders) in cells


def test_a_terminal_has_it_in_short() -> None:
    """Ratings, courses and decisions, in the language asked for."""
    review = reviewed().review
    said = list(lines(review, "en"))
    assert len(said) < 40
    assert sum(line.startswith(("P ", "S ", "M ", "U ")) for line in said) == len(review.ratings)
    assert any("Restart the counter: ▷ cost" in line for line in said)


@pytest.mark.parametrize("ends", [[10.0, 10.0, 10.0], [270.0, 270.0, 30.0], [150.0], [271.0, 270.0, 269.0, 268.0, 267.0]])
def test_labels_do_not_cover_one_another(ends: list[float]) -> None:
    """However near the ends of the curves are."""
    places = sorted(apart(ends))
    assert all(after - before >= APART for before, after in itertools.pairwise(places))


def test_marks_near_one_another_share_a_label() -> None:
    """The numbers of three decisions in a row, then one by itself; each has its own line."""
    marks = marks_of([(100.0, 1), (108.0, 2), (118.0, 3), (300.0, 4)])
    assert [(mark.x, mark.label) for mark in marks] == [(100.0, "1–3"), (108.0, ""), (118.0, ""), (300.0, "4")]


def test_more_failed_orders_are_not_saved_ones() -> None:
    """A decision helped by what is wrong in the books, while a few orders more failed: the first sentence says both."""
    review = reviewed().review
    cut = review.decisions[0]
    more = cut.difference.model_copy(update={"failed_orders": 67, "impaired_s": 0.0, "wrong_in_the_books": -26})
    said = lead(review.model_copy(update={"decisions": [cut.model_copy(update={"difference": more})]})).en
    assert "saved" not in said
    assert "+67 failed orders" in said
    assert "saved 67" not in said


def test_what_needs_no_approval_is_approved_by_nobody() -> None:
    """It is decided, whoever did it."""
    review = reviewed().review
    evidence = Evidence(what="approved", at_ns=review.window[0], title=review.title)
    rating = review.ratings[0].model_copy(update={"evidence": [evidence], "computed": "P"})
    said = evidence_text(rating, {})
    assert "decided, without need of approval" in said.en
    assert "无需审批" in said.zh


@pytest.mark.parametrize("name", ["review.html", "review-run.html", "review-beside.html"])
def test_people_with_a_screen_reader_can_use_it(tmp_path: Path, visit: Callable[..., Any], name: str) -> None:
    """axe-core finds nothing serious: wide and light in English, narrow and dark in Chinese."""
    axe_core = program()
    write_pages(reviewed().review, reviewed().folder, tmp_path / "review.html", "en")
    opened = visit(tmp_path / name, bypass_csp=True)
    looks = ((1280, 800), "light"), ((390, 844), "dark")
    for (width, height), scheme in looks:
        opened.page.set_viewport_size({"width": width, "height": height})
        opened.page.emulate_media(color_scheme=scheme)
        opened.page.evaluate(axe_core)
        assert serious(opened.page) == []
        opened.page.click("#language")
