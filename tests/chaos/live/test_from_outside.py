"""What is done to the processes of a twin from outside, by no fault of the run: it is unknown, with the reason, and no law is broken."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiomqtt
import pytest

from chaos.live.mqtt.client import unheard
from chaos.live.run import Twin
from chaos.live.system import LOOK_EVERY_S
from chaos.live.up import Stopped, UpListener, UpOptions, plan_up, run_up
from simcore.base.units import HOUR, SECOND

OPTIONS = UpOptions("live/broker", "live/steady", 0.3, seed=1, at=10 * HOUR, lasts=30 * SECOND, every_s=10.0)
NO_MOSQUITTO = pytest.mark.skipif(shutil.which("mosquitto") is None, reason="mosquitto is not on PATH")


def up_while(during: Callable[[Twin], Awaitable[None]]) -> Stopped:
    """A twin to which something is done while it is up."""

    async def do(twin: Twin) -> None:
        await asyncio.sleep(1.5)
        await during(twin)

    listener = UpListener(lambda up: None, lambda figures: None, lambda text: None)
    return run_up(plan_up(OPTIONS), OPTIONS, listener, do)


def processes(words: str) -> list[int]:
    """The processes that this one, or a child of it, started with these words."""
    found, mine = [], {os.getpid()}
    for folder in sorted((f for f in Path("/proc").glob("[0-9]*")), key=lambda f: int(f.name)):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if parent in mine:
            mine.add(int(folder.name))
            found += [int(folder.name)] if words in command else []
    return found


@pytest.mark.parametrize(
    "words", ["chaos.live.mqtt", pytest.param("/mosquitto ", marks=NO_MOSQUITTO)], ids=["broker", "mosquitto alone"]
)
def test_a_broker_that_is_stopped_makes_a_run_unknown(words: str, capfd: pytest.CaptureFixture[str]) -> None:
    """No law is broken by it, nothing of the machinery is printed, and it goes on at the end."""

    async def stop(_: Twin) -> None:
        for number in processes(words):
            os.kill(number, signal.SIGSTOP)
        await asyncio.sleep(4 * LOOK_EVERY_S)

    stopped = up_while(stop)
    journal = stopped.live.journal
    assert stopped.died == ["broker was stopped by a signal from outside"]
    assert journal.unknown_reason == "a process of the twin failed: broker was stopped by a signal from outside"
    assert [law.law for law in journal.conservation if not law.ok] == []
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(("words", "says"), [("client#0", "client#0"), ("chaos.live.proxy", "proxy")])
def test_a_process_that_is_killed_makes_a_run_unknown(words: str, says: str, capfd: pytest.CaptureFixture[str]) -> None:
    """No law is broken by it. What the customers' process would have heard is not judged."""

    async def kill(_: Twin) -> None:
        for number in processes(words):
            os.kill(number, signal.SIGKILL)
        await asyncio.sleep(1.0)

    stopped = up_while(kill)
    journal = stopped.live.journal
    assert stopped.died == [f"{says} ended with -9"]
    assert journal.unknown_reason == f"a process of the twin failed: {says} ended with -9"
    assert [law.law for law in journal.conservation if not law.ok] == []
    assert bool(stopped.live.not_judged) is (says == "client#0")
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("error", "said"), [(aiomqtt.MqttError("gone"), False), (ValueError("a mistake"), True), (asyncio.CancelledError(), True)]
)
def test_what_aiomqtt_leaves_behind_is_not_printed(error: BaseException, said: bool, caplog: pytest.LogCaptureFixture) -> None:
    """All else is."""
    loop = asyncio.new_event_loop()
    unheard(loop, {"message": "Future exception was never retrieved", "exception": error})
    loop.close()
    assert any(record.name == "asyncio" for record in caplog.records) is said


@pytest.mark.parametrize(("socket", "said"), [(-1, False), (10_000, True)])
def test_a_socket_that_was_closed_before_it_was_watched_is_not_printed(
    socket: int, said: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """As aiomqtt has it watched; what is wrong with another one is."""
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(unheard)
    loop.call_soon_threadsafe(loop.add_writer, socket, lambda: None)
    loop.run_until_complete(asyncio.sleep(0.01))
    loop.close()
    assert any(record.name == "asyncio" for record in caplog.records) is said
