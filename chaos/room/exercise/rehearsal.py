"""Rehearsals without people: a drill that nobody answers, that the automated rules answer, and that stored responses answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chaos.documents.drill import SEATS, Drill, Played, ResponseStep, Seat
from chaos.i18n.texts import LocalizedText, translate
from chaos.room.exercise import messages as m
from chaos.room.exercise.exercise import Exercise
from chaos.room.exercise.messages import Entry
from chaos.room.exercise.prepared import PreparedDrill
from chaos.room.exercise.records import both
from simcore.base.errors import InputError


@dataclass(frozen=True)
class Way:
    """A way in which a drill can be answered: who has the seats, and what they do, from the first fault on."""

    name: str
    title: LocalizedText
    played: Played
    steps: Sequence[ResponseStep] = ()


def ways(drill: Drill) -> list[Way]:
    """Nobody acts, automated rules do, the best known response, and the other responses of the drill."""
    empty: tuple[Played, ...] = ("nobody", "automated")
    found = [Way(name, translate(f"room.way.{name}"), name) for name in empty]
    if drill.best is not None:
        found.append(Way("best", translate("room.way.best"), "person", drill.best.steps))
    return found + [Way(name, both(r.title), "person", r.steps) for name, r in drill.responses.items()]


def first_fault(drill: Drill) -> int:
    """When the first fault of the list of events begins, ns. Raises InputError if none has a time."""
    times = [inject.at for inject in drill.injects if inject.step is not None and inject.at is not None]
    if not times:
        raise InputError(f"{drill.name}: no fault of its list of events has a time", hint="give one an `at`")
    return min(times)


def entries_of(drill: Drill, steps: Sequence[ResponseStep], begin: int) -> list[Entry]:
    """What people would send to follow the steps if the first fault began at an instant (ns): a command is proposed, approved and begun at once,
    by the first who may."""
    found, commands = list[Entry](), 0
    for step in sorted(steps, key=lambda step: step.after):
        at = begin + step.after
        if step.command is not None:
            commands += 1
            found += [Entry(at=at, seat=seat, message=message) for seat, message in _command(drill, step.command, commands)]
        elif step.announcement is not None:
            seat = drill.announcements[step.announcement].by[0]
            found.append(Entry(at=at, seat=seat, message=m.Announce(announcement=step.announcement)))
    return found


def _command(drill: Drill, name: str, number: int) -> Iterator[tuple[Seat, m.ExerciseMessage]]:
    rules, key = drill.commands[name], f"c{number}"
    yield rules.by[0], m.Propose(command=name)
    if rules.approver is not None:
        yield rules.approver, m.Approve(command_id=key)
    yield rules.by[0], m.Begin(command_id=key)


def played(drill: PreparedDrill, way: Way, seed: int = 1, until: int | None = None) -> Exercise:
    """The exercise that is answered in a way, at an instant (None: at its end). Raises as `Exercise.take` does."""
    entries = entries_of(drill.model, way.steps, first_fault(drill.model)) if way.steps else []
    exercise = Exercise.replay(drill, seed, dict.fromkeys(SEATS, way.played), entries)
    exercise.advance(drill.scenario.end if until is None else until)
    return exercise
