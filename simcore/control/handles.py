"""What the control plane may ask of, and do to, the rest of the simulator: `Core` and its knobs, `Knobs`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

import simpy

from simcore.control.sampling import Sampler, Sampling
from simcore.counterparties.counterparty import FileState
from simcore.model.architecture import Architecture
from simcore.model.distributions import Distribution
from simcore.model.index import ArchitectureIndex
from simcore.model.left_out import LeftOut
from simcore.model.metrics import parse_metric
from simcore.model.workload import Workload


class PlanView(Protocol):
    """The part of a plan that the control plane, its knobs and faults read. `start` and `end` are ns since midnight of the first day;
    `markets` are the exchanges by number (none: there is one, without a name); `seed_key` is what every key of chance begins with."""

    @property
    def index(self) -> ArchitectureIndex: ...
    @property
    def architecture(self) -> Architecture: ...
    @property
    def workload(self) -> Workload: ...
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def left_out(self) -> LeftOut: ...
    @property
    def markets(self) -> list[str]: ...
    @property
    def seed_key(self) -> int: ...


class Knobs(Protocol):
    """The knobs people, batches and the calendar turn; all take effect now. Standby replicas are numbered after the replicas.

    They are some of those of simcore.control.injection, which faults turn too, and mean the same.
    """

    def crash(self, service: str, replica: int) -> object: ...
    def restart(self, service: str, replica: int) -> object: ...
    def rotate_in(self, service: str, replica: int) -> object: ...
    def rotate_out(self, service: str, replica: int) -> object: ...
    def pool_slots(self, pool: str, slots: int | None) -> object: ...
    def pool_queue(self, pool: str, limit: int) -> object: ...
    def gate(self, name: str, open: bool) -> object: ...
    def limit_rate(self, limit: str, per_second: float) -> object: ...
    def call_policy(
        self, site: str, *, timeout_ns: int | None = None, attempts: int | None = None, backoff_ns: int | None = None
    ) -> object: ...
    def flow_rate(self, flow: str, factor: float) -> object: ...
    def drop_sessions(self, share: float, reconnect_over_ns: int) -> int: ...
    def market(self, exchange: str, orders: bool, cancels: bool, overnight: bool = True) -> object: ...
    def lose_unreplicated(self, lag_ns: int) -> object: ...
    def settle_day(self, files: Mapping[str, FileState] | None = None) -> object: ...
    def reconcile(self, counterparty: str) -> Mapping[str, int]: ...


class ProbeAnswer(NamedTuple):
    """What came of a synthetic intent: code and outcome by the journal's names."""

    code: str
    outcome: str
    latency_ns: int


class Core(Protocol):
    """The simulator as the control plane sees it. Time is int ns since midnight of the first day.

    `read` gives cumulative counters and gauges, exact now; of an instance also `down_since`, the instant it last went down, -1
    while it is up. `sampler` samples sums of such metrics (`kind/name/field`) every so often, and wakes who waits. `draw` is a
    uniform in (0, 1) and `sample` a duration in ns, both fixed by the purpose and `n` alone.
    `probe` sends one synthetic intent; its event's value is a ProbeAnswer.
    """

    @property
    def env(self) -> simpy.Environment:
        """The SimPy environment in which the processes of the control plane run."""
        ...

    @property
    def plan(self) -> PlanView:
        """What is run: architecture, workload, start and end, ns."""
        ...

    @property
    def inject(self) -> Knobs:
        """The knobs that faults and people turn: crash, restart, slow, pool_slots and the rest."""
        ...

    def read(self, kind: str, name: str, field: str) -> int: ...
    def sampler(self, sampling: Sampling) -> Sampler: ...
    def log(self, what: str, subject: str, **detail: str | int | float | bool | None) -> None: ...
    def draw(self, purpose: str, n: int = 0) -> float: ...
    def sample(self, distribution: Distribution, purpose: str, n: int = 0) -> int: ...
    def probe(self, flow: str) -> simpy.Event: ...


class Pending:
    """What people and failovers are still busy with, as processes; `changed` is called with their number whenever it changes."""

    def __init__(self) -> None:
        self.count = 0
        self.changed: Callable[[int], None] = lambda count: None

    def until_done(self, process: simpy.Process) -> simpy.Process:
        """Counts the process until it ends, however that comes."""
        assert process.callbacks is not None
        process.callbacks.append(lambda _: self._add(-1))
        self._add(1)
        return process

    def _add(self, more: int) -> None:
        self.count += more
        self.changed(self.count)


def now(core: Core) -> int:
    """The present instant, ns since midnight of the first day."""
    return int(core.env.now)


def read(core: Core, reading: str) -> int:
    """The value of `kind/name/field`; the name may hold slashes of its own (call/service.operation/site/attempts)."""
    return core.read(*parse_metric(reading))
