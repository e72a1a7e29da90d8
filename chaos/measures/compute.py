"""What a run's journal amounts to: impaired and recovery time, who noticed when, who was affected. docs/verdicts.md defines each.

Reads the journal alone; what the scenario wants is handed in as plain figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from chaos.measures.intervals import (
    CONFIRMED,
    NO_DATA,
    STEADY,
    VIOLATED,
    EvaluationIntervals,
    EvaluationSpec,
    Ints,
    Mask,
    evaluate_intervals,
)
from chaos.measures.noticing import first_alarm, first_detection
from chaos.results.findings import UnsteadyBefore
from chaos.results.run import BatchDelay, CounterFigures, CustomerCounts, Impairment, Response, Stability, WindowCounts
from simcore.base.units import DAY, SECOND
from simcore.journal.model import OUTCOMES, Event, Journal, rejected_wrongly

BAD = tuple(OUTCOMES.index(o) for o in ("blocked", "failed", "unknown"))
METASTABLE_HOLDS = 10
SHOWN_LOAD = 1.1  # a load at most this much above one that was carried in steady state is under capacity


class Computed(NamedTuple):
    """Everything that this module measures of a run, why the steady state was not seen before the method, if it was not, and the flows
    whose objectives are judged nowhere (see `never_judged`)."""

    impairment: Impairment
    response: Response
    customers: CustomerCounts
    batches: BatchDelay
    stability: Stability
    unsteady: UnsteadyBefore | None
    never_judged: list[str]


def compute(journal: Journal, spec: EvaluationSpec) -> Computed:
    """Computes all measures of this module from a run's journal; `spec` says what is judged: window, SLOs, first step."""
    intervals = evaluate_intervals(journal, spec)
    impaired, unsteady = impairment(intervals, spec), unsteady_before(intervals, spec)
    stability = Stability(metastable=metastable(journal, intervals, spec), steady_before=unsteady is None)
    return Computed(
        impaired,
        response(journal, spec, impaired),
        customers(journal, spec.window),
        batch_delay(journal, spec),
        stability,
        unsteady,
        never_judged(intervals, spec),
    )


# --- impaired and recovery time -------------------------------------------------------------------------------------------


def unsteady_before(intervals: EvaluationIntervals, spec: EvaluationSpec) -> UnsteadyBefore | None:
    """Why the steady state was not seen, or did not hold, in the `hold` before the first step; None if it did.

    The interval right before the step is left out: what was submitted in it may have been under way when the step began. Before the day's first
    requests what was seen last on an earlier day serves, `hold` of intervals with data.
    """
    if spec.first_action is None:
        return None
    ends, until = intervals.begins + spec.every, spec.first_action - spec.every
    before = (ends <= until) & (ends > until - spec.hold)
    states = intervals.states[before]
    today = (ends <= until) & (ends > spec.first_action - spec.first_action % DAY)
    if (intervals.states[today] == NO_DATA).all():
        earlier = intervals.states[(ends <= until) & (intervals.states != NO_DATA)]
        states = earlier[-max(1, spec.hold // spec.every) :]
    if (states == VIOLATED).any():
        return UnsteadyBefore(seen=True)
    return None if (states == STEADY).any() else UnsteadyBefore(seen=False)


def never_judged(intervals: EvaluationIntervals, spec: EvaluationSpec) -> list[str]:
    """The flows with an objective whose requests came in the intervals that are judged, and in none of them as many as it takes to tell."""
    inside = _judged(intervals, spec)
    return [
        name for name, flow in intervals.flows.items() if flow.arrived[inside].any() and (flow.states[inside] == NO_DATA).all()
    ]


def confirmed_before(journal: Journal, flows: Sequence[str], spec: EvaluationSpec) -> bool:
    """Whether any request of these flows was confirmed before the first step; where there is no step, or none was submitted before it, in
    the window. Where none was submitted at all there is nothing that could have been."""
    before = 0, spec.first_action or 0
    submitted = [flow for flow in flows if _submitted(journal, flow, before)]
    when = before if submitted else spec.window
    asked = submitted or [flow for flow in flows if _submitted(journal, flow, when)]
    return not asked or any(_confirmed(journal, flow, when) for flow in asked)


def _submitted(journal: Journal, flow: str, within: tuple[int, int]) -> bool:
    """Whether the flow had a request in [from, to), ns."""
    if flow not in journal.meta.recorded_flows:
        return bool(_of_seconds(journal, flow, "started", within).any())
    submitted = journal.intents["submit_ns"][_rows_of(journal, flow)]
    return bool(((submitted >= within[0]) & (submitted < within[1])).any())


def _confirmed(journal: Journal, flow: str, within: tuple[int, int]) -> bool:
    """Whether a request of the flow was confirmed in [from, to), ns."""
    if flow not in journal.meta.recorded_flows:
        return bool(_of_seconds(journal, flow, "ok", within).any())
    mine = _rows_of(journal, flow) & (journal.intents["outcome"] == CONFIRMED)
    answered = journal.intents["answer_ns"][mine]
    return bool(((answered >= within[0]) & (answered < within[1])).any())


def _rows_of(journal: Journal, flow: str) -> Mask:
    mine: Mask = journal.intents["flow"] == journal.names["flow"].index(flow)
    return mine


def _of_seconds(journal: Journal, flow: str, field: str, within: tuple[int, int]) -> Ints:
    """A counter of a flow in the seconds that begin in [from, to), ns."""
    begins = journal.seconds
    return journal.series("flow", flow, field)[(begins >= within[0]) & (begins < within[1])]


def impairment(intervals: EvaluationIntervals, spec: EvaluationSpec) -> Impairment:
    """For how long SLOs were breached, and how long until they held again: in trading hours, from the first step (without one from the
    beginning of the window) to the end of the window."""
    inside = _inside(intervals, spec)
    judged = _judged(intervals, spec)
    violated = judged & (intervals.states == VIOLATED)
    steady = judged & (intervals.states == STEADY)
    outside = inside & ~intervals.session & (intervals.states == VIOLATED)
    every_s, recovery = spec.every / SECOND, _recovery(intervals, violated, steady, spec)
    return Impairment(
        impaired_s=float(violated.sum() * every_s),
        impaired_outside_session_s=float(outside.sum() * every_s),
        share_lost=_share(intervals.lost[violated].sum(), intervals.intents[violated].sum()),
        windows=WindowCounts(
            steady=int(steady.sum()), violated=int(violated.sum()), no_data=int((judged & (intervals.states == NO_DATA)).sum())
        ),
        recovery_s=recovery.seconds,
        recovery_s_lower=recovery.lower_s,
        recovered=recovery.seconds is not None,
        first_violation_ns=recovery.since_ns,
        recovered_at_ns=recovery.at_ns,
    )


def _inside(intervals: EvaluationIntervals, spec: EvaluationSpec) -> Mask:
    """The intervals from the first step (without one from the beginning of the window) to the end of the window."""
    begin = max(spec.window[0], spec.since)
    inside: Mask = (intervals.begins + spec.every > begin) & (intervals.begins < spec.window[1])
    return inside


def _judged(intervals: EvaluationIntervals, spec: EvaluationSpec) -> Mask:
    """Those of them in session."""
    return _inside(intervals, spec) & intervals.session


class _Recovery(NamedTuple):
    """How long it took, or the least that it can come to; from when and until when. 0 if nothing was impaired."""

    seconds: float | None = 0.0
    lower_s: float | None = None
    since_ns: int | None = None
    at_ns: int | None = None


def _recovery(intervals: EvaluationIntervals, violated: Mask, steady: Mask, spec: EvaluationSpec) -> _Recovery:
    if not violated.any():
        return _Recovery()
    first, last = int(np.flatnonzero(violated)[0]), int(np.flatnonzero(violated)[-1])
    since = int(intervals.begins[first])
    after = steady & (np.arange(intervals.states.size) > last)
    at = int(intervals.begins[np.flatnonzero(after)[0]]) if after.any() else spec.until
    if after.sum() * spec.every < spec.hold:
        return _Recovery(None, (at - since) / SECOND, since)
    return _Recovery((at - since) / SECOND, None, since, at)


def _share(part: np.int64, whole: np.int64) -> float | None:
    return float(part) / float(whole) if whole else None


def metastable(journal: Journal, intervals: EvaluationIntervals, spec: EvaluationSpec) -> bool | None:
    """Faults cleared, no action pending, load no higher than what was carried in steady state, and yet violated for ten `hold` to
    the horizon. False if what is seen after that is steady, in session or not. None if the run is too short to tell: violated at its end, for
    less than that."""
    judged = intervals.session & (intervals.states != NO_DATA)
    recent = np.flatnonzero(judged)
    if not recent.size or intervals.states[recent[-1]] != VIOLATED or spec.cleared_at is None:
        return False
    steady = recent[intervals.states[recent] == STEADY]
    ends = intervals.begins + spec.every
    since = max([spec.cleared_at, _last_pending(journal), *ends[steady[-1:]].tolist()])
    load = _load(journal, spec)
    carried = max((load[i] for i in np.flatnonzero(intervals.states == STEADY)), default=0)
    since = max([since, *(int(ends[i]) for i in recent if load[i] > SHOWN_LOAD * carried)])
    later = intervals.begins >= since
    violated = later & judged & (intervals.states == VIOLATED)
    if violated.sum() * spec.every >= METASTABLE_HOLDS * spec.hold:
        return True
    over = not violated.any() and (later & (intervals.states == STEADY)).any()
    return False if over else None


def _last_pending(journal: Journal) -> int:
    """When the last action stopped being pending, ns; the end of the run if one still is."""
    changes = [e for e in journal.events if e.what == "actions_pending"]
    if not changes:
        return 0
    return journal.meta.end_ns if changes[-1].detail.get("count") else changes[-1].t_ns


def _load(journal: Journal, spec: EvaluationSpec) -> Ints:
    """Requests of the objectives' flows that began in each interval."""
    rows = spec.every // SECOND
    count = journal.seconds.size // rows
    load = np.zeros(count, np.int64)
    for flow in spec.objectives:
        load += journal.series("flow", flow, "started")[: count * rows].reshape(count, rows).sum(axis=1)
    return load


# --- who noticed, who was affected --------------------------------------------------------------------------------------------


def response(journal: Journal, spec: EvaluationSpec, impaired: Impairment) -> Response:
    """How long the response to an incident took, in parts, each in seconds: acknowledge, decide, act, restore; a part that
    was not reached within the run is None. The first begins with the first violation (with the first step if nothing was violated), and so
    does the time to the last reconciliation. What was done before that took no time of the outage: by how much the first alarm and the team
    were before it stands beside, and the parts that were reached never come to more than the whole. An alarm that was cleared, or an incident
    that was closed, before the violation is no notice of it."""
    since = impaired.first_violation_ns or spec.first_action
    if since is None:
        return Response(
            detect_s=None,
            detect_s_lower=None,
            decide_s=None,
            act_s=None,
            restore_s=None,
            reconciled_s=None,
            first_noticed=None,
            first_noticed_s=None,
            first_noticed_s_lower=None,
            first_noticed_before_s=None,
            detect_before_s=None,
        )
    begin = min(since, spec.first_action if spec.first_action is not None else since)
    events = [e for e in journal.events if e.t_ns >= begin]
    back = impaired.recovered_at_ns
    detect = first_detection(events, since)
    decide = _by(back, _first(events, "decide", detect))
    act = _last_action(events, decide, back)
    reconciled = max((e.t_ns for e in events if e.what == "reconciled"), default=None)
    noticed = first_alarm(events, [*spec.watchers], since)
    return Response(
        detect_s=_between(since, detect),
        detect_s_lower=_between(since, spec.until) if detect is None else None,
        detect_before_s=_before(since, detect),
        decide_s=_between(_within(since, detect), decide),
        act_s=_between(_within(since, decide), act),
        restore_s=_between(_within(since, act), back),
        reconciled_s=_between(since, reconciled),
        first_noticed=spec.watchers[noticed.subject] if noticed else None,
        first_noticed_by=noticed.subject if noticed else None,
        first_noticed_s=_between(since, noticed.t_ns if noticed else None),
        first_noticed_s_lower=_between(since, spec.until) if noticed is None else None,
        first_noticed_before_s=_before(since, noticed.t_ns if noticed else None),
    )


def _first(events: Iterable[Event], what: str, since: int | None) -> int | None:
    return None if since is None else next((e.t_ns for e in events if e.what == what and e.t_ns >= since), None)


def _by(back: int | None, at: int | None) -> int | None:
    """What came after recovery is no part of the way back."""
    return None if at is None or (back is not None and at > back) else at


def _last_action(events: Iterable[Event], decide: int | None, back: int | None) -> int | None:
    """When the last action was done that came after the approval and not after recovery."""
    if decide is None:
        return None
    acts = (e.t_ns for e in events if e.what == "act" and e.t_ns >= decide and (back is None or e.t_ns <= back))
    return max(acts, default=None)


def _within(since: int, at: int | None) -> int | None:
    """The instant, or the beginning of the outage if it came before."""
    return None if at is None else max(since, at)


def _before(since: int, at: int | None) -> float | None:
    """By how many seconds it came before the outage began; None if it did not."""
    return (since - at) / SECOND if at is not None and at < since else None


def _between(a: int | None, b: int | None) -> float | None:
    """Seconds from a to b, 0 if b came first."""
    return None if a is None or b is None else max(0.0, (b - a) / SECOND)


def customers(journal: Journal, window: tuple[int, int]) -> CustomerCounts:
    """Distinct customers of recorded flows: the others have no rows, and robots are no customers. Who is rejected wrongly is affected, too."""
    submitted, kinds = journal.intents["submit_ns"], journal.meta.flow_kinds
    probes = [i for i, flow in enumerate(journal.names.get("flow", [])) if kinds[flow] == "probe"]
    inside = (submitted >= window[0]) & (submitted < window[1]) & ~np.isin(journal.intents["flow"], probes)
    bad = inside & (np.isin(journal.intents["outcome"], BAD) | rejected_wrongly(journal.intents))
    who = journal.intents["customer"]
    return CustomerCounts(customers_active=_distinct(who[inside]), customers_affected=_distinct(who[bad]))


def batch_delay(journal: Journal, spec: EvaluationSpec) -> BatchDelay:
    """How long the batch that lacked what it needs for longest did (a file that was late, a batch before it), from the first step on."""
    waiting, done, open_ns = {}, 0, 0
    for event in journal.events:
        if event.what == "batch_waiting":
            waiting[event.subject] = event.t_ns
        elif event.what == "batch_started" and event.subject in waiting:
            done = max(done, event.t_ns - max(spec.since, waiting.pop(event.subject)))
    for begun in waiting.values():
        open_ns = max(open_ns, journal.ended_ns - max(spec.since, begun))
    if open_ns > done:
        return BatchDelay(batch_waited_s=None, batch_waited_s_lower=open_ns / SECOND)
    return BatchDelay(batch_waited_s=done / SECOND, batch_waited_s_lower=None)


def _distinct(values: Ints) -> int:
    """How many different ones; np.unique takes ten times as long."""
    return int(np.count_nonzero(np.diff(np.sort(values)))) + bool(len(values))


# --- counters -----------------------------------------------------------------------------------------------------------------


def grown(journal: Journal, metric: str, since: int) -> int:
    """By how much a counter of the journal grew from `since` to the end of the run; of a gauge the highest value in that time.

    `metric` is `kind/name/field` (`pool/app-threads/refused`), `since` ns since midnight of the first day; the whole second that it lies
    in counts. Where the journal has no series of the metric it is its total over the run, 0 if there is none.
    """
    kind, rest = metric.split("/", 1)
    name, field = rest.rsplit("/", 1)
    if not journal.has_series(kind, name, field):
        return int(journal.totals.get(kind, {}).get(name, {}).get(field, 0))
    values = journal.series(kind, name, field)[journal.seconds + SECOND > since]
    mode = next(c.mode for c in journal.columns if c[:3] == (kind, name, field))
    return int(values.sum() if mode == "cumulative" else values.max(initial=0))


def counted(journal: Journal, metric: str, since: int) -> CounterFigures:
    """What a metric (`kind/name/field`) did from `since`, ns, to the end of the run: by how much it grew (see `grown`); for how long, seconds
    from `since` to the end of the last second in which it grew, 0 if it never did; and how many seconds in a row it did not grow (a
    gauge: was 0), at the most, whole seconds from `since` on. The last two are None if the journal has no series of it."""
    kind, rest = metric.split("/", 1)
    name, field = rest.rsplit("/", 1)
    if not journal.has_series(kind, name, field):
        return CounterFigures(grown=grown(journal, metric, since), lasted_s=None)
    grew = journal.series(kind, name, field) > 0
    seconds = journal.seconds[grew & (journal.seconds + SECOND > since)]
    lasted = float(seconds[-1] + SECOND - since) / SECOND if seconds.size else 0.0
    gap = _longest_gap(grew[journal.seconds >= since])
    return CounterFigures(grown=grown(journal, metric, since), lasted_s=lasted, gap_s=gap)


def _longest_gap(grew: NDArray[np.bool_]) -> float:
    """The most seconds in a row in which it did not grow."""
    ends = np.flatnonzero(np.concatenate(([True], grew, [True])))
    return float(np.diff(ends).max() - 1)
