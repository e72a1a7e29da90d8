"""A target: the simulated core, put to the test itself."""

from __future__ import annotations

from chaos.documents.scenario import Scenario
from chaos.execution.inputs.resolve import ResolvedRun
from chaos.execution.target.protocol import AS_USUAL, RunOptions
from chaos.execution.target.simulated import SimulatedCore, SimulatedTarget
from simcore.journal.model import Journal


class Twice(SimulatedTarget):
    """The simulated core, each run made twice: an error unless both leave the same journal."""

    def bind(self, inputs: ResolvedRun) -> SimulatedCore:
        """The system that the files describe."""
        return _Core(inputs, self)


class _Core(SimulatedCore):
    def run(self, scenario: Scenario, seed: int, options: RunOptions = AS_USUAL) -> Journal:
        """One run of the scenario, made twice."""
        first, second = super().run(scenario, seed, options), super().run(scenario, seed, options)
        if first.digest != second.digest:
            raise RuntimeError(f"seed {seed} leaves {first.digest}, and then {second.digest}")
        return first
