"""A server of a room with a small exercise in it, as a process of its own, to be killed: python room_server.py FOLDER PORT."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from fake_exercise import open_fake

from chaos.room.server.folder import RoomFolder
from chaos.room.server.room import Room
from chaos.room.server.serve import Address, serving


async def serve(folder: str, port: str) -> None:
    """Until it is killed."""
    async with serving(Room(RoomFolder(Path(folder)), open_fake), Address(port=int(port))):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(*sys.argv[1:]))
