"""What any system under test offers a scenario; the simulated core is the first. docs/writing-a-fault.md has the other side."""

from __future__ import annotations

from typing import Protocol

from chaos.documents.scenario import Scenario
from chaos.faults.fault import Fault, Target
from simcore.journal.model import Journal


class SystemUnderTest(Protocol):
    """A system that faults can be applied to and that leaves a journal of a run."""

    def supports(self, fault: Fault) -> list[Target]:
        """What the fault would hit here. Raises InputError if it cannot be applied."""
        ...

    def run(self, scenario: Scenario, seed: int) -> Journal:
        """One run of the scenario's window with its method carried out; every step's start, evidence and end stand in the journal
        as events fault_started, fault_exercised, fault_healed or fault_failed."""
        ...
