"""TOXIPROXY: a URL, a program, or nothing; and the program as a process of the twin."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from pathlib import Path

import pytest
from proxy_server import echo_server
from toxiproxy_server import program

from chaos.live.processes import ProcessError, Processes
from chaos.live.proxy.client import ToxiproxyClient
from chaos.live.proxy.proxies import ProxyOptions
from chaos.live.proxy.server import Server, chosen
from simcore.base.errors import InputError

ARGUMENTS = ["chaos.live.proxy", "--server"]
REAL = os.environ.get("TOXIPROXY") or shutil.which("toxiproxy-server")
NO_REAL = pytest.mark.skipif(not REAL, reason="no toxiproxy-server on PATH or in TOXIPROXY: neither Debian nor PyPI has one")


def test_what_it_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program by its path or on PATH."""
    made = program(tmp_path)
    monkeypatch.delenv("TOXIPROXY", raising=False)
    assert chosen() == Server()
    for given, server in (
        ("", Server()),
        ("http://127.0.0.1:8474", Server(url="http://127.0.0.1:8474")),
        (str(made), Server(program=str(made))),
        ("toxiproxy-server", Server(program=str(made))),
    ):
        monkeypatch.setenv("TOXIPROXY", given)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        assert chosen() == server


@pytest.mark.parametrize("given", ["/no/such/toxiproxy", "no-such-toxiproxy", "/"])
def test_what_is_no_program_is_refused(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what it could be."""
    monkeypatch.setenv("TOXIPROXY", given)
    with pytest.raises(InputError, match=r"TOXIPROXY=.*: no such program; name a toxiproxy-server that can be run, or a URL"):
        chosen()


def listens(port: int) -> bool:
    """Whether somebody listens there, by /proc/net/tcp."""
    lines = Path("/proc/net/tcp").read_text(encoding="utf-8").splitlines()[1:]
    return any(line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "0A" for line in lines)


async def gone(port: int) -> None:
    async with asyncio.timeout(10):
        while listens(port):
            await asyncio.sleep(0.02)


async def delayed_by(url: str, upstream: str) -> float:
    """How long an echo takes through a proxy with a latency of 200 ms, s."""
    async with ToxiproxyClient(url) as client:
        listening = await client.populate([ProxyOptions("bank", "127.0.0.1:0", upstream)])
        await client.add_toxic("bank", "slow", "latency", "downstream", {"latency": 200})
        host, _, port = listening["bank"].rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        loop = asyncio.get_running_loop()
        begin = loop.time()
        writer.write(b"hello")
        assert await reader.readexactly(5) == b"hello"
        writer.close()
        await client.remove("bank")
        return loop.time() - begin


@pytest.mark.asyncio
async def test_a_program_listens_on_a_port_of_its_own_and_ends_with_the_twin(tmp_path: Path) -> None:
    """Two at once are no trouble to each other; a program that ignores SIGTERM ends all the same, and so does one whose process is killed."""
    made = str(program(tmp_path))
    async with Processes() as processes, echo_server() as upstream:
        first = await processes.start("first", [*ARGUMENTS, made])
        second = await processes.start("second", [*ARGUMENTS, made])
        assert first.port() != second.port()
        assert await delayed_by(f"http://127.0.0.1:{first.port()}", upstream) >= 0.2
        processes.signal("second", signal.SIGKILL)
        await gone(second.port())
        assert listens(first.port())
    await gone(first.port())


@pytest.mark.asyncio
async def test_a_program_that_is_none_is_said_to_be_so() -> None:
    """What it answered is among the last words."""
    async with Processes() as processes:
        with pytest.raises(ProcessError, match="false ended with exit code 1 when it was to listen"):
            await processes.start("proxy", [*ARGUMENTS, "/bin/false"])
        with pytest.raises(ProcessError, match="cannot be started"):
            await processes.start("proxy", [*ARGUMENTS, "/no/such/program"])


@NO_REAL
@pytest.mark.asyncio
async def test_the_real_one() -> None:
    """The same with the real server."""
    assert REAL is not None
    async with Processes() as processes, echo_server() as upstream:
        url = REAL if "://" in REAL else f"http://127.0.0.1:{(await processes.start('real', [*ARGUMENTS, REAL])).port()}"
        assert await delayed_by(url, upstream) >= 0.2
