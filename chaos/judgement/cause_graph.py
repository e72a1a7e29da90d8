"""The chain of causes in boxes: the links of each outage, grouped by service, few enough to be read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from chaos.judgement.causes import LOAD, Link, Root, Stretch, action_roots, links_of, step_choices, unexplained
from chaos.judgement.symptoms import STEP, Symptoms
from chaos.results.counterfactuals import (
    ActionTaken,
    CauseEdge,
    CauseGraph,
    CauseMember,
    CauseNode,
    NodeKind,
    NodeState,
    Outage,
)
from chaos.results.findings import Symptom
from chaos.results.run import FaultEvidence
from simcore.base.units import SECOND
from simcore.journal.model import Journal
from simcore.model.index import ArchitectureIndex, Part

BOXES_MAX = 7
"""So many boxes an outage are wanted: services that follow each other are put into one box until there are no more."""
SOON = 10 * 60 * SECOND
"""So long after an outage began clients may take to give up."""
_STATES: tuple[NodeState, ...] = (
    "injected",
    "carried_out",
    "down",
    "full",
    "at_limit",
    "fails",
    "rejected",
    "late",
    "slow",
    "hit",
)
"""The gravest first."""
_STATE_OF: dict[str, NodeState] = {
    "injected": "injected", "carried_out": "carried_out", "pool_full": "full", "at_limit": "at_limit", "fails": "fails",
    "requests_fail": "fails", "requests_rejected": "rejected", "orders_late": "late", "slow": "slow", "hit": "hit",
}  # fmt: skip


def cause_graphs(
    journal: Journal,
    index: ArchitectureIndex,
    faults: Sequence[FaultEvidence],
    actions: Sequence[ActionTaken],
    outages: Sequence[Outage],
    hold: int,
) -> list[CauseGraph]:
    """A chain for each outage, from the end of the one before (the first step) to its own and `hold` (ns) beyond, for what was under way;
    one for the whole run if there is none. Nothing without a step, or where there is no time before it to compare with."""
    since = min((fault.began_ns for fault in faults if fault.began_ns is not None), default=None)
    if since is None or since <= journal.meta.start_ns + STEP * SECOND:
        return []
    shown = (Symptoms(journal, since), Symptoms(journal, since, late=True), Symptoms(journal, since, late=True, slow=True))
    chains = _Chains(index, faults, actions, shown)
    if not outages:
        return [chains.graph(Stretch(since, journal.meta.end_ns))]
    begins = [since, *(outage.end_ns for outage in outages)]
    return [
        chains.graph(Stretch(begin, outage.end_ns + hold), number, outage)
        for number, (begin, outage) in enumerate(zip(begins, outages, strict=False))
    ]


class _Chain(NamedTuple):
    """The links of a stretch of time by some symptoms, the roots they begin at, and the flows that none of them reaches."""

    symptoms: Symptoms
    roots: list[Root]
    links: list[Link]
    unexplained: list[str]


@dataclass(frozen=True)
class _Chains:
    """What the chains of a run are found from; `shown` are its symptoms, each time with more from which a flow may suffer."""

    index: ArchitectureIndex
    faults: Sequence[FaultEvidence]
    actions: Sequence[ActionTaken]
    shown: Sequence[Symptoms]

    def graph(self, stretch: Stretch, number: int | None = None, outage: Outage | None = None) -> CauseGraph:
        """The chain of a stretch of time in boxes."""
        chain = self._shown_chain(stretch, outage)
        boxes, arrows = boxes_of(chain.links, chain.roots)
        ids = {box: f"{box.kind}-{number}" for number, box in enumerate(boxes)}
        return CauseGraph(
            outage=number,
            begin_ns=stretch.begin,
            end_ns=stretch.end,
            nodes=[_node(ids[box], box, chain, stretch, outage) for box in boxes],
            edges=[CauseEdge(cause=a, effect=b) for a, b in sorted((ids[a], ids[b]) for a, b in arrows)],
            links=len(chain.links),
            unexplained=chain.unexplained,
        )

    def _shown_chain(self, stretch: Stretch, outage: Outage | None) -> _Chain:
        """The chain to flows that fail; if none fails soon after the outage began, what violated the steady state was late, or answered too
        late."""
        found = [self._chain(self.shown[0], stretch, outage)]
        if outage is None:
            return found[0]
        soon = outage.begin_ns + SOON
        for more in self.shown[1:]:
            if any(link.part.kind == "flow" and link.at < soon for link in found[-1].links):
                return found[-1]
            found.append(self._chain(more, stretch, outage))
        return next((chain for chain in found if chain.links), found[-1])

    def _chain(self, symptoms: Symptoms, stretch: Stretch, outage: Outage | None) -> _Chain:
        """From the most likely steps, unless others explain more. A flow that is only slow need not be explained."""
        acted = action_roots(self.index, symptoms, self.actions, stretch)
        violated = None if outage is None else Stretch(outage.begin_ns, outage.end_ns)
        found = []
        for steps in step_choices(self.index, self.faults, stretch, violated):
            links = links_of(self.index, symptoms, [*steps, *acted], stretch)
            left = unexplained(links, self.shown[1] if symptoms is self.shown[-1] else symptoms, self.index, stretch)
            found.append(_Chain(symptoms, [*steps, *acted], links, left))
        return min(found, key=lambda chain: (len(chain.unexplained), not chain.links))


@dataclass(eq=False)
class Box:
    """A box in the making. `of` tells boxes of one place from others; those of a root hold what it hit."""

    kind: NodeKind
    of: tuple[str, ...]
    links: list[Link] = field(default_factory=list)

    @property
    def since(self) -> int:
        """When the first of its links was not well, ns."""
        return min(link.at for link in self.links)

    @property
    def state(self) -> NodeState:
        """The gravest of what its links showed."""
        return min((_state(link.symptom) for link in self.links), key=_STATES.index)


class Boxes(NamedTuple):
    """Boxes, and which leads to which."""

    boxes: list[Box]
    arrows: set[tuple[Box, Box]]


def _state(symptom: Symptom) -> NodeState:
    return _STATE_OF.get(symptom.kind, "hit")


def boxes_of(links: Sequence[Link], roots: Sequence[Root]) -> Boxes:
    """Links in boxes, causes before effects, and the arrows between them."""
    graph = _Graph(links, roots)
    graph.merge_places()
    graph.merge_services(BOXES_MAX)
    return Boxes(graph.in_order(), graph.edges())


def _node(name: str, box: Box, chain: _Chain, stretch: Stretch, outage: Outage | None) -> CauseNode:
    state, until, slots, symptoms = box.state, None, None, chain.symptoms
    if box.kind == "step" and outage is not None:
        until = _over_before(outage.begin_ns, [root for root in chain.roots if root.kind == "step" and root.name in box.of])
    if box.kind == "service":
        for service in box.of:
            down = symptoms.down_at(service, box.since, stretch.end)
            if down is not None and down.since < box.since + STEP * SECOND:
                state, until = "down", down.until
    if box.kind == "pool":
        slots = sum(symptoms.slots(pool) for pool in box.of) or None
    members = [CauseMember(name=link.part.name, t_ns=link.at) for link in box.links if link.part.name not in box.of]
    return CauseNode(
        id=name,
        kind=box.kind,
        names=[] if box.kind == "customers" else list(box.of),
        t_ns=box.since,
        state=state,
        members=sorted(members, key=lambda member: (member.t_ns, member.name)),
        **({"slots": slots} if slots is not None else {}),
        **({"until_ns": until} if until is not None else {}),
    )


def _over_before(begin: int, steps: Sequence[Root]) -> int | None:
    """When the last of the steps was over, if none was in force any more at `begin`, ns."""
    over = [step.over for step in steps if step.over is not None and step.over <= begin]
    return max(over) if steps and len(over) == len(steps) else None


class _Graph:
    """Links in boxes. Every link but those that a root hit has one cause, so that at first the boxes are a forest."""

    def __init__(self, links: Sequence[Link], roots: Sequence[Root]) -> None:
        self._cause = {link.part: link.because for link in links}
        self._box: dict[Part, Box] = {}
        self.boxes: list[Box] = []
        made: dict[tuple[object, ...], Box] = {}
        for link in links:
            key, box = self._place(link, roots)
            placed = self._box[link.part] = made.setdefault(key, box)
            placed.links.append(link)
            if placed.kind in ("step", "action"):
                placed.of = tuple(dict.fromkeys((*placed.of, *box.of)))
        self.boxes = list(made.values())

    def _place(self, link: Link, roots: Sequence[Root]) -> tuple[tuple[object, ...], Box]:
        """The box of a link, by its place and the box of its cause. What a root hit is its own box, with the operations of the service;
        steps that hit the same are one box with all their names."""
        root, cause = roots[link.root], self._box[link.because] if link.because is not None else None
        own = link.part.kind == "operation" and cause is not None and link.because == Part("service", _service(link.part))
        if cause is None or (own and cause.kind == "step"):
            if root.kind == "action":
                return ("action", link.root), Box("action", (root.name,))
            hit = link.part if cause is None or link.because is None else link.because
            names = [other.name for other in sorted(roots, key=lambda r: r.since) if other.kind == "step" and hit in other.parts]
            return ("step", min(_together(link.root, roots))), Box("step", tuple(dict.fromkeys(names)))
        kind = _KINDS.get(link.part.kind, "service")
        of = () if kind == "customers" else (_service(link.part) if kind == "service" else link.part.name,)
        return (id(cause), kind, of), Box(kind, of)

    def edges(self) -> set[tuple[Box, Box]]:
        """The arrows between boxes."""
        pairs = ((self._box[because], self._box[part]) for part, because in self._cause.items() if because is not None)
        return {(cause, effect) for cause, effect in pairs if cause is not effect}

    def in_order(self) -> list[Box]:
        """The boxes, causes before effects; as none is before its cause, in the order of time."""
        left, edges, found = list(self.boxes), self.edges(), []
        while left:
            waiting = {effect for cause, effect in edges if cause in left}
            ready = [box for box in left if box not in waiting]
            found.append(min(ready, key=lambda box: (box.since, min(link.depth for link in box.links), box.of)))
            left.remove(found[-1])
        return found

    def merge_places(self) -> None:
        """One box a place, unless it led to itself by way of another, or what led to the later of two came after the earlier."""
        while group := next(self._of_one_place(), None):
            self._merge(*group)

    def _of_one_place(self) -> Iterator[list[Box]]:
        """Boxes that may become one: two of one place, and services that led to the later of them after the earlier had begun."""
        for i, box in enumerate(self.boxes):
            for other in self.boxes[i + 1 :]:
                if box.kind in ("step", "action") or box.kind != other.kind or not _same_place(box, other):
                    continue
                group = [box, other]
                if not self._mergeable(group):
                    group += [cause for cause in self._late_causes(group) if cause.kind == box.kind == "service"]
                if self._mergeable(group):
                    yield group

    def merge_services(self, most: int) -> None:
        """Services of which one led to the next within a window become one box, those nearest to the customers first."""
        while len(self.boxes) > most:
            pairs = [
                (cause, effect)
                for cause, effect in self.edges()
                if cause.kind == effect.kind == "service" and self._mergeable([cause, effect])
            ]
            if not pairs:
                return
            self._merge(*max(pairs, key=lambda pair: (-abs(pair[1].since - pair[0].since), pair[1].since, pair[1].of)))

    def _mergeable(self, group: Sequence[Box]) -> bool:
        """Whether boxes as one, since the first of them, would be after all that led to them, and not lead to themselves by way of others."""
        outside = self._reached([b for a, b in self.edges() if a in group and b not in group])
        return not self._late_causes(group) and not any(box in outside for box in group)

    def _late_causes(self, group: Sequence[Box]) -> list[Box]:
        """What led to one of the boxes after another of them had begun."""
        since = min(box.since for box in group)
        late = {cause for cause, effect in self.edges() if effect in group and cause not in group and cause.since > since}
        return [box for box in self.boxes if box in late]

    def _reached(self, start: Iterable[Box]) -> set[Box]:
        edges, found = self.edges(), set(start)
        left = list(found)
        while left:
            at = left.pop()
            more = {effect for cause, effect in edges if cause is at} - found
            found |= more
            left += more
        return found

    def _merge(self, into: Box, *others: Box) -> None:
        for other in others:
            into.of = tuple(dict.fromkeys((*into.of, *other.of)))
            into.links += other.links
            for link in other.links:
                self._box[link.part] = into
            self.boxes.remove(other)


def _same_place(a: Box, b: Box) -> bool:
    return a.of == b.of or not set(a.of).isdisjoint(b.of)


_KINDS: dict[str, NodeKind] = {
    "flow": "customers", LOAD: "step", "pool": "pool", "limit": "limit", "link": "link", "call": "call",
}  # fmt: skip


def _together(number: int, roots: Sequence[Root]) -> set[int]:
    """The numbers of the steps that hit something that this step hits, or that one of them does."""
    found, left = {number}, [number]
    while left:
        parts = set(roots[left.pop()].parts)
        more = {n for n, root in enumerate(roots) if root.kind == "step" and n not in found and parts & set(root.parts)}
        found |= more
        left += more
    return found


def _service(part: Part) -> str:
    return part.name.partition(".")[0]
