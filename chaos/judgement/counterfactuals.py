"""What acting did: a run beside runs of the same seed in which actions are left out. docs/verdicts.md has the rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from chaos.results.counterfactuals import (
    ActionEffect,
    ActionTaken,
    Counterfactuals,
    Difference,
    Effect,
    Outage,
    OutageCauses,
    RunFigures,
    TakenAgain,
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
        given_up_ns=run.given_up_ns,
    )


def names_to_leave_out(actions: Sequence[ActionTaken]) -> list[str]:
    """The actions that could have mattered, each once, in order of time."""
    return list(dict.fromkeys(action.name for action in actions if action.may_matter))


class Later(NamedTuple):
    """An action that was taken before an outage and in it: what it did to that outage (by number) shows a run in which it is left out from
    an instant on, ns."""

    outage: int
    name: str
    at: int


def later_times(run: RunResult) -> list[Later]:
    """The actions that were taken again when an outage was over, and when to leave them out from: the end of that outage."""
    found = []
    for number in range(1, len(run.outages)):
        since = run.outages[number - 1].end_ns
        for name in names_to_leave_out(run.actions):
            taken = [action for action in run.actions if action.name == name and action.may_matter]
            in_it = [_touched(action, since, run.outages[number]) for action in taken]
            if any(in_it) and not all(in_it):
                found.append(Later(number, name, since))
    return found


def _touched(action: ActionTaken, since: int, outage: Outage) -> bool:
    """Whether an action was under way at some time after the outage before and until the end of this one."""
    return (action.begun_ns or 0) < outage.end_ns and (action.ended_ns is None or action.ended_ns > since)


def counterfactuals(
    run: RunResult,
    nobody_acts: RunResult | None,
    without: Mapping[str, RunResult],
    no_method: RunResult | None,
    later: Mapping[Later, RunResult] = MappingProxyType({}),
) -> Counterfactuals:
    """What the runs show. `without` has the run without each of `names_to_leave_out`, `later` that without each of `later_times`; where
    there are none, `nobody_acts` is None and the run itself is what comes of it."""
    own = figures_of(run)
    idle = own if nobody_acts is None else figures_of(nobody_acts)
    others = {name: figures_of(other) for name, other in without.items()}
    control = None if no_method is None else figures_of(no_method)
    later_figures = {(when.outage, when.name): figures_of(other) for when, other in later.items()}
    named = dict.fromkeys(action.name for action in run.actions)
    actions = []
    for name in named:
        figures = others.get(name, own)
        taken = [action for action in run.actions if action.name == name]
        since = {when.at: figures_of(other) for when, other in later.items() if when.name == name}
        actions.append(_action(own, figures, taken, since))
    return Counterfactuals(
        as_run=own,
        nobody_acts=idle,
        no_method=control,
        effect=effect(own, idle),
        difference=difference(own, idle),
        actions=actions,
        outages=[_causes(run, number, _Others(idle, others, control, later_figures)) for number in range(len(run.outages))],
        runs=1 + (nobody_acts is not None) + len(others) + (control is not None) + len(later),
    )


def _action(own: RunFigures, without: RunFigures, taken: list[ActionTaken], since: Mapping[int, RunFigures]) -> ActionEffect:
    """`since` has the figures of the runs in which it is left out from an instant on, ns: what it did before is what they differ by from
    the run without it."""
    again = [
        TakenAgain(since_ns=at, effect=effect(own, other), difference=difference(own, other))
        for at, other in sorted(since.items())
    ]
    parts = {effect(own, without), *(part.effect for part in again), *(effect(since[at], without) for at in sorted(since)[:1])}
    whole = "mixed" if {"helped", "hurt"} <= parts else effect(own, without)
    between = difference(own, without)
    return ActionEffect(name=taken[0].name, taken=taken, effect=whole, difference=between, without=without, again=again)


def difference(with_it: RunFigures, without: RunFigures) -> Difference:
    """What came of it."""
    return Difference(
        failed_orders=with_it.failed_orders - without.failed_orders,
        impaired_s=(with_it.impaired_s or 0.0) - (without.impaired_s or 0.0),
        wrong_in_the_books=with_it.wrong_in_the_books - without.wrong_in_the_books,
        failed_requests=with_it.failed_requests - without.failed_requests,
    )


def effect(with_it: RunFigures, without: RunFigures) -> Effect:
    """By all of these that differ: failed orders, impaired time, orders wrong in the books, failed requests of all flows. Of a run that was
    given up, and the other not at the same instant, all but the third can only be more in the end: they count where they are more already
    than those of the other run in full."""
    alike = with_it.given_up_ns == without.given_up_ns
    cut, other_cut = (not alike and of.given_up_ns is not None for of in (with_it, without))
    pairs = [
        (with_it.failed_orders, without.failed_orders, ORDERS_MIN),
        (with_it.impaired_s or 0.0, without.impaired_s or 0.0, SECONDS_MIN),
        (with_it.failed_requests, without.failed_requests, ORDERS_MIN),
    ]
    pairs += [] if cut or other_cut else [(with_it.wrong_in_the_books, without.wrong_in_the_books, ORDERS_MIN)]
    differ = [(a, b) for a, b, least in pairs if abs(a - b) >= max(least, FRACTION_MIN * max(a, b))]
    worse = [a > b for a, b in differ if not (other_cut if a > b else cut)]
    if not worse:
        return "open" if cut or other_cut else "no_difference"
    return "hurt" if all(worse) else "mixed" if any(worse) else "helped"


# --- one outage -------------------------------------------------------------------------------------------------------------


class _Others(NamedTuple):
    """The figures of the runs beside a run: with nobody acting, without each action, without the method, and by outage and action without
    it from the end of the outage before on."""

    idle: RunFigures
    without: Mapping[str, RunFigures]
    control: RunFigures | None
    later: Mapping[tuple[int, str], RunFigures]


def _causes(run: RunResult, number: int, others: _Others) -> OutageCauses:
    """Of an outage. An action counts by the times it was taken since the outage before, if it was taken before as well. Where the run
    without it is still in an outage of before, that says of this one nothing: what began here would have begun all the same."""
    outage, margin = run.outages[number], round(SECONDS_MIN * SECOND)
    since = run.outages[number - 1].end_ns if number else 0
    ends, absent = {}, []
    for name, figures in others.without.items():
        of_outage = others.later.get((number, name))
        if not all(_sees(of, outage.end_ns) for of in (figures, of_outage) if of is not None):
            continue
        same = _same(outage, of_outage or figures)
        if not same or not _same(outage, figures):
            absent.append(name)
        elif of_outage is not None or not _goes_on(same, since):
            ends[name] = max(o.end_ns for o in same)
    unaided = _same(outage, others.idle)
    control = others.control
    over = run.given_up_ns is None or outage.end_ns < run.given_up_ns
    return OutageCauses(
        only_with=absent,
        acting=not unaided and _sees(others.idle, outage.end_ns),
        without_method_s=(
            None if control is None or not _sees(control, outage.end_ns) else sum(o.impaired_s for o in _same(outage, control))
        ),
        ended_by=[name for name, end in ends.items() if over and end >= outage.end_ns + margin],
        prolonged_by=[name for name, end in ends.items() if end <= outage.end_ns - margin],
        unaided=over
        and _sees(others.idle, outage.end_ns + margin)
        and bool(unaided)
        and not _goes_on(unaided, since)
        and max(o.end_ns for o in unaided) < outage.end_ns + margin,
    )


def _sees(figures: RunFigures, until: int) -> bool:
    """Whether the run had not been given up before an instant, ns: else it says nothing of what came then."""
    return figures.given_up_ns is None or figures.given_up_ns >= until


def _goes_on(outages: Sequence[Outage], since: int) -> bool:
    """Whether one of the outages had begun when the one before was over in the run itself."""
    return any(outage.begin_ns < since for outage in outages)


def _same(outage: Outage, other: RunFigures) -> list[Outage]:
    return [o for o in other.outages if o.begin_ns < outage.end_ns and o.end_ns > outage.begin_ns]
