"""What a page shows agrees with the journal it is made from."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from chaos.i18n.texts import translate
from chaos.measures.catalogue import measures
from chaos.reports.run.bands import marks
from chaos.reports.run.bins import BIN_S, BINS_MAX, Bins, bins_of
from chaos.reports.run.page import run_page
from chaos.reports.run.page_data import group_of, page_data
from chaos.reports.run.service_states import STATES
from chaos.reports.run.story import story
from chaos.reports.templating import ECHARTS, ECHARTS_VERSION
from chaos.results.run import RunResult
from chaos.results.stored_run import StoredRun, read_run
from chaos.results.topology import Topology, TopologyEdge, TopologyNode
from simcore.base.units import SECOND
from simcore.journal.model import Journal

HANG = (10 * 3600 + 120, 10 * 3600 + 240)


@pytest.fixture(scope="module")
def stored(small_run: Path) -> StoredRun:
    """The small run."""
    return read_run(small_run)


@pytest.fixture(scope="module")
def data(stored: StoredRun) -> dict[str, Any]:
    """What its page is given, as the page reads it."""
    found: dict[str, Any] = json.loads(json.dumps(page_data(stored).model_dump(mode="json")))
    return found


def test_bins_add_up(stored: StoredRun) -> None:
    """Counters over the bins sum to the series; a peak is the highest second; the last bin may be short."""
    bins = bins_of(stored.journal)
    started = stored.journal.series("flow", "order", "started")
    assert bins.sums("flow", "order", "started").sum() == started.sum()
    assert bins.sums("flow", "order", "started")[0] == started[:BIN_S].sum()
    queue = stored.journal.series("pool", "threads", "peak_queue")
    assert bins.highest("pool", "threads", "peak_queue").max() == queue.max()
    odd = Bins(stored.journal, 11 * BIN_S, -(-stored.journal.seconds.size // (11 * BIN_S)))
    assert stored.journal.seconds.size % (11 * BIN_S)
    assert odd.sums("flow", "order", "started").sum() == started.sum()


def test_a_long_run_has_no_more_bins_than_a_page_can_draw(by_hand: Callable[..., Journal]) -> None:
    """A day of seconds comes in at most 720 bins, each a multiple of ten seconds."""
    bins = bins_of(by_hand([], minutes=12 * 60))
    assert bins.count <= BINS_MAX
    assert bins.step % BIN_S == 0
    assert bins.count * bins.step >= 12 * 3600


def test_the_hung_core_is_down_while_it_hangs(data: dict[str, Any]) -> None:
    """Healthy before, down in every bin of the hang, healthy at the end; the bank is healthy throughout, and customers fail."""
    states = {node["id"]: node["state"] for node in data["nodes"]}
    first, last = ((t - data["start"]) // data["step"] for t in HANG)
    assert set(states["core"][first:last]) == {str(STATES.index("down"))}
    assert set(states["core"][:first]) == {"0"}
    assert states["core"][-1] == "0"
    assert set(states["bank"]) == {"0"}
    assert states["client"][first + 2 : last] == "3" * (last - first - 2)
    (lit,) = [edge for edge in data["edges"] if edge["from"] == "client"]
    assert lit["level"][first + 2] == "9"
    assert set(lit["level"][: first - 1]) == {"0"}


def test_bands_and_focus_hold_what_happened(stored: StoredRun, data: dict[str, Any]) -> None:
    """The fault's band is its time; the range the page begins with holds all trouble; people's phases follow one another."""
    bands = [(lane, word, a, b) for lane, word, a, b, _ in data["bands"]]
    assert ("fault", "fault", *HANG) in bands
    assert all(data["focus"][0] <= a and b <= data["focus"][1] for lane, _, a, b in bands if lane != "alarm")
    people = [(word, a, b) for lane, word, a, b in bands if lane == "people"]
    assert people[0][0] == "unnoticed"
    assert all(abs(b - a) <= 1 for (_, _, b), (_, a, _) in pairwise(people))
    violated = sum(b - a for a, b in stored.violated)
    assert violated == sum(b - a for lane, _, a, b in bands if lane == "impaired") * SECOND


def test_the_story_answers_a_newcomer(stored: StoredRun) -> None:
    """What failed first, who was hit, who noticed and when, and how many orders of which kind, with the figures of the record."""
    told = " ".join(sentence.text["en"] for sentence in story(stored))
    orders = stored.run.measures.orders
    assert "the core hangs: hang at core#0" in told
    assert "monitor failing" in told
    assert f"{orders.failed_orders:,} of {orders.intended:,} stock orders were affected" in told
    assert f"{orders.unknown:,} ended without the customer knowing" in told
    times = [s.t_ns for s in story(stored) if s.t_ns is not None]
    assert times == sorted(times)


def test_the_story_of_a_run_without_an_outage_says_who_noticed(stored: StoredRun) -> None:
    """From the first step on, and when people took it up."""
    parts = {
        "first_violation_ns": None,
        "first_noticed": "monitor",
        "first_noticed_by": "failing",
        "first_noticed_s": 20.0,
        "detect_s": 90.0,
    }
    run = stored.run.model_copy(update={"measures": stored.run.measures.model_copy(update=parts), "outages": [], "actions": []})
    told = " ".join(sentence.text["en"] for sentence in story(replace(stored, run=run)))
    assert "The first to notice was the monitor failing, 20 s after the first step; people took it up at 10:03:30." in told
    assert "The service level was never violated." in told


def test_who_was_early_is_said_to_be(stored: StoredRun) -> None:
    """Noticed and taken up before the violation: in the story, at the figure and at the part of the way back."""
    since = stored.run.measures.first_violation_ns or 0
    parts = {"first_noticed_s": 0.0, "first_noticed_before_s": 95.0, "detect_s": 0.0, "detect_before_s": 30.0}
    run = stored.run.model_copy(update={"measures": stored.run.measures.model_copy(update=parts)})
    early = replace(stored, run=run)
    told = " ".join(sentence.text["en"] for sentence in story(early))
    assert "95 s before the service level broke; people took it up at " in told
    assert [mark.t_ns for mark in marks(early) if mark.label["en"] == "acknowledge"] == [since - 30 * SECOND]
    page = run_page(early).replace("\u00a0", " ")
    assert "95 s before the violation" in page
    assert "somebody had taken it up 30 s before the first violation" in page


def test_time_to_detect_and_to_acknowledge_have_their_own_names(stored: StoredRun) -> None:
    """The first alarm is what is detected; what a team takes up is acknowledged: no two figures under one name, in either language."""
    for language in ("en", "zh"):
        names = [translate(key)[language] for key in ("figure.first_noticed_s", "recovery.detect")]
        titles = [measures().find(name).title(language=language) for name in ("first_noticed_s", "detect_s")]
        assert all(name in title for name, title in zip(names, titles, strict=True))
        assert names[1] not in titles[0]


@pytest.mark.parametrize(
    ("what", "group"),
    [
        ("fault_started", "fault"),
        ("alarm_cleared", "alarm"),
        ("approved", "people"),
        ("batch_done", "recovery"),
        ("phase", "day"),
    ],
)
def test_events_stand_under_their_heading(what: str, group: str) -> None:
    """One heading each."""
    assert group_of(what) == group


# --- the file ---------------------------------------------------------------------------------------------------------------


class Elements(HTMLParser):
    """Names of all elements, and the addresses they would fetch from."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.names: list[str] = []
        self.addresses: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.addresses += [v or "" for k, v in attrs if k in ("src", "href", "action", "data", "srcset", "poster")]


def test_the_file_is_whole_and_small(stored: StoredRun) -> None:
    """One file under 3 MB; the only address in it is a place in itself; the browser is told to fetch nothing."""
    text = run_page(stored)
    assert len(text.encode()) < 3_000_000
    assert set(Elements(text).addresses) == {
        "#play",
        "#replay",
        *(f"#{place}" for place in ("story", "acting", "chain", "charts", "orders")),
    }
    assert "default-src 'none'" in text
    assert not re.search(r"url\((?!#)|@import", text.split("</style>")[0])


def test_two_pages_of_one_folder_are_the_same(small_run: Path) -> None:
    """Byte for byte: nothing of the machine or the day is in it."""
    assert run_page(read_run(small_run)) == run_page(read_run(small_run))


EVIL = '<img src=x onerror="planted=1"></script><script>planted=1</script>{{ 7*7 }}'


def _evil_parts(folder: Path) -> dict[str, Any]:
    raw = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    record, picture = raw["record"], raw["picture"]
    service = picture["services"].pop("spare")
    picture["services"][EVIL] = service | {"description": EVIL, "pools": [EVIL]}
    used = next(edge["sites"] for edge in picture["edges"] if edge["from"] == "core")
    picture["edges"].append({"from": "core", "to": EVIL, "sites": [*used, EVIL]})
    record["faults"][0] |= {"name": EVIL, "targets": [EVIL]}
    record["causes"][1] |= {"name": EVIL, "what": EVIL}
    record["expectations"][0] |= {"measure": EVIL, "expected": EVIL, "shown": EVIL}
    record["metrics"] |= {"first_noticed_by": EVIL, "severity": {EVIL: {"grade": None, "label": EVIL, "why": EVIL}}}
    texts = dict.fromkeys(("title", "scenario", "purpose", "architecture", "environment", "workload", "replay"), EVIL)
    lists = {
        "reasons": [EVIL],
        "timeline": [{"published_ns": 0, "what": EVIL}],
        "properties": {EVIL: {"holds": False, "violations": 1}},
    }
    return record | texts | lists | {"picture": picture}


def test_names_with_markup_stay_text(planted: Callable[..., Path], copied: Path, stored: StoredRun) -> None:
    """Planted in every text of a record, markup adds no element of a kind that could do anything, and is shown as it is written."""
    sound = Elements(run_page(stored)).names
    text = run_page(read_run(planted(**_evil_parts(copied))))
    found = Elements(text).names
    assert [found.count(tag) for tag in ("script", "img", "iframe", "style")] == [
        sound.count(tag) for tag in ("script", "img", "iframe", "style")
    ]
    assert EVIL not in text
    assert text.count("&lt;img src=x") > 10
    assert "49" not in re.findall(r"<h1>.*</h1>", text)[0]


def test_planted_names_do_nothing_in_a_browser(
    planted: Callable[..., Path], copied: Path, tmp_path: Path, visit: Callable[..., Any]
) -> None:
    """The same page opened, played and switched over: nothing planted has run, and the node's name is there to be read."""
    file = tmp_path / "evil.html"
    file.write_text(run_page(read_run(planted(**_evil_parts(copied)))), encoding="utf-8")
    opened = visit(file)
    opened.page.click("#language")
    opened.page.hover("#chart-outcomes")
    opened.page.click("#events summary")
    opened.until("document.querySelector('#events tbody tr') !== null")
    assert opened.page.evaluate("typeof planted") == "undefined"
    assert opened.page.locator(".node title", has_text="<img src=x").count() == 1
    assert opened.complaints == []


def test_the_charts_library_is_the_published_one() -> None:
    """The vendored file is ECharts as released, unchanged, with its licence and notice beside it."""
    from hashlib import sha256

    note = (ECHARTS.parent / "README.md").read_text(encoding="utf-8")
    assert sha256(ECHARTS.read_bytes()).hexdigest() in note
    assert ECHARTS_VERSION in note
    assert "Apache License" in (ECHARTS.parent / "LICENSE").read_text(encoding="utf-8")
    assert "Apache ECharts" in (ECHARTS.parent / "NOTICE").read_text(encoding="utf-8")
    assert "</script" not in ECHARTS.read_text(encoding="utf-8").lower()


def test_a_journal_without_a_series_still_makes_a_page(by_hand: Callable[..., Journal], tmp_path: Path) -> None:
    """A journal of nothing but a pool, and a picture that it knows nothing of: a page without topology states is still a page."""
    journal = by_hand([{"request": 1, "submit_ns": 36_000 * SECOND, "answer_ns": 36_001 * SECOND, "outcome": 1}])
    run = RunResult.model_validate({"architecture": "hand", "seed": 1, "digest": journal.digest, "metrics": {"orders": {}}})
    picture = Topology(
        services={"ghost": TopologyNode()}, edges=[TopologyEdge.model_validate({"from": "ghost", "to": "nowhere"})]
    )
    data = page_data(StoredRun(tmp_path, journal, run, picture, []))
    assert set(data.nodes[0].state) == {"0"}
    (pools,) = [shown for shown in data.charts if shown.chart.name == "pools"]
    assert pools.series[0].values[3] == 50
    assert run_page(StoredRun(tmp_path, journal, run, Topology(), [])).startswith("<!doctype html>")
