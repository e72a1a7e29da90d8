"""Random decisions in a room in which everything goes wrong that can: the journal is that of the decisions alone.

COREDRILL_TEST_DECISIONS=all takes 200 lists of them; else 3.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
from pathlib import Path
from typing import Any

import pytest
from short_drill import open_short, short

from chaos.documents.drill import SEATS, Played, Seat
from chaos.room.client.bots import Step, follow
from chaos.room.client.seat import SeatClient
from chaos.room.exercise.exercise import Exercise
from chaos.room.exercise.messages import Entry
from chaos.room.protocol.changes import applied
from chaos.room.protocol.incoming import Branch, Clock, Incoming, Start, parse
from chaos.room.server.conductor import Conductor
from chaos.room.server.folder import RoomFolder, Session
from chaos.room.server.opening import new_session
from chaos.room.server.pacing import TICK
from chaos.room.server.replay import replay_with
from chaos.room.server.room import Room
from chaos.room.server.serve import Address, serving
from chaos.room.server.stream import Stream
from simcore.base.errors import InputError

LISTS = 200 if os.environ.get("COREDRILL_TEST_DECISIONS") == "all" else 3
SAID: list[tuple[Seat, dict[str, Any]]] = [
    ("vendor", {"kind": "propose", "command": "cut-off-bank-a"}),
    ("vendor", {"kind": "propose", "command": "more-threads"}),
    ("operator", {"kind": "propose", "command": "restart-router"}),
    ("approver", {"kind": "approve", "command_id": "c1"}),
    ("approver", {"kind": "approve", "command_id": "c2"}),
    ("approver", {"kind": "refuse", "command_id": "c2", "reason": "no"}),
    ("vendor", {"kind": "begin", "command_id": "c1"}),
    ("operator", {"kind": "begin", "command_id": "c1"}),
    ("vendor", {"kind": "withdraw", "command_id": "c2"}),
    ("operator", {"kind": "look", "look": "counter-threads"}),
    ("operator", {"kind": "ack", "alarm": "counter-queue"}),
    ("operator", {"kind": "report", "text": "trouble", "service": "counter-db"}),
    ("notices", {"kind": "announce", "announcement": "all-systems"}),
    ("facilitator", {"kind": "inject", "inject": "slow-bank", "do": "send"}),
    ("facilitator", {"kind": "inject", "inject": "slow-bank", "do": "hold"}),
    ("facilitator", {"kind": "inject", "inject": "false-line-alarm", "do": "send"}),
    ("facilitator", {"kind": "answer", "look_id": "l1", "text": "nothing"}),
    ("operator", {"kind": "say", "text": "<b>what</b> \u2028 \U0001f600"}),
]


class Killed(BaseException):
    """The process ends here."""


class Client:
    """What a seat's client knows: its state, made of frames alone, whatever it missed."""

    def __init__(self) -> None:
        self.seq: int | None = None
        self.state: dict[str, Any] = {}

    def take(self, stream: Stream) -> None:
        for text in stream.since(self.seq):
            frame = json.loads(text)
            assert frame["kind"] == "snapshot" or frame["seq"] == (self.seq or 0) + 1
            self.seq = frame["seq"]
            if frame["kind"] == "snapshot":
                self.state = frame["state"]
            elif frame["kind"] == "tick":
                self.state = applied(self.state, frame["changes"])


class Table:
    """A room without network and processes; the wall's clock is the test's. Killed, it is there again from its folder alone."""

    def __init__(self, folder: RoomFolder, draws: random.Random) -> None:
        self.folder, self.draws, self.wall, self.starts = folder, draws, 0.0, 0
        self.clients = {seat: Client() for seat in folder.session().tokens}
        self.branches: list[list[Entry]] = []
        self.numbers = 0
        self.start()

    def start(self) -> None:
        session = self.folder.session()
        self.exercise = open_short(session)
        self.conductor = Conductor(self.exercise, session, self.folder)
        self.streams = {seat: Stream(self.starts * 10**9) for seat in self.clients}
        self.starts += 1

    def kill(self) -> None:
        """Between two messages; a line of each file was not finished."""
        for name in ("decisions.jsonl", "clock.jsonl"):
            with (self.folder.current().path / name).open("a") as file:
                file.write(self.draws.choice(["", '{"at": 34', '{"at":34200000000000,"seat":"operator","message":{"v":1']))
        self.start()

    def say(self, seat: Seat, **fields: Any) -> str:
        """Sends a message; sometimes the process is killed between writing it down and doing it, or the answer is lost, and it is sent
        again. Returns its answer's kind."""
        self.numbers += 1
        message = parse(json.dumps({"v": 1, "id": f"m{self.numbers}", **fields}))
        if self.draws.random() < 0.1 and not isinstance(message, Start | Clock | Branch):
            self._kill_while(seat, message)
        answers = [self.conductor.handle(seat, message, self.wall).body for _ in range(self.draws.choice((1, 1, 1, 2)))]
        assert all(answer == answers[0] for answer in answers)
        self.streams[seat].reply(answers[0])
        return str(answers[0]["kind"])

    def _kill_while(self, seat: Seat, message: Incoming) -> None:
        def killed(_: object) -> None:
            raise Killed

        self.exercise.take = killed  # type: ignore[method-assign,assignment]
        try:
            self.conductor.handle(seat, message, self.wall)
        except Killed:
            assert self.folder.current().entries()[-1].message.id == message.id
        self.start()

    def go(self, ticks: int) -> None:
        """Time passes; clients that are there hear of it."""
        for _ in range(ticks):
            self.wall += TICK * self.draws.choice((1, 1, 1, 3))
            self.conductor.tick(self.wall)
            self.hear(0.3)

    def hear(self, missing: float) -> None:
        for seat, _, body in self.conductor.outgoing(self.wall):
            self.streams[seat].tick(body)
        for seat, client in self.clients.items():
            if self.draws.random() >= missing:
                client.take(self.streams[seat])

    def branch(self) -> None:
        """Kept as it stands: the decisions so far."""
        entries = self.folder.current().entries()
        if self.say("facilitator", kind="branch") == "done":
            self.branches.append(entries)

    def go_on(self, number: int) -> None:
        """Everybody goes on in a branch; 0: where they began."""
        if self.say("facilitator", kind="go_on", branch=number) == "done" and self.conductor.moved:
            self.start()


def a_session(draws: random.Random) -> Session:
    """Everybody can have a page; who is played by whom is drawn."""
    who: tuple[Played, ...] = ("person", "person", "automated", "nobody")
    session = new_session("bank-slow", short(), draws.randrange(1, 4), SEATS, draws.choice([1.0, 10.0, 37.5, 60.0]))
    return session.model_copy(update={"seating": {seat: draws.choice(who) for seat in SEATS} | {"facilitator": "person"}})


def unbroken(folder: RoomFolder, entries: list[Entry] | None = None) -> str:
    """The digest of the same decisions, or of these, taken one after the other by an exercise that knows of nothing else."""
    exercise = open_short(folder.session())
    for entry in folder.entries() if entries is None else entries:
        try:
            exercise.take(entry)
        except InputError:
            continue
    return exercise.finish().digest


@pytest.mark.parametrize("number", range(LISTS))
def test_the_journal_is_that_of_the_decisions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Decisions at any instant, pauses, speeds, lost connections, lost answers, branches, and kills at any point: live, replayed and
    branched the digest is that of what was written down. Nobody misses anything."""
    monkeypatch.setattr(os, "fsync", lambda _: None)
    draws, folder = random.Random(number), RoomFolder(tmp_path / "room")
    folder.create(a_session(draws))
    table = Table(folder, draws)
    assert table.say("facilitator", kind="start") == "done"
    while table.conductor.state != "over":
        table.go(draws.choice((0, 1, 3, 12)))
        what = draws.randrange(12)
        if what < 6:
            seat, fields = draws.choice(SAID)
            table.say(seat, **fields)
        elif what == 6:
            table.say("facilitator", kind="clock", paused=True)
            table.say("approver", kind="say", text="wait")
        elif what == 7 and table.starts < 6:
            table.kill()
        elif what == 8 and len(table.branches) < 2:
            table.branch()
        elif what == 9 and table.starts < 6:
            table.go_on(draws.randrange(len(table.branches) + 1))
        if draws.random() < 0.7 and table.conductor.state in ("running", "paused"):
            table.say("facilitator", kind="clock", paused=False, speed=draws.choice((7.5, 60.0)))
    table.hear(0.0)
    assert [client.state for client in table.clients.values()] == [table.streams[seat].state for seat in table.clients]
    ended = folder.current()
    kept = json.loads((ended.path / "result.json").read_text())["digest"]
    assert replay_with(ended, open_short(ended.session())).digest == kept
    assert unbroken(ended) == kept
    for n, entries in enumerate(table.branches, 1):
        other = folder.in_branch(n)
        assert other.entries()[: len(entries)] == entries
        Conductor(open_short(other.session()), other.session(), other)
        assert replay_with(other, open_short(other.session())).digest == unbroken(other)


@pytest.mark.asyncio
async def test_two_rooms_at_once_are_as_each_alone(tmp_path: Path) -> None:
    """Two servers with a process each, in which bots do different things: the digests are those of each one's decisions."""
    folders = [RoomFolder(tmp_path / name) for name in ("one", "two")]

    async def played(folder: RoomFolder, command: str) -> None:
        folder.create(new_session("bank-slow", short(), 1, ["vendor", "approver"], 60.0))
        async with (
            serving(Room(folder, open_short), Address()) as served,
            SeatClient(served.socket("vendor")) as vendor,
            SeatClient(served.socket("approver")) as approver,
            SeatClient(served.socket("facilitator")) as facilitator,
        ):
            playing = asyncio.create_task(follow({"vendor": vendor, "approver": approver}, [Step(0.0, command)]))
            assert (await facilitator.send("start")).done
            await vendor.until(lambda state: any(row["state"] == "begun" for row in state["commands"]))
            assert (await facilitator.send("end")).done
            assert await playing == [command]

    await asyncio.gather(*map(played, folders, ("cut-off-bank-a", "more-threads")))
    made = [replay_with(folder, Exercise(short(), 1, folder.session().seating)) for folder in folders]
    assert [one.digest for one in made] == [one.kept for one in made]
    assert made[0].digest != made[1].digest
