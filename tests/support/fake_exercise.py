"""An exercise without a simulator, for tests of what is around it: a minute and a half, an alarm after two seconds, one command."""

from __future__ import annotations

import hashlib
import socket
import threading
from pathlib import Path
from typing import Any

from small_journal import build

from chaos.documents.drill import SEATS, Seat
from chaos.room.exercise.messages import Ack, Approve, Begin, End, Entry, Propose, Say, Withdraw
from chaos.room.server.child import Opening, run_child
from chaos.room.server.folder import RoomFolder, Session
from chaos.room.server.tokens import new_token
from simcore.base.errors import InputError
from simcore.base.units import SECOND
from simcore.journal.model import Journal

BEGIN, LASTS = 100 * SECOND, 90 * SECOND


class FakeExercise:
    """What a room needs of an exercise. Its journal is another one for any other list of entries."""

    def __init__(self) -> None:
        self._now, self._ended = BEGIN, False
        self.log: list[dict[str, Any]] = []
        self.commands: dict[str, dict[str, Any]] = {}
        self.taken_up = False
        self.finished = False
        self._hash = hashlib.blake2b(digest_size=8)

    @property
    def now(self) -> int:
        assert not self.finished
        return self._now

    @property
    def over(self) -> bool:
        return self._ended or self._now >= BEGIN + LASTS

    def advance(self, until: int) -> None:
        assert until >= self.now or self.over
        if not self.over:
            self._now = min(until, BEGIN + LASTS)

    def take(self, entry: Entry) -> None:
        self.advance(entry.at)
        message = entry.message
        if isinstance(message, Ack):
            if message.alarm != "slow":
                raise InputError(f"no alarm named {message.alarm!r}", hint="known: slow")
            self.taken_up = True
        elif isinstance(message, Propose):
            key = f"c{len(self.commands) + 1}"
            self.commands[key] = {"id": key, "command": message.command, "title": None, "state": "proposed"}
        elif isinstance(message, Approve | Begin | Withdraw):
            self._handle(entry.seat, message)
        elif isinstance(message, Say):
            self.log.append({"t": entry.at / SECOND, "kind": "said", "from": entry.seat, "to": "all", "text": message.text})
        elif isinstance(message, End):
            if entry.seat != "facilitator":
                raise InputError("not for this role")
            self._ended = True
        self._hash.update(entry.model_dump_json(exclude={"message": {"id"}}).encode())

    def _handle(self, seat: Seat, message: Approve | Begin | Withdraw) -> None:
        if message.command_id not in self.commands:
            raise InputError(f"no command {message.command_id}")
        if seat != ("approver" if isinstance(message, Approve) else "operator"):
            raise InputError("not for this role")
        states = {"approve": "approved", "begin": "begun", "withdraw": "withdrawn"}
        self.commands[message.command_id]["state"] = states[message.kind]

    def view(self, seat: Seat) -> dict[str, Any]:
        assert not self.finished
        stands = self.now >= BEGIN + 2 * SECOND
        alarm = {"id": "slow", "since": 102.0, "state": "acknowledged" if self.taken_up else "open"}
        can = {"proposed": {"approver": ["approve"]}, "approved": {"operator": ["begin"]}}
        seen = {
            "seat": {"name": seat},
            "people": [{"seat": name, "state": "", "person": None} for name in SEATS],
            "clock": {"phase": "open"},
            "alarms": [alarm] if stands else [],
            "offers": [{"command": "cut"}] if seat == "operator" else [],
            "looks": [],
            "announcements": [],
            "commands": [{**row, "can": can.get(row["state"], {}).get(seat, [])} for row in self.commands.values()],
            "log": [*self.log],
        }
        return seen | ({"branches": []} if seat == "facilitator" else {})

    def finish(self) -> Journal:
        self.advance(BEGIN + LASTS)
        self.finished = True
        return build(meta={"workload": self._hash.hexdigest()})


def open_fake(_session: Session) -> FakeExercise:
    """As chaos.room.server.opening.open_exercise."""
    return FakeExercise()


class Threaded:
    """A child that is a thread of this process: there at once, and with all its modules."""

    def __init__(self, line: socket.socket, opening: Opening, path: str) -> None:
        self._thread = threading.Thread(target=run_child, args=(line.dup(), opening, path), daemon=True)
        self._thread.start()

    def join(self, timeout: float | None = None) -> None:
        self._thread.join(timeout)

    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def kill(self) -> None:
        """A thread cannot be."""

    def close(self) -> None:
        """There is nothing to give back."""


def fake_session(speed: float = 1.0, *, solo: bool = False) -> Session:
    """People are operator, approver and facilitator; the scribe looks on."""
    seats: list[Seat] = ["operator", "approver", "facilitator", "scribe"]
    seating = {seat: "person" for seat in seats if not (solo and seat == "facilitator")}
    tokens = {seat: new_token() for seat in (["operator"] if solo else seats)}
    return Session(drill="fake", digest="0", seed=1, seating=seating, speed=speed, tokens=tokens, solo=solo)


def fake_folder(path: Path, speed: float = 1.0, *, solo: bool = False) -> RoomFolder:
    """The folder of a new room."""
    folder = RoomFolder(path)
    folder.create(fake_session(speed, solo=solo))
    return folder
