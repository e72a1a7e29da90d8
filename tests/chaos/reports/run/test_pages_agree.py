"""One figure, one word: every number of a page under a name is the record's under that name, and parts are no longer than the whole.

Three shipped scenarios here; all of them with COREDRILL_TEST_PAGES=all.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import Result

from chaos.documents.library import library
from chaos.i18n.texts import duration_text
from chaos.reports.run.bands import bands
from chaos.reports.run.page import run_page
from chaos.results.counterfactuals import RunFigures
from chaos.results.run import RunResult
from chaos.results.stored_run import StoredRun, read_run
from simcore.base.units import SECOND

ALL = os.environ.get("COREDRILL_TEST_PAGES") == "all"
SOME = ["requirements/at-the-open/bank-slow", "incidents/kiwoom-2025-04-03", "drills/counter-failover-at-0931"]
NUMBER = r"[+−]?\d[\d,]*"


class EnglishText(HTMLParser):
    """What an English reader sees, and the large figures by their names."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.figures: dict[str, str] = {}
        self.open: list[tuple[str, bool]] = []
        self.figure = ""
        self.feed(page)
        self.text = re.sub(r"\s+", " ", " ".join(self.parts))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("meta", "br", "input", "option", "path", "rect", "link"):
            return
        found = dict(attrs)
        hidden = tag in ("script", "style", "title") or found.get("lang") == "zh-CN"
        self.open.append((tag, hidden or any(was for _, was in self.open)))
        self.figure = found.get("data-figure") or self.figure

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not any(hidden for _, hidden in self.open) and data.strip():
            self.parts.append(data.strip())
            if self.figure:
                self.figures[self.figure], self.figure = data.strip(), ""


def numbers(pattern: str, text: str) -> set[int]:
    """What stands in the place of N in a pattern, without sign and commas."""
    found = re.findall(pattern.replace("N", f"({NUMBER})"), text)
    return {int(re.sub(r"[^\d]", "", number)) for number in found}


def failed_orders_allowed(run: RunResult) -> set[int]:
    """Of the run and its outages, and of the runs that it is held against, with their differences."""
    allowed = {run.measures.orders.failed_orders, *(outage.failed_orders for outage in run.outages)}
    shown = run.counterfactuals
    if shown is not None:
        others: list[RunFigures] = [shown.nobody_acts, *(action.without for action in shown.actions)]
        allowed |= {other.failed_orders for other in others}
        allowed |= {abs(difference.failed_orders) for difference in (shown.difference, *(a.difference for a in shown.actions))}
    return allowed


def check_words(stored: StoredRun, seen: EnglishText) -> None:
    """The figures of the head, and every sentence that gives a number of orders or customers."""
    run, measures = stored.run, stored.run.measures
    expected = {
        "orders.failed_orders": f"{measures.orders.failed_orders:,}",
        "impaired_s": duration_text(measures.impaired_s)["en"],
        "customers_affected": f"{measures.customers_affected or 0:,}",
        **{f"orders.{flag}": f"{measures.orders.count(flag):,}" for flag in ("duplicated", "lost", "orphan", "stranded", "late")},
    }
    for name, value in seen.figures.items():
        assert value == expected.get(name, value), name
    assert seen.figures["orders.failed_orders"] == expected["orders.failed_orders"]
    assert numbers("N failed orders", seen.text) <= failed_orders_allowed(run)
    assert numbers("N of N stock orders were affected".replace("N of N", f"N of {NUMBER}"), seen.text) <= {
        measures.orders.failed_orders
    }
    assert numbers("N customers affected", seen.text) <= {measures.customers_affected or 0}
    for word in ("duplicated", "stranded", "orphan"):
        assert numbers(f"(?<!only ){word} N(?! )", seen.text) <= {measures.orders.count(word)}, word


def check_parts(stored: StoredRun) -> None:
    """Outages add up to the impaired time, their orders to no more than all; the parts of recovery to no more than it; phases of people
    lie in the run one after another."""
    run, measures = stored.run, stored.run.measures
    if measures.impaired_s is not None and run.outages:
        assert sum(outage.impaired_s for outage in run.outages) == pytest.approx(measures.impaired_s)
    assert sum(outage.failed_orders for outage in run.outages) <= measures.orders.failed_orders
    if measures.recovery_s:  # 0: never impaired; what people did then is no part of a recovery
        first = min(
            measures.detect_s or 0.0, measures.recovery_s
        )  # somebody may take it up when it is over; nothing follows then
        after = [p for p in (measures.decide_s, measures.act_s, measures.restore_s, measures.rest_s) if p is not None]
        assert first + sum(after) == pytest.approx(measures.recovery_s)
    people = [band for band in bands(stored) if band.lane == "people"]
    assert all(a.end_ns <= b.begin_ns + SECOND for a, b in pairwise(people))
    assert all(band.begin_ns >= stored.span.begin_ns and band.end_ns <= stored.span.end_ns for band in people)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(library().shipped("scenario")) if ALL else SOME)
def test_page_and_record_agree(name: str, tmp_path: Path, drill: Callable[..., Result]) -> None:
    """Of a shipped scenario: every number under its one name."""
    drill("run", name, "--replications", "1", "--journal", str(tmp_path), "--causes")
    (folder,) = tmp_path.iterdir()
    stored = read_run(folder)
    seen = EnglishText(run_page(stored))
    check_words(stored, seen)
    check_parts(stored)


def test_a_page_that_disagrees_is_found(small_run: Path) -> None:
    """Another number under the same name, in a figure and in a sentence."""
    stored = read_run(small_run)
    page = run_page(stored)
    check_words(stored, EnglishText(page))
    failed = f"{stored.run.measures.orders.failed_orders:,}"
    for planted in (page.replace(f">{failed}<", ">1<"), page.replace(f"{failed} failed orders", "1 failed orders")):
        if planted != page:
            with pytest.raises(AssertionError):
                check_words(stored, EnglishText(planted))
