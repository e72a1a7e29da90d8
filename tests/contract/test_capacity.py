"""What a task holds and sends has room in the kernel's arenas, however much it is; and no timer outlives what it was for."""

from __future__ import annotations

from typing import Any

import pytest

from simcore.base.errors import InputError
from simcore.base.units import MS
from simcore.model.architecture import Architecture
from simcore.model.workload import Workload

from . import twin
from .test_twin import difference, run_kernel


def case(
    services: dict[str, Any],
    flow: list[Any],
    *,
    intents: int,
    pools: dict[str, Any] | None = None,
    faults: tuple[Any, ...] = (),
    **more: Any,
) -> twin.Case:
    """One flow whose intents all come at the beginning; services of one operation `o`."""
    made = {name: {"operations": {"o": {"steps": steps}}, **rest} for name, (steps, rest) in services.items()}
    architecture = {
        "kind": "architecture",
        "name": "room",
        "pools": pools or {},
        "services": made,
        "flows": {"f": {"record": True, "steps": flow}},
    }
    load = {"rate": "0/s", "backlog": {"count": intents, "over": "0ms"}}
    workload = {"kind": "workload", "name": "room", "flows": {"f": load}}
    return twin.Case(Architecture.model_validate(architecture | more), Workload.model_validate(workload), 1, 0, 1000 * MS, faults)


def test_ten_thousand_sends_in_one_step_fit() -> None:
    """A message repeated a hundred times a hundred times is sent ten thousand times."""
    repeated = [{"repeat": 100, "steps": [{"repeat": 100, "steps": [{"send": "b.o"}]}]}]
    found = run_kernel(case({"a": (repeated, {}), "b": ([{"work": "5ms"}], {})}, [{"call": "a.o"}], intents=1))
    assert len(found.spans) == 10_001  # with the call itself


def nested(pools: int) -> twin.Case:
    names = [f"p{i}" for i in range(pools)]
    return case(
        {"a": ([{"work": "5ms"}], {"pools": names})}, [{"call": "a.o"}], intents=3, pools={n: {"slots": 2} for n in names}
    )


def test_as_many_slots_as_a_task_can_hold() -> None:
    """Eight slots held at once: kernel and twin agree."""
    held = nested(8)
    assert difference(run_kernel(held), twin.simulate(held)) is None


def test_more_slots_than_a_task_can_hold_are_refused() -> None:
    """A ninth slot has no room in a task: an error that names the operation."""
    with pytest.raises(InputError, match=r"a\.o holds 9 slots at once; at most 8 are possible"):
        run_kernel(nested(9))


def test_a_connection_granted_after_the_deadline_leaves_no_timer() -> None:
    """The attempt fails by the deadline; its timeout, which began before, ends nothing later."""
    late = case(
        {"a": ([{"call": "b.o", "timeout": "20ms", "connection": "p"}], {}), "b": ([{"work": "15ms"}], {})},
        [{"call": "a.o", "timeout": "20ms"}],
        intents=2,
        pools={"p": {"slots": 1}},
        deadlines="propagate",
        links=[{"from": "client", "to": "a", "latency": "8ms"}],
    )
    assert difference(run_kernel(late), twin.simulate(late)) is None


def test_attempts_without_a_retry_policy_change_nothing() -> None:
    """The knob changes the policy that the file gives; a call that has none is not tried again, and the next begins at its first."""
    failing = [{"work": "5ms"}, {"choose": [{"probability": 0.5, "steps": [{"fail": "error"}]}]}]
    knob = {"at": 0, "do": "call_policy", "site": "client.f/a.o#0", "attempts": 3}
    tried = case({"a": (failing, {})}, [{"call": "a.o"}, {"call": "a.o"}], intents=20, faults=(knob,))
    assert difference(run_kernel(tried), twin.simulate(tried)) is None
