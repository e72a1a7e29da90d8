"""A node as a process: `python -m chaos.live.node PARENT BLUEPRINT FOLDER INSTANCE`.

It reads the blueprint, opens its service's store in the folder, listens on a free port of 127.0.0.1, says so in its readiness line, and
takes commands on standard input until that is closed, or a signal to stop comes. With `prepared` as a last argument it waits for a line on
standard input before it listens.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import pickle
import selectors
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

os.environ["NUMBA_DISABLE_JIT"] = "1"  # the books of one node are small: plain Python starts sooner

from chaos.live.lifetime import announce, called_up, die_with
from chaos.live.node import program
from chaos.live.node.commands import Control
from chaos.live.node.customers import Customers
from chaos.live.node.host import Clock
from chaos.live.node.interpreter import Interpreter
from chaos.live.node.messages import written
from chaos.live.node.store import NoStore, ServiceStore, store_of
from chaos.live.node.wire import Listener, TcpNetwork

TELL_EVERY_S = 0.1


class Node:
    """One instance as a process."""

    def __init__(self, blueprint: program.Blueprint, store: ServiceStore | NoStore, instance: str) -> None:
        loop = asyncio.get_running_loop()
        self.clock = Clock(loop, loop.time(), blueprint.start)
        self.network, self.store = TcpNetwork(), store
        self.interpreter = Interpreter(blueprint, instance, self.clock, self.network, self.store, self._log)
        self.customers = None
        self.listener = Listener(self.interpreter)
        self.stop = asyncio.Event()
        self.control = Control(self.interpreter, self.network, self.store, None, self.say, _freeze)
        loop.set_exception_handler(self._failed)
        if self.interpreter.service == program.CLIENT:
            self.control.customers = Customers(self.interpreter, self.control.saw)

    def _failed(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.interpreter.note_bug(f"{context.get('message')}: {context.get('exception')!r}")
        loop.default_exception_handler(context)

    def say(self, what: Mapping[str, object]) -> None:
        """A line for the supervisor. If nobody reads any more, there is nobody to tell."""
        with contextlib.suppress(BrokenPipeError):
            sys.stdout.write(written(what) + "\n")
            sys.stdout.flush()

    def _log(self, what: str, site: str) -> None:
        self.say({"said": "log", "at": self.clock.now(), "what": what, "site": site})

    def tell_counters(self) -> None:
        """Says what has changed of the counters."""
        now, changed, asked = self.clock.now(), self.interpreter.changed(), self.interpreter.asked
        if changed or asked:
            self.say({"said": "counted", "at": now, "values": changed, "asked": asked})
            asked.clear()

    def tell_report(self) -> None:
        """Says which report the customers heard last, if there is another one."""
        feed = self.control.feed
        if feed is not None and feed.latest:
            latest, feed.latest = feed.latest, {}
            self.say({"said": "report", "report": latest})

    async def tell(self) -> None:
        """Says the counters ten times a second of the run, at whole tenths."""
        step = round(TELL_EVERY_S * 1e9)
        while True:
            await self.clock.until((self.clock.now() // step + 1) * step)
            self.tell_counters()
            if self.clock.now() // step % 10 == 0:
                self.tell_report()
                for slots in self.interpreter.pools.values():
                    slots.second_busy, slots.second_queue = slots.busy, len(slots.queue)

    async def obey(self) -> None:
        """Takes commands until standard input is closed."""
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=64 << 20)
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while line := await reader.readline():
            if json.loads(line).get("do") == "finish":
                self.interpreter.begin(self.finish())
                continue
            self.control.obey(line)
        self.stop.set()

    async def finish(self) -> None:
        """Says everything once more, with what took how long, when what it had to publish has been heard."""
        for sender in (self.control.courier, self.control.sender):
            if sender is not None:
                await sender.settled()
        self.tell_counters()
        histograms = {name: list(counts.items()) for name, counts in self.interpreter.counters.histograms.items()}
        malformed = self.listener.malformed + self.network.malformed
        malformed += self.control.courier.malformed if self.control.courier is not None else 0
        heard = self.control.feed.heard if self.control.feed is not None else None
        bugs = self.interpreter.bugs
        unsettled = self.control.sender.unsettled if self.control.sender is not None else 0
        said = {"said": "finished", "histograms": histograms, "malformed": malformed, "bugs": bugs}
        self.say(said | {"heard": heard, "unsettled": unsettled})


def _freeze() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


async def serve(blueprint: program.Blueprint, store: ServiceStore | NoStore, instance: str) -> None:
    """Until it is stopped."""
    node = Node(blueprint, store, instance)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, node.stop.set)
    loop.add_signal_handler(signal.SIGINT, lambda: None)  # the supervisor ends its nodes, in order
    announce(port=await node.listener.listen(), pid=os.getpid())
    work = [loop.create_task(node.obey()), loop.create_task(node.tell())]
    stopped = loop.create_task(node.stop.wait())
    done, _ = await asyncio.wait([*work, stopped], return_when=asyncio.FIRST_COMPLETED)
    for task in (*work, stopped):
        task.cancel()
    node.listener.close()
    node.network.close()
    for task in done:
        if not task.cancelled() and task.exception() is not None:
            raise task.exception()  # type: ignore[misc]


def main() -> None:
    """Begins with what the command line says."""
    parent, path, folder, instance, *prepared = sys.argv[1:]
    die_with(int(parent))
    with Path(path).open("rb") as file:
        blueprint = pickle.load(file)  # our supervisor wrote it, into a folder of its own
    store = store_of(blueprint, Path(folder), instance)
    if prepared:
        if not called_up():
            return
        store.catch_up()
    gc.set_threshold(50_000, 20, 20)
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selectors.SelectSelector())) as runner:
        runner.run(serve(blueprint, store, instance))


if __name__ == "__main__":
    main()
