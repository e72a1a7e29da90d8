"""Servers that others have written, as processes of the twin: mosquitto, toxiproxy-server. They do not say where they listen, so they are given
a port that is kept for them; and they know nothing of who starts them, so they are killed when that one ends."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from chaos.live.lifetime import announce, die_with, until_stopped

_START_S = 10.0
_STDERR = 2


class ForeignError(Exception):
    """A server that does not start, or ends unasked."""


class Foreign(NamedTuple):
    """A server that listens: its name, its port, and a task that ends with it."""

    name: str
    port: int
    ended: asyncio.Task[int]


@contextlib.asynccontextmanager
async def serving(
    command: Callable[[int], Sequence[str]], address: str, port: int, pass_fds: Sequence[int] = ()
) -> AsyncIterator[Foreign]:
    """A server at an address and a port (0: any), killed at the end. `command` makes its command line of the port. Raises ForeignError if it does
    not start."""
    with bound(address, port) as holder:
        number = holder.getsockname()[1]
        argv = command(number)
        name = Path(argv[0]).name
        try:
            process = await asyncio.create_subprocess_exec(
                *argv,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=_STDERR,  # on standard output this process has its readiness line
                pass_fds=pass_fds,
                preexec_fn=partial(die_with, os.getpid()),  # there is no other thread yet
            )
        except OSError as error:
            raise ForeignError(f"{argv[0]} cannot be started: {error.strerror or error}") from error
        foreign = Foreign(name, number, asyncio.create_task(process.wait()))
        try:
            await _until_it_listens(foreign, address)
            yield foreign
        finally:
            if process.returncode is None:
                process.kill()  # it has nothing to save
            await foreign.ended


async def serve(foreign: Foreign, **facts: object) -> None:
    """Says that it is ready, and returns when this process is to end. Raises ForeignError if the server ends before."""
    announce(port=foreign.port, **facts)
    stopped = asyncio.ensure_future(until_stopped())
    await asyncio.wait((stopped, foreign.ended), return_when=asyncio.FIRST_COMPLETED)
    if not stopped.done():
        raise ForeignError(f"{foreign.name} ended with exit code {foreign.ended.result()}")


def bound(address: str, port: int) -> socket.socket:
    """A socket that has the port (0: any), so that nobody else gets it; one that says SO_REUSEADDR can still listen there. Raises
    ForeignError if it cannot be had."""
    holder = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        holder.bind((address, port))
    except OSError as error:
        holder.close()
        raise ForeignError(f"cannot listen on {address}:{port}: {error.strerror or error}") from error
    return holder


async def _until_it_listens(foreign: Foreign, address: str) -> None:
    deadline = asyncio.get_running_loop().time() + _START_S
    while asyncio.get_running_loop().time() < deadline:
        if foreign.ended.done():
            how = f"ended with exit code {foreign.ended.result()} when it was to listen on {address}:{foreign.port}"
            raise ForeignError(f"{foreign.name} {how}")
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection(address, foreign.port)
            writer.close()
            return
        await asyncio.sleep(0.01)
    raise ForeignError(f"{foreign.name} did not listen on {address}:{foreign.port} within {_START_S} s")
