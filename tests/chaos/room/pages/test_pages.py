"""The pages of the room as people use them, with states made by hand."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from axe import program, serious
from room_states import BANK_A, LIMIT, NOW, RESTART, SECRET, TITLES, State, command, facilitated, lobby, over, running, text

Sit = Callable[..., Any]
PAGES: dict[str, Callable[[], State]] = {
    "desk": running,
    "wall": lambda: running("scribe"),
    "approver": lambda: running("approver"),
    "lobby": lobby,
    "facilitator": facilitated,
}
SIZES = {"desk": (1280, 800), "wall": (1920, 1080), "approver": (390, 844), "lobby": (1280, 800), "facilitator": (1440, 900)}
ENGLISH = re.compile(r"[A-Za-z]{2,}")
SPOKEN = """() => [...document.querySelectorAll('[aria-label], [placeholder], [title]')]
  .flatMap((e) => ['aria-label', 'placeholder', 'title'].map((name) => e.getAttribute(name))).filter(Boolean).concat(document.title)"""
SHOWN = """() => { const room = document.getElementById('room'); room.querySelectorAll('code').forEach((e) => e.remove()); return room.innerText; }"""
SMALL = """() => [...document.querySelectorAll('button, input, select, textarea')].map((e) => [e.textContent, e.getBoundingClientRect()])
  .filter(([, box]) => box.height > 0 && (box.height < 24 || box.width < 24)).map(([text]) => text)"""


@pytest.mark.parametrize("name", PAGES)
def test_a_page_looks_right(name: str, sit: Sit) -> None:
    """Every page begins with the word EXERCISE, is no larger than its window, has targets that can be hit, and complains of nothing."""
    width, height = SIZES[name]
    for scheme in ("light", "dark"):
        seat = sit(name, PAGES[name](), viewport={"width": width, "height": height}, color_scheme=scheme)
        assert seat.page.title().startswith("EXERCISE")
        assert seat.page.locator(".exercise:visible").first.inner_text() == "EXERCISE"
        assert seat.page.evaluate("[document.documentElement.scrollWidth, innerWidth]") == [width, width]
        assert name == "approver" or seat.page.evaluate("document.documentElement.scrollHeight") == height
        assert seat.page.evaluate(SMALL) == []
        assert seat.complaints == []


@pytest.mark.parametrize("name", PAGES)
def test_a_chinese_page_is_chinese(name: str, sit: Sit) -> None:
    """No English word is seen or spoken, but the name of the other language."""
    seat = sit(name, PAGES[name]())
    seat.page.click(".speak")
    seat.page.wait_for_timeout(100)
    shown = seat.page.evaluate(SHOWN).replace("English", "")
    assert ENGLISH.findall(shown) == []
    assert [said for said in seat.page.evaluate(SPOKEN) if ENGLISH.search(said)] == []
    assert "【演练】" in shown


def test_an_alarm_is_acknowledged_by_key(sit: Sit) -> None:
    """A acknowledges the topmost alarm, focus goes to the next, and the alarm moves when the room says so; in a field A is a letter."""
    seat = sit("desk", running())
    seat.page.keyboard.press("a")
    assert [message["alarm"] for message in seat.asked("ack")] == ["bank-a-timeouts"]
    assert seat.page.evaluate("document.activeElement.id") == "ack-order-success"
    alarms = running()["alarms"]
    alarms[0] |= {"state": "acknowledged", "by": "operator", "at": NOW}
    seat.say("done", id=seat.sent[-1]["id"])
    seat.tick(alarms=alarms)
    assert seat.page.locator(".alarm.new").count() == 2
    assert "you" in seat.page.locator(".alarm.seen").first.inner_text()
    assert seat.page.evaluate("document.activeElement.id") == "ack-order-success"
    seat.page.focus("#say")
    seat.page.keyboard.press("a")
    assert len(seat.asked("ack")) == 1
    assert seat.page.input_value("#say") == "a"


def test_a_new_alarm_is_spoken_and_the_clock_is_not(sit: Sit) -> None:
    """The polite region says a new alarm once; ticks of the clock say nothing."""
    seat = sit("desk", running())
    seat.tick(clock=running()["clock"] | {"t": NOW + 1})
    assert seat.page.text_content("#live") == ""
    new = running()["alarms"][0] | {"id": "router", "title": text("Router backlog", "报盘积压"), "since": NOW}
    for _ in range(2):
        seat.tick(alarms=[*running()["alarms"], new])
    assert seat.page.text_content("#live") == "New alarm: Router backlog"
    assert seat.page.locator(".alarm h3").first.inner_text() == "Router backlog"


def test_a_command_goes_through_its_steps(sit: Sit) -> None:
    """Proposed in the dialog, approved, begun by key, done: what it takes, risks and whether it can be undone is there all the time."""
    seat = sit("desk", running() | {"commands": []})
    seat.page.keyboard.press("p")
    row = seat.page.locator("dialog tr", has_text="Restart the counter")
    for fact in ("9:00", "▲ high", "cannot be undone", "Approver"):
        assert fact in row.inner_text()
    row.locator("button").click()
    assert [message["command"] for message in seat.asked("propose")] == ["restart-counter"]
    seat.until("document.querySelector('dialog') === null")
    high: dict[str, Any] = {"risk": "high", "undo": text("cannot be undone", "不可撤销"), "final": True, "takes": 540}
    says = {"proposed": "to approve", "approved": "you begin", "begun": "under way", "done": "done"}
    for state, said in says.items():
        can = {"approved": ["begin", "withdraw"]}.get(state)
        seat.tick(commands=[command(4, RESTART, state, can, **high)])
        shown = seat.page.locator("[data-command=c4]").inner_text()
        assert all(part in shown for part in (said, "9:00", "▲ high", "✕ cannot be undone"))
        assert (state == "proposed") == ("approved\n" not in shown)
        if state == "approved":
            assert "Your turn" in seat.page.text_content("#live")
            seat.page.keyboard.press("b")
    assert [message["command_id"] for message in seat.asked("begin")] == ["c4"]
    seat.tick(commands=[command(4, RESTART, "refused", reason="【演练】先查看", **high)])
    assert "【演练】先查看" in seat.page.locator(".track .no").inner_text()


def test_what_is_refused_says_why(sit: Sit) -> None:
    """The room's message and hint stand on the page until closed."""
    seat = sit("desk", running())
    seat.page.keyboard.press("b")
    seat.say("refused", id=seat.sent[-1]["id"], message=text("Too late.", "太晚了。"), hint=text("Look first.", "先查看。"))
    seat.until("document.querySelector('.notice') !== null")
    assert "Too late. Look first." in seat.page.inner_text(".notice").replace("\n", " ")
    seat.page.click(".notice button")
    seat.until("document.querySelector('.notice') === null")


def test_a_lost_connection_comes_back_with_what_was_missed(sit: Sit) -> None:
    """Without a connection the clock says so and controls are off; the page says what it saw last and goes on from there."""
    seat = sit("desk", running())
    seat.tick(
        log={"from": 6, "rows": [{"t": NOW, "kind": "said", "from": text("DBA", "数据库管理员"), "to": None, "text": "first"}]}
    )
    seat.socket.close()
    seat.until("document.querySelector('.bar').innerText.includes('reconnecting, last seen 09:35:40')")
    assert seat.page.locator("#ack-order-success").is_disabled()
    assert seat.asked_again()["seq"] == 2
    seat.tick(
        log={
            "from": 7,
            "rows": [{"t": NOW + 1, "kind": "said", "from": text("DBA", "数据库管理员"), "to": None, "text": "second"}],
        }
    )
    lines = seat.page.locator(".feed li").all_inner_texts()
    assert len(lines) == 8
    assert "first" in lines[-2]
    assert "second" in lines[-1]
    assert seat.page.locator("#ack-order-success").is_enabled()


def test_a_gap_is_asked_for_again(sit: Sit) -> None:
    """A frame whose number is not the next makes the page say what it saw last; one it has seen already changes nothing."""
    seat = sit("desk", running())
    seat.seq += 1
    seat.tick(alarms=[])
    assert seat.asked_again()["seq"] == 1
    assert seat.page.locator(".alarm").count() == 4


def test_names_are_text(sit: Sit) -> None:
    """Markup in names, chat and titles is shown as it is written, on every page."""
    evil = "<img src=x onerror=\"document.title='hit'\"><script>alert(1)</script>"
    for name, made in PAGES.items():
        state = made()
        state["people"][1]["name"] = state["people"][1]["title"] = evil
        state["drill"]["title"] = state["clock"]["phase"] = evil
        for row in [*state["log"], *state["alarms"], *state["commands"], *state["map"]["nodes"], *state.get("msel", [])]:
            row.update({key: evil for key in ("text", "title", "reading", "by", "reason") if key in row})
        seat = sit(name, state)
        assert seat.page.locator("#room img, #room script").count() == 0
        assert seat.page.title() != "hit"
        assert "<img src=x" in seat.page.inner_text("#room")
        assert seat.complaints == []


@pytest.mark.parametrize("name", [name for name in PAGES if name != "facilitator"])
def test_only_the_facilitator_shows_the_truth(name: str, sit: Sit) -> None:
    """What only the facilitator may see is not on another page, not even if the room were to send it; nor is the page's program."""
    state = facilitated() | {key: PAGES[name]()[key] for key in ("seat", "clock", "commands")}
    seat = sit(name, state)
    html = seat.page.content()
    for secret in (SECRET, "token-of-", "What do busy threads wait for", "Threads wait for bank A"):
        assert secret not in html
    loaded = seat.page.evaluate("performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert loaded
    assert not any("facilitator" in address for address in loaded)


def test_the_facilitator_steers(sit: Sit) -> None:
    """The truth with its fault, an inject sent, K pauses, and the end asks once more."""
    seat = sit("facilitator", facilitated())
    assert SECRET in " ".join(seat.page.text_content("[data-node=bank-a]").split())
    seat.page.locator("tr.due button").first.click()
    assert [(message["inject"], message["do"]) for message in seat.asked("inject")] == [("i1", "send")]
    seat.page.keyboard.press("k")
    assert [message["paused"] for message in seat.asked("clock")] == [True]
    seat.tick(clock=facilitated()["clock"] | {"state": "paused", "paused_since": NOW})
    assert "‖ paused" in seat.page.inner_text(".bar")
    seat.page.click("button.stop")
    assert seat.asked("end") == []
    seat.page.click("button.stop")
    assert len(seat.asked("end")) == 1


def test_the_approver_decides(sit: Sit) -> None:
    """What cannot be undone is asked once more; a refusal needs a reason."""
    seat = sit("approver", running("approver"), viewport={"width": 390, "height": 844})
    seat.page.click("#yes")
    assert seat.asked("approve") == []
    assert "cannot be undone" in seat.page.inner_text("footer")
    seat.page.click("#back")
    seat.page.click("#no")
    seat.page.locator("footer button", has_text="look first").click()
    assert [message["reason"] for message in seat.asked("refuse")] == ["look first"]
    seat.tick(commands=[command(1, BANK_A, "begun"), command(3, LIMIT, "proposed", ["approve", "refuse"])])
    seat.page.click("#yes")
    assert [message["command_id"] for message in seat.asked("approve")] == ["c3"]


def test_expectations_are_sent_and_sealed(sit: Sit) -> None:
    """Answers in the order of the questions, then ready; what is typed stays while the lobby changes."""
    seat = sit("lobby", lobby())
    seat.page.fill("#answer-first", "委托失败")
    seat.page.fill("#answer-minutes", "3")
    seat.tick(people=lobby()["people"][:4])
    seat.page.click("button.main")
    assert [message["answers"] for message in seat.asked("expect")] == [{"first": "委托失败", "then": "", "minutes": "3"}]
    assert len(seat.asked("ready")) == 1


def test_the_map_is_one_stop_and_then_arrows(sit: Sit) -> None:
    """One node takes the focus by Tab, an alarm; arrows go to its neighbours, and Enter looks."""
    seat = sit("desk", running())
    assert seat.page.locator(".n[tabindex='0']").count() == 1
    seat.page.focus(".n[tabindex='0']")
    seat.page.keyboard.press("ArrowRight")
    assert seat.page.evaluate("document.activeElement.dataset.node") == "pc"
    seat.page.keyboard.press("Enter")
    seat.until("document.querySelector('dialog')?.open")
    assert "Counter threads" in seat.page.inner_text("dialog")


LIVING = """() => [...document.querySelectorAll('button:not([disabled]), input, select, textarea, [tabindex="0"].n')]
  .map((e) => (e.innerText || '').trim()).filter((text) => !['All', 'Log', 'Chat', '中文'].includes(text))"""


@pytest.mark.parametrize("name", [name for name in PAGES if name != "lobby"])
def test_a_page_says_that_it_is_over(name: str, sit: Sit) -> None:
    """What came of it, what to talk about and the review; nothing that could be sent is there any more, nor do keys act, but that whoever
    steers may go on from an instant. It is said, and the focus goes there."""
    state = PAGES[name]()
    width, height = SIZES[name]
    seat = sit(name, state, viewport={"width": width, "height": height})
    if name == "desk":
        seat.page.keyboard.press("p")
        seat.until("document.querySelector('dialog')?.open")
    seat.tick(**over(state))
    seat.until("document.activeElement.id === 'over'")
    shown = seat.page.inner_text("main")
    for said in ("The exercise is over", "2,638", "What did you take the first alarm for?", "Open the review"):
        assert said in shown
    assert seat.page.get_attribute("main a", "href") == "review/t/review.html"
    assert "The exercise is over" in seat.page.text_content("#live")
    assert seat.page.evaluate(LIVING) == (["↳ Branches"] if name == "facilitator" else [])
    for key in "aplbrk/":
        seat.page.keyboard.press(key)
    assert {message["kind"] for message in seat.sent} == {"hello"}
    assert seat.page.locator("dialog").count() == 0
    assert seat.page.evaluate("[document.documentElement.scrollWidth, innerWidth]") == [width, width]
    seat.page.click(".speak")
    seat.page.wait_for_timeout(100)
    assert ENGLISH.findall(seat.page.evaluate(SHOWN).replace("English", "")) == []
    assert seat.complaints == []


def test_the_facilitator_goes_on_in_a_branch(sit: Sit) -> None:
    """An instant is kept, typed or before a command; every page says in which branch it is when the room has moved."""
    seat = sit("facilitator", facilitated())
    seat.page.get_by_role("button", name="Branches").click()
    seat.page.fill("#branch-at", "09:61:00")
    seat.page.get_by_role("button", name="Keep this instant").click()
    seat.page.locator("dialog").get_by_role("button", name="1 Cut off bank A").click()
    assert seat.page.input_value("#branch-at") == "09:35:14"
    seat.page.get_by_role("button", name="Keep this instant").click()
    seat.page.get_by_role("button", name="Keep now").click()
    assert [message.get("at") for message in seat.asked("branch")] == [34514, None]
    assert "you are here" in seat.page.locator("dialog li").first.inner_text()
    seat.page.get_by_role("button", name="Go on here: branch 1").click()
    assert [message["branch"] for message in seat.asked("go_on")] == [1]
    seat.tick(branch={"n": 1, "t": NOW - 60}, clock=facilitated()["clock"] | {"state": "paused", "t": NOW - 60})
    assert "branch 1 from 09:34:40" in seat.page.inner_text(".bar").replace("\n", " ")
    assert "another instant" in seat.page.text_content("#live")
    assert seat.page.locator("dialog").count() == 0


def practised(seat: Any) -> None:
    """From the lobby to the desk to try; time there goes as the test says."""
    seat.page.clock.install()
    seat.page.click("#practice")
    seat.until("document.querySelector('.practice') !== null")


def test_a_desk_can_be_tried_before_the_start(sit: Sit) -> None:
    """By keys: an alarm, a look, a command with its steps, a report, a word; none of it is sent, and when the exercise starts one is
    taken there. What was typed in the lobby is still there."""
    seat = sit("lobby", lobby())
    seat.page.fill("#answer-first", "a draft")
    practised(seat)
    page = seat.page
    page.clock.run_for(5000)
    page.keyboard.press("a")
    page.locator(".alarm.seen").wait_for()
    page.keyboard.press("l")
    page.get_by_role("button", name="Look: Read the thermometer").click()
    page.locator("[data-look=thermometer]").get_by_text("answer in").wait_for()
    page.clock.run_for(6000)
    page.get_by_text("31 degrees, and rising").wait_for()
    page.keyboard.press("p")
    page.get_by_role("button", name="Propose: Turn the second cooling unit on").click()
    page.locator("[data-state=proposed]").wait_for()
    page.clock.run_for(5000)
    page.locator("[data-state=approved]").wait_for()
    page.keyboard.press("b")
    page.clock.run_for(21000)
    page.locator("[data-state=done]").wait_for()
    assert page.locator(".alarm").count() == 0
    page.keyboard.press("/")
    page.keyboard.type("hello")
    page.keyboard.press("Enter")
    page.locator(".feed").get_by_text("hello").wait_for()
    page.keyboard.press("Escape")
    page.click(".speak")
    page.clock.run_for(500)
    assert ENGLISH.findall(page.evaluate(SHOWN).replace("English", "").replace("hello", "")) == []
    page.click("#practice-end")
    seat.until("document.querySelector('#answer-first')?.value === 'a draft'")
    page.click("#practice")
    seat.until("document.querySelector('.practice') !== null")
    assert {message["kind"] for message in seat.sent} == {"hello"}
    seat.state = running()
    seat.tick(clock=seat.state["clock"])
    seat.until("document.body?.dataset.page === 'desk' && !location.search.includes('practice')")
    assert seat.complaints == []


def test_an_approver_tries_the_phone(sit: Sit) -> None:
    """A made-up request comes, is approved and carried out; nothing is sent."""
    seat = sit("lobby", lobby("approver"), viewport={"width": 390, "height": 844})
    practised(seat)
    seat.page.clock.run_for(5000)
    seat.page.click("#yes")
    seat.page.clock.run_for(30000)
    assert "Turn the second cooling unit on" in seat.page.inner_text("[aria-labelledby=decided]")
    assert {message["kind"] for message in seat.sent} == {"hello"}
    assert seat.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_end_the_practice_and_branches_can_be_read_aloud(scheme: str, sit: Sit) -> None:
    """axe-core finds nothing serious there."""
    ended, phone = (
        sit("desk", over(running()), color_scheme=scheme),
        sit("approver", over(running("approver")), color_scheme=scheme),
    )
    control = sit("facilitator", facilitated(), color_scheme=scheme)
    control.page.click("#branches-open")
    tried = sit("lobby", lobby(), color_scheme=scheme)
    practised(tried)
    tried.page.clock.run_for(5000)
    for seat in (ended, phone, control, tried):
        seat.page.evaluate(program())
        assert serious(seat.page) == []


def test_a_replay_needs_no_room(sit: Sit) -> None:
    """A page goes through an array of states as through those of a socket, and offers nothing to send."""
    seat = sit("desk", running())
    seat.page.goto("http://room.test/desk.html?states=states.json")
    seat.until("document.querySelector('.clock')?.textContent === '09:35:40'")
    seat.page.evaluate("roomFeed.step()")
    seat.until("document.querySelector('.clock').textContent === '09:35:41'")


def test_everybody_is_at_home_after_the_start(sit: Sit) -> None:
    """Whoever waits in the lobby comes to the own page when the clock runs."""
    for name in TITLES:
        seat = sit("lobby", lobby(name))
        seat.state = facilitated() if name == "facilitator" else running(name)
        seat.tick(clock=seat.state["clock"])
        home = {"facilitator": "facilitator", "approver": "approver", "scribe": "wall"}.get(name, "desk")
        seat.until(f"document.body?.dataset.page === '{home}'")
        assert "token=t" in seat.page.url
