"""Hypothesis strategies for small random architectures, workloads and fault timelines, as `twin.Case`.

Services call each other in one direction only, durations are mostly few small constants so that ties are frequent, and every
reference is to something that exists. Simple choices come first, so that failures shrink to them.

No integer is drawn from a range that goes beyond 99: among greater ones Hypothesis mixes the constants of whatever modules of the
project have been imported so far, so that the cases would depend on what else ran in the process and on every edit of a source.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from simcore.base.units import SECOND
from simcore.model.architecture import Architecture
from simcore.model.workload import Workload

from .random_faults import GATES, LENGTH, Faults, optional
from .twin import Case

Plain = dict[str, Any]
Strategy = st.SearchStrategy[Any]

ATTRIBUTE_VALUES = ("red", "green", "blue")
CODES = ("error", "refused", "timeout", "reset", "rejected", "deadline", "rate_limited", "breaker_open", "bulkhead_full")
UNHURRIED = settings(database=None, deadline=None, suppress_health_check=list(HealthCheck), print_blob=False)
BATCH = 10


def explore(strategy: Strategy, check: Callable[[Any], None], count: int, number: int = 0, shrink: bool = False) -> None:
    """Call `check` with so many examples, for one number the same in every process. What it raises comes out, of the simplest
    example found if `shrink`.

    Ten are drawn for each of Hypothesis's seeds, after the simplest there is: only then does it begin to vary what it has, which
    would make most of a long series look alike.
    """
    for batch in range(-(-count // BATCH)):

        @seed(1_000_000 * number + batch)
        @settings(
            UNHURRIED, max_examples=1 + min(BATCH, count - BATCH * batch), phases=[Phase.generate, *[Phase.shrink] * shrink]
        )
        @given(strategy)
        def look(example: Any) -> None:
            check(example)

        look()


# --- parts --------------------------------------------------------------------------------------------------------------


@cache
def ms(*choices: float) -> Strategy:
    return st.sampled_from([f"{choice}ms" for choice in choices])


@cache
def some(*choices: str) -> Strategy:
    """Up to two different ones."""
    return st.lists(st.sampled_from(choices), unique=True, max_size=2)


@cache
def durations(longest_ms: int = 10) -> Strategy:
    """A distribution: mostly a constant."""
    some = ms(1, 2, 3, longest_ms)
    constant = st.one_of(ms(0, 1, 2, 5, longest_ms), ms(1, 2, 5))
    varying = st.one_of(
        st.builds(lambda mean: {"exponential": mean}, some),
        st.builds(lambda high: {"uniform": [0, high]}, some),
        st.builds(lambda mean, stages: {"erlang": {"mean": mean, "stages": stages}}, some, st.integers(1, 3)),
        st.builds(lambda mean, scv: {"hyperexponential": {"mean": mean, "scv": scv}}, some, st.sampled_from([1, 4.0])),
        st.builds(
            lambda p, a, b: {"hyperexponential": {"probability": p, "means": [a, b]}}, st.sampled_from([0.2, 0.9]), some, some
        ),
        st.builds(lambda median: {"lognormal": {"median": median, "p99": "40ms"}}, some),
        st.builds(lambda mean, scv: {"lognormal": {"mean": mean, "scv": scv}}, some, st.sampled_from([0.5, 3.0])),
        st.builds(lambda a, b, w: {"empirical": {"values": [a, b], "weights": [w, 1]}}, some, some, st.integers(0, 3)),
    )
    return st.one_of(constant, constant, varying)


RETRY = st.fixed_dictionaries(
    {"attempts": st.integers(1, 3)},
    optional={
        "backoff": ms(1, 0, 5),
        "multiplier": st.sampled_from([1, 2, 1.5]),
        "backoff_max": ms(3, 6),
        "jitter": st.sampled_from([0.5, 0, 1]),
        "budget": st.fixed_dictionaries({"ratio": st.sampled_from([0, 0.1, 0.5]), "burst": st.sampled_from([1, 2, 3.5])}),
        "on": st.lists(st.sampled_from(CODES), unique=True, min_size=1, max_size=6),
    },
)
BREAKER = st.builds(
    lambda window, least, rate, open_for, probes: {
        "window": window,
        "min_calls": min(window, least),
        "failure_rate": rate,
        "open_for": open_for,
        "probes": probes,
    },
    st.integers(1, 8),
    st.integers(1, 4),
    st.sampled_from([0.5, 0.3, 1]),
    ms(5, 20, 100),
    st.integers(1, 2),
)
POOL = st.fixed_dictionaries(
    {
        "slots": st.sampled_from([1, 2, 1, 3, "unlimited"]),
        "discipline": st.sampled_from(["fifo", "priority", "lifo"]),
    },
    optional={
        "queue": st.integers(0, 5),
        "per": st.sampled_from(["shared", "replica"]),
        "gate": st.sampled_from(GATES),
    },
)
LIMIT = st.fixed_dictionaries(
    {"rate": st.sampled_from(["200/s", "50/s", "1000/s"])},
    optional={
        "burst": st.integers(1, 5),
        "excess": st.sampled_from(["defer", "refuse"]),
        "max_wait": ms(0, 10, 40),
        "per": st.sampled_from(["shared", "replica"]),
    },
)
LINK = optional(
    latency=durations(3),
    loss=optional(request=st.sampled_from([0.1, 0.5]), answer=st.sampled_from([0.1, 0.5])),
    duplication=st.sampled_from([0.1, 0.5, 1.0]),
)
CALL = {"timeout": ms(20, 5, 10, 2, 40), "retry": RETRY, "breaker": BREAKER, "priority": st.integers(0, 3)}


@cache
def call_policies(pools: tuple[str, ...], on_failure: tuple[str, ...]) -> Strategy:
    """The policies of a call."""
    slots = {"bulkhead": st.sampled_from(pools), "connection": st.sampled_from(pools)} if pools else {}
    return optional(**CALL, **slots, on_failure=st.sampled_from(on_failure))


# --- architectures ------------------------------------------------------------------------------------------------------


class Steps:
    """Draws the steps of one operation or flow; calls and sends are few, so that the tree of calls stays small."""

    def __init__(self, draw: st.DrawFn, targets: list[str], pools: list[str], limits: list[str], flow: bool) -> None:
        self.draw, self.targets, self.pools, self.limits, self.flow = draw, targets, pools, limits, flow
        self.calls_left, self.names = 2, 0
        # Two calls with one draw and one stream have one path, and nothing orders their events at the same instant.
        self.draws_left = 1 if flow else 0

    def steps(self, depth: int, least: int = 0) -> list[Plain]:
        """Up to three steps; those that hold other steps only down to the depth."""
        return [self.step(depth) for _ in range(self.draw(st.integers(least, 3 if depth else 2)))]

    def step(self, depth: int) -> Plain:
        kinds = ["work", "work", "effect", "wait", "fail"] + ["rate_limit"] * bool(self.limits)
        kinds += ["call", "call", "send", "send"] * bool(self.targets and self.calls_left > 0)
        if depth:
            kinds += ["choose", "route", "repeat"] + ["hold"] * bool(self.pools)
        return getattr(self, f"a_{self.draw(st.sampled_from(kinds))}")(depth)  # type: ignore[no-any-return]

    def naming(self) -> Plain:
        """Perhaps a name of its own, unique in the operation, and a draw by name."""
        extras: Plain = {}
        if self.draws_left and self.draw(st.booleans()):
            self.draws_left -= 1
            extras["draw"] = "chance"
        if self.draw(st.sampled_from([False, False, True])):
            self.names += 1
            extras = extras | {"name": f"site{self.names}"}
        return extras

    def a_work(self, depth: int) -> Plain:
        return {"work": self.draw(durations()), **self.draw(st.sampled_from([{}, {}, {"draw": "chance"}]))}

    def a_wait(self, depth: int) -> Plain:
        return {"wait": self.draw(durations(5))}

    def a_effect(self, depth: int) -> Plain:
        return {"effect": "record"}

    def a_fail(self, depth: int) -> Plain:
        """Failures for all would hide the rest: mostly for some."""
        step = {"fail": self.draw(st.sampled_from(["error", "rejected"]))}
        return {"choose": [{"probability": self.draw(st.sampled_from([0.1, 0.5])), "steps": [step]}]}

    def a_rate_limit(self, depth: int) -> Plain:
        return {"rate_limit": self.draw(st.sampled_from(self.limits))}

    def a_hold(self, depth: int) -> Plain:
        return {"hold": self.draw(st.sampled_from(self.pools)), "steps": self.steps(depth - 1)}

    def a_choose(self, depth: int) -> Plain:
        shares = self.draw(st.sampled_from([[0.5], [0.25, 0.75], [0.1, 0.2, 0.3], [0.0, 1.0]]))
        return {"choose": [{"probability": share, "steps": self.steps(depth - 1)} for share in shares]}

    def a_route(self, depth: int) -> Plain:
        step: Plain = {"route": self.draw(st.sampled_from(["colour", "mood"]))}
        step["cases"] = {value: self.steps(depth - 1) for value in self.draw(some(*ATTRIBUTE_VALUES))}
        if self.draw(st.sampled_from([True, True, False])):
            step["default"] = self.steps(depth - 1)
        return step

    def a_repeat(self, depth: int) -> Plain:
        self.draws_left = 0
        return {"repeat": self.draw(st.integers(0, 2)), "steps": self.steps(depth - 1)}

    def a_call(self, depth: int) -> Plain:
        self.calls_left -= 1
        on_failure = ("fail", "ignore", "block") if self.flow else ("fail", "ignore")
        policies = self.draw(call_policies(tuple(self.pools), on_failure))
        step = {"call": self.draw(st.sampled_from(self.targets)), **self.naming(), **policies}
        if depth and self.draw(st.sampled_from([False, False, True])):
            step["fallback"] = self.steps(depth - 1)
        return step

    def a_send(self, depth: int) -> Plain:
        self.calls_left -= 1
        return {"send": self.draw(st.sampled_from(self.targets)), **self.naming(), **self.draw(SEND)}


SEND = st.fixed_dictionaries(
    {"durable": st.sampled_from([False, True, True])}, optional={"delay": durations(), "priority": st.integers(0, 3)}
)


@st.composite
def operations(draw: st.DrawFn, targets: list[str], pools: list[str], limits: list[str]) -> Plain:
    """One operation that may call and send to the targets."""
    steps = Steps(draw, targets, pools, limits, flow=False)
    operation: Plain = {"steps": [steps.a_work(0)] * draw(st.integers(0, 1)) + steps.steps(2, least=1)}
    if pools and draw(st.sampled_from([False, False, True])):
        operation["pools"] = draw(some(*pools))
    if draw(st.booleans()):
        operation["idempotency"] = {"lifetime": draw(ms(20, 0, 1000))}
    return operation


@cache
def service_shells(*pools: str) -> Strategy:
    """A service without operations."""
    balances = [{}, {"balance": "random"}, {"balance": "least_busy"}, {"balance": "shard", "shard_by": "colour"}]
    parts = {
        "replicas": st.integers(1, 3),
        "contention": st.sampled_from([0.5, 0.1]),
        "standby": st.sampled_from([None, None, {"replicas": 1}, {"replicas": 2}]),
    }
    if pools:
        parts["pools"] = some(*pools)
    return st.builds(lambda shell, balance: shell | balance, optional(**parts), st.sampled_from(balances))


@st.composite
def architectures(draw: st.DrawFn) -> Plain:
    """The plain contents of an architecture file."""
    pools = {f"p{i}": draw(POOL) for i in range(draw(st.integers(0, 4)))}
    limits = {f"l{i}": draw(LIMIT) for i in range(draw(st.integers(0, 2)))}
    services: dict[str, Plain] = {}
    targets: list[str] = []
    for i in reversed(range(draw(st.integers(1, 4)))):
        made = services[f"s{i}"] = draw(service_shells(*pools))
        made["operations"] = {
            f"o{j}": draw(operations(targets, list(pools), list(limits))) for j in range(draw(st.integers(1, 2)))
        }
        targets = targets + [f"s{i}.{operation}" for operation in made["operations"]]
    flows: dict[str, Plain] = {}
    for i in range(draw(st.integers(1, 3))):
        steps = Steps(draw, targets, list(pools), list(limits), flow=True)
        flows[f"f{i}"] = {"record": True, "priority": draw(st.integers(0, 3)), "steps": [steps.a_call(1), *steps.steps(1)]}
    ways = [(source, target) for source in ["client", *sorted(services)] for target in sorted(services) if source < target]
    links = [way for way in ways if draw(st.booleans())]
    return {
        "kind": "architecture",
        "name": "random",
        "pools": pools,
        "limits": limits,
        "services": services,
        "flows": flows,
        "links": [{"from": source, "to": target, **draw(LINK)} for source, target in links],
        "deadlines": draw(st.sampled_from(["none", "propagate"])),
    }


# --- workloads ----------------------------------------------------------------------------------------------------------

THINK = st.one_of(
    ms(20, 50), st.just({"exponential": "20ms"}), st.just({"empirical": {"values": [0, "40ms"], "weights": [1, 3]}})
)
LOAD = st.one_of(
    st.builds(lambda rate: {"rate": rate}, st.sampled_from(["50/s", "150/s", "300/s", "0/s"])),
    st.builds(lambda n, think: {"closed": {"clients": n, "think": think}}, st.integers(1, 6), THINK),
)
BACKLOG = optional(backlog=st.fixed_dictionaries({"count": st.integers(0, 20), "over": ms(0, 100)}))
WEIGHTS = st.lists(st.integers(0, 3), min_size=3, max_size=3).filter(any)


@st.composite
def workloads(draw: st.DrawFn, flows: list[str]) -> Plain:
    """The plain contents of a workload file for these flows: dozens to a few hundred intents a second."""
    loads = {flow: draw(LOAD) | draw(BACKLOG) for flow in flows}
    attributes = {
        name: {"of": of, "weights": dict(zip(ATTRIBUTE_VALUES, draw(WEIGHTS), strict=True))}
        for name, of in (("colour", "customer"), ("mood", "intent"))
    }
    accounts = {"count": draw(st.sampled_from([5, 1, 40])), "activity_exponent": draw(st.sampled_from([0, 1.0]))}
    return {"kind": "workload", "name": "random", "accounts": accounts, "attributes": attributes, "flows": loads}


# --- cases ----------------------------------------------------------------------------------------------------------------


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A run of little more than a second, after which what is durable is delivered again, with a few faults."""
    architecture = Architecture.model_validate(draw(architectures()))
    workload = Workload.model_validate(draw(workloads(sorted(architecture.flows))))
    start = draw(st.sampled_from([0, 59 * SECOND]))
    timeline = [fault | {"at": start + fault["at"]} for fault in Faults(draw, architecture).timeline()]
    number = 100 * draw(st.integers(0, 99)) + draw(st.integers(0, 99))
    return Case(architecture, workload, number, start, start + LENGTH, tuple(timeline))
