"""Calls of an architecture, as rules go through them: where each stands, what is held meanwhile, and in which order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from simcore.files.validation import Keys
from simcore.model.index import ArchitectureIndex, Body
from simcore.model.steps import Call, Choose, Hold, Repeat, Send, Step, Steps, inner


class Spot(NamedTuple):
    """A step that can be taken: `held` are the pools that its task holds then, the first taken first; `site` is its name in the journal
    if it is a call or a message."""

    body: Body
    step: Step
    keys: Keys
    held: tuple[str, ...]
    site: str


class CallSpot(NamedTuple):
    """A call that can happen: `held` as the task holds it before, `taken` what the call itself takes, bulkhead and connection."""

    body: Body
    step: Call
    keys: Keys
    held: tuple[str, ...]
    taken: tuple[str, ...]
    site: str


@dataclass(frozen=True)
class Calls:
    """The calls of an architecture by the operation or flow that makes them, and by the operation that they lead to (`callers`); and what each
    sends messages to."""

    index: ArchitectureIndex
    calls: Mapping[str, list[CallSpot]]
    callers: Mapping[str, list[CallSpot]]
    sends: Mapping[str, list[str]]

    @classmethod
    def of(cls, index: ArchitectureIndex) -> Calls:
        """Those of an architecture."""
        calls: dict[str, list[CallSpot]] = {name: [] for name in index.bodies}
        callers: dict[str, list[CallSpot]] = {name: [] for name in index.bodies}
        sends: dict[str, list[str]] = {name: [] for name in index.bodies}
        for name in index.bodies:
            for spot in spots(index, name):
                if isinstance(spot.step, Call):
                    taken = tuple(pool for pool in (spot.step.bulkhead, spot.step.connection) if pool)
                    calls[name].append(CallSpot(spot.body, spot.step, spot.keys, spot.held, taken, spot.site))
                    callers[spot.step.call].append(calls[name][-1])
                elif isinstance(spot.step, Send):
                    sends[name].append(spot.step.send)
        return cls(index, calls, callers, sends)

    def callers_first(self) -> list[str]:
        """Every operation and flow, each before all that it calls."""
        done: dict[str, None] = {}
        for start in reversed(list(self.index.bodies)):
            pending = [(start, iter(self.calls[start]))]
            while pending:
                name, left = pending[-1]
                following = next((spot.step.call for spot in left if spot.step.call not in done), None)
                if following is None:
                    pending.pop()
                    done.setdefault(name)
                else:
                    pending.append((following, iter(self.calls[following])))
        return list(reversed(done))


def spots(index: ArchitectureIndex, body: str) -> Iterator[Spot]:
    """Every step of an operation or flow that can be taken, once, in file order."""
    own = index.bodies[body]
    sites = {placed.keys: placed.site_names[0] for placed in index.steps_of(body) if placed.site_names}

    def through(steps: Steps, keys: Keys, held: tuple[str, ...]) -> Iterator[Spot]:
        for i, step in enumerate(steps):
            here = (*keys, i)
            yield Spot(own, step, here, held, sites.get(here, ""))
            within = (*held, step.hold) if isinstance(step, Hold) else held
            for j, (below, more) in enumerate(inner(step)):
                if not _impossible(step, j):
                    yield from through(more, (*here, *below), within)

    return through(own.steps, own.keys, own.pools)


def _impossible(step: Step, branch: int) -> bool:
    if isinstance(step, Choose):
        return step.choose[branch].probability == 0
    return isinstance(step, Repeat) and step.repeat == 0
