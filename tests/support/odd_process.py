"""Processes that a supervisor has trouble with: `python -m odd_process PARENT KIND`."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

from chaos.live.lifetime import announce, die_with

FOREVER_S = 600


def _silent() -> None:
    sys.stderr.write("still thinking\n")
    sys.stderr.flush()
    time.sleep(FOREVER_S)


def _dies() -> None:
    for number in range(80):
        sys.stderr.write(f"line {number}\n")
    raise SystemExit(7)


def _garbled() -> None:
    sys.stdout.write("READY {nonsense\n")
    sys.stdout.flush()
    time.sleep(FOREVER_S)


def _ready_and_gone() -> None:
    announce(port=1)
    raise SystemExit(5)


def _stubborn() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    announce()
    time.sleep(FOREVER_S)


def _chatty() -> None:
    """Writes more than a pipe holds, a line of a megabyte among it, before and after it is ready."""
    noise = "x" * 1_000_000 + "\n"
    for stream in (sys.stdout, sys.stderr):
        stream.write(noise)
    announce(port=7)
    for _ in range(5):
        sys.stdout.write(noise)
        sys.stderr.write("noise\n" * 20_000)
    sys.stderr.write("the last word")
    sys.stderr.flush()
    time.sleep(FOREVER_S)


def _parent() -> None:
    """Has a process of its own that knows nothing of anybody's end."""
    child = subprocess.Popen([sys.executable, "-c", f"import time; time.sleep({FOREVER_S})"])
    announce(child=child.pid)
    time.sleep(FOREVER_S)


def _good() -> None:
    announce(port=7)
    sys.stdin.read()


KINDS = {
    "silent": _silent,
    "dies": _dies,
    "garbled": _garbled,
    "ready-and-gone": _ready_and_gone,
    "stubborn": _stubborn,
    "chatty": _chatty,
    "parent": _parent,
    "good": _good,
}

if __name__ == "__main__":
    die_with(int(sys.argv[1]))
    KINDS[sys.argv[2]]()
