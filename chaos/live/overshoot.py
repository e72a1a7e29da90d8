"""Whether a twin's timers are good enough for the work that it is to do: a sleep ends a little late, and work that is short against that makes
its service busier than its architecture says."""

from __future__ import annotations

import asyncio
import selectors
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import median

from chaos.live.node import program
from chaos.measures.formatting import latency, percent

SLEEPS = 40
SLEEP_S = 1e-3
BUSIER_MAX = 0.1
"""By so much of its slots a pool may be busier for the timers' sake before it is spoken of."""
_DEPTH_MAX = 50


def timer_overshoot_s() -> float:
    """How much later than asked a timer of a node's event loop wakes here and now, s: the median of some."""

    async def measured() -> list[float]:
        loop, late = asyncio.get_running_loop(), list[float]()
        for _ in range(SLEEPS):
            due, woken = loop.time() + SLEEP_S, loop.create_future()
            loop.call_at(due, woken.set_result, None)
            await woken
            late.append(loop.time() - due)
        return late

    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selectors.SelectSelector())) as runner:
        return max(0.0, median(runner.run(measured())))


def too_short(blueprint: program.Blueprint, rates: dict[str, float], overshoot_s: float) -> list[str]:
    """For each pool that the timers make busier by more than BUSIER_MAX of its slots, a sentence that says so. `rates`: how many intents of each
    flow come in a second. Routes are taken to be equally likely; attempts after the first are left out."""
    sleeps = defaultdict[str, float](float)
    for flow, rate in rates.items():
        _walk(blueprint, blueprint.operations[f"{program.CLIENT}.{flow}"], rate, sleeps, 0)
    busier = defaultdict[str, float](float)
    for name, often in sleeps.items():
        made = blueprint.services.get(name.partition(".")[0])  # the customers are none
        for pool in blueprint.operations[name].pools:
            slots = blueprint.pools[pool].slots
            if slots and made is not None:
                busier[pool] += often * overshoot_s / (slots * made.replicas)
    return [
        f"{pool}: its work is so short that this machine's timers, {latency(round(overshoot_s * 1e9))} late, make it busier by {percent(share)} "
        "of its slots; expect longer queues than simulated"
        for pool, share in busier.items()
        if share > BUSIER_MAX
    ]


def _walk(
    blueprint: program.Blueprint, operation: program.Operation, rate: float, sleeps: defaultdict[str, float], depth: int
) -> None:
    """Counts the sleeps a second of an operation and of those that it asks."""
    own, asked = _steps(operation.steps, rate)
    sleeps[operation.name] += own
    if depth < _DEPTH_MAX:
        for target, often in asked:
            _walk(blueprint, blueprint.operations[target], often, sleeps, depth + 1)


def _steps(steps: Iterable[program.Step], rate: float) -> tuple[float, list[tuple[str, float]]]:
    own, asked = 0.0, list[tuple[str, float]]()
    for step in steps:
        if isinstance(step, program.Work | program.Wait):
            own += rate
        elif isinstance(step, program.Call | program.Send):
            asked.append((step.site.target, rate))
        for inner, share in _branches(step):
            more, others = _steps(inner, rate * share)
            own += more
            asked += others
    return own, asked


def _branches(step: program.Step) -> Sequence[tuple[tuple[program.Step, ...], float]]:
    """The steps inside a step, each with the share of those that take them."""
    if isinstance(step, program.Hold):
        return [(step.steps, 1.0)]
    if isinstance(step, program.Route):
        cases = [*step.cases.values(), *([step.default] if step.default is not None else [])]
        return [(case, 1 / len(cases)) for case in cases]
    if isinstance(step, program.Choose):
        return list(zip(step.branches, (high - low for low, high in pairwise((0.0, *step.shares))), strict=False))
    return []
