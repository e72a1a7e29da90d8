"""The bare chain in idiomatic SimPy: an outer pool of threads, and stations with servers visited one after the other.

Generators, `Resource` and `with`, as SimPy's own documentation teaches it; nothing is recorded but the count and the sum of the
response times. The parameters are read from the same files that the kernel runs, so that both do the same work.
"""

from __future__ import annotations

import random
import time
from collections.abc import Generator
from typing import TYPE_CHECKING, NamedTuple

import simpy

if TYPE_CHECKING:
    from simcore.model.architecture import Architecture, Operation
    from simcore.model.workload import Workload

SECOND = 1_000_000_000


class Chain(NamedTuple):
    """`threads` slots of the outer pool (0: none), `servers` of each station, mean service in s, arrivals per second."""

    threads: int
    servers: tuple[int, ...]
    service_s: float
    rate: float


class Outcome(NamedTuple):
    """`requests` that ended within the horizon, their mean response in s, and the wall-clock seconds the run took."""

    requests: int
    response_s: float
    wall_s: float


class _Tally:
    def __init__(self) -> None:
        self.requests = 0
        self.response_s = 0.0


def simulate(chain: Chain, horizon_s: float, seed: int) -> Outcome:
    """Run the chain from empty for `horizon_s` simulated seconds."""
    env = simpy.Environment()
    rng = random.Random(seed)
    threads = simpy.Resource(env, chain.threads or 1 << 30)
    stations = [simpy.Resource(env, servers) for servers in chain.servers]
    tally = _Tally()
    env.process(_arrivals(env, chain, rng, threads, stations, tally))
    begin = time.perf_counter()
    env.run(until=horizon_s)
    wall_s = time.perf_counter() - begin
    return Outcome(tally.requests, tally.response_s / max(tally.requests, 1), wall_s)


def _arrivals(
    env: simpy.Environment,
    chain: Chain,
    rng: random.Random,
    threads: simpy.Resource,
    stations: list[simpy.Resource],
    tally: _Tally,
) -> Generator[simpy.Event, None, None]:
    while True:
        yield env.timeout(rng.expovariate(chain.rate))
        env.process(_request(env, 1.0 / chain.service_s, rng, threads, stations, tally))


def _request(
    env: simpy.Environment,
    service_rate: float,
    rng: random.Random,
    threads: simpy.Resource,
    stations: list[simpy.Resource],
    tally: _Tally,
) -> Generator[simpy.Event, None, None]:
    submitted = env.now
    with threads.request() as thread:
        yield thread
        for station in stations:
            with station.request() as server:
                yield server
                yield env.timeout(rng.expovariate(service_rate))
    tally.requests += 1
    tally.response_s += env.now - submitted


def read_chain(architecture: Architecture, workload: Workload) -> Chain:
    """The parameters of an architecture that is a chain: one flow, one outer operation that calls one station after another.

    Effects and policies of calls are passed over: the SimPy chain is bare. Raises ValueError if the file is no chain.
    """
    if len(architecture.flows) != 1 or architecture.links:
        raise ValueError(f"{architecture.name} is no chain: it needs one flow and no links")
    name, flow = next(iter(architecture.flows.items()))
    rate = workload.flows[name].rate
    outer = _callees(architecture, flow.steps)
    if rate is None or len(outer) != 1:
        raise ValueError(f"{architecture.name} is no chain: its flow needs a constant rate and one call")
    stations = _callees(architecture, outer[0][1].steps)
    means = {_work_ns(architecture.name, operation) for _, operation in stations}
    if len(means) != 1:
        raise ValueError(f"{architecture.name} is no chain: its stations need one exponential work step of one mean")
    threads = _slots(architecture, *outer[0]) or 0
    servers = tuple(_slots(architecture, *station) or 1 << 30 for station in stations)
    return Chain(threads, servers, means.pop() / SECOND, rate)


def _callees(architecture: Architecture, steps: list) -> list[tuple[str, Operation]]:  # type: ignore[type-arg]
    found = []
    for step in steps:
        if repeated := getattr(step, "repeat", 0):
            found += _callees(architecture, step.steps) * repeated
        elif target := getattr(step, "call", None):
            service, operation = target.split(".")
            if architecture.services[service].replicas != 1:
                raise ValueError(f"{architecture.name} is no chain: {service} has several replicas")
            found.append((service, architecture.services[service].operations[operation]))
    return found


def _slots(architecture: Architecture, service: str, operation: Operation) -> int | None:
    pools = operation.pools if operation.pools is not None else architecture.services[service].pools
    if len(pools) > 1:
        raise ValueError(f"{architecture.name} is no chain: {service} runs on several pools")
    slots = architecture.pools[pools[0]].slots if pools else "unlimited"
    return None if slots == "unlimited" else slots


def _work_ns(name: str, operation: Operation) -> int:
    work = [step.work for step in operation.steps if hasattr(step, "work")]
    if len(work) != 1 or work[0].exponential is None:
        raise ValueError(f"{name} is no chain: a station has one step of exponential work")
    return int(work[0].exponential)
