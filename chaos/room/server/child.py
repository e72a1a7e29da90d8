"""The process that has the exercise. It reads what people send as lines of JSON, and writes lines of what each seat is to be sent.

The simulator keeps the interpreter busy for tenths of a second at a time; in a process of its own it delays nobody's connection.
"""

from __future__ import annotations

import json
import select
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

from chaos.documents.drill import SEATS
from chaos.room.protocol.incoming import MalformedError, parse
from chaos.room.server.conductor import Conductor, RoomExercise
from chaos.room.server.folder import RoomFolder, Session
from chaos.room.server.stream import encoded
from simcore.base.errors import InputError

Opening = Callable[[Session], RoomExercise]
"""Makes the exercise of a session at its beginning. It is called in the child, so it is a function of a module."""
_PATIENCE = 15.0
"""So many seconds the child of a server that was killed has to notice that."""


def run_child(line: socket.socket, opening: Opening, path: str) -> None:
    """What the process does until the other end of the line is closed."""
    with line:
        folder = RoomFolder(Path(path))
        try:
            with folder.held(_PATIENCE), suppress(BrokenPipeError, ConnectionResetError):
                _Loop(line, opening, folder).run()
        except InputError as error:
            line.sendall(encoded({"kind": "failed", "body": {"text": str(error)}}).encode() + b"\n")


class _Loop:
    def __init__(self, line: socket.socket, opening: Opening, folder: RoomFolder) -> None:
        self._line, self._opening, self._folder, self._rest = line, opening, folder, b""
        self._branch = ExitStack()
        """Holds the branch in which the exercise goes on, if it does."""
        self._conductor = self._conducted()

    def _conducted(self) -> Conductor:
        self._branch.close()
        if self._folder.current_branch():
            self._branch.enter_context(self._folder.current().held(_PATIENCE))
        session = self._folder.session()
        return Conductor(self._opening(session), session, self._folder)

    def run(self) -> None:
        with self._branch:
            self._converse()

    def _converse(self) -> None:
        self._send()
        self._write({"kind": "opened", "body": {}})
        while (lines := self._read()) is not None:
            self._conductor.tick(time.monotonic())
            for text in lines:
                self._handle(text)
            self._send()

    def _read(self) -> list[bytes] | None:
        """What has come by the next tick; while the clock stands still, as soon as it comes. None: the server is gone."""
        wait = self._conductor.wait(time.monotonic())
        if wait is not None:
            time.sleep(wait)
        if not select.select([self._line], [], [], None if wait is None else 0)[0]:
            return []
        more = self._line.recv(1 << 20)
        if not more:
            return None
        *lines, self._rest = (self._rest + more).split(b"\n")
        return lines

    def _handle(self, text: bytes) -> None:
        given = json.loads(text)
        seat = next(seat for seat in SEATS if seat == given["seat"])
        if "here" in given:
            self._conductor.present(seat, bool(given["here"]))
            return
        try:
            message = parse(given["frame"])
        except MalformedError:
            return
        reply = self._conductor.handle(seat, message, time.monotonic())
        self._write({"seat": reply.seat, "kind": reply.kind, "body": reply.body})
        if self._conductor.moved:
            people = self._conductor.people
            self._write({"kind": "moved", "body": {}})
            self._conductor = self._conducted()
            for present, name in people.items():
                self._conductor.present(present, True, name)

    def _send(self) -> None:
        for seat, kind, body in self._conductor.outgoing(time.monotonic()):
            self._write({"seat": seat, "kind": kind, "body": body})

    def _write(self, heard: dict[str, object]) -> None:
        self._line.sendall(json.dumps(heard, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode() + b"\n")
