"""The simulated core as the system under test."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from chaos.documents.scenario import Scenario
from chaos.execution.inputs.resolve import ResolvedRun
from chaos.execution.target.executor import begin_scenario
from chaos.execution.target.protocol import AS_USUAL, EventBudgetExceededError, RunLimits, RunOptions
from chaos.faults.fault import Fault, Target
from simcore.base.errors import InputError
from simcore.journal.model import Journal

if TYPE_CHECKING:
    from simcore.compile.plan import Plan
    from simcore.control.cosimulation import Cosimulation
    from simcore.control.plane import ControlPlane
    from simcore.simulation import Memory


class SimulatedTarget:
    """The simulated core: an architecture under a workload, in this process."""

    def __init__(self, address: str = "") -> None:
        if address:
            raise InputError("the simulated core has no address", hint="write --target simulated")
        self._memory: Memory | None = None

    def bind(self, inputs: ResolvedRun) -> SimulatedCore:
        """The simulated core of an architecture under a workload."""
        return SimulatedCore(inputs, self)

    @property
    def memory(self) -> Memory:
        """What its runs take their arenas from, one run after the other. Numba is imported here."""
        from simcore.simulation import Memory

        if self._memory is None:
            self._memory = Memory()
        return self._memory

    def announce(self, note: Callable[[str], None]) -> None:
        """Says so when the kernel has to be compiled first, which happens once an installation, and how, if not in the usual way."""
        from simcore.simulation import compiler_notice, kernel_is_compiled

        if not kernel_is_compiled():
            if notice := compiler_notice():
                note(notice)
            note("compiling the kernel, once for this installation: this takes 10 to 30 seconds …")

    def close(self) -> None:
        """Lets go of the memory."""
        self._memory = None


class SimulatedCore:
    """An architecture under a workload, as a scenario and the command line would have them."""

    def __init__(self, inputs: ResolvedRun, target: SimulatedTarget) -> None:
        self.inputs, self._target = inputs, target

    @cached_property
    def input_digest(self) -> str:
        """That of the files: nothing else decides what a run does."""
        return self.inputs.digest

    @property
    def watchers(self) -> dict[str, str]:
        """Those of the architecture's control section."""
        return self.inputs.watchers

    def supports(self, fault: Fault) -> list[Target]:
        """What the fault would hit: every fault can be simulated. Raises InputError if its selector finds nothing."""
        return fault.targets(self.inputs.system)

    @property
    def limits(self) -> RunLimits:
        """Every run can be made."""
        return RunLimits(left_out=True, controls=True)

    def run(self, scenario: Scenario, seed: int, options: RunOptions = AS_USUAL) -> Journal:
        """One run with the method carried out. Numba is imported here. The budget of events is looked at every simulated minute."""
        from simcore.simulation import simulate

        inputs = self.inputs
        plan = plan_of(inputs, scenario, seed, options.spans)
        if inputs.left_out.method:
            scenario = scenario.model_copy(update={"method": [], "abort": [], "rollbacks": []})
        script = _Script(scenario, inputs.permanent_faults, options)
        watched = options.progress is not None or options.events_max is not None
        return simulate(plan, script=script.begin, progress=script.progress if watched else None, memory=self._target.memory)


def plan_of(inputs: ResolvedRun, scenario: Scenario, seed: int, spans: int = 0) -> Plan:
    """What is run of a scenario with a seed, simulated or not; of every `spans`-th request the hops are kept (0: of none)."""
    from simcore.compile.plan import compile_plan

    return compile_plan(
        inputs.architecture,
        inputs.workload,
        seed=seed,
        start=scenario.start,
        end=scenario.end,
        span_sampling=spans,
        environment=inputs.environment,
        details={"architecture_digest": inputs.architecture_digest, "window": [scenario.window.begin, scenario.window.end]},
        left_out=inputs.left_out.actions,
    )


class _Script:
    """What goes on in a run beside the system itself: permanent faults, the scenario's method, and whoever follows its progress."""

    def __init__(self, scenario: Scenario, permanent: tuple[Fault, ...], options: RunOptions) -> None:
        self.scenario, self.permanent, self.options = scenario, permanent, options
        self.core: Cosimulation | None = None

    def begin(self, core: Cosimulation, control: ControlPlane) -> None:
        """Starts the processes. Called before the run begins."""
        self.core = core
        begin_scenario(self.scenario, self.permanent, core, control)

    def progress(self, now: int) -> None:
        """Raises EventBudgetExceededError when the kernel has handled too many events; else tells who wants to know the time, ns."""
        budget = self.options.events_max
        if budget is not None and self.core is not None and self.core.events > budget:
            raise EventBudgetExceededError(f"more than {budget} events by {now} ns")
        if self.options.progress is not None:
            self.options.progress(now)
