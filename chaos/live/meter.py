"""What is counted over all nodes of a twin: the latest values of every counter and gauge by its name, and a row of them each second.

A node says ten times a second what has changed. What it had counted when it died stays in the sums; its gauges fall to nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np
import simpy

from chaos.live.node.counters import CREDIT, credit_name
from chaos.live.node.policies import UNLIMITED
from simcore.compile.plan import Plan
from simcore.journal.histogram import BUCKETS, IntArray
from simcore.model.metrics import DOWN_SINCE, FIELDS, parse_metric


class _Watch:
    """Who waits for a metric to reach a threshold."""

    def __init__(self, name: str, at_least: int, event: simpy.Event) -> None:
        self.name, self.at_least, self.event = name, at_least, event


class Meter:
    """The counters of one run. Names are ``kind/name/field``, as the journal has them."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.known = {
            f"{kind}/{name}/{field}"
            for kind, fields in FIELDS.items()
            for name in plan.handles[kind]
            for field in fields
            if field != DOWN_SINCE
        }
        self.totals: dict[str, int] = {}
        slots = {label: plan.index.slots_of(label) for label in plan.handles["pool"]}
        self._at_first = {f"pool/{label}/slots": UNLIMITED if n is None else n for label, n in slots.items()}
        self._at_first |= {f"unit/{name}/up": 1 for name in plan.handles["unit"]}
        self._dead: set[str] = set()
        self._of_node: dict[str, dict[str, int]] = {}
        self._rows: list[dict[str, int]] = []
        self._histograms: dict[tuple[str, str], IntArray] = {}
        self._watches: list[_Watch] = []
        self.reached: Callable[[simpy.Event], None] = lambda event: None
        """Called with the event of a watch whose metric has reached its threshold."""

    # --- what nodes say ---------------------------------------------------------------------------------------------------

    def counted(self, instance: str, values: Mapping[str, int]) -> None:
        """A node's counters and gauges that have changed."""
        reported, totals = self._of_node.setdefault(instance, {}), self.totals
        for name, value in values.items():
            totals[name] = totals.get(name, 0) + value - reported.get(name, 0)
            reported[name] = value
        if self._watches:
            self._look()

    def of_node(self, instance: str) -> dict[str, int]:
        """What a node's process has said last of all that it counts."""
        return dict(self._of_node.get(instance, {}))

    def died(self, instance: str) -> None:
        """The process of a node is gone: what it holds is nothing; what it has counted, it has."""
        self._dead.add(instance)
        for name, value in self._of_node.pop(instance, {}).items():
            if not name.startswith(CREDIT) and parse_metric(name).is_gauge:
                self.totals[name] -= value

    def born(self, instance: str) -> None:
        """A node has a new process, which counts from nothing."""
        self._dead.discard(instance)

    def stopped(self, instance: str, hung: bool) -> None:
        """The process of a node stands still, or goes on: it cannot say so itself."""
        self.counted(instance, {f"unit/{instance}/hung": int(hung)})

    def took(self, histograms: Mapping[str, Iterable[tuple[int, int]]]) -> None:
        """What took how long at a node: by ``kind/name`` counts of buckets."""
        for name, counts in histograms.items():
            kind, _, rest = name.partition("/")
            found = self._histograms.setdefault((kind, rest), np.zeros(BUCKETS, np.int64))
            for bucket, count in counts:
                found[bucket] += count

    # --- what is asked ----------------------------------------------------------------------------------------------------

    def read(self, name: str) -> int:
        """The latest value; before a node has said anything that of the plan."""
        value = self.totals.get(name)
        return self._at_first.get(name, 0) if value is None else value

    def credited(self, counter: str, by: str) -> int:
        """How much of what a counter counts is due to a contributor."""
        return self.totals.get(credit_name(counter, by), 0)

    def watch(self, name: str, at_least: int, event: simpy.Event) -> None:
        """`reached` is called with the event once the value is so much."""
        self._watches.append(_Watch(name, at_least, event))
        self._look()

    def _look(self) -> None:
        fired = [watch for watch in self._watches if self.read(watch.name) >= watch.at_least]
        self._watches = [watch for watch in self._watches if watch not in fired]
        for watch in fired:
            self.reached(watch.event)

    # --- what the journal gets --------------------------------------------------------------------------------------------

    def end_second(self) -> None:
        """A second of the run is over: its row is taken."""
        self._rows.append(dict(self.totals))

    def series(self) -> IntArray:
        """A row for each second that was taken, a column for each of the plan's; a counter never falls."""
        names = [self._name(column.kind, column.name, column.field, column.mode) for column in self.plan.columns]
        block = np.zeros((len(self._rows), len(names)), np.int64)
        for second, row in enumerate(self._rows):
            block[second] = [row.get(name, self._at_first.get(name, 0)) for name in names]
        rising = np.array([column.mode == "cumulative" for column in self.plan.columns])
        block[:, rising] = np.maximum.accumulate(block[:, rising], axis=0) if len(block) else block[:, rising]
        return block

    @staticmethod
    def _name(kind: str, name: str, field: str, mode: str) -> str:
        if mode == "peak":
            field = {"peak_busy": "second_busy", "peak_queue": "second_queue"}.get(field, field)
        return f"{kind}/{name}/{field}"

    def run_totals(self) -> dict[tuple[str, str, str], int]:
        """The values of everything that the journal has among its totals."""
        found = {}
        for name in sorted(self.known):
            kind, _, rest = name.partition("/")
            of, _, field = rest.rpartition("/")
            found[kind, of, field] = self.read(name)
        return found

    def histograms(self) -> dict[tuple[str, str], IntArray]:
        """Counts of durations by bucket, of every flow and operation."""
        empty = np.zeros(BUCKETS, np.int64)
        return {
            (kind, name): self._histograms.get((kind, name), empty)
            for kind in ("flow", "operation")
            for name in self.plan.handles[kind]
        }

    @property
    def seconds(self) -> int:
        """How many seconds have been taken."""
        return len(self._rows)
