"""A node as a process, and strangers at its port: what they send changes nothing for those whose messages it understands."""

from __future__ import annotations

import asyncio
import contextlib
import json
import pickle
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from chaos.live.blueprint import blueprint
from chaos.live.node import program
from chaos.live.node.messages import FRAME_BYTES_MAX, Answered, Intent, Message, Order, read_line, written_message
from chaos.live.node.wire import UNREAD_BYTES_MAX, LineConnection
from chaos.live.processes import Processes, Ready
from simcore.base.units import HOUR
from simcore.library import load_pair

SERVICE = "counter-db"
SEED = 20_261_129


async def closed(writer: asyncio.StreamWriter) -> None:
    """Ends a connection whose other side may have ended it already."""
    writer.transport.abort()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


class Stranger(NamedTuple):
    """A node process, what it is, and what it has said."""

    ready: Ready
    plan: program.Blueprint
    said: list[dict[str, Any]]
    processes: Processes

    async def exchange(self, data: bytes) -> bytes:
        """What comes back on a connection of its own until the node ends it, or has answered a whole line."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.ready.port())
        try:
            writer.write(data)
            return await asyncio.wait_for(reader.readline(), 10)
        except ConnectionError:
            return b""
        finally:
            await closed(writer)

    async def asked(self, message: Message) -> Answered | None:
        """The answer to a message; None if the node ends the connection."""
        line = await self.exchange(written_message(7, SERVICE, message))
        found = read_line(line) if line else None
        assert found is None or isinstance(found, Answered)
        return found

    async def finished(self) -> dict[str, Any]:
        """What it says at the end."""
        self.processes.write(SERVICE, json.dumps({"do": "finish"}))
        async with asyncio.timeout(10):
            while not (ends := [words for words in self.said if words["said"] == "finished"]):
                await asyncio.sleep(0.02)
        return ends[-1]

    def counter(self, name: str) -> int:
        """The last that it said of a counter."""
        values = [words["values"][name] for words in self.said if words["said"] == "counted" and name in words["values"]]
        return int(values[-1])


@asynccontextmanager
async def node(folder: Path) -> AsyncIterator[Stranger]:
    """The database of the legacy core, alone."""
    made = blueprint(*load_pair("legacy-coupled", "normal-day"), 1, 10 * HOUR, 11 * HOUR)
    (folder / "blueprint").write_bytes(pickle.dumps(made))
    said: list[dict[str, Any]] = []
    async with Processes(on_line=lambda name, line: said.append(json.loads(line))) as processes:
        ready = await processes.start(SERVICE, ["chaos.live.node", str(folder / "blueprint"), str(folder), f"{SERVICE}#0"])
        loop = asyncio.get_running_loop()
        processes.write(SERVICE, json.dumps({"do": "begin", "at": loop.time(), "now": 10 * HOUR}))
        yield Stranger(ready, made, said, processes)


def message(operation: str, request: int = 1, flow: int = 0, customer: int = 5, **words: Any) -> Message:
    root = random.Random(request).getrandbits(64)
    return Message(Intent(request, flow, root, customer, True), "counter", operation, root, root, 0, True, **words)


VALID = json.loads(written_message(1, SERVICE, message("record-order")))
STRANGE = [
    b"\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\n",
    b"[" * 10_000 + b"\n",
    b"x" * (FRAME_BYTES_MAX + 1),
    b"x" * (FRAME_BYTES_MAX + 1) + b"\n",
    b'["ask",1]\n',
    json.dumps([*VALID[:2], "sse", *VALID[3:]]).encode() + b"\n",
    json.dumps(["answer", 1, "ok", True, False, ["", -1, 0], False]).encode() + b"\n",
    json.dumps([*VALID[:3], [2**70, 0, 5, 7, True], *VALID[4:]]).encode() + b"\n",
    json.dumps([*VALID[:3], [1, 10**6, 5, 7, True], *VALID[4:]]).encode() + b"\n",
    json.dumps([*VALID[:3], [1, 0, 5, 2**31 - 1, True], *VALID[4:]]).encode() + b"\n",
    json.dumps([*VALID[:4], "nobody", *VALID[5:]]).encode() + b"\n",
    json.dumps([*VALID[:6], -(2**70), *VALID[7:]]).encode() + b"\n",
    json.dumps([*VALID[:11], 2**70, *VALID[12:]]).encode() + b"\n",
    json.dumps([*VALID[:12], ["x", 2**30, 0], *VALID[13:]]).encode() + b"\n",
]


@pytest.mark.asyncio
async def test_what_is_no_message_is_counted_and_changes_nothing(tmp_path: Path) -> None:
    """Each such line ends its own connection without an answer; a message among others is carried out as ever; the node counts them,
    and nothing else of it changes: no request, no slot, no entry."""
    async with node(tmp_path) as stranger:
        for data in STRANGE:
            assert await stranger.exchange(data) == b"", data[:80]
        before = await stranger.finished()
        assert (before["malformed"], before["bugs"]) == (len(STRANGE), [])
        assert stranger.counter(f"unit/{SERVICE}#0/done") == stranger.counter(f"unit/{SERVICE}#0/failed") == 0
        found = await stranger.asked(message("record-order", flow=3))
        assert found is not None
        assert (found.answer.code, found.answer.touched) == ("ok", True)


@pytest.mark.asyncio
async def test_messages_that_make_no_sense_are_answered(tmp_path: Path) -> None:
    """Any operation for any flow, in any order, with orders that nobody knows: an answer comes, and no task ends by a mistake of ours."""
    chance = random.Random(SEED)
    async with node(tmp_path) as stranger:
        operations = [*stranger.plan.operations_of(SERVICE), "no-such-operation"]
        for request in range(300):
            order = Order(chance.choice(["", "x", f"{SERVICE}:1"]), chance.randrange(-1, 5_000), chance.choice([0, 1, 2**31 - 1]))
            deadline = chance.choice([None, 0, 2**62 - 1])
            flow, customer = chance.randrange(len(stranger.plan.flows)), chance.randrange(100)
            asked = message(chance.choice(operations), chance.randrange(60), flow, customer, order=order, deadline=deadline)
            assert await stranger.asked(asked) is not None, request
        end = await stranger.finished()
        assert (end["malformed"], end["bugs"]) == (0, [])


@pytest.mark.asyncio
async def test_who_does_not_read_is_cut_off() -> None:
    """What waits to be read is bounded."""
    lost = asyncio.Event()
    accepted: list[LineConnection] = []

    def connected() -> LineConnection:
        accepted.append(LineConnection(lambda _, line: None, lambda _: lost.set(), lambda: None))
        return accepted[-1]

    server = await asyncio.get_running_loop().create_server(connected, "127.0.0.1", 0)
    _, writer = await asyncio.open_connection("127.0.0.1", server.sockets[0].getsockname()[1], limit=1)
    while not accepted or accepted[0].transport is None:
        await asyncio.sleep(0.01)
    for _ in range(UNREAD_BYTES_MAX // (1 << 20) + 16):
        accepted[0].write(b"x" * (1 << 20))
    await asyncio.wait_for(lost.wait(), 5)
    await closed(writer)
    server.close()
    await server.wait_closed()
