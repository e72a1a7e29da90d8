"""A twin: the processes of all nodes and of the proxies between them, and what is done to them.

Every link of the architecture runs through a proxy of its own for each instance it leads to; what has no link is asked directly. Nodes are
given commands on their standard input; what they say is handed to the meter and to whoever listens.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import pickle
import signal
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, NamedTuple

from chaos.live import LOOPBACK
from chaos.live.meter import Meter
from chaos.live.node import program
from chaos.live.processes import PREPARED, ProcessError, Processes, Usage
from chaos.live.proxy.client import ProxyError, Stream, ToxiproxyClient
from chaos.live.proxy.proxies import ProxyOptions
from chaos.live.proxy.server import chosen
from chaos.live.standing import Standing

PROXY = "proxy"
AT_ONCE = 4
"""So many processes are being started at a time: each takes a while of a processor until it is ready."""
LOOK_EVERY_S = 0.5
"""So often it is looked whether a process has been stopped by a signal that is none of the run's; twice in a row it has been."""
OBEYS_S = 0.1
"""In that time a node has done what it was asked to, if it is well."""
Said = Mapping[str, Any]
"""A line that a node says: a JSON object."""


DRAINED_AFTER_S = 10.0
"""So long after the last of what a slow proxy holds has come through it is taken away: nobody waits for an answer any more."""


class Route(NamedTuple):
    """The way from a service to an instance: through a proxy if there is a link."""

    source: str
    instance: str

    @property
    def name(self) -> str:
        """The name of its first proxy."""
        return f"{self.source}-{self.instance.replace('#', '-')}"


class Toxic(NamedTuple):
    """What is put on a proxy (chaos.live.proxy.toxics)."""

    name: str
    kind: str
    stream: Stream
    attributes: Mapping[str, int]


class _Way:
    """The proxies of a route: the one that callers use now, those that deliver what they still hold, and what is put on the first."""

    def __init__(self, route: Route, address: tuple[str, int]) -> None:
        self.route, self.address, self.enabled = route, address, True
        self.proxy = route.name
        self.draining: list[str] = []
        self.toxics: dict[str, Toxic] = {}
        self.made = 1


class TwinSystem:
    """To be used as an asynchronous context manager; nothing is left when it is over. `folder` is where it keeps blueprint and ledgers."""

    def __init__(self, blueprint: program.Blueprint, folder: Path, meter: Meter, on_said: Callable[[str, Said], None]) -> None:
        self.blueprint, self.folder, self.meter, self._on_said = blueprint, folder, meter, on_said
        self.processes = Processes(self._exited, self._line)
        self.ports: dict[str, int] = {}
        self.proxies: ToxiproxyClient | None = None
        self._ways: dict[Route, _Way] = {}
        self.rotation = {name: [f"{name}#{i}" for i in range(made.replicas)] for name, made in blueprint.services.items()}
        self.unexpected: list[str] = []
        self._ended: set[str] = set()
        self.malformed: dict[str, int] = {}
        self.heard: Mapping[str, Any] = {}
        self.unsettled = 0
        self._still: set[str] = set()
        self._standing_still = Standing(blueprint, meter)
        self.broker, self.broker_pid, self.broker_kind = program.broker_instance(blueprint), 0, ""
        self._killed: set[str] = set()
        self._standing: dict[str, dict[str, dict[str, object]]] = {}
        self._began: tuple[float, int] | None = None
        self._work: set[asyncio.Task[None]] = set()
        self._queues: dict[str, asyncio.Lock] = {}
        self._finished: dict[str, asyncio.Event] = {}
        self._stack = AsyncExitStack()

    @property
    def instances(self) -> list[str]:
        """All instances but the customers', services in file order."""
        return [f"{name}#{i}" for name, made in self.blueprint.services.items() for i in range(made.instances)]

    @property
    def nodes(self) -> list[str]:
        """All instances that are nodes, as a message broker is not; the customers' last."""
        return [*(instance for instance in self.instances if instance != self.broker), program.CLIENT_INSTANCE]

    # --- beginning and end ------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> TwinSystem:
        await self._stack.enter_async_context(self.processes)
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *error: object) -> None:
        for work in tuple(self._work):
            work.cancel()
        await self._stack.aclose()

    async def _start(self) -> None:
        with (self.folder / "blueprint").open("wb") as file:
            pickle.dump(self.blueprint, file)
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(instance: str) -> None:
            async with gate:
                await self._start_node(instance)

        helpers = asyncio.create_task(self._start_proxy()), asyncio.create_task(self._start_broker())
        await asyncio.gather(*helpers, *(one(instance) for instance in self.nodes))
        await self._make_proxies()
        self._tell_addresses()

    async def _start_broker(self) -> None:
        """The broker keeps its port: whoever publishes comes back to it."""
        again = self.broker in self.ports
        if again and self.processes.running(self.broker + PREPARED):
            ready = await self.processes.start_prepared(self.broker)
        elif again:
            ready = await self.processes.restart(self.broker, self._broker_argv())
        else:
            ready = await self.processes.start(self.broker, self._broker_argv())
        self.ports[self.broker], self.broker_pid, self.broker_kind = ready.port(), ready.pid, str(ready.facts.get("broker"))
        self.meter.born(self.broker)
        if self.blueprint.message_broker is not None:  # it cannot say so itself
            self.meter.counted(self.broker, {f"unit/{self.broker}/up": 1})
        if again:
            self.tell_all("up", instance=self.broker)

    async def _revive_broker(self) -> None:
        """It is there again, if it was gone; one that has been started meanwhile is left alone."""
        if not self.processes.running(self.broker):
            await self._start_broker()

    def _broker_argv(self, *more: str) -> list[str]:
        return ["chaos.live.mqtt", str(self.ports.get(self.broker, 0)), *more]

    async def _start_proxy(self) -> None:
        server = chosen()
        url = server.url
        if url is None:
            argv = ["chaos.live.proxy", *(["--server", server.program] if server.program else [])]
            url = f"http://{LOOPBACK}:{(await self.processes.start(PROXY, argv)).port()}"
        else:
            self._stack.push_async_callback(self._remove_proxies)
        self.proxies = await self._stack.enter_async_context(ToxiproxyClient(url))

    async def _remove_proxies(self) -> None:
        """A server that is not ours has none of ours left."""
        async with ToxiproxyClient(self.proxies.url if self.proxies else "") as proxies:
            for name in [proxy for way in self._ways.values() for proxy in (way.proxy, *way.draining)]:
                with contextlib.suppress(ProxyError):
                    await proxies.remove(name)

    async def _start_node(self, instance: str) -> None:
        self.meter.born(instance)
        if instance in self.ports:
            self.processes.prepare(instance, self._prepared(instance))
            ready = await self.processes.start_prepared(instance)
        else:
            ready = await self.processes.start(instance, self._argv(instance))
        self.ports[instance] = ready.port()

    def _argv(self, instance: str, *more: str) -> list[str]:
        return ["chaos.live.node", str(self.folder / "blueprint"), str(self.folder), instance, *more]

    def _prepared(self, instance: str) -> list[str]:
        """The command line of a process that waits to become the instance."""
        return self._broker_argv("--prepared") if instance == self.broker else self._argv(instance, "prepared")

    async def _make_proxies(self) -> None:
        routes = {route.name: route for route in self.routes()}
        listening = await self._populate({name: route.instance for name, route in routes.items()})
        self._ways = {routes[name]: _Way(routes[name], address) for name, address in listening.items()}

    async def _populate(self, instances: Mapping[str, str]) -> dict[str, tuple[str, int]]:
        """Makes proxies that lead to these instances; where each listens."""
        assert self.proxies is not None
        made = [ProxyOptions(name, f"{LOOPBACK}:0", f"{LOOPBACK}:{self.ports[to]}", True) for name, to in instances.items()]
        found = {}
        for name, address in (await self.proxies.populate(made) if made else {}).items():
            host, _, port = address.rpartition(":")
            found[name] = host, int(port)
        return found

    def routes(self, link: str | None = None, instance: str | None = None) -> list[Route]:
        """The ways that go through a proxy: all, those of a link, those that lead to an instance."""
        found = []
        for label in self.blueprint.links if link is None else [link]:
            source, target = next((s, t) for s, t in self._ends() if f"{s}-{t}" == label)
            if self.blueprint.message_broker not in (source, target):
                found += [Route(source, f"{target}#{i}") for i in range(self.blueprint.services[target].instances)]
        return [route for route in found if instance in (None, route.instance)]

    def _ends(self) -> Iterable[tuple[str, str]]:
        services = [*self.blueprint.services, program.CLIENT]
        return ((source, target) for source in services for target in self.blueprint.services)

    def _tell_addresses(self) -> None:
        for caller in self.nodes:
            if self.processes.running(caller):
                self._tell_addresses_to(caller)

    def _tell_addresses_to(self, caller: str) -> None:
        source = caller.partition("#")[0]
        addresses = {instance: self._address(Route(source, instance)) for instance in self.nodes[:-1]}
        self.tell(caller, "addresses", addresses=addresses)

    def _address(self, route: Route) -> tuple[str, int]:
        way = self._ways.get(route)
        return (LOOPBACK, self.ports[route.instance]) if way is None else way.address

    def begin(self, at: float, now: int) -> None:
        """The run begins when the machine's monotonic clock shows `at`, s: that is the instant `now`, ns since midnight, for all nodes. They
        are informed of what has been set already."""
        self._began = at, now
        self.later("stopped from outside", self._look_for_stopped())
        for instance in self.nodes:
            self._standing.setdefault(instance, {})["mqtt"] = {"do": "mqtt", "port": self.ports[self.broker]}
            self._inform(instance)

    async def _look_for_stopped(self) -> None:
        """Notes each process that somebody else has stopped, once, for as long as it runs."""
        noted, before = set[str](), set[str]()
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            standing = self.processes.standing() - self._still
            for name in sorted((standing & before) - noted):
                noted.add(name)
                self.unexpected.append(f"{name} was stopped by a signal from outside")
            before = standing

    def _now(self) -> int:
        """The run's time, ns; 0 before it has begun."""
        if self._began is None:
            return 0
        return self._began[1] + round((asyncio.get_running_loop().time() - self._began[0]) * 1e9)

    def _inform(self, instance: str) -> None:
        """When the run begins, if that is known, and all that stands."""
        if self._began is not None:
            self.tell(instance, "begin", at=self._began[0], now=self._began[1])
        for command in self._standing.get(instance, {}).values():
            self._write(instance, command)

    async def finish(self, seconds: float = 10.0) -> None:
        """Has every node that runs say all it has counted. What has to be published still goes through the broker, which is there then,
        whatever was done to it."""
        async with self._queues.setdefault(self.broker, asyncio.Lock()):
            await self._revive_broker()
            self.processes.signal(self.broker, signal.SIGCONT)
        await self._finish_these(self.nodes[:-1], seconds)
        await self._finish_these([program.CLIENT_INSTANCE], seconds)  # when they have heard what the others had to say

    async def _finish_these(self, instances: Sequence[str], seconds: float) -> None:
        running = [i for i in instances if self.processes.running(i)]
        self._finished = {instance: asyncio.Event() for instance in running}
        for instance in running:
            self.processes.signal(instance, signal.SIGCONT)
            self.tell(instance, "finish")
        waits = [asyncio.create_task(event.wait()) for event in self._finished.values()]
        if waits:
            _, late = await asyncio.wait(waits, timeout=seconds)
            for wait in late:
                wait.cancel()

    def usage(self) -> Mapping[str, Usage]:
        """Memory and start time of every process."""
        return self.processes.usage()

    # --- what is said, both ways --------------------------------------------------------------------------------------------

    def tell(self, instance: str, do: str, /, *, stands: str = "", **arguments: object) -> None:
        """A command for a node. With `stands` it is said again to a process that comes after this one; a later one of that name takes its place."""
        command = {"do": do, **arguments}
        if stands:
            self._standing.setdefault(instance, {})[stands] = command
        if instance != self.broker and self.processes.running(instance):
            self._write(instance, command)

    def _write(self, instance: str, command: Mapping[str, object]) -> None:
        self.processes.write(instance, json.dumps(command, separators=(",", ":")))

    def tell_all(self, do: str, /, *, stands: str = "", of: Iterable[str] | None = None, **arguments: object) -> None:
        """A command for all nodes, or for those of some services."""
        services = None if of is None else set(of)
        for instance in self.nodes:
            if services is None or instance.partition("#")[0] in services:
                self.tell(instance, do, stands=stands, **arguments)

    def _line(self, instance: str, line: str) -> None:
        said = json.loads(line)
        kind = said["said"]
        if kind == "counted":
            self.meter.counted(instance, said["values"])
            self._standing_still.asked(said["at"], said["asked"])
        elif kind == "finished":
            self.meter.took(said["histograms"])
            self.malformed[instance] = said["malformed"]
            self.unexpected += [f"{instance}: {bug}" for bug in said["bugs"]]
            self.heard = said["heard"] or self.heard
            self.unsettled += said["unsettled"]
            if instance in self._finished:
                self._finished[instance].set()
        else:
            self._on_said(instance, said)

    def _exited(self, instance: str, code: int) -> None:
        if instance == self.broker:  # an ordinary case: what was published is kept until it is heard
            self.later(self.broker, self._revive_broker())
            return
        self.unexpected.append(f"{instance} ended with {code}")
        self._ended.add(instance)
        self.meter.died(instance)
        self._on_said(instance, {"said": "died", "code": code})

    def ended_by_itself(self, instance: str) -> bool:
        """Whether its process ended though nobody had asked for it."""
        return instance in self._ended

    # --- what is done to it -----------------------------------------------------------------------------------------------

    def later(self, queue: str, work: Coroutine[Any, Any, None]) -> None:
        """Does what takes a while, in turn with all else of that queue."""
        lock = self._queues.setdefault(queue, asyncio.Lock())

        async def in_turn() -> None:
            async with lock:
                await work

        task = asyncio.get_running_loop().create_task(in_turn())
        self._work.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._work.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.unexpected.append(f"{type(error).__name__}: {error}")

    def kill(self, instance: str) -> None:
        """kill -9, and the proxies that lead there are closed: behind an open one a dead process would seem to take connections. The one
        that will take its place is loaded meanwhile: an instance is down for as long as the fault says."""
        self._killed.add(instance)
        self._standing_still.ends(instance)
        if self.processes.running(instance):
            self.processes.signal(instance, signal.SIGKILL)
            self.processes.prepare(instance, self._prepared(instance))
        self.meter.died(instance)
        for route in self.routes(instance=instance):
            self.later(route.name, self._close(self._ways[route]))

    async def _close(self, way: _Way) -> None:
        assert self.proxies is not None
        way.enabled = False
        for proxy in (way.proxy, *way.draining):
            await self.proxies.set_enabled(proxy, False)

    async def _open(self, way: _Way) -> None:
        """It leads to a new process."""
        assert self.proxies is not None
        await self.proxies.set_upstream(way.proxy, f"{LOOPBACK}:{self.ports[way.route.instance]}")
        await self.proxies.set_enabled(way.proxy, True)
        way.enabled = True

    def start_again(self, instance: str) -> None:
        """A new process for an instance, with what stands for it; it is there for others once it is ready."""
        if instance in self._killed or not self.processes.running(instance):
            self._killed.discard(instance)
            self.later(instance, self._start_again(instance))

    async def _start_again(self, instance: str) -> None:
        try:
            await (self._start_broker() if instance == self.broker else self._start_node(instance))
        except ProcessError:
            if instance in self._killed:  # again, before it was ready
                return
            raise
        if instance == self.broker:
            return
        self._tell_addresses_to(instance)
        for service, instances in self.rotation.items():
            self.tell(instance, "rotation", service=service, instances=instances)
        self._inform(instance)
        for route in self.routes(instance=instance):
            await self._open(self._ways[route])
        self._tell_addresses()
        self.tell_all("up", instance=instance)

    def stand_still(self, instance: str, still: bool, *, keeps_time: bool) -> None:
        """SIGSTOP, or SIGCONT. Unless it `keeps_time`, work goes on afterwards for what was left of it."""
        if not self.processes.running(instance):
            return
        if still:
            self._still.add(instance)
            self._standing_still.begins(instance, self._now())
        else:
            self._standing_still.ends(instance)
        if still:
            self.tell(instance, "stand_still", keeps_time=keeps_time)
        self.meter.stopped(instance, still)
        if still:
            self.later(instance, self._stop(instance))
        else:
            self.later(instance, self._go_on(instance))

    async def _stop(self, instance: str) -> None:
        """It stops itself, where it holds nothing; if it does not come to it, it is stopped all the same."""
        await asyncio.sleep(OBEYS_S)
        if self.processes.running(instance):
            self.processes.signal(instance, signal.SIGSTOP)

    async def _go_on(self, instance: str) -> None:
        if self.processes.running(instance):
            self.processes.signal(instance, signal.SIGCONT)
            self.tell(instance, "going_on")
        self._still.discard(instance)

    def set_rotation(self, service: str, instances: list[str]) -> None:
        """Which instances of a service calls may pick."""
        self.rotation[service] = instances
        self.tell_all("rotation", service=service, instances=instances)

    def set_toxic(self, link: str, name: str, toxic: Toxic | None) -> None:
        """Puts the toxic of that name on all ways of a link, in the place of one before it, or takes it away (None). What it holds is let
        through then, at once."""
        for route in self.routes(link=link):
            self.later(route.name, self._set_toxic(self._ways[route], name, toxic))

    async def _set_toxic(self, way: _Way, name: str, toxic: Toxic | None) -> None:
        assert self.proxies is not None
        _put(way, name, toxic)
        for proxy in (way.proxy, *way.draining):
            await self.proxies.remove_toxic(proxy, name)
            if toxic is not None:
                await self.proxies.add_toxic(proxy, *toxic)

    def set_delay(self, link: str, before_ms: int, ms: int) -> None:
        """All ways of a link take so much longer in both directions. What has set out with another delay keeps it: a toxic that is changed
        or taken away lets through at once what it holds, so others go by a new proxy, while the one before delivers what it has."""
        for route in self.routes(link=link):
            self.later(route.name, self._set_delay(self._ways[route], before_ms, ms))

    async def _set_delay(self, way: _Way, before_ms: int, ms: int) -> None:
        streams: tuple[Stream, ...] = ("upstream", "downstream")
        delays = {f"delay-{s}": Toxic(f"delay-{s}", "latency", s, {"latency": ms}) if ms else None for s in streams}
        if before_ms == 0 or not way.enabled:  # it holds nothing
            for name, toxic in delays.items():
                await self._set_toxic(way, name, toxic)
            return
        for name, toxic in delays.items():
            _put(way, name, toxic)
        await self._renew(way, 2e-3 * before_ms + DRAINED_AFTER_S)

    async def _renew(self, way: _Way, drained_after_s: float) -> None:
        """A new proxy with all that is put on the way; the one before is taken away when it has been drained."""
        assert self.proxies is not None
        old, new = way.proxy, f"{way.route.name}-{way.made}"
        way.made += 1
        way.address = (await self._populate({new: way.route.instance}))[new]
        way.proxy = new
        way.draining.append(old)
        for toxic in way.toxics.values():
            await self.proxies.add_toxic(new, *toxic)
        for caller in self.nodes:
            if caller.partition("#")[0] == way.route.source and self.processes.running(caller):
                self._tell_addresses_to(caller)
        self.later(new, self._retire(way, old, drained_after_s))

    async def _retire(self, way: _Way, proxy: str, after_s: float) -> None:
        assert self.proxies is not None
        await asyncio.sleep(after_s)
        way.draining.remove(proxy)
        await self.proxies.remove(proxy)


def _put(way: _Way, name: str, toxic: Toxic | None) -> None:
    if toxic is None:
        way.toxics.pop(name, None)
    else:
        way.toxics[name] = toxic


__all__ = ["ProcessError", "Route", "Said", "Toxic", "TwinSystem"]
