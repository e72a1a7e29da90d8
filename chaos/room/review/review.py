"""The review of a room: its exercise played again and judged, held against others, and kept with what people add by hand."""

from __future__ import annotations

import json
import os
from pathlib import Path

from chaos.execution.session import Session
from chaos.execution.workers import Workers
from chaos.reports.write import write_text
from chaos.results.review import RUN, Review
from chaos.room.exercise.prepared import prepare
from chaos.room.review.alternatives import alternatives
from chaos.room.review.courses import Held
from chaos.room.review.notes import Notes, findings, first_notes, read_notes, write_notes
from chaos.room.review.playing import PlayedExercise, keep, play
from chaos.room.review.result import ReviewedRoom, put_together, written_in
from chaos.room.server.folder import RoomFolder
from simcore.base.errors import InputError

RESULT = "review.json"
"""The result of a review, in the room's folder."""


def review(path: Path, session: Session, workers: Workers | None = None, budget: int = 0) -> Review:
    """Reviews the room of a folder: plays it again, with nobody and with the machine's rules in the seats, with the best known response, and
    without each decision; with a `budget` of runs it looks for a better response. What was played before is kept in the folder. Writes the
    result, the run with its journal, and notes to begin with, beside it. Raises InputError for a folder that is no room's, notes that are
    wrong, or a drill that is not as it was."""
    folder = RoomFolder(path)
    room = folder.session()
    drill = prepare(room.drill)
    if drill.digest != room.digest:
        raise InputError(
            f"{room.drill} is not as it was when this room was opened", hint="review it with the files it was held with"
        )
    if not os.access(path, os.W_OK | os.X_OK):
        raise InputError(f"{path}: no permission to write into it", hint="a review keeps there what it played, and its result")
    notes, said, written = read_notes(path, drill.model), folder.entries(), written_in(folder)
    team = play(session, drill, room.seed, room.seating, said, recorded=True)
    _require_same_digest(folder, team)
    keep(session, drill, room.seed, team, path / RUN)
    entries = [entry for n, entry in enumerate(said) if n not in team.refused]
    held = Held(room.drill, room.seed, room.seating, entries)
    others = alternatives(path, session, drill, held, team.figures(), workers, budget)
    found = put_together(ReviewedRoom(written, room, drill, team, entries, others), notes or Notes(kind="review-notes"))
    if notes is None:
        first = first_notes(findings(found.ratings, found.decisions, found.alarms))
        write_notes(path, first)
        found = found.model_copy(update={"plan": first.improvements()})
    write_text(path / RESULT, json.dumps(found.json_object(), ensure_ascii=False, indent=1) + "\n")
    return found


def _require_same_digest(folder: RoomFolder, team: PlayedExercise) -> None:
    if folder.kept_digest() not in (None, team.digest):
        raise InputError(
            f"{folder.path}: its decisions do not come to the journal that the room kept",
            hint="another version of coredrill, or an edited file: `coredrill room replay` shows both digests",
        )
