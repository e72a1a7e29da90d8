"""A room on a port, with friends and with somebody who means harm. Nothing here depends on how fast the machine is."""

from __future__ import annotations

import asyncio
import json
import logging
import multiprocessing
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from fake_exercise import FakeExercise, fake_folder, open_fake
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from chaos.room.client.bots import Step, follow
from chaos.room.client.seat import NotAdmittedError, SeatClient
from chaos.room.protocol.incoming import MAX_FRAME
from chaos.room.protocol.state import rows
from chaos.room.server.folder import RoomFolder
from chaos.room.server.replay import replay_with
from chaos.room.server.room import Room
from chaos.room.server.serve import Address, Served, serving

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(1)>"


@asynccontextmanager
async def a_room(folder: RoomFolder) -> AsyncIterator[Served]:
    async with serving(Room(folder, open_fake), Address()) as served:
        yield served


async def closed(address: str, *frames: str | bytes) -> int | None:
    """The code with which a connection is closed that sends these frames."""
    async with connect(address, max_size=None, proxy=None) as connection:
        try:
            for frame in frames:
                await connection.send(frame)
            while True:
                await connection.recv()
        except ConnectionClosed as error:
            return error.rcvd.code if error.rcvd else None


HELLO = json.dumps({"v": 1, "kind": "hello"})


@pytest.mark.asyncio
async def test_nobody_notices_a_hostile_client(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Wrong tokens, huge and malformed messages, floods, one that never reads: the others go on, and miss nothing."""
    caplog.set_level(logging.DEBUG)
    folder = fake_folder(tmp_path / "room")
    async with a_room(folder) as served, SeatClient(served.socket("operator"), name=SCRIPT) as operator:
        for token in ("", "x" * 43, "%00", served.room.session.tokens["operator"][:-1]):
            with pytest.raises(InvalidStatus, match="403"):
                await closed(f"ws://127.0.0.1:{served.port}/ws?token={token}")
        with pytest.raises(NotAdmittedError):
            async with SeatClient(f"ws://127.0.0.1:{served.port}/ws?token=wrong"):
                pass
        scribe = served.socket("scribe")
        assert await closed(scribe, "{") == 1008  # not hello
        assert await closed(scribe, b"\x00\xff") == 1008
        assert await closed(scribe, HELLO, "x" * (MAX_FRAME + 1)) == 1009
        assert await closed(scribe, HELLO, *["["] * 400) == 1008
        async with connect(scribe, max_queue=1, proxy=None) as deaf:
            await deaf.send(HELLO)
            for n in range(8):
                assert (await operator.send("say", text=f"{n} {SCRIPT}")).done
            assert (await operator.send("propose", command="cut")).message["en"] == "the exercise has not begun"
        said = [row["text"] for row in rows(operator.state, "log")]
        assert said == [f"{n} {SCRIPT}" for n in range(8)]  # text as it was typed
        assert operator.reconnects == 0
        tokens = [token for token in served.room.session.tokens.values() if token in caplog.text and "uvicorn" in caplog.text]
        uvicorn = "".join(record.getMessage() for record in caplog.records if record.name.startswith("uvicorn"))
        assert [token for token in tokens if token in uvicorn] == []
    assert len(folder.entries()) == 8


@pytest.mark.asyncio
async def test_a_malformed_message_is_answered_and_the_next_one_taken(tmp_path: Path) -> None:
    """The connection stays; frames have no gap."""
    async with a_room(fake_folder(tmp_path / "room")) as served, connect(served.socket("operator"), proxy=None) as raw:
        await raw.send(HELLO)
        first = json.loads(await raw.recv())
        await raw.send('{"v":1,"kind":"say","to":"all","text":7}')
        await raw.send(b"\x00")
        await raw.send('{"v":1,"id":"a","kind":"say","text":"here"}')
        frames = []
        while not frames or frames[-1]["kind"] != "done":
            frames.append(json.loads(await raw.recv()))
        assert first["kind"] == "snapshot"
        assert [frame["seq"] for frame in frames] == list(range(first["seq"] + 1, first["seq"] + 1 + len(frames)))
        refused = [frame["hint"] for frame in frames if frame["kind"] == "refused"]
        assert len(refused) == 2
        assert refused[1] == "not text"


@pytest.mark.asyncio
async def test_a_client_that_was_cut_off_misses_nothing(tmp_path: Path) -> None:
    """It comes back by itself, and what it sent meanwhile acts once."""
    folder = fake_folder(tmp_path / "room")
    async with (
        a_room(folder) as served,
        SeatClient(served.socket("operator")) as one,
        SeatClient(served.socket("approver")) as two,
    ):
        for n in range(5):
            await one.drop()
            assert (await one.send("say", text=f"one {n}")).done
            await two.drop()
            assert (await two.send("say", text=f"two {n}")).done
        await one.until(lambda state: len(rows(state, "log")) == 10)
        await two.until(lambda state: rows(state, "log") == rows(one.state, "log"))
        assert one.reconnects >= 5
    assert [entry.message.text for entry in folder.entries()] == [f"{who} {n}" for n in range(5) for who in ("one", "two")]


@pytest.mark.asyncio
async def test_a_child_that_is_killed_goes_on_from_its_folder(tmp_path: Path) -> None:
    """Killed with -9 in the middle; clients stay, time has not gone back, and the digest is that of the decisions."""
    folder = fake_folder(tmp_path / "room", speed=20.0)
    async with (
        a_room(folder) as served,
        SeatClient(served.socket("operator")) as operator,
        SeatClient(served.socket("facilitator")) as facilitator,
    ):
        assert (await facilitator.send("start")).done
        await operator.until(lambda state: bool(state["alarms"]))
        assert (await operator.send("ack", alarm="slow")).done
        seen = operator.state["clock"]["t"]
        (child,) = multiprocessing.active_children()
        child.kill()
        await operator.until(lambda state: state["clock"]["state"] == "paused")
        assert operator.state["clock"]["t"] >= seen
        assert operator.state["alarms"][0]["state"] == "acknowledged"
        assert (await facilitator.send("clock", paused=False, speed=60)).done
        await operator.until(lambda state: state["clock"]["state"] == "over")
    made = replay_with(folder, FakeExercise())
    assert (made.entries, made.kept) == (1, made.digest)


@pytest.mark.asyncio
async def test_a_server_that_comes_back_gives_a_snapshot(tmp_path: Path) -> None:
    """What a client saw of the server before is not mistaken for what this one sends; links stay valid."""
    folder = fake_folder(tmp_path / "room")
    async with a_room(folder) as served, SeatClient(served.socket("operator")) as operator:
        assert (await operator.send("say", text="before")).done
        seen = operator.seq
    hello = json.dumps({"v": 1, "kind": "hello", "seq": seen})
    async with a_room(folder) as served, connect(served.socket("operator"), proxy=None) as raw:
        await raw.send(hello)
        frame = json.loads(await raw.recv())
    assert (frame["kind"], frame["state"]["log"][0]["text"]) == ("snapshot", "before")


@pytest.mark.asyncio
async def test_bots_play_a_drill_to_its_end(tmp_path: Path) -> None:
    """The one with the runbook proposes, has it approved, and begins it."""
    folder = fake_folder(tmp_path / "room", speed=60.0)
    async with (
        a_room(folder) as served,
        SeatClient(served.socket("operator")) as operator,
        SeatClient(served.socket("approver")) as approver,
        SeatClient(served.socket("facilitator")) as facilitator,
    ):
        playing = asyncio.create_task(follow({"operator": operator, "approver": approver}, [Step(1.0, "cut")]))
        assert (await facilitator.send("start")).done
        assert await playing == ["cut"]
    kinds = [(entry.seat, entry.message.kind) for entry in folder.entries()]
    assert ("operator", "propose") in kinds
    assert kinds.index(("approver", "approve")) < kinds.index(("operator", "begin"))
    assert ("operator", "ack") in kinds or ("approver", "ack") in kinds


@pytest.mark.asyncio
async def test_pages_are_served_with_headers_that_keep_tokens(tmp_path: Path) -> None:
    """Pages can be had and nothing else, and what is asked for is not passed on."""
    async with a_room(fake_folder(tmp_path / "room")) as served:

        def get(path: str) -> tuple[int, str]:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{served.port}{path}") as answer:
                    return answer.status, answer.headers["referrer-policy"]
            except urllib.error.HTTPError as error:
                with error:
                    return error.code, error.headers["referrer-policy"]

        for path in ("/../server/app.py", "/%2e%2e/server/app.py", "/__init__.py", "/drawing/", "/nothing", "/ws"):
            assert await asyncio.to_thread(get, path) in [(404, "no-referrer"), (405, "no-referrer")]
        for path in ("/lobby.html?token=x", "/desk.js", "/room.css", "/drawing/elements.js"):
            assert await asyncio.to_thread(get, path) == (200, "no-referrer")
