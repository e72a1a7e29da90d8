"""How busy the system is: the only way in which the time of day reaches durations and errors."""

from __future__ import annotations

from collections.abc import Generator, Iterable

import simpy

from simcore.control.core import Core, now, read
from simcore.control.models import PerItem
from simcore.units import DAY, SECOND

GAUGES = frozenset(
    ["busy", "slots", "queue", "queue_limit", "peak_busy", "peak_queue", "up", "hung", "live", "pending", "down_since"]
)
METER_INTERVAL_NS = 10 * SECOND


class LoadMeter:
    """Intents started a second over the last 10 s, all flows but probes."""

    def __init__(self, core: Core) -> None:
        self._core = core
        flows = core.plan.architecture.flows.items()
        self._started = core.sum_of(f"flow/{name}/started" for name, flow in flows if flow.kind != "probe")
        self.per_second = 0.0
        core.env.process(self._measure())

    def _measure(self) -> Generator[simpy.Event, None, None]:
        before = self._started()
        while True:
            yield self._core.env.timeout(METER_INTERVAL_NS)
            after = self._started()
            self.per_second = (after - before) * SECOND / METER_INTERVAL_NS
            before = after


class Items:
    """Counts what a duration grows with; counters since midnight of the day, gauges as they stand."""

    def __init__(self, core: Core, used: Iterable[PerItem]) -> None:
        self._core = core
        self._readings = sorted({r for item in used for r in item.of if item.since == "day" and not _is_gauge(r)})
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


def _is_gauge(reading: str) -> bool:
    return reading.rsplit("/", 1)[1] in GAUGES
