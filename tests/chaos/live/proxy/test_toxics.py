"""What each toxic does to a connection, over real sockets. Times have a lower bound by definition; an upper one is never asked of them."""

from __future__ import annotations

import asyncio
import time

import pytest
from proxy_server import OURS_ALONE, REAL, api_server, echo_server, proxied_echo

from chaos.live import LOOPBACK
from chaos.live.proxy.client import ProxyError, Stream, ToxiproxyClient
from chaos.live.proxy.proxies import ProxyOptions

pytestmark = pytest.mark.asyncio
PATIENCE_S = 20
STREAMS: tuple[Stream, ...] = ("upstream", "downstream")


class Caller:
    """A client's connection to a proxy."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def ask(self, data: bytes) -> tuple[bytes, float]:
        """What comes back for it, and after how many seconds."""
        begin = time.perf_counter()
        self.writer.write(data)
        answer = await asyncio.wait_for(self.reader.readexactly(len(data)), PATIENCE_S)
        return answer, time.perf_counter() - begin

    async def rest(self) -> bytes:
        """All that comes until the other side closes."""
        return await asyncio.wait_for(self.reader.read(), PATIENCE_S)

    async def silent(self, seconds: float = 0.3) -> bool:
        """Whether nothing comes for so long: no data, no end."""
        try:
            await asyncio.wait_for(self.reader.read(1), seconds)
        except TimeoutError:
            return True
        return False


async def call(port: int) -> Caller:
    return Caller(*await asyncio.open_connection(LOOPBACK, port))


async def test_nothing_is_changed_without_a_toxic() -> None:
    """A megabyte goes through and back as it is; the end does, too."""
    data = bytes(range(256)) * 4096
    async with proxied_echo() as (_, port):
        caller = await call(port)
        assert (await caller.ask(data))[0] == data
        caller.writer.write_eof()
        assert await caller.rest() == b""
        caller.writer.close()


@pytest.mark.parametrize("stream", STREAMS)
async def test_latency(stream: Stream) -> None:
    """Both directions can be delayed, and removing the toxic ends the delay."""
    async with proxied_echo() as (client, port):
        caller = await call(port)
        await client.add_toxic("echo", "slow", "latency", stream, {"latency": 300})
        answer, seconds = await caller.ask(b"a")
        assert (answer, seconds >= 0.29) == (b"a", True)
        await client.remove_toxic("echo", "slow")
        assert (await caller.ask(b"b"))[0] == b"b"
        caller.writer.close()


async def test_latencies_add_up() -> None:
    """Two toxics in one direction, one in the other: their delays are a sum."""
    async with proxied_echo() as (client, port):
        for name, stream in (("a", STREAMS[0]), ("b", STREAMS[0]), ("c", STREAMS[1])):
            await client.add_toxic("echo", name, "latency", stream, {"latency": 150})
        caller = await call(port)
        assert (await caller.ask(b"x"))[1] >= 0.44
        caller.writer.close()


async def test_held_data_is_delivered_in_order_when_the_latency_is_removed() -> None:
    """The cut that TCP makes: nothing for as long as it lasts, then everything, and the connection lives."""
    async with proxied_echo() as (client, port):
        caller = await call(port)
        await client.add_toxic("echo", "cut", "latency", "downstream", {"latency": 3_600_000})
        for part in (b"one ", b"two ", b"three"):
            caller.writer.write(part)
            await asyncio.sleep(0.02)
        assert await caller.silent()
        await client.remove_toxic("echo", "cut")
        assert await asyncio.wait_for(caller.reader.readexactly(13), PATIENCE_S) == b"one two three"
        caller.writer.close()


async def test_timeout_of_zero_resets_at_its_removal() -> None:
    """Data is dropped; the connection closes when the toxic goes, not before."""
    async with proxied_echo() as (client, port):
        caller = await call(port)
        await client.add_toxic("echo", "cut", "timeout", "downstream", {"timeout": 0})
        caller.writer.write(b"lost")
        assert await caller.silent()
        await client.remove_toxic("echo", "cut")
        assert await caller.rest() == b""
        caller.writer.close()
        again = await call(port)
        assert (await again.ask(b"new"))[0] == b"new"
        again.writer.close()


async def test_timeout_closes_after_its_time() -> None:
    """A time-out of its own, without the removal."""
    async with proxied_echo() as (client, port):
        await client.add_toxic("echo", "cut", "timeout", "upstream", {"timeout": 100})
        caller = await call(port)
        assert await caller.rest() == b""
        caller.writer.close()


async def test_reset_peer() -> None:
    """The client gets ECONNRESET."""
    async with proxied_echo() as (client, port):
        await client.add_toxic("echo", "rst", "reset_peer", "downstream", {"timeout": 0})
        caller = await call(port)
        caller.writer.write(b"x")
        with pytest.raises(ConnectionResetError):
            await caller.rest()
        caller.writer.close()


async def test_bandwidth() -> None:
    """60,000 bytes at 100 kilobytes a second take 0.6 seconds."""
    async with proxied_echo() as (client, port):
        await client.add_toxic("echo", "narrow", "bandwidth", "downstream", {"rate": 100})
        caller = await call(port)
        answer, seconds = await caller.ask(b"z" * 60_000)
        assert (answer, seconds >= 0.55) == (b"z" * 60_000, True)
        caller.writer.close()


async def test_slicer() -> None:
    """Data arrives whole and in order, in pieces that take their time: 10 of them, 30 ms each."""
    async with proxied_echo() as (client, port):
        await client.add_toxic("echo", "s", "slicer", "downstream", {"average_size": 10, "size_variation": 0, "delay": 30_000})
        caller = await call(port)
        data = bytes(range(100))
        answer, seconds = await caller.ask(data)
        assert (answer, seconds >= 0.29) == (data, True)
        caller.writer.close()


async def test_limit_data() -> None:
    """Exactly so many bytes, then the end; what has passed counts when the limit changes."""
    async with proxied_echo() as (client, port):
        await client.add_toxic("echo", "limit", "limit_data", "downstream", {"bytes": 10})
        caller = await call(port)
        assert (await caller.ask(b"12345"))[0] == b"12345"
        await client.change_toxic("echo", "limit", {"bytes": 8})
        caller.writer.write(b"6789")
        assert await caller.rest() == b"678"
        caller.writer.close()


async def test_slow_close() -> None:
    """The end is late, the data is not."""
    async with proxied_echo() as (client, port):
        await client.add_toxic("echo", "slow", "slow_close", "downstream", {"delay": 300})
        caller = await call(port)
        await caller.ask(b"now")
        begin = time.perf_counter()
        caller.writer.write_eof()
        assert (await caller.rest(), time.perf_counter() - begin >= 0.29) == (b"", True)
        caller.writer.close()


async def test_toxicity_of_zero_touches_nobody() -> None:
    """A toxic acts on its share of the connections, here on none."""
    async with api_server() as (url, proxies), echo_server() as upstream, ToxiproxyClient(url) as client:
        addresses = await client.populate([ProxyOptions("echo", "", upstream)])
        await client.add_toxic("echo", "cut", "timeout", "downstream", {"timeout": 0})
        await client._call("POST", "/proxies/echo/toxics/cut", {"toxicity": 0})
        caller = await call(int(addresses["echo"].rpartition(":")[2]))
        assert (await caller.ask(b"through"))[0] == b"through"
        caller.writer.close()
        assert REAL or proxies.find("echo").traffic["downstream", "sent"] == 7


async def test_disabled_proxy_refuses_and_closes() -> None:
    """A proxy that is off listens no more; what was connected is closed; on again, it has its old port."""
    async with proxied_echo() as (client, port):
        caller = await call(port)
        await caller.ask(b"x")
        await client.set_enabled("echo", False)
        assert await caller.rest() == b""
        caller.writer.close()
        with pytest.raises(ConnectionRefusedError):
            await call(port)
        await client.set_enabled("echo", True)
        again = await call(port)
        assert (await again.ask(b"y"))[0] == b"y"
        again.writer.close()


async def test_dead_upstream_accepts_and_closes() -> None:
    """As the real one does: who wants a refusal must disable the proxy."""
    async with api_server() as (url, _), ToxiproxyClient(url) as client:
        addresses = await client.populate([ProxyOptions("dead", "", "127.0.0.1:1")])
        caller = await call(int(addresses["dead"].rpartition(":")[2]))
        assert await caller.rest() == b""
        caller.writer.close()


@OURS_ALONE
async def test_much_data_is_not_held_without_bound() -> None:
    """With a cut, a sender that goes on is stopped by back pressure; the proxy holds its 8 MiB and what its sockets hold."""
    async with api_server() as (url, proxies), echo_server() as upstream, ToxiproxyClient(url) as client:
        addresses = await client.populate([ProxyOptions("echo", "", upstream)])
        await client.add_toxic("echo", "cut", "latency", "upstream", {"latency": 3_600_000})
        caller = await call(int(addresses["echo"].rpartition(":")[2]))
        for _ in range(64):
            caller.writer.write(bytes(1 << 20))
        await asyncio.sleep(1.0)
        (connection,) = proxies.find("echo").connections
        assert 8 << 20 <= connection.lines["upstream"].held <= 10 << 20
        caller.writer.transport.abort()


async def test_client_says_what_failed() -> None:
    """A refusal, a server that is not there, and a call that takes too long are one kind of error with the call in it."""
    async with proxied_echo() as (client, _):
        with pytest.raises(ProxyError, match="POST /proxies/none/toxics: 404"):
            await client.add_toxic("none", "a", "latency", "upstream", {})
        await client.remove_toxic("echo", "never there")
    async with ToxiproxyClient("http://127.0.0.1:1") as client:
        with pytest.raises(ProxyError, match=r"GET http://127\.0\.0\.1:1/version"):
            await client.version()

    async def never_answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()  # until the client has closed
        writer.close()

    silent = await asyncio.start_server(never_answers, LOOPBACK, 0)
    port = silent.sockets[0].getsockname()[1]
    async with ToxiproxyClient(f"http://{LOOPBACK}:{port}", timeout_s=0.2) as client:
        with pytest.raises(ProxyError, match="Timeout"):
            await client.reset()
    silent.close()
    await asyncio.sleep(0.05)  # until the server's end of the connection is closed, too
