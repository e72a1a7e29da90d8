"""Simulated beside live: the same scenario, plan, customers and chance on both targets, and whether the differences are small.

A difference is judged by bounds that are declared here, not by the scatter that was seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from statistics import fmean, stdev

from chaos.execution.execute import execute
from chaos.execution.jobs import SIMULATED, Job
from chaos.execution.session import Session
from chaos.live.target import TWIN
from chaos.results.live import SCHEMA_VERSION, Compared, LiveComparison, LiveDifference, LivePair, LiveSide, LiveSummary
from chaos.results.run import RunResult

FAILED_SHARE, FAILED_ORDERS = 0.10, 10
"""Failed orders may differ by this share of those simulated, or by so many, whichever is more."""
IMPAIRED_S = 3.0
DUPLICATED_FACTOR, DUPLICATED_ORDERS = 3.0, 5
"""Duplicated orders may differ by this factor, or by so many."""
MISSED_SCENARIOS_MAX = 1 / 6
"""So many of the scenarios may miss, but one at the least."""
FAILED_MIN = 50
"""A relative difference of failed orders is taken from pairs with so many simulated ones."""


def compare(
    session: Session, scenarios: Sequence[str], seeds: Sequence[int], done: Callable[[LivePair], None], twin: str = TWIN
) -> LiveComparison:
    """Runs all scenarios with all seeds in the simulated core and on a twin, by the reference of a target. `done` is called with each pair.
    Raises InputError before anything starts if a twin cannot run a scenario."""
    jobs = [Job(scenario, seed, target=target) for scenario in scenarios for seed in seeds for target in (SIMULATED, twin)]
    for job in jobs:
        session.require(job)
    pairs = []
    for scenario in scenarios:
        for seed in seeds:
            pair = pair_of(execute(session, Job(scenario, seed)), execute(session, Job(scenario, seed, target=twin)))
            pairs.append(pair)
            done(pair)
    return LiveComparison(schema_version=SCHEMA_VERSION, pairs=pairs, summary=summary_of(pairs))


def pair_of(simulated: RunResult, live: RunResult) -> LivePair:
    """Two runs of one scenario and seed, held against each other."""
    sides = side_of(simulated), side_of(live)
    why = next((f"{name}: {run.reasons[0]}" for name, run in (("simulated", simulated), ("live", live)) if _is_void(run)), "")
    differences = list(differences_of(*sides))
    return LivePair(
        scenario=simulated.scenario or "",
        title=simulated.title,
        title_zh=simulated.chinese.get(simulated.title),
        seed=simulated.seed,
        simulated=sides[0],
        live=sides[1],
        differences=differences,
        missed=bool(why) or not all(difference.holds for difference in differences),
        why=why,
    )


def _is_void(run: RunResult) -> bool:
    """Whether nothing can be concluded from a run."""
    return run.verdict == "unknown" and bool(run.reasons)


def side_of(run: RunResult) -> LiveSide:
    """What is compared of a run."""
    measures = run.measures
    return LiveSide(
        verdict=run.verdict,
        reasons=run.reasons,
        orders=measures.orders,
        client_truth=measures.client_truth,
        impaired_s=measures.impaired_s,
        recovery_s=measures.recovery_s,
        flows=measures.flows,
        digest=run.digest,
    )


def differences_of(simulated: LiveSide, live: LiveSide) -> Iterator[LiveDifference]:
    """All figures by which a pair is judged."""
    a, b = simulated.orders, live.orders
    yield _within("failed_orders", a.failed_orders, b.failed_orders, max(FAILED_SHARE * a.failed_orders, FAILED_ORDERS))
    yield _within("impaired_s", simulated.impaired_s, live.impaired_s, IMPAIRED_S)
    low, high = sorted((a.duplicated, b.duplicated))
    allowed = max((DUPLICATED_FACTOR - 1.0) * low, DUPLICATED_ORDERS)
    yield LiveDifference(
        what="duplicated", simulated=a.duplicated, live=b.duplicated, allowed=allowed, holds=high - low <= allowed
    )
    yield LiveDifference(what="lost", simulated=a.lost, live=b.lost, allowed=0.0, holds=a.lost == b.lost == 0)


def _within(what: Compared, simulated: float | None, live: float | None, allowed: float) -> LiveDifference:
    known = simulated is not None and live is not None
    holds = abs(live - simulated) <= allowed if simulated is not None and live is not None else not known and simulated == live
    return LiveDifference(what=what, simulated=simulated, live=live, allowed=allowed, holds=holds)


def summary_of(pairs: Sequence[LivePair]) -> LiveSummary:
    """Counts over pairs, and the mean signed difference of failed orders."""
    scenarios = list(dict.fromkeys(pair.scenario for pair in pairs))
    missed = list(dict.fromkeys(pair.scenario for pair in pairs if pair.missed))
    relative = list(_relative(pairs))
    return LiveSummary(
        pairs=len(pairs),
        missed=sum(pair.missed for pair in pairs),
        scenarios=len(scenarios),
        missed_scenarios=missed,
        failed_difference=fmean(relative) if relative else None,
        failed_difference_error=stdev(relative) / len(relative) ** 0.5 if len(relative) > 1 else None,
    )


def _relative(pairs: Iterable[LivePair]) -> Iterator[float]:
    for pair in pairs:
        simulated, live = pair.simulated.orders.failed_orders, pair.live.orders.failed_orders
        if not pair.why and simulated >= FAILED_MIN:
            yield (live - simulated) / simulated


def is_close(summary: LiveSummary) -> bool:
    """Whether no more scenarios miss than may."""
    return len(summary.missed_scenarios) <= max(1.0, MISSED_SCENARIOS_MAX * summary.scenarios)
