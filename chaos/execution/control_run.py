"""The control run: the same system and seed with the method left out. An intent that is rejected here and was confirmed there is
rejected wrongly. The answer stands in the journal's intents before anything is judged; whoever judges reads the journal alone.

A control run is made where one can tell something: the scenario has a method, a flow with rows can be rejected, and some intent of
the run was. Runs of one system, window and seed share it, whatever their methods.
"""

from __future__ import annotations

import dataclasses
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chaos.documents.scenario import Scenario
from chaos.execution.jobs import Job
from chaos.execution.target.protocol import EventBudgetExceededError, RunOptions, SystemUnderTest
from simcore.journal.model import ACCEPTED_IN_CONTROL, NOT_COMPARED, OUTCOMES, REJECTED_IN_CONTROL, Columns, Journal
from simcore.model.effects import NEVER_REJECTED
from simcore.model.index import ArchitectureIndex
from simcore.model.steps import CLIENT, Effect, Fail

ROWS_MAX = 4_000_000
"""Of the control runs that are held at a time: 17 bytes each."""
_CONFIRMED, _REJECTED = OUTCOMES.index("confirmed"), OUTCOMES.index("rejected")
_FLOW_BITS = 12


class ControlOutcomes(NamedTuple):
    """How the intents of a control run ended: by submission and flow, ascending, and customer."""

    key: NDArray[np.int64]
    customer: NDArray[np.int64]
    rejected: NDArray[np.int8]


class ControlRuns:
    """The control runs of a session by their names, the most recent ones."""

    def __init__(self) -> None:
        self._known: dict[str, ControlOutcomes] = {}

    def add(self, name: str, outcomes: ControlOutcomes) -> None:
        """Keeps one, and lets go of the oldest where they are too many rows together."""
        self._known[name] = outcomes
        while len(self._known) > 1 and sum(len(one.key) for one in self._known.values()) > ROWS_MAX:
            del self._known[next(iter(self._known))]

    def of(self, system: SystemUnderTest, job: Job) -> ControlOutcomes:
        """The control run of a job, made if it is not there."""
        name = control_name(system, job)
        if name in self._known:
            self._known[name] = self._known.pop(name)
        else:
            self.add(name, make_control(system, job))
        return self._known[name]


def compared(controls: ControlRuns, plain: SystemUnderTest, job: Job, journal: Journal) -> Journal:
    """The journal of a job's run with what became of its intents in the control run, if that can tell anything. `plain` is the job's
    system with nothing left out: a run in which people's actions have no effect is held against the same control run. A run without
    a method is its own."""
    if "method" in job.left_out or not plain.inputs.scenario.model.method:
        return _with_answers(journal, _answers_of(journal.intents)) if _rejects(journal) else journal
    return held_against(controls, plain, job, journal) if wants_control(plain) else journal


def held_against(controls: ControlRuns, system: SystemUnderTest, job: Job, journal: Journal) -> Journal:
    """A journal with what became of its intents in the run of a system, with the seed of a job and without the method: of one without
    planted defects it says what they have rejected wrongly. As it was where nothing is rejected, or the control run could not be made."""
    if not can_reject(system.inputs.index) or not _rejects(journal):
        return journal
    control = controls.of(system, job)
    return _with_answers(journal, _found_in(control, journal.intents)) if control.key.size else journal


def _with_answers(journal: Journal, answers: NDArray[np.int8]) -> Journal:
    """The journal with what its intents came to in the control run, and the word that there was one."""
    answers.setflags(write=False)
    meta = journal.meta.model_copy(update={"controlled": True})
    return dataclasses.replace(journal, meta=meta, intents=journal.intents | {"rejected_in_control": answers})


def _rejects(journal: Journal) -> bool:
    """Whether any intent was rejected."""
    return bool((journal.intents["outcome"] == _REJECTED).any())


def wants_control(system: SystemUnderTest) -> bool:
    """Whether a run of the system may have to be held against a control run."""
    return bool(system.inputs.scenario.model.method) and system.limits.controls and can_reject(system.inputs.index)


def can_reject(index: ArchitectureIndex) -> bool:
    """Whether any flow with rows can be rejected by a business rule."""
    flows = [f"{CLIENT}.{name}" for name, flow in index.architecture.flows.items() if flow.record]
    bodies = {body for flow in flows for body in index.reached_from(flow)} | set(flows)
    steps = (placed.step for body in bodies for placed in index.steps_of(body))
    return any(
        (isinstance(step, Effect) and step.effect not in NEVER_REJECTED) or (isinstance(step, Fail) and step.fail == "rejected")
        for step in steps
    )


def control_name(system: SystemUnderTest, job: Job) -> str:
    """Changes with whatever decides the control run of a job."""
    inputs, scenario = system.inputs, system.inputs.scenario.model
    said = [
        job.target,
        inputs.architecture_digest,
        inputs.workload_digest,
        inputs.environment,
        repr(inputs.permanent_faults) if inputs.permanent_faults else "",
        repr((scenario.start, scenario.window.begin, scenario.end, job.seed, job.events_max)),
    ]
    return blake2b("\n".join(said).encode(), digest_size=16).hexdigest()


def make_control(system: SystemUnderTest, job: Job) -> ControlOutcomes:
    """Makes the control run of a job. Where it needs more events than the job may, there is nothing to compare with."""
    try:
        journal = system.run(_without_method(system.inputs.scenario.model), job.seed, RunOptions(events_max=job.events_max))
    except EventBudgetExceededError:
        return ControlOutcomes(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int8))
    key, customer = _key(journal.intents), journal.intents["customer"].astype(np.int64)
    answers = _answers_of(journal.intents)
    order = np.argsort(key, kind="stable")
    return ControlOutcomes(key[order], customer[order], answers[order])


def _answers_of(intents: Columns) -> NDArray[np.int8]:
    """What the intents of a control run came to."""
    outcome = intents["outcome"]
    answers: NDArray[np.int8] = np.select(
        [outcome == _REJECTED, outcome == _CONFIRMED], [REJECTED_IN_CONTROL, ACCEPTED_IN_CONTROL], NOT_COMPARED
    ).astype(np.int8)
    return answers


def _without_method(scenario: Scenario) -> Scenario:
    return scenario.model_copy(update={"method": [], "abort": [], "rollbacks": []})


def _key(intents: Columns) -> NDArray[np.int64]:
    """When an intent was submitted and of which flow it is: with the customer that tells it from all others of a seed."""
    key: NDArray[np.int64] = intents["submit_ns"].astype(np.int64) << _FLOW_BITS | intents["flow"]
    return key


def _found_in(control: ControlOutcomes, intents: Columns) -> NDArray[np.int8]:
    """Of each intent what it came to in the control run. One that is not there (more load, or a closed population, whose requests
    come when answers do) is not compared."""
    key, customer = _key(intents), intents["customer"]
    answers = np.full(key.size, NOT_COMPARED, np.int8)
    at = np.searchsorted(control.key, key)
    left = np.arange(key.size)
    while left.size:  # once for each customer of the same flow and instant, nearly always one
        left = left[at[left] < control.key.size]
        left = left[control.key[at[left]] == key[left]]
        same = control.customer[at[left]] == customer[left]
        answers[left[same]] = control.rejected[at[left[same]]]
        left = left[~same]
        at[left] += 1
    return answers
