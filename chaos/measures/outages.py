"""The separate violations of a run, and the orders that failed in each. docs/verdicts.md defines them."""

from __future__ import annotations

import numpy as np

from chaos.measures.intervals import STEADY, VIOLATED, EvaluationIntervals, EvaluationSpec, Ints
from chaos.results.counterfactuals import FailedOrders, Outage
from simcore.base.units import SECOND
from simcore.journal.model import OUTCOMES, Journal

FAILED = tuple(OUTCOMES.index(o) for o in ("blocked", "failed", "unknown"))


def outages_of(journal: Journal, intervals: EvaluationIntervals, spec: EvaluationSpec) -> list[Outage]:
    """The violations from the first step on, in session; two are one where fewer than `hold` of steady intervals lie between them."""
    groups = _groups(intervals, spec)
    ends = [int(intervals.begins[group[-1]]) + spec.every for group in groups]
    failed = failed_at(journal, spec.window)
    since = [max(spec.window[0], spec.first_action or 0), *ends]
    return [
        Outage(
            begin_ns=int(intervals.begins[group[0]]),
            end_ns=end,
            impaired_s=len(group) * spec.every / SECOND,
            failed_orders=int(((failed >= begin) & (failed < end)).sum()),
        )
        for group, begin, end in zip(groups, since, ends, strict=False)
    ]


def _groups(intervals: EvaluationIntervals, spec: EvaluationSpec) -> list[list[int]]:
    """The numbers of the violated intervals, a list for each outage."""
    begin, end = max(spec.window[0], spec.first_action or 0), spec.window[1]
    judged = (intervals.begins + spec.every > begin) & (intervals.begins < end) & intervals.session
    groups: list[list[int]] = []
    steady = 0
    for i in np.flatnonzero(judged):
        if intervals.states[i] == VIOLATED:
            if not groups or steady * spec.every >= spec.hold:
                groups.append([])
            groups[-1].append(int(i))
            steady = 0
        steady += intervals.states[i] == STEADY
    return groups


def failed_at(journal: Journal, window: tuple[int, int]) -> Ints:
    """When the orders of the window that failed were submitted, ns, int64."""
    kinds, names = journal.meta.flow_kinds, journal.names.get("flow", [])
    orders = [i for i, flow in enumerate(names) if kinds[flow] == "order"]
    rows, submitted = journal.intents, journal.intents["submit_ns"]
    mine = np.isin(rows["flow"], orders) & np.isin(rows["outcome"], FAILED)
    return np.asarray(submitted[mine & (submitted >= window[0]) & (submitted < window[1])], np.int64)


def failed_over_time(journal: Journal, spec: EvaluationSpec) -> list[FailedOrders]:
    """Failed orders by the evaluation interval in which they were submitted."""
    start = journal.meta.start_ns
    numbers, counts = np.unique((failed_at(journal, spec.window) - start) // spec.every, return_counts=True)
    return [
        FailedOrders(at_ns=start + int(number) * spec.every, count=int(count))
        for number, count in zip(numbers, counts, strict=True)
    ]
