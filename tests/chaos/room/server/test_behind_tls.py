"""A room behind a proxy that speaks TLS: pages, links and websockets work under the proxy's name, and nobody's headers are believed."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import urllib.error
import urllib.request
from pathlib import Path
from typing import NamedTuple

import pytest
from fake_exercise import Threaded, fake_folder, open_fake
from self_signed import make_certificate
from tls_proxy import tls_proxy
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from chaos.cli.room_bot import socket_of
from chaos.room.client.seat import SeatClient
from chaos.room.server.room import Room
from chaos.room.server.serve import Address, serving


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once."""
    return make_certificate(tmp_path_factory.mktemp("tls") / "localhost.pem")


class Page(NamedTuple):
    """What somebody was answered."""

    status: int
    text: str


def fetched(address: str, certificate: Path, **headers: str) -> Page:
    """A page, asked for with headers (underscores are hyphens)."""
    request = urllib.request.Request(address, headers={name.replace("_", "-"): value for name, value in headers.items()})
    try:
        with urllib.request.urlopen(request, context=ssl.create_default_context(cafile=certificate)) as answer:
            return Page(answer.status, answer.read().decode())
    except urllib.error.HTTPError as error:
        with error:
            return Page(error.code, "")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


SPOOFED = {
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "http",
    "X-Forwarded-For": "127.0.0.1",
    "Forwarded": "host=evil.example",
}


@pytest.mark.asyncio
@pytest.mark.parametrize("keeps_host", [True, False], ids=["as-caddy", "as-nginx"])
async def test_a_room_is_used_through_a_proxy(
    tmp_path: Path, certificate: Path, monkeypatch: pytest.MonkeyPatch, keeps_host: bool
) -> None:
    """By the link that it prints: the page, its files and the websocket, over TLS; pages of elsewhere are refused there too."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    port = free_port()
    address = Address(behind=f"https://localhost:{port}")
    async with (
        serving(Room(fake_folder(tmp_path / "room"), open_fake, Threaded), address) as served,
        tls_proxy(served.port, certificate, port, keeps_host=keeps_host) as proxy,
    ):
        link = served.link("operator")
        assert link.startswith(f"{proxy.base}/lobby.html?token=")
        assert (await asyncio.to_thread(fetched, link, certificate)).text.startswith("<!doctype html>")
        assert (await asyncio.to_thread(fetched, f"{proxy.base}/shell.js", certificate)).status == 200
        async with SeatClient(socket_of(link)) as operator, SeatClient(socket_of(served.link("facilitator"))) as facilitator:
            assert (await facilitator.send("start")).done
            assert (await operator.send("say", text="over TLS")).done

        async def asked(origin: str) -> int:
            try:
                async with connect(socket_of(link), origin=origin, proxy=None):  # type: ignore[arg-type]
                    return 101
            except InvalidStatus as error:
                return error.response.status_code

        assert [await asked(origin) for origin in (proxy.base, "https://evil.example", "null")] == [101, 403, 403]
        evil = await asyncio.to_thread(fetched, link, certificate, Host="evil.example")
        assert evil.status == (
            421 if keeps_host else 200
        )  # under the room's own address the proxy's name is none of the room's affairs


@pytest.mark.asyncio
@pytest.mark.parametrize("behind", [None, "https://room.example"])
async def test_nobodys_forwarded_headers_are_believed(tmp_path: Path, certificate: Path, behind: str | None) -> None:
    """Not even those of this machine, where the proxy is: what counts is the address that --behind-proxy names."""
    async with serving(Room(fake_folder(tmp_path / "room"), open_fake, Threaded), Address(behind=behind)) as served:
        page, token = f"http://127.0.0.1:{served.port}/lobby.html", served.room.session.tokens["operator"]
        plain = await asyncio.to_thread(fetched, page, certificate)
        headers = {name.replace("-", "_"): value for name, value in SPOOFED.items()}
        assert await asyncio.to_thread(fetched, page, certificate, **headers) == plain
        lured = {"Host": "evil.example", "X_Forwarded_Host": "room.example", "X_Forwarded_For": "127.0.0.1"}
        assert (await asyncio.to_thread(fetched, page, certificate, **lured)).status == 421
        across = {"Origin": "https://evil.example", "X_Forwarded_Host": "evil.example", "X_Forwarded_Proto": "https"}
        assert (await asyncio.to_thread(fetched, page, certificate, **across)).status == 403
        address = f"ws://127.0.0.1:{served.port}/ws?token={token}"
        async with connect(address, additional_headers=SPOOFED, proxy=None) as connection:
            await connection.send(json.dumps({"v": 1, "kind": "hello"}))
            assert json.loads(await connection.recv())["kind"] in ("snapshot", "tick")
        with pytest.raises(InvalidStatus, match="403"):
            async with connect(address, origin="https://evil.example", additional_headers=SPOOFED, proxy=None):  # type: ignore[arg-type]
                pass
