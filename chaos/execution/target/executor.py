"""A scenario's method carried out on a running simulation, as SimPy processes beside those of the control plane."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING, Any

from chaos.documents.scenario import Rollback, Scenario, Step
from chaos.faults.fault import Fault, System
from simcore.model.index import instance_name

if TYPE_CHECKING:
    import simpy

    from simcore.control.cosimulation import Cosimulation
    from simcore.control.plane import ControlPlane

EVENT_WORDS = {
    "defect_stands": "a planted defect that is a fault of the whole run begins",
    "fault_started": "a step of the scenario begins (step, fault, targets)",
    "fault_failed": "a step of the scenario could not be done, or not be healed (why)",
    "fault_exercised": "what a step's counters grew by since it began (grown)",
    "fault_healed": "a step of the scenario is healed",
    "fault_skipped": "a step is left out after an abort",
    "aborted": "an abort condition was met (counter)",
    "rollback": "a rollback of the scenario is done",
    "actions_pending": "the number of incidents, runbooks and failovers under way has changed (count)",
}
"""The words that a run's method adds to the events of the journal, with what they mean."""
Work = Generator["simpy.Event", Any, None]


def hold_permanently(fault: Fault, number: int, core: Cosimulation, control: ControlPlane) -> Work:
    """A fault that is there from the beginning, and belongs to the system rather than to the scenario."""
    yield core.env.timeout(0)
    core.log("defect_stands", fault.fault, number=number)
    made = fault.apply(core, control)
    if made is not None:
        yield from made


class ScenarioExecutor:
    """One run's method as SimPy processes. What it does and sees stands in the journal; it decides nothing about the verdict."""

    def __init__(self, scenario: Scenario, core: Cosimulation, control: ControlPlane) -> None:
        self.scenario, self.core, self.control = scenario, core, control
        self.system = System(core.plan.index, core.plan.workload)
        self.stop = core.env.event()
        self.last = core.plan.end - 1

    def begin(self) -> None:
        """Start everything. Called before the run begins."""
        env, method = self.core.env, self.scenario.method
        steps = [env.process(self._step(i, step)) for i, step in enumerate(method)]
        if method and self.scenario.abort:
            env.process(self._abort(min(step.at for step in method)))
        if self.scenario.rollbacks:
            env.process(self._rollbacks(steps))
        self.control.pending.changed = lambda count: self.core.log("actions_pending", "", count=count)

    def _step(self, number: int, step: Step) -> Work:
        env, core, fault, label = self.core.env, self.core, step.fault, step.label
        yield env.timeout(step.at - env.now)
        if self.stop.triggered:
            core.log("fault_skipped", label, step=number)
            return
        readings = fault.readings(self.system)
        before = self._sum(readings)
        targets = [str(t) for t in fault.targets(self.system)]
        core.log("fault_started", label, step=number, fault=fault.fault, targets=", ".join(targets)[:300])
        running = self._do(fault.apply, number, label)
        begun = env.process(running) if running is not None else None
        ends = self.last if step.lasts is None else min(step.at + step.lasts, self.last)
        yield env.timeout(ends - env.now) | self.stop
        core.log("fault_exercised", label, step=number, grown=self._sum(readings) - before)
        if begun is not None and begun.is_alive:
            begun.interrupt("healed")
        if env.now >= self.last or (step.lasts is None and not self.stop.triggered):
            return
        yield env.timeout(0)
        clearing = self._do(fault.heal, number, label)
        if clearing is not None:
            yield env.process(clearing)
        core.log("fault_healed", label, step=number)

    def _do(self, act: Callable[[Cosimulation, ControlPlane], Work | None], number: int, label: str) -> Work | None:
        """Calls it; what it leaves to be done as time goes by is a process that can be stopped. A failure goes into the journal."""
        try:
            made = act(self.core, self.control)
        except Exception as error:
            self._failed(number, label, error)
            return None
        return None if made is None else self._guarded(made, number, label)

    def _guarded(self, work: Work, number: int, label: str) -> Work:
        import simpy

        try:
            yield from work
        except simpy.Interrupt:
            work.close()
        except Exception as error:
            self._failed(number, label, error)

    def _failed(self, number: int, label: str, error: Exception) -> None:
        self.core.log("fault_failed", label, step=number, why=f"{type(error).__name__}: {error}"[:300])

    def _sum(self, readings: Sequence[str]) -> int:
        total = 0
        for reading in readings:
            kind, rest = reading.split("/", 1)
            name, field = rest.rsplit("/", 1)
            total += self.core.read(kind, name, field)
        return total

    def _abort(self, first: int) -> Work:
        env, core = self.core.env, self.core
        yield env.timeout(first - env.now)
        watches = {}
        for condition in self.scenario.abort:
            kind, rest = condition.counter.split("/", 1)
            name, field = rest.rsplit("/", 1)
            watches[core.watch(kind, name, field, core.read(kind, name, field) + condition.at_least)] = condition.counter
        met = yield env.any_of(list(watches))
        core.log("aborted", watches[next(iter(met))])
        self.stop.succeed()

    def _rollbacks(self, steps: Sequence[simpy.Event]) -> Work:
        env = self.core.env
        yield env.all_of(list(steps))
        for rollback in self.scenario.rollbacks:
            if env.now + rollback.after >= self.last:
                return
            yield env.timeout(rollback.after)
            try:
                yield from self._roll_back(rollback)
            except Exception as error:
                self._failed(-1, "rollback", error)

    def _roll_back(self, rollback: Rollback) -> Work:
        core, services = self.core, self.core.plan.architecture.services
        if rollback.restart is not None:
            name = rollback.restart
            ailing = [
                r
                for r in range(services[name].replicas)
                if not core.read("unit", instance_name(name, r), "up") or core.read("unit", instance_name(name, r), "hung")
            ]
            for replica in ailing:
                core.inject.crash(name, replica)
            if ailing:
                yield core.env.timeout(core.sample(services[name].restart_time, f"rollback/{name}"))
            for replica in ailing:
                core.inject.restart(name, replica)
            core.log("rollback", name, restarted=len(ailing))
        if rollback.release is not None:
            core.log("rollback", rollback.release, undone=self.control.changes.roll_back(rollback.release))
        for pool in rollback.pools or ():
            made = core.plan.architecture.pools[pool]
            if isinstance(made.slots, int):
                core.inject.pool_slots(pool, made.slots)
            if isinstance(made.queue, int):
                core.inject.pool_queue(pool, made.queue)
            core.log("rollback", pool)
