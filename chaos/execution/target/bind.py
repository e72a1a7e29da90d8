"""The second of the three steps of a run: from resolved files to a system under test that is known to do what the scenario wants."""

from __future__ import annotations

from chaos.documents.scenario import Scenario
from chaos.execution.inputs.resolve import ResolvedRun
from chaos.execution.target.checks import name_findings
from chaos.execution.target.protocol import OpenTarget, SystemUnderTest
from simcore.base.errors import InputError
from simcore.files.validation import Finding


def bind(target: OpenTarget, inputs: ResolvedRun) -> SystemUnderTest:
    """The system under test for a scenario, checked: every name that the scenario uses exists there, and every fault can be applied.
    Raises InputError with the places in the scenario's file."""
    system = target.bind(inputs)
    for fault in inputs.permanent_faults:
        system.supports(fault)
    scenario = inputs.scenario.model
    findings = [*_fault_findings(scenario, system), *name_findings(scenario, inputs.index)]
    if findings:
        raise inputs.scenario.error(findings)
    return system


def _fault_findings(scenario: Scenario, system: SystemUnderTest) -> list[Finding]:
    found = []
    for i, step in enumerate(scenario.method):
        try:
            if not system.supports(step.fault):
                found.append(Finding(("method", i), "hits nothing"))
        except InputError as error:
            found.append(Finding(("method", i, step.given()[0][0]), error.message, error.hint))
    return found
