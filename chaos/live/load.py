"""The load of a run: the simulator's own arrivals, so that the same customers want the same at the same instants in both.

They are had by simulating the customers alone: flows that ask nobody, under the same workload and seed, with the scenario's surges. What
follows from answers (a closed population) cannot be planned so, and is refused before (chaos.live.capabilities).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import simpy

from chaos.documents.scenario import Step
from chaos.execution.target.contributors import in_order
from chaos.faults.system import System
from chaos.live.node import chance
from chaos.live.node.customers import Arrival, Kept
from simcore.base.units import MS
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

_Process = Generator[simpy.Event, Any, None]
_NOTHING = Wait(wait=Distribution(constant=0))
_COUNTED_EVERY = 100 * MS
"""So often it is noted how many a lull has kept away: as often as nodes say their counters."""


class Changed(NamedTuple):
    """What a step did to the arrivals of a flow: so many came, or did not, for it by each of the times, ns, ascending."""

    times: list[int]
    intents: list[int]

    def by(self, now: int) -> int:
        """How many by then."""
        at = bisect_right(self.times, now)
        return self.intents[at - 1] if at else 0


Changes = Mapping[tuple[str, str], Changed]
"""By flow and contributor."""


class Load(NamedTuple):
    """All intents of a run in the order in which they are due, how many a lull keeps away, and when, and what each step does of that."""

    arrivals: list[Arrival]
    kept: list[Kept]
    changes: Changes


class _Changed(NamedTuple):
    """How many a factor on a flow's rate had brought or kept away at a time, ns."""

    at: int
    flow: str
    intents: int


def planned(run: Plan, method: Sequence[Step]) -> Load:
    """Who comes in a run under a scenario's method."""
    surging = any(step.fault.fault in ARRIVAL_FAULTS for step in method)
    alone = _customers_alone(run.architecture)
    plan = compile_plan(alone, run.workload, seed=run.seed, start=run.start, end=run.end, span_sampling=1)

    changed: list[_Changed] = []
    changes: dict[tuple[str, str], Changed] = {}

    def surges(core: Cosimulation, control: ControlPlane) -> None:
        if surging:
            core.env.process(_counted(core, changed))
        for _, step, by in in_order(method):
            if step.fault.fault in ARRIVAL_FAULTS:
                core.env.process(_held(ActingCore(core, by), control, step))
                core.env.process(_credited(ActingCore(core, by), step, changes))

    arrivals = _arrivals(simulate(plan, script=surges), plan if surging else None)
    return Load(arrivals, list(_kept(changed, arrivals, {name: i for i, name in enumerate(alone.flows)})), changes)


def _credited(core: ActingCore, step: Step, changes: dict[tuple[str, str], Changed]) -> _Process:
    """Of each flow that the step changes how many intents it brought or kept away, as time goes by."""
    flows = [target.name for target in step.fault.targets(System(core.plan.index, core.plan.workload))]
    of_flows = [changes.setdefault((flow, core.by), Changed([], [])) for flow in flows]
    ends = core.plan.end if step.lasts is None else min(step.at + step.lasts, core.plan.end)
    yield core.env.timeout(step.at - core.env.now)
    while core.env.now < ends:
        yield core.env.timeout(min(_COUNTED_EVERY, ends - core.env.now))
        for flow, changed in zip(flows, of_flows, strict=True):
            changed.times.append(int(core.env.now))
            changed.intents.append(core.inject.met("flow", flow, "rate_changed") or 0)


def _counted(core: Cosimulation, changed: list[_Changed]) -> _Process:
    """Notes what the factors do."""
    counts = dict.fromkeys(core.plan.architecture.flows, 0)
    while True:
        yield core.env.timeout(_COUNTED_EVERY)
        for flow in counts:
            count = core.read("flow", flow, "rate_changed")
            if count != counts[flow]:
                counts[flow] = count
                changed.append(_Changed(int(core.env.now), flow, count))


def _kept(changed: Sequence[_Changed], arrivals: Sequence[Arrival], numbers: Mapping[str, int]) -> Iterator[Kept]:
    """Of those whom a factor has brought or kept away the latter, in the middle of the interval in which they would have come."""
    kept, brought = dict.fromkeys(numbers, 0), dict.fromkeys(numbers, 0)
    extra = {name: [a.due for a in arrivals if a.extra and a.flow == number] for name, number in numbers.items()}
    for at, flow, count in changed:
        brought[flow] = bisect_left(extra[flow], at)
        more = count - brought[flow] - kept[flow]
        kept[flow] += more
        if more:
            yield Kept(numbers[flow], at - _COUNTED_EVERY // 2, more)


ARRIVAL_FAULTS = ("surge",)
"""The faults that do nothing but make more, or fewer, intents come."""


def _held(core: ActingCore, control: ControlPlane, step: Step) -> _Process:
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
