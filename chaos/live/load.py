"""The load of a run: the simulator's own arrivals, so that the same customers want the same at the same instants in both.

They are had by simulating the customers alone: flows that ask nobody, under the same workload and seed, with the scenario's surges. What
follows from answers (a closed population) cannot be planned so, and is refused before (chaos.live.capabilities).
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

import numpy as np
import simpy

from chaos.documents.scenario import Step
from chaos.execution.target.contributors import in_order
from chaos.live.node import chance
from chaos.live.node.customers import Arrival
from simcore.compile.plan import Plan, compile_plan
from simcore.control.acting import ActingCore
from simcore.control.cosimulation import Cosimulation
from simcore.control.plane import ControlPlane
from simcore.journal.model import Journal
from simcore.model.architecture import Architecture, Operation, Service
from simcore.model.control.section import Control
from simcore.model.distributions import Distribution
from simcore.model.steps import Wait, Work
from simcore.simulation import simulate

_NOTHING = Wait(wait=Distribution(constant=0))


def planned(run: Plan, method: Sequence[Step]) -> list[Arrival]:
    """All intents of a run under a scenario's method, in the order in which they are due."""
    surging = any(step.fault.fault in ARRIVAL_FAULTS for step in method)
    alone = _customers_alone(run.architecture)
    plan = compile_plan(alone, run.workload, seed=run.seed, start=run.start, end=run.end, span_sampling=1)

    def surges(core: Cosimulation, control: ControlPlane) -> None:
        for _, step, by in in_order(method):
            if step.fault.fault in ARRIVAL_FAULTS:
                core.env.process(_held(ActingCore(core, by), control, step))

    return _arrivals(simulate(plan, script=surges), plan if surging else None)


ARRIVAL_FAULTS = ("surge",)
"""The faults that do nothing but make more, or fewer, intents come."""


def _held(core: ActingCore, control: ControlPlane, step: Step) -> Generator[simpy.Event, Any, None]:
    yield core.env.timeout(step.at - core.env.now)
    step.fault.apply(core, control)
    if step.lasts is not None and step.at + step.lasts < core.plan.end:
        yield core.env.timeout(step.lasts)
        step.fault.heal(core, control)


def _customers_alone(architecture: Architecture) -> Architecture:
    """The same flows, each recorded and done at once."""
    flows = {name: flow.model_copy(update={"steps": [_NOTHING], "record": True}) for name, flow in architecture.flows.items()}
    idle = Service(operations={"idle": Operation(steps=[Work(work=Distribution(constant=0))])})
    return architecture.model_copy(
        update={"flows": flows, "services": {"idle": idle}, "links": [], "pools": {}, "limits": {}, "control": Control()}
    )


def _arrivals(journal: Journal, surging: Plan | None) -> list[Arrival]:
    """Of every intent its root, which is the path of the customer's own task."""
    intents, spans = journal.intents, journal.spans
    root_of = dict(zip(spans["request"].tolist(), spans["path"].astype(np.uint64).tolist(), strict=True))
    extra = set() if surging is None else _roots_of_surges(surging, len(root_of) + _never_came(journal))
    columns = (intents[name].tolist() for name in ("request", "flow", "customer", "submit_ns"))
    return [
        Arrival(request, flow, root_of[request], customer, due, root_of[request] in extra)
        for request, flow, customer, due in zip(*columns, strict=True)
    ]


def _never_came(journal: Journal) -> int:
    """At most so many intents of a surge have a number, and were kept away by a lull within it."""
    return sum(journal.total("flow", flow, "rate_changed") for flow in journal.meta.flow_kinds)


def _roots_of_surges(plan: Plan, most: int) -> set[int]:
    """The hashes of the intents that only come because a factor is on a flow's rate: docs/semantics.md says what they are."""
    intent = plan.seed_key ^ chance.name("intent")
    streams = [chance.combine(intent, chance.name(f"{flow}/surge")) for flow in plan.architecture.flows]
    return {chance.combine(stream, n) for stream in streams for n in range(most)}
