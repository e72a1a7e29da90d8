"""A client of a room: takes one seat, keeps its state up to date, and comes back by itself when the connection is lost.

    async with SeatClient("ws://127.0.0.1:8765/ws?token=…") as seat:
        await seat.until(lambda state: state["clock"]["state"] == "running")
        answer = await seat.send("propose", command="cut-bank-off")
        if not answer.done:
            ...  # answer.message["en"] says why, answer.hint what to do

`state` is plain data with the keys of the protocol (docs/room.md).
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType

from pydantic import JsonValue
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus

from chaos.room.protocol.changes import JsonObject, applied

_FIRST_WAIT, _LONGEST_WAIT = 0.1, 2.0
_FRAME_MAX = 64 * 1024 * 1024


class NotAdmittedError(Exception):
    """The room does not know the token."""


@dataclass(frozen=True)
class Answered:
    """What became of a message: done, or refused with a message in both languages and perhaps a hint."""

    done: bool
    message: dict[str, str] = field(default_factory=dict)
    hint: str = ""


class SeatClient:
    """One seat. Enter it to connect; `name` is how the person is called."""

    def __init__(self, address: str, *, name: str = "", language: str = "en") -> None:
        self.state: JsonObject = {}
        self.seq: int | None = None
        self.frames = 0
        """Frames taken."""
        self.reconnects = 0
        self._address, self._name, self._language = address, name, language
        self._mark = secrets.token_hex(4)
        self._number = 0
        self._waiting: dict[str, tuple[str, asyncio.Future[Answered]]] = {}
        self._changed = asyncio.Condition()
        self._connection: ClientConnection | None = None
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> SeatClient:
        self._task = asyncio.create_task(self._run())
        await self.until(bool)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError, NotAdmittedError):
                await self._task

    @property
    def seat(self) -> str:
        """Which seat it is; empty before the first state."""
        seat = self.state.get("seat")
        return str(seat.get("name")) if isinstance(seat, dict) else ""

    # --- what one does with it --------------------------------------------------------------------------------------------------

    async def send(self, kind: str, **fields: JsonValue) -> Answered:
        """Sends a message and waits for its answer. One that was on its way when the connection was lost is sent again; it acts once."""
        self._number += 1
        key = f"{self._mark}-{self._number}"
        frame = json.dumps({"v": 1, "id": key, "kind": kind, **fields}, ensure_ascii=False)
        answer: asyncio.Future[Answered] = asyncio.get_running_loop().create_future()
        self._waiting[key] = (frame, answer)
        try:
            if self._connection is not None:
                with suppress(ConnectionClosed):
                    await self._connection.send(frame)
            return await answer
        finally:
            self._waiting.pop(key, None)

    async def until(self, holds: Callable[[JsonObject], bool]) -> JsonObject:
        """The first state for which a condition holds: the one now, or one to come. Raises NotAdmittedError."""
        async with self._changed:
            while not (self.state and holds(self.state)):
                if self._task is not None and self._task.done():
                    self._task.result()
                await self._changed.wait()
            return self.state

    async def drop(self) -> None:
        """Breaks the connection, as a network may. The client comes back by itself."""
        if self._connection is not None:
            self._connection.transport.abort()

    # --- the connection -----------------------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        wait = _FIRST_WAIT
        try:
            while True:
                try:
                    async with connect(self._address, max_size=_FRAME_MAX, proxy=None) as connection:
                        wait = _FIRST_WAIT
                        await self._converse(connection)
                except (ConnectionClosed, OSError, TimeoutError, InvalidMessage):
                    pass
                except InvalidStatus as error:
                    if error.response.status_code in (401, 403, 404, 421):
                        raise NotAdmittedError(f"the room answers {error.response.status_code}") from None
                self._connection = None
                self.reconnects += 1
                await asyncio.sleep(wait)
                wait = min(wait * 2, _LONGEST_WAIT)
        finally:
            async with self._changed:
                self._changed.notify_all()

    async def _converse(self, connection: ClientConnection) -> None:
        seen: JsonObject = {} if self.seq is None else {"seq": self.seq}
        hello = {"v": 1, "id": "", "kind": "hello", "lang": self._language, "name": self._name, **seen}
        await connection.send(json.dumps(hello, ensure_ascii=False))
        for frame, _ in list(self._waiting.values()):
            await connection.send(frame)
        self._connection = connection
        async for text in connection:
            if not await self._take(json.loads(text)):
                self.seq = None  # something is missing: the next hello asks for a snapshot
                return

    async def _take(self, frame: JsonObject) -> bool:
        seq, kind = frame["seq"], frame["kind"]
        assert isinstance(seq, int)
        if kind != "snapshot" and seq != (self.seq or 0) + 1:
            return False
        self.seq = seq
        self.frames += 1
        async with self._changed:
            if kind == "snapshot" and isinstance(frame["state"], dict):
                self.state = frame["state"]
            elif kind == "tick" and isinstance(frame["changes"], dict):
                self.state = applied(self.state, frame["changes"])
            else:
                self._answer(frame)
            self._changed.notify_all()
        return True

    def _answer(self, frame: JsonObject) -> None:
        _, answer = self._waiting.get(str(frame.get("id")), ("", None))
        if answer is None or answer.done():
            return
        said = frame.get("message")
        message = {key: str(text) for key, text in said.items()} if isinstance(said, dict) else {}
        answer.set_result(Answered(frame["kind"] == "done", message, str(frame.get("hint", ""))))
