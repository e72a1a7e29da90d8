"""A twin that runs until it is stopped: under a share of a workload, without a scenario, its figures said now and then.

It ends in order: nobody comes any more, who is there gets an answer, then every node says what it has counted and is stopped, and the
ledgers are reconciled.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from chaos.documents.overrides import layers
from chaos.execution.inputs.digests import digest_of
from chaos.live import LOOPBACK
from chaos.live.capabilities import require_system
from chaos.live.node import program
from chaos.live.node.customers import Seen
from chaos.live.processes import ProcessError, Usage, in_a_line
from chaos.live.proxy.client import ProxyError
from chaos.live.run import LiveRun, Twin, own_folder
from chaos.live.system import Said
from simcore.base.errors import InputError
from simcore.base.units import SECOND
from simcore.compile.plan import Plan, compile_plan
from simcore.control.plane import start_control
from simcore.library import load_pair

DRAIN_NS = 15 * SECOND
"""So long those who are there are waited for when nobody comes any more."""
LATENESS_MAX_NS = 250_000_000


@dataclass(frozen=True)
class UpOptions:
    """What is started: an architecture under a workload with so many times its customers, at a time of day, ns, for so long at most, ns;
    figures are said every so many seconds. `assignments` are as in `chaos.documents.overrides`."""

    architecture: str
    workload: str
    load: float
    seed: int
    at: int
    lasts: int
    every_s: float
    assignments: tuple[str, ...] = ()


class Endpoint(NamedTuple):
    """Where an instance listens, how many proxies lead there, and what its process takes."""

    instance: str
    port: int
    proxies: int
    usage: Usage


class Started(NamedTuple):
    """A twin that is ready: the proxies' API, the MQTT broker and which program it is, the instances, what all its processes take, and how
    long their start took, s; whose work is too short for this machine's timers (chaos.live.overshoot)."""

    proxies_url: str
    broker_url: str
    broker_kind: str
    endpoints: list[Endpoint]
    usage: dict[str, Usage]
    seconds: float
    too_short: list[str]


class HeardReport(NamedTuple):
    """An execution report that has come to a customer: whose order it is about, how many shares are filled, whether the order has ended; how
    long after it was booked, ns."""

    customer: int
    order: str
    filled: int
    ended: bool
    took: int


class Figures(NamedTuple):
    """What was seen in some seconds until `now`, ns: how many came and ended, each way; how many are there still; latencies of those
    confirmed, ns; how late who came was at most, ns; processor time of all processes a second; the report that came last, if one did."""

    now: int
    came: int
    outcomes: Counter[str]
    pending: int
    latencies: list[int]
    late_ns: int
    cpu_share: float
    report: HeardReport | None


Done = Callable[[Twin], Coroutine[Any, Any, None]]
"""What is done to a twin while it is up."""


class UpListener(NamedTuple):
    """Who hears of a twin that is up: of its start, of its figures, and of each process that ended by itself."""

    started: Callable[[Started], None]
    figures: Callable[[Figures], None]
    died: Callable[[str], None]


class Stopped(NamedTuple):
    """What a twin has left: its run, which processes ended by themselves, and how many lines no node could make anything of."""

    live: LiveRun
    died: list[str]
    malformed: int


def plan_up(options: UpOptions) -> Plan:
    """What is run. Raises InputError for files that do not fit each other, and for what a twin cannot be."""
    own, load = layers([f"load={options.load!r}", *options.assignments])
    architecture, workload = load_pair(options.architecture, options.workload, edits=[own], workload_edits=[load])
    start, end = options.at, options.at + options.lasts + DRAIN_NS
    require_system(architecture, workload, start, end, architecture.name)
    details = {"architecture_digest": digest_of(architecture), "window": None}
    return compile_plan(architecture, workload, seed=options.seed, start=start, end=end, details=details)


def run_up(plan: Plan, options: UpOptions, listener: UpListener, during: Done | None = None) -> Stopped:
    """Starts a twin, runs it until SIGINT, SIGTERM or its end, and stops it. `during` is done to it meanwhile, and ends it. Raises KeyboardInterrupt
    if it is interrupted before it is up, or once more while it is stopped; nothing is left behind then, either. Raises InputError if it
    cannot be started."""
    with own_folder() as folder:
        up = _Up(Twin(plan, folder), options, listener, during)
        try:
            return asyncio.run(up.run())
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None
        except (ProcessError, ProxyError) as error:
            raise InputError(f"the twin of {plan.architecture.name} did not come up: {in_a_line(error)}") from error


class _Up:
    def __init__(self, twin: Twin, options: UpOptions, listener: UpListener, during: Done | None) -> None:
        self.twin, self.options, self.listener, self.during = twin, options, listener, during
        self.stop = asyncio.Event()
        self.too_short = twin.too_short(options.lasts)
        self._said_died = 0
        self._cpu_s = 0.0
        self._until = twin.plan.start

    async def run(self) -> Stopped:
        twin, began = self.twin, time.monotonic()
        start_control(twin.core)
        with self._signals():
            async with twin.system:
                self.listener.started(self._started(time.monotonic() - began))
                await twin.begin()
                self._cpu_s = self._taken_s()
                usage = await self._running()
                await twin.system.finish()
            end = twin.plan.start + twin.meter.seconds * SECOND
            live, system = twin.written_down(usage, LATENESS_MAX_NS, end), twin.system
            return Stopped(live, list(system.unexpected), sum(system.malformed.values()))

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        """The first SIGINT or SIGTERM while it runs has it stop in order, any other ends it at once."""
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None

        def heard() -> None:
            if self.stop.is_set() or not self.twin.began:
                task.cancel()
            self.stop.set()

        numbers = (signal.SIGINT, signal.SIGTERM)
        for number in numbers:
            loop.add_signal_handler(number, heard)
        try:
            yield
        finally:
            for number in numbers:
                loop.remove_signal_handler(number)

    def _started(self, seconds: float) -> Started:
        system, usage = self.twin.system, dict(self.twin.system.usage())
        nothing = Usage(0, 0.0)
        endpoints = [
            Endpoint(name, system.ports[name], len(system.routes(instance=name)), usage.get(name, nothing))
            for name in system.instances
        ]
        assert system.proxies is not None
        broker = f"mqtt://{LOOPBACK}:{system.ports[system.broker]}"
        return Started(system.proxies.url, broker, system.broker_kind, endpoints, usage, seconds, self.too_short)

    async def _running(self) -> dict[str, Usage]:
        """Until it is to stop and all have their answers. What its processes took by then."""
        twin = self.twin
        core = asyncio.create_task(twin.core.run(twin.plan.end))
        stopping = asyncio.create_task(self.stop.wait())
        doing = asyncio.create_task(self._do())
        try:
            last = twin.plan.start + self.options.lasts
            while twin.now() < last and not self.stop.is_set() and not core.done():
                wait = min(self.options.every_s, (last - twin.now()) * 1e-9)
                await asyncio.wait((core, stopping), timeout=wait, return_when=asyncio.FIRST_COMPLETED)
                self._say()
            twin.end_load()
            await self._drained(core)
            return dict(twin.system.usage())
        finally:
            for task in (core, stopping, doing):
                task.cancel()
            for ended in await asyncio.gather(core, doing, return_exceptions=True):
                if isinstance(ended, Exception):
                    raise ended

    async def _do(self) -> None:
        if self.during is not None:
            try:
                await self.during(self.twin)
            finally:
                self.stop.set()

    async def _drained(self, core: asyncio.Task[None]) -> None:
        """Returns when everybody has an answer, or nobody can get one because the customers' process has ended, at the end of that second;
        or when that takes too long."""
        twin, latest = self.twin, self.twin.now() + DRAIN_NS - 2 * SECOND
        await asyncio.sleep(0.3)
        gone = twin.system.ended_by_itself
        while twin.now() < latest and not core.done() and self._pending() and not gone(program.CLIENT_INSTANCE):
            await asyncio.sleep(0.1)
        seconds = (twin.now() - twin.plan.start) // SECOND + 1
        while twin.meter.seconds < seconds and not core.done():
            await asyncio.sleep(0.05)

    def _taken_s(self) -> float:
        return sum(usage.cpu_s for usage in self.twin.system.usage().values())

    def _pending(self) -> int:
        return sum(seen.answered < 0 for seen in self.twin.seen.values())

    def _say(self) -> None:
        """The figures since the last time, and who has ended."""
        twin, now = self.twin, self.twin.now()
        for text in twin.system.unexpected[self._said_died :]:
            self.listener.died(text)
        self._said_died = len(twin.system.unexpected)
        came = [seen for seen in twin.seen.values() if seen.arrival.due >= self._until]
        ended = [seen for seen in twin.seen.values() if seen.answered >= self._until]
        cpu_s = self._taken_s()
        span_s = max(1e-3, (now - self._until) * 1e-9)
        figures = Figures(
            now,
            len(came),
            Counter(seen.outcome for seen in ended),
            self._pending(),
            _latencies(ended),
            max((seen.late for seen in came), default=0),
            max(0.0, cpu_s - self._cpu_s) / span_s,
            heard_report(twin.report),
        )
        twin.report = None
        self._until, self._cpu_s = now, cpu_s
        self.listener.figures(figures)


def heard_report(report: Said | None) -> HeardReport | None:
    """What a report says that the customers' node has heard: the number it carries is twice the shares, and one more when the order has ended."""
    if report is None:
        return None
    says = report["report"]
    return HeardReport(report["customer"], report["order"], says >> 1, bool(says & 1), max(0, report["came"] - report["at"]))


def _latencies(ended: Sequence[Seen]) -> list[int]:
    return sorted(seen.answered - seen.arrival.due for seen in ended if seen.outcome == "confirmed")
