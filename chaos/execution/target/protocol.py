"""What can be put under test. The simulated core is built in; others come from installed packages (`catalogue`).

A run is made in three steps. *Resolve* reads the files of a job (`chaos.execution.inputs.resolve`). *Bind* asks a target for the system
that they describe, and whether it can do what the scenario wants, before anything starts (`bind`). *Execute* runs a seed on the bound
system and leaves a journal (`chaos.execution.execute`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from chaos.documents.scenario import Scenario
from chaos.execution.inputs.resolve import ResolvedRun
from chaos.faults.fault import Fault, Target
from simcore.journal.model import Journal


@dataclass(frozen=True)
class RunOptions:
    """How a run is made. None of it changes what happens in it.

    Of every `spans`-th request the hops are kept (0: of none); `progress` is called with the time in the run, ns; a run that needs
    more than `events_max` events is given up (None: never).
    """

    spans: int = 0
    progress: Callable[[int], None] | None = None
    events_max: int | None = None


AS_USUAL = RunOptions()


@dataclass(frozen=True)
class RunLimits:
    """Which runs a system can make: of these `seeds` alone (None: of any), with the hops of requests kept or not, with their events
    bounded or not, with what its `inputs.left_out` names left out or not. `controls`: a run without the method has,
    for the same seed, the same customers who want the same at the same time, so that what is rejected can be held against it.
    `one_at_a_time`: a run takes the machine for itself, so that there are no two at once."""

    seeds: frozenset[int] | None = None
    spans: bool = True
    events: bool = True
    left_out: bool = False
    controls: bool = False
    one_at_a_time: bool = False


class EventBudgetExceededError(Exception):
    """A run was given up: it needed more events than it was allowed."""


class SystemUnderTest(Protocol):
    """A system that the files of a scenario describe, ready for runs. It does not change: the same scenario and seed leave the same
    journal, as far as the system can."""

    @property
    def inputs(self) -> ResolvedRun:
        """What it was bound to: scenario, architecture, workload, environment by their names and contents."""
        ...

    @property
    def input_digest(self) -> str:
        """Changes with whatever decides what a run does, but for the seed: a run that is kept counts for it alone."""
        ...

    @property
    def watchers(self) -> dict[str, str]:
        """Who raises the alarm of each name in the journal: monitor, robot or customers."""
        ...

    def supports(self, fault: Fault) -> list[Target]:
        """What the fault would hit here. Raises InputError, naming what there is, if it cannot be applied."""
        ...

    @property
    def limits(self) -> RunLimits:
        """Which runs it can make: held against what is wanted before the first begins."""
        ...

    def run(self, scenario: Scenario, seed: int, options: RunOptions = AS_USUAL) -> Journal:
        """One run of the scenario's window with its method carried out; every step's start, evidence and end stand in the journal
        as events fault_started, fault_exercised, fault_healed or fault_failed.

        Raises EventBudgetExceededError where the options bound the events.
        """
        ...


class OpenTarget(Protocol):
    """A kind of system under test, opened by its name for a session and closed with it."""

    def bind(self, inputs: ResolvedRun) -> SystemUnderTest:
        """The system that the files describe. Raises InputError if this target cannot be it."""
        ...

    def announce(self, note: Callable[[str], None]) -> None:
        """Says with `note` what a person should know before runs begin, such as that the first one takes long."""
        ...

    def close(self) -> None:
        """Lets go of connections and memory. No system that it bound is used any more."""
        ...
