"""A drill in the terminal: what changes is printed, what is typed is done."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Iterator
from typing import TextIO

from pydantic import JsonValue
from rich.console import Console

from chaos.cli.printing import say
from chaos.measures.formatting import Language
from chaos.room.client.seat import Answered, SeatClient
from chaos.room.protocol.changes import JsonObject
from chaos.room.protocol.state import is_over, now, rows
from simcore.base.units import SECOND, format_clock

HELP = """\
start                 begin; pause, go, speed N set the clock; end ends the exercise
alarms                those that stand; ack ALARM takes one up
offers                commands, looks and announcements there are
propose COMMAND       then approve ID, refuse ID REASON, begin ID, withdraw ID
look LOOK             its answer comes after its time
say TEXT              to everybody; report TEXT to the regulator; announce NAME to customers
commands, clock, quit"""
_NAMED = {"ack": "alarm", "propose": "command", "look": "look", "announce": "announcement", "say": "text", "report": "text"}
_BY_ID = ("approve", "begin", "withdraw", "refuse")


async def play(console: Console, address: str, language: Language, typed: TextIO | None = None) -> None:
    """Plays until the exercise is over, `quit`, or the end of what is typed."""
    async with SeatClient(address, language=language) as seat:
        shown = Shown(language)
        for line in shown.briefing(seat.state):
            say(console, line)
        for line in HELP.splitlines():
            say(console, line, "dim")
        printing = asyncio.create_task(_print(console, seat, shown))
        try:
            await _type(console, seat, shown, _lines(sys.stdin if typed is None else typed))
        finally:
            printing.cancel()
            await asyncio.gather(printing, return_exceptions=True)


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
        verb, _, rest = line.partition(" ")
        if not verb:
            continue
        if verb in ("alarms", "offers", "commands", "clock", "help"):
            for text in HELP.splitlines() if verb == "help" else shown.listed(seat.state, verb):
                say(console, text)
            continue
        answer = await _do(seat, verb, rest.strip())
        if answer is None:
            say(console, f"no such command: {verb}; help lists them")
        elif not answer.done:
            say(console, "; ".join(part for part in (answer.message.get(shown.language, ""), answer.hint) if part), "yellow")


async def _do(seat: SeatClient, verb: str, rest: str) -> Answered | None:
    if verb in ("start", "end"):
        return await seat.send(verb)
    if verb in ("pause", "go"):
        return await seat.send("clock", paused=verb == "pause")
    if verb == "speed":
        try:
            return await seat.send("clock", speed=float(rest))
        except ValueError:
            return None
    if verb in _NAMED:
        return await seat.send(verb, **{_NAMED[verb]: rest})
    if verb in _BY_ID:
        key, _, reason = rest.partition(" ")
        return await seat.send(verb, command_id=key, **({"reason": reason} if verb == "refuse" else {}))
    return None


async def _print(console: Console, seat: SeatClient, shown: Shown) -> None:
    while True:
        for line in shown.news(seat.state):
            say(console, line)
        frames = seat.frames
        await seat.until(lambda _state, frames=frames: seat.frames > frames)  # type: ignore[misc]
        if is_over(seat.state):
            for line in shown.news(seat.state):
                say(console, line)
            say(console, "the exercise is over: quit leaves the room" if shown.language == "en" else "演练结束：quit 离开")
            return


class Shown:
    """What has been printed, in one language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._log = 0
        self._alarms: set[str] = set()
        self._commands: dict[str, str] = {}

    def text(self, value: JsonValue) -> str:
        """A text that has both languages, or that somebody has typed."""
        return str(value.get(self.language, "")) if isinstance(value, dict) else "" if value is None else str(value)

    def briefing(self, state: JsonObject) -> Iterator[str]:
        """What there is to read before the beginning."""
        drill = state.get("drill")
        if isinstance(drill, dict):
            yield self.text(drill.get("title"))
            yield self.text(drill.get("briefing"))

    def news(self, state: JsonObject) -> Iterator[str]:
        """What has not been printed: alarms, commands that went on, lines of the log."""
        at = format_clock(int(now(state)) * SECOND)
        standing = {str(row["id"]): row for row in rows(state, "alarms")}
        for key in standing.keys() - self._alarms:
            yield f"{at}  ▲ {key}: {self.text(standing[key].get('title'))}"
        self._alarms = set(standing)
        for row in rows(state, "commands"):
            if self._commands.get(str(row["id"])) != row["state"]:
                self._commands[str(row["id"])] = str(row["state"])
                yield f"{at}  {row['id']} {self.text(row.get('title'))}: {row['state']}"
        log = rows(state, "log")
        for row in log[self._log :]:
            yield f"{format_clock(int(float(str(row['t']))) * SECOND)}  {self.text(row.get('from'))}: {self.text(row.get('text'))}"
        self._log = len(log)

    def listed(self, state: JsonObject, what: str) -> Iterator[str]:
        """The answer to a question about the state."""
        if what == "clock":
            clock = state["clock"]
            assert isinstance(clock, dict)
            yield f"{format_clock(int(now(state)) * SECOND)}  {clock['state']}, {clock['speed']}x"
        elif what == "offers":
            for key, name in (("offers", "command"), ("looks", "look"), ("announcements", "announcement")):
                for row in rows(state, key):
                    yield f"{name} {row.get(name)}: {self.text(row.get('title'))}"
        elif what == "alarms":
            for row in rows(state, "alarms"):
                yield f"{row['id']}: {self.text(row.get('title'))}, {row['state']}"
        else:
            for row in rows(state, "commands"):
                can = row.get("can")
                yield f"{row['id']} {row['command']}: {row['state']}; can {', '.join(map(str, can if isinstance(can, list) else []))}"
