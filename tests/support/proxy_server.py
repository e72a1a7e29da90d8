"""A proxy server inside the test's own loop, and small servers to put behind it."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from chaos.live import LOOPBACK
from chaos.live.processes import Processes
from chaos.live.proxy.api import Api
from chaos.live.proxy.client import ToxiproxyClient
from chaos.live.proxy.proxies import Proxies, ProxyOptions


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


REAL = os.environ.get("COREDRILL_TEST_TOXIPROXY", "")
"""The path of a real toxiproxy-server, which tests of ours are then held to; nothing: ours."""
OURS_ALONE = pytest.mark.skipif(bool(REAL), reason="the real server does not do so")


@asynccontextmanager
async def api_server() -> AsyncIterator[tuple[str, Proxies]]:
    """The address of a server's API, and its proxies, if it is not the real one."""
    if REAL:
        async with Processes() as processes:
            ready = await processes.start("real", ["chaos.live.proxy", "--server", REAL])
            yield f"http://{LOOPBACK}:{ready.port()}", Proxies()
        return
    proxies = Proxies()
    runner = web.AppRunner(Api(proxies).application(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, LOOPBACK, 0).start()
    try:
        yield f"http://{LOOPBACK}:{runner.addresses[0][1]}", proxies
    finally:
        await proxies.stop()
        await runner.cleanup()


@asynccontextmanager
async def echo_server() -> AsyncIterator[str]:
    """The address of a server that sends back what it gets, and closes when its client has finished."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(echo, LOOPBACK, 0)
    try:
        yield f"{LOOPBACK}:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


@asynccontextmanager
async def proxied_echo() -> AsyncIterator[tuple[ToxiproxyClient, int]]:
    """A client of a server that has one proxy, `echo`, before an echo server; and the proxy's port."""
    async with api_server() as (url, _), echo_server() as upstream, ToxiproxyClient(url) as client:
        addresses = await client.populate([ProxyOptions("echo", "", upstream)])
        yield client, int(addresses["echo"].rpartition(":")[2])
