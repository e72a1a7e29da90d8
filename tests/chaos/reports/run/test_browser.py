"""The pages as a person uses them, in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

Visit = Callable[..., Any]
INCIDENTS = ["citic-2023-06-19", "dongxing-2023-12-21", "east-money-2023-03-21"]
SIZES = [(1280, 800), (1920, 1080)]

# Elements that hold text and are cut off by their own box, and nodes of the topology that overlap or whose text leaves its box.
CUT_OFF = """() => {
  const cut = [...document.querySelectorAll('h1, h2, h3, dt, dd, th, td, li, p, button, .label')]
    .filter((e) => e.offsetParent !== null && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline' && !e.closest('.scroll'))
    .map((e) => e.textContent.trim().slice(0, 60));
  const nodes = [...document.querySelectorAll('.node')];
  const inside = (a, b) => a.left >= b.left - 1 && a.right <= b.right + 1 && a.top >= b.top - 1 && a.bottom <= b.bottom + 1;
  const box = (n) => n.querySelector('.box').getBoundingClientRect();
  const outside = nodes.filter((n) => [...n.querySelectorAll('text')].some((t) => !inside(t.getBoundingClientRect(), box(n))));
  const boxes = nodes.map(box);
  const hit = boxes.some((a, i) => boxes.some((b, j) => j < i && a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom));
  const wide = document.documentElement.scrollWidth > innerWidth;
  const found = [[hit, 'nodes overlap'], [wide, 'page wider than the window']].filter(([is]) => is).map(([, what]) => what);
  return [...cut, ...outside.map((n) => 'node ' + n.dataset.node), ...found];
}"""


def looks_right(opened: Any) -> None:
    """No console message, no request but the file, nothing cut off or overlapping, in both languages, sizes and schemes."""
    for (width, height), scheme in zip(SIZES, ("light", "dark"), strict=True):
        opened.page.set_viewport_size({"width": width, "height": height})
        opened.page.emulate_media(color_scheme=scheme)
        for _ in range(2):
            assert opened.page.evaluate(CUT_OFF) == []
            opened.page.click("#language")
    assert opened.complaints == []
    assert opened.requests == [opened.page.url]


@pytest.mark.parametrize("incident", INCIDENTS)
def test_the_report_of_an_incident(incident: str, tmp_path: Path, drill: Callable[..., Result], visit: Visit) -> None:
    """A page under 3 MB that looks right, whose topology differs between the calm before and the worst of it."""
    file = tmp_path / "incident.html"
    assert drill("run", f"incidents/{incident}", "--replications", "1", "--html", str(file)).exit_code in (0, 1)
    assert file.stat().st_size < 3_000_000
    opened = visit(file)
    looks_right(opened)
    opened.page.keyboard.press("Home")
    calm = opened.states()
    opened.page.locator("#chain .cause").last.click()
    worst = opened.states()
    assert calm.keys() == worst.keys() >= {"counter", "client"}
    assert sum(calm[service] != worst[service] for service in calm) >= 3


def test_the_report_of_the_demo(tmp_path: Path, drill: Callable[..., Result], visit: Visit) -> None:
    """`demo --html` writes a page that looks right; it tells what failed first, what it dragged down, who noticed, who decided
    what, how many orders were affected, and that the demo makes it again."""
    file = tmp_path / "demo.html"
    assert drill("demo", "--html", str(file)).exit_code == 0
    opened = visit(file)
    looks_right(opened)
    told = opened.page.inner_text("#story")
    for part in (
        "bank-a slows down",
        "counter-threads had every slot taken",
        "place-order",
        "The first to notice was",
        "stock orders were affected",
    ):
        assert part in told
    assert opened.page.inner_text("#command") == "coredrill demo --seed 1"
    opened.page.locator(".tale li:first-child .jump").first.click()
    assert opened.page.inner_text("#clock") == "09:30:00"
    for _ in range(5):  # to 09:35, when orders fail
        opened.page.keyboard.press("Shift+ArrowRight")
    assert opened.states()["counter"] == "saturated"
    assert opened.states()["risk-check"] == "healthy"
    assert opened.page.locator(".edge.lit").count() >= 1


def test_scrubber_moves_topology_and_charts_together(small_page: Path, visit: Visit) -> None:
    """Dragged into the hang, the core is down and the line of now has moved in every chart, by the same time; and back."""
    opened = visit(small_page)
    opened.page.keyboard.press("Home")
    before = opened.cursors()
    assert opened.states()["core"] == "healthy"
    opened.page.locator("#scrub").fill(str(10 * 3600 + 180))
    during = opened.cursors()
    assert opened.states()["core"] == "down"
    assert opened.page.inner_text("#clock") == "10:03:00"
    assert all(b > a for a, b in zip(before, during, strict=True))
    assert len(during) == 6  # four charts, the heatmap, the lanes
    marks = opened.page.evaluate("[...document.querySelectorAll('.plot .cursor')].map((c) => c.dataset.t)")
    assert set(marks) == {str(opened.bin())}
    opened.page.locator("#scrub").fill(str(10 * 3600 + 30))
    assert opened.states()["core"] == "healthy"


def test_play_and_pause(small_page: Path, visit: Visit) -> None:
    """Playing moves time on, topology and cursors with it; pausing stops it; at the end it stops by itself."""
    opened = visit(small_page)
    opened.page.keyboard.press("Home")
    opened.page.select_option("#speed", "180")
    start, cursors = opened.bin(), opened.cursors()
    opened.page.click("#play")
    opened.until(f"Number(document.body.dataset.bin) >= {start + 3}")
    opened.page.click("#play")
    stopped = opened.bin()
    assert all(b > a for a, b in zip(cursors, opened.cursors(), strict=True))
    opened.page.wait_for_timeout(300)
    assert opened.bin() == stopped
    opened.page.keyboard.press("End")
    opened.page.keyboard.press("ArrowLeft")
    opened.page.evaluate("document.activeElement.blur()")
    opened.page.keyboard.press(" ")
    opened.until("document.getElementById('play').getAttribute('aria-pressed') === 'false'")
    assert opened.complaints == []


def test_keys(small_page: Path, visit: Visit) -> None:
    """Arrows go a bin, with shift a minute; Home and End go to the ends; space on the page plays, in a select it does not."""
    opened = visit(small_page)
    first = opened.bin()
    opened.page.keyboard.press("ArrowRight")
    assert opened.bin() == first + 1
    opened.page.keyboard.press("Shift+ArrowRight")
    assert opened.bin() == first + 7
    opened.page.keyboard.press("Home")
    home = opened.bin()
    opened.page.keyboard.press("ArrowLeft")
    assert opened.bin() == home
    opened.page.focus("#choice-outcomes")
    opened.page.keyboard.press("ArrowDown")
    assert opened.bin() == home
    opened.page.evaluate("document.activeElement.blur()")
    opened.page.keyboard.press("End")
    assert opened.bin() > first + 7


def test_clicks_on_charts_and_steps_jump(small_page: Path, visit: Visit) -> None:
    """A box of the chain (by the keyboard, too), a place in the heatmap and one in a chart each move the scrubber there."""
    opened = visit(small_page)
    box = opened.page.locator("#chain .cause").last
    box.click()
    assert opened.page.evaluate("Number(document.getElementById('scrub').value)") == int(box.get_attribute("data-t"))
    assert "ahead" not in box.get_attribute("class")
    opened.page.keyboard.press("Home")
    assert "ahead" in box.get_attribute("class")
    box.focus()
    opened.page.keyboard.press("Enter")
    assert "ahead" not in box.get_attribute("class")
    for place in ("#heat svg >> nth=0", "#chart-outcomes"):
        opened.page.keyboard.press("Home")
        at = opened.bin()
        opened.page.locator(place).click(position={"x": 300, "y": 6 if "heat" in place else 120})
        assert opened.bin() > at


def test_language_switch(small_page: Path, visit: Visit) -> None:
    """Headings, nodes, charts and controls change to Chinese and back; nothing of the other language stays visible."""
    opened = visit(small_page)
    assert "What led to what" in opened.page.inner_text("main")
    opened.page.click("#language")
    assert opened.page.evaluate("document.documentElement.lang") == "zh-CN"
    assert "因果链" in opened.page.inner_text("main")
    assert "What led" not in opened.page.inner_text("main")
    assert opened.states()["bank"] == "正常"
    assert "播放" in opened.page.inner_text("#play")
    assert "请求结果" in (opened.page.get_attribute("#chart-outcomes", "aria-label") or "")
    assert opened.page.locator("#verdict").inner_text() == "✕ 未通过"
    opened.page.click("#language")
    assert opened.states()["bank"] == "healthy"
    assert visit(small_page.with_name(small_page.name)).page.evaluate("document.documentElement.lang") == "en"


def test_lang_option_sets_the_first_language(small_run: Path, tmp_path: Path, drill: Callable[..., Result], visit: Visit) -> None:
    """`report --lang zh` writes a page that opens in Chinese."""
    drill("report", str(small_run), "--html", str(tmp_path / "zh.html"), "--lang", "zh")
    assert visit(tmp_path / "zh.html").page.locator("#verdict").inner_text() == "✕ 未通过"


def test_tables_say_what_charts_draw(small_page: Path, visit: Visit) -> None:
    """The data table of the outcomes has the range's intents in all, the table of services the state shown in the picture."""
    opened = visit(small_page)
    opened.page.select_option("#zoom", "all")
    opened.page.locator("details[data-chart=outcomes] summary").click()
    cells = opened.page.locator("details[data-chart=outcomes] td").all_inner_texts()
    (outcomes,) = [shown for shown in opened.charts() if shown["chart"]["name"] == "outcomes"]
    total = sum(sum(series["values"]) for series in outcomes["series"] if series["choice"] == 0)
    assert sum(int(cell.replace(",", "")) for cell in cells) == total > 10_000
    opened.page.locator("#now-table summary").click()
    opened.page.locator("#scrub").fill(str(10 * 3600 + 180))
    assert opened.page.locator("#now-table tr", has_text="core").locator("td").first.inner_text() == "down"


def test_everything_to_use_has_a_name(small_page: Path, visit: Visit) -> None:
    """Every control and every picture has an accessible name; the scrubber says the time of day; the page has one first heading."""
    opened = visit(small_page)
    nameless = """() => [...document.querySelectorAll('button, input, select, summary, [role=img], [role=button], [role=group], [role=region]')]
      .filter((e) => !e.closest('[aria-hidden]') && !(e.getAttribute('aria-label') || e.textContent || '').trim() && !e.closest('label'))
      .map((e) => e.outerHTML.slice(0, 80))"""
    assert opened.page.evaluate(nameless) == []
    opened.page.locator("#scrub").fill(str(10 * 3600 + 180))
    assert opened.page.get_attribute("#scrub", "aria-valuetext") == "10:03:00"
    assert opened.page.locator("h1").count() == 1
    assert opened.page.locator("th:not([scope])").count() == 0


def test_print_leaves_the_player_out(small_page: Path, visit: Visit) -> None:
    """On paper there is no player and no button to switch languages, but the charts and the story."""
    opened = visit(small_page)
    opened.page.emulate_media(media="print")
    assert opened.page.locator("#player").is_hidden()
    assert opened.page.locator("#language").is_hidden()
    assert opened.page.locator("#chart-pools").is_visible()
    assert len(opened.page.pdf()) > 20_000


def test_events_can_be_chosen(small_page: Path, visit: Visit) -> None:
    """Without faults in the log, none is listed; an event's time jumps there."""
    opened = visit(small_page)
    opened.page.click("#events summary")
    opened.until("document.querySelector('#events tbody tr') !== null")  # the browser tells of the opening a moment later
    faults = opened.page.locator("#events tbody tr", has_text="fault begins")
    assert faults.count() == 1
    faults.locator(".jump").click()
    assert opened.page.inner_text("#clock") == "10:02:00"
    opened.page.uncheck("#groups input[value=fault]")
    assert faults.count() == 0


def test_the_fault_stands_on_the_map(small_page: Path, visit: Visit) -> None:
    """At every instant: to come, in force, cleared; and the page begins within the first outage."""
    opened = visit(small_page)
    assert opened.states()["core"] == "down"
    assert opened.page.get_attribute(".flag", "class") == "flag on"
    for key, state in (("Home", "coming"), ("End", "off")):
        opened.page.keyboard.press(key)
        assert opened.page.get_attribute(".flag", "class") == f"flag {state}"
    assert "the core hangs" in opened.page.text_content(".flag")


def test_the_first_screen_holds_what_matters(small_page: Path, visit: Visit) -> None:
    """Verdict, conclusion, figures, map, the beginning of the story and the player, on a laptop's screen."""
    opened = visit(small_page)
    floor = opened.page.evaluate("document.getElementById('player').getBoundingClientRect().top")
    for place in ("#verdict", "#lead", ".figures", ".flag", ".outage h3", ".tale li >> nth=0"):
        assert opened.page.locator(place).first.bounding_box()["y"] + 10 < floor, place
    assert 0 < 800 - floor <= 140


@pytest.fixture
def small_page(tmp_path: Path, small_run: Path, drill: Callable[..., Result]) -> Path:
    """The page of the small run."""
    file = tmp_path / "small.html"
    assert drill("report", str(small_run), "--html", str(file)).exit_code == 0
    return file


def test_play_is_two_keys_away(small_page: Path, visit: Visit) -> None:
    """Tab and Enter lead to it; Enter again plays."""
    opened = visit(small_page)
    opened.page.keyboard.press("Tab")
    opened.page.keyboard.press("Enter")
    assert opened.page.evaluate("document.activeElement.id") == "play"
    opened.page.keyboard.press("Enter")
    assert opened.page.get_attribute("#play", "aria-pressed") == "true"


def test_a_phone_can_read_it(small_page: Path, visit: Visit) -> None:
    """No text of the map is smaller than 9 px, and the player takes no more than 120 px."""
    opened = visit(small_page, viewport={"width": 390, "height": 844})
    smallest = opened.page.evaluate(
        """() => { const map = document.getElementById('topology'), scale = map.getScreenCTM().a;
          return Math.min(...[...map.querySelectorAll('text')].map((t) => parseFloat(getComputedStyle(t).fontSize) * scale)); }"""
    )
    assert smallest >= 9
    assert opened.page.evaluate("document.getElementById('player').getBoundingClientRect().height") <= 120
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= 390


def test_paper_is_light_and_has_the_map(small_page: Path, visit: Visit) -> None:
    """Whatever the screen is; the player is not printed."""
    opened = visit(small_page, color_scheme="dark")
    opened.page.emulate_media(media="print", color_scheme="dark")
    token = "(name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim()"
    names = ["--paper", "--card", "--failing-soft", "--healthy-soft"]
    assert [opened.page.evaluate(token, name) for name in names] == ["#fff", "#fff", "#fbdcde", "#eef7f1"]
    assert opened.page.locator("#topology .node").first.is_visible()
    assert not opened.page.locator("#player").is_visible()


COLOURS = """() => {
  const of = (e) => ['fill', 'stroke'].map((name) => e.getAttribute(name));
  return [...new Set([...document.querySelectorAll('.chart svg *')].flatMap(of))];
}"""


def test_charts_on_paper_are_light_and_fit(small_page: Path, visit: Visit) -> None:
    """Printed from a dark screen, their colours are those of a light one while it prints, and dark again afterwards."""
    opened = visit(small_page, color_scheme="dark")
    dark, light = "#9aa6b2", "#59636e"  # of the text of their axes
    assert dark in opened.page.evaluate(COLOURS)
    opened.page.evaluate(f"() => addEventListener('beforeprint', () => {{ window.printed = ({COLOURS})(); }})")
    assert len(opened.page.pdf()) > 20_000
    printed = opened.page.evaluate("window.printed")
    assert light in printed
    assert dark not in printed
    assert dark in opened.page.evaluate(COLOURS)
    opened.page.set_viewport_size({"width": 718, "height": 1000})  # of A4 with its margins
    opened.page.emulate_media(media="print", color_scheme="dark")
    opened.until(f"({COLOURS})().includes('{light}')")
    too_wide = (
        "[...document.querySelectorAll('.chart svg, #topology')].filter((e) => e.getBoundingClientRect().right > 718).length"
    )
    assert opened.page.evaluate(too_wide) == 0
    lowest = "Math.min(...[...document.querySelectorAll('.chart')].map((e) => e.getBoundingClientRect().height))"
    assert opened.page.evaluate(lowest) > 180
    assert opened.complaints == []


def test_paper_has_the_map_at_the_chosen_instant(small_page: Path, visit: Visit) -> None:
    """With its time: the core as it was then, before and while it hung."""
    opened = visit(small_page)
    for second, clock, state in ((30, "10:00:30", "healthy"), (180, "10:03:00", "down")):
        opened.page.locator("#scrub").fill(str(10 * 3600 + second))
        states = "Object.fromEntries([...document.querySelectorAll('.node')].map((n) => [n.dataset.node, n.querySelector('.say').textContent]))"
        opened.page.evaluate(f"() => addEventListener('beforeprint', () => {{ window.printed = {states}; }}, {{ once: true }})")
        opened.page.pdf()
        assert opened.page.evaluate("window.printed.core").endswith(state)
        opened.page.emulate_media(media="print")
        assert opened.states()["core"] == state
        assert opened.page.inner_text("#caption").startswith(clock)
        opened.page.emulate_media(media="screen")
