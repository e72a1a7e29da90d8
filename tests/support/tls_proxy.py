"""A proxy that speaks TLS in front of a server on this machine, as Caddy or nginx do: it takes the encryption off and says in headers for whom
it asks."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class TlsProxy:
    """Where it listens, and the server that it asks. `keeps_host`: requests go on under the name that was asked for (Caddy), else under
    the server's own address (nginx, unless it is configured otherwise)."""

    port: int
    upstream: int
    keeps_host: bool

    @property
    def base(self) -> str:
        """What links begin with."""
        return f"https://localhost:{self.port}"


@asynccontextmanager
async def tls_proxy(upstream: int, certificate: Path, port: int, *, keeps_host: bool) -> AsyncIterator[TlsProxy]:
    """Listens until the block is left."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    proxy = TlsProxy(port, upstream, keeps_host)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            await _pass_on(proxy, reader, writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port, ssl=context)
    try:
        yield proxy
    finally:
        server.close()


async def _pass_on(proxy: TlsProxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One request, or a websocket, until one side has enough."""
    head = await reader.readuntil(b"\r\n\r\n")
    there, back = await asyncio.open_connection("127.0.0.1", proxy.upstream)
    back.write(_with_headers(proxy, head.decode("latin-1")).encode("latin-1"))
    copies = [asyncio.create_task(_copy(*pair)) for pair in ((reader, back), (there, writer))]
    try:
        await asyncio.wait(copies, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for copy in copies:
            copy.cancel()
        await asyncio.gather(*copies, return_exceptions=True)
        back.close()


def _with_headers(proxy: TlsProxy, head: str) -> str:
    first, *lines = head.rstrip("\r\n").split("\r\n")
    asked = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    host = asked.get("host", "")
    said = {**asked, "x-forwarded-proto": "https", "x-forwarded-host": host, "x-forwarded-for": "203.0.113.9"}
    said["host"] = host if proxy.keeps_host else f"127.0.0.1:{proxy.upstream}"
    if "upgrade" not in asked:
        said["connection"] = "close"
    return "\r\n".join([first, *(f"{name}: {value}" for name, value in said.items()), "", ""])


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError, ssl.SSLError):
        while part := await reader.read(65536):
            writer.write(part)
            await writer.drain()
