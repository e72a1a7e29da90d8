"""How busy the system is: the only way in which the time of day reaches durations and errors."""

from __future__ import annotations

from collections.abc import Generator, Iterable

import simpy

from simcore.base.units import DAY, SECOND
from simcore.control.handles import Core, now, read
from simcore.control.sampling import Sampling
from simcore.model.control.fields import PerItem
from simcore.model.metrics import parse_metric

METER_INTERVAL_NS = 10 * SECOND


class LoadMeter:
    """Intents started a second over the last full 10 s, all flows but probes."""

    def __init__(self, core: Core) -> None:
        flows = core.plan.architecture.flows.items()
        started = tuple(f"flow/{name}/started" for name, flow in flows if flow.kind != "probe")
        self._sampler = core.sampler(Sampling("rate", started, (), now(core), METER_INTERVAL_NS))

    @property
    def per_second(self) -> float:
        """As last measured; 0 in the first 10 s."""
        return self._sampler.last or 0.0


class Items:
    """Counts what a duration grows with; counters since midnight of the day, gauges as they stand."""

    def __init__(self, core: Core, used: Iterable[PerItem]) -> None:
        self._core = core
        self._readings = sorted({r for item in used for r in item.of if item.since == "day" and not parse_metric(r).is_gauge})
        self._at_midnight = self._values()
        if self._readings:
            core.env.process(self._midnights())

    def _values(self) -> dict[str, int]:
        return {r: read(self._core, r) for r in self._readings}

    def _midnights(self) -> Generator[simpy.Event, None, None]:
        while True:
            yield self._core.env.timeout(DAY - now(self._core) % DAY)
            self._at_midnight = self._values()

    def count(self, item: PerItem) -> int:
        """Number of items now."""
        return sum(read(self._core, r) - (self._at_midnight.get(r, 0) if item.since == "day" else 0) for r in item.of)

    def extra_ns(self, items: Iterable[PerItem]) -> int:
        """What the items add to a duration."""
        return sum(item.each * self.count(item) for item in items)
