"""toxiproxy-python, a client made for the real server, drives ours."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import pytest
from proxy_server import api_server, echo_server
from toxiproxy import Toxiproxy
from toxiproxy.api import APIConsumer
from toxiproxy.exceptions import ProxyExists

pytestmark = pytest.mark.asyncio


async def driven(test: Callable[[Toxiproxy, str], None]) -> None:
    """Run a test that blocks beside the server, with the library's one global host set to it."""
    async with api_server() as (url, _), echo_server() as upstream:
        host, _, port = url.removeprefix("http://").partition(":")
        before = (APIConsumer.host, APIConsumer.port)
        server = Toxiproxy()
        try:
            server.update_api_consumer(host, int(port))
            await asyncio.to_thread(test, server, upstream)
        finally:
            APIConsumer.host, APIConsumer.port = before


async def test_proxies_and_toxics() -> None:
    """Make, find, change, use, switch off and destroy."""

    def test(server: Toxiproxy, upstream: str) -> None:
        assert (server.running(), bool(server.version())) == (True, True)
        proxy = server.create(upstream=upstream, name="bank")
        with pytest.raises(ProxyExists):
            server.create(upstream=upstream, name="bank")
        proxy.add_toxic(name="slow", type="latency", attributes={"latency": 20, "jitter": 5})
        assert proxy.get_toxic("slow").attributes == {"latency": 20, "jitter": 5}
        host, _, port = server.get_proxy("bank").listen.partition(":")
        with socket.create_connection((host, int(port)), timeout=20) as caller:
            caller.sendall(b"hello")
            assert caller.recv(100) == b"hello"
        proxy.destroy_toxic("slow")
        assert proxy.get_toxic("slow") is None
        proxy.disable()
        assert server.get_proxy("bank").enabled is False
        server.reset()
        assert server.get_proxy("bank").enabled is True
        assert server.destroy(server.get_proxy("bank"))
        assert server.proxies() == {}

    await driven(test)


async def test_populate() -> None:
    """Several at once."""

    def test(server: Toxiproxy, upstream: str) -> None:
        server.populate(
            [
                {"name": "a", "listen": "127.0.0.1:0", "upstream": upstream},
                {"name": "b", "listen": "127.0.0.1:0", "upstream": upstream},
            ]
        )
        assert sorted(server.proxies()) == ["a", "b"]
        server.destroy_all()
        assert server.proxies() == {}

    await driven(test)
