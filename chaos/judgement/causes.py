"""The causal chain: which failure or saturation led to which, in time order, along real dependencies.

Symptoms are found in the counters by ten-second windows, against the same run before the first step. An arrow goes from one
thing to another when the architecture has the dependency, and the second was not well once the first was. What does not lie
between a step of the method and a flow that suffers is left out. docs/verdicts.md says what an arrow does and does not prove.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from chaos.measures.compute import EvaluationSpec
from chaos.results.run import CausalLink
from simcore.base.units import SECOND
from simcore.journal.model import Journal
from simcore.model.index import ArchitectureIndex, Part

STEP = 10  # seconds a window
FAILING_SHARE = 0.05
FEWEST = 3
SLOWER = 3.0
FULL = 0.95


class Symptom(NamedTuple):
    """How something was not well, and in which windows of the run."""

    what: str
    bad: Any


class _Reached(NamedTuple):
    """A thing reached from a step: since when it was not well, how many arrows away, what showed, and its cause."""

    at: int
    depth: int
    what: str
    because: Part | None


def chain(
    journal: Journal, index: ArchitectureIndex, steps: Sequence[tuple[str, int | None, list[str]]], spec: EvaluationSpec
) -> list[CausalLink]:
    """The links in time order. `steps` are (fault, when it began, targets)."""
    begin, since = int(journal.meta["start_ns"]), spec.first_action
    if since is None or since <= begin + STEP * SECOND:
        return []
    found = _follow(_hit(index, steps), _Symptoms(journal, since), index.dependents, begin)
    kept: set[Part] = set()
    for node in found:
        at: Part | None = node if node[0] == "flow" else None
        while at is not None and at not in kept:
            kept.add(at)
            at = found[at].because
    links = [
        CausalLink(
            t_ns=link.at, kind=node[0], name=node[1], what=link.what, because="/".join(link.because) if link.because else None,
            depth=link.depth,
        )
        for node, link in found.items() if node in kept
    ]  # fmt: skip
    return sorted(links, key=lambda link: (link.t_ns, link.depth, link.kind, link.name))


def _hit(index: ArchitectureIndex, steps: Sequence[tuple[str, int | None, list[str]]]) -> dict[Part, tuple[int, str]]:
    """What the steps hit, with when and by what."""
    hit: dict[Part, tuple[int, str]] = {}
    for fault, began, targets in steps:
        for target in targets if began is not None else ():
            kind, _, name = target.partition("/")
            node = Part("service", name.partition("#")[0]) if kind == "unit" else Part(kind, name)
            hit.setdefault(node, (began or 0, fault))
            if kind == "exchange":  # a market is hit where its orders are accepted
                for service in index.exchanges_of(name):
                    hit.setdefault(Part("service", service), (began or 0, fault))
    return hit


def _follow(
    hit: dict[Part, tuple[int, str]], symptoms: _Symptoms, edges: Mapping[Part, Sequence[Part]], begin: int
) -> dict[Part, _Reached]:
    """Whatever is reached, by the path on which it is reached first; of equal ones by the fewest arrows."""
    found: dict[Part, _Reached] = {}
    queue: list[tuple[int, int, Part, str, Part | None]] = [
        (at, 0, node, f"step: {fault}", None) for node, (at, fault) in hit.items()
    ]
    heapq.heapify(queue)
    while queue:
        at, depth, node, what, because = heapq.heappop(queue)
        if node in found:
            continue
        found[node] = _Reached(at, depth, what, because)
        for effect in edges.get(node, ()):
            if effect in found:
                continue
            if effect[0] == "operation" and node[0] == "service":  # the operations of what a step hit, whatever they show
                heapq.heappush(queue, (at, depth + 1, effect, symptoms.of(effect, at, begin)[1] or "hit", node))
                continue
            when, showed = symptoms.of(effect, at, begin)
            if when is not None:
                heapq.heappush(queue, (when, depth + 1, effect, showed, node))
    return found


# --- what was not well ----------------------------------------------------------------------------------------------------------


class _Symptoms:
    """The symptoms of a run, looked up as they are asked for."""

    def __init__(self, journal: Journal, since: int) -> None:
        self.journal, self.since = journal, since
        self.rows = journal.seconds.size // STEP
        self.split = max(1, (since - int(journal.meta["start_ns"])) // (STEP * SECOND))
        self._known: dict[Part, list[Symptom]] = {}
        self._summed: dict[tuple[str, str, str], Any] = {}
        self._names = {kind: list(names) for kind, names in journal.names.items()}

    def of(self, node: Part, at: int, begin: int) -> tuple[int | None, str]:
        """When the thing was first seen not well from `at` on, and how; (None, "") if never. Windows are ten seconds."""
        window = max(self.split, (at - begin) // (STEP * SECOND))
        best: tuple[int | None, str] = (None, "")
        if node not in self._known:
            self._known[node] = self._look(*node)
        for symptom in self._known[node]:
            later = np.flatnonzero(symptom.bad[window:])
            if later.size and (best[0] is None or begin + int(later[0] + window) * STEP * SECOND < best[0]):
                best = max(at, begin + int(later[0] + window) * STEP * SECOND), symptom.what
        return best

    def _look(self, kind: str, name: str) -> list[Symptom]:
        if kind == "flow":
            bad = sum(self._sums("flow", name, field) for field in ("failed", "unknown", "blocked"))
            good = self._sums("flow", name, "ok") + self._sums("flow", name, "rejected")
            return [Symptom("customers' intents fail", self._failing(bad, bad + good))]
        if kind == "pool":
            return [Symptom("every slot taken, others wait", self._full(p)) for p in self._instances("pool", name)]
        if kind == "limit":
            return [Symptom("at its limit", self._sums("limit", p, "refused") > 0) for p in self._instances("limit", name)]
        if kind != "operation":
            return []
        failed = self._sums("operation", name, "failed")
        found = [Symptom("fails", self._failing(failed, failed + self._sums("operation", name, "done")))]
        for unit in self._instances("unit", name.partition(".")[0]):
            ended = self._sums("unit", unit, "failed") + self._sums("unit", unit, "done")
            found.append(
                Symptom(f"takes more than {SLOWER:g} times as long", self._slow(self._sums("unit", unit, "sojourn_ns"), ended))
            )
        return found

    def _instances(self, kind: str, name: str) -> list[str]:
        return [n for n in self._names.get(kind, ()) if n.partition("#")[0] == name]

    def _sums(self, kind: str, name: str, field: str) -> Any:
        """Increments by window; zeros where the journal keeps no series."""
        key = kind, name, field
        if key not in self._summed:
            if self.journal.has_series(*key):
                by_second = self.journal.series(*key)[: self.rows * STEP].reshape(self.rows, STEP)
                self._summed[key] = np.einsum("ij->i", by_second)
            else:
                self._summed[key] = np.zeros(self.rows, np.int64)
        return self._summed[key]

    def _new(self, bad: Any) -> Any:
        """What was bad most of the time before the first step is no symptom of it."""
        return bad & False if bad[: self.split].mean() > 0.5 else bad

    def _failing(self, failed: Any, total: Any) -> Any:
        before = failed[: self.split].sum() / max(1, total[: self.split].sum())
        return self._new((failed >= FEWEST) & (failed > max(FAILING_SHARE, SLOWER * before) * total))

    def _slow(self, sojourn_ns: Any, ended: Any) -> Any:
        usual = sojourn_ns[: self.split].sum() / max(1, ended[: self.split].sum())
        return self._new((ended >= FEWEST) & (sojourn_ns > SLOWER * usual * ended)) if usual else ended < 0

    def _full(self, pool: str) -> Any:
        """Busy nearly all of a window, while others wait or are refused."""
        series, shape = self.journal.series, (self.rows, STEP)
        slots = series("pool", pool, "slots")[: self.rows * STEP].reshape(shape).min(axis=1)
        queue = series("pool", pool, "peak_queue")[: self.rows * STEP].reshape(shape).max(axis=1)
        busy = self._sums("pool", pool, "busy_ns") >= FULL * slots * STEP * SECOND
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
