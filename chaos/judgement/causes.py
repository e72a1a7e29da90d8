"""The causal chain: which failure or saturation led to which, in time order, along real dependencies.

Symptoms are found in the counters by ten-second windows, against the same run before the first step. An arrow goes from one
thing to another when the architecture has the dependency, and the second was not well once the first was. What does not lie
between a step of the method and a flow that suffers is left out. docs/verdicts.md says what an arrow does and does not prove.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chaos.i18n.findings import symptom_text
from chaos.measures.intervals import EvaluationSpec
from chaos.results.findings import (
    FAILING_FRACTION,
    FAILURES_MIN,
    FULL_FRACTION,
    WORSE_TIMES,
    AtLimit,
    Fails,
    Hit,
    Injected,
    PoolFull,
    RequestsFail,
    Slow,
    Symptom,
)
from chaos.results.run import CausalLink, FaultEvidence
from simcore.base.units import SECOND
from simcore.journal.model import Journal
from simcore.model.index import ArchitectureIndex, Part

STEP = 10  # seconds a window

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


class Link(NamedTuple):
    """A part that was not well: since when (ns), how many arrows from a step, how, and its cause (None for what a step hit)."""

    at: int
    depth: int
    part: Part
    symptom: Symptom
    because: Part | None

    def result(self) -> CausalLink:
        """The link as the run's result has it, its symptom in English."""
        because = "/".join(self.because) if self.because is not None else None
        what = symptom_text(self.symptom)["en"]
        return CausalLink(t_ns=self.at, kind=self.part.kind, name=self.part.name, what=what, because=because, depth=self.depth)


@dataclass(frozen=True, order=True)
class _Arrival:
    """A way to a part. Ways are tried by time, of equal ones by the fewest arrows; the rest of the order is only so that there is one."""

    at: int
    depth: int
    part: Part
    kind: str
    because: Part | None
    symptom: Symptom = field(compare=False)


class _First(NamedTuple):
    """When a symptom first showed (ns), and which."""

    at: int
    symptom: Symptom


class _Shown(NamedTuple):
    """A symptom, and the windows of the run in which it shows, bool."""

    symptom: Symptom
    windows: Flags


def chain(journal: Journal, index: ArchitectureIndex, faults: Sequence[FaultEvidence], spec: EvaluationSpec) -> list[Link]:
    """The links in time order, from what the steps of the method did (`faults`)."""
    begin, since = journal.meta.start_ns, spec.first_action
    if since is None or since <= begin + STEP * SECOND:
        return []
    found = _follow(_hit(index, faults), _Symptoms(journal, since), index.dependents, begin)
    leading: set[Part] = set()
    for part in found:
        at: Part | None = part if part[0] == "flow" else None
        while at is not None and at not in leading:
            leading.add(at)
            at = found[at].because
    return sorted((found[part] for part in leading), key=lambda link: (link.at, link.depth, link.part))


def _hit(index: ArchitectureIndex, faults: Sequence[FaultEvidence]) -> list[_Arrival]:
    """What the steps hit, each part by the first that did."""
    hit: dict[Part, _Arrival] = {}
    for fault in faults:
        symptom, at = Injected(fault=fault.fault), fault.began_ns
        for part in (part for target in fault.targets for part in _parts(index, target)) if at is not None else ():
            hit.setdefault(part, _Arrival(at or 0, 0, part, symptom.kind, None, symptom))
    return list(hit.values())


def _parts(index: ArchitectureIndex, target: str) -> list[Part]:
    """The parts of the system that a target of a fault stands for."""
    kind, _, name = target.partition("/")
    if kind == "unit":
        return [Part("service", name.partition("#")[0])]
    # a market is hit where its orders are accepted
    return [Part(kind, name), *(Part("service", s) for s in (index.exchanges_of(name) if kind == "exchange" else ()))]


def _follow(queue: list[_Arrival], symptoms: _Symptoms, edges: Mapping[Part, Sequence[Part]], begin: int) -> dict[Part, Link]:
    """Whatever is reached, by the path on which it is reached first; of equal ones by the fewest arrows."""
    found: dict[Part, Link] = {}
    heapq.heapify(queue)

    def arrive(at: int, depth: int, part: Part, symptom: Symptom, because: Part | None) -> None:
        heapq.heappush(queue, _Arrival(at, depth, part, symptom.kind, because, symptom))

    while queue:
        way = heapq.heappop(queue)
        if way.part in found:
            continue
        found[way.part] = Link(way.at, way.depth, way.part, way.symptom, way.because)
        for effect in edges.get(way.part, ()):
            if effect in found:
                continue
            first = symptoms.first(effect, way.at, begin)
            if effect[0] == "operation" and way.part[0] == "service":  # the operations of what a step hit, whatever they show
                arrive(way.at, way.depth + 1, effect, first.symptom if first is not None else Hit(), way.part)
            elif first is not None:
                arrive(first.at, way.depth + 1, effect, first.symptom, way.part)
    return found


# --- what was not well ----------------------------------------------------------------------------------------------------------


class _Symptoms:
    """The symptoms of a run, looked up as they are asked for."""

    def __init__(self, journal: Journal, since: int) -> None:
        self.journal, self.since = journal, since
        self.rows = journal.seconds.size // STEP
        self.split = max(1, (since - journal.meta.start_ns) // (STEP * SECOND))
        self._known: dict[Part, list[_Shown]] = {}
        self._summed: dict[tuple[str, str, str], Ints] = {}
        self._names = {kind: list(names) for kind, names in journal.names.items()}

    def first(self, part: Part, at: int, begin: int) -> _First | None:
        """When a part was first seen not well from `at` on, and how; None if never. Windows are ten seconds."""
        window = max(self.split, (at - begin) // (STEP * SECOND))
        best: _First | None = None
        if part not in self._known:
            self._known[part] = self._shown_by(*part)
        for shown in self._known[part]:
            later = np.flatnonzero(shown.windows[window:])
            since = begin + int(later[0] + window) * STEP * SECOND if later.size else None
            if since is not None and (best is None or since < best.at):
                best = _First(max(at, since), shown.symptom)
        return best

    def _shown_by(self, kind: str, name: str) -> list[_Shown]:
        if kind == "flow":
            bad = self._sums("flow", name, "failed") + self._sums("flow", name, "unknown") + self._sums("flow", name, "blocked")
            good = self._sums("flow", name, "ok") + self._sums("flow", name, "rejected")
            return [_Shown(RequestsFail(), self._failing(bad, bad + good))]
        if kind == "pool":
            return [_Shown(PoolFull(), self._full(p)) for p in self._instances("pool", name)]
        if kind == "limit":
            return [_Shown(AtLimit(), self._sums("limit", p, "refused") > 0) for p in self._instances("limit", name)]
        if kind != "operation":
            return []
        failed = self._sums("operation", name, "failed")
        found = [_Shown(Fails(), self._failing(failed, failed + self._sums("operation", name, "done")))]
        for instance in self._instances("unit", name.partition(".")[0]):
            ended = self._sums("unit", instance, "failed") + self._sums("unit", instance, "done")
            found.append(_Shown(Slow(times=WORSE_TIMES), self._slow(self._sums("unit", instance, "sojourn_ns"), ended)))
        return found

    def _instances(self, kind: str, name: str) -> list[str]:
        return [n for n in self._names.get(kind, ()) if n.partition("#")[0] == name]

    def _sums(self, kind: str, name: str, field: str) -> Ints:
        """Increments by window; zeros where the journal keeps no series."""
        key = kind, name, field
        if key not in self._summed:
            if self.journal.has_series(*key):
                by_second = self.journal.series(*key)[: self.rows * STEP].reshape(self.rows, STEP)
                self._summed[key] = np.einsum("ij->i", by_second)
            else:
                self._summed[key] = np.zeros(self.rows, np.int64)
        return self._summed[key]

    def _new(self, bad: Flags) -> Flags:
        """What was bad most of the time before the first step is no symptom of it."""
        return bad & False if bad[: self.split].mean() > 0.5 else bad

    def _failing(self, failed: Ints, total: Ints) -> Flags:
        before = failed[: self.split].sum() / max(1, total[: self.split].sum())
        return self._new((failed >= FAILURES_MIN) & (failed > max(FAILING_FRACTION, WORSE_TIMES * before) * total))

    def _slow(self, sojourn_ns: Ints, ended: Ints) -> Flags:
        usual = sojourn_ns[: self.split].sum() / max(1, ended[: self.split].sum())
        return self._new((ended >= FAILURES_MIN) & (sojourn_ns > WORSE_TIMES * usual * ended)) if usual else ended < 0

    def _full(self, pool: str) -> Flags:
        """Busy nearly all of a window, while others wait or are refused."""
        series, shape = self.journal.series, (self.rows, STEP)
        slots = series("pool", pool, "slots")[: self.rows * STEP].reshape(shape).min(axis=1)
        queue = series("pool", pool, "peak_queue")[: self.rows * STEP].reshape(shape).max(axis=1)
        busy = self._sums("pool", pool, "busy_ns") >= FULL_FRACTION * slots * STEP * SECOND
        return self._new(busy & ((queue > 0) | (self._sums("pool", pool, "refused") > 0)))


# --- a part of it ---------------------------------------------------------------------------------------------------------------


def paths_to(links: Sequence[CausalLink], flows: Iterable[str]) -> list[CausalLink]:
    """The links on the way to the flows named, each once, in time order."""
    by_node = {link.node: link for link in links}
    kept: set[str] = set()
    for flow in flows:
        at: str | None = f"flow/{flow}"
        while at is not None and at in by_node and at not in kept:
            kept.add(at)
            at = by_node[at].because
    return [link for link in links if link.node in kept]
