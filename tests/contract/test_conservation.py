"""Conservation laws hold in every run, and each law of the data plane notices a planted bug.

The planted bugs of the laws of money, shares and intents are in tests/simcore/kernel/ledger/test_settlement.py.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import yaml

from simcore.base.units import MS, SECOND
from simcore.model.architecture import Architecture
from simcore.model.workload import Workload

from .healthy import healthy_run

RUNS = int(os.environ.get("COREDRILL_HEALTHY_RUNS", "60"))

BUSY = """
kind: architecture
name: busy
pools: {desk: {slots: 2, queue: 50}, lanes: {slots: 3}, spare: {slots: 1}}
services:
  shop:
    pools: [desk]
    operations: {buy: {steps: [work: 20ms, {call: store.take, bulkhead: lanes, timeout: 200ms}, effect: record]}}
  store: {operations: {take: {steps: [{hold: lanes, steps: [work: {exponential: 10ms}]}]}}}
  vault: {pools: [spare], operations: {open: {steps: [work: 1ms]}}}
flows: {buy: {record: true, steps: [call: shop.buy]}, look: {record: true, steps: [call: vault.open]}}
"""
CROWD = """
kind: workload
name: crowd
flows: {buy: {rate: 120/s}, look: {rate: 0/s}}
"""


def laws(bug: Callable[[Any, Any], None] | None = None, at: int = SECOND) -> dict[str, bool]:
    """Two seconds of a shop with a queue: for each law whether it held. `bug(core, machine)` happens at a time."""
    from simcore.compile.plan import compile_plan
    from simcore.simulation import simulate

    architecture, workload = Architecture.model_validate(yaml.safe_load(BUSY)), Workload.model_validate(yaml.safe_load(CROWD))
    plan = compile_plan(architecture, workload, seed=1, start=0, end=2 * SECOND)

    def script(core: Any, control: Any) -> None:
        def happen() -> Any:
            yield core.env.timeout(at)
            if bug is not None:
                bug(core, core._machine)

        core.env.process(happen())

    journal = simulate(plan, script=script)
    assert journal.meta.counts["requests"] > 200
    return {law.law: law.ok for law in journal.conservation}


# --- planted bugs -------------------------------------------------------------------------------------------------------


def add(kind: str, name: str, field: str, amount: int = 1) -> Callable[[Any, Any], None]:
    """A counter or gauge that is off by an amount."""
    from simcore.kernel import layout

    def bug(core: Any, machine: Any) -> None:
        machine.m[core.plan.handles[kind][name] + int(getattr(layout, field))] += amount

    return bug


def change(which: Callable[[Any, int], bool], field: str, value: int, amount: int = 0) -> Callable[[Any, Any], None]:
    """A word of the first living task that fits is set to a value, or changed by an amount."""
    from simcore.kernel import layout

    def bug(core: Any, machine: Any) -> None:
        m = machine.m
        living = [k for k in machine.tasks().tolist() if m[k + int(layout.TASK_STATE)] == layout.LIVE and which(m, k)]
        at = living[0] + int(getattr(layout, field))
        m[at] = m[at] + amount if amount else value

    return bug


def holds(m: Any, k: int) -> bool:
    from simcore.kernel import layout

    return bool(m[k + int(layout.TASK_HELD)] == 1 and m[k + int(layout.TASK_QUEUE)] == 0)


def queues(m: Any, k: int) -> bool:
    from simcore.kernel import layout

    return bool(m[k + int(layout.TASK_QUEUE)] != 0)


def is_root(m: Any, k: int) -> bool:
    from simcore.kernel import layout

    return bool(m[k + int(layout.TASK_FLAGS)] & layout.FLAG_ROOT)


SLOTS, QUEUES = "slots in use are held by live tasks", "queues hold waiting tasks"
LITTLE_SLOTS, LITTLE_QUEUES = "Little's law on slots", "Little's law on queues"
ENDS = "every intent has one end or is pending"
LAST = 2 * SECOND - 1  # late, where the bug would otherwise lead the kernel astray
# What goes wrong, when, and the laws that break: these and no others.
PLANTED: dict[str, tuple[Callable[[], Callable[[Any, Any], None]], int, set[str]]] = {
    "a slot is never given back": (lambda: add("pool", "desk", "POOL_BUSY"), SECOND, {SLOTS, LITTLE_SLOTS}),
    "a slot is given back twice": (lambda: add("pool", "desk", "POOL_BUSY", -1), LAST, {SLOTS, LITTLE_SLOTS}),
    "a task forgets that it holds a slot": (lambda: change(holds, "TASK_HELD", 0), LAST, {SLOTS, LITTLE_SLOTS}),
    "a queue counts one too many": (lambda: add("pool", "spare", "QUEUE_LENGTH"), SECOND, {QUEUES, LITTLE_QUEUES}),
    "a waiting task forgets its queue": (lambda: change(queues, "TASK_QUEUE", 0), LAST, {QUEUES, LITTLE_QUEUES}),
    "a slot is held a nanosecond longer than counted": (lambda: add("pool", "lanes", "POOL_HOLD_NS"), SECOND, {LITTLE_SLOTS}),
    "the time integral of slots in use is off": (lambda: add("pool", "desk", "POOL_BUSY_NS", -5), SECOND, {LITTLE_SLOTS}),
    "a task remembers a wrong beginning of its hold": (lambda: change(holds, "TASK_HOLD", 0, 1), SECOND, {LITTLE_SLOTS}),
    "a wait is counted twice": (lambda: add("pool", "desk", "POOL_WAIT_NS", 20 * MS), SECOND, {LITTLE_QUEUES}),
    "the time integral of a queue is off": (lambda: add("pool", "desk", "POOL_QUEUE_NS"), SECOND, {LITTLE_QUEUES}),
    "a task remembers a wrong beginning of its wait": (lambda: change(queues, "TASK_QUEUED_AT", 0, -1), SECOND, {LITTLE_QUEUES}),
    "an intent ends twice": (lambda: add("flow", "buy", "FLOW_OK"), SECOND, {ENDS}),
    "an intent that has ended is counted as unknown as well": (lambda: add("flow", "buy", "FLOW_UNKNOWN"), SECOND, {ENDS}),
    "an intent begins twice": (lambda: add("flow", "look", "FLOW_STARTED"), SECOND, {ENDS}),
    "a pending intent is forgotten": (lambda: change(is_root, "TASK_FLAGS", 0), LAST, {ENDS}),
}


@pytest.mark.parametrize("what", PLANTED)
def test_each_law_of_the_data_plane_notices_its_planted_bug(what: str) -> None:
    """With the bug the laws named break, and no others."""
    make, at, broken = PLANTED[what]
    assert {law for law, ok in laws(make(), at).items() if not ok} == broken


def test_every_law_of_the_data_plane_has_a_planted_bug() -> None:
    """No law is without a bug that breaks it alone or with its fellow; without a bug all hold."""
    from simcore.kernel.ledger.arena import create
    from simcore.kernel.ledger.conservation import conservation

    found = laws()
    assert all(found.values())
    workload = Workload.model_validate(yaml.safe_load(CROWD))
    arena = create(1, workload.accounts, workload.instruments, workload.orders)
    of_money = {law.law for law in conservation(arena, np.zeros(0, np.int64))}
    assert found.keys() - of_money == set().union(*(broken for _, _, broken in PLANTED.values()))


def test_a_bug_in_a_single_pool_is_not_made_good_by_another() -> None:
    """Laws are about every pool on its own: a slot too many here and one too few there break them."""

    def bug(core: Any, machine: Any) -> None:
        add("pool", "desk", "POOL_BUSY")(core, machine)
        add("pool", "lanes", "POOL_BUSY", -1)(core, machine)

    assert not laws(bug, LAST)[SLOTS]


# --- healthy runs -------------------------------------------------------------------------------------------------------


def test_no_law_breaks_in_random_runs() -> None:
    """Random architectures and short windows of legacy-coupled, with random loads and faults, keep every law.

    COREDRILL_HEALTHY_RUNS=N looks at N runs; `python benchmarks/healthy_runs.py 2000` at many.
    """
    runs = [healthy_run(number) for number in range(RUNS)]
    assert [(run.number, run.what, run.broken) for run in runs if run.broken] == []
    assert all(run.laws > 20 for run in runs)
    assert sum(run.requests for run in runs) > 100 * RUNS
