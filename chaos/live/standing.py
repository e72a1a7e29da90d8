"""What is read of an instance that stands still: it cannot say it, and the simulated core reads more than its last word.

There a hung instance takes what comes to it and makes nothing of it: its counters stand, the requests within it grow by all that come, and
those take the free slots of the pools that their operation needs, or places in their queues. So they do here, by what the callers
say they have sent to it.
"""

from __future__ import annotations

from collections.abc import Mapping

from chaos.live.meter import Meter
from chaos.live.node import program

TOLD_EVERY_NS = 100_000_000
"""So long is the time that a line of a node speaks of, from one of its lines to the next."""


class Standing:
    """The instances of one run that stand still. Times are the run's, ns."""

    def __init__(self, blueprint: program.Blueprint, meter: Meter) -> None:
        self._blueprint, self._meter = blueprint, meter
        self._since: dict[str, int] = {}
        self._before: dict[str, dict[str, int]] = {}

    def begins(self, instance: str, now: int) -> None:
        """It stands still from now on. What was most in the last second is what there is now."""
        self._since[instance] = now
        before = self._before[instance] = self._meter.of_node(instance)
        values = {}
        for name in before:
            if name.startswith("pool/") and name.endswith(("/busy", "/queue")):
                pool, _, what = name.rpartition("/")
                values[f"{pool}/second_{what}"] = before[name]
        self._meter.counted(instance, {name: value for name, value in values.items() if name in before})

    def ends(self, instance: str) -> None:
        """It goes on, or has ended: from now on it says itself what there is."""
        if self._since.pop(instance, None) is not None:
            before = self._before.pop(instance)
            said = self._meter.of_node(instance)
            self._meter.counted(instance, {name: value for name, value in before.items() if said.get(name, value) != value})

    def asked(self, at: int, sent: Mapping[str, int]) -> None:
        """A node has said at that time how many requests it has sent since it said so last, by ``INSTANCE SERVICE.OPERATION``."""
        for name, count in sent.items():
            instance, _, operation = name.partition(" ")
            if at - TOLD_EVERY_NS // 2 >= self._since.get(instance, at):  # most of that was sent since then
                self._came(instance, operation, count)

    def _came(self, instance: str, operation: str, count: int) -> None:
        said = self._meter.of_node(instance)
        made = self._blueprint.operations.get(operation)
        values, refused, left = dict[str, int](), 0, count
        for pool in () if made is None else made.pools:
            label = f"pool/{self._label(instance, pool)}"
            if f"{label}/slots" not in said:
                continue
            slots, limit, busy, queue = (said.get(f"{label}/{word}", 0) for word in ("slots", "queue_limit", "busy", "queue"))
            taken = min(left, max(0, slots - busy))
            waits = min(left - taken, max(0, limit - queue))
            values |= {f"{label}/{word}": busy + taken for word in ("busy", "second_busy")}
            values |= {f"{label}/{word}": queue + waits for word in ("queue", "second_queue")}
            refused, left = refused + left - taken - waits, taken
        live = f"unit/{instance}/live"
        self._meter.counted(instance, values | {live: said.get(live, 0) + count - refused})

    def _label(self, instance: str, pool: str) -> str:
        return f"{pool}#{instance.partition('#')[2]}" if self._blueprint.pools[pool].per_replica else pool
