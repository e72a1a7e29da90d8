"""What a scenario asks of a run's journal, and the evaluation intervals: the run cut into pieces, each of which is steady, violated,
or has too few requests to tell. docs/verdicts.md defines them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chaos.measures.silence import overdue, silence
from simcore.base.units import SECOND
from simcore.journal.model import FLAGS, OUTCOMES, REPORTED_LATE, Journal, rejected_wrongly

States = NDArray[np.int8]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
STEADY, NO_DATA, VIOLATED = 1, 0, -1

CONFIRMED, REJECTED, PENDING, UNKNOWN = (OUTCOMES.index(outcome) for outcome in ("confirmed", "rejected", "pending", "unknown"))
GOOD = (CONFIRMED, REJECTED)  # unless a request is rejected that is accepted without the method
OVERDUE_NS = 30 * SECOND  # a request still pending so long at the end of the run is no good answer


@dataclass(frozen=True)
class Objective:
    """What a flow owes: least share of good answers, least share confirmed, both by `answer_by_ns` after submission, and of the good
    answers at least `quantile` within `latency_ns`; and of the orders at most so many late, and reported late."""

    success: float | None
    quantile: float | None
    latency_ns: int | None
    min_count: int
    goodput: float | None = None
    answer_by_ns: int = OVERDUE_NS
    late: float | None = None
    reported_late: float | None = None


@dataclass(frozen=True)
class EvaluationSpec:
    """What is asked of a journal. Times in ns since midnight of the first day. `first_action` is None without a method;
    `cleared_at` is when the last fault was healed, None if one was not. `watchers` says of each alarm's name what raises it.
    `given_up` is when the run was given up before its end. `none_rightly`: what is rejected from the first step on of a flow without rows
    counts as rejected wrongly."""

    window: tuple[int, int]
    every: int
    hold: int
    objectives: Mapping[str, Objective]
    first_action: int | None
    cleared_at: int | None
    watchers: Mapping[str, str]
    given_up: int | None = None
    none_rightly: bool = False

    @property
    def until(self) -> int:
        """The end of the window, or of what there is of it."""
        return self.window[1] if self.given_up is None else min(self.window[1], self.given_up)

    @property
    def since(self) -> int:
        """When the first step began; without one the beginning of the window."""
        return self.window[0] if self.first_action is None else self.first_action


@dataclass(frozen=True)
class FlowIntervals:
    """What one objective shows in each interval: the requests that arrived, and its state."""

    arrived: Ints
    states: States


@dataclass(frozen=True)
class EvaluationIntervals:
    """The evaluation intervals of a run: when each begins, its state, whether it lies in session, requests and those not answered well;
    and of each flow with an objective what that one shows."""

    begins: Ints
    states: States
    session: Mask
    intents: Ints
    lost: Ints
    flows: Mapping[str, FlowIntervals] = field(default_factory=dict)


def evaluate_intervals(journal: Journal, spec: EvaluationSpec) -> EvaluationIntervals:
    """The state of every whole interval of the run."""
    rows = spec.every // SECOND
    count = journal.seconds.size // rows
    begins = journal.seconds[: count * rows : rows]
    states = np.zeros(count, np.int8)
    intents, lost = np.zeros(count, np.int64), np.zeros(count, np.int64)
    flows: dict[str, FlowIntervals] = {}
    for flow, objective in spec.objectives.items():
        recorded = flow in journal.meta.recorded_flows
        wrong_since = spec.since if spec.none_rightly else None
        counts = (
            _by_rows(journal, flow, objective, spec.every, count)
            if recorded
            else _by_counters(journal, flow, objective, spec.every, count, wrong_since)
        )
        judged = counts if recorded else _answered_later(counts, objective.min_count, -(-objective.answer_by_ns // spec.every))
        if flow in journal.meta.closed_flows:
            stand = (_standing_rows if recorded else _standing_counters)(journal, flow, objective, spec.every, count)
            judged = judged._replace(standing=stand)
        flows[flow] = FlowIntervals(counts.arrived, _state_of(objective, judged))
        states = _combine(states, flows[flow].states)
        intents += counts.total
        lost += counts.total - counts.answered
    return EvaluationIntervals(begins, states, _in_session(journal, begins), intents, lost, flows)


def violated_stretches(intervals: EvaluationIntervals, every: int) -> list[tuple[int, int]]:
    """[from, to) in ns of the stretches of violated intervals in session."""
    bad = np.concatenate([[False], (intervals.states == VIOLATED) & intervals.session, [False]])
    edges = np.flatnonzero(bad[1:] != bad[:-1])
    return [
        (int(intervals.begins[a]), int(intervals.begins[b - 1]) + every) for a, b in zip(edges[::2], edges[1::2], strict=True)
    ]


class _Counts(NamedTuple):
    """Requests by interval: how many arrived, and of those of which it is known how they went: all, those answered well in time, those
    of them that were confirmed; all answered well whenever that was, those within the latency's bound; those without an answer;
    orders that came late to the exchange, or of which its word came late; and, of a closed population, those of before that were overdue at the
    interval's end."""

    arrived: Ints
    total: Ints
    good: Ints
    confirmed: Ints
    answered: Ints
    quick: Ints
    silent: Ints
    late: Ints
    reported_late: Ints
    standing: Ints


def _by_rows(journal: Journal, flow: str, objective: Objective, every: int, count: int) -> _Counts:
    """By the interval in which they were submitted."""
    columns, start = journal.intents, journal.meta.start_ns
    mine = columns["flow"] == journal.names["flow"].index(flow)
    submitted, outcome = columns["submit_ns"][mine], columns["outcome"][mine]
    wait, window = columns["answer_ns"][mine] - submitted, (submitted - start) // every
    inside = (window >= 0) & (window < count)
    overdue = journal.ended_ns - submitted > min(objective.answer_by_ns, OVERDUE_NS)
    counted = inside & ((outcome != PENDING) | overdue)
    wrongly = rejected_wrongly(columns)[mine]
    answered = counted & np.isin(outcome, GOOD) & ~wrongly
    good = answered & (wait <= objective.answer_by_ns)
    quick = answered if objective.latency_ns is None else answered & (wait <= objective.latency_ns)
    silent = counted & ((outcome == PENDING) | (outcome == UNKNOWN))
    flags = columns["flags"][mine]
    late, reported_late = (counted & (flags & bit != 0) for bit in (FLAGS["late"], REPORTED_LATE))
    none = np.zeros_like(inside)
    chosen = (inside, counted, good, good & (outcome == CONFIRMED), answered, quick, silent, late, reported_late, none)
    return _Counts(*(np.bincount(window[which], minlength=count).astype(np.int64) for which in chosen))


def _standing_rows(journal: Journal, flow: str, objective: Objective, every: int, count: int) -> Ints:
    """Requests submitted before each interval that were overdue at its end: an answer was due before then, and none had come."""
    columns, start = journal.intents, journal.meta.start_ns
    mine = columns["flow"] == journal.names["flow"].index(flow)
    submitted = columns["submit_ns"][mine] - start
    until = np.where(columns["outcome"][mine] == PENDING, count * every, columns["answer_ns"][mine] - start)
    first = np.clip(np.maximum((submitted + objective.answer_by_ns) // every, submitted // every + 1), 0, count)
    last = np.maximum(first, np.clip(until // every, 0, count))
    begun, ended = (np.bincount(at, minlength=count + 1) for at in (first, last))
    standing: Ints = np.cumsum(begun - ended)[:count].astype(np.int64)
    return standing


def _by_counters(journal: Journal, flow: str, objective: Objective, every: int, count: int, wrong_since: int | None) -> _Counts:
    """Of a flow without rows: those that ended in time by the interval in which they did, those without an answer in time by the one in
    which they were submitted. An answer that came too late counts once, as none; a reject from `wrong_since` on (ns) as no good answer."""
    rows = every // SECOND
    series = {field: journal.series("flow", flow, field) for field in ("started", "ok", "rejected")}
    ended = _ends(journal, flow)
    within = -(-objective.answer_by_ns // SECOND)
    unanswered, late = silence(series["started"], ended, within, min(within, OVERDUE_NS // SECOND))

    def sums(by_second: Ints) -> Ints:
        by_window: Ints = by_second[: count * rows].reshape(count, rows).sum(axis=1)
        return by_window

    confirmed = np.maximum(series["ok"] - late, 0)
    rejected = np.maximum(series["rejected"] - np.maximum(late - series["ok"], 0), 0)
    good = confirmed + (rejected if wrong_since is None else np.where(journal.seconds + SECOND > wrong_since, 0, rejected))
    total = ended - late + unanswered
    none = np.zeros_like(total)  # of orders there are rows
    return _Counts(*map(sums, (series["started"], total, good, confirmed, good, good, unanswered, none, none, none)))


def _ends(journal: Journal, flow: str) -> Ints:
    """How many requests of the flow ended in each second."""
    ended: Ints = np.sum(
        [journal.series("flow", flow, end) for end in ("ok", "rejected", "failed", "unknown", "blocked")], axis=0
    )
    return ended


def _standing_counters(journal: Journal, flow: str, objective: Objective, every: int, count: int) -> Ints:
    """As `_standing_rows`, of a flow without rows: the fewest that can have been."""
    within = -(-objective.answer_by_ns // SECOND)
    found = silence(journal.series("flow", flow, "started"), _ends(journal, flow), within, min(within, OVERDUE_NS // SECOND))
    return overdue(found, within, every // SECOND, count)


def _answered_later(counts: _Counts, least: int, intervals: int) -> _Counts:
    """Where requests arrived and too few ended to tell, those count that ended in the next interval in which enough did, up to so many
    intervals later."""
    decided = counts.total >= least
    later = np.flatnonzero(decided)
    here = np.flatnonzero(~decided & (counts.arrived >= least))
    if not later.size or not here.size:
        return counts
    following = np.searchsorted(later, here)
    found = following < later.size
    here, there = here[found], later[following[found]]
    near = there - here <= intervals
    source = np.arange(decided.size)
    source[here[near]] = there[near]
    return _Counts(counts.arrived, *(of[source] for of in counts[1:]))


def _state_of(objective: Objective, counts: _Counts) -> States:
    answers = objective.success is not None or objective.goodput is not None or objective.quantile is not None
    total = counts.total + counts.standing if answers else counts.total
    violated = np.zeros(total.size, bool)
    if objective.success is not None:
        violated |= counts.good < objective.success * total
    if objective.goodput is not None:
        violated |= counts.confirmed < objective.goodput * total
    if objective.quantile is not None:
        alone = objective.success is None and objective.goodput is None
        asked = (
            counts.answered + counts.silent + counts.standing if alone else counts.answered
        )  # where nothing else counts those without an answer
        violated |= (counts.quick < objective.quantile * asked) | (alone & (asked == 0))
    for most, count in ((objective.late, counts.late), (objective.reported_late, counts.reported_late)):
        if most is not None:
            violated |= count > most * counts.total
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
