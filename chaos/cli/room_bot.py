"""The command room bot: a program in seats of a room."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import click
from rich.console import Console

from chaos.cli.printing import say
from chaos.cli.room_host import require_packages
from chaos.documents.drill import SEATS
from simcore.base.errors import InputError

if TYPE_CHECKING:
    from chaos.room.client.bots import Step


@click.command()
@click.argument("links", nargs=-1, required=True, metavar="LINK...")
@click.option(
    "--runbook", metavar="DRILL", help="Do what the best known response of this drill (name or file) says; else nothing."
)
@click.option("--start", is_flag=True, help="Let the clock go, if one of the links is exercise control's.")
def bot(links: Sequence[str], runbook: str | None, start: bool) -> None:
    """Put a bot into the seats of LINKs, as a room prints them, until the exercise is over.

    With --runbook it takes up alarms, and proposes, approves and begins the drill's best known response, as far as its seats may. Without,
    it sits there and does nothing.

    Example: coredrill room bot http://127.0.0.1:8765/lobby.html?token=… --runbook bank-slow
    """
    require_packages()
    from chaos.room.client.bots import best_steps
    from chaos.room.exercise.prepared import prepare

    steps = [] if runbook is None else best_steps(prepare(runbook).model)
    if runbook is not None and not steps:
        raise InputError(f"{runbook} names no best known response")
    addresses = [socket_of(link) for link in links]
    try:
        asyncio.run(_play(Console(), addresses, None if runbook is None else steps, start=start))
    except KeyboardInterrupt:
        return


def socket_of(link: str) -> str:
    """The address of the websocket of a page's link. Raises InputError."""
    parts = urlsplit(link)
    token = parse_qs(parts.query).get("token", [""])[0]
    if parts.scheme not in ("http", "https", "ws", "wss") or not token:
        raise InputError(f"{link} is no link of a room", hint="as coredrill room host prints it, with its token")
    scheme = {"http": "ws", "https": "wss"}.get(parts.scheme, parts.scheme)
    path = f"{parts.path.rpartition('/')[0]}/ws"
    return urlunsplit((scheme, parts.netloc, path, urlencode({"token": token}), ""))


async def _play(console: Console, addresses: Sequence[str], steps: Sequence[Step] | None, *, start: bool) -> None:
    from chaos.room.client.bots import do_nothing, follow
    from chaos.room.client.seat import NotAdmittedError, SeatClient

    async with AsyncExitStack() as stack:
        try:
            clients = [await stack.enter_async_context(SeatClient(address, name="bot")) for address in addresses]
        except NotAdmittedError as error:
            raise InputError(f"{error}: the link is not valid", hint="take a new one from whoever opened the room") from None
        seats = {seat: client for client in clients for seat in SEATS if seat == client.seat}
        say(console, f"sits as {', '.join(seats)}")
        if start and "facilitator" in seats and not (await seats["facilitator"].send("start")).done:
            say(console, "the clock goes already")
        acting = {seat: client for seat, client in seats.items() if seat not in ("facilitator", "scribe")}
        if steps is None or not acting:
            await do_nothing(clients[0])
        else:
            begun = await follow(acting, steps)
            say(console, f"begun: {', '.join(begun) or 'nothing'}")
        say(console, "the exercise is over")
