"""Which combinations of business branch, dependency, fault, phase of the day and load a suite exercises."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations, product
from typing import NamedTuple

from chaos.documents.triggers import Triggers
from chaos.execution.inputs.resolve import ResolvedRun
from chaos.faults.fault import Target
from chaos.results.coverage import CombinationRow
from simcore.model.architecture import Architecture
from simcore.model.index import ArchitectureIndex
from simcore.model.steps import CLIENT
from simcore.model.workload import Workload

FACTORS = ("branch", "dependency", "fault", "phase", "load")
LOADS = ("normal", "high")
LOW, HIGH = 0.5, 1.5
"""Shares of the workload's own load below which load is low, and above which it is high."""
STRENGTHS = (1, 2, 3)


class Point(NamedTuple):
    """One value of each factor: a kind of flow, the service that is hit, the fault, the phase of the day and the level of load."""

    branch: str
    dependency: str
    fault: str
    phase: str
    load: str


# --- what there is ----------------------------------------------------------------------------------------------------------------


def reached(index: ArchitectureIndex) -> dict[str, set[str]]:
    """By service the kinds of flows (business branches) that come to it, through calls and messages; probes are left out."""
    found: dict[str, set[str]] = {}
    for name, flow in index.architecture.flows.items():
        for operation in index.reached_from(f"{CLIENT}.{name}") if flow.kind != "probe" else ():
            found.setdefault(index.bodies[operation].service, set()).add(flow.kind)
    return found


def faults_of(triggers: Triggers) -> list[str]:
    """The names of the faults that a triggers file uses, each once, in the order of the file."""
    words = [word for trigger in triggers.triggers.values() for step in trigger.steps for word in step]
    return list(dict.fromkeys(word for word in words if word not in ("after", "for", "name")))


def universe(architecture: Architecture, triggers: Triggers, faults: Iterable[str]) -> set[Point]:
    """All combinations that make sense for an architecture: those in which requests of the flow reach the service that is hit."""
    return {
        Point(branch, dependency, fault, phase, load)
        for dependency, branches in reached(ArchitectureIndex(architecture)).items()
        for branch in branches
        for fault, phase, load in product(faults, triggers.phases, LOADS)
    }


# --- what a suite exercises -------------------------------------------------------------------------------------------------------


def exercised(inputs: ResolvedRun, normal: Workload, triggers: Triggers) -> set[Point]:
    """The combinations of a scenario as it is run: one for each step, thing hit, and branch that comes to it."""
    comes, found = reached(inputs.index), set()
    load = load_level(inputs.workload, normal)
    for step in inputs.scenario.model.method:
        phase = phase_at(triggers, step.at)
        for dependency in {_service(inputs.index, t) for t in step.fault.targets(inputs.system)}:
            for branch in comes.get(dependency, ()):
                found.add(Point(branch, dependency, step.given()[0][0], phase, load))
    return found


def _service(index: ArchitectureIndex, target: Target) -> str:
    """What is hit as a dependency: of a link whom it leads to, of a pool the first who runs on it."""
    architecture, name = index.architecture, target.name.partition("#")[0]
    if target.kind == "link":
        return index.links[name].target if name in index.links else name
    if target.kind == "pool":
        return next((s for s, service in architecture.services.items() if name in service.pools), name)
    if target.kind == "failover" and name in architecture.control.failovers:
        return architecture.control.failovers[name].service
    return name


def phase_at(triggers: Triggers, at: int) -> str:
    """The phase of the day that holds an instant; outside all of them, "none"."""
    return next((name for name, phase in triggers.phases.items() if phase.since <= at < phase.until), "none")


def load_level(workload: Workload, normal: Workload) -> str:
    """Low, normal or high against the workload as its file has it."""
    mine, usual = _volume(workload), _volume(normal)
    share = mine / usual if usual else 1.0
    return "low" if share < LOW else "high" if share > HIGH else "normal"


def _volume(workload: Workload) -> float:
    return sum((flow.per_day or 0.0) + (flow.rate or 0.0) * 86400.0 for flow in workload.flows.values())


def covered(points: set[Point], every: set[Point]) -> list[CombinationRow]:
    """For t = 1, 2, 3: how many of the combinations of t factors' values are exercised, over all choices of t factors."""
    rows = []
    for t in STRENGTHS:
        have = need = 0
        for factors in combinations(range(len(FACTORS)), t):
            wanted = {tuple(p[i] for i in factors) for p in every}
            have += len({tuple(p[i] for i in factors) for p in points} & wanted)
            need += len(wanted)
        rows.append(CombinationRow(t=t, covered=have, of=need, share=have / need if need else None))
    return rows
