"""The index of an architecture has the names of the kernel, on random architectures with much in each other."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from simcore.base.errors import InputError
from simcore.compile.plan import Plan, compile_plan
from simcore.model.architecture import Architecture
from simcore.model.index import CLIENT_INSTANCE, ArchitectureIndex
from simcore.model.steps import Call, Send
from simcore.model.workload import Workload

from .random_architectures import ATTRIBUTE_VALUES, LIMIT, POOL, explore, optional, some
from .twin import all_targets, reached

Plain = dict[str, Any]

POOLS, LIMITS, TARGETS = ("p0", "p1", "p2"), ("l0", "l1"), ("s1.a", "s1.b", "s2.a")
NAMES = ("accept", "again", "ask", "s1")
WORKLOAD = Workload.model_validate(
    {
        "kind": "workload",
        "name": "random",
        "flows": {},
        "attributes": {"colour": {"of": "customer", "weights": dict.fromkeys(ATTRIBUTE_VALUES, 1)}},
    }
)


def steps(draw: st.DrawFn, depth: int, targets: tuple[str, ...]) -> list[Plain]:
    """Up to three steps that ask for the same few operations again and again, some by names of their own, in all that holds steps."""
    return [step(draw, depth, targets) for _ in range(draw(st.integers(0, 3)))]


def step(draw: st.DrawFn, depth: int, targets: tuple[str, ...]) -> Plain:
    """One step; those that hold others only down to the depth."""
    kinds = ["effect", "rate_limit", *["call", "send", "call", "send"] * bool(targets)]
    kind = draw(st.sampled_from(kinds + ["repeat", "repeat", "choose", "route", "hold"] * bool(depth)))

    def inside() -> list[Plain]:
        return steps(draw, depth - 1, targets)

    if kind in ("call", "send"):
        made = {kind: draw(st.sampled_from(targets)), **draw(optional(name=st.sampled_from(NAMES)))}
        if kind == "call":
            made |= draw(optional(bulkhead=st.sampled_from(POOLS), connection=st.sampled_from(POOLS)))
            made |= {"fallback": inside()} if depth and draw(st.sampled_from([False, False, True])) else {}
        return made
    if kind == "repeat":
        return {"repeat": draw(st.integers(0, 3)), "steps": inside()}
    if kind == "choose":
        return {"choose": [{"probability": share, "steps": inside()} for share in draw(st.sampled_from([[0.5], [0.5, 0.25]]))]}
    if kind == "route":
        cases = {value: inside() for value in draw(some(*ATTRIBUTE_VALUES))}
        return {"route": "colour", "cases": cases} | ({"default": inside()} if draw(st.booleans()) else {})
    if kind == "hold":
        return {"hold": draw(st.sampled_from(POOLS)), "steps": inside()}
    return {"effect": "record"} if kind == "effect" else {"rate_limit": draw(st.sampled_from(LIMITS))}


def service(draw: st.DrawFn, targets: tuple[str, ...], *operations: str) -> Plain:
    """A service of these operations, perhaps with replicas, standbys and pools."""
    standby = st.builds(lambda n: {"replicas": n}, st.integers(1, 2))
    made = {name: {"steps": steps(draw, 2, targets), **draw(optional(pools=some(*POOLS)))} for name in operations}
    return {"operations": made, **draw(optional(replicas=st.integers(1, 3), standby=standby, pools=some(*POOLS)))}


@st.composite
def architectures(draw: st.DrawFn) -> Architecture:
    """Three services and a flow; they ask each other in one direction only."""
    made = {"s0": service(draw, TARGETS, "a", "b"), "s1": service(draw, TARGETS[2:], "a", "b"), "s2": service(draw, (), "a")}
    ways = draw(st.lists(st.sampled_from([("client", "s0"), ("s0", "s1"), ("s1", "s2")]), unique=True))
    plain = {
        "kind": "architecture",
        "name": "random",
        "services": made,
        "pools": {name: draw(POOL) for name in POOLS},
        "limits": {name: draw(LIMIT) for name in LIMITS},
        "flows": {"f0": {"steps": [{"call": "s0.a"}, *steps(draw, 2, (*TARGETS, "s0.b"))]}},
        "links": [{"from": source, "to": target} for source, target in ways],
    }
    return Architecture.model_validate(plain)


def plan_of(architecture: Architecture) -> Plan | None:
    """The compiled plan; None for what the kernel cannot hold, which the checks refuse."""
    try:
        return compile_plan(architecture, WORKLOAD, end=10**9)
    except InputError:
        return None


def test_names_are_those_of_the_compiled_plan() -> None:
    """Call sites, operations, instances, pools, limits and links, each in the order of the kernel's numbers."""
    compiled = 0

    def check(architecture: Architecture) -> None:
        nonlocal compiled
        plan, index = plan_of(architecture), ArchitectureIndex(architecture)
        if plan is None:
            return
        compiled += 1
        assert [site.name for site in index.call_sites.values()] == list(index.call_sites) == plan.numbers["call"]
        assert list(index.bodies) == plan.numbers["operation"]
        assert [*index.instances, CLIENT_INSTANCE] == plan.numbers["unit"]
        for kind, named in (("pool", architecture.pools), ("limit", architecture.limits)):
            assert [name for made in named for name in index.resource_names(made)] == list(plan.handles[kind])
        assert list(index.links) == list(plan.handles["link"])

    explore(architectures(), check, 150)
    assert compiled > 100


def test_names_and_writes_are_those_of_the_twin() -> None:
    """The twin derives them on its own, from the words of docs/semantics.md."""
    repeated = 0

    def check(architecture: Architecture) -> None:
        nonlocal repeated
        index, targets = ArchitectureIndex(architecture), all_targets(architecture)
        for name in index.bodies:
            asking = [node.label for node in reached(targets[name].nodes) if isinstance(node.step, (Call, Send))]
            assert [site.name for site in index.call_sites_of(name)] == asking
            repeated += len(asking) > sum(bool(placed.site_names) for placed in index.steps_of(name))
        assert index.may_write == {name for name, target in targets.items() if target.may_have_effects}

    explore(architectures(), check, 150, number=1)
    assert repeated > 20


def test_every_step_is_where_the_index_says() -> None:
    """Keys lead to the step in the file, and a step has the names of its call sites, one for each turn."""

    def check(architecture: Architecture) -> None:
        index, file = ArchitectureIndex(architecture), architecture.model_dump(by_alias=True, exclude_unset=True)
        for placed in index.steps:
            assert at(file, placed.keys) == placed.step.model_dump(by_alias=True, exclude_unset=True)
        named = sorted(name for placed in index.steps for name in placed.site_names)
        assert named == sorted(index.call_sites)
        for site in index.call_sites.values():
            assert site.step in [placed.step for placed in index.steps_of(site.body.name) if placed.keys == site.keys]

    explore(architectures(), check, 60, number=2)


def at(tree: Any, keys: tuple[str | int, ...]) -> Any:
    """What these keys lead to."""
    for key in keys:
        tree = tree[key]
    return tree
