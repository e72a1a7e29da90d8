"""What an architecture costs, computed from it: machines and slots from the resolved file, latency from healthy runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from chaos.measures.statistics import median
from chaos.results.comparison import Hardware, Latency
from chaos.results.run import RunResult
from simcore.base.units import MS
from simcore.model.architecture import Architecture
from simcore.model.index import ArchitectureIndex

LATENCY_FLOWS = ("place-order", "login", "transfer")


def hardware(architecture: Architecture) -> Hardware:
    """Replicas, standbys and slots (unlimited pools left out) of everything that is the broker's own: services of other parties,
    and pools that only they use, are not counted."""
    index = ArchitectureIndex(architecture)
    own = {name: s for name, s in architecture.services.items() if s.layer != "external"}
    foreign = {pool for name in architecture.services if name not in own for pool in index.resources_of(name)}
    slots = 0
    for name, pool in architecture.pools.items():
        users = [own[user] for user in index.users_of(name) if user in own]
        if isinstance(pool.slots, int) and (users or name not in foreign):
            slots += pool.slots * (max((s.replicas for s in users), default=1) if pool.per == "replica" else 1)
    standbys = sum(s.standby.replicas for s in own.values() if s.standby)
    return Hardware(machines=sum(s.replicas for s in own.values()), standbys=standbys, slots=slots)


def latency(healthy: Sequence[RunResult]) -> dict[str, Latency]:
    """Median over healthy runs of the mean and the quantiles of what customers waited, by flow. Quantiles of flows without rows
    are known to 1/32; what an option adds shows in the mean, which flows without rows have not."""
    found = {}
    for flow in LATENCY_FLOWS:
        rows = [figures for run in healthy if (figures := run.measures.flows.get(flow)) and figures.p99_ns]
        if rows:
            medians = {
                "mean": _median_ms(r.mean_ns for r in rows),
                "p50": _median_ms(r.p50_ns for r in rows),
                "p99": _median_ms(r.p99_ns for r in rows),
            }
            found[flow] = Latency(**{name: value for name, value in medians.items() if value is not None})
    return found


def _median_ms(values_ns: Iterable[int | None]) -> float | None:
    known = [ns / MS for ns in values_ns if ns is not None]
    return median(known) if known else None
