"""How the objectives of a drill are rated: each measure has a value, or none if it never came to it, and the evidence that it rests on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from chaos.documents.drill import TIMES, Drill, Objective, ObjectiveMeasure
from chaos.results.review import AlarmReview, Evidence, ObjectiveRating, Override, Rating
from chaos.results.run import RunResult
from chaos.room.exercise.records import CommandState
from chaos.room.exercise.state import State
from chaos.room.review.playing import words
from simcore.base.units import SECOND

RATINGS: tuple[Rating, ...] = ("P", "S", "M")


class Found(NamedTuple):
    """What was found of a measure: an instant or a number (None: it never came to it), and what it rests on."""

    value: int | None
    evidence: list[Evidence]


@dataclass(frozen=True)
class Shown:
    """What an exercise showed, as ratings read it."""

    state: State
    run: RunResult
    alarms: Sequence[AlarmReview]
    announced: Sequence[Evidence]
    reported: Sequence[Evidence]
    ended: int | None = None
    """When exercise control ended it, ns; None: it came to its end."""

    @property
    def since(self) -> int | None:
        """When the first fault began, ns; None: none has."""
        return self.state.first_fault()


def rate(drill: Drill, shown: Shown, overrides: Mapping[str, Override]) -> list[ObjectiveRating]:
    """The rating of each objective, with exercise control's word where it has one. What had not come when the exercise was ended, though there
    was time left for it, has none."""
    return [_rated(objective, shown, overrides.get(objective.objective)) for objective in drill.objectives]


def _rated(objective: Objective, shown: Shown, override: Override | None) -> ObjectiveRating:
    found, timed = MEASURES[objective.measure](shown), objective.measure in TIMES
    since, scale = shown.since, SECOND if timed else 1
    value = found.value
    if timed and value is not None:
        value = None if since is None else max(0, value - since)
    bounds = [objective.performed, objective.some, objective.major]
    within = [rating for rating, bound in zip(RATINGS, bounds, strict=True) if value is not None and value <= bound]
    computed: Rating | None = within[0] if within else "U"
    evidence = ([_fault(shown)] if timed and since is not None else []) + found.evidence
    if timed and value is None and since is not None and shown.ended is not None and shown.ended - since < objective.major:
        computed, evidence = None, [*evidence, Evidence(what="time_left", at_ns=shown.ended)]
    return ObjectiveRating(
        objective=objective.objective,
        text=words(objective.text),
        measure=objective.measure,
        value=None if value is None else value / scale,
        bounds=[bound / scale for bound in bounds],
        evidence=evidence,
        computed=None if since is None else computed,
        override=override,
    )


def _fault(shown: Shown) -> Evidence:
    first = min(
        (i for i in shown.state.injects if i.rules.does == "fault" and i.done_at is not None), key=lambda i: i.done_at or 0
    )
    return Evidence(what="fault", at_ns=first.done_at, title=words(first.rules.title))


def _after(shown: Shown, found: Iterable[Evidence]) -> list[Evidence]:
    """Those that came after the first fault, in order of time."""
    since = shown.since
    return sorted((e for e in found if since is not None and (e.at_ns or 0) >= since), key=lambda e: e.at_ns or 0)


def _first(shown: Shown, found: Iterable[Evidence]) -> Found:
    mine = _after(shown, found)[:1]
    return Found(mine[0].at_ns if mine else None, mine)


# --- the measures -----------------------------------------------------------------------------------------------------------


def _acknowledged(shown: Shown) -> Found:
    """The first alarm that was not false, taken up."""
    mine = [alarm for alarm in shown.alarms if not alarm.false]
    raised = _after(shown, (Evidence(what="alarm", at_ns=a.raised_ns, title=a.title) for a in mine))[:1]
    taken = _first(
        shown, (Evidence(what="acknowledged", at_ns=a.taken_ns, title=a.title, seat=a.by) for a in mine if a.taken_ns is not None)
    )
    return Found(taken.value, [*raised, *taken.evidence])


def _reached(shown: Shown, state: str) -> Found:
    reached = (_of_command(command, state) for command in shown.state.commands.values() if state in command.times)
    return _first(shown, reached)


def _of_command(command: CommandState, state: str) -> Evidence:
    seat = command.rules.approver if state == "approved" else command.by
    return Evidence(what=state, at_ns=command.times[state], title=words(command.rules.title), seat=seat)


def _restored(shown: Shown) -> Found:
    """The steady state is back for good; at once where it was never left."""
    measures = shown.run.measures
    if measures.first_violation_ns is None:
        return Found(shown.since, [Evidence(what="never_impaired")])
    left = Evidence(what="impaired", at_ns=measures.first_violation_ns)
    if measures.recovered_at_ns is None:
        return Found(None, [left, Evidence(what="not_restored")])
    return Found(measures.recovered_at_ns, [left, Evidence(what="restored", at_ns=measures.recovered_at_ns)])


def _failed_orders(shown: Shown) -> Found:
    return Found(shown.run.measures.orders.failed_orders, [])


def unapproved(commands: Iterable[CommandState]) -> list[CommandState]:
    """Commands that were begun without the agreement that they need."""
    return [c for c in commands if "begun" in c.times and c.rules.approver is not None and "approved" not in c.times]


def _unapproved(shown: Shown) -> Found:
    found = unapproved(shown.state.commands.values())
    return Found(len(found), [_of_command(command, "begun") for command in found])


def _unacknowledged(shown: Shown) -> Found:
    missed = [a for a in shown.alarms if a.taken_ns is None and a.raised_ns >= (shown.since or 0)]
    return Found(len(missed), [Evidence(what="missed", at_ns=a.raised_ns, title=a.title) for a in missed])


MEASURES: Mapping[ObjectiveMeasure, Callable[[Shown], Found]] = {
    "acknowledged": _acknowledged,
    "decided": lambda shown: _reached(shown, "approved"),
    "acted": lambda shown: _reached(shown, "done"),
    "restored": _restored,
    "reported": lambda shown: _first(shown, shown.reported),
    "announced": lambda shown: _first(shown, shown.announced),
    "failed_orders": _failed_orders,
    "unapproved_actions": _unapproved,
    "unacknowledged_alarms": _unacknowledged,
}
"""What each measure of an objective is found from."""
