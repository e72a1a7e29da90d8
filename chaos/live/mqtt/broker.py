"""An MQTT broker as a process: mosquitto if it is on PATH, else amqtt in this process. It keeps nothing on disk.

It listens on 127.0.0.1 unless it is asked for another address.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import pwd
import shutil
from collections.abc import AsyncIterator

from amqtt.adapters import StreamReaderAdapter, StreamWriterAdapter
from amqtt.broker import Broker

from chaos.live.foreign import Foreign, bound, serving

PACKET_BYTES = 2 * 65_536
"""The largest packet that a client may send: the largest message, its topic, and room to spare."""
CLIENTS_MAX = 512
_SHUTDOWN_S = 1.0

_CONFIGURATION = """\
listener {port} {address}
allow_anonymous true
user {user}
persistence false
max_packet_size {packet}
max_connections {clients}
max_queued_messages 10000
connection_messages false
log_dest stderr
log_type error
log_type warning
"""


def mosquitto_on_path() -> str | None:
    """The program, if there is one."""
    return shutil.which("mosquitto")


@contextlib.asynccontextmanager
async def mosquitto(program: str, address: str, port: int) -> AsyncIterator[Foreign]:
    """mosquitto at an address and a port (0: any). Raises ForeignError if it does not start."""
    user = pwd.getpwuid(os.geteuid()).pw_name  # with another one it would no longer be killed when this process ends
    configuration = os.memfd_create("mosquitto.conf")

    def command(number: int) -> list[str]:
        words = _CONFIGURATION.format(port=number, address=address, user=user, packet=PACKET_BYTES, clients=CLIENTS_MAX)
        os.write(configuration, words.encode())
        return [program, "-c", f"/proc/self/fd/{configuration}"]

    try:
        async with serving(command, address, port, pass_fds=(configuration,)) as foreign:
            yield foreign
    finally:
        os.close(configuration)


class _Reader(asyncio.StreamReader):
    """Of a packet that is too big nothing is read: the connection ends."""

    async def readexactly(self, n: int) -> bytes:
        if n > PACKET_BYTES:
            raise ConnectionResetError(f"a packet of {n} bytes or more")
        return await super().readexactly(n)


@contextlib.asynccontextmanager
async def amqtt(address: str, port: int) -> AsyncIterator[int]:
    """amqtt at an address and a port (0: any); the port. Raises ForeignError if it cannot listen there."""
    logging.getLogger("amqtt").setLevel(logging.ERROR)  # it warns of every client that goes away
    listening = bound(address, port)
    broker = Broker(
        {
            "listeners": {"default": {"type": "external"}},
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": False}},
        }
    )
    await broker.start()
    loop, connections = asyncio.get_running_loop(), set[asyncio.StreamWriter]()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(connections) >= CLIENTS_MAX:
            writer.close()
            return
        connections.add(writer)
        try:
            await broker.external_connected(StreamReaderAdapter(reader), StreamWriterAdapter(writer), "default")
        finally:
            connections.discard(writer)
            writer.close()

    def protocol() -> asyncio.StreamReaderProtocol:
        return asyncio.StreamReaderProtocol(_Reader(loop=loop), connected, loop=loop)

    server = await loop.create_server(protocol, sock=listening, backlog=CLIENTS_MAX)
    try:
        yield listening.getsockname()[1]
    finally:
        server.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(broker.shutdown(), _SHUTDOWN_S)
