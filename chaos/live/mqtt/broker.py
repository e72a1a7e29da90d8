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
import socket
from collections.abc import AsyncIterator
from functools import partial

from amqtt.adapters import StreamReaderAdapter, StreamWriterAdapter
from amqtt.broker import Broker

from chaos.live.lifetime import die_with

PACKET_BYTES = 2 * 65_536
"""The largest packet that a client may send: the largest message, its topic, and room to spare."""
CLIENTS_MAX = 512
_START_S = 10.0
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


class BrokerError(Exception):
    """A broker that does not start, or ends unasked."""


def mosquitto_on_path() -> str | None:
    """The program, if there is one."""
    return shutil.which("mosquitto")


@contextlib.asynccontextmanager
async def mosquitto(program: str, address: str, port: int) -> AsyncIterator[tuple[int, asyncio.Task[int]]]:
    """mosquitto at an address and a port (0: any); the port, and a task that ends with it. Raises BrokerError if it does not start."""
    with _bound(address, port) as holder:
        number = holder.getsockname()[1]
        user = pwd.getpwuid(os.geteuid()).pw_name  # with another one it would no longer be killed when this process ends
        words = _CONFIGURATION.format(port=number, address=address, user=user, packet=PACKET_BYTES, clients=CLIENTS_MAX)
        configuration = os.memfd_create("mosquitto.conf")
        try:
            os.write(configuration, words.encode())
            process = await asyncio.create_subprocess_exec(
                program,
                "-c",
                f"/proc/self/fd/{configuration}",
                pass_fds=(configuration,),
                preexec_fn=partial(die_with, os.getpid()),  # there is no other thread yet
            )
        finally:
            os.close(configuration)
        ended = asyncio.create_task(process.wait())
        try:
            await _until_it_listens(address, number, ended)
            yield number, ended
        finally:
            if process.returncode is None:
                process.kill()  # it has nothing to save
            await ended


def _bound(address: str, port: int) -> socket.socket:
    """A socket that has the port (0: any), so that nobody else gets it; one that says SO_REUSEADDR can still listen there."""
    holder = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        holder.bind((address, port))
    except OSError as error:
        holder.close()
        raise BrokerError(f"cannot listen on {address}:{port}: {error.strerror or error}") from error
    return holder


async def _until_it_listens(address: str, port: int, ended: asyncio.Task[int]) -> None:
    deadline = asyncio.get_running_loop().time() + _START_S
    while asyncio.get_running_loop().time() < deadline:
        if ended.done():
            raise BrokerError(f"mosquitto ended with exit code {ended.result()} when it was to listen on {address}:{port}")
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection(address, port)
            writer.close()
            return
        await asyncio.sleep(0.01)
    raise BrokerError(f"mosquitto did not listen on {address}:{port} within {_START_S} s")


class _Reader(asyncio.StreamReader):
    """Of a packet that is too big nothing is read: the connection ends."""

    async def readexactly(self, n: int) -> bytes:
        if n > PACKET_BYTES:
            raise ConnectionResetError(f"a packet of {n} bytes or more")
        return await super().readexactly(n)


@contextlib.asynccontextmanager
async def amqtt(address: str, port: int) -> AsyncIterator[int]:
    """amqtt at an address and a port (0: any); the port. Raises BrokerError if it cannot listen there."""
    logging.getLogger("amqtt").setLevel(logging.ERROR)  # it warns of every client that goes away
    listening = _bound(address, port)
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
