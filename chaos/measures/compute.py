"""What a run's journal amounts to: impaired and recovery time, who noticed when, who was hit. docs/verdicts.md defines each.

Reads the journal alone; what the scenario wants is handed in as plain figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simcore.base.units import SECOND
from simcore.journal.model import OUTCOMES, Event, Journal

States = NDArray[np.int8]
OK, NO_DATA, VIOLATED = 1, 0, -1

GOOD = (OUTCOMES.index("confirmed"), OUTCOMES.index("rejected"))
BAD = tuple(OUTCOMES.index(o) for o in ("blocked", "failed", "unknown"))
PENDING = OUTCOMES.index("pending")
OVERDUE_NS = 30 * SECOND  # an intent still pending so long at the end of the run is no good answer
METASTABLE_HOLDS = 10
SHOWN_LOAD = 1.1  # a load at most this much above one that was carried in steady state is under capacity


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


@dataclass(frozen=True)
class Windows:
    """The windows of judgement of a run: when each begins, its state, whether it lies in session, intents and lost ones."""

    begins: NDArray[np.int64]
    states: States
    session: NDArray[np.bool_]
    intents: NDArray[np.int64]
    lost: NDArray[np.int64]


def judge_windows(journal: Journal, spec: EvaluationSpec) -> Windows:
    """The state of every whole window of the run."""
    rows = spec.every // SECOND
    count = journal.seconds.size // rows
    begins = journal.seconds[: count * rows : rows]
    states = np.zeros(count, np.int8)
    intents, lost = np.zeros(count, np.int64), np.zeros(count, np.int64)
    for flow, objective in spec.objectives.items():
        recorded = flow in journal.meta["recorded_flows"]
        total, good, quick = (_by_rows if recorded else _by_counters)(journal, flow, objective, spec.every, count)
        states = _combine(states, _state_of(objective, total, good, quick))
        intents += total
        lost += total - good
    return Windows(begins, states, _in_session(journal, begins), intents, lost)


def violated_stretches(windows: Windows, every: int) -> list[tuple[int, int]]:
    """[from, to) in ns of the stretches of violated windows in session."""
    bad = np.concatenate([[False], (windows.states == VIOLATED) & windows.session, [False]])
    edges = np.flatnonzero(bad[1:] != bad[:-1])
    return [(int(windows.begins[a]), int(windows.begins[b - 1]) + every) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _by_rows(journal: Journal, flow: str, objective: Objective, every: int, count: int) -> tuple[Any, Any, Any]:
    """Intents, good ones and quick good ones by the window in which they were submitted."""
    columns, start = journal.intents, journal.meta["start_ns"]
    mine = columns["flow"] == journal.names["flow"].index(flow)
    submitted, outcome = columns["submit_ns"][mine], columns["outcome"][mine]
    window = (submitted - start) // every
    counted = (outcome != PENDING) | (journal.meta["end_ns"] - submitted > OVERDUE_NS)
    counted &= (window >= 0) & (window < count)
    good = counted & np.isin(outcome, GOOD)
    limit = objective.latency_ns
    quick = good if limit is None else good & (columns["answer_ns"][mine] - submitted <= limit)
    bins = [np.bincount(window[chosen], minlength=count).astype(np.int64) for chosen in (counted, good, quick)]
    return bins[0], bins[1], bins[2]


def _by_counters(journal: Journal, flow: str, objective: Objective, every: int, count: int) -> tuple[Any, Any, Any]:
    """The same of a flow without rows, by the window in which its intents ended."""
    rows = every // SECOND

    def sums(field: str) -> NDArray[np.int64]:
        by_window: NDArray[np.int64] = journal.series("flow", flow, field)[: count * rows].reshape(count, rows).sum(axis=1)
        return by_window

    good = sums("ok") + sums("rejected")
    return good + sums("failed") + sums("unknown") + sums("blocked"), good, good


def _state_of(objective: Objective, total: Any, good: Any, quick: Any) -> States:
    violated = np.zeros(total.size, bool)
    if objective.success is not None:
        violated |= good < objective.success * total
    if objective.quantile is not None:
        violated |= quick < objective.quantile * good
    return np.where(total < objective.min_count, NO_DATA, np.where(violated, VIOLATED, OK)).astype(np.int8)


def _combine(a: States, b: States) -> States:
    """Violated if either is; else steady if either has data."""
    combined: States = np.where((a == VIOLATED) | (b == VIOLATED), VIOLATED, np.maximum(a, b)).astype(np.int8)
    return combined


def _in_session(journal: Journal, begins: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether each window begins in a session phase; where no phase is (an always open market), all do. So they do in a run
    that has no session at all, which is judged on all its windows."""
    phases = [(e.t_ns, bool(e.detail.get("session"))) for e in journal.events if e.what == "phase"]
    if not any(session for _, session in phases):
        return np.ones(begins.size, bool)
    times, sessions = np.array([t for t, _ in phases]), np.array([s for _, s in phases])
    at = np.searchsorted(times, begins, side="right") - 1
    return np.where(at >= 0, sessions[np.maximum(at, 0)], False)


# --- impaired and recovery time -------------------------------------------------------------------------------------------


def steady_before(windows: Windows, spec: EvaluationSpec) -> tuple[bool, str]:
    """Whether the steady state was seen, and held, in the `hold` before the first step; and if not, why.

    The window right before the step is left out: what was submitted in it may have been under way when the step began.
    """
    if spec.first_action is None:
        return True, ""
    ends, until = windows.begins + spec.every, spec.first_action - spec.every
    before = (ends <= until) & (ends > until - spec.hold)
    states = windows.states[before]
    if (states == VIOLATED).any():
        return False, "the steady state did not hold before the method"
    if not (states == OK).any():
        return False, "the steady state was never seen before the method: too few intents in the windows before it"
    return True, ""


def impairment(windows: Windows, spec: EvaluationSpec) -> dict[str, Any]:
    """`impaired_s` (in session), `recovery_s`, `recovery_s_lower`, `recovered`, `first_violation_ns`, `recovered_at_ns`."""
    begin = max(spec.window[0], spec.first_action or 0) if spec.first_action is not None else spec.window[0]
    inside = (windows.begins + spec.every > begin) & (windows.begins < spec.window[1])
    judged = inside & windows.session
    every_s = spec.every / SECOND
    violated = judged & (windows.states == VIOLATED)
    figures: dict[str, Any] = {
        "impaired_s": float(violated.sum() * every_s),
        "impaired_outside_session_s": float((inside & ~windows.session & (windows.states == VIOLATED)).sum() * every_s),
        "share_lost": _share(windows.lost[violated].sum(), windows.intents[violated].sum()),
        "windows": {name: int((judged & (windows.states == s)).sum()) for name, s in (("steady", OK), ("violated", VIOLATED), ("no_data", NO_DATA))},
    }  # fmt: skip
    if not violated.any():
        return figures | {
            "recovery_s": 0.0,
            "recovery_s_lower": None,
            "recovered": True,
            "first_violation_ns": None,
            "recovered_at_ns": None,
        }
    first, last = int(np.flatnonzero(violated)[0]), int(np.flatnonzero(violated)[-1])
    since = int(windows.begins[first])
    after = judged & (windows.states == OK) & (np.arange(windows.states.size) > last)
    recovered = after.sum() * spec.every >= spec.hold
    at = int(windows.begins[np.flatnonzero(after)[0]]) if recovered else None
    return figures | {
        "recovery_s": (at - since) / SECOND if at is not None else None,
        "recovery_s_lower": None if at is not None else (spec.window[1] - since) / SECOND,
        "recovered": bool(recovered), "first_violation_ns": since, "recovered_at_ns": at,
    }  # fmt: skip


def _share(part: Any, whole: Any) -> float | None:
    return float(part) / float(whole) if whole else None


def metastable(journal: Journal, windows: Windows, spec: EvaluationSpec) -> bool | None:
    """Faults cleared, no action pending, load no higher than what was carried in steady state, and yet violated for ten hold
    windows to the horizon. None if the run is too short to tell: violated at its end, for less than that."""
    judged = windows.session & (windows.states != NO_DATA)
    recent = np.flatnonzero(judged)
    if not recent.size or windows.states[recent[-1]] != VIOLATED or spec.cleared_at is None:
        return False
    steady = recent[windows.states[recent] == OK]
    since = max(int(windows.begins[steady[-1]]) if steady.size else 0, spec.cleared_at, _last_pending(journal))
    load = _load(journal, spec)
    carried = max((load[i] for i in np.flatnonzero(windows.states == OK)), default=0)
    overload = [int(windows.begins[i]) for i in recent if load[i] > SHOWN_LOAD * carried]
    since = max(since, max(overload, default=0))
    return True if spec.window[1] - since >= METASTABLE_HOLDS * spec.hold else None


def _last_pending(journal: Journal) -> int:
    """When the last action stopped being pending, ns; the end of the run if one still is."""
    changes = [e for e in journal.events if e.what == "actions_pending"]
    if not changes:
        return 0
    return int(journal.meta["end_ns"]) if changes[-1].detail.get("count") else changes[-1].t_ns


def _load(journal: Journal, spec: EvaluationSpec) -> NDArray[np.int64]:
    """Intents of the objectives' flows that began in each window."""
    rows = spec.every // SECOND
    count = journal.seconds.size // rows
    load = np.zeros(count, np.int64)
    for flow in spec.objectives:
        load += journal.series("flow", flow, "started")[: count * rows].reshape(count, rows).sum(axis=1)
    return load


# --- who noticed, who was hit -----------------------------------------------------------------------------------------------


def response(journal: Journal, spec: EvaluationSpec, figures: Mapping[str, Any]) -> dict[str, Any]:
    """The split of the way back, each None if it did not come to it: `detect_s` from the first violation (the first step, if
    none) to people knowing, with `detect_s_lower` if nobody knew by the end of the window; `decide_s` on to approval; `act_s` on
    to the last action done; `restore_s` on to steady state.
    `reconciled_s` is from the first violation to the last reconciliation's end. `first_noticed` says by what (monitor, robot,
    customers), `first_noticed_s` when."""
    since = figures["first_violation_ns"] or spec.first_action
    if since is None:
        times = ("detect_s", "detect_s_lower", "decide_s", "act_s", "restore_s", "reconciled_s")
        return dict.fromkeys((*times, "first_noticed", "first_noticed_s"))
    begin = min(since, spec.first_action if spec.first_action is not None else since)
    events = [e for e in journal.events if e.t_ns >= begin]
    back = figures["recovered_at_ns"]
    detect = _first(events, "detect", begin)
    decide = _first(events, "decide", detect)
    acts = [
        e.t_ns for e in events if e.what == "act" and decide is not None and e.t_ns >= decide and (back is None or e.t_ns <= back)
    ]
    act = max(acts, default=None)
    reconciled = max((e.t_ns for e in events if e.what == "reconciled"), default=None)
    noticed = next((e for e in events if e.what == "alarm" and e.subject in spec.watchers), None)
    return {
        "detect_s": _between(since, detect), "detect_s_lower": _between(since, spec.window[1]) if detect is None else None,
        "decide_s": _between(detect, decide), "act_s": _between(decide, act),
        "restore_s": _between(act, back), "reconciled_s": _between(since, reconciled),
        "first_noticed": spec.watchers[noticed.subject] if noticed else None,
        "first_noticed_by": noticed.subject if noticed else None,
        "first_noticed_s": _between(since, noticed.t_ns if noticed else None),
    }  # fmt: skip


def _first(events: list[Event], what: str, since: int | None) -> int | None:
    return None if since is None else next((e.t_ns for e in events if e.what == what and e.t_ns >= since), None)


def _between(a: int | None, b: int | None) -> float | None:
    """Seconds from a to b, 0 if b came first."""
    return None if a is None or b is None else max(0.0, (b - a) / SECOND)


def customers(journal: Journal, window: tuple[int, int]) -> dict[str, Any]:
    """Distinct customers with an intent in the window, and those of them with one blocked, failed or unknown. Of recorded flows
    alone: the others have no rows."""
    submitted = journal.intents["submit_ns"]
    inside = (submitted >= window[0]) & (submitted < window[1])
    bad = inside & np.isin(journal.intents["outcome"], BAD)
    who = journal.intents["customer"]
    return {"customers_active": _distinct(who[inside]), "customers_affected": _distinct(who[bad])}


def _distinct(values: Any) -> int:
    """How many different ones; np.unique takes ten times as long."""
    return int(np.count_nonzero(np.diff(np.sort(values)))) + bool(len(values))


def grown(journal: Journal, counter: str, since: int) -> int:
    """How much a counter (`kind/name/field`) grew from the second that `since` lies in; the highest value, of a gauge."""
    kind, rest = counter.split("/", 1)
    name, field = rest.rsplit("/", 1)
    if not journal.has_series(kind, name, field):
        return int(journal.totals.get(kind, {}).get(name, {}).get(field, 0))
    values = journal.series(kind, name, field)[journal.seconds + SECOND > since]
    mode = next(c.mode for c in journal.columns if c[:3] == (kind, name, field))
    return int(values.sum() if mode == "cumulative" else values.max(initial=0))


def counted(journal: Journal, counter: str, since: int) -> dict[str, Any]:
    """Of a counter from the second of `since` on: `grown`, by how much it grew, and `lasted_s`, seconds from `since` to the end
    of the last second in which it did; 0 if it never did, None for what has no series."""
    kind, rest = counter.split("/", 1)
    name, field = rest.rsplit("/", 1)
    if not journal.has_series(kind, name, field):
        return {"grown": grown(journal, counter, since), "lasted_s": None}
    seconds = journal.seconds[(journal.series(kind, name, field) > 0) & (journal.seconds + SECOND > since)]
    lasted = float(seconds[-1] + SECOND - since) / SECOND if seconds.size else 0.0
    return {"grown": grown(journal, counter, since), "lasted_s": lasted}


def measure(journal: Journal, spec: EvaluationSpec) -> dict[str, Any]:
    """Every measure of this module, as plain JSON types."""
    windows = judge_windows(journal, spec)
    figures = impairment(windows, spec)
    steady, why = steady_before(windows, spec)
    return (
        figures | response(journal, spec, figures) | customers(journal, spec.window)
        | {"metastable": metastable(journal, windows, spec), "steady_before": steady, "unsteady_because": why}
    )  # fmt: skip
