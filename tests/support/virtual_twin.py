"""A whole twin on simulated time but for its processes and proxies: nodes by their own code and commands, control plane, meter, switches.

What a supervisor does to processes and proxies is written down instead. So every fault can be turned on what a twin is made of.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from live_world import VirtualLoop, World

from chaos.documents.scenario import Scenario
from chaos.execution.target.executor import begin_scenario
from chaos.live.blueprint import blueprint
from chaos.live.core import TwinCore
from chaos.live.load import planned
from chaos.live.meter import Meter
from chaos.live.node import program
from chaos.live.node.commands import Control
from chaos.live.node.messages import Answer, Message
from chaos.live.node.store import new_books
from chaos.live.node.wire import TcpNetwork
from chaos.live.switches import TwinSwitches
from chaos.live.system import Toxic, TwinSystem
from simcore.compile.plan import Plan
from simcore.control.plane import start_control
from simcore.journal.writer import LoggedEvent


class VirtualSystem(TwinSystem):
    """The processes and proxies of a twin as sets and tables; commands go to nodes in a world, written and read as JSON."""

    def __init__(self, made: program.Blueprint, folder: Path, meter: Meter, loop: VirtualLoop) -> None:
        super().__init__(made, folder, meter, lambda instance, said: None)
        self.down: set[str] = set()
        self.still: set[str] = set()
        self.toxics: dict[tuple[str, str], Mapping[str, int]] = {}
        self.world = _WorldOf(self, made, folder, loop)
        self.controls = {name: self._control(name) for name in self.world.nodes}
        self.controls[program.CLIENT_INSTANCE].customers = self.world.customers

    @property
    def nodes(self) -> list[str]:
        """All instances: the message broker is a node like any other here."""
        return [*self.instances, program.CLIENT_INSTANCE]

    def _control(self, instance: str) -> Control:
        node = self.world.nodes[instance]
        return Control(node, TcpNetwork(), node.store, None, self._said)  # type: ignore[arg-type]

    def _said(self, what: Mapping[str, object]) -> None:
        json.dumps(what)

    def tell(self, instance: str, do: str, /, *, stands: str = "", **arguments: object) -> None:
        command = {"do": do, **arguments}
        if stands:
            self._standing.setdefault(instance, {})[stands] = command
        self.controls[instance].obey(json.dumps(command).encode())

    def kill(self, instance: str) -> None:
        self.down.add(instance)
        self.meter.died(instance)

    def start_again(self, instance: str) -> None:
        if instance in self.down:
            self.down.discard(instance)
            self.meter.born(instance)
            self.world.add(instance)
            self.controls[instance] = self._control(instance)
            for service, instances in self.rotation.items():
                self.tell(instance, "rotation", service=service, instances=instances)
            for command in self._standing.get(instance, {}).values():
                self.controls[instance].obey(json.dumps(command).encode())
        self.tell_all("up", instance=instance)

    def stand_still(self, instance: str, still: bool, *, keeps_time: bool) -> None:
        (self.still.add if still else self.still.discard)(instance)
        if still:
            self.tell(instance, "stand_still", keeps_time=keeps_time)
        else:
            self.tell(instance, "going_on")

    def set_toxic(self, link: str, name: str, toxic: Toxic | None) -> None:
        assert self.routes(link=link)
        if toxic is None:
            self.toxics.pop((link, name), None)
        else:
            self.toxics[link, name] = toxic.attributes

    def set_delay(self, link: str, before_ms: int, ms: int) -> None:
        self.set_toxic(link, "delay", Toxic("delay", "latency", "upstream", {"latency": ms}) if ms else None)

    def state(self) -> dict[str, str]:
        """Everything that a fault can turn, as text: what it is of, and how it is."""
        found = {"down": str(sorted(self.down)), "still": str(sorted(self.still)), "toxics": str(sorted(self.toxics.items()))}
        for name, node in self.world.nodes.items():
            disturbed = node.disturbance
            work = {operation: factor for operation, factor in disturbed.work.items() if factor != 1.0}
            found[f"{name} work"] = f"{disturbed.slow} {disturbed.error_share} {disturbed.greys} {disturbed.contention} {work}"
            for label, way in node.links.ways.items():
                changed = way.factor, way.loss_request, way.loss_answer, way.duplication, way.cut_request, way.cut_answer
                planned = 1.0, way.made.loss_request, way.made.loss_answer, way.made.duplication
                found |= (
                    {f"{name} {label}": str(changed)}
                    if (*planned, "none", "none") != (*changed[:4], *(cut or "none" for cut in changed[4:]))
                    else {}
                )
            for pool, slots in node.pools.items():
                found[f"{name} {pool}"] = f"{slots.slots} {slots.limit}"
            for limit, limiter in node.limits.items():
                found[f"{name} {limit}"] = str(limiter.interval)
            found[f"{name} rotation"] = str(node.rotation)
            found[f"{name} markets"] = str(sorted(n for n, takes in self.controls[name].markets.items() if not all(takes)))
        return found


class _WorldOf(World):
    """Instances that are down refuse."""

    def __init__(self, system: VirtualSystem, made: program.Blueprint, folder: Path, loop: VirtualLoop) -> None:
        self.system = system
        super().__init__(made, folder, loop)

    def ask(self, instance: str, service: str, message: Message, answered: Any) -> None:
        if instance in self.system.down:
            self.loop.call_soon(answered, Answer("refused"))
        else:
            super().ask(instance, service, message, answered)


class VirtualTwin:
    """One run of a plan under a method."""

    def __init__(self, plan: Plan, scenario: Scenario, folder: Path, loop: VirtualLoop) -> None:
        self.plan, self.scenario, self.loop = plan, scenario, loop
        made = blueprint(plan.architecture, plan.workload, plan.seed, plan.start, plan.end)
        self.meter = Meter(plan)
        self.system = VirtualSystem(made, folder, self.meter, loop)
        self.load = planned(plan, scenario.method)
        self.events: list[LoggedEvent] = []
        self.began = 0.0
        self.sessions = set(new_books(made, plan.workload.accounts).logged_in().tolist())
        switches = TwinSwitches(plan, self.system, self.now, self.sessions, self.load.changes)
        self.core = TwinCore(plan, switches, self.meter, self.events.append, lambda flow, number: None)

    def now(self) -> int:
        return self.plan.start + round((self.loop.time() - self.began) * 1e9)

    async def run(self, look_at: Iterable[int]) -> list[dict[str, str]]:
        """Runs it to its end. The system's state at each of the times, ns."""
        begin_scenario(self.scenario, (), self.core, start_control(self.core))
        self.began = self.loop.time()
        for instance in [*self.system.instances, program.CLIENT_INSTANCE]:
            self.system.tell(instance, "begin", at=self.began, now=self.plan.start)
        self.system.tell(program.CLIENT_INSTANCE, "sessions", customers=sorted(self.sessions))
        self.system.tell(program.CLIENT_INSTANCE, "arrivals", arrivals=self.load.arrivals)
        self.system.tell(program.CLIENT_INSTANCE, "kept", kept=self.load.kept)
        telling = asyncio.create_task(self._tell())
        looking = asyncio.create_task(self._look(look_at))
        await self.core.run(self.plan.end)
        telling.cancel()
        return await looking

    async def _tell(self) -> None:
        while True:
            await asyncio.sleep(0.1)
            for name, node in self.system.world.nodes.items():
                if name not in self.system.down:
                    self.meter.counted(name, node.changed())

    async def _look(self, times: Iterable[int]) -> list[dict[str, str]]:
        found = []
        for time in times:
            await asyncio.sleep((time - self.now()) * 1e-9)
            found.append(self.system.state())
        return found
