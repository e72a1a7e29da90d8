"""Random runs in which nothing is wrong with the simulator, however much goes wrong in what it simulates: no law may break.

A run is fixed by its number: every fifth a short window of legacy-coupled with random load and faults, the others a random
small architecture with faults. tests/contract/test_conservation.py runs some, benchmarks/healthy_runs.py many.
"""

from __future__ import annotations

import random
from functools import cache
from typing import Any, NamedTuple

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from simcore.base.units import MINUTE, SECOND, parse_clock
from simcore.model.architecture import Architecture
from simcore.model.workload import Workload

from .random_architectures import cases
from .twin import Case

WINDOWS = ("09:14:50", "09:24:50", "09:29:45", "11:29:40", "13:00", "14:56:50", "14:59:40")


class Run(NamedTuple):
    """What came of a run: the laws that were looked at, and of those the broken ones, with what they expected and found."""

    number: int
    what: str
    laws: int
    broken: list[tuple[str, Any, Any]]
    requests: int


def healthy_run(number: int) -> Run:
    """Does the run of this number."""
    from simcore.compile.plan import compile_plan
    from simcore.simulation import Action, simulate

    case = legacy_case(number) if number % 5 == 0 else random_case(number)
    plan = compile_plan(case.architecture, case.workload, seed=case.seed, start=case.start, end=case.end)
    actions = [Action(f["at"], f["do"], {k: v for k, v in f.items() if k not in ("at", "do")}) for f in case.faults]
    journal = simulate(plan, actions)
    broken = [(law.law, law.expected, law.found) for law in journal.conservation if not law.ok]
    counts = journal.meta.counts
    return Run(number, f"{case.architecture.name}, seed {case.seed}", len(journal.conservation), broken, counts["requests"])


def random_case(number: int) -> Case:
    """The random small architecture of this number."""
    found: Case = example(cases(), number)
    return found


def example(strategy: st.SearchStrategy[Any], number: int) -> Any:
    """What a strategy draws for this number, the same whenever it is asked."""
    found: list[Any] = []

    @seed(number)
    @settings(max_examples=2, phases=[Phase.generate], database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(strategy)
    def keep(drawn: Any) -> None:
        found.append(drawn)  # the first is the simplest there is, for every number

    keep()
    return found[-1]


@cache
def _legacy() -> tuple[Architecture, Workload]:
    from simcore.library import load_pair

    return load_pair("legacy-coupled", "normal-day")


def legacy_case(number: int) -> Case:
    """Ten seconds to a minute of a day on legacy-coupled, with up to three times the load and up to eight faults."""
    rng = random.Random(number)
    architecture, workload = _legacy()
    scale = rng.choice([0.3, 1.0, 1.0, 3.0])
    flows = dict(workload.flows)
    for name, load in flows.items():
        if load.per_day:
            flows[name] = load.model_copy(update={"per_day": load.per_day * scale})
    customers = workload.accounts.model_copy(update={"count": rng.choice([50, 5000, 50000])})
    start = parse_clock(rng.choice(WINDOWS))
    end = start + rng.choice([10 * SECOND, 20 * SECOND, 20 * SECOND, MINUTE])
    faults = sorted((legacy_fault(rng, architecture, start, end) for _ in range(rng.randrange(9))), key=lambda fault: fault["at"])
    workload = workload.model_copy(update={"flows": flows, "accounts": customers})
    return Case(architecture, workload, rng.getrandbits(32), start, end, tuple(faults))


def legacy_fault(rng: random.Random, architecture: Architecture, start: int, end: int) -> dict[str, Any]:
    """One turn of a random knob at a random time."""
    service = rng.choice(sorted(architecture.services))
    instance = {"service": service, "replica": rng.randrange(architecture.services[service].replicas)}
    pool = rng.choice(sorted(name for name, found in architecture.pools.items() if found.per == "shared"))
    exchange = rng.choice(["sse", "szse"])
    do, arguments = rng.choice(
        [
            ("crash", instance),
            ("crash", instance),
            ("restart", instance),
            ("hang", instance),
            ("hang", instance),
            ("thaw", instance),
            ("rotate_out", instance),
            ("slow", instance | {"factor": rng.choice([0.5, 4.0, 30.0])}),
            ("error_rate", instance | {"share": rng.random()}),
            ("grey", instance | {"share": 0.3, "factor": 20.0}),
            ("pool_slots", {"pool": pool, "slots": rng.choice([0, 1, 5, 50])}),
            ("pool_queue", {"pool": pool, "limit": rng.choice([0, 3])}),
            ("flow_rate", {"flow": rng.choice(["place-order", "login", "transfer"]), "factor": rng.choice([0.0, 0.3, 5.0])}),
            ("drop_sessions", {"share": rng.random(), "reconnect_over_ns": 10 * SECOND}),
            ("market", {"exchange": exchange, "orders": rng.random() < 0.5, "cancels": rng.random() < 0.5}),
            ("lose_unreplicated", {"lag_ns": rng.randrange(30 * SECOND)}),
            ("settle_day", {}),
            ("reconcile", {"counterparty": rng.choice(["exchange", "bank", "fund"])}),
        ]
    )
    return {"at": rng.randrange(start, end), "do": do, **arguments}
