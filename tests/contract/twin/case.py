"""What goes in and what comes out of a run."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import simcore.model.architecture as file
from simcore.model.workload import Workload


@dataclass(frozen=True)
class Case:
    """A run: models, seed, first and last instant (ns), and faults `{at: ns, do: NAME, ...}`, NAME a knob of Injection."""

    architecture: file.Architecture
    workload: Workload
    seed: int
    start: int
    end: int
    faults: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, order=True)
class RequestRecord:
    """One intent: submitted and answered (ns; None: not before the end), what the client saw (`pending`: nothing yet), its
    last code ("" while pending), effects so far."""

    request: int
    flow: str
    submitted: int
    answered: int | None
    outcome: str
    code: str
    records: int


@dataclass(frozen=True, order=True)
class Span:
    """One task that ended before the run did; times in ns, `path` unsigned 64 bits, `instance` as service#replica."""

    request: int
    path: int
    instance: str
    operation: str
    arrived: int
    ended: int
    code: str


@dataclass(frozen=True)
class PoolTotals:
    """Grants, refusals, most slots in use, and the integrals over time of slots in use and of the queue (slot·ns)."""

    granted: int
    refused: int
    peak_busy: int
    busy_integral: int
    queue_integral: int


@dataclass(frozen=True)
class Result:
    """Requests by number, spans by (request, path), totals of the pools that were ever asked for a slot; and how often what
    the page speaks of has come to pass (`retry`, `fault crash`, …), which tells whether a run has tried it."""

    requests: list[RequestRecord]
    spans: list[Span]
    pools: dict[str, PoolTotals]
    seen: Counter[str] = field(default_factory=Counter)
