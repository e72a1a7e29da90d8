"""A room of the real drill in this process, played in pages of a browser: no server, no waiting; time goes on when a test says so."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from chaos.documents.drill import SEATS, Seat
from chaos.room.exercise.exercise import Exercise
from chaos.room.exercise.prepared import PreparedDrill, prepare
from chaos.room.pages import page_files
from chaos.room.protocol.incoming import Hello, parse
from chaos.room.server.app import TYPES
from chaos.room.server.conductor import Conductor
from chaos.room.server.folder import RoomFolder
from chaos.room.server.opening import new_session, solo_session
from chaos.room.server.pacing import TICK
from chaos.room.server.stream import Stream
from simcore.base.units import SECOND

ADDRESS = "http://room.test/"
PEOPLE = {"operator": "林悦", "dba": "吴昊", "vendor": "周敏", "approver": "陈波", "liaison": "何岚"}


@cache
def prepared(name: str = "bank-slow") -> PreparedDrill:
    """The drill, read once."""
    return prepare(name)


class PlayedRoom:
    """A room and its pages. Simulated time goes by ticks of a quarter of a second at the room's speed."""

    def __init__(self, folder: Path, *, solo: bool = False, speed: float = 60) -> None:
        drill = prepared()
        people: list[Seat] = [seat for seat in SEATS if seat in drill.model.seats]
        session = solo_session("bank-slow", drill, 1, speed) if solo else new_session("bank-slow", drill, 1, people, speed)
        kept = RoomFolder(folder)
        kept.create(session)
        self.tokens: Mapping[Seat, str] = session.tokens
        self.folder = kept
        self._open()
        self.wall = 100.0
        self.streams = {seat: Stream(0) for seat in self.tokens}
        self._pages: list[_Page] = []
        self._sent = 0
        self._deliver()

    def _open(self) -> None:
        """The exercise as the folder has it."""
        session = self.folder.session()
        self._exercise = Exercise(prepared(), session.seed, session.seating)
        self.conductor = Conductor(self._exercise, session, self.folder)

    # --- what people do without a page --------------------------------------------------------------------------------------------

    def do(self, seat: Seat, kind: str, **fields: Any) -> None:
        """Somebody sends a message; a refusal fails."""
        self._sent += 1
        reply = self._take(seat, json.dumps({"v": 1, "id": f"test-{self._sent}", "kind": kind, **fields}))
        assert reply["kind"] == "done", reply
        self._deliver()

    def until(self, clock: str) -> None:
        """Simulated time goes on to an instant, as 09:35:40, by ticks; pages see where it has come to."""
        hours, minutes, seconds = map(int, clock.split(":"))
        goal = (hours * 3600 + minutes * 60 + seconds) * SECOND
        while self._exercise.now < goal:
            before = self._exercise.now
            self._tick()
            assert self._exercise.now > before, "the clock stands still"
        self._deliver()

    def tick(self, times: int = 1) -> None:
        """So many ticks pass."""
        for _ in range(times):
            self._tick()
        self._deliver()

    def _tick(self) -> None:
        self.wall += TICK + 1e-6
        self.conductor.tick(self.wall)

    def state(self, seat: Seat) -> Mapping[str, Any]:
        """What a seat was sent, put together."""
        return self.streams[seat].state

    @staticmethod
    def prepared_names() -> list[str]:
        """Identifiers of the drill, which stand in any language as they are."""
        return [*prepared().model.alarms, *prepared().model.commands, "coredrill"]

    # --- pages --------------------------------------------------------------------------------------------------------------------

    def open(self, context: Any, seat: Seat, page: str = "lobby") -> Any:
        """The page of a seat in a context of the browser; from the lobby it goes where it belongs by itself."""
        opened = context.new_page()
        opened.complaints = []
        opened.on("console", lambda message: opened.complaints.append(message.text))
        opened.on("pageerror", lambda error: opened.complaints.append(str(error)))
        opened.route("**/*", _serve)
        opened.route_web_socket("**/ws*", lambda socket: self._connected(seat, socket))
        opened.goto(f"{ADDRESS}{page}.html?token={self.tokens[seat]}")
        settled(opened)
        return opened

    def _connected(self, seat: Seat, socket: Any) -> None:
        page = _Page(seat, socket)
        socket.on_message(lambda text: self._heard(page, text))
        socket.on_close(lambda *_: self._pages.remove(page) if page in self._pages else None)

    def _heard(self, page: _Page, text: str) -> None:
        message = parse(text)
        if page not in self._pages:
            assert isinstance(message, Hello)
            page.seen = message.seq
            self.conductor.present(page.seat, True)
            self._deliver()
            self._pages.append(page)
        self._take(page.seat, text)
        self._deliver()

    def _take(self, seat: Seat, text: str) -> Mapping[str, Any]:
        reply = self.conductor.handle(seat, parse(text), self.wall)
        self.streams[seat].reply(reply.body)
        if self.conductor.moved:
            people = self.conductor.people
            self._open()
            for present, name in people.items():
                self.conductor.present(present, True, name)
        return reply.body

    def _deliver(self) -> None:
        for seat, _, changed in self.conductor.outgoing(self.wall):
            self.streams[seat].tick(changed)
        for page in list(self._pages):
            stream = self.streams[page.seat]
            frames, page.seen = stream.since(page.seen), stream.seq
            with contextlib.suppress(Exception):  # a page that has just gone elsewhere
                for frame in frames:
                    page.socket.send(frame)


@dataclass(eq=False)
class _Page:
    """A page that is open, and the number of the last frame that it was sent."""

    seat: Seat
    socket: Any
    seen: int | None = None


def settled(page: Any) -> None:
    """Waits until the page shows its state."""
    from playwright.sync_api import Error

    for _ in range(200):
        with contextlib.suppress(Error):
            if page.evaluate("document.querySelector('main') !== null"):
                page.wait_for_timeout(120)
                return
        page.wait_for_timeout(50)
    raise AssertionError(f"the page shows nothing: {page.complaints}")


def _serve(route: Any) -> None:
    name = route.request.url.removeprefix(ADDRESS).partition("?")[0].partition("#")[0]
    file = page_files().get(name)
    if file is None:
        route.fulfill(status=404, body="")
    else:
        route.fulfill(body=file.read_text(encoding="utf-8"), content_type=TYPES[file.suffix])


def played_to_the_middle(room: PlayedRoom) -> None:
    """The morning up to 09:34:45 : alarms open and taken up, a command approved and one that waits, people who talk."""
    for seat, name in PEOPLE.items():
        room.conductor.present(seat, True)
        room.do(seat, "hello", name=name)
        room.do(seat, "ready")
    room.do("facilitator", "start")
    room.until("09:32:30")
    room.do("operator", "ack", alarm="counter-queue")
    room.do("operator", "look", look="counter-threads")
    room.do("dba", "say", to="all", text="【演练】数据库平静，没有等待连接。")
    room.until("09:33:00")
    room.do("operator", "propose", command="cut-off-bank-a")
    room.until("09:33:15")
    room.do("approver", "approve", command_id="c1")
    room.do("vendor", "say", to="operator", text="EXERCISE: do not restart yet, threads stand in transfer.")
    room.do("vendor", "propose", command="restart-counter")
    room.do("vendor", "look", look="counter-log")
    room.until("09:34:45")
    room.do("facilitator", "hint", hint="where")
    room.do("facilitator", "inject", inject="press", do="hold")
    room.do("facilitator", "branch")
