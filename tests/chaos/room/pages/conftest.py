"""Pages of the room in a browser, beside a server that is none: files and the websocket are played by the test."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import room_states

from chaos.room.pages import page_files

ADDRESS = "http://room.test/"
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".json": "application/json"}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Headless Chromium, closed with its module. Only outside CI may there be none."""
    path = os.environ.get("COREDRILL_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("there is no Chromium; .ci/run installs it")
        pytest.skip("there is no Chromium: install Debian's package chromium, or name one in COREDRILL_CHROMIUM")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield opened
        opened.close()


class Seat:
    """A page in the browser: what it sent, what went wrong, and the room's side of its websocket."""

    def __init__(self, browser: Any, name: str, state: dict[str, Any], **options: Any) -> None:
        self.sent: list[dict[str, Any]] = []
        self.complaints: list[str] = []
        self.state, self.seq, self.socket = state, 0, None
        self.context = browser.new_context(viewport=options.pop("viewport", {"width": 1280, "height": 800}), **options)
        self.page = self.context.new_page()
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.route("**/*", self._serve)
        self.page.route_web_socket("**/ws*", self._connected)
        self.page.goto(f"{ADDRESS}{name}.html?token=t")
        self.until("document.querySelector('main') !== null")

    def _serve(self, route: Any) -> None:
        name = route.request.url.removeprefix(ADDRESS).partition("?")[0].partition("#")[0]
        if name == "states.json":
            route.fulfill(body=json.dumps([self.state, room_states.later(self.state)]), content_type="application/json")
        elif (file := page_files().get(name)) is None:
            route.fulfill(status=404, body="")
        else:
            route.fulfill(body=file.read_text(encoding="utf-8"), content_type=TYPES[file.suffix])

    def _connected(self, socket: Any) -> None:
        self.socket = socket
        socket.on_message(lambda text: self._said(json.loads(text)))

    def _said(self, message: dict[str, Any]) -> None:
        self.sent.append(message)
        if message["kind"] == "hello" and "seq" not in message:
            self.say("snapshot", state=self.state)

    def say(self, kind: str, **parts: Any) -> None:
        """A frame from the room."""
        self.seq += 1
        assert self.socket is not None
        self.socket.send(json.dumps({"v": 1, "seq": self.seq, "kind": kind, **parts}))

    def tick(self, **changes: Any) -> None:
        """A tick with these keys changed, seen on the page when it returns."""
        self.say("tick", changes=changes)
        self.page.wait_for_timeout(150)

    def until(self, expression: str) -> None:
        """Waits, at most ten seconds, until it is true; the page may go elsewhere meanwhile."""
        from playwright.sync_api import Error

        for _ in range(200):
            with contextlib.suppress(Error):
                if self.page.evaluate(expression):
                    return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"never came true: {expression}; {self.complaints}")

    def asked(self, kind: str) -> list[dict[str, Any]]:
        """Messages of that kind that the page has sent."""
        self.page.wait_for_timeout(50)
        return [message for message in self.sent if message["kind"] == kind]

    def asked_again(self) -> dict[str, Any]:
        """The message by which the page says, after a break, what it saw last; within ten seconds."""
        for _ in range(200):
            found = [message for message in self.asked("hello") if "seq" in message]
            if found:
                return found[-1]
        raise AssertionError("the page did not come back")


@pytest.fixture
def sit(browser: Any) -> Iterator[Callable[..., Seat]]:
    """`sit("desk", state, viewport=…)` opens a page of the room."""
    seats: list[Seat] = []

    def sit(name: str, state: dict[str, Any], **options: Any) -> Seat:
        seats.append(Seat(browser, name, state, **options))
        return seats[-1]

    yield sit
    for seat in seats:
        seat.context.close()
