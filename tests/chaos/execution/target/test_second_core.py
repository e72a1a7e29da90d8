"""Scenario executor, faults, knobs and control plane over a core that has no kernel: what another data plane plugs into."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
import simpy
from recording_switches import Recorder
from simpy.rt import RealtimeEnvironment

from chaos.documents.scenario import Scenario, step_model
from chaos.execution.target.executor import begin_scenario
from chaos.faults.catalogue import shipped_faults
from chaos.faults.crash import Crash
from simcore.base.units import MINUTE, SECOND, parse_clock
from simcore.compile.plan import Plan, compile_plan
from simcore.control.acting import ScenarioCore
from simcore.control.chance import Chance
from simcore.control.handles import ProbeAnswer
from simcore.control.injection import Injection
from simcore.control.plane import start_control
from simcore.control.sampling import PolledSampler, Sampler, Sampling
from simcore.library import load_pair
from simcore.model.distributions import Distribution
from simcore.model.metrics import parse_metric

STEP = step_model(shipped_faults())
START, END = parse_clock("09:30"), parse_clock("09:33")


class SecondCore:
    """A data plane that does nothing but count a request a second everywhere, in which everything is up."""

    def __init__(self, plan: Plan, env: simpy.Environment) -> None:
        self.plan, self.env = plan, env
        self.switches = Recorder(lambda: int(env.now))
        self.inject = Injection(plan, self.switches)
        self._chance = Chance(plan.seed_key)
        self.events: list[tuple[int, str, str]] = []

    def read(self, kind: str, name: str, field: str) -> int:
        return 1 if field == "up" else -1 if field == "down_since" else 0 if field == "hung" else self._seconds()

    def _seconds(self) -> int:
        return int(self.env.now - START) // SECOND

    def sum_of(self, readings: Iterable[str]) -> Callable[[], int]:
        names = [parse_metric(reading) for reading in readings]
        return lambda: sum(self.read(*name) for name in names)

    def sampler(self, sampling: Sampling) -> Sampler:
        return PolledSampler(self.env, sampling, self.sum_of)

    def watch(self, kind: str, name: str, field: str, at_least: int) -> simpy.Event:
        return self.env.timeout(max(0, at_least - self._seconds()) * SECOND, value=int(self.env.now))

    def log(self, what: str, subject: str, **detail: str | int | float | bool | None) -> None:
        self.events.append((int(self.env.now), what, subject))

    def draw(self, purpose: str, n: int = 0) -> float:
        return self._chance.draw(purpose, n)

    def sample(self, distribution: Distribution, purpose: str, n: int = 0) -> int:
        return self._chance.sample(distribution, purpose, n)

    def probe(self, flow: str) -> simpy.Event:
        return self.env.timeout(SECOND // 10, value=ProbeAnswer("ok", "ok", SECOND // 10))


def run(env: simpy.Environment) -> SecondCore:
    """A hang of 40 s, a slowdown of 20 s meanwhile, and a permanent crash, on the legacy core's files."""
    method = [
        {"at": "09:31", "for": "40s", "hang": {"service": "counter"}},
        {"at": "09:31:10", "for": "20s", "slow": {"service": "counter-db", "factor": 3}},
    ]
    scenario = Scenario.model_construct(method=[STEP.model_validate(step) for step in method], abort=[], rollbacks=[])
    core = SecondCore(compile_plan(*load_pair("legacy-coupled", "normal-day"), seed=1, start=START, end=END), env)
    as_asked: ScenarioCore = core
    begin_scenario(scenario, [Crash(service="hotline")], as_asked, start_control(as_asked))
    env.run(until=END)
    return core


@pytest.mark.parametrize("speed", [None, 1000], ids=["as fast as can be", "a thousand times as fast as time"])
def test_a_scenario_is_carried_out_on_another_core(speed: float | None) -> None:
    """Steps begin, take effect and end at their times, turn the switches, and stand in the events; the control plane is at work."""
    env = simpy.Environment(START) if speed is None else RealtimeEnvironment(START, factor=1e-9 / speed, strict=False)
    core = run(env)
    found = [(at - START, what) for at, what, _ in core.events if what.startswith(("fault", "defect"))]
    assert found == [
        (0, "defect_stands"),
        (MINUTE, "fault_started"),
        (MINUTE + 10 * SECOND, "fault_started"),
        (MINUTE + 30 * SECOND, "fault_exercised"),
        (MINUTE + 30 * SECOND, "fault_healed"),
        (MINUTE + 40 * SECOND, "fault_exercised"),
        (MINUTE + 40 * SECOND, "fault_healed"),
    ]
    assert [turned for turned in core.switches.set if turned[0] in ("set_down", "set_slowness", "set_still")] == [
        ("set_down", "hotline", 0, True),
        ("set_still", "counter", 0, True, False),
        ("set_slowness", "counter-db", 0, 3.0),
        ("set_slowness", "counter-db", 0, 1.0),
        ("set_still", "counter", 0, False, False),
    ]
    assert any(what == "phase" for _, what, _ in core.events)
