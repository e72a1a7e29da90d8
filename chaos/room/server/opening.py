"""Rooms of drills: a new session, and the exercise of one."""

from __future__ import annotations

from collections.abc import Iterable

from chaos.documents.drill import SEATS, Played, Seat
from chaos.room.exercise.exercise import Exercise
from chaos.room.exercise.prepared import PreparedDrill, prepare
from chaos.room.server.conductor import RoomExercise
from chaos.room.server.folder import Session
from chaos.room.server.solo import SOLO_SEAT
from simcore.base.errors import InputError


def new_session(reference: str, drill: PreparedDrill, seed: int, people: Iterable[Seat], speed: float | None) -> Session:
    """A session in which people have these seats, the facilitator's and the scribe's besides, and the others are as the drill has them when
    they are empty."""
    persons = {*people, "facilitator", "scribe"}
    seating: dict[Seat, Played] = {}
    for seat in SEATS:
        rules = drill.model.seats.get(seat)
        seating[seat] = "person" if seat in persons else rules.empty if rules is not None else "nobody"
    chosen = drill.model.speed if speed is None else speed
    return Session(drill=reference, digest=drill.digest, seed=seed, seating=seating, speed=chosen).with_tokens()


def solo_session(reference: str, drill: PreparedDrill, seed: int, speed: float | None) -> Session:
    """A session in which one person has all seats that the drill names."""
    seating: dict[Seat, Played] = dict.fromkeys(drill.model.seats, "person")
    seating |= {SOLO_SEAT: "person", "facilitator": "automated"}
    chosen = drill.model.speed if speed is None else speed
    return Session(drill=reference, digest=drill.digest, seed=seed, seating=seating, speed=chosen, solo=True).with_tokens()


def open_exercise(session: Session) -> RoomExercise:
    """The exercise of a session at its beginning. Raises InputError if the drill's files are others than they were."""
    drill = prepare(session.drill)
    if drill.digest != session.digest:
        raise InputError(f"{session.drill} is not as it was when this room was opened", hint="open a new room")
    return Exercise(drill, session.seed, session.seating)
