"""Memory that one run gives back and the next one takes."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

from simcore.base.units import MINUTE, parse_clock
from simcore.compile.plan import compile_plan
from simcore.kernel.memory import Memory
from simcore.library import load_pair
from simcore.simulation import simulate


@pytest.fixture
def memory() -> Memory:
    """As of a process that has made no run yet."""
    return Memory()


def test_what_was_given_back_is_taken_zeroed(memory: Memory) -> None:
    arena = memory.take("state", 1000)
    arena[:300] = 7
    memory.give_back("state", arena, 300)
    again = memory.take("state", 900)
    assert again is arena
    assert not again.any()


def test_nobody_else_has_it(memory: Memory) -> None:
    arena = memory.take("state", 1000)
    memory.give_back("state", arena, 0)
    assert memory.take("rows", 1000) is not arena
    assert memory.take("state", 1000) is arena
    assert not np.shares_memory(memory.take("state", 1000), arena)


def test_one_that_is_too_small_is_let_go(memory: Memory) -> None:
    small = memory.take("state", 1000)
    memory.give_back("state", small, 1000)
    assert len(memory.take("state", 1001)) >= 1001
    assert memory.take("state", 10) is not small


def test_one_that_is_too_large_is_not_held() -> None:
    memory = Memory(words_max=999)
    arena = memory.take("state", 1000)
    memory.give_back("state", arena, 1000)
    assert memory.take("state", 1000) is not arena


def test_a_run_gives_all_its_memory_back_clean(memory: Memory) -> None:
    """Minutes of a busy core, cut off at instants of many kinds: after an order that was taken, after one that was rejected. Not a
    word of state, rows or ledger is left."""
    architecture, workload = load_pair("legacy-coupled", "normal-day")
    begin = parse_clock("09:30")
    for n in range(12):
        plan = compile_plan(architecture, workload, seed=n, start=begin, end=begin + MINUTE // 2 + n * MINUTE // 97)
        simulate(plan, memory=memory)
        assert {name: bool(arena.any()) for name, arena in memory.held.items()} == dict.fromkeys(
            ("state", "rows", "ledger"), False
        )


def test_runs_with_one_memory_use_the_same_arenas(memory: Memory) -> None:
    """The second run takes what the first gave back, and comes to the same as one with fresh pages."""
    begin = parse_clock("09:30")
    plan = compile_plan(*load_pair("legacy-coupled", "normal-day"), seed=3, start=begin, end=begin + MINUTE // 6)
    first = simulate(plan, memory=memory)
    held = memory.held
    second = simulate(plan, memory=memory)
    assert all(memory.held[name] is arena for name, arena in held.items())
    assert first.digest == second.digest == simulate(plan).digest


def test_a_run_is_let_go_of_without_the_garbage_collector() -> None:
    """Processes of the control plane refer to each other in circles; the plan's arrays and the journal's rows must not hang on them."""
    begin = parse_clock("09:30")
    plan = compile_plan(*load_pair("legacy-coupled", "normal-day"), start=begin, end=begin + MINUTE // 6)
    gc.collect()
    gc.disable()
    try:
        journal = simulate(plan)
        left = {
            "plan": weakref.ref(plan.m),
            "intents": weakref.ref(journal.intents["request"]),
            "series": weakref.ref(journal.stored_series),
        }
        del plan, journal
        assert {what: of() is not None for what, of in left.items()} == dict.fromkeys(left, False)
    finally:
        gc.enable()
