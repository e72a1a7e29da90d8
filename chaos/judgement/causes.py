"""The causal chain: which failure or saturation led to which, in time order, along real dependencies.

It begins with what was done: steps of the method, and actions. What is hit brings down what depends on it (`ArchitectureIndex.dependents`);
load, be it a surge or customers who try again, fills what it asks for. An arrow goes from one thing to another when the architecture has
the dependency, and the second was not well (`chaos.judgement.symptoms`) once the first was. What does not lie between a root and a flow
that suffers is left out. docs/verdicts.md says what an arrow does and does not prove.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from chaos.i18n.findings import symptom_text
from chaos.judgement.symptoms import STEP, Symptoms
from chaos.measures.intervals import EvaluationSpec
from chaos.results.counterfactuals import ActionTaken
from chaos.results.findings import CarriedOut, Hit, Injected, OrdersLate, RequestsFail, RequestsRejected, Symptom
from chaos.results.run import CausalLink, FaultEvidence
from simcore.base.units import SECOND
from simcore.counterparties import COUNTERPARTIES
from simcore.journal.model import Journal
from simcore.model.index import ArchitectureIndex, Part
from simcore.model.steps import CLIENT

LOAD = "load"
"""The kind of a part that stands for what customers, or programs, ask for by one flow."""
ASKED = ("operation", "pool", "limit")
"""Kinds of parts that load comes to."""
BEYOND = (RequestsRejected().kind, OrdersLate().kind)
"""Symptoms of a flow that come of what lies behind messages, and behind answers that are no errors."""
BOOKED = tuple(kind for counterparty in COUNTERPARTIES.values() for kind in counterparty.flow_kinds)
"""Kinds of flows that move money or shares, or need them."""
STOPS = ("restart", "failover")
"""Actions that take a service down: their effect begins when it is down."""


class Link(NamedTuple):
    """A part that was not well: since when (ns), how many arrows from a root, how, and its cause (None for what a root hit).
    `root` is the number of that root."""

    at: int
    depth: int
    part: Part
    symptom: Symptom
    because: Part | None
    root: int

    def result(self) -> CausalLink:
        """The link as the run's result has it, its symptom in English."""
        because = "/".join(self.because) if self.because is not None else None
        what = symptom_text(self.symptom)["en"]
        return CausalLink(t_ns=self.at, kind=self.part.kind, name=self.part.name, what=what, because=because, depth=self.depth)


class Root(NamedTuple):
    """Where a chain may begin: a step of the method or an action (`kind`) by its name, from when on what comes of it is looked for (ns),
    what it hit, and with which symptom. `began` is when a step began, if that was before (ns), and `over` when it was over."""

    kind: str
    name: str
    at: int
    parts: tuple[Part, ...]
    symptom: Symptom
    began: int | None = None
    over: int | None = None

    @property
    def since(self) -> int:
        """When its effect began, ns."""
        return self.at if self.began is None else self.began


class Stretch(NamedTuple):
    """The stretch of time [begin, end) in ns that a chain is about."""

    begin: int
    end: int


@dataclass(frozen=True, order=True)
class _Arrival:
    """A way to a part. Ways are tried by time, of equal ones first where load meets the innermost part, then by the fewest arrows; the rest
    of the order is only so that there is one."""

    at: int
    rank: int
    depth: int
    part: Part
    kind: str
    because: Part | None
    symptom: Symptom = field(compare=False)
    root: int = field(compare=False)


def chain(journal: Journal, index: ArchitectureIndex, faults: Sequence[FaultEvidence], spec: EvaluationSpec) -> list[Link]:
    """The links of the whole run in time order, from what the steps of the method did (`faults`)."""
    since = spec.first_action
    if since is None or since <= journal.meta.start_ns + STEP * SECOND:
        return []
    stretch = Stretch(since, journal.meta.end_ns)
    return links_of(index, Symptoms(journal, since), step_roots(index, faults, stretch), stretch)


def links_of(index: ArchitectureIndex, symptoms: Symptoms, roots: Sequence[Root], stretch: Stretch) -> list[Link]:
    """The links between the roots and the flows that suffered in a stretch of time, in time order."""
    found = _follow(index, symptoms, roots, stretch)
    leading: set[Part] = set()
    for part in found:
        at: Part | None = part if part.kind == "flow" else None
        while at is not None and at not in leading:
            leading.add(at)
            at = found[at].because
    return sorted((found[part] for part in leading), key=lambda link: (link.at, link.depth, link.part))


# --- roots ----------------------------------------------------------------------------------------------------------------------


def step_roots(index: ArchitectureIndex, faults: Sequence[FaultEvidence], stretch: Stretch) -> list[Root]:
    """The steps that were in force in the stretch; all that had begun by its end, if none was. What took no effect is the cause of nothing."""
    begun = _begun(faults, stretch.end)
    return _roots(index, _in_force(begun, stretch) or begun, stretch)


def step_choices(
    index: ArchitectureIndex, faults: Sequence[FaultEvidence], stretch: Stretch, violated: Stretch | None
) -> list[list[Root]]:
    """Sets of steps at which the chain of an outage may begin, the most likely first: those in force while the steady state was `violated`,
    those in force since the outage before, all that had begun. There is at least one set; each is larger than the one before."""
    begun = _begun(faults, stretch.end)
    sets = [_in_force(begun, when) for when in (violated, stretch) if when is not None]
    found: list[list[FaultEvidence]] = []
    for chosen in (*sets, begun):
        if chosen and (not found or len(chosen) > len(found[-1])):
            found.append(chosen)
    return [_roots(index, chosen, stretch) for chosen in found or [[]]]


def _begun(faults: Sequence[FaultEvidence], until: int) -> list[FaultEvidence]:
    return [f for f in faults if f.took_effect and f.began_ns is not None and f.began_ns < until]


def _in_force(begun: Iterable[FaultEvidence], when: Stretch) -> list[FaultEvidence]:
    """Of the steps those that were in force at some instant of a stretch of time."""
    return [f for f in begun if (f.began_ns or 0) < when.end and (f.in_force_until is None or f.in_force_until > when.begin)]


def _roots(index: ArchitectureIndex, faults: Iterable[FaultEvidence], stretch: Stretch) -> list[Root]:
    return [
        Root(
            "step",
            fault.name,
            max(fault.began_ns or 0, stretch.begin),
            tuple(part for target in fault.targets for part in _parts(index, target)),
            Injected(fault=fault.fault),
            fault.began_ns,
            fault.in_force_until,
        )
        for fault in faults
    ]


def _parts(index: ArchitectureIndex, target: str) -> list[Part]:
    """The parts of the system that a target of a fault stands for."""
    kind, _, name = target.partition("/")
    if kind == "unit":
        return [Part("service", name.partition("#")[0])]
    if kind == "flow":
        return [Part(LOAD, name)]
    if kind == "failover":
        return [Part("service", index.architecture.control.failovers[name].service)]
    if kind in ("file", "batch"):
        return [Part(kind, name), *_waiting_for(index, name)]
    # a market is hit where its orders are accepted
    return [Part(kind, name), *(Part("service", s) for s in (index.exchanges_of(name) if kind == "exchange" else ()))]


def _waiting_for(index: ArchitectureIndex, name: str) -> Iterator[Part]:
    """The batches that need a file or batch, in turn, and the gates that all of them hold shut."""
    batches = index.architecture.control.batches
    if name in batches:
        yield from (Part("gate", gate) for gate in batches[name].holds)
    for other, batch in batches.items():
        if name in batch.needs:
            yield Part("batch", other)
            yield from _waiting_for(index, other)


def action_roots(index: ArchitectureIndex, symptoms: Symptoms, actions: Sequence[ActionTaken], stretch: Stretch) -> list[Root]:
    """The actions that changed something in the stretch."""
    found = []
    for action in actions:
        begun, ended = action.begun_ns, action.ended_ns if action.ended_ns is not None else stretch.end
        if begun is None or not action.may_matter or begun >= stretch.end or ended < stretch.begin:
            continue
        parts = tuple(_changed(index, action))
        if action.verb in STOPS:
            down = symptoms.down_at(parts[0].name, max(begun, stretch.begin), min(ended, stretch.end))
            at = None if down is None else down.since
        else:
            at = ended if ended < stretch.end else None
        if at is not None and parts:
            found.append(Root("action", action.name, at, parts, CarriedOut(verb=action.verb, by=action.by)))
    return found


def _changed(index: ArchitectureIndex, action: ActionTaken) -> Iterator[Part]:
    """What an action is done to."""
    control, targets = index.architecture.control, action.target.split(",")
    if action.verb == "failover":
        yield Part("service", control.failovers[action.target].service)
    elif action.verb in ("restart", "rotate_out", "rotate_in", "rollback"):
        yield Part("service", action.target.partition("#")[0])
    elif action.verb == "limit_rate":
        yield Part("limit", action.target)
    elif action.verb == "slots":
        yield Part("pool", action.target)
    elif action.verb == "switch_channel":
        yield from (Part(LOAD, flow) for flow in targets)
    elif action.verb == "isolate":
        for name in targets:
            pools = [pool for pool, made in index.architecture.pools.items() if name in (pool, made.gate)]
            yield from (Part("pool", pool) for pool in pools)
            if not pools:
                yield Part("call", name)


# --- the walk -------------------------------------------------------------------------------------------------------------------


def _follow(index: ArchitectureIndex, symptoms: Symptoms, roots: Sequence[Root], stretch: Stretch) -> dict[Part, Link]:
    """Whatever is reached, by the path on which it is reached first; of equal ones by the fewest arrows."""
    found: dict[Part, Link] = {}
    beyond = _beyond(index)
    queue = [
        _Arrival(root.at, 0, 0, part, root.symptom.kind, None, root.symptom, number)
        for number, root in enumerate(roots)
        for part in root.parts
    ]
    heapq.heapify(queue)
    while queue:
        way = heapq.heappop(queue)
        if way.part in found:
            continue
        hit = way.because is None or _hit_whatever_it_shows(found[way.because], way.part)
        at = roots[way.root].since if hit else way.at
        found[way.part] = Link(at, way.depth, way.part, way.symptom, way.because, way.root)
        for effect, rank, kinds in _effects(index, way.part, beyond, again=way.symptom.kind not in BEYOND):
            if effect in found:
                continue
            first = symptoms.first(effect, way.at, stretch.end, kinds)
            at, symptom = (first.at, first.symptom) if first is not None else (way.at, Hit())
            if _hit_whatever_it_shows(way, effect):
                at = way.at
            elif first is None:
                continue
            heapq.heappush(queue, _Arrival(at, rank, way.depth + 1, effect, symptom.kind, way.part, symptom, way.root))
    return found


def _hit_whatever_it_shows(way: _Arrival | Link, effect: Part) -> bool:
    """The operations of a service that a step hit, or an action stopped, are affected whatever they show."""
    stopped = isinstance(way.symptom, Injected) or (isinstance(way.symptom, CarriedOut) and way.symptom.verb in STOPS)
    return stopped and way.part.kind == "service" and effect.kind == "operation"


class _Effect(NamedTuple):
    """What may suffer from a part, how far from the innermost it is, and which kinds of symptoms of it count (None: all)."""

    part: Part
    rank: int
    kinds: Collection[str] | None = None


def _effects(index: ArchitectureIndex, part: Part, beyond: Mapping[Part, Sequence[_Effect]], *, again: bool) -> Iterator[_Effect]:
    """What suffers when a part does. Load comes to all on its way, and what is innermost holds up the rest. Customers whose requests fail try
    again, or elsewhere (`again`): that is load too, though it only ever fills what is bounded."""
    yield from (_Effect(effect, 0) for effect in index.dependents.get(part, ()))
    yield from beyond.get(part, ())
    body = f"{CLIENT}.{part.name}"
    if (part.kind == LOAD or (part.kind == "flow" and again)) and body in index.bodies:
        levels = _levels(index, body)
        innermost = max((level for asked, level in levels.items() if asked.kind in ASKED), default=0)
        for asked, level in levels.items():
            if asked.kind in ASKED and (part.kind == LOAD or asked.kind != "operation"):
                yield _Effect(asked, 1 + innermost - level)


def _beyond(index: ArchitectureIndex) -> Mapping[Part, Sequence[_Effect]]:
    """What a request suffers from though nothing that it calls fails: it is rejected, or its order is late, because of what lies further on,
    behind a message or an answer that is no error; or because what should have brought a session, money or shares did not go well."""
    found: dict[Part, list[_Effect]] = defaultdict(list)
    flows = index.architecture.flows
    booked = [name for name, flow in flows.items() if flow.kind in BOOKED]
    for flow in flows:
        levels = _levels(index, f"{CLIENT}.{flow}")
        last = 2 + max(levels.values(), default=0)
        for part, level in levels.items():
            found[part].append(_Effect(Part("flow", flow), 1 + level, BEYOND))
            if flows[flow].kind == "login":
                found[part] += [_Effect(Part("flow", other), last + level, (RequestsFail().kind,)) for other in flows]
        if flow in booked:
            found[Part("flow", flow)] += [_Effect(Part("flow", other), last, (RequestsRejected().kind,)) for other in booked]
    for name, pool in index.architecture.pools.items():
        if pool.gate:
            found[Part("gate", pool.gate)].append(_Effect(Part("pool", name), 0))
    return found


def _levels(index: ArchitectureIndex, body: str) -> dict[Part, int]:
    """Operations, pools, limits, gates, links and call sites that a flow comes to, with how many calls or messages away they are."""
    levels: dict[Part, int] = {}
    seen, next_ones, level = {body}, [body], 0
    while next_ones:
        for name in next_ones:
            if level:
                levels.setdefault(Part("operation", name), level)
            for resource in index.resources_of_body(name):
                kind = "limit" if resource in index.architecture.limits else "pool"
                levels[Part(kind, resource)] = level
                if kind == "pool" and (gate := index.architecture.pools[resource].gate):
                    levels.setdefault(Part("gate", gate), level)
            for site in index.call_sites_of(name):
                levels.setdefault(Part("link", f"{site.caller}-{site.callee}"), level)
                levels.setdefault(Part("call", site.name), level)
        asked = [site.target for name in next_ones for site in index.call_sites_of(name)]
        next_ones = [name for name in dict.fromkeys(asked) if name not in seen]
        seen.update(next_ones)
        level += 1
    return levels


def unexplained(links: Iterable[Link], symptoms: Symptoms, index: ArchitectureIndex, stretch: Stretch) -> list[str]:
    """The flows that failed in a stretch of time and that no link reaches."""
    reached = {link.part for link in links}
    flows = [Part("flow", name) for name in index.architecture.flows]
    return [flow.name for flow in flows if flow not in reached and symptoms.first(flow, stretch.begin, stretch.end)]


# --- a part of it ---------------------------------------------------------------------------------------------------------------


def paths_to(links: Sequence[CausalLink], flows: Iterable[str]) -> list[CausalLink]:
    """The part of a causal chain that led to some flows: their own links and, link by link, what each names as its cause.

    `links` are in time order, and so is the result; each is in it once. A flow that shows no symptom adds nothing.
    """
    by_node = {link.node: link for link in links}
    kept: set[str] = set()
    for flow in flows:
        at: str | None = f"flow/{flow}"
        while at is not None and at in by_node and at not in kept:
            kept.add(at)
            at = by_node[at].because
    return [link for link in links if link.node in kept]
