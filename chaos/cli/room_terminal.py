"""A drill in the terminal: what changes is printed, what is typed is done."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from pydantic import JsonValue
from rich.console import Console

from chaos.cli.printing import say
from chaos.cli.room_shown import Shown
from chaos.cli.room_words import terminal_text
from chaos.i18n.texts import LocalizedText
from chaos.measures.formatting import Language
from chaos.room.client.seat import Answered, SeatClient
from chaos.room.protocol.changes import JsonObject
from chaos.room.protocol.state import clock_state, is_over, rows

HELP = ("start", "enter", "offers", "alarms", "propose", "look", "say", "rest")
LISTS = ("alarms", "offers", "commands")
_CHOICES = {
    "ack": ("alarms", "id", "alarm"),
    "propose": ("offers", "command", "command"),
    "look": ("looks", "look", "look"),
    "announce": ("announcements", "announcement", "announcement"),
}
"""Of what a word chooses one: key of the state, name of a row, and field of the message."""
_CLOCK: dict[str, Callable[[JsonObject], bool]] = {
    "start": lambda state: clock_state(state) != "lobby",
    "pause": lambda state: clock_state(state) != "running",
    "go": lambda state: clock_state(state) != "paused",
}
"""What has become of the clock when it has done what was typed: its answer may come before its state."""
_SETTLES_S = 2.0
_STEPS = ("approve", "refuse", "begin", "withdraw")


class MistypedError(Exception):
    """What was typed is no message; `text` says why."""

    def __init__(self, key: str, **parts: object) -> None:
        self.text: LocalizedText = terminal_text(key, **parts)
        super().__init__(self.text.en)


async def play(console: Console, address: str, language: Language, folder: Path, typed: TextIO | None = None) -> None:
    """Plays until `quit` or the end of what is typed."""
    async with SeatClient(address, language=language) as seat:
        shown = Shown(language)
        for line in [*shown.briefing(seat.state), *(terminal_text(f"help.{part}")[language] for part in HELP)]:
            say(console, line)
        say(console, shown.status(seat.state), "bold")
        printing = asyncio.create_task(_print(console, seat, shown, folder))
        try:
            await _type(console, seat, shown, _lines(sys.stdin if typed is None else typed))
        finally:
            printing.cancel()
            await asyncio.gather(printing, return_exceptions=True)
        if not is_over(seat.state):
            say(console, terminal_text("kept", folder=folder)[language])


def _lines(typed: TextIO) -> asyncio.Queue[str | None]:
    """Lines as they are typed; None at their end. Reading blocks, so that a thread does it; it is left behind at the end."""
    queue: asyncio.Queue[str | None] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def read() -> None:
        for line in typed:
            loop.call_soon_threadsafe(queue.put_nowait, line.strip())
        loop.call_soon_threadsafe(queue.put_nowait, None)

    threading.Thread(target=read, daemon=True).start()
    return queue


async def _type(console: Console, seat: SeatClient, shown: Shown, lines: asyncio.Queue[str | None]) -> None:
    while (line := await lines.get()) is not None and line != "quit":
        word, _, rest = line.partition(" ")
        if word in ("", "help", *LISTS):
            help_lines = [terminal_text(f"help.{part}")[shown.language] for part in HELP]
            listed = [shown.status(seat.state)] if not word else help_lines if word == "help" else shown.listed(seat.state, word)
            for text in listed:
                say(console, text)
            continue
        try:
            answer = await _do(seat, word, rest.strip())
        except MistypedError as error:
            say(console, error.text[shown.language], "yellow")
            continue
        if answer.done and word in _CLOCK:
            with suppress(TimeoutError):
                async with asyncio.timeout(_SETTLES_S):
                    await seat.until(_CLOCK[word])
            say(console, shown.status(seat.state))
        elif not answer.done:
            say(console, "; ".join(part for part in (answer.message.get(shown.language, ""), answer.hint) if part), "yellow")


async def _do(seat: SeatClient, word: str, rest: str) -> Answered:
    """Sends what was typed. Raises MistypedError."""
    if word in ("start", "end"):
        return await seat.send(word)
    if word in ("pause", "go"):
        return await seat.send("clock", paused=word == "pause")
    if word == "speed":
        return await seat.send("clock", speed=_speed(rest))
    if word in ("say", "report"):
        if not rest:
            raise MistypedError("text", word=word)
        return await seat.send(word, text=rest)
    if word in _CHOICES:
        key, name, field = _CHOICES[word]
        if word == "ack" and not rest:
            rest = next((str(row["id"]) for row in rows(seat.state, key) if row["state"] == "open"), "")
        return await seat.send(word, **{field: _chosen(rest, [str(row[name]) for row in rows(seat.state, key)])})
    if word in _STEPS:
        return await _step(seat, word, rest)
    raise MistypedError("unknown", word=word)


def _speed(said: str) -> float:
    try:
        speed = float(said)
    except ValueError:
        raise MistypedError("speed") from None
    if not 1 <= speed <= 60:
        raise MistypedError("speed")
    return speed


def _chosen(said: str, known: Sequence[str]) -> str:
    """The one that is meant by its number in the list, or by how its name begins."""
    if said.isascii() and said.isdigit() and 1 <= int(said) <= len(known):
        return known[int(said) - 1]
    found = [name for name in known if name == said] or [name for name in known if said and name.startswith(said)]
    if len(found) != 1:
        raise MistypedError("which", known=", ".join(found or known)) if known else MistypedError("nothing")
    return found[0]


async def _step(seat: SeatClient, verb: str, rest: str) -> Answered:
    """Goes on with a command: the one named first in `rest`, else the first that waits for that."""
    first, _, more = rest.partition(" ")
    named = first if any(row["id"] == first for row in rows(seat.state, "commands")) else None
    reason: JsonObject = {"reason": (more if named else rest).strip()} if verb == "refuse" else {}
    if verb == "refuse" and not reason["reason"]:
        raise MistypedError("text", word=verb)
    waiting = [str(row["id"]) for row in rows(seat.state, "commands") if _can(row, verb)]
    if named is None and not waiting:
        raise MistypedError("nothing")
    return await seat.send(verb, command_id=named or waiting[0], **reason)


def _can(row: JsonObject, verb: str) -> bool:
    can: JsonValue = row.get("can")
    return isinstance(can, list) and verb in can


async def _print(console: Console, seat: SeatClient, shown: Shown, folder: Path) -> None:
    while True:
        for line in shown.news(seat.state):
            say(console, line)
        if is_over(seat.state):
            say(console, shown.result(seat.state), "bold")
            say(console, terminal_text("again", folder=folder)[shown.language])
            return
        frames = seat.frames
        await seat.until(lambda _state, frames=frames: seat.frames > frames)  # type: ignore[misc]
