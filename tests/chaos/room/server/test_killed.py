"""The server of a room killed with -9, itself, its child, or both, at any instant: what was decided stands, and nothing else.

COREDRILL_TEST_KILLS=all kills it twenty times; else once, and its child has to notice by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import room_server
from fake_exercise import FakeExercise, fake_folder

from chaos.room.client.seat import SeatClient
from chaos.room.protocol.state import rows
from chaos.room.server.folder import RoomFolder
from chaos.room.server.replay import replay_with
from simcore.base.errors import InputError

KILLS = 20 if os.environ.get("COREDRILL_TEST_KILLS") == "all" else 1


class Server:
    """A server as a process, started again at the same address."""

    def __init__(self, folder: RoomFolder) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.folder = folder
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen([sys.executable, room_server.__file__, str(self.folder.path), str(self.port)])

    def kill(self, who: int) -> None:
        """The server, and before it (0), after it (1) or not at all its child; then it is started again."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        if who == 0:
            self._kill_all(children)
        self.process.kill()
        if who == 1:
            self._kill_all(children)
        self.process.wait()
        self.start()

    @staticmethod
    def _kill_all(children: list[str]) -> None:
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(child), signal.SIGKILL)

    def address(self, seat: str) -> str:
        return f"ws://127.0.0.1:{self.port}/ws?token={self.folder.session().tokens[seat]}"


@asynccontextmanager
async def served(folder: RoomFolder) -> AsyncIterator[Server]:
    server = Server(folder)
    try:
        yield server
    finally:
        server.process.kill()
        server.process.wait()


async def _speak(seat: SeatClient, name: str, said: list[str], answered: list[str]) -> None:
    """Says one thing after another, as soon as the one before is answered."""
    while True:
        said.append(f"{name} {len(said)}")
        assert (await seat.send("say", text=said[-1])).done
        answered.append(said[-1])
        await asyncio.sleep(0.3)


@pytest.mark.asyncio
@pytest.mark.skipif(sys.platform != "linux", reason="children are read from /proc")
async def test_a_server_that_is_killed_goes_on_from_what_was_decided(tmp_path: Path) -> None:
    """Two people speak on and on; each word is kept once and in order, what was answered is kept, time never goes back, and the digest is
    that of an unbroken run of what is kept. A line that was not finished does not count."""
    draws, folder = random.Random(7), fake_folder(tmp_path / "room", speed=1.0)
    said: tuple[list[str], list[str]] = ([], [])
    answered: list[str] = []
    async with (
        served(folder) as server,
        SeatClient(server.address("operator")) as operator,
        SeatClient(server.address("scribe")) as scribe,
        SeatClient(server.address("facilitator")) as facilitator,
    ):
        speaking = [
            asyncio.create_task(_speak(seat, name, told, answered))
            for seat, name, told in ((operator, "one", said[0]), (scribe, "two", said[1]))
        ]
        assert (await facilitator.send("start")).done
        for n in range(KILLS):
            await asyncio.sleep(draws.uniform(0.0, 0.6))
            seen = scribe.state["clock"]["t"]
            server.kill(draws.randrange(3) if n else 2)
            if n == 0:
                with (folder.path / "decisions.jsonl").open("a") as torn:
                    torn.write('{"at": 1, "seat": "operator", "mess')
            assert (await facilitator.send("clock", paused=False)).done
            await scribe.until(lambda state, seen=seen: state["clock"]["state"] == "running" and state["clock"]["t"] >= seen)
        for task in speaking:
            task.cancel()
        await asyncio.gather(*speaking, return_exceptions=True)
        log = [row["text"] for row in rows(facilitator.state, "log")]
        await scribe.until(lambda state: [row["text"] for row in rows(state, "log")][: len(log)] == log)
        assert (await facilitator.send("clock", speed=60)).done
        await facilitator.until(lambda state: state["clock"]["state"] == "over")
        assert operator.reconnects >= KILLS
    kept = [entry.message.text for entry in folder.entries()]
    for told, name in zip(said, ("one", "two"), strict=True):
        mine = [text for text in kept if text.startswith(name)]
        assert mine == told[: len(mine)]
        assert len(mine) >= len(told) - 1  # the last may not have been sent
    assert set(answered) <= set(kept)
    made = replay_with(folder, FakeExercise())
    assert (made.kept, made.entries) == (made.digest, len(kept))
    assert json.loads((folder.path / "result.json").read_text())["entries"] == len(kept)


@pytest.mark.asyncio
@pytest.mark.skipif(sys.platform != "linux", reason="children are read from /proc")
async def test_a_room_that_was_killed_in_a_branch_goes_on_there(tmp_path: Path) -> None:
    """With all seats, that keep their connections when the room moves; where it came from is left as it was, and both are replayed to
    their own digests."""
    folder = fake_folder(tmp_path / "room", speed=1.0)
    async with (
        served(folder) as server,
        SeatClient(server.address("operator"), name="Lin") as operator,
        SeatClient(server.address("facilitator")) as facilitator,
    ):
        assert (await facilitator.send("start")).done
        assert (await operator.send("say", text="the first way")).done
        await operator.until(lambda state: state["clock"]["t"] >= 101)
        first, reconnects = (folder.path / "decisions.jsonl").read_bytes(), operator.reconnects
        assert (await facilitator.send("branch", at=100)).done
        assert (await facilitator.send("go_on", branch=1)).done
        await operator.until(lambda state: state.get("branch") == {"n": 1, "t": 100.0} and state["clock"]["state"] == "paused")
        assert operator.reconnects == reconnects
        assert (await facilitator.send("clock", paused=False)).done
        assert (await operator.send("say", text="another way")).done
        server.kill(2)
        assert (await facilitator.send("clock", paused=False, speed=60)).done
        state = await operator.until(lambda state: state["clock"]["state"] == "over")
        assert [row["text"] for row in rows(state, "log")][-1] == "another way"
        people = {row["seat"]: row.get("name") for row in rows(state, "people")}
        assert people["operator"] == "Lin"
    assert (folder.path / "decisions.jsonl").read_bytes() == first
    assert not (folder.path / "result.json").exists()
    branch = folder.in_branch(1)
    made = [replay_with(kept, FakeExercise()) for kept in (folder, branch)]
    assert made[0].digest != made[1].digest
    assert made[1].kept == made[1].digest


def test_a_room_is_open_in_one_server(tmp_path: Path) -> None:
    """Whoever comes second is refused, and does not write into what the first one keeps; after it has gone there is nothing in the way."""
    folder = fake_folder(tmp_path / "room")
    with folder.held(0), pytest.raises(InputError, match="open in another server"), RoomFolder(folder.path).held(0.1):
        pass
    with RoomFolder(folder.path).held(0):
        pass
