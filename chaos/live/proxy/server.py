"""Which Toxiproxy server a twin uses: our own, one that runs already, or a program of that kind."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

from chaos.live import LOOPBACK
from chaos.live.foreign import Foreign, serving
from simcore.base.errors import InputError

VARIABLE = "TOXIPROXY"


class Server(NamedTuple):
    """A server that runs at a URL, or a program that is one; neither: our own."""

    url: str | None = None
    program: str | None = None


def chosen() -> Server:
    """The one that the environment variable TOXIPROXY names. Raises InputError if it names nothing that can be one."""
    given = os.environ.get(VARIABLE, "")
    if not given:
        return Server()
    if given.startswith(("http://", "https://")):
        return Server(url=given)
    program = shutil.which(given)
    if program is None:
        hint = "name a toxiproxy-server that can be run, or a URL such as http://127.0.0.1:8474; without it the twin has its own"
        raise InputError(f"{VARIABLE}={given}: no such program", hint=hint)
    return Server(program=str(Path(program).absolute()))


@contextlib.asynccontextmanager
async def toxiproxy(program: str, port: int) -> AsyncIterator[Foreign]:
    """A toxiproxy-server with its API on a port of 127.0.0.1 (0: any). Raises ForeignError if it does not start."""
    async with serving(lambda number: [program, "-host", LOOPBACK, "-port", str(number)], LOOPBACK, port) as foreign:
        yield foreign
