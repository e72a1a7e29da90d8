"""A room on a port, with friends and with somebody who means harm. Nothing here depends on how fast the machine is. The child is a thread,
but where it is killed."""

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
from fake_exercise import FakeExercise, Threaded, fake_folder, open_fake
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from chaos.room.client.bots import Step, follow
from chaos.room.client.seat import NotAdmittedError, SeatClient
from chaos.room.protocol.incoming import MAX_FRAME
from chaos.room.protocol.state import rows
from chaos.room.server.folder import RoomFolder
from chaos.room.server.limits import CLIENTS_MAX, SEAT_BURST, SEAT_RATE, VISITS_BURST
from chaos.room.server.replay import replay_with
from chaos.room.server.room import Launch, Room, spawned
from chaos.room.server.serve import Address, Served, serving

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(1)>"


@asynccontextmanager
async def a_room(folder: RoomFolder, launch: Launch | None = Threaded, address: Address = Address()) -> AsyncIterator[Served]:  # noqa: B008
    async with serving(Room(folder, open_fake, launch), address) as served:
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
    async with (
        a_room(folder) as served,
        SeatClient(served.socket("operator"), name=SCRIPT) as operator,
        SeatClient(served.socket("facilitator")) as facilitator,
    ):
        assert (await operator.send("propose", command="cut")).message["en"] == "the exercise has not begun"
        assert (await facilitator.send("start")).done
        began, frames = operator.state["clock"]["t"], operator.frames
        for token in ("", "x" * 43, "%00", "%ed%a0%80", served.room.session.tokens["operator"][:-1]):
            with pytest.raises(InvalidStatus, match="403"):
                await closed(f"ws://127.0.0.1:{served.port}/ws?token={token}")
        with pytest.raises(NotAdmittedError):
            async with SeatClient(f"ws://127.0.0.1:{served.port}/ws?token=wrong"):
                pass
        scribe = served.socket("scribe")
        for first in ("{", b"\x00\xff", '{"v":1,"kind":"hello","seq":-1}', '{"v":2,"kind":"hello"}', '{"v":1,"kind":"ready"}'):
            assert await closed(scribe, first) == 1008  # not hello
        assert await closed(scribe, HELLO, "x" * (MAX_FRAME + 1)) == 1009
        assert await closed(scribe, HELLO, *["["] * 400) in (1008, None)  # what was not read may overtake why it was closed
        async with connect(scribe, max_queue=1, proxy=None) as deaf:
            await deaf.send(HELLO)
            for n in range(8):
                assert (await operator.send("say", text=f"{n} {SCRIPT}")).done
            deaf.transport.abort()
        state = await operator.until(lambda state: len(rows(state, "log")) == 8)
        assert [row["text"] for row in rows(state, "log")] == [f"{n} {SCRIPT}" for n in range(8)]  # text as it was typed
        await operator.until(lambda state: state["clock"]["t"] > began)
        assert operator.frames > frames
        assert (operator.reconnects, facilitator.reconnects) == (0, 0)  # a gap in the numbers would have made it one
        uvicorn = "".join(record.getMessage() for record in caplog.records if record.name.startswith("uvicorn"))
        assert [token for token in served.room.session.tokens.values() if token in uvicorn] == []
    assert len(folder.entries()) == 8


WEIRD = (
    r'{"v":1,"kind":"say","text":"\ud800"}',
    r'{"v":1,"kind":"say","text":"\u0000 \u202e \u2028 \u001b[2J"}',
    '{"v":1,"kind":"clock","speed":NaN}',
    '{"v":1,"kind":"clock","speed":1e400}',
    '{"v":1,"kind":"clock","speed":-1}',
    '{"v":1,"kind":"say","text":"' + "x" * 2001 + '"}',
    '{"v":1,"kind":"approve","command_id":"c1"}',
    '{"v":1,"kind":"begin","command_id":"c1"}',
    '{"v":1,"kind":"withdraw","command_id":"c99999"}',
    '{"v":1,"kind":"begin","command_id":"../c1"}',
    '{"v":1,"kind":"ack","alarm":"__class__"}',
    '{"v":1,"kind":"end"}',
    '{"v":1,"kind":"branch"}',
    '{"v":1,"kind":"start"}',
    '{"v":1,"kind":"say","text":"x","seat":"facilitator"}',
    '{"v":1,"id":"' + "i" * 65 + '","kind":"ready"}',
    '{"v":1,"kind":"hello","name":"' + "n" * 61 + '"}',
    '{"v":1,"kind":"hello","seq":' + "9" * 4000 + "}",
    '{"v":1,"kind":{"kind":"say"}}',
    "[" * 8000,
)


@pytest.mark.asyncio
async def test_what_makes_no_sense_is_refused_and_ends_nothing(tmp_path: Path) -> None:
    """Half characters, numbers that are none, what belongs to other seats, what is too long or deep: each is answered, by its seat's stream
    alone; the child lives on."""
    folder = fake_folder(tmp_path / "room")
    async with (
        a_room(folder) as served,
        SeatClient(served.socket("operator")) as operator,
        SeatClient(served.socket("facilitator")) as facilitator,
        connect(served.socket("scribe"), proxy=None) as raw,
    ):
        assert (await facilitator.send("start")).done
        assert (await operator.send("propose", command="cut")).done
        await raw.send(HELLO)
        kinds: list[str] = []
        for frame in (*WEIRD, '{"v":1,"id":"last","kind":"say","text":"still here"}'):
            await raw.send(frame)
            while not kinds or kinds[-1] not in ("done", "refused"):
                kinds.append(json.loads(await raw.recv())["kind"])
            kinds.append("")
        assert kinds.count("done") == 3  # control characters are text, too, and a number from the future is one
        await operator.until(lambda state: len(rows(state, "log")) == 2)
        assert [row["state"] for row in rows(operator.state, "commands")] == ["proposed"]
        assert operator.state["clock"]["state"] == "running"
        assert operator.reconnects == facilitator.reconnects == 0


@pytest.mark.asyncio
async def test_many_connections_of_one_token_keep_nobody_else_out(tmp_path: Path) -> None:
    """Twenty are let in, whether they say hello or not, the others come later; so do those who come and go all the time. Clients of other
    seats do not notice."""
    async with a_room(fake_folder(tmp_path / "room")) as served, SeatClient(served.socket("operator")) as operator:
        many = [await connect(served.socket("scribe"), proxy=None) for _ in range(CLIENTS_MAX)]
        for _ in range(30):
            with pytest.raises(InvalidStatus, match="429"):
                await connect(served.socket("scribe"), proxy=None)
        assert (await operator.send("say", text="here")).done
        for connection in many:
            connection.transport.abort()
        refused = 0
        for _ in range(VISITS_BURST):
            try:
                (await connect(served.socket("scribe"), proxy=None)).transport.abort()
            except InvalidStatus:
                refused += 1
        assert refused > 0
        async with SeatClient(served.socket("scribe")) as late:
            assert [row["text"] for row in rows(late.state, "log")] == ["here"]
        assert operator.reconnects == 0


@pytest.mark.asyncio
async def test_who_floods_in_many_connections_floods_no_more(tmp_path: Path) -> None:
    """All clients of a seat together have an allowance."""
    folder = fake_folder(tmp_path / "room")
    async with a_room(folder) as served:
        many = [await connect(served.socket("scribe"), proxy=None) for _ in range(10)]
        for connection in many:
            await connection.send(HELLO)
            for n in range(15):
                await connection.send(json.dumps({"v": 1, "kind": "say", "text": f"{n}"}))
        async with SeatClient(served.socket("operator")) as operator:
            assert (await operator.send("say", text="here")).done
        for connection in many:
            connection.transport.abort()
    assert SEAT_BURST < len(folder.entries()) < SEAT_BURST + 10 * SEAT_RATE


@pytest.mark.asyncio
async def test_who_never_reads_costs_no_memory_and_gets_a_snapshot(tmp_path: Path) -> None:
    """Of what it did not take, the last is kept; nobody waits for it."""
    async with (
        a_room(fake_folder(tmp_path / "room")) as served,
        SeatClient(served.socket("operator")) as operator,
        connect(served.socket("scribe"), max_queue=1, max_size=None, proxy=None) as deaf,
    ):
        await deaf.send(HELLO)
        await deaf.recv()
        for n in range(200):
            served.room.refuse("scribe", f"{n}", "x" * 100_000, "")
            if n % 20 == 0:
                assert (await operator.send("hello", name=f"{n}")).done
        assert sum(map(len, served.room.stream("scribe").since(served.room.stream("scribe").seq - 15))) < 2_000_000
        kinds = []
        while not kinds or kinds[-1] != "snapshot":
            kinds.append(json.loads(await deaf.recv())["kind"])
        assert len(kinds) < 150
        deaf.transport.abort()
        assert operator.reconnects == 0


@pytest.mark.asyncio
async def test_a_number_from_the_future_is_answered_by_a_snapshot(tmp_path: Path) -> None:
    """As is one that is not kept any more."""
    async with a_room(fake_folder(tmp_path / "room")) as served:
        for seq in (10**18, 0):
            async with connect(served.socket("operator"), proxy=None) as raw:
                await raw.send(json.dumps({"v": 1, "kind": "hello", "seq": seq}))
                assert json.loads(await raw.recv())["kind"] in ("snapshot", "tick")
                assert (seq == 0) or served.room.stream("operator").seq < seq


@pytest.mark.asyncio
async def test_pages_of_elsewhere_do_not_reach_the_room(tmp_path: Path) -> None:
    """Neither under a name that points here nor across sites, even with a token; through the proxy that was named they do."""
    folder = fake_folder(tmp_path / "room")
    async with a_room(folder, address=Address(behind="https://room.example")) as served:
        local = f"127.0.0.1:{served.port}"

        async def asked(host: str, origin: str | None) -> int:
            address = f"ws://{host}/ws?token={folder.session().tokens['operator']}"
            try:
                async with connect(address, host="127.0.0.1", port=served.port, origin=origin, proxy=None):  # type: ignore[arg-type]
                    return 101
            except InvalidStatus as error:
                return error.response.status_code

        assert await asked(local, None) == 101
        assert await asked(local, f"http://{local}") == 101
        assert await asked("localhost:9000", "http://localhost:9000") == 101  # through a tunnel
        assert await asked("room.example", "https://room.example") == 101
        assert await asked(local, "https://room.example") == 101  # a proxy that passes its own name on
        assert await asked("evil.example", None) == 421
        assert await asked("evil.example", "http://evil.example") == 421
        assert await asked(local, "http://evil.example") == 403
        assert await asked(local, "http://127.0.0.1:1") == 403
        assert await asked(local, "null") == 403

        def page(host: str) -> int:
            request = urllib.request.Request(f"http://{local}/lobby.html", headers={"Host": host})
            try:
                with urllib.request.urlopen(request) as answer:
                    return int(answer.status)
            except urllib.error.HTTPError as error:
                with error:
                    return error.code

        assert await asyncio.to_thread(page, local) == 200
        assert await asyncio.to_thread(page, "evil.example") == 421
        assert served.link("operator").startswith("https://room.example/lobby.html?token=")


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
        a_room(folder, spawned) as served,
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
