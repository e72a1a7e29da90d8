"""A room on a port of this machine."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import uvicorn

from chaos.documents.drill import Seat
from chaos.room.protocol.incoming import MAX_FRAME
from chaos.room.server.app import make_app
from chaos.room.server.origins import Names
from chaos.room.server.room import Room
from simcore.base.errors import InputError, os_reason


@dataclass(frozen=True)
class Address:
    """Where it listens. `behind` is the address that people use when something in front of it speaks TLS."""

    bind: str = "127.0.0.1"
    port: int = 0
    behind: str | None = None


@dataclass(frozen=True)
class Served:
    """A room that is being served: its port, and what people use as the beginning of their links."""

    room: Room
    port: int
    base: str

    def link(self, seat: Seat) -> str:
        """The address of a seat. Whoever has it has the seat."""
        return f"{self.base}/lobby.html?token={self.room.session.tokens[seat]}"

    def socket(self, seat: Seat) -> str:
        """The address of a seat's websocket on this machine."""
        return f"ws://127.0.0.1:{self.port}/ws?token={self.room.session.tokens[seat]}"


@asynccontextmanager
async def serving(room: Room, address: Address) -> AsyncIterator[Served]:
    """Serves a room until the block is left. Raises InputError for an address that cannot be had."""
    listening = _listen(address)
    host, port = address.bind, listening.getsockname()[1]
    room.served_at(host, port, address.behind)
    base = address.behind or f"http://{f'[{host}]' if ':' in host else host}:{port}"
    # Nothing is logged below warnings: what a request asks for holds a token.
    config = uvicorn.Config(
        make_app(room, Names(host, address.behind)),
        ws="websockets-sansio",
        ws_max_size=MAX_FRAME,
        access_log=False,
        log_config=None,
        log_level="warning",
        server_header=False,
        proxy_headers=False,  # what others say that they forward is not believed: --behind-proxy says where people come in
        timeout_graceful_shutdown=2,
    )
    server = _Server(config)
    running = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield Served(room, port, base.rstrip("/"))
    finally:
        server.should_exit = True
        await running
        listening.close()


class _Server(uvicorn.Server):
    """Signals are for whoever serves: a test, or the command line."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Captures none."""
        yield


def _listen(address: Address) -> socket.socket:
    try:
        family = socket.AF_INET6 if ipaddress.ip_address(address.bind).version == 6 else socket.AF_INET
        return socket.create_server((address.bind, address.port), family=family)
    except ValueError:
        raise InputError(f"--bind {address.bind}: not an address", hint="such as 127.0.0.1 or 0.0.0.0") from None
    except OSError as error:
        raise InputError(f"cannot listen on {address.bind}:{address.port}: {os_reason(error)}") from None
