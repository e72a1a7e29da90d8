"""What would never end: calls that go round in a circle, and messages that do so without time passing.

Everything here reads the index of an architecture whose names all lead somewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from simcore.files.validation import Finding, Keys
from simcore.model.index import ArchitectureIndex
from simcore.model.steps import CLIENT, Call, Choose, RateLimit, Repeat, Send, Step, Steps, Wait, Work, inner, placed


class _Edge(NamedTuple):
    keys: Keys
    step: Call | Send
    target: str


def _edges(steps: Steps, keys: Keys) -> Iterator[_Edge]:
    """Calls and sends that can happen: what a `repeat: 0` or a branch of probability 0 holds does not."""
    for i, step in enumerate(steps):
        here = (*keys, i)
        if isinstance(step, Call):
            yield _Edge((*here, "call"), step, step.call)
        elif isinstance(step, Send):
            yield _Edge((*here, "send"), step, step.send)
        if isinstance(step, Repeat) and step.repeat == 0:
            continue
        for j, (below, more) in enumerate(inner(step)):
            if not (isinstance(step, Choose) and step.choose[j].probability == 0):
                yield from _edges(more, (*here, *below))


def _cycle(graph: Mapping[str, Sequence[_Edge]]) -> list[_Edge] | None:
    """The edges of one cycle of the graph, None if there is none. Iterative: chains may be long."""
    done: set[str] = set()
    for start in graph:
        path: list[_Edge] = []
        on_path = {start: 0}
        pending = [iter(graph[start])] if start not in done else []
        while pending:
            edge = next(pending[-1], None)
            if edge is None:
                pending.pop()
                done.add(path[-1].target if path else start)
                if path:
                    del on_path[path.pop().target]
            elif edge.target in on_path:
                return [*path[on_path[edge.target] :], edge]
            elif edge.target not in done:
                path.append(edge)
                on_path[edge.target] = len(path)
                pending.append(iter(graph.get(edge.target, ())))
    return None


def _path_text(cycle: list[_Edge]) -> str:
    return " → ".join([cycle[-1].target, *(edge.target for edge in cycle)])


def call_cycles(index: ArchitectureIndex) -> list[Finding]:
    """A call that leads back to its own operation would wait for itself."""
    graph = {name: [e for e in _edges(b.steps, b.keys) if isinstance(e.step, Call)] for name, b in index.bodies.items()}
    cycle = _cycle(graph)
    if cycle is None:
        return []
    return [
        Finding(cycle[-1].keys, f"calls go round in a circle: {_path_text(cycle)}", "let one of them be a send, or leave it out")
    ]


def endless_sends(index: ArchitectureIndex) -> list[Finding]:
    """Findings about circles of sends and calls on which no time passes: with one the simulated clock would stand still forever."""
    slow_links = _slow_links(index)
    graph: dict[str, list[_Edge]] = {}
    for body in index.bodies.values():
        timed = any(_takes_time(step) for _, step in placed(body.steps, body.keys))
        graph[body.name] = [
            edge
            for edge in ([] if timed else _edges(body.steps, body.keys))
            if (body.service, edge.target.partition(".")[0]) not in slow_links
            and not _delayed(edge.step)
            and not _by_chance(body.steps, edge.keys[len(body.keys) :])
        ]
    cycle = _cycle(graph)
    if cycle is None:
        return []
    return [
        Finding(cycle[-1].keys, f"messages go round without time passing: {_path_text(cycle)}", "give the send a delay, or work")
    ]


def _slow_links(index: ArchitectureIndex) -> set[tuple[str, str]]:
    """(from, to) of the links on which time passes."""
    return {(link.source, link.target) for link in index.architecture.links if link.latency.takes_time}


def _delayed(step: Call | Send) -> bool:
    return isinstance(step, Send) and step.delay is not None and step.delay.takes_time


def _by_chance(steps: Steps, keys: Keys) -> bool:
    """Whether the way down to a step passes a branch that is not certain."""
    for i, step in enumerate(steps):
        if not keys or keys[0] != i:
            continue
        for j, (below, more) in enumerate(inner(step)):
            if keys[1 : 1 + len(below)] == below:
                uncertain = isinstance(step, Choose) and step.choose[j].probability < 1.0
                return uncertain or _by_chance(more, keys[1 + len(below) :])
    return False


def _takes_time(step: Step) -> bool:
    if isinstance(step, Work):
        return step.work.takes_time
    if isinstance(step, Wait):
        return step.wait.takes_time
    return isinstance(step, RateLimit)


def flow_takes_time(index: ArchitectureIndex, flow: str) -> bool:
    """Whether any step that the flow may reach takes time, or any link; calls only, a send does not hold the client."""
    slow_links = _slow_links(index)
    todo, seen = [f"{CLIENT}.{flow}"], set()
    while todo:
        name = todo.pop()
        if name in seen or name not in index.bodies:
            continue
        seen.add(name)
        body = index.bodies[name]
        if any(_takes_time(step) for _, step in placed(body.steps, body.keys)):
            return True
        calls = [e.target for e in _edges(body.steps, body.keys) if isinstance(e.step, Call)]
        if any((body.service, target.partition(".")[0]) in slow_links for target in calls):
            return True
        todo += calls
    return False
