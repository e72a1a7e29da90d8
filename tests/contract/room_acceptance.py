"""A room as people use it: six pages in headless Chromium play bank-slow, and a page, a connection and the server are killed meanwhile.

tests/contract/test_room_acceptance.py plays shortly, and looks at order and completeness; benchmarks/room_acceptance.py plays for a
quarter of an hour, and measures. Five pages have seats that act or speak, one is the wall; in turn they propose, agree, begin, refuse,
withdraw and speak, through the page's own feed. Latency is from when a page sends a message until each of the six has received the tick
that has what it did: all clocks are this machine's.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from room_traffic import leaks

import chaos.cli
from chaos.documents.drill import SEATS as ALL_SEATS
from chaos.documents.library import library
from chaos.room.exercise.prepared import prepare
from chaos.room.server.replay import replayed

SEATS = ("facilitator", "operator", "vendor", "approver", "notices", "scribe")
SPEAKERS = ("operator", "vendor", "approver", "notices", "facilitator")
COMMANDS = ("cut-off-bank-a", "cut-off-bank-b", "more-threads")
RECORD = """
globalThis.roomRecord = { sent: [], frames: [] };
globalThis.WebSocket = class extends WebSocket {
  constructor(url, ...more) {
    super(url, ...more);
    this.addEventListener("message", (event) => roomRecord.frames.push([Date.now(), event.data]));
  }
  send(text) {
    roomRecord.sent.push([Date.now(), text]);
    super.send(text);
  }
};
"""
LINKED = "globalThis.roomFeed?.socket?.readyState === 1 && globalThis.roomFeed.state !== null"
AT_HOME = "(document.body.dataset.page === 'lobby') === (roomFeed.state.clock.state === 'lobby')"
TAKE = "(() => { const taken = roomRecord; roomRecord = { sent: [], frames: [] }; return taken; })()"


def chromium() -> str | None:
    """The Chromium to use: the one in COREDRILL_CHROMIUM, else the one that is installed."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("COREDRILL_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


# --- the server -----------------------------------------------------------------------------------------------------------------------


class Server:
    """`coredrill room host` as a process of its own, and what it and its child use."""

    def __init__(self, folder: Path, drill: Path, speed: float) -> None:
        self.folder, self.cpu_s, self.peak_mib = folder, 0.0, 0.0
        seats = [part for seat in SEATS if seat not in ("facilitator", "scribe") for part in ("--seat", seat)]
        self._start(str(drill), "--folder", str(folder), "--port", "0", "--speed", str(speed), *seats)

    def _start(self, *words: str) -> None:
        command = [sys.executable, "-m", "chaos.cli.main", "room", "host", *words]
        self._log = self.folder.parent / "server.log"
        with self._log.open("w") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        self._taken: dict[int, float] = {}

    async def opened(self) -> None:
        """Returns once links are printed."""
        while True:
            said = self._log.read_text()
            if "closes the room" in said:
                return
            if self.process.poll() is not None:
                raise RuntimeError(said)
            await asyncio.sleep(0.05)

    def link(self, seat: str) -> str:
        """The address of a seat's page."""
        session = json.loads((self.folder / "session.json").read_text())
        return f"http://127.0.0.1:{session['port']}/lobby.html?token={session['tokens'][seat]}"

    def measure(self) -> None:
        """Adds what was used since the last time."""
        total = 0.0
        for pid in (self.process.pid, *descendants(self.process.pid)):
            with contextlib.suppress(OSError):
                used, before = cpu_s(pid), self._taken.get(pid, 0.0)
                self.cpu_s += used - before
                self._taken[pid] = used
                total += resident_mib(pid)
        self.peak_mib = max(self.peak_mib, total)

    async def kill(self) -> float:
        """Kills it with -9 and starts it on its folder; how long until it serves, s."""
        self.measure()
        began = time.monotonic()
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self._start("--resume", "--folder", str(self.folder))
        await self.opened()
        return time.monotonic() - began


def descendants(pid: int) -> list[int]:
    """Processes below one, as Linux lists them."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in map(int, (task / "children").read_text().split()):
                found += [child, *descendants(child)]
    return found


def cpu_s(pid: int) -> float:
    """Seconds of a processor that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mib(pid: int) -> float:
    """MiB that a process has in memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


# --- the pages ------------------------------------------------------------------------------------------------------------------------


@dataclass
class Page:
    """A seat's page in a browser, and what it sent and received, with the time in ms."""

    seat: str
    page: Any
    sent: list[Any] = field(default_factory=list)
    frames: list[Any] = field(default_factory=list)
    gaps: list[int] = field(default_factory=list)
    """Where what was received is known not to go on from what is before: numbers of frames."""

    async def until(self, expression: str, seconds: float = 60.0) -> None:
        """Waits until it is true in the page, which may go elsewhere meanwhile."""
        from playwright.async_api import Error

        until = time.monotonic() + seconds
        while time.monotonic() < until:
            with contextlib.suppress(Error):
                if await self.page.evaluate(expression):
                    return
            await asyncio.sleep(0.02)
        raise RuntimeError(f"{self.seat}: never came true: {expression}")

    async def take(self) -> None:
        """Fetches what was recorded in the page."""
        taken = await self.page.evaluate(TAKE)
        self.sent += taken["sent"]
        self.frames += taken["frames"]

    async def say(self, **message: Any) -> None:
        """Sends a message as the page does."""
        await self.page.evaluate("(message) => roomFeed.send(message)", message)

    async def state(self) -> dict[str, Any]:
        """What the page knows."""
        found: dict[str, Any] = await self.page.evaluate("roomFeed.state")
        return found


class Room:
    """Server, browsers and pages."""

    def __init__(self, playwright: Any, server: Server, browsers: int) -> None:
        self.playwright, self.server, self._count = playwright, server, browsers
        self.browsers: dict[str, Any] = {}
        self.pages: dict[str, Page] = {}

    async def open(self) -> None:
        """Every seat's page, in the lobby."""
        shared = [await self._launch() for _ in range(min(self._count, len(SEATS)))]
        for n, seat in enumerate(SEATS):
            self.browsers[seat] = shared[n % len(shared)]
            self.pages[seat] = Page(seat, None)
            await self.sit(seat)

    async def _launch(self) -> Any:
        return await self.playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])

    async def sit(self, seat: str) -> None:
        """Opens a seat's page, again if it was lost."""
        size = {"width": 390, "height": 844} if seat == "approver" else {"width": 1280, "height": 800}
        context = await self.browsers[seat].new_context(viewport=size)
        await context.add_init_script(RECORD)
        page = self.pages[seat]
        page.page = await context.new_page()
        page.gaps.append(len(page.frames))
        await page.page.goto(self.server.link(seat))
        await page.until(f"{LINKED} && {AT_HOME}")

    async def start(self) -> None:
        """The clock goes, and everybody is at the own page."""
        await asyncio.gather(*(page.take() for page in self.pages.values()))
        await self.pages["facilitator"].say(kind="start")
        for page in self.pages.values():
            await page.until(f"{LINKED} && {AT_HOME} && roomFeed.state.clock.state === 'running'")
            page.gaps.append(len(page.frames))

    async def crash(self, seat: str) -> float:
        """Kills the process of a seat's page and opens it again; how long until it knows all that it did, s."""
        from playwright.async_api import Error

        page = self.pages[seat]
        await page.take()
        before = await page.state()
        crashed = asyncio.get_running_loop().create_future()
        page.page.once("crash", lambda _: crashed.set_result(None))
        opening = asyncio.create_task(page.page.goto("chrome://crash"))
        await crashed
        opening.cancel()
        with contextlib.suppress(asyncio.CancelledError, Error):
            await opening
        began = time.monotonic()
        await self.sit(seat)
        took = time.monotonic() - began
        after = await page.state()
        if after["log"][: len(before["log"])] != before["log"] or len(after["commands"]) < len(before["commands"]):
            raise RuntimeError(f"{seat} does not know what it knew")
        return took

    async def cut(self, seat: str) -> float:
        """Cuts a seat's connection; how long until the page is back, s."""
        began = time.monotonic()
        await self.pages[seat].page.evaluate("roomFeed.socket.close()")
        await self.pages[seat].until(f"!({LINKED})")
        await self.pages[seat].until(LINKED)
        return time.monotonic() - began

    async def kill_server(self) -> float:
        """Kills the server; how long until all pages have the room again, s."""
        began = time.monotonic()
        await self.server.kill()
        for page in self.pages.values():
            await page.until(f"{LINKED} && roomFeed.state.clock.state === 'paused'")
        took = time.monotonic() - began
        await self.pages["facilitator"].say(kind="clock", paused=False)
        await self.pages["facilitator"].until("roomFeed.state.clock.state === 'running'")
        return took


# --- what is played -------------------------------------------------------------------------------------------------------------------


class Play:
    """One message after another: four in five are words, the fifth is a step of a command."""

    def __init__(self, room: Room) -> None:
        self.room, self.number, self.said = room, 0, list[str]()

    async def step(self) -> None:
        """One message, and a look at what people should take up."""
        n, self.number = self.number, self.number + 1
        pages = self.room.pages
        if n % 2:
            await pages["operator"].page.evaluate(
                "for (const alarm of roomFeed.state.alarms) if (alarm.state === 'open') roomFeed.send({ kind: 'ack', alarm: alarm.id })"
            )
            speaker = SPEAKERS[n % len(SPEAKERS)]
            if speaker != "approver" or not await self._away():
                self.said.append(f"mark {n}")
                await pages[speaker].say(kind="say", to="all", text=self.said[-1])
            return
        commands = (await pages["vendor"].state())["commands"]
        last = commands[-1] if commands else {"state": "refused", "n": 0}
        if last["state"] == "proposed":
            if not await self._away():
                verb = "approve" if last["n"] % 4 == 1 else "refuse"
                await pages["approver"].say(
                    kind=verb, command_id=last["id"], **({"reason": "not now"} if verb == "refuse" else {})
                )
        elif last["state"] == "approved":
            await pages["vendor"].say(kind="begin" if last["n"] % 8 == 1 else "withdraw", command_id=last["id"])
        else:
            await pages["vendor"].say(kind="propose", command=COMMANDS[last["n"] % len(COMMANDS)])

    async def _away(self) -> bool:
        """Whether the approver has been called away."""
        people = (await self.room.pages["facilitator"].state())["people"]
        return any(row["seat"] == "approver" and row["state"] == "absent" for row in people)


@dataclass
class Measured:
    """What took how long, s."""

    page_killed: float = 0.0
    connection_cut: float = 0.0
    server_killed: float = 0.0


@dataclass(frozen=True)
class Length:
    """How long is played: seconds on the wall, and at least so many messages; seconds between two of them."""

    seconds: float
    messages: int
    step_s: float

    def done(self, gone_s: float, messages: int) -> float:
        """The share that is done."""
        return min(gone_s / self.seconds if self.seconds else 1.0, messages / self.messages)


async def play(room: Room, length: Length, report: Callable[[str], None]) -> tuple[Play, Measured]:
    """Plays for so long; at a quarter a page is killed, at half a connection is cut, at three quarters the server is killed. A line of
    how it goes is reported now and then."""
    playing, took, began = Play(room), Measured(), time.monotonic()
    events: list[tuple[float, str, Callable[[], Awaitable[float]]]] = [
        (0.25, "page_killed", lambda: room.crash("notices")),
        (0.5, "connection_cut", lambda: room.cut("operator")),
        (0.75, "server_killed", room.kill_server),
    ]
    while (done := length.done(gone := time.monotonic() - began, playing.number)) < 1 or events:
        if events and done > events[0][0]:
            _, name, happens = events.pop(0)
            setattr(took, name, await happens())
            report(f"{gone:.0f} s: {name}, back after {getattr(took, name):.2f} s")
        await playing.step()
        room.server.measure()
        if playing.number % 30 == 0:
            await asyncio.gather(*(page.take() for page in room.pages.values()))
            state = await room.pages["scribe"].state()
            report(f"{gone:.0f} s: {state['clock']}, load {os.getloadavg()[0]:.1f}")
        await asyncio.sleep(length.step_s)
    return playing, took


# --- what came of it ------------------------------------------------------------------------------------------------------------------


def arrivals(page: Page) -> dict[str, float]:
    """When the page first received what somebody did, ms: by the word, or by command and state."""
    found: dict[str, float] = {}
    for at, text in page.frames:
        frame = json.loads(text)
        changed = frame.get("changes") or frame.get("state") or {}
        log, commands = changed.get("log") or [], changed.get("commands") or []
        for row in log["rows"] if isinstance(log, dict) else log:
            if row["kind"] == "said" and isinstance(row["text"], str) and row["text"].startswith("mark "):
                found.setdefault(row["text"], at)
        for command in commands:
            for state in command["times"]:
                found.setdefault(f"{command['id']} {state}", at)
    return found


def departures(pages: dict[str, Page]) -> dict[str, float]:
    """When a page sent what was then done, ms, by the same names."""
    done = {(seat, json.loads(text).get("id")) for seat, page in pages.items() for _, text in page.frames if '"done"' in text}
    states = {"approve": "approved", "refuse": "refused", "begin": "begun", "withdraw": "withdrawn"}
    every = [(at, seat, json.loads(text)) for seat, page in pages.items() for at, text in page.sent]
    sent = sorted(every, key=lambda one: one[0])
    found: dict[str, float] = {}
    proposed = 0
    for at, seat, message in sent:
        if (seat, message.get("id")) not in done:
            continue
        if message["kind"] == "propose":
            proposed += 1
            found[f"c{proposed} proposed"] = at
        elif message["kind"] in states:
            found[f"{message['command_id']} {states[message['kind']]}"] = at
        elif message["kind"] == "say":
            found[message["text"]] = at
    return found


def latencies(pages: dict[str, Page]) -> dict[str, list[float]]:
    """For each message that every page has received, ms until the last of them had it, by what it was."""
    received = {seat: arrivals(page) for seat, page in pages.items()}
    found: dict[str, list[float]] = defaultdict(list)
    for name, at in departures(pages).items():
        if all(name in known for known in received.values()):
            kind = "said" if name.startswith("mark ") else name.split()[1]
            found[kind].append(max(known[name] for known in received.values()) - at)
    return found


def faults(room: Room, playing: Play, states: dict[str, dict[str, Any]]) -> list[str]:
    """What was lost, doubled, out of order, or a gap in a page's numbers; and what a seat may not know."""
    found, done = [], [text for text in playing.said if text in departures(room.pages)]
    for seat, page in room.pages.items():
        said = [row["text"] for row in states[seat]["log"] if row["kind"] == "said" and str(row["text"]).startswith("mark ")]
        if said != [text for text in playing.said if text in set(said)]:
            found.append(f"{seat}: words are doubled or out of order")
        found += [f"{seat}: {text} is lost" for text in done if text not in said]
        found += [f"{seat}: {key} is not answered" for key in unanswered(page)]
        found += [f"{seat}: frame {seq} is missing" for seq in gaps(page)]
        for key in ("commands", "alarms", "orders", "map", "severity"):
            theirs, mine = (json.dumps(plain(states[who][key])) for who in ("scribe", seat))
            if theirs != mine:
                found.append(f"{seat}: {key} is another than on the wall")
    drill = prepare(json.loads((room.server.folder / "session.json").read_text())["drill"])
    frames = {seat: [text for _, text in room.pages[seat].frames] if seat in room.pages else [] for seat in ALL_SEATS}
    return [*found, *leaks(frames, drill)]


def unanswered(page: Page) -> set[str]:
    """Messages of a page, but its greetings, that were neither accepted nor refused."""
    sent = {message["id"] for message in (json.loads(text) for _, text in page.sent) if message["kind"] != "hello"}
    return sent - {json.loads(text).get("id") for _, text in page.frames}


def plain(value: Any) -> Any:
    """Without what is each seat's own."""
    return [{key: item for key, item in row.items() if key != "can"} for row in value] if isinstance(value, list) else value


def gaps(page: Page) -> list[int]:
    """Numbers that a page should have received and did not."""
    found, seq = [], None
    for n, (_, text) in enumerate(page.frames):
        frame = json.loads(text)
        if seq is not None and n not in page.gaps and frame["kind"] != "snapshot" and frame["seq"] != seq + 1:
            found.append(seq + 1)
        seq = frame["seq"]
    return found


def quantile(values: list[float], share: float) -> float:
    """The value that a share of them does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def write_drill(folder: Path, minutes: float, speed: float) -> Path:
    """bank-slow with a window that is long enough."""
    end = 9 * 60 + 15 + max(45, int(minutes * speed) + 30)
    template = (Path(chaos.cli.__file__).parent / "template.yaml").read_text(encoding="utf-8")
    scenario = template.replace('to: "10:00"', f'to: "{end // 60:02}:{end % 60:02}"')
    drill = library().shipped("drill")["bank-slow"].read_text(encoding="utf-8")
    drill = drill.replace("../../chaos/cli/template.yaml", "./scenario.yaml")
    (folder / "scenario.yaml").write_text(scenario)
    (folder / "bank-slow.yaml").write_text(drill)
    return folder / "bank-slow.yaml"


async def accept(folder: Path, length: Length, speed: float, browsers: int, report: Callable[[str], None]) -> dict[str, Any]:
    """Plays it, and what came of it."""
    from playwright.async_api import async_playwright

    server = Server(folder / "room", write_drill(folder, length.seconds / 60, speed), speed)
    try:
        await server.opened()
        async with async_playwright() as playwright:
            room = Room(playwright, server, browsers)
            await room.open()
            server.measure()
            used, began, load = server.cpu_s, time.monotonic(), os.getloadavg()[0]
            await room.start()
            playing, took = await play(room, length, report)
            await asyncio.sleep(1)
            server.measure()
            used, lasted = server.cpu_s - used, time.monotonic() - began
            await room.pages["facilitator"].say(kind="end")
            for page in room.pages.values():
                await page.until("roomFeed.state.clock.state === 'over'")
                await page.take()
            states = {seat: await page.state() for seat, page in room.pages.items()}
            ended = load, os.getloadavg()[0]
            wrong = faults(room, playing, states)
            found = latencies(room.pages)
    finally:
        server.process.kill()
        server.process.wait()
    digests = [json.loads((folder / "room/result.json").read_text())["digest"], replayed(folder / "room").digest]
    every = [value for values in found.values() for value in values]
    return {
        "minutes": length.seconds / 60,
        "speed": speed,
        "browsers": browsers,
        "pages": len(SEATS),
        "load_average": {"at the beginning": ended[0], "at the end": ended[1]},
        "processors": os.cpu_count(),
        "messages": len(every),
        "latency_ms": {"p50": quantile(every, 0.5), "p99": quantile(every, 0.99), "max": max(every)},
        "p50_ms_by_kind": {kind: quantile(values, 0.5) for kind, values in sorted(found.items())},
        "back_after_s": {
            "page killed": round(took.page_killed, 2),
            "connection cut": round(took.connection_cut, 2),
            "server killed": round(took.server_killed, 2),
        },
        "server": {
            "cpu_s_per_hour": round(used / lasted * 3600),
            "share_of_a_core": round(used / lasted, 3),
            "peak_mib": round(server.peak_mib),
        },
        "simulated_s": states["scribe"]["clock"]["t"] - states["scribe"]["drill"]["window"][0],
        "digest": digests[0],
        "replayed": digests[1],
        "faults": [*wrong, *(["the digest is another one"] if digests[0] != digests[1] else [])],
    }
