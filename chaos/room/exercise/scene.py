"""The run in which an exercise is held: a stepped run whose faults begin when somebody, or the list of events, sends them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from chaos.execution.target.contributors import of_permanent
from chaos.execution.target.executor import ScenarioExecutor, hold_permanently
from chaos.execution.target.simulated import plan_of
from chaos.room.exercise.prepared import PreparedDrill
from simcore.base.units import SECOND
from simcore.control.acting import ActingCore
from simcore.control.cosimulation import Cosimulation
from simcore.control.plane import ControlPlane
from simcore.journal.model import Journal
from simcore.journal.writer import LoggedEvent
from simcore.model.control.alarms import Metric
from simcore.model.control.decisions import Decision
from simcore.model.steps import Call
from simcore.simulation.stepped import SteppedRun


class Scene:
    """A run of a drill's scenario with its method left to be begun step by step, taken to the beginning of the window. `played` are the
    teams that do nothing but what is decided; `listener` hears the control plane's events."""

    def __init__(self, drill: PreparedDrill, seed: int, played: frozenset[str], listener: Callable[[LoggedEvent], None]) -> None:
        self.drill = drill
        self._core: Cosimulation | None = None
        self._control: ControlPlane | None = None
        self._executor: ScenarioExecutor | None = None
        plan = plan_of(drill.inputs, drill.scenario, seed)
        self.run = SteppedRun(plan, script=self._begin, played=played, listener=listener)
        self.calmed: dict[str, float] = {}
        self.run.advance(drill.scenario.window.begin)

    def _begin(self, core: Cosimulation, control: ControlPlane) -> None:
        permanent = self.drill.inputs.permanent_faults
        for number, (fault, by) in enumerate(zip(permanent, of_permanent(permanent), strict=True)):
            core.env.process(hold_permanently(fault, number, ActingCore(core, by), control))
        left: dict[str, object] = {"abort": [], "rollbacks": []}
        self._executor = ScenarioExecutor(self.drill.scenario.model_copy(update=left), core, control)
        self._executor.listen()
        self._core, self._control = core, control

    @property
    def control(self) -> ControlPlane:
        """The control plane of the run."""
        assert self._control is not None
        return self._control

    @property
    def now(self) -> int:
        """The instant at which the run stands, ns."""
        return self.run.now

    def advance(self, until: int) -> None:
        """Takes all that happens before `until`, ns."""
        self.run.advance(until)

    def decide(self, decision: Decision) -> None:
        """Carries out what people have decided, now. Raises InputError for what cannot be done."""
        self.run.do(decision)

    def begin_step(self, label: str) -> None:
        """Begins the step of that name of the scenario's method now."""
        assert self._executor is not None
        number = next(n for n, step in enumerate(self.drill.scenario.method) if step.label == label)
        self._executor.start(number)

    def raise_falsely(self, monitor: str) -> None:
        """Raises a monitor's alarm without cause."""
        self.control.monitors[monitor].raise_falsely()

    def calm(self, retries: float, calls: float) -> None:
        """Customers are given a notice: of the further tries that the file gives their clients this share is made, and of those who would
        telephone this share does. What they want, when, and what is drawn for them stays as it is."""
        assert self._core is not None
        for line in self.control.complaints.values():
            line.share_who_call = min(line.share_who_call, calls)
        for name, site in self._core.plan.index.call_sites.items():
            if not site.body.is_flow or not isinstance(site.step, Call) or site.step.retry is None:
                continue
            share = self.calmed[name] = min(self.calmed.get(name, 1.0), retries)
            self._core.inject.call_policy(name, attempts=1 + round((site.step.retry.attempts - 1) * share))

    def sum(self, readings: Iterable[str]) -> int:
        """The sum of counters and gauges, exact now."""
        return sum(self.run.read(reading) for reading in readings)

    def sums(self, metric: Metric) -> tuple[int, int]:
        """The sums above and below the line of a metric, exact now."""
        _, of, to = metric.sums()
        return self.sum(of), self.sum(to)

    def value(self, metric: Metric, since: int, before: tuple[int, int]) -> float:
        """A metric now: of a gauge its sum, else by how much its sums grew since an instant (ns) at which they were `before`."""
        kind, _, _ = metric.sums()
        of, to = self.sums(metric)
        if kind == "gauge":
            return float(of)
        if kind == "rate":
            return (of - before[0]) * SECOND / max(1, self.now - since)
        return (of - before[0]) / max(1, to - before[1])

    def finish(self, why: str | None) -> Journal:
        """The journal: of a run ended before its end with why nothing can be concluded beyond."""
        return self.run.finish() if why is None else self.run.stop(why)
