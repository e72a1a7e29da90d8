"""A drill played in pages of a browser by clicks and keys alone, on the real exercise: its first minutes, in a room and alone."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
from axe import program, serious
from played_room import PlayedRoom, played_to_the_middle, settled

SIZES = {"operator": (1280, 800), "scribe": (1920, 1080), "facilitator": (1280, 800), "approver": (390, 844)}
ALL = os.environ.get("COREDRILL_TEST_PAGES") == "all"
PAGES = {"operator": "desk", "scribe": "wall", "facilitator": "facilitator", "approver": "approver"}
WORD, HAN = re.compile(r"[A-Za-z]{2,}"), re.compile(r"[\u4e00-\u9fff]")
SHOWN = """() => { const texts = [document.title], room = document.getElementById('room'), as_it_is = 'code, .speak, [data-typed]';
  const walk = (e) => { if (e.nodeType === 3) texts.push(e.data);
    else if (e.nodeType === 1 && getComputedStyle(e).display !== 'none' && !e.matches(as_it_is)) e.childNodes.forEach(walk); };
  walk(room);
  for (const e of room.querySelectorAll('[aria-label]')) texts.push(e.getAttribute('aria-label'));
  for (const e of room.querySelectorAll('[placeholder]')) texts.push(e.getAttribute('placeholder'));
  return texts.join('\\n'); }"""


CUT_OFF = """() => [...document.querySelectorAll('.card button')]
  .filter((e) => e.getBoundingClientRect().right > e.closest('.card').getBoundingClientRect().right).map((e) => e.textContent)"""


@pytest.fixture(scope="module")
def middle(tmp_path_factory: pytest.TempPathFactory) -> PlayedRoom:
    """A room in the middle of the morning, and none of its pages open."""
    room = PlayedRoom(tmp_path_factory.mktemp("room") / "middle")
    played_to_the_middle(room)
    return room


def opened(browser: Any, room: PlayedRoom, seat: Any, **options: Any) -> Any:
    """A seat's page in a context of its own."""
    width, height = options.pop("size", SIZES.get(seat, (1280, 800)))
    context = browser.new_context(viewport={"width": width, "height": height}, **options)
    context.set_default_timeout(15_000)
    return room.open(context, seat)


def test_a_team_cuts_the_bank_off_by_clicks(browser: Any, tmp_path: Path) -> None:
    """From the lobby on: sealed, started, an alarm taken up, a command proposed, approved on the phone, begun and done, within three
    minutes of the first alarm; the seats' words reach the room in its own terms."""
    room = PlayedRoom(tmp_path / "room")
    operator, phone, facilitator = (opened(browser, room, seat) for seat in ("operator", "approver", "facilitator"))
    operator.fill("#name", "Lin Yue")
    operator.fill("#answer-first", "the alarms")
    operator.get_by_role("button", name="Seal").click()
    operator.get_by_text("Sealed. You may change it").wait_for()
    facilitator.get_by_text("Lin Yue").wait_for()
    facilitator.get_by_role("button", name="Start the exercise").click()
    for page, name in ((operator, "desk"), (phone, "approver"), (facilitator, "facilitator")):
        page.wait_for_url(f"**/{name}.html*")
        settled(page)
    room.until("09:32:15")
    operator.get_by_role("button", name="Acknowledge").first.click()
    operator.get_by_role("button", name="New command").click()
    operator.locator("dialog tr", has_text="Cut bank-a off").get_by_role("button", name="Propose").click()
    phone.get_by_role("button", name="Approve").click()
    operator.get_by_role("button", name="Begin now").click()
    operator.locator("[data-command=c1][data-state=begun]").wait_for()
    room.tick(3)
    operator.locator("[data-command=c1][data-state=done]").wait_for()
    first = 9 * 3600 + 32 * 60 + 8
    assert room.state("operator")["commands"][0]["times"]["done"] < first + 180
    operator.get_by_role("button", name="Report").click()
    operator.fill("#report-text", "bank-a cut off")
    operator.fill("#report-measures", "none needed now")
    operator.get_by_role("button", name="Send the report").click()
    operator.locator(".feed").get_by_text("bank-a cut off").wait_for()
    facilitator.get_by_role("button", name="+ Add").click()
    facilitator.fill("#inject-sender", "a customer")
    facilitator.fill("#inject-text", "Is my money safe?")
    facilitator.check("#inject-to-operator")
    facilitator.get_by_role("button", name="Arm for 2 min later").click()
    facilitator.locator(".msel").get_by_text("Is my money safe?").wait_for()
    facilitator.get_by_role("button", name="Give hint 1").click()
    facilitator.get_by_text("1 of 2 given").wait_for()
    room.until("09:36:00")
    operator.locator(".feed").get_by_text("Is my money safe?").wait_for()
    assert [page.complaints for page in (operator, phone, facilitator)] == [[], [], []]


def test_one_person_alone_cuts_the_bank_off(browser: Any, tmp_path: Path) -> None:
    """In one browser: started, stopped and gone on, the next step always the blue button, and ended; then once more from an instant."""
    room = PlayedRoom(tmp_path / "room", solo=True)
    page = opened(browser, room, "operator")
    page.get_by_role("button", name="Start the exercise").click()
    page.wait_for_url("**/desk.html*")
    settled(page)
    room.until("09:32:15")
    page.keyboard.press("k")
    page.get_by_text("paused, not counted").wait_for()
    page.keyboard.press("k")
    page.get_by_role("button", name="Pause").wait_for()
    assert page.evaluate(CUT_OFF) == []
    page.keyboard.press("p")
    page.locator("dialog tr", has_text="Cut bank-a off").get_by_role("button", name="Propose").click()
    page.get_by_role("button", name="60×").click()
    for step in ("Approve", "Begin now"):
        page.locator("[data-command=c1] button.main", has_text=step).click()
    page.locator("[data-command=c1][data-state=begun]").wait_for()
    room.tick(3)
    page.locator("[data-command=c1][data-state=done]").wait_for()
    page.get_by_role("button", name="■ End").click()
    page.get_by_role("button", name="Really end?").click()
    page.get_by_text("■ over").wait_for()
    assert page.locator("main").get_by_role("listitem").filter(has_text="What did each of you").count() == 1
    page.get_by_role("button", name="Branches").click()
    page.fill("#branch-at", "09:32:00")
    page.get_by_role("button", name="Keep this instant").click()
    page.get_by_role("button", name="Go on here: branch 1").click()
    page.locator(".bar").get_by_text("branch 1 from").wait_for()
    assert room.state("operator")["commands"] == []
    page.get_by_role("button", name="Go on").click()
    room.until("09:33:00")
    page.locator(".alarm").first.wait_for()
    assert page.complaints == []


LOOKS = [(seat, SIZES[seat], "light", "en-GB") for seat in PAGES] + [("operator", (390, 844), "dark", "zh-CN")]
if ALL:
    LOOKS += [(seat, (390, 844), "dark", "zh-CN") for seat in PAGES] + [(seat, (1920, 1080), "dark", "en-GB") for seat in PAGES]


@pytest.mark.parametrize(("seat", "size", "scheme", "language"), LOOKS, ids=lambda part: str(part).replace(" ", ""))
def test_people_with_a_screen_reader_can_use_it(
    browser: Any, middle: PlayedRoom, seat: str, size: tuple[int, int], scheme: str, language: str
) -> None:
    """axe-core finds nothing serious on a page, nor in its open dialogs. With COREDRILL_TEST_PAGES=all in every look."""
    axe_core, found = program(), []
    page = opened(browser, middle, seat, size=size, color_scheme=scheme, locale=language)
    page.evaluate(axe_core)
    for dialog in (None, *{"operator": "plr", "facilitator": "+"}.get(seat, "")):
        if dialog == "+":
            page.click("#msel-add")
        elif dialog is not None:
            page.keyboard.press(dialog)
        page.wait_for_timeout(100)
        found += [(dialog, *line) for line in serious(page)]
        page.keyboard.press("Escape")
        page.wait_for_timeout(100)
    page.context.close()
    assert found == []


@pytest.mark.parametrize("seat", [*PAGES, "lobby"] if ALL else ["operator", "facilitator"])
def test_every_word_is_in_the_readers_language(browser: Any, middle: PlayedRoom, tmp_path: Path, seat: str) -> None:
    """With the real drill's texts: a Chinese page has no English word but identifiers and what people typed, an English one no Chinese."""
    room = PlayedRoom(tmp_path / "lobby") if seat == "lobby" else middle
    page = opened(browser, room, "operator" if seat == "lobby" else seat, locale="zh-CN")
    known = {"App", "PC", "threads"} | {word for name in room.prepared_names() for word in WORD.findall(name)}
    assert set(WORD.findall(page.evaluate(SHOWN))) - known == set()
    page.click(".speak")
    page.wait_for_timeout(150)
    assert HAN.findall(page.evaluate(SHOWN)) == []
    page.context.close()


def test_keys(browser: Any, middle: PlayedRoom, tmp_path: Path) -> None:
    """P, L, R and ? open their dialogs, / goes to the field to speak in; in a field letters are letters; A acknowledges the topmost alarm
    and the focus goes to the next, B begins."""
    room = PlayedRoom(tmp_path / "room")
    played_to_the_middle(room)
    page = opened(browser, room, "operator")
    for key, title in {"p": "Propose a command", "l": "Look at something", "r": "Report to the regulator", "?": "Keys"}.items():
        page.keyboard.press(key)
        page.locator("dialog h2", has_text=title).wait_for()
        page.keyboard.press("Escape")
        page.locator("dialog").wait_for(state="detached")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "say"
    page.keyboard.type("aplbrk?")
    assert page.input_value("#say") == "aplbrk?"
    assert page.locator("dialog").count() == 0
    page.locator("#alarms").focus()
    room.until("09:35:00")
    page.wait_for_timeout(150)
    alarms = page.locator(".alarm.new button")
    ids = [alarms.nth(n).get_attribute("id") for n in range(alarms.count())]
    assert len(ids) > 1
    page.keyboard.press("a")
    assert page.evaluate("document.activeElement.id") == ids[1]
    page.locator(f"#{ids[0]}").wait_for(state="detached")
    page.keyboard.press("b")
    page.locator("[data-command=c1][data-state=begun]").wait_for()
