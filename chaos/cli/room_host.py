"""The commands room host and room solo: a room that is open until it is stopped."""

from __future__ import annotations

import asyncio
import datetime as dt
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from chaos.cli import options
from chaos.cli.printing import say
from chaos.cli.words import Word
from chaos.documents.drill import SEATS, Seat
from simcore.base.errors import InputError

if TYPE_CHECKING:
    from chaos.measures.formatting import Language
    from chaos.room.server.folder import RoomFolder, Session
    from chaos.room.server.serve import Address, Served

_speed = click.option(
    "--speed", type=click.FloatRange(1, 60), metavar="N", help="Simulated seconds in a second, 1 to 60; else the drill's own."
)
_folder = click.option(
    "--folder", type=click.Path(path_type=Path), metavar="DIR", help="Where it is kept; else a new one below .coredrill/rooms."
)
PORT, BIND = 8765, "127.0.0.1"
_port = click.option("--port", type=click.IntRange(0, 65535), metavar="N", help=f"Else {PORT}; 0: any that is free.")


def require_packages() -> None:
    """Raises InputError if the packages of the extra are not installed."""
    missing = [name for name in ("starlette", "uvicorn", "websockets") if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError(f"the drill room needs {', '.join(missing)}", hint="pip install 'coredrill[room]'")


@click.command()
@click.argument("drill", required=False)
@click.option(
    "--seat",
    "seats",
    multiple=True,
    type=Word(list(SEATS)),
    help="A seat that a person takes; may be repeated. None named: all that the drill has.",
)
@options.seed
@_speed
@_folder
@click.option("--resume", is_flag=True, help="Go on with the room in --folder, at the address it had, so that links stay valid.")
@click.option("--bind", metavar="ADDRESS", help=f"Else {BIND}; 0.0.0.0: every machine that reaches this one.")
@_port
@click.option(
    "--behind-proxy",
    "behind",
    metavar="URL",
    help="What people's links begin with, such as https://room.example, when a proxy on this machine speaks TLS.",
)
def host(
    drill: str | None,
    seats: Sequence[Seat],
    seed: int,
    speed: float | None,
    folder: Path | None,
    resume: bool,
    bind: str | None,
    port: int | None,
    behind: str | None,
) -> None:
    """Open a room for a DRILL (name or file): a link for each seat, until Ctrl-C.

    Whoever has a link has the seat, so hand them out one by one. What people do is kept in the folder before it acts: a room whose
    server was killed goes on with --resume.

    Example: coredrill room host bank-slow --seat operator --seat approver
    """
    require_packages()
    from chaos.room.exercise.prepared import prepare
    from chaos.room.server.folder import RoomFolder
    from chaos.room.server.opening import new_session
    from chaos.room.server.serve import Address

    if resume == (drill is not None) or (resume and folder is None):
        raise InputError("room host takes a DRILL, or --resume with --folder", hint="coredrill list drills names what there is")
    console = Console()
    if drill is None:
        assert folder is not None
        kept = RoomFolder(folder)
        session = kept.session()
        bind, behind = bind or session.bind, behind or session.behind
        port = session.port if port is None else port
        if not session.tokens:
            kept.write_session(session.with_tokens())
    else:
        prepared = prepare(drill)
        people = seats or [seat for seat in SEATS if seat in prepared.model.seats]
        kept = _new_folder(folder, new_session(drill, prepared, seed, people, speed))
    _run(console, _Shown(kept.path, None), Address(bind or BIND, PORT if port is None else port, behind))


@click.command()
@click.argument("drill")
@options.seed
@_speed
@_folder
@_port
@click.option("--terminal", is_flag=True, help="Play here, by typing, instead of in a browser.")
@options.language
def solo(
    drill: str, seed: int, speed: float | None, folder: Path | None, port: int | None, terminal: bool, language: Language
) -> None:
    """Practise a DRILL (name or file) alone, in all seats, in a browser or the terminal.

    Example: coredrill room solo bank-slow --terminal
    """
    require_packages()
    from chaos.room.exercise.prepared import prepare
    from chaos.room.server.opening import solo_session
    from chaos.room.server.serve import Address

    kept = _new_folder(folder, solo_session(drill, prepare(drill), seed, speed))
    _run(
        Console(),
        _Shown(kept.path, language if terminal else None),
        Address(port=0 if terminal else PORT if port is None else port),
    )


@dataclass(frozen=True)
class _Shown:
    """The room's folder, and the language of the terminal if it is played there."""

    folder: Path
    terminal: Language | None


def _new_folder(folder: Path | None, session: Session) -> RoomFolder:
    from chaos.room.server.folder import RoomFolder

    name = dt.datetime.now().strftime("%Y-%m-%d-%H%M%S") + f"-{Path(session.drill).stem}"
    kept = RoomFolder(folder or Path(".coredrill/rooms") / name)
    kept.create(session)
    return kept


def _run(console: Console, shown: _Shown, address: Address) -> None:
    try:
        asyncio.run(_open(console, shown, address))
    except KeyboardInterrupt:
        say(console, f"closed; kept in {shown.folder}")


async def _open(console: Console, shown: _Shown, address: Address) -> None:
    from chaos.cli.room_terminal import play
    from chaos.room.server.folder import RoomFolder
    from chaos.room.server.opening import open_exercise
    from chaos.room.server.reviewing import review_command
    from chaos.room.server.room import Room
    from chaos.room.server.serve import serving

    room = Room(RoomFolder(shown.folder), open_exercise, review=review_command)
    async with serving(room, address) as served:
        say(console, "the exercise is being prepared …")
        await room.opened.wait()
        room.require_open()
        if shown.terminal is not None:
            await play(console, served.socket("operator"), shown.terminal, shown.folder)
            return
        _links(console, served)
        while room.failed is None:
            await asyncio.sleep(1)
        room.require_open()


def _links(console: Console, served: Served) -> None:
    tokens = served.room.session.tokens
    width = max(map(len, tokens))
    for seat in tokens:
        say(console, f"{seat.ljust(width)}  {served.link(seat)}")
    branch = served.room.folder.current_branch()
    if branch:
        say(console, f"goes on in branch {branch}, which is kept in {served.room.folder.current().path}")
    say(console, f"kept in {served.room.folder.path}; Ctrl-C closes the room")
