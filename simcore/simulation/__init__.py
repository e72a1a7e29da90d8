"""One run: a plan and what is done to it in, a journal out."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import simpy

from simcore.base.errors import InputError
from simcore.base.units import MINUTE
from simcore.compile.plan import Plan
from simcore.control.cosimulation import Cosimulation
from simcore.control.plane import ControlPlane
from simcore.journal.model import Journal
from simcore.kernel import jit
from simcore.kernel.memory import Memory as Memory  # for those who may not import the kernel
from simcore.simulation.stepped import Script, SteppedRun

Progress = Callable[[int], None]


@dataclass(frozen=True)
class Action:
    """A knob turned during a run, at the instant `at`, ns since midnight of the first day.

    `do` is the name of a method of simcore.control.injection.Injection (`crash`, `slow`, `pool_slots`, …), `arguments` are its keyword
    arguments.
    """

    at: int
    do: str
    arguments: Mapping[str, object] = field(default_factory=dict)


def simulate(
    plan: Plan,
    injections: Sequence[Action] = (),
    *,
    script: Script | None = None,
    progress: Progress | None = None,
    step_ns: int | None = None,
    memory: Memory | None = None,
) -> Journal:
    """Runs a plan from its start to its end and returns the journal.

    `injections` act at their times, those of one instant in the order given. `script` may start SimPy processes of its own on the
    cosimulation before the run begins. `progress` is called with the simulated time, ns, from time to time. `step_ns` cuts the run
    into pieces of that length, which changes nothing in the journal. `memory` is where the run takes its arenas from and gives them
    back to: who makes several runs in a process hands it to each, for fresh pages cost more than cleared ones.

    Raises InputError for a knob, name or value that does not exist.

    >>> from simcore.base.units import SECOND
    >>> from simcore.compile.plan import compile_plan
    >>> from simcore.library import load_pair
    >>> plan = compile_plan(*load_pair("textbook/mm1", "textbook/open-800"), seed=1, end=10 * SECOND)
    >>> journal = simulate(plan, [Action(5 * SECOND, "crash", {"service": "station", "replica": 0})])
    >>> journal.totals["flow"]["request"]["failed"] > 3000, journal.totals["unit"]["station#0"]["up"]
    (True, 0)
    """

    def begin(core: Cosimulation, control: ControlPlane) -> None:
        _schedule(core, injections)
        if script is not None:
            script(core, control)

    run = SteppedRun(plan, script=begin, memory=memory)
    piece = step_ns or (MINUTE if progress else plan.end - plan.start)
    for until in [*range(plan.start + piece, plan.end, piece), plan.end]:
        run.advance(until)
        if progress:
            progress(run.now)
        if run.over:
            break
    return run.finish()


def kernel_is_compiled() -> bool:
    """Whether the compiled kernel of this installation is in the cache on disk; if not, the first run compiles it, which takes 10 to 30 s."""
    return not jit.JIT or any(Path(jit.CACHE_FOLDER).rglob("loop.advance-*.nbi"))


def compiler_notice() -> str | None:
    """A line for people about how the kernel is compiled (that Numba's version is not one it was tried with, and what that costs); None if there
    is nothing to say."""
    return jit.NOTICE


def _schedule(core: Cosimulation, injections: Sequence[Action]) -> None:
    for action in injections:
        if not core.plan.start <= action.at < core.plan.end:
            raise InputError(f"{action.do} at {action.at} ns lies outside the run ({core.plan.start} to {core.plan.end} ns)")
        if action.do.startswith("_") or not callable(getattr(core.inject, action.do, None)):
            raise InputError(f"there is no knob {action.do!r}")
    ordered = sorted(injections, key=lambda action: action.at)

    def act() -> Generator[simpy.Event, None, None]:
        for action in ordered:
            if action.at > core.env.now:
                yield core.env.timeout(action.at - core.env.now)
            getattr(core.inject, action.do)(**action.arguments)
            detail = {k: v for k, v in action.arguments.items() if isinstance(v, (str, int, float, bool))}
            core.log("injected", action.do, **detail)

    if ordered:
        core.env.process(act())
