"""The processes of a twin: started until each says that it is ready, killed and stopped as faults ask, ended in reverse order.

Each is `python -m MODULE PARENT …` in a session of its own, so that Ctrl-C in a terminal reaches the supervisor alone, and a signal to a
process reaches what it started itself, too. It dies with the thread that started it (`lifetime.die_with`), however that one ends.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, NamedTuple, Self

from chaos.live.lifetime import READY

READY_S = 20.0
"""How long a process may take to say that it is ready, in seconds."""
GRACE_S = 2.0
"""How long a process may take to end after SIGTERM before it is killed, in seconds."""
WORDS = 50
"""How many lines of a process's standard error are kept, to tell when it ends unasked."""
PREPARED = " prepared"
"""What follows the name of a process that waits to take the place of one."""
_LINE_BYTES = 1 << 22
_SIGNALS = (signal.SIGKILL, signal.SIGSTOP, signal.SIGCONT)


class ProcessError(Exception):
    """A process that did not become ready, ended before its time, or is not there."""


def in_a_line(error: Exception) -> str:
    """What went wrong, with the last words of a process one after the other."""
    head, colon, words = str(error).partition(":\n  ")
    return head + colon.strip("\n ") + (" " if colon else "") + words.replace("\n  ", "; ")


def _without_frames(lines: Iterable[str]) -> Iterator[str]:
    """The lines but those of a Python traceback that are not its last, which says what was wrong."""
    within = False
    for line in lines:
        within = line.startswith("Traceback (") or (within and line.startswith(" "))
        if not within:
            yield line


class Ready(NamedTuple):
    """What a process said when it was ready, and how many seconds after its start."""

    name: str
    pid: int
    facts: Mapping[str, object]
    seconds: float

    def port(self, name: str = "port") -> int:
        """A port among the facts. Raises ProcessError if it is not among them."""
        port = self.facts.get(name)
        if not isinstance(port, int):
            raise ProcessError(f"{self.name}: its READY line has no {name}: {json.dumps(self.facts)[:200]}")
        return port


class Usage(NamedTuple):
    """What a process takes, with what it started itself: resident memory, in bytes, its start time and processor time, in seconds."""

    memory_bytes: int
    start_s: float
    cpu_s: float = 0.0


class _Lines:
    """The lines that come out of a pipe, cut at 64 KiB. Reads until the other side closes, so that a process never waits for us."""

    def __init__(self, pipe: IO[bytes], on_line: Callable[[str], None]) -> None:
        self._pipe, self._on_line, self._rest = pipe, on_line, b""
        self._loop = asyncio.get_running_loop()
        os.set_blocking(pipe.fileno(), False)
        self._loop.add_reader(pipe.fileno(), self._read)

    def _read(self) -> bool:
        """Whether something came."""
        try:
            data = os.read(self._pipe.fileno(), _LINE_BYTES)
        except BlockingIOError:
            return False
        *lines, rest = (self._rest + data).split(b"\n")
        self._rest = rest[:_LINE_BYTES]
        for line in lines:
            self._on_line(line.decode(errors="replace"))
        if not data:
            self._close()
        return bool(data)

    def finish(self) -> None:
        """Take what is there still, a line without an end, too, and close."""
        while not self._pipe.closed and self._read():
            pass
        self._close()

    def _close(self) -> None:
        if not self._pipe.closed:
            self._loop.remove_reader(self._pipe.fileno())
            self._pipe.close()
            if self._rest:
                self._on_line(self._rest.decode(errors="replace"))


class _Feed:
    """A process's standard input. What it does not take at once, it gets when it does: a process that stands still holds up nobody."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe, self._rest = pipe, bytearray()
        self._loop = asyncio.get_running_loop()
        os.set_blocking(pipe.fileno(), False)

    def write(self, data: bytes) -> None:
        """These bytes, after all that were written before."""
        if self._pipe.closed:
            return
        if not self._rest:
            self._loop.add_writer(self._pipe.fileno(), self._flush)
        self._rest += data
        self._flush()

    def _flush(self) -> None:
        try:
            del self._rest[: os.write(self._pipe.fileno(), self._rest)]
        except BlockingIOError:
            return
        except BrokenPipeError:
            self._rest.clear()
        if not self._rest:
            self._loop.remove_writer(self._pipe.fileno())

    def close(self) -> None:
        """No more."""
        if not self._pipe.closed:
            self._loop.remove_writer(self._pipe.fileno())
            with suppress(BrokenPipeError):
                self._pipe.close()


class _Child:
    """One process from its start to its end. Its number stays its own until `_reap`, so that no signal can reach a stranger."""

    def __init__(
        self, name: str, argv: Sequence[str], on_end: Callable[[_Child, int], None], on_line: Callable[[str, str], None] | None
    ) -> None:
        module, *arguments = argv
        command = [sys.executable, "-P", "-m", "chaos.live.lifetime", str(os.getpid()), module, *arguments]
        loop, pipe = asyncio.get_running_loop(), subprocess.PIPE
        self.name, self.argv, self._on_end, self._on_line = name, tuple(argv), on_end, on_line
        self.begin, self.ready_s = time.monotonic(), 0.0
        self.up = self.expected = False
        self.words: deque[str] = deque(maxlen=WORDS)
        self.ready: asyncio.Future[str] = loop.create_future()
        self.ended: asyncio.Future[int] = loop.create_future()
        try:
            self.popen = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True)
            self._pidfd = _watched(self.popen)
        except OSError as error:
            raise ProcessError(f"{name} cannot be started: {error}") from error
        self.pid = self.popen.pid
        loop.add_reader(self._pidfd, self._reap)
        assert self.popen.stdout is not None
        assert self.popen.stderr is not None
        assert self.popen.stdin is not None
        self.feed = _Feed(self.popen.stdin)
        self._pipes = (_Lines(self.popen.stdout, self._say), _Lines(self.popen.stderr, self.words.append))

    def _say(self, line: str) -> None:
        if line.startswith(READY) and not self.ready.done():
            self.ready_s = time.monotonic() - self.begin
            self.ready.set_result(line.removeprefix(READY))
        elif self._on_line is not None and self.up:
            self._on_line(self.name, line)

    def _reap(self) -> None:
        """It has ended: what it started itself ends, too, and its number is given back."""
        if self.ended.done():
            return
        self.send(signal.SIGKILL)
        asyncio.get_running_loop().remove_reader(self._pidfd)
        os.close(self._pidfd)
        code = self.popen.wait()
        for pipe in self._pipes:
            pipe.finish()
        self.feed.close()
        self.ended.set_result(code)
        self._on_end(self, code)

    def send(self, number: signal.Signals) -> None:
        """A signal to it and to what it started itself, if it is there still."""
        if not self.ended.done():
            with suppress(ProcessLookupError):
                os.killpg(self.pid, number)

    def kill(self) -> None:
        """End it now, without waiting for the loop."""
        self.expected = True
        if not self.ended.done():
            self.send(signal.SIGKILL)
            self._reap()

    async def until_ready(self, seconds: float) -> Ready:
        """What it says when it is ready. Raises ProcessError if it ends before, says nothing in time, or nothing that can be read."""
        await asyncio.wait((self.ready, self.ended), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if self.ended.done():
            when = "when" if self.ready.done() else "before"
            raise ProcessError(self._said(f"ended {_how(self.ended.result())} {when} it was ready"))
        if not self.ready.done():
            raise ProcessError(self._said(f"was not ready within {seconds} s"))
        try:
            facts = json.loads(self.ready.result())
        except ValueError:
            facts = None
        if not isinstance(facts, dict):
            raise ProcessError(self._said(f"said something else than it should when it was ready: {self.ready.result()[:200]!r}"))
        self.up = True
        return Ready(self.name, self.pid, facts, self.ready_s)

    def _said(self, what: str) -> str:
        words = "\n".join(f"  {line[:500]}" for line in _without_frames(self.words))
        return f"{self.name} {what}" + (f"; its last words:\n{words}" if words else ", without a word")

    async def end(self, grace_s: float) -> None:
        """Ask it to end, also if it is stopped, and kill it after the grace time."""
        self.expected = True
        if not self.ended.done():
            self.send(signal.SIGCONT)
            os.kill(self.pid, signal.SIGTERM)
            await asyncio.wait((self.ended,), timeout=grace_s)
            self.kill()


def _how(code: int) -> str:
    return f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"


def _watched(popen: subprocess.Popen[bytes]) -> int:
    """A file descriptor that can be read when the process has ended."""
    try:
        return os.pidfd_open(popen.pid)
    except OSError:
        popen.kill()
        popen.communicate()
        raise


class Processes:
    """The processes of one twin, in the order of their start. To be used as an asynchronous context manager, in one thread.

    `on_exit` is called with the name and the exit code (−9: killed) of a process that ends unasked after it was ready; `on_line` with the name
    and each line that it writes on its standard output after that.
    """

    def __init__(
        self, on_exit: Callable[[str, int], None] | None = None, on_line: Callable[[str, str], None] | None = None
    ) -> None:
        self._on_exit, self._on_line = on_exit, on_line
        self._children: dict[str, _Child] = {}
        self._stopping = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.stop()

    async def start(self, name: str, argv: Sequence[str], ready_s: float = READY_S) -> Ready:
        """Start a module, the first of `argv`, with the number of this process and the rest of `argv` as arguments.

        Raises ProcessError, with its last words, if it ends before it is ready or is not ready in time; it is gone then.
        """
        if self._stopping or self.running(name):
            raise ProcessError(f"{name} cannot be started: " + ("all are being stopped" if self._stopping else "it runs"))
        child = self._children[name] = _Child(name, argv, self._ended, self._on_line)  # one that comes back keeps its place
        return await self._until_ready(child, ready_s)

    @staticmethod
    async def _until_ready(child: _Child, ready_s: float) -> Ready:
        try:
            return await child.until_ready(ready_s)
        except BaseException:
            child.kill()
            raise

    def prepare(self, name: str, argv: Sequence[str]) -> None:
        """Start a module that waits for a line before it becomes ready: what takes long is done when `start_prepared` is called. Whoever
        runs under that name, or is prepared, is not touched."""
        if not self._stopping and not self.running(name + PREPARED):
            self._children[name + PREPARED] = _Child(name + PREPARED, argv, self._ended, self._on_line)

    async def start_prepared(self, name: str, ready_s: float = READY_S) -> Ready:
        """Let the process that was prepared become the one of that name, as `start` does."""
        if not self.running(name + PREPARED):
            raise ProcessError(f"no process is prepared for {name}")
        if self.running(name):
            self._child(name).kill()
        child = self._children.pop(name + PREPARED)
        child.name, self._children[name] = name, child
        child.feed.write(b"\n")
        return await self._until_ready(child, ready_s)

    async def restart(self, name: str, argv: Sequence[str] | None = None, ready_s: float = READY_S) -> Ready:
        """Start a process again, as it was started before or with other arguments; if it runs, it is killed first."""
        child = self._child(name)
        child.kill()
        return await self.start(name, child.argv if argv is None else argv, ready_s)

    def signal(self, name: str, number: signal.Signals) -> None:
        """Kill (SIGKILL), stop (SIGSTOP) or continue (SIGCONT) a process with all that it started itself.

        Raises ProcessError if it does not run, ValueError for another signal.
        """
        if number not in _SIGNALS:
            raise ValueError(f"{number!r} is none of {', '.join(known.name for known in _SIGNALS)}")
        if not self.running(name):
            raise ProcessError(f"{name} does not run")
        child = self._child(name)
        child.expected |= number == signal.SIGKILL
        child.send(number)

    def write(self, name: str, line: str) -> None:
        """A line on a process's standard input, after those before it, as soon as it takes it. Raises ProcessError if it does not run."""
        if not self.running(name):
            raise ProcessError(f"{name} does not run")
        self._child(name).feed.write(line.encode() + b"\n")

    async def wait(self, name: str) -> int:
        """The exit code of a process, when it has ended; negative: the signal that ended it."""
        return await asyncio.shield(self._child(name).ended)

    def running(self, name: str) -> bool:
        """Whether a process has been started and has not ended; it may not be ready yet, or be stopped by a signal."""
        child = self._children.get(name)
        return child is not None and not child.ended.done()

    def words(self, name: str) -> Sequence[str]:
        """The last lines of a process's standard error."""
        return tuple(self._child(name).words)

    def usage(self) -> dict[str, Usage]:
        """What each running process takes, by name."""
        taken = _taken_by_group()
        found = {}
        for name, child in self._children.items():
            if not child.ended.done():
                group = taken.get(child.pid, _Taken(0, 0.0))
                found[name] = Usage(group.memory_bytes, child.ready_s, group.cpu_s)
        return found

    def standing(self) -> set[str]:
        """Which of them, or of what they started themselves, are stopped by a signal now."""
        taken = _taken_by_group()
        running = {name: child for name, child in self._children.items() if not child.ended.done()}
        return {name for name, child in running.items() if child.pid in taken and taken[child.pid].stands}

    async def stop(self, grace_s: float = GRACE_S) -> None:
        """End all in reverse order of their start, each within the grace time or killed. Cancelled, it kills those left at once."""
        self._stopping = True
        try:
            for child in reversed(self._children.values()):
                await child.end(grace_s)
        finally:
            for child in reversed(self._children.values()):
                child.kill()

    def _child(self, name: str) -> _Child:
        if name not in self._children:
            raise ProcessError(f"{name} has never been started")
        return self._children[name]

    def _ended(self, child: _Child, code: int) -> None:
        if self._on_exit is not None and child.up and not child.expected:
            self._on_exit(child.name, code)


class _Taken(NamedTuple):
    memory_bytes: int
    cpu_s: float
    stands: bool = False


def _taken_by_group() -> dict[int, _Taken]:
    """What each process group takes."""
    page, tick, taken = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_CLK_TCK"), dict[int, _Taken]()
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended meanwhile
            fields = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
            group, resident = int(fields[2]), int(fields[21])
            memory, cpu, stands = taken.get(group, _Taken(0, 0.0))
            cpu += (int(fields[11]) + int(fields[12])) / tick
            taken[group] = _Taken(memory + resident * page, cpu, stands or fields[0] == "T")
    return taken
