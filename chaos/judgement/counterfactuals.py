"""What acting did: a run beside runs of the same seed in which actions are left out. docs/verdicts.md has the rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chaos.results.counterfactuals import (
    ActionEffect,
    ActionTaken,
    Counterfactuals,
    Difference,
    Effect,
    Outage,
    OutageCauses,
    RunFigures,
)
from chaos.results.run import RunResult
from simcore.base.units import SECOND

FRACTION_MIN = 0.01
"""Of the larger of two figures, up to which a difference counts as none."""
ORDERS_MIN, SECONDS_MIN = 5, 60.0
"""Fewer orders or requests, and a shorter time, count as no difference."""


def figures_of(run: RunResult) -> RunFigures:
    """What of a run others are held against."""
    orders, requests = run.measures.orders, sum(flow.failed_all for flow in run.measures.flows.values())
    counts = {name: orders.count(name) for name in RunFigures.model_fields if name in type(orders).model_fields}
    return RunFigures(
        **counts,
        failed_requests=requests,
        impaired_s=run.measures.impaired_s,
        outages=run.outages,
        failed_over_time=run.failed_over_time,
    )


def names_to_leave_out(actions: Sequence[ActionTaken]) -> list[str]:
    """The actions that could have mattered, each once, in order of time."""
    return list(dict.fromkeys(action.name for action in actions if action.may_matter))


def counterfactuals(
    run: RunResult, nobody_acts: RunResult | None, without: Mapping[str, RunResult], no_method: RunResult | None
) -> Counterfactuals:
    """What the runs show. `without` has the run without each of `names_to_leave_out`; where there are none, `nobody_acts` is None and the
    run itself is what comes of it."""
    own = figures_of(run)
    idle = own if nobody_acts is None else figures_of(nobody_acts)
    others = {name: figures_of(other) for name, other in without.items()}
    control = None if no_method is None else figures_of(no_method)
    named = dict.fromkeys(action.name for action in run.actions)
    actions = []
    for name in named:
        figures = others.get(name, own)
        taken = [action for action in run.actions if action.name == name]
        between = difference(own, figures)
        actions.append(ActionEffect(name=name, taken=taken, effect=effect(own, figures), difference=between, without=figures))
    return Counterfactuals(
        as_run=own,
        nobody_acts=idle,
        no_method=control,
        effect=effect(own, idle),
        difference=difference(own, idle),
        actions=actions,
        outages=[_causes(outage, idle, others, control) for outage in run.outages],
        runs=1 + (nobody_acts is not None) + len(others) + (control is not None),
    )


def difference(with_it: RunFigures, without: RunFigures) -> Difference:
    """What came of it."""
    return Difference(
        failed_orders=with_it.failed_orders - without.failed_orders,
        impaired_s=(with_it.impaired_s or 0.0) - (without.impaired_s or 0.0),
        wrong_in_the_books=with_it.wrong_in_the_books - without.wrong_in_the_books,
        failed_requests=with_it.failed_requests - without.failed_requests,
    )


def effect(with_it: RunFigures, without: RunFigures) -> Effect:
    """By all of these that differ: failed orders, impaired time, orders wrong in the books, failed requests of all flows."""
    pairs = (
        (with_it.failed_orders, without.failed_orders, ORDERS_MIN),
        (with_it.impaired_s or 0.0, without.impaired_s or 0.0, SECONDS_MIN),
        (with_it.wrong_in_the_books, without.wrong_in_the_books, ORDERS_MIN),
        (with_it.failed_requests, without.failed_requests, ORDERS_MIN),
    )
    worse = [a > b for a, b, least in pairs if abs(a - b) >= max(least, FRACTION_MIN * max(a, b))]
    if not worse:
        return "no_difference"
    return "hurt" if all(worse) else "mixed" if any(worse) else "helped"


# --- one outage -------------------------------------------------------------------------------------------------------------


def _causes(outage: Outage, idle: RunFigures, others: Mapping[str, RunFigures], control: RunFigures | None) -> OutageCauses:
    margin = round(SECONDS_MIN * SECOND)
    ends = {name: _end_of(outage, figures) for name, figures in others.items()}
    unaided = _end_of(outage, idle)
    return OutageCauses(
        only_with=[name for name, end in ends.items() if end is None],
        acting=unaided is None,
        without_method_s=None if control is None else sum(o.impaired_s for o in _same(outage, control)),
        ended_by=[name for name, end in ends.items() if end is not None and end >= outage.end_ns + margin],
        prolonged_by=[name for name, end in ends.items() if end is not None and end <= outage.end_ns - margin],
        unaided=unaided is not None and unaided < outage.end_ns + margin,
    )


def _end_of(outage: Outage, other: RunFigures) -> int | None:
    """When the other run's outage at that time ends, ns; None if there is none."""
    return max((o.end_ns for o in _same(outage, other)), default=None)


def _same(outage: Outage, other: RunFigures) -> list[Outage]:
    return [o for o in other.outages if o.begin_ns < outage.end_ns and o.end_ns > outage.begin_ns]
