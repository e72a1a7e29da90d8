"""A scenario's method carried out on a core that runs, simulated or not, as SimPy processes beside those of the control plane."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chaos.documents.scenario import Rollback, Scenario, Step
from chaos.execution.target.contributors import Contributing, in_order, of_permanent
from chaos.faults.fault import Fault
from chaos.faults.system import System
from simcore.model.index import instance_name

if TYPE_CHECKING:
    import simpy

    from simcore.control.acting import ActingCore, ScenarioCore
    from simcore.control.plane import ControlPlane

EVENT_WORDS = {
    "defect_stands": "a planted defect that is a fault of the whole run begins",
    "fault_started": "a step of the scenario begins (step, fault, targets)",
    "fault_failed": "a step of the scenario could not be done, or not be healed (why)",
    "fault_exercised": "what a step's counters grew by since it began (grown)",
    "fault_healed": "a step of the scenario is healed",
    "fault_over": "what a step did is in force no longer, though not by its own end (since, ns)",
    "fault_without_target": "a step has nothing to hit, because the architecture does without it (step)",
    "fault_skipped": "a step is left out after an abort",
    "rollout_step": "a release goes to the next group of replicas (replicas)",
    "rollout_stopped": "monitors sound, and a release goes no further",
    "aborted": "an abort condition was met (counter)",
    "rollback": "a rollback of the scenario is done",
    "actions_pending": "the number of incidents, runbooks and failovers under way has changed (count)",
}
"""The words that a run's method adds to the events of the journal, with what they mean."""
Work = Generator["simpy.Event", Any, None]


@dataclass
class _Held:
    """A step that has begun and is not healed: what it acts through, until when, and the sum of its counters when it began."""

    number: int
    step: Step
    core: ActingCore
    ends: int
    readings: Sequence[str]
    grown: int = 0
    """What its counters grew by while it made a difference, up to when that last changed."""
    since: int | None = None
    """The sum of its counters since when it makes one; None: it does not now."""
    stopped: int | None = None
    """When it last ceased to make a difference, ns; None: it never did."""
    work: Work | None = None
    process: simpy.Process | None = None
    clearing: simpy.Process | None = None
    ended: bool = False
    healed: bool = False


def hold_permanently(fault: Fault, number: int, core: ActingCore, control: ControlPlane) -> Work:
    """A fault that is there from the beginning, and belongs to the system rather than to the scenario."""
    yield core.env.timeout(0)
    core.log("defect_stands", fault.fault, number=number)
    made = fault.apply(core, control)
    if made is not None:
        yield from made


def begin_scenario(scenario: Scenario, permanent: Sequence[Fault], core: ScenarioCore, control: ControlPlane) -> None:
    """Starts all that is done to a system in a run: the faults that stand throughout, and the scenario's method. Called before the run
    begins."""
    from simcore.control.acting import ActingCore

    for number, (fault, by) in enumerate(zip(permanent, of_permanent(permanent), strict=True)):
        core.env.process(hold_permanently(fault, number, ActingCore(core, by), control))
    ScenarioExecutor(scenario, core, control).begin()


class ScenarioExecutor:
    """One run's method as SimPy processes. What it does and sees stands in the journal; it decides nothing about the verdict."""

    def __init__(self, scenario: Scenario, core: ScenarioCore, control: ControlPlane) -> None:
        self.scenario, self.core, self.control = scenario, core, control
        self.system = System(core.plan.index, core.plan.workload)
        self.stop = core.env.event()
        self.last = core.plan.end - 1
        self._held: list[_Held] = []
        self._left: list[_Held] = []

    def begin(self) -> None:
        """Start everything. Called before the run begins."""
        env, method = self.core.env, self.scenario.method
        steps = [env.process(self._step(contributing)) for contributing in in_order(method)]
        if method and self.scenario.abort:
            env.process(self._abort(min(step.at for step in method)))
        if self.scenario.rollbacks:
            env.process(self._rollbacks(steps))
        self.listen()

    def start(self, number: int) -> None:
        """Begins the step of that number of the method now, whenever it is written for; for a run in which somebody decides when. Its
        name, and with it its chance, is that of the step as written."""
        contributing = next(c for c in in_order(self.scenario.method) if c.number == number)
        now = contributing.step.model_copy(update={"at": int(self.core.env.now)})
        self.core.env.process(self._step(contributing._replace(step=now)))

    def listen(self) -> None:
        """Follows what changes in the run, from before it begins: all of `begin` but the method itself."""
        self.core.inject.changed = self._weigh_all
        self.control.pending.changed = lambda count: self.core.log("actions_pending", "", count=count)

    def _step(self, contributing: Contributing) -> Work:
        number, step, by = contributing
        env, core, fault = self.core.env, self.core, step.fault
        yield env.timeout(step.at - env.now)
        if self.stop.triggered:
            core.log("fault_skipped", step.label, step=number)
            return
        self._end_what_is_due()
        targets = [str(t) for t in fault.targets(self.system)]
        if not targets:  # the architecture does without what it would hit
            core.log("fault_without_target", step.label, step=number)
            return
        ends = self.last if step.lasts is None else min(step.at + step.lasts, self.last)
        readings = fault.readings(self.system)
        from simcore.control.acting import ActingCore

        held = _Held(number, step, ActingCore(core, by), ends, readings)
        core.log("fault_started", step.label, step=number, fault=fault.fault, targets=", ".join(targets)[:300])
        self._held.append(held)
        met = self._sum(fault.met_at_once(self.system), held.core)
        held.work = self._do(fault.apply, held)
        self._weigh(held)
        if held.since is not None:
            held.grown += met
        if held.work is not None:
            held.process = env.process(self._guarded(held.work, held))
        yield self._before_all_else(ends) | self.stop
        self._end(held)
        if env.now >= self.last or (step.lasts is None and not self.stop.triggered):
            return
        self._heal(held)
        if held.clearing is not None:
            yield held.clearing

    def _before_all_else(self, at: int) -> simpy.Event:
        """An event at that time, ns, ahead of all that begins then, batches and samples included."""
        from simpy.events import URGENT

        event = self.core.env.event()
        event._ok, event._value = True, None
        self.core.env.schedule(event, URGENT, at - self.core.env.now)
        return event

    def _end_what_is_due(self) -> None:
        """At one instant ends come before beginnings."""
        for held in list(self._held):
            if held.ends <= self.core.env.now:
                self._end(held)
                self._heal(held)

    def _end(self, held: _Held) -> None:
        """It acts no more; what its counters grew by is written down."""
        if held.ended:
            return
        annulled = held.stopped if held.since is None else None
        self._weigh(held, ends=True)
        held.ended = True
        self.core.log("fault_exercised", held.step.label, step=held.number, grown=held.grown)
        if annulled is not None:
            self.core.log("fault_over", held.step.label, step=held.number, since=annulled)
        if held.work is not None and held.process is not None and held.process.is_alive:
            held.work.close()
            held.process.interrupt("healed")

    def _weigh_all(self) -> None:
        for held in self._held:
            self._weigh(held)
        for held in [held for held in self._left if not held.core.inject.acts()]:
            self._left.remove(held)
            self.core.log("fault_over", held.step.label, step=held.number, since=int(self.core.env.now))

    def _weigh(self, held: _Held, *, ends: bool = False) -> None:
        """Counts what met the step for as long as it made a difference: called when anything may have changed that."""
        acts = not ends and not held.ended and (held.core.inject.acts() or not held.step.fault.turns_knobs)
        if acts == (held.since is not None):
            return
        now = self._sum(held.readings, held.core)
        if held.since is not None:
            held.grown += now - held.since
            held.stopped = int(self.core.env.now)
        held.since = now if acts else None

    def _heal(self, held: _Held) -> None:
        if held.healed:
            return
        held.healed = True
        self._held.remove(held)
        clearing = self._do(held.step.fault.heal, held)
        if clearing is None:
            self._healed(held)
        else:
            held.clearing = self.core.env.process(self._clear(clearing, held))

    def _clear(self, clearing: Work, held: _Held) -> Work:
        yield from self._guarded(clearing, held)
        self._healed(held)

    def _healed(self, held: _Held) -> None:
        """What it has left behind, for people to put right, stays in force until they do."""
        left = {"left": True} if held.core.inject.acts() else {}
        self.core.log("fault_healed", held.step.label, step=held.number, **left)
        if left:
            self._left.append(held)

    def _do(self, act: Callable[[ActingCore, ControlPlane], Work | None], held: _Held) -> Work | None:
        """Calls it; what it leaves to be done as time goes by. A failure goes into the journal."""
        try:
            return act(held.core, self.control)
        except Exception as error:
            self._failed(held.number, held.step.label, error)
            return None

    def _guarded(self, work: Work, held: _Held) -> Work:
        import simpy

        try:
            yield from work
        except simpy.Interrupt:
            work.close()
        except Exception as error:
            self._failed(held.number, held.step.label, error)

    def _failed(self, number: int, label: str, error: Exception) -> None:
        self.core.log("fault_failed", label, step=number, why=f"{type(error).__name__}: {error}"[:300])

    def _sum(self, readings: Sequence[str], core: ActingCore) -> int:
        """Of some counters and gauges, as far as what acts through `core` alone made them grow, where they say who did."""
        total = 0
        for reading in readings:
            kind, rest = reading.split("/", 1)
            name, field = rest.rsplit("/", 1)
            own = core.inject.met(kind, name, field)
            total += core.read(kind, name, field) if own is None else own
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
                yield core.env.timeout(core.sample(services[name].restart_time, f"rollback/{name}", int(core.env.now)))
            for replica in ailing:
                core.inject.restart(name, replica)
            core.log("rollback", name, restarted=len(ailing))
        if rollback.release is not None:
            core.log("rollback", rollback.release, undone=self.control.changes.roll_back(rollback.release))
        for pool in rollback.pools or ():
            made = core.plan.architecture.pools[pool]
            core.inject.pool_slots(pool, None)
            if isinstance(made.queue, int):
                core.inject.pool_queue(pool, made.queue)
            core.log("rollback", pool)
