"""How a process of the twin begins and ends: it says that it is ready, and it does not outlive the process that started it.

`python -m chaos.live.lifetime PARENT MODULE …` is `python -m MODULE PARENT …` from whose imports on that is so already.
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import runpy
import signal
import sys

READY = "READY "
_PR_SET_PDEATHSIG = 1


def announce(**facts: object) -> None:
    """The readiness line: on standard output, one line of JSON with what others need to know, ports above all."""
    sys.stdout.write(READY + json.dumps(facts) + "\n")
    sys.stdout.flush()


def die_with(parent: int) -> None:
    """Ask the kernel to kill this process when the thread that started it ends; that reaches a stopped process, too.

    Where the system cannot do so (only Linux can), `until_stopped` is what is left. Exits at once if `parent` is gone already.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(1)


def called_up() -> bool:
    """Waits for a line on standard input, and reads nothing of what follows it; whether one came. So a process is prepared to take another's
    place: what takes long is done when it hears that it is needed."""
    byte = b" "
    while byte not in (b"", b"\n"):
        byte = os.read(sys.stdin.fileno(), 1)
    return byte != b""


async def until_stopped() -> None:
    """Returns when this process is to end: at SIGTERM or SIGINT, or when standard input, a pipe from the parent, is closed."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    closed = loop.create_task(_until_closed(reader, stop))
    await stop.wait()
    closed.cancel()


async def _until_closed(reader: asyncio.StreamReader, stop: asyncio.Event) -> None:
    while await reader.read(1024):
        pass
    stop.set()


if __name__ == "__main__":
    parent, module, *arguments = sys.argv[1:]
    die_with(int(parent))
    sys.argv = [module, parent, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
