"""A twin as the control plane and scenarios see it: what simcore.control.cosimulation is for the simulated core, in real time.

The same executor, faults, monitors, robots and people run on it, as SimPy processes whose clock is kept by the wall's: an event that is due
at an instant of the run is handled when that has come, or as soon afterwards as this process comes to it.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterable

import simpy

from chaos.live.meter import Meter
from chaos.live.switches import TwinSwitches
from simcore.base.errors import InputError, suggest
from simcore.base.units import SECOND
from simcore.compile.plan import Plan
from simcore.control.chance import Chance
from simcore.control.cosimulation import Clock
from simcore.control.handles import ProbeAnswer
from simcore.control.injection import Injection
from simcore.control.sampling import PolledSampler, Sampler, Sampling
from simcore.journal.writer import LoggedEvent
from simcore.model.distributions import Distribution
from simcore.model.metrics import DOWN_SINCE, parse_metric

ROW_AFTER_NS = 60_000_000
"""So long after a second has ended its row is taken: what nodes said of it has come by then."""


class TwinCore:
    """One run's control plane over a twin (simcore.control.acting.ScenarioCore). `ask_probe` has the customers try a flow under a number."""

    def __init__(
        self,
        plan: Plan,
        switches: TwinSwitches,
        meter: Meter,
        log: Callable[[LoggedEvent], None],
        ask_probe: Callable[[str, int], None],
    ) -> None:
        self.plan, self._switches, self._meter, self._log, self._ask_probe = plan, switches, meter, log, ask_probe
        self.env = Clock(initial_time=plan.start)
        self.inject = Injection(plan, switches)
        self._chance = Chance(plan.seed_key)
        self._probes: dict[int, simpy.Event] = {}
        self._woken: asyncio.Event | None = None
        meter.reached = self._succeed

    # -- what control code may ask --------------------------------------------------------------------------------------------

    def _known(self, kind: str, name: str, field: str) -> str:
        metric = f"{kind}/{name}/{field}"
        if metric not in self._meter.known:
            raise InputError(f"nothing to read: {metric}", hint=suggest(metric, self._meter.known))
        return metric

    def read(self, kind: str, name: str, field: str) -> int:
        """The latest value of a counter or gauge; of an instance also `down_since`."""
        if kind == "unit" and field == DOWN_SINCE:
            self._known(kind, name, "up")
            return self._switches.down_since(name)
        return self._meter.read(self._known(kind, name, field))

    def sum_of(self, readings: Iterable[str]) -> Callable[[], int]:
        """A function that returns the sum of some counters and gauges, as it is when it is called."""
        names = [parse_metric(reading) for reading in readings]
        for name in names:
            self.read(*name)
        return lambda: sum(self.read(*name) for name in names)

    def sampler(self, sampling: Sampling) -> Sampler:
        """Starts sampling metrics at an interval."""
        return PolledSampler(self.env, sampling, self.sum_of)

    def watch(self, kind: str, name: str, field: str, at_least: int) -> simpy.Event:
        """An event that succeeds when the counter or gauge reaches the threshold."""
        event = self.env.event()
        self._meter.watch(self._known(kind, name, field), at_least, event)
        return event

    def log(self, what: str, subject: str, **detail: str | int | float | bool | None) -> None:
        """A control event for the journal, at the time it was planned for; `real_ns` says when it was."""
        self._log(LoggedEvent(int(self.env.now), what, subject, {**detail, "real_ns": self._switches.now}))

    def draw(self, purpose: str, n: int = 0) -> float:
        """A uniform in (0, 1), as in the simulated core."""
        return self._chance.draw(purpose, n)

    def sample(self, distribution: Distribution, purpose: str, n: int = 0) -> int:
        """A duration, ns, as in the simulated core."""
        return self._chance.sample(distribution, purpose, n)

    def probe(self, flow: str) -> simpy.Event:
        """Submits one synthetic intent of a flow now. The event's value: a ProbeAnswer."""
        if flow not in self.plan.architecture.flows:
            raise InputError(f"no flow is called {flow!r}", hint=suggest(flow, self.plan.architecture.flows))
        number = len(self._probes) + 1
        self._probes[number] = event = self.env.event()
        self._ask_probe(flow, number)
        return event

    def probed(self, number: int, answer: ProbeAnswer) -> None:
        """A probe has ended."""
        self._succeed(self._probes[number], answer)

    def _succeed(self, event: simpy.Event, value: object = None) -> None:
        """Something that was waited for has come, now."""
        if event.triggered:
            return
        self._catch_up()
        event.succeed(self._switches.now if value is None else value)
        if self._woken is not None:
            self._woken.set()

    def _catch_up(self) -> None:
        now, due = self._switches.now, self.env.peek()
        self.env.catch_up(max(int(self.env.now), min(now, now if math.isinf(due) else int(due))))

    # -- running --------------------------------------------------------------------------------------------------------------

    async def run(self, until: int) -> None:
        """Handles what is due, and takes the seconds' rows, until the run's time is `until`, ns."""
        self._woken = asyncio.Event()
        rows = asyncio.create_task(self._take_rows(until))
        try:
            while (now := self._switches.now) < until:
                due = self.env.peek()
                if due <= now and due < until:
                    self.env.step()
                    await asyncio.sleep(0)
                    continue
                self._woken.clear()
                wait = (min(due, until) - now) * 1e-9
                try:
                    async with asyncio.timeout(wait):
                        await self._woken.wait()
                except TimeoutError:
                    pass
            await rows
        finally:
            rows.cancel()

    async def _take_rows(self, until: int) -> None:
        for second in range(self.plan.start + SECOND, until + 1, SECOND):
            await asyncio.sleep(max(0.0, (second + ROW_AFTER_NS - self._switches.now) * 1e-9))
            self._meter.end_second()
