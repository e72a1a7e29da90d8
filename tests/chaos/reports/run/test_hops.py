"""Single orders hop by hop: which ones a page has, and what it says of their waits, repeated calls and late answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chaos.reports.run.hops import BAD_MAX, GOOD_MAX, HOPS_MAX, Hop, kept_orders, wait_ns
from chaos.reports.run.page import run_page
from chaos.results.run import RunResult
from chaos.results.stored_run import StoredRun, read_run
from chaos.results.topology import Topology
from simcore.base.units import MINUTE, MS
from simcore.journal.model import CODES, FLAGS, OUTCOMES, Journal

BEGIN = 10 * 60 * MINUTE
CONFIRMED, UNKNOWN = OUTCOMES.index("confirmed"), OUTCOMES.index("unknown")


def kept(journal: Journal) -> StoredRun:
    """A run of a journal by hand."""
    run = RunResult.model_validate({"architecture": "hand", "seed": 1, "digest": "d", "metrics": {"orders": {}}})
    return StoredRun(Path("here"), journal, run, Topology(), [])


def order(number: int, *, at: int = 0, answer: int = 10, **more: int) -> dict[str, int]:
    """A confirmed order, submitted `at` ms after the beginning and answered `answer` ms later."""
    submitted = BEGIN + at * MS
    row = {"request": number, "submit_ns": submitted, "answer_ns": submitted + answer * MS, "outcome": CONFIRMED, "placed": 1}
    return row | more


def span(path: int, parent: int, arrive: int, start: int | None, end: int, **more: int) -> dict[str, int]:
    """A hop of request 1, in ms after the beginning; without a start it never had its slots."""
    began = -1 if start is None else BEGIN + start * MS
    return {
        "request": 1,
        "path": path,
        "parent": parent,
        "arrive_ns": BEGIN + arrive * MS,
        "start_ns": began,
        "end_ns": BEGIN + end * MS,
    } | more


def test_an_order_that_timed_out_by_hand(by_hand: Callable[..., Journal]) -> None:
    """The core waits 2 ms, asks the bank, asks again after 10 ms, has no answer, and gives up at 30 ms; the bank's second try waits for a slot
    until long after. In the page: the tree of calls by arrival, waits, the second call, and from when on nobody waited. ms, here from µs."""
    timeout = CODES.index("timeout")
    rows = [order(1, answer=31, outcome=UNKNOWN, code=timeout, attempts=1, recorded=1, placed=0)]
    spans = [
        span(11, 5, 1, 3, 30, code=timeout),
        span(21, 11, 4, 4, 40, unit=1, operation=1),
        span(22, 11, 14, None, 50, unit=1, operation=1, code=timeout),
    ]
    (found,) = kept_orders(kept(by_hand(rows, spans=spans))).shown
    ms = 1000
    assert found.hops == [
        Hop(0, 0, 0, 1 * ms, 2 * ms, 30 * ms, timeout, 0, None),
        Hop(1, 1, 1, 4 * ms, 0, 40 * ms, 0, 0, 14 * ms),  # asked again at 14 ms
        Hop(1, 1, 1, 14 * ms, 36 * ms, 50 * ms, timeout, 1, 30 * ms),  # its caller ended at 30 ms
    ]
    assert (found.t, found.micro, found.answer, found.attempts, found.bad) == (36_000, 0, 31 * ms, 1, True)
    assert (found.outcome.en, found.truth.en) == ("unknown: timeout", "recorded, not yet placed")


def test_which_orders_a_page_has(by_hand: Callable[..., Journal]) -> None:
    """Of 100 unknown and 3 lost ones as many of each as there is room for, evenly; of 50 confirmed ones eight; none that was submitted under
    another flow; a hundred hops of one are 80, and the rest is counted."""
    rows = [order(n, at=n, outcome=UNKNOWN, placed=0) for n in range(1, 101)]
    rows += [order(n, at=n, flags=FLAGS["lost"], placed=0) for n in range(101, 104)]
    rows += [order(n, at=n) for n in range(104, 154)]
    rows += [order(154, at=154, flow=1, outcome=UNKNOWN)]
    spans = [span(n, 0, n, n, n + 1) for n in range(1, 101)]
    found = kept_orders(kept(by_hand(rows, spans=spans)))
    unknown = [one.request for one in found.shown if one.outcome.en == "unknown"]
    lost = [one.request for one in found.shown if one.truth.en == "lost"]
    good = [one.request for one in found.shown if not one.bad]
    assert (found.kept, found.bad, len(found.shown)) == (153, 103, 20 + 3 + GOOD_MAX)
    assert (len(unknown), unknown[0], unknown[-1], lost) == (BAD_MAX // 2, 1, 100, [101, 102, 103])
    assert (len(good), good[0], good[-1]) == (GOOD_MAX, 104, 153)
    assert (len(found.shown[0].hops), found.shown[0].more) == (HOPS_MAX, 20)
    assert found.rule().en.startswith(
        "Hops were kept of one request in 1. Of the orders submitted in the window those are 153, and 103 of them"
    )
    assert "23 of these stand here" in found.rule().en


def test_a_run_without_hops_says_so(by_hand: Callable[..., Journal]) -> None:
    """None are kept: no order."""
    journal = by_hand([order(1)])
    none = journal.meta.model_copy(update={"span_sampling": 0})
    found = kept_orders(kept(replace(journal, meta=none)))
    assert (found.every, found.kept, found.shown) == (0, 0, [])


def test_calls_in_a_circle_are_not_followed(by_hand: Callable[..., Journal]) -> None:
    """A journal comes from anywhere: hops that call each other have no beginning, and are left out."""
    spans = [span(11, 12, 1, 1, 9), span(12, 11, 2, 2, 8), span(13, 13, 3, 3, 4), span(14, 0, 5, 5, 6)]
    (found,) = kept_orders(kept(by_hand([order(1)], spans=spans))).shown
    assert [hop.arrive for hop in found.hops] == [5000]


@pytest.mark.parametrize(("start", "wait"), [(-1, 9), (1, 0), (4, 3), (11, 0), (0, 0)])
def test_a_wait_lasts_until_all_slots_are_there(start: int, wait: int) -> None:
    """From 1 to 10: all of it without them; nothing where they were there at once, or where the figure cannot be."""
    assert wait_ns(1, start, 10) == wait


def test_a_real_run_shows_the_orders_that_its_hang_failed(small_run: Path) -> None:
    """Every order of which hops were kept is counted; those shown have as many hops as the journal has spans of them."""
    stored = read_run(small_run)
    found = kept_orders(stored)
    intents, spans = stored.journal.intents, stored.journal.spans
    order_flow = stored.journal.names["flow"].index("order")
    assert found.every == 50
    begin, end = stored.window
    in_window = (intents["submit_ns"] >= begin) & (intents["submit_ns"] < end)
    assert found.kept == int(((intents["request"] % 50 == 0) & (intents["flow"] == order_flow) & in_window).sum())
    assert any(one.bad for one in found.shown)
    for one in found.shown:
        assert len(one.hops) + one.more == int((spans["request"] == one.request).sum())
        assert all(0 <= hop.arrive <= hop.end for hop in one.hops)


# --- in the page ----------------------------------------------------------------------------------------------------------------


def test_an_order_is_chosen_with_keys_or_the_mouse(small_page: Path, visit: Callable[..., Any]) -> None:
    """The first that ended badly is shown at first; ↓ goes to the next, and the page to its instant; a row a hop, the customer's first."""
    opened = visit(small_page)
    page, shown = opened.page, opened.page.evaluate("JSON.parse(document.getElementById('data').textContent).orders.shown")
    first = next(n for n, one in enumerate(shown) if one["bad"])
    chosen = "[...document.querySelectorAll('#kept button')].findIndex((b) => b.getAttribute('aria-pressed') === 'true')"
    assert page.evaluate(chosen) == first
    page.locator("#kept button").nth(0).click()
    assert page.evaluate(chosen) == 0
    page.keyboard.press("ArrowDown")
    assert page.evaluate(chosen) == 1
    assert page.evaluate("document.activeElement.textContent") == page.locator("#kept button").nth(1).inner_text()
    assert page.inner_text("#clock") == page.locator("#kept button").nth(1).inner_text().partition(".")[0]
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    assert page.evaluate(chosen) == 0
    longest = max(range(len(shown)), key=lambda n: len(shown[n]["hops"]))
    page.locator("#kept button").nth(longest).click()
    if page.locator("#hops-reach").is_visible():
        page.click("#hops-reach")
    assert page.locator("#waterfall tbody tr").count() == 1 + len(shown[longest]["hops"])
    assert opened.complaints == []


def test_a_waterfall_has_waits_and_both_languages(small_page: Path, visit: Callable[..., Any]) -> None:
    """Bars lie within their track, and the line of the answer too; in Chinese no English word but names."""
    opened = visit(small_page)
    outside = """() => [...document.querySelectorAll('#waterfall .bar')].some((bar) => {
      const room = bar.getBoundingClientRect();
      return [...bar.children].some((part) => { const p = part.getBoundingClientRect(); return p.left < room.left - 3 || p.right > room.right + 3; });
    })"""
    assert opened.page.evaluate(outside) is False
    assert "the client saw" in opened.page.inner_text("#hops")
    opened.page.click("#language")
    said = opened.page.inner_text("#hops")
    assert "单笔委托的处理过程" in said
    assert "client" not in said
    assert "毫秒" in said


def test_a_phone_shows_the_bars_beside_the_names(small_page: Path, visit: Callable[..., Any]) -> None:
    """Without scrolling sideways most of the track is seen."""
    opened = visit(small_page, viewport={"width": 390, "height": 844})
    left = opened.page.evaluate("document.querySelector('#waterfall td.track').getBoundingClientRect().left")
    assert left < 220
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_page_without_hops_says_how_to_keep_them(small_run: Path) -> None:
    """With the command that keeps them."""
    stored = read_run(small_run)
    meta = stored.journal.meta.model_copy(update={"span_sampling": 0})
    run = stored.run.model_copy(update={"replay": "coredrill replay small.yaml --seed 1"})
    page = run_page(replace(stored, journal=replace(stored.journal, meta=meta), run=run))
    assert "coredrill replay small.yaml --seed 1 --spans 100 --html hops.html" in page
    assert 'id="waterfall"' not in page
