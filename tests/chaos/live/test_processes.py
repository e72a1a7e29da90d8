"""Real processes are started, signalled, restarted and stopped, and what goes wrong with them is said in one error."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest

from chaos.live.processes import ProcessError, Processes, in_a_line

pytestmark = pytest.mark.asyncio
SUPPORT = Path(__file__).resolve().parents[2] / "support"
PATIENCE_S = 20


@pytest.fixture(autouse=True)
def support(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes find the modules of tests/support, too."""
    monkeypatch.setenv("PYTHONPATH", str(SUPPORT))


def odd(kind: str) -> list[str]:
    return ["odd_process", kind]


def state(pid: int) -> str:
    """A process's state as /proc has it: S sleeping, T stopped, Z ended but not yet waited for; nothing when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return ""


def children() -> list[int]:
    """The processes that this one has started and not waited for."""
    return [
        int(pid) for thread in Path("/proc/self/task").glob("*/children") for pid in thread.read_text(encoding="utf-8").split()
    ]


async def until(condition: object, pid: int) -> None:
    """Waits until a process is in a state."""
    begin = time.monotonic()
    while state(pid) != condition:
        assert time.monotonic() < begin + PATIENCE_S
        await asyncio.sleep(0.01)


async def until_gone(pid: int) -> None:
    begin = time.monotonic()
    while state(pid) not in ("", "Z"):  # whoever inherits it may be slow to wait for it
        assert time.monotonic() < begin + PATIENCE_S
        await asyncio.sleep(0.01)


async def test_a_real_one_is_started_used_and_stopped() -> None:
    """The proxy tells its port and is connected to; afterwards process and port are gone. Memory and start time are known."""
    async with Processes() as processes:
        ready = await processes.start("proxy", ["chaos.live.proxy"])
        _, writer = await asyncio.open_connection("127.0.0.1", ready.port())
        writer.close()
        usage = processes.usage()["proxy"]
        assert (10 << 20) < usage.memory_bytes < (1 << 30)
        assert 0 < usage.start_s == ready.seconds < PATIENCE_S
        with pytest.raises(ProcessError, match="READY line has no other"):
            ready.port("other")
        with pytest.raises(ProcessError, match="proxy cannot be started: it runs"):
            await processes.start("proxy", ["chaos.live.proxy"])
    assert (state(ready.pid), processes.running("proxy"), processes.usage()) == ("", False, {})
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", ready.port())
    with pytest.raises(ProcessError, match="all are being stopped"):
        await processes.start("proxy", ["chaos.live.proxy"])


async def test_one_that_dies_early_is_told_with_its_last_fifty_lines() -> None:
    """Exit code and last words are in the error; the callback is for those that had been ready."""
    ends: list[tuple[str, int]] = []
    async with Processes(lambda *end: ends.append(end)) as processes:
        with pytest.raises(
            ProcessError, match=r"^bank ended with exit code 7 before it was ready; its last words:\n  line 30\n"
        ) as error:
            await processes.start("bank", odd("dies"))
        assert str(error.value).endswith("  line 79")
        assert (len(processes.words("bank")), processes.running("bank"), ends) == (50, False, [])
        with pytest.raises(ProcessError, match=r"(?s)bank ended with exit code 1 before .*no_such_module") as error:
            await processes.start("bank", ["no_such_module"])
    assert in_a_line(error.value).startswith(
        "bank ended with exit code 1 before it was ready; its last words: ImportError: No module"
    )


@pytest.mark.parametrize("busy", [False, True])
async def test_one_that_ends_as_it_gets_ready_is_an_error_or_an_unasked_end(busy: bool) -> None:
    """It is reported once, in whichever way; as an error if both are seen at once, as by a supervisor that was busy meanwhile."""
    ends: list[tuple[str, int]] = []
    said = ""
    async with Processes(lambda *end: ends.append(end)) as processes:
        starting = asyncio.create_task(processes.start("bank", odd("ready-and-gone")))
        await asyncio.sleep(0)
        begin = time.monotonic()
        while busy and not any(state(pid) == "Z" for pid in children()):
            assert time.monotonic() < begin + PATIENCE_S
            time.sleep(0.01)
        try:
            await starting
        except ProcessError as error:
            said = str(error)
        assert await processes.wait("bank") == 5
    error, end = "bank ended with exit code 5 when it was ready, without a word", ("bank", 5)
    assert [said, ends] in ([[error, []]] if busy else [[error, []], ["", [end]]])


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("silent", "bank was not ready within 2 s; its last words:\n  still thinking"),
        ("garbled", "bank said something else than it"),
    ],
)
async def test_one_that_does_not_get_ready_is_ended(kind: str, says: str) -> None:
    """In time, and with a READY line that can be read."""
    async with Processes() as processes:
        with pytest.raises(ProcessError, match=says):
            await processes.start("bank", odd(kind), ready_s=2)
        assert not processes.running("bank")


async def test_output_beyond_all_bounds_holds_nobody_up() -> None:
    """Lines of a megabyte, more of them than a pipe holds, do not keep a process from getting ready, and are not kept."""
    async with Processes() as processes:
        ready = await processes.start("bank", odd("chatty"))
        assert ready.port() == 7
        begin = time.monotonic()
        while "noise" not in processes.words("bank"):
            assert time.monotonic() < begin + PATIENCE_S
            await asyncio.sleep(0.01)
        processes.signal("bank", signal.SIGKILL)
        await processes.wait("bank")
        assert sum(map(len, processes.words("bank"))) < 50 * 70_000
    assert processes.words("bank")[-1] in ("the last word", "noise")


async def test_signals() -> None:
    """Stopped, continued, killed; a kill that was asked for is no unasked end, one from outside is."""
    ends: list[tuple[str, int]] = []
    async with Processes(lambda *end: ends.append(end)) as processes:
        ready = await processes.start("bank", odd("good"))
        processes.signal("bank", signal.SIGSTOP)
        await until("T", ready.pid)
        processes.signal("bank", signal.SIGCONT)
        await until("S", ready.pid)
        with pytest.raises(ValueError, match="is none of SIGKILL, SIGSTOP, SIGCONT"):
            processes.signal("bank", signal.SIGHUP)
        processes.signal("bank", signal.SIGKILL)
        assert (await processes.wait("bank"), ends) == (-9, [])
        with pytest.raises(ProcessError, match="bank does not run"):
            processes.signal("bank", signal.SIGKILL)
        with pytest.raises(ProcessError, match="nobody has never been started"):
            await processes.wait("nobody")
        again = await processes.restart("bank")
        os.kill(again.pid, signal.SIGKILL)
        assert (await processes.wait("bank"), ends) == (-9, [("bank", -9)])


async def test_a_restarted_one_is_another_process_with_the_same_arguments_or_others() -> None:
    """Whether it still runs or not."""
    async with Processes() as processes:
        first = await processes.start("bank", odd("good"))
        second = await processes.restart("bank")
        assert (state(first.pid), first.pid != second.pid, processes.running("bank")) == ("", True, True)
        with pytest.raises(ProcessError, match="exit code 7"):
            await processes.restart("bank", odd("dies"))
        assert not processes.running("bank")


async def test_what_a_process_started_itself_ends_with_it() -> None:
    """Killed or stopped: its own child is gone, too, although it has never heard of anybody's end."""
    async with Processes() as processes:
        for how in ("killed", "died", "stopped"):
            ready = await processes.start(how, odd("parent"))
            child = ready.facts["child"]
            assert isinstance(child, int)
            if how == "killed":
                processes.signal(how, signal.SIGKILL)
            elif how == "died":
                os.kill(ready.pid, signal.SIGKILL)
            else:
                await processes.stop()
            await processes.wait(how)
            await until_gone(child)


async def test_all_are_stopped_in_reverse_order() -> None:
    """One that is stopped by a signal is continued, one that ignores SIGTERM is killed, one that comes back keeps its place."""
    order: list[str] = []
    async with Processes() as processes:
        for name, kind in (("a", "good"), ("b", "stubborn"), ("c", "good"), ("d", "good")):
            await processes.start(name, odd(kind))
        await processes.restart("c")
        processes.signal("a", signal.SIGSTOP)
        waiting = [asyncio.create_task(processes.wait(name)) for name in "abcd"]
        for name, task in zip("abcd", waiting, strict=True):
            task.add_done_callback(lambda _, name=name: order.append(name))
        await asyncio.sleep(0)
        begin = time.monotonic()
        await processes.stop(grace_s=0.5)
        assert time.monotonic() - begin >= 0.5
        assert await asyncio.gather(*waiting) == [-15, -9, -15, -15]
    assert order == ["d", "c", "b", "a"]


async def test_a_cancelled_start_and_a_cancelled_stop_leave_nothing() -> None:
    """What Ctrl-C does in the middle of either."""
    processes = Processes()
    starting = asyncio.create_task(processes.start("bank", odd("silent")))
    while not processes.running("bank"):
        await asyncio.sleep(0.01)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert not processes.running("bank")
    pids = [(await processes.start(name, odd("stubborn"))).pid for name in ("a", "b")]
    stopping = asyncio.create_task(processes.stop(grace_s=PATIENCE_S))
    await asyncio.sleep(0.1)
    stopping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopping
    assert [state(pid) for pid in pids] == ["", ""]
