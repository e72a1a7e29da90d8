"""How each service was in each bin, as far as the counters show: healthy, slow, saturated, failing or down. The bounds are
those of the causal chain (docs/verdicts.md), so that the picture and the chain tell one story."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chaos.reports.run.bins import Bins, Ints, Mask
from chaos.results.findings import FAILING_FRACTION, FAILURES_MIN, FULL_FRACTION, WORSE_TIMES
from chaos.results.topology import TopologyEdge, TopologyNode
from simcore.base.units import SECOND
from simcore.journal.model import Journal

STATES = ("healthy", "slow", "saturated", "failing", "down")
STATE_GLYPHS = ("●", "◔", "◑", "✕", "■")
"""The sign of each state, since colour alone says nothing to some."""
LEVELS = 9


@dataclass(frozen=True)
class Course:
    """A service through the run, each [bins]: its state (a position in STATES), the fill of its fullest pool in percent, that
    pool's place in `pools`, and how many of its replicas serve."""

    state: Ints
    fill: Ints
    pool: Ints
    serving: Ints


def names_of(journal: Journal, kind: str, name: str) -> list[str]:
    """The journal's names of a pool or instance: itself, or one for each replica."""
    return [n for n in journal.names.get(kind, ()) if n.partition("#")[0] == name]


def course(bins: Bins, name: str, drawn: TopologyNode, split: int) -> Course:
    """The state of the service `name` in every bin of a run. `drawn` says which pools it needs and how many replicas it has; the bins
    before `split`, that of the first fault, are what slow and failing are measured against."""
    instances = names_of(bins.journal, "unit", name)
    done, failed, sojourn = (_total(bins, instances, field) for field in ("done", "failed", "sojourn_ns"))
    serving = _serving(bins, instances, drawn.replicas)
    fills = np.stack([np.zeros(bins.count, np.int64), *(fill(bins, pool) for pool in drawn.pools)])
    full = np.any([saturated(bins, pool) for pool in drawn.pools], axis=0) if drawn.pools else np.zeros(bins.count, bool)
    live = np.max([np.zeros(bins.count, np.int64), *(bins.highest("unit", u, "live") for u in instances)], axis=0)
    bad = failing(failed, done + failed, split)
    late = _slow(sojourn, done + failed, split)
    state = np.select([serving <= 0, bad, full, late], [4, 3, 2, 1], 0)
    quiet = (done + failed < FAILURES_MIN) & (live > 0) & (serving > 0) & ~full
    return Course(_carried(state, quiet), fills.max(axis=0), np.maximum(fills.argmax(axis=0) - 1, 0), np.maximum(serving, 0))


def _carried(state: Ints, quiet: Mask) -> Ints:
    """Where work is under way but next to nothing ends, a service is no better than it was: slow answers are not seen yet."""
    carried = state.copy()
    for i in np.flatnonzero(quiet):
        if i and 0 < carried[i - 1] < STATES.index("down"):
            carried[i] = max(carried[i], carried[i - 1])
    return carried


def _total(bins: Bins, instances: Iterable[str], field: str) -> Ints:
    total: Ints = np.sum(
        [np.zeros(bins.count, np.int64), *(bins.sums("unit", instance, field) for instance in instances)], axis=0
    )
    return total


def _serving(bins: Bins, instances: list[str], replicas: int) -> Ints:
    """Instances up and not hung; of those beyond the replicas (standbys) only the ones that worked. A service that the journal
    keeps no instance of is taken to serve."""
    known = [(i, instance) for i, instance in enumerate(instances) if bins.journal.has_series("unit", instance, "up")]
    if not known:
        return np.full(bins.count, replicas, np.int64)
    serving = np.zeros(bins.count, np.int64)
    for i, instance in known:
        up = (bins.lowest("unit", instance, "up") > 0) & (bins.highest("unit", instance, "hung") == 0)
        if i >= replicas:
            up &= bins.sums("unit", instance, "done") + bins.sums("unit", instance, "failed") > 0
        serving += up
    return serving


def failing(failed: Ints, total: Ints, split: int) -> Mask:
    """Bins with at least 3 failures, a share of 5 % or more, and three times the share of before."""
    before = failed[:split].sum() / max(1, total[:split].sum())
    mask: Mask = (failed >= FAILURES_MIN) & (failed > max(FAILING_FRACTION, WORSE_TIMES * before) * total)
    return mask


def _slow(sojourn_ns: Ints, ended: Ints, split: int) -> Mask:
    """Bins whose mean time in the service is more than three times the usual; one alone among others is chance, and is left out."""
    whole = split or ended.size
    usual = sojourn_ns[:whole].sum() / max(1, ended[:whole].sum())
    slow: Mask = (ended >= FAILURES_MIN) & (sojourn_ns > WORSE_TIMES * usual * ended) & (usual > 0)
    beside = np.concatenate([[False], slow, [False]])
    slow &= beside[:-2] | beside[2:]
    return slow


def saturated(bins: Bins, pool: str) -> Mask:
    """Bins in which an instance of the pool was busy nearly all the time, while others waited or were refused."""
    found = np.zeros(bins.count, bool)
    for name in names_of(bins.journal, "pool", pool):
        waited = (bins.highest("pool", name, "peak_queue") > 0) | (bins.sums("pool", name, "refused") > 0)
        found |= (_busy_share(bins, name) >= FULL_FRACTION) & waited
    return found


def fill(bins: Bins, pool: str) -> Ints:
    """Slots in use on average in each bin, percent, of the fullest instance; 0 for a pool without bound."""
    shares = [_busy_share(bins, name) for name in names_of(bins.journal, "pool", pool)]
    if not shares:
        return np.zeros(bins.count, np.int64)
    percent: Ints = np.minimum(100, np.rint(100 * np.max(shares, axis=0))).astype(np.int64)
    return percent


def slots(bins: Bins, pool: str) -> int:
    """The slots of a pool's first instance at the beginning; 0 for one without bound."""
    names = names_of(bins.journal, "pool", pool)
    values = bins.lowest("pool", names[0], "slots") if names else np.zeros(0, np.int64)
    return max(0, int(values[0])) if values.size else 0


def _busy_share(bins: Bins, name: str) -> NDArray[np.float64]:
    slots = bins.lowest("pool", name, "slots")
    width = np.full(bins.count, bins.step * SECOND)
    if bins.count:
        width[-1] = (bins.journal.seconds.size - (bins.count - 1) * bins.step) * SECOND
    return np.where(slots > 0, bins.sums("pool", name, "busy_ns") / np.maximum(1, slots * width.astype(float)), 0.0)


def edge_levels(bins: Bins, edge: TopologyEdge, split: int) -> Ints:
    """How many of the calls between two services fail in each bin: 0 no more than usual, 1 to 9 in ninths, rounded up."""
    attempts, withheld, failures = (
        np.sum([np.zeros(bins.count, np.int64), *(bins.sums("call", site, field) for site in edge.sites)], axis=0)
        for field in ("attempts", "withheld", "failures")
    )
    ended = np.maximum(attempts + withheld, failures)
    share = failures / np.maximum(1, ended)
    return np.where(failing(failures, ended, split), np.ceil(LEVELS * share), 0).astype(np.int64)
