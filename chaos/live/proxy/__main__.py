"""The proxy as a process of the twin: `python -m chaos.live.proxy PARENT [PORT] [--server PROGRAM]`; it ends with its parent."""

from __future__ import annotations

import argparse
import asyncio
import sys

from aiohttp import web

from chaos.live import LOOPBACK
from chaos.live.foreign import ForeignError, serve
from chaos.live.lifetime import announce, die_with, until_stopped
from chaos.live.proxy.api import Api
from chaos.live.proxy.proxies import Proxies
from chaos.live.proxy.server import toxiproxy


async def own(port: int) -> None:
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


async def real(program: str, port: int) -> None:
    """The same by a toxiproxy-server. Raises ForeignError if it cannot start or ends before."""
    async with toxiproxy(program, port) as foreign:
        await serve(foreign)


def main() -> None:
    """Parse the command line, and serve."""
    parser = argparse.ArgumentParser(prog="python -m chaos.live.proxy", description=__doc__)
    parser.add_argument("parent", type=int, help="the number of the process with which it is to end")
    parser.add_argument("port", type=int, nargs="?", default=0, help="where its API listens (any port)")
    parser.add_argument("--server", metavar="PROGRAM", help="a toxiproxy-server, instead of our own")
    arguments = parser.parse_args()
    die_with(arguments.parent)
    try:
        asyncio.run(real(arguments.server, arguments.port) if arguments.server else own(arguments.port))
    except ForeignError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
