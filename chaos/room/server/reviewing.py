"""The review of a room that is over, made in a process of its own while the room stays open, and how far it is."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal

from chaos.room.protocol.changes import JsonObject

PAGES = ("review.html", "review-run.html", "review-beside.html")
"""What of a review people can open, by the names of the files in the room's folder."""
Command = Callable[[Path], Sequence[str]]
"""The command that reviews the room of a folder. It says on standard error how far it is: `[3/6] …`."""


def review_command(folder: Path) -> list[str]:
    """`coredrill room review`."""
    return [sys.executable, "-m", "chaos", "room", "review", str(folder)]


async def reviewing(folder: Path, command: Command, news: Callable[[JsonObject], None]) -> None:
    """Makes it; `news` is called with the state as seats see it, whenever it changes. Cancelled, it ends the process."""
    news(_state("making"))
    process = await asyncio.create_subprocess_exec(
        *command(folder),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        preexec_fn=_stand_back,
    )
    assert process.stderr is not None
    try:
        while line := await process.stderr.readline():
            made = _progress(line.decode("utf-8", "replace"))
            if made is not None:
                news(_state("making", *made))
        news(_state("ready" if await process.wait() == 0 and (folder / PAGES[0]).exists() else "failed"))
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def _stand_back() -> None:
    """The room goes first."""
    os.nice(10)


def _state(how: Literal["making", "ready", "failed"], made: int | None = None, of: int | None = None) -> JsonObject:
    return {"review": {"state": how, "made": made, "of": of}}


def _progress(line: str) -> tuple[int, int] | None:
    """Of `[3/6] …` the two numbers; None for a line that says something else."""
    made, slash, of = line.partition("]")[0].removeprefix("[").partition("/")
    return (int(made), int(of)) if line.startswith("[") and slash and made.isdecimal() and of.isdecimal() else None
