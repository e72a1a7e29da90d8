"""What a node counts, by the names that the journal has for it (simcore.kernel.records says what each counts and excludes)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import get_args


@dataclass(slots=True)
class CallCount:
    """Of a call site."""

    attempts: int = 0
    failures: int = 0
    timeouts: int = 0
    retries: int = 0
    breaker_open: int = 0
    fallbacks: int = 0
    withheld: int = 0


@dataclass(slots=True)
class LinkCount:
    """Of a link: requests are counted where they set out, answers where theirs do."""

    sent: int = 0
    lost_request: int = 0
    lost_answer: int = 0
    held_request: int = 0
    held_answer: int = 0
    duplicated: int = 0


@dataclass(slots=True)
class OperationCount:
    """Of an operation at this node."""

    done: int = 0
    failed: int = 0


@dataclass(slots=True)
class UnitCount:
    """Of the instance that this node is."""

    up: int = 1
    hung: int = 0
    live: int = 0
    done: int = 0
    failed: int = 0
    sojourn_ns: int = 0
    errors_injected: int = 0
    slowed: int = 0
    worked: int = 0
    crowded: int = 0


@dataclass(slots=True)
class FlowCount:
    """Of a flow, at the node that the customers are."""

    started: int = 0
    ok: int = 0
    rejected: int = 0
    failed: int = 0
    unknown: int = 0
    blocked: int = 0
    latency_ns_sum: int = 0
    pending: int = 0
    rate_changed: int = 0


Count = CallCount | LinkCount | OperationCount | UnitCount | FlowCount


_FIELDS = {made: tuple(field.name for field in fields(made)) for made in get_args(Count)}
_VALUES: dict[type, Callable[[object], tuple[int, ...]]] = {made: attrgetter(*names) for made, names in _FIELDS.items()}


class Changes:
    """What has changed of counters since it was last asked for, by their names in the journal, ``kind/name/field``."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, str], tuple[int, ...]] = {}

    def of(self, kind: str, name: str, count: Count) -> Iterator[tuple[str, int]]:
        """The counters of one thing."""
        made = type(count)
        return self.among(kind, name, _FIELDS[made], _VALUES[made](count))

    def among(self, kind: str, name: str, names: Sequence[str], values: tuple[int, ...]) -> Iterator[tuple[str, int]]:
        """Those of the values that are not as they were; at first all."""
        last = self._last.get((kind, name))
        if values == last:
            return
        self._last[kind, name] = values
        for number, value in enumerate(values):
            if last is None or last[number] != value:
                yield f"{kind}/{name}/{names[number]}", value


CREDIT = "credit/"
"""Begins the names of credits: what a counter counts that is due to one contributor."""


def credit_name(counter: str, by: str) -> str:
    """What is due to a contributor of what a counter, ``kind/name/field``, counts."""
    return f"{CREDIT}{counter}/{by}"


class Credits:
    """For whom draws came out otherwise than they would have, of what the counters of shares count."""

    def __init__(self) -> None:
        self._bands: dict[str, Sequence[tuple[str, float, float]]] = {}
        self._counts: dict[str, int] = {}
        self._said: dict[str, int] = {}

    def watch(self, counter: str, bands: Iterable[tuple[str, float, float]]) -> None:
        """From now on a draw from `low` to below `high` is a contributor's: (who, low, high) of each."""
        self._bands[counter] = [(credit_name(counter, by), low, high) for by, low, high in bands]

    def drawn(self, counter: str, draw: float) -> None:
        """What the counter counts has come out so by this draw."""
        for name, low, high in self._bands.get(counter, ()):
            if low <= draw < high:
                self._counts[name] = self._counts.get(name, 0) + 1

    def changed(self) -> Iterator[tuple[str, int]]:
        """Those that are not as they were when this was last asked."""
        for name, count in self._counts.items():
            if self._said.get(name) != count:
                self._said[name] = count
                yield name, count


class Counters:
    """All of a node's, but for pools and limits, which count themselves. Each is made when it is first asked for."""

    def __init__(self) -> None:
        self.unit = UnitCount()
        self.credits = Credits()
        self.calls: dict[str, CallCount] = {}
        self.links: dict[str, LinkCount] = {}
        self.operations: dict[str, OperationCount] = {}
        self.flows: dict[str, FlowCount] = {}
        self.histograms: dict[str, Counter[int]] = {}

    def call(self, site: str) -> CallCount:
        """Those of a call site."""
        return self.calls.setdefault(site, CallCount())

    def link(self, label: str) -> LinkCount:
        """Those of a link."""
        return self.links.setdefault(label, LinkCount())

    def operation(self, name: str) -> OperationCount:
        """Those of an operation."""
        return self.operations.setdefault(name, OperationCount())

    def flow(self, name: str) -> FlowCount:
        """Those of a flow."""
        return self.flows.setdefault(name, FlowCount())

    def took(self, kind: str, name: str, ns: int) -> None:
        """A task, or an intent, that ended well took so long."""
        self.histograms.setdefault(f"{kind}/{name}", Counter())[bucket(ns)] += 1


def bucket(ns: int) -> int:
    """The histogram's bucket of a duration (simcore.journal.histogram: 64 of 1 ns, then 32 an octave)."""
    if ns < 64:
        return max(0, ns)
    shift = ns.bit_length() - 6
    return 32 * (shift + 1) + (ns >> shift) - 32
