"""Bots take seats by the links that a room prints."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from click.testing import CliRunner
from fake_exercise import Threaded
from short_drill import open_short, short

from chaos.cli.main import main
from chaos.cli.room_bot import socket_of
from chaos.room.server.folder import RoomFolder
from chaos.room.server.opening import new_session
from chaos.room.server.room import Room
from chaos.room.server.serve import Address, serving
from simcore.base.errors import InputError


@pytest.mark.parametrize(
    ("link", "socket"),
    [
        ("http://127.0.0.1:8765/lobby.html?token=abc", "ws://127.0.0.1:8765/ws?token=abc"),
        ("https://room.example/drills/desk.html?token=a-_b#zh", "wss://room.example/drills/ws?token=a-_b"),
        ("ws://[::1]:1/ws?token=abc", "ws://[::1]:1/ws?token=abc"),
    ],
)
def test_a_link_names_its_websocket(link: str, socket: str) -> None:
    """Of a page, also behind a proxy, where it is a secure one."""
    assert socket_of(link) == socket


@pytest.mark.parametrize("link", ["", "bank-slow", "http://127.0.0.1:8765/lobby.html", "ftp://x/?token=a"])
def test_what_is_no_link_is_refused(link: str) -> None:
    """With a hint."""
    with pytest.raises(InputError, match="is no link of a room"):
        socket_of(link)


@pytest.mark.asyncio
async def test_bots_play_alone(tmp_path: Path) -> None:
    """Exercise control's lets the clock go, the others follow the runbook; a link that is not valid is said."""
    folder = RoomFolder(tmp_path / "room")
    folder.create(new_session("bank-slow", short(), 1, ["vendor", "approver"], 60.0))
    async with serving(Room(folder, open_short, Threaded), Address()) as served:
        links = [served.link(seat) for seat in ("facilitator", "vendor", "approver")]
        wrong = await asyncio.to_thread(CliRunner().invoke, main, ["room", "bot", f"{links[0]}x"])
        played = await asyncio.to_thread(CliRunner().invoke, main, ["room", "bot", *links, "--runbook", "bank-slow", "--start"])
    assert "the link is not valid" in wrong.output
    assert (wrong.exit_code, played.exit_code) == (2, 0)
    assert "sits as facilitator, vendor, approver" in played.output
    assert "begun: cut-off-bank-a" in played.output or "begun: nothing" in played.output
    kinds = [(entry.seat, entry.message.kind) for entry in folder.entries()]
    assert ("vendor", "ack") in kinds or ("approver", "ack") in kinds
