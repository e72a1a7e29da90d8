"""The proxy as a process of the twin: `python -m chaos.live.proxy PARENT [PORT]`; it ends with its parent."""

from __future__ import annotations

import asyncio
import sys

from aiohttp import web

from chaos.live import LOOPBACK
from chaos.live.lifetime import announce, die_with, until_stopped
from chaos.live.proxy.api import Api
from chaos.live.proxy.proxies import Proxies


async def serve(port: int) -> None:
    """Serve the API on a port of 127.0.0.1 (0: any) until this process is to end."""
    proxies = Proxies()
    runner = web.AppRunner(Api(proxies).application(), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, LOOPBACK, port)
    await site.start()
    announce(port=runner.addresses[0][1])
    await until_stopped()
    await proxies.stop()
    await runner.cleanup()


if __name__ == "__main__":
    die_with(int(sys.argv[1]))
    asyncio.run(serve(int(sys.argv[2]) if len(sys.argv) > 2 else 0))
