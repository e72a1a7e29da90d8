"""The room as the server has it: the line to the child, a stream for each seat, and who is connected."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from chaos.documents.drill import SEATS, Seat
from chaos.room.protocol.changes import JsonObject
from chaos.room.server.child import Opening, run_child
from chaos.room.server.folder import RoomFolder
from chaos.room.server.limits import Door
from chaos.room.server.reviewing import Command, reviewing
from chaos.room.server.stream import Stream, encoded
from simcore.base.errors import InputError

_NUMBERS_OF_A_START = 10**9
"""Frames of one start of the server have numbers that those of another never have, so that what a client saw is not mistaken."""
_LINE_MAX = 64 * 1024 * 1024
_STARTS_IN_A_ROW = 3
_LIVES = 30.0
"""A child that ends sooner, s, has not got over what ended the one before."""
_WAITING_MAX = 1 << 20


class Child(Protocol):
    """What has the exercise, and ends when its line is closed."""

    def join(self, timeout: float | None = None) -> None:
        """Waits until it has ended, at most so long, s."""

    def is_alive(self) -> bool:
        """Whether it has not ended."""

    def kill(self) -> None:
        """Ends it."""

    def close(self) -> None:
        """Gives back what is left of it."""


Launch = Callable[[socket.socket, Opening, str], Child]
"""Starts a child at the other end of a line, on a room's folder."""


def spawned(line: socket.socket, opening: Opening, path: str) -> Child:
    """A child in a process of its own."""
    child = multiprocessing.get_context("spawn").Process(target=run_child, args=(line, opening, path), daemon=True)
    child.start()
    return child


class Room:
    """A room that is open. Its child is started again if it ends, and goes on from what is in the folder. When the exercise is over, the
    command `review` is carried out, if there is one."""

    def __init__(self, folder: RoomFolder, opening: Opening, launch: Launch | None = None, review: Command | None = None) -> None:
        session = folder.session()
        session = session.model_copy(update={"starts": session.starts + 1})
        folder.write_session(session)
        self.session, self.folder = session, folder
        self.opened = asyncio.Event()
        self.failed: str | None = None
        self._opening, self._launch = opening, launch or spawned
        first = session.starts * _NUMBERS_OF_A_START
        self._streams = {seat: Stream(first) for seat in session.tokens}
        self._listeners: dict[Seat, set[asyncio.Event]] = {seat: set() for seat in session.tokens}
        self._doors = {seat: Door(time.monotonic()) for seat in session.tokens}
        self._review, self._over = review, asyncio.Event()
        self._reviewing: asyncio.Task[None] | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._child: Child | None = None

    def stream(self, seat: Seat) -> Stream:
        """What a seat is sent."""
        return self._streams[seat]

    def served_at(self, bind: str, port: int, behind: str | None) -> None:
        """Keeps where it is served, so that links are valid when it goes on."""
        self.session = self.session.model_copy(update={"bind": bind, "port": port, "behind": behind})
        self.folder.write_session(self.session)

    # --- clients --------------------------------------------------------------------------------------------------------------

    def listen(self, seat: Seat) -> asyncio.Event:
        """An event that is set whenever there is something new for the seat; somebody is there until it is given back."""
        event = asyncio.Event()
        self._listeners[seat].add(event)
        if len(self._listeners[seat]) == 1:
            self._tell({"seat": seat, "here": True})
        return event

    def leave(self, seat: Seat, event: asyncio.Event) -> None:
        """Nobody waits for that event any more."""
        self._listeners[seat].discard(event)
        if not self._listeners[seat]:
            self._tell({"seat": seat, "here": False})

    def door(self, seat: Seat) -> Door:
        """Who comes in there, and how much they say."""
        return self._doors[seat]

    def send(self, seat: Seat, frame: str) -> bool:
        """Hands a message on to the exercise; False: it has too much to read already, or is not there."""
        return self._tell({"seat": seat, "frame": frame})

    def refuse(self, seat: Seat, key: str, en: str, zh: str, hint: str = "") -> None:
        """Answers a message that was not handed on."""
        self._streams[seat].reply({"kind": "refused", "id": key, "message": {"en": en, "zh": zh}, "hint": hint})
        self._wake(seat)

    def _wake(self, seat: Seat) -> None:
        for event in self._listeners[seat]:
            event.set()

    # --- the child ------------------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Keeps the child going until cancelled. A child that cannot begin is not started for ever: `failed` says why."""
        in_a_row = 0
        self._reviewing = asyncio.create_task(self._make_review())
        try:
            while self.failed is None:
                self.opened.clear()
                began = asyncio.get_running_loop().time()
                reader = await self._start()
                try:
                    await self._read(reader)
                finally:
                    await self._stop()
                in_a_row = 1 if asyncio.get_running_loop().time() - began > _LIVES else in_a_row + 1
                if in_a_row >= _STARTS_IN_A_ROW and self.failed is None:
                    self.failed = "the exercise's process ends as soon as it is started"
        finally:
            self.opened.set()
            self._reviewing.cancel()
            with suppress(asyncio.CancelledError):
                await self._reviewing

    async def _make_review(self) -> None:
        """Waits until the exercise is over, and has it reviewed; every seat sees how far that is."""
        await self._over.wait()
        if self._review is not None:
            await reviewing(self.folder.current().path, self._review, self._show_all)

    def _has_moved(self) -> None:
        """The exercise goes on in another branch: a review of where it was is none of it."""
        if self._reviewing is not None:
            self._reviewing.cancel()
        self._over.clear()
        self._show_all({"review": None})
        self._reviewing = asyncio.create_task(self._make_review())

    def _show_all(self, changed: JsonObject) -> None:
        for seat, stream in self._streams.items():
            stream.tick(changed)
            self._wake(seat)

    async def _start(self) -> asyncio.StreamReader:
        ours, theirs = socket.socketpair()
        with theirs:
            self._child = await asyncio.to_thread(self._launch, theirs, self._opening, str(self.folder.path))
        reader, self._writer = await asyncio.open_connection(sock=ours, limit=_LINE_MAX)
        for seat, listeners in self._listeners.items():
            if listeners:
                self._tell({"seat": seat, "here": True})
        return reader

    async def _stop(self) -> None:
        """The line is closed; that ends the child, if it has not ended."""
        if self._writer is not None:
            self._writer.close()
            with suppress(ConnectionError):
                await self._writer.wait_closed()
            self._writer = None
        if self._child is not None:
            await asyncio.shield(asyncio.to_thread(_end, self._child))
            self._child = None

    async def _read(self, reader: asyncio.StreamReader) -> None:
        with suppress(ConnectionError):
            while line := await reader.readline():
                self._hear(line)

    def _hear(self, line: bytes) -> None:
        heard = json.loads(line)
        if heard["kind"] == "failed":
            self.failed = heard["body"]["text"]
            return
        if heard["kind"] == "opened":
            self.opened.set()
            return
        if heard["kind"] == "moved":
            self._has_moved()
            return
        seat = next(seat for seat in SEATS if seat == heard["seat"])
        if seat not in self._streams:
            return
        if heard["kind"] == "changes":
            self._streams[seat].tick(heard["body"])
            if heard["body"].get("clock", {}).get("state") == "over":
                self._over.set()
        else:
            self._streams[seat].reply(heard["body"])
        self._wake(seat)

    def _tell(self, said: dict[str, str | bool]) -> bool:
        writer = self._writer
        if writer is None or writer.is_closing() or writer.transport.get_write_buffer_size() > _WAITING_MAX:
            return False
        writer.write(encoded(dict(said)).encode("utf-8", "replace") + b"\n")
        return True

    def require_open(self) -> None:
        """Raises InputError if the exercise cannot begin."""
        if self.failed is not None:
            raise InputError(self.failed)


def _end(child: Child) -> None:
    child.join(5)
    if child.is_alive():
        child.kill()
        child.join()
    child.close()
