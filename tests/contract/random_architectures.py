"""Hypothesis strategies for small random architectures, workloads and fault timelines, as `twin.Case`.

Services call each other in one direction only, durations are mostly few small constants so that ties are frequent, and every
reference is to something that exists. Simple choices come first, so that failures shrink to them.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from simcore.architecture import Architecture
from simcore.units import MS, SECOND
from simcore.workload import Workload

from .twin import Case

Plain = dict[str, Any]
Strategy = st.SearchStrategy[Any]

ATTRIBUTE_VALUES = ("red", "green", "blue")
CODES = ("error", "refused", "timeout", "reset", "rejected", "deadline", "rate_limited", "breaker_open", "bulkhead_full")


def ms(*choices: float) -> Strategy:
    return st.sampled_from([f"{choice}ms" for choice in choices])


def optional(**parts: Strategy) -> Strategy:
    """A mapping with any of the parts."""
    return st.fixed_dictionaries({}, optional=parts)


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
        "backoff": ms(0, 1, 5),
        "multiplier": st.sampled_from([1, 2, 1.5]),
        "backoff_max": ms(3, 6),
        "jitter": st.sampled_from([0, 0.5, 1]),
        "budget": st.fixed_dictionaries({"ratio": st.sampled_from([0, 0.1, 0.5]), "burst": st.sampled_from([1, 2, 3.5])}),
        "on": st.lists(st.sampled_from(CODES), unique=True, max_size=6),
    },
)
BREAKER = st.builds(
    lambda window, least, rate, open_for, probes: {
        "window": window, "min_calls": min(window, least), "failure_rate": rate, "open_for": open_for, "probes": probes,
    },
    st.integers(1, 8), st.integers(1, 4), st.sampled_from([0.5, 0.3, 1]), ms(5, 20, 100), st.integers(1, 2),
)  # fmt: skip
POOL = st.fixed_dictionaries(
    {"slots": st.one_of(st.integers(1, 4), st.just("unlimited"))},
    optional={
        "queue": st.integers(0, 4),
        "discipline": st.sampled_from(["fifo", "lifo", "priority"]),
        "per": st.sampled_from(["shared", "replica"]),
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


class Steps:
    """Draws the steps of one operation or flow; calls and sends are few, so that the tree of calls stays small."""

    def __init__(self, draw: st.DrawFn, targets: list[str], pools: list[str], limits: list[str], flow: bool) -> None:
        self.draw, self.targets, self.pools, self.limits, self.flow = draw, targets, pools, limits, flow
        self.calls_left, self.names = 2, 0
        # Two calls with one draw and one luck have one path, and nothing orders their events at the same instant.
        self.draws_left = 1 if flow else 0

    def steps(self, depth: int, least: int = 0) -> list[Plain]:
        """Up to three steps; those that hold other steps only down to the depth."""
        return [self.step(depth) for _ in range(self.draw(st.integers(least, 3 if depth else 2)))]

    def step(self, depth: int) -> Plain:
        kinds = ["work", "effect", "wait", "fail"] + ["rate_limit"] * bool(self.limits)
        kinds += ["call", "call", "send"] * bool(self.targets and self.calls_left > 0)
        if depth:
            kinds += ["choose", "route", "repeat"] + ["hold"] * bool(self.pools)
        return getattr(self, f"a_{self.draw(st.sampled_from(kinds))}")(depth)  # type: ignore[no-any-return]

    def naming(self) -> Plain:
        """Perhaps a name of its own, unique in the operation, and a draw by name."""
        extras: Plain = {}
        if self.draws_left and self.draw(st.sampled_from([False, True])):
            self.draws_left -= 1
            extras["draw"] = "luck"
        if self.draw(st.sampled_from([False, False, True])):
            self.names += 1
            extras = extras | {"name": f"site{self.names}"}
        return extras

    def a_work(self, depth: int) -> Plain:
        return {"work": self.draw(durations()), **self.draw(st.sampled_from([{}, {}, {"draw": "luck"}]))}

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
        values = self.draw(st.lists(st.sampled_from(ATTRIBUTE_VALUES), unique=True, max_size=3))
        step: Plain = {"route": self.draw(st.sampled_from(["colour", "mood"]))}
        step["cases"] = {value: self.steps(depth - 1) for value in values}
        if self.draw(st.sampled_from([True, True, False])):
            step["default"] = self.steps(depth - 1)
        return step

    def a_repeat(self, depth: int) -> Plain:
        self.draws_left = 0
        return {"repeat": self.draw(st.integers(0, 2)), "steps": self.steps(depth - 1)}

    def a_call(self, depth: int) -> Plain:
        self.calls_left -= 1
        policies = {"timeout": ms(20, 5, 10, 2, 40), "retry": RETRY, "breaker": BREAKER, "priority": st.integers(0, 3)}
        policies["on_failure"] = st.sampled_from(["fail", "ignore", "block"] if self.flow else ["fail", "ignore"])
        if self.pools:
            policies |= {"bulkhead": st.sampled_from(self.pools), "connection": st.sampled_from(self.pools)}
        step = {"call": self.draw(st.sampled_from(self.targets)), **self.naming(), **self.draw(optional(**policies))}
        if depth and self.draw(st.sampled_from([False, False, True])):
            step["fallback"] = self.steps(depth - 1)
        return step

    def a_send(self, depth: int) -> Plain:
        self.calls_left -= 1
        extras = optional(durable=st.booleans(), delay=durations(), priority=st.integers(0, 3))
        return {"send": self.draw(st.sampled_from(self.targets)), **self.naming(), **self.draw(extras)}


@st.composite
def architectures(draw: st.DrawFn) -> Plain:
    """The plain contents of an architecture file."""
    pools = {f"p{i}": draw(POOL) for i in range(draw(st.integers(0, 4)))}
    limits = {f"l{i}": draw(LIMIT) for i in range(draw(st.integers(0, 2)))}
    services: dict[str, Plain] = {}
    targets: list[str] = []
    for i in reversed(range(draw(st.integers(1, 5)))):
        made = services[f"s{i}"] = draw(service_shells(sorted(pools)))
        made["operations"] = {}
        for j in range(draw(st.integers(1, 3))):
            operation: Plain = {"steps": Steps(draw, targets, sorted(pools), sorted(limits), flow=False).steps(2, least=1)}
            if pools and draw(st.sampled_from([False, False, True])):
                operation["pools"] = draw(st.lists(st.sampled_from(sorted(pools)), unique=True, max_size=2))
            if draw(st.sampled_from([False, False, True])):
                operation["idempotency"] = {"lifetime": draw(ms(20, 0, 1000))}
            made["operations"][f"o{j}"] = operation
        targets = targets + [f"s{i}.{operation}" for operation in made["operations"]]
    flows: dict[str, Plain] = {}
    for i in range(draw(st.integers(1, 3))):
        steps = Steps(draw, targets, sorted(pools), sorted(limits), flow=True)
        flows[f"f{i}"] = {"record": True, "priority": draw(st.integers(0, 3)), "steps": [steps.a_call(1), *steps.steps(1)]}
    ways = [(source, target) for source in ["client", *sorted(services)] for target in sorted(services) if source < target]
    links = draw(st.lists(st.sampled_from(ways), unique=True, max_size=5))
    return {
        "kind": "architecture", "name": "random", "pools": pools, "limits": limits, "services": services, "flows": flows,
        "links": [{"from": source, "to": target, **draw(LINK)} for source, target in links],
        "deadlines": draw(st.sampled_from(["none", "propagate"])),
    }  # fmt: skip


LINK = optional(
    latency=durations(3),
    loss=optional(request=st.sampled_from([0.1, 0.5]), answer=st.sampled_from([0.1, 0.5])),
    duplication=st.sampled_from([0.1, 0.5, 1.0]),
)


def service_shells(pools: list[str]) -> Strategy:
    """A service without operations."""
    balances = [{}, {"balance": "random"}, {"balance": "least_busy"}, {"balance": "shard", "shard_by": "colour"}]
    parts = {
        "replicas": st.integers(1, 3),
        "contention": st.sampled_from([0.5, 0.1]),
        "standby": st.fixed_dictionaries({"replicas": st.integers(1, 2)}),
    }
    if pools:
        parts["pools"] = st.lists(st.sampled_from(pools), unique=True, max_size=2)
    return st.builds(lambda shell, balance: shell | balance, optional(**parts), st.sampled_from(balances))


@st.composite
def workloads(draw: st.DrawFn, flows: list[str]) -> Plain:
    """The plain contents of a workload file for these flows: dozens to a few hundred intents a second."""
    loads = {}
    thinks = st.one_of(
        ms(20, 50), st.just({"exponential": "20ms"}), st.just({"empirical": {"values": [0, "40ms"], "weights": [1, 3]}})
    )
    for flow in flows:
        load = draw(
            st.one_of(
                st.builds(lambda rate: {"rate": rate}, st.sampled_from(["50/s", "20/s", "150/s", "0/s"])),
                st.builds(lambda n, think: {"closed": {"clients": n, "think": think}}, st.integers(1, 4), thinks),
            )
        )
        loads[flow] = load | draw(optional(backlog=st.fixed_dictionaries({"count": st.integers(0, 20), "over": ms(0, 100)})))
    weights = st.lists(st.integers(0, 3), min_size=3, max_size=3).filter(any)
    attributes = {
        name: {"of": of, "weights": dict(zip(ATTRIBUTE_VALUES, draw(weights), strict=True))}
        for name, of in (("colour", "customer"), ("mood", "intent"))
    }
    accounts = {"count": draw(st.sampled_from([5, 1, 40])), "activity_exponent": draw(st.sampled_from([0, 1.0]))}
    return {"kind": "workload", "name": "random", "accounts": accounts, "attributes": attributes, "flows": loads}


@st.composite
def faults(draw: st.DrawFn, architecture: Architecture, end: int) -> Plain:
    """One fault, at a whole millisecond, so that it often meets events."""
    services = architecture.services
    service = draw(st.sampled_from(sorted(services)))
    standby = services[service].standby
    unit = {
        "service": service,
        "replica": draw(st.integers(0, services[service].replicas + (standby.replicas if standby else 0) - 1)),
    }
    shares, factors = st.sampled_from([1.0, 0.5, 0.0]), st.sampled_from([2.0, 5.0, 1.0, 0.5])
    known: dict[str, Strategy] = dict.fromkeys(("crash", "restart", "hang", "thaw", "rotate_out", "rotate_in"), st.just(unit))
    known |= {
        "slow": st.builds(lambda factor: unit | {"factor": factor}, factors),
        "error_rate": st.builds(lambda share: unit | {"share": share}, shares),
        "grey": st.builds(lambda share, factor: unit | {"share": share, "factor": factor}, shares, factors),
        "contention": st.builds(lambda c: unit | {"coefficient": c}, st.sampled_from([0.0, 1.0])),
    }
    if architecture.pools:
        pool = draw(st.sampled_from(sorted(architecture.pools)))
        instance = {"pool": pool if architecture.pools[pool].per == "shared" else f"{pool}#0"}
        known["pool_slots"] = st.builds(lambda slots: instance | {"slots": slots}, st.integers(0, 4))
        known["pool_queue"] = st.builds(lambda limit: instance | {"limit": limit}, st.integers(0, 4))
    if architecture.links:
        link = draw(st.sampled_from(architecture.links))
        knobs = optional(
            latency_factor=factors, latency_add_ns=st.sampled_from([0, MS]), loss_request=shares, loss_answer=shares,
            duplication=shares, partition_request=st.booleans(), partition_answer=st.booleans(),
        )  # fmt: skip
        known["link"] = st.builds(lambda found: {"source": link.source, "target": link.target} | found, knobs)
    often = [kind for kind in ("crash", "hang", "link") if kind in known]
    do = draw(st.sampled_from(sorted(known) + often))
    return {"at": draw(st.integers(0, end // MS - 1)) * MS, "do": do, **draw(known[do])}


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A run of a second and a half with a few faults; what is crashed or hung often comes back."""
    architecture = Architecture.model_validate(draw(architectures()))
    workload = Workload.model_validate(draw(workloads(sorted(architecture.flows))))
    length = 1500 * MS
    timeline = []
    for _ in range(draw(st.integers(0, 7))):
        fault = draw(faults(architecture, length))
        timeline.append(fault)
        if fault["do"] in ("crash", "hang") and draw(st.sampled_from([True, True, False])):
            back = {"crash": "restart", "hang": "thaw"}[fault["do"]]
            timeline.append(
                fault | {"do": back, "at": min(fault["at"] + draw(st.sampled_from([20, 1, 0, 200])) * MS, length - MS)}
            )
    start = draw(st.sampled_from([0, 59 * SECOND]))
    timeline = [fault | {"at": start + fault["at"]} for fault in sorted(timeline, key=lambda fault: fault["at"])]
    return Case(architecture, workload, draw(st.integers(0, 2**32)), start, start + length, tuple(timeline))
