"""An exercise made again from a room's folder, to its end."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from chaos.room.server.conductor import RoomExercise
from chaos.room.server.folder import RoomFolder
from chaos.room.server.opening import open_exercise
from simcore.base.errors import InputError
from simcore.journal.model import Journal

OUTCOMES = ("started", "ok", "rejected", "unknown", "failed", "blocked", "pending")
"""What becomes of orders, in the order in which they are printed, and how many there were."""


@dataclass(frozen=True)
class Replayed:
    """What it came to. `orders` are stock orders by what their customers saw; `kept` is the digest that the room itself noted, if it had
    come to its end."""

    drill: str
    seed: int
    entries: int
    refused: int
    digest: str
    kept: str | None
    orders: dict[str, int]
    journal: Journal


def replayed(path: Path) -> Replayed:
    """Makes it again. Raises InputError for a folder that is no room's, or a drill that is not as it was."""
    folder = RoomFolder(path)
    session = folder.session()
    return replay_with(folder, open_exercise(session))


def replay_with(folder: RoomFolder, exercise: RoomExercise) -> Replayed:
    """The same with an exercise at its beginning."""
    session, entries, refused = folder.session(), folder.entries(), 0
    for entry in entries:
        exercise.advance(entry.at)
        try:
            exercise.take(entry)
        except InputError:
            refused += 1
    journal = exercise.finish()
    counted = journal.totals.get("flow", {}).get("place-order", {})
    seen = {outcome: counted[outcome] for outcome in OUTCOMES if outcome in counted}
    return Replayed(session.drill, session.seed, len(entries), refused, journal.digest, folder.kept_digest(), seen, journal)
