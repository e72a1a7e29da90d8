"""What a scenario asks of a run's journal, and the evaluation intervals: the run cut into pieces, each of which is steady, violated,
or has too few requests to tell. docs/verdicts.md defines them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simcore.base.units import SECOND
from simcore.journal.model import OUTCOMES, Journal

States = NDArray[np.int8]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
STEADY, NO_DATA, VIOLATED = 1, 0, -1

GOOD = (OUTCOMES.index("confirmed"), OUTCOMES.index("rejected"))
PENDING = OUTCOMES.index("pending")
OVERDUE_NS = 30 * SECOND  # a request still pending so long at the end of the run is no good answer


@dataclass(frozen=True)
class Objective:
    """What a flow owes: least share of good answers, and of those at least `quantile` within `latency_ns`."""

    success: float | None
    quantile: float | None
    latency_ns: int | None
    min_count: int


@dataclass(frozen=True)
class EvaluationSpec:
    """What is asked of a journal. Times in ns since midnight of the first day. `first_action` is None without a method;
    `cleared_at` is when the last fault was healed, None if one was not. `watchers` says of each alarm's name what raises it."""

    window: tuple[int, int]
    every: int
    hold: int
    objectives: Mapping[str, Objective]
    first_action: int | None
    cleared_at: int | None
    watchers: Mapping[str, str]

    @property
    def since(self) -> int:
        """When the first step began; without one the beginning of the window."""
        return self.window[0] if self.first_action is None else self.first_action


@dataclass(frozen=True)
class EvaluationIntervals:
    """The evaluation intervals of a run: when each begins, its state, whether it lies in session, requests and those not answered well."""

    begins: Ints
    states: States
    session: Mask
    intents: Ints
    lost: Ints


def evaluate_intervals(journal: Journal, spec: EvaluationSpec) -> EvaluationIntervals:
    """The state of every whole interval of the run."""
    rows = spec.every // SECOND
    count = journal.seconds.size // rows
    begins = journal.seconds[: count * rows : rows]
    states = np.zeros(count, np.int8)
    intents, lost = np.zeros(count, np.int64), np.zeros(count, np.int64)
    for flow, objective in spec.objectives.items():
        recorded = flow in journal.meta.recorded_flows
        counts = (_by_rows if recorded else _by_counters)(journal, flow, objective, spec.every, count)
        states = _combine(states, _state_of(objective, counts))
        intents += counts.total
        lost += counts.total - counts.good
    return EvaluationIntervals(begins, states, _in_session(journal, begins), intents, lost)


def violated_stretches(intervals: EvaluationIntervals, every: int) -> list[tuple[int, int]]:
    """[from, to) in ns of the stretches of violated intervals in session."""
    bad = np.concatenate([[False], (intervals.states == VIOLATED) & intervals.session, [False]])
    edges = np.flatnonzero(bad[1:] != bad[:-1])
    return [
        (int(intervals.begins[a]), int(intervals.begins[b - 1]) + every) for a, b in zip(edges[::2], edges[1::2], strict=True)
    ]


class _Counts(NamedTuple):
    """Requests by interval: all that ended, those answered well, and those of them that were answered in time."""

    total: Ints
    good: Ints
    quick: Ints


def _by_rows(journal: Journal, flow: str, objective: Objective, every: int, count: int) -> _Counts:
    """By the interval in which they were submitted."""
    columns, start = journal.intents, journal.meta.start_ns
    mine = columns["flow"] == journal.names["flow"].index(flow)
    submitted, outcome = columns["submit_ns"][mine], columns["outcome"][mine]
    window = (submitted - start) // every
    counted = (outcome != PENDING) | (journal.meta.end_ns - submitted > OVERDUE_NS)
    counted &= (window >= 0) & (window < count)
    good = counted & np.isin(outcome, GOOD)
    limit = objective.latency_ns
    quick = good if limit is None else good & (columns["answer_ns"][mine] - submitted <= limit)
    bins = [np.bincount(window[chosen], minlength=count).astype(np.int64) for chosen in (counted, good, quick)]
    return _Counts(*bins)


def _by_counters(journal: Journal, flow: str, objective: Objective, every: int, count: int) -> _Counts:
    """Of a flow without rows, by the interval in which they ended."""
    rows = every // SECOND

    def sums(field: str) -> Ints:
        by_window: Ints = journal.series("flow", flow, field)[: count * rows].reshape(count, rows).sum(axis=1)
        return by_window

    good = sums("ok") + sums("rejected")
    return _Counts(good + sums("failed") + sums("unknown") + sums("blocked"), good, good)


def _state_of(objective: Objective, counts: _Counts) -> States:
    total, good, quick = counts
    violated = np.zeros(total.size, bool)
    if objective.success is not None:
        violated |= good < objective.success * total
    if objective.quantile is not None:
        violated |= quick < objective.quantile * good
    return np.where(total < objective.min_count, NO_DATA, np.where(violated, VIOLATED, STEADY)).astype(np.int8)


def _combine(a: States, b: States) -> States:
    """Violated if either is; else steady if either has data."""
    combined: States = np.where((a == VIOLATED) | (b == VIOLATED), VIOLATED, np.maximum(a, b)).astype(np.int8)
    return combined


def _in_session(journal: Journal, begins: Ints) -> Mask:
    """Whether each interval begins in a session phase; where no phase is (an always open market), all do. So they do in a run
    that has no session at all, which is judged on all its intervals."""
    phases = [(e.t_ns, bool(e.detail.get("session"))) for e in journal.events if e.what == "phase"]
    if not any(session for _, session in phases):
        return np.ones(begins.size, bool)
    times, sessions = np.array([t for t, _ in phases]), np.array([s for _, s in phases])
    at = np.searchsorted(times, begins, side="right") - 1
    within: Mask = (at >= 0) & sessions[at]
    return within
