"""A core as scenarios need it, and as one contributor sees it: a step of a scenario, or a permanent defect."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

import simpy

from simcore.control.contributor import Contributor
from simcore.control.handles import Core, PlanView
from simcore.control.injection import Injection
from simcore.model.distributions import Distribution


class ScenarioCore(Core, Protocol):
    """What a scenario is carried out on: more than the control plane asks of a core. Metrics are `kind/name/field`, as those of `read`."""

    @property
    def inject(self) -> Injection:
        """Every knob, over the switchboard of this core."""
        ...

    def sum_of(self, readings: Iterable[str]) -> Callable[[], int]:
        """A function that returns the sum of some counters and gauges, as it is when it is called. Raises InputError for a name that does not
        exist."""
        ...

    def watch(self, kind: str, name: str, field: str, at_least: int) -> simpy.Event:
        """An event that succeeds when the counter or gauge reaches the threshold."""
        ...


class ActingCore:
    """What a fault may ask of the core, and do to it. What `inject` does is the contribution of `by`, which also stands for it where
    the control plane keeps contributors (gates, alarms, files, batches, failovers)."""

    def __init__(self, core: ScenarioCore, by: str) -> None:
        self._core, self.by = core, by
        self.inject = Contributor(core.inject, by)

    @property
    def env(self) -> simpy.Environment:
        """SimPy's environment; its time is int ns since midnight of the first day."""
        return self._core.env

    @property
    def plan(self) -> PlanView:
        """What is run: architecture, workload, start and end, ns."""
        return self._core.plan

    def read(self, kind: str, name: str, field: str) -> int:
        """A cumulative counter or gauge, exact now."""
        return self._core.read(kind, name, field)

    def sum_of(self, readings: Iterable[str]) -> Callable[[], int]:
        """A function that tells the sum of some counters and gauges, exact when it is called."""
        return self._core.sum_of(readings)

    def watch(self, kind: str, name: str, field: str, at_least: int) -> simpy.Event:
        """An event that succeeds when the counter or gauge reaches the threshold."""
        return self._core.watch(kind, name, field, at_least)

    def log(self, what: str, subject: str, **detail: str | int | float | bool | None) -> None:
        """A control event for the journal, now."""
        self._core.log(what, subject, **detail)

    def draw(self, purpose: str, n: int = 0) -> float:
        """A uniform in (0, 1), fixed by seed, purpose and n alone."""
        return self._core.draw(purpose, n)

    def sample(self, distribution: Distribution, purpose: str, n: int = 0) -> int:
        """A duration, ns, fixed by seed, purpose and n alone."""
        return self._core.sample(distribution, purpose, n)
