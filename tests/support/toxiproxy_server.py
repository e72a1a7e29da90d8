"""A stand-in for the real toxiproxy-server: its command line, and our own API. It does not die with who starts it, and writes what it likes."""

from __future__ import annotations

import argparse
import asyncio
import signal
import stat
import sys
from pathlib import Path

from aiohttp import web

from chaos.live.proxy.api import Api
from chaos.live.proxy.proxies import Proxies


def program(folder: Path) -> Path:
    """Its program, as a file that can be run."""
    made = folder / "toxiproxy-server"
    made.write_text(f'#!/bin/sh\nexec {sys.executable} -P {Path(__file__).resolve()} "$@"\n', encoding="utf-8")
    made.chmod(made.stat().st_mode | stat.S_IXUSR)
    return made


async def _serve(host: str, port: int) -> None:
    runner = web.AppRunner(Api(Proxies()).application(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    sys.stdout.write('{"level":"info","message":"Starting Toxiproxy HTTP server"}\n')
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    parser = argparse.ArgumentParser()
    parser.add_argument("-host", default="localhost")
    parser.add_argument("-port", type=int, default=8474)
    given = parser.parse_args()
    asyncio.run(_serve(given.host, given.port))
