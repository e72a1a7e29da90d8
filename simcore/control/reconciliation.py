"""Comparing the core with exchange, bank and fund company after a failover or when transfers are in doubt."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import simpy

from simcore.base.units import MINUTE
from simcore.control.event_names import note
from simcore.control.handles import Core, read
from simcore.control.market.load import Items
from simcore.model.control.batches import Reconciliation


class ReconciliationProcess:
    """One counterparty. One comparison at a time; asking again while one runs joins it."""

    def __init__(self, core: Core, counterparty: str, rule: Reconciliation, items: Items) -> None:
        self.counterparty = counterparty
        self.rule = rule
        self._core = core
        self._items = items
        self._runs = 0
        self._process: simpy.Process | None = None
        if rule.in_doubt is not None:
            core.env.process(self._watch())

    @property
    def running(self) -> bool:
        """Whether a comparison is under way."""
        return self._process is not None and self._process.is_alive

    def begin(self, why: str, in_earnest: bool = True) -> simpy.Process:
        """Start a comparison, or join the one under way; the process ends with the number of differences. One that is not `in_earnest`
        takes its time, finds nothing and changes nothing."""
        if not self.running:
            self._process = self._core.env.process(self._compare(why, in_earnest))
        assert self._process is not None
        return self._process

    def _compare(self, why: str, in_earnest: bool) -> Generator[simpy.Event, Any, int]:
        run, self._runs = self._runs, self._runs + 1
        items = sum(self._items.count(item) for item in self.rule.per_item)
        note(self._core, "reconciliation_started", self.counterparty, why=why, items=items)
        base_ns = self._core.sample(self.rule.duration, f"reconciliation/{self.counterparty}", run)
        yield self._core.env.timeout(base_ns + self._items.extra_ns(self.rule.per_item))
        found = self._core.inject.reconcile(self.counterparty) if in_earnest else {}
        differences = sum(map(abs, found.values()))
        yield self._core.env.timeout(differences * self.rule.each_difference)
        note(self._core, "reconciled", self.counterparty, differences=differences)
        return differences

    def _doubtful(self) -> int:
        assert self.rule.in_doubt is not None
        return sum(read(self._core, r) for r in self.rule.in_doubt.of)

    def _watch(self) -> Generator[simpy.Event, Any, None]:
        """Looks every minute; what was in doubt when a comparison began is settled by it."""
        rule = self.rule.in_doubt
        assert rule is not None
        settled = self._doubtful()
        while True:
            yield self._core.env.timeout(MINUTE)
            if self._doubtful() - settled >= rule.at_least:
                yield self._core.env.timeout(rule.wait)
                settled = self._doubtful()
                yield self.begin("in doubt")
