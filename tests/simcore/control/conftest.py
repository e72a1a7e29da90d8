"""A core without a kernel: readings are set by the test, draws are 0.5 unless set, durations are their constants."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
import simpy

from simcore.base.units import MINUTE, parse_clock
from simcore.control.handles import ProbeAnswer
from simcore.control.plane import ControlPlane, start_control
from simcore.control.sampling import PolledSampler, Sampler, Sampling
from simcore.model.architecture import Architecture
from simcore.model.distributions import Distribution
from simcore.model.index import ArchitectureIndex
from simcore.model.left_out import NOTHING, LeftOut
from simcore.model.metrics import parse_metric
from simcore.model.workload import Workload

SERVICES: dict[str, Any] = {
    "counter": {
        "replicas": 2, "operations": {"place": {"steps": [{"call": "bank.transfer"}]}}, "restart_time": "1min",
        "standby": {"replicas": 1, "replication_lag": "2s", "start_time": "30s"},
    },
    "bank": {"operations": {"transfer": {"steps": []}}},
}  # fmt: skip
ARCHITECTURE: dict[str, Any] = {
    "kind": "architecture",
    "name": "small",
    "pools": {"router": {"slots": 4, "gate": "exchange"}, "bank-threads": {"slots": 50, "gate": "bank"}},
    "limits": {"logins": {"rate": "100/s"}},
    "services": SERVICES,
    "flows": {
        "order": {"steps": [{"call": "counter.place"}]},
        "phone": {"steps": [{"call": "counter.place"}]},
        "login": {"kind": "login", "steps": [{"call": "counter.place"}]},
        "look": {"kind": "probe", "steps": [{"call": "counter.place"}]},
    },
}


class Plan:
    def __init__(self, architecture: Architecture, workload: Workload, start: int, end: int, left_out: LeftOut = NOTHING) -> None:
        self.index, self.architecture = ArchitectureIndex(architecture), architecture
        self.workload = workload
        self.start = start
        self.end = end
        self.left_out = left_out


class FakeCore:
    """`readings` maps kind/name/field to a number or a function of the instant; `draws` a purpose (or its beginning) to a draw."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.env = simpy.Environment(initial_time=plan.start)
        self.inject = FakeKnobs(self)
        self.readings: dict[str, int | Callable[[int], int]] = {}
        self.draws: dict[str, float] = {}
        self.probes: dict[str, Any] = {"code": "ok", "latency_ns": 0}
        self.down: dict[str, int] = {"counter#2": 0}
        self.events: list[tuple[int, str, str, dict[str, Any]]] = []

    def read(self, kind: str, name: str, field: str) -> int:
        if kind == "unit" and field in ("up", "down_since"):
            return int(name not in self.down) if field == "up" else self.down.get(name, -1)
        value = self.readings.get(f"{kind}/{name}/{field}", 0)
        return value(int(self.env.now)) if callable(value) else value

    def sum_of(self, readings: Iterable[str]) -> Callable[[], int]:
        named = [parse_metric(reading) for reading in readings]
        return lambda: sum(self.read(*reading) for reading in named)

    def sampler(self, sampling: Sampling) -> Sampler:
        return PolledSampler(self.env, sampling, self.sum_of)

    def log(self, what: str, subject: str, **detail: Any) -> None:
        self.events.append((int(self.env.now), what, subject, detail))

    def draw(self, purpose: str, n: int = 0) -> float:
        fits = [p for p in self.draws if f"{purpose}#{n}".startswith(p)]
        return self.draws[max(fits, key=len)] if fits else 0.5

    def sample(self, distribution: Distribution, purpose: str, n: int = 0) -> int:
        if distribution.constant is None:
            assert distribution.lognormal is not None
            return distribution.lognormal.median or 0
        return distribution.constant

    def probe(self, flow: str) -> simpy.Event:
        return self.env.timeout(self.probes["latency_ns"], value=ProbeAnswer(self.probes["code"], "", self.probes["latency_ns"]))

    # --- for the tests --------------------------------------------------------------------------------------------------

    def run(self, until: str) -> None:
        """Up to and with what happens at that instant."""
        self.env.run(until=parse_clock(until) + 1)

    def at(self, clock: str, do: Callable[[], object]) -> None:
        """Do something at that instant, before what is scheduled later for it."""

        def later() -> Any:
            yield self.env.timeout(parse_clock(clock) - self.env.now)
            do()

        self.env.process(later())

    def minutes(self, what: str, subject: str | None = None) -> list[float]:
        """When an event was logged, minutes since the beginning of the run."""
        return [(t - self.plan.start) / MINUTE for t, w, s, _ in self.events if w == what and subject in (None, s)]

    def details(self, what: str, key: str) -> list[Any]:
        return [d[key] for _, w, _, d in self.events if w == what]


class FakeKnobs:
    """Notes every turn of a knob as (instant, knob, arguments); crash and restart show in the instances' state."""

    def __init__(self, core: FakeCore) -> None:
        self._core = core
        self.turned: list[tuple[int, str, tuple[Any, ...]]] = []
        self.differences: dict[str, int] = {}

    def __getattr__(self, knob: str) -> Callable[..., Any]:
        def turn(*arguments: Any, **named: Any) -> Any:
            self.turned.append((int(self._core.env.now), knob, (*arguments, *named.values())))
            if knob == "crash":
                self._core.down["{}#{}".format(*arguments)] = int(self._core.env.now)
            if knob == "restart":
                self._core.down.pop("{}#{}".format(*arguments), None)
            return dict(self.differences) if knob == "reconcile" else None

        return turn

    def minutes(self, knob: str) -> list[tuple[float, tuple[Any, ...]]]:
        return [((t - self._core.plan.start) / MINUTE, a) for t, k, a in self.turned if k == knob]


Make = Callable[..., tuple[FakeCore, ControlPlane]]


@pytest.fixture
def make() -> Make:
    """Start a control section over the small architecture; `before` may set the core up first."""

    def start_up(
        control: dict[str, Any],
        start: str = "09:00",
        end: str = "d2 00:00",
        calendar: str = "continuous",
        before: Callable[[FakeCore], object] = lambda core: None,
        services: dict[str, Any] = SERVICES,
        attributes: dict[str, Any] = {},  # noqa: B006
        left_out: LeftOut = NOTHING,
    ) -> tuple[FakeCore, ControlPlane]:
        architecture = Architecture.model_validate(ARCHITECTURE | {"services": services, "control": control})
        customers = {"kind": "workload", "name": "w", "flows": {}, "calendar": calendar, "attributes": attributes}
        workload = Workload.model_validate(customers)
        core = FakeCore(Plan(architecture, workload, parse_clock(start), parse_clock(end), left_out))
        before(core)
        return core, start_control(core)

    return start_up


@pytest.fixture
def team() -> dict[str, Any]:
    """A team whose durations are round: 1 min to acknowledge, 10 to diagnose (5 with a runbook), 2 to verify."""
    return {
        "members": 2,
        "acknowledge": "1min",
        "diagnose": "10min",
        "verify": "2min",
        "handover": "3min",
        "flood": 0.0,
        "pointed": 1.0,
        "runbook": 0.5,
        "conditions": {},
    }


@pytest.fixture
def counter_down() -> dict[str, Any]:
    """A monitor that sees the counter's first replica down: samples each minute from the beginning, two in a row."""
    return {
        "metric": {"gauge": ["unit/counter#0/up"]},
        "below": 1,
        "every": "1min",
        "phase": 0,
        "breaches": 2,
        "clears": 1,
        "route": "ops",
        "points_at": "counter",
        "layer": "application",
    }
